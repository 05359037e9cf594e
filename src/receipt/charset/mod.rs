//! Bytes to characters: every code page that printers name, and the multibyte sets of East Asia.
//!
//! Tables come from `oem_cp` and `encoding_rs`; what neither has decodes to U+FFFD, which is an
//! honest "not known". Sources: the printers' `ESC t` and `ESC R` tables (printing facts 3.10,
//! 3.11).

mod guess;
mod pages;
mod table;

pub(crate) use guess::Sample;
pub use guess::{Guess, guess, repair};

/// How bytes from 0x80 up (and pairs that begin there) become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// A single-byte code page by its number: 437, 858, 1252, 28592 for ISO 8859-2.
    Page(u16),
    /// UTF-8.
    Utf8,
    /// Shift-JIS (CP932).
    ShiftJis,
    /// JIS X 0208 pairs of seven bits, between `FS &` and `FS .`.
    Jis,
    /// GB18030, and so GBK and GB2312.
    Gb18030,
    /// Big5 with its common extensions.
    Big5,
    /// EUC-KR and its superset CP949.
    EucKr,
    /// Not known: high bytes decode to U+FFFD.
    Unknown,
}

impl Charset {
    /// Appends the characters of `bytes`, with the national set's replacements in ASCII.
    pub fn decode(self, bytes: &[u8], national: u8, out: &mut String) {
        if national == 0
            && self != Self::Jis
            && (self == Self::Utf8 || bytes.is_ascii())
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return out.push_str(text);
        }
        match self {
            Self::Page(page) => table::decode(page, bytes, national, out),
            Self::Unknown => table::decode(0, bytes, national, out),
            Self::Jis => jis(bytes, out),
            _ => self.decode_pairs(bytes, national, out),
        }
    }

    /// ASCII runs byte by byte with the national replacements, the rest by the library's decoder.
    fn decode_pairs(self, bytes: &[u8], national: u8, out: &mut String) {
        let from = out.len();
        let (text, _) = self.library().decode_without_bom_handling(bytes);
        out.push_str(&text);
        if national != 0 && text.chars().any(|c| c.is_ascii()) {
            let replaced: String = text.chars().map(|c| national_of(c, national)).collect();
            out.truncate(from);
            out.push_str(&replaced);
        }
    }

    fn library(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::ShiftJis | Self::Jis => encoding_rs::SHIFT_JIS,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::Big5 => encoding_rs::BIG5,
            Self::EucKr => encoding_rs::EUC_KR,
            Self::Utf8 | Self::Page(_) | Self::Unknown => encoding_rs::UTF_8,
        }
    }

    /// The bytes of `text`, with `?` for what this charset does not have.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Page(page) => text.chars().map(|c| table::byte_of(page, c)).collect(),
            Self::Unknown | Self::Jis => text
                .chars()
                .map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?'))
                .collect(),
            _ => text.chars().flat_map(|c| self.encode_char(c)).collect(),
        }
    }

    fn encode_char(self, c: char) -> Vec<u8> {
        let mut buffer = [0; 4];
        let (bytes, _, failed) = self.library().encode(c.encode_utf8(&mut buffer));
        if failed {
            vec![b'?']
        } else {
            bytes.into_owned()
        }
    }

    /// Whether a character takes more than one byte.
    pub const fn is_multibyte(self) -> bool {
        !matches!(self, Self::Page(_) | Self::Unknown)
    }

    /// Whether `bytes` end in the middle of a character.
    pub fn ends_inside(self, bytes: &[u8]) -> bool {
        match self {
            Self::Page(_) | Self::Unknown => false,
            Self::Jis => bytes.len() % 2 == 1,
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(_) => false,
                Err(e) => e.error_len().is_none(),
            },
            _ => {
                let tail = bytes.iter().rev().take_while(|b| **b >= 0x80).count();
                tail % 2 == 1
                    && bytes.last().is_some_and(|b| *b >= 0x80)
                    && !(self == Self::ShiftJis
                        && bytes.last().is_some_and(|b| matches!(b, 0xA1..=0xDF)))
            }
        }
    }
}

/// A character after `ESC R n`; what the set does not replace stays.
pub fn national_of(c: char, set: u8) -> char {
    table::national(c, set)
}

/// Seven-bit pairs of JIS X 0208, which are EUC-JP with the top bits off.
fn jis(bytes: &[u8], out: &mut String) {
    let euc: Vec<u8> = bytes
        .iter()
        .map(|b| {
            if (0x21..0x7F).contains(b) {
                b | 0x80
            } else {
                *b
            }
        })
        .collect();
    let (text, _) = encoding_rs::EUC_JP.decode_without_bom_handling(&euc);
    out.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(charset: Charset, national: u8, bytes: &[u8]) -> String {
        let mut out = String::new();
        charset.decode(bytes, national, &mut out);
        out
    }

    #[test]
    fn a_yen_sign_prints_where_the_national_set_puts_it() {
        assert_eq!(text(Charset::ShiftJis, 8, b"\\12,345"), "¥12,345");
        assert_eq!(text(Charset::Page(437), 13, b"\\9,700"), "₩9,700");
        assert_eq!(text(Charset::Page(437), 0, b"\\12"), "\\12");
    }

    #[test]
    fn code_pages_are_the_ones_that_printers_name() {
        assert_eq!(text(Charset::Page(858), 0, b"\xd5 5,00"), "€ 5,00");
        assert_eq!(text(Charset::Page(1252), 0, b"\x80"), "€");
        assert_eq!(text(Charset::Page(874), 0, b"\xa2\xcd"), "ขอ");
        assert_eq!(text(Charset::Page(932), 0, b"\xb1"), "ｱ");
        assert_eq!(text(Charset::Page(851), 0, b"\xa4"), "Α");
        assert_eq!(text(Charset::Page(774), 0, b"\xb5\xd3"), "Ąė");
        assert_eq!(text(Charset::Page(772), 0, b"\x80\xb5"), "АĄ");
        assert_eq!(text(Charset::Page(1048), 0, b"\x8a\xea"), "Љк");
        assert_eq!(text(Charset::Page(853), 0, b"\xa6\xb1"), "Ğ▒");
        assert_eq!(text(Charset::Page(60000), 0, b"B\xcdcker"), "Bäcker");
        assert_eq!(text(Charset::Page(60042), 0, b"\x9c\xe1\x9d"), "ร้า");
        assert_eq!(text(Charset::Page(60011), 0, b"\xe0\xa7\xd4\xb9"), "เงิน");
        assert_eq!(text(Charset::Page(4000), 0, b"\xb1"), "\u{FFFD}");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(raw in "[ -~]{0,12}[一-三东来钱客栈]{0,6}[ -~]{0,4}") {
            let bytes = Charset::Gb18030.encode(&raw);
            prop_assert_eq!(text(Charset::Gb18030, 0, &bytes), raw);
        }

        #[test]
        fn any_bytes_decode_to_something(bytes in prop::collection::vec(any::<u8>(), 0..80), set in 0_u8..20) {
            for charset in [Charset::Page(437), Charset::Page(857), Charset::Jis, Charset::ShiftJis,
                Charset::Gb18030, Charset::Big5, Charset::EucKr, Charset::Utf8, Charset::Unknown] {
                let _ = text(charset, set, &bytes).len();
            }
        }
    }
}
