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
        /// A second scan of a receipt that is being paid begins anew: O3.
        ForgetsAttempt = "forgets-attempt",
        /// A payment whose outcome does not come is given up by the clock: O13.
        GivesUpWaiting = "gives-up-waiting",
        /// A success that comes after its order is UNKNOWN is heard and not kept: O14.
        ForgetsLate = "forgets-late",
        /// A stranger hears why a code was refused: O16.
        TellsWhy = "tells-why",
        /// A repeated notice is acted on again: M1.
        ToldTwice = "told-twice",
        /// A repeated advice credits again: M1.
        CreditsTwice = "credits-twice",
        /// The bank's word leaves without its signature: M3.
        LeavesUnsigned = "leaves-unsigned",
        /// The shop of a paid order is not told: M4.
        ForgetsShop = "forgets-shop",
        /// What was not heard is never said again: M4.
        DropsOutbox = "drops-outbox",
        /// An order is raised for a receipt that nobody printed: C1.
        RaisesUnsealed = "raises-unsealed",
        /// A chip seals twice with one counter: C2.
        ReusesCounter = "reuses-counter",
        /// A code whose validity is over raises an order: C4.
        RaisesStale = "raises-stale",
        /// What was heard is said again all the same, for ever: everyone finishes (the lost ack).
        IgnoresAck = "ignores-ack",
        /// The bank says that it posted when it has only held: O9 (the notice before the commit).
        PaysAhead = "pays-ahead",
        /// A code whose order is paid raises another order: O1 (the accepted replay).
        AcceptsReplay = "accepts-replay",
        /// An attempt that the gateway closed is held again when it is asked for again: O4 (the
        /// ignored tombstone).
        IgnoresTombstone = "ignores-tombstone",
        /// What is committed together is decided by the rows as they were before all of it: O2 (the
        /// accepted stale row).
        AcceptsStaleRows = "accepts-stale-rows",
        /// A refused claim is asked again, at once and for ever: livelock.
        AsksForEver = "asks-for-ever",
        /// While an order is UNKNOWN, another payer's claim is granted: a fault and a race.
        GrantsUnknown = "grants-unknown",
        /// While a claim's outcome is slow to come, another's is granted: a fault and a race.
        GrantsSlow = "grants-slow",
        /// A refused claim is granted when it is asked again: a fault and a race.
        GrantsSecondAsk = "grants-second-ask",
        /// A refusal that comes after a second question posts: a fault and a race.
        PostsRefused = "posts-refused",
        /// A refusal that comes after a second question leaves the hold: a fault and a race.
        KeepsAskedHold = "keeps-asked-hold",
        /// A refusal that comes after a second question is lost: a fault and a race.
        ForgetsRefusal = "forgets-refusal",
        /// Who lost a race after a second question hears that they paid: a fault and a race.
        TellsLoserPaid = "tells-loser-paid",
        /// A payment that lost its race and is asked for again is held again: a fault and a race.
        HoldsAgain = "holds-again",
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
