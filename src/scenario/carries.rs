//! Who says what to whom, who records what: what makes a fault possible at all.

use super::schema::ActorKind;
use crate::id::PartyKind;
use crate::journal::EventKind;
use crate::message::MessageKind;

/// The messages that go from one kind of actor to another, requests and answers.
pub const fn carries(from: ActorKind, to: ActorKind) -> &'static [MessageKind] {
    use MessageKind as M;
    match (person(from), person(to)) {
        (ActorKind::Customer, ActorKind::Gateway) => &[M::Open],
        (ActorKind::Gateway, ActorKind::Customer) => &[M::Order, M::Refused],
        (ActorKind::Customer, ActorKind::Bank) => &[M::Pay, M::PayStatus],
        (ActorKind::Bank, ActorKind::Customer) => &[M::Payment, M::Refused],
        (ActorKind::Bank, ActorKind::Gateway) => &[
            M::Claim,
            M::Paid,
            M::PaymentStanding,
            M::Advised,
            M::Refused,
        ],
        (ActorKind::Gateway, ActorKind::Bank) => &[
            M::Granted,
            M::ClaimRefused,
            M::PaidHeard,
            M::PaymentStatus,
            M::CancelPayment,
            M::Advise,
            M::Refused,
        ],
        (ActorKind::Gateway, ActorKind::Merchant) => &[M::Notice, M::Slip, M::Order, M::Refused],
        (ActorKind::Merchant, ActorKind::Gateway) => {
            &[M::VoidOrder, M::NoticeHeard, M::SlipHeard, M::Refused]
        }
        (ActorKind::Merchant, ActorKind::Merchant) => &[M::Apdu, M::ApduAnswer],
        _ => &[],
    }
}

/// A crowd's members speak as customers do.
const fn person(kind: ActorKind) -> ActorKind {
    match kind {
        ActorKind::Crowd => ActorKind::Customer,
        other => other,
    }
}

/// Whether the one who hears this answers it.
pub const fn is_answered(kind: MessageKind) -> bool {
    use MessageKind as M;
    match kind {
        M::Open
        | M::Pay
        | M::PayStatus
        | M::Claim
        | M::Paid
        | M::PaymentStatus
        | M::CancelPayment
        | M::Advise
        | M::Notice
        | M::Slip
        | M::VoidOrder
        | M::Apdu => true,
        M::Order
        | M::Refused
        | M::Payment
        | M::Granted
        | M::ClaimRefused
        | M::PaidHeard
        | M::PaymentStanding
        | M::Advised
        | M::NoticeHeard
        | M::SlipHeard
        | M::ApduAnswer => false,
    }
}

/// The kinds of actor whose journals can hold this event.
pub const fn recorders(event: EventKind) -> &'static [ActorKind] {
    use ActorKind as A;
    use EventKind as E;
    match event {
        E::Started | E::Refused => &[A::Bank, A::Gateway, A::Merchant, A::Customer, A::Crowd],
        E::Delivered | E::Parked => &[A::Bank, A::Gateway],
        E::CodePrinted
        | E::CodeWithheld
        | E::CodeReprinted
        | E::JobCaptured
        | E::SlipPrinted
        | E::SessionOpened
        | E::Sealed
        | E::MerchantTold => &[A::Merchant],
        E::CodeVerified
        | E::CodeRefused
        | E::OrderShown
        | E::PayConfirmed
        | E::PayAbandoned
        | E::PayChecking
        | E::PayDone
        | E::PayFailed => &[A::Customer, A::Crowd],
        E::OrderCreated
        | E::OrderClaimed
        | E::ClaimRefused
        | E::OrderUnknown
        | E::OrderPaid
        | E::OrderReopened
        | E::OrderExpired
        | E::OrderCancelled
        | E::OrderConflict
        | E::OrderLate
        | E::ForkAlarm => &[A::Gateway],
        E::Held
        | E::Posted
        | E::Voided
        | E::Rejected
        | E::Tombstoned
        | E::InDoubt
        | E::Credited
        | E::Suspended
        | E::Funded => &[A::Bank],
    }
}

/// The kinds of party that an actor is.
pub const fn parties(kind: ActorKind) -> &'static [PartyKind] {
    match kind {
        ActorKind::Bank => &[PartyKind::Bank],
        ActorKind::Gateway => &[PartyKind::Gateway],
        ActorKind::Merchant => &[
            PartyKind::Merchant,
            PartyKind::Till,
            PartyKind::Terminal,
            PartyKind::Chip,
            PartyKind::Printer,
        ],
        ActorKind::Customer | ActorKind::Crowd => &[PartyKind::Wallet],
        ActorKind::Attacker => &[],
    }
}
