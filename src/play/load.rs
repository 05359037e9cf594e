//! Load on a running network: tills print, customers scan what came out and pay, at a rate.
//!
//! Open: the next receipt does not wait for the last one's payment. A till that is still printing
//! skips its turn, which is counted, so that a rate that was not reached is not mistaken for one
//! that was.

use super::desk::RunningDesk;
use super::loopback::{next_page, read_dots};
use super::network::{Network, PlayError};
use super::staging;
use crate::cast::Cast;
use crate::chance::Chance;
use crate::id::{Party, PartyKind};
use crate::journal::EventKind;
use crate::money::{Currency, Money};
use crate::net::Inbox;
use crate::net::raw;
use crate::roles::Role as _;
use crate::roles::actor::{self, Actor};
use crate::roles::wallet::{Expectation, Wallet};
use crate::scenario::{Act, Merchant, Range, Rate, Scenario};
use crate::text::Text;
use crate::time::Span;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How often what became of the payments is looked at.
const LOOK_EVERY: Span = Span::millis(500);
/// How long a customer waits for a paper with a code.
const PAPER_WAIT: Span = Span::seconds(3);
/// The basket, in minor units of its currency.
const BASKET: (i64, i64) = (150, 2500);

/// A load.
pub struct Load<'a> {
    /// The network's parties.
    pub scenario: &'a Scenario,
    /// And with their keys.
    pub cast: &'a Cast,
    /// What baskets are drawn from.
    pub chance: &'a Chance,
    /// How many receipts.
    pub rate: Rate,
    /// What order numbers begin with: no two runs on the same data may share one.
    pub run: String,
}

/// What became of the receipts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Printed with a code, and scanned.
    pub scanned: u64,
    /// Paid.
    pub paid: u64,
    /// Refused, failed or given up.
    pub unpaid: u64,
    /// Turns that a till skipped, because it was still printing or nothing with a code came out.
    pub skipped: u64,
}

/// Puts load on the running desks whose shop's currency one of the running wallets pays in. Goes on
/// until it is dropped.
///
/// # Errors
/// [`PlayError::NotHere`] when no till has a payer.
pub async fn load(
    network: &mut Network,
    load: &Load<'_>,
    tell: &mut dyn FnMut(Tally),
) -> Result<(), PlayError> {
    let mut tills = JoinSet::new();
    let counts = Arc::new(Counts::default());
    let mut queues = Vec::new();
    for desk in std::mem::take(&mut network.desks) {
        let Some(till) = Till::new(network, load, desk, &counts) else {
            continue;
        };
        let (queue, orders) = mpsc::channel(1);
        queues.push(queue);
        tills.spawn(till.run(orders));
    }
    if queues.is_empty() {
        let gateway = load.cast.gateway.me();
        let party = Party::new(PartyKind::Wallet, gateway.name);
        return Err(PlayError::NotHere { party });
    }
    let day = Span::hours(24).as_nanos();
    let every = Span::nanos(day / load.rate.per_day().max(1)).to_std();
    let mut turn = tokio::time::interval(every);
    let mut look = tokio::time::interval(LOOK_EVERY.to_std());
    let mut tally = Tally::default();
    // What journals hold of earlier loads is not this one's.
    while !network.news().await?.is_empty() {}
    let mut nth: u64 = 0;
    let mut next = queues.iter().cycle();
    loop {
        tokio::select! {
            _ = turn.tick() => {
                nth += 1;
                if next.next().is_some_and(|till| till.try_send(nth).is_err()) {
                    counts.skipped.fetch_add(1, Relaxed);
                }
            }
            _ = look.tick() => {
                outcomes(network, &mut tally).await?;
                tally.scanned = counts.scanned.load(Relaxed);
                tally.skipped = counts.skipped.load(Relaxed);
                tell(tally);
            }
        }
    }
}

/// Counts what the wallets recorded since the last look.
async fn outcomes(network: &mut Network, tally: &mut Tally) -> Result<(), PlayError> {
    for (party, entry) in network.news().await? {
        if party.kind != PartyKind::Wallet {
            continue;
        }
        match entry.event.kind {
            EventKind::PayDone => tally.paid += 1,
            EventKind::PayFailed | EventKind::PayAbandoned => tally.unpaid += 1,
            _on_its_way => {}
        }
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    scanned: AtomicU64,
    skipped: AtomicU64,
}

/// A till with those who pay there.
struct Till {
    desk: RunningDesk,
    merchant: Merchant,
    payers: Vec<(Wallet, Inbox<Actor>)>,
    chance: Chance,
    run: String,
    counts: Arc<Counts>,
}

impl Till {
    fn new(
        network: &Network,
        load: &Load<'_>,
        desk: RunningDesk,
        counts: &Arc<Counts>,
    ) -> Option<Self> {
        let till = load
            .cast
            .tills
            .iter()
            .find(|till| till.name == desk.terminal)?;
        let merchant = load.scenario.merchants.get(&till.merchant)?.clone();
        let pays = |wallet: &Wallet| currency_of(load.cast, wallet) == Some(merchant.currency);
        let payers = load.cast.wallets.iter().filter(|wallet| pays(wallet));
        let payers = payers.filter_map(|w| Some((w.clone(), network.inbox(&w.me()).ok()?)));
        let payers: Vec<_> = payers.collect();
        (!payers.is_empty()).then(|| Self {
            desk,
            merchant,
            payers,
            chance: load.chance.clone(),
            run: load.run.clone(),
            counts: Arc::clone(counts),
        })
    }

    async fn run(mut self, mut orders: mpsc::Receiver<u64>) {
        while let Some(nth) = orders.recv().await {
            if self.sell(nth).await.is_none() {
                self.counts.skipped.fetch_add(1, Relaxed);
            }
        }
    }

    /// Prints a receipt, and has the next customer scan what came out.
    async fn sell(&mut self, nth: u64) -> Option<()> {
        let receipt = Text::clean(&format!("{}-{nth}", self.run));
        let money = |minor| Money::new(minor, self.merchant.currency);
        let act = Act::Print {
            receipt,
            amount: Range {
                least: money(BASKET.0),
                most: money(BASKET.1),
            },
            items: Vec::new(),
            till: 1,
            own: None,
        };
        let draft = staging::paper(&self.merchant, &act, &self.chance)?;
        raw::print(self.desk.address, &draft.bytes()).await.ok()?;
        let link = tokio::time::timeout(PAPER_WAIT.to_std(), self.link()).await;
        let link = link.ok().flatten()?;
        let expects = Expectation {
            shop: Some(self.merchant.name.clone()),
            amount: None,
        };
        let nth = usize::try_from(nth).unwrap_or(0) % self.payers.len();
        let (wallet, inbox) = self.payers.get(nth)?;
        let input = wallet.read_scan(inbox.now(), &link, expects);
        inbox.tell("scan", actor::Input::from(input)).ok()?;
        self.counts.scanned.fetch_add(1, Relaxed);
        Some(())
    }

    /// The code of the next paper that carries one: slips of earlier payments come out between.
    async fn link(&mut self) -> Option<String> {
        loop {
            let page = next_page(&mut self.desk).await.ok()?;
            if !page.pictures.is_empty() || !page.symbols.is_empty() {
                return read_dots(&page, &self.desk);
            }
        }
    }
}

/// What a wallet's account counts in.
fn currency_of(cast: &Cast, wallet: &Wallet) -> Option<Currency> {
    let openings = cast.banks.iter().flat_map(|(_, openings)| openings);
    let mut own = openings.filter(|opening| opening.name == wallet.account);
    own.next().map(|opening| opening.balance.currency())
}
