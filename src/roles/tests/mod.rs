//! The payment roles together, message by message: what is lost, repeated, late or raced for must
//! end right.

mod stage;

use crate::ledger::{Account, Transfer, balances};
use crate::message::MessageKind;
use crate::order::{BankOrderState, OrderState, Reason};
use crate::roles::bank::BankOrder;
use crate::roles::gateway::Order;
use crate::roles::wallet::{WalletPayment, WalletState};
use crate::time::Span;
use stage::Stage;

fn order_state(stage: &mut Stage) -> OrderState {
    stage.only::<Order>("gateway:main").state
}

#[test]
fn a_receipt_is_paid_once_and_everyone_hears_of_it() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.scan("ann", &link);
    stage.settle();
    assert_eq!(order_state(&mut stage), OrderState::Paid);
    let payment = stage.only::<WalletPayment>("wallet:ann");
    assert_eq!(payment.state, WalletState::Paid);
    assert_eq!(stage.balance("river", "ann"), 10_000 - 840);
    assert_eq!(stage.heard(MessageKind::Notice), 1);
    assert_eq!(stage.heard(MessageKind::Slip), 1);
    stage.books_are_zero();
}

#[test]
fn payer_and_merchant_at_two_banks_settle_through_clearing() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.scan("carol", &link);
    stage.settle();
    assert_eq!(order_state(&mut stage), OrderState::Paid);
    assert_eq!(stage.book("river", "merchant:bean-account"), 840);
    assert_eq!(stage.book("lake", "clearing:main"), 840);
    assert_eq!(stage.book("river", "clearing:main"), -840);
    stage.books_are_zero();
}

#[test]
fn a_balance_too_low_declines_and_another_wallet_pays() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.scan("poor", &link);
    stage.run_for(Span::minutes(5));
    let payment = stage.only::<WalletPayment>("wallet:poor");
    assert_eq!(payment.state, WalletState::Failed);
    assert_eq!(payment.reason, Some(Reason::InsufficientFunds));
    assert_eq!(order_state(&mut stage), OrderState::Created);
    stage.scan("ann", &link);
    stage.settle();
    assert_eq!(order_state(&mut stage), OrderState::Paid);
    stage.books_are_zero();
}

#[test]
fn of_two_wallets_at_the_same_moment_one_pays_and_the_other_is_told() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.scan("ann", &link);
    stage.scan("carol", &link);
    stage.settle();
    let states = ["wallet:ann", "wallet:carol"].map(|w| stage.only::<WalletPayment>(w).state);
    let paid = states.iter().filter(|s| **s == WalletState::Paid).count();
    assert_eq!(paid, 1, "{states:?}");
    let loser = states.iter().find(|s| **s != WalletState::Paid).unwrap();
    assert!(matches!(
        loser,
        WalletState::Failed | WalletState::Abandoned
    ));
    stage.books_are_zero();
    stage.nothing_is_held();
}

/// Every message of a payment, by name and in which of its copies it is lost.
#[test]
fn any_one_lost_message_changes_nothing_in_the_end() {
    for &kind in MessageKind::ALL {
        for nth in 0..2 {
            let mut stage = Stage::new();
            stage.lose(kind, nth);
            let link = stage.print(1, "A1", 840);
            stage.scan("carol", &link);
            stage.settle();
            assert_eq!(order_state(&mut stage), OrderState::Paid, "{kind} {nth}");
            let payment = stage.only::<WalletPayment>("wallet:carol");
            assert_eq!(payment.state, WalletState::Paid, "{kind} {nth}");
            assert_eq!(stage.book("river", "merchant:bean-account"), 840);
            stage.books_are_zero();
            stage.nothing_is_held();
        }
    }
}

#[test]
fn any_one_repeated_message_changes_nothing_in_the_end() {
    for &kind in MessageKind::ALL {
        let mut stage = Stage::new();
        stage.repeat(kind);
        let link = stage.print(1, "A1", 840);
        stage.scan("carol", &link);
        stage.settle();
        assert_eq!(order_state(&mut stage), OrderState::Paid, "{kind}");
        assert_eq!(stage.balance("lake", "carol"), 10_000 - 840, "{kind}");
        stage.books_are_zero();
        stage.nothing_is_held();
    }
}

#[test]
fn a_silent_bank_leaves_the_order_unknown_and_never_declined() {
    let mut stage = Stage::new();
    stage.lose_all(MessageKind::Paid);
    stage.lose_all(MessageKind::PaymentStanding);
    let link = stage.print(1, "A1", 840);
    stage.scan("ann", &link);
    stage.run_for(Span::minutes(30));
    assert_eq!(order_state(&mut stage), OrderState::Unknown);
    stage.lose_nothing();
    stage.settle();
    assert_eq!(order_state(&mut stage), OrderState::Paid);
    stage.books_are_zero();
}

#[test]
fn a_hold_whose_grant_never_arrives_is_closed_by_proof_and_the_receipt_stays_payable() {
    let mut stage = Stage::new();
    stage.lose_all(MessageKind::Granted);
    let link = stage.print(1, "A1", 840);
    stage.scan("ann", &link);
    stage.run_for(Span::minutes(10));
    stage.lose_nothing();
    stage.run_for(Span::minutes(5));
    let bank = stage.only::<BankOrder>("bank:river");
    assert_eq!(bank.state, BankOrderState::Voided);
    assert_eq!(order_state(&mut stage), OrderState::Created);
    stage.scan("carol", &link);
    stage.settle();
    assert_eq!(order_state(&mut stage), OrderState::Paid);
    stage.nothing_is_held();
    stage.books_are_zero();
}

#[test]
fn a_code_nobody_opens_in_time_is_never_an_order() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.run_for(Span::hours(2));
    stage.scan("ann", &link);
    stage.settle();
    assert_eq!(stage.rows::<Order>("gateway:main").len(), 0);
    let payment = stage.only::<WalletPayment>("wallet:ann");
    assert_eq!(payment.state, WalletState::Abandoned);
}

#[test]
fn one_counter_with_two_amounts_raises_the_alarm() {
    let mut stage = Stage::new();
    let (first, second) = (stage.print(7, "A1", 840), stage.print(7, "A1", 841));
    stage.scan("ann", &first);
    stage.settle();
    stage.scan("carol", &second);
    stage.settle();
    assert_eq!(stage.rows::<Order>("gateway:main").len(), 1);
    assert_eq!(stage.events("gateway:main", "fork-alarm"), 1);
}

#[test]
fn the_shops_void_closes_a_receipt_that_nobody_has_opened() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.void(&link);
    stage.settle();
    stage.scan("ann", &link);
    stage.settle();
    assert_eq!(order_state(&mut stage), OrderState::Cancelled);
    assert_eq!(stage.balance("river", "ann"), 10_000);
}

#[test]
fn a_careful_payer_notices_another_shop_or_amount() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 5000);
    stage.scan_expecting("ann", &link, 500);
    stage.settle();
    let payment = stage.only::<WalletPayment>("wallet:ann");
    assert_eq!(payment.reason, Some(Reason::PayerMismatch));
    assert_eq!(stage.balance("river", "ann"), 10_000);
}

#[test]
fn a_second_scan_by_the_same_payer_debits_once() {
    let mut stage = Stage::new();
    let link = stage.print(1, "A1", 840);
    stage.scan("ann", &link);
    stage.scan("ann", &link);
    stage.settle();
    stage.scan("ann", &link);
    stage.settle();
    assert_eq!(stage.balance("river", "ann"), 10_000 - 840);
    let transfers = stage.rows::<Transfer>("bank:river");
    assert!(balances(transfers.iter()).len() >= 2);
    let accounts = stage.rows::<Account>("bank:river");
    assert!(accounts.iter().all(|a| a.held.minor() == 0));
}
