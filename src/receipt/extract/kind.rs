//! What kind of paper this is: only a sale can be paid.
//!
//! A word decides only where it titles the paper or a part of it (a short line, a big one, one
//! between asterisks): "NO CASH REFUND" in the small print makes no refund.

use super::number::Number;
use super::rows::{Role, Row, Rows};
use super::titles::{self, Bits, titles};
use super::written::Written;

/// What a paper is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A sale, a bill, a guest check.
    Sale,
    /// What the kitchen or bar is to make.
    Kitchen,
    /// A report of the till: X, Z, shift.
    Report,
    /// A sale that was cancelled.
    Void,
    /// Money given back.
    Refund,
    /// A sale printed again.
    Copy,
    /// Not a real sale.
    Training,
    /// What a card terminal prints.
    CardSlip,
    /// A sale that says it has been paid.
    AlreadyPaid,
    /// What something would cost, or what is delivered: an offer, an estimate, a delivery note.
    Quote,
}

impl Kind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Kitchen => "kitchen ticket",
            Self::Report => "report",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Copy => "copy",
            Self::Training => "training",
            Self::CardSlip => "card slip",
            Self::AlreadyPaid => "already paid",
            Self::Quote => "quote",
        }
    }

    /// What "it is" goes on with: `a card slip`, `already paid`.
    pub(super) fn phrase(self) -> String {
        match self {
            Self::AlreadyPaid => self.word().to_owned(),
            _ => format!("a {}", self.word()),
        }
    }
}

/// The kind of a paper, with the line that says so. Where arithmetic proves a line to be the
/// change, it says no kind: `Devolución 0,28` is money given back, too.
pub(super) fn kind(
    lines: &[Written<'_>],
    rows: &Rows,
    has_total: bool,
    has_items: bool,
    change: Option<usize>,
) -> (Kind, Option<usize>) {
    let of = |(at, line)| match titles(line) {
        0 => 0,
        _ if Some(at) == change => 0,
        said => said & !of_the_sale(at, rows),
    };
    let said: Vec<Bits> = lines.iter().enumerate().map(of).collect();
    let found = titles::kinds().find_map(|(kind, bit)| {
        let line = said.iter().position(|bits| bits & bit != 0)?;
        (!(bit == titles::KITCHEN_NAME && has_total)).then_some((kind, line))
    });
    match found {
        // A slip's "customer copy" may stand on any receipt; approval codes make it a slip.
        Some((Kind::CardSlip, line)) if is_copy_mark(lines.get(line)) && !has_approval(lines) => {
            (Kind::Sale, None)
        }
        Some((kind, line)) => (kind, Some(line)),
        None if !has_items && has_approval(lines) && is_slip(lines) => (Kind::CardSlip, None),
        None => match received(lines) {
            Some(line) => (Kind::AlreadyPaid, Some(line)),
            None => (Kind::Sale, None),
        },
    }
}

/// The kinds that a line does not say because it is a part of the sale: `PAID 10.00` above the
/// change, `Angebot -0,30`, `VOID` above an item that is taken off again.
fn of_the_sale(at: usize, rows: &Rows) -> Bits {
    let Some(row) = rows.rows.get(at) else {
        return 0;
    };
    let amount = |row: &&Row| row.numbers.iter().any(Number::is_money);
    let negative = |row: &Row| {
        let total = matches!(row.role, Some(Role::Total(_)));
        !total && row.numbers.iter().any(|n| n.is_money() && n.value.e4() < 0)
    };
    let mut bits = 0;
    if !row.numbers.is_empty() && row.numbers.iter().all(|n| n.value.e4() == 0) {
        // `Refunds 0`: there was none.
        bits |= [Kind::Void, Kind::Refund, Kind::AlreadyPaid]
            .into_iter()
            .fold(0, |bits, kind| bits | titles::bits(kind));
    }
    if amount(&row) {
        if rows.rows.iter().any(|r| r.role == Some(Role::Change)) {
            bits |= titles::bits(Kind::AlreadyPaid);
        }
        bits |= titles::bits(Kind::Quote);
    }
    let sold = || rows.rows.iter().take(at).filter(|r| r.role.is_none());
    let taken_off = negative(row) || rows.rows.get(at + 1).is_some_and(negative);
    if taken_off && sold().any(|row| amount(&row)) {
        bits |= titles::bits(Kind::Void) | titles::bits(Kind::Refund);
    }
    bits
}

/// Whether a line titles a paper of this kind.
pub(super) fn is_title(line: &Written<'_>, kind: Kind) -> bool {
    titles(line) & titles::bits(kind) != 0
}

/// The numbers that only a card terminal prints.
fn is_slip(lines: &[Written<'_>]) -> bool {
    const WORDS: &[&str] = &[
        "slip",
        "seq",
        "card",
        "terminal id",
        "tid",
        "mid",
        "batch",
        "trace",
        "rrn",
        "aid:",
        "カード",
        "카드",
        "会員番号",
        "karte",
        "carte",
        "tarjeta",
    ];
    let text: Vec<String> = lines.iter().map(|l| l.text().to_lowercase()).collect();
    WORDS
        .iter()
        .filter(|w| text.iter().any(|t| t.contains(*w)))
        .count()
        >= 2
}

fn is_copy_mark(line: Option<&Written<'_>>) -> bool {
    const MARKS: &[&str] = &[
        "copy",
        "kundenbeleg",
        "ticket client",
        "via cliente",
        "copia cliente",
    ];
    line.is_some_and(|l| MARKS.iter().any(|mark| l.normal.contains(mark)))
}

fn has_approval(lines: &[Written<'_>]) -> bool {
    lines.iter().any(|l| {
        let lower = l.text().to_lowercase();
        [
            "approval",
            "appr code",
            "auth code",
            "app code",
            "auth no",
            "承認番号",
            "승인번호",
            "genehmigung",
            "autorisation",
            "autorizacion",
            "cardholder",
        ]
        .iter()
        .any(|w| lower.contains(w))
    })
}

/// A formal acknowledgement that the money has been received.
fn received(lines: &[Written<'_>]) -> Option<usize> {
    // Only "thanks" and "dankend" say it in ASCII.
    let may = |text: &str| !text.is_ascii() || text.contains("ank");
    lines
        .iter()
        .map(|line| line.normal.as_str())
        .position(|text| {
            may(text)
                && [
                    "正に領収",
                    "正に受領",
                    "paid with thanks",
                    "received with thanks",
                    "betrag dankend erhalten",
                ]
                .iter()
                .any(|w| text.contains(w))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::layout::layout;
    use crate::receipt::tokens::Dialect;

    fn of(text: &str) -> Kind {
        let pages = layout(text.as_bytes(), Dialect::Plain, None);
        let lines = Written::of(&pages[0].lines);
        kind(&lines, &Rows::of(&lines, false), true, true, None).0
    }

    #[test]
    fn titles_decide_and_small_print_does_not() {
        for (text, expected) in [
            ("Shop\n*** REFUND ***\nTotal 5.00", Kind::Refund),
            ("Shop\nSTRICTLY NO CASH REFUND.\nTotal 5.00", Kind::Sale),
            ("Shop\nOPERATOR TRAINEE CASHIER\n", Kind::Sale),
            ("TRAINING MODE\nTotal 5.00", Kind::Training),
            ("Z-REPORT 00012\nTotal 5.00", Kind::Report),
            ("CREDIT CARD RECEIPT\nAMOUNT 5.00", Kind::CardSlip),
            ("Cafe\nTOTAL 7.30\nPAID - CARD\n", Kind::AlreadyPaid),
            ("Shop\nVOID\nTotal 5.00", Kind::Void),
            ("*** REPRINT ***\nTotal 5.00", Kind::Copy),
            ("Laden\nSTORNO\nSumme 5,00", Kind::Void),
            ("CUSTOMER'S COPY\nTotal 5.00", Kind::Sale),
            ("退款单\n合计 5.00", Kind::Refund),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn a_title_may_have_more_words_than_one() {
        for (title, expected) in [
            ("REFUND 00012", Kind::Refund),
            ("TAX INVOICE - REFUND", Kind::Refund),
            ("GUTSCHRIFT NR. 12", Kind::Refund),
            ("RETOURE zu Bon 4411", Kind::Refund),
            ("销售退回单", Kind::Refund),
            ("결제취소", Kind::Refund),
            ("NOTA DE CRÉDITO NC 1/12", Kind::Refund),
            ("KREDITNOTA", Kind::Refund),
            ("ВОЗВРАТ ПРИХОДА", Kind::Refund),
            ("VOIDED SALE", Kind::Void),
            ("TICKET ANNULE N12", Kind::Void),
            ("GEANNULEERD", Kind::Void),
            ("TICKET ANNULÉ N° 12", Kind::Void),
            ("取引中止", Kind::Void),
            ("** KOPIE / DUPLIKAT **", Kind::Copy),
            ("COPY 2 OF 2", Kind::Copy),
            ("第2次打印", Kind::Copy),
            ("TRAINING MODE - NOT A VALID RECEIPT", Kind::Training),
            ("SCHULUNGSMODUS", Kind::Training),
            ("DOCUMENTO SEM VALOR", Kind::Training),
            ("УЧЕБНЫЙ РЕЖИМ", Kind::Training),
            ("Re-printed 24/11", Kind::Copy),
            ("COPIA - NO VALIDO", Kind::Copy),
            ("SERVER CHECKOUT", Kind::Report),
            ("DELIVERY NOTE 12", Kind::Quote),
            ("PAID IN FULL", Kind::AlreadyPaid),
            ("TEST RECEIPT", Kind::Training),
            ("Z READ 0412", Kind::Report),
            ("CASHIER CLOSING", Kind::Report),
            ("营业日报", Kind::Report),
            ("PRO FORMA", Kind::Quote),
            ("PAID 24/11/2026", Kind::AlreadyPaid),
            ("PAID ONLINE - DO NOT CHARGE", Kind::AlreadyPaid),
            ("Payment status: PAID", Kind::AlreadyPaid),
            ("支付状态:已支付", Kind::AlreadyPaid),
            ("已結帳", Kind::AlreadyPaid),
            ("ชำระเงินเรียบร้อย", Kind::AlreadyPaid),
        ] {
            let text = format!("Shop\n{title}\nTea 5.00\nTotal 5.00");
            assert_eq!(of(&text), expected, "{title}");
        }
    }

    #[test]
    fn a_word_of_the_sale_or_its_small_print_is_no_title() {
        for line in [
            "NO REFUND WITHOUT RECEIPT",
            "NO EXCHANGE NO REFUND",
            "REFUNDS 0",
            "반품 0",
            "BELUM LUNAS",
            "NOT PAID",
            "未结账",
            "退货退款请凭小票",
            "返品はレシートをお持ちください",
            "Closing time 22:00",
            "Test Strips 2.50",
            "Kopi O\n  12.00 x 1   12.00",
            "Formation Excel 2.50",
            "PAID      $10.00\nChange     $5.00",
            "PAID      $0.00",
            "Angebot      -0,30",
        ] {
            let text = format!("Shop\nTea 5.00\nTotal 5.00\n{line}");
            assert_eq!(of(&text), Kind::Sale, "{line}");
        }
        let taken_off = "Shop\nTea 5.00\nHammer 18.99\n** VOID **\nHammer -18.99\nTotal 5.00";
        assert_eq!(of(taken_off), Kind::Sale);
        let whole = "Shop\n** VOID **\nHammer -18.99\nTotal -18.99";
        assert_eq!(of(whole), Kind::Void);
    }
}
