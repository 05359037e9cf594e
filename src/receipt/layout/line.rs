//! One line of paper, and how it comes to be.

use super::super::charset::Charset;
use super::super::tokens::Align;
use crate::text::Text;
use unicode_width::UnicodeWidthChar;

/// The widest line in characters; the rest of a longer one is dropped.
pub const LINE_CHARS_MAX: usize = 1000;
/// How far from each other two rows in page mode may be and still be one line, in dots.
const SAME_ROW_DOTS: usize = 12;

/// A printed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says; positions are spaces.
    pub text: Text,
    /// Where it stands.
    pub align: Align,
    /// The largest magnification in it: width and height, 1 to 8.
    pub size: (u8, u8),
    /// Whether anything in it is bold or white on black.
    pub strong: bool,
    /// How many empty lines stand above it.
    pub gap: u8,
}

/// How the next characters print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) align: Align,
    pub(super) size: (u8, u8),
    pub(super) strong: bool,
    pub(super) national: u8,
    /// Width of a cell in dots.
    pub(super) cell: usize,
}

/// A piece of a line that was begun at a position of its own.
#[derive(Clone, Debug)]
struct Piece {
    row: usize,
    x: usize,
    text: String,
}

/// The line that is being printed. Text is collected in order; only a move to the left needs
/// pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Builder {
    text: String,
    /// Where `text` began and where the next character goes, in dots.
    from: usize,
    x: usize,
    pieces: Vec<Piece>,
    align: Align,
    size: (u8, u8),
    strong: bool,
    band: bool,
    page: bool,
    row: usize,
}

impl Builder {
    pub(super) const fn x(&self) -> usize {
        self.x
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty() && self.pieces.is_empty()
    }

    pub(super) const fn has_band(&self) -> bool {
        self.band
    }

    pub(super) const fn band(&mut self) {
        self.band = true;
    }

    /// Appends a run of text at the current position.
    pub(super) fn text(&mut self, run: &[u8], charset: Charset, ink: &Ink) {
        if self.is_blank() {
            self.align = ink.align;
        }
        let room = LINE_CHARS_MAX.saturating_sub(self.text.len());
        let run = if run.len() > 4 * room {
            run.get(..4 * room).unwrap_or_default()
        } else {
            run
        };
        let from = self.text.len();
        charset.decode(run, ink.national, &mut self.text);
        let added = self.text.get(from..).unwrap_or_default();
        let columns = if added.is_ascii() {
            added.len()
        } else {
            added.chars().map(|c| c.width().unwrap_or(1)).sum()
        };
        self.x += columns * ink.cell * usize::from(ink.size.0);
        self.size = (self.size.0.max(ink.size.0), self.size.1.max(ink.size.1));
        self.strong |= ink.strong;
    }

    /// Moves to a dot position: to the right with spaces, to the left as a new piece.
    pub(super) fn to(&mut self, x: usize, cell: usize) {
        let x = x.min(LINE_CHARS_MAX * cell);
        if x >= self.x {
            if self.text.is_empty() && self.pieces.is_empty() && !self.page {
                self.from = 0;
            }
            let spaces = (x - self.x) / cell;
            self.text.extend(std::iter::repeat_n(' ', spaces));
        } else {
            self.close_piece();
            self.from = x;
        }
        self.x = x;
    }

    fn close_piece(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() && self.pieces.len() < LINE_CHARS_MAX {
            self.pieces.push(Piece {
                row: self.row,
                x: self.from,
                text,
            });
        }
    }

    /// The finished line; nothing when it is blank or belongs to a page.
    pub(super) fn end(&mut self, cell: usize) -> Option<Line> {
        self.band = false;
        if self.page {
            self.close_piece();
            self.row += 2 * cell;
            (self.from, self.x) = (0, 0);
            return None;
        }
        let line = if self.pieces.is_empty() {
            self.finished(None)
        } else {
            self.close_piece();
            let pieces = std::mem::take(&mut self.pieces);
            self.finished(Some(&compose(pieces.iter(), cell)))
        };
        self.text.clear();
        (self.from, self.x, self.size, self.strong) = (0, 0, (0, 0), false);
        line
    }

    fn finished(&self, composed: Option<&str>) -> Option<Line> {
        let text = composed.unwrap_or(&self.text).trim_end();
        (!text.is_empty()).then(|| Line {
            text: Text::clean(text),
            align: self.align,
            size: (self.size.0.max(1), self.size.1.max(1)),
            strong: self.strong,
            gap: 0,
        })
    }

    pub(super) fn page_mode(&mut self, on: bool) {
        self.page = on;
        self.cancel();
    }

    pub(super) fn row(&mut self, row: usize) {
        if self.page {
            self.close_piece();
            self.row = row;
        }
    }

    /// Drops what a page holds so far.
    pub(super) fn cancel(&mut self) {
        if self.page {
            self.text.clear();
            self.pieces.clear();
        }
        (self.row, self.from, self.x) = (0, 0, 0);
    }

    /// The lines of the composed page, from top to bottom.
    pub(super) fn page_lines(&mut self, cell: usize) -> Vec<Line> {
        if !self.page {
            return Vec::new();
        }
        self.close_piece();
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.sort_by_key(|p| p.row);
        let mut lines = Vec::new();
        for group in pieces.chunk_by(|a, b| b.row - a.row < SAME_ROW_DOTS) {
            lines.extend(self.finished(Some(&compose(group.iter(), cell))));
        }
        (self.size, self.strong) = ((0, 0), false);
        lines
    }
}

/// Pieces laid over each other: later ones win, but their spaces let earlier ones show.
fn compose<'a>(pieces: impl Iterator<Item = &'a Piece>, cell: usize) -> String {
    let mut cells: Vec<char> = Vec::new();
    for piece in pieces {
        let mut at = piece.x / cell;
        for c in piece.text.chars() {
            let width = c.width().unwrap_or(1).max(1);
            if at + width > LINE_CHARS_MAX {
                break;
            }
            if cells.len() < at + width {
                cells.resize(at + width, ' ');
            }
            if c != ' '
                && let Some(slot) = cells.get_mut(at..at + width)
            {
                slot.fill('\0');
                if let Some(first) = slot.first_mut() {
                    *first = c;
                }
            }
            at += width;
        }
    }
    cells.into_iter().filter(|c| *c != '\0').collect()
}
