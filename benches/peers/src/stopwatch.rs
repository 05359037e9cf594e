//! Processor time where Linux tells it, else wall time.
//!
//! Read only outside the peers' runtimes: inside, madsim's clock is the one that answers.

use std::time::Instant;

/// Time that was spent between starts and stops.
#[derive(Default)]
pub struct Stopwatch {
    spent: f64,
}

impl Stopwatch {
    /// What this took is counted.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let done = work();
        self.spent += match (cpu, cpu_seconds()) {
            (Some(from), Some(to)) => to - from,
            _ => wall.elapsed().as_secs_f64(),
        };
        done
    }

    /// How long it was.
    pub const fn seconds(&self) -> f64 {
        self.spent
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds far below 2^52")]
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = stat.split_whitespace().next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}
