//! What a party believes about others: the issuer's trust bundle, and which codes it takes.
//!
//! Every fact here was signed by the issuer; no key is ever fetched from an address that a message
//! names.

use crate::code::bundle::{Merchant, TerminalEpoch, TrustBundle};
use crate::code::sealed::{Accept, Blob, Code};
use crate::id::MerchantId;
use crate::message::{Attested, Statement};
use crate::order::Reason;
use crate::sign::Verified;

/// The keys and names that a party goes by.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Which codes are taken.
    pub accept: Accept,
    /// The issuer's word, verified.
    pub bundle: TrustBundle,
}

impl Trust {
    /// Reads a code and checks its terminal's signature, as a server does that knows its terminals.
    /// Whether the terminal was revoked and how old the code is are for the caller, since an order
    /// that stands goes on.
    pub fn verify_code(&self, blob: &Blob) -> Result<Verified<Code>, Reason> {
        let code = Code::parse(blob, self.accept).map_err(|_malformed| Reason::Syntax)?;
        let terminal = TerminalEpoch::new(code.header().terminal, code.header().epoch);
        let key = self.bundle.terminals.get(&terminal);
        let key = key.ok_or(Reason::UnknownTerminal)?;
        code.verify(key).map_err(|_forged| Reason::BadSignature)
    }

    /// Whether the terminal that printed this code was revoked: no new order from it.
    pub fn is_revoked(&self, code: &Code) -> bool {
        let terminal = TerminalEpoch::new(code.header().terminal, code.header().epoch);
        self.bundle.revoked_terminals.contains(&terminal)
    }

    /// Checks that a statement's author made it.
    pub fn verify<T: Statement>(&self, said: Attested<T>) -> Result<Verified<Attested<T>>, Reason> {
        let key = self.bundle.parties.get(&said.by);
        let key = key.ok_or(Reason::BadSignature)?;
        key.check(said).map_err(|_forged| Reason::BadSignature)
    }

    /// The certified merchant.
    pub fn merchant(&self, merchant: MerchantId) -> Result<&Merchant, Reason> {
        let known = self.bundle.merchants.get(&merchant);
        known.ok_or(Reason::UnknownTerminal)
    }
}
