//! A virtual chip on a desk: the chip's role over its own memory, and that over a storage.
//!
//! What an answer promises was written before it is given: a command that moved the lasting memory
//! is answered after the write. When a write fails the chip is dead until power comes on again, as
//! a real one is.

use super::image::{Image, ImageError, KeyImage, SLOT_LEN, StorageKey};
use super::{Chip, ChipKeys, ChipMemory, Input, Life};
use crate::chance::Chance;
use crate::id::{Name, Party, PartyKind};
use crate::journal::ChainKind;
use crate::message::{Bytes, Message, Sender};
use crate::roles::{Done, Group, Taken};
use crate::store::{Backend as _, Key, Memory, Record as _, RowWrite, StoreError, Writes};
use crate::time::Time;
use std::sync::Arc;

/// Where a chip's memory lies.
pub trait Storage {
    /// All of it.
    fn read(&mut self) -> Result<Vec<u8>, String>;

    /// Writes some of it, durably when this returns; a loss of power may leave any part of it.
    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), String>;
}

/// A virtual chip.
pub struct Device<S> {
    chip: Chip,
    image: Image,
    number: u64,
    memory: Memory,
    chance: Chance,
    key: StorageKey,
    storage: S,
    dead: bool,
}

impl<S: Storage> Device<S> {
    /// A new, blank chip: writes both slots.
    pub fn make(storage: S, key: StorageKey, image: Image) -> Result<Self, DeviceError> {
        let mut device = Self::of(storage, key, 0, image)?;
        device.write()?;
        device.write()?;
        Ok(device)
    }

    /// Power comes on.
    pub fn power_up(mut storage: S, key: StorageKey, now: Time) -> Result<Self, DeviceError> {
        let file = storage.read().map_err(DeviceError::Storage)?;
        let (number, image) = Image::open(&key, &file)?;
        let mut device = Self::of(storage, key, number, image)?;
        device.act(&Taken::local(now, "power-up", Input::PowerUp))?;
        Ok(device)
    }

    fn of(storage: S, key: StorageKey, number: u64, image: Image) -> Result<Self, DeviceError> {
        let keys = image.keys().map(KeyImage::keys).transpose()?;
        let (pin, puk) = image.pins();
        let name: Name = "virtual".parse().expect("it is a name");
        let mut memory = Memory::new(ChainKind::Sha256);
        if let Some(keys) = &keys {
            restore(&mut memory, row(&image, keys))?;
        }
        Ok(Self {
            chip: Chip {
                name,
                keys,
                pin,
                puk,
            },
            chance: Chance::new(key.draws()),
            image,
            number,
            memory,
            key,
            storage,
            dead: false,
        })
    }

    /// Everything that it keeps without power; the secrets in it cannot be printed.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// Puts in keys: see [`Image`]. A session ends, since it is another epoch's.
    pub fn put_keys(self, keys: KeyImage, now: Time) -> Result<Self, DeviceError> {
        let mut image = self.image;
        image.put_keys(keys)?;
        let mut device = Self::of(self.storage, self.key, self.number, image)?;
        // Twice, so that no slot goes on with the epoch before.
        device.write()?;
        device.write()?;
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
        if self.dead {
            return Err(DeviceError::Dead);
        }
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
        let found = self
            .memory
            .load(&[(ChipMemory::SCHEMA, key)])?
            .pop()
            .flatten();
        let row = found.and_then(|stored| stored.row.as_any().downcast_ref().cloned());
        let Some(row): Option<ChipMemory> = row else {
            return Ok(());
        };
        let mut image = self.image.clone();
        (image.life, image.mark, image.boots) = (row.life, row.mark, row.boots);
        (image.pin_tries, image.puk_tries) = (row.pin_tries, row.puk_tries);
        if image == self.image {
            return Ok(());
        }
        let over = image.life == Life::Terminated && self.image.life != Life::Terminated;
        if over {
            image.wipe();
        }
        self.image = image;
        self.write()?;
        if over {
            self.write()?; // the secrets leave the other slot too
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), DeviceError> {
        self.dead = true;
        self.number += 1;
        let slot = self.image.seal(&self.key, self.number)?;
        let odd = usize::from(self.number % 2 == 1);
        self.storage
            .write_at(odd * SLOT_LEN, &slot)
            .map_err(DeviceError::Storage)?;
        self.dead = false;
        Ok(())
    }
}

fn row(image: &Image, keys: &ChipKeys) -> ChipMemory {
    ChipMemory {
        terminal: keys.terminal.terminal(),
        epoch: keys.terminal.epoch(),
        life: image.life,
        mark: image.mark,
        boots: image.boots,
        pin_tries: image.pin_tries,
        puk_tries: image.puk_tries,
    }
}

fn restore(memory: &mut Memory, row: ChipMemory) -> Result<(), StoreError> {
    let write = RowWrite {
        table: ChipMemory::SCHEMA,
        key: Key::of(&row.key()),
        read: 0,
        row: Some(Arc::new(row)),
    };
    memory.begin()?;
    memory.save(Writes {
        rows: vec![write],
        ..Writes::default()
    })?;
    memory.commit()
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
