//! What a shop believes, and that it hears once.

use super::*;
use crate::code::sealed::OrderKey;
use crate::id::{MerchantId, OrderId, TerminalId, Uid};
use crate::message::About;
use crate::order::Standing;
use crate::roles::bench::{Bench, HUB, RIVER, TERMINAL, eur, id, key, notice, paid, trust, uid};
use crate::roles::outbox::Kept;
use crate::store::Backend;
use crate::time::Span;

fn shop() -> Bench<Merchant> {
    Bench::new(Merchant {
        name: "bean".parse().unwrap(),
        id: TERMINAL.merchant(),
        gateway: "hub".parse().unwrap(),
        trust: trust(),
    })
}

fn told(bench: &mut Bench<Merchant>) -> usize {
    bench.store.scan(Told::SCHEMA).unwrap().len()
}

#[test]
fn a_notice_that_the_paying_bank_signed_is_believed_and_answered() {
    let mut bench = shop();
    let good = notice(7, paid(uid(1), eur(840), 1, RIVER));
    let out = bench.tell("gateway:hub", Message::Notice(good));
    let heard = Heard {
        event: EventId(id(7)),
        order: OrderId(id(1)),
    };
    assert_eq!(out.reply, Some(Message::NoticeHeard(heard)));
    let entry = bench.store.journal().last().unwrap();
    assert_eq!(entry.event.kind, EventKind::MerchantTold);
    assert_eq!(entry.event.amount, Some(eur(840)));
    assert_eq!(entry.event.uid, Some(uid(1)));
}

#[test]
fn a_gateway_cannot_make_a_payment_up() {
    let mut bench = shop();
    let mut altered = paid(uid(1), eur(840), 1, RIVER);
    altered.body.amount = eur(84_000);
    let mut by_gateway = paid(uid(1), eur(840), 1, HUB);
    by_gateway.by = "gateway:hub".parse().unwrap();
    by_gateway.sign(&key(HUB));
    let mut mixed = paid(uid(1), eur(840), 1, RIVER);
    mixed.body.merchant = MerchantId([9; 4]);
    mixed.sign(&key(RIVER));
    let terminal = TerminalId::of(MerchantId([9; 4]), 1);
    let elsewhere = Uid { terminal, ..uid(1) };
    for (reference, reason) in [
        (paid(uid(1), eur(840), 1, HUB), Reason::BadSignature),
        (altered, Reason::BadSignature),
        (by_gateway, Reason::BadSignature),
        (mixed, Reason::Altered),
        (paid(elsewhere, eur(840), 1, RIVER), Reason::NotAllowed),
    ] {
        let out = bench.tell("gateway:hub", Message::Notice(notice(7, reference)));
        let Some(Message::Refused(refused)) = out.reply else {
            panic!("it was believed")
        };
        assert_eq!(refused.reason, reason);
    }
    assert_eq!(told(&mut bench), 0);
}

#[test]
fn only_its_own_gateway_may_tell_it() {
    let mut bench = shop();
    let good = notice(7, paid(uid(1), eur(840), 1, RIVER));
    bench.tell("gateway:other", Message::Notice(Arc::clone(&good)));
    bench.tell("wallet:ann", Message::Notice(good));
    assert_eq!(told(&mut bench), 0);
}

#[test]
fn however_often_and_under_whatever_id_it_hears_it_is_told_once() {
    let mut bench = shop();
    for event in [7, 7, 8] {
        let again = notice(event, paid(uid(1), eur(840), 1, RIVER));
        let out = bench.tell("gateway:hub", Message::Notice(again));
        let Some(Message::NoticeHeard(heard)) = out.reply else {
            panic!("a repeated notice is answered too")
        };
        assert_eq!(heard.event, EventId(id(event)));
    }
    assert_eq!(bench.count(EventKind::MerchantTold), 1);
}

#[test]
fn a_second_payment_of_one_receipt_is_seen() {
    let mut bench = shop();
    for attempt in [1, 2] {
        let notice = notice(attempt, paid(uid(1), eur(840), attempt, RIVER));
        bench.tell("gateway:hub", Message::Notice(notice));
    }
    assert_eq!(bench.count(EventKind::MerchantTold), 1);
    assert_eq!(bench.count(EventKind::OrderConflict), 1);
}

fn cancelled(code: CodeHash, signer: u8) -> Message {
    let body = PaymentOrder {
        id: OrderId(id(1)),
        uid: uid(1),
        code,
        merchant: TERMINAL.merchant(),
        payee: "Bean".into(),
        payee_bank: "river".parse().unwrap(),
        payee_account: "shop-1".into(),
        amount: eur(840),
        reference: "A7".into(),
        expires: Time::default(),
        standing: Standing::Cancelled,
        payer_bank: "river".parse().unwrap(),
        order_key: OrderKey::from_bytes([1; 16]),
    };
    let mut order = Attested::unsigned(body, "gateway:hub".parse().unwrap());
    order.sign(&key(signer));
    Message::Order(Arc::new(order))
}

#[test]
fn a_receipt_taken_back_is_asked_for_until_the_gateway_answers() {
    let mut bench = shop();
    let code = Blob::from(vec![1, 2, 3]);
    let hash = CodeHash::of(&code);
    let out = bench.local(Input::Void(code.clone()));
    assert_eq!(out.sends.len(), 1);
    assert_eq!(bench.local(Input::Void(code.clone())).sends, []);
    let again = bench.wait(Span::minutes(1));
    assert_eq!(again[0].sends, out.sends);

    bench.tell("gateway:hub", cancelled(hash, RIVER));
    assert_eq!(bench.count(EventKind::Delivered), 0);
    for _ in 0..2 {
        bench.tell("gateway:hub", cancelled(hash, HUB));
    }
    assert_eq!(bench.count(EventKind::Delivered), 1);
    assert!(bench.store.scan(Kept::SCHEMA).unwrap().is_empty());
    assert!(bench.wait(Span::hours(48)).is_empty());
}

#[test]
fn a_refusal_to_take_back_ends_the_asking_and_a_stranger_s_does_not() {
    let mut bench = shop();
    let code = Blob::from(vec![1, 2, 3]);
    bench.local(Input::Void(code.clone()));
    let refused = Message::Refused(Refused {
        reason: Reason::NotFound,
        about: About {
            order: None,
            code: Some(CodeHash::of(&code)),
        },
    });
    bench.tell("gateway:other", refused.clone());
    assert!(!bench.store.scan(Kept::SCHEMA).unwrap().is_empty());
    bench.tell("gateway:hub", refused);
    assert!(bench.store.scan(Kept::SCHEMA).unwrap().is_empty());
}
