//! The payment code's own speed: seal, verify, open, draw and scan.
//!
//! Run with `cargo bench --bench code`; each line is the median of many rounds on one thread.
//! Drawing has fast_qr beside it, and libqrencode where Python and that library are installed.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints"
)]

use fast_qr::{ECL, Mode, QRBuilder};
use quittance::code::draw::Raster;
use quittance::code::link;
use quittance::code::scan::{Engine, Gray, Rqrr, all_steps, scan};
use quittance::code::sealed::{
    Accept, Blob, Code, Draft, Flags, MasterKey, SealedOrder, TerminalKey, digest, open,
    open_as_gateway, seal,
};
use quittance::code::symbol::Symbol;
use quittance::id::TerminalId;
use quittance::money::{Currency, Money};
use quittance::sign::{PublicKey, SigningKey, Suite};
use quittance::time::Time;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Bytes in the symbols that other programs draw too.
const LENGTHS: [usize; 3] = [60, 200, 400];

fn main() {
    for suite in [Suite::Es256, Suite::Ed25519, Suite::Simulated] {
        sealed(suite);
    }
    symbol();
    scanned();
}

fn scanned() {
    let text = link::to_link("q.example.com", None, &blob(Suite::Es256));
    let raster = Raster::of(&Symbol::encode(&text).expect("a code fits"), 5);
    let side = raster.width();
    let picture = Gray::from_dots(side, side, |x, y| raster.is_set(x, y)).expect("a picture");
    report("scan a clean symbol, 5 dots a module", || {
        scan(&picture, |_text| true, all_steps)
    });
    report("scan the same by rqrr", || Rqrr.read(&picture));
}

fn draft() -> Draft {
    Draft {
        route: [0xC0, 0xFF, 0xEE],
        flags: Flags::NONE,
        issued_at: Time::from_seconds(1_732_300_000),
        ttl_minutes: 1440,
        order: SealedOrder {
            counter: 42,
            amount: Money::new(840, Currency::EUR),
            reference: "A1-0042".into(),
            digest: digest("TOTAL 8.40"),
            merchant: None,
            till: None,
            lines: None,
            tax: None,
        },
        certificate: None,
    }
}

fn keys(suite: Suite) -> (TerminalKey, SigningKey) {
    let terminal = TerminalId::from_bytes([1, 2, 3, 4, 5, 6]);
    let terminal = TerminalKey::derive(&MasterKey::from_bytes([1; 32]), terminal, 1);
    let signing = SigningKey::from_seed(suite, &[7; 32]).expect("a seed that is not zero");
    (terminal, signing)
}

fn blob(suite: Suite) -> Blob {
    let (terminal, signing) = keys(suite);
    seal(&terminal, &signing, &draft()).expect("a good draft")
}

fn sealed(suite: Suite) {
    let (terminal, signing) = keys(suite);
    let (draft, blob, public) = (draft(), blob(suite), signing.public());
    let parse = |blob: &Blob| Code::parse(blob, Accept::SIMULATION).expect("a good code");
    let verify = |code: &Code, key: &PublicKey| code.verify(key).expect("a good signature");
    let code = verify(&parse(&blob), &public);
    let order_key = terminal.order_key(code.header());
    let name = format!("{suite:?}");
    report(&format!("{name}: seal and sign"), || {
        seal(&terminal, &signing, &draft)
    });
    report(&format!("{name}: parse"), || parse(&blob));
    report(&format!("{name}: parse and verify"), || {
        verify(&parse(&blob), &public)
    });
    report(&format!("{name}: open as gateway"), || {
        open_as_gateway(&code, &terminal)
    });
    report(&format!("{name}: open with the order key"), || {
        open(&code, &order_key)
    });
    report(&format!("{name}: seal, verify, open"), || {
        let blob = seal(&terminal, &signing, &draft).expect("a good draft");
        open_as_gateway(&verify(&parse(&blob), &public), &terminal)
    });
    let bytes = *public.bytes();
    report(&format!("{name}: parse a public key"), || {
        PublicKey::parse_any(&bytes)
    });
}

fn symbol() {
    let text = link::to_link("q.example.com", None, &blob(Suite::Es256));
    report("symbol of a 146-byte code (version 9)", || {
        Symbol::encode(&text)
    });
    let theirs = qrencode_us();
    for (at, length) in LENGTHS.into_iter().enumerate() {
        let bytes = "x".repeat(length);
        let ours = report(&format!("symbol of {length} bytes"), || {
            Symbol::encode(&bytes)
        });
        let fast_qr = report(&format!("symbol of {length} bytes by fast_qr"), || {
            QRBuilder::new(bytes.as_str())
                .mode(Mode::Byte)
                .ecl(ECL::M)
                .build()
                .is_ok()
        });
        println!("  fast_qr takes {:.2} times as long", fast_qr / ours);
        if let Some(qrencode) = theirs.get(at) {
            println!(
                "  libqrencode takes {qrencode:.3} us, {:.2} times as long",
                qrencode / ours
            );
        }
    }
}

/// Microseconds a symbol of each of [`LENGTHS`] by libqrencode; nothing where it is not installed.
fn qrencode_us() -> Vec<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/code/qrencode.py");
    let ran = Command::new("python3")
        .arg(script)
        .args(LENGTHS.map(|length| length.to_string()))
        .stderr(Stdio::null())
        .output();
    let lines = ran.map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    lines
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.parse().ok())
        .collect()
}

/// Prints the median and the least of 60 rounds of some 5 ms each, and returns the median.
fn report<T>(name: &str, mut work: impl FnMut() -> T) -> f64 {
    let mut time = |count: u32| {
        let start = Instant::now();
        for _round in 0..count {
            black_box(work());
        }
        start.elapsed().as_secs_f64() / f64::from(count) * 1e6
    };
    let single = time(3).max(0.01);
    let count = (1..20).map(|power| 1_u32 << power);
    let count = count
        .take_while(|n| f64::from(*n) * single < 5e3)
        .last()
        .unwrap_or(1);
    let mut rounds: Vec<f64> = (0..60).map(|_round| time(count)).collect();
    rounds.sort_by(f64::total_cmp);
    println!(
        "{name:<44} {:>9.3} us median, {:>9.3} least",
        rounds[30], rounds[0]
    );
    rounds[30]
}
