//! Payments: the network's own roles, in each simulator.
//!
//! What a party does is written once ([`Desk`]), for both peers; how messages reach it and how it
//! sleeps is each peer's own. turmoil carries bytes, so messages are JSON there, as between our
//! nodes; madsim carries values and is spared that.

use crate::stopwatch::Stopwatch;
use crate::{Contender, LATENCY_MS, MADSIM_LINK, Ran};
use quittance::cast::{BankPart, CODE_MINUTES, Cast, Crypto, CustomerPart, MerchantPart, Parts};
use quittance::chance::Chance;
use quittance::code::link::to_link;
use quittance::id::{Name, Party};
use quittance::journal::{Entry, EventKind};
use quittance::message::{Message, Sender};
use quittance::money::{Currency, Money};
use quittance::roles::actor::Input;
use quittance::roles::wallet::{Expectation, Habits};
use quittance::roles::{Actor, Done, Group, Role as _, Taken, bank, gateway};
use quittance::sim::{Choice, Link, Links, Next, Observer, Sent, Store, World};
use quittance::store::{Backend as _, Memory};
use quittance::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The first is ours.
pub const CONTENDERS: [Contender; 3] = [("ours", ours), ("turmoil", turmoil), ("madsim", madsim)];

const STARTS: Time = Time::from_seconds(1_777_865_400);
const PAYMENTS: usize = 2000;
const CUSTOMERS: usize = 100;
const SHOPS: usize = 10;
const LATENCY: Duration = Duration::from_millis(LATENCY_MS);
/// A code is scanned every millisecond, and customers decide within three seconds.
const LASTS: Duration = Duration::from_secs(8);
const PORT: u16 = 7000;
/// The longest message as JSON.
const FRAME_BYTES_MAX: usize = 64 * 1024;

fn name(text: &str) -> Name {
    text.parse().expect("a plain word")
}

fn parts() -> Parts {
    let bank = |n: usize| name(if n.is_multiple_of(2) { "river" } else { "lake" });
    let customer = |n: usize| CustomerPart {
        name: name(&format!("c{n}")),
        bank: bank(n),
        balance: Money::new(100_000_000, Currency::EUR),
        limit: None,
        habits: Habits {
            decides_in: Some((Span::seconds(1), Span::seconds(3))),
            ..Habits::default()
        },
    };
    let shop = |n: usize| MerchantPart {
        name: name(&format!("s{n}")),
        title: format!("SHOP {n}").as_str().into(),
        bank: bank(n / 2),
        tills: 1,
        code_minutes: CODE_MINUTES,
    };
    let bank_part = |bank: &str| BankPart {
        name: name(bank),
        timing: bank::Timing::default(),
    };
    Parts {
        crypto: Crypto::Fast,
        starts: STARTS,
        gateway: name("main"),
        gateway_timing: gateway::Timing::default(),
        endpoint: String::new(),
        banks: vec![bank_part("river"), bank_part("lake")],
        merchants: (0..SHOPS).map(shop).collect(),
        customers: (0..CUSTOMERS).map(customer).collect(),
    }
}

/// What a party does by itself, at its times: accounts are opened, codes scanned.
enum Deed {
    Opens(Box<bank::AccountOpening>),
    Scans(String),
}

/// Everybody, and what they do by themselves.
struct Cue {
    actor: Actor,
    bank: Option<Name>,
    deeds: VecDeque<(Time, Deed)>,
}

/// The same people, codes and times for everyone. Codes are sealed before the clock starts.
fn cues() -> Vec<Cue> {
    let mut cast = Cast::new(&parts(), &Chance::of_seed(1)).expect("a cast");
    cast.gateway.terminals = Arc::default(); // no slips: there is nobody to print them
    let mut scans = vec![VecDeque::new(); CUSTOMERS];
    for n in 0..PAYMENTS {
        let counter = u32::try_from(n / SHOPS + 1).expect("fewer than 2^32 receipts");
        let amount = Money::new(1234, Currency::EUR);
        let sealed = cast.tills[n % SHOPS].seal(STARTS, counter, amount, &"A1".into());
        let link = to_link(&cast.host, None, &sealed.expect("a sealed code"));
        let at = STARTS.after(Span::millis(n as u64 + 1));
        scans[(n * 7) % CUSTOMERS].push_back((at, link));
    }
    let idle = |actor: Actor| Cue {
        actor,
        bank: None,
        deeds: VecDeque::new(),
    };
    let mut all = vec![idle(cast.gateway.into())];
    for (bank, accounts) in cast.banks {
        let opens = |account| (STARTS, Deed::Opens(Box::new(account)));
        all.push(Cue {
            deeds: accounts.into_iter().map(opens).collect(),
            ..idle(bank.into())
        });
    }
    all.extend(cast.shops.into_iter().map(|shop| idle(shop.into())));
    for (wallet, scans) in cast.wallets.into_iter().zip(scans) {
        let scans = scans.into_iter();
        all.push(Cue {
            bank: Some(wallet.bank),
            deeds: scans.map(|(at, link)| (at, Deed::Scans(link))).collect(),
            ..idle(wallet.into())
        });
    }
    all
}

fn input(actor: &Actor, now: Time, deed: Deed) -> Input {
    match (deed, actor) {
        (Deed::Opens(account), _) => bank::Input::OpenAccount(*account).into(),
        (Deed::Scans(link), Actor::Wallet(wallet)) => {
            wallet.read_scan(now, &link, Expectation::default()).into()
        }
        (Deed::Scans(_), _) => unreachable!("only wallets have something to scan"),
    }
}

/// Counts what a world lets out.
#[derive(Default)]
struct Seen {
    paid: u64,
    last_sent: Time,
}

impl Observer for Seen {
    fn entry(&mut self, _: Party, entry: &Entry) {
        self.paid += u64::from(entry.event.kind == EventKind::OrderPaid);
    }

    fn sent(&mut self, sent: &Sent<'_>) {
        self.last_sent = sent.at;
    }

    fn fault(&mut self, _: &Choice) {}
}

fn ours(watch: &mut Stopwatch) -> Ran {
    let link = Link {
        least: Span::millis(LATENCY_MS),
        most: Span::millis(LATENCY_MS),
        ..Link::HEALTHY
    };
    let mut world = World::new(1, STARTS, Links::new(link), Seen::default());
    let mut deeds: Vec<(Time, Party, Deed)> = Vec::new();
    for cue in cues() {
        let party = cue.actor.me();
        deeds.extend(cue.deeds.into_iter().map(|(at, deed)| (at, party, deed)));
        world.join(
            cue.actor,
            Store::Memory(Box::new(Memory::new(Crypto::Fast.chain()))),
        );
    }
    for (n, (at, ..)) in (0..).zip(&deeds) {
        world.cue(*at, n);
    }
    let mut deeds: Vec<_> = deeds.into_iter().map(Some).collect();
    let end = STARTS.after(Span::nanos(nanos(LASTS)));
    watch.time(|| {
        while let Next::Cue(n) = world.advance(end) {
            let Some((_, party, deed)) = deeds[n as usize].take() else {
                continue;
            };
            let now = world.now();
            let input = input(world.actor(&party).expect("it joined"), now, deed);
            world.local(&party, "deed", input);
        }
    });
    let sent = world.observer.last_sent.since(STARTS).as_nanos();
    Ran {
        deliveries: world.counters.messages,
        paid: world.observer.paid,
        end: Duration::from_nanos(sent) + LATENCY,
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a few seconds")
}

/// A party outside our world: its role, its rows, its deeds.
struct Desk {
    me: Party,
    actor: Actor,
    chance: Chance,
    store: Memory,
    deeds: VecDeque<(Time, Deed)>,
    tally: Arc<Tally>,
}

/// What all desks did together.
#[derive(Default)]
struct Tally {
    deliveries: AtomicU64,
    paid: AtomicU64,
    end_nanos: AtomicU64,
}

impl Tally {
    fn ran(&self) -> Ran {
        let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Ran {
            deliveries: read(&self.deliveries),
            paid: read(&self.paid),
            end: Duration::from_nanos(read(&self.end_nanos)),
        }
    }
}

impl Desk {
    fn new(cue: Cue, tally: &Arc<Tally>) -> Self {
        let me = cue.actor.me();
        Self {
            me,
            chance: Chance::of_seed(1).for_party(&me),
            actor: cue.actor,
            store: Memory::new(Crypto::Fast.chain()),
            deeds: cue.deeds,
            tally: Arc::clone(tally),
        }
    }

    /// A message arrives. Gives what leaves.
    fn message(&mut self, now: Duration, from: Sender, message: Message) -> Vec<(Party, Message)> {
        self.tally.deliveries.fetch_add(1, Ordering::Relaxed);
        self.tally
            .end_nanos
            .fetch_max(nanos(now), Ordering::Relaxed);
        let taken = Taken::message(&self.actor, at(now), from, message);
        self.handle(&taken)
    }

    /// Does what is due: deeds, then timers. Gives what leaves.
    fn wake(&mut self, now: Duration) -> Vec<(Party, Message)> {
        let now = at(now);
        let mut leaves = Vec::new();
        while self.deeds.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, deed)) = self.deeds.pop_front() {
                let input = input(&self.actor, now, deed);
                leaves.extend(self.handle(&Taken::local(now, "deed", input)));
            }
        }
        let due = self.store.due(now, usize::MAX).expect("memory never fails");
        for due in due {
            let taken = Taken::timer(&self.actor, now, due);
            leaves.extend(self.handle(&taken));
        }
        leaves
    }

    /// How long it sleeps if nothing arrives, at most until the end.
    fn sleeps(&mut self, now: Duration) -> Duration {
        let deed = self.deeds.front().map(|(at, _)| *at);
        let timer = self.store.next_due().expect("memory never fails");
        let next = deed.into_iter().chain(timer).min();
        let next = next.map_or(LASTS, |at| {
            Duration::from_nanos(at.since(STARTS).as_nanos())
        });
        next.min(LASTS).saturating_sub(now)
    }

    fn handle(&mut self, taken: &Taken<Input>) -> Vec<(Party, Message)> {
        let mut group = Group {
            role: &self.actor,
            chance: &self.chance,
            store: &mut self.store,
        };
        match group.run_one(taken) {
            Done::Released(outputs) => {
                let reply = taken.from.zip(outputs.reply);
                outputs.sends.into_iter().chain(reply).collect()
            }
            Done::Unknown(error) => unreachable!("memory never fails: {error}"),
        }
    }

    /// It is over for this party.
    fn ends(&self) {
        let entries = self.store.journal().iter();
        let paid = entries.filter(|entry| entry.event.kind == EventKind::OrderPaid);
        self.tally
            .paid
            .fetch_add(paid.count() as u64, Ordering::Relaxed);
    }
}

fn at(now: Duration) -> Time {
    STARTS.after(Span::nanos(nanos(now)))
}

/// Where everybody is, and who is there.
#[derive(Default)]
struct Book {
    addresses: BTreeMap<Party, SocketAddr>,
    senders: BTreeMap<SocketAddr, Sender>,
}

impl Book {
    fn of(cues: &[Cue], address: impl Fn(usize) -> IpAddr) -> Arc<Self> {
        let mut book = Self::default();
        for (n, cue) in cues.iter().enumerate() {
            let (party, at) = (cue.actor.me(), SocketAddr::new(address(n), PORT));
            book.addresses.insert(party, at);
            let bank = cue.bank;
            book.senders.insert(at, Sender { party, bank });
        }
        Arc::new(book)
    }

    fn sender(&self, at: &SocketAddr) -> Sender {
        *self.senders.get(at).expect("only parties send")
    }
}

fn address(n: usize) -> IpAddr {
    let [.., high, low] = (n + 1).to_be_bytes();
    IpAddr::from([10, 0, high, low])
}

fn turmoil(watch: &mut Stopwatch) -> Ran {
    let mut sim = ::turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(3600))
        .tick_duration(LATENCY)
        .min_message_latency(LATENCY)
        .max_message_latency(LATENCY)
        .udp_capacity(1 << 16)
        .rng_seed(1)
        .build();
    let (tally, cues) = (Arc::new(Tally::default()), cues());
    let addresses: Vec<IpAddr> = (0..cues.len())
        .map(|n| sim.lookup(format!("host{n}")))
        .collect();
    let book = Book::of(&cues, |n| addresses[n]);
    for (n, cue) in cues.into_iter().enumerate() {
        let (desk, book) = (Desk::new(cue, &tally), Arc::clone(&book));
        sim.client(format!("host{n}"), turmoil_host(desk, book));
    }
    watch.time(|| sim.run().expect("nobody fails"));
    tally.ran()
}

async fn turmoil_host(mut desk: Desk, book: Arc<Book>) -> ::turmoil::Result {
    let any = (IpAddr::from(Ipv4Addr::UNSPECIFIED), PORT);
    let socket = ::turmoil::net::UdpSocket::bind(any).await?;
    let mut buffer = vec![0; FRAME_BYTES_MAX];
    while ::turmoil::elapsed() < LASTS {
        let sleeps = desk.sleeps(::turmoil::elapsed());
        let leaves = tokio::select! {
            arrived = socket.recv_from(&mut buffer) => {
                let (len, from) = arrived?;
                let message = serde_json::from_slice(&buffer[..len])?;
                desk.message(::turmoil::elapsed(), book.sender(&from), message)
            }
            () = tokio::time::sleep(sleeps) => desk.wake(::turmoil::elapsed()),
        };
        for (to, message) in leaves {
            if let Some(to) = book.addresses.get(&to) {
                socket.send_to(&serde_json::to_vec(&message)?, *to).await?;
            }
        }
    }
    desk.ends();
    Ok(())
}

fn madsim(watch: &mut Stopwatch) -> Ran {
    let mut config = ::madsim::Config::default();
    config.net.send_latency = MADSIM_LINK..MADSIM_LINK + Duration::from_nanos(1);
    let runtime = ::madsim::runtime::Runtime::with_seed_and_config(1, config);
    let (tally, cues) = (Arc::new(Tally::default()), cues());
    let book = Book::of(&cues, address);
    let barrier = Arc::new(tokio::sync::Barrier::new(cues.len()));
    let mut parties = Vec::new();
    for cue in cues {
        let (desk, book) = (Desk::new(cue, &tally), Arc::clone(&book));
        let own = book.addresses[&desk.me];
        let node = runtime.create_node().ip(own.ip()).build();
        let barrier = Arc::clone(&barrier);
        parties.push(node.spawn(madsim_node(desk, book, own, barrier)));
    }
    watch.time(|| {
        runtime.block_on(async {
            for party in parties {
                party.await.expect("no party fails");
            }
        });
    });
    tally.ran()
}

/// How many tasks of a node receive. In madsim a receive and a send each take a sleep, so one task
/// alone would handle a message a millisecond.
const RECEIVERS: usize = 32;

/// Why tasks of their own receive: a receive of madsim that is given up may lose a message.
async fn madsim_node(
    mut desk: Desk,
    book: Arc<Book>,
    own: SocketAddr,
    barrier: Arc<tokio::sync::Barrier>,
) {
    let socket = ::madsim::net::Endpoint::bind(own).await;
    let socket = socket.expect("the port is free");
    let (to_desk, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..RECEIVERS {
        let (receiver, to_desk) = (socket.clone(), to_desk.clone());
        ::madsim::task::spawn(async move {
            while let Ok(arrived) = receiver.recv_from_raw(1).await {
                if to_desk.send(arrived).is_err() {
                    break;
                }
            }
        });
    }
    barrier.wait().await;
    let elapsed = || ::madsim::time::TimeHandle::current().elapsed();
    while elapsed() < LASTS {
        let sleeps = desk.sleeps(elapsed());
        let leaves = tokio::select! {
            Some((message, from)) = arrivals.recv() => {
                let message = message.downcast::<Message>().expect("only messages are sent");
                desk.message(elapsed(), book.sender(&from), *message)
            }
            () = ::madsim::time::sleep(sleeps) => desk.wake(elapsed()),
        };
        for (to, message) in leaves {
            if let Some(to) = book.addresses.get(&to).copied() {
                let socket = socket.clone();
                ::madsim::task::spawn(async move {
                    let sent = socket.send_to_raw(to, 1, Box::new(message)).await;
                    sent.expect("everybody is there");
                });
            }
        }
    }
    desk.ends();
}
