//! Codes made on the way through, with the key of a terminal as `qr` makes them.
//!
//! One receipt, one code: what comes again with its number and text, or as a copy of the one job,
//! has the code that it had. Without that, whoever pays both copies pays twice.

use super::super::clock;
use super::super::exit::Failure;
use super::super::shell::Signer;
use super::proxy::Route;
use crate::code::sealed::{Draft, ReceiptDigest, SealedOrder, digest};
use crate::play::proxy::{Coded, Coder};
use crate::receipt::{Hints, Payable, Profile, read};
use crate::roles::terminal::Blocks;
use crate::text::Text;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many receipts are known again.
const KNOWN_MAX: usize = 4096;

/// What receipts come again as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Jobs {
    /// Whatever tills print: a reprint has its number and text again, and sales without a number
    /// may look the same.
    OfTills,
    /// Copies of one job: the same text is the same receipt.
    Copies,
}

/// What makes a code for each payable receipt, for this printer and shop, and who signs.
pub(super) fn coder(
    to: &Route,
    profile: &Profile,
    hints: Hints,
    jobs: Jobs,
) -> Result<(Coder, String), Failure> {
    let signer = Signer::open(&to.network, to.terminal)?;
    let note = signer.note.clone();
    let own = Own {
        signer,
        profile: profile.clone(),
        hints,
        jobs,
        last: Mutex::new(0),
        known: Mutex::default(),
    };
    Ok((Arc::new(move |job: &[u8]| own.code(job)), note))
}

struct Own {
    signer: Signer,
    profile: Profile,
    hints: Hints,
    jobs: Jobs,
    /// The counter that was used last: without a file to count in, the clock's seconds repeat.
    last: Mutex<u32>,
    /// What was coded, the oldest first.
    known: Mutex<VecDeque<(ReceiptDigest, Coded)>>,
}

impl Own {
    fn code(&self, job: &[u8]) -> Result<Coded, Text> {
        let said = |why: &dyn std::fmt::Display| Text::clean(&why.to_string());
        let papers = read(job, Some(&self.profile), &self.hints).map_err(|e| said(&e))?;
        let [paper] = papers.as_slice() else {
            return Err(said(&format!("{} receipts in one job", papers.len())));
        };
        let payable = paper.verdict.as_ref().map_err(|why| said(why))?;
        let text = digest(&paper.text());
        let again = self.jobs == Jobs::Copies || paper.reading.order.is_some();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, coded)) = known.iter().find(|(of, _)| again && *of == text) {
            return Ok(coded.clone());
        }
        let coded = self.seal(payable, text)?;
        if again {
            known.push_back((text, coded.clone()));
            let old = known.len().saturating_sub(KNOWN_MAX);
            known.drain(..old);
        }
        Ok(coded)
    }

    fn seal(&self, payable: &Payable, text: ReceiptDigest) -> Result<Coded, Text> {
        let said = |why: &dyn std::fmt::Display| Text::clean(&why.to_string());
        let counter = self.counter().map_err(|failure| said(&failure.message))?;
        let draft = self.draft(counter, payable, text);
        let sealed = self.signer.seal(&draft);
        let (blob, _) = sealed.map_err(|failure| said(&failure.message))?;
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

    fn draft(&self, counter: u32, payable: &Payable, digest: ReceiptDigest) -> Draft {
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
                digest,
                merchant: None,
                till: None,
                lines: None,
                tax: None,
            },
            certificate: None,
        }
    }
}
