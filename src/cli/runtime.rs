//! Async work at a command's end, until it is done or somebody interrupts it.

use super::exit::{Exit, Failure};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long blocking work may go on after the rest has ended.
const LINGER: Duration = Duration::from_secs(2);

/// Ctrl-C, or a supervisor's request to end. From when this exists, neither ends the process by
/// itself: nothing is cut off half way.
pub(super) struct Interrupts {
    typed: Signal,
    asked: Signal,
}

impl Interrupts {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            typed: signal(SignalKind::interrupt())?,
            asked: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.typed.recv() => (),
            _ = self.asked.recv() => (),
        }
    }
}

/// Runs this on all cores.
pub(super) fn block_on<T, F: Future<Output = T>>(
    work: impl FnOnce(Interrupts) -> F,
) -> Result<T, Failure> {
    let failed = |error| Failure::new(Exit::Environment, format!("start: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let done = runtime.block_on(async { Ok(work(Interrupts::listen()?).await) });
    runtime.shutdown_timeout(LINGER);
    done.map_err(failed)
}

/// Runs this until it ends; nothing comes of it when it is interrupted.
pub(super) fn until_interrupted<T>(work: impl Future<Output = T>) -> Result<Option<T>, Failure> {
    block_on(async |mut interrupts| {
        tokio::select! {
            done = work => Some(done),
            () = interrupts.next() => None,
        }
    })
}
