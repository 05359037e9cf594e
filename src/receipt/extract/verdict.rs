//! Whether what was read can be asked of a payer. Every doubt has a name.

use super::super::layout::Page;
use super::currency::{Named, fits};
use super::number::Decimal;
use super::sums::{Against, Choice, Support};
use super::{Decision, Hints, Kind, Method, Reading};
use crate::money::{Currency, Money};
use crate::text::Text;

/// The longest order reference in characters (the sealed order's field).
pub const REFERENCE_CHARS_MAX: usize = 25;

/// What can be asked of a payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payable {
    /// How much.
    pub amount: Money,
    /// The shop's own number for it: the order number, else date and time; may be empty.
    pub reference: Text,
    /// Who sold, as printed or configured.
    pub merchant: Option<Text>,
    /// How sure the total is, in percent.
    pub confidence: u8,
}

/// Why a paper gets no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPayable {
    /// The paper is a picture; its words are not in the stream.
    #[error("picture-only: the receipt was sent as a picture")]
    PictureOnly,
    /// Not a sale.
    #[error("not-a-sale: it is {}", .0.phrase())]
    NotASale(Kind),
    /// Paid by card or wallet already.
    #[error("paid-otherwise: it was paid by card, voucher or another app")]
    PaidOtherwise,
    /// No amount is called a total.
    #[error("no-total: no amount is called a total")]
    NoTotal,
    /// Two amounts that could both be the total.
    #[error("two-totals: {0} and {1} could both be the total")]
    TwoTotals(Decimal, Decimal),
    /// The total contradicts another amount on the paper.
    #[error("does-not-add-up: the total is {total}, but {reason}")]
    DoesNotAddUp {
        /// The total as printed.
        total: Decimal,
        /// What contradicts it.
        reason: String,
    },
    /// The number's form allows two readings.
    #[error("doubtful-amount: {0} could be read in two ways")]
    DoubtfulAmount(Decimal),
    /// Nothing calls it a total, it only stands out.
    #[error("unlabelled-total: {0} stands where a total would, but nothing says so")]
    UnlabelledTotal(Decimal),
    /// Nothing to pay.
    #[error("zero-total: the total is zero")]
    ZeroTotal,
    /// The shop would owe.
    #[error("negative-total: the total is {0}")]
    NegativeTotal(Decimal),
    /// Neither the paper nor the configuration names a currency.
    #[error("no-currency: neither the receipt nor the configuration names a currency")]
    NoCurrency,
    /// The paper names another currency than the shop's, or two.
    #[error("currency-conflict: the receipt names {paper}, the shop counts in {shop}")]
    CurrencyConflict {
        /// What the paper says.
        paper: Text,
        /// What is configured.
        shop: Text,
    },
    /// The amount is no amount of this currency.
    #[error("not-an-amount: {amount} is no amount of {currency}")]
    NotAnAmount {
        /// As printed.
        amount: Decimal,
        /// The currency.
        currency: Currency,
    },
    /// The characters' encoding is not known well enough.
    #[error("doubtful-characters: the receipt's encoding is not certain")]
    DoubtfulCharacters,
    /// The receipt is longer than what is kept.
    #[error("too-long: the receipt has more lines than are read")]
    TooLong,
}

impl NotPayable {
    /// The reason's name: the first word of its message.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PictureOnly => "picture-only",
            Self::NotASale(_) => "not-a-sale",
            Self::PaidOtherwise => "paid-otherwise",
            Self::NoTotal => "no-total",
            Self::TwoTotals(..) => "two-totals",
            Self::DoesNotAddUp { .. } => "does-not-add-up",
            Self::DoubtfulAmount(_) => "doubtful-amount",
            Self::UnlabelledTotal(_) => "unlabelled-total",
            Self::ZeroTotal => "zero-total",
            Self::NegativeTotal(_) => "negative-total",
            Self::NoCurrency => "no-currency",
            Self::CurrencyConflict { .. } => "currency-conflict",
            Self::NotAnAmount { .. } => "not-an-amount",
            Self::DoubtfulCharacters => "doubtful-characters",
            Self::TooLong => "too-long",
        }
    }
}

pub(super) fn verdict(
    page: &Page,
    reading: &Reading,
    decision: &Decision,
    named: &Named,
    hints: &Hints,
    lone_groups: &[char],
) -> Result<Payable, NotPayable> {
    if page.lines.is_empty() {
        return Err(NotPayable::PictureOnly);
    }
    if page.clipped {
        return Err(NotPayable::TooLong);
    }
    if reading.kind.value != Kind::Sale {
        return Err(NotPayable::NotASale(reading.kind.value));
    }
    let choice = match decision {
        Decision::Total(choice) => choice,
        Decision::Two(a, b) => return Err(two(*a, *b, named, hints)),
        Decision::None if page.lines.len() < 3 && !page.pictures.is_empty() => {
            return Err(NotPayable::PictureOnly);
        }
        Decision::None => return Err(NotPayable::NoTotal),
    };
    sound(choice, reading)?;
    if page.doubtful_charset && choice.support.is_empty() {
        return Err(NotPayable::DoubtfulCharacters);
    }
    let currency = currency(named, hints)?;
    let grouped = choice.value.places() == 0 && choice.value.e4() >= 10_000_000;
    if grouped
        && lone_groups
            .iter()
            .any(|mark| decimal_mark(currency) == Some(*mark))
    {
        return Err(NotPayable::DoubtfulAmount(choice.value));
    }
    let amount = money(choice.value, currency)?;
    Ok(Payable {
        amount,
        reference: reference(reading),
        merchant: hints
            .merchant
            .clone()
            .or_else(|| reading.merchant.as_ref().map(|m| m.value.clone())),
        confidence: reading.total.as_ref().map_or(0, |t| t.confidence),
    })
}

/// Whether the total itself is beyond doubt.
/// Two totals, or one in two currencies.
fn two(a: Decimal, b: Decimal, named: &Named, hints: &Hints) -> NotPayable {
    match currency(named, hints) {
        Err(conflict @ NotPayable::CurrencyConflict { .. }) => conflict,
        _ => NotPayable::TwoTotals(a, b),
    }
}

fn sound(choice: &Choice, reading: &Reading) -> Result<(), NotPayable> {
    let total = choice.value;
    if total.e4() == 0 {
        return Err(NotPayable::ZeroTotal);
    }
    if total.e4() < 0 {
        return Err(NotPayable::NegativeTotal(total));
    }
    if let Some(against) = choice.against.first() {
        let reason = contradiction(against);
        return Err(NotPayable::DoesNotAddUp { total, reason });
    }
    let settled = |s: &Support| {
        matches!(
            s,
            Support::Items | Support::Subtotal { .. } | Support::Paid { .. }
        )
    };
    if choice.doubtful && !choice.support.iter().any(settled) {
        return Err(NotPayable::DoubtfulAmount(total));
    }
    let adds_up = choice.called && choice.support.iter().any(|s| matches!(s, Support::Items));
    if choice.rank == 0 && !adds_up {
        return Err(NotPayable::UnlabelledTotal(total));
    }
    match reading.method.as_ref().map(|m| m.value) {
        Some(Method::Card | Method::Wallet | Method::Voucher) => Err(NotPayable::PaidOtherwise),
        _ if choice.again => Err(NotPayable::PaidOtherwise),
        Some(Method::Cash) | None => Ok(()),
    }
}

fn contradiction(against: &Against) -> String {
    match against {
        Against::Items { sum } => format!("the items come to {sum}"),
        Against::Subtotal { subtotal } => format!("the subtotal is {subtotal}"),
        Against::Paid { paid, change } => format!("{paid} was paid and {change} given back"),
        Against::Short { paid } => format!("only {paid} was paid"),
        Against::Below { amount } => format!("{amount} below it changes what is to be paid"),
    }
}

/// The paper's currency when it names one; else the shop's, when the paper's mark fits it.
fn currency(named: &Named, hints: &Hints) -> Result<Currency, NotPayable> {
    let conflict = |paper: &str, shop: &str| NotPayable::CurrencyConflict {
        paper: Text::clean(paper),
        shop: Text::clean(shop),
    };
    if named.conflict {
        return Err(conflict(
            "two currencies",
            hints.currency.map_or("unknown", Currency::code),
        ));
    }
    match (named.certain, hints.currency) {
        (Some(paper), Some(shop)) if paper != shop => Err(conflict(paper.code(), shop.code())),
        (Some(paper), _) => Ok(paper),
        (None, Some(shop)) => match named.mark {
            Some(mark) if !fits(mark, shop) => Err(conflict("another mark", shop.code())),
            _ => Ok(shop),
        },
        (None, None) => Err(NotPayable::NoCurrency),
    }
}

/// The mark before the decimals where a currency is counted in hundredths and written one way:
/// `$1.234` may be a thousand dollars, or a price per litre (CLDR, number symbols of its locales).
fn decimal_mark(currency: Currency) -> Option<char> {
    const DOT: &[&str] = &[
        "USD", "GBP", "AUD", "CAD", "NZD", "SGD", "MYR", "HKD", "CNY", "INR", "THB", "PHP", "ILS",
        "CHF", "MXN", "TWD", "AED", "EGP",
    ];
    const COMMA: &[&str] = &["EUR", "BRL", "TRY", "PLN", "SEK", "NOK", "DKK", "CZK"];
    match currency.code() {
        code if DOT.contains(&code) => Some('.'),
        code if COMMA.contains(&code) => Some(','),
        _ => None,
    }
}

/// Minor units of the currency; decimals beyond them must be zero.
fn money(value: Decimal, currency: Currency) -> Result<Money, NotPayable> {
    let none = NotPayable::NotAnAmount {
        amount: value,
        currency,
    };
    let divisor = match currency.exponent() {
        0 => 10_000,
        1 => 1000,
        2 => 100,
        3 => 10,
        _ => 1,
    };
    if value.e4() % divisor != 0 {
        return Err(none);
    }
    Ok(Money::new(value.e4() / divisor, currency))
}

/// The order number, its last characters when it is too long; else date and time; else empty.
fn reference(reading: &Reading) -> Text {
    let of_date = || {
        reading
            .when
            .as_ref()
            .map(|w| Text::clean(&w.value.to_string()))
    };
    let full = reading
        .order
        .as_ref()
        .map(|o| o.value.clone())
        .or_else(of_date)
        .unwrap_or_default();
    let length = full.as_str().chars().count();
    let tail: String = full
        .as_str()
        .chars()
        .skip(length.saturating_sub(REFERENCE_CHARS_MAX))
        .collect();
    Text::clean(&tail)
}
