//! O3, O13, O14, O16, M3, M4, C1 and C4 are seen to fire.

use super::*;
use crate::id::Name;
use crate::message::{About, CodeHash, PaymentOrder, Refused};
use crate::order::Standing;

fn said(expires: Time) -> Message {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let body = PaymentOrder {
        id: order(1),
        uid: uid(1),
        code: CodeHash([0; 32]),
        merchant: MERCHANT,
        payee: "Coffee".into(),
        payee_bank: name("river"),
        payee_account: "coffee".into(),
        amount: price(),
        reference: "A1".into(),
        expires,
        standing: Standing::Waiting,
        payer_bank: name("river"),
        order_key: "00000000000000000000000000000000".parse().unwrap(),
    };
    let mut message = Message::Order(Arc::new(Attested::unsigned(body, party("gateway:main"))));
    message.sign(&party("gateway:main"), &key());
    message
}

#[test]
fn o3_a_second_attempt_beside_an_open_one_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    history.wallet(EventKind::OrderShown, 1, 1, None);
    history.wallet(EventKind::PayConfirmed, 1, 2, None);
    history.breaks("O3", &[]);
}

#[test]
fn o13_a_payment_given_up_by_the_clock_is_caught() {
    let mut history = History::new();
    history.up_to_grant();
    let event = Event::new(EventKind::PayAbandoned).order(order(1));
    history.commit("wallet:ann", "ask", None, event.attempt(attempt(1)));
    history.breaks("O13", &[]);
}

#[test]
fn o14_an_outcome_that_was_heard_and_not_kept_is_caught() {
    let mut history = History::new();
    history.up_to_posting();
    history.say("gateway:main", "bank:river", &Message::PaidHeard(of(1, 1)));
    history.breaks("O14", &[]);
}

#[test]
fn o14_a_conflict_keeps_an_outcome() {
    let mut history = History::new();
    history.up_to_posting();
    let event = gateway_event(EventKind::OrderConflict, OrderState::Claimed, 1);
    let event = event.attempt(attempt(1)).peer(party("bank:river"));
    history.commit("gateway:main", "paid", Some("bank:river"), event);
    history.say("gateway:main", "bank:river", &Message::PaidHeard(of(1, 1)));
    assert_eq!(history.found(), Vec::<&str>::new());
}

#[test]
fn o16_a_reason_that_a_stranger_hears_is_caught() {
    let mut history = History::new();
    let no = |reason| {
        let about = About {
            order: None,
            code: None,
        };
        Message::Refused(Refused { reason, about })
    };
    history.say("gateway:main", "wallet:ann", &no(Reason::NotFound));
    assert_eq!(history.found(), Vec::<&str>::new());
    history.say("gateway:main", "wallet:ann", &no(Reason::Revoked));
    history.breaks("O16", &[]);
}

#[test]
fn m3_a_statement_without_a_signature_is_caught() {
    let mut history = History::new();
    history.up_to_posting();
    let mut bare = reference(1, 1, price());
    bare = Attested::unsigned(bare.body, bare.by);
    history.say("bank:river", "gateway:main", &Message::Paid(Arc::new(bare)));
    history.breaks("M3", &[]);
}

#[test]
fn m4_a_shop_that_never_hears_is_caught_unless_people_see_it() {
    let mut history = History::new();
    let event = gateway_event(EventKind::OrderCreated, OrderState::Created, 1);
    let event = event.peer(party("merchant:coffee"));
    history.commit("gateway:main", "open", Some("wallet:ann"), event);
    history.money(EventKind::Held, "bank:river", 1, 1, price());
    history.claimed(1, 1, "bank:river");
    history.money(EventKind::Posted, "bank:river", 1, 1, price());
    history.paid(1, 1, "bank:river");
    let mut parked = history.checker.clone();
    history.checker.at_rest();
    history.breaks("M4", &[]);

    std::mem::swap(&mut parked, &mut history.checker);
    let event = Event::new(EventKind::Parked).order(order(1));
    history.commit(
        "gateway:main",
        "resend",
        None,
        event.peer(party("merchant:coffee")),
    );
    history.checker.at_rest();
    assert_eq!(history.found(), Vec::<&str>::new());
}

#[test]
fn c1_an_order_for_what_no_chip_sealed_is_caught() {
    let mut history = History::new();
    let event = Event::new(EventKind::Sealed).uid(uid(7));
    history.by("terminal:coffee", "apdu-answer", event);
    history.created(1);
    history.breaks("C1", &[]);
}

#[test]
fn c4_an_order_raised_and_a_claim_granted_past_validity_are_caught() {
    let mut history = History::new();
    history.created(1);
    history.say("gateway:main", "wallet:ann", &said(history.now));
    history.breaks("C4", &[]);

    let mut history = History::new();
    history.created(1);
    history.say(
        "gateway:main",
        "wallet:ann",
        &said(history.now.after(crate::time::Span::nanos(1))),
    );
    history.money(EventKind::Held, "bank:river", 1, 1, price());
    assert_eq!(history.found(), Vec::<&str>::new());
    history.claimed(1, 1, "bank:river");
    history.breaks("C4", &[]);
}
