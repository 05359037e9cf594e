//! Tokens to lines: what stands on the paper, receipt by receipt.
//!
//! Columns, tabs and absolute positions become spaces, so that a line reads as it looks; a double
//! byte character takes two cells. What goes to the customer display is not paper. Pictures are
//! stitched and kept, QR codes and barcodes noted; a cut ends a receipt.

mod line;
mod picture;
mod state;

pub use line::{LINE_CHARS_MAX, Line};
pub use picture::{PICTURE_BYTES_MAX, Picture};

use super::charset::{Charset, Guess, guess};
use super::profile::Profile;
use super::tokens::{Dialect, Image, Op, Token, tokens};
use line::Builder;
use state::State;

/// The most lines of one job; what follows is dropped and the page says so.
pub const LINES_MAX: usize = 20_000;
/// How often one macro call is followed.
const MACRO_RUNS_MAX: u8 = 8;

/// A barcode or two-dimensional symbol that the printer draws by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Before which line it stands.
    pub line: usize,
    /// Whether it is a QR code.
    pub qr: bool,
    /// Its payload, as far as the stream says.
    pub data: Vec<u8>,
}

/// One receipt as it leaves the cutter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines of text, empty ones left out.
    pub lines: Vec<Line>,
    /// Pictures, each with the index of the line before which it stands.
    pub pictures: Vec<(usize, Picture)>,
    /// Symbols drawn by the printer.
    pub symbols: Vec<Symbol>,
    /// Whether a cut ended it.
    pub cut: bool,
    /// Whether something was dropped at [`LINES_MAX`].
    pub clipped: bool,
    /// Whether the characters' encoding was a guess that is not sure.
    pub doubtful_charset: bool,
}

impl Page {
    /// Whether nothing was printed.
    pub fn is_blank(&self) -> bool {
        self.lines.is_empty() && self.pictures.is_empty() && self.symbols.is_empty()
    }
}

/// Lays a whole job out. Without a profile, Epson's or Star's common values are taken.
pub fn layout(job: &[u8], dialect: Dialect, profile: Option<&Profile>) -> Vec<Page> {
    let mut layout = Layout::new(dialect, profile, guess_of(job, dialect));
    let mut offset = 0;
    for token in tokens(dialect, job) {
        layout.token(&token, job, offset);
        offset += token.bytes.len();
    }
    layout.finish()
}

/// What the job's text looks like; ASCII needs no second look.
fn guess_of(job: &[u8], dialect: Dialect) -> Guess {
    if job.is_ascii() {
        return Guess::Single;
    }
    let mut multibyte = false;
    let runs: Vec<&[u8]> = tokens(dialect, job)
        .filter_map(|token| {
            multibyte |= token.op == Op::Multibyte(true);
            if let Op::Text(run) = token.op {
                Some(run)
            } else {
                None
            }
        })
        .collect();
    guess(runs.into_iter(), multibyte)
}

struct Layout<'p> {
    state: State<'p>,
    line: Builder,
    page: Page,
    pages: Vec<Page>,
    lines: usize,
    picture: Option<Picture>,
    stored: Option<Picture>,
    qr: Vec<u8>,
    macro_from: Option<usize>,
    macro_range: Option<(usize, usize)>,
    replaying: bool,
}

impl<'p> Layout<'p> {
    fn new(dialect: Dialect, profile: Option<&'p Profile>, guess: Guess) -> Self {
        Self {
            state: State::new(dialect, profile, guess),
            line: Builder::default(),
            page: Page::default(),
            pages: Vec::new(),
            lines: 0,
            picture: None,
            stored: None,
            qr: Vec::new(),
            macro_from: None,
            macro_range: None,
            replaying: false,
        }
    }

    fn token(&mut self, token: &Token<'_>, job: &[u8], offset: usize) {
        match token.op {
            Op::Text(run) if self.state.printing => self.text(run),
            Op::LineFeed if self.state.printing => self.end_line(),
            Op::Peripheral(n) => self.state.printing = n & 1 == 1 || n & 2 == 0,
            _ if !self.state.printing => {}
            Op::MacroMark if self.replaying => {}
            Op::MacroMark => match self.macro_from.take() {
                Some(from) => self.macro_range = Some((from, offset)),
                None => self.macro_from = Some(offset + token.bytes.len()),
            },
            Op::MacroRun if !self.replaying => {
                self.replay(job, token.bytes.get(2).copied().unwrap_or(1));
            }
            op => self.op(&op),
        }
    }

    fn replay(&mut self, job: &[u8], times: u8) {
        let Some(defined) = self.macro_range.and_then(|(from, to)| job.get(from..to)) else {
            return;
        };
        self.replaying = true;
        for _ in 0..times.min(MACRO_RUNS_MAX) {
            for token in tokens(self.state.dialect, defined) {
                self.token(&token, defined, 0);
            }
        }
        self.replaying = false;
    }

    fn op(&mut self, op: &Op<'_>) {
        match *op {
            Op::Tab => {
                let to = self.state.next_tab(self.line.x());
                self.line.to(to, self.state.cell());
            }
            Op::To(units) => self.line.to(usize::from(units), self.state.cell()),
            Op::By(units) => {
                let to = self.line.x().saturating_add_signed(isize::from(units));
                self.line.to(to, self.state.cell());
            }
            Op::CarriageReturn if self.state.dialect == Dialect::EscPos => {}
            Op::CarriageReturn | Op::LineFeed => self.end_line(),
            Op::FeedLines(_) | Op::FeedDots(_) => self.feed(),
            Op::FormFeed | Op::PrintPage | Op::StandardMode => self.print_page(),
            Op::PageMode => {
                self.end_line();
                self.line.page_mode(true);
            }
            Op::PageRow(row) => self.line.row(usize::from(row)),
            Op::Cancel => self.line.cancel(),
            Op::Cut(_) => self.cut(),
            Op::Image(image) => self.image(&image),
            Op::StoreImage(image) => self.stored = Picture::of(&image),
            Op::PrintStored => {
                if let Some(picture) = self.stored.clone() {
                    self.end_line();
                    self.stitch(picture);
                }
            }
            Op::QrStore(data) => self.qr = data.to_vec(),
            Op::QrPrint => self.symbol(true, self.qr.clone()),
            Op::Symbol => self.symbol(false, Vec::new()),
            Op::Barcode(_, data) => self.symbol(false, data.to_vec()),
            _ => self.state.op(op),
        }
    }

    fn text(&mut self, run: &[u8]) {
        if self.line.is_blank() {
            self.flush_picture();
        }
        let charset = self.state.charset();
        if charset == Charset::Unknown && !run.is_ascii() {
            self.page.doubtful_charset = true;
        }
        self.line.text(run, charset, &self.state);
    }

    fn end_line(&mut self) {
        if let Some(line) = self.line.end(self.state.cell()) {
            if self.lines < LINES_MAX {
                self.page.lines.push(line);
                self.lines += 1;
            } else {
                self.page.clipped = true;
            }
        }
    }

    fn feed(&mut self) {
        self.end_line();
    }

    fn print_page(&mut self) {
        self.end_line();
        for line in self.line.page_lines(self.state.cell()) {
            if self.lines < LINES_MAX {
                self.page.lines.push(line);
                self.lines += 1;
            }
        }
        self.line.page_mode(false);
    }

    fn image(&mut self, image: &Image<'_>) {
        let Some(picture) = Picture::of(image) else {
            return;
        };
        if image.inline {
            // Bands beside each other share a line; the next line's band goes below.
            match &mut self.picture {
                Some(last) if self.line.has_band() => last.append_right(&picture),
                _ => self.stitch(picture),
            }
            self.line.band();
        } else {
            self.end_line();
            self.stitch(picture);
        }
    }

    /// Puts a band below the picture that is being collected.
    fn stitch(&mut self, band: Picture) {
        match &mut self.picture {
            Some(picture) => picture.append_below(&band),
            None => self.picture = Some(band),
        }
    }

    fn flush_picture(&mut self) {
        if let Some(picture) = self.picture.take() {
            self.page.pictures.push((self.page.lines.len(), picture));
        }
    }

    fn symbol(&mut self, qr: bool, data: Vec<u8>) {
        self.end_line();
        self.flush_picture();
        if self.page.symbols.len() < LINES_MAX {
            let line = self.page.lines.len();
            self.page.symbols.push(Symbol { line, qr, data });
        }
    }

    fn cut(&mut self) {
        self.end_line();
        self.flush_picture();
        if !self.page.is_blank() {
            self.page.cut = true;
            self.pages.push(std::mem::take(&mut self.page));
        }
    }

    fn finish(mut self) -> Vec<Page> {
        self.print_page();
        self.flush_picture();
        if !self.page.is_blank() {
            self.pages.push(self.page);
        }
        self.pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::tokens::detect;
    use proptest::prelude::*;

    fn texts(job: &[u8]) -> Vec<Vec<String>> {
        let pages = layout(job, detect(job), None);
        let of = |p: &Page| p.lines.iter().map(|l| l.text.as_str().to_owned()).collect();
        pages.iter().map(of).collect()
    }

    #[test]
    fn an_absolute_position_becomes_the_spaces_that_stand_there() {
        // Column 19 of 12-dot cells is dot 228.
        assert_eq!(
            texts(b"\x1b@AMOUNT\x1b$\xe4\x00\x1d!\x10123.45\n")[0][0],
            "AMOUNT             123.45"
        );
    }

    #[test]
    fn going_back_puts_text_between_the_frame() {
        let job = b"\x1b@|\x1b\\\x78\x00|\x1b$\x18\x00Beer\n";
        assert_eq!(texts(job)[0][0], "| Beer     |");
    }

    #[test]
    fn what_goes_to_the_customer_display_is_not_paper() {
        assert_eq!(
            texts(b"\x1b@\x1b=\x02TOTAL 9.99\x0c\x1b=\x01Bread 1.00\n"),
            [["Bread 1.00"]]
        );
    }

    #[test]
    fn a_cut_ends_a_receipt_and_the_next_begins() {
        assert_eq!(
            texts(b"\x1b@one\n\x1dV\x00\x1b@two\n\x1dVA\x10"),
            [["one"], ["two"]]
        );
    }

    #[test]
    fn page_mode_lines_come_in_the_order_of_the_paper() {
        let job = b"\x1b@\x1bL\x1d$\x60\x00below\x1d$\x18\x00above\x0c\x1bS";
        assert_eq!(texts(job)[0], ["above", "below"]);
    }

    #[test]
    fn bands_of_a_picture_are_one_picture() {
        let job = b"\x1b@\x1dv0\0\x01\0\x02\0\xff\x81\x1dv0\0\x01\0\x01\0\xffhi\n";
        let pages = layout(job, Dialect::EscPos, None);
        assert_eq!(pages[0].pictures.len(), 1);
        assert_eq!(
            (
                pages[0].pictures[0].1.width(),
                pages[0].pictures[0].1.height()
            ),
            (8, 3)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_laid_out(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for dialect in [Dialect::EscPos, Dialect::Star, Dialect::Plain] {
                let _ = layout(&bytes, dialect, None).len();
            }
        }
    }
}
