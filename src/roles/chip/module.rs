//! The PC's end of the session with a chip: a value that builds commands and checks answers.
//!
//! It opens the session in three exchanges ([`session`](super::session)): both proofs, then GET
//! IDENTITY, whose answer is the first that only the true chip can make. Nothing that anybody else
//! sends moves it on; at worst it is opened anew.

use super::apdu::{Answer, Command, Status};
use super::instruction::{Guard, Instruction};
use super::session::{Agreement, NONCE_LEN, Nonces, Pairing, SessionKeys, holds};
use super::wire::Identity;
use crate::id::Party;
use crate::sign::Suite;
use crate::store::{fields, record};

record! {
    /// One chip's session, at the PC.
    pub struct Module in "chip_module" {
        key {
            /// The chip.
            chip: Party,
        }
        row {
            /// How far the session is.
            stage: Stage,
            /// The last command's counter.
            last_command: u32,
        }
        volatile true
    }
}

/// How far a session is.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Not begun.
    Shut,
    /// Our nonce was sent.
    Greeted([u8; NONCE_LEN]),
    /// The chip has proved itself; our proof was sent.
    Proved(SessionKeys),
    /// The chip was asked who it is.
    Asked(SessionKeys),
    /// Open, with whom.
    Open(SessionKeys, Identity),
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Send this command next.
    Say(Vec<u8>),
    /// The session is open.
    Opened,
    /// The answer to a command of the open session, unsealed.
    Answered(Answer),
    /// The chip has no session any more.
    Lost,
}

/// Why an answer was not taken. The session stands where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// Not an answer, or not one to what was said.
    #[error("read the chip's answer: it does not fit what was asked")]
    Unexpected,
    /// The chip does not hold the pairing key.
    #[error("authenticate the chip: its proof does not hold")]
    NotAuthentic,
    /// Altered, or of another session.
    #[error("open the chip's answer: it is not of this session")]
    Altered,
    /// The chip said no, in clear.
    #[error("ask the chip: it answered {0}")]
    Refused(Status),
}

impl Module {
    /// The shut session of a chip.
    pub const fn shut(chip: Party) -> Self {
        Self {
            chip,
            stage: Stage::Shut,
            last_command: 0,
        }
    }

    /// Begins a session with a fresh nonce: the first command.
    pub fn greet(&mut self, nonce: [u8; NONCE_LEN]) -> Vec<u8> {
        (self.stage, self.last_command) = (Stage::Greeted(nonce), 0);
        let header = Instruction::InitializeUpdate.header();
        Command::new(header, nonce.to_vec()).to_bytes()
    }

    /// Whether commands can be sealed.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(..))
    }

    /// Whom the open session is with.
    pub const fn identity(&self) -> Option<&Identity> {
        match &self.stage {
            Stage::Open(_, identity) => Some(identity),
            _ => None,
        }
    }

    /// A command of the open session. `None` when it is not open, when the instruction is asked in
    /// clear, or when the last counter was used, which ends the session.
    pub fn say(&mut self, instruction: Instruction, data: &[u8]) -> Option<Vec<u8>> {
        let Stage::Open(keys, _) = &self.stage else {
            return None;
        };
        let keys = keys.clone();
        let said = self.command(&keys, instruction, data);
        if self.last_command == u32::MAX {
            self.stage = Stage::Shut;
        }
        said
    }

    /// Takes an answer.
    pub fn hear(&mut self, pairing: &Pairing, answer: &[u8]) -> Result<Heard, ModuleError> {
        let answer = Answer::parse(answer).ok_or(ModuleError::Unexpected)?;
        if answer.data.is_empty() && answer.status != Status::Done {
            return self.refused(answer.status);
        }
        match &self.stage {
            Stage::Shut => Err(ModuleError::Unexpected),
            Stage::Greeted(nonce) => {
                let nonce = *nonce;
                self.greeted(pairing, nonce, &answer.data)
            }
            Stage::Proved(keys) => {
                if !answer.data.is_empty() {
                    return Err(ModuleError::Unexpected);
                }
                let keys = keys.clone();
                let command = self.command(&keys, Instruction::GetIdentity, &[]);
                self.stage = Stage::Asked(keys);
                command.map(Heard::Say).ok_or(ModuleError::Unexpected)
            }
            Stage::Asked(keys) => {
                let keys = keys.clone();
                let opened = unseal(&keys, &answer)?;
                let simulated = pairing.suite == Suite::Simulated;
                let identity = Identity::parse(&opened.data, simulated);
                self.stage = Stage::Open(keys, identity.ok_or(ModuleError::Unexpected)?);
                Ok(Heard::Opened)
            }
            Stage::Open(keys, _) => unseal(keys, &answer).map(Heard::Answered),
        }
    }

    /// A "no" in clear: anybody could have said it, so only the loss of the session is believed,
    /// which costs no more than opening it anew.
    fn refused(&mut self, status: Status) -> Result<Heard, ModuleError> {
        if status == Status::SecurityStatus
            && matches!(self.stage, Stage::Asked(_) | Stage::Open(..))
        {
            self.stage = Stage::Shut;
            return Ok(Heard::Lost);
        }
        Err(ModuleError::Refused(status))
    }

    fn greeted(
        &mut self,
        pairing: &Pairing,
        module: [u8; NONCE_LEN],
        data: &[u8],
    ) -> Result<Heard, ModuleError> {
        let (chip, proof) = data.split_first_chunk().ok_or(ModuleError::Unexpected)?;
        let nonces = Nonces {
            module,
            chip: *chip,
        };
        let agreement = Agreement::of(pairing, &nonces);
        if !holds(agreement.chip_proof(), proof) {
            return Err(ModuleError::NotAuthentic);
        }
        let header = Instruction::ExternalAuthenticate.header();
        let command = Command::new(header, agreement.module_proof().to_vec());
        self.stage = Stage::Proved(agreement.keys);
        Ok(Heard::Say(command.to_bytes()))
    }

    fn command(
        &mut self,
        keys: &SessionKeys,
        instruction: Instruction,
        data: &[u8],
    ) -> Option<Vec<u8>> {
        if instruction.guard() == Guard::Clear {
            return None;
        }
        self.last_command = self.last_command.checked_add(1)?;
        let header = instruction.header().secured();
        let field = keys.seal_command(self.last_command, header.bytes(), data);
        Some(Command::new(header, field).to_bytes())
    }
}

fn unseal(keys: &SessionKeys, answer: &Answer) -> Result<Answer, ModuleError> {
    let status = answer.status;
    let opened = keys.open_answer(status.word(), &answer.data);
    let (_counter, data) = opened.ok_or(ModuleError::Altered)?;
    Ok(Answer { data, status })
}

impl Stage {
    fn to_bytes(&self) -> Vec<u8> {
        let keyed = |tag, keys: &SessionKeys| [&[tag][..], &keys.to_bytes()].concat();
        match self {
            Self::Shut => vec![0],
            Self::Greeted(nonce) => [&[1][..], nonce].concat(),
            Self::Proved(keys) => keyed(2, keys),
            Self::Asked(keys) => keyed(3, keys),
            Self::Open(keys, identity) => [keyed(4, keys), identity.to_bytes()].concat(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&tag, rest) = bytes.split_first()?;
        match tag {
            0 => Some(Self::Shut),
            1 => rest.try_into().ok().map(Self::Greeted),
            2..=4 => {
                let (keys, rest) = rest.split_first_chunk()?;
                let keys = SessionKeys::from_bytes(keys);
                match tag {
                    2 => Some(Self::Proved(keys)),
                    3 => Some(Self::Asked(keys)),
                    _ => Some(Self::Open(keys, Identity::parse(rest, true)?)),
                }
            }
            _ => None,
        }
    }
}

fields! {
    Stage as Blob("a session's stage"): |v| &v.to_bytes(), |raw| Self::from_bytes(raw);
}
