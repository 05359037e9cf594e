//! The same exchanges in our simulator, in turmoil 0.7 and in madsim 0.2, in one run.
//!
//! From this folder (its `.cargo/config.toml` holds the flag that madsim needs):
//! `cargo run --release`, or with `ping` or `payment` for one of them.
//!
//! - Ping-pong: pairs of parties that send each other a ball, a few milliseconds away. Beside it a
//!   bare loop over a heap, which is as little as a simulator can do.
//! - Payments: the network's own roles (gateway, banks, shops, wallets), each with its store in
//!   memory. In our simulator they are parties of a world; in the others each is a host or node
//!   with a socket, that handles what arrives and sleeps until its next timer.
//!
//! All must deliver as many messages and end at the same virtual time; a run in which they do not
//! is a failure. Time is the processor's; the median of three rounds, the simulators taking turns.
#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints, and counts a few million"
)]

mod payment;
mod ping;
mod stopwatch;

use std::time::Duration;
use stopwatch::Stopwatch;

/// How many times each is measured; the median is shown.
const ROUNDS: usize = 3;

/// How long a message travels, for everyone. Why three: madsim sleeps for a moment before it sends
/// and after it receives, and its shortest sleep is a millisecond, so a link of one makes three.
const LATENCY_MS: u64 = 3;
/// What madsim's own links take of it.
const MADSIM_LINK: Duration = Duration::from_millis(LATENCY_MS - 2);

/// How far the virtual ends of two runs may be from each other, in thousandths: madsim draws some
/// nanoseconds, turmoil moves in ticks, here as long as a message travels.
const END_APART_MAX: f64 = 10.0;

/// What one run did.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ran {
    /// Messages that arrived.
    deliveries: u64,
    /// Payments that the payers' apps call paid.
    paid: u64,
    /// The virtual time of the last arrival.
    end: Duration,
}

/// A simulator, and its run of an exchange.
type Contender = (&'static str, fn(&mut Stopwatch) -> Ran);

fn main() {
    let asked = std::env::args().nth(1);
    let wants = |what: &str| asked.as_deref().is_none_or(|asked| asked == what);
    if wants("ping") {
        let per_second = table("ping-pong", &ping::CONTENDERS);
        let [heap, ours, others @ ..] = per_second.as_slice() else {
            return;
        };
        verdict(*ours, others);
        println!("  of the bare heap: {:.2} (goal 0.5)", ours / heap);
    }
    if wants("payment") {
        let per_second = table("payments", &payment::CONTENDERS);
        if let [ours, others @ ..] = per_second.as_slice() {
            verdict(*ours, others);
        }
    }
}

fn verdict(ours: f64, others: &[f64]) {
    let best = others.iter().copied().fold(0.0, f64::max);
    println!(
        "  ours to the better of the others: {:.1} (goal 5)",
        ours / best
    );
}

/// Measures all contenders, turn by turn. Gives the deliveries a second of each, in their order.
fn table(exchange: &str, contenders: &[Contender]) -> Vec<f64> {
    let mut seconds = vec![Vec::new(); contenders.len()];
    let mut first: Option<Ran> = None;
    for _ in 0..ROUNDS {
        for ((name, run), seconds) in contenders.iter().zip(&mut seconds) {
            let mut watch = Stopwatch::default();
            let ran = run(&mut watch);
            seconds.push(watch.seconds());
            assert_same(name, *first.get_or_insert(ran), ran);
        }
    }
    let Some(ran) = first else {
        return Vec::new();
    };
    println!(
        "{exchange}: {} deliveries, {} payments, virtual end {:.3} s; median of {ROUNDS}",
        ran.deliveries,
        ran.paid,
        ran.end.as_secs_f64()
    );
    let per_second = contenders
        .iter()
        .zip(seconds)
        .map(|((name, _), mut seconds)| {
            seconds.sort_by(f64::total_cmp);
            let seconds = seconds[ROUNDS / 2];
            let per_second = ran.deliveries as f64 / seconds;
            let payments = ran.paid as f64 / seconds;
            println!(
                "  {name:<10} {:>9.0} k deliveries/s {:>8.1} k payments/s {seconds:>8.3} s",
                per_second / 1e3,
                payments / 1e3
            );
            per_second
        });
    per_second.collect()
}

fn assert_same(name: &str, first: Ran, ran: Ran) {
    assert_eq!(ran.deliveries, first.deliveries, "{name}: as many messages");
    assert_eq!(ran.paid, first.paid, "{name}: as many payments");
    let (one, other) = (first.end.as_secs_f64(), ran.end.as_secs_f64());
    let apart = (one - other).abs() / one * 1e3;
    assert!(
        apart <= END_APART_MAX,
        "{name}: ends at {other} s instead of {one} s"
    );
}
