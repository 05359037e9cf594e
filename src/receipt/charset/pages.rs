//! Code pages that the libraries have no table of: the upper halves, from 0x80 to 0xFF.
//!
//! Sources: glibc's charmaps IBM851, CP772 (LST 1284), CP774 (LST 1283) and RK1048.

/// The upper half of a page, 128 characters.
pub(super) const fn upper(page: u16) -> Option<&'static str> {
    Some(match page {
        772 | 1119 => CP772,
        774 | 1118 => CP774,
        851 => CP851,
        1048 => RK1048,
        _ => return None,
    })
}

/// Lithuanian with Cyrillic.
const CP772: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмноп░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
    └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
    рстуфхцчшщъыьэюяЁё≥≤„“÷≈°∙·√ⁿ²■\u{A0}\
";

/// Lithuanian.
const CP774: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
    └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤„“÷≈°∙·√ⁿ²■\u{A0}\
";

/// Greek, before page 869.
const CP851: &str = "\
    ÇüéâäàΆçêëèïîΈÄΉΊ\u{FFFD}ΌôöΎûùΏÖÜά£έήί\
    ϊΐόύΑΒΓΔΕΖΗ½ΘΙ«»░▒▓│┤ΚΛΝΜ╣║╗╝ΞΟ┐\
    └┴┬├─┼ΠΡ╚╔╩╦╠═╬ΣΤΥΦΧΨΩαβγ┘┌█▄δε▀\
    ζηθικλμνξοπρσςτ´\u{AD}±υφχ§ψ˛°¨ωϋΰώ■\u{A0}\
";

/// Kazakh; also KZ-1048.
const RK1048: &str = "\
    ЂЃ‚ѓ„…†‡€‰Љ‹ЊҚҺЏђ‘’“”•–—\u{FFFD}™љ›њқһџ\
    \u{A0}ҰұӘ¤Ө¦§Ё©Ғ«¬\u{AD}®Ү°±Ііөµ¶·ё№ғ»әҢңү\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя\
";
