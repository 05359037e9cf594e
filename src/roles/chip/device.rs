//! A virtual chip on a desk: the chip's role over a store in memory, whose lasting row is in the
//! chip's own memory.

use super::image::{Image, ImageError, KeyImage, StorageKey};
use super::lasting::{Lasting, Storage, restore};
use super::{Chip, ChipMemory, Input};
use crate::chance::Chance;
use crate::id::{Name, Party, PartyKind};
use crate::journal::ChainKind;
use crate::message::{Bytes, Message, Sender};
use crate::roles::{Done, Group, Taken};
use crate::store::{Backend as _, Key, Memory, Record as _, StoreError};
use crate::time::Time;

/// A virtual chip.
pub struct Device<S> {
    chip: Chip,
    lasting: Lasting<S>,
    memory: Memory,
    chance: Chance,
}

impl<S: Storage> Device<S> {
    /// A new, blank chip: writes both slots.
    pub fn make(storage: S, key: StorageKey, image: Image) -> Result<Self, DeviceError> {
        Self::of(Lasting::make(storage, key, image)?)
    }

    /// Power comes on.
    pub fn power_up(storage: S, key: StorageKey, now: Time) -> Result<Self, DeviceError> {
        let mut device = Self::of(Lasting::open(storage, key)?)?;
        device.act(&Taken::local(now, "power-up", Input::PowerUp))?;
        Ok(device)
    }

    fn of(lasting: Lasting<S>) -> Result<Self, DeviceError> {
        let name: Name = "virtual".parse().expect("it is a name");
        let chip = lasting.chip(name)?;
        let mut memory = Memory::new(ChainKind::Sha256);
        if let Some(row) = lasting.row() {
            restore(&mut memory, row)?;
        }
        Ok(Self {
            chip,
            chance: Chance::new(lasting.draws()),
            lasting,
            memory,
        })
    }

    /// Everything that it keeps without power; the secrets in it cannot be printed.
    pub const fn image(&self) -> &Image {
        self.lasting.image()
    }

    /// Whether its terminal key is in memory that is never written to disk.
    pub fn is_locked(&self) -> bool {
        let keys = self.chip.keys.as_ref();
        keys.is_some_and(|keys| keys.locked.is_some())
    }

    /// Puts in keys: see [`Image`]. A session ends, since it is another epoch's.
    pub fn put_keys(self, keys: KeyImage, now: Time) -> Result<Self, DeviceError> {
        let mut device = Self::of(self.lasting.put_keys(keys)?)?;
        device.act(&Taken::local(now, "power-up", Input::PowerUp))?;
        Ok(device)
    }

    /// A command, and its answer: after what it promises was written.
    pub fn transmit(&mut self, now: Time, command: &[u8]) -> Result<Vec<u8>, DeviceError> {
        let me: Name = "desk".parse().expect("it is a name");
        let from = Sender {
            party: Party::new(PartyKind::Terminal, me),
            bank: None,
        };
        let message = Message::Apdu(Bytes(command.into()));
        let taken = Taken::message(&self.chip, now, from, message);
        self.act(&taken)?.ok_or(DeviceError::NoAnswer)
    }

    fn act(&mut self, taken: &Taken<Input>) -> Result<Option<Vec<u8>>, DeviceError> {
        self.lasting.lives()?;
        let mut group = Group {
            role: &self.chip,
            chance: &self.chance,
            store: &mut self.memory,
        };
        let out = match group.run_one(taken) {
            Done::Released(out) => out,
            Done::Unknown(error) => return Err(error.into()),
        };
        self.keep()?;
        Ok(match out.reply {
            Some(Message::ApduAnswer(Bytes(answer))) => Some(answer.to_vec()),
            _ => None,
        })
    }

    /// Writes the lasting memory when it has moved.
    fn keep(&mut self) -> Result<(), DeviceError> {
        let Some(keys) = &self.chip.keys else {
            return Ok(());
        };
        let key = Key::of(&(keys.terminal.terminal(), keys.terminal.epoch()));
        let want = (ChipMemory::SCHEMA, key);
        let found = self.memory.load(&[want])?.pop().flatten();
        let row = found.and_then(|stored| stored.row.as_any().downcast_ref().cloned());
        match row {
            Some(row) => self.lasting.keep(&row),
            None => Ok(()),
        }
    }
}

/// Why a chip gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Its memory.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Its storage said no.
    #[error("reach the chip's storage: {0}")]
    Storage(String),
    /// Its own store.
    #[error("run the chip's command")]
    Store(#[from] StoreError),
    /// A write failed before: it wants power anew.
    #[error("reach the chip: a write failed, and it wants power anew")]
    Dead,
    /// It said nothing.
    #[error("hear the chip's answer: there was none")]
    NoAnswer,
}

#[cfg(test)]
mod tests;
