//! Dates and times as receipts print them, and the order of day and month where it is open.

use super::number::halfwidth;
use super::written::Written;
use std::fmt;

/// A date, and a time of day when the paper has one. Local to the shop: receipts name no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct When {
    /// Year, four digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
    /// Hour (0 to 23), minute, second.
    pub clock: Option<(u8, u8, u8)>,
    /// Whether day and month could also be the other way round.
    pub ambiguous: bool,
}

impl When {
    /// The same numbers with day and month exchanged.
    #[must_use]
    pub const fn swapped(self) -> Self {
        Self {
            month: self.day,
            day: self.month,
            ..self
        }
    }

    /// Reads the first date of a text.
    pub fn read(text: &str, month_first: bool) -> Option<Self> {
        if text.is_ascii() && !may_date(text.bytes().map(char::from)) {
            return None;
        }
        let chars: Vec<char> = text.chars().map(halfwidth).collect();
        let habit = Habit {
            month_first,
            ..Habit::default()
        };
        let date = date(&chars, habit)?;
        Some(Self {
            clock: clock(&chars),
            ..date
        })
    }
}

impl fmt::Display for When {
    /// ISO 8601 without a zone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        match self.clock {
            Some((h, m, s)) => write!(f, "T{h:02}:{m:02}:{s:02}"),
            None => Ok(()),
        }
    }
}

/// How a shop writes numeric dates.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    /// The month before the day.
    month_first: bool,
    /// A year of two digits before both, as in East Asia.
    year_first: bool,
    /// Years of the Buddhist era.
    buddhist: bool,
}

impl Habit {
    /// Whether it reads dates that are none elsewhere; with the month first they are others.
    const fn beyond(self) -> bool {
        self.year_first || self.buddhist
    }

    /// By the scripts of a paper: `25/03/14` is in 2025 on a Japanese one and in 2014 elsewhere.
    fn of(lines: &[Written<'_>], month_first: bool) -> Self {
        let beyond = || lines.iter().map(Written::text).filter(|t| !t.is_ascii());
        let any = |found: fn(char) -> bool| beyond().any(|text| text.contains(found));
        let kana = |c| matches!(c, '\u{3041}'..='\u{30FF}');
        let han = |c| matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}');
        Self {
            month_first,
            year_first: any(kana) || any(han),
            buddhist: any(|c| matches!(c, '\u{E01}'..='\u{E2E}')),
        }
    }
}

/// The paper's date: a labelled one before others, one with a time before one without.
#[expect(
    clippy::too_many_lines,
    reason = "one pass whose steps share the line they look at"
)]
pub(super) fn find(lines: &[Written<'_>], month_first: bool) -> Option<(usize, When)> {
    let mut best: Option<(u8, usize, When)> = None;
    let mut lone_clock = None;
    let habit = Habit::of(lines, month_first);
    for (i, line) in lines.iter().enumerate() {
        if line.digits < DIGITS_MIN {
            continue;
        }
        let here = clock(&line.letters);
        if lone_clock.is_none() && here.is_some() {
            lone_clock = here.map(|c| (i, c));
        }
        let may = habit.beyond() || line.dated();
        let Some(date) = may.then(|| date(&line.letters, habit)).flatten() else {
            continue;
        };
        let lower = line.text().to_lowercase();
        let other = [
            "valid",
            "expir",
            "until",
            "exp ",
            "before",
            "best",
            "return",
            "delivery",
            "dd:",
            "wef",
            "effective",
            "有効",
            "due date",
            "until",
        ];
        let score = if other.iter().any(|w| lower.contains(w)) {
            0
        } else {
            1 + 2 * u8::from(here.is_some())
                + u8::from(
                    [
                        "date",
                        "datum",
                        "fecha",
                        "data",
                        "日期",
                        "時間",
                        "时间",
                        "일시",
                        "tarih",
                        "tgl",
                        "วันที่",
                    ]
                    .iter()
                    .any(|w| lower.contains(w)),
                )
        };
        let when = When {
            clock: here,
            ..date
        };
        if best.is_none_or(|b| score > b.0) {
            best = Some((score, i, when));
        }
    }
    best.map(|(_, i, when)| {
        let near = lone_clock.filter(|_| when.clock.is_none()).map(|(_, c)| c);
        (
            i,
            When {
                clock: when.clock.or(near),
                ..when
            },
        )
    })
}

/// A day and a year of two digits, an hour and a minute: three digits at least.
const DIGITS_MIN: usize = 3;

fn may_date(chars: impl Iterator<Item = char>) -> bool {
    let mut digits = chars.filter(char::is_ascii_digit);
    digits.nth(DIGITS_MIN - 1).is_some()
}

/// Whether there is a date among these characters, as far as no habit is known.
pub(super) fn stands_in(chars: &[char]) -> bool {
    may_date(chars.iter().copied()) && date(chars, Habit::default()).is_some()
}

/// The first date in a line.
fn date(chars: &[char], habit: Habit) -> Option<When> {
    words(chars).find_map(|(from, to)| {
        let reiwa = || match chars.get(from..to)? {
            ['R', _, ..] => reiwa_at(chars, from + 1),
            _ => None,
        };
        date_at(chars, from, habit).or_else(reiwa)
    })
}

/// Where ASCII letters and digits stand beside each other: from which to which character.
fn words(chars: &[char]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = chars.get(at..)?;
        let from = at + rest.iter().position(char::is_ascii_alphanumeric)?;
        let word = chars.get(from..)?;
        let length = word.iter().position(|c| !c.is_ascii_alphanumeric());
        at = from + length.unwrap_or(word.len());
        Some((from, at))
    })
}

/// The date that begins behind an R, which begins a word: `R7.5.2` and `R07/05/02` are in the
/// seventh year of Reiwa.
fn reiwa_at(chars: &[char], at: usize) -> Option<When> {
    let (before, rest) = chars.split_at_checked(at)?;
    let word = matches!(before, [.., c, 'R'] if c.is_alphanumeric());
    if word {
        return None;
    }
    reiwa(rest).or_else(|| east_asian(before, rest))
}

/// The date that begins with this letter or digit.
fn date_at(chars: &[char], at: usize, habit: Habit) -> Option<When> {
    let (before, rest) = chars.split_at_checked(at)?;
    if !rest.first().is_some_and(char::is_ascii_digit) {
        return named_first(rest);
    }
    let first = digits(rest)?;
    numeric(first, rest, habit)
        .or_else(|| east_asian(before, rest))
        .or_else(|| named(first, rest, habit))
}

/// A number of one to four digits and what follows it.
fn digits(chars: &[char]) -> Option<(u16, usize)> {
    let digits = chars.iter().take(5).map_while(|c| c.to_digit(10));
    let (value, n) = digits.fold((0, 0), |(value, n), digit| (value * 10 + digit, n + 1));
    let few = (1..=4).contains(&n);
    few.then_some((u16::try_from(value).ok()?, n))
}

fn when(year: u16, month: u16, day: u16, digits: usize) -> Option<When> {
    let year = match (digits, year) {
        (2, y) => 2000 + y,
        (4, y @ 1990..=2099) => y,
        // The Buddhist era of Thailand.
        (4, y @ 2540..=2599) => y - 543,
        _ => return None,
    };
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let long = match month {
        2 if year % 4 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let real = (1..=12).contains(&month) && (1..=long).contains(&day);
    real.then_some(When {
        year,
        month,
        day,
        clock: None,
        ambiguous: false,
    })
}

/// `2018-03-25`, `25/03/2018`, `3.25.18`, `20180325` is left to codes.
fn numeric((a, la): (u16, usize), chars: &[char], habit: Habit) -> Option<When> {
    let mark = *chars.get(la).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let skip = |at: usize| {
        at + chars
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|c| **c == ' ')
            .count()
    };
    let at = skip(la + 1);
    let (b, lb) = digits(chars.get(at..)?)?;
    let at = at + lb;
    if chars.get(at) != Some(&mark) {
        return None;
    }
    let at = skip(at + 1);
    let (c, lc) = digits(chars.get(at..)?)?;
    let after = chars.get(at + lc).copied().unwrap_or(' ');
    if after.is_ascii_digit() || (after == mark && mark != '.') || lb > 2 {
        return None;
    }
    if la == 4 {
        return when(a, b, c, 4);
    }
    // Years of the Republic of China: 114 is 2025.
    if (la, lb, lc) == (3, 2, 2) && mark == '/' && (100..=150).contains(&a) {
        return when(a + 1911, b, c, 4);
    }
    if la > 2 || !(lc == 2 || lc == 4) {
        return None;
    }
    if habit.year_first
        && (la, lb, lc) == (2, 2, 2)
        && let Some(date) = when(a, b, c, la)
    {
        return Some(date);
    }
    // 68 is 2568, which is 2025.
    let c = if habit.buddhist && lc == 2 && c > 43 {
        c - 43
    } else {
        c
    };
    let day_first = when(c, b, a, lc);
    let month = when(c, a, b, lc);
    // In two digits the year may stand first; only when nothing else is a date.
    let year_first = || if lc == 2 { when(a, b, c, la) } else { None };
    match (day_first, month) {
        (Some(d), Some(m)) if a != b => Some(When {
            ambiguous: true,
            ..if habit.month_first && mark == '/' {
                m
            } else {
                d
            }
        }),
        (Some(one), _) | (None, Some(one)) => Some(one),
        (None, None) => year_first(),
    }
}

/// `7.5.2`, `07/05/02` behind the R of Reiwa.
fn reiwa(chars: &[char]) -> Option<When> {
    let (year, first) = digits(chars)?;
    let mark = chars.get(first).filter(|c| matches!(c, '.' | '/' | '-'))?;
    let (month, second) = digits(chars.get(first + 1..)?)?;
    if chars.get(first + 1 + second) != Some(mark) || first > 2 {
        return None;
    }
    let (day, _) = digits(chars.get(first + second + 2..)?)?;
    when(year + 2018, month, day, 4)
}

/// `2019年02月22日`, `2020년 9월 28일`, `令和7年5月2日`, `民國114年5月2日`, `25年3月14日`.
fn east_asian(before: &[char], chars: &[char]) -> Option<When> {
    let unit = chars.iter().find(|c| !matches!(c, '0'..='9' | ' '));
    if !matches!(unit, Some('年' | '년')) {
        return None;
    }
    let mut at = 0;
    let mut next = |signs: [char; 2]| {
        at += chars.get(at..)?.iter().take_while(|c| **c == ' ').count();
        let (n, length) = digits(chars.get(at..)?)?;
        at += length
            + chars
                .get(at + length..)?
                .iter()
                .take_while(|c| **c == ' ')
                .count();
        let sign = chars.get(at)?;
        at += 1;
        signs.contains(sign).then_some((n, length))
    };
    let (year, length) = next(['年', '년'])?;
    let (month, day) = (next(['月', '월'])?.0, next(['日', '일'])?.0);
    let era = before.iter().rev().skip_while(|c| **c == ' ').take(2);
    let era: Vec<char> = era.copied().collect();
    match (era.as_slice(), length) {
        (['和', '令'] | ['R', ..], 1 | 2) => when(year + 2018, month, day, 4),
        (_, 3) if (100..=150).contains(&year) => when(year + 1911, month, day, 4),
        (_, 2 | 4) => when(year, month, day, length),
        _ => None,
    }
}

/// The month of which this is the beginning, in lower case, in a language of receipts.
fn month(first: [char; 3], fourth: Option<char>) -> Option<u16> {
    Some(match first {
        ['j', 'a', 'n'] | ['e', 'n', 'e'] | ['g', 'e', 'n'] | ['o', 'c', 'a'] => 1,
        ['f', 'e', 'b' | 'v'] | ['f', 'é', 'v'] | ['ş', 'u', 'b'] => 2,
        ['m', 'a', 'r' | 'c' | 'a'] | ['m', 'ä', 'r'] | ['m', 'r', 'z'] => 3,
        ['a', 'p' | 'b' | 'v', 'r'] | ['n', 'i', 's'] => 4,
        ['m', 'a', 'y' | 'i' | 'g'] | ['m', 'e', 'i'] => 5,
        ['j', 'u', 'n'] | ['g', 'i', 'u'] | ['h', 'a', 'z'] => 6,
        ['j', 'u', 'i'] if fourth == Some('n') => 6,
        ['j', 'u', 'l'] | ['l', 'u', 'g'] | ['t', 'e', 'm'] => 7,
        ['j', 'u', 'i'] if fourth == Some('l') => 7,
        ['a', 'u', 'g'] | ['a', 'g' | 'ğ', 'u'] | ['a' | 'o', 'g', 'o'] | ['a', 'o', 'û'] => 8,
        ['s', 'e', 'p' | 't'] | ['e', 'y', 'l'] => 9,
        ['o', 'c' | 'k' | 't' | 'u', 't'] | ['e', 'k', 'i'] => 10,
        ['n', 'o', 'v'] | ['k', 'a', 's'] => 11,
        ['d', 'e', 'c' | 'z' | 's'] | ['d', 'i', 'c' | 's'] | ['d', 'é', 'c'] | ['a', 'r', 'a'] => {
            12
        }
        _ => return None,
    })
}

/// The month that a word begins with, by its first three letters.
fn month_of(chars: &[char]) -> Option<(u16, usize)> {
    let lower = |at: usize| -> Option<char> {
        let letter = chars.get(at)?;
        if letter.is_ascii() {
            return Some(letter.to_ascii_lowercase());
        }
        let mut letters = letter.to_lowercase();
        letters.next().filter(|_| letters.len() == 0)
    };
    let month = month([lower(0)?, lower(1)?, lower(2)?], lower(3))?;
    let length = chars.iter().take_while(|c| c.is_alphabetic()).count();
    // Whatever begins with a month has a day or year behind it, which few words have.
    let after = gap(chars, length);
    let next = match chars.get(after..) {
        Some(['d' | 'D', 'e' | 'E', ' ', c, ..] | [c, ..]) => Some(c),
        _ => None,
    };
    ((3..=10).contains(&length) && next.is_some_and(char::is_ascii_digit))
        .then_some((month, length))
}

fn gap(chars: &[char], at: usize) -> usize {
    at + chars
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|c| matches!(c, ' ' | '.' | ',' | '-' | '/' | '\''))
        .count()
}

/// The length of `st`, `nd`, `rd`, `th` behind a day.
fn ordinal(chars: &[char]) -> usize {
    let [a, b, ..] = chars else { return 0 };
    let two = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    if matches!(two, ('s', 't') | ('n' | 'r', 'd') | ('t', 'h')) {
        2
    } else {
        0
    }
}

/// Digits that are no amount: `2 MARGHERITA 14,00` has no date.
fn no_amount(chars: &[char]) -> Option<(u16, usize)> {
    let (year, length) = digits(chars)?;
    let amount = matches!(chars.get(length..), Some(['.' | ',', c, ..]) if c.is_ascii_digit());
    (!amount).then_some((year, length))
}

/// The months in Thai, short and long, in order.
const THAI_MONTHS: [[&str; 2]; 12] = [
    ["ม.ค.", "มกราคม"],
    ["ก.พ.", "กุมภาพันธ์"],
    ["มี.ค.", "มีนาคม"],
    ["เม.ย.", "เมษายน"],
    ["พ.ค.", "พฤษภาคม"],
    ["มิ.ย.", "มิถุนายน"],
    ["ก.ค.", "กรกฎาคม"],
    ["ส.ค.", "สิงหาคม"],
    ["ก.ย.", "กันยายน"],
    ["ต.ค.", "ตุลาคม"],
    ["พ.ย.", "พฤศจิกายน"],
    ["ธ.ค.", "ธันวาคม"],
];

/// The Thai month that the text begins with, and its length.
fn thai_month(chars: &[char]) -> Option<(u16, usize)> {
    if !matches!(chars.first(), Some('\u{E00}'..='\u{E7F}')) {
        return None;
    }
    let begins = |name: &str| {
        name.chars()
            .eq(chars.iter().copied().take(name.chars().count()))
    };
    (1..).zip(THAI_MONTHS).find_map(|(month, names)| {
        let name = names.iter().find(|name| begins(name))?;
        Some((month, name.chars().count()))
    })
}

/// `29 MAR 2018`, `08 Aug 2026`, `2. Februar 2019`, `15 de marzo de 2025`, `11 พ.ค. 2568`.
fn named((day, length): (u16, usize), chars: &[char], habit: Habit) -> Option<When> {
    let of = |at: usize| match chars.get(at..) {
        Some(['o' | 'O' | 'd' | 'D', 'f' | 'F' | 'e' | 'E', ' ', ..]) => at + 3,
        _ => at,
    };
    let at = of(gap(chars, length + ordinal(chars.get(length..)?)));
    let rest = chars.get(at..)?;
    let (month, length) = thai_month(rest).or_else(|| month_of(rest))?;
    let at = of(gap(chars, at + length));
    let (year, length) = no_amount(chars.get(at..)?)?;
    let era = habit.buddhist && length == 2 && year > 43;
    when(if era { year - 43 } else { year }, month, day, length)
}

/// `Feb. 22, 2019`.
fn named_first(chars: &[char]) -> Option<When> {
    let (month, length) = month_of(chars)?;
    let at = gap(chars, length);
    // "Oct 8,2015" is no amount.
    let digit = |c: &char| c.is_ascii_digit();
    let year = |rest: &[char]| match rest {
        [',', '1' | '2', year @ ..] => year.len() >= 3 && year.iter().take(3).all(digit),
        _ => false,
    };
    let rest = chars.get(at..)?;
    let near = digits(rest).filter(|(_, n)| rest.get(*n..).is_some_and(year));
    let (day, length) = near.or_else(|| no_amount(rest))?;
    let at = at + length;
    let at = gap(chars, at + ordinal(chars.get(at..)?));
    let (year, length) = no_amount(chars.get(at..)?)?;
    when(year, month, day, length)
}

/// `18:32:35`, `09:42:19 PM`, `7:07PM`, `16h52`, `12시 5분` is not read.
fn clock(chars: &[char]) -> Option<(u8, u8, u8)> {
    if !chars.iter().any(|c| matches!(c, ':' | 'h' | '時' | '时')) {
        return None;
    }
    let mut last = ' ';
    chars.iter().enumerate().find_map(|(i, c)| {
        let before = std::mem::replace(&mut last, *c);
        if !c.is_ascii_digit() || before.is_ascii_digit() || before == ':' {
            return None;
        }
        let rest = chars.get(i..)?;
        let (hour, length) = digits(rest)?;
        let sign = *rest.get(length)?;
        if !matches!(sign, ':' | 'h' | '時' | '时') || length > 2 {
            return None;
        }
        let (minute, width) = digits(rest.get(length + 1..)?)?;
        if width != 2 {
            return None;
        }
        let mut at = length + 1 + width;
        let mut second = 0;
        if rest.get(at) == Some(&':')
            && let Some((s, 2)) = digits(rest.get(at + 1..)?)
        {
            (second, at) = (s, at + 3);
        }
        let mut tail = rest.get(at..)?.iter().filter(|c| !matches!(c, ' ' | '.'));
        let hour = match (tail.next(), tail.next()) {
            (Some('p' | 'P'), Some('m' | 'M')) if hour < 12 => hour + 12,
            (Some('a' | 'A'), Some('m' | 'M')) if hour == 12 => 0,
            _ if hour < 12 && afternoon(chars.get(..i)?) => hour + 12,
            _ => hour,
        };
        let clock = (
            u8::try_from(hour).ok()?,
            u8::try_from(minute).ok()?,
            u8::try_from(second).ok()?,
        );
        (clock.0 < 24 && clock.1 < 60 && clock.2 < 60).then_some(clock)
    })
}

/// Whether what stands before a time says that it is after noon.
fn afternoon(before: &[char]) -> bool {
    let mut rest = before.iter().rev().skip_while(|c| **c == ' ').copied();
    let last = (rest.next().unwrap_or(' '), rest.next().unwrap_or(' '));
    matches!(
        (last.1, last.0),
        ('午', '後') | ('下', '午') | ('오', '후') | ('晚', '上') | ('P' | 'p', 'M' | 'm')
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        When::read(text, false).map_or(String::new(), |w| w.to_string())
    }

    #[test]
    fn dates_are_read_as_shops_write_them() {
        for (text, iso) in [
            ("DATE: 25-03-2018 09:42:19 AM", "2018-03-25T09:42:19"),
            ("2015-10-21 18:32:35", "2015-10-21T18:32:35"),
            ("29 MAR 2018 18:19", "2018-03-29T18:19:00"),
            ("28-12-17 18:52 SH01 ZT09", "2017-12-28T18:52:00"),
            ("2019年02月22日", "2019-02-22"),
            ("Feb. 22, 2019", "2019-02-22"),
            ("8/21/2025, 9:41:58 PM", "2025-08-21T21:41:58"),
            ("20/03/2018 7:07PM RCPT NO.18252", "2018-03-20T19:07:00"),
            (
                "Monday 6th of April 2015 02:56:25 PM",
                "2015-04-06T14:56:25",
            ),
            ("08 Aug 2026  14:32", "2026-08-08T14:32:00"),
            ("2022年11月 9日", "2022-11-09"),
            ("12.05.2024", "2024-05-12"),
        ] {
            assert_eq!(read(text), iso, "{text}");
        }
    }

    #[test]
    fn an_open_order_of_day_and_month_is_said_to_be_open() {
        assert!(When::read("02-09-2019", false).unwrap().ambiguous);
        assert!(!When::read("25-03-2018", false).unwrap().ambiguous);
        assert_eq!(When::read("10/6/2026", true).unwrap().month, 10);
    }

    #[test]
    fn telephone_numbers_and_amounts_are_no_dates() {
        for text in [
            "TEL 03-6258-7191",
            "1.234,50",
            "123-45-67890",
            "30/02/2019x",
            "LOT 12-48-120",
        ] {
            assert_eq!(read(text), "", "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_searched_for_a_date(line in "\\PC{0,60}") {
            let _ = When::read(&line, true);
        }
    }
}
