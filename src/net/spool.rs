//! A spool folder: whatever file appears in it is printed and removed.
//!
//! The folder is looked at, not watched: that works on every file system, network shares included,
//! and a file is taken only once it has stopped growing.

use super::raw;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the folder is looked at. A file is taken when two looks found it the same.
const LOOK: Duration = Duration::from_millis(200);
/// The longest job in bytes; a longer file is left where it is.
pub const JOB_BYTES_MAX: u64 = 64 << 20;
/// How many files are looked at; more wait for those to go.
const FILES_MAX: usize = 1000;

/// Prints what appears in a folder on the port `to`, until it is dropped. What cannot be printed is
/// said once, and left.
pub async fn serve(folder: PathBuf, to: SocketAddr, trouble: mpsc::Sender<String>) {
    let mut seen: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut said: BTreeMap<PathBuf, String> = BTreeMap::new();
    loop {
        let found = look(&folder).unwrap_or_default();
        for (path, length) in &found {
            if seen.get(path) != Some(length) {
                continue;
            }
            let Err(error) = print(path, *length, to).await else {
                continue;
            };
            let text = format!("print {}: {error}", path.display());
            if said.insert(path.clone(), text.clone()).as_ref() != Some(&text) {
                // Nobody has to listen.
                drop(trouble.try_send(text));
            }
        }
        said.retain(|path, _| found.contains_key(path));
        seen = found;
        tokio::time::sleep(LOOK).await;
    }
}

/// The jobs in the folder with their lengths. Names that begin with a dot or end in `.part` or
/// `.tmp` are still being written.
fn look(folder: &Path) -> io::Result<BTreeMap<PathBuf, u64>> {
    let unfinished = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp")
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)?.take(FILES_MAX) {
        let entry = entry?;
        // A link could lead anywhere; only files that lie here are jobs.
        if entry.file_type()?.is_file() && !unfinished(&entry.path()) {
            found.insert(entry.path(), entry.metadata()?.len());
        }
    }
    Ok(found)
}

async fn print(path: &Path, length: u64, to: SocketAddr) -> io::Result<()> {
    if length > JOB_BYTES_MAX {
        return Err(io::Error::other(format!("more than {JOB_BYTES_MAX} bytes")));
    }
    let job = std::fs::read(path)?;
    raw::print(to, &job).await?;
    std::fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_file_is_printed_once_it_is_whole_and_then_gone() {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = port.local_addr().unwrap();
        let (trouble, _said) = mpsc::channel(4);
        let spool = tokio::spawn(serve(folder.path().to_owned(), to, trouble));
        std::fs::write(folder.path().join("a.part"), b"not yet").unwrap();
        std::fs::write(folder.path().join("b.bin"), b"\x1b@job\n").unwrap();
        let (mut till, _) = port.accept().await.unwrap();
        let mut job = Vec::new();
        till.read_to_end(&mut job).await.unwrap();
        assert_eq!(job, b"\x1b@job\n");
        drop(till);
        std::fs::rename(folder.path().join("a.part"), folder.path().join("a")).unwrap();
        let (mut till, _) = port.accept().await.unwrap();
        job.clear();
        till.read_to_end(&mut job).await.unwrap();
        assert_eq!(job, b"not yet");
        assert!(!folder.path().join("b.bin").exists());
        spool.abort();
    }
}
