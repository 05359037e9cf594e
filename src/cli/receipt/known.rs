//! Receipts that have a code, in a file beside their terminal's counter: what comes again has that
//! code again, after a restart and in another process too.
//!
//! Why a file of lines: a CUPS backend is a process for each job, and a proxy that is killed must
//! not ask for the same money twice. A line is durable before its code is printed; whoever adds one
//! has the file locked and has read what others added.

use crate::code::sealed::{Blob, ReceiptDigest};
use crate::hex;
use crate::roles::terminal::REPRINT_RETENTION;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How many receipts are known again.
const KNOWN_MAX: usize = 4096;
/// The longest that the file gets, in bytes; then what is too old for it leaves.
const FILE_LEN_MAX: u64 = 8 << 20;

/// A receipt and its code.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    /// Of its text, hexadecimal.
    receipt: String,
    at: Time,
    code: Blob,
}

/// Those that are known.
pub(super) struct Known {
    path: Option<PathBuf>,
    /// The oldest first.
    entries: VecDeque<Entry>,
    /// How far the file was read.
    read: u64,
}

impl Known {
    /// Those of this file; without one, those of this process.
    pub(super) const fn of(path: Option<PathBuf>) -> Self {
        Self {
            path,
            entries: VecDeque::new(),
            read: 0,
        }
    }

    /// The code of a receipt that this process has coded.
    pub(super) fn here(&self, receipt: ReceiptDigest, now: Time) -> Option<Blob> {
        let receipt = hex::encode(&receipt.0);
        let same = |entry: &&Entry| entry.receipt == receipt && is_kept(entry, now);
        let found = self.entries.iter().rev().find(same);
        found.map(|entry| entry.code.clone())
    }

    /// Remembers a code for as long as this process runs.
    pub(super) fn keep_here(&mut self, receipt: ReceiptDigest, now: Time, code: &Blob) {
        self.push(entry(receipt, now, code));
    }

    /// The code that this receipt has, in whichever process it was made; else a new one, which is
    /// remembered before this returns.
    pub(super) fn code_of<E: From<io::Error>>(
        &mut self,
        receipt: ReceiptDigest,
        now: Time,
        make: impl FnOnce() -> Result<Blob, E>,
    ) -> Result<Blob, E> {
        let mut file = self.path.as_deref().map(open).transpose()?;
        if let Some(file) = &mut file {
            self.catch_up(file, now)?;
        }
        if let Some(code) = self.here(receipt, now) {
            return Ok(code);
        }
        let code = make()?;
        let entry = entry(receipt, now, &code);
        if let Some(file) = &mut file {
            file.write_all(&line(&entry))?;
            file.sync_data()?;
            self.read = file.stream_position()?;
        }
        self.push(entry);
        Ok(code)
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
        let old = self.entries.len().saturating_sub(KNOWN_MAX);
        self.entries.drain(..old);
    }

    /// Reads what was added since; the file is then at its end, behind a whole line.
    fn catch_up(&mut self, file: &mut File, now: Time) -> io::Result<()> {
        let len = file.metadata()?.len();
        if len < self.read {
            // Somebody made it short.
            (self.read, self.entries) = (0, VecDeque::new());
        }
        let mut added = Vec::new();
        file.seek(SeekFrom::Start(self.read))?;
        file.take(2 * FILE_LEN_MAX).read_to_end(&mut added)?;
        // A line that a crash cut off is no line.
        let whole = added.iter().rposition(|byte| *byte == b'\n');
        let whole = whole.map_or(0, |at| at + 1);
        for line in added[..whole].split(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice(line) {
                self.push(entry);
            }
        }
        self.read += u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(self.read)?;
        file.seek(SeekFrom::Start(self.read))?;
        if self.read > FILE_LEN_MAX {
            self.shorten(file, now)?;
        }
        Ok(())
    }

    /// Writes the file anew without what is too old.
    fn shorten(&mut self, file: &mut File, now: Time) -> io::Result<()> {
        self.entries.retain(|entry| is_kept(entry, now));
        let lines: Vec<u8> = self.entries.iter().flat_map(line).collect();
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&lines)?;
        self.read = file.stream_position()?;
        Ok(())
    }
}

fn entry(receipt: ReceiptDigest, at: Time, code: &Blob) -> Entry {
    Entry {
        receipt: hex::encode(&receipt.0),
        at,
        code: code.clone(),
    }
}

fn is_kept(entry: &Entry, now: Time) -> bool {
    now.since(entry.at) < REPRINT_RETENTION
}

fn line(entry: &Entry) -> Vec<u8> {
    let mut line = serde_json::to_vec(entry).expect("an entry has only string keys");
    line.push(b'\n');
    line
}

/// The file, locked until it is dropped.
fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const NOON: Time = Time::from_nanos(1_790_000_000_000_000_000);

    fn receipt(n: u8) -> ReceiptDigest {
        ReceiptDigest([n; 16])
    }

    fn code(known: &mut Known, receipt: ReceiptDigest, at: Time, made: u8) -> Blob {
        let make = || Ok::<_, io::Error>(Blob::from(vec![made; 20]));
        known.code_of(receipt, at, make).unwrap()
    }

    #[test]
    fn a_receipt_has_its_code_again_in_every_process_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("deep").join("bar.codes"));
        let (mut one, mut two) = (Known::of(path.clone()), Known::of(path.clone()));
        let first = code(&mut one, receipt(1), NOON, 1);
        assert_eq!(code(&mut two, receipt(1), NOON, 2), first);
        let second = code(&mut two, receipt(2), NOON, 3);
        assert_eq!(code(&mut one, receipt(2), NOON, 4), second);
        let later =
            Known::of(path).code_of::<io::Error>(receipt(1), NOON.after(Span::hours(23)), || {
                panic!("it is known")
            });
        assert_eq!(later.unwrap(), first);
        let tomorrow = code(&mut one, receipt(1), NOON.after(Span::hours(24)), 5);
        assert_ne!(tomorrow, first);
    }

    #[test]
    fn a_line_that_a_crash_cut_off_and_junk_harm_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bar.codes");
        let first = code(&mut Known::of(Some(path.clone())), receipt(1), NOON, 1);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            let torn = [&whole[..], b"junk\n", &whole[..cut]].concat();
            std::fs::write(&path, torn).unwrap();
            let mut known = Known::of(Some(path.clone()));
            assert_eq!(code(&mut known, receipt(1), NOON, 2), first);
            let second = code(&mut known, receipt(2), NOON, 3);
            let mut next = Known::of(Some(path.clone()));
            assert_eq!(code(&mut next, receipt(2), NOON, 4), second);
        }
    }

    #[test]
    fn the_file_gets_shorter_when_it_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bar.codes");
        let old = line(&entry(receipt(9), NOON, &Blob::from(vec![9; 200])));
        let lines = usize::try_from(FILE_LEN_MAX).unwrap() / old.len() + 1;
        std::fs::write(&path, old.repeat(lines)).unwrap();
        let tomorrow = NOON.after(Span::hours(30));
        let first = code(&mut Known::of(Some(path.clone())), receipt(1), tomorrow, 1);
        assert!(std::fs::metadata(&path).unwrap().len() < 1000);
        assert_eq!(
            code(&mut Known::of(Some(path)), receipt(1), tomorrow, 2),
            first
        );
    }
}
