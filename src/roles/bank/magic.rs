//! Magic amounts: what a bank of a test network does to a payment because of its last two digits.
//!
//! Why these digits: they are the response codes of ISO 8583 (1987 version, field 39), as card
//! testers know them; 46 is from its private range as networks use it.

use crate::money::Money;
use crate::order::Reason;
use crate::words::words;

words! {
    /// The last two digits of an amount, and what the bank does.
    pub enum Magic {
        /// It answers 2 to 9 s late (09, request in progress).
        Slow = ".09",
        /// It refuses for lack of funds, and its word of that comes 20 to 60 s late (19, re-enter).
        LateFailure = ".19",
        /// Its answers are garbage (30, format error).
        Garbage = ".30",
        /// It refuses: the account is closed (46).
        Closed = ".46",
        /// It refuses: insufficient funds (51).
        NoFunds = ".51",
        /// It refuses: over the account's limit (61).
        OverLimit = ".61",
        /// It refuses: the account is frozen (62, restricted).
        Frozen = ".62",
        /// It pays, and its word of that comes 20 to 60 s late (68, response too late).
        LateSuccess = ".68",
        /// It says nothing until faults end (91, issuer unavailable).
        Silent = ".91",
        /// It says everything twice (94, duplicate transmission).
        Twice = ".94",
    }
}

impl Magic {
    /// What this amount stands for, if anything.
    pub fn of(amount: Money) -> Option<Self> {
        let digits = format!(".{:02}", amount.minor() % 100);
        digits.parse().ok()
    }

    /// Why the bank refuses such a payment, if it does.
    pub const fn refuses(self) -> Option<Reason> {
        match self {
            Self::NoFunds | Self::LateFailure => Some(Reason::InsufficientFunds),
            Self::Closed => Some(Reason::AccountClosed),
            Self::OverLimit => Some(Reason::OverLimit),
            Self::Frozen => Some(Reason::AccountFrozen),
            Self::Slow | Self::Garbage | Self::LateSuccess | Self::Silent | Self::Twice => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn the_last_two_digits_say_it_in_any_currency() {
        let of = |text, currency| Magic::of(Money::parse(text, currency).unwrap());
        assert_eq!(of("7.51", Currency::EUR), Some(Magic::NoFunds));
        assert_eq!(of("1051", Currency::JPY), Some(Magic::NoFunds));
        assert_eq!(of("20.09", Currency::EUR), Some(Magic::Slow));
        assert_eq!(of("51.00", Currency::EUR), None);
        let refusing = Magic::ALL.iter().filter_map(|magic| magic.refuses());
        assert_eq!(refusing.count(), 5);
    }
}
