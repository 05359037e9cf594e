//! The order that is sealed: what is owed, for which receipt.

use super::cbor::{CborError, CborFault, Reader, Writer};
use super::digest::ReceiptDigest;
use crate::money::{Currency, Money};
use crate::text::Text;

/// The longest order reference, in characters.
pub const REFERENCE_CHARS_MAX: usize = 25;
/// The longest merchant name and till, in characters.
pub const NAME_CHARS_MAX: usize = 40;
/// The most tax lines.
pub const TAX_LINES_MAX: usize = 8;

/// What is sealed in a code: "Order CBOR" of the format.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedOrder {
    /// The chip's counter: the how manyth code of this terminal and epoch.
    pub counter: u32,
    /// What is owed: more than nothing.
    pub amount: Money,
    /// The till's own reference, at most [`REFERENCE_CHARS_MAX`] characters.
    pub reference: Text,
    /// Of the receipt's canonical text.
    pub digest: ReceiptDigest,
    /// The merchant's name as the receipt has it; nobody certified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Text>,
    /// The till's name as the receipt has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till: Option<Text>,
    /// How many item lines the receipt has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u32>,
    /// The tax within the amount, by rate; `None` when the receipt does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Vec<TaxLine>>,
}

/// The tax at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxLine {
    /// Hundredths of a percent: 2300 is 23 %.
    pub rate: u32,
    /// Minor units of the order's currency.
    pub minor: u64,
}

impl SealedOrder {
    /// Writes its CBOR at the end of `out`; nothing when it is refused.
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), OrderError> {
        self.check()?;
        let minor = u64::try_from(self.amount.minor()).map_err(|_negative| OrderError::Amount)?;
        let optional = [
            self.merchant.is_some(),
            self.till.is_some(),
            self.lines.is_some(),
            self.tax.is_some(),
        ];
        let mut cbor = Writer(out);
        cbor.map(5 + optional.into_iter().filter(|present| *present).count());
        cbor.uint(key::COUNTER);
        cbor.uint(self.counter.into());
        cbor.uint(key::AMOUNT);
        cbor.uint(minor);
        cbor.uint(key::CURRENCY);
        cbor.uint(self.amount.currency().numeric().into());
        cbor.uint(key::REFERENCE);
        cbor.text(self.reference.as_str());
        cbor.uint(key::DIGEST);
        cbor.bytes(&self.digest.0);
        for (key, text) in [(key::MERCHANT, &self.merchant), (key::TILL, &self.till)] {
            if let Some(text) = text {
                cbor.uint(key);
                cbor.text(text.as_str());
            }
        }
        if let Some(lines) = self.lines {
            cbor.uint(key::LINES);
            cbor.uint(lines.into());
        }
        if let Some(tax) = &self.tax {
            cbor.uint(key::TAX);
            cbor.array(tax.len());
            for line in tax {
                cbor.array(2);
                cbor.uint(line.rate.into());
                cbor.uint(line.minor);
            }
        }
        Ok(())
    }

    /// Reads an opened seal. Total; refuses everything but the one encoding.
    pub fn decode(plain: &[u8]) -> Result<Self, OrderError> {
        let mut cbor = Reader::new(plain);
        let mut fields = Fields::default();
        let mut last = None;
        for _pair in 0..cbor.map()? {
            let here = cbor.error(CborFault::Order);
            let key = cbor.uint()?;
            if last.is_some_and(|last| key <= last) {
                return Err(here.into());
            }
            last = Some(key);
            fields.read(key, here.offset, &mut cbor)?;
        }
        cbor.end()?;
        fields.into_order()
    }

    fn check(&self) -> Result<(), OrderError> {
        if !self.amount.is_positive() {
            return Err(OrderError::Amount);
        }
        let texts = [
            (Some(&self.reference), REFERENCE_CHARS_MAX),
            (self.merchant.as_ref(), NAME_CHARS_MAX),
            (self.till.as_ref(), NAME_CHARS_MAX),
        ];
        for (text, max) in texts {
            let chars = text.map_or(0, |text| text.as_str().chars().count());
            if chars > max {
                return Err(OrderError::LongText { chars, max });
            }
        }
        let lines = self.tax.as_ref().map_or(0, Vec::len);
        if lines > TAX_LINES_MAX {
            return Err(OrderError::TaxLines { lines });
        }
        Ok(())
    }
}

mod key {
    pub(super) const COUNTER: u64 = 0;
    pub(super) const AMOUNT: u64 = 1;
    pub(super) const CURRENCY: u64 = 2;
    pub(super) const REFERENCE: u64 = 3;
    pub(super) const DIGEST: u64 = 4;
    pub(super) const MERCHANT: u64 = 5;
    pub(super) const TILL: u64 = 6;
    pub(super) const LINES: u64 = 7;
    pub(super) const TAX: u64 = 8;
}

/// What was read so far.
#[derive(Default)]
struct Fields {
    counter: Option<u32>,
    minor: Option<u64>,
    currency: Option<u64>,
    reference: Option<Text>,
    digest: Option<ReceiptDigest>,
    merchant: Option<Text>,
    till: Option<Text>,
    lines: Option<u32>,
    tax: Option<Vec<TaxLine>>,
}

impl Fields {
    fn read(&mut self, key: u64, offset: usize, cbor: &mut Reader<'_>) -> Result<(), OrderError> {
        match key {
            key::COUNTER => self.counter = Some(small(cbor.uint()?)?),
            key::AMOUNT => self.minor = Some(cbor.uint()?),
            key::CURRENCY => self.currency = Some(cbor.uint()?),
            key::REFERENCE => self.reference = Some(clean(cbor.text()?)?),
            key::DIGEST => {
                let bytes = cbor.bytes()?;
                let len = bytes.len();
                let digest = bytes
                    .try_into()
                    .map_err(|_len| OrderError::Digest { len })?;
                self.digest = Some(ReceiptDigest(digest));
            }
            key::MERCHANT => self.merchant = Some(clean(cbor.text()?)?),
            key::TILL => self.till = Some(clean(cbor.text()?)?),
            key::LINES => self.lines = Some(small(cbor.uint()?)?),
            key::TAX => self.tax = Some(tax(cbor)?),
            _ => {
                let fault = CborFault::Key;
                return Err(CborError { offset, fault }.into());
            }
        }
        Ok(())
    }

    fn into_order(self) -> Result<SealedOrder, OrderError> {
        let minor = required(self.minor, key::AMOUNT)?;
        let minor = i64::try_from(minor).map_err(|_beyond| OrderError::Amount)?;
        let numeric = required(self.currency, key::CURRENCY)?;
        let currency = u16::try_from(numeric).ok().and_then(Currency::from_numeric);
        let currency = currency.ok_or(OrderError::Currency { numeric })?;
        let order = SealedOrder {
            counter: required(self.counter, key::COUNTER)?,
            amount: Money::new(minor, currency),
            reference: required(self.reference, key::REFERENCE)?,
            digest: required(self.digest, key::DIGEST)?,
            merchant: self.merchant,
            till: self.till,
            lines: self.lines,
            tax: self.tax,
        };
        order.check()?;
        Ok(order)
    }
}

fn required<T>(field: Option<T>, key: u64) -> Result<T, OrderError> {
    field.ok_or(OrderError::Missing { key })
}

fn small(n: u64) -> Result<u32, OrderError> {
    u32::try_from(n).map_err(|_beyond| OrderError::Number { n })
}

/// Text that is already clean: a name with controls or bidi characters inside is refused, since
/// a signed name must not read otherwise than it is.
fn clean(raw: &str) -> Result<Text, OrderError> {
    let text = Text::clean(raw);
    if text.as_str() != raw {
        return Err(OrderError::UncleanText);
    }
    Ok(text)
}

fn tax(cbor: &mut Reader<'_>) -> Result<Vec<TaxLine>, OrderError> {
    let lines = usize::try_from(cbor.array()?).unwrap_or(usize::MAX);
    if lines > TAX_LINES_MAX {
        return Err(OrderError::TaxLines { lines });
    }
    let mut read_line = || {
        let here = cbor.error(CborFault::Type);
        if cbor.array()? != 2 {
            return Err(here.into());
        }
        let rate = small(cbor.uint()?)?;
        let minor = cbor.uint()?;
        Ok(TaxLine { rate, minor })
    };
    (0..lines).map(|_line| read_line()).collect()
}

/// Why there is no order in these bytes, or none to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Not deterministic CBOR, or not an order's.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// A required field is not there.
    #[error("find the order's field {key}")]
    Missing {
        /// Its key.
        key: u64,
    },
    /// Nothing, negative, or beyond 63 bits.
    #[error("take the amount: it must be from 1 to 2^63 - 1 minor units")]
    Amount,
    /// Not in ISO 4217.
    #[error("find currency {numeric} in ISO 4217")]
    Currency {
        /// Its numeric code.
        numeric: u64,
    },
    /// A counter, line count or rate beyond 32 bits.
    #[error("take the number {n}: it is beyond 32 bits")]
    Number {
        /// The number.
        n: u64,
    },
    /// A text too long for its field.
    #[error("take a text of {chars} characters: {max} is the most")]
    LongText {
        /// How long.
        chars: usize,
        /// How long it may be.
        max: usize,
    },
    /// Control, bidi or zero-width characters, or not NFC.
    #[error("take a text: it is not NFC, or has control or invisible characters")]
    UncleanText,
    /// Not 16 bytes.
    #[error("take the receipt digest: {len} bytes are not 16")]
    Digest {
        /// How many.
        len: usize,
    },
    /// Too many tax lines.
    #[error("take {lines} tax lines: {TAX_LINES_MAX} is the most")]
    TaxLines {
        /// How many.
        lines: usize,
    },
}
