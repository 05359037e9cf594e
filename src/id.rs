//! Names of things: parties, terminals, receipts, orders, attempts.
//!
//! All are small, `Copy` and ordered, and each is a type of its own, so that an attempt is never
//! taken for an order.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// 128 bits that begin with time: 48 bits of Unix milliseconds, then 80 drawn ones.
///
/// Why ordered: random unique keys cost a store 2.5 to 3.5 times; why 80 drawn bits: nobody
/// enumerates them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id([u8; 16]);

impl Ord for Id {
    /// As its bytes order. As one number, because maps by id compare at every step.
    fn cmp(&self, other: &Self) -> Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Id {
    /// The id of these 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A new id made at `millis` (Unix) from 80 of the `drawn` bits.
    pub const fn new(millis: u64, drawn: u128) -> Self {
        let high = (millis as u128 & 0xFFFF_FFFF_FFFF) << 80;
        Self((high | drawn >> 48).to_be_bytes())
    }

    /// Its bytes, which order as the ids do.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Id {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self)
    }
}

/// Exactly `N` bytes of lower-case hexadecimal digits.
fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let wrong = || IdError {
        expected: N * 2,
        text: text.chars().take(40).collect(),
    };
    let mut out = [0_u8; N];
    if text.len() != N * 2 {
        return Err(wrong());
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (high, low) = digit(pair[0]).zip(digit(pair[1])).ok_or_else(wrong)?;
        *byte = high << 4 | low;
    }
    Ok(out)
}

/// Not an id, or not of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read `{text}` as an id: expected {expected} lower-case hexadecimal digits")]
pub struct IdError {
    expected: usize,
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Id);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> { text.parse().map(Self) }
        }
        as_string!($name);
    )*};
}

macro_rules! as_string {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

ids! {
    /// A payment order, raised by the gateway: one per receipt, across all banks.
    OrderId
    /// One attempt of one wallet to pay an order; the wallet draws it and keeps it until its
    /// payment is final. Every idempotency key is (authenticated sender, order, attempt).
    AttemptId
    /// One notice, slip or advice, so that a consumer acts on it once (M1).
    EventId
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A terminal: merchant (4 bytes) and till (2 bytes), as the sealed code carries it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminalId([u8; 6]);

impl TerminalId {
    /// The terminal of these bytes.
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The terminal of a merchant's till.
    pub const fn of(merchant: MerchantId, till: u16) -> Self {
        let ([m0, m1, m2, m3], [t0, t1]) = (merchant.0, till.to_be_bytes());
        Self([m0, m1, m2, m3, t0, t1])
    }

    /// Its six bytes.
    pub const fn bytes(&self) -> &[u8; 6] {
        &self.0
    }

    /// The merchant it belongs to.
    pub const fn merchant(self) -> MerchantId {
        let [m0, m1, m2, m3, ..] = self.0;
        MerchantId([m0, m1, m2, m3])
    }

    /// The till's number at that merchant.
    pub const fn till(self) -> u16 {
        let [.., t0, t1] = self.0;
        u16::from_be_bytes([t0, t1])
    }
}

impl fmt::Display for TerminalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for TerminalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TerminalId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self)
    }
}

as_string!(Id);
as_string!(TerminalId);

/// A merchant: four bytes, the first part of its terminals' ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantId(pub [u8; 4]);

impl fmt::Display for MerchantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for MerchantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MerchantId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self)
    }
}

as_string!(MerchantId);

/// A receipt's identity everywhere: which chip sealed it, under which key epoch, as its how manyth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid {
    /// The terminal whose chip sealed it.
    pub terminal: TerminalId,
    /// The key epoch it was sealed under.
    pub epoch: u8,
    /// The chip's counter: never used twice for two orders (C2).
    pub counter: u32,
}

impl Uid {
    /// Eleven bytes that order as uids do: terminal, epoch, counter.
    pub fn bytes(self) -> [u8; 11] {
        let mut out = [0; 11];
        out[..6].copy_from_slice(&self.terminal.0);
        out[6] = self.epoch;
        out[7..].copy_from_slice(&self.counter.to_be_bytes());
        out
    }

    /// The uid of eleven such bytes.
    pub fn from_bytes(bytes: [u8; 11]) -> Self {
        let [a, b, c, d, e, f, epoch, counter @ ..] = bytes;
        let counter = u32::from_be_bytes(counter);
        Self {
            terminal: TerminalId([a, b, c, d, e, f]),
            epoch,
            counter,
        }
    }
}

impl fmt::Display for Uid {
    /// `000000010001.1.42`: terminal, epoch, counter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.terminal, self.epoch, self.counter)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError {
            expected: 12,
            text: text.chars().take(40).collect(),
        };
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or_else(wrong);
        let terminal = next()?.parse()?;
        let epoch = next()?.parse().map_err(|_not_a_number| wrong())?;
        let counter = next()?.parse().map_err(|_not_a_number| wrong())?;
        Ok(Self {
            terminal,
            epoch,
            counter,
        })
    }
}

as_string!(Uid);

/// A short name that people gave: lower-case letters, digits and dashes, 1 to [`Name::LEN_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    len: u8,
    bytes: [u8; Self::LEN_MAX],
}

impl Name {
    /// The longest a name may be, in bytes.
    pub const LEN_MAX: usize = 30;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = (1..=Self::LEN_MAX).contains(&text.len());
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !fits || !text.bytes().all(plain) || text.starts_with('-') {
            return Err(NameError(text.chars().take(40).collect()));
        }
        let mut bytes = [0; Self::LEN_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        let len = u8::try_from(text.len()).map_err(|_too_long| NameError(text.to_owned()))?;
        Ok(Self { len, bytes })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

as_string!(Name);

/// Not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "read `{0}` as a name: expected 1 to {max} lower-case letters, digits or dashes",
    max = Name::LEN_MAX
)]
pub struct NameError(String);

/// What a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyKind {
    /// The shop's sales software: prints to the terminal.
    Till,
    /// The print-capture client on the shop's PC.
    Terminal,
    /// The terminal's control and encryption chip.
    Chip,
    /// The receipt printer.
    Printer,
    /// The shop's back office: hears of payments.
    Merchant,
    /// A bank's app on the customer's phone.
    Wallet,
    /// The third-party payment server.
    Gateway,
    /// A bank's server.
    Bank,
}

impl PartyKind {
    /// Every kind, in the order in which a ladder draws them.
    pub const ALL: [Self; 8] = [
        Self::Till,
        Self::Terminal,
        Self::Chip,
        Self::Printer,
        Self::Merchant,
        Self::Wallet,
        Self::Gateway,
        Self::Bank,
    ];

    /// Its one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Till => "till",
            Self::Terminal => "terminal",
            Self::Chip => "chip",
            Self::Printer => "printer",
            Self::Merchant => "merchant",
            Self::Wallet => "wallet",
            Self::Gateway => "gateway",
            Self::Bank => "bank",
        }
    }

    /// A letter that stands for it in keys.
    pub const fn letter(self) -> u8 {
        match self {
            Self::Till => b't',
            Self::Terminal => b'm',
            Self::Chip => b'c',
            Self::Printer => b'p',
            Self::Merchant => b's',
            Self::Wallet => b'w',
            Self::Gateway => b'g',
            Self::Bank => b'b',
        }
    }
}

/// A party: what it is, and its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// What it is.
    pub kind: PartyKind,
    /// Its name, unique within its kind.
    pub name: Name,
}

impl Party {
    /// The party of this kind and name.
    pub const fn new(kind: PartyKind, name: Name) -> Self {
        Self { kind, name }
    }

    /// Its text, `bank:river`, in place.
    pub fn label(&self) -> PartyLabel {
        let mut label = PartyLabel {
            len: 0,
            bytes: [0; PartyLabel::LEN_MAX],
        };
        label.push(self.kind.word());
        label.push(":");
        label.push(self.name.as_str());
        label
    }
}

/// A party's text without an allocation: journals write two a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyLabel {
    len: usize,
    bytes: [u8; Self::LEN_MAX],
}

impl PartyLabel {
    /// The longest kind, a colon, the longest name.
    const LEN_MAX: usize = 8 + 1 + Name::LEN_MAX;

    /// The text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn push(&mut self, part: &str) {
        let room = self.bytes.get_mut(self.len..self.len + part.len());
        room.expect("kinds have 8 letters at most")
            .copy_from_slice(part.as_bytes());
        self.len += part.len();
    }
}

impl fmt::Display for Party {
    /// `bank:river`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.name)
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Party {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError(text.chars().take(40).collect());
        let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
        let kind = PartyKind::ALL
            .into_iter()
            .find(|k| k.word() == kind)
            .ok_or_else(wrong)?;
        Ok(Self {
            kind,
            name: name.parse()?,
        })
    }
}

as_string!(Party);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_later_id_orders_after_an_earlier_one_whatever_was_drawn() {
        assert!(Id::new(1, u128::MAX) < Id::new(2, 0));
    }

    #[test]
    fn names_are_short_plain_words() {
        assert_eq!("noodle-bar".parse::<Name>().unwrap().as_str(), "noodle-bar");
        for bad in ["", "-a", "Ann", "a b", "ann\u{1b}", &"x".repeat(31)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn ids_order_as_their_bytes(one: [u8; 16], other: [u8; 16]) {
            let by_id = Id::from_bytes(one).cmp(&Id::from_bytes(other));
            prop_assert_eq!(by_id, one.cmp(&other));
        }

        #[test]
        fn a_partys_label_is_its_text(kind in 0_usize..8, name in "[a-z0-9][a-z0-9-]{0,29}") {
            let party = Party::new(PartyKind::ALL[kind], name.parse().unwrap());
            let label = party.label();
            prop_assert_eq!(label.as_str(), party.to_string());
        }

        #[test]
        fn ids_and_uids_read_back_as_themselves(bytes: [u8; 16], uid: [u8; 11]) {
            let (id, uid) = (Id::from_bytes(bytes), Uid::from_bytes(uid));
            prop_assert_eq!(id.to_string().parse::<Id>(), Ok(id));
            prop_assert_eq!(uid.to_string().parse::<Uid>(), Ok(uid));
            prop_assert_eq!(Uid::from_bytes(uid.bytes()), uid);
        }
    }
}
