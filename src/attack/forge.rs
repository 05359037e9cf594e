//! What attackers have: genuine codes, stolen keys, and the means to write bytes no chip would.

use crate::cast::{Cast, CastError, Till};
use crate::code::bundle::{Bundle, BundleError, TrustBundle};
use crate::code::link::to_link;
use crate::code::sealed::{
    Blob, Certificate, CertificateDraft, CertificateError, Draft, Flags, Header, IssuerKey,
    OrderKey, SealedOrder, digest, seal,
};
use crate::hex;
use crate::money::Money;
use crate::roles::trust::Trust;
use crate::sign::{KeyError, SIGNATURE_LEN, SigningKey, Suite};
use crate::text::Text;
use crate::time::{Span, Time};
use aes_gcm_siv::{AeadInOut, Aes128GcmSiv, KeyInit, Nonce};
use std::sync::Arc;

const SIGNATURE: &[u8] = b"quittance-code/1 signature\0";
const HEADER: &[u8] = b"quittance-code/1 header\0";
const CERTIFICATE: &[u8] = b"quittance-code/1 certificate\0";
/// The suite of real codes.
pub(super) const SUITE: Suite = Suite::Es256;
/// The seed of the scheme's root in an attack pack's world; everybody knows it.
pub(super) const ROOT: [u8; 32] = [0x21; 32];
/// 8.40 EUR in a code.
const MINOR: i64 = 840;

/// An attacker's kit.
pub struct Kit {
    /// The present of every attack.
    pub now: Time,
    /// The shop whose codes are attacked; its keys are there to be stolen.
    pub shop: Till,
    /// The attacker's own shop, honestly enrolled.
    pub own: Till,
    /// Their links' host.
    pub host: String,
    /// What phones believe.
    pub bundle: Bundle,
    /// The scheme's root key: for the issuer's honest next bundle.
    pub root: SigningKey,
    /// The scheme's issuer key.
    pub issuer: SigningKey,
}

impl Kit {
    /// The kit of a cast whose first till is the shop's and whose second the attacker's. Phones
    /// trust an issuer besides, so that inline certificates are tried too.
    pub fn new(cast: &Cast, now: Time) -> Result<Self, KitError> {
        Self::of_tills(cast, cast.tills.iter(), now)
    }

    /// As [`new`](Self::new), with the first two of these tills.
    pub fn of_tills<'a>(
        cast: &Cast,
        tills: impl Iterator<Item = &'a Till>,
        now: Time,
    ) -> Result<Self, KitError> {
        let root = SigningKey::from_seed(SUITE, &ROOT)?;
        let issuer = SigningKey::from_seed(SUITE, &[0x22; 32])?;
        let mut bundle = Bundle::clone(&cast.trust.bundle);
        bundle.version += 1;
        bundle.issuers.push(IssuerKey {
            key: issuer.public(),
            not_before: now.before(Span::hours(24)),
            not_after: now.after(Span::hours(24 * 30)),
        });
        let mut tills = tills.cloned();
        let (Some(shop), Some(own)) = (tills.next(), tills.next()) else {
            return Err(KitError::Tills);
        };
        let host = cast.host.clone();
        Ok(Self {
            now,
            shop,
            own,
            host,
            bundle,
            root,
            issuer,
        })
    }

    /// What phones believe at first.
    pub fn trust(&self, cast: &Cast) -> Result<Arc<Trust>, KitError> {
        let accept = cast.trust.accept;
        let signed = self.bundle.sign(&self.root);
        let bundle: TrustBundle = signed.open(&self.root.public(), accept, None, self.now)?;
        Ok(Arc::new(Trust { accept, bundle }))
    }

    /// A code as a link.
    pub fn link(&self, code: &Blob) -> String {
        to_link(&self.host, None, code)
    }

    /// What the shop's chip prints for a counter: 8.40 EUR.
    pub fn genuine(&self, counter: u32) -> Blob {
        self.sell(counter, MINOR)
    }

    /// What the shop's chip prints for a counter and an amount in cents.
    pub fn sell(&self, counter: u32, minor: i64) -> Blob {
        self.print(&self.shop, self.now, counter, minor)
    }

    /// What a shop's chip prints.
    pub fn print(&self, till: &Till, at: Time, counter: u32, minor: i64) -> Blob {
        let amount = Money::new(minor, crate::money::Currency::EUR);
        let reference = Text::clean(&format!("A-{counter}"));
        let code = till.seal(at, counter, amount, &reference);
        code.expect("a short reference and a positive amount can be sealed")
    }

    /// Bytes that are no code at all.
    pub fn junk(&self) -> Blob {
        Blob::from(vec![0; 150])
    }

    /// The genuine code of a counter with its signed bytes changed, and signed again with a stolen
    /// signing key: only what reads the bytes can refuse it.
    pub fn signed_again(&self, counter: u32, change: impl FnOnce(&mut Vec<u8>)) -> Blob {
        let mut bytes = self.genuine(counter).bytes().to_vec();
        bytes.truncate(bytes.len() - SIGNATURE_LEN);
        change(&mut bytes);
        self.sign(bytes, SIGNATURE, &self.shop.signing)
    }

    /// These bytes with a signature of this key under this label.
    pub fn sign(&self, mut bytes: Vec<u8>, label: &[u8], key: &SigningKey) -> Blob {
        let signature = key.sign(label, &[&bytes]);
        bytes.extend_from_slice(&signature.0);
        Blob::from(bytes)
    }

    /// A code of the shop whose chip is compromised altogether: any plaintext under any reference,
    /// with every key right.
    pub fn sealed_with(&self, reference: [u8; 8], plain: &[u8]) -> Blob {
        let till = &self.shop;
        let header = Header {
            suite: Suite::Es256,
            flags: Flags::TEST_NETWORK,
            route: till.route,
            epoch: till.key.epoch(),
            terminal: till.key.terminal(),
            payment_reference: reference,
            issued_at: self.now,
            ttl_minutes: 60,
        };
        let head = header.encode();
        let sealed = sealed(&till.key.order_key(&header), &head, plain);
        self.sign([&head[..], &sealed].concat(), SIGNATURE, &till.signing)
    }

    /// The reference of a counter, as the shop's chip makes it.
    pub fn reference(&self, counter: u32) -> [u8; 8] {
        self.shop.key.payment_reference(Suite::Es256, counter)
    }

    /// A code with this certificate inline, signed by `key`.
    pub fn with_certificate(&self, certificate: &Certificate, key: &SigningKey) -> Option<Blob> {
        let draft = Draft {
            route: self.shop.route,
            flags: Flags::TEST_NETWORK,
            issued_at: self.now,
            ttl_minutes: 60,
            order: SealedOrder {
                counter: 90,
                amount: Money::new(MINOR, crate::money::Currency::EUR),
                reference: Text::clean("A-90"),
                digest: digest("TOTAL 8.40"),
                merchant: None,
                till: None,
                lines: None,
                tax: None,
            },
            certificate: Some(certificate.clone()),
        };
        seal(&self.shop.key, key, &draft).ok()
    }

    /// The draft of an honest certificate for the shop's terminal.
    pub fn certificate(&self) -> CertificateDraft {
        CertificateDraft {
            terminal: self.shop.key.terminal(),
            epoch: self.shop.key.epoch(),
            key: self.shop.signing.public(),
            not_before: self.now.before(Span::hours(1)),
            not_after: self.now.after(Span::hours(1)),
            name: Text::clean("BEAN & LEAF"),
        }
    }

    /// A code whose inline certificate has these raw key and name bytes, signed by the true issuer
    /// as if it had been deceived.
    pub fn raw_certificate(&self, key: [u8; 33], name: &[u8]) -> Blob {
        let draft = self.certificate();
        let mut fields = key.to_vec();
        fields.extend_from_slice(&draft.not_before.seconds().to_be_bytes());
        fields.extend_from_slice(&draft.not_after.seconds().to_be_bytes());
        fields.extend_from_slice(&self.issuer.public().key_id().0);
        fields.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        fields.extend_from_slice(name);
        let parts = [&fields[..], draft.terminal.bytes(), &[draft.epoch]];
        let vouched = self.issuer.sign(CERTIFICATE, &parts);
        let mut bytes = self.genuine(91).bytes().to_vec();
        bytes.truncate(bytes.len() - SIGNATURE_LEN);
        bytes[1] |= Flags::CERTIFICATE.bits();
        let body = [&bytes[..], &fields, &vouched.0].concat();
        self.sign(body, SIGNATURE, &self.shop.signing)
    }
}

/// Ciphertext and tag under the order key (RFC 8452), any plaintext.
fn sealed(key: &OrderKey, header: &[u8; 26], plain: &[u8]) -> Vec<u8> {
    let mut out = plain.to_vec();
    let aad = [HEADER, header].concat();
    let cipher = Aes128GcmSiv::new(&(*key.expose()).into());
    let buffer = out.as_mut_slice().into();
    let tag = cipher.encrypt_inout_detached(&Nonce::default(), &aad, buffer);
    let tag = tag.expect("an order is far below the limit of 2^36 bytes");
    out.extend_from_slice(&tag);
    out
}

/// The bytes of hexadecimal constants in this module's attacks.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("attacks' constants are hexadecimal")
}

/// Why there is no kit.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// No keys.
    #[error("make the attackers' keys")]
    Key(#[from] KeyError),
    /// No parties.
    #[error("make the parties")]
    Cast(#[from] CastError),
    /// No certificate.
    #[error("make a certificate")]
    Certificate(#[from] CertificateError),
    /// No bundle.
    #[error("open the phones' trust bundle")]
    Bundle(#[from] BundleError),
    /// Too few tills.
    #[error("find two tills in the cast")]
    Tills,
}
