//! The lines of a paper as they are looked at: each split up once, for everything that reads it.

use super::super::layout::Line;
use super::lexicon;
use super::number::{self, Run, halfwidth};
use super::when;
use crate::text::Text;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// A line in the forms that are looked at.
#[derive(Clone, Debug)]
pub(super) struct Written<'a> {
    /// As it was laid out.
    pub(super) line: &'a Line,
    /// What it says, without a frame that is drawn around it.
    text: Cow<'a, Text>,
    /// Its characters, full-width forms as ASCII: as many as the text has.
    pub(super) letters: Vec<char>,
    /// Its text in comparable form.
    pub(super) normal: String,
    /// The comparable form has every character in the same bytes as the text.
    pub(super) aligned: bool,
    /// How many of its letters are digits.
    pub(super) digits: usize,
    /// Where its numbers could stand.
    pub(super) runs: SmallVec<[Run; 4]>,
    /// It is empty or drawn: nothing in it is a letter, a digit or a sign before one.
    pub(super) drawn: bool,
    /// A date stands in it, once somebody asked.
    dated: OnceCell<bool>,
}

impl<'a> Written<'a> {
    /// Splits up each line.
    pub(super) fn of(lines: &'a [Line]) -> Vec<Self> {
        lines.iter().map(Self::line).collect()
    }

    fn line(line: &'a Line) -> Self {
        let text = unframed(&line.text);
        let raw = text.as_str();
        let normal = lexicon::normal(raw);
        let mut letters = Vec::with_capacity(raw.len());
        if raw.is_ascii() {
            letters.extend(raw.bytes().map(char::from));
        } else {
            letters.extend(raw.chars().map(halfwidth));
        }
        let said = |b: u8| !b.is_ascii() || b.is_ascii_alphanumeric() || matches!(b, b'@' | b'#');
        Self {
            line,
            aligned: lexicon::is_aligned(raw, &normal),
            normal,
            runs: number::runs(&letters).collect(),
            digits: letters
                .iter()
                .map(|c| usize::from(c.is_ascii_digit()))
                .sum(),
            drawn: !raw.bytes().any(said),
            dated: OnceCell::new(),
            letters,
            text,
        }
    }

    /// Whether a date stands in it.
    pub(super) fn dated(&self) -> bool {
        *self.dated.get_or_init(|| when::stands_in(&self.letters))
    }

    /// What it says.
    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The part from one character to another, in comparable form.
    pub(super) fn normal_part(&self, from: usize, to: usize) -> Cow<'_, str> {
        let part = self.span(from, to);
        if self.aligned {
            return Cow::Borrowed(self.normal.get(part).unwrap_or_default());
        }
        Cow::Owned(lexicon::normal(self.text().get(part).unwrap_or_default()))
    }

    /// The part of the text from one character to another.
    pub(super) fn part(&self, from: usize, to: usize) -> &str {
        self.text().get(self.span(from, to)).unwrap_or_default()
    }

    /// Where the characters from one to another stand in the text, in bytes.
    fn span(&self, from: usize, to: usize) -> Range<usize> {
        let text = self.text();
        if text.len() == self.letters.len() {
            return from..to.min(text.len());
        }
        let mut offsets = text.char_indices().map(|(at, _)| at);
        let start = offsets.nth(from).unwrap_or(text.len());
        let end = match to.checked_sub(from + 1) {
            Some(more) => offsets.nth(more).unwrap_or(text.len()),
            None => start,
        };
        start..end
    }
}

/// A line's text without the frame that is drawn around it.
fn unframed(text: &Text) -> Cow<'_, Text> {
    let frame = |c: char| matches!(c, '\u{2500}'..='\u{259F}');
    let raw = text.as_str();
    let bars = raw
        .split_once('|')
        .is_some_and(|(_, rest)| rest.contains('|'));
    let drawn = |c: char| frame(c) || (bars && c == '|');
    if !bars && (raw.is_ascii() || !raw.contains(frame)) {
        return Cow::Borrowed(text);
    }
    let spaced: String = raw
        .chars()
        .map(|c| if drawn(c) { ' ' } else { c })
        .collect();
    Cow::Owned(Text::clean(spaced.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::layout::layout;
    use crate::receipt::tokens::Dialect;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_the_characters_between_two_places(
            line in "([a-zA-ZäßéİŁ€０-９（合计원แ牛 ]|\\PC){1,40}",
            from in 0_usize..40,
            length in 0_usize..40,
        ) {
            for page in layout(line.as_bytes(), Dialect::Plain, None) {
                for written in Written::of(&page.lines) {
                    let letters: Vec<char> = written.text().chars().collect();
                    let from = from.min(letters.len());
                    let to = (from + length).min(letters.len());
                    let part: String = letters[from..to].iter().collect();
                    prop_assert_eq!(written.letters.len(), letters.len());
                    prop_assert_eq!(written.part(from, to), part.as_str());
                    prop_assert_eq!(written.normal_part(from, to), lexicon::normal(&part));
                }
            }
        }
    }
}
