//! What a proxy between tills and their printer adds, with real sockets on loopback.
//!
//! `cargo bench --bench proxy`: 32 tills print at once, each job on a connection of its own, and
//! then poll `DLE EOT 1` on connections that stay open; straight to a printer and through the proxy
//! to the same printer, in turns. The time of a job runs from before the till connects until the
//! printer has its cut. No code is made: every receipt is refused at once. Why percentiles of both
//! and not of their difference: a job goes one way or the other, and on a shared machine the direct
//! way waits for the processor, too.
#![expect(clippy::print_stdout, reason = "a benchmark reports to its reader")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use quittance::net::bind;
use quittance::play::proxy::{Proxy, Setup, Told};
use quittance::receipt::Profile;
use quittance::text::Text;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tills at once.
const TILLS: usize = 32;
/// Jobs and polls of each till in one round.
const JOBS: usize = 25;
/// How often both ways are measured in turn.
const ROUNDS: usize = 3;
/// Between two jobs of one till, a little different for each.
const PAUSE: Duration = Duration::from_millis(150);
const CUT: &[u8] = b"\x1dV\x00";
const ASK: &[u8] = b"\x10\x04\x01";

/// Who waits for a job's cut, by till.
type Waiting = Arc<Vec<Mutex<Sender<Instant>>>>;

/// Both ways to the same printer.
struct Ways {
    direct: SocketAddr,
    proxy: SocketAddr,
    cuts: Vec<Receiver<Instant>>,
}

fn main() {
    let (waiting, cuts): (Vec<_>, Vec<_>) = (0..TILLS)
        .map(|_| channel())
        .map(|(cut, cuts)| (Mutex::new(cut), cuts))
        .unzip();
    let direct = printer(Arc::new(waiting));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let proxy = runtime.block_on(async {
        let mut proxy = Proxy::open(setup(direct)).expect("a proxy");
        while !matches!(proxy.told.recv().await, Some(Told::Printer(_))) {}
        let address = proxy.address;
        tokio::spawn(async move {
            // All of it: a proxy whose handle is gone closes its port.
            let mut proxy = proxy;
            while proxy.told.recv().await.is_some() {}
        });
        address
    });
    let mut ways = Ways {
        direct,
        proxy,
        cuts,
    };
    let (mut jobs, mut polls) = (
        <[Vec<Duration>; 2]>::default(),
        <[Vec<Duration>; 2]>::default(),
    );
    for _ in 0..ROUNDS {
        for (way, address) in [ways.direct, ways.proxy].into_iter().enumerate() {
            jobs[way].extend(ways.each_till(|till, cuts| print(till, address, cuts)));
            polls[way].extend(ways.each_till(|till, _| poll(till, address)));
        }
    }
    report("a job, connection to cut", jobs);
    report("a DLE EOT 1 round trip", polls);
    runtime.shutdown_background();
}

fn setup(printer: SocketAddr) -> Setup {
    let device = format!("socket://{printer}");
    Setup {
        profile: Profile::named("epson-80mm").expect("it is built in"),
        device: Some(device.parse().expect("a device")),
        coder: Arc::new(|_| Err(Text::clean("none is wanted"))),
        raw: bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port"),
        lpd: None,
        spool: None,
    }
}

impl Ways {
    /// Runs all tills at once and gives what all of them measured.
    fn each_till(
        &mut self,
        work: impl Fn(usize, &Receiver<Instant>) -> Vec<Duration> + Sync,
    ) -> Vec<Duration> {
        std::thread::scope(|scope| {
            let work = &work;
            let tills = self.cuts.iter_mut().enumerate();
            let running: Vec<_> = tills
                .map(|(till, cuts)| scope.spawn(move || work(till, cuts)))
                .collect();
            let over = running.into_iter();
            over.flat_map(|till| till.join().expect("a till does not panic"))
                .collect()
        })
    }
}

fn pause(till: usize, n: usize) {
    let part = u32::try_from((till * 7 + n * 13) % TILLS).unwrap_or(0);
    std::thread::sleep(PAUSE / 2 + PAUSE * part / 32);
}

fn print(till: usize, address: SocketAddr, cuts: &Receiver<Instant>) -> Vec<Duration> {
    let lines = format!("Item {:>30}\n", "1.00").repeat(20);
    let job = [format!("\x1b@TILL {till:02}\n{lines}\n\n").as_bytes(), CUT].concat();
    let one = |n: usize| {
        pause(till, n);
        let start = Instant::now();
        let mut socket = TcpStream::connect(address).expect("somebody listens");
        socket.write_all(&job).expect("the job is taken");
        socket.shutdown(Shutdown::Write).expect("it is open");
        let cut = cuts.recv_timeout(Duration::from_secs(10));
        let took = cut.expect("it is printed").duration_since(start);
        let _answers = socket.read_to_end(&mut Vec::new());
        took
    };
    (0..JOBS).map(one).collect()
}

fn poll(till: usize, address: SocketAddr) -> Vec<Duration> {
    let mut socket = TcpStream::connect(address).expect("somebody listens");
    socket.set_nodelay(true).expect("it is open");
    let limit = Some(Duration::from_secs(10));
    socket.set_read_timeout(limit).expect("it is no zero");
    let one = |n: usize| {
        pause(till, n);
        let start = Instant::now();
        socket.write_all(ASK).expect("the question is taken");
        socket.read_exact(&mut [0]).expect("an answer comes");
        start.elapsed()
    };
    (0..JOBS).map(one).collect()
}

/// A printer that takes any number of connections, tells each till of its cuts, and answers status.
fn printer(waiting: Waiting) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let waiting = Arc::clone(&waiting);
            std::thread::spawn(move || paper(socket, &waiting));
        }
    });
    address
}

fn paper(mut socket: TcpStream, waiting: &Waiting) {
    let (mut held, mut buffer) = (Vec::new(), [0; 4096]);
    let _slower_without = socket.set_nodelay(true);
    while let Ok(n @ 1..) = socket.read(&mut buffer) {
        let now = Instant::now();
        held.extend_from_slice(buffer.get(..n).unwrap_or_default());
        while let Some(at) = held.windows(3).position(|w| w == CUT || w == ASK) {
            let job: Vec<u8> = held.drain(..at + 3).collect();
            if job.ends_with(ASK) {
                let _till_may_be_gone = socket.write_all(&[0x12]);
            } else if let Some(waiting) = till_of(&job).and_then(|till| waiting.get(till)) {
                let cut = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let _till_may_be_gone = cut.send(now);
            }
        }
    }
}

/// Which till printed it: the two digits behind its name.
fn till_of(job: &[u8]) -> Option<usize> {
    let name = b"TILL ";
    let at = job.windows(name.len()).position(|w| w == name)? + name.len();
    std::str::from_utf8(job.get(at..at + 2)?).ok()?.parse().ok()
}

fn report(what: &str, ways: [Vec<Duration>; 2]) {
    let quantiles = ways.map(|mut times| {
        times.sort();
        let at = |percent: usize| {
            let i = (times.len() * percent / 100).min(times.len() - 1);
            times.get(i).map_or(0.0, |t| t.as_secs_f64() * 1e3)
        };
        ([at(50), at(99)], times.len())
    });
    let [(direct, times), (proxy, _)] = quantiles;
    for (name, [p50, p99]) in [("direct", direct), ("through the proxy", proxy)] {
        println!("{what}, {name}: p50 {p50:.2} ms, p99 {p99:.2} ms ({times} times, {TILLS} tills)");
    }
    let [p50, p99] = [proxy[0] - direct[0], proxy[1] - direct[1]];
    println!("{what}, added: p50 {p50:.2} ms, p99 {p99:.2} ms");
}
