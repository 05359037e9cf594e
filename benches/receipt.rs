//! Reading paper: lines from text streams, whole receipts, and pictures of paper.
//!
//! `cargo bench --bench receipt [-- tokens|lines|read|png]`: medians of on-CPU time on one core,
//! with a hash of what was read so that no work is skipped. `-- npos FOLDER` takes the same stream
//! apart with npm's npos beside us, where FOLDER is one in which `npm install npos` was run.
#![expect(clippy::print_stdout, reason = "a benchmark reports to its reader")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use quittance::receipt::layout::{Line, Page, pages};
use quittance::receipt::paper::{Printer, Sheet};
use quittance::receipt::profile::Profile;
use quittance::receipt::tokens::{Dialect, tokens};
use quittance::receipt::{Hints, read, write};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs of each measurement; the median is reported.
const RUNS: usize = 7;

fn median(mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut times = Vec::new();
    let mut hash = 0;
    for _ in 0..RUNS {
        let (start, busy) = (Instant::now(), on_cpu());
        hash = work();
        let wall = start.elapsed().as_secs_f64();
        times.push(on_cpu().zip(busy).map_or(wall, |(end, start)| end - start));
    }
    times.sort_by(f64::total_cmp);
    (times[RUNS / 2], hash)
}

/// Seconds that this thread has run, where Linux tells: on a machine that is shared, the wall's
/// clock measures the neighbours.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds far below 2^52")]
fn on_cpu() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}

fn lines_hash(job: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for page in pages(job, Dialect::EscPos, None) {
        for line in page.lines {
            line.text.as_str().hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Many copies of a sale as one stream, about `bytes` long.
fn stream(bytes: usize) -> Vec<u8> {
    let one = sale();
    one.repeat(bytes / one.len())
}

fn sale() -> Vec<u8> {
    let mut draft = write::coffee_bar("A-1001");
    draft.merchant = "Coffee South".into();
    draft.address = vec![
        "12 Linden Street, 10969 Berlin".into(),
        "Tel. 030 1234567".into(),
    ];
    draft.language = write::Language::English;
    for name in [
        "Cappuccino",
        "Cheese cake",
        "Bagel with salmon",
        "Orange juice 0.3 l",
        "Espresso",
    ] {
        draft = draft.item(name, 2, 350);
    }
    draft.tax = Some((19, 650));
    draft.bytes()
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_second(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds
}

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    if let [part, folder] = asked.as_slice()
        && part == "npos"
    {
        return npos(folder);
    }
    for (part, measure) in PARTS {
        if asked.is_empty() || asked.iter().any(|name| name == part) {
            measure();
        }
    }
}

type Part = (&'static str, fn());

const PARTS: [Part; 4] = [
    ("tokens", tokens_alone),
    ("lines", lines),
    ("read", whole_receipts),
    ("png", pictures),
];

/// Jobs of this size are within the page's line limit; as many as make 64 MB.
const JOB_BYTES: usize = 256 * 1024;
const JOBS: usize = 256;

fn tokens_alone() {
    let job = stream(JOB_BYTES);
    let (time, hash) = median(|| {
        (0..JOBS)
            .map(|_| tokens(Dialect::EscPos, &job).count() as u64)
            .sum()
    });
    let speed = per_second(JOBS * job.len(), time) / 1e6;
    println!("tokens: {speed:.0} MB/s (tokens {hash})");
}

/// The same stream by npos, which takes commands and text apart, and by our lines, which are more.
fn npos(folder: &str) {
    let job = stream(JOB_BYTES);
    let (seconds, nodes) = npos_seconds(folder, &job).expect("node, and npos in that folder");
    let theirs = per_second(job.len(), seconds) / 1e6;
    println!("npos: {theirs:.1} MB/s ({nodes} nodes)");
    let found = tokens(Dialect::EscPos, &job).count();
    let (time, _) = median(|| lines_hash(&job));
    let ours = per_second(job.len(), time) / 1e6;
    let ratio = ours / theirs;
    println!("lines: {ours:.1} MB/s ({found} tokens), {ratio:.1} times as fast");
}

fn npos_seconds(folder: &str, job: &[u8]) -> Option<(f64, u64)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/receipt/npos.js");
    let mut node = Command::new("node")
        .args([script, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    node.stdin.take()?.write_all(job).ok()?;
    let said = node.wait_with_output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (seconds, nodes) = said.trim().split_once(' ')?;
    Some((seconds.parse().ok()?, nodes.parse().ok()?))
}

/// What the lines of the stream hash to.
const LINES_HASH: u64 = 0x314c_d1bf_8923_15a7;

fn lines() {
    let job = stream(JOB_BYTES);
    // Hashing takes as long as a tenth of the work, so the lines that are timed are counted.
    assert_eq!(lines_hash(&job), LINES_HASH, "the lines are what they were");
    let (time, _) = median(|| {
        (0..JOBS)
            .map(|_| {
                let length = |line: &Line| line.text.as_str().len() as u64;
                let of_page = |page: Page| page.lines.iter().map(length).sum::<u64>();
                pages(&job, Dialect::EscPos, None).map(of_page).sum::<u64>()
            })
            .sum()
    });
    assert_eq!(lines_hash(&job), LINES_HASH, "the lines are what they were");
    let speed = per_second(JOBS * job.len(), time) / 1e6;
    println!("lines: {speed:.0} MB/s (hash {LINES_HASH:016x})");
}

fn whole_receipts() {
    for (name, one) in [
        ("english", sale()),
        ("gbk", write::noodle_shop("7").bytes()),
        ("shift-jis", write::sushi_bar("7").bytes()),
    ] {
        let (time, payable) = median(|| payable(&one));
        println!(
            "read, {name}: {:.0} receipts/s ({} bytes each, {payable} payable)",
            per_second(RECEIPTS, time),
            one.len()
        );
        let (cores, time) = on_all_cores(&one);
        let all = per_second(cores * RECEIPTS, time);
        println!("read, {name}, on {cores} cores: {all:.0} receipts/s by the wall's clock");
    }
}

/// How many receipts a run reads.
const RECEIPTS: usize = 5000;

/// Reads so many copies of a receipt; gives how many were payable.
fn payable(one: &[u8]) -> u64 {
    let reads = (0..RECEIPTS).map(|_| read(one, None, &Hints::default()).expect("a sale reads"));
    reads
        .map(|papers| u64::from(papers[0].verdict.is_ok()))
        .sum()
}

/// How many cores there are, and the median of the seconds in which each has read its receipts.
fn on_all_cores(one: &[u8]) -> (usize, f64) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..cores {
                    scope.spawn(|| assert_eq!(payable(one), RECEIPTS as u64));
                }
            });
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (cores, times[RUNS / 2])
}

fn pictures() {
    let mut printer = Printer::new(Profile::named("epson-80mm").expect("it is built in"));
    printer.feed(&sale());
    let page = printer.take_pages().remove(0);
    let (time, bytes) = median(|| {
        (0..200)
            .map(|_| Sheet::of(&page, printer.profile()).png().len() as u64)
            .sum()
    });
    println!(
        "png: {:.0} receipts/s ({} bytes each)",
        per_second(200, time),
        bytes / 200
    );
}
