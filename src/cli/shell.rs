//! What a shell signs with: one terminal of the test network, made alone, and its counter.
//!
//! Why its own terminal: a code's counter is its key's alone, and a chip that is running counts for
//! itself. The configuration's `shell` terminal has no till.

use super::apdu::meaning;
use super::chip::Desk;
use super::exit::{Exit, Failure};
use super::settings::{Args, Settings};
use super::{clock, scheme};
use crate::cast::Sealer;
use crate::code::sealed::{Blob, Draft, SealedOrder, seal};
use crate::id::{Id, Name, Uid};
use crate::play;
use crate::roles::chip::apdu::{Answer, Status};
use crate::roles::chip::{Instruction, SealRequest, Sealed};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The host of a network's links follows from its gateway.
pub(super) struct Signer {
    pub(super) till: Sealer,
    pub(super) host: String,
    /// Who signs, and for what network.
    pub(super) note: String,
    settings: Settings,
    /// The terminal's own chip, which seals, signs and counts inside.
    chip: Option<Mutex<Beside>>,
}

/// A chip's folder, and a session with it once it has sealed.
///
/// Why it opens with the first order: a chip that is locked or cannot be read leaves receipts
/// without a code, never a till without paper, and one that is unlocked meanwhile seals again.
struct Beside {
    folder: PathBuf,
    desk: Option<Desk>,
}

impl Beside {
    fn seal(&mut self, data: &[u8]) -> Result<Answer, Failure> {
        let mut desk = match self.desk.take() {
            Some(desk) => desk,
            None => paired(&self.folder)?,
        };
        let answer = desk.ask(Instruction::SealAndSign, data)?;
        if answer.status == Status::Done {
            self.desk = Some(desk);
        }
        Ok(answer)
    }
}

impl Signer {
    pub(super) fn open(args: &Args, terminal: Option<Name>) -> Result<Self, Failure> {
        let settings = Settings::open(args)?;
        let terminals = settings.config.terminals();
        let wanted = terminal.or(settings.config.shell);
        let found = terminals
            .iter()
            .find(|(till, _)| wanted.is_none_or(|name| name == *till));
        let Some((name, _)) = found else {
            let names: Vec<&str> = terminals.iter().map(|(till, _)| till.as_str()).collect();
            let wanted = wanted.map(|name| name.to_string()).unwrap_or_default();
            let failure = Failure::new(Exit::Nothing, format!("find terminal `{wanted}`"));
            return Err(failure.hint(format!("the network has: {}", names.join(", "))));
        };
        let parties = &settings.config.parties;
        let beside = settings.issuer().and_then(|_| settings.folder());
        let trusted = beside.map(|folder| scheme::trusted(&folder)).transpose()?;
        let bundle = trusted.as_ref().map(|(_, (_, bundle))| bundle);
        let made = play::till(parties, &settings.chance, settings.since, *name, bundle);
        let (till, host) =
            made.map_err(|error| Failure::new(Exit::Malformed, super::scan::full(&error)))?;
        let chip = settings.chip(*name);
        let chip = chip.map(|folder| Beside { folder, desk: None });
        let by = if chip.is_some() { " by its chip" } else { "" };
        let note = match &settings.path {
            Some(path) => format!("note: signed as {name} of {}{by}; ", path.display()),
            None => "note: signed with the development key; ".to_owned(),
        };
        Ok(Self {
            till,
            host,
            note: note + "this code is for the test network",
            settings,
            chip: chip.map(Mutex::new),
        })
    }

    /// Seals and signs an order: in the terminal's chip, which counts for itself, if it has one.
    pub(super) fn seal(&self, draft: &Draft) -> Result<(Blob, Uid), Failure> {
        let refused = |error: &dyn std::error::Error| {
            Failure::new(Exit::NotPayable, super::scan::full(error))
        };
        let Some(chip) = &self.chip else {
            let till = &self.till;
            let blob = seal(&till.key, &till.signing, draft).map_err(|error| refused(&error))?;
            let uid = Uid {
                terminal: till.key.terminal(),
                epoch: till.key.epoch(),
                counter: draft.order.counter,
            };
            return Ok((blob, uid));
        };
        let request = SealRequest {
            job: Id::from_bytes([0; 16]),
            issued_at: draft.issued_at,
            ttl_minutes: draft.ttl_minutes,
            order: SealedOrder {
                counter: 0,
                ..draft.order.clone()
            },
        };
        let data = request.to_bytes().map_err(|error| refused(&error))?;
        let mut chip = chip.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = chip.seal(&data)?;
        let sealed = Some(&answer).filter(|answer| answer.status == Status::Done);
        let sealed = sealed.and_then(|answer| Sealed::parse(&answer.data));
        let sealed = sealed.ok_or_else(|| {
            let (word, means) = (answer.status, meaning(answer.status));
            Failure::new(Exit::No, format!("seal: the chip said {word}, {means}"))
        })?;
        Ok((sealed.code, sealed.uid))
    }

    /// Whether a chip counts, and not this machine.
    pub(super) const fn has_chip(&self) -> bool {
        self.chip.is_some()
    }

    /// The first of `count` counters that nobody had before: after the last one that was taken
    /// here, and at least the clock's seconds, for a machine that lost its file.
    ///
    /// Why a file with a lock: two codes of one counter are a cloned chip to the gateway, and a
    /// shell script makes many codes a second.
    pub(super) fn counters(&self, count: u32) -> Result<u32, Failure> {
        let now = clock::now().seconds();
        if self.has_chip() {
            return Ok(0);
        }
        let Some(path) = self.counter_file() else {
            return Ok(now);
        };
        let taken = || -> std::io::Result<u32> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            let mut file = options
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            file.lock()?;
            let first = last(&mut file)?.map_or(now, |last| now.max(last.saturating_add(1)));
            file.rewind()?;
            writeln!(
                file,
                "{:010}",
                first.saturating_add(count.saturating_sub(1))
            )?;
            Ok(first)
        };
        taken().map_err(|error| {
            let what = format!("count in {}: {error}", path.display());
            Failure::new(Exit::Environment, what).hint("or say --counter")
        })
    }

    /// Where the codes of receipts that may come again are remembered.
    pub(super) fn codes_file(&self) -> Option<PathBuf> {
        Some(self.counter_file()?.with_extension("codes"))
    }

    /// Beside the keys; for the built-in network in the XDG state folder.
    fn counter_file(&self) -> Option<PathBuf> {
        let name = format!("{}.counter", self.till.name);
        if let (Some(folder), Some(keys)) = (self.settings.folder(), &self.settings.config.keys) {
            return Some(folder.join(keys).join(name));
        }
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let state = var("XDG_STATE_HOME").map(PathBuf::from);
        let home = || Some(PathBuf::from(var("HOME")?).join(".local").join("state"));
        Some(state.or_else(home)?.join("quittance").join(name))
    }
}

/// A chip with a session open.
fn paired(folder: &Path) -> Result<Desk, Failure> {
    let mut desk = Desk::open(folder)?;
    desk.pair(folder)?;
    Ok(desk)
}

/// The counter that was taken last, if the file holds one.
fn last(file: &mut File) -> std::io::Result<Option<u32>> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text)?;
    Ok(text.trim().parse().ok())
}
