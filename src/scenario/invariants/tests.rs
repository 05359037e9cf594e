//! Each check is seen to fire: a good history passes, and a bad one is caught under its name.

mod promises;

use super::*;
use crate::id::{AttemptId, EventId, Id, MerchantId, TerminalId, Uid};
use crate::journal::{Cause, Event};
use crate::message::PaymentStanding;
use crate::message::{Attempt, Attested, BankReference, ClaimRefused, Heard, Notice, Payment};
use crate::money::{Currency, Money};
use crate::order::{BankStanding, OrderState, PaymentState, Reason};
use crate::sign::{SigningKey, Suite};
use crate::text::Text;
use std::borrow::Cow;
use std::sync::Arc;

const MERCHANT: MerchantId = MerchantId([0, 0, 0, 1]);

fn party(text: &str) -> Party {
    text.parse().unwrap()
}

fn order(n: u64) -> OrderId {
    OrderId(Id::new(n, 0))
}

fn attempt(n: u64) -> AttemptId {
    AttemptId(Id::new(n, 7))
}

fn of(o: u64, a: u64) -> Attempt {
    Attempt {
        order: order(o),
        attempt: attempt(a),
    }
}

fn uid(counter: u32) -> Uid {
    let terminal = TerminalId::of(MERCHANT, 1);
    Uid {
        terminal,
        epoch: 1,
        counter,
    }
}

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::EUR).unwrap()
}

fn price() -> Money {
    euros("8.40")
}

fn gateway_event(kind: EventKind, state: OrderState, o: u64) -> Event {
    let event = Event::new(kind).order(order(o)).uid(uid(1));
    event.amount(price()).state(state.word())
}

/// A history in the making: what is committed and what leaves, in order.
struct History {
    checker: Invariants,
    chains: BTreeMap<Party, Chain>,
    now: Time,
}

impl History {
    fn new() -> Self {
        let mut history = Self {
            checker: Invariants::new([], Some(ChainKind::Fast)),
            chains: BTreeMap::new(),
            now: Time::from_seconds(1_000),
        };
        for (bank, account) in [("bank:river", "ann"), ("bank:lake", "bob")] {
            let funded = Event::new(EventKind::Funded).amount(euros("100.00"));
            let book = format!("customer:{account}");
            history.by(
                bank,
                "open-account",
                funded.debit("opening".into()).credit(Text::clean(&book)),
            );
        }
        history
    }

    /// A party commits an event: because of a message, or of a timer when the cause has no sender.
    fn commit(&mut self, who: &str, what: &'static str, from: Option<&str>, event: Event) {
        let who = party(who);
        self.now = self.now.after(crate::time::Span::millis(1));
        let chain = self.chains.entry(who);
        let chain = chain.or_insert_with(|| Chain::new(0, ChainKind::Fast));
        let cause = Cause {
            what: Cow::Borrowed(what),
            from: from.map(party),
        };
        let entry = chain.append(self.now, cause, event);
        self.checker.observe(&who, &entry);
    }

    fn by(&mut self, who: &str, what: &'static str, event: Event) {
        self.commit(who, what, Some("gateway:main"), event);
    }

    fn say(&mut self, from: &str, to: &str, message: &Message) {
        self.checker
            .released(self.now, &party(from), &party(to), message);
    }

    fn created(&mut self, o: u64) {
        let event = gateway_event(EventKind::OrderCreated, OrderState::Created, o);
        self.commit("gateway:main", "open", Some("wallet:ann"), event);
    }

    fn claimed(&mut self, o: u64, a: u64, bank: &str) {
        let event = gateway_event(EventKind::OrderClaimed, OrderState::Claimed, o);
        let event = event.attempt(attempt(a)).peer(party(bank));
        self.commit("gateway:main", "claim", Some(bank), event);
    }

    fn paid(&mut self, o: u64, a: u64, bank: &str) {
        let event = gateway_event(EventKind::OrderPaid, OrderState::Paid, o);
        let event = event.attempt(attempt(a)).peer(party(bank));
        self.commit("gateway:main", "paid", Some(bank), event);
    }

    fn reopened(&mut self, o: u64, a: u64, from: Option<&str>) {
        let event = gateway_event(EventKind::OrderReopened, OrderState::Created, o);
        self.commit(
            "gateway:main",
            "payment-standing",
            from,
            event.attempt(attempt(a)),
        );
    }

    fn money(&mut self, kind: EventKind, bank: &str, o: u64, a: u64, amount: Money) {
        let payer = if bank == "bank:river" {
            "customer:ann"
        } else {
            "customer:bob"
        };
        let event = Event::new(kind)
            .order(order(o))
            .attempt(attempt(a))
            .amount(amount);
        let event = event
            .debit(Text::clean(payer))
            .credit("merchant:coffee".into());
        self.by(bank, "granted", event);
    }

    fn bank_order(&mut self, kind: EventKind, bank: &str, o: u64, a: u64) {
        let event = Event::new(kind).order(order(o)).attempt(attempt(a));
        self.by(bank, "cancel-payment", event);
    }

    fn wallet(&mut self, kind: EventKind, o: u64, a: u64, reason: Option<Reason>) {
        let mut event = Event::new(kind).order(order(o)).attempt(attempt(a));
        event.reason = reason;
        event.amount = Some(price());
        self.by("wallet:ann", "payment", event);
    }

    fn told(&mut self, o: u64, a: u64) {
        let event = Event::new(EventKind::MerchantTold)
            .order(order(o))
            .attempt(attempt(a));
        self.by("merchant:coffee", "notice", event.amount(price()));
    }

    /// A grant at river for attempt 1 of order 1.
    fn up_to_grant(&mut self) {
        self.created(1);
        self.wallet(EventKind::OrderShown, 1, 1, None);
        self.wallet(EventKind::PayConfirmed, 1, 1, None);
        self.money(EventKind::Held, "bank:river", 1, 1, price());
        self.claimed(1, 1, "bank:river");
    }

    fn up_to_posting(&mut self) {
        self.up_to_grant();
        self.money(EventKind::Posted, "bank:river", 1, 1, price());
    }

    fn up_to_the_end(&mut self) {
        self.up_to_posting();
        self.paid(1, 1, "bank:river");
        self.wallet(EventKind::PayDone, 1, 1, None);
        self.told(1, 1);
    }

    fn found(&self) -> Vec<&'static str> {
        self.checker
            .violations()
            .iter()
            .map(|v| v.invariant.word())
            .collect()
    }

    /// That this invariant, and no other beside those that `also` names, was broken.
    fn breaks(&self, invariant: &str, also: &[&str]) {
        let found = self.found();
        let listed = self.checker.violations();
        assert!(
            found.contains(&invariant),
            "{invariant} is missing in {listed:#?}"
        );
        let strange: Vec<_> = found
            .iter()
            .filter(|word| **word != invariant && !also.contains(word))
            .collect();
        assert!(
            strange.is_empty(),
            "{strange:?} beside {invariant}: {listed:#?}"
        );
    }
}

fn reference(o: u64, a: u64, amount: Money) -> Attested<BankReference> {
    let body = BankReference {
        of: of(o, a),
        uid: uid(1),
        amount,
        merchant: MERCHANT,
        posted_at: Time::from_seconds(1_001),
    };
    let mut said = Attested::unsigned(body, party("bank:river"));
    said.sign(&key());
    said
}

fn key() -> SigningKey {
    SigningKey::from_seed(Suite::Simulated, &[7; 32]).unwrap()
}

fn payment(o: u64, a: u64, state: PaymentState, reason: Option<Reason>) -> Message {
    Message::Payment(Arc::new(Payment {
        of: of(o, a),
        state,
        reason,
        reference: None,
    }))
}

fn refused(o: u64, a: u64, reason: Reason) -> Message {
    Message::ClaimRefused(ClaimRefused {
        of: of(o, a),
        reason,
    })
}

#[test]
fn a_good_history_passes_at_every_step_and_at_rest() {
    let mut history = History::new();
    history.up_to_posting();
    history.say(
        "bank:river",
        "wallet:ann",
        &payment(1, 1, PaymentState::Processing, None),
    );
    history.say("gateway:main", "bank:river", &Message::Granted(of(1, 1)));
    history.say(
        "bank:river",
        "gateway:main",
        &Message::Paid(Arc::new(reference(1, 1, price()))),
    );
    history.say(
        "bank:river",
        "wallet:ann",
        &payment(1, 1, PaymentState::Paid, None),
    );
    history.paid(1, 1, "bank:river");
    history.wallet(EventKind::PayDone, 1, 1, None);
    history.say("gateway:main", "bank:river", &Message::PaidHeard(of(1, 1)));
    history.told(1, 1);
    assert_eq!(history.checker.unfinished(), []);
    history.checker.at_rest();
    let books = [
        ("customer:ann", "91.60"),
        ("merchant:coffee", "8.40"),
        ("opening", "-100.00"),
    ];
    let books = books.map(|(book, amount)| ((book.into(), Currency::EUR), euros(amount)));
    history
        .checker
        .books_at_rest("river".parse().unwrap(), &books.into());
    assert_eq!(history.found(), Vec::<&str>::new());
}

#[test]
fn a_refused_attempt_leaves_the_receipt_payable_and_breaks_nothing() {
    let mut history = History::new();
    history.up_to_grant();
    history.by(
        "bank:river",
        "cancel-payment",
        Event::new(EventKind::Voided)
            .order(order(1))
            .attempt(attempt(1))
            .amount(price())
            .debit("customer:ann".into())
            .credit("merchant:coffee".into()),
    );
    history.reopened(1, 1, Some("bank:river"));
    history.wallet(EventKind::PayFailed, 1, 1, Some(Reason::NoAnswer));
    history.money(EventKind::Held, "bank:lake", 1, 2, price());
    history.claimed(1, 2, "bank:lake");
    history.money(EventKind::Posted, "bank:lake", 1, 2, price());
    history.paid(1, 2, "bank:lake");
    history.checker.at_rest();
    assert_eq!(history.found(), Vec::<&str>::new());
}

#[test]
fn o1_a_receipt_charged_twice_is_caught() {
    let mut history = History::new();
    history.up_to_the_end();
    history.money(EventKind::Held, "bank:lake", 1, 2, price());
    history.money(EventKind::Posted, "bank:lake", 1, 2, price());
    history.breaks("O1", &["O2"]); // and nobody granted the second
}

#[test]
fn o1_a_second_hold_at_the_bank_that_posted_is_caught() {
    let mut history = History::new();
    history.up_to_the_end();
    history.money(EventKind::Held, "bank:river", 1, 2, price());
    history.breaks("O1", &[]);
}

#[test]
fn o2_two_live_claims_are_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.money(EventKind::Held, "bank:lake", 1, 2, price());
    history.claimed(1, 2, "bank:lake");
    history.breaks("O2", &[]);
}

#[test]
fn o2_a_posting_without_a_grant_is_caught() {
    let mut history = History::new();
    history.created(1);
    history.money(EventKind::Held, "bank:river", 1, 1, price());
    history.money(EventKind::Posted, "bank:river", 1, 1, price());
    history.breaks("O2", &[]);
}

#[test]
fn o4_a_final_state_that_moves_on_is_caught() {
    let mut history = History::new();
    history.up_to_the_end();
    let event = gateway_event(EventKind::OrderCancelled, OrderState::Cancelled, 1);
    history.by("gateway:main", "void-order", event);
    history.breaks("O4", &[]);
}

#[test]
fn o4_a_state_that_is_not_its_events_is_caught() {
    let mut history = History::new();
    let event = gateway_event(EventKind::OrderCreated, OrderState::Cancelled, 1);
    history.by("gateway:main", "open", event);
    history.breaks("O4", &[]);
}

#[test]
fn o4_a_payment_that_goes_on_after_it_was_done_is_caught() {
    let mut history = History::new();
    history.up_to_the_end();
    history.wallet(EventKind::PayConfirmed, 1, 2, None);
    history.breaks("O4", &[]);
}

#[test]
fn o5_a_timer_that_ends_a_claim_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.reopened(1, 1, None);
    history.breaks("O5", &[]);
}

#[test]
fn o5_a_failure_on_the_screen_while_the_money_is_held_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.wallet(EventKind::PayFailed, 1, 1, Some(Reason::Expired));
    history.breaks("O5", &[]);
}

#[test]
fn o5_a_timer_that_voids_a_hold_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    let event = Event::new(EventKind::Voided)
        .order(order(1))
        .attempt(attempt(1));
    let event = event.amount(price()).debit("customer:ann".into());
    history.commit(
        "bank:river",
        "claim",
        None,
        event.credit("merchant:coffee".into()),
    );
    history.breaks("O5", &[]);
}

#[test]
fn o6_another_answer_to_the_same_claim_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.say("gateway:main", "bank:river", &Message::Granted(of(1, 1)));
    history.say(
        "gateway:main",
        "bank:river",
        &refused(1, 1, Reason::AlreadyClaimed),
    );
    history.breaks("O6", &[]);
}

#[test]
fn o6_another_final_answer_to_the_payer_is_caught() {
    let mut history = History::new();
    history.created(1);
    history.bank_order(EventKind::Rejected, "bank:river", 1, 1);
    for reason in [Reason::InsufficientFunds, Reason::OverLimit] {
        history.say(
            "bank:river",
            "wallet:ann",
            &payment(1, 1, PaymentState::Refused, Some(reason)),
        );
    }
    history.breaks("O6", &[]);
}

#[test]
fn o7_a_no_that_moved_money_is_caught() {
    let mut history = History::new();
    history.up_to_posting();
    let no = payment(1, 1, PaymentState::Refused, Some(Reason::NoAnswer));
    history.say("bank:river", "wallet:ann", &no);
    history.breaks("O7", &[]);
}

#[test]
fn o8_a_promise_before_its_record_is_caught() {
    let mut history = History::new();
    history.created(1);
    history.say(
        "bank:river",
        "wallet:ann",
        &payment(1, 1, PaymentState::Processing, None),
    );
    history.breaks("O8", &[]);

    let mut history = History::new();
    history.created(1);
    history.money(EventKind::Held, "bank:river", 1, 1, price());
    history.say("gateway:main", "bank:river", &Message::Granted(of(1, 1)));
    history.breaks("O8", &[]);

    let mut history = History::new();
    history.up_to_the_end();
    let heard = Heard {
        event: EventId(Id::new(9, 9)),
        order: order(1),
    };
    history.say("merchant:tea", "gateway:main", &Message::NoticeHeard(heard));
    history.breaks("O8", &[]);
}

#[test]
fn o8_a_screen_that_says_paid_too_early_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.wallet(EventKind::PayDone, 1, 1, None);
    history.breaks("O8", &[]);
}

#[test]
fn o9_a_notice_before_the_posting_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    let notice = Notice {
        event: EventId(Id::new(9, 9)),
        reference: reference(1, 1, price()),
        order_reference: "A1".into(),
    };
    history.say(
        "gateway:main",
        "merchant:coffee",
        &Message::Notice(Arc::new(notice)),
    );
    history.breaks("O9", &[]);

    let mut history = History::new();
    history.up_to_grant();
    history.told(1, 1);
    history.breaks("O9", &[]);
}

#[test]
fn o10_a_wallet_that_never_learns_of_its_payment_is_caught_at_rest() {
    let mut history = History::new();
    history.up_to_grant();
    history.wallet(EventKind::PayAbandoned, 1, 1, Some(Reason::NoAnswer));
    history.money(EventKind::Posted, "bank:river", 1, 1, price());
    history.paid(1, 1, "bank:river");
    history.checker.at_rest();
    history.breaks("O10", &["O13"]);
}

#[test]
fn o11_paid_without_a_posting_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.paid(1, 1, "bank:river");
    history.breaks("O11", &[]);
}

#[test]
fn o11_a_claim_without_a_hold_is_caught() {
    let mut history = History::new();
    history.created(1);
    history.claimed(1, 1, "bank:river");
    history.breaks("O11", &[]);
}

#[test]
fn o11_a_hold_that_nobody_resolves_is_caught_at_rest() {
    let mut history = History::new();
    history.up_to_the_end();
    history.money(EventKind::Held, "bank:lake", 1, 2, price());
    assert_eq!(history.checker.unfinished().len(), 1);
    history.checker.at_rest();
    history.breaks("O11", &[]);
}

#[test]
fn o12_another_amount_is_caught_wherever_it_is_said() {
    let mut history = History::new();
    history.created(1);
    history.money(EventKind::Held, "bank:river", 1, 1, euros("8.39"));
    history.breaks("O12", &[]);

    let mut history = History::new();
    history.up_to_posting();
    let word = Message::Paid(Arc::new(reference(1, 1, euros("84.00"))));
    history.say("bank:river", "gateway:main", &word);
    history.breaks("O12", &[]);
}

#[test]
fn o12_money_that_goes_to_another_book_than_was_held_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    let event = Event::new(EventKind::Posted)
        .order(order(1))
        .attempt(attempt(1));
    let event = event.amount(price()).debit("customer:ann".into());
    history.by(
        "bank:river",
        "granted",
        event.credit("merchant:mallory".into()),
    );
    history.breaks("O12", &[]);
}

#[test]
fn o17_an_attempt_ended_because_it_was_not_found_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.wallet(EventKind::PayFailed, 1, 2, Some(Reason::NotFound));
    history.breaks("O17", &[]);
}

#[test]
fn o17_a_hold_after_its_tombstone_is_caught() {
    let mut history = History::new();
    history.created(1);
    history.bank_order(EventKind::Tombstoned, "bank:river", 1, 1);
    history.money(EventKind::Held, "bank:river", 1, 1, price());
    history.breaks("O17", &[]);
}

#[test]
fn l1_money_with_one_side_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    let event = Event::new(EventKind::Posted)
        .order(order(1))
        .attempt(attempt(1));
    history.by(
        "bank:river",
        "granted",
        event.amount(price()).debit("customer:ann".into()),
    );
    history.breaks("L1", &[]);
}

#[test]
fn l2_a_balance_that_no_posting_explains_is_caught_at_rest() {
    let mut history = History::new();
    let books = [("customer:ann", "100.01"), ("opening", "-100.00")];
    let books = books.map(|(book, amount)| ((book.into(), Currency::EUR), euros(amount)));
    history
        .checker
        .books_at_rest("river".parse().unwrap(), &books.into());
    history.breaks("L2", &[]);
}

#[test]
fn l2_a_credit_from_nowhere_is_caught() {
    let mut history = History::new();
    history.created(1);
    let event = Event::new(EventKind::Credited)
        .order(order(1))
        .attempt(attempt(1));
    let event = event.amount(price()).debit("clearing:main".into());
    history.by(
        "bank:lake",
        "advise",
        event.credit("merchant:coffee".into()),
    );
    history.breaks("L2", &[]);
}

#[test]
fn l3_a_line_that_was_changed_or_dropped_is_caught() {
    let mut chain = Chain::new(0, ChainKind::Fast);
    let cause = || Cause {
        what: Cow::Borrowed("start"),
        from: None,
    };
    let now = Time::from_seconds(1);
    let entries: Vec<_> = (0..3)
        .map(|_| chain.append(now, cause(), Event::new(EventKind::Started)))
        .collect();
    let river = party("bank:river");

    let mut whole = Invariants::new([], Some(ChainKind::Fast));
    entries
        .iter()
        .for_each(|entry| whole.observe(&river, entry));
    assert_eq!(whole.violations(), []);

    let mut dropped = Invariants::new([], None);
    dropped.observe(&river, &entries[0]);
    dropped.observe(&river, &entries[2]);
    assert_eq!(dropped.violations()[0].invariant, Invariant::Immutable);

    let mut changed = Invariants::new([], Some(ChainKind::Fast));
    let mut edited = entries[0].clone();
    edited.event.note = Some("nothing happened".into());
    changed.observe(&river, &edited);
    assert_eq!(changed.violations()[0].invariant, Invariant::Immutable);
}

#[test]
fn l4_an_account_below_nothing_is_caught() {
    let mut history = History::new();
    let event = gateway_event(EventKind::OrderCreated, OrderState::Created, 1);
    history.by("gateway:main", "open", event.amount(euros("100.01")));
    history.money(EventKind::Held, "bank:river", 1, 1, euros("100.01"));
    history.breaks("L4", &[]);
}

#[test]
fn l5_a_hold_resolved_twice_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.money(EventKind::Voided, "bank:river", 1, 1, price());
    history.money(EventKind::Voided, "bank:river", 1, 1, price());
    history.breaks("L5", &[]);
}

#[test]
fn l6_more_captured_than_held_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.money(EventKind::Posted, "bank:river", 1, 1, euros("8.41"));
    history.breaks("L6", &["O12"]); // it is not the order's amount either
}

#[test]
fn l7_a_refusal_that_still_holds_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.say(
        "bank:river",
        "wallet:ann",
        &payment(1, 1, PaymentState::Refused, Some(Reason::Expired)),
    );
    history.breaks("L7", &[]);

    let mut history = History::new();
    history.up_to_grant();
    let standing = PaymentStanding {
        of: of(1, 1),
        standing: BankStanding::Closed,
        reason: None,
        reference: None,
    };
    history.say(
        "bank:river",
        "gateway:main",
        &Message::PaymentStanding(Arc::new(standing)),
    );
    history.breaks("L7", &[]);
}

#[test]
fn m1_a_notice_with_two_effects_is_caught() {
    let mut history = History::new();
    history.up_to_the_end();
    history.told(1, 1);
    history.breaks("M1", &[]);
}

#[test]
fn c2_a_counter_used_twice_is_caught() {
    let mut history = History::new();
    history.created(1);
    history.created(2);
    history.breaks("C2", &[]);

    let mut history = History::new();
    for reference in ["A1", "A2"] {
        let event = Event::new(EventKind::CodePrinted).uid(uid(1));
        history.by(
            "terminal:coffee",
            "apdu-answer",
            event.note(reference.into()),
        );
    }
    history.breaks("C2", &[]);
}

#[test]
fn an_invariant_that_is_switched_off_says_nothing() {
    let mut history = History::new();
    history.checker.off.insert(Invariant::LegalTransition);
    history.up_to_the_end();
    let event = gateway_event(EventKind::OrderCancelled, OrderState::Cancelled, 1);
    history.by("gateway:main", "void-order", event);
    assert_eq!(history.found(), Vec::<&str>::new());
}
