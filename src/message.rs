//! Messages between parties, by the names they have in the flow.
//!
//! One enum serves both worlds: the simulator hands the values over, the network writes them as
//! JSON. What one party must be able to show to a third (an order, a bank's word that it paid) is
//! an
//! [`Attested`] statement: a body with a signature over its deterministic bytes, so that the JSON
//! around it may be written in any order.
//!
//! Requests and answers are both messages; the transport matches them, the roles do not care.

use crate::code::sealed::{Blob, OrderKey};
use crate::id::{AttemptId, EventId, MerchantId, Name, OrderId, Party, Uid};
use crate::money::Money;
use crate::order::{BankStanding, PaymentState, Reason, Standing};
use crate::sign::{Signature, Signed, SigningKey};
use crate::text::Text;
use crate::time::Time;
use crate::words::words;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// The longest body of a message as JSON, in bytes; a transport refuses more before reading it.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// What parties say to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// wallet → gateway: here is a code I verified.
    Open(Arc<Open>),
    /// gateway → wallet: the payment order, signed.
    Order(Arc<Attested<PaymentOrder>>),
    /// Anyone → asker: no. To strangers always the same word.
    Refused(Refused),
    /// wallet → its bank: pay this order from this account.
    Pay(Arc<Pay>),
    /// wallet → its bank: what became of it?
    PayStatus(Attempt),
    /// bank → wallet: how the payment stands.
    Payment(Arc<Payment>),
    /// bank → gateway: may this attempt have the order? The one commit point.
    Claim(Claim),
    /// gateway → bank: it may.
    Granted(Attempt),
    /// gateway → bank: it may not.
    ClaimRefused(ClaimRefused),
    /// bank → gateway: I have posted.
    Paid(Arc<Attested<BankReference>>),
    /// gateway → bank: heard.
    PaidHeard(Attempt),
    /// gateway → bank: how does this attempt stand with you?
    PaymentStatus(Attempt),
    /// gateway → bank: close this attempt, whether it arrived or not.
    CancelPayment(Attempt),
    /// bank → gateway: how it stands.
    PaymentStanding(Arc<PaymentStanding>),
    /// gateway → payee bank: credit your merchant.
    Advise(Arc<Advice>),
    /// payee bank → gateway: credited.
    Advised(Heard),
    /// gateway → merchant: you were paid.
    Notice(Arc<Notice>),
    /// merchant → gateway: heard.
    NoticeHeard(Heard),
    /// gateway → terminal: print that this was paid.
    Slip(Arc<Notice>),
    /// terminal → gateway: heard.
    SlipHeard(Heard),
    /// shop → gateway: this receipt is void.
    VoidOrder(Arc<VoidOrder>),
    /// terminal → chip: an ISO 7816-4 command.
    Apdu(Bytes),
    /// chip → terminal: the response.
    ApduAnswer(Bytes),
}

words! {
    /// A message's name.
    pub enum MessageKind {
        /// wallet → gateway.
        Open = "open",
        /// gateway → wallet.
        Order = "order",
        /// Any refusal.
        Refused = "refused",
        /// wallet → bank.
        Pay = "pay",
        /// wallet → bank.
        PayStatus = "pay-status",
        /// bank → wallet.
        Payment = "payment",
        /// bank → gateway.
        Claim = "claim",
        /// gateway → bank.
        Granted = "granted",
        /// gateway → bank.
        ClaimRefused = "claim-refused",
        /// bank → gateway.
        Paid = "paid",
        /// gateway → bank.
        PaidHeard = "paid-heard",
        /// gateway → bank.
        PaymentStatus = "payment-status",
        /// gateway → bank.
        CancelPayment = "cancel-payment",
        /// bank → gateway.
        PaymentStanding = "payment-standing",
        /// gateway → payee bank.
        Advise = "advise",
        /// payee bank → gateway.
        Advised = "advised",
        /// gateway → merchant.
        Notice = "notice",
        /// merchant → gateway.
        NoticeHeard = "notice-heard",
        /// gateway → terminal.
        Slip = "slip",
        /// terminal → gateway.
        SlipHeard = "slip-heard",
        /// shop → gateway.
        VoidOrder = "void-order",
        /// terminal → chip.
        Apdu = "apdu",
        /// chip → terminal.
        ApduAnswer = "apdu-answer",
    }
}

impl Message {
    /// Its name.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Open(_) => MessageKind::Open,
            Self::Order(_) => MessageKind::Order,
            Self::Refused(_) => MessageKind::Refused,
            Self::Pay(_) => MessageKind::Pay,
            Self::PayStatus(_) => MessageKind::PayStatus,
            Self::Payment(_) => MessageKind::Payment,
            Self::Claim(_) => MessageKind::Claim,
            Self::Granted(_) => MessageKind::Granted,
            Self::ClaimRefused(_) => MessageKind::ClaimRefused,
            Self::Paid(_) => MessageKind::Paid,
            Self::PaidHeard(_) => MessageKind::PaidHeard,
            Self::PaymentStatus(_) => MessageKind::PaymentStatus,
            Self::CancelPayment(_) => MessageKind::CancelPayment,
            Self::PaymentStanding(_) => MessageKind::PaymentStanding,
            Self::Advise(_) => MessageKind::Advise,
            Self::Advised(_) => MessageKind::Advised,
            Self::Notice(_) => MessageKind::Notice,
            Self::NoticeHeard(_) => MessageKind::NoticeHeard,
            Self::Slip(_) => MessageKind::Slip,
            Self::SlipHeard(_) => MessageKind::SlipHeard,
            Self::VoidOrder(_) => MessageKind::VoidOrder,
            Self::Apdu(_) => MessageKind::Apdu,
            Self::ApduAnswer(_) => MessageKind::ApduAnswer,
        }
    }

    /// The order that it is about, where it names one.
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Order(order) => Some(order.body.id),
            Self::Refused(refused) => refused.about.order,
            Self::Pay(pay) => Some(pay.order.body.id),
            Self::Payment(payment) => Some(payment.of.order),
            Self::PayStatus(of)
            | Self::Granted(of)
            | Self::PaidHeard(of)
            | Self::PaymentStatus(of)
            | Self::CancelPayment(of) => Some(of.order),
            Self::Claim(claim) => Some(claim.of.order),
            Self::ClaimRefused(refused) => Some(refused.of.order),
            Self::Paid(reference) => Some(reference.body.of.order),
            Self::PaymentStanding(standing) => Some(standing.of.order),
            Self::Advise(advice) => Some(advice.reference.body.of.order),
            Self::Notice(notice) | Self::Slip(notice) => Some(notice.reference.body.of.order),
            Self::Advised(heard) | Self::NoticeHeard(heard) | Self::SlipHeard(heard) => {
                Some(heard.order)
            }
            Self::Open(_) | Self::VoidOrder(_) | Self::Apdu(_) | Self::ApduAnswer(_) => None,
        }
    }

    /// What it is about, for the one who must say no to it.
    pub fn about(&self) -> About {
        let code = match self {
            Self::Open(open) => Some(CodeHash::of(&open.code)),
            Self::VoidOrder(void) => Some(CodeHash::of(&void.code)),
            _names_an_order_or_nothing => None,
        };
        About {
            order: self.order(),
            code,
        }
    }

    /// Signs the statement that it carries, if its author is `by` and it is not signed yet.
    ///
    /// Why here and not in `handle`: signatures are made after the commit, in parallel, and are
    /// reproducible, so a repeated answer is the same answer.
    pub fn sign(&mut self, by: &Party, key: &SigningKey) {
        match self {
            Self::Order(order) => seal(order, by, key),
            Self::Paid(reference) => seal(reference, by, key),
            Self::Payment(payment) => {
                if let Some(reference) = &mut Arc::make_mut(payment).reference {
                    seal(reference, by, key);
                }
            }
            Self::PaymentStanding(standing) => {
                if let Some(reference) = &mut Arc::make_mut(standing).reference {
                    seal(reference, by, key);
                }
            }
            _carries_no_statement_of_its_own => {}
        }
    }
}

fn seal<T: Statement + Clone>(attested: &mut Arc<Attested<T>>, by: &Party, key: &SigningKey) {
    if attested.by == *by && !attested.is_signed() {
        Arc::make_mut(attested).sign(key);
    }
}

/// Who sent a message, as the transport proved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The party.
    pub party: Party,
    /// For a wallet: the bank whose app it is.
    pub bank: Option<Name>,
}

/// One attempt at one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The order.
    pub order: OrderId,
    /// The attempt.
    pub attempt: AttemptId,
}

/// A code that a wallet has verified offline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The sealed code as printed.
    pub code: Blob,
    /// The bank that the link's path named (`/1/<bank>`), when it came by a link.
    pub path_bank: Option<Name>,
}

/// The gateway's payment order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentOrder {
    /// Its id.
    pub id: OrderId,
    /// The receipt.
    pub uid: Uid,
    /// SHA-256 of the code that it was raised from.
    pub code: CodeHash,
    /// The certified merchant.
    pub merchant: MerchantId,
    /// The merchant's certified name.
    pub payee: Text,
    /// The bank that the merchant banks at.
    pub payee_bank: Name,
    /// The merchant's account there.
    pub payee_account: Text,
    /// What is asked.
    pub amount: Money,
    /// The shop's order number.
    pub reference: Text,
    /// Claims are granted before this instant.
    pub expires: Time,
    /// How it stands.
    pub standing: Standing,
    /// The bank recognised as the payer's.
    pub payer_bank: Name,
    /// Opens the seal of this one code.
    pub order_key: OrderKey,
}

/// The payer's wish to pay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pay {
    /// The order, as the gateway signed it.
    pub order: Attested<PaymentOrder>,
    /// The code, as the shop's chip signed it.
    pub code: Blob,
    /// The account to pay from.
    pub account: Name,
    /// The payer's approval of this order, attempt, account and amount.
    pub approval: Approval,
    /// The wallet's attempt.
    pub attempt: AttemptId,
}

/// How a payment stands, for the payer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Which attempt.
    pub of: Attempt,
    /// How it stands.
    pub state: PaymentState,
    /// Why it was refused, if it was.
    pub reason: Option<Reason>,
    /// The bank's word that it posted, if it did.
    pub reference: Option<Arc<Attested<BankReference>>>,
}

/// A bank asks for the order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Which attempt.
    pub of: Attempt,
    /// The receipt it is for.
    pub uid: Uid,
}

/// A claim that was not granted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRefused {
    /// Which attempt.
    pub of: Attempt,
    /// Why.
    pub reason: Reason,
}

/// The paying bank's word that it posted: what merchant and payee bank check before they believe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BankReference {
    /// Which attempt.
    pub of: Attempt,
    /// The receipt.
    pub uid: Uid,
    /// What was paid.
    pub amount: Money,
    /// To whom.
    pub merchant: MerchantId,
    /// When it was posted.
    pub posted_at: Time,
}

/// How an attempt stands at its bank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentStanding {
    /// Which attempt.
    pub of: Attempt,
    /// How it stands.
    pub standing: BankStanding,
    /// Why it is closed, if it is.
    pub reason: Option<Reason>,
    /// The bank's word that it posted, if it did.
    pub reference: Option<Arc<Attested<BankReference>>>,
}

/// To the payee's bank: credit your merchant against the gateway's clearing account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// Its id; acting on it once is the consumer's duty.
    pub event: EventId,
    /// The paying bank's word.
    pub reference: Attested<BankReference>,
    /// The merchant's account.
    pub account: Text,
}

/// To the shop: this order was paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id; acting on it once is the consumer's duty.
    pub event: EventId,
    /// The paying bank's word.
    pub reference: Attested<BankReference>,
    /// The shop's order number.
    pub order_reference: Text,
}

/// An event was heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The event.
    pub event: EventId,
    /// The order it was about.
    pub order: OrderId,
}

/// The shop takes a receipt back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoidOrder {
    /// The receipt's code.
    pub code: Blob,
}

/// No.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Why, as far as the asker may know.
    pub reason: Reason,
    /// What the refused message was about, as far as it said so itself.
    pub about: About,
}

/// What a message is about: an order, a code, or neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The order that it names.
    pub order: Option<OrderId>,
    /// The code that it carries.
    pub code: Option<CodeHash>,
}

/// SHA-256 of a code's bytes: which code, without the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeHash(pub [u8; 32]);

crate::hex::as_hex!(CodeHash.0);
crate::store::fields! {
    CodeHash as Blob("32 bytes"): |v| &v.0, |raw| raw.try_into().ok().map(Self);
}

impl crate::store::KeyBytes for CodeHash {
    fn write(&self, key: &mut crate::store::Key) {
        key.push(&self.0);
    }
}

impl CodeHash {
    /// A code's hash.
    pub fn of(code: &Blob) -> Self {
        Self(code.digest())
    }
}

/// The payer's approval of one payment: a keyed hash under the wallet's approval key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Approval(pub [u8; 32]);

crate::hex::as_hex!(Approval.0);

impl std::str::FromStr for Approval {
    type Err = crate::hex::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::hex::decode_array(text).map(Self)
    }
}

impl std::str::FromStr for CodeHash {
    type Err = crate::hex::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::hex::decode_array(text).map(Self)
    }
}

/// Bytes for a device, written in JSON as lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Arc<[u8]>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&crate::hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        let bytes = crate::hex::decode(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

/// A statement with its author and, once released, the author's signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attested<T> {
    /// What is stated.
    pub body: T,
    /// Who states it.
    pub by: Party,
    /// Over the label and the body's deterministic bytes; zero until released.
    pub signature: Signature,
}

impl<T: Statement> Attested<T> {
    /// A statement that its author signs when it is released.
    pub const fn unsigned(body: T, by: Party) -> Self {
        Self {
            body,
            by,
            signature: Signature([0; crate::sign::SIGNATURE_LEN]),
        }
    }

    /// Whether its author has signed it.
    pub fn is_signed(&self) -> bool {
        self.signature.0.iter().any(|b| *b != 0)
    }

    /// Signs it.
    pub fn sign(&mut self, key: &SigningKey) {
        self.signature = key.sign(T::LABEL, &[&self.bytes()]);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Fields(Vec::with_capacity(256));
        out.text(self.by.label().as_str());
        self.body.fields(&mut out);
        out.0
    }
}

impl<T: Statement> Signed for Attested<T> {
    const LABEL: &'static [u8] = T::LABEL;

    fn message(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.bytes())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

/// Something that a party states to others.
pub trait Statement {
    /// Names the kind of statement, with a NUL at the end.
    const LABEL: &'static [u8];
    /// Lists every field, in a fixed order.
    fn fields(&self, out: &mut Fields);
}

/// Deterministic bytes: each field with its length before it (u32, big-endian).
#[derive(Debug)]
pub struct Fields(Vec<u8>);

impl Fields {
    fn bytes(&mut self, part: &[u8]) {
        let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(part);
    }

    fn text(&mut self, part: &str) {
        self.bytes(part.as_bytes());
    }

    fn attempt(&mut self, of: &Attempt) {
        self.bytes(of.order.0.bytes());
        self.bytes(of.attempt.0.bytes());
    }

    fn money(&mut self, amount: Money) {
        self.bytes(&amount.minor().to_be_bytes());
        self.bytes(&amount.currency().numeric().to_be_bytes());
    }

    fn time(&mut self, time: Time) {
        self.bytes(&time.nanos().to_be_bytes());
    }
}

impl Statement for PaymentOrder {
    const LABEL: &'static [u8] = b"quittance-order/1\0";

    fn fields(&self, out: &mut Fields) {
        out.bytes(self.id.0.bytes());
        out.bytes(&self.uid.bytes());
        out.bytes(&self.code.0);
        out.bytes(&self.merchant.0);
        out.text(self.payee.as_str());
        out.text(self.payee_bank.as_str());
        out.text(self.payee_account.as_str());
        out.money(self.amount);
        out.text(self.reference.as_str());
        out.time(self.expires);
        out.text(self.standing.word());
        out.text(self.payer_bank.as_str());
        out.bytes(self.order_key.expose());
    }
}

impl Statement for BankReference {
    const LABEL: &'static [u8] = b"quittance-paid/1\0";

    fn fields(&self, out: &mut Fields) {
        out.attempt(&self.of);
        out.bytes(&self.uid.bytes());
        out.money(self.amount);
        out.bytes(&self.merchant.0);
        out.time(self.posted_at);
    }
}
