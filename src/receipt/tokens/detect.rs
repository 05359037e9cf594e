//! Which dialect a job is in, when no profile says so.

use super::{Dialect, Op, tokens};

/// How much of a job is looked at.
const DETECT_BYTES_MAX: usize = 64 * 1024;

/// The dialect that explains the bytes best.
///
/// `ESC GS`, `ESC RS` and `ESC * r` exist only in Star's languages, but could stand inside an
/// ESC/POS picture; so the job is read as ESC/POS, and only what is unknown there counts.
pub fn detect(job: &[u8]) -> Dialect {
    let job = job.get(..DETECT_BYTES_MAX).unwrap_or(job);
    if !job.iter().any(|b| matches!(b, 0x10 | 0x1B..=0x1D)) {
        return Dialect::Plain;
    }
    let star = tokens(Dialect::EscPos, job).any(|token| {
        token.op == Op::Unknown && matches!(token.bytes, [0x1B, 0x1D | 0x1E | b'*', ..])
    });
    if star { Dialect::Star } else { Dialect::EscPos }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_is_known_by_commands_that_epson_never_had() {
        assert_eq!(
            detect(b"\x1b@\x1b\x1ea\x00\x1b\x1dt\x01Hi\n\x1bd3"),
            Dialect::Star
        );
        assert_eq!(detect(b"\x1b*rA\x1b*rP0\0b\x01\x00\xff"), Dialect::Star);
    }

    #[test]
    fn a_picture_that_holds_star_bytes_stays_escpos() {
        assert_eq!(detect(b"\x1dv0\0\x02\0\x01\0\x1b\x1dHi\n"), Dialect::EscPos);
    }

    #[test]
    fn text_without_commands_is_plain() {
        assert_eq!(detect(b"TOTAL 5.00\r\n"), Dialect::Plain);
    }
}
