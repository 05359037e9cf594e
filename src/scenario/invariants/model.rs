//! What the checker knows: every order, receipt and book, as the journals told it.

use crate::id::{AttemptId, MerchantId, Name, OrderId, Party, TerminalId, Uid};
use crate::money::{Currency, Money};
use crate::order::{BankOrderState, OrderState, PaymentState, Reason};
use crate::scenario::reached::Reached;
use crate::text::Text;
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) receipts: BTreeMap<Uid, Receipt>,
    /// Codes that chips sealed and terminals printed.
    pub(super) sealed: BTreeSet<Uid>,
    pub(super) printed: BTreeSet<Uid>,
    /// Terminals that were seen to seal: what others have sealed is not told.
    pub(super) sealers: BTreeSet<TerminalId>,
    pub(super) books: BTreeMap<Name, BTreeMap<(Text, Currency), Book>>,
    /// The steps that the machines took.
    pub(super) reached: Reached,
}

/// A receipt: its order, and who was charged for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Receipt {
    pub(super) order: Option<OrderId>,
    pub(super) posted: Option<(Name, OrderId, AttemptId)>,
    /// Whether a success that came too late was recorded.
    pub(super) late: bool,
}

/// A payment order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) gateway: Option<Party>,
    pub(super) uid: Option<Uid>,
    pub(super) amount: Option<Money>,
    pub(super) state: Option<OrderState>,
    /// Since when it stands so.
    pub(super) since: Time,
    /// When it was raised.
    pub(super) born: Time,
    /// Until when it may be claimed, from the first signed order.
    pub(super) expires: Option<Time>,
    /// The shop that is to hear of it.
    pub(super) shop: Option<Party>,
    /// Those whose messages about it were given up.
    pub(super) parked: Vec<Party>,
    /// The attempt that holds it or paid it.
    pub(super) live: Option<(AttemptId, Name)>,
    /// Whom it names as payee: name, bank and account, from the first signed order.
    pub(super) payee: Option<(Text, Name, Text)>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) wallets: Vec<Wallet>,
    /// Banks that credited their merchant for it.
    pub(super) credited: Vec<(Name, AttemptId)>,
    /// Merchants that heard of it.
    pub(super) told: Vec<Name>,
}

impl Order {
    fn new(at: Time) -> Self {
        Self {
            gateway: None,
            uid: None,
            amount: None,
            state: None,
            since: at,
            born: at,
            expires: None,
            shop: None,
            parked: Vec::new(),
            live: None,
            payee: None,
            attempts: Vec::new(),
            wallets: Vec::new(),
            credited: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The merchant, as the receipt's terminal names it.
    pub(super) fn merchant(&self) -> Option<MerchantId> {
        self.uid.map(|uid| uid.terminal.merchant())
    }

    /// One bank's attempt, if anything is known of it.
    pub(super) fn attempt(&self, attempt: AttemptId, bank: Name) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|a| a.id == attempt && a.bank == bank)
    }

    /// One bank's attempt.
    pub(super) fn attempt_mut(&mut self, id: AttemptId, bank: Name, at: Time) -> &mut Attempt {
        let found = self
            .attempts
            .iter()
            .position(|a| a.id == id && a.bank == bank);
        let index = found.unwrap_or_else(|| {
            self.attempts.push(Attempt::new(id, bank, at));
            self.attempts.len() - 1
        });
        &mut self.attempts[index]
    }

    /// The attempt that any bank has posted under this id.
    pub(super) fn posted(&self, attempt: Option<AttemptId>) -> Option<&Attempt> {
        let same = |a: &&Attempt| attempt.is_none_or(|id| id == a.id);
        let mut all = self.attempts.iter().filter(same);
        all.find(|a| a.state == Some(BankOrderState::Posted))
    }

    /// One wallet's view.
    pub(super) fn wallet_mut(&mut self, name: Name, at: Time) -> &mut Wallet {
        let found = self.wallets.iter().position(|w| w.name == name);
        let index = found.unwrap_or_else(|| {
            self.wallets.push(Wallet {
                name,
                attempt: None,
                open: None,
                stage: Stage::Shown,
                since: at,
            });
            self.wallets.len() - 1
        });
        &mut self.wallets[index]
    }
}

/// One bank's attempt at an order: the claim as the gateway has it, the bank order as the bank has
/// it, the hold as its ledger has it.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) id: AttemptId,
    pub(super) bank: Name,
    pub(super) claim: Claim,
    pub(super) state: Option<BankOrderState>,
    pub(super) since: Time,
    /// The open hold.
    pub(super) hold: Option<Money>,
    /// The books that the hold named.
    pub(super) books: Option<(Text, Text)>,
    /// The final answer that the payer heard.
    pub(super) answered: Option<(PaymentState, Option<Reason>)>,
    /// The answer that the bank heard to its claim: granted, or why not.
    pub(super) claim_answered: Option<Result<(), Reason>>,
    /// Whether the gateway keeps its outcome for people.
    pub(super) conflict: bool,
}

impl Attempt {
    const fn new(id: AttemptId, bank: Name, since: Time) -> Self {
        Self {
            id,
            bank,
            claim: Claim::Unasked,
            state: None,
            since,
            hold: None,
            books: None,
            answered: None,
            claim_answered: None,
            conflict: false,
        }
    }

    /// Whether the bank has proved that it never will post.
    pub(super) const fn is_closed(&self) -> bool {
        matches!(
            self.state,
            Some(BankOrderState::Rejected | BankOrderState::Voided | BankOrderState::Tombstoned)
        )
    }
}

/// A claim, as the gateway recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Unasked,
    Granted,
    Refused,
    /// Granted once, and closed by proof.
    Closed,
}

/// One wallet's view of an order.
#[derive(Clone, Debug)]
pub(super) struct Wallet {
    pub(super) name: Name,
    pub(super) attempt: Option<AttemptId>,
    /// The attempt that was confirmed and is not over.
    pub(super) open: Option<AttemptId>,
    pub(super) stage: Stage,
    pub(super) since: Time,
}

/// How far a wallet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Stage {
    Shown,
    Paying,
    Checking,
    Done,
    Failed,
    Left,
}

impl Stage {
    /// Every one, in the order of the declaration.
    pub(in crate::scenario) const ALL: [Self; 6] = [
        Self::Shown,
        Self::Paying,
        Self::Checking,
        Self::Done,
        Self::Failed,
        Self::Left,
    ];

    /// Its word.
    pub(in crate::scenario) const fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Paying => "paying",
            Self::Checking => "checking",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }
}

/// A book of a bank in one currency.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// Credits less debits.
    pub(super) balance: i128,
    /// What open holds keep.
    pub(super) held: i128,
}

impl Model {
    pub(super) fn order_mut(&mut self, id: OrderId, at: Time) -> &mut Order {
        self.orders.entry(id).or_insert_with(|| Order::new(at))
    }

    /// The book of a bank in one currency.
    pub(super) fn book_mut(&mut self, bank: Name, name: &Text, currency: Currency) -> &mut Book {
        let books = self.books.entry(bank).or_default();
        books.entry((name.clone(), currency)).or_default()
    }
}
