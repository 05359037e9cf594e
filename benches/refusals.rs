//! Whether the time that a gateway takes to refuse a code tells why it refuses.
//!
//! `cargo bench --bench refusals [-- ROUNDS]` runs a real gateway on loopback, sends it every kind
//! of bad code ROUNDS times (10,000 unless given), interleaved in a drawn order over many
//! connections, and prints each kind's mean and Welch's t of the worst pairs. The goal is |t| below
//! 4.5 for every pair. The same without the fixed delay follows with a tenth of the rounds: what a
//! listener would learn otherwise.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints"
)]

use hyper::HeaderMap;
use quittance::attack::Kit;
use quittance::cast::{
    BankPart, CODE_MINUTES, Cast, Crypto, CustomerPart, Issue, MerchantPart, Parts,
};
use quittance::chance::{Chance, below};
use quittance::code::link::digits;
use quittance::code::sealed::{Blob, HEADER_LEN};
use quittance::hex;
use quittance::id::{Name, Party};
use quittance::journal::ChainKind;
use quittance::money::{Currency, Money};
use quittance::net::signature::{Target, sign_request};
use quittance::net::{Auth, Clock, Directory, Limits, Node, Setup, bind};
use quittance::play::{Addresses, Enrolment};
use quittance::roles::Role as _;
use quittance::roles::gateway::Gateway;
use quittance::roles::wallet::Habits;
use quittance::store::Memory;
use quittance::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CONNECTIONS: u64 = 32;
const ROUNDS: u64 = 10_000;
/// Rounds that every connection takes before anything is counted.
const WARM: u64 = 3;
const GOAL: f64 = 4.5;

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds = args.find_map(|arg| arg.parse().ok()).unwrap_or(ROUNDS);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let limits = Limits::default();
    println!("refusals leave {:?} after they came:", limits.refusal);
    runtime.block_on(attempt(rounds, limits));
    println!("\nas soon as they are decided, for comparison:");
    let limits = Limits {
        refusal: Duration::ZERO,
        ..limits
    };
    let told_apart = runtime.block_on(attempt(rounds.div_ceil(10), limits));
    if told_apart == 0 {
        println!(
            "\nnot even these are told apart: this machine is too busy, or the rounds too few, \
             for the figures above to prove much"
        );
    }
}

/// How many pairs of kinds are told apart.
async fn attempt(rounds: u64, limits: Limits) -> usize {
    let chance = Chance::of_seed(7);
    let now = Clock::default().now();
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let address = listener.local_addr().expect("an address");
    let cast = cast(&chance, now);
    let kit = Kit::new(&cast, now).expect("a kit");
    let addresses = Addresses::from([(cast.gateway.me(), address)]);
    let enrolment = Enrolment::new(&cast, &addresses, &chance);
    let wallet = cast.wallets[0].me();
    let directory = enrolment.directory(cast.gateway.me(), false).expect("keys");
    let phone = enrolment.directory(wallet, true).expect("keys");
    let node = start(cast.gateway.clone(), directory, listener, limits).await;
    let asker = Arc::new(Asker {
        address,
        me: wallet,
        auth: phone.peers[&cast.gateway.me()].auth.clone(),
        clock: Clock::default(),
        kinds: kinds(&kit),
    });
    // The counter's true code comes first; the other one is a fork from then on.
    let first = asker.connect().ask(&kit.genuine(7), "first");
    assert!(first.body.starts_with("{\"order\""), "{}", first.body);
    let share = rounds.div_ceil(CONNECTIONS);
    let askers = (0..CONNECTIONS).map(|nth| {
        let (asker, chance) = (Arc::clone(&asker), chance.clone());
        tokio::task::spawn_blocking(move || asker.measure(nth, share, &chance))
    });
    let mut samples: BTreeMap<&'static str, Sample> = BTreeMap::new();
    for one in askers.collect::<Vec<_>>() {
        for (kind, times) in one.await.expect("a connection") {
            times
                .into_iter()
                .for_each(|time| samples.entry(kind).or_default().add(time));
        }
    }
    drop(node.stop().await);
    report(&samples)
}

async fn start(
    role: Gateway,
    directory: Directory,
    listener: std::net::TcpListener,
    limits: Limits,
) -> Node<Gateway> {
    let (effects, _released) = tokio::sync::mpsc::channel(16);
    let setup = Setup {
        role,
        store: Box::new(Memory::new(ChainKind::Sha256)),
        chance: Chance::of_seed(1),
        directory,
        listener: Some(listener),
        authorities: Vec::new(),
        effects,
        limits,
    };
    Node::start(setup).await.expect("a node")
}

/// Every reason up to the counter's, in the order in which a gateway looks.
fn kinds(kit: &Kit) -> Vec<(&'static str, Blob)> {
    let late = kit.now.before(Span::hours(3));
    let order = "a5000101190348021903d20361410450".to_owned() + &"09".repeat(16);
    let order = hex::decode(&order).expect("it is hexadecimal");
    let mut forged = kit.genuine(1).bytes().to_vec();
    *forged.last_mut().expect("a code has bytes") ^= 1;
    vec![
        ("syntax", kit.junk()),
        ("route", kit.signed_again(1, |code| code[2] ^= 1)),
        ("terminal", kit.signed_again(1, |code| code[11] ^= 3)),
        ("revoked", kit.print(&kit.own, kit.now, 1, 840)),
        ("signature", Blob::from(forged)),
        (
            "ahead",
            kit.print(&kit.shop, kit.now.after(Span::hours(1)), 2, 840),
        ),
        ("expired", kit.print(&kit.shop, late, 3, 840)),
        ("seal", kit.signed_again(1, |code| code[HEADER_LEN] ^= 1)),
        ("reference", kit.sealed_with([7; 8], &order)),
        ("counter", kit.sell(7, 50)),
    ]
}

struct Asker {
    address: SocketAddr,
    me: Party,
    auth: Auth,
    clock: Clock,
    kinds: Vec<(&'static str, Blob)>,
}

impl Asker {
    /// Every kind so many times, each round in a drawn order: seconds by kind.
    fn measure(&self, nth: u64, rounds: u64, chance: &Chance) -> BTreeMap<&'static str, Vec<f64>> {
        let mut connection = self.connect();
        let mut times: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for round in 0..rounds + WARM {
            let mut order: Vec<usize> = (0..self.kinds.len()).collect();
            let key = [nth, round].map(u64::to_be_bytes).concat();
            order.sort_by_key(|kind| chance.draw("order", &key, *kind as u64));
            for (step, (kind, code)) in order.iter().map(|at| &self.kinds[*at]).enumerate() {
                // Clients are not in step with each other or with the server's timer.
                let pause = below(chance.draw("pause", &key, step as u64), 2_000);
                std::thread::sleep(Duration::from_micros(pause));
                let answer = connection.ask(code, &format!("{nth}-{round}-{step}"));
                let plain =
                    answer.body.contains("\"refused\"") && answer.body.contains("not-found");
                assert!(plain, "{kind}: {}", answer.body);
                if round >= WARM {
                    times.entry(kind).or_default().push(answer.seconds);
                }
            }
        }
        times
    }

    fn connect(&self) -> Connection<'_> {
        let socket = TcpStream::connect(self.address).expect("the gateway listens");
        socket.set_nodelay(true).expect("a socket");
        Connection { of: self, socket }
    }
}

struct Connection<'a> {
    of: &'a Asker,
    socket: TcpStream,
}

struct Answer {
    body: String,
    seconds: f64,
}

impl Connection<'_> {
    /// Asks for a code's order by the link, and times it from the first byte to the last.
    fn ask(&mut self, code: &Blob, nonce: &str) -> Answer {
        let (of, body) = (self.of, digits(code).into_bytes());
        let authority = of.address.to_string();
        let target = Target {
            method: "POST",
            authority: &authority,
            path: "/1",
        };
        let mut headers = HeaderMap::new();
        let fresh = (of.clock.now(), nonce);
        sign_request((&of.me, &of.auth), target, &mut headers, &body, fresh);
        let mut head = format!(
            "POST /1 HTTP/1.1\r\nhost: {authority}\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in &headers {
            write!(head, "{name}: {}\r\n", value.to_str().expect("ASCII")).expect("a string");
        }
        let request = [head.as_bytes(), b"\r\n", &body].concat();
        let begun = Instant::now();
        self.socket.write_all(&request).expect("the gateway reads");
        let body = self.answer();
        let seconds = begun.elapsed().as_secs_f64();
        Answer { body, seconds }
    }

    fn answer(&mut self) -> String {
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        loop {
            let n = self.socket.read(&mut buffer).expect("the gateway answers");
            assert!(n > 0, "the gateway hung up: {text}");
            text += &String::from_utf8_lossy(&buffer[..n]);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|n| n.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return body.to_owned();
            }
        }
    }
}

/// Times of one kind: how many, their mean, and their squared differences from it (Welford).
#[derive(Default)]
struct Sample {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Sample {
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        let off = x - self.mean;
        self.mean += off / self.count;
        self.squares += off * (x - self.mean);
    }

    fn variance(&self) -> f64 {
        self.squares / (self.count - 1.0).max(1.0)
    }

    /// Welch's t: how many standard errors the means are apart.
    fn t(&self, other: &Self) -> f64 {
        let error = self.variance() / self.count + other.variance() / other.count;
        (self.mean - other.mean) / error.sqrt()
    }
}

fn report(samples: &BTreeMap<&'static str, Sample>) -> usize {
    println!(
        "{:<11} {:>7} {:>11} {:>11}",
        "kind", "times", "mean", "deviation"
    );
    for (kind, sample) in samples {
        println!(
            "{kind:<11} {:>7} {:>8.3} ms {:>8.3} ms",
            sample.count,
            sample.mean * 1e3,
            sample.variance().sqrt() * 1e3
        );
    }
    let mut pairs = Vec::new();
    for (one, a) in samples {
        for (other, b) in samples.iter().filter(|(other, _)| *other > one) {
            pairs.push((a.t(b), *one, *other));
        }
    }
    pairs.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    println!("Welch's t of {} pairs, the five widest apart:", pairs.len());
    for (t, one, other) in pairs.iter().take(5) {
        println!("{t:>7.2}  {one} and {other}");
    }
    let beyond = pairs.iter().filter(|(t, ..)| t.abs() >= GOAL).count();
    println!("{beyond} pairs at {GOAL} or more; the goal is none");
    beyond
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn cast(chance: &Chance, now: Time) -> Cast {
    let shop = |shop: &str| MerchantPart {
        name: name(shop),
        title: shop.to_uppercase().as_str().into(),
        bank: name("river"),
        tills: 1,
        code_minutes: CODE_MINUTES,
    };
    let parts = Parts {
        crypto: Crypto::Real,
        starts: now.before(Span::hours(24)),
        gateway: name("main"),
        gateway_timing: quittance::roles::gateway::Timing::default(),
        endpoint: String::new(),
        banks: vec![BankPart {
            name: name("river"),
            timing: quittance::roles::bank::Timing::default(),
        }],
        merchants: vec![shop("bean"), shop("other")],
        customers: vec![CustomerPart {
            name: name("ann"),
            bank: name("river"),
            balance: Money::new(10_000, Currency::EUR),
            limit: None,
            habits: Habits::default(),
        }],
    };
    let revoked = Cast::new(&parts, chance).expect("a cast").tills[1].name;
    let issue = Issue {
        version: 2,
        revoked: BTreeSet::from([revoked]),
    };
    Cast::issued(&parts, chance, &issue).expect("a cast")
}
