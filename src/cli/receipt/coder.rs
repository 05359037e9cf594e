//! Codes made on the way through, with the key of a terminal as `qr` makes them.
//!
//! One receipt, one code: what comes again with its number and text within a day, or as a copy of
//! the one job, has the code that it had. Without that, whoever pays both copies pays twice.

use super::super::clock;
use super::super::exit::Failure;
use super::super::shell::Signer;
use super::known::Known;
use super::proxy::Route;
use crate::code::sealed::{Blob, Draft, ReceiptDigest, SealedOrder, digest};
use crate::play::proxy::{Coded, Coder};
use crate::receipt::{Hints, Payable, Profile, read};
use crate::roles::terminal::Blocks;
use crate::text::Text;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

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
    let known = Known::of(signer.codes_file());
    let own = Own {
        signer,
        profile: profile.clone(),
        hints,
        jobs,
        last: Mutex::new(0),
        known: Mutex::new(known),
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
    known: Mutex<Known>,
}

impl Own {
    fn code(&self, job: &[u8]) -> Result<Coded, Text> {
        let said = |why: &dyn std::fmt::Display| Text::clean(&why.to_string());
        let papers = read(job, Some(&self.profile), &self.hints).map_err(|e| said(&e))?;
        let [paper] = papers.as_slice() else {
            return Err(said(&format!("{} receipts in one job", papers.len())));
        };
        let payable = paper.verdict.as_ref().map_err(|why| said(why))?;
        let (text, now) = (digest(&paper.text()), clock::now());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let numbered = paper.reading.order.is_some();
        let code = match (numbered, self.jobs) {
            (true, _) => known.code_of(text, now, || self.seal(payable, text)),
            (false, Jobs::OfTills) => self.seal(payable, text),
            (false, Jobs::Copies) => known.here(text, now).map_or_else(
                || {
                    let code = self.seal(payable, text)?;
                    known.keep_here(text, now, &code);
                    Ok(code)
                },
                Ok,
            ),
        };
        self.block(&code.map_err(|Uncoded(why)| why)?, payable)
    }

    fn seal(&self, payable: &Payable, text: ReceiptDigest) -> Result<Blob, Uncoded> {
        let said = |failure: Failure| Uncoded(Text::clean(&failure.message));
        let draft = self.draft(self.counter().map_err(said)?, payable, text);
        let (code, _) = self.signer.seal(&draft).map_err(said)?;
        Ok(code)
    }

    /// The code as its printer prints it.
    fn block(&self, code: &Blob, payable: &Payable) -> Result<Coded, Text> {
        let blocks = Blocks {
            printer: &self.profile,
            host: &self.signer.host,
            bank: None,
            caption: "Scan to pay",
        };
        let block = blocks.of(code, payable.amount);
        let note = format!("{} {}", payable.amount, payable.reference);
        Ok(Coded {
            block: block.map_err(|why| Text::clean(&why.to_string()))?,
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

/// Why a receipt gets no code.
struct Uncoded(Text);

impl From<io::Error> for Uncoded {
    /// What is not remembered would be asked for again with the next copy.
    fn from(error: io::Error) -> Self {
        Self(Text::clean(&format!("remember the code: {error}")))
    }
}
