//! The banks' events: holds, postings, credits, and the books that follow from them.

use super::model::Claim;
use super::{Invariant, Invariants, Place, shown};
use crate::id::{AttemptId, Name, OrderId};
use crate::journal::{Entry, Event, EventKind};
use crate::money::Money;
use crate::order::BankOrderState;
use crate::text::Text;

/// Books with a floor begin so.
const CUSTOMER: &str = "customer:";

/// What every event about money must say.
struct Movement<'e> {
    debit: &'e Text,
    credit: &'e Text,
    amount: Money,
}

impl Invariants {
    pub(super) fn money_event(&mut self, place: Place, entry: &Entry) {
        let event = &entry.event;
        let bank = place.party.name;
        let movement = match event.kind {
            EventKind::Rejected | EventKind::Tombstoned => None,
            _ => match self.movement(place, event) {
                Some(movement) => Some(movement),
                None => return,
            },
        };
        let key = event.order.zip(event.attempt);
        match (event.kind, key, movement) {
            (EventKind::Funded, _, Some(movement)) => self.moved(place, bank, &movement),
            (EventKind::Held, Some(key), Some(movement)) => self.held(place, key, &movement),
            (EventKind::Posted, Some(key), Some(movement)) => self.posted(place, key, &movement),
            (EventKind::Voided, Some(key), Some(movement)) => {
                self.voided(place, key, &movement, entry);
            }
            (EventKind::Credited | EventKind::Suspended, Some(key), Some(movement)) => {
                self.credited(place, key, &movement);
            }
            (EventKind::Rejected, Some(key), _) => {
                self.refused(place, key, BankOrderState::Rejected);
            }
            (EventKind::Tombstoned, Some(key), _) => {
                self.refused(place, key, BankOrderState::Tombstoned);
            }
            (_, None, _) | (_, _, None) => {
                let actual = "money moved for no order";
                self.broken(
                    Invariant::NoCreation,
                    place,
                    "an order and its attempt",
                    actual,
                );
            }
            _ => {}
        }
    }

    /// L1: two books and an amount of more than nothing.
    fn movement<'e>(&mut self, place: Place, event: &'e Event) -> Option<Movement<'e>> {
        let found = match (&event.debit, &event.credit, event.amount) {
            (Some(debit), Some(credit), Some(amount)) if debit != credit => {
                amount.is_positive().then_some(Movement {
                    debit,
                    credit,
                    amount,
                })
            }
            _ => None,
        };
        self.must(found.is_some(), Invariant::ZeroSum, place, || {
            let (debit, credit) = (shown(event.debit.as_ref()), shown(event.credit.as_ref()));
            let actual = format!("{} from {debit} to {credit}", shown(event.amount));
            ("an amount from one book to another".to_owned(), actual)
        });
        found
    }

    /// Books follow: what one gives the other takes.
    fn moved(&mut self, place: Place, bank: Name, movement: &Movement<'_>) {
        let (amount, currency) = (
            i128::from(movement.amount.minor()),
            movement.amount.currency(),
        );
        self.model.book_mut(bank, movement.credit, currency).balance += amount;
        self.model.book_mut(bank, movement.debit, currency).balance -= amount;
        self.floor(place, bank, movement);
    }

    /// L4: an account holds what it has promised.
    fn floor(&mut self, place: Place, bank: Name, movement: &Movement<'_>) {
        if !movement.debit.as_str().starts_with(CUSTOMER) {
            return;
        }
        let currency = movement.amount.currency();
        let book = self.model.book_mut(bank, movement.debit, currency);
        let (balance, held) = (book.balance, book.held);
        self.must(balance >= held, Invariant::Floor, place, || {
            let expected = format!("{} to hold what it promised", movement.debit);
            (
                expected,
                format!("{balance} minor units of {currency}, and {held} held"),
            )
        });
    }

    /// O12 and O1, for a hold.
    fn held(&mut self, place: Place, key: (OrderId, AttemptId), movement: &Movement<'_>) {
        let bank = place.party.name;
        self.same_amount(place, key.0, movement.amount);
        self.same_payee(place, key.0, movement.credit);
        self.unpaid(place, key, "a second hold");
        let order = self.model.order_mut(key.0, place.at);
        let row = order.attempt_mut(key.1, bank, place.at);
        let before = row.state.replace(BankOrderState::Held);
        row.since = place.at;
        row.hold = Some(movement.amount);
        row.books = Some((movement.debit.clone(), movement.credit.clone()));
        self.model.reached.bank(before, BankOrderState::Held);
        let rule = match before {
            Some(BankOrderState::Tombstoned) => Invariant::NotFoundIsNoProof,
            _ => Invariant::LegalTransition,
        };
        self.must(before.is_none(), rule, place, || {
            let expected = format!("an attempt that is {} to hold nothing", shown(before));
            (expected, format!("a hold of {}", movement.amount))
        });
        let currency = movement.amount.currency();
        let book = self.model.book_mut(bank, movement.debit, currency);
        book.held += i128::from(movement.amount.minor());
        self.floor(place, bank, movement);
    }

    fn posted(&mut self, place: Place, key: (OrderId, AttemptId), movement: &Movement<'_>) {
        let bank = place.party.name;
        self.same_amount(place, key.0, movement.amount);
        self.unpaid(place, key, "a second posting");
        let hold = self.resolve(place, key, BankOrderState::Posted);
        if let Some(hold) = hold {
            let within = hold.currency() == movement.amount.currency() && movement.amount <= hold;
            self.must(within, Invariant::PartialBound, place, || {
                (
                    format!("at most the {hold} that were held"),
                    movement.amount.to_string(),
                )
            });
        }
        let order = self.model.order_mut(key.0, place.at);
        let uid = order.uid;
        let row = order.attempt_mut(key.1, bank, place.at);
        let (claim, books) = (row.claim, row.books.clone());
        self.must(
            claim == Claim::Granted,
            Invariant::ClaimExclusive,
            place,
            || {
                let expected = format!("a grant before {bank} posts attempt {}", key.1);
                (expected, format!("a claim that is {claim:?}"))
            },
        );
        let same = books
            .as_ref()
            .is_none_or(|(d, c)| d == movement.debit && c == movement.credit);
        self.must(same, Invariant::AmountIntegrity, place, || {
            let route = books.map(|(debit, credit)| format!("{debit} -> {credit}"));
            (
                shown(route),
                format!("{} -> {}", movement.debit, movement.credit),
            )
        });
        if let Some(uid) = uid {
            let receipt = self.model.receipts.entry(uid).or_default();
            receipt.posted = Some((bank, key.0, key.1));
        }
        self.moved(place, bank, movement);
    }

    /// O1: nobody was charged for this receipt yet.
    fn unpaid(&mut self, place: Place, key: (OrderId, AttemptId), what: &str) {
        let uid = self.model.orders.get(&key.0).and_then(|order| order.uid);
        let Some(receipt) = uid.and_then(|uid| self.model.receipts.get(&uid)) else {
            return;
        };
        // A hold at another bank is no harm: its claim will be refused.
        let here = |(bank, ..): &(Name, OrderId, AttemptId)| {
            what == "a second posting" || *bank == place.party.name
        };
        let paid = receipt.posted.filter(here).filter(|_| !receipt.late);
        self.must(paid.is_none(), Invariant::OnePayPerReceipt, place, || {
            let first = paid.map(|(bank, order, _)| format!("{bank} for order {order}"));
            let expected = format!(
                "one posting for receipt {}, by {}",
                shown(uid),
                shown(first)
            );
            (
                expected,
                format!("{what}, by {} for order {}", place.party.name, key.0),
            )
        });
    }

    /// L5: the hold that a posting or a void ends.
    fn resolve(
        &mut self,
        place: Place,
        key: (OrderId, AttemptId),
        to: BankOrderState,
    ) -> Option<Money> {
        let bank = place.party.name;
        let row = self
            .model
            .order_mut(key.0, place.at)
            .attempt_mut(key.1, bank, place.at);
        let before = row.state.replace(to);
        row.since = place.at;
        let hold = row.hold.take();
        let debit = row.books.as_ref().map(|(debit, _)| debit.clone());
        self.model.reached.bank(before, to);
        if let Some((hold, debit)) = hold.zip(debit) {
            let book = self.model.book_mut(bank, &debit, hold.currency());
            book.held -= i128::from(hold.minor());
        }
        self.must(hold.is_some(), Invariant::HoldOnce, place, || {
            let expected = format!("an open hold of attempt {}", key.1);
            (
                expected,
                format!("{to} of an attempt that is {}", shown(before)),
            )
        });
        if hold.is_some() && before != Some(BankOrderState::Held) {
            let actual = format!("{} -> {to}", shown(before));
            self.broken(Invariant::LegalTransition, place, "HELD before it", actual);
        }
        hold
    }

    fn voided(
        &mut self,
        place: Place,
        key: (OrderId, AttemptId),
        movement: &Movement<'_>,
        entry: &Entry,
    ) {
        let hold = self.resolve(place, key, BankOrderState::Voided);
        if let Some(hold) = hold {
            self.must(
                hold == movement.amount,
                Invariant::PartialBound,
                place,
                || {
                    (
                        format!("the whole hold of {hold} released"),
                        movement.amount.to_string(),
                    )
                },
            );
        }
        let by_word = entry.cause.from.is_some();
        self.must(by_word, Invariant::UnknownNotFailed, place, || {
            let expected = "a refused claim or a cancel to void a hold".to_owned();
            (
                expected,
                format!("`{}`, which nobody said", entry.cause.what),
            )
        });
    }

    /// L7 and O4: refused or closed before anything was held.
    fn refused(&mut self, place: Place, key: (OrderId, AttemptId), to: BankOrderState) {
        let bank = place.party.name;
        let row = self
            .model
            .order_mut(key.0, place.at)
            .attempt_mut(key.1, bank, place.at);
        let before = row.state.replace(to);
        row.since = place.at;
        let hold = row.hold;
        self.model.reached.bank(before, to);
        self.must(hold.is_none(), Invariant::HoldReleased, place, || {
            (format!("nothing held by what is {to}"), shown(hold))
        });
        self.must(before.is_none(), Invariant::LegalTransition, place, || {
            (format!("no bank order before it is {to}"), shown(before))
        });
    }

    /// M1, L2 and O12: the payee's bank credits once what the payer's bank has posted.
    fn credited(&mut self, place: Place, key: (OrderId, AttemptId), movement: &Movement<'_>) {
        let bank = place.party.name;
        self.same_amount(place, key.0, movement.amount);
        self.same_payee(place, key.0, movement.credit);
        let order = self.model.order_mut(key.0, place.at);
        let again = order.credited.contains(&(bank, key.1));
        let posted = order.posted(Some(key.1)).is_some();
        if !again {
            order.credited.push((bank, key.1));
        }
        self.must(!again, Invariant::Dedupe, place, || {
            let expected = format!("one credit for attempt {}", key.1);
            (expected, format!("a second one of {}", movement.amount))
        });
        self.must(posted, Invariant::NoCreation, place, || {
            let expected = format!("a posting of attempt {} at the payer's bank", key.1);
            (
                expected,
                format!("a credit of {} from nowhere", movement.amount),
            )
        });
        self.moved(place, bank, movement);
    }

    /// O12: the order's amount, whoever says it.
    pub(super) fn same_amount(&mut self, place: Place, order: OrderId, amount: Money) {
        let due = self.model.orders.get(&order).and_then(|order| order.amount);
        self.must(
            due.is_none_or(|due| due == amount),
            Invariant::AmountIntegrity,
            place,
            || (format!("the order's {}", shown(due)), amount.to_string()),
        );
    }

    /// O12: a merchant's book is the one that the signed order names.
    fn same_payee(&mut self, place: Place, order: OrderId, book: &Text) {
        let Some(account) = book.as_str().strip_prefix("merchant:") else {
            return;
        };
        let order = self.model.orders.get(&order);
        let due = order
            .and_then(|order| order.payee.as_ref())
            .map(|(_, _, account)| account);
        let good = due.is_none_or(|due| due.as_str() == account);
        let due = due.cloned();
        self.must(good, Invariant::AmountIntegrity, place, || {
            (
                format!("the payee's account {}", shown(due)),
                account.to_owned(),
            )
        });
    }
}
