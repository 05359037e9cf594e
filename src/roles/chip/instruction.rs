//! The chip's instructions: one table of what each is, who may ask it, and when in a chip's life.
//!
//! Instruction bytes are those of ISO/IEC 7816-4 and -9 and, for the opening, of GlobalPlatform's
//! SCP03, whose two steps it has.

use super::apdu::{Header, Status};
use crate::words::words;

words! {
    /// Where a chip is in its life.
    pub enum Life {
        /// Without keys.
        Blank = "blank",
        /// With keys, and never paired yet.
        Personalised = "personalised",
        /// In use.
        Active = "active",
        /// Seals nothing until it is unlocked.
        Locked = "locked",
        /// For ever out of use.
        Terminated = "terminated",
    }
}

impl Life {
    /// The state's byte in an answer.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Blank => 0,
            Self::Personalised => 1,
            Self::Active => 2,
            Self::Locked => 3,
            Self::Terminated => 4,
        }
    }

    /// The state of such a byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|life| life.byte() == byte)
    }
}

words! {
    /// What a chip can be asked.
    pub enum Instruction {
        /// Selects the application.
        Select = "select",
        /// Life, tries left, whether a session is open.
        GetStatus = "get-status",
        /// Checks its own keys and arithmetic.
        SelfTest = "self-test",
        /// Opens a session: the module's nonce.
        InitializeUpdate = "initialize-update",
        /// Opens a session: the module's proof.
        ExternalAuthenticate = "external-authenticate",
        /// Hands over terminal id, epoch and certificate; never a key.
        GetIdentity = "get-identity",
        /// Seals and signs an order under the next counter.
        SealAndSign = "seal-and-sign",
        /// Gives the PIN; without one, asks how many tries are left.
        Verify = "verify",
        /// Unblocks the PIN with the PUK.
        ResetRetryCounter = "reset-retry-counter",
        /// Locks the chip.
        Deactivate = "deactivate",
        /// Unlocks it.
        Activate = "activate",
        /// Ends its life.
        Terminate = "terminate",
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Anybody.
    Clear,
    /// The paired module, inside its session.
    Session,
    /// The same, once the PIN was given in this session.
    Pin,
}

impl Instruction {
    /// The table: class, instruction and parameters; who may ask; in which states it runs.
    const fn entry(self) -> ([u8; 4], Guard, &'static [Life]) {
        use Life::{Active, Locked, Personalised};
        const KEYED: &[Life] = &[Personalised, Active, Locked];
        match self {
            Self::Select => ([0x00, 0xA4, 4, 0], Guard::Clear, Life::ALL),
            Self::GetStatus => ([0x80, 0xF2, 0, 0], Guard::Clear, Life::ALL),
            Self::SelfTest => ([0x80, 0x10, 0, 0], Guard::Clear, KEYED),
            Self::InitializeUpdate => ([0x80, 0x50, 0, 0], Guard::Clear, KEYED),
            Self::ExternalAuthenticate => ([0x80, 0x82, 0, 0], Guard::Clear, KEYED),
            Self::GetIdentity => ([0x80, 0xCA, 0, 0], Guard::Session, KEYED),
            Self::SealAndSign => ([0x80, 0x2A, 0, 0], Guard::Session, &[Active]),
            Self::Verify => ([0x00, 0x20, 0, 0], Guard::Session, KEYED),
            Self::ResetRetryCounter => ([0x00, 0x2C, 0, 0], Guard::Session, KEYED),
            Self::Deactivate => ([0x00, 0x04, 0, 0], Guard::Pin, &[Active]),
            Self::Activate => ([0x00, 0x44, 0, 0], Guard::Pin, &[Locked]),
            Self::Terminate => ([0x00, 0xFE, 0, 0], Guard::Pin, KEYED),
        }
    }

    /// Its command's header, outside secure messaging.
    pub const fn header(self) -> Header {
        let ([cla, ins, p1, p2], ..) = self.entry();
        Header { cla, ins, p1, p2 }
    }

    /// Who may ask it.
    pub const fn guard(self) -> Guard {
        self.entry().1
    }

    /// Whether it runs in this state of life.
    pub fn runs_in(self, life: Life) -> bool {
        self.entry().2.contains(&life)
    }

    /// The instruction that a header names.
    pub fn of(header: Header) -> Result<Self, Status> {
        let of_class = |i: &&Self| i.header().cla == header.class();
        let mut class = Self::ALL.iter().filter(of_class).peekable();
        if class.peek().is_none() {
            return Err(Status::NoClass);
        }
        let found = class.find(|i| i.header().ins == header.ins);
        let found = found.copied().ok_or(Status::NoInstruction)?;
        let Header { p1, p2, .. } = found.header();
        if (p1, p2) == (header.p1, header.p2) {
            Ok(found)
        } else {
            Err(Status::WrongParameters)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_is_found_by_its_header_in_and_out_of_secure_messaging() {
        for &instruction in Instruction::ALL {
            let header = instruction.header();
            assert_eq!(Instruction::of(header), Ok(instruction));
            assert_eq!(Instruction::of(header.secured()), Ok(instruction));
        }
        let of = |[cla, ins, p1, p2]: [u8; 4]| Instruction::of(Header { cla, ins, p1, p2 });
        assert_eq!(of([0x80, 0, 0, 0]), Err(Status::NoInstruction));
        assert_eq!(of([0x10, 0xA4, 4, 0]), Err(Status::NoClass));
        assert_eq!(of([0x00, 0xA4, 0, 0]), Err(Status::WrongParameters));
    }

    #[test]
    fn only_an_active_chip_seals_and_a_terminated_one_only_tells_its_status() {
        for &life in Life::ALL {
            assert_eq!(Instruction::SealAndSign.runs_in(life), life == Life::Active);
            assert_eq!(Life::from_byte(life.byte()), Some(life));
        }
        let runs = |i: &&Instruction| i.runs_in(Life::Terminated);
        let left: Vec<_> = Instruction::ALL.iter().filter(runs).copied().collect();
        assert_eq!(left, [Instruction::Select, Instruction::GetStatus]);
    }
}
