//! What a chip remembers: in memory that outlives a loss of power, and in memory that does not.
//!
//! The counter itself is short memory; what lasts is a mark ahead of it. So sealing does not wait
//! for a disk, and after a loss of power the counter goes on at the mark: no counter is used twice
//! (C2, C6), at the price of a gap.

use super::instruction::Life;
use super::session::{Nonces, SessionKeys};
use crate::id::TerminalId;
use crate::journal::{Event, EventKind};
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::{Stop, record};
use crate::text::Text;

/// How far the lasting mark is set ahead of the counter: the longest gap after a loss of power.
pub const COUNTERS_AHEAD: u32 = 64;
/// How many wrong PINs in a row block the PIN.
pub const PIN_TRIES_MAX: u8 = 3;
/// How many wrong PUKs in a row block the PUK, for ever.
pub const PUK_TRIES_MAX: u8 = 10;

record! {
    /// What outlives a loss of power.
    pub struct ChipMemory in "chip" {
        key {
            /// The terminal whose keys it holds.
            terminal: TerminalId,
            /// Under which epoch; each has counters of its own.
            epoch: u8,
        }
        row {
            /// Where it is in its life.
            life: Life,
            /// Every counter that was used is below it.
            mark: u32,
            /// How often power came on.
            boots: u32,
            /// How many wrong PINs it still bears.
            pin_tries: u8,
            /// How many wrong PUKs.
            puk_tries: u8,
        }
    }
}

record! {
    /// What does not.
    pub struct ChipRam in "chip_ram" {
        key {
            /// As [`ChipMemory::terminal`].
            terminal: TerminalId,
            /// As [`ChipMemory::epoch`].
            epoch: u8,
        }
        row {
            /// The next code's counter.
            counter: u32,
            /// As [`ChipMemory::mark`].
            mark: u32,
            /// As [`ChipMemory::life`].
            life: Life,
            /// As [`ChipMemory::boots`].
            boots: u32,
            /// How many nonces were drawn since power came on.
            nonces: u32,
            /// An opening that waits for the module's proof.
            opening: Option<Nonces>,
            /// The open session's keys.
            session: Option<SessionKeys>,
            /// The counter of that session's last command.
            last_command: u32,
            /// Whether the PIN was given in it.
            pin_given: bool,
        }
        volatile true
    }
}

impl ChipMemory {
    const fn new(terminal: TerminalId, epoch: u8) -> Self {
        Self {
            terminal,
            epoch,
            life: Life::Personalised,
            mark: 1,
            boots: 0,
            pin_tries: PIN_TRIES_MAX,
            puk_tries: PUK_TRIES_MAX,
        }
    }

    /// The lasting memory of these keys.
    pub(super) fn of(cx: &mut Cx<'_>, terminal: TerminalId, epoch: u8) -> Result<Self, Stop> {
        let found = cx.get::<Self>(&(terminal, epoch))?;
        Ok(found.unwrap_or_else(|| Self::new(terminal, epoch)))
    }
}

impl ChipRam {
    /// The short memory; when there is none, power has just come on.
    pub(super) fn of(cx: &mut Cx<'_>, terminal: TerminalId, epoch: u8) -> Result<Self, Stop> {
        if let Some(ram) = cx.get::<Self>(&(terminal, epoch))? {
            return Ok(ram);
        }
        let mut memory = ChipMemory::of(cx, terminal, epoch)?;
        memory.boots = memory.boots.saturating_add(1);
        let note = format!("epoch {epoch}, counters from {} on", memory.mark);
        cx.record(Event::new(EventKind::Started).note(Text::clean(&note)));
        cx.put(memory.clone())?;
        Ok(Self {
            terminal,
            epoch,
            counter: memory.mark,
            mark: memory.mark,
            life: memory.life,
            boots: memory.boots,
            nonces: 0,
            opening: None,
            session: None,
            last_command: 0,
            pin_given: false,
        })
    }

    /// Takes the next counter, and moves the lasting mark when the counter reaches it; `None`
    /// when there are no more.
    pub(super) fn next_counter(&mut self, cx: &mut Cx<'_>) -> Result<Option<u32>, Stop> {
        let counter = self.counter;
        if counter >= self.mark {
            let Some(mark) = counter.checked_add(COUNTERS_AHEAD) else {
                return Ok(None);
            };
            let mut memory = ChipMemory::of(cx, self.terminal, self.epoch)?;
            memory.mark = mark;
            self.mark = mark;
            cx.put(memory)?;
        }
        self.counter = counter + u32::from(!bugs::on(Bug::ReusesCounter));
        Ok(Some(counter))
    }

    /// A nonce that this chip has never drawn: keyed by power-ups and by nonces since.
    pub(super) fn draw_nonce(&mut self, cx: &mut Cx<'_>) -> [u8; 16] {
        self.nonces = self.nonces.saturating_add(1);
        let key = (self.boots, self.nonces);
        let (high, low) = (cx.draw("chip-nonce", &key), cx.draw("chip-nonce", &key));
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }

    /// Enters another state of life, for good.
    pub(super) fn enter(&mut self, cx: &mut Cx<'_>, life: Life) -> Result<(), Stop> {
        let mut memory = ChipMemory::of(cx, self.terminal, self.epoch)?;
        memory.life = life;
        self.life = life;
        cx.put(memory)
    }

    /// Ends the session.
    pub(super) fn close(&mut self) {
        (self.opening, self.session) = (None, None);
        self.pin_given = false;
    }
}
