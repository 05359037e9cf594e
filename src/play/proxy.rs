//! A proxy that stands alone: tills print to it, each receipt gets its code here, and the paper
//! comes out whatever happens to the code.
//!
//! Every way in ends at the one RAW port, so an LPD queue or a spool folder is one more till; every
//! way out is a [`Device`] behind the same desk that a terminal of a network has.

use super::desk::{DeskMachine, Event, Order};
use crate::message::Bytes;
use crate::net::printer::{Device, Presence, Wires};
use crate::net::raw::{self, Ends};
use crate::net::{Clock, NodeError, lpd, spool};
use crate::receipt::Profile;
use crate::receipt::layout::Page;
use crate::roles::Effect;
use crate::roles::terminal::Desk;
use crate::text::Text;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// How many events, orders and printer chunks wait between the parts.
const WAITING_MAX: usize = 256;
/// How long the printer may take for what is left when the proxy closes.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(30);

/// What a receipt gets.
#[derive(Clone, Debug)]
pub struct Coded {
    /// The bytes that print the code.
    pub block: Bytes,
    /// What was coded, in words.
    pub note: Text,
}

/// Makes a receipt's code from its job's bytes, or says why it gets none.
pub type Coder = Arc<dyn Fn(&[u8]) -> Result<Coded, Text> + Send + Sync>;

/// What a proxy is made of.
pub struct Setup {
    /// The kind of printer.
    pub profile: Profile,
    /// Where it is; nothing for a virtual one.
    pub device: Option<Device>,
    /// What makes the codes.
    pub coder: Coder,
    /// The RAW port.
    pub raw: TcpListener,
    /// An LPD port.
    pub lpd: Option<TcpListener>,
    /// A folder whose files are printed.
    pub spool: Option<PathBuf>,
}

/// What a proxy tells.
#[derive(Clone, Debug)]
pub enum Told {
    /// A receipt went out with its code: the job's number, and what was coded.
    Coded(u64, Text),
    /// A receipt went out without one, and why.
    Uncoded(u64, Text),
    /// A receipt came out of the virtual printer.
    Page(Page),
    /// The printer is there, or is not.
    Printer(Presence),
    /// Something else went wrong.
    Trouble(Text),
}

/// A running proxy.
pub struct Proxy {
    /// Where tills print to.
    pub address: SocketAddr,
    /// What happens; nobody has to listen.
    pub told: mpsc::Receiver<Told>,
    stop: oneshot::Sender<()>,
    owner: JoinHandle<()>,
    inputs: JoinSet<()>,
}

impl Proxy {
    /// Opens the ports.
    pub fn open(setup: Setup) -> Result<Self, NodeError> {
        let address = setup.raw.local_addr().map_err(NodeError::Listen)?;
        let (tell, told) = mpsc::channel(WAITING_MAX);
        let inputs = inputs(setup.lpd, setup.spool, address, &tell)?;
        let desk = match &setup.device {
            Some(_) => Desk::before(&setup.profile),
            None => Desk::with_paper(setup.profile),
        };
        let (printer, print) = mpsc::channel(WAITING_MAX);
        let (answers, from_printer) = mpsc::channel(WAITING_MAX);
        let (presence, mut present) = mpsc::channel(WAITING_MAX);
        let (events, jobs) = mpsc::channel(WAITING_MAX);
        let (orders, from_owner) = mpsc::channel(WAITING_MAX);
        let ends = Ends {
            printer,
            from_printer,
            events,
            orders: from_owner,
        };
        let wires = Wires {
            print,
            answers,
            presence,
        };
        let device = tokio::spawn(served(setup.device, wires));
        let machine = DeskMachine::new(desk);
        let port = tokio::spawn(async move {
            let _closed = raw::serve(setup.raw, Arc::new(Clock::default()), machine, ends).await;
        });
        let last_word = tell.clone();
        let (stop, stopped) = oneshot::channel();
        let owner = Owner {
            coder: setup.coder,
            orders,
            tell,
            notes: JoinSet::new(),
        };
        let owner = tokio::spawn(async move {
            owner.run(jobs, &mut present, stopped).await;
            drop(port.await);
            if tokio::time::timeout(CLOSE_TIME_MAX, device).await.is_err() {
                let late = Presence::Gone("no answer in time".to_owned());
                drop(last_word.try_send(Told::Printer(late))); // nobody has to listen
            }
            while let Ok(last) = present.try_recv() {
                drop(last_word.try_send(Told::Printer(last)));
            }
        });
        Ok(Self {
            address,
            told,
            stop,
            owner,
            inputs,
        })
    }

    /// Closes the ports, once everything that was taken has been printed. What was told meanwhile
    /// can still be heard.
    pub async fn close(mut self) -> mpsc::Receiver<Told> {
        self.inputs.abort_all();
        let _ended_by_itself = self.stop.send(());
        drop(self.owner.await);
        self.told
    }
}

/// The ways in beside the RAW port.
fn inputs(
    lpd: Option<TcpListener>,
    folder: Option<PathBuf>,
    to: SocketAddr,
    tell: &mpsc::Sender<Told>,
) -> Result<JoinSet<()>, NodeError> {
    let mut inputs = JoinSet::new();
    if let Some(listener) = lpd {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(NodeError::Listen)?;
        inputs.spawn(lpd::serve(listener, to));
    }
    if let Some(folder) = folder {
        let (trouble, mut said) = mpsc::channel::<String>(WAITING_MAX);
        let tell = tell.clone();
        inputs.spawn(async move {
            while let Some(text) = said.recv().await {
                drop(tell.try_send(Told::Trouble(Text::clean(&text))));
            }
        });
        inputs.spawn(spool::serve(folder, to, trouble));
    }
    Ok(inputs)
}

/// The device; a virtual printer is inside the desk, and its wires only have to stay open.
async fn served(device: Option<Device>, mut wires: Wires) {
    match device {
        Some(device) => device.serve(wires).await,
        None => while wires.print.recv().await.is_some() {},
    }
}

/// Between the desk and what makes the codes.
struct Owner {
    coder: Coder,
    orders: mpsc::Sender<Order>,
    tell: mpsc::Sender<Told>,
    /// Codes in the making.
    notes: JoinSet<(u64, Result<Coded, Text>)>,
}

impl Owner {
    async fn run(
        mut self,
        mut jobs: mpsc::Receiver<Event>,
        present: &mut mpsc::Receiver<Presence>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                Some(event) = jobs.recv() => self.event(event),
                Some(presence) = present.recv() => {
                    self.order(Order::Printer(presence == Presence::Here)).await;
                    self.tell(Told::Printer(presence));
                }
                Some(made) = self.notes.join_next() => {
                    if let Ok((job, code)) = made {
                        self.made(job, code).await;
                    }
                }
                _ = &mut stopped => break,
            }
        }
        // The port closes now, and may still complete jobs: they go out without a code.
        drop(self.orders);
        while let Some(event) = jobs.recv().await {
            let told = match event {
                Event::Page(page) => Told::Page(page),
                Event::Job(job, ..) | Event::Missed(job) => {
                    Told::Uncoded(job, Text::clean("the proxy was closing"))
                }
            };
            drop(self.tell.try_send(told));
        }
    }

    fn tell(&self, told: Told) {
        // Nobody has to listen.
        drop(self.tell.try_send(told));
    }

    async fn order(&self, order: Order) {
        // A closed port prints nothing more.
        drop(self.orders.send(order).await);
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Page(page) => self.tell(Told::Page(page)),
            Event::Missed(job) => {
                self.tell(Told::Uncoded(job, Text::clean("the code came too late")));
            }
            Event::Job(job, bytes, _until) => {
                let coder = Arc::clone(&self.coder);
                self.notes.spawn_blocking(move || (job, coder(&bytes)));
            }
        }
    }

    async fn made(&self, job: u64, code: Result<Coded, Text>) {
        let (block, told) = match code {
            Ok(coded) => (Some(coded.block), Told::Coded(job, coded.note)),
            Err(why) => (None, Told::Uncoded(job, why)),
        };
        self.order(Order::Effect(Effect::Insert { job, block }))
            .await;
        self.tell(told);
    }
}
