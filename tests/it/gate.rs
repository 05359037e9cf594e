//! What the gate demands and a desk may go without.

/// Whether everything must run in full: no program may be missing, every seed is tried.
#[expect(
    clippy::disallowed_methods,
    reason = "the gate demands what a laptop may lack"
)]
pub(crate) fn demands_all() -> bool {
    std::env::var("QUITTANCE_REQUIRE_ALL").is_ok_and(|v| v == "1")
}

/// So many rounds under the gate, and fewer at a desk.
pub(crate) fn rounds(few: u64, all: u64) -> u64 {
    if demands_all() { all } else { few }
}
