//! How a sale was paid: by what was handed over, or by a line that says so.
//!
//! Why lines without amounts count: `PAYMENT METHOD  VISA CARD` is all that many tills print of it,
//! and whoever pays such a receipt pays twice.

use super::rows::{Means, Role, Row, Rows};
use super::sums::Parts;
use super::written::Written;
use super::{Field, Method, lexicon, number};
use hashbrown::HashSet;
use std::sync::LazyLock;

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
    "regle par",
    "regle en",
    "paye en",
    "betaald met",
    "paid via",
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

/// What stands before the way of payment when a colon follows it.
const BEFORE_COLON: &[&str] = &[
    "payment",
    "payments",
    "tender",
    "tendered",
    "tender type",
    "method",
    "paid",
    "type de paiement",
    "reglement",
    "paiement",
    "zahlung",
    "bezahlung",
    "pagamento",
    "pago",
    "odeme",
    "betaalwijze",
    "betaling",
    "betaald met",
    "betaald",
    "pembayaran",
    "bayaran",
    "bayar",
    "支付",
    "付款",
    "支付类型",
    "付款类型",
    "お支払",
    "お支払い",
    "支払",
    "결제",
    "ชำระ",
];

/// What only a card terminal says of a sale, at the start of a line without an amount.
const APPROVED: &[&str] = &[
    "auth code",
    "auth no",
    "auth",
    "authorization",
    "authorisation",
    "authcode",
    "approval",
    "approval code",
    "appr code",
    "app code",
    "approved",
    "transaction approved",
    "card approved",
    "aid",
    "aprobado",
    "operacion aceptada",
    "autorizacion",
    "autorisation",
    "autorizzazione",
    "genehmigung",
    "genehmigungsnr",
    "genehmigungs",
    "transaktion genehmigt",
    "zahlung erfolgt",
    "paiement accepte",
    "transaction acceptee",
    "transazione eseguita",
    "transazione approvata",
    "pagamento approvato",
    "transacao aprovada",
    "aprovado",
    "akkoord",
    "transactie akkoord",
    "onay kodu",
    "provizyon",
    "transakcja przyjeta",
    "承認番号",
    "授权码",
    "授权号",
    "授權碼",
    "승인번호",
    "카드결제 완료",
    "카드결제완료",
];

/// [`APPROVED`], as it is looked up for every line.
static CODES: LazyLock<HashSet<&str>> = LazyLock::new(|| APPROVED.iter().copied().collect());

/// What a card is that pays nothing.
const MEMBERS: &[&str] = &[
    "member",
    "loyalty",
    "bonus",
    "point",
    "punkt",
    "punt",
    "club",
    "customer",
    "kunden",
    "klant",
    "fidel",
    "会员",
    "會員",
    "会員",
    "ポイント",
    "포인트",
    "회원",
    "สมาชิก",
    "phone",
    "tel",
    "mobile",
];

/// How it was paid, as far as the paper says.
pub(super) fn method(parts: &Parts, rows: &Rows, lines: &[Written<'_>]) -> Option<Field<Method>> {
    tendered(parts)
        .map(|method| Field::new(method, 85, None, "the label of what was paid"))
        .or_else(|| said(rows))
        .or_else(|| alone(rows))
        .or_else(|| approved(rows, lines))
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
        is_said(&row.label).then(|| Field::new(method, 80, Some(row.line), "as the paper says"))
    })
}

/// Whether a label says how it was paid, behind an amount or not.
fn is_said(label: &str) -> bool {
    // "Payment methods: ..." is another line.
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphabetic());
    let stands = |words: &str| {
        let (before, rest) = label.split_once(words)?;
        let apart = before.is_empty() || before.ends_with(' ') || !words.is_ascii();
        (apart && ends(rest)).then_some(())
    };
    let before_colon = || {
        let (before, rest) = label.split_once(':')?;
        let one = rest.split_whitespace().count() <= 3;
        (one && BEFORE_COLON.contains(&before.trim_end())).then_some(())
    };
    LABELS
        .iter()
        .find_map(|words| stands(words))
        .or_else(before_colon)
        .is_some()
}

/// A card's number with its middle left out, or the code that a card terminal got for it.
fn approved(rows: &Rows, lines: &[Written<'_>]) -> Option<Field<Method>> {
    let field = |line| Field::new(Method::Card, 75, Some(line), "what a card terminal says");
    let coded = |row: &&Row| {
        let label = row.label.split(':').next().unwrap_or_default().trim();
        let label = label.trim_end_matches(['.', '#', ' ']);
        CODES.contains(label) && !row.numbers.iter().any(number::Number::is_money)
    };
    let masked = |row: &&Row| {
        let text = || lines.get(row.line).map_or("", Written::text);
        let card = row.flags & lexicon::CARD != 0 && row.numbers.len() <= 2;
        card && is_masked(text()) && !MEMBERS.iter().any(|word| row.label.contains(word))
    };
    let found = rows.rows.iter().find(coded);
    found
        .or_else(|| rows.rows.iter().find(masked))
        .map(|row| field(row.line))
}

/// `****1002`, `622202******3321`: at least four signs in a row, and digits behind them.
fn is_masked(text: &str) -> bool {
    let sign = |b: u8| matches!(b, b'*' | b'x' | b'X' | b'#');
    let bytes: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    bytes.windows(5).any(|five| {
        let (signs, digit) = five.split_at(4);
        let all = signs.iter().all(|b| sign(*b));
        all && digit.iter().all(u8::is_ascii_digit)
    })
}
