//! Lines to ESC/POS bytes.

use super::super::charset::Charset;
use unicode_width::UnicodeWidthStr;

/// A job that is being written.
pub(super) struct Sheet {
    columns: usize,
    charset: Charset,
    out: Vec<u8>,
}

impl Sheet {
    /// Begins a job: reset, and the commands that select the charset.
    pub(super) fn new(columns: usize, charset: Charset) -> Self {
        let mut sheet = Self {
            columns: columns.max(16),
            charset,
            out: vec![0x1B, b'@'],
        };
        let select: &[u8] = match charset {
            Charset::Gb18030 | Charset::Big5 => b"\x1bt\0\x1c&",
            Charset::EucKr => b"\x1bt\0\x1c&\x1bR\x0d",
            Charset::ShiftJis => b"\x1bt\x01\x1cC\x01\x1bR\x08",
            Charset::Utf8 => b"\x1c(C\x02\0\x30\x02",
            Charset::Page(page) => match PAGES.iter().find(|p| p.1 == page) {
                Some((n, _)) => &[0x1B, b't', *n],
                None => b"",
            },
            Charset::Jis | Charset::Unknown => b"",
        };
        sheet.command(select);
        sheet
    }

    pub(super) fn command(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A line at the left margin.
    pub(super) fn text(&mut self, line: &str) {
        let bytes = self.charset.encode(line);
        self.out.extend(bytes);
        self.out.push(b'\n');
    }

    /// A centred line, double size if `large` and it fits.
    pub(super) fn centre(&mut self, line: &str, large: bool) {
        let large = large && 2 * line.width() <= self.columns;
        self.command(&[0x1B, b'a', 1]);
        if large {
            self.command(&[0x1D, b'!', 0x11]);
        }
        self.text(line);
        if large {
            self.command(&[0x1D, b'!', 0]);
        }
        self.command(&[0x1B, b'a', 0]);
    }

    pub(super) fn strong(&mut self, on: bool) {
        self.command(&[0x1B, b'E', u8::from(on)]);
    }

    pub(super) fn rule(&mut self) {
        self.text(&"-".repeat(self.columns));
    }

    /// A name at the left, an amount at the right; the name takes a line of its own when both do
    /// not fit.
    pub(super) fn columns(&mut self, left: &str, right: &str) {
        let used = left.width() + right.width() + 1;
        if used > self.columns {
            self.text(left);
            let space = " ".repeat(self.columns.saturating_sub(right.width()));
            return self.text(&format!("{space}{right}"));
        }
        let space = " ".repeat(self.columns - left.width() - right.width());
        self.text(&format!("{left}{space}{right}"));
    }

    /// Feeds, cuts if asked, and gives the job.
    pub(super) fn end(mut self, cut: bool) -> Vec<u8> {
        self.command(&[0x1B, b'd', 3]);
        if cut {
            self.command(&[0x1D, b'V', 66, 0]);
        }
        self.out
    }
}

/// `ESC t` numbers in Epson's table for the pages that we write.
const PAGES: &[(u8, u16)] = &[
    (0, 437),
    (2, 850),
    (3, 860),
    (4, 863),
    (5, 865),
    (13, 857),
    (14, 737),
    (16, 1252),
    (17, 866),
    (18, 852),
    (19, 858),
    (21, 874),
    (45, 1250),
    (46, 1251),
    (48, 1254),
];
