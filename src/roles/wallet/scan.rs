//! A code is scanned: verified offline, and only then is anybody asked.

use super::records::{WalletPayment, WalletState};
use super::{Wallet, code_timer};
use crate::code::bundle::TrustRefusal;
use crate::code::link::{self, LinkError};
use crate::code::sealed::{Blob, Code, CodeError};
use crate::id::{Name, Party, PartyKind};
use crate::journal::{Event, EventKind};
use crate::message::{CodeHash, Message, Open};
use crate::money::Money;
use crate::order::Reason;
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::{Json, Stop, TimerKind};
use crate::text::Text;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long the gateway is waited for before it is asked again.
pub(super) const ASK_AFTER: Span = Span::seconds(2);
/// How often the gateway is asked for an order before the customer is told to try later.
pub(super) const OPEN_ASKS_MAX: u32 = 30;

/// What the customer knows without the code: where they stand, and what the paper says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The shop that they stand in, by its certified name.
    pub shop: Option<Text>,
    /// The total that they read on the paper.
    pub amount: Option<Money>,
}

/// A code that verifies offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The code.
    pub blob: Blob,
    /// The gateway that answers for its link's host.
    pub gateway: Party,
    /// The bank that the link's path names.
    pub path_bank: Option<Name>,
    /// The certified merchant's name.
    pub merchant: Text,
    /// What the customer expects.
    pub expects: Expectation,
}

/// Why a scan goes no further: nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanRefusal {
    /// Not a payment code.
    #[error("take the scan: {0}")]
    Link(#[from] LinkError),
    /// Ours, but not a code.
    #[error("take the scan: {0}")]
    Code(#[from] CodeError),
    /// A code that nobody vouches for.
    #[error("take the scan: {0}")]
    Trust(#[from] TrustRefusal),
    /// A code for a gateway that the trust bundle does not know.
    #[error("take the scan: no gateway answers for host {0}")]
    NoGateway(String),
}

impl ScanRefusal {
    /// The reason's word, for journals.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Link(_) | Self::Code(_) => Reason::Syntax,
            Self::NoGateway(_) => Reason::Route,
            Self::Trust(TrustRefusal::RevokedTerminal { .. }) => Reason::Revoked,
            Self::Trust(
                TrustRefusal::UnknownTerminal { .. } | TrustRefusal::UnknownMerchant { .. },
            ) => Reason::UnknownTerminal,
            Self::Trust(_) => Reason::BadSignature,
        }
    }
}

impl Wallet {
    /// Reads a scanned text and verifies it offline: link, form, origin, integrity. Pure; what it
    /// gives is the input to handle.
    pub fn read_scan(&self, now: Time, text: &str, expects: Expectation) -> super::Input {
        match self.verify_scan(now, text, expects) {
            Ok(scanned) => super::Input::Scanned(Arc::new(scanned)),
            Err(refusal) => super::Input::ScanRefused(refusal),
        }
    }

    /// What [`read_scan`](Self::read_scan) verifies.
    pub fn verify_scan(
        &self,
        now: Time,
        text: &str,
        expects: Expectation,
    ) -> Result<Scanned, ScanRefusal> {
        let bundle = &self.trust.bundle;
        let link = link::parse(text, |host| bundle.hosts.contains_key(host))?;
        let host = bundle.hosts.get(&link.host);
        let gateway = host.ok_or_else(|| ScanRefusal::NoGateway(link.host.clone()))?;
        let code = Code::parse(&link.blob, self.trust.accept)?;
        let trust = bundle.verify_code(&code, now)?;
        Ok(Scanned {
            blob: link.blob,
            gateway: Party::new(PartyKind::Gateway, gateway.gateway),
            path_bank: link.bank,
            merchant: trust.name,
            expects,
        })
    }

    /// A genuine code: the gateway is asked for its order, unless this payment is in hand or made.
    pub(super) fn scanned(&self, cx: &mut Cx<'_>, scanned: &Scanned) -> Result<(), Stop> {
        let code = CodeHash::of(&scanned.blob);
        let known = cx.get::<WalletPayment>(&(code,))?;
        let busy = known.as_ref().is_some_and(|p| !p.state.is_over());
        let busy = busy && !bugs::on(Bug::ForgetsAttempt);
        let paid = known.is_some_and(|p| p.state == WalletState::Paid);
        if busy || paid {
            // One payment of one receipt at a time, and never a second one.
            let event = Event::new(EventKind::CodeVerified).note(scanned.merchant.clone());
            let reason = if paid {
                Reason::AlreadyPaid
            } else {
                Reason::AlreadyClaimed
            };
            cx.record(event.reason(reason));
            return Ok(());
        }
        let payment = WalletPayment {
            code,
            blob: Json(scanned.blob.clone()),
            gateway: scanned.gateway,
            path_bank: scanned.path_bank,
            merchant: scanned.merchant.clone(),
            expects: Json(scanned.expects.clone()),
            state: WalletState::Opening,
            order: None,
            attempt: None,
            answered: false,
            since: cx.now(),
            asks: 0,
            reason: None,
        };
        let event = Event::new(EventKind::CodeVerified).note(scanned.merchant.clone());
        cx.record(event.state(payment.state.word()));
        Self::send_open(cx, &payment);
        cx.put(payment)
    }

    /// Asks for the order, now and again until it comes.
    pub(super) fn send_open(cx: &mut Cx<'_>, payment: &WalletPayment) {
        let open = Open {
            code: payment.blob.0.clone(),
            path_bank: payment.path_bank,
        };
        cx.send(payment.gateway, Message::Open(Arc::new(open)));
        let again = cx.now().after(ASK_AFTER);
        cx.timer(code_timer(TimerKind::Ask, &payment.code), Some(again));
    }

    pub(super) fn scan_refused(cx: &mut Cx<'_>, refusal: &ScanRefusal) {
        let event = Event::new(EventKind::CodeRefused).reason(refusal.reason());
        cx.record(event.note(Text::clean(&refusal.to_string())));
    }
}
