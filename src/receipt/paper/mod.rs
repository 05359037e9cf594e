//! The virtual printer and its paper: ESC/POS or Star bytes in, dots and status bytes out.
//!
//! [`Printer`] is sans-IO: it takes bytes, answers with the bytes that a printer would send back,
//! and keeps the pages that were cut off. A page becomes dots ([`Sheet`]: QR codes and pictures
//! exactly, ASCII in a small font of our own, other characters as patterns of the right size), a
//! PNG, Unicode for a terminal, or plain text.

mod draw;
mod font;
mod status;
mod svg;
mod unicode;

pub use draw::{ROWS_MAX, Sheet};
pub use status::{Condition, PaperState};
pub use unicode::unicode;

use super::charset::Guess;
use super::layout::{Layout, Page};
use super::profile::Profile;
use super::tokens::{Ask, Op, RealTime, Stream, Token};
use status::Status;
use std::sync::Arc;

/// The most bytes that wait while the printer cannot print.
pub const BUFFER_BYTES_MAX: usize = 4 << 20;
/// The most cut pages that are kept before the oldest is dropped.
pub const PAGES_MAX: usize = 1000;

/// What happened in the printer, beside printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The paper was cut.
    Cut,
    /// The drawer on this pin (0 or 1) was pulsed.
    Drawer(u8),
    /// A cut was asked for and the cutter is faulty.
    CutFailed,
    /// Bytes were dropped because the buffer was full.
    Overrun,
}

/// A virtual receipt printer.
#[derive(Clone, Debug)]
pub struct Printer {
    profile: Arc<Profile>,
    stream: Stream,
    layout: Layout<Arc<Profile>>,
    status: Status,
    waiting: Vec<u8>,
    /// Real-time commands in the waiting bytes were answered when they came.
    replaying: bool,
    pages: Vec<Page>,
    happened: Vec<Happened>,
}

impl Printer {
    /// A printer of this model, ready and with paper.
    pub fn new(profile: Profile) -> Self {
        let profile = Arc::new(profile);
        Self {
            stream: Stream::new(profile.dialect),
            layout: Layout::new(profile.dialect, Some(Arc::clone(&profile)), Guess::Single),
            status: Status::default(),
            waiting: Vec::new(),
            replaying: false,
            pages: Vec::new(),
            happened: Vec::new(),
            profile,
        }
    }

    /// The model.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Takes bytes; gives what the printer sends back. While it cannot print, bytes wait and only
    /// real-time commands are answered.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        if !self.status.can_print() {
            let replies = self.real_time(bytes);
            if self.waiting.len() + bytes.len() <= BUFFER_BYTES_MAX {
                self.waiting.extend_from_slice(bytes);
            } else {
                self.happened.push(Happened::Overrun);
            }
            return replies;
        }
        self.print(bytes)
    }

    fn print(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.stream.clone();
        let mut replies = Vec::new();
        stream.feed(bytes, &mut |token| self.token(&token, &mut replies));
        self.stream = stream;
        replies
    }

    fn token(&mut self, token: &Token<'_>, replies: &mut Vec<u8>) {
        match token.op {
            Op::RealTime(_) if self.replaying => {}
            Op::RealTime(command) => self.at_once(command, replies),
            Op::Ask(ask) => self.ask(ask, replies),
            Op::Drawer(pin) => self.happened.push(Happened::Drawer(pin)),
            Op::Cut(_) => self.cut(token, replies),
            _ => self.layout.token(token),
        }
    }

    fn cut(&mut self, token: &Token<'_>, replies: &mut Vec<u8>) {
        if self.status.condition.cutter_fault {
            self.happened.push(Happened::CutFailed);
            self.status.condition.error = true;
            replies.extend(self.status.changed());
            return;
        }
        if self.profile.cutter {
            self.layout.token(token);
            self.happened.push(Happened::Cut);
            self.collect();
        }
    }

    fn collect(&mut self) {
        self.pages.extend(self.layout.take_pages());
        let over = self.pages.len().saturating_sub(PAGES_MAX);
        self.pages.drain(..over);
    }

    fn at_once(&mut self, command: RealTime, replies: &mut Vec<u8>) {
        match command {
            RealTime::Status(n) => replies.extend(self.status.transmit(n)),
            RealTime::Send(n) => replies.extend(self.status.block(n)),
            RealTime::Pulse(pin) => self.happened.push(Happened::Drawer(pin & 1)),
            RealTime::Recover(n) => {
                if n == 2 {
                    self.waiting.clear();
                }
                self.status.condition.error = false;
                replies.extend(self.status.changed());
            }
            RealTime::Clear => self.waiting.clear(),
            RealTime::Other => {}
        }
    }

    /// What this printer answers to the real-time commands in bytes that another one is to print.
    pub fn answer_for(&mut self, bytes: &[u8]) -> Vec<u8> {
        let answers = self.real_time(bytes);
        self.happened.clear();
        answers
    }

    /// Real-time commands of bytes that wait: DLE sequences wherever they stand.
    fn real_time(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut replies = Vec::new();
        for (at, _) in bytes.iter().enumerate().filter(|(_, b)| **b == 0x10) {
            let rest = bytes.get(at..).unwrap_or_default();
            let token = super::tokens::tokens(self.profile.dialect, rest).next();
            if let Some(Op::RealTime(command)) = token.map(|t| t.op) {
                self.at_once(command, &mut replies);
            }
        }
        replies
    }

    fn ask(&mut self, ask: Ask<'_>, replies: &mut Vec<u8>) {
        match ask {
            Ask::AutoStatus(mask) => replies.extend(self.status.enable(mask)),
            Ask::Transmit(n) => replies.extend(self.status.printed(n)),
            Ask::Identify(n) => replies.extend(self.status.identify(n, &self.profile.name)),
            Ask::ProcessId(id) => {
                replies.extend([0x37, 0x22]);
                replies.extend(id.iter().take(4));
                replies.push(0);
            }
            Ask::Star => replies.extend(self.status.star()),
        }
    }

    /// Changes the printer's condition (paper, cover, cutter); gives the status that it sends by
    /// itself, and prints what waited if it can again.
    pub fn set_condition(&mut self, condition: Condition) -> Vec<u8> {
        self.status.condition = condition;
        let mut replies = self.status.changed();
        if self.status.can_print() && !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            self.replaying = true;
            replies.extend(self.print(&waiting));
            self.replaying = false;
        }
        replies
    }

    /// The condition now.
    pub const fn condition(&self) -> Condition {
        self.status.condition
    }

    /// The pages that were cut off since the last call.
    pub fn take_pages(&mut self) -> Vec<Page> {
        std::mem::take(&mut self.pages)
    }

    /// Whether something hangs out of the printer that has not been cut.
    pub fn hangs(&self) -> bool {
        self.layout.hangs()
    }

    /// Tears the hanging paper off by hand (a printer without a cutter, the end of a run).
    pub fn tear(&mut self) -> Option<Page> {
        let cut = Token {
            bytes: &[],
            op: Op::Cut(false),
        };
        self.layout.token(&cut);
        self.collect();
        self.pages.pop()
    }

    /// What happened since the last call.
    pub fn take_happened(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::write;
    use proptest::prelude::*;

    fn printer(name: &str) -> Printer {
        Printer::new(Profile::named(name).unwrap())
    }

    #[test]
    fn status_bytes_are_the_ones_of_real_printers() {
        let mut p = printer("epson-80mm");
        assert_eq!(
            p.feed(b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"),
            [0x12; 4]
        );
        let near = Condition {
            paper: PaperState::NearEnd,
            ..Condition::default()
        };
        p.set_condition(near);
        assert_eq!(p.feed(b"\x10\x04\x04"), [0x1E]);
        let out = Condition {
            paper: PaperState::End,
            ..Condition::default()
        };
        p.set_condition(out);
        assert_eq!(
            p.feed(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"),
            [0x1A, 0x32, 0x7E]
        );
    }

    #[test]
    fn automatic_status_comes_once_asked_and_on_every_change() {
        let mut p = printer("epson-80mm");
        let open = Condition {
            cover_open: true,
            ..Condition::default()
        };
        assert!(p.set_condition(open).is_empty());
        p.set_condition(Condition::default());
        assert_eq!(p.feed(b"\x1da\xff"), [0x10, 0, 0, 0]);
        assert_eq!(p.set_condition(open), [0x38, 0, 0, 0]);
        assert_eq!(p.set_condition(Condition::default()), [0x10, 0, 0, 0]);
    }

    #[test]
    fn what_comes_while_the_cover_is_open_prints_when_it_is_closed() {
        let mut p = printer("epson-80mm");
        p.set_condition(Condition {
            cover_open: true,
            ..Condition::default()
        });
        assert!(p.feed(b"hello\n\x1dV\0").is_empty());
        assert_eq!(p.feed(b"\x10\x04\x02"), [0x16]);
        assert!(p.take_pages().is_empty());
        assert!(p.set_condition(Condition::default()).is_empty());
        assert_eq!(p.take_pages()[0].lines[0].text.as_str(), "hello");
    }

    #[test]
    fn a_faulty_cutter_leaves_the_paper_hanging_and_says_so() {
        let mut p = printer("epson-80mm");
        p.set_condition(Condition {
            cutter_fault: true,
            ..Condition::default()
        });
        p.feed(b"hello\n\x1dV\0");
        assert_eq!(p.take_happened(), [Happened::CutFailed]);
        assert_eq!(p.feed(b"\x10\x04\x03"), [0x1A]);
    }

    #[test]
    fn a_qr_code_is_read_back_from_the_dots() {
        let mut p = printer("epson-80mm");
        p.feed(b"\x1b@\x1ba\x01\x1d(k\x03\x00\x31\x43\x05\x1d(k\x0e\x00\x31\x50\x30https://a/1\x1d(k\x03\x00\x31\x51\x30\n\x1dV\0");
        let page = p.take_pages().remove(0);
        let sheet = Sheet::of(&page, p.profile());
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(
            sheet.width_dots() + 80,
            sheet.rows().len() + 80,
            |x, y| {
                if x >= 40 && y >= 40 && sheet.dot(x - 40, y - 40) {
                    0
                } else {
                    255
                }
            },
        );
        let grids = image.detect_grids();
        assert_eq!(grids[0].decode().unwrap().1, "https://a/1");
    }

    #[test]
    fn text_stands_as_text_and_only_pictures_as_blocks() {
        let mut p = printer("gbk-80mm");
        let mut job = write::noodle_shop("7").bytes();
        job.extend(b"\x1d(k\x05\0\x31\x50\x30hi\x1d(k\x03\0\x31\x51\x30\n\x1dV\0");
        p.feed(&job);
        let pages = p.take_pages();
        assert!(unicode(&pages[0], p.profile()).contains("牛肉拉面"));
        assert!(!unicode(&pages[0], p.profile()).contains('█'));
        assert!(unicode(&pages[1], p.profile()).contains('█'));
    }

    #[test]
    fn paper_as_png_is_a_png() {
        let mut p = printer("epson-80mm");
        p.feed(&write::coffee_bar("1").bytes());
        let png = Sheet::of(&p.take_pages()[0], p.profile()).png();
        assert!(png.starts_with(b"\x89PNG"));
    }

    proptest! {
        #[test]
        fn any_bytes_print_something_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for name in ["epson-80mm", "star-80mm"] {
                let mut p = printer(name);
                p.feed(&bytes);
                if let Some(page) = p.tear() {
                    let sheet = Sheet::of(&page, p.profile());
                    prop_assert!(sheet.rows().len() <= ROWS_MAX);
                    prop_assert!(unicode(&page, p.profile()).len() < 1 << 24);
                }
            }
        }
    }
}
