//! Single-byte tables and the national sets of `ESC R`.

use encoding_rs::Encoding;
use oem_cp::code_table::DECODING_TABLE_CP_MAP;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The upper halves by code page number, built once: a lookup per character must be an index.
static TABLES: LazyLock<BTreeMap<u16, [char; 128]>> =
    LazyLock::new(|| PAGES.iter().map(|page| (*page, build(*page))).collect());

/// Every page that a printer's table names and for which a source is at hand.
const PAGES: &[u16] = &[
    437, 720, 737, 771, 772, 774, 775, 850, 851, 852, 853, 855, 857, 858, 860, 861, 862, 863, 864,
    865, 866, 869, 874, 932, 1001, 1048, 1098, 1118, 1119, 1125, 1250, 1251, 1252, 1253, 1254,
    1255, 1256, 1257, 1258, 3001, 3002, 3011, 3012, 3021, 3840, 3841, 3843, 3844, 3845, 3846, 3847,
    3848, 28591, 28592, 28597, 28605, 60000, 60011, 60013, 60014, 60016, 60018, 60021, 60030,
    60031, 60042,
];

/// Appends `bytes` by a page; a page that is not known gives U+FFFD from 0x80 up.
pub(super) fn decode(page: u16, bytes: &[u8], national: u8, out: &mut String) {
    let table = TABLES.get(&page);
    for alike in bytes.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        match std::str::from_utf8(alike) {
            Ok(ascii) if national == 0 && alike.is_ascii() => out.push_str(ascii),
            Ok(ascii) if alike.is_ascii() => {
                out.extend(ascii.chars().map(|c| self::national(c, national)));
            }
            _ => {
                let of = |b: &u8| table.map_or('\u{FFFD}', |t| t[usize::from(b & 0x7F)]);
                out.extend(alike.iter().map(of));
            }
        }
    }
}

/// The byte of a character in a page, or `?`.
pub(super) fn byte_of(page: u16, c: char) -> u8 {
    if c.is_ascii() {
        return u8::try_from(c).unwrap_or(b'?');
    }
    let found = TABLES
        .get(&page)
        .and_then(|t| t.iter().position(|x| *x == c));
    found
        .and_then(|i| u8::try_from(i + 0x80).ok())
        .unwrap_or(b'?')
}

fn build(page: u16) -> [char; 128] {
    let mut table = ['\u{FFFD}'; 128];
    for (slot, byte) in table.iter_mut().zip(0x80_u8..=0xFF) {
        *slot = character(page, byte).unwrap_or('\u{FFFD}');
    }
    table
}

fn character(page: u16, byte: u8) -> Option<char> {
    match page {
        932 => match byte {
            0xA1..=0xDF => char::from_u32(0xFF61 + u32::from(byte - 0xA1)),
            0x80..=0x9F => KATAKANA_LOW.chars().nth(usize::from(byte - 0x80)),
            0xE0.. => KATAKANA_HIGH.chars().nth(usize::from(byte - 0xE0)),
            _ => None,
        },
        1125 => match byte {
            0xF0.. => "ЁёҐґЄєІіЇї·√№¤■\u{A0}"
                .chars()
                .nth(usize::from(byte - 0xF0)),
            _ => character(866, byte),
        },
        _ if let Some(own) = super::pages::upper(page) => {
            own.chars().nth(usize::from(byte.checked_sub(0x80)?))
        }
        _ => match library(page) {
            Some(encoding) => {
                let single = [byte];
                let (text, failed) = encoding.decode_without_bom_handling(&single);
                text.chars().next().filter(|_| !failed)
            }
            None => DECODING_TABLE_CP_MAP.get(&page)?.decode_char_checked(byte),
        },
    }
}

/// What stands around the half-width katakana on receipt printers: frames, blocks, suits, and the
/// characters of dates and addresses.
const KATAKANA_LOW: &str = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯";
const KATAKANA_HIGH: &str = "═╞╪╡◢◣◥◤♠♥♦♣●○╱╲╳円年月日時分秒〒市区町村人▒";

fn library(page: u16) -> Option<&'static Encoding> {
    Some(match page {
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1252 | 28591 => encoding_rs::WINDOWS_1252,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        28592 => encoding_rs::ISO_8859_2,
        28597 => encoding_rs::ISO_8859_7,
        28605 => encoding_rs::ISO_8859_15,
        _ => return None,
    })
}

/// What `ESC R set` makes of an ASCII character.
pub(super) fn national(c: char, set: u8) -> char {
    if set == 0 || !c.is_ascii_punctuation() {
        return c;
    }
    let (from, to) = match set {
        1 => ("@[\\]{|}~", "à°ç§éùè¨"),
        2 => ("@[\\]{|}~", "§ÄÖÜäöüß"),
        3 => ("#", "£"),
        4 => ("[\\]{|}", "ÆØÅæøå"),
        5 => ("$@[\\]^`{|}~", "¤ÉÄÖÅÜéäöåü"),
        6 => ("[]`{|}~", "°éùàòèì"),
        7 => ("#[\\]`{|", "₧¡Ñ¿´¨ñ"),
        8 => ("\\", "¥"),
        9 => ("$@[\\]^`{|}~", "¤ÉÆØÅÜéæøåü"),
        10 => ("@[\\]^`{|}~", "ÉÆØÅÜéæøåü"),
        11 => ("@[\\]^`{|}~", "á¡Ñ¿é´íñóú"),
        12 => ("@[\\]^`{|}~", "á¡Ñ¿éüíñóú"),
        13 => ("\\", "₩"),
        14 => ("@[\\]^`{|}~", "ŽŠĐĆČžšđćč"),
        15 => ("$", "¥"),
        16 => ("#", "₫"),
        17 => ("%*", "٪٭"),
        _ => return c,
    };
    let at = from.chars().position(|x| x == c);
    at.and_then(|i| to.chars().nth(i)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_that_is_named_has_a_table() {
        for page in PAGES {
            let known = TABLES[page].iter().filter(|c| **c != '\u{FFFD}').count();
            assert!(known >= 60, "{page}: {known}");
        }
    }

    #[test]
    fn national_sets_replace_as_many_as_they_name() {
        for set in 1..=17 {
            let changed =
                (0x20_u8..0x7F).filter(|b| national(char::from(*b), set) != char::from(*b));
            assert!(changed.count() > 0, "{set}");
        }
        assert_eq!(national('~', 2), 'ß');
        assert_eq!(national('$', 5), '¤');
    }
}
