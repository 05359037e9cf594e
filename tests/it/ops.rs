//! Operators: what servers show them, what the screen shows, and that neither can do anything.

use crate::cli::quittance;
use crate::gate::demands_all;
use quittance::cast::Crypto;
use quittance::chance::Chance;
use quittance::id::{Party, PartyKind};
use quittance::journal::{Chain, ChainKind, Entry};
use quittance::net::operator::{Accounts, AskError, Events, Operator, Order, Orders};
use quittance::net::{Clock, Endpoint, Secret};
use quittance::play::{self, Addresses, Keep, Network, Start};
use quittance::roles::{Role as _, bank};
use quittance::scenario::Scenario;
use quittance::sim::{Live, Options, Staging, run};
use quittance::time::Span;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const STAGING: Staging = Staging {
    cast: play::cast,
    actors: play::actors,
    paper: play::paper,
};

fn path(name: &str) -> String {
    format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

fn scenario(name: &str) -> Arc<Scenario> {
    let source = std::fs::read_to_string(path(name)).unwrap();
    Arc::new(Scenario::parse(name, &source).unwrap())
}

#[test]
fn a_run_played_bit_by_bit_is_the_same_run_and_tells_everything_once() {
    let scenario = scenario("first-sale");
    let whole = run(&scenario, 7, STAGING, &Options::PLAIN).unwrap();
    let mut live = Live::begin(&scenario, 7, STAGING).unwrap();
    let mut told = live.step().len();
    while !live.is_over() {
        live.advance(live.now().after(Span::millis(1700)));
        told += live.news().len();
    }
    live.advance(live.ends());
    told += live.news().len();
    let all: usize = live.journals().map(|(_, journal)| journal.len()).sum();
    assert_eq!(told, all);
    for (party, journal) in live.journals() {
        let head = journal.last().map(|entry| entry.hash);
        assert_eq!(head.as_ref(), whole.heads.get(party), "{party}");
    }
}

/// The gateway and the banks of the first sale on loopback, each bank with its accounts.
async fn servers(chance: &Chance) -> (Network, Addresses) {
    let scenario = scenario("first-sale");
    let now = Clock::default().now();
    let cast = play::cast(&scenario, Crypto::Real, chance, now).unwrap();
    let (mut sockets, mut addresses) = (Vec::new(), Addresses::new());
    for actor in play::actors(&cast, &scenario) {
        let me = actor.me();
        if matches!(me.kind, PartyKind::Gateway | PartyKind::Bank) {
            let (socket, address) = play::listen(0).unwrap();
            addresses.insert(me, address);
            sockets.push((actor, socket));
        }
    }
    let mut network = Network::empty();
    let start = Start {
        cast: &cast,
        addresses: &addresses,
        chance,
        keep: &Keep::Memory,
    };
    for (actor, socket) in sockets {
        let started = network.start(&start, actor, Some(socket), None, false);
        started.await.unwrap();
    }
    (network, addresses)
}

fn operator(at: Endpoint, key: [u8; 32]) -> Operator {
    Operator::new(at, play::operator_name(), Secret::new(key)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_a_banks_journal_and_books_and_nobody_else_does() {
    let chance = Chance::of_seed(5);
    let (network, addresses) = servers(&chance).await;
    let (bank, at) = addresses
        .iter()
        .find(|(p, _)| p.kind == PartyKind::Bank)
        .unwrap();
    let server = operator(Endpoint::from(*at), play::operator_key(&chance));

    let page = server.events(&Events::default()).await.unwrap();
    assert_eq!((page.head.party, page.head.caught_up), (*bank, true));
    let mut chain = Chain::new(0, ChainKind::Sha256);
    let read = |line| Entry::from_line(line).unwrap();
    let entries: Vec<(Party, Entry)> = page.lines.iter().map(read).collect();
    assert!(!entries.is_empty() && entries.iter().all(|(party, _)| party == bank));
    assert!(
        entries.iter().all(|(_, entry)| chain.follow(entry)),
        "the chain holds"
    );

    let books = server
        .accounts(&Accounts {
            max: 500,
            ..Accounts::default()
        })
        .await
        .unwrap();
    let held: Vec<&str> = books
        .lines
        .iter()
        .filter_map(|l| l["account"].as_str())
        .collect();
    assert!(held.contains(&"opening"), "{held:?}");

    let nothing = Order {
        find: "nothing".to_owned(),
    };
    assert!(matches!(
        server.order(&nothing).await,
        Err(AskError::Nothing { .. })
    ));
    let wrong = Orders {
        filter: "stat:paid".to_owned(),
        ..Orders::default()
    };
    assert!(
        server.orders(&wrong).await.is_err(),
        "a wrong filter is no answer"
    );

    let stranger = operator(Endpoint::from(*at), [9; 32]);
    let refused = stranger.events(&Events::default()).await;
    assert!(matches!(refused, Err(AskError::Refused { .. })));
    network.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_waits_for_news_and_a_position_beyond_the_end_is_told() {
    let chance = Chance::of_seed(6);
    let (network, addresses) = servers(&chance).await;
    let (bank, at) = addresses
        .iter()
        .find(|(p, _)| p.kind == PartyKind::Bank)
        .unwrap();
    let server = Arc::new(operator(Endpoint::from(*at), play::operator_key(&chance)));
    let first = server.events(&Events::default()).await.unwrap();
    let waiting = tokio::spawn({
        let (server, after) = (Arc::clone(&server), first.head.at.clone());
        async move {
            server
                .events(&Events {
                    after,
                    wait_ms: 8000,
                })
                .await
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    let opening = bank::AccountOpening {
        name: "late-comer".parse().unwrap(),
        owner: "wallet:ann".parse().unwrap(),
        balance: "5.00 EUR".parse().unwrap(),
        limit: None,
    };
    let input = quittance::roles::actor::Input::from(bank::Input::OpenAccount(opening));
    network
        .inbox(bank)
        .unwrap()
        .ask("open-account", input)
        .await
        .unwrap();
    let news = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    let news = news.unwrap().unwrap().unwrap();
    assert_eq!(news.lines.len(), 1);

    let beyond = Events {
        after: vec![(0, 9_999)],
        wait_ms: 0,
    };
    let told = server.events(&beyond).await.unwrap();
    assert_eq!(told.head.at, [], "the lane does not go so far");
    network.stop().await.unwrap();
}

#[test]
fn the_shell_says_what_is_wrong_and_where() {
    let code = |args: &[&str]| {
        let ended = quittance(args, b"");
        (
            ended.status.code().unwrap(),
            String::from_utf8(ended.stderr).unwrap(),
        )
    };
    let (usage, says) = code(&["order", "list", "stat:paid"]);
    assert_eq!(usage, 2);
    assert!(
        says.contains("column 1: no field `stat`; did you mean `state`?"),
        "{says}"
    );
    let nobody = ["order", "list", "--server", "http://127.0.0.1:1"];
    assert_eq!(code(&nobody).0, 6);
}

#[test]
fn a_simulation_is_told_in_lines_where_there_is_no_terminal() {
    let ended = quittance(&["ops", "--sim", &path("first-sale"), "--at", "24h"], b"");
    assert_eq!(ended.status.code(), Some(0));
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(told.starts_with("SIM first-sale seed"), "{told}");
    assert!(told.contains("PROCESSING -> PAID"), "{told}");
    assert!(told.contains("the books sum to nothing"), "{told}");
    assert!(!told.contains('\u{1b}'));
}

#[test]
fn the_picture_of_the_board_is_the_same_whenever_it_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let draw = |name: &str, keys: &str| {
        let file = folder.path().join(name);
        let sim = path("lunch-rush");
        let shot = [
            "ops", "--sim", &sim, "--seed", "3", "--at", "5m", "--size", "80x24",
        ];
        let file_name = file.to_str().unwrap();
        let shot = [&shot[..], &["--snapshot", file_name, "--keys", keys]].concat();
        let ended = quittance(&shot, b"");
        assert_eq!(
            ended.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        std::fs::read_to_string(file).unwrap()
    };
    assert_eq!(draw("a.svg", ""), draw("b.svg", ""));
    let order = draw("a.txt", "/ s t a t e : p a i d Enter Enter");
    assert!(
        order.contains("+ PAID") && order.contains("posted"),
        "{order}"
    );
}

#[test]
fn a_traced_run_is_watched_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let traces = folder.path().to_str().unwrap();
    let story = path("first-sale");
    let run = [
        "run",
        &story,
        "--seed",
        "4",
        "--trace",
        traces,
        "--trace-on",
        "all",
    ];
    let ended = quittance(&run, b"");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let trace = folder.path().join("first-sale-4.jsonl");
    let told = |of: &[&str]| {
        let ended = quittance(&[&["ops", "--at", "24h"], of].concat(), b"");
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    };
    let again = told(&["--trace", trace.to_str().unwrap()]);
    assert!(again.contains("PROCESSING -> PAID"), "{again}");
    assert_eq!(again, told(&["--sim", &story, "--seed", "4"]));
}

/// A tmux server of its own, with one window that runs the screen.
struct Tmux {
    folder: tempfile::TempDir,
}

impl Tmux {
    /// Runs `quittance ops` with these arguments at 80x24; nothing when there is no tmux.
    fn start(args: &str) -> Option<Self> {
        let tmux = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        if Command::new("tmux").arg("-V").output().is_err() {
            assert!(!demands_all(), "tmux is demanded");
            println!("skipped: needs tmux");
            return None;
        }
        let program = env!("CARGO_BIN_EXE_quittance");
        let pid = tmux.file("pid");
        let run =
            format!("sh -c 'echo $$ > {pid}; exec {program} ops {args}'; echo LEFT $?; read x");
        tmux.run(&["-f", "/dev/null", "new", "-d", "-x", "80", "-y", "24", &run]);
        tmux.run(&["pipe-pane", &format!("cat >> {}", tmux.file("bytes"))]);
        Some(tmux)
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, args: &[&str]) -> String {
        let socket = self.file("socket");
        let ended = Command::new("tmux")
            .args(["-S", &socket])
            .args(args)
            .env_remove("TMUX")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "tmux {args:?}: {said}");
        String::from_utf8(ended.stdout).unwrap()
    }

    fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// Waits until the screen is so.
    fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        for _ in 0..200 {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            pause(50);
        }
        panic!("{what} within 10 s:\n{}", self.screen());
    }

    /// The main screen is back, its cursor shown, and the program ended so.
    fn is_restored(&self, exit: i32) {
        let left = format!("LEFT {exit}");
        self.until("the screen is left", |screen| screen.contains(&left));
        let flags = self.run(&["display", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(flags.trim(), "0 1");
    }

    fn pid(&self) -> String {
        std::fs::read_to_string(self.file("pid"))
            .unwrap()
            .trim()
            .to_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let socket = self.file("socket");
        let _gone = Command::new("tmux")
            .args(["-S", &socket, "kill-server"])
            .output();
    }
}

#[expect(clippy::disallowed_methods, reason = "a real program is waited for")]
fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// A simulation that is over: nothing on it changes by itself.
fn still() -> String {
    format!("--sim {} --at 24h", path("first-sale"))
}

#[test]
fn nothing_is_written_and_nothing_done_while_nothing_changes() {
    let Some(tmux) = Tmux::start(&still()) else {
        return;
    };
    tmux.until("the first frame", |screen| screen.contains("READ-ONLY"));
    tmux.until("the end", |screen| {
        screen.contains("nothing more will happen")
    });
    pause(1200);
    let written = || std::fs::metadata(tmux.file("bytes")).map_or(0, |file| file.len());
    let stat = format!("/proc/{}/stat", tmux.pid());
    let busy = || {
        let stat = std::fs::read_to_string(&stat).unwrap_or_default();
        let times = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11);
        times
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum::<u64>()
    };
    let before = (written(), busy());
    pause(3000);
    let after = (written(), busy());
    assert_eq!(after.0, before.0, "bytes written");
    assert!(after.1 - before.1 <= 1, "hundredths of a second of work");
    tmux.run(&["resize-window", "-x", "60", "-y", "20"]);
    let is_small = |screen: &str| screen.contains("READ-ONLY") && !screen.contains("MERCHANT");
    tmux.until("it is drawn smaller", is_small);
    tmux.run(&["send-keys", "Enter"]);
    tmux.until("an order", |screen| screen.contains("money"));
    tmux.run(&["send-keys", "q"]);
    tmux.until("the orders", |screen| screen.contains("ops > orders  "));
    tmux.run(&["send-keys", "q"]);
    tmux.is_restored(0);
}

#[test]
fn ctrl_c_and_sigterm_leave_the_terminal_as_it_was() {
    for signal in [false, true] {
        let Some(tmux) = Tmux::start(&still()) else {
            return;
        };
        tmux.until("the first frame", |screen| screen.contains("READ-ONLY"));
        if signal {
            let ended = Command::new("kill").arg(tmux.pid()).status().unwrap();
            assert!(ended.success());
        } else {
            tmux.run(&["send-keys", "C-c"]);
        }
        tmux.is_restored(130);
    }
}

#[test]
fn a_terminal_that_answers_no_question_is_drawn_on_all_the_same() {
    let program = env!("CARGO_BIN_EXE_quittance");
    let sim = path("lunch-rush");
    let run = format!("stty rows 24 cols 80; exec {program} ops --sim {sim} --at 5m");
    let mut terminal = Command::new("script")
        .args(["-qec", &run, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    let mut screen = terminal.stdout.take().unwrap();
    while !String::from_utf8_lossy(&seen).contains("READ-ONLY") {
        let mut some = [0; 4096];
        let length = screen.read(&mut some).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&some[..length]);
    }
    terminal.stdin.take().unwrap().write_all(b"q").unwrap();
    std::io::copy(&mut screen, &mut std::io::sink()).unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(0));
}

/// A pipe whose reader reads nothing, full: who writes into it waits.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // It waits for room like everybody, until the reader is gone.
    std::thread::spawn(move || while filler.write_all(&[b' '; 4096]).is_ok() {});
    (reader, writer)
}

/// Whether a process waits for room in a pipe.
fn waits_for_room(pid: u32) -> bool {
    let waits = std::fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap();
    waits.contains("pipe_write")
}

#[test]
fn an_interrupt_ends_a_feed_that_nobody_reads() {
    let (reader, writer) = full_pipe();
    let story = path("first-sale");
    let mut feed = Command::new(env!("CARGO_BIN_EXE_quittance"))
        .args(["ops", "--sim", &story, "--plain"])
        .stdout(writer)
        .spawn()
        .unwrap();
    let pid = feed.id();
    let mut waited = (0..100).map(|_| pause(100));
    assert!(
        waited.any(|()| waits_for_room(pid)),
        "it found a way around the pipe"
    );
    let sent = Command::new("kill")
        .args(["-INT", &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
    let ended = waited.find_map(|()| feed.try_wait().unwrap());
    if ended.is_none() {
        feed.kill().unwrap();
    }
    drop(reader);
    assert_eq!(ended.and_then(|status| status.code()), Some(130));
}
