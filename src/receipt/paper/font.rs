//! A small bitmap font of our own: ASCII in 5 by 7 dots.
//!
//! What the virtual paper is for is its pictures and codes; its letters need only be legible. Other
//! characters print as a pattern that differs from character to character.

/// Glyphs from space to `~`: seven rows of five dots, each row one digit of base 32 (0-9, A-V).
const GLYPHS: &str = "\
    0000000 4444404 AAA0000 AAVAVAA 4FKE5U4 OP248J3 CIK8LID 4480000 2488842 8422248 04LEL40 044V440 0000C48 000V000 00000CC 01248G0 \
    EHJLPHE 4C4444E EH1248V V2421HE 26AIV22 VGU11HE 68GUHHE V124888 EHHEHHE EHHF12C 0CC0CC0 0CC0C48 248G842 00V0V00 8421248 EH12404 \
    EH1DLLE EHHVHHH UHHUHHU EHGGGHE SIHHHIS VGGUGGV VGGUGGG EHGNHHF HHHVHHH E44444E 72222IC HIKOKIH GGGGGGV HRLLHHH HHPLJHH EHHHHHE \
    UHHUGGG EHHHLID UHHUKIH FGGE11U V444444 HHHHHHE HHHHHA4 HHHLLLA HHA4AHH HHHA444 V1248GV E88888E 0G84210 E22222E 4AH0000 000000V \
    8420000 00E1FHF GGMPHHU 00EGGHE 11DJHHF 00EHVGE 698S888 0FHHF1E GGMPHHH 40C444E 20622IC GGIKOKI C44444E 00QLLHH 00MPHHH 00EHHHE \
    00UHUGG 00DJF11 00MPGGG 00EGE1U 88S8896 00HHHJD 00HHHA4 00HHLLA 00HA4AH 00HHF1E 00V248V 2448442 4444444 8442448 008L200";

/// Bytes of a glyph in the table, with the space behind it.
const STRIDE: usize = 8;

/// Row `y` (0..7) of an ASCII character: five dots, the left one in bit 4; nothing of others.
pub(super) fn row(c: char, y: usize) -> u32 {
    let index = u32::from(c).checked_sub(0x20);
    let index = index.and_then(|i| usize::try_from(i).ok());
    let digit = index
        .filter(|_| y < 7)
        .and_then(|i| GLYPHS.as_bytes().get(i * STRIDE + y));
    digit.map_or(0, |digit| char::from(*digit).to_digit(32).unwrap_or(0))
}

/// A pattern of four by four blocks that depends on the character alone.
pub(super) fn pattern(c: char) -> u32 {
    // Multiplicative hashing (Knuth): neighbours in a script look different.
    (u32::from(c).wrapping_mul(2_654_435_761) >> 12) & 0xFFFF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_a_glyph_of_its_own() {
        assert_eq!(GLYPHS.len(), 95 * STRIDE - 1);
        let rows = |c: char| (0..7).map(|y| row(c, y)).collect::<Vec<_>>();
        let all: std::collections::BTreeSet<Vec<u32>> = (' '..='~').map(rows).collect();
        assert_eq!(all.len(), 95);
    }
}
