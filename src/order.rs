//! The words of orders: states, who may follow whom, what the outside hears.
//!
//! An order is not a payment is not a transaction: the gateway's *payment order* is one per
//! receipt, an *attempt* is one wallet's try at it, and the bank's *bank order* is what one attempt
//! became at one bank. Each machine has one writer. Sources: ISO 20022 pacs.002 status groups for
//! the shape; the tables are the project's reference on orders, section 5.

use crate::words::words;

words! {
    /// A payment order, owned by the gateway.
    pub enum OrderState {
        /// Raised from a genuine code; anyone may claim it.
        Created = "CREATED",
        /// One attempt of one bank holds it.
        Claimed = "CLAIMED",
        /// Claimed, and nobody has proved what became of it.
        Unknown = "UNKNOWN",
        /// The claiming bank has posted. Final.
        Paid = "PAID",
        /// The code's validity ended before a claim. Final.
        Expired = "EXPIRED",
        /// The shop voided it before a claim. Final.
        Cancelled = "CANCELLED",
    }
}

impl OrderState {
    /// Whether nothing follows; what comes later opens a record of its own.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Paid | Self::Expired | Self::Cancelled)
    }

    /// The table of transitions (O4). A forced resolution by two people is the only way from
    /// UNKNOWN to EXPIRED.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Created => matches!(next, Self::Claimed | Self::Expired | Self::Cancelled),
            Self::Claimed => {
                matches!(
                    next,
                    Self::Paid | Self::Unknown | Self::Created | Self::Expired
                )
            }
            Self::Unknown => matches!(next, Self::Paid | Self::Created | Self::Expired),
            Self::Paid | Self::Expired | Self::Cancelled => false,
        }
    }

    /// The state's name outside the gateway (O16).
    pub const fn external(self) -> Standing {
        match self {
            Self::Created => Standing::Waiting,
            Self::Claimed => Standing::Processing,
            Self::Unknown => Standing::Checking,
            Self::Paid => Standing::Paid,
            Self::Expired => Standing::Expired,
            Self::Cancelled => Standing::Cancelled,
        }
    }
}

words! {
    /// An order's state as wallets, banks and shops hear it.
    pub enum Standing {
        /// It can be paid.
        Waiting = "WAITING",
        /// A bank is paying it.
        Processing = "PROCESSING",
        /// The outcome is being asked for.
        Checking = "CHECKING",
        /// Paid.
        Paid = "PAID",
        /// Too late.
        Expired = "EXPIRED",
        /// The shop took it back.
        Cancelled = "CANCELLED",
    }
}

words! {
    /// One bank's attempt at an order, as the gateway keeps it.
    pub enum AttemptState {
        /// It holds the order.
        Claimed = "CLAIMED",
        /// It holds the order, and the bank's answer is missing or unclear.
        Unknown = "UNKNOWN",
        /// The bank has proved that it posted. Final.
        Paid = "PAID",
        /// The bank has proved that it never will. Final.
        Declined = "DECLINED",
        /// The claim was not granted. Final.
        Refused = "REFUSED",
        /// The bank's word differs from the order in amount, currency or payee; held for people.
        Conflict = "CONFLICT",
    }
}

impl AttemptState {
    /// The table of transitions (O4, O5).
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Claimed => {
                matches!(
                    next,
                    Self::Unknown | Self::Paid | Self::Declined | Self::Conflict
                )
            }
            Self::Unknown => matches!(next, Self::Paid | Self::Declined | Self::Conflict),
            Self::Paid | Self::Declined | Self::Refused | Self::Conflict => false,
        }
    }
}

words! {
    /// A bank order, owned by the payer's bank. The ledger alone says where the money is.
    pub enum BankOrderState {
        /// The money is held; a claim is asked.
        Held = "HELD",
        /// The money has moved. Final; undone only by a reversal of its own.
        Posted = "POSTED",
        /// Refused before any money was held. Final.
        Rejected = "REJECTED",
        /// The hold was released. Final.
        Voided = "VOIDED",
        /// Closed by the gateway before it ever arrived; an arrival under its key is rejected.
        /// Final.
        Tombstoned = "TOMBSTONED",
    }
}

impl BankOrderState {
    /// The table of transitions (O4).
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Held => matches!(next, Self::Posted | Self::Voided),
            Self::Posted | Self::Rejected | Self::Voided | Self::Tombstoned => false,
        }
    }

    /// What the payer hears.
    pub const fn external(self) -> PaymentState {
        match self {
            Self::Held => PaymentState::Processing,
            Self::Posted => PaymentState::Paid,
            Self::Rejected | Self::Voided | Self::Tombstoned => PaymentState::Refused,
        }
    }
}

words! {
    /// A payment as the payer hears of it from the bank.
    pub enum PaymentState {
        /// The bank is at work.
        Processing = "PROCESSING",
        /// Paid.
        Paid = "PAID",
        /// Not paid, and never will be under this attempt.
        Refused = "REFUSED",
    }
}

words! {
    /// What a bank answers when the gateway asks after an attempt.
    pub enum BankStanding {
        /// Posted; the signed reference comes with it.
        Posted = "POSTED",
        /// Held: the grant has not arrived.
        Held = "HELD",
        /// Never will be posted: rejected, voided or tombstoned.
        Closed = "CLOSED",
        /// Nothing under that key, which proves nothing (O17).
        NotFound = "NOT-FOUND",
    }
}

words! {
    /// Why something was refused: one list for every party.
    pub enum Reason {
        /// The code's bytes are not a sealed code.
        Syntax = "syntax",
        /// The code belongs to another gateway.
        Route = "route",
        /// No such terminal or key epoch.
        UnknownTerminal = "unknown-terminal",
        /// The terminal, its key or its issuer was revoked.
        Revoked = "revoked",
        /// A signature does not hold.
        BadSignature = "bad-signature",
        /// The code was issued ahead of the clock.
        IssuedAhead = "issued-ahead",
        /// The seal does not open.
        BadSeal = "bad-seal",
        /// The payment reference is not the counter's.
        BadReference = "bad-reference",
        /// The counter was used for another code, or lies outside the window (C2): an alarm.
        CounterFork = "counter-fork",
        /// Too late.
        Expired = "expired",
        /// The shop took the receipt back.
        Cancelled = "cancelled",
        /// Another payer holds it.
        AlreadyClaimed = "already-claimed",
        /// It was paid.
        AlreadyPaid = "already-paid",
        /// This attempt was closed for ever.
        AttemptClosed = "attempt-closed",
        /// The same key came with another body (O6).
        Conflict = "conflict",
        /// Nothing is known under that key.
        NotFound = "not-found",
        /// Nothing outside this party's own business may ask this.
        NotAllowed = "not-allowed",
        /// The bank named is not the one asked, or two were named.
        WrongBank = "wrong-bank",
        /// Amount, currency, reference or payee differ between the seal, the order and the bundle.
        Altered = "altered",
        /// The payer's approval does not hold.
        BadApproval = "bad-approval",
        /// No such account.
        NoAccount = "no-account",
        /// The account is another payer's.
        NotOwner = "not-owner",
        /// The account is in another currency.
        WrongCurrency = "wrong-currency",
        /// The account is frozen.
        AccountFrozen = "account-frozen",
        /// The account is closed.
        AccountClosed = "account-closed",
        /// The amount is above the account's limit.
        OverLimit = "over-limit",
        /// The available balance is too low.
        InsufficientFunds = "insufficient-funds",
        /// The attempt was closed before it arrived.
        Tombstoned = "tombstoned",
        /// The payer said no.
        PayerDeclined = "payer-declined",
        /// The payer did not answer in time.
        PayerSilent = "payer-silent",
        /// The shop's name or the amount is not what the payer expects.
        PayerMismatch = "payer-mismatch",
        /// Nobody answered in time.
        NoAnswer = "no-answer",
        /// The chip did not answer within the time that paper can wait.
        ChipSilent = "chip-silent",
        /// The chip refused to seal.
        ChipRefused = "chip-refused",
        /// The receipt cannot be paid as printed.
        NotPayable = "not-payable",
        /// The receipt could not be read.
        Unreadable = "unreadable",
        /// A message was not one that this party takes.
        UnexpectedMessage = "unexpected-message",
        /// The store failed; ask again.
        TryAgain = "try-again",
    }
}

impl Reason {
    /// Whether it says that another payer was first.
    pub const fn is_of_a_race(self) -> bool {
        matches!(self, Self::AlreadyClaimed | Self::AlreadyPaid)
    }

    /// Whether a refusal of `pay` with this reason means that this attempt will never be paid. What
    /// only says "not now" or "not found" proves nothing.
    pub const fn ends_a_payment(self) -> bool {
        !matches!(self, Self::NotFound | Self::TryAgain | Self::NoAnswer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_a_final_state() {
        for &state in OrderState::ALL {
            let leads_somewhere = OrderState::ALL.iter().any(|&next| state.may_become(next));
            assert_eq!(leads_somewhere, !state.is_final(), "{state}");
        }
    }

    #[test]
    fn no_timer_leads_from_unknown_to_cancelled_and_no_order_returns_to_claimed_from_paid() {
        assert!(!OrderState::Unknown.may_become(OrderState::Cancelled));
        assert!(!OrderState::Paid.may_become(OrderState::Claimed));
        assert!(!AttemptState::Declined.may_become(AttemptState::Paid));
    }
}
