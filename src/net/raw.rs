//! Print jobs over TCP: the RAW 9100 port, where a till finds what it takes for its printer.
//!
//! This file moves bytes; what they mean is a [`Machine`]'s, which has no socket and no clock.
//! Bytes flow to the printer as they arrive and status bytes flow back, also while the printer
//! takes nothing; when its buffer is full, it holds the tills back through TCP, as a printer does.
//! One task owns the machine, so it needs no lock.

use super::clock::Clock;
use super::node::NodeError;
use crate::time::{Span, Time};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// How many tills may be connected at once; the next waits in the system's queue.
pub const TILLS_MAX: usize = 32;
/// How many bytes are read at a time.
const CHUNK: usize = 8 * 1024;
/// How many of them the machine gets at a time, so that it can hold a till back in between.
const PIECE: usize = 1024;
/// How many chunks wait for the machine before tills are held back.
const CHUNKS_MAX: usize = 64;
/// How many bytes wait for the printer before tills are held back: a printer's own buffer.
pub const PENDING_BYTES_MAX: usize = 64 * 1024;
/// How many events wait for the owner before tills are held back.
const EVENTS_MAX: usize = 64;
/// How many answers wait for one till; one that does not read them loses them.
const ANSWERS_MAX: usize = 64;
/// How long a closing port waits for the printer to take what it was sent.
const FLUSH: Duration = Duration::from_secs(2);
/// How long a till may say nothing before it can lose its place to one that waits for it: less than
/// a till takes between two receipts, more than any pause within one.
pub const SILENT: Span = Span::seconds(10);
/// How often a full port looks for such a till.
const LOOK: Duration = Duration::from_millis(500);
/// How long a machine without a wish to be woken sleeps.
const REST: Duration = Duration::from_mins(1);

/// One till's connection: numbered from 1, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conn(pub u64);

/// What understands print jobs. Every method may push outputs; none may block.
pub trait Machine: Send + 'static {
    /// What it tells its owner: a job is complete, a receipt was captured.
    type Event: Send + 'static;
    /// What its owner tells it: insert this block, print this slip.
    type Order: Send + 'static;

    /// Bytes came from a till, in whatever chunks the network made of them.
    fn bytes(&mut self, now: Time, conn: Conn, bytes: &[u8], out: &mut Vec<Output<Self::Event>>);

    /// The till closed its connection, or it broke.
    fn closed(&mut self, now: Time, conn: Conn, out: &mut Vec<Output<Self::Event>>);

    /// Bytes came back from the printer.
    fn printer(&mut self, now: Time, bytes: &[u8], out: &mut Vec<Output<Self::Event>>);

    /// The owner wants something.
    fn order(&mut self, now: Time, order: Self::Order, out: &mut Vec<Output<Self::Event>>);

    /// It is time.
    fn wake(&mut self, now: Time, out: &mut Vec<Output<Self::Event>>);

    /// When it wants to be woken, if at all.
    fn next_wake(&self) -> Option<Time>;

    /// Whether the tills are held back, until it was woken or ordered something.
    fn is_full(&self) -> bool {
        false
    }

    /// The port closes: lets go of everything that it holds.
    fn finish(&mut self, now: Time, out: &mut Vec<Output<Self::Event>>);
}

/// What a machine wants done, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E> {
    /// To the printer.
    Printer(Bytes),
    /// Back to a till; nothing happens when it is gone.
    Till(Conn, Bytes),
    /// Hang up on a till, once what was written to it has left.
    HangUp(Conn),
    /// To the machine's owner.
    Event(E),
}

/// The channels around a machine.
pub struct Ends<M: Machine> {
    /// To the printer; what it does not take waits, then holds the tills back.
    pub printer: mpsc::Sender<Bytes>,
    /// From the printer.
    pub from_printer: mpsc::Receiver<Bytes>,
    /// To the owner; what it does not take waits, then holds the tills back.
    pub events: mpsc::Sender<M::Event>,
    /// From the owner. When its sender is dropped, the port closes.
    pub orders: mpsc::Receiver<M::Order>,
}

/// Serves tills until the owner drops its end of the orders, and gives the machine back.
///
/// # Errors
/// [`NodeError::Listen`] when the listener is no use; see [`bind`](super::bind).
pub async fn serve<M: Machine>(
    listener: std::net::TcpListener,
    clock: Arc<Clock>,
    machine: M,
    ends: Ends<M>,
) -> Result<M, NodeError> {
    let listener = TcpListener::from_std(listener).map_err(NodeError::Listen)?;
    let (chunks, from_tills) = mpsc::channel(CHUNKS_MAX);
    let port = Port {
        machine,
        clock,
        tills: BTreeMap::new(),
        pending: VecDeque::new(),
        pending_bytes: 0,
        told: VecDeque::new(),
        readers: JoinSet::new(),
        chunks,
        last: 0,
        rest: None,
    };
    Ok(port.run(listener, from_tills, ends).await)
}

/// A till that is connected.
struct Till {
    /// What is written back to it.
    answers: mpsc::Sender<Bytes>,
    /// What reads from it.
    reader: AbortHandle,
    /// When it last said something.
    heard: Time,
}

struct Port<M: Machine> {
    machine: M,
    clock: Arc<Clock>,
    tills: BTreeMap<Conn, Till>,
    /// What waits for the printer.
    pending: VecDeque<Bytes>,
    pending_bytes: usize,
    /// What waits for the owner.
    told: VecDeque<M::Event>,
    readers: JoinSet<()>,
    chunks: mpsc::Sender<(Conn, Bytes)>,
    last: u64,
    /// What is left of a chunk of which the machine has had the beginning.
    rest: Option<(Conn, Bytes)>,
}

impl<M: Machine> Port<M> {
    async fn run(
        mut self,
        listener: TcpListener,
        mut from_tills: mpsc::Receiver<(Conn, Bytes)>,
        mut ends: Ends<M>,
    ) -> M {
        let mut has_printer = true;
        loop {
            let (mut out, now) = (Vec::new(), self.clock.now());
            let rest = self
                .machine
                .next_wake()
                .map_or(REST, |at| at.since(now).to_std());
            let full = self.tills.len() >= TILLS_MAX;
            let rest = if full { rest.min(LOOK) } else { rest };
            let room = !full || self.silent(now).is_some();
            let taken = self.pending_bytes < PENDING_BYTES_MAX && self.told.len() < EVENTS_MAX;
            let ready = taken && !self.machine.is_full();
            if ready && let Some((conn, bytes)) = self.rest.take() {
                self.take(conn, bytes, &mut out);
                self.release(out);
                continue;
            }
            tokio::select! {
                permit = ends.printer.reserve(), if !self.pending.is_empty() => {
                    let bytes = self.pending.pop_front().unwrap_or_default();
                    self.pending_bytes -= bytes.len();
                    // Who closed the printer's end wants no more of it.
                    permit.into_iter().for_each(|permit| permit.send(bytes.clone()));
                },
                permit = ends.events.reserve(), if !self.told.is_empty() => {
                    let event = self.told.pop_front();
                    permit.into_iter().zip(event).for_each(|(permit, event)| permit.send(event));
                },
                order = ends.orders.recv() => match order {
                    Some(order) => self.machine.order(self.clock.now(), order, &mut out),
                    None => break,
                },
                back = ends.from_printer.recv(), if has_printer => match back {
                    Some(bytes) => self.machine.printer(self.clock.now(), &bytes, &mut out),
                    None => has_printer = false,
                },
                Some((conn, bytes)) = from_tills.recv(), if ready => {
                    self.take(conn, bytes, &mut out);
                }
                () = tokio::time::sleep(rest) => self.machine.wake(self.clock.now(), &mut out),
                accepted = listener.accept(), if room => match accepted {
                    Ok((socket, _)) => self.welcome(socket, &mut out),
                    Err(_for_a_while) => tokio::time::sleep(Span::millis(50).to_std()).await,
                },
            }
            self.release(out);
        }
        let mut out = Vec::new();
        self.machine.finish(self.clock.now(), &mut out);
        self.release(out);
        for event in self.told.drain(..) {
            drop(ends.events.try_send(event)); // its owner may be gone
        }
        let flush = async {
            for bytes in self.pending {
                drop(ends.printer.send(bytes).await); // nobody may be there to print any more
            }
        };
        drop(tokio::time::timeout(FLUSH, flush).await);
        self.machine
    }

    /// No bytes mean that the till is gone.
    fn take(&mut self, conn: Conn, mut bytes: Bytes, out: &mut Vec<Output<M::Event>>) {
        let now = self.clock.now();
        if !self.tills.contains_key(&conn) {
            return; // it was hung up on
        }
        if bytes.is_empty() {
            self.tills.remove(&conn);
            self.machine.closed(now, conn, out);
        } else {
            if let Some(till) = self.tills.get_mut(&conn) {
                till.heard = now;
            }
            let piece = bytes.split_to(PIECE.min(bytes.len()));
            self.machine.bytes(now, conn, &piece, out);
            self.rest = Some((conn, bytes)).filter(|rest| !rest.1.is_empty());
        }
    }

    /// The till that has been silent for longest, if that is long.
    fn silent(&self, now: Time) -> Option<Conn> {
        let longest = self.tills.iter().min_by_key(|(_, till)| till.heard)?;
        (now.since(longest.1.heard) >= SILENT).then_some(*longest.0)
    }

    /// A new till; when the port is full, the one that has been silent for longest makes room.
    fn welcome(&mut self, socket: TcpStream, out: &mut Vec<Output<M::Event>>) {
        let now = self.clock.now();
        if self.tills.len() >= TILLS_MAX
            && let Some(conn) = self.silent(now)
        {
            self.hang_up(conn);
            self.machine.closed(now, conn, out);
        }
        drop(socket.set_nodelay(true)); // only slower without
        self.last += 1;
        let conn = Conn(self.last);
        let (answers, to_write) = mpsc::channel(ANSWERS_MAX);
        let (from, to) = socket.into_split();
        let reader = self.readers.spawn(read(conn, from, self.chunks.clone()));
        let heard = now;
        self.tills.insert(
            conn,
            Till {
                answers,
                reader,
                heard,
            },
        );
        self.readers.spawn(write(to, to_write));
        while self.readers.try_join_next().is_some() {}
    }

    fn release(&mut self, out: Vec<Output<M::Event>>) {
        for output in out {
            match output {
                Output::Printer(bytes) => {
                    self.pending_bytes += bytes.len();
                    self.pending.push_back(bytes);
                }
                Output::Event(event) => self.told.push_back(event),
                Output::Till(conn, bytes) => {
                    if let Some(till) = self.tills.get(&conn) {
                        drop(till.answers.try_send(bytes));
                    }
                }
                Output::HangUp(conn) => self.hang_up(conn),
            }
        }
    }

    fn hang_up(&mut self, conn: Conn) {
        if let Some(till) = self.tills.remove(&conn) {
            till.reader.abort();
        }
    }
}

/// Prints a job as a till does: one connection, closed at its end.
pub async fn print(address: std::net::SocketAddr, job: &[u8]) -> std::io::Result<()> {
    let till = TcpStream::connect(address).await?;
    let (mut from, mut to) = till.into_split();
    // Answers are read while the job is sent: a port that cannot get rid of them would wait.
    let answers = async {
        let mut answers = [0; 1024];
        while from.read(&mut answers).await? > 0 {}
        Ok(())
    };
    let send = async {
        to.write_all(job).await?;
        to.shutdown().await
    };
    tokio::try_join!(send, answers).map(|_| ())
}

async fn read(conn: Conn, mut from: tcp::OwnedReadHalf, chunks: mpsc::Sender<(Conn, Bytes)>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let bytes = match from.read(&mut buffer).await {
            Ok(len) => Bytes::copy_from_slice(buffer.get(..len).unwrap_or_default()),
            Err(_broken) => Bytes::new(),
        };
        let last = bytes.is_empty();
        if chunks.send((conn, bytes)).await.is_err() || last {
            return;
        }
    }
}

async fn write(mut to: tcp::OwnedWriteHalf, mut answers: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = answers.recv().await {
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
    drop(to.shutdown().await); // the till may be gone already
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes bytes on, answers each `?` with `!`, calls every `.` a job, and says `tick` once
    /// after each job.
    #[derive(Default)]
    struct Toy {
        wake: Option<Time>,
        closed: Vec<Conn>,
    }

    impl Machine for Toy {
        type Event = Conn;
        type Order = Bytes;

        fn bytes(&mut self, now: Time, conn: Conn, bytes: &[u8], out: &mut Vec<Output<Conn>>) {
            out.push(Output::Printer(Bytes::copy_from_slice(bytes)));
            for byte in bytes {
                match byte {
                    b'?' => out.push(Output::Till(conn, Bytes::from_static(b"!"))),
                    b'#' => out.push(Output::HangUp(conn)),
                    b'.' => {
                        self.wake = Some(now.after(Span::millis(20)));
                        out.push(Output::Event(conn));
                    }
                    _ => {}
                }
            }
        }
        fn closed(&mut self, _: Time, conn: Conn, _: &mut Vec<Output<Conn>>) {
            self.closed.push(conn);
        }
        fn printer(&mut self, _: Time, bytes: &[u8], out: &mut Vec<Output<Conn>>) {
            out.push(Output::Till(Conn(1), Bytes::copy_from_slice(bytes)));
        }
        fn order(&mut self, _: Time, order: Bytes, out: &mut Vec<Output<Conn>>) {
            out.push(Output::Printer(order));
        }
        fn wake(&mut self, _: Time, out: &mut Vec<Output<Conn>>) {
            if self.wake.take().is_some() {
                out.push(Output::Printer(Bytes::from_static(b"tick")));
            }
        }
        fn next_wake(&self) -> Option<Time> {
            self.wake
        }

        fn finish(&mut self, _: Time, out: &mut Vec<Output<Conn>>) {
            out.push(Output::Printer(Bytes::from_static(b"end")));
        }
    }

    async fn printed(printer: &mut mpsc::Receiver<Bytes>, len: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < len {
            all.extend_from_slice(&printer.recv().await.unwrap());
        }
        all
    }

    #[tokio::test]
    async fn bytes_flow_to_the_printer_and_back_and_the_machine_is_woken() {
        let listener = super::super::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (printer, mut paper) = mpsc::channel(4);
        let (status, from_printer) = mpsc::channel(4);
        let (events, mut jobs) = mpsc::channel(4);
        let (orders, from_owner) = mpsc::channel(4);
        let ends = Ends {
            printer,
            from_printer,
            events,
            orders: from_owner,
        };
        let port = tokio::spawn(serve(listener, Arc::default(), Toy::default(), ends));

        let mut till = TcpStream::connect(address).await.unwrap();
        till.write_all(b"ab").await.unwrap();
        assert_eq!(printed(&mut paper, 2).await, b"ab");
        till.write_all(b"c?.").await.unwrap();
        assert_eq!(till.read_u8().await.unwrap(), b'!');
        assert_eq!(printed(&mut paper, 7).await, b"c?.tick");
        assert_eq!(jobs.recv().await, Some(Conn(1)));
        status.send(Bytes::from_static(b"\x12")).await.unwrap();
        assert_eq!(till.read_u8().await.unwrap(), 0x12);
        orders.send(Bytes::from_static(b"slip")).await.unwrap();
        assert_eq!(printed(&mut paper, 4).await, b"slip");

        // A job of 300 KB through channels of a few chunks: the printer's pace holds the till back.
        let job = vec![b'x'; 300_000];
        let (sent, came) = tokio::join!(till.write_all(&job), printed(&mut paper, job.len()));
        sent.unwrap();
        assert!(came == job);

        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(b"#").await.unwrap();
        assert_eq!(second.read(&mut [0; 1]).await.unwrap(), 0, "hung up");
        drop((till, second));
        drop(status);
        tokio::time::sleep(Span::millis(50).to_std()).await;
        drop(orders);
        let machine = port.await.unwrap().unwrap();
        assert_eq!(machine.closed, [Conn(1)], "the other it hung up on itself");
    }
}
