//! Text that a stranger wrote: cleaned once, where it is decoded, and safe from then on.
//!
//! Why a type: a receipt line, a merchant's name or a message's free words end up on a terminal, in
//! a log and in a file. [`Text`] is NFC, holds no control, bidi or zero-width character, and knows
//! its width, so nothing downstream has to remember to escape it (law 3).

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many combining marks one base character may carry; what is stacked higher is dropped.
const MARKS_PER_BASE_MAX: usize = 2;

/// Clean text: NFC, one line, no control, format or bidi characters. Cheap to clone: it is a slice
/// of letters that it may share with others, as the lines of one paper do.
#[derive(Clone)]
pub struct Text {
    letters: Arc<str>,
    from: u32,
    to: u32,
}

/// Clean texts on their way into one allocation, which they then share; each with what else is
/// known of it.
#[derive(Clone, Debug)]
pub struct Texts<T> {
    letters: Vec<u8>,
    /// Where each text ends.
    ends: Vec<(u32, T)>,
}

impl<T> Texts<T> {
    /// Cleans `raw` as [`Text::clean`] does and adds it. What is no UTF-8 becomes U+FFFD.
    pub fn push(&mut self, raw: &[u8], known: T) {
        if let Some(printable) = Printable::all(raw) {
            return self.push_printable(printable, known);
        }
        let raw = String::from_utf8_lossy(raw);
        let clean = if is_clean(&raw) {
            raw
        } else {
            cleaned(&raw).into()
        };
        self.letters.extend_from_slice(clean.as_bytes());
        self.ends.push((offset(self.letters.len()), known));
    }

    /// Adds what needs no cleaning.
    #[inline]
    pub(crate) fn push_printable(&mut self, text: Printable<'_>, known: T) {
        self.letters.extend_from_slice(text.0);
        self.ends.push((offset(self.letters.len()), known));
    }

    /// How many texts there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// What is made of each text, in the order in which they were added; none is left here.
    pub fn take<L>(&mut self, each: impl Fn(Text, &T) -> L) -> Vec<L> {
        let letters = std::str::from_utf8(&self.letters);
        let letters: Arc<str> = letters.expect("only characters were added").into();
        let mut from = 0;
        let of = |(to, known): &(u32, T)| {
            let text = Text {
                letters: Arc::clone(&letters),
                from: std::mem::replace(&mut from, *to),
                to: *to,
            };
            each(text, known)
        };
        let made = self.ends.iter().map(of).collect();
        self.letters.clear();
        self.ends.clear();
        made
    }
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Self {
            letters: Vec::new(),
            ends: Vec::new(),
        }
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("every input that text comes from has a limit far below 4 GiB")
}

impl Text {
    /// Cleans `raw`: NFC; a tab or line end becomes a space; other control characters become `?`
    /// (an escape sequence stays visible as text but does nothing); bidi controls, zero-width
    /// characters and piled-up combining marks go.
    pub fn clean(raw: &str) -> Self {
        if is_clean(raw) {
            Self::of_clean(raw)
        } else {
            Self::of_clean(&cleaned(raw))
        }
    }

    fn of_clean(clean: &str) -> Self {
        Self {
            letters: clean.into(),
            from: 0,
            to: offset(clean.len()),
        }
    }

    /// The text itself.
    #[inline]
    pub fn as_str(&self) -> &str {
        let span = self.from as usize..self.to as usize;
        self.letters.get(span).unwrap_or_default()
    }

    /// How many columns it takes on a terminal (East Asian wide characters take two).
    pub fn width(&self) -> usize {
        self.as_str().width()
    }

    /// As much of it as fits `columns`, with `~` for what was cut; never splits a grapheme.
    pub fn fit(&self, columns: usize) -> String {
        if self.width() <= columns {
            return self.as_str().to_owned();
        }
        let (mut out, mut used) = (String::new(), 0);
        for grapheme in self.as_str().graphemes(true) {
            if used + grapheme.width() + 1 > columns {
                break;
            }
            used += grapheme.width();
            out.push_str(grapheme);
        }
        if columns > 0 {
            out.push('~');
        }
        out
    }
}

/// Whether cleaning would leave it as it is, as far as a look at each character tells.
fn is_clean(raw: &str) -> bool {
    let rest = raw.get(printable(raw.as_bytes())..).unwrap_or_default();
    rest.chars().all(|c| matches!(c, ' '..='~') || is_plain(c))
}

/// Printable ASCII characters, from space to tilde: clean as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Printable<'a>(&'a [u8]);

impl<'a> Printable<'a> {
    /// These bytes, if there are no others among them.
    pub(crate) fn all(bytes: &'a [u8]) -> Option<Self> {
        (printable(bytes) == bytes.len()).then_some(Self(bytes))
    }

    /// Those that the bytes begin with, and what follows.
    pub(crate) fn split(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let (printable, rest) = bytes.split_at(printable(bytes));
        (Self(printable), rest)
    }

    /// The characters.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Without the spaces behind it.
    pub(crate) const fn trim_end(self) -> Self {
        Self(self.0.trim_ascii_end())
    }
}

/// How many printable ASCII characters the bytes begin with.
fn printable(bytes: &[u8]) -> usize {
    /// Eight bytes at once: the top bit of a byte is set by itself, by a borrow when it is below
    /// 0x20, or by a carry when it is 0x7F. The first such byte is the lowest; above it, a borrow
    /// or a carry can come from below.
    const fn odd(word: u64) -> u64 {
        let below = word.wrapping_sub(0x2020_2020_2020_2020);
        let above = word.wrapping_add(0x0101_0101_0101_0101);
        (word | below | above) & 0x8080_8080_8080_8080
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let odd = odd(u64::from_le_bytes(*word));
        if odd != 0 {
            return at + odd.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let end = rest.iter().position(|b| !matches!(b, b' '..=b'~'));
    at + end.unwrap_or(rest.len())
}

fn cleaned(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut marks = 0;
    // Invisible characters go first: they would hide how many marks one base really carries.
    for c in raw.chars().filter(|c| !is_invisible(*c)).nfc() {
        marks = if unicode_normalization::char::is_combining_mark(c) {
            marks + 1
        } else {
            0
        };
        match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => out.push(' '),
            _ if marks > MARKS_PER_BASE_MAX => {}
            _ if c.is_control() => out.push('?'),
            _ => out.push(c),
        }
    }
    // Dropping a mark can bring two together that compose.
    out.nfc().collect()
}

/// Common characters that cleaning leaves as they are, whatever stands beside them: visible, NFC by
/// themselves, and no part of any composition (Unicode, NFC_Quick_Check=Yes and ccc=0; Hangul
/// syllables compose only with jamo, which are not here). Most text is of these, and is not
/// normalised to find that out.
const fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{A1}'..='\u{AC}' | '\u{AE}'..='\u{17F}'
        | '\u{2010}'..='\u{2027}' | '\u{20A0}'..='\u{20BF}' | '\u{2500}'..='\u{25FF}'
        | '\u{3000}'..='\u{3029}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF01}'..='\u{FF60}')
}

/// Characters that draw nothing themselves but change what stands around them: zero-width,
/// directional formatting, interlinear, tags, variation selectors beyond emoji, fillers.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

impl Default for Text {
    fn default() -> Self {
        Self::of_clean("")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::clean(raw)
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::clean(&std::borrow::Cow::<'de, str>::deserialize(d)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_are_counted_across_what_cannot_be_seen() {
        let piled = "a\u{331}\u{331}\u{AD}\u{327}\u{200B}\u{327}b";
        let clean = Text::clean(piled);
        assert_eq!(clean.as_str(), "a\u{327}\u{327}b");
        assert_eq!(Text::clean(clean.as_str()), clean);
    }

    #[test]
    fn plain_characters_need_no_cleaning_alone_or_side_by_side() {
        let plain: Vec<char> = ('\0'..=char::MAX).filter(|c| is_plain(*c)).collect();
        // A zero-width space is dropped, and takes the text the long way.
        let long_way = |text: &str| Text::clean(&format!("{text}\u{200B}"));
        for pair in plain.windows(2) {
            let forth: String = pair.iter().collect();
            let back: String = pair.iter().rev().collect();
            for text in [forth, back] {
                assert_eq!(Text::clean(&text), long_way(&text), "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn texts_that_share_their_letters_are_those_that_do_not(raw in prop::collection::vec(any::<String>(), 0..6)) {
            let mut texts = Texts::default();
            raw.iter().enumerate().for_each(|(at, one)| texts.push(one.as_bytes(), at));
            let alone: Vec<_> = raw.iter().map(|one| Text::clean(one)).enumerate().collect();
            prop_assert_eq!(texts.take(|text, at| (*at, text)), alone);
            prop_assert!(texts.is_empty() && texts.take(|_, _| ()).is_empty());
        }
    }

    proptest! {
        #[test]
        fn printable_ends_at_the_first_byte_that_is_not(mut bytes in "[ -~]{0,40}", at in 0_usize..40, byte: u8) {
            if at < bytes.len() && byte < 0x80 {
                bytes.replace_range(at..=at, &char::from(byte).to_string());
            }
            let slow = |bytes: &[u8]| bytes.iter().take_while(|b| (0x20..0x7F).contains(*b)).count();
            prop_assert_eq!(printable(bytes.as_bytes()), slow(bytes.as_bytes()));
            let mut raw = bytes.into_bytes();
            if let Some(slot) = raw.get_mut(at) {
                *slot = byte;
            }
            prop_assert_eq!(printable(&raw), slow(&raw));
        }
    }

    #[test]
    fn an_escape_sequence_stays_visible_and_does_nothing() {
        assert_eq!(
            Text::clean("\u{1b}]52;c;aGk=\u{7}x").as_str(),
            "?]52;c;aGk=?x"
        );
    }

    #[test]
    fn what_hides_or_turns_text_around_is_gone() {
        assert_eq!(Text::clean("a\u{202e}b\u{200b}c\u{feff}").as_str(), "abc");
        assert_eq!(
            Text::clean("e\u{301}\u{302}\u{303}\u{304}")
                .as_str()
                .chars()
                .count(),
            3
        );
    }

    #[test]
    fn hangul_from_a_mac_is_composed() {
        assert_eq!(Text::clean("\u{1112}\u{1161}\u{11ab}").as_str(), "한");
    }

    #[test]
    fn wide_characters_are_cut_between_and_never_within() {
        assert_eq!(Text::clean("来钱客栈").fit(6), "来钱~");
        assert_eq!(Text::clean("Bean").fit(0), "");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_and_leaves_no_control(raw in "\\PC*|.*") {
            let once = Text::clean(&raw);
            prop_assert!(!once.as_str().chars().any(char::is_control));
            prop_assert_eq!(Text::clean(once.as_str()), once);
        }

        #[test]
        fn a_fitted_text_fits(raw in ".{0,40}", columns in 0_usize..30) {
            prop_assert!(Text::clean(&raw).fit(columns).width() <= columns);
        }
    }
}
