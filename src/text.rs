//! Text that a stranger wrote: cleaned once, where it is decoded, and safe from then on.
//!
//! Why a type: a receipt line, a merchant's name or a message's free words end up on a terminal, in
//! a log and in a file. [`Text`] is NFC, holds no control, bidi or zero-width character, and knows
//! its width, so nothing downstream has to remember to escape it (law 3).

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many combining marks one base character may carry; what is stacked higher is dropped.
const MARKS_PER_BASE_MAX: usize = 2;

/// Clean text: NFC, one line, no control, format or bidi characters. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw`: NFC; a tab or line end becomes a space; other control characters become `?`
    /// (an escape sequence stays visible as text but does nothing); bidi controls, zero-width
    /// characters and piled-up combining marks go.
    pub fn clean(raw: &str) -> Self {
        // Without an early end, so that many bytes are compared at once.
        let printable = |all: bool, b: u8| all & (b.wrapping_sub(0x20) < 0x5F);
        if raw.bytes().fold(true, printable) || raw.chars().all(is_plain) {
            return Self(raw.into());
        }
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
        Self(out.nfc().collect::<String>().into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many columns it takes on a terminal (East Asian wide characters take two).
    pub fn width(&self) -> usize {
        self.0.width()
    }

    /// As much of it as fits `columns`, with `~` for what was cut; never splits a grapheme.
    pub fn fit(&self, columns: usize) -> String {
        if self.width() <= columns {
            return self.0.to_string();
        }
        let (mut out, mut used) = (String::new(), 0);
        for grapheme in self.0.graphemes(true) {
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
        Self(Arc::from(""))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::clean(raw)
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
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
