//! A story over loopback: each step is done by the party that a person would use, and everything
//! else happens between the parties.

use super::address::{Addresses, listeners};
use super::desk::RunningDesk;
use super::network::{Keep, Network, PlayError, Start, listen};
use super::staging;
use crate::cast::{Cast, Crypto};
use crate::chance::Chance;
use crate::code::scan::{self, Gray};
use crate::id::{Name, Party, PartyKind};
use crate::journal::{Entry, EventKind};
use crate::ledger::{Transfer, balances};
use crate::money::{Currency, Money};
use crate::net::raw;
use crate::receipt::layout::Page;
use crate::receipt::paper::{Sheet, unicode};
use crate::roles::Role as _;
use crate::roles::actor;
use crate::roles::merchant;
use crate::roles::wallet::{Expectation, Wallet};
use crate::scenario::{Act, Scenario, Step, Via};
use crate::store::{Record as _, StoreError};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long one step may take before the story is given up.
const STEP_TIME_MAX: Span = Span::seconds(60);
/// How often the journals are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What a story tells while it goes on.
#[derive(Debug)]
pub enum Told {
    /// A step begins.
    Step(Step),
    /// A paper came out: its text with the code as half blocks, and the code's link, read back from
    /// the printed dots.
    Paper {
        /// The terminal.
        terminal: Name,
        /// The paper for a terminal.
        unicode: String,
        /// The link on it, if it carries a code.
        link: Option<String>,
    },
    /// Something happened at a party.
    Fact(Party, Box<Entry>),
    /// The story is over; the books follow.
    Books,
    /// What a book holds in the end.
    Book {
        /// Whose.
        bank: Name,
        /// Which.
        book: Text,
        /// How much.
        balance: Money,
    },
    /// What a bank's books sum to, in one currency.
    Sum {
        /// Whose.
        bank: Name,
        /// Nothing, if all is well.
        sum: Money,
    },
}

/// A story on its way.
struct Story<'a> {
    scenario: &'a Scenario,
    cast: Cast,
    network: Network,
    chance: Chance,
    /// The links that were read from printed papers, by receipt.
    links: BTreeMap<Text, String>,
    earlier_runs: u32,
    /// Wallets that have something in hand.
    busy: BTreeSet<Name>,
    tell: &'a mut dyn FnMut(Told),
}

/// What a story is played with.
pub struct Setting {
    /// Where parties keep what they remember.
    pub keep: Keep,
    /// What keys are drawn from: the same for every run on the same stores.
    pub seed: u64,
    /// When it begins.
    pub now: Time,
    /// How often it was played on the same stores before: its order numbers say so, since a receipt
    /// that comes again under its number is a copy.
    pub earlier_runs: u32,
}

/// Plays a scenario's steps over loopback and tells what happens. The answer is whether every book
/// sums to nothing.
pub async fn play(
    scenario: &Scenario,
    setting: &Setting,
    tell: &mut dyn FnMut(Told),
) -> Result<bool, PlayError> {
    let chance = Chance::of_seed(setting.seed);
    let cast = staging::cast(scenario, Crypto::Real, &chance, setting.now)?;
    let mut story = Story {
        scenario,
        cast,
        network: Network::empty(),
        chance,
        links: BTreeMap::new(),
        earlier_runs: setting.earlier_runs,
        busy: BTreeSet::new(),
        tell,
    };
    story.begin(&setting.keep).await?;
    for step in &scenario.steps {
        (story.tell)(Told::Step(step.clone()));
        story.step(step).await?;
    }
    story.until_quiet().await?;
    let sums = story.books().await?;
    story.network.stop().await?;
    Ok(sums)
}

impl Story<'_> {
    /// Everybody begins: first all listeners, so that everybody knows where the others are.
    async fn begin(&mut self, keep: &Keep) -> Result<(), PlayError> {
        let mut sockets = BTreeMap::new();
        let mut addresses = Addresses::new();
        for party in listeners(&self.cast) {
            let (listener, address) = listen(0)?;
            addresses.insert(party, address);
            sockets.insert(party, listener);
        }
        for actor in staging::actors(&self.cast, self.scenario) {
            let me = actor.me();
            let raw = match me.kind {
                PartyKind::Terminal => Some(listen(0)?.0),
                _ => None,
            };
            let start = Start {
                cast: &self.cast,
                addresses: &addresses,
                chance: &self.chance,
                keep,
            };
            let by_link = self.scans_links(me);
            let listener = sockets.remove(&me);
            self.network
                .start(&start, actor, listener, raw, by_link)
                .await?;
        }
        self.sessions().await
    }

    /// Whether this wallet opens codes by their link.
    fn scans_links(&self, me: Party) -> bool {
        let by_link = |act: &Act| matches!(act, Act::Scan { via: Via::Link, .. });
        let steps = &self.scenario.steps;
        me.kind == PartyKind::Wallet
            && steps
                .iter()
                .any(|s| s.who == Some(me.name) && by_link(&s.act))
    }

    /// Until every terminal has opened the session with its chip.
    async fn sessions(&mut self) -> Result<(), PlayError> {
        let mut open = BTreeSet::new();
        let all = self.cast.tills.len();
        self.until("sessions with the chips", move |party, entry| {
            if entry.event.kind == EventKind::SessionOpened && party.kind == PartyKind::Terminal {
                open.insert(*party);
            }
            open.len() == all
        })
        .await
    }

    async fn step(&mut self, step: &Step) -> Result<(), PlayError> {
        match &step.act {
            Act::Print { till, .. } | Act::Reprint { till, .. } => self.print(step, *till).await,
            Act::Scan {
                receipt, counter, ..
            } => self.scan(step, receipt, *counter).await,
            Act::Cancel { receipt } => self.cancel(step, receipt).await,
            Act::Wait { .. } | Act::Check { .. } | Act::Advance { .. } => self.until_quiet().await,
            Act::Confirm { .. }
            | Act::Decline { .. }
            | Act::Refund { .. }
            | Act::Restart { .. } => Err(PlayError::Unplayable {
                verb: step.act.verb().word(),
            }),
        }
    }

    /// A till prints, and the paper comes out: the code is read from its dots.
    async fn print(&mut self, step: &Step, till: u16) -> Result<(), PlayError> {
        let (Some(who), Some(receipt)) = (step.who, step.act.receipt()) else {
            return Ok(());
        };
        let Some(merchant) = self.scenario.merchants.get(&who) else {
            return Ok(());
        };
        // A reprint is the same job again.
        let printed =
            |s: &&Step| matches!(s.act, Act::Print { .. }) && s.act.receipt() == Some(receipt);
        let first = self.scenario.steps.iter().find(printed);
        let act = first.map_or(&step.act, |first| &first.act);
        let Some(mut draft) = staging::paper(merchant, act, &self.chance) else {
            return Ok(());
        };
        if self.earlier_runs > 0 {
            draft.order = format!("{}-{}", draft.order, self.earlier_runs + 1);
        }
        let name: Name = match self.cast.till(who, till) {
            Some(till) => till.name,
            None => return Ok(()),
        };
        let at = self.network.desks.iter().position(|d| d.terminal == name);
        let Some(at) = at else {
            return Ok(());
        };
        raw::print(self.network.desks[at].address, &draft.bytes()).await?;
        let page = next_page(&mut self.network.desks[at]).await?;
        let link = self.show(at, &page);
        if let Some(link) = link {
            self.links.insert(receipt.clone(), link);
        }
        self.news().await
    }

    /// Tells a paper; gives the link that its dots say.
    fn show(&mut self, at: usize, page: &Page) -> Option<String> {
        let desk = &self.network.desks[at];
        let link = read_dots(page, desk);
        (self.tell)(Told::Paper {
            terminal: desk.terminal,
            unicode: unicode(page, &desk.profile),
            link: link.clone(),
        });
        link
    }

    async fn scan(&mut self, step: &Step, receipt: &Text, counter: Name) -> Result<(), PlayError> {
        let wallet = step.who.and_then(|who| self.wallet(who));
        let (Some(wallet), Some(link)) = (wallet, self.links.get(receipt).cloned()) else {
            return Err(PlayError::NoCode {
                receipt: receipt.to_string(),
            });
        };
        let shop = self.scenario.merchants.get(&counter);
        let expects = Expectation {
            shop: shop.map(|shop| shop.name.clone()),
            amount: None,
        };
        let inbox = self.network.inbox(&wallet.me())?;
        let input = wallet.read_scan(inbox.now(), &link, expects);
        self.busy.insert(wallet.name);
        inbox.ask("scan", actor::Input::from(input)).await?;
        Ok(())
    }

    async fn cancel(&mut self, step: &Step, receipt: &Text) -> Result<(), PlayError> {
        let (Some(who), Some(link)) = (step.who, self.links.get(receipt)) else {
            return Ok(());
        };
        let known = crate::code::link::parse(link, |host| host == self.cast.host);
        let Ok(link) = known else {
            return Ok(());
        };
        let shop = Party::new(PartyKind::Merchant, who);
        let input = merchant::Input::Void(link.blob);
        let inbox = self.network.inbox(&shop)?;
        inbox.ask("void", actor::Input::from(input)).await?;
        Ok(())
    }

    fn wallet(&self, who: Name) -> Option<Wallet> {
        self.cast.wallets.iter().find(|w| w.name == who).cloned()
    }

    /// Until no wallet has anything in hand, and every shop that was paid has heard of it.
    async fn until_quiet(&mut self) -> Result<(), PlayError> {
        let end = crate::net::Clock::default();
        let begun = end.now();
        while !self.busy.is_empty() || self.untold().await? {
            self.news().await?;
            if end.now().since(begun) > STEP_TIME_MAX {
                return Err(PlayError::Stuck {
                    waiting: format!("{:?}", self.busy),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.slips();
        self.news().await
    }

    /// Whether a message that must be heard is still kept somewhere.
    async fn untold(&self) -> Result<bool, PlayError> {
        let kept = |store: &mut dyn crate::store::Backend| {
            store
                .scan(crate::roles::Kept::SCHEMA)
                .map(|rows| rows.len())
        };
        let mut parties = vec![self.cast.gateway.me()];
        parties.extend(self.cast.banks.iter().map(|(bank, _)| bank.me()));
        for party in parties {
            let count = self.network.inbox(&party)?.read(kept).await?;
            let count = count.map_err(|error| PlayError::Store { party, error })?;
            if count > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Papers that came out by themselves: the paid slips.
    fn slips(&mut self) {
        for at in 0..self.network.desks.len() {
            while let Ok(page) = self.network.desks[at].pages.try_recv() {
                self.show(at, &page);
            }
        }
    }

    /// Waits for an entry that `is_it`.
    async fn until(
        &mut self,
        what: &str,
        mut is_it: impl FnMut(&Party, &Entry) -> bool,
    ) -> Result<(), PlayError> {
        let clock = crate::net::Clock::default();
        let begun = clock.now();
        loop {
            for (party, entry) in self.network.news().await? {
                let done = is_it(&party, &entry);
                (self.tell)(Told::Fact(party, Box::new(entry)));
                if done {
                    return Ok(());
                }
            }
            if clock.now().since(begun) > STEP_TIME_MAX {
                return Err(PlayError::Stuck {
                    waiting: what.to_owned(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn news(&mut self) -> Result<(), PlayError> {
        for (party, entry) in self.network.news().await? {
            let refused = entry.event.reason.is_some();
            if party.kind == PartyKind::Wallet && ends_a_wait(entry.event.kind, refused) {
                self.busy.remove(&party.name);
            }
            (self.tell)(Told::Fact(party, Box::new(entry)));
        }
        Ok(())
    }

    /// Every bank's books; whether each sums to nothing.
    async fn books(&mut self) -> Result<bool, PlayError> {
        let mut all_zero = true;
        (self.tell)(Told::Books);
        for (bank, _) in &self.cast.banks {
            let read = |store: &mut dyn crate::store::Backend| -> Result<_, StoreError> {
                let rows = store.scan(Transfer::SCHEMA)?;
                let rows = rows.iter().filter_map(|r| r.as_any().downcast_ref());
                Ok(balances(rows))
            };
            let party = bank.me();
            let books = self.network.inbox(&party)?.read(read).await?;
            let books = books.map_err(|error| PlayError::Store { party, error })?;
            let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
            for ((book, currency), balance) in books {
                let sum = sums
                    .entry(currency)
                    .or_insert_with(|| Money::zero(currency));
                *sum = sum.checked_add(balance).unwrap_or(balance);
                let bank = bank.name;
                (self.tell)(Told::Book {
                    bank,
                    book,
                    balance,
                });
            }
            for sum in sums.into_values() {
                all_zero &= sum.minor() == 0;
                let bank = bank.name;
                (self.tell)(Told::Sum { bank, sum });
            }
        }
        Ok(all_zero)
    }
}

/// Whether a wallet that recorded this has nothing in hand any more.
const fn ends_a_wait(kind: EventKind, refused: bool) -> bool {
    if matches!(kind, EventKind::CodeVerified) {
        return refused;
    }
    matches!(
        kind,
        EventKind::PayDone
            | EventKind::PayFailed
            | EventKind::PayAbandoned
            | EventKind::CodeRefused
    )
}

pub(super) async fn next_page(desk: &mut RunningDesk) -> Result<Page, PlayError> {
    let wait = STEP_TIME_MAX.to_std();
    let page = tokio::time::timeout(wait, desk.pages.recv()).await;
    page.ok().flatten().ok_or_else(|| PlayError::Stuck {
        waiting: format!("paper from {}", desk.terminal),
    })
}

/// The link that the printed dots say, as a camera reads it.
pub(super) fn read_dots(page: &Page, desk: &RunningDesk) -> Option<String> {
    let sheet = Sheet::of(page, &desk.profile);
    let picture = Gray::from_dots(sheet.width_dots(), sheet.rows().len(), |x, y| {
        sheet.dot(x, y)
    });
    let is_link = |text: &str| text.starts_with("https://");
    let scan = scan::scan(&picture.ok()?, is_link, scan::all_steps);
    scan.wanted(is_link).map(|found| found.text.clone())
}
