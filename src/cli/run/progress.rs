//! How far a sweep is, on stderr: a bar on a terminal, elsewhere a line a second.

use crate::scenario::Scenario;
use crate::sim::RunReport;
use crate::time::Span;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How often a line is said where there is no terminal.
const EVERY: Duration = Duration::from_secs(1);

/// Counts runs as they end.
pub(super) struct Progress {
    bar: indicatif::ProgressBar,
    title: String,
    seeds: Option<usize>,
    drawn: bool,
    began: Instant,
    done: AtomicU64,
    failed: AtomicU64,
    stuck: AtomicU64,
    events: AtomicU64,
    simulated: AtomicU64,
    /// The milliseconds since the start at which the last line was said.
    said: AtomicU64,
}

impl Progress {
    /// A sweep over so many seeds; over nobody knows how many, when there is no number.
    pub(super) fn new(scenario: &Scenario, seeds: Option<usize>) -> Self {
        let drawn = std::io::stderr().is_terminal();
        let len = seeds.and_then(|seeds| u64::try_from(seeds).ok());
        let bar = match len {
            _ if !drawn => indicatif::ProgressBar::hidden(),
            Some(len) => indicatif::ProgressBar::new(len),
            None => indicatif::ProgressBar::no_length(),
        };
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg}  {wide_bar}") {
            bar.set_style(style);
        }
        Self {
            bar,
            title: scenario.title(),
            seeds,
            drawn,
            began: began(),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            events: AtomicU64::new(0),
            simulated: AtomicU64::new(0),
            said: AtomicU64::new(0),
        }
    }

    /// A run ended.
    pub(super) fn one_more(&self, report: &RunReport) {
        self.done.fetch_add(1, Relaxed);
        self.failed.fetch_add(u64::from(!report.passed()), Relaxed);
        let mut failures = report.outcome.failures.iter();
        let stuck = failures.any(|f| f.class.is_unfinished());
        self.stuck.fetch_add(u64::from(stuck), Relaxed);
        self.events.fetch_add(report.counters.events, Relaxed);
        self.simulated.fetch_add(report.lasted.as_nanos(), Relaxed);
        if self.drawn {
            self.bar.set_message(self.line());
            return self.bar.inc(1);
        }
        let now = millis(self.began.elapsed());
        let last = self.said.load(Relaxed);
        let due = now.saturating_sub(last) >= millis(EVERY);
        if due
            && self
                .said
                .compare_exchange(last, now, Relaxed, Relaxed)
                .is_ok()
        {
            super::output::say(&self.line());
        }
    }

    /// `lunch-rush  312/1000 seeds  4 failed  5.1k seeds/s  sim 12d4h  3.2M ev/s  stuck 1`.
    fn line(&self) -> String {
        let millis = millis(self.began.elapsed()).max(1);
        let (done, events) = (self.done.load(Relaxed), self.events.load(Relaxed));
        let of = self.seeds.map(|seeds| format!("/{seeds}"));
        let (failed, stuck) = (self.failed.load(Relaxed), self.stuck.load(Relaxed));
        format!(
            "{}  {done}{} seeds  {failed} failed  {} seeds/s  sim {}  {} ev/s  stuck {stuck}",
            self.title,
            of.unwrap_or_default(),
            short(done.saturating_mul(1000) / millis),
            Span::nanos(self.simulated.load(Relaxed)),
            short(events.saturating_mul(1000) / millis),
        )
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person at a shell wants to know how fast it goes; no result depends on it"
)]
pub(super) fn began() -> Instant {
    Instant::now()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `950`, `5.1k`, `3.2M`.
fn short(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
        _ => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn rates_are_short() {
        assert_eq!(
            [950, 5_140, 3_250_000].map(super::short),
            ["950", "5.1k", "3.2M"]
        );
    }
}
