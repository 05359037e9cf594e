//! How a sale was paid: by what was handed over, or by a line that says so.
//!
//! Why lines without amounts count: `PAYMENT METHOD  VISA CARD` is all that many tills print of it,
//! and whoever pays such a receipt pays twice.

use super::rows::{Means, Role, Row, Rows};
use super::sums::Parts;
use super::{Field, Method, lexicon};

/// What stands before the way of payment, in comparable form.
const LABELS: &[&str] = &[
    "payment method",
    "payment type",
    "payment mode",
    "payment by",
    "mode of payment",
    "method of payment",
    "paid by",
    "paid with",
    "pay type",
    "zahlungsart",
    "zahlart",
    "bezahlt mit",
    "bezahlt per",
    "mode de paiement",
    "moyen de paiement",
    "mode de reglement",
    "paye par",
    "metodo di pagamento",
    "modalita di pagamento",
    "forma de pago",
    "metodo de pago",
    "medio de pago",
    "pagado con",
    "forma de pagamento",
    "meio de pagamento",
    "metodo de pagamento",
    "odeme sekli",
    "odeme tipi",
    "odeme turu",
    "metode pembayaran",
    "cara bayar",
    "dibayar dengan",
    "kaedah bayaran",
    "cara bayaran",
    "支付方式",
    "付款方式",
    "お支払方法",
    "お支払い方法",
    "支払方法",
    "결제방법",
    "결제수단",
    "결제방식",
    "วิธีชำระเงิน",
    "ชำระโดย",
    "ชำระด้วย",
];

/// How it was paid, as far as the paper says.
pub(super) fn method(parts: &Parts, rows: &Rows) -> Option<Field<Method>> {
    tendered(parts)
        .map(|method| Field::new(method, 85, None, "the label of what was paid"))
        .or_else(|| said(rows))
        .or_else(|| alone(rows))
}

fn tendered(parts: &Parts) -> Option<Method> {
    let has = |means: Means| parts.tendered.iter().any(|t| t.1 == means && t.0.e4() != 0);
    match () {
        () if has(Means::Card) => Some(Method::Card),
        () if has(Means::Wallet) => Some(Method::Wallet),
        () if has(Means::Voucher) => Some(Method::Voucher),
        () if has(Means::Cash) => Some(Method::Cash),
        () => None,
    }
}

/// `微信支付` below the total and nothing else in its line: tills print no more of it. Lines of what
/// a shop takes name several.
fn alone(rows: &Rows) -> Option<Field<Method>> {
    let total = rows
        .rows
        .iter()
        .position(|r| matches!(r.role, Some(Role::Total(2..))))?;
    let below = rows.rows.iter().skip(total + 1);
    let lone = |row: &&Row| {
        let others = lexicon::WALLET | lexicon::PAID | lexicon::PLAIN;
        row.numbers.is_empty() && row.flags & lexicon::WALLET != 0 && row.flags & !others == 0
    };
    let mut found = below.filter(lone);
    let first = found.next()?;
    let one = found.next().is_none() && !first.label.contains(' ');
    one.then(|| Field::new(Method::Wallet, 70, Some(first.line), "alone in its line"))
}

/// A line that names the one way; a line with several says what the shop takes.
fn said(rows: &Rows) -> Option<Field<Method>> {
    rows.rows.iter().find_map(|row| {
        let named = |flag| row.flags & flag != 0;
        let method = match [lexicon::CARD, lexicon::WALLET, lexicon::CASH].map(named) {
            [true, false, false] => Method::Card,
            [false, true, false] => Method::Wallet,
            [false, false, true] => Method::Cash,
            _ => return None,
        };
        let rest = |label: &&str| row.label.trim().strip_prefix(*label);
        let rest = LABELS.iter().find_map(rest)?;
        // "Payment methods: ..." is another line.
        if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        Some(Field::new(method, 80, Some(row.line), "as the paper says"))
    })
}
