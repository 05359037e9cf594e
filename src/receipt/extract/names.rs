//! Who sold, and under which number: merchant and order reference.

use super::super::layout::Line;
use super::lexicon;
use super::rows::{Rows, role};
use super::when::When;
use crate::text::Text;
use hashbrown::HashMap;
use std::sync::LazyLock;

/// How many lines from the top are the heading.
const HEADING_LINES_MAX: usize = 8;
/// How many more lines a name may run on over.
const NAME_LINES_MAX: usize = 3;

/// How strong a label must be to count in the middle of a line ("GST ID NO" ends in one that is
/// not).
const STRONG: u8 = 4;

/// Words that title a paper and name nobody.
const TITLES: &[&str] = &[
    "tax invoice",
    "simplified tax invoice",
    "invoice",
    "receipt",
    "sales receipt",
    "cash receipt",
    "cash bill",
    "cash sales",
    "cash sale",
    "welcome",
    "bill",
    "guest check",
    "official receipt",
    "order receipt",
    "rechnung",
    "quittung",
    "kassenbon",
    "facture",
    "ticket",
    "ticket de caisse",
    "recu",
    "scontrino",
    "documento commerciale",
    "ricevuta",
    "factura",
    "factura simplificada",
    "recibo",
    "nota fiscal",
    "fis",
    "struk",
    "nota",
    "resit",
    "领收证",
    "領収書",
    "領収証",
    "レシート",
    "영수증",
    "收据",
    "结账单",
    "消费单",
    "结帐单",
    "收银小票",
    "打印测试",
    "test",
    "copy",
    "duplicate",
    "reprint",
    "new order",
    "account's copy",
    "customer's copy",
    "customer copy",
    "merchant copy",
    "credit card receipt",
    "delivery order",
    "kitchen",
    "お買上票",
    "ใบเสร็จ",
    "ใบเสร็จรับเงิน",
    "ใบกำกับภาษี",
    "ใบกำกับภาษีอย่างย่อ",
    "受付票",
    "pos receipt",
    "thank you",
    "willkommen",
    "bienvenue",
    "benvenuti",
    "bienvenidos",
    "selamat datang",
    "新規",
    "お会計票",
    "御会計票",
    "クレジットカード売上票",
    "お買上げ明細",
    "smart receipt",
    "sale",
    "cash",
    "tax invoice / adjustment note",
    "vat invoice",
    "retail invoice",
    "order",
    "proforma",
    "pro forma",
    "estimate",
    "check",
    "original",
    "void",
    "refund",
    "training",
];

/// Endings by which a company is known.
const COMPANIES: &[&str] = &[
    "sdn bhd",
    "sdn. bhd.",
    "sdn bhd.",
    "sdn.bhd.",
    "sdn. bhd",
    "s/b",
    "gmbh",
    "ltd",
    "ltd.",
    "inc",
    "inc.",
    "llc",
    "pte ltd",
    "s.r.l.",
    "srl",
    "s.a.",
    "s.l.",
    "s.l",
    "co.",
    "corp",
    "corp.",
    "plc",
    "bv",
    "b.v.",
    "ag",
    "kg",
    "ohg",
    "sarl",
    "sas",
    "lda",
    "ltda",
    "a.s.",
    "a.ş.",
    "tbk",
    "bhd",
    "enterprise",
    "trading",
    "pty ltd",
    "& co",
    "e.k.",
    "株式会社",
    "有限公司",
    "주식회사",
    "จำกัด",
];

/// The merchant: the line and the name.
pub(super) fn merchant(lines: &[Line], rows: &Rows) -> Option<(usize, Text)> {
    let top = lines.iter().enumerate().take(HEADING_LINES_MAX);
    // The heading ends where things are sold or numbered.
    let ends = |l: &Line, i: usize| {
        let sold = rows.rows.get(i).is_some_and(|r| {
            let priced = r
                .numbers
                .iter()
                .any(|n| n.mark.is_some() || (n.value.places() == 2 && !n.code && !n.percent));
            let columns =
                r.flags & lexicon::COUNT != 0 && r.flags & (lexicon::AMOUNT | lexicon::NAME) != 0;
            priced || (columns && r.numbers.is_empty())
        });
        sold || order_value(l.text.as_str()).is_some()
    };
    let mut top: Vec<(usize, &Line)> = top.take_while(|(i, l)| *i == 0 || !ends(l, *i)).collect();
    top.retain(|(i, l)| is_name(l, *i, rows));
    let heading = || top.iter().copied();
    let shop = || lines.iter().position(|l| is_company(l) || is_shop(l));
    if heading().all(|(_, l)| is_sentence(l)) {
        let at = shop()?;
        let name = without_registration(lines.get(at)?.text.as_str());
        return Some((at, Text::clean(name.trim())));
    }
    let biggest = heading().map(|(_, l)| area(l)).max()?;
    let first = heading().next().map(|(_, l)| area(l));
    let company = heading()
        .take(4)
        .find(|(_, l)| is_company(l))
        .map(|(i, _)| i);
    let (start, _) = heading()
        .filter(|(_, l)| !is_sentence(l))
        .find(|(i, l)| match company {
            _ if biggest > 1 && first != Some(biggest) => area(l) == biggest,
            Some(at) => continues(lines, *i, at, rows),
            None => true,
        })?;
    let name = joined(lines, start, rows);
    let name = without_registration(&name);
    (!name.is_empty()).then(|| (start, Text::clean(&name)))
}

fn area(line: &Line) -> u8 {
    line.size.0.saturating_mul(line.size.1)
}

/// Whether the name that begins at `from` reaches the company's ending at `to` without a break.
fn continues(lines: &[Line], from: usize, to: usize, rows: &Rows) -> bool {
    from == to
        || (to - from < NAME_LINES_MAX
            && (from..=to).all(|i| {
                lines
                    .get(i)
                    .is_some_and(|l| is_name(l, i, rows) && !lexical_end(l))
            }))
        || (from < to && to - from <= 1)
}

/// A line that ends a name by itself.
fn lexical_end(line: &Line) -> bool {
    line.text.as_str().contains(',')
}

fn is_company(line: &Line) -> bool {
    let lower = line.text.as_str().to_lowercase();
    let bare = without_registration(lower.trim());
    let last = COMPANIES
        .iter()
        .any(|c| bare.ends_with(c) && bare.len() >= c.len());
    let starts = ["株式会社", "주식회사", "(주)", "㈜"]
        .iter()
        .any(|c| bare.starts_with(c));
    (last || starts) && !lower.contains("owned by") && !lower.contains("operated by")
}

/// A shop by the last character of its name.
fn is_shop(line: &Line) -> bool {
    let text = line.text.as_str().trim();
    text.chars().count() <= 20
        && ["店", "屋", "堂", "楼", "館", "馆", "점"]
            .iter()
            .any(|end| text.ends_with(end))
}

/// A sentence, or a name with a form of address behind it: not the shop.
fn is_sentence(line: &Line) -> bool {
    let text = line.text.as_str().trim();
    text.contains('、') || text.ends_with(['。', '様'])
}

/// A line that is drawn: one character makes most of it.
fn is_rule(text: &str) -> bool {
    let chars: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    let runs = chars
        .chunk_by(|a, b| a == b)
        .map(<[char]>::len)
        .max()
        .unwrap_or(0);
    runs >= 6 && runs * 10 >= chars.len() * 7
}

fn is_name(line: &Line, at: usize, rows: &Rows) -> bool {
    let text = line.text.as_str().trim();
    let lower = lexicon::normal(text);
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rule = text.chars().all(|c| !c.is_alphanumeric()) || is_rule(text);
    let title = TITLES
        .iter()
        .any(|t| bare == *t || bare == t.replace(' ', ""));
    let noise = [
        "error",
        "warning:",
        "tel",
        "phone",
        "fax",
        "http",
        "www",
        "gst id",
        "gst no",
        "gst reg",
        "vat",
        "cashier",
        "table",
        "date",
        "time",
        "welcome to",
        "대표",
        "主소",
    ];
    let noisy = noise
        .iter()
        .any(|n| bare.starts_with(n) || (bare.contains(n) && *n == "error"))
        || bare == "illegalmediasource";
    let labelled = rows.rows.get(at).is_some_and(|r| {
        let digits = text.chars().any(|c| c.is_ascii_digit());
        let named =
            r.flags & (lexicon::NAME | lexicon::ASIDE) != 0 && r.flags & lexicon::OTHER == 0;
        digits
            && (named
                || (!r.numbers.is_empty()
                    && role(r.flags).is_some()
                    && r.flags & lexicon::OTHER == 0))
    });
    let order = order_value(text).is_some();
    letters >= 2
        && !rule
        && !title
        && !noisy
        && !labelled
        && !order
        && digits * 2 <= letters + digits
        && When::read(text, false).is_none()
}

/// The name from `start` on: lines of the same size, open parentheses and company endings join.
fn joined(lines: &[Line], start: usize, rows: &Rows) -> String {
    let text = |i: usize| lines.get(i).map_or("", |l| l.text.as_str().trim());
    let mut name = text(start).to_owned();
    let mut at = start;
    while at + 1 < lines.len() && at - start < NAME_LINES_MAX {
        let (here, next) = (lines.get(at), lines.get(at + 1));
        let (Some(here), Some(next)) = (here, next) else {
            break;
        };
        let open = name.matches('(').count() > name.matches(')').count();
        let large = area(next) == area(here)
            && area(here) > 1
            && here.align == next.align
            && is_name(next, at + 1, rows);
        let ending = (at + 1..=at + 2).any(|i| {
            lines.get(i).is_some_and(|l| {
                is_company(l)
                    && !l.text.as_str().contains(',')
                    && l.text.as_str().chars().filter(char::is_ascii_digit).count() < 4
            })
        });
        let company = ending
            && !is_company(here)
            && area(here) == area(next)
            && is_name(next, at + 1, rows)
            && !lexical_end(here);
        if !(open || large || company) {
            break;
        }
        name.push(' ');
        name.push_str(next.text.as_str().trim());
        at += 1;
    }
    name
}

/// A name without registration numbers: `(519537-X)` behind it, `#000002` before it.
fn without_registration(name: &str) -> String {
    let mut out = name.trim();
    if let Some(open) = out.rfind('(') {
        let inner = out.get(open..).unwrap_or("");
        let digits = inner.chars().filter(char::is_ascii_digit).count();
        if digits >= 3 && digits * 2 >= inner.chars().filter(|c| c.is_alphanumeric()).count() {
            out = out.get(..open).unwrap_or(out).trim_end();
        }
    }
    if let Some(rest) = out.strip_prefix('#') {
        let rest = rest
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim_start();
        if rest.chars().any(char::is_alphabetic) {
            out = rest;
        }
    }
    let framed = |c: char| {
        matches!(
            c,
            '*' | '=' | '-' | '_' | '|' | '│' | '~' | '<' | '>' | ' ' | '\u{FFFD}' | '.'
        )
    };
    out.trim_start_matches(framed)
        .trim_end_matches(|c| framed(c) && c != '.')
        .to_owned()
}

/// Labels of order and receipt numbers; the first of a list is the strongest.
const ORDERS: &[(&str, u8)] = &[
    ("order no", 9),
    ("order number", 9),
    ("order #", 9),
    ("order id", 9),
    ("order", 8),
    ("receipt no", 7),
    ("receipt number", 7),
    ("receipt #", 7),
    ("receipt id", 7),
    ("receipt", 5),
    ("rcpt no", 7),
    ("rcpt", 6),
    ("invoice no", 7),
    ("invoice number", 7),
    ("invoice #", 7),
    ("invoice", 5),
    ("inv no", 7),
    ("inv #", 7),
    ("bill no", 7),
    ("bill number", 7),
    ("bill #", 7),
    ("bill", 4),
    ("check no", 6),
    ("check #", 6),
    ("check", 4),
    ("chk", 5),
    ("ticket no", 6),
    ("ticket #", 6),
    ("ticket", 4),
    ("slip no", 5),
    ("slip #", 5),
    ("doc no", 6),
    ("document no", 6),
    ("transaction no", 4),
    ("transaction id", 4),
    ("transaction #", 4),
    ("transaction", 3),
    ("trans no", 4),
    ("trans #", 4),
    ("trans", 3),
    ("trx", 3),
    ("txn", 3),
    ("sale no", 5),
    ("sale #", 5),
    ("cash inv no", 7),
    ("taxinv", 5),
    ("ref no", 3),
    ("ref", 2),
    ("no", 1),
    ("rechnung nr", 8),
    ("rechnungsnummer", 8),
    ("rechnungs nr", 8),
    ("rechnungsnr", 8),
    ("rechnung", 6),
    ("bon nr", 7),
    ("bonnr", 7),
    ("bon", 5),
    ("beleg nr", 7),
    ("belegnummer", 7),
    ("beleg", 5),
    ("bestellung", 8),
    ("bestellnr", 8),
    ("bestell nr", 8),
    ("facture n", 8),
    ("facture no", 8),
    ("facture", 6),
    ("commande n", 9),
    ("commande", 8),
    ("ticket n", 6),
    ("n ticket", 6),
    ("note n", 5),
    ("scontrino n", 7),
    ("documento n", 7),
    ("doc n", 6),
    ("ordine", 8),
    ("ordine n", 8),
    ("fattura n", 8),
    ("ricevuta n", 7),
    ("pedido", 8),
    ("pedido n", 9),
    ("factura n", 8),
    ("factura", 6),
    ("ticket num", 6),
    ("recibo n", 7),
    ("fatura n", 8),
    ("comanda", 7),
    ("cupom", 6),
    ("extrato no", 6),
    ("fis no", 8),
    ("siparis no", 9),
    ("siparis", 8),
    ("adisyon no", 8),
    ("belge no", 7),
    ("no struk", 8),
    ("no nota", 8),
    ("no order", 9),
    ("no pesanan", 9),
    ("no transaksi", 7),
    ("no faktur", 8),
    ("struk", 5),
    ("no resit", 8),
    ("no invois", 8),
    ("resit", 5),
    ("no bil", 7),
    ("nota", 4),
    ("order ref", 8),
    ("bestelling", 8),
    ("bonnummer", 7),
    ("订单编号", 9),
    ("订单号", 9),
    ("单号", 8),
    ("小票号", 7),
    ("流水号", 6),
    ("账单号", 7),
    ("交易号", 5),
    ("取餐号", 5),
    ("订单", 7),
    ("單號", 8),
    ("訂單編號", 9),
    ("訂單", 8),
    ("小票单号", 8),
    ("票号", 6),
    ("单据号", 8),
    ("销售单号", 8),
    ("交易序号", 5),
    ("收据号", 7),
    ("账单编号", 7),
    ("单据编号", 8),
    ("流水", 5),
    ("伝票番号", 7),
    ("伝票no", 7),
    ("伝票", 6),
    ("注文番号", 9),
    ("レシート番号", 7),
    ("領収書番号", 7),
    ("レシートno", 7),
    ("取引番号", 5),
    ("オーダー", 7),
    ("レシート", 5),
    ("会計番号", 7),
    ("伝票no.", 7),
    ("주문번호", 9),
    ("영수증번호", 8),
    ("전표번호", 7),
    ("거래번호", 6),
    ("주문", 7),
    ("영수번호", 8),
    ("영수증no", 8),
    ("승인번호", 1),
    ("빌번호", 7),
    ("เลขที่ใบเสร็จ", 8),
    ("เลขที่บิล", 8),
    ("เลขที่", 6),
    ("ออเดอร์", 8),
    ("หมายเลขคำสั่งซื้อ", 9),
    ("บิลเลขที่", 8),
    ("ใบเสร็จเลขที่", 8),
];

/// [`ORDERS`] by first character: most words on a receipt begin no label.
static ORDERS_BY_FIRST: LazyLock<HashMap<char, Vec<(&'static str, u8)>>> = LazyLock::new(|| {
    let mut map: HashMap<char, Vec<(&'static str, u8)>> = HashMap::new();
    for (label, strength) in ORDERS {
        for first in label.chars().take(1) {
            map.entry(first).or_default().push((label, *strength));
        }
    }
    map
});

/// The order reference: line and value, of the strongest label on the paper.
pub(super) fn order(lines: &[Line]) -> Option<(usize, Text)> {
    let mut best: Option<(u8, usize, String)> = None;
    for (i, line) in lines.iter().enumerate() {
        let found = line.text.as_str();
        let here = order_value(found).or_else(|| {
            let below = lines.get(i + 1)?.text.as_str().trim();
            let label = lexicon::normal(found.trim_end_matches([':', ' ', '#']));
            let (strength, rest) = label_of(&label)?;
            let alone =
                rest.trim_matches(|c: char| !c.is_alphanumeric()).is_empty() && strength >= 5;
            let value = first_word(below)?;
            (alone
                && value.len() == below.len()
                && is_reference(&value)
                && When::read(below, false).is_none())
            .then_some((strength - 1, value))
        });
        if let Some((strength, value)) = here
            && best.as_ref().is_none_or(|b| strength > b.0)
        {
            best = Some((strength, i, value));
        }
    }
    best.map(|(_, i, value)| (i, Text::clean(&value)))
}

/// The reference behind a label in this line, and how strong the label is.
fn order_value(line: &str) -> Option<(u8, String)> {
    if !line.contains(|c: char| c.is_numeric() || c == '#') {
        return None;
    }
    // A line may hold several labels beside each other.
    let columns = line.split("   ").map(str::trim).filter(|c| !c.is_empty());
    let whole = std::iter::once(line.trim()).chain(columns.clone());
    let mut best: Option<(u8, String)> = None;
    let inner = words_from_label(line).map(|part| (part, STRONG));
    for (part, least) in whole.map(|part| (part, 0)).chain(inner) {
        if let Some((strength, value)) = value_of(part).filter(|v| v.0 >= least)
            && best.as_ref().is_none_or(|b| strength > b.0)
        {
            best = Some((strength, value));
        }
    }
    best
}

/// The rest of a line from the word with which an order label could begin.
fn words_from_label(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(' ')
        .filter_map(|(i, _)| line.get(i + 1..))
        .filter(|rest| !rest.starts_with(' '))
        .take(12)
}

fn value_of(part: &str) -> Option<(u8, String)> {
    if let Some(tag) = part.strip_prefix('#') {
        let value = first_word(tag.trim_start())?;
        let rest = tag.trim_start().get(value.len()..).unwrap_or("").trim();
        let word = value.chars().all(char::is_alphanumeric) && !tag.starts_with(' ');
        return (rest.is_empty() && word && value.len() >= 2).then_some((4, value));
    }
    let normal = lexicon::normal(part);
    let (strength, rest) = label_of(&normal)?;
    let from = part.chars().count().checked_sub(rest.chars().count())?;
    let raw: String = if normal.chars().count() == part.chars().count() {
        part.chars().skip(from).collect()
    } else {
        rest.to_uppercase()
    };
    let marked = raw.trim_start().starts_with([':', '#', '：', '.']) || raw.contains('#');
    let raw = raw.trim_start_matches(|c: char| {
        matches!(
            c,
            ' ' | ':' | '#' | '.' | '：' | '-' | '°' | 'º' | '№' | ')'
        )
    });
    let value = first_word(raw)?;
    if value.chars().any(|c| matches!(c, ','))
        && value.chars().all(|c| c.is_ascii_digit() || c == ',')
    {
        return None;
    }
    let ok = is_reference(&value)
        && When::read(raw, false).is_none_or(|_| value.len() > 10 && !value.contains(['/', ':']));
    // A bare word needs a number behind it at once: "Order 1847", but no "Bill Smith 5".
    (ok && (marked || strength >= 4 || value.len() >= 4)).then_some((strength, value))
}

/// The longest order label that the text begins with, and what follows.
fn label_of(normal: &str) -> Option<(u8, &str)> {
    let text = normal.trim_start_matches(['(', '*', '-', ' ']);
    let plain = |label: &str| -> Option<usize> {
        let mut at = 0;
        for word in label.split(' ') {
            let rest = text.get(at..)?;
            let skip = rest.len()
                - rest
                    .trim_start_matches(|c: char| matches!(c, ' ' | '.' | '-' | ':') && at > 0)
                    .len();
            let rest = text.get(at + skip..)?;
            if word == "n" {
                let n = rest
                    .strip_prefix('n')
                    .map(|r| r.trim_start_matches(['.', '°', 'º', 'o']))?;
                at = text.len() - n.len();
            } else {
                at = text.len() - rest.strip_prefix(word)?.len();
            }
        }
        let next = text.get(at..)?.chars().next();
        let bounded =
            next.is_none_or(|c| !(c.is_alphabetic() && c.is_ascii())) || !label.is_ascii();
        bounded.then_some(at)
    };
    let begin = ORDERS_BY_FIRST.get(&text.chars().next()?)?;
    let hits = begin
        .iter()
        .filter_map(|(label, strength)| plain(label).map(|at| (at, *strength)));
    let (at, strength) = hits.max_by_key(|h| (h.0, h.1))?;
    let rest = text.get(at..)?;
    let rest_trimmed = rest.trim_start_matches([' ', '.', ':']);
    // "Order no" written as "Order: no. 5", "NUMBER" spelled out behind a bare label.
    let rest = ["number", "num", "nr", "no", "id"].iter().find_map(|w| {
        rest_trimmed
            .strip_prefix(w)
            .filter(|r| !r.starts_with(char::is_alphanumeric))
    });
    Some((
        strength,
        rest.unwrap_or_else(|| text.get(at..).unwrap_or("")),
    ))
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| !c.is_whitespace() && !matches!(c, '）' | ')' | '，' | ';'))
        .collect();
    let word = word.trim_end_matches(['.', ',', ':']).to_owned();
    (!word.is_empty()).then_some(word)
}

/// A reference has a digit, and is no amount, percentage or time.
fn is_reference(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let form = value
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '_' | '#' | '.' | '*'));
    let amount = value.contains('.')
        && value.chars().all(|c| c.is_ascii_digit() || c == '.')
        && value.split('.').next_back().is_some_and(|p| p.len() == 2);
    digits > 0 && form && !amount && value.chars().count() <= 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_numbers_are_found_behind_their_labels() {
        for (line, value) in [
            ("Order #12345", "12345"),
            ("Order: 140018833", "140018833"),
            ("RECEIPT NO. : CS1801/26717", "CS1801/26717"),
            ("单号：201510211832171490001", "201510211832171490001"),
            ("Order 1847", "1847"),
            ("No. 1234", "1234"),
            ("20/03/2018 7:07PM RCPT NO.18252", "18252"),
            ("订单编号                     3243543546", "3243543546"),
            ("INVOICE # : OR18032902170347", "OR18032902170347"),
            ("Rechnung Nr. 2024-118", "2024-118"),
            ("#PRUEBA1", "PRUEBA1"),
            ("Fiş No: 0042", "0042"),
            ("INV NO: CS-SA-0108558", "CS-SA-0108558"),
        ] {
            assert_eq!(
                order_value(line).map(|v| v.1).as_deref(),
                Some(value),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_no_reference_is_not_taken() {
        for line in [
            "Order total 12.00",
            "Check out our website",
            "BILL SMITH",
            "No refunds",
            "Order date 12/05/2024",
        ] {
            assert_eq!(order_value(line), None, "{line}");
        }
    }

    #[test]
    fn registration_numbers_are_no_part_of_the_name() {
        assert_eq!(
            without_registration("99 SPEED MART S/B (519537-X)"),
            "99 SPEED MART S/B"
        );
        assert_eq!(
            without_registration("#000002 BAIFU (M) SDN BHD"),
            "BAIFU (M) SDN BHD"
        );
        assert_eq!(
            without_registration("GARDENIA BAKERIES (KL) SDN BHD (139386 X)"),
            "GARDENIA BAKERIES (KL) SDN BHD"
        );
    }
}
