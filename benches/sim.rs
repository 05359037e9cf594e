//! The simulator's speed: whole payments through the roles' own code, in virtual time, on one core.
//!
//! - `cargo bench --bench sim [-- payments fast|real] [COUNT]`: payments among 1,000 customers,
//!   bare, and with a trace's lines written into memory as JSON.
//! - `-- actors`: the same from 10 to 100,000 customers.
//! - `-- stories`: whole runs of scenarios with everything that checks them: the lunch rush of the
//!   library, and 20 customers with 3 payments each while links lose and servers crash.
//!
//! Time is the processor's (wall time where the system does not tell). Codes of payments are sealed
//! before the clock starts; verifying, opening, paying, claiming, posting, crediting and
//! journalling are what is measured. A story's time is everything from its seed to its report.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench reads the clock, prints, and counts a few million"
)]

use quittance::cast::{BankPart, CODE_MINUTES, Cast, Crypto, CustomerPart, MerchantPart, Parts};
use quittance::chance::Chance;
use quittance::code::link::to_link;
use quittance::id::{Name, Party, PartyKind};
use quittance::journal::{Entry, EventKind};
use quittance::money::{Currency, Money};
use quittance::play;
use quittance::roles::wallet::{Expectation, Habits};
use quittance::roles::{Actor, bank, gateway};
use quittance::scenario::Scenario;
use quittance::sim::{
    Choice, Does, Line, Links, Next, Observer, Options, Sent, Staging, Step, Store, World, run,
};
use quittance::store::Memory;
use quittance::text::Text;
use quittance::time::{Span, Time};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

const STARTS: Time = Time::from_seconds(1_777_865_400);
const CUSTOMERS: usize = 1000;
const SHOPS: usize = 10;

/// How many times each is measured; the best is shown, as others use this machine too.
const ROUNDS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let asked = |what: &str| args.iter().any(|arg| arg == what);
    let payments = args.iter().find_map(|arg| arg.parse().ok());
    let payments: usize = payments.unwrap_or(20_000);
    if asked("actors") {
        return actors(payments);
    }
    if asked("stories") {
        return stories();
    }
    let only: Option<Crypto> = args.iter().find_map(|arg| arg.parse().ok());
    println!(
        "{payments} payments, {CUSTOMERS} customers, {SHOPS} shops, 2 banks; best of {ROUNDS} runs"
    );
    for (crypto, payments) in [(Crypto::Fast, payments), (Crypto::Real, payments / 20)] {
        if only.is_none_or(|only| only == crypto) {
            best(crypto, payments, CUSTOMERS, &()).print(&format!("crypto {crypto}, untraced"));
            let lines = Lines::default();
            best(crypto, payments, CUSTOMERS, &lines).print(&format!("crypto {crypto}, traced"));
        }
    }
}

fn best<O: Observer + Clone>(
    crypto: Crypto,
    payments: usize,
    customers: usize,
    watched_by: &O,
) -> Round {
    let rounds = (0..ROUNDS).map(|_| round(crypto, payments, customers, watched_by.clone()));
    let best = rounds.max_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    best.expect("there are rounds")
}

/// What an event costs should not depend on how many could have caused it.
fn actors(payments: usize) {
    println!("{payments} payments, {SHOPS} shops, 2 banks, crypto fast; best of {ROUNDS} runs");
    for customers in [10, 100, 1000, 10_000, 100_000] {
        let bare = best(Crypto::Fast, payments, customers, &());
        bare.print(&format!("{customers:>6} customers, untraced"));
        let traced = best(Crypto::Fast, payments, customers, &Lines::default());
        traced.print(&format!("{customers:>6} customers, traced"));
    }
}

/// A trace's lines as JSON, formatted and forgotten: what writing them costs without a disk.
#[derive(Clone, Default)]
struct Lines(Vec<u8>);

/// How many bytes are kept before they are forgotten.
const LINES_BYTES: usize = 1 << 20;

impl Lines {
    fn write(&mut self, line: &Line) {
        if self.0.len() > LINES_BYTES {
            self.0.clear();
        }
        serde_json::to_writer(&mut self.0, line).expect("memory takes everything");
        self.0.push(b'\n');
    }
}

impl Observer for Lines {
    fn entry(&mut self, of: Party, entry: &Entry) {
        self.write(&Line {
            n: 0,
            cause: 0,
            at: entry.at,
            of,
            from: None,
            does: Does::Fact,
            what: Text::clean(entry.event.kind.word()),
            receipt: None,
        });
    }

    fn sent(&mut self, _: &Sent<'_>) {}

    fn fault(&mut self, _: &Choice) {}

    fn traces(&self) -> bool {
        true
    }

    fn step(&mut self, step: &Step<'_>) {
        self.write(&Line {
            n: step.n,
            cause: step.cause,
            at: step.at,
            of: step.of,
            from: step.from,
            does: step.does,
            what: Text::clean(step.what),
            receipt: step.receipt.clone(),
        });
    }
}

fn stories() {
    let rush = include_str!("../scenarios/lunch-rush.toml");
    story("lunch-rush", rush, 20);
    story("20 customers x 3 payments under faults", &bad_day(), 200);
}

/// Twenty customers pay three receipts each while links lose and servers crash.
fn bad_day() -> String {
    let mut text = String::from(
        "schema = 1\nname = \"bad-day\"\nabout = \"A bench.\"\n[run]\nlasts = \"20m\"\n\
         [network]\nlatency = \"5ms..400ms\"\nloss = \"3%\"\nduplicate = \"3%\"\n\
         reorder = \"3%\"\n[gateway.main]\n[bank.river]\n[bank.lake]\n\
         [merchant.shop]\nbank = \"lake\"\n",
    );
    for (on, when) in [
        ("main", "before order-claimed"),
        ("river", "after held"),
        ("lake", "before posted"),
    ] {
        let fault = format!(
            "[[fault]]\nid = \"{on}-crashes\"\non = \"{on}\"\ndo = \"crash\"\n\
             when = \"{when}\"\nchance = \"5%\"\ndown-for = \"1s..20s\"\n"
        );
        text.push_str(&fault);
    }
    for customer in 0..20 {
        let bank = ["river", "lake"][customer % 2];
        writeln!(text, "[customer.c{customer}]\nbank = \"{bank}\"").expect("a string grows");
        for nth in 0..3 {
            let (receipt, from) = (format!("r-{customer}-{nth}"), nth * 5);
            write!(
                text,
                "[[step]]\nid = \"print-{receipt}\"\nat = \"{from}m..{}m\"\nwho = \"shop\"\n\
                 does = \"print\"\nwith = {{ order = \"{receipt}\", amount = \"5.00\" }}\n\
                 [[step]]\nafter = \"print-{receipt}\"\nwait = \"1s..5s\"\nwho = \"c{customer}\"\n\
                 does = \"scan\"\nwith = {{ receipt = \"{receipt}\" }}\n",
                from + 4,
            )
            .expect("a string grows");
        }
    }
    text
}

/// Runs a story's seeds one after the other: as a sweep on one core does, and with a trace.
fn story(name: &str, text: &str, seeds: u64) {
    let scenario = Scenario::parse("bench.toml", text).expect("a sound scenario");
    let scenario = Arc::new(scenario);
    let staging = Staging {
        cast: play::cast,
        actors: play::actors,
        paper: play::paper,
    };
    for (how, trace) in [("untraced", false), ("traced", true)] {
        let options = Options {
            trace,
            ..Options::PLAIN
        };
        let began = Stopwatch::start();
        let reports = (1..=seeds).map(|seed| run(&scenario, seed, staging, &options));
        let (mut handles, mut paid, mut failed) = (0, 0, 0);
        for report in reports {
            let report = report.expect("parties in memory");
            let done = report.outcome.events.get(&EventKind::OrderPaid);
            handles += report.counters.handles;
            paid += done.copied().unwrap_or_default();
            failed += u64::from(!report.passed());
        }
        let seconds = began.seconds();
        println!(
            "{name}, {how}: {:.2} ms a seed, {:.0} seeds/s, {:.0} k handles/s, {} handles and {} \
             payments a seed; {failed} of {seeds} seeds failed",
            seconds * 1e3 / seeds as f64,
            seeds as f64 / seconds,
            handles as f64 / seconds / 1e3,
            handles / seeds,
            paid / seeds,
        );
    }
}

/// Processor time where Linux tells it, else wall time.
struct Stopwatch {
    cpu: Option<u64>,
    wall: Instant,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            cpu: cpu_nanos(),
            wall: Instant::now(),
        }
    }

    fn seconds(&self) -> f64 {
        match (self.cpu, cpu_nanos()) {
            (Some(from), Some(to)) => (to - from) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

fn cpu_nanos() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok()
}

struct Round {
    payments: usize,
    handles: u64,
    events: u64,
    seconds: f64,
    virtual_seconds: f64,
}

impl Round {
    fn per_second(&self) -> f64 {
        self.handles as f64 / self.seconds
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {:.0} k handles/s, {:.1} k payments/s, {:.1} handles a payment, {:.1} \
             events a payment, virtual:wall {:.0}",
            self.per_second() / 1e3,
            self.payments as f64 / self.seconds / 1e3,
            self.handles as f64 / self.payments as f64,
            self.events as f64 / self.payments as f64,
            self.virtual_seconds / self.seconds,
        );
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a plain word")
}

fn parts(crypto: Crypto, customers: usize) -> Parts {
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
        crypto,
        starts: STARTS,
        gateway: name("main"),
        gateway_timing: gateway::Timing::default(),
        endpoint: String::new(),
        banks: vec![bank_part("river"), bank_part("lake")],
        merchants: (0..SHOPS).map(shop).collect(),
        customers: (0..customers).map(customer).collect(),
    }
}

fn round<O: Observer>(crypto: Crypto, payments: usize, customers: usize, watched_by: O) -> Round {
    let mut cast = Cast::new(&parts(crypto, customers), &Chance::of_seed(1)).expect("a cast");
    cast.gateway.terminals = Arc::default(); // no slips: there is nobody to print them
    let mut world = World::new(1, STARTS, Links::default(), watched_by);
    let store = || Store::Memory(Box::new(Memory::new(crypto.chain())));
    let mut links = Vec::new();
    for n in 0..payments {
        let till = &cast.tills[n % SHOPS];
        let counter = u32::try_from(n / SHOPS + 1).expect("fewer than 2^32 receipts");
        let amount = Money::new(1234, Currency::EUR);
        let sealed = till.seal(STARTS, counter, amount, &"A1".into());
        links.push(to_link(&cast.host, None, &sealed.expect("a sealed code")));
        world.cue(
            STARTS.after(Span::millis(n as u64)),
            u32::try_from(n).expect("fits"),
        );
    }
    world.join(cast.gateway.into(), store());
    for (bank, accounts) in cast.banks {
        let party = Party::new(PartyKind::Bank, bank.name);
        world.join(bank.into(), store());
        for account in accounts {
            world.local(&party, "open-account", bank::Input::OpenAccount(account));
        }
    }
    for shop in cast.shops {
        world.join(shop.into(), store());
    }
    let mut wallets = Vec::new();
    for wallet in cast.wallets {
        wallets.push(Party::new(PartyKind::Wallet, wallet.name));
        world.join(wallet.into(), store());
    }
    let before = world.counters;
    let began = Stopwatch::start();
    let end = STARTS.after(Span::hours(1));
    while let Next::Cue(cue) = world.advance(end) {
        let who = wallets[(cue as usize * 7) % customers];
        let Some(Actor::Wallet(wallet)) = world.actor(&who) else {
            continue;
        };
        let input = wallet.read_scan(world.now(), &links[cue as usize], Expectation::default());
        world.local(&who, "scan", input);
    }
    let seconds = began.seconds();
    Round {
        payments,
        handles: world.counters.handles - before.handles,
        events: world.counters.events - before.events,
        seconds,
        virtual_seconds: payments as f64 / 1e3,
    }
}
