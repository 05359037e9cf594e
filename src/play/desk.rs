//! A terminal's desk behind its RAW port: till bytes in, paper out, jobs to the role and its
//! effects back.

use super::questions::{Questions, Waiting, only_questions};
use crate::id::Name;
use crate::net::raw::{self, Conn, Ends, Machine, Output};
use crate::net::{Clock, Inbox, NodeError};
use crate::receipt::Profile;
use crate::receipt::layout::Page;
use crate::receipt::tail::IDLE_MS;
use crate::roles::Effect;
use crate::roles::actor::{self, Actor};
use crate::roles::terminal::{self, Desk, DeskOut, Reply, Terminal};
use crate::time::{Span, Time};
use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How much of later connections waits while one till prints, before they are hung up on.
pub(super) const WAITING_BYTES_MAX: usize = 1 << 20;
/// How many papers wait for whoever looks at them; then the oldest wait is the printer's.
const PAGES_MAX: usize = 1024;
/// How many events and orders wait between port and owner.
const EVENTS_MAX: usize = 256;

/// What the desk tells its terminal.
#[derive(Debug)]
pub enum Event {
    /// A print job is complete; its paper waits until the instant given.
    Job(u64, Vec<u8>, Time),
    /// A code came too late for this job's paper.
    Missed(u64),
    /// A receipt has left the virtual printer.
    Page(Page),
}

/// What a desk is told.
#[derive(Debug)]
pub enum Order {
    /// The terminal decided.
    Effect(Effect),
    /// The real printer is there, or is not.
    Printer(bool),
}

/// How long the till whose turn it is may say nothing while others wait. Its receipt has ended by
/// then ([`IDLE_MS`]).
const TURN: Span = Span::millis(IDLE_MS + 500);

/// A desk as the RAW port's machine. A printer serves one till at a time; others wait, but not for
/// its status.
pub struct DeskMachine {
    desk: Desk,
    current: Option<Conn>,
    heard: Time,
    waiting: VecDeque<Waiting>,
    questions: Questions,
}

impl DeskMachine {
    /// The machine of a desk.
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            current: None,
            heard: Time::default(),
            waiting: VecDeque::new(),
            questions: Questions::default(),
        }
    }

    fn drain(&mut self, now: Time, out: &mut Vec<Output<Event>>) {
        self.drain_desk(now, out);
        while let Some((conn, n)) = self.questions.next() {
            match (self.desk.ask(n), self.questions.said(n)) {
                (Reply::Now(bytes), _) => out.push(Output::Till(conn, bytes.into())),
                (Reply::Asked, _) => self.questions.asked(now, conn, n),
                (Reply::Busy, Some(said)) => out.push(Output::Till(conn, vec![said].into())),
                (Reply::Busy, None) => return self.questions.later(conn, n),
            }
            self.drain_desk(now, out);
        }
    }

    fn drain_desk(&mut self, now: Time, out: &mut Vec<Output<Event>>) {
        while let Some(next) = self.desk.poll() {
            out.extend(match next {
                DeskOut::Print(bytes) => Some(Output::Printer(bytes.into())),
                DeskOut::Till(bytes) => self.current.map(|conn| Output::Till(conn, bytes.into())),
                DeskOut::Job { job, bytes, until } => {
                    Some(Output::Event(Event::Job(job, bytes, until)))
                }
                DeskOut::Page(page) => Some(Output::Event(Event::Page(page))),
                DeskOut::Asked(n) => {
                    if let (1..=4, Some(conn)) = (n, self.current) {
                        self.questions.asked(now, conn, n);
                    }
                    None
                }
                DeskOut::Happened(_) => None, // nobody watches this printer's buttons yet
            });
        }
    }

    /// A till has its turn with what it has said so far.
    fn begin(&mut self, now: Time, conn: Conn, bytes: &[u8]) {
        (self.current, self.heard) = (Some(conn), now);
        self.desk.till(now, bytes);
    }

    fn wait(&mut self, now: Time, conn: Conn, bytes: &[u8], out: &mut Vec<Output<Event>>) {
        let at = self.waiting.iter().position(|other| other.conn == conn);
        let known = at.and_then(|at| self.waiting.remove(at));
        let held: usize = self.waiting.iter().map(|other| other.bytes.len()).sum();
        let mut till = known.unwrap_or_else(|| Waiting::new(conn, self.desk.dialect()));
        till.take(bytes, &mut self.questions);
        if self.current.is_none() && till.prints() {
            self.begin(now, conn, &till.bytes);
        } else if held + till.bytes.len() > WAITING_BYTES_MAX {
            out.push(Output::HangUp(conn));
        } else if !till.bytes.is_empty() {
            let at = at.unwrap_or(self.waiting.len());
            self.waiting.insert(at, till);
        }
    }

    /// The till at the printer is done: the next ones have their turn.
    fn turn(&mut self, now: Time) {
        self.desk.till_closed(now);
        self.current = None;
        while let Some(next) = self.waiting.pop_front() {
            self.begin(now, next.conn, &next.bytes);
            if !next.closed {
                return;
            }
            self.desk.till_closed(now);
            self.current = None;
        }
    }
}

impl Machine for DeskMachine {
    type Event = Event;
    type Order = Order;

    fn bytes(&mut self, now: Time, conn: Conn, bytes: &[u8], out: &mut Vec<Output<Event>>) {
        if self.current == Some(conn) {
            self.desk.till(now, bytes);
            // Who only asks does not keep the printer from those who print.
            if self.desk.is_printing() || !only_questions(bytes) {
                self.heard = now;
            }
        } else {
            self.wait(now, conn, bytes, out);
        }
        self.drain(now, out);
    }

    fn closed(&mut self, now: Time, conn: Conn, out: &mut Vec<Output<Event>>) {
        if self.current == Some(conn) {
            self.turn(now);
        } else if let Some(waiting) = self.waiting.iter_mut().find(|w| w.conn == conn) {
            waiting.closed = true;
        }
        self.drain(now, out);
    }

    fn printer(&mut self, now: Time, bytes: &[u8], out: &mut Vec<Output<Event>>) {
        let (answers, rest) = self.questions.answered(now, bytes);
        let answers = answers.into_iter();
        out.extend(answers.map(|(conn, byte)| Output::Till(conn, vec![byte].into())));
        if !rest.is_empty() {
            self.desk.printer_says(&rest);
        }
        self.drain(now, out);
    }

    fn order(&mut self, now: Time, order: Order, out: &mut Vec<Output<Event>>) {
        match order {
            Order::Printer(here) => {
                self.desk.printer_is(here);
                self.questions.printer_is(here);
            }
            Order::Effect(effect) => {
                if self.desk.effect(now, &effect).is_err()
                    && let Effect::Insert { job, .. } = effect
                {
                    out.push(Output::Event(Event::Missed(job)));
                }
            }
        }
        self.drain(now, out);
    }

    fn wake(&mut self, now: Time, out: &mut Vec<Output<Event>>) {
        self.desk.wake(now);
        if !self.waiting.is_empty() && now.since(self.heard) >= TURN {
            self.turn(now);
        }
        self.drain(now, out);
    }

    fn next_wake(&self) -> Option<Time> {
        let turn = (!self.waiting.is_empty()).then(|| self.heard.after(TURN));
        [self.desk.next_wake(), turn].into_iter().flatten().min()
    }

    fn is_full(&self) -> bool {
        self.desk.is_full()
    }

    fn finish(&mut self, now: Time, out: &mut Vec<Output<Event>>) {
        while self.current.is_some() || !self.waiting.is_empty() {
            self.turn(now);
        }
        self.desk.close(now);
        self.drain(now, out);
    }
}

/// A running desk: the port that tills print to, and the papers that came out.
pub struct RunningDesk {
    /// Its terminal's name.
    pub terminal: Name,
    /// Where tills print to.
    pub address: std::net::SocketAddr,
    /// The papers, in the order in which they came out.
    pub pages: mpsc::Receiver<Page>,
    /// The kind of printer.
    pub profile: Profile,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for RunningDesk {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Opens a terminal's RAW port with a virtual printer behind it.
pub(super) fn open(
    terminal: &Terminal,
    inbox: Inbox<Actor>,
    listener: TcpListener,
    effects: mpsc::Receiver<Effect>,
) -> Result<RunningDesk, NodeError> {
    let address = listener.local_addr().map_err(NodeError::Listen)?;
    let profile = Profile::clone(&terminal.printer);
    let machine = DeskMachine::new(Desk::with_paper(profile.clone()));
    let (to_printer, real_printer) = mpsc::channel(1);
    let (printer_says, from_printer) = mpsc::channel(1);
    let (events, jobs) = mpsc::channel(EVENTS_MAX);
    let (orders, from_owner) = mpsc::channel(EVENTS_MAX);
    let ends = Ends {
        printer: to_printer,
        from_printer,
        events,
        orders: from_owner,
    };
    let serve = tokio::spawn(async move {
        // A virtual printer takes its bytes inside the desk; these ends only have to stay open.
        let _no_real_printer = (real_printer, printer_says);
        let clock = Arc::new(Clock::default());
        let _closed = raw::serve(listener, clock, machine, ends).await;
    });
    let (pages, papers) = mpsc::channel(PAGES_MAX);
    let owner = Owner {
        terminal: terminal.clone(),
        inbox,
        orders,
        pages,
    };
    let own = tokio::spawn(owner.run(jobs, effects));
    Ok(RunningDesk {
        terminal: terminal.name,
        address,
        pages: papers,
        profile,
        tasks: vec![serve, own],
    })
}

/// Between the desk and its terminal's node.
struct Owner {
    terminal: Terminal,
    inbox: Inbox<Actor>,
    orders: mpsc::Sender<Order>,
    pages: mpsc::Sender<Page>,
}

impl Owner {
    async fn run(self, mut jobs: mpsc::Receiver<Event>, mut effects: mpsc::Receiver<Effect>) {
        loop {
            tokio::select! {
                Some(event) = jobs.recv() => self.tell(event),
                Some(effect) = effects.recv() => {
                    // A closed port prints nothing more.
                    let _closed = self.orders.send(Order::Effect(effect)).await;
                }
                else => return,
            }
        }
    }

    fn tell(&self, event: Event) {
        let (what, input) = match event {
            Event::Job(job, bytes, until) => {
                let read = self.terminal.read(job, &bytes, until);
                ("job", terminal::Input::Job(Arc::new(read)))
            }
            Event::Missed(job) => ("missed", terminal::Input::Missed(job)),
            Event::Page(page) => {
                // Nobody has to look at the paper.
                let _unseen = self.pages.try_send(page);
                return;
            }
        };
        // A full queue means that this receipt goes out without a code, by the desk's own clock.
        let _too_busy = self.inbox.tell(what, actor::Input::from(input));
    }
}
