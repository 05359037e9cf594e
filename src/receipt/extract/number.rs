//! Numbers as receipts print them: `1,234.50`, `1.234,50`, `1'234.50`, `160.000`, `¥18,580`,
//! `-4.00`, `0.29-`, `(5.00)`, `12,-`, full-width digits.
//!
//! A number that could be read in two ways (`160.000`) is settled by the paper's own style: which
//! mark stands before two decimals elsewhere on it.

use super::currency::{self, Mark};
use super::factor;
use std::fmt;

/// The most numbers of one line; a line with more is a barcode or a table of something else.
const NUMBERS_PER_LINE_MAX: usize = 24;

/// A decimal value in ten-thousandths, with as many decimals as were printed.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    e4: i64,
    places: u8,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { e4: 0, places: 0 };

    /// The value in ten-thousandths.
    pub const fn e4(self) -> i64 {
        self.e4
    }

    /// A value in ten-thousandths that is shown with this many decimals.
    pub const fn of_e4(e4: i64, places: u8) -> Self {
        Self { e4, places }
    }

    /// How many decimals were printed.
    pub const fn places(self) -> u8 {
        self.places
    }

    /// The value without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self {
            e4: self.e4.saturating_abs(),
            places: self.places,
        }
    }

    /// Whole units and up to four decimals; nothing when it is too large to be an amount.
    fn of_digits(whole: &str, part: &str) -> Option<Self> {
        let places = u8::try_from(part.len()).ok().filter(|p| *p <= 4)?;
        if whole.len() > 13 {
            return None;
        }
        let zeros = std::iter::repeat_n(b'0', 4 - part.len());
        let mut e4 = 0_i64;
        for digit in whole.bytes().chain(part.bytes()).chain(zeros) {
            e4 = e4 * 10 + i64::from(char::from(digit).to_digit(10)?);
        }
        Some(Self { e4, places })
    }

    /// Reads `1,234.50` or `1.234,50` where the form alone settles it, `160.000` as grouped.
    pub fn read(text: &str) -> Option<Self> {
        let letters: Vec<char> = text.chars().map(halfwidth).collect();
        let runs: Vec<Run> = runs(&letters).collect();
        let numbers = numbers(&letters, &runs, Style::default());
        numbers.first().map(|n| n.value)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.e4 == other.e4
    }
}

impl Eq for Decimal {}

impl fmt::Display for Decimal {
    /// Digits with a dot: `1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.e4 < 0 { "-" } else { "" };
        let (whole, part) = (
            self.e4.unsigned_abs() / 10_000,
            self.e4.unsigned_abs() % 10_000,
        );
        let digits = format!("{part:04}");
        let shown: String = digits.chars().take(usize::from(self.places)).collect();
        let rest = digits.trim_end_matches('0');
        let part = if rest.len() > shown.len() {
            rest
        } else {
            &shown
        };
        if part.is_empty() {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{part}")
        }
    }
}

/// Which mark stands before the decimals on this paper, as far as its numbers tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) decimal: Option<char>,
    /// The currency counts in thousandths (KWD, BHD).
    pub(super) three_places: bool,
}

impl Style {
    /// A point stands before decimals, a comma between thousands.
    const POINT: Self = Self {
        decimal: Some('.'),
        three_places: false,
    };

    /// The style that most of the paper's unmistakable numbers have.
    pub(super) fn of<'a>(lines: impl Iterator<Item = (&'a [char], &'a [Run])>) -> Self {
        let (mut dot, mut comma) = (0_usize, 0_usize);
        for (chars, runs) in lines {
            let settled = runs.iter().filter_map(|&(from, to)| {
                let run = chars.get(from..to)?;
                // Without a mark no number settles which one stands before decimals.
                run.iter().find(|c| matches!(c, '.' | ','))?;
                let mark = value_of(Raw::of(run)?.as_str(), Self::default())?.1;
                // `¥10,00` is the first line of ¥10,000 that did not fit its column.
                Some(mark.filter(|m| *m != ',' || !is_whole(mark_beside(chars, from, to))))
            });
            for mark in settled.take(NUMBERS_PER_LINE_MAX).flatten() {
                dot += usize::from(mark == '.');
                comma += usize::from(mark == ',');
            }
        }
        let decimal = match dot.cmp(&comma) {
            std::cmp::Ordering::Greater => Some('.'),
            std::cmp::Ordering::Less => Some(','),
            std::cmp::Ordering::Equal => None,
        };
        Self {
            decimal,
            three_places: false,
        }
    }
}

/// A number in a line.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) value: Decimal,
    /// Where it stands in the line, sign and currency included, in characters.
    pub(super) from: usize,
    pub(super) to: usize,
    /// The currency mark beside it.
    pub(super) mark: Option<Mark>,
    /// The decimal mark, when the form alone settles what it is.
    decimal: Option<char>,
    /// Marks stand between its digits; the only one, if there is one.
    pub(super) marked: bool,
    lone_mark: Option<char>,
    /// A percent sign follows.
    pub(super) percent: bool,
    /// `x`, `@` or `*` stands before or after it: a factor, not an amount.
    pub(super) factor: bool,
    /// Digits that run on into letters, slashes or colons: part of a code, date or time.
    pub(super) code: bool,
    /// Two readings are possible and the paper does not say which.
    pub(super) doubtful: bool,
}

impl Number {
    /// Whether it looks like money: decimals, grouping or a currency mark.
    pub(super) const fn is_money(&self) -> bool {
        !self.percent
            && !self.code
            && (self.value.places >= 2 || self.mark.is_some() || self.grouped())
    }

    /// The only mark between its digits, when it was taken to set thousands apart.
    pub(super) fn lone_group(&self) -> Option<char> {
        self.lone_mark
            .filter(|_| self.value.places == 0 && !self.code)
    }

    /// Whether thousands are set apart.
    pub(super) const fn grouped(&self) -> bool {
        self.value.places == 0 && self.marked
    }
}

/// All numbers of a line, from left to right.
pub(super) fn numbers(chars: &[char], runs: &[Run], style: Style) -> Vec<Number> {
    let mut out = Vec::new();
    for &(from, to) in runs {
        if out.len() >= NUMBERS_PER_LINE_MAX {
            break;
        }
        // `6.54 €  1`: the mark belongs to the amount; `2 EUR 15.00`: to what stands behind it.
        let amount = out.last().filter(|last: &&Number| last.value.places > 0);
        let taken = amount.map_or(0, |last| last.to);
        if let Some(mut number) = number(chars, (from, to), taken, style) {
            spaced(&mut out, &mut number, chars, style);
            out.push(number);
        }
    }
    out
}

/// Where digits stand, with the marks between them: from which to which character.
pub(super) type Run = (usize, usize);

/// The runs of a line.
pub(super) fn runs(chars: &[char]) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(c) = chars.get(at) {
            if c.is_ascii_digit() || (*c == '.' && starts_with_part(chars, at)) {
                let from = at;
                at = run_end(chars, from);
                return Some((from, at));
            }
            at += 1;
        }
        None
    })
}

/// `1 234,50`: thousands set apart by a space, where decimals have a comma. It could also be a
/// count and an amount, so it is doubtful until it adds up.
fn spaced(out: &mut Vec<Number>, number: &mut Number, chars: &[char], style: Style) {
    let Some(last) = out.last() else { return };
    let whole = number.value.e4.abs() / 10_000;
    let three = chars
        .get(number.from..)
        .unwrap_or_default()
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .count()
        == 3;
    let beside = last.to + 1 == number.from && chars.get(last.to) == Some(&' ');
    let head =
        !last.marked && last.value.places == 0 && last.value.e4 > 0 && last.value.e4 < 10_000_000;
    if !(beside && three && head && number.value.places == 2)
        || last.code
        || last.factor
        || number.factor
    {
        return;
    }
    number.doubtful = true;
    if number.decimal == Some(',') && style.decimal != Some('.') {
        let joined = last.value.e4 / 10_000 * 1000 + whole;
        number.value.e4 =
            (joined * 10_000 + number.value.e4.abs() % 10_000) * last.value.e4.signum();
        (number.from, number.marked) = (last.from, true);
        number.mark = number.mark.or(last.mark);
        out.pop();
    }
}

/// A run's digits and marks, which are all ASCII, as text.
struct Raw {
    bytes: [u8; RAW_BYTES_MAX],
    length: usize,
}

/// No amount has so many digits and marks.
const RAW_BYTES_MAX: usize = 40;

impl Raw {
    /// Nothing for a run of which no value comes.
    fn of(run: &[char]) -> Option<Self> {
        let mut bytes = [0; RAW_BYTES_MAX];
        for (byte, letter) in bytes.get_mut(..run.len())?.iter_mut().zip(run) {
            *byte = u8::try_from(*letter).ok()?;
        }
        let length = run.len();
        Some(Self { bytes, length })
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// The only one there is.
fn lone(mut marks: impl Iterator<Item = char>) -> Option<char> {
    let first = marks.next();
    first.filter(|_| marks.next().is_none())
}

/// Full-width forms as ASCII, and dashes and quotes as the plain ones.
pub(super) fn halfwidth(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{A0}' => ' ',
        '−' | '–' | '—' => '-',
        '’' => '\'',
        '\u{66B}' => '.',
        '\u{66C}' => ',',
        '\u{660}'..='\u{17E9}' => digit_of(c).unwrap_or(c),
        _ => c,
    }
}

/// The ASCII digit of a decimal digit of another script (Unicode general category Nd): each set
/// of ten begins at one of these.
fn digit_of(c: char) -> Option<char> {
    const ZEROS: &[u32] = &[
        0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0,
        0x1040, 0x17E0,
    ];
    let code = u32::from(c);
    let zero = ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// `.50`: decimals without a whole part.
fn starts_with_part(chars: &[char], at: usize) -> bool {
    let dot = chars.get(at) == Some(&'.') && chars.get(at + 1).is_some_and(char::is_ascii_digit);
    dot && at
        .checked_sub(1)
        .and_then(|i| chars.get(i))
        .is_none_or(|c| c.is_whitespace() || matches!(c, '-' | '$' | ':'))
}

/// Digits, and marks between digits.
fn run_end(chars: &[char], from: usize) -> usize {
    let mut at = from;
    while let Some(c) = chars.get(at) {
        let next_digit = chars.get(at + 1).is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() || (matches!(c, '.' | ',' | '\'') && next_digit) {
            at += 1;
        } else {
            break;
        }
    }
    at
}

fn number(chars: &[char], (from, end): Run, taken: usize, style: Style) -> Option<Number> {
    let raw = Raw::of(chars.get(from..end)?)?;
    let raw = raw.as_str();
    let whole = raw.contains(',') && is_whole(mark_beside(chars, from, end));
    let style = if whole { Style::POINT } else { style };
    let (value, decimal, doubtful) = value_of(raw, style)?;
    let mut number = Number {
        value,
        from,
        to: end,
        mark: None,
        decimal,
        marked: raw.contains(['.', ',', '\'']),
        lone_mark: lone(raw.chars().filter(|c| matches!(c, '.' | ','))),
        percent: false,
        factor: false,
        code: false,
        doubtful,
    };
    let prefix =
        currency::before(chars, from).filter(|b| b.from >= taken || raw.contains(['.', ',']));
    let suffix = currency::after(chars, end);
    if let Some(before) = prefix {
        (number.mark, number.from) = (Some(before.mark), before.from);
        if before.minus {
            number.value.e4 = -number.value.e4;
        }
    } else if let Some((mark, at)) = suffix {
        (number.mark, number.to) = (Some(mark), at);
    }
    surroundings(&mut number, chars, end);
    // `0042` numbers something; no amount is written so.
    if raw.len() > 1 && raw.starts_with('0') && raw.chars().all(|c| c.is_ascii_digit()) {
        (number.code, number.mark) = (true, None);
    }
    if number.code && number.mark.is_none() {
        return Some(Number {
            code: true,
            ..number
        });
    }
    Some(number)
}

/// The currency mark before or behind the digits.
fn mark_beside(chars: &[char], from: usize, end: usize) -> Option<Mark> {
    currency::before(chars, from)
        .map(|before| before.mark)
        .or_else(|| currency::after(chars, end).map(|(mark, _)| mark))
}

/// Whether amounts with this mark never have a comma before decimals: yen, won, yuan.
fn is_whole(mark: Option<Mark>) -> bool {
    match mark {
        Some(Mark::Yen | Mark::Backslash) => true,
        Some(Mark::Is(currency)) => matches!(currency.code(), "JPY" | "KRW" | "CNY" | "TWD"),
        _ => false,
    }
}

/// Sign, percent, factors, and whether the digits belong to something longer.
fn surroundings(number: &mut Number, chars: &[char], end: usize) {
    let before = |n: usize| {
        number
            .from
            .checked_sub(n)
            .and_then(|i| chars.get(i))
            .copied()
            .unwrap_or(' ')
    };
    let after = |n: usize| chars.get(number.to + n).copied().unwrap_or(' ');
    let (left, right) = (before(1), after(0));
    let near = |c: char| c.to_ascii_lowercase();
    // Turkish tills write `%10`.
    number.percent = right == '%' || (right == ' ' && after(1) == '%') || left == '%';
    let times = |c: char| matches!(near(c), 'x' | '@' | '*' | '×');
    number.factor = factor::right(number, chars)
        || factor::left(number, chars)
        || factor::counted(number, chars);
    let minus_after = right == '-' && !after(1).is_alphanumeric() && after(1) != '-';
    // On Japanese paper a dash after the amount only keeps digits from being added.
    let decoration =
        matches!(number.mark, Some(Mark::Yen | Mark::Backslash)) || chars.get(end) == Some(&',');
    let parens = left == '(' && right == ')' && number.value.places >= 2;
    let minus_before =
        left == '-' && !before(2).is_alphanumeric() && !matches!(before(2), '-' | '*');
    if minus_before || parens || (minus_after && !decoration) {
        number.value.e4 = -number.value.e4.abs();
    }
    let joins = |c: char| c.is_alphanumeric() && c.is_ascii() || matches!(c, '/' | ':' | '#' | '_');
    let glued_left = joins(left) && !times(left) && number.mark.is_none() && left != ':';
    let glued_right =
        (joins(right) && !times(right) && (right != ':' || after(1).is_ascii_digit()))
            || (right == '-' && after(1).is_alphanumeric());
    let glued_right = glued_right && !is_tax_code(number, [right, after(1), after(2)]);
    let time = left == ':' && before(2).is_ascii_digit();
    // `****1234`, `****-1234`: what is left of a number.
    let mask = |c: char| matches!(c, '*' | '#' | '•' | '●');
    let four = !number.marked && end - number.from == 4;
    let masked = four && mask(before(2)) && mask(before(3)) && (mask(left) || left == '-');
    let dashed = (left == '-' && before(2).is_alphanumeric()) || masked;
    let weighed = !glued_left && factor::weighed(number, chars);
    number.factor |= weighed;
    let glued_right = glued_right && !weighed;
    number.code = (glued_left || glued_right || time || dashed) && number.mark.is_none();
    if (minus_before || minus_after) && !decoration {
        number.from -= usize::from(minus_before);
        number.to += usize::from(minus_after);
    }
}

/// `9.79T`, `10,80C`, `55TX`: the letter of a tax's rate right behind an amount. `1.25L` is a size.
fn is_tax_code(number: &Number, behind: [char; 3]) -> bool {
    let rate = |c: char| matches!(c, 'A'..='F' | 'N' | 'R'..='T' | 'X' | 'Z');
    match behind {
        ['T', 'X', end] => !end.is_alphanumeric(),
        [letter, end, _] => number.value.places() == 2 && rate(letter) && !end.is_alphanumeric(),
    }
}

/// The value, the decimal mark when the form settles it, and whether two readings are possible.
fn value_of(raw: &str, style: Style) -> Option<(Decimal, Option<char>, bool)> {
    match raw.split_once(['.', ',', '\'']) {
        None => return Some((Decimal::of_digits(raw, "")?, None, false)),
        Some((first, last)) if !raw.contains('\'') && !last.contains(['.', ',']) => {
            let mark = if raw.contains('.') { '.' } else { ',' };
            return one_mark(first, last, mark, style);
        }
        Some(_) => {}
    }
    let plain: String = raw.chars().filter(|c| *c != '\'').collect();
    let marks: Vec<char> = plain.chars().filter(|c| !c.is_ascii_digit()).collect();
    let groups: Vec<&str> = plain.split(['.', ',']).collect();
    let last = groups.last().copied().unwrap_or("");
    let thousands = |groups: &[&str]| {
        groups.first().is_some_and(|g| (1..=3).contains(&g.len()))
            && groups.iter().skip(1).all(|g| g.len() == 3)
    };
    let whole = |upto: usize| groups.iter().take(upto).copied().collect::<String>();
    let grouped = || Decimal::of_digits(&whole(groups.len()), "");
    let decimal = || Decimal::of_digits(&whole(groups.len() - 1), last);
    match marks.as_slice() {
        [] => Some((Decimal::of_digits(&plain, "")?, None, false)),
        [mark] => one_mark(groups.first().copied().unwrap_or(""), last, *mark, style),
        [rest @ .., mark]
            if rest.iter().all(|m| m != mark) && rest.windows(2).all(|w| w[0] == w[1]) =>
        {
            let head = groups.get(..groups.len() - 1)?;
            let lakhs = rest.len() > 1 && *mark == '.' && indian(head);
            (thousands(head) || lakhs).then_some((decimal()?, Some(*mark), false))
        }
        _ if marks.windows(2).all(|w| w[0] == w[1]) && thousands(&groups) => Some((
            grouped()?,
            Some(if marks.first() == Some(&',') {
                '.'
            } else {
                ','
            }),
            false,
        )),
        [',', ..] if marks.len() > 1 && marks.iter().all(|m| *m == ',') && indian(&groups) => {
            Some((grouped()?, Some('.'), false))
        }
        _ => None,
    }
}

/// One mark between digits: before decimals, or before three digits that could be thousands.
fn one_mark(
    first: &str,
    last: &str,
    mark: char,
    style: Style,
) -> Option<(Decimal, Option<char>, bool)> {
    let decimal = || Decimal::of_digits(first, last);
    if last.len() != 3 || first.len() > 3 || first.is_empty() || first == "0" {
        let settled = (last.len() == 2).then_some(mark);
        return Some((decimal()?, settled, false));
    }
    let decimals = match style.decimal {
        Some(own) => own == mark,
        None => style.three_places,
    };
    if decimals {
        return Some((decimal()?, None, false));
    }
    let grouped = Decimal::of_digits(&[first, last].concat(), "")?;
    let doubtful = style.decimal.is_none() && first.starts_with('0');
    Some((grouped, None, doubtful))
}

/// `1,23,45,678`: India sets hundreds apart above the thousands.
fn indian(groups: &[&str]) -> bool {
    match groups {
        [first, middle @ .., last] => {
            (1..=2).contains(&first.len())
                && middle.iter().all(|group| group.len() == 2)
                && last.len() == 3
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The numbers of a line.
    fn numbers(text: &str, style: Style) -> Vec<Number> {
        let letters = letters(text);
        let runs: Vec<Run> = runs(&letters).collect();
        super::numbers(&letters, &runs, style)
    }

    fn letters(text: &str) -> Vec<char> {
        text.chars().map(halfwidth).collect()
    }

    fn style(line: &str) -> Style {
        let letters = letters(line);
        let runs: Vec<Run> = runs(&letters).collect();
        Style::of(std::iter::once((letters.as_slice(), runs.as_slice())))
    }

    fn read(text: &str) -> Vec<String> {
        numbers(text, Style::default())
            .iter()
            .map(|n| n.value.to_string())
            .collect()
    }

    #[test]
    fn every_way_of_writing_an_amount_is_read() {
        for (text, value) in [
            ("1,234.50", "1234.50"),
            ("1.234,50", "1234.50"),
            ("1'234.50", "1234.50"),
            ("160.000", "160000"),
            ("17,280", "17280"),
            ("9,700", "9700"),
            ("12,5", "12.5"),
            ("1,234,567.89", "1234567.89"),
            ("2.000,00", "2000.00"),
            ("0.434", "0.434"),
            ("-4.00", "-4.00"),
            ("0.29-", "-0.29"),
            ("(5.00)", "-5.00"),
            ("１２．５０", "12.50"),
            ("RM9.90", "9.90"),
            ("$7.10", "7.10"),
            ("\\12,080-", "12080"),
            ("-RM0.02", "-0.02"),
            (".90", "0.90"),
            ("11.9000", "11.9000"),
            ("Rp 25.000", "25000"),
            ("12,- €", "12"),
            ("1,23,456.00", "123456.00"),
            ("12,34,56,789", "123456789"),
            ("๑,๒๓๔.๕๐", "1234.50"),
            ("١٬٢٣٤٫٥٠", "1234.50"),
        ] {
            assert_eq!(read(text), [value], "{text}");
        }
    }

    #[test]
    fn the_papers_own_style_settles_what_one_number_cannot() {
        let dots = style("22.73 LITRE RM 50.00");
        assert_eq!(numbers("2.590", dots)[0].value.to_string(), "2.590");
        let commas = style("12,50");
        assert_eq!(numbers("2.590", commas)[0].value.to_string(), "2590");
    }

    #[test]
    fn yen_have_no_decimals_behind_a_comma() {
        let folded = style("税率 10% 対象 ¥10,00 税額 ¥1,000");
        assert_eq!(folded.decimal, None);
        let commas = style("12,50");
        assert_eq!(numbers("¥12,080-", commas)[0].value.to_string(), "12080");
        assert_eq!(numbers("12,080円", commas)[0].value.to_string(), "12080");
    }

    #[test]
    fn dates_times_and_codes_are_not_amounts() {
        for text in [
            "25/03/2018",
            "09:42:19",
            "T1 R000020832",
            "10.0.0.1",
            "CS1801/26717",
            "A05",
        ] {
            assert!(
                numbers(text, Style::default())
                    .iter()
                    .all(|n| n.code || !n.is_money()),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_line_has_its_numbers_read(line in "\\PC{0,60}") {
            for n in numbers(&line, Style::default()) {
                prop_assert!(n.from < n.to);
            }
        }
    }
}
