//! Power fails at every byte of every write, in every way; copies are made; secrets stay inside.

use super::*;
use crate::code::sealed::{MasterKey, ReceiptDigest, SealedOrder, Seed, TerminalKey};
use crate::id::Id;
use crate::money::Money;
use crate::roles::Role as _;
use crate::roles::bench::{START, TERMINAL};
use crate::roles::chip::apdu::{Answer, Command, Status};
use crate::roles::chip::image::{IMAGE_LEN, SLOT_LEN};
use crate::roles::chip::{
    COUNTERS_AHEAD, ChipStatus, Heard, Instruction, Life, Module, Pin, SealRequest, Sealed, tests,
};
use crate::sign::Suite;
use crate::text::Text;
use std::cell::RefCell;
use std::rc::Rc;

/// A disk that remembers every write, so that any of them can be torn.
#[derive(Clone, Default)]
struct Disk(Rc<RefCell<Platter>>);

#[derive(Clone, Default)]
struct Platter {
    bytes: Vec<u8>,
    /// Power fails within the next write, after so many of its bytes.
    fails: Option<usize>,
    /// The counters that were handed out so far.
    sealed: Vec<u32>,
    writes: Vec<Write>,
}

/// A write, what lay there before, and which counters had been handed out.
#[derive(Clone)]
struct Write {
    before: Vec<u8>,
    offset: usize,
    bytes: Vec<u8>,
    sealed: Vec<u32>,
}

/// What a torn write leaves after the bytes that were written.
#[derive(Clone, Copy, Debug)]
enum Torn {
    /// The old bytes.
    Old,
    /// Zeros.
    Zeros,
    /// Noise.
    Noise,
    /// The write went backwards: old bytes, then new ones.
    Backwards,
}

impl Write {
    /// The disk when power fails after `at` bytes of it.
    fn torn(&self, torn: Torn, at: usize) -> Vec<u8> {
        let mut disk = self.before.clone();
        disk.resize(disk.len().max(self.offset + self.bytes.len()), 0);
        for (nth, new) in self.bytes.iter().enumerate() {
            let old = &mut disk[self.offset + nth];
            *old = match torn {
                Torn::Backwards if nth >= at => *new,
                Torn::Backwards => *old,
                _ if nth < at => *new,
                Torn::Old => *old,
                Torn::Zeros => 0,
                Torn::Noise => old.wrapping_mul(167).wrapping_add(13),
            };
        }
        disk
    }
}

impl Storage for Disk {
    fn read(&mut self) -> Result<Vec<u8>, String> {
        Ok(self.0.borrow().bytes.clone())
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), String> {
        let mut disk = self.0.borrow_mut();
        let write = Write {
            before: disk.bytes.clone(),
            offset,
            bytes: bytes.to_vec(),
            sealed: disk.sealed.clone(),
        };
        let at = disk.fails;
        disk.bytes = write.torn(Torn::Old, at.unwrap_or(bytes.len()));
        disk.writes.push(write);
        at.map_or(Ok(()), |_| Err("power failed".to_owned()))
    }
}

fn storage_key() -> StorageKey {
    StorageKey::new(Seed::from_bytes([5; 32]))
}

fn key_image(epoch: u8) -> KeyImage {
    let keys = tests::keys(Suite::Simulated);
    let key = TerminalKey::derive(&MasterKey::from_bytes([7; 32]), TERMINAL, epoch);
    KeyImage {
        terminal: TERMINAL,
        epoch,
        terminal_key: Seed::from_bytes(*key.expose()),
        signing: Some(Seed::from_bytes([8; 32])),
        suite: Suite::Simulated.number(),
        certificate: keys.certificate,
        route: [0, 0, 1],
        flags: keys.flags.bits(),
    }
}

fn personalised(disk: &Disk) -> Device<Disk> {
    let (pin, puk) = (Pin::new(b"4711").unwrap(), Pin::new(b"12345678").unwrap());
    let blank = Image::blank(&pin, &puk);
    let device = Device::make(disk.clone(), storage_key(), blank).unwrap();
    device.put_keys(key_image(1), START).unwrap()
}

fn on(disk: &Disk) -> Result<Device<Disk>, DeviceError> {
    Device::power_up(disk.clone(), storage_key(), START)
}

/// A session at the desk.
struct Session {
    device: Device<Disk>,
    module: Module,
}

impl Session {
    fn open(mut device: Device<Disk>, nonce: u8) -> Result<Self, DeviceError> {
        let keys = device.chip.keys.as_ref().unwrap().pairing();
        let mut module = Module::shut(device.chip.me());
        let mut say = module.greet([nonce; 16]);
        loop {
            let answer = device.transmit(START, &say)?;
            match module.hear(&keys, &answer).unwrap() {
                Heard::Say(next) => say = next,
                Heard::Opened => return Ok(Self { device, module }),
                other => panic!("{other:?}"),
            }
        }
    }

    fn ask(&mut self, instruction: Instruction, data: &[u8]) -> Result<Answer, DeviceError> {
        let keys = self.device.chip.keys.as_ref().unwrap().pairing();
        let command = self.module.say(instruction, data).unwrap();
        let answer = self.device.transmit(START, &command)?;
        match self.module.hear(&keys, &answer).unwrap() {
            Heard::Answered(answer) => Ok(answer),
            other => panic!("{other:?}"),
        }
    }

    fn seal(&mut self) -> Result<Sealed, DeviceError> {
        let request = SealRequest {
            job: Id::from_bytes([1; 16]),
            issued_at: START,
            ttl_minutes: 60,
            order: SealedOrder {
                counter: 0,
                amount: Money::new(840, "EUR".parse().unwrap()),
                reference: Text::clean("A7"),
                digest: ReceiptDigest([3; 16]),
                merchant: None,
                till: None,
                lines: None,
                tax: None,
            },
        };
        let answer = self.ask(Instruction::SealAndSign, &request.to_bytes().unwrap())?;
        assert_eq!(answer.status, Status::Done);
        Ok(Sealed::parse(&answer.data).unwrap())
    }
}

/// A life of a chip: a power-up, codes that move the mark twice, a wrong PIN.
fn live(disk: &Disk) {
    let mut session = Session::open(on(disk).unwrap(), 1).unwrap();
    for _ in 0..=COUNTERS_AHEAD {
        let counter = session.seal().unwrap().uid.counter;
        disk.0.borrow_mut().sealed.push(counter);
    }
    let wrong = session.ask(Instruction::Verify, b"0000").unwrap();
    assert!(matches!(wrong.status, Status::WrongPin(_)));
}

#[test]
fn power_lost_at_any_byte_of_any_write_never_repeats_a_counter() {
    let disk = Disk::default();
    drop(personalised(&disk));
    disk.0.borrow_mut().writes.clear();
    live(&disk);
    let writes = disk.0.borrow().writes.clone();
    assert!(writes.len() >= 5, "{} writes", writes.len());
    for write in &writes {
        let last = write.sealed.iter().max().copied().unwrap_or(0);
        for (torn, step) in [
            (Torn::Old, 1),
            (Torn::Zeros, 31),
            (Torn::Noise, 31),
            (Torn::Backwards, 31),
        ] {
            for at in (0..=write.bytes.len()).step_by(step) {
                let bytes = write.torn(torn, at);
                let image = found(write, &bytes);
                // A chip goes on counting at the mark that it finds.
                assert!(
                    image.mark > last,
                    "{torn:?} at {at}: {} after {last}",
                    image.mark
                );
                if at % 512 == 1 {
                    goes_on(bytes, last);
                }
            }
        }
    }
}

/// What a chip finds on such a disk; the slot that was not being written is as it was.
fn found(write: &Write, disk: &[u8]) -> Image {
    let slot = |bytes: &[u8], at: usize| {
        Image::open_slot(&storage_key(), &bytes[at * SLOT_LEN..(at + 1) * SLOT_LEN])
    };
    let written = write.offset / SLOT_LEN;
    Image::latest(slot(disk, written), slot(&write.before, 1 - written))
        .unwrap()
        .1
}

/// Power comes on over this memory, and the next code's counter is a new one.
fn goes_on(bytes: Vec<u8>, last: u32) {
    let disk = Disk::default();
    disk.0.borrow_mut().bytes = bytes;
    let mut session = Session::open(on(&disk).unwrap(), 9).unwrap();
    let counter = session.seal().unwrap().uid.counter;
    assert!(counter > last, "{counter} after {last}");
}

#[test]
fn a_chip_whose_write_failed_says_nothing_until_power_comes_anew() {
    let disk = Disk::default();
    drop(personalised(&disk));
    let mut device = on(&disk).unwrap();
    disk.0.borrow_mut().fails = Some(100);
    let mut session = match Session::open(device, 1) {
        Ok(session) => session,
        Err(error) => {
            assert!(matches!(error, DeviceError::Storage(_)));
            return;
        }
    };
    assert!(matches!(session.seal(), Err(DeviceError::Storage(_))));
    device = session.device;
    let status = Command::new(Instruction::GetStatus.header(), vec![]).to_bytes();
    assert_eq!(device.transmit(START, &status), Err(DeviceError::Dead));
}

#[test]
fn the_file_holds_no_secret_in_clear_and_opens_under_its_own_key_alone() {
    let disk = Disk::default();
    drop(personalised(&disk));
    let bytes = disk.0.borrow().bytes.clone();
    assert_eq!(bytes.len(), IMAGE_LEN);
    let key = key_image(1);
    for secret in [
        key.terminal_key.expose(),
        key.signing.as_ref().unwrap().expose(),
    ] {
        assert!(!bytes.windows(16).any(|window| window == &secret[..16]));
        let text = crate::hex::encode(secret);
        assert!(
            !bytes
                .windows(32)
                .any(|window| window == &text.as_bytes()[..32])
        );
    }
    let other = StorageKey::new(Seed::from_bytes([6; 32]));
    let opened = Device::power_up(disk, other, START);
    assert!(matches!(
        opened.err(),
        Some(DeviceError::Image(ImageError::Damaged))
    ));
}

#[test]
fn a_slot_that_rotted_costs_a_gap_and_a_try_and_never_a_counter() {
    let disk = Disk::default();
    drop(personalised(&disk));
    let mut session = Session::open(on(&disk).unwrap(), 1).unwrap();
    let last = session.seal().unwrap().uid.counter;
    let whole = disk.0.borrow().bytes.clone();
    for at in (0..whole.len()).step_by(13) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let (_, image) = Image::open(&storage_key(), &bytes).unwrap();
        assert!(image.mark > last, "{} at {at}", image.mark);
        assert_eq!(image.pin_tries, 2);
    }
    let junk = Image::open(&storage_key(), &vec![7; IMAGE_LEN]);
    assert_eq!(junk, Err(ImageError::Damaged));
    let short = Image::open(&storage_key(), &whole[1..]);
    assert!(matches!(short, Err(ImageError::Length { .. })));
}

#[test]
fn a_copy_used_beside_the_original_repeats_its_counters_with_other_codes() {
    let disk = Disk::default();
    drop(personalised(&disk));
    let copy = Disk(Rc::new(RefCell::new(disk.0.borrow().clone())));
    let mut seals = [disk, copy].map(|disk| {
        let mut session = Session::open(on(&disk).unwrap(), 1).unwrap();
        session.seal().unwrap()
    });
    assert_eq!(
        seals[0].uid, seals[1].uid,
        "what the gateway sees as a fork"
    );
    seals[0].code = seals[1].code.clone();
}

#[test]
fn a_later_epoch_counts_from_one_and_an_earlier_one_is_refused() {
    let disk = Disk::default();
    let mut first = Session::open(personalised(&disk), 1).unwrap();
    assert_eq!(first.seal().unwrap().uid.epoch, 1);
    let device = first.device.put_keys(key_image(2), START).unwrap();
    let mut second = Session::open(device, 2).unwrap();
    let sealed = second.seal().unwrap();
    assert_eq!((sealed.uid.epoch, sealed.uid.counter), (2, 1));
    let back = second.device.put_keys(key_image(2), START);
    assert!(matches!(
        back.err(),
        Some(DeviceError::Image(ImageError::Life { .. }))
    ));
}

#[test]
fn a_terminated_chip_has_no_secrets_left_in_either_slot() {
    let disk = Disk::default();
    let mut session = Session::open(personalised(&disk), 1).unwrap();
    assert_eq!(
        session.ask(Instruction::Verify, b"4711").unwrap().status,
        Status::Done
    );
    session.ask(Instruction::Terminate, &[]).unwrap();
    let bytes = disk.0.borrow().bytes.clone();
    for slot in bytes.chunks_exact(SLOT_LEN) {
        let (_, image) = Image::open_slot(&storage_key(), slot).unwrap();
        assert_eq!(image.life(), Life::Terminated);
        assert_ne!(image.keys().unwrap().signing, key_image(1).signing);
    }
    let mut device = on(&disk).unwrap();
    let status = Command::new(Instruction::GetStatus.header(), vec![]).to_bytes();
    let answer = device.transmit(START, &status).unwrap();
    let status = ChipStatus::parse(&answer[..answer.len() - 2]).unwrap();
    assert_eq!(status.life, Life::Terminated);
}
