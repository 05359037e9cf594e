//! Tokens to lines: what stands on the paper, receipt by receipt.
//!
//! Columns, tabs and absolute positions become spaces, so that a line reads as it looks; a double
//! byte character takes two cells. What goes to the customer display is not paper. Pictures are
//! stitched and kept, QR codes and barcodes noted; a cut ends a receipt.

mod line;
mod picture;
mod state;

pub use line::{LINE_CHARS_MAX, LINES_MAX, Line};
pub(crate) use picture::bits;
pub use picture::{PICTURE_BYTES_MAX, Picture};

use super::charset::{Charset, Guess, Sample};
use super::profile::Profile;
use super::tokens::{Align, Dialect, Image, Op, Token, Tokenizer, tokens};
use crate::text::Printable;
use line::{Builder, Lines};
use state::State;
use std::collections::VecDeque;
use std::ops::Deref;

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
    pages(job, dialect, profile).collect()
}

/// The receipts of a job as they leave the cutter, one at a time, as [`layout`] gives them.
pub fn pages<'a>(
    job: &'a [u8],
    dialect: Dialect,
    profile: Option<&'a Profile>,
) -> impl Iterator<Item = Page> + use<'a> {
    let mut layout = Layout::new(dialect, profile, guess_of(job, dialect));
    let (mut tokenizer, mut rest) = (Tokenizer::new(dialect), job);
    std::iter::from_fn(move || {
        while layout.pages.is_empty() {
            rest = layout.plain_lines(rest);
            let Some(token) = tokenizer.step(rest, true) else {
                layout.end();
                break;
            };
            layout.token(&token);
            rest = rest.get(token.bytes.len()..).unwrap_or_default();
        }
        layout.pages.pop_front()
    })
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
    lines: Lines,
    /// What hangs in the printer beside its lines.
    page: Page,
    pages: VecDeque<Page>,
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
            lines: Lines::default(),
            page: Page::default(),
            pages: VecDeque::new(),
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
    pub(crate) fn take_pages(&mut self) -> impl Iterator<Item = Page> {
        self.lines.forget();
        self.pages.drain(..)
    }

    /// Whether something hangs out of the printer that has not been cut.
    pub(crate) fn hangs(&self) -> bool {
        self.lines.len() > 0 || !self.page.is_blank()
    }

    /// Lays out what the job begins with as far as that is whole lines of ASCII, which is most of
    /// a receipt; gives what follows them. A token for each would come to the same.
    fn plain_lines<'a>(&mut self, job: &'a [u8]) -> &'a [u8] {
        let mut rest = job;
        let begins = matches!(job, [b' '..=b'~' | b'\n', ..]);
        let aside = self.recording || self.picture.is_some() || !self.line.is_fresh();
        if !begins || aside || !self.state.prints_ascii() {
            return rest;
        }
        let ink = self.state.ink();
        while let (text, [b'\n', below @ ..]) = Printable::split(rest)
            && text.bytes().len() <= LINE_CHARS_MAX
        {
            if text.bytes().is_empty() {
                self.lines.feed(1);
            } else {
                self.lines.plain(text, &ink);
            }
            rest = below;
        }
        rest
    }

    #[inline]
    pub(crate) fn token(&mut self, token: &Token<'_>) {
        if self.recording {
            self.record(token);
        }
        match token.op {
            Op::Text(run) if self.state.printing => self.text(run),
            Op::LineFeed if self.state.printing => self.line_feed(),
            _ => self.command(token),
        }
    }

    fn command(&mut self, token: &Token<'_>) {
        match token.op {
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
            _ => self.op(&token.op),
        }
    }

    fn record(&mut self, token: &Token<'_>) {
        let fits = self.macro_bytes.len() + token.bytes.len() <= MACRO_BYTES_MAX;
        if token.op != Op::MacroMark && fits {
            self.macro_bytes.extend_from_slice(token.bytes);
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
                self.move_to(to);
            }
            Op::To(units) => self.move_to(usize::from(units)),
            Op::By(units) => {
                let to = self.line.x().saturating_add_signed(isize::from(units));
                self.move_to(to);
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
        self.line.text(run, charset, &self.state.ink());
    }

    fn move_to(&mut self, dots: usize) {
        let (cell, align) = (self.state.cell(), self.state.align);
        self.line.to(dots, cell, align);
    }

    fn end_line(&mut self) {
        self.line.end(self.state.cell(), &mut self.lines);
    }

    /// A line end: the line, or one more empty line above the next.
    fn line_feed(&mut self) {
        if self.line.is_blank() && !self.line.has_band() {
            self.lines.feed(1);
        }
        self.end_line();
    }

    fn feed(&mut self, lines: u8) {
        self.end_line();
        self.lines.feed(lines);
    }

    fn print_page(&mut self) {
        self.end_line();
        self.line.end_page(self.state.cell(), &mut self.lines);
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
            self.page.pictures.push((self.lines.len(), picture));
        }
    }

    fn symbol(&mut self, qr: bool, data: Vec<u8>) {
        self.end_line();
        self.flush_picture();
        if self.page.symbols.len() < LINES_MAX {
            let line = self.lines.len();
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
        self.tear(true);
    }

    /// Ends the page, if there is anything on it.
    fn tear(&mut self, cut: bool) {
        self.flush_picture();
        let mut page = std::mem::take(&mut self.page);
        (page.lines, page.clipped) = self.lines.take();
        if page.is_blank() {
            self.page = page;
        } else {
            page.cut = cut;
            self.pages.push_back(page);
        }
    }

    /// Nothing more will come: what hangs out is torn off.
    fn end(&mut self) {
        self.print_page();
        self.tear(false);
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
    fn a_line_that_begins_with_a_tab_stands_where_it_was_told_to() {
        let page = &layout(b"\x1b@\x1ba\x01A\n\x1ba\x00\tB\n", Dialect::EscPos, None)[0];
        let aligned: Vec<_> = page.lines.iter().map(|line| line.align).collect();
        assert_eq!(aligned, [Align::Centre, Align::Left]);
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

    /// Layout by tokens alone.
    fn by_tokens(job: &[u8], dialect: Dialect) -> Vec<Page> {
        let mut layout = Layout::<&Profile>::new(dialect, None, guess_of(job, dialect));
        tokens(dialect, job).for_each(|token| layout.token(&token));
        layout.end();
        layout.pages.into()
    }

    fn printed() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => "[ -~]{0,12}".prop_map(String::into_bytes),
            6 => Just(b"\n".to_vec()),
            1 => prop::collection::vec(any::<u8>(), 1..4),
            3 => prop::sample::select(vec![
                &b"\x1b@"[..], b"\x1ba\x01", b"\x1d!\x11", b"\x1bE\x01", b"\x1b$\x05\x00", b"\x1bL",
                b"\x0c", b"\x1bR\x02", b"\x1c&", b"\x1cC\x00", b"\x1b=\x02", b"\x1b=\x01", b"\x1d:",
                b"\x1d^\x02\x00\x00", b"\x1b*\x00\x01\x00\xff", b"\x1dv0\0\x01\0\x01\0\xff",
                b"\x1dV\x00", b"\r\n", b"\t", b"\x1bd\x02", b"\x1b*rA", b"\x1b*rB", b"\x7f",
            ]).prop_map(<[u8]>::to_vec),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn lines_that_are_taken_whole_are_those_of_their_tokens(job in printed()) {
            for dialect in [Dialect::EscPos, Dialect::Star, Dialect::Plain] {
                prop_assert_eq!(layout(&job, dialect, None), by_tokens(&job, dialect));
            }
        }
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
