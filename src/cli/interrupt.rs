//! Ctrl-C, for commands that have something to finish.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Becomes true when the person presses Ctrl-C. Where the system gives no such signal, never.
pub(super) fn watch() -> Arc<AtomicBool> {
    let pressed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&pressed);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            let waited = runtime.block_on(tokio::signal::ctrl_c());
            seen.store(waited.is_ok(), Ordering::Relaxed);
        }
    });
    pressed
}
