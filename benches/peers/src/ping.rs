//! Ping-pong: pairs of parties, each of which sends the ball back as soon as it has it.

use crate::stopwatch::Stopwatch;
use crate::{Contender, LATENCY_MS, MADSIM_LINK, Ran};
use quittance::id::{Name, Party, PartyKind};
use quittance::journal::ChainKind;
use quittance::message::{About, Message, Refused, Sender};
use quittance::order::Reason;
use quittance::roles::{Cx, Role};
use quittance::sim::{Link, Links, Store, World};
use quittance::store::{Memory, Stop, Timer};
use quittance::time::{Span, Time};
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The first is the limit, the second ours.
pub const CONTENDERS: [Contender; 4] = [
    ("bare heap", heap),
    ("ours", ours),
    ("turmoil", turmoil),
    ("madsim", madsim),
];

const PAIRS: u16 = 64;
/// How often each ball arrives.
const ARRIVALS: u64 = 2000;
const DELIVERIES: u64 = PAIRS as u64 * ARRIVALS;
const LATENCY: Duration = Duration::from_millis(LATENCY_MS);
const PORT: u16 = 7000;

/// As little as a simulator can do: the next event from a heap, the one that it causes into it.
fn heap(watch: &mut Stopwatch) -> Ran {
    let latency = LATENCY_MS * 1_000_000;
    let (mut deliveries, mut end) = (0, 0);
    watch.time(|| {
        let serves = (0..u64::from(PAIRS)).map(|pair| Reverse((latency, pair, 2 * pair)));
        let mut queue: BinaryHeap<_> = serves.collect();
        let mut nth = u64::from(PAIRS);
        while let Some(Reverse((at, _, player))) = queue.pop() {
            (deliveries, end) = (deliveries + 1, at);
            if at < ARRIVALS * latency {
                nth += 1;
                queue.push(Reverse((at + latency, nth, player ^ 1)));
            }
        }
    });
    Ran {
        deliveries,
        paid: 0,
        end: Duration::from_nanos(end),
    }
}

/// A party that sends back whatever it gets.
struct Player {
    me: Party,
    other: Party,
}

impl Role for Player {
    type Input = ();

    fn me(&self) -> Party {
        self.me
    }

    fn admit(&self, _: Time, _: Sender, _: Message) -> Result<(), Reason> {
        Ok(())
    }

    fn wake(&self, _: Timer) {}

    fn handle(&self, cx: &mut Cx<'_>, (): &()) -> Result<(), Stop> {
        cx.send(self.other, ball());
        Ok(())
    }

    fn release(&self, _: &mut Message) {}
}

fn ball() -> Message {
    Message::Refused(Refused {
        reason: Reason::TryAgain,
        about: About::default(),
    })
}

fn ours(watch: &mut Stopwatch) -> Ran {
    let starts = Time::from_seconds(1_777_865_400);
    let link = Link {
        least: Span::millis(LATENCY_MS),
        most: Span::millis(LATENCY_MS),
        ..Link::HEALTHY
    };
    let mut world: World<(), Player> = World::new(1, starts, Links::new(link), ());
    let player = |n: u16| {
        let name: Name = format!("p{n}").parse().expect("a plain word");
        Party::new(PartyKind::Bank, name)
    };
    for n in 0..2 * PAIRS {
        let (me, other) = (player(n), player(n ^ 1));
        let store = Store::Memory(Box::new(Memory::new(ChainKind::Fast)));
        world.host(Player { me, other }, None, store);
    }
    let until = starts.after(Span::millis(ARRIVALS * LATENCY_MS));
    watch.time(|| {
        for pair in 0..PAIRS {
            world.local(&player(2 * pair), "serve", ());
        }
        world.advance(until);
    });
    Ran {
        // The serves were handled too, and nobody sent them.
        deliveries: world.counters.handles - u64::from(PAIRS),
        paid: 0,
        end: Duration::from_nanos(world.now().since(starts).as_nanos()),
    }
}

/// What an asynchronous player has to do: how many balls arrive at it, and whether it serves.
fn part(n: u16) -> (u64, bool) {
    (ARRIVALS / 2, n.is_multiple_of(2))
}

fn turmoil(watch: &mut Stopwatch) -> Ran {
    let mut sim = ::turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(3600))
        .tick_duration(LATENCY)
        .min_message_latency(LATENCY)
        .max_message_latency(LATENCY)
        .rng_seed(1)
        .build();
    let seen = Rc::new(Cell::new((0_u64, Duration::ZERO)));
    for n in 0..2 * PAIRS {
        let seen = Rc::clone(&seen);
        sim.client(format!("p{n}"), async move {
            let any = (IpAddr::from(Ipv4Addr::UNSPECIFIED), PORT);
            let socket = ::turmoil::net::UdpSocket::bind(any).await?;
            let other = SocketAddr::new(::turmoil::lookup(format!("p{}", n ^ 1)), PORT);
            let (arrivals, serves) = part(n);
            if serves {
                socket.send_to(b"ball", other).await?;
            }
            let mut buffer = [0; 16];
            for nth in 1..=arrivals {
                socket.recv_from(&mut buffer).await?;
                seen.set((seen.get().0 + 1, ::turmoil::elapsed()));
                if !(serves && nth == arrivals) {
                    socket.send_to(b"ball", other).await?;
                }
            }
            Ok(())
        });
    }
    watch.time(|| sim.run().expect("nobody fails"));
    let (deliveries, end) = seen.get();
    Ran {
        deliveries,
        paid: 0,
        end,
    }
}

fn madsim(watch: &mut Stopwatch) -> Ran {
    let mut config = ::madsim::Config::default();
    config.net.send_latency = MADSIM_LINK..MADSIM_LINK + Duration::from_nanos(1);
    let runtime = ::madsim::runtime::Runtime::with_seed_and_config(1, config);
    let address = |n: u16| {
        let [high, low] = n.to_be_bytes();
        SocketAddr::from(([10, 0, high, low + 1], PORT))
    };
    let deliveries = Arc::new(AtomicU64::new(0));
    let barrier = Arc::new(tokio::sync::Barrier::new(usize::from(2 * PAIRS)));
    let mut players = Vec::new();
    for n in 0..2 * PAIRS {
        let node = runtime.create_node().ip(address(n).ip()).build();
        let (deliveries, barrier) = (Arc::clone(&deliveries), Arc::clone(&barrier));
        players.push(node.spawn(async move {
            let socket = ::madsim::net::Endpoint::bind(address(n)).await;
            let socket = socket.expect("the port is free");
            barrier.wait().await;
            let (arrivals, serves) = part(n);
            let send = || socket.send_to_raw(address(n ^ 1), 1, Box::new(()));
            if serves {
                send().await.expect("the other is there");
            }
            for nth in 1..=arrivals {
                socket.recv_from_raw(1).await.expect("the other is there");
                deliveries.fetch_add(1, Ordering::Relaxed);
                if !(serves && nth == arrivals) {
                    send().await.expect("the other is there");
                }
            }
        }));
    }
    let end = watch.time(|| {
        runtime.block_on(async {
            for player in players {
                player.await.expect("no player fails");
            }
            ::madsim::time::TimeHandle::current().elapsed()
        })
    });
    Ran {
        deliveries: deliveries.load(Ordering::Relaxed),
        paid: 0,
        end,
    }
}

const _: () = assert!(DELIVERIES.is_multiple_of(2), "both of a pair get as many");
