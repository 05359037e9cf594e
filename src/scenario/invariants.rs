//! Named invariants.

use crate::words::words;

words! {
    /// An invariant that is checked as events happen, by its name in the reference on orders.
    pub enum Invariant {
        /// At most one posted bank order per receipt.
        OnePayPerReceipt = "O1",
        /// At most one live claim per receipt, and no posting without its grant.
        ClaimExclusive = "O2",
        /// Every transition is in the table; final states are final.
        LegalTransition = "O4",
        /// A claimed order is reopened or expired by proof only.
        UnknownNotFailed = "O5",
        /// Equal key and body, equal answer.
        SameKeySameAnswer = "O6",
        /// An answer that says no changed no money.
        ErrorMeansNoEffect = "O7",
        /// What an answer promises was committed before.
        AckAfterDurable = "O8",
        /// A notice of payment follows the posting.
        NotifyAfterCommit = "O9",
        /// At rest, all parties agree on the outcome.
        StatusAgreement = "O10",
        /// At rest, orders and money agree.
        MoneyStateAgreement = "O11",
        /// Amount, currency, payee and receipt are the same everywhere.
        AmountIntegrity = "O12",
        /// "Not found" ends nothing.
        NotFoundIsNoProof = "O17",
        /// Postings sum to nothing.
        ZeroSum = "L1",
        /// Balances change by recorded postings only.
        NoCreation = "L2",
        /// Nothing recorded is changed.
        Immutable = "L3",
        /// No account with a floor is overdrawn.
        Floor = "L4",
        /// A hold is resolved exactly once.
        HoldOnce = "L5",
        /// No more is captured than was held.
        PartialBound = "L6",
        /// What is refused holds nothing.
        HoldReleased = "L7",
        /// An event has one effect per consumer.
        Dedupe = "M1",
        /// A terminal's counter is used for one receipt.
        ChainUnbroken = "C2",
    }
}
