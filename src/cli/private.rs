//! Files that nobody else may read, written so that a crash leaves the old or the new content.

use super::exit::{Exit, Failure};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long another process is waited for: many times what a command takes.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);

/// Makes a folder that only its owner can enter.
pub(super) fn folder(path: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.recursive(true).create(path);
    made.map_err(|error| environment("make the folder", path, &error))
}

/// Replaces a file's content: written beside it, made durable, then renamed over it.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let beside = beside(path);
    let fail = |error: io::Error| environment("write", path, &error);
    let mut file = open(
        &beside,
        OpenOptions::new().write(true).create(true).truncate(true),
    )?;
    file.write_all(content).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    fs::rename(&beside, path).map_err(fail)?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = File::open(parent.unwrap_or_else(|| Path::new("."))).map_err(fail)?;
    folder.sync_all().map_err(fail)
}

/// Appends to a file after its first `keep` bytes, durably: what follows them was torn.
pub(super) fn append(path: &Path, keep: u64, content: &[u8]) -> Result<(), Failure> {
    let fail = |error: io::Error| environment("append to", path, &error);
    let mut file = open(
        path,
        OpenOptions::new().write(true).create(true).truncate(false),
    )?;
    file.set_len(keep).map_err(fail)?;
    io::Seek::seek(&mut file, io::SeekFrom::End(0)).map_err(fail)?;
    file.write_all(content).map_err(fail)?;
    file.sync_all().map_err(fail)
}

/// Keeps every other process out that asks the same, for as long as the value lives; waits
/// [`LOCK_WAIT_MAX`] for another to finish.
#[expect(
    clippy::disallowed_methods,
    reason = "a command that waits for another one, below no role"
)]
pub(super) fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(".lock");
    let mut options = OpenOptions::new();
    let file = open(&path, options.write(true).create(true).truncate(false))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_WAIT_MAX => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                let what = format!("lock {}: another process has it", path.display());
                let failure = Failure::new(Exit::Environment, what);
                return Err(failure.hint("a terminal that runs keeps its chip to itself"));
            }
            Err(TryLockError::Error(error)) => return Err(environment("lock", &path, &error)),
        }
    }
}

fn open(path: &Path, options: &mut OpenOptions) -> Result<File, Failure> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let file = options.open(path);
    file.map_err(|error| environment("open", path, &error))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn environment(doing: &str, path: &Path, error: &dyn Display) -> Failure {
    Failure::new(
        Exit::Environment,
        format!("{doing} {}: {error}", path.display()),
    )
}

/// 32 bytes that nobody can guess.
pub(super) fn random() -> Result<[u8; 32], Failure> {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; 32];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_unspecified| {
        Failure::new(Exit::Environment, "draw random bytes from the system")
    })?;
    Ok(bytes)
}
