//! One line of paper, and how it comes to be.
//!
//! Why the lines of a page share their letters: a receipt has some thirty lines, and an allocation
//! for each takes longer than everything else that is done to it.

use super::super::charset::Charset;
use super::super::tokens::Align;
use crate::text::{Printable, Text, Texts};
use unicode_width::UnicodeWidthChar;

/// The most lines of one job; what follows is dropped and the page says so.
pub const LINES_MAX: usize = 20_000;
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

/// What else than its text is known of a line.
#[derive(Clone, Copy, Debug)]
struct Form {
    align: Align,
    size: (u8, u8),
    strong: bool,
    gap: u8,
}

/// The finished lines of the page that hangs in the printer.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    texts: Texts<Form>,
    /// How many lines the job's pages before this one have.
    before: usize,
    /// How many empty lines stand above the next.
    gap: u8,
    clipped: bool,
}

impl Lines {
    /// Adds a line that is all of one ink.
    pub(super) fn plain(&mut self, text: Printable<'_>, ink: &Ink) {
        if text.trim_end().bytes().is_empty() {
            return;
        }
        if let Some(form) = self.form(ink.align, ink.size, ink.strong) {
            self.texts.push_printable(text.trim_end(), form);
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.texts.len()
    }

    /// More empty lines above the next.
    pub(super) const fn feed(&mut self, lines: u8) {
        self.gap = self.gap.saturating_add(lines);
    }

    fn push(&mut self, text: &[u8], (align, size, strong): (Align, (u8, u8), bool)) {
        if let Some(form) = self.form(align, size, strong) {
            self.texts.push(text, form);
        }
    }

    /// The next line's form; nothing when there are lines enough.
    fn form(&mut self, align: Align, size: (u8, u8), strong: bool) -> Option<Form> {
        self.clipped |= self.before + self.texts.len() >= LINES_MAX;
        (!self.clipped).then(|| Form {
            align,
            size,
            strong,
            gap: std::mem::take(&mut self.gap),
        })
    }

    /// The page's lines, and whether some were dropped; the next page begins.
    pub(super) fn take(&mut self) -> (Vec<Line>, bool) {
        self.before += self.len();
        self.gap = 0;
        let lines = self.texts.take(|text, form| Line {
            text,
            align: form.align,
            size: form.size,
            strong: form.strong,
            gap: form.gap,
        });
        (lines, std::mem::take(&mut self.clipped))
    }

    /// The pages so far were taken away: their lines no longer count.
    pub(super) const fn forget(&mut self) {
        self.before = 0;
    }
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
    /// UTF-8, as bytes: text is looked at once, when its line is finished.
    text: Vec<u8>,
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

    /// Whether nothing at all has happened since the last line ended.
    pub(super) fn is_fresh(&self) -> bool {
        self.is_blank() && self.x == 0 && self.size == (0, 0) && !(self.band || self.page)
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
        let columns =
            if ink.national == 0 && charset != Charset::Jis && Printable::all(run).is_some() {
                self.text.extend_from_slice(run);
                run.len()
            } else {
                let mut text = String::new();
                charset.decode(run, ink.national, &mut text);
                self.text.extend_from_slice(text.as_bytes());
                text.chars().map(|c| c.width().unwrap_or(1)).sum()
            };
        self.x += columns * ink.cell * usize::from(ink.size.0);
        self.size = (self.size.0.max(ink.size.0), self.size.1.max(ink.size.1));
        self.strong |= ink.strong;
    }

    /// Moves to a dot position: to the right with spaces, to the left as a new piece.
    pub(super) fn to(&mut self, x: usize, cell: usize, align: Align) {
        if self.is_blank() {
            self.align = align;
        }
        let x = x.min(LINE_CHARS_MAX * cell);
        if x >= self.x {
            if self.text.is_empty() && self.pieces.is_empty() && !self.page {
                self.from = 0;
            }
            let spaces = (x - self.x) / cell;
            self.text.extend(std::iter::repeat_n(b' ', spaces));
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
                text: String::from_utf8_lossy(&text).into_owned(),
            });
        }
    }

    /// Ends the line. On a page that is being composed it is a row.
    pub(super) fn end(&mut self, cell: usize, lines: &mut Lines) {
        self.band = false;
        if self.page {
            self.close_piece();
            self.row += 2 * cell;
            (self.from, self.x) = (0, 0);
            return;
        }
        if self.pieces.is_empty() {
            self.finish(&self.text, lines);
        } else {
            self.close_piece();
            let pieces = std::mem::take(&mut self.pieces);
            self.finish(compose(pieces.iter(), cell).as_bytes(), lines);
        }
        self.text.clear();
        (self.from, self.x, self.size, self.strong) = (0, 0, (0, 0), false);
    }

    fn finish(&self, text: &[u8], lines: &mut Lines) {
        let text = trim_end(text);
        if !text.is_empty() {
            let size = (self.size.0.max(1), self.size.1.max(1));
            lines.push(text, (self.align, size, self.strong));
        }
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
    pub(super) fn end_page(&mut self, cell: usize, lines: &mut Lines) {
        if !self.page {
            return;
        }
        self.close_piece();
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.sort_by_key(|p| p.row);
        for group in pieces.chunk_by(|a, b| b.row - a.row < SAME_ROW_DOTS) {
            self.finish(compose(group.iter(), cell).as_bytes(), lines);
        }
        (self.size, self.strong) = ((0, 0), false);
    }
}

/// Text without the white space behind it, be it the space of ASCII or another.
fn trim_end(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    match text.last() {
        Some(0x80..) => match std::str::from_utf8(text) {
            Ok(text) => text.trim_end().as_bytes(),
            Err(_) => text,
        },
        _ => text,
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
