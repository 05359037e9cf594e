//! A chip's memory that outlives a loss of power: its image in a storage, and a party's store over
//! it.
//!
//! What an answer promises was written before it is given: a command that moved the lasting row is
//! answered after the write. When a write fails the chip is dead until power comes on again, as a
//! real one is.

use super::image::{Image, KeyImage, SLOT_LEN, StorageKey};
use super::{Chip, ChipMemory, DeviceError, ImageError, Life};
use crate::id::Name;
use crate::journal::Entry;
use crate::store::{
    Backend, Key, Peek, Record as _, Row, RowWrite, Schema, StoreError, Stored, Timer, Want, Writes,
};
use crate::time::Time;
use std::sync::Arc;

/// Where a chip's memory lies.
pub trait Storage {
    /// All of it.
    fn read(&mut self) -> Result<Vec<u8>, String>;

    /// Writes some of it, durably when this returns; a loss of power may leave any part of it.
    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), String>;
}

/// The memory in its storage.
pub struct Lasting<S> {
    image: Image,
    number: u64,
    key: StorageKey,
    storage: S,
    dead: bool,
}

impl<S: Storage> Lasting<S> {
    /// The memory as its last whole write left it.
    pub fn open(mut storage: S, key: StorageKey) -> Result<Self, DeviceError> {
        let file = storage.read().map_err(DeviceError::Storage)?;
        let (number, image) = Image::open(&key, &file)?;
        Ok(Self {
            image,
            number,
            key,
            storage,
            dead: false,
        })
    }

    /// A new memory: writes both slots.
    pub(super) fn make(storage: S, key: StorageKey, image: Image) -> Result<Self, DeviceError> {
        let mut lasting = Self {
            image,
            number: 0,
            key,
            storage,
            dead: false,
        };
        lasting.write()?;
        lasting.write()?;
        Ok(lasting)
    }

    /// What it holds; the secrets in it cannot be printed.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// The chip whose memory it is.
    pub fn chip(&self, name: Name) -> Result<Chip, ImageError> {
        let (pin, puk) = self.image.pins();
        let keys = self.image.keys().map(|keys| keys.keys(&self.key));
        Ok(Chip {
            name,
            keys: keys.transpose()?,
            pin,
            puk,
        })
    }

    /// As a row of a store, once it has keys.
    pub(super) fn row(&self) -> Option<ChipMemory> {
        let image = &self.image;
        image.keys().map(|keys| ChipMemory {
            terminal: keys.terminal,
            epoch: keys.epoch,
            life: image.life,
            mark: image.mark,
            boots: image.boots,
            pin_tries: image.pin_tries,
            puk_tries: image.puk_tries,
        })
    }

    /// What the chip draws its nonces from.
    pub(super) fn draws(&self) -> [u8; 16] {
        self.key.draws()
    }

    /// Whether no write has failed.
    pub(super) const fn lives(&self) -> Result<(), DeviceError> {
        if self.dead {
            Err(DeviceError::Dead)
        } else {
            Ok(())
        }
    }

    /// With these keys: see [`Image`].
    pub(super) fn put_keys(mut self, keys: KeyImage) -> Result<Self, DeviceError> {
        self.image.put_keys(keys, &self.key)?;
        // Twice, so that no slot goes on with the epoch before.
        self.write()?;
        self.write()?;
        Ok(self)
    }

    /// Writes the row if it has moved.
    pub(super) fn keep(&mut self, row: &ChipMemory) -> Result<(), DeviceError> {
        self.lives()?;
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

/// Puts the lasting row into a store.
pub(super) fn restore(store: &mut dyn Backend, row: ChipMemory) -> Result<(), StoreError> {
    let key = Key::of(&row.key());
    let held = store.load(&[(ChipMemory::SCHEMA, key)])?;
    let held = held.into_iter().flatten().next();
    let write = RowWrite {
        table: ChipMemory::SCHEMA,
        key,
        read: held.map_or(0, |stored| stored.version),
        row: Some(Arc::new(row)),
    };
    store.begin()?;
    store.save(Writes {
        rows: vec![write],
        ..Writes::default()
    })?;
    store.commit()
}

/// A chip's store in which the lasting row lies in the chip's own memory: what another store says
/// of it counts no more, whoever moved the chip to this machine.
pub struct Flashed<S> {
    lasting: Lasting<S>,
    store: Box<dyn Backend>,
    /// The row that this group has moved.
    moved: Option<ChipMemory>,
}

impl<S: Storage> Flashed<S> {
    /// Everything but the lasting row is in `store`.
    pub fn new(lasting: Lasting<S>, mut store: Box<dyn Backend>) -> Result<Self, DeviceError> {
        if let Some(row) = lasting.row() {
            restore(store.as_mut(), row)?;
        }
        Ok(Self {
            lasting,
            store,
            moved: None,
        })
    }
}

impl<S: Storage + Send> Backend for Flashed<S> {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        self.store.load(wants)
    }

    fn save(&mut self, writes: Writes) -> Result<(), StoreError> {
        let rows = writes.rows.iter().filter_map(|write| write.row.as_ref());
        let mut moved = rows.filter_map(|row| row.as_any().downcast_ref::<ChipMemory>());
        let moved = moved.next_back().cloned();
        self.store.save(writes)?;
        if moved.is_some() {
            self.moved = moved;
        }
        Ok(())
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        self.store.due(until, max)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        self.store.next_due()
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.store.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if let Some(row) = self.moved.take() {
            self.lasting
                .keep(&row)
                .map_err(|error| StoreError::Failed {
                    doing: "write the chip's memory",
                    detail: error.to_string(),
                })?;
        }
        self.store.commit()
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.moved = None;
        self.store.abort()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        self.store.scan(table)
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.entries(after, max)
    }

    fn peek(&mut self, want: &Want) -> Result<Peek, StoreError> {
        self.store.peek(want)
    }
}
