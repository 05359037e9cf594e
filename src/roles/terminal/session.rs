//! The terminal's side of the chip's session: opened at the start, and again when it is lost.

use super::Turn;
use super::records::{Stage, Waiting};
use crate::id::Id;
use crate::journal::{Event, EventKind};
use crate::message::{Bytes, Message};
use crate::order::Reason;
use crate::roles::chip::{Heard, Instruction, ModuleError, SealRequest, Sealed};
use crate::store::{Stop, Timer, TimerKind};
use crate::text::Text;
use crate::time::Span;

/// How long the first greeting waits for the session to open; each next one waits twice as long.
const GREETING: Span = Span::seconds(1);
/// The terminal's one session timer.
const SESSION: Timer = Timer::new(TimerKind::Session, Id::from_bytes([0; 16]));
/// The longest that a greeting waits.
const GREETING_MAX: Span = Span::seconds(64);

impl Turn<'_, '_> {
    /// Greets the chip, and again after a while unless the session has opened.
    pub(super) fn open_session(&mut self) {
        let key = self.cx.now().nanos();
        let (high, low) = (self.cx.draw("session", &key), self.cx.draw("session", &key));
        let nonce = u128::from(high) << 64 | u128::from(low);
        let apdu = self.module.greet(nonce.to_be_bytes());
        self.say(apdu);
        let wait = GREETING.as_nanos() << self.ram.greetings.min(6);
        let at = self.cx.now().after(Span::nanos(wait).min(GREETING_MAX));
        self.cx.timer(SESSION, Some(at));
        self.ram.greetings = self.ram.greetings.saturating_add(1);
        for waiting in &mut self.ram.waiting.0 {
            waiting.stage = match waiting.stage {
                Stage::Asked => Stage::Unasked, // its answer would be of a session that is gone
                Stage::Missed => Stage::Done,
                stage => stage,
            };
        }
    }

    /// The session did not open in time, or the chip has kept silent in it.
    pub(super) fn session_due(&mut self) {
        let is_silent = |waiting: &Waiting| waiting.stage == Stage::Missed;
        if !self.module.is_open() || self.ram.waiting.0.iter().any(is_silent) {
            self.open_session();
        }
    }

    /// Looks after the session a while after the chip kept silent.
    pub(super) fn doubt_session(&mut self) {
        if self.module.is_open() {
            let at = self.cx.now().after(GREETING);
            self.cx.timer(SESSION, Some(at));
        }
    }

    /// Takes what came from the chip.
    pub(super) fn hear(&mut self, answer: &[u8]) -> Result<(), Stop> {
        match self.module.hear(&self.terminal.pairing, answer) {
            Ok(Heard::Say(apdu)) => self.say(apdu),
            Ok(Heard::Opened) => self.opened(),
            Ok(Heard::Answered(answer)) => match Sealed::parse(&answer.data) {
                Some(sealed) if answer.status.is_done() => self.sealed(&sealed)?,
                _ => self.refused(&answer)?,
            },
            Ok(Heard::Lost) => self.open_session(),
            Err(ModuleError::NotAuthentic) => {
                let event = Event::new(EventKind::Refused).peer(self.terminal.chip());
                let note = Text::clean(&ModuleError::NotAuthentic.to_string());
                self.cx
                    .record(event.reason(Reason::BadSignature).note(note));
            }
            // Repeated, of a session that is gone, or anybody's: the timers see to what is missing.
            Err(_) => {}
        }
        Ok(())
    }

    fn opened(&mut self) {
        self.ram.greetings = 0;
        self.cx.timer(SESSION, None);
        let event = Event::new(EventKind::SessionOpened).peer(self.terminal.chip());
        self.cx.record(event);
        for at in 0..self.ram.waiting.0.len() {
            self.ask(at);
        }
    }

    /// Asks the chip to seal the receipt at this place, if it was not asked and the session is
    /// open.
    pub(super) fn ask(&mut self, at: usize) {
        let waiting = self.ram.waiting.0.get_mut(at);
        let Some(waiting) = waiting.filter(|w| w.stage == Stage::Unasked) else {
            return;
        };
        let request = SealRequest {
            job: waiting.seal,
            issued_at: self.cx.now(),
            ttl_minutes: self.terminal.ttl_minutes,
            order: waiting.sale.order.clone(),
        };
        let data = request.to_bytes().ok();
        let said = data.and_then(|data| self.module.say(Instruction::SealAndSign, &data));
        if let Some(apdu) = said {
            waiting.stage = Stage::Asked;
            self.say(apdu);
        }
    }

    fn say(&mut self, apdu: Vec<u8>) {
        let message = Message::Apdu(Bytes(apdu.into()));
        self.cx.send(self.terminal.chip(), message);
    }
}
