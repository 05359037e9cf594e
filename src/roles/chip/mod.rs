//! The terminal's control and encryption chip: it holds the merchant's keys, counts, seals, signs.
//!
//! A party of its own, `chip:<name>`, whose store is its memory. It is spoken to in APDUs: what it
//! can be asked is [`Instruction`]'s table, the bytes are [`apdu`]'s. Before a session it tells its
//! status and nothing else ([`session`]); inside one it hands over who it is and seals orders; no
//! instruction gives a key away. [`Module`] is the other end of the session, on the shop's PC.
//!
//! Why no journal line for each code: sealing waits for no disk. The terminal's journal says what
//! became of each uid; the chip's says when power came on, since only then may counters skip.

pub mod apdu;
mod card;
mod device;
mod image;
mod instruction;
mod lasting;
mod memory;
mod module;
pub mod session;
#[cfg(test)]
pub(super) mod tests;
mod wire;

pub use device::{Device, DeviceError};
pub use image::{Hardware, IMAGE_LEN, Image, ImageError, KeyImage, StorageKey};
pub use instruction::{Guard, Instruction, Life};
pub use lasting::{Flashed, Lasting, Storage};
pub use memory::{COUNTERS_AHEAD, ChipMemory, ChipRam, PIN_TRIES_MAX, PUK_TRIES_MAX};
pub use module::{Heard, Module, ModuleError, Stage};
pub use session::Pairing;
pub use wire::{APPLICATION, ChipStatus, Identity, SealRequest, Sealed};

use super::{Cx, Role};
use crate::code::sealed::{Certificate, Flags, TerminalKey};
use crate::id::{Name, Party, PartyKind};
use crate::message::{Bytes, Message, Sender};
use crate::order::Reason;
use crate::sign::SigningKey;
use crate::store::{Record, Schema, Stop, Timer};
use crate::time::Time;
use apdu::{Command, Status};
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A chip: who it is and what was put into it.
#[derive(Debug)]
pub struct Chip {
    /// Its name.
    pub name: Name,
    /// What personalisation put in; a blank chip has nothing.
    pub keys: Option<ChipKeys>,
    /// Opens what its keeper may do: lock, unlock, terminate. Without one nobody may.
    pub pin: Option<Pin>,
    /// Unblocks the PIN.
    pub puk: Option<Pin>,
}

/// What a chip seals and signs with.
#[derive(Debug)]
pub struct ChipKeys {
    /// Seals; knows its terminal and epoch. Boxed, so that it stays where it is locked.
    pub terminal: Box<TerminalKey>,
    /// Keeps the terminal key's memory from being written to disk, if it is.
    pub locked: Option<Locked>,
    /// Signs; its suite is the codes'.
    pub signing: Arc<SigningKey>,
    /// The issuer's word for that key.
    pub certificate: Certificate,
    /// The gateway's route number.
    pub route: [u8; 3],
    /// Its codes' flags; with [`Flags::CERTIFICATE`] the certificate travels in each.
    pub flags: Flags,
}

/// Memory that the system never writes to disk, until this is dropped.
pub struct Locked(pub Box<dyn Send + Sync>);

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locked")
    }
}

impl ChipKeys {
    /// What opens sessions with this chip: enrolment gives it to the PC module.
    pub fn pairing(&self) -> Pairing {
        Pairing {
            key: self.terminal.pairing_key(),
            suite: self.signing.public().suite(),
        }
    }
}

/// A PIN or PUK: cannot be printed, compared in constant time, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Pin(Vec<u8>);

impl Pin {
    /// The fewest bytes that a PIN has.
    pub const LEN_MIN: usize = 4;
    /// The most bytes that a PIN has.
    pub const LEN_MAX: usize = 16;

    /// The PIN of these bytes; `None` when they are too few or too many.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let fits = (Self::LEN_MIN..=Self::LEN_MAX).contains(&bytes.len());
        fits.then(|| Self(bytes.to_vec()))
    }

    fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(given).into()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

/// What a chip acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// Power came on.
    PowerUp,
    /// Somebody refused an answer: nothing to do.
    Refused,
    /// A command, or what is wrong with its form.
    Command {
        /// Who plugged the chip in.
        from: Party,
        /// The command.
        command: Result<Command, Status>,
    },
}

impl Chip {
    /// The tables that a chip keeps.
    pub const SCHEMAS: &'static [&'static Schema] = &[ChipMemory::SCHEMA, ChipRam::SCHEMA];
}

impl Role for Chip {
    type Input = Input;

    fn me(&self) -> Party {
        Party::new(PartyKind::Chip, self.name)
    }

    fn admit(&self, _now: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        let bytes = match message {
            Message::Apdu(Bytes(bytes)) => bytes,
            Message::Refused(_) => return Ok(Input::Refused),
            _ => return Err(Reason::UnexpectedMessage),
        };
        if from.party.kind != PartyKind::Terminal {
            return Err(Reason::NotAllowed);
        }
        let (from, command) = (from.party, Command::parse(&bytes));
        Ok(Input::Command { from, command })
    }

    /// A chip sets no timers; a stale one of another party does what harms nothing.
    fn wake(&self, _timer: Timer) -> Input {
        Input::PowerUp
    }

    fn start(&self) -> Option<Input> {
        Some(Input::PowerUp)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::PowerUp => self.power_up(cx),
            Input::Refused => Ok(()),
            Input::Command { from, command } => {
                let answer = self.answer(cx, *from, command)?;
                cx.reply(Message::ApduAnswer(Bytes(answer.to_bytes().into())));
                Ok(())
            }
        }
    }

    fn release(&self, _message: &mut Message) {}
}
