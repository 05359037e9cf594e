//! What the network's driver costs: signatures, JSON, one exchange, and a payment's exchanges.
//!
//! Run with `cargo bench --bench node [SECONDS]`. The flow is a payment's: a wallet opens at the
//! gateway and pays at its bank, which claims at the gateway, is granted, says paid, and is heard,
//! while the gateway tells the merchant. Its roles check and sign nothing; so what is measured is
//! the driver: HTTP, transport signatures, JSON, queues, group commits. Each store appends its
//! group to a file and waits for the disk (`fdatasync`). Everything, the 64 payers' load included,
//! runs in this process; `cpu` is the process's CPU time from `/proc/self/stat`, which other
//! processes on the machine do not distort as they do the rates.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints"
)]

use hyper::HeaderMap;
use quittance::chance::Chance;
use quittance::id::{AttemptId, Id, Name, OrderId, Party, Uid};
use quittance::journal::{ChainKind, Entry, Event, EventKind};
use quittance::message::{Attempt, Bytes, Claim, Message, Payment, Sender};
use quittance::net::signature::{Target, sign_answer, sign_request, signature_of, verify_request};
use quittance::net::{
    App, AppKey, Auth, Directory, Endpoint, Inbox, Limits, Node, Peer, Secret, Setup, bind,
};
use quittance::order::{PaymentState, Reason};
use quittance::roles::{Cx, Effect, Role};
use quittance::sign::{SigningKey, Suite};
use quittance::store::{
    Backend, Memory, Row, Schema, Stop, StoreError, Stored, Timer, Want, Writes,
};
use quittance::time::Time;
use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const PAYERS: u64 = 64;

fn main() {
    let seconds = std::env::args().find_map(|arg| arg.parse().ok());
    micro();
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .expect("a runtime");
    for (name, role) in [
        ("one exchange", Kind::Echo),
        ("a payment's exchanges", Kind::Bank),
    ] {
        for payers in [1, PAYERS] {
            runtime.block_on(flow(
                name,
                role,
                payers,
                Duration::from_secs(seconds.unwrap_or(3)),
            ));
        }
    }
}

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

fn shared() -> Auth {
    Auth::Shared(Secret::new([9; 32]))
}

fn app(suite: Suite) -> Auth {
    let key = SigningKey::from_seed(suite, &[5; 32]).expect("a seed that is not zero");
    let (id, bank) = ("river-app".to_owned(), river());
    Auth::App(Arc::new(AppKey { id, bank, key }))
}

fn river() -> Name {
    "river".parse().expect("a name")
}

fn directory(suite: Suite) -> Directory {
    let key = SigningKey::from_seed(suite, &[5; 32]).expect("a seed that is not zero");
    let (bank, key) = (river(), key.public());
    let nowhere: Endpoint = "http://127.0.0.1:1".parse().expect("an endpoint");
    Directory {
        peers: [(party("bank:river"), Peer::at(nowhere, shared()))].into(),
        apps: [("river-app".to_owned(), App { bank, key })].into(),
        ..Directory::default()
    }
}

fn micro() {
    let message = claim(attempt(1));
    let body = serde_json::to_vec(&message).expect("JSON");
    println!("a claim is {} bytes of JSON", body.len());
    report("write JSON", || serde_json::to_vec(&message));
    report("read JSON", || serde_json::from_slice::<Message>(&body));
    let target = Target {
        method: "POST",
        authority: "127.0.0.1:8080",
        path: "/v1/claim",
    };
    let now = Time::from_seconds(1_800_000_000);
    for (name, me, auth, suite) in [
        ("hmac-sha256", "bank:river", shared(), Suite::Ed25519),
        ("ed25519", "wallet:ann", app(Suite::Ed25519), Suite::Ed25519),
        (
            "ecdsa-p256-sha256",
            "wallet:ann",
            app(Suite::Es256),
            Suite::Es256,
        ),
    ] {
        let (me, known) = (party(me), directory(suite));
        let sign = || {
            let mut headers = HeaderMap::new();
            sign_request(
                (&me, &auth),
                target,
                &mut headers,
                &body,
                (now, "0123456789abcdef-1"),
            );
            headers
        };
        let headers = sign();
        report(&format!("{name}: sign a request"), sign);
        report(&format!("{name}: verify a request"), || {
            verify_request(&known, target, &headers, &body, now)
                .expect("good")
                .who
        });
        let asked = signature_of(&headers).expect("signed");
        if let Auth::Shared(secret) = &auth {
            report("hmac-sha256: sign an answer", || {
                sign_answer(secret, asked, 200, &body)
            });
        }
    }
}

/// Prints the median of 21 batches, in microseconds for one.
fn report<T>(name: &str, mut run: impl FnMut() -> T) {
    let mut batches: Vec<Duration> = (0..21)
        .map(|_| {
            let begun = Instant::now();
            (0..200).for_each(|_| drop(black_box(run())));
            begun.elapsed() / 200
        })
        .collect();
    batches.sort();
    println!("{name:<36} {:>8.2} µs", batches[10].as_secs_f64() * 1e6);
}

/// Which toy a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Answers everything at once.
    Echo,
    Wallet,
    Gateway,
    Bank,
    Merchant,
}

struct Toy {
    me: Party,
    kind: Kind,
    /// Where a wallet's first message goes, and whether it is all.
    first: (Party, bool),
}

#[derive(Clone)]
enum Input {
    Pay(u64),
    Message(Message),
    Timer,
}

impl Role for Toy {
    type Input = Input;

    fn me(&self) -> Party {
        self.me
    }

    fn admit(&self, _: Time, _: Sender, message: Message) -> Result<Input, Reason> {
        Ok(Input::Message(message))
    }

    fn wake(&self, _: Timer) -> Input {
        Input::Timer
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        cx.record(Event::new(EventKind::OrderShown));
        match input {
            Input::Pay(n) => cx.send(self.first.0, Message::PayStatus(attempt(*n))),
            Input::Message(message) => self.hear(cx, message),
            Input::Timer => {}
        }
        Ok(())
    }

    fn release(&self, _: &mut Message) {}
}

impl Toy {
    fn hear(&self, cx: &mut Cx<'_>, message: &Message) {
        let (gateway, bank) = (party("gateway:main"), party("bank:river"));
        match (self.kind, message) {
            (Kind::Echo, Message::PayStatus(of)) => cx.reply(payment(*of, PaymentState::Refused)),
            // The wallet: the order came; pay it. Paid: the next.
            (Kind::Wallet, Message::Payment(payment)) => match payment.state {
                PaymentState::Refused if !self.first.1 => {
                    cx.send(bank, Message::PayStatus(payment.of));
                }
                PaymentState::Processing => {}
                PaymentState::Refused | PaymentState::Paid => {
                    cx.effect(Effect::Print(Bytes(Arc::from(&[][..]))));
                }
            },
            // The gateway: an order for an open, a grant for a claim, a notice for paid.
            (Kind::Gateway, Message::PayStatus(of)) => {
                cx.reply(payment(*of, PaymentState::Refused));
            }
            (Kind::Gateway, Message::Claim(claim)) => cx.reply(Message::Granted(claim.of)),
            (Kind::Gateway, Message::PaymentStatus(of)) => {
                cx.reply(Message::PaidHeard(*of));
                cx.send(party("merchant:shop"), Message::CancelPayment(*of));
            }
            // The bank: hold and claim; granted: post and say so.
            (Kind::Bank, Message::PayStatus(of)) => {
                cx.reply(payment(*of, PaymentState::Processing));
                cx.send(gateway, claim(*of));
            }
            (Kind::Bank, Message::Granted(of)) => {
                cx.send(gateway, Message::PaymentStatus(*of));
                cx.send(party("wallet:ann"), payment(*of, PaymentState::Paid));
            }
            (Kind::Merchant, Message::CancelPayment(of)) => cx.reply(Message::PaidHeard(*of)),
            _nothing_to_do => {}
        }
    }
}

fn attempt(n: u64) -> Attempt {
    let id = |kind| Id::new(1_800_000_000_000 + n, kind);
    Attempt {
        order: OrderId(id(1)),
        attempt: AttemptId(id(2)),
    }
}

fn claim(of: Attempt) -> Message {
    let uid = Uid::from_bytes([7; 11]);
    Message::Claim(Claim { of, uid })
}

fn payment(of: Attempt, state: PaymentState) -> Message {
    Message::Payment(Arc::new(Payment {
        of,
        state,
        reason: None,
        reference: None,
    }))
}

/// Starts the parties and pays for a while: `payers` payments at a time.
#[expect(
    clippy::too_many_lines,
    reason = "one measurement, from set-up to its line"
)]
async fn flow(name: &str, kind: Kind, payers: u64, time: Duration) {
    let suite = Suite::Ed25519;
    let listener = || bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let at = |listener: &TcpListener| Endpoint::from(listener.local_addr().expect("a port"));
    let (gateway, bank, merchant) = (listener(), listener(), listener());
    let (gateway_at, bank_at, merchant_at) = (at(&gateway), at(&bank), at(&merchant));
    let peers = |all: &[(&str, &Endpoint, Auth)]| {
        let mut known = directory(suite);
        known.peers.clear();
        for (name, at, auth) in all {
            known
                .peers
                .insert(party(name), Peer::at((*at).clone(), auth.clone()));
        }
        known
    };
    let echoes = kind == Kind::Echo;
    let first = if echoes { kind } else { Kind::Gateway };
    let to_banks = peers(&[
        ("bank:river", &bank_at, shared()),
        ("merchant:shop", &merchant_at, shared()),
    ]);
    let to_gateway = || peers(&[("gateway:main", &gateway_at, shared())]);
    let to_both = peers(&[
        ("gateway:main", &gateway_at, app(suite)),
        ("bank:river", &bank_at, app(suite)),
    ]);
    let (gateway, _) = start("gateway:main", first, echoes, Some(gateway), to_banks).await;
    let (bank, _) = start("bank:river", Kind::Bank, echoes, Some(bank), to_gateway()).await;
    let (merchant, _) = start(
        "merchant:shop",
        Kind::Merchant,
        echoes,
        Some(merchant),
        to_gateway(),
    )
    .await;
    let (wallet, mut paid) = start("wallet:ann", Kind::Wallet, echoes, None, to_both).await;

    let inbox: Inbox<Toy> = wallet.inbox();
    let mut next = 0;
    let mut pay = || {
        next += 1;
        inbox
            .tell("pay", Input::Pay(next))
            .expect("room for one more");
    };
    (0..payers).for_each(|_| pay());
    let (begun, cpu) = (Instant::now(), cpu());
    let mut count = 0_u32;
    while begun.elapsed() < time {
        let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(5), paid.recv()).await else {
            println!("{name}: stuck after {count}: {:?}", inbox.counts());
            return;
        };
        count += 1;
        pay();
    }
    let (elapsed, cpu) = (begun.elapsed().as_secs_f64(), self::cpu() - cpu);
    let each = f64::from(count);
    println!(
        "{name}, {payers} at a time: {:.0}/s, {:.0} µs of cpu each ({:.2} cores)",
        each / elapsed,
        cpu / each * 1e6,
        cpu / elapsed,
    );
    for (name, counts) in [
        ("wallet", wallet.inbox().counts()),
        ("gateway", gateway.inbox().counts()),
        ("bank", bank.inbox().counts()),
        ("merchant", merchant.inbox().counts()),
    ] {
        let inputs = u32::try_from(counts.inputs).map_or(f64::MAX, f64::from);
        let groups = u32::try_from(counts.groups).map_or(f64::MAX, f64::from);
        if counts.inputs > 0 {
            let dropped = counts.sends_dropped + counts.calls_failed + counts.shed;
            println!(
                "  {name:<9} {:>6.1} inputs a commit, {dropped} lost",
                inputs / groups
            );
        }
    }
    for node in [wallet, bank, gateway, merchant] {
        drop(node.stop().await);
    }
}

async fn start(
    me: &str,
    kind: Kind,
    echoes: bool,
    listener: Option<TcpListener>,
    directory: Directory,
) -> (Node<Toy>, mpsc::Receiver<Effect>) {
    let (effects, released) = mpsc::channel(1024);
    let role = Toy {
        me: party(me),
        kind,
        first: (party("gateway:main"), echoes),
    };
    let setup = Setup {
        role,
        store: Box::new(Durable {
            memory: Memory::new(ChainKind::Sha256),
            file: tempfile::tempfile().expect("a file"),
            unwritten: Vec::new(),
            // A phone's own disk is not this machine's.
            syncs: kind != Kind::Wallet,
        }),
        chance: Chance::of_seed(1),
        directory,
        listener,
        authorities: Vec::new(),
        effects,
        limits: Limits::default(),
    };
    (Node::start(setup).await.expect("a node"), released)
}

/// Seconds of CPU that this process used, to 10 ms.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<u32> = stat.rsplit(')').next().map_or_else(Vec::new, |rest| {
        rest.split(' ')
            .map(|field| field.parse().unwrap_or(0))
            .collect()
    });
    let ticks = |at: usize| fields.get(at).copied().map_or(0.0, f64::from);
    (ticks(12) + ticks(13)) / 100.0
}

/// Memory, and a file that grows by 200 bytes an input and is synced before a commit returns.
struct Durable {
    memory: Memory,
    file: File,
    unwritten: Vec<u8>,
    syncs: bool,
}

impl Backend for Durable {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        self.memory.load(wants)
    }

    fn save(&mut self, writes: Writes) -> Result<(), StoreError> {
        self.unwritten.extend_from_slice(&[7; 200]);
        self.memory.save(writes)
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        self.memory.due(until, max)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        self.memory.next_due()
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.memory.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.syncs && !self.unwritten.is_empty() {
            let written = self.file.write_all(&self.unwritten);
            let synced = written.and_then(|()| self.file.sync_data());
            synced.map_err(|error| StoreError::Failed {
                doing: "commit",
                detail: error.to_string(),
            })?;
        }
        self.unwritten.clear();
        self.memory.commit()
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.memory.abort()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        self.memory.scan(table)
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        self.memory.entries(after, max)
    }
}
