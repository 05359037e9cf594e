//! The development shop: what `qr` and `scan` use when no chip and no bundle are configured.
//!
//! Its keys follow from a constant that everybody knows, and its codes carry the test network's
//! flag, so that no real wallet or gateway takes them.

use super::exit::{Exit, Failure};
use crate::cast::{BankPart, Cast, Crypto, MerchantPart, Parts};
use crate::chance::Chance;
use crate::id::Name;
use crate::roles::{bank, gateway};
use crate::text::Text;
use crate::time::{Span, Time};

const SEED: [u8; 16] = *b"quittance-dev/1\0";

/// The development scheme: a gateway, a bank and one shop with one till.
pub(super) fn cast(now: Time) -> Result<Cast, Failure> {
    let name = |text: &str| text.parse::<Name>().expect("these are names");
    let parts = Parts {
        crypto: Crypto::Real,
        starts: now.before(Span::hours(24)),
        gateway: name("dev"),
        gateway_timing: gateway::Timing::default(),
        endpoint: "http://127.0.0.1:7100".to_owned(),
        banks: vec![BankPart {
            name: name("dev-bank"),
            timing: bank::Timing::default(),
        }],
        merchants: vec![MerchantPart {
            name: name("dev-shop"),
            title: Text::clean("Development shop"),
            bank: name("dev-bank"),
            tills: 1,
            code_minutes: crate::cast::CODE_MINUTES,
        }],
        customers: vec![],
    };
    Cast::new(&parts, &Chance::new(SEED))
        .map_err(|error| Failure::new(Exit::Environment, format!("make the keys: {error}")))
}
