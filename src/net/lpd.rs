//! Line printer daemon protocol (RFC 1179), both ways: jobs taken for a till's port, and jobs given
//! to a printer that speaks nothing else.
//!
//! A job is taken whole before it is printed, since its control file says how many copies are
//! wanted and may come after the data.

use super::raw;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How many clients are served at once; the next waits.
pub const CLIENTS_MAX: usize = 16;
/// The longest job in bytes.
pub const JOB_BYTES_MAX: usize = 32 << 20;
/// The longest command line, and the longest control file (a list of such lines).
const LINE_BYTES_MAX: usize = 1024;
const CONTROL_BYTES_MAX: usize = 64 << 10;
/// The most copies of one job.
pub const COPIES_MAX: usize = 100;
/// How long a client may take for one read, and for a whole conversation.
const READ_TIME_MAX: Duration = Duration::from_secs(30);
const TALK_TIME_MAX: Duration = Duration::from_mins(5);

const DONE: u8 = 0;
const REFUSED: u8 = 1;

/// Why a conversation ended early.
#[derive(Debug, thiserror::Error)]
pub enum LpdError {
    /// The connection broke.
    #[error("talk to the LPD peer: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing came for too long.
    #[error("hear the LPD peer: nothing came in time")]
    Silent,
    /// A command that RFC 1179 does not have, or one that is cut short.
    #[error("understand the LPD peer: {0}")]
    Malformed(&'static str),
    /// More than is taken.
    #[error("take the LPD job: more than {JOB_BYTES_MAX} bytes")]
    TooLong,
    /// The other side said no.
    #[error("hand over the LPD job: the printer refused it with {0}")]
    Refused(u8),
}

/// Takes jobs and prints each on the port `to`, until it is dropped.
pub async fn serve(listener: TcpListener, to: SocketAddr) {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((socket, _)) => drop(tokio::spawn(async move {
                // What went wrong with one client is that client's to try again.
                let _ended = tokio::time::timeout(TALK_TIME_MAX, talk(socket, to)).await;
                drop(permit);
            })),
            Err(_for_a_while) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One client's conversation, its jobs printed as they come.
async fn talk(socket: TcpStream, to: SocketAddr) -> Result<(), LpdError> {
    let mut client = Client::new(socket);
    if client.has_jobs().await? {
        while let Some(job) = client.job().await? {
            for _ in 0..job.copies {
                raw::print(to, &job.data).await?;
            }
        }
    }
    Ok(())
}

/// A job that was taken whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is printed, of [`JOB_BYTES_MAX`] bytes at most.
    pub data: Vec<u8>,
    /// How often, [`COPIES_MAX`] times at most.
    pub copies: usize,
}

/// The other side of a conversation.
#[derive(Debug)]
pub struct Client<S> {
    stream: BufReader<S>,
    control: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// A client that has said nothing yet.
    pub fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
            control: None,
            data: None,
        }
    }

    /// Hears the command; says whether it is to take jobs.
    pub async fn has_jobs(&mut self) -> Result<bool, LpdError> {
        let command = self.line().await?;
        match command.first() {
            // Print what waits: nothing ever does.
            Some(1 | 2 | 5) => self.say(DONE).await?,
            Some(3 | 4) => self.stream.write_all(b"no entries\n").await?,
            _ => {
                self.say(REFUSED).await?;
                return Err(LpdError::Malformed("no command of RFC 1179"));
            }
        }
        Ok(command.first() == Some(&2))
    }

    /// The next job, once both of its files are there; nothing when the peer has closed.
    pub async fn job(&mut self) -> Result<Option<Job>, LpdError> {
        loop {
            if let Some(control) = &self.control
                && let Some(data) = self.data.take()
            {
                let copies = copies(control);
                self.control = None;
                return Ok(Some(Job { data, copies }));
            }
            let command = self.line().await?;
            let length = || length(command.get(1..).unwrap_or_default());
            match command.first() {
                // A client that sends no control file wants its data printed all the same.
                None => return Ok(self.data.take().map(|data| Job { data, copies: 1 })),
                Some(1) => {
                    (self.control, self.data) = (None, None);
                    self.say(DONE).await?;
                }
                Some(2) => self.control = Some(self.file(length()?, CONTROL_BYTES_MAX).await?),
                Some(3) => self.data = Some(self.file(length()?, JOB_BYTES_MAX).await?),
                Some(_) => {
                    self.say(REFUSED).await?;
                    return Err(LpdError::Malformed("no subcommand of RFC 1179"));
                }
            }
        }
    }

    async fn say(&mut self, byte: u8) -> Result<(), LpdError> {
        self.stream.write_all(&[byte]).await.map_err(LpdError::Io)
    }

    /// A line without its LF; empty when the peer has closed.
    async fn line(&mut self) -> Result<Vec<u8>, LpdError> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LINE_BYTES_MAX as u64);
        let read = limited.read_until(b'\n', &mut line);
        tokio::time::timeout(READ_TIME_MAX, read)
            .await
            .map_err(|_late| LpdError::Silent)??;
        match line.pop() {
            Some(b'\n') | None => Ok(line),
            Some(_) => Err(LpdError::Malformed("a line without an end")),
        }
    }

    /// A file of this many bytes and a zero behind it; of none, everything until the peer closes
    /// its side.
    async fn file(&mut self, length: usize, most: usize) -> Result<Vec<u8>, LpdError> {
        if length > most {
            self.say(REFUSED).await?;
            return Err(LpdError::TooLong);
        }
        self.say(DONE).await?;
        let wanted = if length == 0 { most + 1 } else { length + 1 };
        let mut file = Vec::new();
        while file.len() < wanted {
            let mut rest = (&mut self.stream).take((wanted - file.len()).min(64 << 10) as u64);
            let read = tokio::time::timeout(READ_TIME_MAX, rest.read_buf(&mut file));
            match read.await.map_err(|_late| LpdError::Silent)?? {
                0 if length == 0 => break,
                // Some clients close without the zero.
                0 if file.len() == length => return Ok(file),
                0 => return Err(LpdError::Malformed("a file that is cut short")),
                _ => {}
            }
        }
        if file.len() > most && length == 0 {
            return Err(LpdError::TooLong);
        }
        if length > 0 {
            file.truncate(length);
        }
        self.say(DONE).await?;
        Ok(file)
    }
}

/// The count at the start of `123 cfA001host`.
fn length(line: &[u8]) -> Result<usize, LpdError> {
    let digits = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let text = std::str::from_utf8(digits).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or(LpdError::Malformed("a file without a length"))
}

/// How many copies a control file asks for: one line a copy names the data file (`f`, `l`, `o`...).
fn copies(control: &[u8]) -> usize {
    let prints = |line: &&[u8]| line.first().is_some_and(u8::is_ascii_lowercase);
    let lines = control.split(|byte| *byte == b'\n').filter(prints);
    lines.count().clamp(1, COPIES_MAX)
}

/// Gives one job to an LPD printer's queue.
pub async fn send(address: &str, queue: &str, data: &[u8]) -> Result<(), LpdError> {
    let mut socket = TcpStream::connect(address).await?;
    let control = b"Hquittance\nPquittance\nldfA001quittance\nUdfA001quittance\nNreceipt\n";
    say(&mut socket, format!("\x02{queue}\n").as_bytes()).await?;
    let head = format!("\x02{} cfA001quittance\n", control.len());
    say(&mut socket, head.as_bytes()).await?;
    say(&mut socket, &[&control[..], b"\0"].concat()).await?;
    let head = format!("\x03{} dfA001quittance\n", data.len());
    say(&mut socket, head.as_bytes()).await?;
    say(&mut socket, &[data, b"\0"].concat()).await?;
    socket.shutdown().await?;
    Ok(())
}

/// Says something and waits for the yes to it.
async fn say(socket: &mut TcpStream, bytes: &[u8]) -> Result<(), LpdError> {
    socket.write_all(bytes).await?;
    let answer = tokio::time::timeout(READ_TIME_MAX, socket.read_u8()).await;
    match answer.map_err(|_late| LpdError::Silent)?? {
        DONE => Ok(()),
        no => Err(LpdError::Refused(no)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    /// A port that keeps what is printed on it, and an LPD server before it.
    async fn queue() -> (String, mpsc::Receiver<Vec<u8>>) {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = port.local_addr().unwrap();
        let lpd = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = lpd.local_addr().unwrap().to_string();
        tokio::spawn(serve(lpd, to));
        let (jobs, printed) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((mut till, _)) = port.accept().await {
                let mut job = Vec::new();
                till.read_to_end(&mut job).await.unwrap();
                jobs.send(job).await.unwrap();
            }
        });
        (address, printed)
    }

    #[tokio::test]
    async fn a_job_is_the_same_bytes_on_the_other_side() {
        let (address, mut printed) = queue().await;
        let job: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        send(&address, "raw", &job).await.unwrap();
        assert!(printed.recv().await.unwrap() == job);
    }

    #[tokio::test]
    async fn data_before_control_copies_and_data_without_a_length_are_taken() {
        let (address, mut printed) = queue().await;
        let mut client = TcpStream::connect(&address).await.unwrap();
        say(&mut client, b"\x02raw\n").await.unwrap();
        say(&mut client, b"\x033 dfA1me\n").await.unwrap();
        say(&mut client, b"abc\0").await.unwrap();
        say(&mut client, b"\x0219 cfA1me\n").await.unwrap();
        client.write_all(b"Hme\nfdfA1me\nfdfA1me\0").await.unwrap();
        assert_eq!(printed.recv().await.unwrap(), b"abc");
        assert_eq!(printed.recv().await.unwrap(), b"abc");
        let mut client = TcpStream::connect(&address).await.unwrap();
        say(&mut client, b"\x02raw\n").await.unwrap();
        say(&mut client, b"\x030 dfA2me\n").await.unwrap();
        client.write_all(b"streamed").await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(printed.recv().await.unwrap(), b"streamed");
    }

    #[tokio::test]
    async fn junk_and_jobs_too_long_are_refused_and_the_next_job_is_fine() {
        let (address, mut printed) = queue().await;
        let long = format!("\x03{} df\n", JOB_BYTES_MAX + 1);
        for junk in [
            &b"\xff\xfe\n"[..],
            &[0x41; 4000],
            b"\x02raw\n\x09what\n",
            b"\n",
        ] {
            let mut client = TcpStream::connect(&address).await.unwrap();
            client.write_all(junk).await.unwrap();
            let mut answer = Vec::new();
            // The server may hang up while bytes are still on their way.
            let _reset = client.read_to_end(&mut answer).await;
            assert_ne!(answer.last(), Some(&DONE), "{junk:?}");
        }
        let mut client = TcpStream::connect(&address).await.unwrap();
        say(&mut client, b"\x02raw\n").await.unwrap();
        assert!(say(&mut client, long.as_bytes()).await.is_err());
        send(&address, "raw", b"next").await.unwrap();
        assert_eq!(printed.recv().await.unwrap(), b"next");
    }
}
