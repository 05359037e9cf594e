//! Who sold: the name in the paper's heading.

pub(super) mod words;

use super::kind::{Kind, is_title};
use super::lexicon;
use super::number::Number;
use super::ordered;
use super::reference::Reference;
use super::rows::{Rows, role};
use super::written::Written;
use crate::text::Text;

/// How many lines from the top are the heading.
const HEADING_LINES_MAX: usize = 8;
/// How many more lines a name may run on over.
const NAME_LINES_MAX: usize = 3;

/// The merchant: the line and the name. A line that says what kind of paper it is names nobody.
pub(super) fn merchant(lines: &[Written<'_>], rows: &Rows, kind: Kind) -> Option<(usize, Text)> {
    let top = lines.iter().enumerate().take(HEADING_LINES_MAX);
    // The heading ends where things are sold or numbered.
    let ends = |i: usize| {
        let sold = rows.rows.get(i).is_some_and(|r| {
            let priced = r
                .numbers
                .iter()
                .any(|n| n.mark.is_some() || (n.value.places() == 2 && !n.code && !n.percent));
            let columns = r.flags & lexicon::COUNT != 0
                && r.flags & (lexicon::AMOUNT | lexicon::NAME) != 0
                || (r.flags & (lexicon::COUNT | lexicon::OTHER) == lexicon::COUNT
                    && lines
                        .get(i)
                        .is_some_and(|l| l.text().trim().contains("   ")));
            priced || (columns && r.numbers.is_empty())
        });
        let ordered = kind == Kind::Kitchen
            && rows
                .rows
                .get(i)
                .zip(lines.get(i))
                .is_some_and(|(row, line)| ordered::item(row, line, true).is_some());
        sold || ordered || rows.rows.get(i).is_some_and(|r| r.reference.is_some())
    };
    let mut top: Vec<(usize, &Written<'_>)> =
        top.take_while(|(i, _)| *i == 0 || !ends(*i)).collect();
    let titles = |l: &Written<'_>| kind != Kind::Sale && is_title(l, kind);
    top.retain(|(i, l)| is_name(l, *i, rows) && !titles(l));
    let heading = || top.iter().copied();
    let shop = || lines.iter().position(|l| is_company(l) || is_shop(l));
    if heading().all(|(_, l)| is_sentence(l)) {
        let at = shop().or_else(|| imprint(lines, rows))?;
        if lines.get(at).is_some_and(titles) {
            return None;
        }
        let name = without_registration(lines.get(at)?.text());
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

/// The name above the address and the numbers at the foot, where the heading names nobody.
fn imprint(lines: &[Written<'_>], rows: &Rows) -> Option<usize> {
    let bare = |l: &'_ Written<'_>| words::is_noise(l.normal.trim());
    let numbers = lines.iter().rposition(bare)?;
    let top = numbers.saturating_sub(NAME_LINES_MAX);
    let above = (top..numbers).rev().take_while(|i| {
        let row = rows.rows.get(*i);
        let priced = row.is_some_and(|r| r.numbers.iter().any(Number::is_money));
        lines
            .get(*i)
            .is_some_and(|l| !is_rule(&l.text().replace(' ', "")))
            && !priced
    });
    above
        .filter(|i| {
            lines
                .get(*i)
                .is_some_and(|l| is_name(l, *i, rows) && !is_sentence(l))
        })
        .last()
}

fn area(line: &Written<'_>) -> u8 {
    let (width, height) = line.line.size;
    width.saturating_mul(height)
}

/// Whether the name that begins at `from` reaches the company's ending at `to` without a break.
fn continues(lines: &[Written<'_>], from: usize, to: usize, rows: &Rows) -> bool {
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
fn lexical_end(line: &Written<'_>) -> bool {
    line.text().contains(',')
}

fn is_company(line: &Written<'_>) -> bool {
    company(line, words::names_company)
}

/// Whether a line ends as a company's name does; `PT ...` is a whole name and no ending.
fn ends_company(line: &Written<'_>) -> bool {
    company(line, words::company_ending)
}

fn company(line: &Written<'_>, named: fn(&str) -> bool) -> bool {
    let lower = line.text().to_lowercase();
    let bare = without_registration(lower.trim());
    named(bare.as_str()) && !lower.contains("owned by") && !lower.contains("operated by")
}

/// A shop by the last character of its name.
fn is_shop(line: &Written<'_>) -> bool {
    let text = line.text().trim();
    text.chars().count() <= 20
        && ["店", "屋", "堂", "楼", "館", "馆", "점"]
            .iter()
            .any(|end| text.ends_with(end))
}

/// A sentence, or a name with a form of address behind it: not the shop.
fn is_sentence(line: &Written<'_>) -> bool {
    let text = line.text().trim();
    text.contains('、') || text.ends_with(['。', '様'])
}

/// A line that is drawn: one character makes most of it.
fn is_rule(text: &str) -> bool {
    let (mut all, mut run, mut longest, mut last) = (0, 0, 0, None);
    for c in text.chars().filter(|c| *c != ' ') {
        run = if last == Some(c) { run + 1 } else { 1 };
        (all, longest, last) = (all + 1, run.max(longest), Some(c));
    }
    longest >= 6 && longest * 10 >= all * 7
}

fn is_name(line: &Written<'_>, at: usize, rows: &Rows) -> bool {
    if line.drawn {
        return false;
    }
    let text = line.text().trim();
    let bare = lexicon::trimmed(&line.normal, char::is_alphanumeric);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rule = text.chars().all(|c| !c.is_alphanumeric()) || is_rule(text);
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
    // "QUIK STOP #118" at the top is the shop's own number.
    let branch = || {
        at == 0
            && text
                .split_once(" #")
                .is_some_and(|(name, _)| name.len() > 3)
    };
    let tagged = |r: &Reference| r.is_tag() && branch();
    let named = rows.rows.get(at).and_then(|r| r.reference.as_ref());
    let order = named.is_some_and(|r| !tagged(r));
    letters >= 2
        && !rule
        // "TO:" is a label of what somebody writes there.
        && !text.ends_with([':', '：'])
        && !words::is_title(bare)
        && !words::is_noise(bare)
        && !words::is_place(bare)
        && !labelled
        && !order
        && digits * 2 <= letters + digits
        && !line.dated()
}

/// The name from `start` on: lines of the same size, open parentheses and company endings join.
fn joined(lines: &[Written<'_>], start: usize, rows: &Rows) -> String {
    let text = |i: usize| lines.get(i).map_or("", |l| l.text().trim());
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
            && here.line.align == next.line.align
            && is_name(next, at + 1, rows);
        // A number in between is an address.
        let digits = |l: &Written<'_>| l.text().contains(|c: char| c.is_ascii_digit());
        let reach = if digits(next) { at + 1 } else { at + 2 };
        let ending = (at + 1..=reach).any(|i| {
            lines.get(i).is_some_and(|l| {
                ends_company(l)
                    && !l.text().contains(',')
                    && l.text().chars().filter(char::is_ascii_digit).count() < 4
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
        name.push_str(next.text().trim());
        at += 1;
    }
    name
}

/// A name without registration numbers: `(519537-X)` behind it, `#000002` before it.
fn without_registration(name: &str) -> String {
    let mut out = words::without_label(name.trim());
    if let Some(open) = out.rfind('(') {
        let inner = out.get(open..).unwrap_or("");
        let digits = inner.chars().filter(char::is_ascii_digit).count();
        if digits >= 3 && digits * 2 >= inner.chars().filter(|c| c.is_alphanumeric()).count() {
            out = out.get(..open).unwrap_or(out).trim_end();
        }
    }
    // "MERCADONA, S.A. A-46103834".
    if let Some((name, last)) = out.rsplit_once(' ') {
        let (head, tail) = last.split_once('-').unwrap_or(("", last));
        let number = tail.len() >= 7 && tail.bytes().all(|b| b.is_ascii_digit());
        if number && head.len() == 1 && name.ends_with('.') {
            out = name.trim_end();
        }
    }
    // "THE HOME DEPOT          More saving.": what stands far behind a name is none of it.
    let spread = |part: &str| part.split(' ').all(|word| word.chars().count() < 2);
    if let Some((name, rest)) = out.split_once("      ")
        && !spread(name)
        && !spread(rest)
    {
        out = name.trim_end();
    }
    if let Some((name, last)) = out.rsplit_once("  ") {
        let digits = last.chars().filter(char::is_ascii_digit).count();
        if digits >= 5 && digits * 2 >= last.chars().filter(|c| c.is_alphanumeric()).count() {
            out = name.trim_end();
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            without_registration("MERCADONA, S.A. A-46103834"),
            "MERCADONA, S.A."
        );
    }

    #[test]
    fn what_stands_far_behind_a_name_is_none_of_it() {
        assert_eq!(
            without_registration("THE HOME DEPOT          More saving."),
            "THE HOME DEPOT"
        );
        let spread = "T E S C O      E X P R E S S";
        assert_eq!(without_registration(spread), spread);
    }
}
