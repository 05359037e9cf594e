//! Tokens to lines: what stands on the paper, receipt by receipt.
//!
//! Columns, tabs and absolute positions become spaces, so that a line reads as it looks; a double
//! byte character takes two cells. What goes to the customer display is not paper. Pictures are
//! stitched and kept, QR codes and barcodes noted; a cut ends a receipt.

mod line;
mod picture;
mod state;

pub use line::{LINE_CHARS_MAX, Line};
pub(crate) use picture::bits;
pub use picture::{PICTURE_BYTES_MAX, Picture};

use super::charset::{Charset, Guess, Sample};
use super::profile::Profile;
use super::tokens::{Align, Dialect, Image, Op, Token, tokens};
use line::{Builder, Ink};
use state::State;
use std::ops::Deref;

/// The most lines of one job; what follows is dropped and the page says so.
pub const LINES_MAX: usize = 20_000;
/// The longest macro in bytes, as on real printers.
const MACRO_BYTES_MAX: usize = 2048;
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
    /// Dots a module, for a QR code.
    pub module: u8,
    /// Error correction of a QR code: 0 L, 1 M, 2 Q, 3 H.
    pub level: u8,
    /// Where it stands.
    pub align: Align,
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
    for token in tokens(dialect, job) {
        layout.token(&token);
    }
    layout.finish()
}

/// What the job's text looks like; ASCII needs no second look, and a long job none at all of it.
fn guess_of(job: &[u8], dialect: Dialect) -> Guess {
    if job.is_ascii() {
        return Guess::Single;
    }
    let (mut sample, mut multibyte) = (Sample::default(), false);
    for token in tokens(dialect, job) {
        match token.op {
            Op::Multibyte(true) => multibyte = true,
            Op::Text(run) if !sample.takes(run) => break,
            _ => {}
        }
    }
    sample.guess(multibyte)
}

/// Lays tokens out as they come.
#[derive(Clone, Debug)]
pub(crate) struct Layout<P> {
    state: State<P>,
    line: Builder,
    page: Page,
    pages: Vec<Page>,
    lines: usize,
    gap: u8,
    picture: Option<Picture>,
    stored: Option<Picture>,
    qr: Qr,
    recording: bool,
    macro_bytes: Vec<u8>,
    replaying: bool,
}

/// The QR symbol that the printer holds.
#[derive(Clone, Debug)]
struct Qr {
    data: Vec<u8>,
    module: u8,
    level: u8,
}

impl<P: Deref<Target = Profile> + Clone> Layout<P> {
    pub(crate) fn new(dialect: Dialect, profile: Option<P>, guess: Guess) -> Self {
        Self {
            state: State::new(dialect, profile, guess),
            line: Builder::default(),
            page: Page::default(),
            pages: Vec::new(),
            lines: 0,
            gap: 0,
            picture: None,
            stored: None,
            qr: Qr {
                data: Vec::new(),
                module: 3,
                level: 0,
            },
            recording: false,
            macro_bytes: Vec::new(),
            replaying: false,
        }
    }

    /// The pages that were cut off since the last call.
    pub(crate) fn take_pages(&mut self) -> Vec<Page> {
        self.lines = self.page.lines.len();
        std::mem::take(&mut self.pages)
    }

    /// What hangs out of the printer and has not been cut.
    pub(crate) const fn hanging(&self) -> &Page {
        &self.page
    }

    pub(crate) fn token(&mut self, token: &Token<'_>) {
        if self.recording
            && token.op != Op::MacroMark
            && self.macro_bytes.len() + token.bytes.len() <= MACRO_BYTES_MAX
        {
            self.macro_bytes.extend_from_slice(token.bytes);
        }
        match token.op {
            Op::Text(run) if self.state.printing => self.text(run),
            Op::LineFeed if self.state.printing => self.line_feed(),
            Op::Peripheral(n) => self.state.printing = n & 1 == 1 || n & 2 == 0,
            _ if !self.state.printing => {}
            Op::MacroMark if self.replaying => {}
            Op::MacroMark => {
                self.recording = !self.recording;
                if self.recording {
                    self.macro_bytes.clear();
                }
            }
            Op::MacroRun if !self.replaying && !self.recording => {
                self.replay(token.bytes.get(2).copied().unwrap_or(1));
            }
            op => self.op(&op),
        }
    }

    fn replay(&mut self, times: u8) {
        let defined = std::mem::take(&mut self.macro_bytes);
        self.replaying = true;
        for _ in 0..times.min(MACRO_RUNS_MAX) {
            for token in tokens(self.state.dialect, &defined) {
                self.token(&token);
            }
        }
        self.replaying = false;
        self.macro_bytes = defined;
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
            Op::CarriageReturn | Op::LineFeed => self.line_feed(),
            Op::FeedLines(n) => self.feed(n),
            Op::FeedDots(n) => self.feed(n / 24),
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
                if let Some(mut picture) = self.stored.clone() {
                    picture.align = self.state.align;
                    self.end_line();
                    self.stitch(picture);
                }
            }
            Op::QrStore(data) => self.qr.data = data.to_vec(),
            Op::QrModule(n) => self.qr.module = n,
            Op::QrLevel(n) => self.qr.level = n,
            Op::QrPrint => self.symbol(true, self.qr.data.clone()),
            Op::Symbol => self.symbol(false, Vec::new()),
            Op::Barcode(_, data) => self.symbol(false, data.to_vec()),
            _ => self.state.op(op),
        }
    }

    fn text(&mut self, run: &[u8]) {
        if self.line.is_blank() {
            self.flush_picture();
        }
        let charset = self.state.charset(run);
        if charset == Charset::Unknown && !run.is_ascii() {
            self.page.doubtful_charset = true;
        }
        let ink = Ink {
            align: self.state.align,
            size: (self.state.wide, self.state.tall),
            strong: self.state.bold || self.state.invert,
            national: self.state.national,
            cell: self.state.cell(),
        };
        self.line.text(run, charset, &ink);
    }

    fn end_line(&mut self) {
        if let Some(line) = self.line.end(self.state.cell()) {
            self.push(line);
        }
    }

    fn push(&mut self, line: Line) {
        if self.lines < LINES_MAX {
            self.page.lines.push(Line {
                gap: std::mem::take(&mut self.gap),
                ..line
            });
            self.lines += 1;
        } else {
            self.page.clipped = true;
        }
    }

    /// A line end: the line, or one more empty line above the next.
    fn line_feed(&mut self) {
        if self.line.is_blank() && !self.line.has_band() {
            self.gap = self.gap.saturating_add(1);
        }
        self.end_line();
    }

    fn feed(&mut self, lines: u8) {
        self.end_line();
        self.gap = self.gap.saturating_add(lines);
    }

    fn print_page(&mut self) {
        self.end_line();
        for line in self.line.page_lines(self.state.cell()) {
            self.push(line);
        }
        self.line.page_mode(false);
    }

    fn image(&mut self, image: &Image<'_>) {
        let Some(mut picture) = Picture::of(image) else {
            return;
        };
        picture.align = self.state.align;
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
            let (module, level, align) = (self.qr.module, self.qr.level, self.state.align);
            self.page.symbols.push(Symbol {
                line,
                qr,
                data,
                module,
                level,
                align,
            });
        }
    }

    fn cut(&mut self) {
        self.end_line();
        self.flush_picture();
        if !self.page.is_blank() {
            self.page.cut = true;
            self.pages.push(std::mem::take(&mut self.page));
        }
        self.gap = 0;
    }

    pub(crate) fn finish(mut self) -> Vec<Page> {
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
    fn a_frame_among_multibyte_text_is_a_frame() {
        // Star printers with multibyte text draw it after ESC $ 0 in the katakana page, those
        // without in code page 437, whatever the text beside it is in.
        let star =
            |frame: &[u8]| [&b"\x1b@\x1b\x1da\x00\x1b$1\x97\xcc\n"[..], frame, b"\n"].concat();
        let lines = |frame: &[u8]| {
            let page = &layout(&star(frame), Dialect::Star, None)[0];
            page.lines
                .iter()
                .map(|l| l.text.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(b"\x1b$0\x9c\x95\x95\x9d"), ["領", "╭──╮"]);
        assert_eq!(lines(b"\x1b\x1dt\x01\xda\xc4\xc4\xbf"), ["領", "┌──┐"]);
        assert_eq!(lines(b"\xc0\xd9\xc4"), ["領", "ﾀﾙﾄ"]);
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
