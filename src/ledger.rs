//! The ledger: double entry, in transfers that are pending, posted, voided, expired or direct.
//!
//! Balances change only here (law 5). A transfer moves an amount from one book (debit) to another
//! (credit); it is one immutable row, and a pending one is resolved by a second row under the same
//! key, so that a hold cannot be resolved twice (L3, L5). Terms as in TigerBeetle and ISO 20022:
//! pending, post, void, expire.
//!
//! Why only some books have a balance row: where there is a floor to defend (a payer's account), a
//! row must be read and written; every other book (a merchant's, clearing) is the fold of its
//! transfers, and no payment waits for another one's row.

use crate::id::{AttemptId, Name, OrderId, Party};
use crate::journal::{Event, EventKind};
use crate::message::Attempt;
use crate::money::{Currency, Money};
use crate::order::Reason;
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::{Stop, record};
use crate::text::Text;
use crate::time::Time;
use crate::words::words;

record! {
    /// A payer's account: the only kind of book with a floor.
    pub struct Account in "account" {
        key {
            /// Its name, unique at the bank.
            name: Name,
        }
        row {
            /// Whose wallet may pay from it.
            owner: Party,
            /// What may be done with it.
            status: AccountStatus,
            /// What it holds: credits less debits, posted. The floor is nothing (L4).
            balance: Money,
            /// How much of that is held by pending transfers.
            held: Money,
            /// The most that one payment may take.
            limit: Option<Money>,
        }
        index("owner")
    }
}

words! {
    /// What may be done with an account.
    pub enum AccountStatus {
        /// Everything.
        Open = "OPEN",
        /// No new hold (S3).
        Frozen = "FROZEN",
        /// Nothing.
        Closed = "CLOSED",
    }
}

impl Account {
    /// What is neither spent nor held.
    pub fn available(&self) -> Money {
        self.balance
            .checked_sub(self.held)
            .unwrap_or_else(|_| Money::zero(self.balance.currency()))
    }

    /// The book's name in transfers.
    pub fn book(&self) -> Text {
        customer_book(&self.name)
    }

    fn takes(&self, payer: &Party, amount: Money) -> Result<(), Reason> {
        let over = |limit: Money| amount.checked_sub(limit).is_ok_and(Money::is_positive);
        let left = self.available().checked_sub(amount);
        match self.status {
            _ if self.owner != *payer => Err(Reason::NotOwner),
            AccountStatus::Frozen => Err(Reason::AccountFrozen),
            AccountStatus::Closed => Err(Reason::AccountClosed),
            AccountStatus::Open if self.balance.currency() != amount.currency() => {
                Err(Reason::WrongCurrency)
            }
            AccountStatus::Open if self.limit.is_some_and(over) => Err(Reason::OverLimit),
            AccountStatus::Open => match left {
                Ok(left) if left.minor() >= 0 || bugs::on(Bug::Overdraws) => Ok(()),
                _ => Err(Reason::InsufficientFunds),
            },
        }
    }
}

/// The book of a payer's account.
pub fn customer_book(account: &Name) -> Text {
    Text::clean(&format!("customer:{account}"))
}

/// The book of a merchant's account.
pub fn merchant_book(account: &Text) -> Text {
    Text::clean(&format!("merchant:{account}"))
}

/// The book in which a bank owes, or is owed by, the other banks of a gateway.
pub fn clearing_book(gateway: &Name) -> Text {
    Text::clean(&format!("clearing:{gateway}"))
}

/// The book for money that its addressee could not take.
pub fn suspense_book() -> Text {
    Text::clean("suspense")
}

/// The book that opening balances come from.
pub fn opening_book() -> Text {
    Text::clean("opening")
}

record! {
    /// One movement, for ever as it was written.
    pub struct Transfer in "transfer" {
        key {
            /// The order that it belongs to.
            order: OrderId,
            /// The attempt that it belongs to.
            attempt: AttemptId,
            /// Which of the attempt's transfers it is.
            step: Step,
        }
        row {
            /// What it does.
            kind: TransferKind,
            /// The book that gives.
            debit: Text,
            /// The book that takes.
            credit: Text,
            /// How much; always more than nothing (L10).
            amount: Money,
            /// When.
            at: Time,
        }
    }
}

words! {
    /// Which transfer of an attempt: there is at most one of each.
    pub enum Step {
        /// The payer's side: what is held, or moved at once.
        First = "first",
        /// What became of the hold.
        Resolution = "resolution",
        /// The payee's side, at the payee's bank.
        Payee = "payee",
    }
}

crate::store::key_of_word!(Step);

words! {
    /// What a transfer does.
    pub enum TransferKind {
        /// Holds an amount; nothing has moved.
        Pending = "pending",
        /// Turns a hold into a movement.
        Post = "post",
        /// Releases a hold.
        Void = "void",
        /// Releases a hold whose time is over.
        Expire = "expire",
        /// Moves at once.
        Direct = "direct",
    }
}

/// Holds `amount` on `account` for an attempt, to be credited to `credit`, or says why not.
///
/// # Errors
/// [`Stop`] only for the store's sake; a "no" is an `Ok(Err(reason))`, and then nothing changed.
pub fn hold(
    cx: &mut Cx<'_>,
    of: Attempt,
    payer: (&Party, &Name),
    credit: Text,
    amount: Money,
) -> Result<Result<(), Reason>, Stop> {
    let Some(mut account) = cx.get::<Account>(&(*payer.1,))? else {
        return Ok(Err(Reason::NoAccount));
    };
    if let Err(reason) = account.takes(payer.0, amount) {
        return Ok(Err(reason));
    }
    let Ok(held) = account.held.checked_add(amount) else {
        return Ok(Err(Reason::OverLimit));
    };
    account.held = held;
    let pending = Transfer {
        order: of.order,
        attempt: of.attempt,
        step: Step::First,
        kind: TransferKind::Pending,
        debit: account.book(),
        credit,
        amount,
        at: cx.now(),
    };
    cx.record(event(EventKind::Held, &pending));
    cx.put(account)?;
    cx.put(pending)?;
    Ok(Ok(()))
}

/// Turns an attempt's hold into a movement. Says whether there was an open hold.
pub fn post(cx: &mut Cx<'_>, of: Attempt, account: &Name) -> Result<bool, Stop> {
    resolve(cx, of, account, TransferKind::Post)
}

/// Releases an attempt's hold. Says whether there was an open hold.
pub fn void(cx: &mut Cx<'_>, of: Attempt, account: &Name) -> Result<bool, Stop> {
    resolve(cx, of, account, TransferKind::Void)
}

/// Releases a hold that was made ahead of its claim and whose time is over. Says whether there was
/// an open hold.
pub fn expire(cx: &mut Cx<'_>, of: Attempt, account: &Name) -> Result<bool, Stop> {
    resolve(cx, of, account, TransferKind::Expire)
}

fn resolve(cx: &mut Cx<'_>, of: Attempt, account: &Name, kind: TransferKind) -> Result<bool, Stop> {
    let pending = cx.get::<Transfer>(&(of.order, of.attempt, Step::First))?;
    let resolved = cx.get::<Transfer>(&(of.order, of.attempt, Step::Resolution))?;
    let resolved = resolved.filter(|_| !bugs::on(Bug::PostsTwice));
    let (Some(pending), None, Some(mut account)) =
        (pending, resolved, cx.get::<Account>(&(*account,))?)
    else {
        return Ok(false);
    };
    let amount = pending.amount;
    let less = |from: Money| {
        from.checked_sub(amount)
            .expect("a hold was added in its currency")
    };
    account.held = less(account.held);
    if kind == TransferKind::Post {
        account.balance = less(account.balance);
    }
    let mut resolution = Transfer {
        step: Step::Resolution,
        amount: bugs::more(Bug::CapturesMore, amount),
        kind,
        at: cx.now(),
        ..pending
    };
    let what = if kind == TransferKind::Post {
        EventKind::Posted
    } else {
        EventKind::Voided
    };
    cx.record(event(what, &resolution));
    resolution.amount = bugs::more(Bug::BooksOtherwise, resolution.amount);
    cx.put(account)?;
    cx.put(resolution)?;
    Ok(true)
}

/// Moves an amount at once between two books without a floor: the payee's side of a payment.
pub fn direct(
    cx: &mut Cx<'_>,
    of: Attempt,
    kind: EventKind,
    books: (Text, Text),
    amount: Money,
) -> Result<(), Stop> {
    let transfer = Transfer {
        order: of.order,
        attempt: of.attempt,
        step: Step::Payee,
        kind: TransferKind::Direct,
        debit: books.0,
        credit: books.1,
        amount,
        at: cx.now(),
    };
    cx.record(event(kind, &transfer));
    cx.put(transfer)
}

/// Opens an account with an opening balance, once: an account that stands is left as it is. The
/// opening's id is the account's own.
pub fn open_account(
    cx: &mut Cx<'_>,
    name: Name,
    owner: Party,
    opening: Money,
    limit: Option<Money>,
) -> Result<(), Stop> {
    if cx.get::<Account>(&(name,))?.is_some() {
        return Ok(());
    }
    let held = Money::zero(opening.currency());
    let account = Account {
        name,
        owner,
        status: AccountStatus::Open,
        balance: opening,
        held,
        limit,
    };
    if opening.is_positive() {
        let id = cx.new_id("opening", &name);
        let transfer = Transfer {
            order: OrderId(id),
            attempt: AttemptId(id),
            step: Step::First,
            kind: TransferKind::Direct,
            debit: opening_book(),
            credit: account.book(),
            amount: opening,
            at: cx.now(),
        };
        let mut funded = event(EventKind::Funded, &transfer);
        (funded.order, funded.attempt) = (None, None);
        cx.record(funded);
        cx.put(transfer)?;
    }
    cx.put(account)
}

fn event(kind: EventKind, transfer: &Transfer) -> Event {
    let mut event = Event::new(kind)
        .order(transfer.order)
        .attempt(transfer.attempt)
        .amount(transfer.amount)
        .debit(transfer.debit.clone());
    event.credit = (!bugs::on(Bug::OneSided)).then(|| transfer.credit.clone());
    event
}

/// The balance of every book per currency: credits less debits of everything that moved. Their sum
/// is nothing in each currency (L1); held amounts have not moved.
pub fn balances<'a>(
    transfers: impl Iterator<Item = &'a Transfer>,
) -> std::collections::BTreeMap<(Text, Currency), Money> {
    let mut books = std::collections::BTreeMap::new();
    for transfer in transfers {
        match transfer.kind {
            TransferKind::Pending | TransferKind::Void | TransferKind::Expire => continue,
            TransferKind::Post | TransferKind::Direct => {}
        }
        let currency = transfer.amount.currency();
        let mut add = |book: &Text, amount: Money| {
            let sum = books
                .entry((book.clone(), currency))
                .or_insert_with(|| Money::zero(currency));
            *sum = sum
                .checked_add(amount)
                .expect("a book holds less than 2^63 minor units");
        };
        add(&transfer.credit, transfer.amount);
        add(
            &transfer.debit,
            transfer.amount.checked_neg().expect("amounts are positive"),
        );
    }
    books
}
