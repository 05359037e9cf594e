//! Codes made on the way through, with the development key.

use super::super::exit::{Exit, Failure};
use super::super::{clock, development};
use crate::cast::{Cast, Till};
use crate::code::sealed::{Draft, SealedOrder, digest, seal};
use crate::play::proxy::{Coded, Coder};
use crate::receipt::{Hints, Payable, Profile, read};
use crate::roles::terminal::Blocks;
use crate::text::Text;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What makes a code for each payable receipt, for this printer and shop.
pub(super) fn coder(profile: &Profile, hints: Hints) -> Result<Coder, Failure> {
    let now = clock::now();
    let cast = development::cast(now)?;
    if cast.tills.is_empty() {
        return Err(Failure::new(Exit::Environment, "find the development till"));
    }
    let own = Own {
        cast,
        profile: profile.clone(),
        hints,
        counter: AtomicU32::new(now.seconds()),
    };
    Ok(Arc::new(move |job: &[u8]| own.code(job)))
}

struct Own {
    cast: Cast,
    profile: Profile,
    hints: Hints,
    counter: AtomicU32,
}

impl Own {
    fn code(&self, job: &[u8]) -> Result<Coded, Text> {
        let said = |why: &dyn std::fmt::Display| Text::clean(&why.to_string());
        let papers = read(job, Some(&self.profile), &self.hints).map_err(|e| said(&e))?;
        let [paper] = papers.as_slice() else {
            return Err(said(&format!("{} receipts in one job", papers.len())));
        };
        let payable = paper.verdict.as_ref().map_err(|why| said(why))?;
        let till = self.cast.tills.first().ok_or_else(Text::default)?;
        let draft = self.draft(till, payable, &paper.text());
        let blob = seal(&till.key, &till.signing, &draft).map_err(|e| said(&e))?;
        let blocks = Blocks {
            printer: &self.profile,
            host: &self.cast.host,
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

    fn draft(&self, till: &Till, payable: &Payable, text: &str) -> Draft {
        Draft {
            route: till.route,
            flags: till.flags,
            issued_at: clock::now(),
            ttl_minutes: till.code_minutes,
            order: SealedOrder {
                counter: self.counter.fetch_add(1, Ordering::Relaxed),
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
