//! How many damaged symbols are read, and how long that takes, with other scanners beside us.
//!
//! Run with `cargo bench --bench scan [-- FIRST_SEED] [--peers PYTHON]`; the seeds are that one and
//! those after it. A code of 146 bytes is printed at 5 dots a module, damaged, and read by the
//! whole ladder and by `rxing` alone. With `--peers`, a Python that has zxing-cpp, pyzbar and
//! OpenCV (`benches/scan/peers.py`) reads the same pictures. A text other than the printed one is
//! a misread.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench reads the clock, prints, and counts a few hundred"
)]

use indexmap::IndexMap;
use quittance::chance::Chance;
use quittance::code::distort::{Family, Severity, distort, phone_frame};
use quittance::code::draw::Raster;
use quittance::code::link;
use quittance::code::scan::{Engine, Gray, Rxing, all_steps, scan};
use quittance::code::sealed::Blob;
use quittance::code::symbol::Symbol;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

const MODULE: usize = 5;
const SEEDS: u64 = 8;
const PHONE_SEEDS: u64 = 40;

fn main() {
    let mut args = std::env::args().skip(1);
    let (mut first, mut peers) = (1000, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--peers" => peers = args.next().map(|python| Peers::start(&python)),
            _ => first = arg.parse().unwrap_or(first),
        }
    }
    println!(
        "{:<16} {:<10} {:>4} {:>7} {:>9} {:>9} {:>8}",
        "set", "by", "n", "read", "median ms", "mean ms", "misread"
    );
    let mut bench = Bench { peers };
    bench.set("clean", 20, |seed| printed(first + seed)).print();
    let mut all = Tally::new("nine families");
    for family in Family::ALL {
        let mut of_family = Tally::new(family.word());
        for severity in Severity::ALL {
            for seed in first..first + SEEDS {
                let (text, picture) = printed(seed);
                let damaged = distort(&picture, MODULE, family, severity, &Chance::of_seed(seed));
                bench.take(&mut of_family, &text, &damaged);
            }
        }
        of_family.print();
        if !matches!(family, Family::Fold | Family::Overlay | Family::Tear) {
            all.add(of_family);
        }
    }
    all.print();
    for severity in Severity::ALL {
        let phone = |seed| {
            let (text, picture) = printed(first + seed);
            let chance = Chance::of_seed(first + seed);
            (text, phone_frame(&picture, MODULE, severity, &chance))
        };
        let name = format!("phone {severity:?}");
        bench.set(&name, PHONE_SEEDS, phone).print();
    }
}

fn printed(seed: u64) -> (String, Gray) {
    let chance = Chance::of_seed(seed);
    let bytes: Vec<u8> = (0..146)
        .map(|at| chance.draw("payload", b"", at).to_be_bytes()[0])
        .collect();
    let text = link::to_link("q.example.com", None, &Blob::from(bytes));
    let symbol = Symbol::encode(&text).expect("a code fits a symbol");
    let raster = Raster::of(&symbol, MODULE);
    let side = raster.width();
    let picture = Gray::from_dots(side, side, |x, y| raster.is_set(x, y));
    (text, picture.expect("a symbol's size is a picture's"))
}

/// What one engine made of one picture.
#[derive(Deserialize)]
struct Reading {
    texts: Vec<String>,
    ms: f64,
}

impl Reading {
    fn of(read: impl FnOnce() -> Vec<String>) -> Self {
        let start = Instant::now();
        let texts = read();
        let ms = start.elapsed().as_secs_f64() * 1e3;
        Self { texts, ms }
    }
}

struct Bench {
    peers: Option<Peers>,
}

impl Bench {
    fn set(&mut self, name: &str, count: u64, make: impl Fn(u64) -> (String, Gray)) -> Tally {
        let mut out = Tally::new(name);
        for seed in 0..count {
            let (text, picture) = make(seed);
            self.take(&mut out, &text, &picture);
        }
        out
    }

    fn take(&mut self, tally: &mut Tally, text: &str, picture: &Gray) {
        let texts = |found: Vec<quittance::code::scan::Found>| {
            found.into_iter().map(|one| one.text).collect()
        };
        tally.note("quittance", text, &{
            Reading::of(|| texts(scan(picture, |_text| true, all_steps).codes))
        });
        tally.note("rxing", text, &Reading::of(|| texts(Rxing.read(picture))));
        for (engine, reading) in self.peers.iter_mut().flat_map(|peers| peers.read(picture)) {
            tally.note(&engine, text, &reading);
        }
    }
}

/// The other scanners, in a process that reads one picture after another.
struct Peers {
    python: Child,
    paths: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Peers {
    fn start(python: &str) -> Self {
        let mut python = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/scan/peers.py"
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a Python that starts");
        Self {
            paths: python.stdin.take().expect("it is piped"),
            answers: BufReader::new(python.stdout.take().expect("it is piped")),
            python,
            folder: tempfile::tempdir().expect("a folder for pictures"),
        }
    }

    fn read(&mut self, picture: &Gray) -> BTreeMap<String, Reading> {
        let path = self.folder.path().join("picture.pgm");
        let mut pgm = format!("P5 {} {} 255\n", picture.width(), picture.height()).into_bytes();
        pgm.extend_from_slice(picture.pixels());
        std::fs::write(&path, pgm).expect("a picture is written");
        writeln!(self.paths, "{}", path.display()).expect("the peers still read");
        let mut line = String::new();
        let _length = self.answers.read_line(&mut line).expect("the peers answer");
        serde_json::from_str(&line).expect("an answer in the peers' form")
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ended = self.python.kill();
        let _waited = self.python.wait();
    }
}

/// One set's readings, by engine.
struct Tally {
    name: String,
    engines: IndexMap<String, Column>,
}

#[derive(Default)]
struct Column {
    read: usize,
    misread: usize,
    millis: Vec<f64>,
}

impl Tally {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            engines: IndexMap::new(),
        }
    }

    fn note(&mut self, engine: &str, text: &str, reading: &Reading) {
        let column = self.engines.entry(engine.to_owned()).or_default();
        column.read += usize::from(reading.texts.iter().any(|found| found == text));
        column.misread += reading.texts.iter().filter(|found| *found != text).count();
        column.millis.push(reading.ms);
    }

    fn add(&mut self, other: Self) {
        for (engine, theirs) in other.engines {
            let ours = self.engines.entry(engine).or_default();
            ours.read += theirs.read;
            ours.misread += theirs.misread;
            ours.millis.extend(theirs.millis);
        }
    }

    fn print(&self) {
        for (engine, column) in &self.engines {
            let mut millis = column.millis.clone();
            millis.sort_by(f64::total_cmp);
            let count = millis.len();
            println!(
                "{:<16} {engine:<10} {count:>4} {:>6.1}% {:>9.2} {:>9.2} {:>8}",
                self.name,
                column.read as f64 * 100.0 / count as f64,
                millis[count / 2],
                millis.iter().sum::<f64>() / count as f64,
                column.misread,
            );
        }
    }
}
