//! The desk: the plane on which bytes pass between till and printer, without rows and without
//! waiting for any.
//!
//! Till bytes go in, printer bytes come out at once; complete jobs come out for the role, whose
//! effects go in again. Sans-IO: both drivers own one, the simulator's for a virtual printer, the
//! network's for that or a real one.
//!
//! Contract for the driver: after each call, [`poll`](Desk::poll) until nothing comes; then wait
//! for bytes, an effect, or for [`next_wake`](Desk::next_wake), whichever is first.

use crate::message::Bytes;
use crate::receipt::Profile;
use crate::receipt::layout::Page;
use crate::receipt::paper::{Condition, Happened, Printer};
use crate::receipt::tail::{Capture, JobId, Out, TooLate};
use crate::receipt::tokens::Dialect;
use crate::roles::Effect;
use crate::time::Time;
use std::collections::VecDeque;

/// The most slips that wait for a receipt to end; one more goes out at once.
pub const SLIPS_MAX: usize = 64;

/// What the desk wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskOut {
    /// To the real printer, now.
    Print(Vec<u8>),
    /// Back to the till: what the printer answers.
    Till(Vec<u8>),
    /// What is printed next asks the real printer for this status; its answer comes back in turn.
    Asked(u8),
    /// To the role: [`Terminal::read`](super::Terminal::read) it, and let it decide.
    Job {
        /// Its number.
        job: u64,
        /// Its bytes.
        bytes: Vec<u8>,
        /// Until when its paper waits.
        until: Time,
    },
    /// A receipt has left the virtual printer, cut or torn off.
    Page(Page),
    /// Something else happened in the virtual printer.
    Happened(Happened),
}

/// What comes of a status question that is asked beside a till's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The answer.
    Now(Vec<u8>),
    /// The real printer is asked.
    Asked,
    /// The real printer is within a command, where the question would be taken for its data.
    Busy,
}

/// What stands on the desk.
#[derive(Clone, Debug)]
enum Device {
    /// A printer that the driver reaches. While it does not, status is answered in its place.
    Real {
        /// Who answers; nobody while the printer is there.
        stand_in: Option<Box<Printer>>,
        /// Its kind.
        profile: Box<Profile>,
    },
    /// A printer of our own.
    Virtual(Box<Printer>),
}

/// A till's place at a printer.
#[derive(Clone, Debug)]
pub struct Desk {
    capture: Capture,
    dialect: Dialect,
    device: Device,
    slips: VecDeque<Bytes>,
    out: VecDeque<DeskOut>,
}

impl Desk {
    /// A desk with a virtual printer of this kind.
    pub fn with_paper(printer: Profile) -> Self {
        let (capture, dialect) = (Capture::new(Some(&printer)), printer.dialect);
        let device = Device::Virtual(Box::new(Printer::new(printer)));
        Self::of(capture, dialect, device)
    }

    /// A desk before a real printer of this kind. It serves that printer for as long as the
    /// terminal runs, whoever connects, so that its jobs have different numbers.
    pub fn before(printer: &Profile) -> Self {
        let profile = Box::new(printer.clone());
        let device = Device::Real {
            stand_in: None,
            profile,
        };
        Self::of(Capture::new(Some(printer)), printer.dialect, device)
    }

    const fn of(capture: Capture, dialect: Dialect, device: Device) -> Self {
        Self {
            capture,
            dialect,
            device,
            slips: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Bytes from the till.
    pub fn till(&mut self, now: Time, bytes: &[u8]) {
        self.capture.bytes(now, bytes);
        self.settle();
    }

    /// What `DLE EOT n` tells a till whose turn it is not: real-time commands wait for nobody.
    pub fn ask(&mut self, n: u8) -> Reply {
        let question = [0x10, 0x04, n];
        match &mut self.device {
            Device::Virtual(printer)
            | Device::Real {
                stand_in: Some(printer),
                ..
            } => Reply::Now(printer.answer_for(&question)),
            Device::Real { .. } if self.capture.between_commands() => {
                self.out.push_back(DeskOut::Print(question.to_vec()));
                Reply::Asked
            }
            Device::Real { .. } => Reply::Busy,
        }
    }

    /// Whether tills had better wait, as so much is held behind a receipt's tail.
    pub fn is_full(&self) -> bool {
        self.capture.is_full()
    }

    /// Whether a receipt has been begun and not ended.
    pub fn is_printing(&self) -> bool {
        self.capture.next_wake().is_some()
    }

    /// The command language of the printer.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The till has closed its side.
    pub fn till_closed(&mut self, now: Time) {
        self.capture.end(now);
        self.settle();
    }

    /// Whether the real printer is there: while it is not, its status is answered here, as that of
    /// a printer that is offline.
    pub fn printer_is(&mut self, here: bool) {
        if let Device::Real { stand_in, profile } = &mut self.device {
            *stand_in = (!here).then(|| {
                let mut printer = Printer::new(Profile::clone(profile));
                // Nobody has asked it to say so by itself.
                let _unasked = printer.set_condition(Condition {
                    offline: true,
                    ..Condition::default()
                });
                Box::new(printer)
            });
        }
    }

    /// The desk closes: everything that is held goes to the printer.
    pub fn close(&mut self, now: Time) {
        self.capture.end(now);
        while let Some(due) = self.capture.next_wake() {
            self.capture.wake(due.max(now));
        }
        self.settle();
    }

    /// Bytes from the real printer.
    pub fn printer_says(&mut self, bytes: &[u8]) {
        self.out.push_back(DeskOut::Till(bytes.to_vec()));
    }

    /// The virtual printer runs out of paper, its cover is opened, or it is well again. A real one
    /// says so by itself.
    pub fn set_condition(&mut self, condition: Condition) {
        if let Device::Virtual(printer) = &mut self.device {
            let answer = printer.set_condition(condition);
            self.answered(answer);
        }
        self.settle();
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Time) {
        self.capture.wake(now);
        self.settle();
    }

    /// When [`wake`](Self::wake) has something to do, if nothing comes before.
    pub fn next_wake(&self) -> Option<Time> {
        self.capture.next_wake()
    }

    /// What the role decided, after its commit.
    ///
    /// # Errors
    /// A code whose paper has left: tell the role ([`Input::Missed`](super::Input::Missed)).
    pub fn effect(&mut self, now: Time, effect: &Effect) -> Result<(), TooLate> {
        let done = match effect {
            Effect::Insert {
                job,
                block: Some(Bytes(block)),
            } => self.capture.insert(now, JobId(*job), block),
            Effect::Insert { job, block: None } => {
                self.capture.skip(now, JobId(*job));
                Ok(())
            }
            Effect::Print(slip) => {
                self.slips.push_back(slip.clone());
                Ok(())
            }
        };
        self.settle();
        done
    }

    /// The next thing to do, if any.
    pub fn poll(&mut self) -> Option<DeskOut> {
        self.out.pop_front()
    }

    /// Does what the capture wants done. Slips go out between receipts, never within one, and
    /// paper that no cutter cut is torn off then.
    fn settle(&mut self) {
        while let Some(out) = self.capture.poll() {
            match out {
                Out::Forward(bytes) => self.print(bytes),
                Out::Question(n) => self.asked(n),
                Out::Job { job, bytes, until } => {
                    let job = job.0;
                    self.out.push_back(DeskOut::Job { job, bytes, until });
                }
            }
        }
        // Nothing is due in the capture exactly when nothing is held and no receipt is unfinished.
        let between = self.capture.next_wake().is_none();
        if between {
            self.tear();
        }
        while between || self.slips.len() > SLIPS_MAX {
            let Some(slip) = self.slips.pop_front() else {
                return;
            };
            self.print(slip.0.to_vec());
            self.tear();
        }
    }

    fn print(&mut self, bytes: Vec<u8>) {
        match &mut self.device {
            Device::Real { stand_in, .. } => {
                let answer = stand_in.as_mut().map(|printer| printer.answer_for(&bytes));
                self.out.push_back(DeskOut::Print(bytes));
                self.answered(answer.unwrap_or_default());
            }
            Device::Virtual(printer) => {
                let answer = printer.feed(&bytes);
                self.answered(answer);
            }
        }
    }

    fn asked(&mut self, n: u8) {
        if matches!(self.device, Device::Real { stand_in: None, .. }) {
            self.out.push_back(DeskOut::Asked(n));
        }
    }

    /// Passes on what the virtual printer answered and did.
    fn answered(&mut self, answer: Vec<u8>) {
        if !answer.is_empty() {
            self.out.push_back(DeskOut::Till(answer));
        }
        if let Device::Virtual(printer) = &mut self.device {
            let happened = printer.take_happened().into_iter();
            self.out.extend(happened.map(DeskOut::Happened));
            let pages = printer.take_pages().into_iter();
            self.out.extend(pages.map(DeskOut::Page));
        }
    }

    fn tear(&mut self) {
        if let Device::Virtual(printer) = &mut self.device
            && printer.hangs()
        {
            self.out.extend(printer.tear().map(DeskOut::Page));
        }
    }
}
