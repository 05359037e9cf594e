//! What attacks are tried on.

use crate::code::bundle::SignedBundle;
use crate::code::sealed::Blob;
use crate::message::Message;
use crate::money::Money;
use crate::text::Text;
use crate::time::Time;

/// A system under attack.
pub trait Target {
    /// A customer's phone scans a text.
    fn scan(&mut self, phone: Phone, text: &str) -> Scan;

    /// A bank's app asks the gateway for the order of a code, at an instant.
    fn open(&mut self, at: Time, code: &Blob) -> Opened;

    /// As [`open`](Self::open), by an app that no bank vouches for, or through a link that names
    /// another bank than the app's.
    fn open_as_stranger(&mut self, code: &Blob, named: Option<&str>) -> Opened;

    /// The phone is offered a trust bundle; whether it takes it.
    fn offer(&mut self, bundle: &SignedBundle) -> bool;

    /// Somebody types an amount; the minor units it is taken for, if it is.
    fn takes_amount(&mut self, text: &str, currency: &str) -> Option<i64>;

    /// A file is read; whether it was taken for one of its kind.
    fn reads(&mut self, file: File, bytes: &[u8]) -> bool;

    /// People pay, from a clean start to the end.
    fn play(&mut self, story: &Story) -> Books;
}

/// What a file claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// A receipt, text or ESC/POS.
    Receipt,
    /// A scenario.
    Scenario,
    /// A picture of a code.
    Picture,
}

/// Whose phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phone {
    /// One that takes codes of the test network.
    Test,
    /// One for real money only.
    Production,
}

/// What a phone did with a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Refused, and sent nothing to anybody.
    Silent,
    /// Went on.
    Sent {
        /// The shop that the customer sees.
        shop: Text,
    },
}

/// What a gateway answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// An order of this amount.
    Order(Money),
    /// No.
    Refused {
        /// The answer's bytes.
        body: Vec<u8>,
        /// Whether an alarm was raised.
        alarm: bool,
    },
}

impl Opened {
    /// Whether it was a no.
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// The refusal's bytes.
    pub fn body(&self) -> Option<&[u8]> {
        match self {
            Self::Refused { body, .. } => Some(body),
            Self::Order(_) => None,
        }
    }

    /// Whether an alarm was raised.
    pub const fn alarmed(&self) -> bool {
        matches!(self, Self::Refused { alarm: true, .. })
    }
}

/// Who scans what, and what is done to the messages on their way.
pub struct Story {
    /// Scans by customer, in this order and at one moment; what each expects on the paper.
    pub scans: Vec<(String, String, Expects)>,
    /// Changes a message before it is sent, as a compromised gateway would; it signs again.
    pub tamper: Option<fn(&mut Message)>,
    /// A notice that a compromised gateway sends the shop of its own.
    pub forged_notice: bool,
}

/// What a customer knows from the paper and the shop's sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expects {
    /// The shop.
    pub shop: Option<Text>,
    /// The total.
    pub amount: Option<Money>,
}

/// How a story ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// What was debited from customers, in minor units, all together.
    pub debited: i64,
    /// How many customers were debited.
    pub payers: usize,
    /// What the shop's account got.
    pub credited: i64,
    /// How often the shop was told "paid".
    pub told: usize,
    /// Whether somebody noted that an order did not fit its code.
    pub alarmed: bool,
}
