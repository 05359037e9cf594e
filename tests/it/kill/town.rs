//! A gateway, two banks, a shop with its terminal, and a customer: six processes on loopback.

use quittance::cast::Crypto;
use quittance::chance::Chance;
use quittance::config::Config;
use quittance::id::{Name, Party, PartyKind};
use quittance::journal::Entry;
use quittance::ledger::{Transfer, balances};
use quittance::money::Money;
use quittance::play::{self, Keep};
use quittance::roles::{Actor, Role as _};
use quittance::scenario::Scenario;
use quittance::store::{Backend, Record as _};
use quittance::time::Time;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The processes that stay, in the order in which they start.
pub(super) const MEMBERS: [(PartyKind, &str); 5] = [
    (PartyKind::Gateway, "main"),
    (PartyKind::Bank, "lake"),
    (PartyKind::Bank, "river"),
    (PartyKind::Merchant, "coffee-bar"),
    (PartyKind::Terminal, "coffee-bar"),
];

const RECEIPT: &[u8] = b"COFFEE BAR\nEspresso    2.20\nTOTAL EUR   2.20\nORDER K1\n\x1dV\x42\x00";

/// Whose parties take part.
pub(super) const STORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/first-sale.toml");

/// How far the tills' ports lie above the parties'.
pub(super) const TILLS: u16 = 100;

/// How long a till waits for the paper before it prints again.
const TILL_WAITS: Duration = Duration::from_secs(3);

/// How long a slip may take after its terminal's death: longer than two of its repetitions.
const SLIP_WAITS: Duration = Duration::from_secs(15);

pub(super) struct Town {
    folder: TempDir,
    base: u16,
    running: [Option<Child>; 5],
    wallet: Option<Child>,
    paid: bool,
    printed: Instant,
    /// When all were up.
    pub(super) begun: Instant,
    /// When the terminal was killed.
    terminal_died: Option<Instant>,
    /// When the wallet was first started.
    pub(super) wallet_begun: Option<Instant>,
    config: Config,
    actors: Vec<Actor>,
}

impl Town {
    pub(super) fn new() -> Self {
        let story = std::fs::read_to_string(STORY).unwrap();
        let scenario = Scenario::parse(STORY, &story).unwrap();
        let starts = Time::from_nanos(0);
        let cast = play::cast(&scenario, Crypto::Real, &Chance::of_seed(1), starts).unwrap();
        let mut town = Self {
            folder: tempfile::tempdir().unwrap(),
            base: free_ports(),
            running: Default::default(),
            wallet: None,
            paid: false,
            printed: Instant::now(),
            begun: Instant::now(),
            wallet_begun: None,
            terminal_died: None,
            actors: play::actors(&cast, &scenario),
            config: Config::of_scenario(scenario),
        };
        town.start_all();
        town.begun = Instant::now();
        town
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn command(&self, args: &[&str], out: &str) -> Child {
        let append = |file: &str| {
            let mut options = std::fs::OpenOptions::new();
            let file = options.create(true).append(true).open(self.path(file));
            Stdio::from(file.unwrap())
        };
        Command::new(env!("CARGO_BIN_EXE_quittance"))
            .args(args)
            .args(["--network", STORY])
            .args(["--base-port", &self.base.to_string()])
            .args(["--till-port", &(self.base + TILLS).to_string()])
            .args([Path::new("--data"), &self.path("data")])
            .stdin(Stdio::null())
            .stdout(append(out))
            .stderr(append("talk"))
            .spawn()
            .unwrap()
    }

    /// Starts one; waits until it listens.
    pub(super) fn start(&mut self, member: usize) {
        let (kind, name) = MEMBERS[member];
        let out = format!("{}-{name}", kind.word());
        self.running[member] = Some(self.command(&["serve", kind.word(), name], &out));
        let port = self.port(party(member));
        let raw = (kind == PartyKind::Terminal).then(|| self.raw());
        for port in [Some(port), raw].into_iter().flatten() {
            wait_for(port, &|| self.talk());
        }
    }

    pub(super) fn start_all(&mut self) {
        for member in 0..MEMBERS.len() {
            self.start(member);
        }
    }

    fn port(&self, party: Party) -> u16 {
        let listeners = self.config.listeners();
        let nth = listeners.iter().position(|one| *one == party).unwrap();
        self.base + u16::try_from(nth).unwrap()
    }

    /// The port that the till prints to.
    fn raw(&self) -> u16 {
        let terminals = self.config.terminals();
        let coffee_bar = |(till, _): &(Name, Name)| till.as_str() == "coffee-bar";
        let nth = terminals.iter().position(coffee_bar).unwrap();
        self.base + TILLS + u16::try_from(nth).unwrap()
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self, member: usize) {
        let mut child = self.running[member].take().unwrap();
        if MEMBERS[member].0 == PartyKind::Terminal {
            self.terminal_died = Some(Instant::now());
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGKILL to the wallet, which begins again when it is next asked for. Gives its journal, if
    /// it was at work.
    pub(super) fn kill_wallet(&mut self) -> Option<Vec<Entry>> {
        let mut wallet = self.wallet.take()?;
        wallet.kill().unwrap();
        if wallet.wait().unwrap().success() {
            self.paid = true; // it had ended before
            return None;
        }
        let me = Party::new(PartyKind::Wallet, "bob".parse().unwrap());
        Some(self.store(me).entries(&[(0, 0)], 10_000).unwrap())
    }

    /// SIGINT, as a person would; every process ends by itself and says so.
    pub(super) fn stop(&mut self) {
        for child in self.running.iter_mut().flatten() {
            let pid = child.id().to_string();
            let interrupted = Command::new("kill").args(["-INT", &pid]).status();
            assert!(interrupted.unwrap().success());
        }
        for child in &mut self.running {
            let ended = child.take().unwrap().wait().unwrap();
            assert_eq!(ended.code(), Some(130));
        }
    }

    /// What the processes said.
    pub(super) fn talk(&self) -> String {
        std::fs::read_to_string(self.path("talk")).unwrap_or_default()
    }

    /// What everybody did, once all are dead.
    pub(super) fn story(&mut self) -> String {
        for child in self.running.iter_mut().flatten() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let mut wallet = self.kill_wallet().unwrap_or_default();
        wallet.truncate(30);
        let of = |member| (party(member), self.journal(member));
        let mut all: Vec<_> = (0..MEMBERS.len()).map(of).collect();
        all.push((
            Party::new(PartyKind::Wallet, "bob".parse().unwrap()),
            wallet,
        ));
        let mut lines: Vec<(Time, String)> = Vec::new();
        for (party, journal) in all {
            lines.extend(journal.iter().map(|entry| {
                let event = &entry.event;
                let (kind, state, reason) = (event.kind, &event.state, event.reason);
                (
                    entry.at,
                    format!("{} {party}: {kind} {state:?} {reason:?}", entry.at),
                )
            }));
        }
        lines.sort();
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        lines.join("\n")
    }

    /// The till prints; a terminal that is not there is tried again later.
    pub(super) fn print(&mut self) {
        self.printed = Instant::now();
        let raw = (Ipv4Addr::LOCALHOST, self.raw());
        if let Ok(mut till) = TcpStream::connect(raw)
            && till.write_all(RECEIPT).is_ok()
        {
            // A terminal that dies now has no paper for this till; it prints again.
            let _asked = till.shutdown(Shutdown::Write);
            let _until_it_closes = till.set_read_timeout(Some(Duration::from_millis(1)));
            let _status_bytes = till.read(&mut [0; 64]);
        }
    }

    fn paper(&self) -> String {
        std::fs::read_to_string(self.path("terminal-coffee-bar")).unwrap_or_default()
    }

    /// Whether the slip came out. One that was on its way to the printer when the terminal died
    /// stays unprinted: its journal has it, and the back office heard.
    pub(super) fn slip_is_out(&self) -> bool {
        let died = self.terminal_died;
        self.paper().contains("Paid by") || died.is_some_and(|at| at.elapsed() > SLIP_WAITS)
    }

    /// Whether the wallet has paid. It scans as soon as there is a paper, and begins again after
    /// it died; the till prints again when no paper came.
    pub(super) fn paid(&mut self, via: &str) -> bool {
        if self.paid {
            return true;
        }
        if let Some(wallet) = &mut self.wallet {
            if let Some(ended) = wallet.try_wait().unwrap() {
                self.wallet = None;
                self.paid = ended.success();
            }
        } else if self.paper().contains("bank's app") {
            let paper = self.path("terminal-coffee-bar").display().to_string();
            let args = [
                "wallet", "pay", &paper, "--as", "bob", "--yes", "--via", via,
            ];
            self.wallet = Some(self.command(&args, "wallet"));
            self.wallet_begun.get_or_insert_with(Instant::now);
        } else if self.printed.elapsed() > TILL_WAITS {
            self.print();
        }
        self.paid
    }

    fn store(&self, party: Party) -> Box<dyn Backend> {
        let mut actors = self.actors.iter();
        let actor = actors.find(|actor| actor.me() == party).unwrap();
        let keep = Keep::Sqlite(self.path("data"));
        let store = keep.open(party, actor.schemas(), Crypto::Real.chain());
        store.unwrap_or_else(|error| panic!("failed to {error}"))
    }

    /// A stopped party's journal.
    pub(super) fn journal(&self, member: usize) -> Vec<Entry> {
        self.store(party(member))
            .entries(&[(0, 0)], 10_000)
            .unwrap()
    }

    fn transfers(&self, member: usize) -> Vec<Transfer> {
        let rows = self.store(party(member)).scan(Transfer::SCHEMA).unwrap();
        let transfer = |row: &dyn std::any::Any| row.downcast_ref::<Transfer>().unwrap().clone();
        rows.iter().map(|row| transfer(row.as_any())).collect()
    }

    /// What a stopped bank's account holds; its books are zero.
    pub(super) fn balance(&self, member: usize, account: &str) -> String {
        let books = balances(self.transfers(member).iter());
        let euros = books.iter().filter(|(_, m)| m.currency().code() == "EUR");
        let sum: i64 = euros.map(|(_, money)| money.minor()).sum();
        assert_eq!(sum, 0, "{books:?}");
        let found = books
            .iter()
            .find(|((book, c), _)| c.code() == "EUR" && book.as_str().ends_with(account));
        found
            .map(|(_, money): (_, &Money)| money.to_string())
            .unwrap()
    }

    /// How many of a stopped bank's holds are neither posted nor released.
    pub(super) fn held(&self, member: usize) -> usize {
        use quittance::ledger::TransferKind::{Direct, Pending};
        let all = self.transfers(member);
        let pending = all.iter().filter(|t| t.kind == Pending).count();
        let resolved = all.iter().filter(|t| !matches!(t.kind, Pending | Direct));
        pending - resolved.count()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let wallet = self.wallet.take().into_iter();
        for mut child in self
            .running
            .iter_mut()
            .filter_map(Option::take)
            .chain(wallet)
        {
            let _gone_already = child.kill();
            let _reaped = child.wait();
        }
    }
}

fn party(member: usize) -> Party {
    let (kind, name) = MEMBERS[member];
    Party::new(kind, name.parse().unwrap())
}

/// The first of many ports that nobody has, below those that the system gives out by itself.
pub(super) fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = u16::try_from(std::process::id() % 50).unwrap();
    loop {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed) % 50;
        let base = 12_000 + (process * 50 + nth * 7) % 80 * 220;
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if (base..base + 20)
            .chain(base + TILLS..base + TILLS + 20)
            .all(free)
        {
            return base;
        }
    }
}

fn wait_for(port: u16, talk: &dyn Fn() -> String) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < until, "nobody listens: {}", talk());
        std::thread::sleep(Duration::from_millis(2));
    }
}
