//! Status questions of many tills to one printer: each is asked at once, whoever prints, and each
//! answer goes to who asked.
//!
//! Why first come, first answered: an answer to `DLE EOT n` says neither whose nor which question
//! it is to, but a printer answers in order.

use crate::net::raw::Conn;
use crate::receipt::tokens::{Dialect, Op, RealTime, Tokenizer};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// How many questions wait to be asked or answered; beyond it the oldest gets no answer.
const QUESTIONS_MAX: usize = 1024;
/// After this a question is one that the printer does not answer.
const ANSWER_TIME_MAX: Span = Span::seconds(2);

/// What `DLE EOT n` asks for, where one byte answers it: n from 1 to 4.
pub(super) const fn question(op: &Op<'_>) -> Option<u8> {
    match op {
        Op::RealTime(RealTime::Status(n @ 1..=4)) => Some(*n),
        _ => None,
    }
}

/// Whether these bytes are status questions and nothing else.
pub(super) fn only_questions(bytes: &[u8]) -> bool {
    bytes
        .chunks(3)
        .all(|three| matches!(three, [0x10, 0x04, 1..=4]))
}

/// A till that waits for its turn at the printer.
pub(super) struct Waiting {
    /// Which one.
    pub conn: Conn,
    /// What it wants printed.
    pub bytes: Vec<u8>,
    /// Whether it has closed its side.
    pub closed: bool,
    tokenizer: Tokenizer,
    /// How many of the bytes are whole commands.
    read: usize,
}

impl Waiting {
    pub(super) const fn new(conn: Conn, dialect: Dialect) -> Self {
        Self {
            conn,
            bytes: Vec::new(),
            closed: false,
            tokenizer: Tokenizer::new(dialect),
            read: 0,
        }
    }

    /// Takes more bytes; its questions do not wait with them.
    pub(super) fn take(&mut self, bytes: &[u8], questions: &mut Questions) {
        let mut unread = self.bytes.split_off(self.read);
        unread.extend_from_slice(bytes);
        let mut rest = unread.as_slice();
        while let Some(token) = self.tokenizer.step(rest, false) {
            match question(&token.op) {
                Some(n) => questions.ask(self.conn, n),
                None => self.bytes.extend_from_slice(token.bytes),
            }
            rest = rest.get(token.bytes.len()..).unwrap_or_default();
        }
        self.read = self.bytes.len();
        self.bytes.extend_from_slice(rest);
    }

    /// Whether it wants something printed, as far as can be told: what it has begun may be one more
    /// question.
    pub(super) fn prints(&self) -> bool {
        !matches!(self.bytes[..], [] | [0x10] | [0x10, 0x04])
    }
}

/// Who has asked what.
#[derive(Default)]
pub(super) struct Questions {
    unasked: VecDeque<(Conn, u8)>,
    asked: VecDeque<(Conn, u8, Time)>,
    /// The printer's last answers.
    said: [Option<u8>; 5],
    /// Within an answer of several bytes, which ends with NUL.
    block: bool,
}

impl Questions {
    /// A till asks; [`next`](Self::next) gives what to ask the printer.
    pub(super) fn ask(&mut self, conn: Conn, n: u8) {
        if self.unasked.len() < QUESTIONS_MAX {
            self.unasked.push_back((conn, n));
        }
    }

    /// The next question that nobody has asked the printer yet.
    pub(super) fn next(&mut self) -> Option<(Conn, u8)> {
        self.unasked.pop_front()
    }

    /// It cannot be asked now, and is the next one again.
    pub(super) fn later(&mut self, conn: Conn, n: u8) {
        self.unasked.push_front((conn, n));
    }

    /// The printer has been asked.
    pub(super) fn asked(&mut self, now: Time, conn: Conn, n: u8) {
        if self.asked.len() >= QUESTIONS_MAX {
            self.asked.pop_front();
        }
        self.asked.push_back((conn, n, now));
    }

    /// What the printer last said to this question.
    pub(super) fn said(&self, n: u8) -> Option<u8> {
        self.said.get(usize::from(n)).copied().flatten()
    }

    /// The printer has come or gone: what it said is old, and one that has gone answers nobody.
    pub(super) fn printer_is(&mut self, here: bool) {
        (self.said, self.block) = ([None; 5], false);
        if !here {
            for (conn, n, _) in std::mem::take(&mut self.asked) {
                self.ask(conn, n);
            }
        }
    }

    /// Deals out what the printer said: to each who asked the answer to it; what is left is to who
    /// prints.
    pub(super) fn answered(&mut self, now: Time, bytes: &[u8]) -> (Vec<(Conn, u8)>, Vec<u8>) {
        let late = |at: Time| now.since(at) >= ANSWER_TIME_MAX;
        while self.asked.front().is_some_and(|(.., at)| late(*at)) {
            self.asked.pop_front();
        }
        let (mut answers, mut rest) = (Vec::new(), Vec::new());
        for byte in bytes {
            // GS I, GS ( H and their like: a head, text, NUL.
            self.block = (self.block || matches!(byte, 0x5F | 0x3D | 0x37)) && *byte != 0;
            let is_answer = !self.block && byte & 0x93 == 0x12;
            match is_answer.then(|| self.asked.pop_front()).flatten() {
                Some((conn, n, _)) => {
                    if let Some(said) = self.said.get_mut(usize::from(n)) {
                        *said = Some(*byte);
                    }
                    answers.push((conn, *byte));
                }
                None => rest.push(*byte),
            }
        }
        (answers, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::raw::{Machine as _, Output};
    use crate::play::desk::{DeskMachine, Event, Order};
    use crate::receipt::Profile;
    use crate::roles::terminal::Desk;

    const ASK: &[u8] = b"\x10\x04\x01";

    fn at(ms: u64) -> Time {
        Time::default().after(Span::millis(ms))
    }

    fn before_a_printer() -> DeskMachine {
        DeskMachine::new(Desk::before(&Profile::named("epson-80mm").unwrap()))
    }

    fn says(machine: &mut DeskMachine, ms: u64, till: u64, bytes: &[u8]) -> Vec<Output<Event>> {
        let mut out = Vec::new();
        machine.bytes(at(ms), Conn(till), bytes, &mut out);
        out
    }

    fn printed(out: &[Output<Event>]) -> Vec<u8> {
        let bytes = out.iter().filter_map(|output| match output {
            Output::Printer(bytes) => Some(bytes.to_vec()),
            _ => None,
        });
        bytes.flatten().collect()
    }

    fn answers(out: &[Output<Event>]) -> Vec<(u64, Vec<u8>)> {
        let bytes = out.iter().filter_map(|output| match output {
            Output::Till(Conn(till), bytes) => Some((*till, bytes.to_vec())),
            _ => None,
        });
        bytes.collect()
    }

    #[test]
    fn each_of_32_open_tills_hears_the_printer_while_another_prints() {
        let mut machine = before_a_printer();
        assert_eq!(
            printed(&says(&mut machine, 0, 1, b"TEA 3.80\n")),
            b"TEA 3.80\n"
        );
        for till in 1..=32 {
            assert_eq!(printed(&says(&mut machine, till, till, ASK)), ASK);
        }
        let (mut out, status) = (Vec::new(), (1..=32).map(|i| 0x12 | ((i % 2) << 2)));
        machine.printer(at(40), &status.collect::<Vec<u8>>(), &mut out);
        let each = (1..=32_u8).map(|i| (u64::from(i), vec![0x12 | ((i % 2) << 2)]));
        assert_eq!(answers(&out), each.collect::<Vec<_>>());
    }

    #[test]
    fn a_till_that_only_asks_takes_nobodys_turn() {
        let mut machine = before_a_printer();
        for ms in 0..10 {
            says(&mut machine, ms, 1, &ASK[..2]);
            says(&mut machine, ms, 1, &ASK[2..]);
        }
        assert_eq!(printed(&says(&mut machine, 10, 2, b"TEA\n")), b"TEA\n");
        // What is asked between words of a job that waits is asked now, and the job waits whole.
        let job = [b"MILK\n", ASK, b"\x1b@OAT\n"].concat();
        assert_eq!(printed(&says(&mut machine, 11, 3, &job)), ASK);
        let mut out = Vec::new();
        machine.closed(at(12), Conn(2), &mut out);
        machine.order(at(12), Order::Effect(skip(0)), &mut out);
        assert_eq!(printed(&out), b"MILK\n\x1b@OAT\n");
    }

    fn skip(job: u64) -> crate::roles::Effect {
        crate::roles::Effect::Insert { job, block: None }
    }

    #[test]
    fn no_question_is_put_into_a_picture_and_no_answer_into_a_name() {
        let mut machine = before_a_printer();
        let picture = [b"\x1dv0\0\x50\0\x02\0".as_slice(), &[0x55; 80]].concat();
        assert_eq!(printed(&says(&mut machine, 0, 1, &picture)), picture);
        assert!(says(&mut machine, 1, 2, ASK).is_empty(), "it would be ink");
        let rest = [0x55; 80];
        assert_eq!(
            printed(&says(&mut machine, 2, 1, &rest)),
            [&rest[..], ASK].concat()
        );
        let mut out = Vec::new();
        machine.printer(at(3), b"_TM-20", &mut out);
        machine.printer(at(3), b"2\0\x16", &mut out);
        let all: Vec<u8> = answers(&out)
            .into_iter()
            .filter(|(to, _)| *to == 1)
            .flat_map(|a| a.1)
            .collect();
        assert_eq!(all, b"_TM-202\0");
        assert!(answers(&out).contains(&(2, vec![0x16])));
        // Within the next picture, what the printer last said is the answer.
        says(&mut machine, 4, 1, &picture);
        assert_eq!(answers(&says(&mut machine, 5, 3, ASK)), [(3, vec![0x16])]);
    }

    #[test]
    fn a_printer_that_goes_away_leaves_no_question_without_an_answer() {
        let mut machine = before_a_printer();
        says(&mut machine, 0, 1, b"TEA\n");
        says(&mut machine, 1, 2, ASK);
        let mut out = Vec::new();
        machine.order(at(2), Order::Printer(false), &mut out);
        let offline = answers(&out);
        assert!(
            matches!(&offline[..], [(2, byte)] if byte[0] & 8 == 8),
            "{offline:?}"
        );
        assert_eq!(
            answers(&says(&mut machine, 3, 3, ASK)),
            [(3, vec![offline[0].1[0]])]
        );
    }
}
