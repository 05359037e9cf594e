//! The proxy with real sockets and real clients: the paper comes out, byte for byte, with a code.

#![expect(clippy::disallowed_methods, reason = "real clients take real time")]

use super::cli::quittance;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

pub(super) const JOB: &[u8] =
    b"\x1b@BEAN & LEAF\nOrder A1-0042\nTea 3.80\nTOTAL EUR 3.80\n\n\n\x1dV\x42\x03";
pub(super) const CUT: &[u8] = b"\n\n\x1dV\x42\x03";
const KITCHEN: &[u8] = b"\x1b@KITCHEN\n2 x Tea\n\x1dV\x00";

/// A printer on a port of its own: every byte that it takes, and `12h` for every `DLE EOT`.
pub(super) struct Printer {
    pub(super) address: SocketAddr,
    bytes: mpsc::Receiver<Vec<u8>>,
}

impl Printer {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, bytes) = mpsc::channel();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (mut socket, mut buffer) = (socket.unwrap(), [0; 4096]);
                while let Ok(n @ 1..) = socket.read(&mut buffer) {
                    let asks = buffer[..n]
                        .windows(3)
                        .filter(|w| matches!(w, [0x10, 0x04, 1..=4]));
                    let answers = vec![0x12; asks.count()];
                    let _till_may_be_gone = socket.write_all(&answers);
                    if taken.send(buffer[..n].to_vec()).is_err() {
                        return;
                    }
                }
            }
        });
        Self { address, bytes }
    }

    /// What is printed until `ends` came, or nothing more for a while.
    pub(super) fn until(&self, ends: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut all = Vec::new();
        while !ends(&all) {
            let more = self.bytes.recv_timeout(Duration::from_secs(10));
            let more = more.unwrap_or_else(|error| panic!("{error} after {}", all.escape_ascii()));
            all.extend(more);
        }
        all
    }
}

/// A running proxy, ended by its id when it is dropped.
pub(super) struct Proxy {
    child: Child,
    pub(super) raw: SocketAddr,
    lpd: SocketAddr,
    pub(super) said: mpsc::Receiver<String>,
}

impl Proxy {
    pub(super) fn start(to: &str, more: &[&str]) -> Self {
        let ports = ["--raw", "127.0.0.1:0", "--lpd", "127.0.0.1:0", "--to", to];
        let mut child = Command::new(env!("CARGO_BIN_EXE_quittance"))
            .args(["receipt", "proxy"])
            .args(ports)
            .args(more)
            .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let address = |what: &str| -> SocketAddr {
            wait(&said, what)
                .rsplit(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        let (raw, lpd) = (address("tills print to"), address("LPD clients print to"));
        Self {
            child,
            raw,
            lpd,
            said,
        }
    }

    pub(super) fn print(&self, job: &[u8]) {
        let mut till = TcpStream::connect(self.raw).unwrap();
        till.write_all(job).unwrap();
        till.shutdown(Shutdown::Write).unwrap();
        let _answers = till.read_to_end(&mut Vec::new());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _already_over = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub(super) fn wait(said: &mpsc::Receiver<String>, what: &str) -> String {
    loop {
        let line = said.recv_timeout(Duration::from_secs(20)).expect(what);
        if line.contains(what) {
            return line;
        }
    }
}

pub(super) fn ends_with_cut(all: &[u8]) -> bool {
    all.ends_with(CUT)
}

/// The job with one block inserted before its tail: its head, and the block.
pub(super) fn coded(printed: &[u8]) -> &[u8] {
    let head = &JOB[..JOB.len() - CUT.len()];
    assert!(printed.starts_with(head), "{}", printed.escape_ascii());
    let block = &printed[head.len()..printed.len() - CUT.len()];
    let link = b".quittance.example/1#";
    assert!(block.windows(link.len()).any(|w| w == link));
    block
}

#[test]
fn a_tills_bytes_come_out_unchanged_around_the_code_in_whatever_pieces_they_come() {
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    proxy.print(JOB);
    coded(&printer.until(ends_with_cut));
    for split in (1..JOB.len()).step_by(7) {
        let mut till = TcpStream::connect(proxy.raw).unwrap();
        till.set_nodelay(true).unwrap();
        till.write_all(&JOB[..split]).unwrap();
        std::thread::sleep(Duration::from_millis(15));
        till.write_all(&JOB[split..]).unwrap();
        coded(&printer.until(ends_with_cut));
    }
    // Several receipts in one connection; what is no sale gets no code.
    proxy.print(&[KITCHEN, JOB].concat());
    let both = printer.until(ends_with_cut);
    assert!(both.starts_with(KITCHEN));
    coded(&both[KITCHEN.len()..]);
    assert!(wait(&proxy.said, "no code").contains("kitchen ticket"));
}

#[test]
fn a_till_that_polls_status_hears_the_printer_and_without_one_that_it_is_offline() {
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    wait(&proxy.said, "the printer is there");
    let poll = |proxy: &Proxy| {
        let mut till = TcpStream::connect(proxy.raw).unwrap();
        till.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        till.write_all(b"\x10\x04\x01").unwrap();
        let mut answer = [0];
        till.read_exact(&mut answer).unwrap();
        answer[0]
    };
    assert_eq!(poll(&proxy), 0x12);
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let alone = Proxy::start(&format!("socket://{nobody}"), &[]);
    wait(&alone.said, "the printer is away");
    assert_eq!(poll(&alone) & 0x08, 0x08, "offline");
}

#[test]
fn a_receipt_that_is_printed_again_has_the_code_that_it_had() {
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    let print = |job: &[u8]| {
        proxy.print(job);
        coded(&printer.until(ends_with_cut)).to_vec()
    };
    let first = print(JOB);
    assert_eq!(print(JOB), first);
    // Two sales without a number may look the same.
    let anonymous = String::from_utf8_lossy(JOB).replace("Order A1-0042\n", "");
    let anonymous = || {
        proxy.print(anonymous.as_bytes());
        printer.until(ends_with_cut)
    };
    assert_ne!(anonymous(), anonymous());
}

#[test]
fn a_receipt_keeps_its_code_when_the_proxy_is_killed_and_in_other_processes() {
    let printer = Printer::start();
    let to = format!("socket://{}", printer.address);
    let job = |order: &str| {
        let number = format!("Order {order}-{}", std::process::id());
        String::from_utf8_lossy(JOB).replace("Order A1-0042", &number)
    };
    let printed = |proxy: &Proxy, job: &str| {
        proxy.print(job.as_bytes());
        printer.until(ends_with_cut)
    };
    let (one, two) = (job("K1"), job("K2"));
    let mut proxy = Proxy::start(&to, &[]);
    let (first, second) = (printed(&proxy, &one), printed(&proxy, &two));
    proxy.child.kill().unwrap();
    assert_ne!(first, second);
    drop(proxy);
    let proxy = Proxy::start(&to, &[]);
    assert_eq!(printed(&proxy, &one), first);
    drop(proxy); // a printer serves one at a time
    let alone = quittance(&["receipt", "print", "-", "--to", &to], two.as_bytes());
    assert_eq!(alone.status.code(), Some(0));
    assert_eq!(printer.until(ends_with_cut), second);
}

const ASK: &[u8] = b"\x10\x04\x01";

/// A till whose answers are waited for, but not for ever.
fn till(proxy: &Proxy) -> TcpStream {
    let till = TcpStream::connect(proxy.raw).unwrap();
    till.set_nodelay(true).unwrap();
    till.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    till
}

#[test]
fn each_of_32_open_tills_hears_the_printers_status_while_one_of_them_prints() {
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    wait(&proxy.said, "the printer is there");
    let mut tills: Vec<TcpStream> = (0..32).map(|_| till(&proxy)).collect();
    tills[0].write_all(b"\x1b@BEAN & LEAF\nTea 3.80\n").unwrap();
    for round in 0..3 {
        for till in &mut tills {
            till.write_all(ASK).unwrap();
        }
        for (number, till) in tills.iter_mut().enumerate() {
            let mut answer = [0];
            let heard = till.read_exact(&mut answer);
            assert!(heard.is_ok(), "till {number} in round {round}: {heard:?}");
            assert_eq!(answer, [0x12]);
        }
    }
}

#[test]
fn a_till_that_asks_for_status_before_it_prints_hears_it_and_gets_its_code() {
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    wait(&proxy.said, "the printer is there");
    let mut till = till(&proxy);
    till.write_all(ASK).unwrap();
    let mut answer = [0];
    till.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x12]);
    till.write_all(JOB).unwrap();
    let printed = printer.until(ends_with_cut);
    coded(printed.strip_prefix(ASK).unwrap());
}

#[test]
fn junk_silence_and_half_closed_sockets_do_not_keep_the_next_job_from_its_paper() {
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    let silent: Vec<TcpStream> = (0..8)
        .map(|_| TcpStream::connect(proxy.raw).unwrap())
        .collect();
    let mut slow = TcpStream::connect(proxy.raw).unwrap();
    slow.write_all(b"\x1dv0\0\xff").unwrap();
    let junk: Vec<u8> = (0..2_500_000_u32)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes())
        .collect();
    let sender = TcpStream::connect(proxy.raw).unwrap();
    std::thread::spawn(move || {
        let mut sender = sender;
        let _hung_up = sender.write_all(&junk);
    });
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    proxy.print(JOB);
    let tail = |all: &[u8]| all.ends_with(CUT) && all.windows(10).any(|w| w == b"Tea 3.80\nT");
    printer.until(tail);
    assert!(start.elapsed() < Duration::from_mins(1));
    drop(silent);
    proxy.print(JOB);
    printer.until(ends_with_cut);
}

#[test]
fn an_lpd_job_and_a_file_in_the_spool_folder_are_printed_like_a_tills() {
    let printer = Printer::start();
    let folder = tempfile::tempdir().unwrap();
    let spool = ["--spool", folder.path().to_str().unwrap()];
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &spool);
    let mut client = TcpStream::connect(proxy.lpd).unwrap();
    let mut say = |bytes: &[u8]| {
        client.write_all(bytes).unwrap();
        let mut answer = [9];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0]);
    };
    say(b"\x02raw\n");
    say(b"\x0212 cfA001host\n");
    say(b"Hh\nldfA001h\n\0");
    say(format!("\x03{} dfA001host\n", JOB.len()).as_bytes());
    say(&[JOB, b"\0"].concat());
    coded(&printer.until(ends_with_cut));
    std::fs::write(folder.path().join("job"), JOB).unwrap();
    coded(&printer.until(ends_with_cut));
    let start = Instant::now();
    while folder.path().join("job").exists() {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn stdin_goes_through_to_a_file_an_lpd_queue_and_a_virtual_printer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let path = path.to_str().unwrap();
    let printed = quittance(
        &["receipt", "print", "-", "--copies", "1", "--to", path],
        JOB,
    );
    assert_eq!(printed.status.code(), Some(0));
    let block = coded(&std::fs::read(path).unwrap()).to_vec();
    assert!(block.starts_with(b"\x1ba\x01") || block.contains(&b'\x1b'));
    let shown = quittance(&["receipt", "print"], JOB);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("TOTAL EUR 3.80") && shown.contains("Scan to pay 3.80 EUR"));
    // One proxy's LPD output is another's LPD input.
    let printer = Printer::start();
    let second = Proxy::start(&format!("socket://{}", printer.address), &[]);
    let queue = format!("lpd://{}/raw", second.lpd);
    let sent = quittance(&["receipt", "print", "--to", &queue], KITCHEN);
    assert_eq!(sent.status.code(), Some(0));
    assert_eq!(printer.until(|all| all.len() >= KITCHEN.len()), KITCHEN);
    // A job that reached no printer is not a job that was printed.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let nobody = format!("lpd://{address}/raw");
    let lost = quittance(&["receipt", "print", "--to", &nobody], KITCHEN);
    assert_eq!(lost.status.code(), Some(6));
    let missing = quittance(&["receipt", "print", "/no/such/job"], b"");
    assert_eq!(missing.status.code(), Some(4));
}

#[test]
fn every_receipt_of_a_long_job_has_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let sale = |n| format!("BEAN\nOrder L-{n}\nTea 3.80\nTOTAL EUR 3.80\n\n\n\x1dV\x42\x03");
    let job: String = (1000..1800).map(sale).collect();
    std::fs::write(path("job"), job).unwrap();
    let print = ["receipt", "print", &path("job"), "--to", &path("out")];
    let printed = quittance(&print, b"");
    let said = String::from_utf8(printed.stderr).unwrap();
    assert_eq!(printed.status.code(), Some(0), "{said}");
    assert_eq!(said.matches(": coded 3.80 EUR L-").count(), 800, "{said}");
}

/// Calls the program as CUPS calls a backend.
fn backend(uri: &str, args: &[&str], stdin: &[u8]) -> std::process::Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quittance"))
        .args(args)
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("SOFTWARE", "CUPS/2.4.2")
        .env("DEVICE_URI", uri)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _not_read = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn as_a_cups_backend_it_lists_itself_prints_copies_of_a_file_and_says_what_is_wrong() {
    let listed = backend("", &[], b"");
    assert!(listed.stdout.starts_with(b"direct quittance \"Unknown\" "));
    let printer = Printer::start();
    let uri = format!("quittance:socket://{}?currency=EUR", printer.address);
    let printed = backend(&uri, &["7", "user", "title", "1", ""], JOB);
    assert_eq!(printed.status.code(), Some(0), "{:?}", printed.stderr);
    coded(&printer.until(ends_with_cut));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job");
    std::fs::write(&file, JOB).unwrap();
    let printed = backend(
        &uri,
        &["7", "user", "title", "2", "", file.to_str().unwrap()],
        b"",
    );
    assert_eq!(printed.status.code(), Some(0));
    let cuts = |all: &[u8]| all.windows(CUT.len()).filter(|w| *w == CUT).count();
    assert_eq!(cuts(&printer.until(|all| cuts(all) == 2)), 2);
    let wrong = backend(
        "quittance:ipp://nowhere",
        &["7", "user", "title", "1", ""],
        JOB,
    );
    assert_eq!(wrong.status.code(), Some(4));
    assert!(wrong.stderr.starts_with(b"ERROR: "));
}

/// Whether a program is here; else says what is skipped, and fails where all must be.
pub(super) fn has(program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).exists());
    assert!(
        found || std::env::var_os("QUITTANCE_REQUIRE_ALL").is_none(),
        "needs {program}"
    );
    if !found {
        println!("skipped: needs {program}");
    }
    found
}

#[test]
fn rlpr_prints_through_the_lpd_port() {
    if !has("rlpr") {
        return;
    }
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job");
    std::fs::write(&file, JOB).unwrap();
    let port = format!("--port={}", proxy.lpd.port());
    let sent = Command::new("rlpr")
        .args(["-N", "-H", "127.0.0.1", "-P", "raw", &port])
        .arg(&file)
        .status();
    assert!(sent.unwrap().success());
    coded(&printer.until(ends_with_cut));
}

#[test]
fn cups_backends_print_through_the_raw_and_the_lpd_port() {
    let folder = std::path::Path::new("/usr/lib/cups/backend");
    if !folder.join("socket").exists() || !folder.join("lpd").exists() {
        assert!(
            std::env::var_os("QUITTANCE_REQUIRE_ALL").is_none(),
            "needs cups"
        );
        println!("skipped: needs cups");
        return;
    }
    let printer = Printer::start();
    let proxy = Proxy::start(&format!("socket://{}", printer.address), &[]);
    let job = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(job.path(), JOB).unwrap();
    let uris = [
        ("socket", format!("socket://{}", proxy.raw)),
        ("lpd", format!("lpd://{}/raw?reserve=none", proxy.lpd)),
    ];
    for (backend, uri) in uris {
        let sent = Command::new(folder.join(backend))
            .args(["7", "user", "title", "1", ""])
            .arg(job.path())
            .env("DEVICE_URI", uri)
            .status();
        assert!(sent.unwrap().success(), "{backend}");
        coded(&printer.until(ends_with_cut));
    }
}
