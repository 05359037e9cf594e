//! Codes made on the way through, with the key of a terminal as `qr` makes them.

use super::super::clock;
use super::super::exit::Failure;
use super::super::shell::Signer;
use super::proxy::Route;
use crate::code::sealed::{Draft, SealedOrder, digest, seal};
use crate::play::proxy::{Coded, Coder};
use crate::receipt::{Hints, Payable, Profile, read};
use crate::roles::terminal::Blocks;
use crate::text::Text;
use std::sync::{Arc, Mutex, PoisonError};

/// What makes a code for each payable receipt, for this printer and shop, and who signs.
pub(super) fn coder(
    to: &Route,
    profile: &Profile,
    hints: Hints,
) -> Result<(Coder, String), Failure> {
    let signer = Signer::open(&to.network, to.terminal)?;
    let note = signer.note.clone();
    let own = Own {
        signer,
        profile: profile.clone(),
        hints,
        last: Mutex::new(0),
    };
    Ok((Arc::new(move |job: &[u8]| own.code(job)), note))
}

struct Own {
    signer: Signer,
    profile: Profile,
    hints: Hints,
    /// The counter that was used last: without a file to count in, the clock's seconds repeat.
    last: Mutex<u32>,
}

impl Own {
    fn code(&self, job: &[u8]) -> Result<Coded, Text> {
        let said = |why: &dyn std::fmt::Display| Text::clean(&why.to_string());
        let papers = read(job, Some(&self.profile), &self.hints).map_err(|e| said(&e))?;
        let [paper] = papers.as_slice() else {
            return Err(said(&format!("{} receipts in one job", papers.len())));
        };
        let payable = paper.verdict.as_ref().map_err(|why| said(why))?;
        let counter = self.counter().map_err(|failure| said(&failure.message))?;
        let draft = self.draft(counter, payable, &paper.text());
        let till = &self.signer.till;
        let blob = seal(&till.key, &till.signing, &draft).map_err(|e| said(&e))?;
        let blocks = Blocks {
            printer: &self.profile,
            host: &self.signer.host,
            bank: None,
            caption: "Scan to pay",
        };
        let block = blocks.of(&blob, payable.amount).map_err(|e| said(&e))?;
        let note = format!("{} {}", payable.amount, payable.reference);
        Ok(Coded {
            block,
            note: Text::clean(note.trim_end()),
        })
    }

    fn counter(&self) -> Result<u32, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = self.signer.counters(1)?.max(last.saturating_add(1));
        Ok(*last)
    }

    fn draft(&self, counter: u32, payable: &Payable, text: &str) -> Draft {
        let till = &self.signer.till;
        Draft {
            route: till.route,
            flags: till.flags,
            issued_at: clock::now(),
            ttl_minutes: till.code_minutes,
            order: SealedOrder {
                counter,
                amount: payable.amount,
                reference: payable.reference.clone(),
                digest: digest(text),
                merchant: None,
                till: None,
                lines: None,
                tax: None,
            },
            certificate: None,
        }
    }
}
