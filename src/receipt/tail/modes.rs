//! The printer's state as the job has set it, so that it can be restored behind an inserted block.

use super::super::tokens::{Dialect, Op, Token, tokens};

/// The last command of each kind, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Modes {
    dialect: Dialect,
    set: Vec<([u8; 3], Vec<u8>)>,
    /// Double-byte text: on after a reset, and on now.
    multibyte_default: bool,
    multibyte: bool,
    /// Text stands on the line and has not been printed.
    line_open: bool,
    page: bool,
    recording: bool,
}

impl Modes {
    pub(super) const fn new(dialect: Dialect, multibyte: bool) -> Self {
        Self {
            dialect,
            set: Vec::new(),
            multibyte_default: multibyte,
            multibyte,
            line_open: false,
            page: false,
            recording: false,
        }
    }

    /// Whether a block would land inside a page or a macro.
    pub(super) const fn inside(&self) -> bool {
        self.page || self.recording
    }

    pub(super) const fn line_open(&self) -> bool {
        self.line_open
    }

    /// Whether a token only sets a mode.
    pub(super) fn is_mode(&self, token: &Token<'_>) -> bool {
        key(self.dialect, token.bytes).is_some()
    }

    pub(super) fn token(&mut self, token: &Token<'_>) {
        match token.op {
            Op::Init => {
                *self = Self::new(self.dialect, self.multibyte_default);
                return;
            }
            Op::Text(_) | Op::Tab => self.line_open = true,
            Op::Image(image) => self.line_open = image.inline,
            Op::LineFeed | Op::FeedLines(_) | Op::FeedDots(_) | Op::Cut(_) | Op::FormFeed => {
                self.line_open = false;
            }
            Op::PageMode => self.page = true,
            Op::StandardMode => self.page = false,
            Op::MacroMark => self.recording = !self.recording,
            Op::Multibyte(on) => self.multibyte = on,
            _ => {}
        }
        if token.op == Op::FormFeed {
            self.page = false;
        }
        if let Some(key) = key(self.dialect, token.bytes) {
            self.set.retain(|s| s.0 != key);
            self.set.push((key, token.bytes.to_vec()));
        }
    }

    /// Follows the tail that was held.
    pub(super) fn tail(&mut self, bytes: &[u8]) {
        for token in tokens(self.dialect, bytes) {
            self.token(&token);
        }
    }

    /// What goes before a block: an empty line, centred, in normal size.
    pub(super) fn before(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.line_open {
            out.push(b'\n');
        }
        match self.dialect {
            Dialect::EscPos => {
                if self.multibyte {
                    out.extend(b"\x1c.");
                }
                out.extend(b"\x1b!\0\x1d!\0\x1dB\0\x1b2\x1b{\0\x1ba\x01");
            }
            Dialect::Star => out.extend(b"\x1bF\x1b5\x1bi\0\0\x1b\x1da\x01"),
            Dialect::Plain => {}
        }
        out
    }

    /// What goes behind it: the state as it was.
    pub(super) fn after(&self, feed: u8) -> Vec<u8> {
        let mut out = Vec::new();
        match self.dialect {
            Dialect::EscPos => {
                out.extend(b"\x1ba\0\x1b!\0\x1d!\0\x1dB\0");
                if self.multibyte {
                    out.extend(b"\x1c&");
                }
            }
            Dialect::Star => out.extend(b"\x1b\x1da\0\x1bF\x1b5\x1bi\0\0"),
            Dialect::Plain => {}
        }
        for (_, bytes) in &self.set {
            out.extend(bytes);
        }
        match self.dialect {
            Dialect::EscPos if feed > 0 => out.extend([0x1B, b'd', feed]),
            Dialect::Star if feed > 0 => out.extend([0x1B, b'a', feed]),
            _ => {}
        }
        out
    }
}

/// Which mode a command sets; commands with one key replace each other.
fn key(dialect: Dialect, bytes: &[u8]) -> Option<[u8; 3]> {
    match (dialect, bytes) {
        (Dialect::EscPos, [0x1B, b'2' | b'3', ..]) => Some([0x1B, b'3', 0]),
        (Dialect::EscPos, [0x1C, b'&' | b'.', ..]) => Some([0x1C, b'&', 0]),
        (Dialect::EscPos, [0x1B, c, _, ..]) if b" !-EGMRTVat{".contains(c) => Some([0x1B, *c, 0]),
        (Dialect::EscPos, [0x1D, c, _, ..]) if b"!BLW".contains(c) => Some([0x1D, *c, 0]),
        (Dialect::EscPos, [0x1C, c, _, ..]) if b"!-CSW".contains(c) => Some([0x1C, *c, 0]),
        (Dialect::EscPos, [0x1C, b'(', b'C', ..]) => Some([0x1C, b'(', b'C']),
        (Dialect::Star, [0x1B, b'E' | b'F']) => Some([0x1B, b'E', 0]),
        (Dialect::Star, [0x1B, b'4' | b'5']) => Some([0x1B, b'4', 0]),
        (Dialect::Star, [0x1B, b'p' | b'q']) => Some([0x1B, b'p', 0]),
        (Dialect::Star, [0x1B, b'z' | b'0' | b'1', ..]) => Some([0x1B, b'z', 0]),
        (Dialect::Star, [0x1B, 0x1D, c @ (b't' | b'a'), ..]) => Some([0x1B, 0x1D, *c]),
        (Dialect::Star, [0x1B, 0x1E, c @ (b'F' | b'R'), ..]) => Some([0x1B, 0x1E, *c]),
        (Dialect::Star, [0x1B, c, _, ..]) if b" -_iWhlQsR$".contains(c) => Some([0x1B, *c, 0]),
        _ => None,
    }
}
