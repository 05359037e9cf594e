//! Under which number: the shop's own reference for a sale.

mod labels;

use super::lexicon;
use super::rows::Rows;
use super::when::When;
use super::written::Written;
use crate::text::Text;
use labels::{Label, Strength};
use std::borrow::Cow;
use std::ops::Range;

/// How strong a label must be to count in the middle of a line ("GST ID NO" ends in one that is
/// not).
const STRONG: Strength = 4;

/// The reference: line and value, of the strongest label on the paper.
pub(super) fn reference(lines: &[Written<'_>], rows: &Rows) -> Option<(usize, Text)> {
    let mut best: Option<(Strength, usize, String)> = None;
    for (i, line) in lines.iter().enumerate() {
        let found = line.text();
        let own = rows.rows.get(i).and_then(|row| row.reference.clone());
        let here = own.map(|r| (r.strength, r.value)).or_else(|| {
            let below = lines.get(i + 1)?.text().trim();
            if below.contains(char::is_whitespace) || !is_reference(below) {
                return None;
            }
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
    best.map_or_else(
        || uniform_invoice(lines),
        |(_, i, value)| Some((i, Text::clean(&value))),
    )
}

/// `AB-12345678` alone on its line: the number of Taiwan's uniform invoices, which has no label.
fn uniform_invoice(lines: &[Written<'_>]) -> Option<(usize, Text)> {
    let number = |line: &str| {
        let (series, number) = line.split_at_checked(2)?;
        let number = number.strip_prefix('-').unwrap_or(number);
        let digits = number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit());
        (digits && series.bytes().all(|b| b.is_ascii_uppercase())).then(|| Text::clean(line))
    };
    let numbered = |(i, line): (usize, &Written<'_>)| Some((i, number(line.text().trim())?));
    let found = lines.iter().enumerate().find_map(numbered)?;
    let titled = lines.iter().any(|line| line.text().contains("發票"));
    titled.then_some(found)
}

/// A reference in a line, and how strong its label is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    strength: Strength,
    value: String,
}

impl Reference {
    /// Whether no word but a sign stands before it, or a weak one.
    pub(super) const fn is_tag(&self) -> bool {
        self.strength <= STRONG
    }

    /// Where it stands in its line, in characters.
    pub(super) fn span(&self, line: &str) -> Option<(usize, usize)> {
        let at = line.rfind(&self.value)?;
        let from = line.get(..at)?.chars().count();
        Some((from, from + self.value.chars().count()))
    }
}

/// The reference that a line holds: behind the strongest label in it.
pub(super) fn in_line(line: &Written<'_>) -> Option<Reference> {
    let text = line.text();
    if !may_name(line) {
        return None;
    }
    let mut best: Option<Reference> = None;
    for (part, least) in parts(text) {
        let Some((raw, normal)) = comparable(line, part) else {
            continue;
        };
        let found = value_of(raw, &normal).filter(|found| found.strength >= least);
        if let Some(found) = found
            && best.as_ref().is_none_or(|b| found.strength > b.strength)
        {
            best = Some(found);
        }
    }
    let tag = |value| Reference {
        strength: STRONG,
        value,
    };
    best.or_else(|| tag_at_end(text).map(tag))
}

/// Whether a label or a tag could stand in a line: most lines have none and need no closer look.
fn may_name(line: &Written<'_>) -> bool {
    let text = line.text();
    if line.digits == 0 {
        return text.contains(|c: char| c.is_numeric() || c == '#');
    }
    if !text.is_ascii() || text.contains('#') {
        return true;
    }
    let mut last = b' ';
    line.normal.bytes().enumerate().any(|(at, byte)| {
        let begins = byte.is_ascii_alphabetic() && !last.is_ascii_alphanumeric();
        last = byte;
        begins && line.normal.get(at..).is_some_and(labels::begins)
    })
}

/// A part of a line as printed and in comparable form, if a label or a tag could begin with it.
fn comparable<'a>(line: &'a Written<'_>, part: Range<usize>) -> Option<(&'a str, Cow<'a, str>)> {
    let raw = line.text().get(part.clone())?;
    let begins = |normal: &str| raw.starts_with('#') || labels::begins(unled(normal));
    if line.aligned {
        let normal = line.normal.get(part)?;
        return begins(normal).then_some((raw, Cow::Borrowed(normal)));
    }
    // What a label begins with is in its first two bytes, and most parts begin none.
    let first = unled(raw).char_indices().nth(8);
    let start = first.and_then(|(at, _)| unled(raw).get(..at));
    if start.is_some_and(|start| {
        labels::beginning(unled(&lexicon::normal(start)))
            .next()
            .is_none()
    }) {
        return None;
    }
    let normal = lexicon::normal(raw);
    begins(&normal).then_some((raw, Cow::Owned(normal)))
}

/// `2025-02-17 14:05      #1-1038`: a tag in a column of its own. At the beginning of a line it is
/// the unit in an address.
fn tag_at_end(line: &str) -> Option<String> {
    let (before, tag) = line.rsplit_once('#')?;
    let value = first_word(tag)?;
    let parts = value
        .split('-')
        .all(|part| !part.is_empty() && part.chars().all(char::is_alphanumeric));
    let alone = value.len() == tag.trim_end().len() && value.len() >= 2;
    (before.ends_with("   ") && !before.trim().is_empty() && parts && alone && is_reference(&value))
        .then_some(value)
}

/// A line may hold several labels beside each other: the whole line, its columns, and what begins
/// with any of its words, each with the strength that its label must have.
fn parts(line: &str) -> impl Iterator<Item = (Range<usize>, Strength)> {
    let whole = trimmed(line, 0..line.len());
    let other = whole.clone();
    let columns = columns(line).filter(move |column| *column != other);
    let inner = words_from_label(line).map(|from| (from..line.len(), STRONG));
    let loose = std::iter::once(whole).chain(columns);
    loose.map(|part| (part, 0)).chain(inner)
}

/// What stands between two spaces and more.
fn columns(line: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = line.as_bytes();
    let is_gap = |at: usize| matches!(bytes.get(at..), Some([b' ', b' ', ..] | []));
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes.get(at..)?.iter().position(|b| *b != b' ')?;
        let from = at;
        at = (from..=bytes.len()).find(|end| is_gap(*end))?;
        Some(trimmed(line, from..at))
    })
}

/// A part of a line without the spaces around it.
fn trimmed(line: &str, part: Range<usize>) -> Range<usize> {
    let raw = line.get(part.clone()).unwrap_or_default();
    let from = part.end - raw.trim_start().len();
    from..from.max(part.start + raw.trim_end().len())
}

/// Where the words begin with which an order label could, after the first.
fn words_from_label(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    let gaps = bytes.iter().enumerate().filter(|(_, b)| **b == b' ');
    let words = gaps.map(|(gap, _)| gap + 1);
    words.filter(|at| bytes.get(*at) != Some(&b' ')).take(12)
}

fn value_of(part: &str, normal: &str) -> Option<Reference> {
    if let Some(tag) = part.strip_prefix('#') {
        let value = first_word(tag.trim_start())?;
        let rest = tag.trim_start().get(value.len()..).unwrap_or("").trim();
        let word = value.chars().all(char::is_alphanumeric) && !tag.starts_with(' ');
        let strength = 4;
        return (rest.is_empty() && word && value.len() >= 2)
            .then_some(Reference { strength, value });
    }
    let (strength, rest) = label_of(normal)?;
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
    let raw = without_series(raw)
        .filter(|_| strength > STRONG)
        .unwrap_or(raw);
    let value = first_word(raw)?;
    if value.chars().any(|c| matches!(c, ','))
        && value.chars().all(|c| c.is_ascii_digit() || c == ',')
    {
        return None;
    }
    // "Order 5 May 2024" is a date, "Order 5  05/05/2024" a number and a date.
    let behind = raw.get(value.len()..).unwrap_or("");
    let date = When::read(raw, false).is_some() && When::read(behind, false).is_none();
    let long = value.len() > 10 && !value.contains(['/', ':']);
    let ok = is_reference(&value) && (!date || long);
    // "N° 31", "No. 31" alone or before a date; "N° 31, rue Verte" is an address.
    let bare = normal.starts_with('n') && strength == 1;
    let last =
        behind.trim().is_empty() || behind.starts_with("  ") || When::read(behind, false).is_some();
    let marked = marked || (bare && last);
    // A bare word needs a number behind it at once: "Order 1847", but no "Bill Smith 5".
    (ok && (marked || strength >= 4 || value.len() >= 4)).then_some(Reference { strength, value })
}

/// The longest order label that the text begins with, and what follows.
fn label_of(normal: &str) -> Option<(Strength, &str)> {
    let text = unled(normal);
    let begun = labels::beginning(text);
    let hits = begun.filter_map(|label| Some((end_of(label, text)?, label.strength)));
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

/// Where the label that begins a text ends.
fn end_of(label: &Label, text: &str) -> Option<usize> {
    let is_n = |word| word == "n";
    // `n.`, `n°`, `nº`, `no`.
    let bare = |rest: &str| rest.trim_start_matches(['.', '°', 'º', 'o']).len();
    let mut rest = text.strip_prefix(label.head)?;
    if is_n(label.head) {
        rest = rest.get(rest.len() - bare(rest)..)?;
    }
    for word in &label.more {
        rest = rest.trim_start_matches([' ', '.', '-', ':']);
        rest = rest.strip_prefix(word)?;
        if is_n(word) {
            rest = rest.get(rest.len() - bare(rest)..)?;
        }
    }
    let ascii = label.head.is_ascii() && label.more.iter().all(|word| word.is_ascii());
    let bounded = !rest.starts_with(|c: char| c.is_ascii_alphabetic()) || !ascii;
    bounded.then_some(text.len() - rest.len())
}

/// A label without what leads to it.
fn unled(normal: &str) -> &str {
    normal.trim_start_matches(['(', '*', '-', ' '])
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| !c.is_whitespace() && !matches!(c, '）' | ')' | '，' | ';'))
        .collect();
    let word = word.trim_end_matches(['.', ',', ':']).to_owned();
    (!word.is_empty()).then_some(word)
}

/// `CM 2025/412` without the letters of its series.
fn without_series(raw: &str) -> Option<&str> {
    let (series, rest) = raw.split_once(' ')?;
    let letters = series.chars().all(|c| c.is_ascii_uppercase()) && series.len() <= 3;
    let number = rest.split(' ').next()?;
    let slash = number.split_once('/').is_some_and(|(head, tail)| {
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
        tail.len() < 10 && digits(tail) && (digits(head) || head.len() <= 4)
    });
    (letters && slash && When::read(number, false).is_none()).then_some(rest)
}

/// A reference has a digit, and is no amount, percentage or time.
fn is_reference(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let form = value
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '_' | '#' | '.' | '*'));
    digits > 0 && form && !is_money(value) && value.chars().count() <= 40
}

/// `147.40`, `Rp.147.400`, `RM12.50`: an amount, with a mark of up to three letters or without one.
fn is_money(value: &str) -> bool {
    let number = value.trim_start_matches(|c: char| c.is_alphabetic());
    let letters = value.len() - number.len();
    let mut groups = number.trim_start_matches('.').split('.');
    let all_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let lead = groups
        .next()
        .is_some_and(|g| all_digits(g) && !g.is_empty());
    let rest: Vec<&str> = groups.collect();
    let thousands = rest.iter().all(|g| g.len() == 3);
    let tail = rest.last().is_some_and(|g| g.len() == 2 || thousands);
    letters <= 3 && lead && tail && rest.iter().all(|g| all_digits(g))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::layout::layout;
    use crate::receipt::tokens::Dialect;

    fn found(line: &str) -> Option<String> {
        let pages = layout(line.as_bytes(), Dialect::Plain, None);
        let written = Written::of(&pages[0].lines);
        in_line(&written[0]).map(|reference| reference.value)
    }

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
            ("Ticket 123  05/11/2023 10:15", "123"),
            ("Order 12 2024-05-12", "12"),
            ("Scontrino 12 05/11/2023", "12"),
            ("Fatura FS 2023/12", "2023/12"),
            ("Fiş 0087", "0087"),
            ("REG#03 TRN#4471 CSHR#1093887", "4471"),
            ("11/20/26 09:12 PM  Reg 2  Trans 88213", "88213"),
            ("20/12/2025 19:32 OP: 123456", "123456"),
            ("24-11-2026                 nr wydr.004521", "004521"),
            ("帳單編號 20250702-031", "20250702-031"),
        ] {
            assert_eq!(found(line).as_deref(), Some(value), "{line}");
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
            "Order 12/05/2024",
            "Order 12/05/2024 10:15",
            "Order 5 May 2024",
            "Ticket 12.05.2024 10:15",
            "Total Tagihan: Rp147.400",
            "Bill RM12.50",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
