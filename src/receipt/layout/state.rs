//! The printer's state as far as it decides what stands where.

use super::super::charset::{Charset, Guess};
use super::super::profile::{Profile, page};
use super::super::tokens::{Align, Dialect, Op};
use super::line::Ink;
use std::ops::Deref;

/// Font A's cell in dots where no profile says otherwise.
const CELL_DOTS: usize = 12;
/// Tab stops in columns after a reset: every eighth.
const TAB_COLUMNS: usize = 8;

/// Modes that a command sets and a reset clears.
#[derive(Clone, Debug)]
pub(super) struct State<P> {
    pub(super) dialect: Dialect,
    profile: Option<P>,
    guess: Guess,
    /// Whether the printer listens (`ESC =`).
    pub(super) printing: bool,
    pub(super) align: Align,
    pub(super) wide: u8,
    pub(super) tall: u8,
    pub(super) bold: bool,
    pub(super) invert: bool,
    font: u8,
    /// Width of a character cell in dots, before magnification.
    cell: usize,
    table: Option<u8>,
    pub(super) national: u8,
    multibyte: Option<bool>,
    /// The code page was chosen after multibyte text was switched on.
    table_last: bool,
    code: Option<u8>,
    utf8: bool,
    tabs: Vec<u8>,
    /// The charset that follows from all of these.
    charset: Charset,
}

impl<P: Deref<Target = Profile> + Clone> State<P> {
    pub(super) fn new(dialect: Dialect, profile: Option<P>, guess: Guess) -> Self {
        let mut state = Self {
            dialect,
            profile,
            guess,
            printing: true,
            align: Align::Left,
            wide: 1,
            tall: 1,
            bold: false,
            invert: false,
            font: 0,
            cell: 0,
            table: None,
            national: 0,
            multibyte: None,
            table_last: false,
            code: None,
            utf8: false,
            tabs: Vec::new(),
            charset: Charset::Page(437),
        };
        state.charset = state.resolve();
        state.set_font(0);
        state
    }

    /// Width of a character cell in dots, before magnification.
    pub(super) const fn cell(&self) -> usize {
        self.cell
    }

    /// How characters print now.
    pub(super) const fn ink(&self) -> Ink {
        Ink {
            align: self.align,
            size: (self.wide, self.tall),
            strong: self.bold || self.invert,
            national: self.national,
            cell: self.cell,
        }
    }

    /// Whether ASCII bytes print as ASCII. Between two of Star's raster commands they may be dots.
    pub(super) fn prints_ascii(&self) -> bool {
        let text = self.printing && self.dialect != Dialect::Star;
        text && self.national == 0 && self.charset != Charset::Jis
    }

    fn set_font(&mut self, font: u8) {
        let profile = self.profile.as_ref();
        let base = profile.map_or(CELL_DOTS, |p| usize::from(p.cell_dots()));
        self.font = font;
        self.cell = if font == 0 {
            base
        } else {
            (base * 3 / 4).max(1)
        };
    }

    /// The charset in force for a run of text. Streams that serve printers with and without
    /// multibyte text draw frames in single-byte pages: a run that is all frame is one.
    pub(super) fn charset(&self, run: &[u8]) -> Charset {
        if self.dialect != Dialect::Star || run.is_ascii() {
            return self.charset;
        }
        let katakana = Charset::Page(932);
        if self.multibyte == Some(false) && is_frame(katakana, run) {
            return katakana;
        }
        if self.table_last && self.charset.is_multibyte() && is_frame(self.single(), run) {
            return self.single();
        }
        self.charset
    }

    /// Where a tab at dot `x` leads to.
    pub(super) fn next_tab(&self, x: usize) -> usize {
        let column = x / self.cell();
        let set = self
            .tabs
            .iter()
            .map(|t| usize::from(*t))
            .find(|t| *t > column);
        let default = (column / TAB_COLUMNS + 1) * TAB_COLUMNS;
        self.cell()
            * set.unwrap_or(if self.tabs.is_empty() {
                default
            } else {
                column + 1
            })
    }

    pub(super) fn op(&mut self, op: &Op<'_>) {
        match *op {
            Op::Init => {
                let (dialect, profile, guess) = (self.dialect, self.profile.clone(), self.guess);
                *self = Self::new(dialect, profile, guess);
            }
            Op::Align(align) => self.align = align,
            Op::Size(wide, tall) => (self.wide, self.tall) = (wide, tall),
            Op::Wide(n) => self.wide = n,
            Op::Tall(n) => self.tall = n,
            Op::PrintMode(n) => self.print_mode(n),
            Op::MultibyteMode(n) => {
                self.wide = 1 + u8::from(n & 4 != 0);
                self.tall = 1 + u8::from(n & 8 != 0);
            }
            Op::Font(n) => self.set_font(n),
            Op::Bold(on) => self.bold = on,
            Op::Invert(on) => self.invert = on,
            Op::Tabs(stops) => self.tabs = stops.to_vec(),
            _ => self.encoding(op),
        }
    }

    fn print_mode(&mut self, n: u8) {
        self.set_font(n & 1);
        self.bold = n & 8 != 0;
        self.tall = 1 + u8::from(n & 16 != 0);
        self.wide = 1 + u8::from(n & 32 != 0);
    }

    fn encoding(&mut self, op: &Op<'_>) {
        match *op {
            Op::CodePage(n) => (self.table, self.table_last) = (Some(n), true),
            Op::National(n) => self.national = n,
            Op::Multibyte(on) => (self.multibyte, self.table_last) = (Some(on), false),
            Op::MultibyteCode(n) => self.code = Some(n),
            Op::Utf8(on) => self.utf8 = on,
            _ => return,
        }
        self.charset = self.resolve();
    }

    /// What the bytes mean now: what the stream says, then the profile, then the guess.
    fn resolve(&self) -> Charset {
        if self.utf8 || self.guess == Guess::Multibyte(Charset::Utf8) {
            return Charset::Utf8;
        }
        let default = self.profile.as_ref().and_then(|p| p.multibyte);
        match self.multibyte.or_else(|| default.map(|m| m.on)) {
            Some(true) => self.multibyte_charset(default.map(|m| m.charset)),
            // Shift-JIS needs no FS & (Toshiba B-EP command reference, p. 583).
            _ if matches!(self.code, Some(1 | 2)) => Charset::ShiftJis,
            Some(false) => self.single(),
            None => match (self.table, self.guess) {
                (Some(1..), _) => self.single(),
                (_, Guess::Multibyte(charset)) => charset,
                (_, Guess::NotSure) => Charset::Unknown,
                (_, Guess::Single) => self.single(),
            },
        }
    }

    fn multibyte_charset(&self, of_profile: Option<Charset>) -> Charset {
        match (self.code, of_profile, self.guess) {
            (Some(1 | 2), ..) => Charset::ShiftJis,
            (_, Some(charset), _) | (None, _, Guess::Multibyte(charset)) => charset,
            (Some(0), ..) => Charset::Jis,
            _ if self.dialect == Dialect::Star => Charset::ShiftJis,
            _ => Charset::Unknown,
        }
    }

    fn single(&self) -> Charset {
        match (self.table, self.profile.as_ref()) {
            (Some(n), Some(profile)) => profile.page(n),
            (Some(n), None) => page(self.dialect, n),
            (None, Some(profile)) => Charset::Page(profile.default_page),
            (None, None) => page(self.dialect, 0),
        }
    }
}

/// Whether these bytes are lines and corners of a frame in a charset, and nothing else.
fn is_frame(charset: Charset, run: &[u8]) -> bool {
    let mut text = String::new();
    charset.decode(run, 0, &mut text);
    text.chars()
        .all(|c| matches!(c, '\u{2500}'..='\u{257F}' | ' '))
}
