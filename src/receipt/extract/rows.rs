//! Lines to labelled amounts: which words stand beside which number, and what they make of it.

use super::super::is_alphanumeric;
use super::currency::Mark;
use super::lexicon::{self, Flags};
use super::number::{Decimal, Number, Style, numbers};
use super::reference::{self, Reference};
use super::role::means;
pub(super) use super::role::{Means, Role, role};
use super::written::Written;
use smallvec::SmallVec;
use std::borrow::Cow;

/// An amount with what its label makes of it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) role: Role,
    pub(super) value: Decimal,
    pub(super) doubtful: bool,
    /// Its label says that it is part of something above.
    pub(super) included: bool,
    /// It stands in a table of taxes.
    pub(super) summary: bool,
}

/// A line with its numbers and words.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) line: usize,
    /// The whole line without its numbers, in comparable form.
    pub(super) label: String,
    pub(super) flags: Flags,
    pub(super) numbers: Vec<Number>,
    /// The labels before each number.
    labels: SmallVec<[Label; 4]>,
    pub(super) role: Option<Role>,
    pub(super) summary: bool,
    /// The order or receipt number that stands in it.
    pub(super) reference: Option<Reference>,
    /// How many characters the line has.
    pub(super) length: usize,
    /// How many spaces it begins with.
    pub(super) indent: usize,
}

impl Row {
    /// A line that says nothing.
    fn drawn(line: usize, length: usize) -> Self {
        Self {
            line,
            label: String::new(),
            flags: 0,
            numbers: Vec::new(),
            labels: SmallVec::new(),
            role: None,
            summary: false,
            reference: None,
            length,
            indent: 0,
        }
    }
}

/// What stands before a number: its words' classes, and whether there is anything.
#[derive(Clone, Copy, Debug, Default)]
struct Label {
    flags: Flags,
    empty: bool,
}

/// The rows of a paper and the style of its numbers.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the rows of Rows are rows")]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Decimals that amounts have on this paper: 2, or 0.
    pub(super) places: u8,
    /// Marks that were taken to set thousands apart, on paper with no number that settles it.
    pub(super) lone_groups: Vec<char>,
}

impl Rows {
    pub(super) fn of(lines: &[Written<'_>], three_places: bool) -> Self {
        let style = Style {
            three_places,
            ..Style::of(
                lines
                    .iter()
                    .map(|l| (l.letters.as_slice(), l.runs.as_slice())),
            )
        };
        let mut rows: Vec<Row> = lines
            .iter()
            .enumerate()
            .map(|(i, l)| row(i, l, style))
            .collect();
        one_place_as_two(&mut rows);
        let two = rows
            .iter()
            .flat_map(|r| &r.numbers)
            .any(|n| n.value.places() == 2 && !n.percent && !n.code);
        let three = three_places
            && rows
                .iter()
                .flat_map(|r| &r.numbers)
                .any(|n| n.value.places() == 3);
        let places = if three {
            3
        } else if two {
            2
        } else {
            0
        };
        let lone = rows
            .iter()
            .flat_map(|r| &r.numbers)
            .filter_map(Number::lone_group);
        let lone_groups: Vec<char> = lone.filter(|_| style.decimal.is_none()).collect();
        mark_summary(&mut rows);
        mark_tips(&mut rows);
        for row in &mut rows {
            row.role = role(row.flags).filter(|_| !row.label.is_empty());
        }
        Self {
            rows,
            places,
            lone_groups,
        }
    }

    /// Whether a number has the form that amounts have on this paper.
    pub(super) fn is_amount(&self, number: &Number) -> bool {
        let form = number.value.places() == self.places
            || number.mark.is_some()
            || (self.places == 0 && number.value.places() == 2);
        // Eight digits in one are the number of something.
        let long = number.value.e4() >= 100_000_000_000 && number.value.places() == 0;
        let names = long && number.mark.is_none() && !number.grouped();
        form && !number.percent && !number.code && !number.factor && !names
    }

    /// The currency marks beside amounts: `RON95` is petrol and no leu.
    pub(super) fn marks(&self) -> impl Iterator<Item = Mark> {
        let beside = |n: &&Number| {
            !n.percent
                && !n.code
                && (n.value.places() == self.places || !matches!(n.mark, Some(Mark::Is(_))))
        };
        self.rows
            .iter()
            .flat_map(|r| &r.numbers)
            .filter(beside)
            .filter_map(|n| n.mark)
    }

    /// Every labelled amount.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut out = Vec::new();
        let mut pending: Option<(usize, Role)> = None;
        for row in &self.rows {
            let amounts: Vec<(usize, &Number)> = row
                .numbers
                .iter()
                .enumerate()
                .filter(|(_, n)| self.is_amount(n))
                .collect();
            if amounts.is_empty() {
                pending = row
                    .role
                    .filter(|_| row.numbers.is_empty())
                    .map(|r| (row.line, r))
                    .or_else(|| pending.filter(|_| row.label.is_empty() && row.numbers.is_empty()));
                continue;
            }
            match (pending.take(), row.label.is_empty()) {
                // A label alone on its line, its amount below it.
                (Some((line, role)), true) if line + 1 == row.line && amounts.len() == 1 => {
                    out.extend(amounts.first().map(|(_, n)| entry(row, role, n)));
                }
                _ => self.labelled(row, &amounts, &mut out),
            }
        }
        self.leave_sold(&mut out);
        out
    }

    /// `1 GREETING CARD  3.99`, `Tax Guide Book  8.72` above the sums were sold: nothing was paid
    /// with the one, and the other is no tax.
    fn leave_sold(&self, entries: &mut Vec<Entry>) {
        let sum = |e: &&Entry| matches!(e.role, Role::Total(2..) | Role::Subtotal);
        let Some((first, whole)) = entries.iter().find(sum).map(|e| (e.line, e.value)) else {
            return;
        };
        let sold = |e: &Entry| {
            let Some(row) = self.rows.iter().find(|r| r.line == e.line) else {
                return false;
            };
            let other = row.flags & lexicon::OTHER != 0;
            other
                && match e.role {
                    Role::Tendered(_) => true,
                    Role::Tax | Role::Change | Role::Rounding => self.is_named(row),
                    _ => false,
                }
        };
        entries.retain(|e| {
            let part = e.line < first && e.value.e4() > 0 && e.value.e4() < whole.e4();
            !part || !sold(e)
        });
    }

    /// Whether a line is more of a name than of a label: two words of it are in no list, or one,
    /// and what stands below it is sold.
    fn is_named(&self, row: &Row) -> bool {
        let words = row.label.split(|c: char| !c.is_alphanumeric());
        let others = words.filter(|word| lexicon::flags(word) & lexicon::OTHER != 0);
        let rated = row.numbers.iter().any(|n| n.percent);
        let below = self.rows.iter().skip_while(|r| r.line <= row.line);
        let priced = |r: &&Row| r.numbers.iter().any(|n| self.is_amount(n));
        let sold = below.filter(|r| !r.label.is_empty()).find(priced);
        let sold = sold.is_some_and(|r| r.role.is_none() && !r.summary);
        !rated && !row.summary && (sold || others.count() > 1)
    }

    fn labelled(&self, row: &Row, amounts: &[(usize, &Number)], out: &mut Vec<Entry>) {
        // Base and tax beside each other without a word each are a table's row, which is read as
        // one.
        let own = |i: usize| row.labels.get(i).and_then(|l| role(l.flags));
        let unlabelled = amounts.len() > 1 && amounts.iter().any(|(i, _)| own(*i).is_none());
        if let Some(both) = cash_and_change(row, amounts) {
            out.extend(both);
            return;
        }
        // "Total Item 3   31.900", "合計 2点  520円".
        let counted = row.numbers.first().is_some_and(is_counted);
        let sums = lexicon::TOTAL | lexicon::SUB;
        for (i, number) in amounts {
            let own = row.labels.get(*i).copied().unwrap_or_default();
            let own_flags = own.flags;
            let own_role = if own_flags & !lexicon::OTHER & !lexicon::PLAIN == 0 {
                None
            } else {
                role(own_flags)
            };
            let of_line = || {
                row.role
                    .filter(|_| amounts.len() == 1 || *i == 0 || own.empty)
            };
            let role = match own_role {
                // "Total (3 items) 45.00": what counts stands before, money belongs to the total.
                Some(Role::Aside)
                    if own_flags & lexicon::COUNT != 0
                        && row.flags & sums != 0
                        && (number.value.places() == 2 || counted)
                        && *i > 0 =>
                {
                    role(row.flags & !lexicon::COUNT)
                }
                None if counted && *i > 0 && row.flags & sums != 0 => {
                    role(row.flags & !lexicon::COUNT)
                }
                Some(_) if amounts.len() == 1 && *i > 0 && row.role.is_some() => row.role,
                Some(role) => Some(role),
                None => of_line(),
            };
            let table = unlabelled && (row.summary || matches!(role, Some(Role::Tax)));
            if let Some(role) =
                role.filter(|r| !table || matches!(r, Role::Tendered(_) | Role::Change))
                && !(role == Role::Tax && is_tax_number(number))
            {
                out.push(entry(row, role, number));
            }
        }
    }
}

/// Hong Kong writes `46.0`: where at least two sums have one decimal and nothing has two, amounts
/// are read as if they had two.
fn one_place_as_two(rows: &mut [Row]) {
    let places = |of: u8| move |n: &Number| n.value.places() == of && !n.percent && !n.code;
    let ends = |row: &Row| row.numbers.last().is_some_and(places(1));
    let sums = rows
        .iter()
        .filter(|row| ends(row) && role(row.flags).is_some());
    if sums.count() < 2 || rows.iter().flat_map(|r| &r.numbers).any(places(2)) {
        return;
    }
    let amounts = rows.iter_mut().flat_map(|row| &mut row.numbers);
    for amount in amounts.filter(|n| places(1)(n)) {
        amount.value = Decimal::of_e4(amount.value.e4(), 2);
    }
}

/// `เงินสด/เงินทอน  100.00  6.00`: both words stand before what was handed over, and the change is
/// behind it.
fn cash_and_change(row: &Row, amounts: &[(usize, &Number)]) -> Option<[Entry; 2]> {
    let given = row.flags & (lexicon::CASH | lexicon::PAID) != 0;
    let both = given && row.flags & (lexicon::CHANGE | lexicon::OTHER) == lexicon::CHANGE;
    let [(0, paid), (1, change)] = amounts else {
        return None;
    };
    let bare = row.labels.get(1).is_some_and(|label| label.empty);
    (both && bare).then(|| {
        let means = Role::Tendered(means(row.flags));
        [entry(row, means, paid), entry(row, Role::Change, change)]
    })
}

/// A bare small number, as how many there are is written.
fn is_counted(number: &Number) -> bool {
    let small = (10_000..10_000_000).contains(&number.value.e4());
    small && number.value.places() == 0 && number.mark.is_none() && !number.code
}

/// `VAT 123456789`: seven digits and more in one are the number of who pays the tax.
const fn is_tax_number(number: &Number) -> bool {
    let long = number.value.places() == 0 && number.value.e4() >= 10_000_000_000;
    long && number.mark.is_none() && !number.grouped()
}

fn entry(row: &Row, role: Role, number: &Number) -> Entry {
    // "SAVINGS  -0.75", "Points -2.00" are taken off; "You saved 0.75" only says so.
    let kept = lexicon::SAVINGS | lexicon::ASIDE;
    let taken_off = role == Role::Aside && row.flags & kept != 0 && number.is_money();
    let role = if taken_off && number.value.e4() < 0 {
        Role::Discount
    } else {
        role
    };
    Entry {
        line: row.line,
        role,
        value: number.value,
        doubtful: number.doubtful,
        included: row.flags & (lexicon::INCLUDING | lexicon::SAVINGS | lexicon::OPTIONAL) != 0,
        summary: row.summary,
    }
}

fn row(line: usize, of: &Written<'_>, style: Style) -> Row {
    let length = of.letters.len();
    if of.drawn {
        return Row::drawn(line, length);
    }
    let mut numbers = match of.digits {
        0 => Vec::new(),
        _ => numbers(&of.letters, &of.runs, style),
    };
    clock_behind_date(of, &mut numbers);
    let reference = reference::in_line(of);
    if let Some((from, to)) = reference.as_ref().and_then(|r| r.span(of.text())) {
        // `Order TL100` is no amount of lira.
        for number in numbers.iter_mut().filter(|n| n.from < to && n.to > from) {
            (number.code, number.mark) = (true, None);
        }
    }
    let (mut label, mut labels) = labels(of, &numbers);
    if label.words.contains("總數") && numbers.iter().any(Number::is_money) {
        // Without decimals or a mark it may be how many there are.
        label.flags |= lexicon::TOTAL;
        let called = |own: &&mut Label| own.flags & lexicon::AMOUNT != 0;
        labels
            .iter_mut()
            .filter(called)
            .for_each(|own| own.flags |= lexicon::TOTAL);
    }
    if role(label.flags).is_some() {
        leave_torn(&of.letters, &mut numbers);
    }
    Row {
        line,
        flags: label.flags,
        label: label.words.into_owned(),
        numbers,
        labels,
        role: None,
        summary: false,
        reference,
        length,
        indent: of.letters.iter().take_while(|c| **c == ' ').count(),
    }
}

/// `9, 000`, `1 034`, `1,234 .50`: what may be one number with a gap in it is no amount of a sum.
fn leave_torn(letters: &[char], numbers: &mut [Number]) {
    let gap = |c: &&char| matches!(c, ' ' | ',' | '.');
    let goes_on = |at: usize| {
        let rest = letters.get(at..).unwrap_or_default();
        let between = rest.iter().take_while(gap).count();
        let digits = rest.iter().skip(between);
        let digits = digits.take_while(|c| c.is_ascii_digit()).count();
        let marked = matches!(rest.get(..between), Some([' ', ',' | '.']));
        (1..=2).contains(&between) && (digits == 3 || (digits == 2 && marked))
    };
    // `45rb`, `9천원`, `1万2千円`, `RM12-50`, `9折`: what follows changes what it counts.
    let scaled = |at: usize| {
        let rest = letters.get(at..).unwrap_or_default();
        let rest = rest.strip_prefix(&[' ']).unwrap_or(rest);
        match rest {
            [
                '천' | '만' | '억' | '千' | '万' | '萬' | '億' | '亿' | '分' | '角' | '折',
                ..,
            ] => true,
            ['-', tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
            ['-', tens, ones, end, ..] => {
                tens.is_ascii_digit() && ones.is_ascii_digit() && matches!(end, ' ' | '*')
            }
            _ => {
                let word: String = rest.iter().take_while(|c| c.is_alphabetic()).collect();
                let word = word.to_lowercase();
                matches!(
                    word.as_str(),
                    "rb" | "ribu" | "k" | "jt" | "juta" | "mio" | "tsd"
                )
            }
        }
    };
    // "1 4 5.00": digits that are set apart one by one.
    let spread = |n: &Number, next: &Number| {
        n.to - n.from == 1 && next.from == n.to + 1 && next.to - next.from <= 4 && !next.code
    };
    let mut torn: SmallVec<[usize; 4]> = SmallVec::new();
    for (i, number) in numbers.iter().enumerate() {
        if number.percent || number.code || number.factor {
            continue;
        }
        if scaled(number.to) {
            torn.push(i);
        } else if goes_on(number.to) || numbers.get(i + 1).is_some_and(|next| spread(number, next))
        {
            torn.extend([i, i + 1]);
        }
    }
    for i in torn {
        if let Some(part) = numbers.get_mut(i) {
            (part.code, part.mark) = (true, None);
        }
    }
}

/// The words of a label and their classes.
struct Words<'a> {
    words: Cow<'a, str>,
    flags: Flags,
}

/// The label of a whole line, and what stands before each of its numbers.
fn labels<'a>(of: &'a Written<'_>, numbers: &[Number]) -> (Words<'a>, SmallVec<[Label; 4]>) {
    let mut own: SmallVec<[Cow<'_, str>; 4]> = SmallVec::new();
    let mut at = 0;
    for number in numbers {
        own.push(tidy(of.normal_part(at, number.from)));
        at = number.to.max(at);
    }
    let words = match numbers {
        [] => tidy(Cow::Borrowed(&of.normal)),
        _ => tidy(Cow::Owned(without(numbers, of))),
    };
    let flags = lexicon::flags(&words);
    let classed = |own: &Cow<'_, str>| Label {
        flags: match own {
            own if *own == words => flags,
            own => lexicon::flags(own),
        },
        empty: own.is_empty(),
    };
    let mut labels: SmallVec<[Label; 4]> = own.iter().map(classed).collect();
    // `BASE 10%  18,55   CUOTA 1,85`: what stands before a rate stands before its amount, too.
    for i in 1..labels.len() {
        let rate = numbers.get(i - 1).is_some_and(|n| n.percent);
        if let Some([before, own]) = labels.get_mut(i - 1..=i).filter(|_| rate)
            && own.empty
        {
            *own = *before;
        }
    }
    (Words { words, flags }, labels)
}

/// A line without its numbers, in comparable form.
fn without(numbers: &[Number], of: &Written<'_>) -> String {
    let mut whole = String::with_capacity(of.text().len());
    let mut at = 0;
    for number in numbers {
        whole.push_str(&of.normal_part(at, number.from));
        whole.push(' ');
        at = number.to.max(at);
    }
    whole.push_str(&of.normal_part(at, of.letters.len()));
    if lexicon::is_closed_up(&whole) || !of.aligned {
        return lexicon::normal(&whole);
    }
    whole
}

/// `12.11.2025 SAAT:10.02`: a time with a dot stands behind a date and is no amount.
fn clock_behind_date(of: &Written<'_>, numbers: &mut [Number]) {
    let clock = |n: &Number| {
        let (hours, minutes) = (n.value.e4() / 10_000, n.value.e4() % 10_000 / 100);
        n.value.places() == 2 && n.mark.is_none() && (0..24).contains(&hours) && minutes < 60
    };
    if numbers.iter().any(&clock) && of.dated() {
        for number in numbers.iter_mut().filter(|n| clock(n)) {
            number.code = true;
        }
    }
}

/// `T O T A L` as one word: at least four letters, each by itself.
fn close_up(label: &str) -> Option<String> {
    // Most labels have not even one letter by itself.
    let mut threes = label.as_bytes().windows(3);
    if !threes.any(|three| matches!(three, [b' ', letter, b' '] if letter.is_ascii_alphabetic())) {
        return None;
    }
    let single = |word: &&str| word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let words: Vec<&str> = label.split(' ').filter(|word| !word.is_empty()).collect();
    let at = words.windows(4).position(|four| four.iter().all(&single))?;
    let len = words.iter().skip(at).take_while(|w| single(w)).count();
    let spread = words.iter().skip(at).take(len).copied();
    let before = words.iter().take(at).flat_map(|w| [*w, " "]);
    let after = words.iter().skip(at + len).flat_map(|w| [" ", w]);
    Some(before.chain(spread).chain(after).collect())
}

/// A label without rules, dots that lead to the amount, and punctuation around it.
fn tidy(normal: Cow<'_, str>) -> Cow<'_, str> {
    match normal {
        Cow::Borrowed(normal) => tidied(normal),
        Cow::Owned(normal) => Cow::Owned(tidied(&normal).into_owned()),
    }
}

fn tidied(normal: &str) -> Cow<'_, str> {
    let inner = |c: char| is_alphanumeric(c) || matches!(c, '@' | '#' | '\u{E00}'..='\u{E7F}');
    let bare = lexicon::trimmed(normal, inner);
    let closed = bare.is_ascii().then(|| close_up(bare)).flatten();
    closed.map_or(Cow::Borrowed(bare), Cow::Owned)
}

/// Rows of a tax table: from its heading until something is paid or the paper's words resume.
fn mark_summary(rows: &mut [Row]) {
    let mut inside = false;
    for row in rows {
        let heading =
            row.flags & lexicon::SUMMARY != 0 && row.flags & (lexicon::TAX | lexicon::AMOUNT) != 0;
        let columns = row.numbers.is_empty()
            && row.flags & lexicon::TAX != 0
            && row.flags & lexicon::NAME == 0
            && row.flags
                & (lexicon::AMOUNT | lexicon::EXCLUDING | lexicon::BASE | lexicon::INCLUDING)
                != 0
            && row.label.split_whitespace().count() >= 2;
        let paid = row.flags & (lexicon::CASH | lexicon::CARD | lexicon::CHANGE) != 0
            && !row.numbers.is_empty();
        if heading || columns {
            inside = true;
        } else if paid {
            inside = false;
        }
        row.summary = inside;
    }
}

/// `15%  1.50  Total 11.50` below `Suggested tips`: nothing of it is asked for.
fn mark_tips(rows: &mut [Row]) {
    let mut inside = false;
    for row in rows {
        let tips = lexicon::TIP | lexicon::OPTIONAL;
        let rated = row.numbers.iter().any(|n| n.percent);
        if row.flags & lexicon::TIP != 0 && !row.numbers.iter().any(Number::is_money) {
            inside = true;
        } else if inside && rated {
            row.flags = tips;
            row.labels.iter_mut().for_each(|label| label.flags = tips);
        } else if !row.label.is_empty() {
            inside = false;
        }
    }
}
