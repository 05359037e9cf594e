//! The paid slip: what the shop's printer says when the money has arrived.

use super::super::charset::Charset;
use super::super::profile::Profile;
use super::sheet::Sheet;
use crate::money::Money;
use crate::text::Text;
use crate::time::Time;

/// What a paid slip says.
#[derive(Clone, Debug)]
pub struct PaidSlip {
    /// The shop.
    pub merchant: Text,
    /// What was paid.
    pub amount: Money,
    /// The shop's order reference.
    pub reference: Text,
    /// The payer's bank.
    pub bank: Text,
    /// When it was paid.
    pub at: Time,
}

/// The slip as ESC/POS bytes for this printer. Its text reads as "already paid", so that a slip
/// that comes back through a terminal gets no code.
pub fn paid_slip(slip: &PaidSlip, profile: &Profile) -> Vec<u8> {
    let texts = [&slip.merchant, &slip.reference, &slip.bank];
    let charset = charset_for(&texts, profile);
    let mut sheet = Sheet::new(usize::from(profile.columns), charset);
    sheet.centre(slip.merchant.as_str(), true);
    sheet.text("");
    sheet.strong(true);
    sheet.centre("PAID", true);
    sheet.strong(false);
    sheet.columns("Amount", &slip.amount.to_string());
    sheet.columns("Order", slip.reference.as_str());
    sheet.columns("Paid by", slip.bank.as_str());
    let (year, month, day, hour, minute, second, _) = slip.at.civil();
    sheet.columns(
        "Time",
        &format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z"),
    );
    sheet.end(profile.cutter)
}

/// The first charset of this printer that has every character.
fn charset_for(texts: &[&Text], profile: &Profile) -> Charset {
    let own = profile.multibyte.map(|m| m.charset);
    let candidates = [
        Some(Charset::Page(profile.default_page)),
        own,
        Some(Charset::Page(858)),
        Some(Charset::Page(1252)),
    ];
    let has_all = |charset: &Charset| {
        texts.iter().all(|text| {
            let mut back = String::new();
            charset.decode(&charset.encode(text.as_str()), 0, &mut back);
            back == text.as_str()
        })
    };
    candidates
        .into_iter()
        .flatten()
        .find(has_all)
        .or(own)
        .unwrap_or(Charset::Page(437))
}

#[cfg(test)]
mod tests {
    use super::super::super::{Hints, Kind, read};
    use super::*;
    use crate::money::Currency;

    #[test]
    fn a_slip_reads_as_already_paid() {
        let slip = PaidSlip {
            merchant: Text::clean("老王面馆"),
            amount: Money::new(7900, Currency::CNY),
            reference: Text::clean("20260504-7"),
            bank: Text::clean("North Bank"),
            at: Time::from_seconds(1_780_000_000),
        };
        let profile = Profile::named("gbk-80mm").unwrap();
        let papers = read(
            &paid_slip(&slip, &profile),
            Some(&profile),
            &Hints::default(),
        )
        .unwrap();
        assert_eq!(papers[0].reading.kind.value, Kind::AlreadyPaid);
        assert!(papers[0].text().contains("老王面馆") && papers[0].text().contains("79.00 CNY"));
    }
}
