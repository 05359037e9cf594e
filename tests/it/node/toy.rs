//! A role that does a little of everything, a store that tells what was done to it, and nodes of
//! both.

use quittance::chance::Chance;
use quittance::id::{AttemptId, Id, OrderId, Party};
use quittance::journal::{ChainKind, Entry, Event, EventKind};
use quittance::message::{Attempt, Bytes, Claim, ClaimRefused, Message, Payment, Sender};
use quittance::net::{
    App, AppKey, Auth, Directory, Endpoint, Limits, Node, NodeError, Peer, Secret, Setup, bind,
};
use quittance::order::{PaymentState, Reason};
use quittance::roles::{Cx, Effect, Role};
use quittance::sign::{SigningKey, Suite};
use quittance::store::{
    Backend, Memory, Row, Schema, Stop, StoreError, Stored, Timer, TimerKind, Want, Writes,
};
use quittance::text::Text;
use quittance::time::{Span, Time};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

pub(super) fn party(text: &str) -> Party {
    text.parse().unwrap()
}

pub(super) fn attempt(n: u64) -> Attempt {
    let id = |kind| Id::new(n, kind);
    Attempt {
        order: OrderId(id(1)),
        attempt: AttemptId(id(2)),
    }
}

/// - `claim` is granted; an order from 1,000 on is refused.
/// - `pay-status` is answered PROCESSING, and 30 ms later the sender is sent PAID; an order from
///   1,000 on is answered REFUSED.
/// - `cancel-payment` of an order is passed on to `next` as a `claim`, and answered by nothing.
/// - Whatever else comes is an effect: the message's name and its order's number.
pub(super) struct Toy {
    pub(super) me: Party,
    pub(super) next: Option<Party>,
}

#[derive(Clone, Debug)]
pub(super) enum Input {
    Start,
    Message(Sender, Message),
    Timer(Timer),
    Send(Party, Message),
}

impl Role for Toy {
    type Input = Input;

    fn me(&self) -> Party {
        self.me
    }

    fn admit(&self, _: Time, from: Sender, message: Message) -> Result<Input, Reason> {
        match message {
            Message::VoidOrder(_) => Err(Reason::NotAllowed),
            message => Ok(Input::Message(from, message)),
        }
    }

    fn wake(&self, timer: Timer) -> Input {
        Input::Timer(timer)
    }

    fn start(&self) -> Option<Input> {
        Some(Input::Start)
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Start => cx.record(Event::new(EventKind::Started)),
            Input::Send(to, message) => cx.send(*to, message.clone()),
            Input::Message(from, message) => self.hear(cx, from, message),
            Input::Timer(timer) if timer.kind == TimerKind::Ask => {
                let of = Attempt {
                    order: OrderId(timer.about),
                    attempt: AttemptId(timer.part),
                };
                cx.record(Event::new(EventKind::Posted).order(of.order));
                cx.send(party("wallet:ann"), payment(of, PaymentState::Paid));
            }
            Input::Timer(_) => {}
        }
        Ok(())
    }

    fn release(&self, _: &mut Message) {}
}

impl Toy {
    fn hear(&self, cx: &mut Cx<'_>, from: &Sender, message: &Message) {
        let late = |of: &Attempt| of.order >= attempt(1000).order;
        let mut event = Event::new(EventKind::OrderClaimed).peer(from.party);
        event.note = from.bank.map(|bank| Text::clean(bank.as_str()));
        event.order = message.order();
        cx.record(event);
        match message {
            Message::Claim(claim) if late(&claim.of) => {
                cx.reply(Message::ClaimRefused(ClaimRefused {
                    of: claim.of,
                    reason: Reason::AlreadyPaid,
                }));
            }
            Message::Claim(claim) => cx.reply(Message::Granted(claim.of)),
            Message::PayStatus(of) if late(of) => cx.reply(payment(*of, PaymentState::Refused)),
            Message::PayStatus(of) => {
                cx.reply(payment(*of, PaymentState::Processing));
                let timer = Timer::part(TimerKind::Ask, of.order.0, of.attempt.0);
                cx.timer(timer, Some(cx.now().after(Span::millis(30))));
            }
            Message::CancelPayment(of) => {
                self.next
                    .into_iter()
                    .for_each(|next| cx.send(next, claim(*of)));
            }
            other => cx.effect(heard(other)),
        }
    }
}

pub(super) fn claim(of: Attempt) -> Message {
    let uid = quittance::id::Uid::from_bytes([0; 11]);
    Message::Claim(Claim { of, uid })
}

pub(super) fn payment(of: Attempt, state: PaymentState) -> Message {
    Message::Payment(Arc::new(Payment {
        of,
        state,
        reason: None,
        reference: None,
    }))
}

/// The effect of a message that was heard.
pub(super) fn heard(message: &Message) -> Effect {
    let state = match message {
        Message::Payment(payment) => payment.state.word(),
        _ => "",
    };
    let order = message
        .order()
        .map(|order| order.to_string())
        .unwrap_or_default();
    let text = format!("{} {order} {state}", message.kind());
    Effect::Print(Bytes(text.into_bytes().into()))
}

/// A memory store that can be watched, held up and broken.
#[derive(Default)]
pub(super) struct Spy {
    pub(super) commits: AtomicU64,
    /// Inputs saved, and how many of them were committed.
    pub(super) saved: AtomicU64,
    pub(super) committed: AtomicU64,
    /// While a test holds this, no commit returns.
    pub(super) gate: tokio::sync::Mutex<()>,
    pub(super) broken: AtomicBool,
}

pub(super) struct Watched {
    memory: Memory,
    spy: Arc<Spy>,
    dirty: bool,
}

pub(super) fn store(spy: &Arc<Spy>) -> Box<dyn Backend> {
    Box::new(Watched {
        memory: Memory::new(ChainKind::Fast),
        spy: Arc::clone(spy),
        dirty: false,
    })
}

impl Backend for Watched {
    fn load(&mut self, wants: &[Want]) -> Result<Vec<Option<Stored>>, StoreError> {
        self.memory.load(wants)
    }

    fn save(&mut self, writes: Writes) -> Result<(), StoreError> {
        self.dirty = true;
        self.spy.saved.fetch_add(1, Ordering::SeqCst);
        self.memory.save(writes)
    }

    fn next_due(&mut self) -> Result<Option<Time>, StoreError> {
        self.memory.next_due()
    }

    fn due(&mut self, until: Time, max: usize) -> Result<Vec<(Time, Timer)>, StoreError> {
        self.memory.due(until, max)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.dirty = false;
        self.memory.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.dirty {
            drop(self.spy.gate.blocking_lock());
            self.spy.commits.fetch_add(1, Ordering::SeqCst);
            if self.spy.broken.load(Ordering::SeqCst) {
                self.memory.abort()?;
                let detail = "the disk went away".to_owned();
                return Err(StoreError::Unknown { detail });
            }
        }
        self.memory.commit()?;
        let saved = self.spy.saved.load(Ordering::SeqCst);
        self.spy.committed.store(saved, Ordering::SeqCst);
        Ok(())
    }

    fn abort(&mut self) -> Result<(), StoreError> {
        self.memory.abort()
    }

    fn scan(&mut self, table: &'static Schema) -> Result<Vec<Arc<dyn Row>>, StoreError> {
        self.memory.scan(table)
    }

    fn entries(&mut self, after: &[(u32, u64)], max: usize) -> Result<Vec<Entry>, StoreError> {
        self.memory.entries(after, max)
    }
}

/// A toy under construction.
pub(super) struct Plan {
    pub(super) me: Party,
    pub(super) next: Option<Party>,
    pub(super) listener: Option<TcpListener>,
    pub(super) directory: Directory,
    pub(super) spy: Arc<Spy>,
    pub(super) store: Option<Box<dyn Backend>>,
    pub(super) limits: Limits,
}

/// A toy that runs.
pub(super) struct Run {
    pub(super) node: Node<Toy>,
    pub(super) effects: mpsc::Receiver<Effect>,
    pub(super) spy: Arc<Spy>,
}

pub(super) fn listener() -> TcpListener {
    bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

pub(super) fn endpoint(listener: &TcpListener) -> Endpoint {
    Endpoint::from(listener.local_addr().unwrap())
}

pub(super) fn secret() -> Auth {
    Auth::Shared(Secret::new([9; 32]))
}

pub(super) fn app() -> Auth {
    Auth::App(Arc::new(AppKey {
        id: "river-app".to_owned(),
        bank: "river".parse().unwrap(),
        key: SigningKey::from_seed(Suite::Ed25519, &[5; 32]).unwrap(),
    }))
}

impl Plan {
    /// A toy that listens and knows wallets of the bank `river`.
    pub(super) fn server(me: &str) -> Self {
        let key = SigningKey::from_seed(Suite::Ed25519, &[5; 32]).unwrap();
        let app = App {
            bank: "river".parse().unwrap(),
            key: key.public(),
        };
        let mut plan = Self::wallet(me);
        plan.listener = Some(listener());
        plan.directory.apps.insert("river-app".to_owned(), app);
        plan
    }

    /// A toy that only dials.
    pub(super) fn wallet(me: &str) -> Self {
        Self {
            me: party(me),
            next: None,
            listener: None,
            directory: Directory::default(),
            spy: Arc::default(),
            store: None,
            limits: Limits::default(),
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        endpoint(self.listener.as_ref().unwrap())
    }

    /// Knows a peer that can be dialled.
    pub(super) fn knows(mut self, peer: &str, at: Endpoint, auth: Auth) -> Self {
        self.directory.peers.insert(party(peer), Peer::at(at, auth));
        self
    }

    pub(super) async fn try_start(self) -> Result<Run, NodeError> {
        let (effects, released) = mpsc::channel(1024);
        let role = Toy {
            me: self.me,
            next: self.next,
        };
        let setup = Setup {
            role,
            store: self.store.unwrap_or_else(|| store(&self.spy)),
            chance: Chance::of_seed(1),
            directory: self.directory,
            listener: self.listener,
            authorities: Vec::new(),
            effects,
            limits: self.limits,
        };
        Ok(Run {
            node: Node::start(setup).await?,
            effects: released,
            spy: self.spy,
        })
    }

    pub(super) async fn start(self) -> Run {
        self.try_start().await.unwrap()
    }
}

impl Run {
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::from(self.node.address().unwrap())
    }

    /// The next effect, as text; fails the test after 5 s.
    pub(super) async fn heard(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(5), self.effects.recv());
        text(&next.await.expect("something is heard within 5 s").unwrap())
    }
}

pub(super) fn text(effect: &Effect) -> String {
    if let Effect::Print(bytes) = effect {
        return String::from_utf8(bytes.0.to_vec()).unwrap();
    }
    format!("{effect:?}")
}

/// Two servers that know each other by a secret.
pub(super) async fn pair() -> (Run, Run) {
    let (bank, gateway) = (Plan::server("bank:river"), Plan::server("gateway:main"));
    let (bank_at, gateway_at) = (bank.endpoint(), gateway.endpoint());
    let bank = bank
        .knows("gateway:main", gateway_at, secret())
        .start()
        .await;
    let gateway = gateway.knows("bank:river", bank_at, secret()).start().await;
    (bank, gateway)
}
