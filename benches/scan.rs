//! How many damaged symbols are read, and how long that takes.
//!
//! Run with `cargo bench --bench scan [-- FIRST_SEED]`; the seeds are that one and those after it.
//! A code of 146 bytes is printed at 5 dots a module, damaged, and scanned by `rxing` alone and by
//! the whole ladder. A text other than the printed one is a misread.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench reads the clock, prints, and counts a few hundred"
)]

use quittance::chance::Chance;
use quittance::code::distort::{Family, Severity, distort, phone_frame};
use quittance::code::draw::Raster;
use quittance::code::link;
use quittance::code::scan::{Engine, Gray, Rxing, all_steps, scan};
use quittance::code::sealed::Blob;
use quittance::code::symbol::Symbol;
use std::time::Instant;

const MODULE: usize = 5;
const SEEDS: u64 = 8;
const PHONE_SEEDS: u64 = 40;

fn main() {
    let first = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(1000);
    println!(
        "{:<22} {:>4} {:>7} {:>8} {:>9} {:>9} {:>8}",
        "set", "n", "rxing", "ladder", "median ms", "mean ms", "misread"
    );
    let clean = Tally::of("clean", 20, |seed| printed(first + seed));
    let mut all = Tally::new("nine families");
    for family in Family::ALL {
        let mut of_family = Tally::new(family.word());
        for severity in Severity::ALL {
            for seed in first..first + SEEDS {
                let (text, picture) = printed(seed);
                let damaged = distort(&picture, MODULE, family, severity, &Chance::of_seed(seed));
                of_family.take(&text, &damaged);
            }
        }
        of_family.print();
        if !matches!(family, Family::Fold | Family::Overlay | Family::Tear) {
            all.add(&of_family);
        }
    }
    all.print();
    clean.print();
    for severity in Severity::ALL {
        let name = format!("phone {severity:?}");
        Tally::of(&name, PHONE_SEEDS, |seed| {
            let (text, picture) = printed(first + seed);
            let chance = Chance::of_seed(first + seed);
            (text, phone_frame(&picture, MODULE, severity, &chance))
        })
        .print();
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

struct Tally {
    name: String,
    alone: usize,
    ladder: usize,
    misread: usize,
    millis: Vec<f64>,
}

impl Tally {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            alone: 0,
            ladder: 0,
            misread: 0,
            millis: Vec::new(),
        }
    }

    fn of(name: &str, count: u64, picture: impl Fn(u64) -> (String, Gray)) -> Self {
        let mut out = Self::new(name);
        for seed in 0..count {
            let (text, picture) = picture(seed);
            out.take(&text, &picture);
        }
        out
    }

    fn take(&mut self, text: &str, picture: &Gray) {
        self.alone += usize::from(Rxing.read(picture).iter().any(|found| found.text == text));
        let start = Instant::now();
        let scan = scan(picture, |_text| true, all_steps);
        self.millis.push(start.elapsed().as_secs_f64() * 1e3);
        self.ladder += usize::from(scan.codes.iter().any(|found| found.text == text));
        self.misread += scan.codes.iter().filter(|found| found.text != text).count();
    }

    fn add(&mut self, other: &Self) {
        self.alone += other.alone;
        self.ladder += other.ladder;
        self.misread += other.misread;
        self.millis.extend(&other.millis);
    }

    fn print(&self) {
        let mut millis = self.millis.clone();
        millis.sort_by(f64::total_cmp);
        let count = millis.len();
        let mean = millis.iter().sum::<f64>() / count as f64;
        println!(
            "{:<22} {count:>4} {:>6.1}% {:>7.1}% {:>9.2} {mean:>9.2} {:>8}",
            self.name,
            self.alone as f64 * 100.0 / count as f64,
            self.ladder as f64 * 100.0 / count as f64,
            millis[count / 2],
            self.misread,
        );
    }
}
