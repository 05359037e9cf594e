//! The simulator's speed: whole payments through the roles' own code, in virtual time, on one core.
//!
//! Run with `cargo bench --bench sim [-- payments fast|real]`; time is the processor's (wall time
//! where the system does not tell). Codes are sealed before the clock starts; verifying,
//! opening, paying, claiming, posting, crediting and journalling are what is measured.
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
use quittance::money::{Currency, Money};
use quittance::roles::wallet::{Expectation, Habits};
use quittance::roles::{Actor, bank, gateway};
use quittance::sim::{Links, Next, Store, World};
use quittance::store::Memory;
use quittance::time::{Span, Time};
use std::sync::Arc;
use std::time::Instant;

const STARTS: Time = Time::from_seconds(1_777_865_400);
const CUSTOMERS: usize = 1000;
const SHOPS: usize = 10;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let payments = args.iter().find_map(|arg| arg.parse().ok());
    let payments: usize = payments.unwrap_or(20_000);
    let only: Option<Crypto> = args.iter().find_map(|arg| arg.parse().ok());
    println!("{payments} payments, {CUSTOMERS} customers, {SHOPS} shops, 2 banks; best of 5 runs");
    for (crypto, payments) in [(Crypto::Fast, payments), (Crypto::Real, payments / 20)] {
        if only.is_some_and(|only| only != crypto) {
            continue;
        }
        let rounds = (0..5).map(|_| round(crypto, payments));
        let best = rounds.max_by(|a, b| a.per_second().total_cmp(&b.per_second()));
        if let Some(best) = best {
            best.print(crypto);
        }
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

    fn print(&self, crypto: Crypto) {
        println!(
            "crypto {crypto}: {:.0} k handles/s, {:.1} k payments/s, {:.1} handles a payment, {:.1} \
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

fn parts(crypto: Crypto) -> Parts {
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
        customers: (0..CUSTOMERS).map(customer).collect(),
    }
}

fn round(crypto: Crypto, payments: usize) -> Round {
    let mut cast = Cast::new(&parts(crypto), &Chance::of_seed(1)).expect("a cast");
    cast.gateway.terminals = Arc::default(); // no slips: there is nobody to print them
    let mut world = World::new(1, STARTS, Links::default(), ());
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
        let who = wallets[(cue as usize * 7) % CUSTOMERS];
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
