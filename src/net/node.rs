//! A node: one role in the real world.

use super::client;
use super::clock::Clock;
use super::directory::{Directory, Endpoint};
use super::line::Line;
use super::mail::Mail;
use super::operator::Desk;
use super::page::Landing;
use super::queue::{Answer, Full, Queue, Waiter};
use super::replay::Replay;
use super::server;
use super::writer::Writer;
use crate::chance::Chance;
use crate::id::{Party, PartyKind};
use crate::message::{Message, Sender};
use crate::roles::{Effect, Role, Taken};
use crate::store::{Backend, StoreError};
use ring::rand::SecureRandom as _;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// How many messages may wait for one peer; what comes on top is dropped, and the role's timers
/// send it again.
pub const OUTLET_MAX: usize = 4096;
/// How long a stopping node waits for what is on its way.
const DRAIN: Duration = Duration::from_secs(2);

/// What a node is made of.
pub struct Setup<R> {
    /// The policy.
    pub role: R,
    /// What it remembers.
    pub store: Box<dyn Backend>,
    /// Its draws; the seed of a live node is secret.
    pub chance: Chance,
    /// Whom it knows.
    pub directory: Directory,
    /// Where it is reached; a node without a listener only dials. See [`bind`].
    pub listener: Option<TcpListener>,
    /// Names (`host` or `host:port`) by which it is reached besides the listener's own address.
    pub authorities: Vec<String>,
    /// Where effects go, after the commit. When the channel is full they are dropped and counted.
    pub effects: mpsc::Sender<Effect>,
    /// How long it waits for what.
    pub limits: Limits,
}

/// How long a node waits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a request's head, and for a next request on an idle connection.
    pub head: Duration,
    /// For a request's body.
    pub body: Duration,
    /// With a feed's answer while there is no mail, and with a response whose last line is
    /// provisional.
    pub mail: Duration,
    /// For a peer's answer, connecting included; a provisional answer's next line may take
    /// [`mail`](Self::mail) longer.
    pub call: Duration,
    /// After a request came until its code is refused, whatever the reason, so that the time says
    /// no more than the words. It exceeds what every check and a commit take.
    pub refusal: Duration,
}

impl Default for Limits {
    /// As the deadlines of the flow nest: 10 s for everything, and 50 ms for refusals.
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self {
            head: ten,
            body: ten,
            mail: ten,
            call: ten,
            refusal: Duration::from_millis(50),
        }
    }
}

/// A listener for [`Setup`]: port 0 lets the system choose.
pub fn bind(address: SocketAddr) -> Result<TcpListener, NodeError> {
    if !address.ip().is_loopback() {
        return Err(NodeError::NotLoopback { address });
    }
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|error| NodeError::Bind { address, error })
}

/// A running role. Dropping it ends it without waiting for anybody; [`stop`](Self::stop) is the
/// orderly end, and `kill -9` loses nothing that was promised.
pub struct Node<R: Role> {
    inbox: Inbox<R>,
    address: Option<SocketAddr>,
    phase: watch::Sender<Phase>,
    connections: Arc<Semaphore>,
    outlets: JoinSet<()>,
    /// Accepting and polling; they end when the node is dropped.
    tasks: JoinSet<()>,
    writer: WriterThread<R>,
}

/// How far a node's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Running,
    /// No more requests.
    Closing,
    /// No more commits: what was released leaves, then nothing.
    Written,
}

impl<R: Role + 'static> Node<R> {
    /// Starts it: returns once the role's start input is committed and the port is open.
    pub async fn start(setup: Setup<R>) -> Result<Self, NodeError> {
        let listener = setup
            .listener
            .map(tokio::net::TcpListener::from_std)
            .transpose();
        let listener = listener.map_err(NodeError::Listen)?;
        let address = listener
            .as_ref()
            .map(tokio::net::TcpListener::local_addr)
            .transpose();
        let address = address.map_err(NodeError::Listen)?;

        let (queue, jobs) = Queue::new();
        let (outlets, lines) = open_lines(&setup.directory);
        let is_gateway = setup.role.me().kind == PartyKind::Gateway;
        let banks = setup.directory.apps.values().map(|app| app.bank);
        let landing = is_gateway.then(|| Landing::new(banks));
        let shared = Arc::new(Shared {
            me: setup.role.me(),
            role: Arc::new(setup.role),
            directory: setup.directory,
            authorities: authorities(setup.authorities, address),
            limits: setup.limits,
            clock: Clock::default(),
            queue,
            mail: Arc::new(Mail::default()),
            replay: Mutex::new(Replay::new(random()?)),
            nonces: Nonces::new(random()?),
            outlets,
            counters: Counters::default(),
            commits: watch::Sender::new(0),
            desk: Desk::default(),
            landing,
            runtime: tokio::runtime::Handle::current(),
            listens: address.is_some(),
        });
        let (chance, effects) = (setup.chance, setup.effects);
        let writer = Writer::new(Arc::clone(&shared), setup.store, chance, effects, jobs);
        let writer = WriterThread::start(writer).await?;
        let mut node = Self {
            inbox: Inbox(shared),
            address,
            phase: watch::Sender::new(Phase::Running),
            connections: Arc::new(Semaphore::new(server::CONNECTIONS_MAX)),
            outlets: JoinSet::new(),
            tasks: JoinSet::new(),
            writer,
        };
        node.spawn(listener, lines);
        Ok(node)
    }

    fn spawn(&mut self, listener: Option<tokio::net::TcpListener>, lines: Vec<OpenLine>) {
        for (line, messages) in lines {
            let shared = Arc::clone(&self.inbox.0);
            if line.polls {
                let feed = client::poll(
                    Arc::clone(&shared),
                    Arc::clone(&line),
                    self.phase.subscribe(),
                );
                self.tasks.spawn(feed);
            }
            let outlet = client::outlet(shared, line, messages, self.phase.subscribe());
            self.outlets.spawn(outlet);
        }
        if let Some(listener) = listener {
            let (shared, connections) = (Arc::clone(&self.inbox.0), Arc::clone(&self.connections));
            let accept = server::accept(shared, listener, connections, self.phase.subscribe());
            self.tasks.spawn(accept);
        }
    }

    /// Where it listens, if it does.
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The way in for the party's own side: people, devices, screens.
    pub fn inbox(&self) -> Inbox<R> {
        self.inbox.clone()
    }

    /// Takes no more requests, commits what it has, lets go what was committed, and gives the store
    /// back. Waits two seconds at most for connections, and two for peers.
    pub async fn stop(mut self) -> Result<Box<dyn Backend>, NodeError> {
        self.phase.send_replace(Phase::Closing);
        self.inbox.0.mail.close();
        let all = u32::try_from(server::CONNECTIONS_MAX).unwrap_or(u32::MAX);
        drop(tokio::time::timeout(DRAIN, self.connections.acquire_many(all)).await);
        let mut writer = self.writer;
        let store = tokio::task::spawn_blocking(move || writer.join()).await;
        let store = store.map_err(|_panicked| NodeError::Died)??;
        self.phase.send_replace(Phase::Written);
        let outlets = async { while self.outlets.join_next().await.is_some() {} };
        drop(tokio::time::timeout(DRAIN, outlets).await);
        Ok(store)
    }
}

/// The way into a node for the party's own side.
pub struct Inbox<R: Role>(Arc<Shared<R>>);

impl<R: Role> Clone for Inbox<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Role> Inbox<R> {
    /// Hands in something that happened at the party's own side, and waits for its commit: the
    /// reply, if the role gave one.
    pub async fn ask(
        &self,
        what: &'static str,
        input: R::Input,
    ) -> Result<Option<Message>, AskAgain> {
        let (request, answer) = oneshot::channel();
        let taken = Taken::local(self.0.clock.now(), what, input);
        let pushed = self.0.queue.push(taken, Waiter::Request(request));
        pushed.map_err(|Full| AskAgain)?;
        match answer.await {
            Ok(Answer::Reply(mut reply)) => {
                reply
                    .iter_mut()
                    .for_each(|message| self.0.role.release(message));
                Ok(reply)
            }
            Ok(Answer::AskAgain) | Err(_) => Err(AskAgain),
        }
    }

    /// Hands in something without waiting for its commit.
    pub fn tell(&self, what: &'static str, input: R::Input) -> Result<(), AskAgain> {
        let taken = Taken::local(self.0.clock.now(), what, input);
        self.0
            .queue
            .push(taken, Waiter::Nobody)
            .map_err(|Full| AskAgain)
    }

    /// Reads the store between two commits, on the writer's thread: keep it short.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Backend) -> T + Send + 'static,
    ) -> Result<T, AskAgain> {
        let (to, result) = oneshot::channel();
        let read = self.0.queue.read(move |store| drop(to.send(read(store))));
        read.map_err(|Full| AskAgain)?;
        result.await.map_err(|_stopped| AskAgain)
    }

    /// The node's clock.
    pub fn now(&self) -> crate::time::Time {
        self.0.clock.now()
    }

    /// What the node counted so far.
    pub fn counts(&self) -> Counts {
        self.0.counters.read()
    }
}

/// The queue is full, the node stops, or a commit's outcome is unknown: ask again, under the same
/// key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("take the input: ask again")]
pub struct AskAgain;

/// What every part of a node shares.
pub(super) struct Shared<R: Role> {
    pub(super) me: Party,
    pub(super) role: Arc<R>,
    pub(super) directory: Directory,
    /// The names by which this node is reached, in lower case.
    pub(super) authorities: Vec<String>,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) queue: Queue<R::Input>,
    pub(super) mail: Arc<Mail>,
    pub(super) replay: Mutex<Replay>,
    pub(super) nonces: Nonces,
    pub(super) counters: Counters,
    pub(super) listens: bool,
    /// How many groups were committed, for whoever waits for news.
    pub(super) commits: watch::Sender<u64>,
    /// What operators look at.
    pub(super) desk: Desk,
    /// What browsers see; only a gateway's host stands in links.
    pub(super) landing: Option<Landing>,
    outlets: BTreeMap<Party, mpsc::Sender<Message>>,
    runtime: tokio::runtime::Handle,
}

impl<R: Role + 'static> Shared<R> {
    /// Sends a message that was committed: to whoever can be dialled, or into a mailbox. What finds
    /// no room is dropped; the role's own timers send it again.
    pub(super) fn post(self: &Arc<Self>, to: Party, message: Message) {
        let sent = if to == self.me {
            let shared = Arc::clone(self);
            self.runtime.spawn(async move {
                let mut message = message;
                shared.role.release(&mut message);
                shared.take_answer(to, message);
            });
            true
        } else if let Some(outlet) = self.outlets.get(&to) {
            outlet.try_send(message).is_ok()
        } else {
            self.mail.deliver(to, message)
        };
        if !sent {
            self.counters.sends_dropped.fetch_add(1, Relaxed);
        }
    }

    /// Admits what a peer answered, as an input of its own.
    pub(super) fn take_answer(&self, party: Party, message: Message) {
        let from = Sender { party, bank: None };
        let taken = Taken::message(&*self.role, self.clock.now(), from, message);
        if self.queue.push(taken, Waiter::Nobody).is_err() {
            self.counters.answers_dropped.fetch_add(1, Relaxed);
        }
    }
}

type OpenLine = (Arc<Line>, mpsc::Receiver<Message>);
type Outlets = BTreeMap<Party, mpsc::Sender<Message>>;

fn open_lines(directory: &Directory) -> (Outlets, Vec<OpenLine>) {
    let dialled = directory.peers.iter();
    let dialled = dialled.filter_map(|(party, peer)| Line::open(*party, peer));
    let (mut outlets, mut lines) = (BTreeMap::new(), Vec::new());
    for line in dialled {
        let (outlet, messages) = mpsc::channel(OUTLET_MAX);
        outlets.insert(line.party, outlet);
        lines.push((Arc::new(line), messages));
    }
    (outlets, lines)
}

fn authorities(mut all: Vec<String>, address: Option<SocketAddr>) -> Vec<String> {
    all.iter_mut().for_each(|name| name.make_ascii_lowercase());
    if let Some(address) = address {
        all.push(Endpoint::from(address).authority().to_owned());
        all.push(format!("localhost:{}", address.port()));
    }
    all
}

/// The writer's thread; dropping this asks it to end.
struct WriterThread<R: Role> {
    shared: Arc<Shared<R>>,
    thread: Option<std::thread::JoinHandle<Box<dyn Backend>>>,
}

impl<R: Role + 'static> WriterThread<R> {
    async fn start(mut writer: Writer<R>) -> Result<Self, NodeError> {
        let shared = Arc::clone(&writer.shared);
        let (started, is_started) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("{} writer", shared.me));
        let thread = thread.spawn(move || {
            let begun = writer.start();
            let good = begun.is_ok();
            drop(started.send(begun));
            if good { writer.run() } else { writer.store }
        });
        let thread = Some(thread.map_err(NodeError::Thread)?);
        is_started
            .await
            .map_err(|_panicked| NodeError::Died)?
            .map_err(NodeError::Store)?;
        Ok(Self { shared, thread })
    }
}

impl<R: Role> WriterThread<R> {
    fn join(&mut self) -> Result<Box<dyn Backend>, NodeError> {
        self.shared.queue.stop();
        let thread = self.thread.take().ok_or(NodeError::Died)?;
        thread.join().map_err(|_panicked| NodeError::Died)
    }
}

impl<R: Role> Drop for WriterThread<R> {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.shared.queue.try_stop();
        }
    }
}

/// Nonces that never repeat: 64 random bits of this start, and a count.
#[derive(Debug)]
pub(super) struct Nonces {
    start: u64,
    count: AtomicU64,
}

impl Nonces {
    pub(super) const fn new(start: [u8; 8]) -> Self {
        Self {
            start: u64::from_be_bytes(start),
            count: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self) -> String {
        format!("{:016x}-{:x}", self.start, self.count.fetch_add(1, Relaxed))
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], NodeError> {
    let mut bytes = [0; N];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_no_randomness| NodeError::Random)?;
    Ok(bytes)
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// What a node counted since it started.
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize,
        )]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)* }

        #[derive(Debug, Default)]
        pub(super) struct Counters { $(pub(super) $name: AtomicU64,)* }

        impl Counters {
            pub(super) fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

counts! {
    /// Messages that came in requests and were believed.
    requests
    /// Requests answered 401.
    unauthenticated
    /// Requests put off because the queue or the memory of nonces was full.
    shed
    /// Commits asked for.
    groups
    /// Inputs in them.
    inputs
    /// Inputs whose commit failed: their senders were told to ask again.
    unknown
    /// Times that the store could not say which timers are due.
    store_failures
    /// Messages dropped because nobody could take them.
    sends_dropped
    /// Requests to peers that failed: refused, late, not 2xx, unreadable or not signed.
    calls_failed
    /// Peers' answers dropped because the queue was full.
    answers_dropped
    /// Effects dropped because their channel was full.
    effects_dropped
}

/// Why a node cannot run.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Without TLS, only this machine may reach it.
    #[error("listen on {address}: plain http is for loopback addresses only")]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The port is taken, or may not be used.
    #[error("listen on {address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The listener is no use.
    #[error("listen: {0}")]
    Listen(std::io::Error),
    /// The system gave no thread.
    #[error("start the writer: {0}")]
    Thread(std::io::Error),
    /// The system gave no random numbers.
    #[error("draw a nonce: the system gave no randomness")]
    Random,
    /// The store cannot be written.
    #[error("open the store: {0}")]
    Store(StoreError),
    /// The writer panicked, which no input should make it do. What was committed stays.
    #[error("write: the writer's thread died")]
    Died,
}

/// Waits until the node's end has come to `phase`.
pub(super) async fn reached(phases: &mut watch::Receiver<Phase>, phase: Phase) {
    // A sender that is gone is a node that was dropped.
    let _there_or_dropped = phases.wait_for(|now| *now >= phase).await.is_ok();
}
