//! Real processes, killed with SIGKILL at random moments between the first print and the last
//! posting: the receipt is paid once, and everybody hears of it.
#![expect(
    clippy::disallowed_methods,
    reason = "real processes live by the real clock"
)]

mod town;

use crate::gate::rounds;
use quittance::chance::Chance;
use quittance::id::PartyKind;
use quittance::journal::{Entry, EventKind};
use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};
use town::{MEMBERS, STORY, TILLS, Town, free_ports};

/// How long everything may take; a crash costs a retry or two.
const PATIENCE: Duration = Duration::from_mins(1);

const LOOK_AGAIN: Duration = Duration::from_millis(2);

#[test]
fn a_payment_survives_the_death_of_any_process_at_any_moment() {
    let seed = u64::from(std::process::id());
    let chance = Chance::of_seed(seed);
    let calm = calm_round();
    let all = u32::try_from(rounds(8, 50)).unwrap();
    let mut hit: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..all {
        let key = round.to_be_bytes();
        let drawn = |purpose, of: u64| u32::try_from(chance.draw(purpose, &key, 0) % of).unwrap();
        // A part of the story for each round, so that every run meets early and late moments; every
        // other round looks closer, at the time from the wallet's start on.
        let part = |whole: Duration| whole * (round * 1000 + drawn("moment", 1000)) / (all * 1000);
        let (since, after) = match round % 2 {
            0 => (Since::Print, part(calm.whole)),
            _ => (Since::Wallet, part(calm.paying)),
        };
        let victim = usize::try_from(drawn("victim", 7)).unwrap();
        let strike = Strike {
            since,
            after,
            victim,
        };
        let state = one_round(round, &strike);
        println!("round {round} of seed {seed}: {strike}: {state}");
        *hit.entry(state).or_default() += 1;
    }
    println!("{calm:?}; states that were hit: {hit:#?}");
    assert!(hit.len() > 1, "every kill met the same state: {hit:?}");
}

/// How long a payment takes when nobody dies.
#[derive(Debug)]
struct Calm {
    /// From the till's first byte to the paid slip.
    whole: Duration,
    /// From the wallet's start on.
    paying: Duration,
}

/// Whom to kill, and when.
struct Strike {
    since: Since,
    after: Duration,
    /// The parties in their order, then the wallet, then all of them.
    victim: usize,
}

#[derive(Clone, Copy, Debug)]
enum Since {
    Print,
    Wallet,
}

impl Strike {
    fn is_due(&self, town: &Town) -> bool {
        let since = match self.since {
            Since::Print => Some(town.begun),
            Since::Wallet => town.wallet_begun,
        };
        since.is_some_and(|since| since.elapsed() >= self.after)
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match MEMBERS.get(self.victim) {
            Some((kind, name)) => write!(f, "{} {name}", kind.word())?,
            None if self.victim == MEMBERS.len() => write!(f, "the wallet")?,
            None => write!(f, "everybody")?,
        }
        write!(f, " dies {:?} after {:?}", self.after, self.since)
    }
}

fn calm_round() -> Calm {
    let mut town = Town::new();
    let until = town.begun + PATIENCE;
    play(&mut town, "app", until, |_| ());
    let calm = Calm {
        whole: town.begun.elapsed(),
        paying: town.wallet_begun.unwrap().elapsed(),
    };
    look(town, until);
    calm
}

/// Prints and pays one receipt, kills when it is time, and looks at what came of it. Gives the
/// state that the kill met.
fn one_round(round: u32, strike: &Strike) -> String {
    let mut town = Town::new();
    let until = town.begun + PATIENCE;
    let mut met = None;
    let mut strike_if_due = |town: &mut Town| {
        if met.is_none() && strike.is_due(town) {
            met = Some(kill(town, strike.victim));
        }
    };
    let via = if (round / 2).is_multiple_of(2) {
        "app"
    } else {
        "link"
    };
    play(&mut town, via, until, &mut strike_if_due);
    while !strike.is_due(&town) {
        std::thread::sleep(LOOK_AGAIN);
    }
    strike_if_due(&mut town);
    look(town, until);
    met.expect("the kill came")
}

/// Until the receipt is paid and the shop has its slip; `between` may do what it likes.
fn play(town: &mut Town, via: &str, until: Instant, mut between: impl FnMut(&mut Town)) {
    town.print();
    while !(town.paid(via) && town.slip_is_out()) {
        between(town);
        assert!(Instant::now() < until, "it did not end: {}", town.story());
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Kills, reads what the dead had written, and starts them again.
fn kill(town: &mut Town, victim: usize) -> String {
    match MEMBERS.get(victim) {
        Some(&(kind, _)) => {
            town.kill(victim);
            let state = state(kind, &town.journal(victim));
            town.start(victim);
            state
        }
        None if victim == MEMBERS.len() => match town.kill_wallet() {
            Some(journal) => state(PartyKind::Wallet, &journal),
            None => "wallet: not at work".to_owned(),
        },
        None => {
            for one in 0..MEMBERS.len() {
                town.kill(one);
            }
            let of = |one: usize| state(MEMBERS[one].0, &town.journal(one));
            let state = format!("{}, {}", of(0), of(1));
            for one in 0..MEMBERS.len() {
                town.start(one);
            }
            state
        }
    }
}

/// The last word of a party's journal about the payment.
fn state(kind: PartyKind, journal: &[Entry]) -> String {
    let beside = |kind| matches!(kind, EventKind::Started | EventKind::Funded);
    let mut last = journal.iter().rev().map(|entry| entry.event.kind);
    let word = last.find(|kind| !beside(*kind));
    let word = word.map_or("nothing", EventKind::word);
    format!("{}: {word}", kind.word())
}

/// The end, as the databases hold it: paid once at the gateway, posted once at the payer's bank,
/// credited once at the payee's, told once at the shop; nothing is held, and the books are zero.
fn look(mut town: Town, until: Instant) {
    loop {
        town.stop();
        let count = |member: usize, kind| {
            let journal = town.journal(member);
            journal.iter().filter(|e| e.event.kind == kind).count()
        };
        let [gateway, lake, river, shop] = [0, 1, 2, 3];
        assert_eq!(count(gateway, EventKind::OrderPaid), 1);
        assert_eq!(count(lake, EventKind::Posted), 1);
        let (credited, told) = (
            count(river, EventKind::Credited),
            count(shop, EventKind::MerchantTold),
        );
        assert!(
            credited <= 1 && told <= 1,
            "{credited} credits, told {told} times"
        );
        if (credited, told) == (1, 1) {
            break;
        }
        assert!(Instant::now() < until, "credited {credited}, told {told}");
        town.start_all();
        std::thread::sleep(Duration::from_millis(1500));
    }
    assert_eq!(town.balance(1, "bob"), "47.80 EUR");
    assert_eq!(town.balance(2, "coffee-bar"), "2.20 EUR");
    assert_eq!(town.held(1), 0);
    let terminal = town.journal(4);
    let slips = terminal
        .iter()
        .filter(|e| e.event.kind == EventKind::SlipPrinted);
    assert_eq!(slips.count(), 1);
}

/// Interrupts a role as soon as its port is open, again and again. What bash runs in the background
/// ignores SIGINT until it listens for it, so an early one would be lost.
const INTERRUPT: &str = r#"
port=$1; shift
for round in 1 2 3 4 5 6 7 8; do
  "$@" >/dev/null 2>&1 &
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  kill -INT $!
  timeout 10 tail --pid=$! -f /dev/null || kill -KILL $!
  wait $!
  echo $?
done
"#;

#[test]
fn a_role_hears_an_interrupt_as_soon_as_its_port_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let base = free_ports();
    let run = Command::new("bash")
        .args(["-c", INTERRUPT, "interrupt", &base.to_string()])
        .args([env!("CARGO_BIN_EXE_quittance"), "serve", "gateway", "main"])
        .args(["--network", STORY, "--base-port", &base.to_string()])
        .args(["--till-port", &(base + TILLS).to_string(), "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "130\n".repeat(8));
}
