//! Ctrl-C, for commands that have something to finish and for those that have nothing.

use super::exit::Exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Becomes true when the person presses Ctrl-C. Where the system gives no such signal, never.
pub(super) fn watch() -> Arc<AtomicBool> {
    let pressed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&pressed);
    when_pressed(move || seen.store(true, Ordering::Relaxed));
    pressed
}

/// From now on Ctrl-C ends the process, also while it waits for a reader that reads nothing: for
/// commands that have nothing to finish.
#[expect(
    clippy::exit,
    reason = "what waits for a full pipe hears of nothing else"
)]
pub(super) fn ends_process() {
    when_pressed(|| std::process::exit(Exit::Interrupted.code().into()));
}

/// Does this, on a thread of its own, at the first Ctrl-C.
fn when_pressed(then: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime
            && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
        {
            then();
        }
    });
}
