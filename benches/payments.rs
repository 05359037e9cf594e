//! Whole payments per second over loopback HTTP: the real roles with real signatures, every server
//! a node of its own on SQLite, and the load of 64 payers in the same process.
//!
//! Run with `cargo bench --bench payments [SECONDS]`. A payment is everything from the scan of a
//! signed code to the wallet's PAID: `open`, `pay`, `claim`, `paid`, and the shop's notice and
//! slip. Codes are sealed and signed before the clock starts, as shops' chips would do it.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench reads the clock, prints, and counts thousands"
)]

use quittance::cast::{Cast, Crypto};
use quittance::chance::Chance;
use quittance::code::link::to_link;
use quittance::id::PartyKind;
use quittance::message::CodeHash;
use quittance::money::{Currency, Money};
use quittance::net::{Clock, Inbox};
use quittance::play::{self, Addresses, Keep, Network, PlayError, Start};
use quittance::roles::Role as _;
use quittance::roles::actor::{self, Actor};
use quittance::roles::wallet::{Expectation, Wallet, WalletPayment, WalletState};
use quittance::scenario::Scenario;
use quittance::store::{Backend, Key, Record as _};
use quittance::text::Text;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PAYERS: usize = 64;
/// How often a payer looks whether the payment is made.
const LOOK_EVERY: Duration = Duration::from_millis(2);

fn main() {
    let seconds = std::env::args().find_map(|arg| arg.parse().ok());
    let lasts = Duration::from_secs(seconds.unwrap_or(5));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    for payers in [1, PAYERS] {
        let mut runs: Vec<Figures> = (0..3)
            .map(|_| {
                runtime
                    .block_on(run(payers, lasts))
                    .expect("the network runs")
            })
            .collect();
        runs.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let Figures {
            per_second,
            p50,
            p99,
        } = &runs[1];
        println!(
            "{payers:>3} payers  {per_second:>7.0} payments/s  p50 {p50:>7.1?}  p99 {p99:>7.1?}  \
             (median of 3 runs of {lasts:?})"
        );
    }
}

struct Figures {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

fn parties(payers: usize) -> Scenario {
    let mut text = String::from(
        "schema = 1\nname = \"payments\"\nabout = \"A bench.\"\n[run]\ncurrency = \"EUR\"\n\
         [gateway.main]\n[bank.river]\n[merchant.shop]\nbank = \"river\"\n",
    );
    for nth in 0..payers {
        let balance = "1000000.00 EUR";
        let customer = format!(
            "[customer.c{nth}]\nbank = \"river\"\nbalance = \"{balance}\"\nconfirms = \"0ms\"\n"
        );
        write!(text, "{customer}").expect("a string takes everything");
    }
    Scenario::parse("payments.toml", &text).expect("a sound scenario")
}

async fn run(payers: usize, lasts: Duration) -> Result<Figures, PlayError> {
    let scenario = parties(payers);
    let chance = Chance::of_seed(1);
    let cast = play::cast(&scenario, Crypto::Real, &chance, Clock::default().now())?;
    let folder = tempfile::tempdir()?;
    let mut network = Network::empty();
    start(&mut network, &scenario, &cast, &chance, &folder).await?;
    let codes = Arc::new(codes(&cast, payers, lasts));
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for wallet in &cast.wallets {
        let (wallet, inbox) = (wallet.clone(), network.inbox(&wallet.me())?);
        let (codes, next) = (Arc::clone(&codes), Arc::clone(&next));
        all.spawn(async move {
            let mut took = Vec::new();
            while begun.elapsed() < lasts {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                let Some((link, code)) = codes.get(nth) else {
                    panic!("all {} codes are paid: seal more", codes.len());
                };
                took.push(pay(&wallet, &inbox, link, *code).await);
            }
            took
        });
    }
    let mut took: Vec<Duration> = all.join_all().await.into_iter().flatten().collect();
    let whole = begun.elapsed();
    network.stop().await?;
    took.sort_unstable();
    let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
    Ok(Figures {
        per_second: took.len() as f64 / whole.as_secs_f64(),
        p50: at(50),
        p99: at(99),
    })
}

/// Servers on SQLite; the payers' phones remember in memory.
async fn start(
    network: &mut Network,
    scenario: &Scenario,
    cast: &Cast,
    chance: &Chance,
    folder: &tempfile::TempDir,
) -> Result<(), PlayError> {
    let mut addresses = Addresses::new();
    let mut sockets = std::collections::BTreeMap::new();
    for party in play::listeners(cast) {
        let (socket, address) = play::listen(0)?;
        addresses.insert(party, address);
        sockets.insert(party, socket);
    }
    let disk = Keep::Sqlite(folder.path().to_owned());
    for actor in play::actors(cast, scenario) {
        let me = actor.me();
        let keep = match me.kind {
            PartyKind::Wallet => &Keep::Memory,
            _ => &disk,
        };
        let start = Start {
            cast,
            addresses: &addresses,
            chance,
            keep,
        };
        let raw = match me.kind {
            PartyKind::Terminal => Some(play::listen(0)?.0),
            _ => None,
        };
        network
            .start(&start, actor, sockets.remove(&me), raw, false)
            .await?;
    }
    Ok(())
}

/// More codes than the payers will pay.
fn codes(cast: &Cast, payers: usize, lasts: Duration) -> Vec<(String, CodeHash)> {
    let most = usize::try_from(lasts.as_secs()).unwrap_or(1) * if payers == 1 { 500 } else { 4000 };
    let till = &cast.tills[0];
    let amount = Money::new(100, "EUR".parse::<Currency>().expect("a currency"));
    let code = |counter: usize| {
        let reference = Text::clean(&format!("B{counter}"));
        let counter = u32::try_from(counter).expect("a few thousand");
        let blob = till.seal(Clock::default().now(), counter, amount, &reference);
        let blob = blob.expect("an order that fits");
        (to_link(&cast.host, None, &blob), CodeHash::of(&blob))
    };
    (1..=most).map(code).collect()
}

/// Scans, and waits until the wallet has heard that it paid.
async fn pay(wallet: &Wallet, inbox: &Inbox<Actor>, link: &str, code: CodeHash) -> Duration {
    let begun = Instant::now();
    let scan = wallet.read_scan(inbox.now(), link, Expectation::default());
    let asked = inbox.ask("scan", actor::Input::from(scan)).await;
    asked.expect("a wallet has room for one scan");
    let want = (WalletPayment::SCHEMA, Key::of(&(code,)));
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let read = move |store: &mut dyn Backend| store.load(&[want]);
        let rows = inbox.read(read).await.expect("a wallet answers");
        let rows = rows.expect("memory can be read");
        let row = rows.into_iter().flatten().next();
        let payment = row.and_then(|stored| stored.row.as_any().downcast_ref().cloned());
        match payment.map(|payment: WalletPayment| (payment.state, payment.reason)) {
            Some((WalletState::Paid, _)) => return begun.elapsed(),
            Some((state, reason)) if state.is_over() => panic!("{state:?}: {reason:?}"),
            _on_its_way => {}
        }
    }
}
