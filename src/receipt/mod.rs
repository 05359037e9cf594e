//! Paper to meaning and back: floor 2.
//!
//! A till's print stream goes through [`tokens`] (every byte accounted for), [`layout`] (lines as
//! they stand on the paper, characters by [`charset`] and [`profile`]) and [`extract`] (what it
//! means, and whether it can be paid). [`read`] is all of it at once.

pub mod charset;
pub mod check;
pub mod extract;
pub mod layout;
pub mod paper;
pub mod profile;
pub mod tail;
pub mod template;
pub mod tokens;
pub mod write;

pub use extract::{Hints, Kind, NotPayable, Payable, Reading};
pub use layout::{Line, Picture, Symbol};
pub use profile::Profile;
pub use template::Template;

use layout::Page;
use std::borrow::Cow;
use tokens::Dialect;

/// The longest job that is read. A receipt with a large logo has tens of kilobytes.
pub const JOB_BYTES_MAX: usize = 8 << 20;

/// One receipt: what stands on it, what was read, and whether it can be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// The lines of text, empty ones left out.
    pub lines: Vec<Line>,
    /// Pictures, each with the index of the line before which it stands.
    pub pictures: Vec<(usize, Picture)>,
    /// QR codes and barcodes that the printer draws.
    pub symbols: Vec<Symbol>,
    /// Whether a cut ended it.
    pub cut: bool,
    /// What was read.
    pub reading: Reading,
    /// Whether it can be paid, and if not, why.
    pub verdict: Result<Payable, NotPayable>,
}

impl Paper {
    /// The text, lines joined by LF. Existing QR codes, barcodes and pictures are no part of it.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|l| l.text.as_str()).collect();
        lines.join("\n")
    }
}

/// Why a job is no receipt at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing was printed.
    #[error("read the receipt: it is empty")]
    Empty,
    /// More bytes than are taken.
    #[error("read the receipt: {bytes} bytes, but at most {JOB_BYTES_MAX} are read")]
    TooLong {
        /// How many there are.
        bytes: usize,
    },
    /// A file of another kind.
    #[error("read the receipt: it is {what}, not a print stream")]
    NotAJob {
        /// What it is.
        what: &'static str,
    },
    /// Bytes, but no readable text and no picture.
    #[error(
        "read the receipt: it holds no readable text (first unreadable byte at offset {offset})"
    )]
    Unreadable {
        /// Where the first byte stands that is neither text nor a known command.
        offset: usize,
    },
}

/// What begins like this is no print stream.
const FILES: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"RaS2", "a PWG raster"),
    (b"UNIRAST", "an Apple raster"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x7fELF", "a program"),
    (b"%!PS", "PostScript"),
];

/// Reads a job: one [`Paper`] for each receipt in it.
///
/// Without a profile the dialect and encoding come from the bytes; with one, from the profile. Text
/// that was taken for Latin-1 and turned into UTF-8 on its way is repaired first.
pub fn read(
    bytes: &[u8],
    profile: Option<&Profile>,
    hints: &Hints,
) -> Result<Vec<Paper>, ReadError> {
    let pages = pages(bytes, profile)?;
    Ok(pages.into_iter().map(|page| paper(page, hints)).collect())
}

/// What stands on the paper of a job, receipt by receipt, before any of it is understood.
pub fn pages(bytes: &[u8], profile: Option<&Profile>) -> Result<Vec<Page>, ReadError> {
    if bytes.len() > JOB_BYTES_MAX {
        return Err(ReadError::TooLong { bytes: bytes.len() });
    }
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if let Some((_, what)) = FILES.iter().find(|f| bytes.starts_with(f.0)) {
        return Err(ReadError::NotAJob { what });
    }
    let job: Cow<'_, [u8]> = if bytes.is_ascii() {
        Cow::Borrowed(bytes)
    } else {
        charset::repair(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
    };
    let dialect = profile.map_or_else(|| tokens::detect(&job), |p| p.dialect);
    let pages = layout::layout(&job, dialect, profile);
    if pages.is_empty() {
        return Err(ReadError::Empty);
    }
    if !pages.iter().any(is_readable) {
        return Err(unreadable(&job, dialect));
    }
    Ok(pages)
}

/// Reads one page.
pub fn paper(page: Page, hints: &Hints) -> Paper {
    let (reading, verdict) = extract::extract(&page, hints);
    Paper {
        lines: page.lines,
        pictures: page.pictures,
        symbols: page.symbols,
        cut: page.cut,
        reading,
        verdict,
    }
}

/// A page is readable when most of its characters are letters, digits and common marks, or it is a
/// picture or symbol.
fn is_readable(page: &Page) -> bool {
    if page.lines.is_empty()
        || page
            .pictures
            .iter()
            .any(|p| p.1.ink() > 0 && p.1.height() >= 100)
    {
        return true;
    }
    let (mut good, mut bad) = (0_usize, 0_usize);
    let mut last = ' ';
    for c in page.lines.iter().flat_map(|l| l.text.as_str().chars()) {
        // A rule of a character that no table has is one unreadable character, not forty.
        if std::mem::replace(&mut last, c) == c {
            continue;
        }
        match c {
            ' ' => {}
            '\u{FFFD}' | '?' => bad += 1,
            _ if is_alphanumeric(c) => good += 1,
            _ => {}
        }
    }
    good > bad && good >= 2
}

/// The same as the standard library's, which searches its tables for the scripts with the most
/// characters.
fn is_alphabetic(c: char) -> bool {
    match c {
        '\0'..='\u{7F}' => c.is_ascii_alphabetic(),
        '\u{3041}'..='\u{3096}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}' => true,
        _ => c.is_alphabetic(),
    }
}

fn is_alphanumeric(c: char) -> bool {
    is_alphabetic(c) || c.is_numeric()
}

fn unreadable(job: &[u8], dialect: Dialect) -> ReadError {
    let mut offset = 0;
    for token in tokens::tokens(dialect, job) {
        let text = matches!(token.op, tokens::Op::Text(run) if run.is_ascii());
        if matches!(token.op, tokens::Op::Unknown | tokens::Op::Stray)
            || (!text && matches!(token.op, tokens::Op::Text(_)))
        {
            return ReadError::Unreadable { offset };
        }
        offset += token.bytes.len();
    }
    ReadError::Unreadable { offset: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_those_of_the_standard_library() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphabetic(c), c.is_alphabetic(), "{c:?}");
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
        }
    }
}
