//! The terminal: the print-capture client between a shop's till and its printer.
//!
//! The [`Desk`] lets the till's bytes through and holds each receipt's tail; the role decides what
//! is inserted there. It reads the receipt, has the chip seal what is owed, and hands the printed
//! code over, in [`PAPER_WAIT_MS_MAX`] or not at all: the paper always comes out. When a receipt
//! was paid, it prints the paid slip, if the paying bank's own signature says so.
//!
//! One receipt, one code: a reprint gets the stored code again, whoever is late is recorded and not
//! printed, and what was not printed is printed by the next reprint.

mod block;
pub mod desk;
mod job;
mod read;
mod records;
mod session;
mod slip;
#[cfg(test)]
mod tests;

pub use block::Blocks;
pub use desk::{Desk, DeskOut, Reply};
pub use read::{Copied, Job, Read, Sale};
pub use records::{Known, Printed, Stage, TerminalRam, WAITING_MAX, Waiting};

use super::chip::{Module, Pairing};
use super::merchant::{Payment, check_notice};
use super::trust::Trust;
use super::{Cx, Role};
use crate::id::{Name, Party, PartyKind};
use crate::message::{Bytes, Message, Sender};
use crate::order::Reason;
use crate::receipt::{Hints, Profile};
use crate::store::{Record, Schema, Stop, Timer, TimerKind};
use crate::text::Text;
use crate::time::{Span, Time};
use std::sync::Arc;

/// The longest that paper waits for its code, in milliseconds.
pub const PAPER_WAIT_MS_MAX: u64 = 300;
/// For how long a receipt that comes again is the same receipt. Longer than a day would take
/// tomorrow's order 17 for today's, where a till counts each day anew and prints no date.
pub const REPRINT_RETENTION: Span = Span::hours(24);

/// A terminal: where it stands and what it knows.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Its name.
    pub name: Name,
    /// Its chip.
    pub chip: Name,
    /// What opens sessions with that chip.
    pub pairing: Pairing,
    /// The gateway that tells it of payments.
    pub gateway: Name,
    /// What it believes about others.
    pub trust: Arc<Trust>,
    /// The printer that it prints to.
    pub printer: Arc<Profile>,
    /// What is known of the shop's receipts.
    pub hints: Hints,
    /// The host that its links name.
    pub host: String,
    /// The bank that its links hint at.
    pub bank: Option<Name>,
    /// For how long its codes can be paid.
    pub ttl_minutes: u16,
    /// What stands below a code, before the amount.
    pub caption: Text,
}

/// What a terminal acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// The program began.
    Start,
    /// A print job is complete, and was read.
    Job(Arc<Job>),
    /// A code that was handed over came too late for its paper.
    Missed(u64),
    /// The chip answered.
    Answer(Bytes),
    /// A receipt was paid.
    Paid(Arc<Payment>),
    /// Somebody refused what was sent; the timers see to it.
    Refused,
    /// A timer fired.
    Wake(Timer),
}

impl Terminal {
    /// The tables that a terminal keeps.
    pub const SCHEMAS: &'static [&'static Schema] = &[
        Printed::SCHEMA,
        Known::SCHEMA,
        TerminalRam::SCHEMA,
        Module::SCHEMA,
    ];

    fn chip(&self) -> Party {
        Party::new(PartyKind::Chip, self.chip)
    }

    fn gateway(&self) -> Party {
        Party::new(PartyKind::Gateway, self.gateway)
    }
}

impl Role for Terminal {
    type Input = Input;

    fn me(&self) -> Party {
        Party::new(PartyKind::Terminal, self.name)
    }

    fn admit(&self, _now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        match message {
            Message::ApduAnswer(answer) if from.party == self.chip() => Ok(Input::Answer(answer)),
            Message::Slip(notice) if from.party == self.gateway() => {
                check_notice(&self.trust, &notice).map(Input::Paid)
            }
            Message::ApduAnswer(_) | Message::Slip(_) => Err(Reason::NotAllowed),
            Message::Refused(_) => Ok(Input::Refused),
            _ => Err(Reason::UnexpectedMessage),
        }
    }

    fn wake(&self, timer: Timer) -> Input {
        Input::Wake(timer)
    }

    fn start(&self) -> Option<Input> {
        Some(Input::Start)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Start => self.turn(cx, |turn| {
                turn.open_session();
                Ok(())
            }),
            Input::Job(job) => self.turn(cx, |turn| turn.job(job)),
            Input::Missed(job) => self.turn(cx, |turn| turn.missed_paper(*job)),
            Input::Answer(answer) => self.turn(cx, |turn| turn.hear(&answer.0)),
            Input::Paid(payment) => self.paid(cx, payment),
            Input::Refused => Ok(()),
            Input::Wake(timer) => match timer.kind {
                TimerKind::Paper => self.turn(cx, |turn| turn.paper_due(timer.about)),
                TimerKind::Session => self.turn(cx, |turn| {
                    turn.session_due();
                    Ok(())
                }),
                _not_mine => Ok(()),
            },
        }
    }

    fn release(&self, _message: &mut Message) {
        // A terminal states nothing to third parties; its chip does.
    }
}

/// One input's turn at a terminal: its short memory and the chip's session.
struct Turn<'a, 'w> {
    terminal: &'a Terminal,
    cx: &'a mut Cx<'w>,
    ram: TerminalRam,
    module: Module,
}

impl Terminal {
    fn turn(
        &self,
        cx: &mut Cx<'_>,
        act: impl FnOnce(&mut Turn<'_, '_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let ram = cx.get::<TerminalRam>(&(self.me(),))?;
        let module = cx.get::<Module>(&(self.chip(),))?;
        let mut turn = Turn {
            terminal: self,
            cx,
            ram: ram.unwrap_or_else(|| TerminalRam::new(self.me())),
            module: module.unwrap_or_else(|| Module::shut(self.chip())),
        };
        act(&mut turn)?;
        let Turn {
            cx, ram, module, ..
        } = turn;
        cx.put(ram)?;
        cx.put(module)
    }
}
