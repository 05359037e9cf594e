//! Seeded defects: what each check is there to catch, in the roles' own code.
//!
//! A check that was never seen to fail proves nothing. Under the feature `seeded-bugs`, which
//! release builds refuse, a driver switches one of these on for its thread (`with`), and a test
//! shows that the check named beside it catches it. Without the feature `on` is `false` when
//! compiled.

use crate::money::Money;
use crate::words::words;

words! {
    /// A defect, and the invariant that it breaks first.
    pub enum Bug {
        /// A paid order's next claim is granted: O1.
        PaysPaidReceipt = "pays-paid-receipt",
        /// A claimed order's second claim is granted: O2.
        GrantsTwice = "grants-twice",
        /// An order expires although it is paid: O4.
        ExpiresPaid = "expires-paid",
        /// A bank that does not answer is taken to have declined: O5.
        GuessesDeclined = "guesses-declined",
        /// A refused claim hears another reason when it asks again: O6.
        ChangesAnswer = "changes-answer",
        /// A payment that was posted is called refused when it is asked for again: O7.
        RefusesPosted = "refuses-posted",
        /// The payer hears PAID while the money is only held: O8.
        AnswersEarly = "answers-early",
        /// The bank signs that it posted, and does not post: O9.
        SignsUnposted = "signs-unposted",
        /// A voided bank order keeps its hold: O11.
        KeepsHold = "keeps-hold",
        /// More is held than the order asks: O12.
        HoldsMore = "holds-more",
        /// A payment that its bank does not know yet is asked for, and "not found" ends it: O17.
        BelievesNotFound = "believes-not-found",
        /// A movement names one book only: L1.
        OneSided = "one-sided",
        /// What is booked is not what is recorded: L2.
        BooksOtherwise = "books-otherwise",
        /// An account pays more than it has: L4.
        Overdraws = "overdraws",
        /// A second grant posts a second time: L5.
        PostsTwice = "posts-twice",
        /// More is captured than was held: L6.
        CapturesMore = "captures-more",
        /// A bank order is rejected after its money was held: L7.
        RejectsHeld = "rejects-held",
    }
}

#[cfg(feature = "seeded-bugs")]
thread_local! {
    static BUG: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Does something with a defect switched on, on this thread.
#[cfg(feature = "seeded-bugs")]
pub fn with<T>(bug: Bug, act: impl FnOnce() -> T) -> T {
    let before = BUG.replace(Some(bug));
    let done = act();
    BUG.set(before);
    done
}

/// Whether this defect is switched on.
#[cfg(feature = "seeded-bugs")]
pub(crate) fn on(bug: Bug) -> bool {
    BUG.get() == Some(bug)
}

/// Whether this defect is switched on: never, without the feature.
#[cfg(not(feature = "seeded-bugs"))]
pub(crate) const fn on(_: Bug) -> bool {
    false
}

/// The amount; one minor unit more when this defect is switched on.
pub(crate) fn more(bug: Bug, amount: Money) -> Money {
    if on(bug) {
        Money::new(amount.minor().saturating_add(1), amount.currency())
    } else {
        amount
    }
}
