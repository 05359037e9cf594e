//! Where printed bytes go: a printer's RAW port, its LPD queue, a device node, a file.
//!
//! A device is reached again when it was lost; meanwhile its bytes wait in the port before it,
//! which holds the tills back as a printer does that is switched off.

use super::lpd;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// How long connecting may take, and how long to wait before the next try: twice as long each time.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(200);
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// How long a printer's last words are waited for when there is nothing more to print.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// An LPD job ends when nothing more came for this long: the protocol wants it whole.
const LPD_PAUSE: Duration = Duration::from_millis(500);

/// A device and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// A RAW port: host and port.
    Raw(String),
    /// An LPD queue: host and port, and the queue's name.
    Lpd(String, String),
    /// A device node, which also answers, or a file, which grows.
    File(PathBuf),
}

/// Not a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("find the printer `{0}`: it is no socket://HOST:PORT, lpd://HOST/QUEUE, file:PATH or path")]
pub struct DeviceError(String);

impl FromStr for Device {
    type Err = DeviceError;

    /// `socket://host[:9100]`, `lpd://host[:515]/queue`, `file:/path`, or a path.
    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let wrong = || DeviceError(text.to_owned());
        let with_port = |host: &str, port: u16| {
            let bare = host.split_once(']').map_or(host, |(_, rest)| rest);
            if bare.contains(':') {
                host.to_owned()
            } else {
                format!("{host}:{port}")
            }
        };
        // CUPS puts options behind a question mark; none of them is ours.
        let bare = text.split_once('?').map_or(text, |(bare, _)| bare);
        if let Some(rest) = bare.strip_prefix("socket://") {
            let host = rest.trim_end_matches('/');
            return (!host.is_empty())
                .then(|| Self::Raw(with_port(host, 9100)))
                .ok_or_else(wrong);
        }
        if let Some(rest) = bare.strip_prefix("lpd://") {
            let (host, queue) = rest.split_once('/').unwrap_or((rest, ""));
            let clean = |c: char| !c.is_control() && c != ' ';
            let host = host.split_once('@').map_or(host, |(_, host)| host);
            return (!host.is_empty() && queue.chars().all(clean))
                .then(|| Self::Lpd(with_port(host, 515), queue.to_owned()))
                .ok_or_else(wrong);
        }
        match text.strip_prefix("file:") {
            Some(path) if !path.is_empty() => {
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self::File(path.into()))
            }
            None if !text.is_empty() && !text.contains("://") => Ok(Self::File(text.into())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(address) => write!(f, "socket://{address}"),
            Self::Lpd(address, queue) => write!(f, "lpd://{address}/{queue}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Whether the device is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It takes bytes.
    Here,
    /// It does not, for this reason.
    Gone(String),
}

/// The channels around a device.
#[derive(Debug)]
pub struct Wires {
    /// What is to be printed; when its sender is gone, the device is let go.
    pub print: mpsc::Receiver<Bytes>,
    /// What the device answers.
    pub answers: mpsc::Sender<Bytes>,
    /// Whether it is there, whenever that changes.
    pub presence: mpsc::Sender<Presence>,
}

impl Device {
    /// Serves the device until there is nothing more to print.
    pub async fn serve(self, wires: Wires) {
        match self {
            Self::Raw(address) => Line::new(wires).raw(&address).await,
            Self::Lpd(address, queue) => Line::new(wires).lpd(&address, &queue).await,
            Self::File(path) => {
                let write = move || file(&path, wires);
                // A device node blocks whoever writes to it.
                drop(tokio::task::spawn_blocking(write).await);
            }
        }
    }
}

/// The way to a device on the network.
struct Line {
    wires: Wires,
    /// What could not be sent yet.
    left: Bytes,
    here: Option<bool>,
}

impl Line {
    const fn new(wires: Wires) -> Self {
        Self {
            wires,
            left: Bytes::new(),
            here: None,
        }
    }

    async fn say(&mut self, presence: Presence) {
        let here = presence == Presence::Here;
        if self.here.replace(here) != Some(here) {
            // Nobody has to listen.
            drop(self.wires.presence.send(presence).await);
        }
    }

    async fn raw(mut self, address: &str) {
        let mut pause = AGAIN;
        loop {
            match tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await {
                Ok(Ok(socket)) => {
                    pause = AGAIN;
                    drop(socket.set_nodelay(true)); // only slower without
                    self.say(Presence::Here).await;
                    match self.connected(socket).await {
                        Ok(()) => return,
                        Err(error) => self.say(Presence::Gone(error.to_string())).await,
                    }
                }
                Ok(Err(error)) => self.say(Presence::Gone(error.to_string())).await,
                Err(_late) => {
                    let late = "no answer in time".to_owned();
                    self.say(Presence::Gone(late)).await;
                }
            }
            if self.wires.print.is_closed() {
                return; // its owner has gone, and nobody waits for the rest
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(AGAIN_MAX);
        }
    }

    /// Passes bytes both ways; done when there is nothing more to print.
    async fn connected(&mut self, socket: TcpStream) -> io::Result<()> {
        let (mut from, mut to) = socket.into_split();
        let mut buffer = [0; 1024];
        loop {
            if !self.left.is_empty() {
                let sent = to.write(&self.left).await?;
                drop(self.left.split_to(sent));
                continue;
            }
            tokio::select! {
                bytes = self.wires.print.recv() => match bytes {
                    Some(bytes) => self.left = bytes,
                    None => break,
                },
                read = from.read(&mut buffer) => match read? {
                    0 => return Err(io::ErrorKind::ConnectionReset.into()),
                    n => {
                        let answer = buffer.get(..n).unwrap_or_default();
                        drop(self.wires.answers.send(Bytes::copy_from_slice(answer)).await);
                    }
                },
            }
        }
        to.shutdown().await?;
        let last = async { while from.read(&mut buffer).await.is_ok_and(|n| n > 0) {} };
        drop(tokio::time::timeout(LAST_WORDS, last).await);
        Ok(())
    }

    async fn lpd(mut self, address: &str, queue: &str) {
        while let Some(job) = self.job().await {
            let mut pause = AGAIN;
            while let Err(error) = lpd::send(address, queue, &job).await {
                self.say(Presence::Gone(error.to_string())).await;
                if self.wires.print.is_closed() {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(AGAIN_MAX);
            }
            self.say(Presence::Here).await;
        }
    }

    /// What comes until a pause.
    async fn job(&mut self) -> Option<Bytes> {
        let mut job = BytesMut::from(self.wires.print.recv().await?.as_ref());
        while job.len() < lpd::JOB_BYTES_MAX
            && let Ok(Some(more)) = tokio::time::timeout(LPD_PAUSE, self.wires.print.recv()).await
        {
            job.extend_from_slice(&more);
        }
        Some(job.freeze())
    }
}

/// Writes to a node or file, which is opened again when it was lost.
#[expect(
    clippy::disallowed_methods,
    reason = "a driver waits, on a thread of its own"
)]
fn file(path: &std::path::Path, mut wires: Wires) {
    let mut here = None;
    let mut say = |wires: &Wires, presence: Presence| {
        let is_here = presence == Presence::Here;
        if here.replace(is_here) != Some(is_here) {
            drop(wires.presence.blocking_send(presence)); // nobody has to listen
        }
    };
    let mut open: Option<File> = None;
    while let Some(bytes) = wires.print.blocking_recv() {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            match write(&mut open, path, rest, &wires) {
                Ok(sent) => {
                    say(&wires, Presence::Here);
                    rest = rest.get(sent..).unwrap_or_default();
                }
                Err(error) => {
                    open = None;
                    say(&wires, Presence::Gone(error.to_string()));
                    if wires.print.is_closed() {
                        return; // its owner has gone, and nobody waits for the rest
                    }
                    std::thread::sleep(AGAIN);
                }
            }
        }
    }
}

fn write(
    open: &mut Option<File>,
    path: &std::path::Path,
    bytes: &[u8],
    wires: &Wires,
) -> io::Result<usize> {
    let file = match open {
        Some(file) => file,
        None => {
            let node = std::fs::metadata(path).is_ok_and(|m| !m.is_file());
            let file = File::options()
                .append(true)
                .create(!node)
                .read(node)
                .open(path);
            // A printer's node that only takes bytes is as good.
            let file = file.or_else(|_| File::options().append(true).create(!node).open(path))?;
            if node {
                listen(&file, wires.answers.clone())?;
            }
            open.insert(file)
        }
    };
    match file.write(bytes)? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        sent => Ok(sent),
    }
}

/// Hears what a device node answers, on a thread of its own: reading blocks.
fn listen(node: &File, answers: mpsc::Sender<Bytes>) -> io::Result<()> {
    let mut node = node.try_clone()?;
    std::thread::Builder::new()
        .name("printer".to_owned())
        .spawn(move || {
            let mut buffer = [0; 256];
            while let Ok(n @ 1..) = node.read(&mut buffer) {
                let answer = buffer.get(..n).unwrap_or_default();
                if answers
                    .blocking_send(Bytes::copy_from_slice(answer))
                    .is_err()
                {
                    return;
                }
            }
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn devices_are_read_as_cups_and_people_write_them() {
        let raw = |text: &str| Device::Raw(text.to_owned());
        for (text, device) in [
            ("socket://10.0.0.5", raw("10.0.0.5:9100")),
            ("socket://printer:9101/?waiteof=false", raw("printer:9101")),
            ("socket://[::1]", raw("[::1]:9100")),
            (
                "lpd://host/queue?reserve=none",
                Device::Lpd("host:515".into(), "queue".into()),
            ),
            ("/dev/usb/lp0", Device::File("/dev/usb/lp0".into())),
            ("file:///tmp/out", Device::File("/tmp/out".into())),
        ] {
            assert_eq!(text.parse(), Ok(device), "{text}");
        }
        for wrong in ["", "socket://", "ipp://host/", "file:", "lpd:///q"] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_printer_that_comes_back_gets_what_it_missed_and_is_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener); // switched off
        let (print, to_print) = mpsc::channel(4);
        let (answers, mut answered) = mpsc::channel(4);
        let (presence, mut present) = mpsc::channel(4);
        let wires = Wires {
            print: to_print,
            answers,
            presence,
        };
        let device: Device = format!("socket://{address}").parse().unwrap();
        let served = tokio::spawn(device.serve(wires));
        assert!(matches!(present.recv().await, Some(Presence::Gone(_))));
        print.send(Bytes::from_static(b"receipt")).await.unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let (mut printer, _) = listener.accept().await.unwrap();
        assert_eq!(present.recv().await, Some(Presence::Here));
        let mut got = [0; 7];
        printer.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"receipt");
        printer.write_all(&[0x12]).await.unwrap();
        assert_eq!(answered.recv().await.unwrap(), &[0x12][..]);
        drop(print);
        assert_eq!(printer.read(&mut got).await.unwrap(), 0);
        drop(printer);
        served.await.unwrap();
    }

    #[tokio::test]
    async fn a_file_grows_and_a_full_one_is_said_to_be_gone() {
        for (path, full) in [("out", false), ("/dev/full", true)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(path);
            let (print, to_print) = mpsc::channel(4);
            let (answers, _answered) = mpsc::channel(4);
            let (presence, mut present) = mpsc::channel(4);
            let wires = Wires {
                print: to_print,
                answers,
                presence,
            };
            let served = tokio::spawn(Device::File(path.clone()).serve(wires));
            print.send(Bytes::from_static(b"one ")).await.unwrap();
            let said = present.recv().await.unwrap();
            assert_eq!(matches!(said, Presence::Gone(_)), full);
            if !full {
                print.send(Bytes::from_static(b"two")).await.unwrap();
            }
            drop(print);
            served.await.unwrap();
            if !full {
                assert_eq!(std::fs::read(path).unwrap(), b"one two");
            }
        }
    }
}
