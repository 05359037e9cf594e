//! From a print job to what goes onto its paper.

use super::read::{Copied, Job, Read, Sale};
use super::records::{Known, Printed, Stage, WAITING_MAX, Waiting, e4};
use super::{PAPER_WAIT_MS_MAX, REPRINT_RETENTION, Turn};
use crate::id::{Id, Uid};
use crate::journal::{Event, EventKind};
use crate::order::Reason;
use crate::roles::Effect;
use crate::roles::chip::Sealed;
use crate::roles::chip::apdu::Answer;
use crate::store::{Json, Stop, Timer, TimerKind};
use crate::text::Text;
use crate::time::Span;

impl Turn<'_, '_> {
    /// A job is complete. The same job again changes nothing.
    pub(super) fn job(&mut self, job: &Job) -> Result<(), Stop> {
        let seen = (job.number, job.until);
        if self.ram.jobs.0.contains(&seen) {
            return Ok(());
        }
        if self.ram.jobs.0.len() >= WAITING_MAX {
            self.ram.jobs.0.remove(0);
        }
        self.ram.jobs.0.push(seen);
        let note = Text::clean(&format!("{} bytes", job.len));
        self.cx
            .record(Event::new(EventKind::JobCaptured).note(note));
        match &job.read {
            Read::Sale(sale) => self.sale(job, sale.clone()),
            Read::Copy(copy) => self.copy(job, copy),
            Read::Other { reason, note } => {
                self.withhold(job.number, *reason, note.as_str());
                Ok(())
            }
        }
    }

    /// A receipt as it was printed before gets its code again; any other is sealed.
    fn sale(&mut self, job: &Job, sale: Sale) -> Result<(), Stop> {
        if let Some(number) = &sale.number {
            let mark = Known::exact(number, sale.order.digest);
            let known = self.known(mark, |known| {
                known.number == *number && known.digest == sale.order.digest.0
            })?;
            if let Some(uid) = known.and_then(|known| known.uid) {
                return self.reprint(job, uid);
            }
        }
        self.seal(job, sale)
    }

    /// A copy gets the code of the receipt that it is a copy of. If that one went out without a
    /// code, it is sealed now, as it was: with its own text's digest.
    fn copy(&mut self, job: &Job, copy: &Copied) -> Result<(), Stop> {
        let known = self.known(Known::copy(&copy.number, copy.e4), |known| {
            known.number == copy.number && e4(known.amount) == Some(copy.e4)
        })?;
        let Some(known) = known else {
            self.withhold(
                job.number,
                Reason::NotPayable,
                "a copy of an unknown receipt",
            );
            return Ok(());
        };
        if let Some(uid) = known.uid {
            return self.reprint(job, uid);
        }
        self.seal(job, Sale::of(known))
    }

    /// What is known under a mark, if it is still held and is what it says.
    fn known(
        &mut self,
        mark: [u8; 16],
        same: impl FnOnce(&Known) -> bool,
    ) -> Result<Option<Known>, Stop> {
        let now = self.cx.now();
        let fresh = |known: &Known| now.since(known.seen_at) <= REPRINT_RETENTION;
        let known = self.cx.get::<Known>(&(mark,))?;
        Ok(known.filter(fresh).filter(same))
    }

    fn reprint(&mut self, job: &Job, uid: Uid) -> Result<(), Stop> {
        let stored = self.cx.get::<Printed>(&(uid,))?;
        let mut stored = stored.ok_or(Stop::Refuse(Reason::NotFound))?;
        match self.terminal.block(&stored.code.0, stored.amount) {
            Ok(block) => {
                let (job, block) = (job.number, Some(block));
                self.cx.effect(Effect::Insert { job, block });
                let event = Event::new(EventKind::CodeReprinted).uid(uid);
                let event = event.amount(stored.amount);
                self.cx.record(event.note(stored.reference.clone()));
                stored.printed = true;
                self.cx.put(stored)
            }
            Err(error) => {
                self.withhold(job.number, Reason::NotPayable, &error.to_string());
                Ok(())
            }
        }
    }

    /// Has the chip seal a receipt while its paper waits.
    fn seal(&mut self, job: &Job, sale: Sale) -> Result<(), Stop> {
        let is_this = |w: &Waiting| w.stage.is_waiting() && w.sale.is_same_receipt(&sale);
        if self.ram.waiting.0.iter().any(is_this) {
            self.withhold(
                job.number,
                Reason::NotPayable,
                "this receipt waits for its code already",
            );
            return Ok(());
        }
        let until = self.cx.now().after(Span::millis(PAPER_WAIT_MS_MAX));
        let until = until.min(job.until);
        if until <= self.cx.now() {
            self.withhold(
                job.number,
                Reason::NotPayable,
                "nothing can be put onto this paper",
            );
            return self.know(&sale, None, false);
        }
        if !self.make_room() {
            self.withhold(
                job.number,
                Reason::ChipSilent,
                "too many receipts wait for the chip",
            );
            return self.know(&sale, None, false);
        }
        let seal = self.cx.new_id("seal", &job.number);
        self.ram.waiting.0.push(Waiting {
            job: job.number,
            seal,
            until,
            sale,
            stage: Stage::Unasked,
            uid: None,
        });
        self.cx
            .timer(Timer::new(TimerKind::Paper, seal), Some(until));
        self.ask(self.ram.waiting.0.len() - 1);
        Ok(())
    }

    /// Whether one more receipt can be taken in hand.
    fn make_room(&mut self) -> bool {
        let waiting = &mut self.ram.waiting.0;
        if waiting.len() < WAITING_MAX {
            return true;
        }
        let over = waiting.iter().position(|w| !w.stage.is_waiting());
        over.map(|at| waiting.remove(at)).is_some()
    }

    /// The chip has sealed: onto the paper if it still waits; else it is kept for a reprint.
    pub(super) fn sealed(&mut self, sealed: &Sealed) -> Result<(), Stop> {
        let Some(at) = self.position(sealed.job) else {
            return Ok(());
        };
        let waiting = self.ram.waiting.0[at].clone();
        let late = match waiting.stage {
            Stage::Done | Stage::Unasked => return Ok(()),
            Stage::Missed => true,
            Stage::Asked => waiting.until <= self.cx.now(),
        };
        if waiting.stage == Stage::Asked && late {
            self.withhold(waiting.job, Reason::ChipSilent, waiting.sale.reference());
        }
        let printed = !late && self.print(&waiting, sealed);
        self.end(at);
        self.ram.waiting.0[at].uid = Some(sealed.uid);
        let order = &waiting.sale.order;
        if late {
            let event = Event::new(EventKind::Sealed).uid(sealed.uid);
            let event = event.amount(order.amount).reason(Reason::ChipSilent);
            self.cx.record(event.note(order.reference.clone()));
        }
        self.cx.put(Printed {
            uid: sealed.uid,
            reference: order.reference.clone(),
            amount: order.amount,
            digest: order.digest.0,
            code: Json(sealed.code.clone()),
            sealed_at: self.cx.now(),
            printed,
            paid_order: None,
            paid_attempt: None,
        })?;
        self.know(&waiting.sale, Some(sealed.uid), !late)
    }

    /// Hands the code to the paper; says whether there was one to hand over.
    fn print(&mut self, waiting: &Waiting, sealed: &Sealed) -> bool {
        let order = &waiting.sale.order;
        match self.terminal.block(&sealed.code, order.amount) {
            Ok(block) => {
                let (job, block) = (waiting.job, Some(block));
                self.cx.effect(Effect::Insert { job, block });
                let event = Event::new(EventKind::CodePrinted).uid(sealed.uid);
                let event = event.amount(order.amount);
                self.cx.record(event.note(order.reference.clone()));
                true
            }
            Err(error) => {
                self.withhold(waiting.job, Reason::NotPayable, &error.to_string());
                false
            }
        }
    }

    /// The chip would not seal.
    pub(super) fn refused(&mut self, answer: &Answer) -> Result<(), Stop> {
        let job = answer.data.first_chunk().copied().map(Id::from_bytes);
        let Some(at) = job.and_then(|job| self.position(job)) else {
            return Ok(());
        };
        let waiting = self.ram.waiting.0[at].clone();
        self.end(at);
        if !waiting.stage.is_waiting() {
            return Ok(());
        }
        let note = format!("the chip answered {}", answer.status);
        self.withhold(waiting.job, Reason::ChipRefused, &note);
        self.know(&waiting.sale, None, false)
    }

    /// The paper can wait no longer.
    pub(super) fn paper_due(&mut self, seal: Id) -> Result<(), Stop> {
        let Some(at) = self.position(seal) else {
            return Ok(());
        };
        let waiting = self.ram.waiting.0[at].clone();
        if !waiting.stage.is_waiting() {
            return Ok(());
        }
        self.ram.waiting.0[at].stage = match waiting.stage {
            Stage::Unasked => Stage::Done,
            _ => Stage::Missed,
        };
        self.withhold(waiting.job, Reason::ChipSilent, waiting.sale.reference());
        self.doubt_session();
        self.know(&waiting.sale, None, false)
    }

    /// The desk could not put the code onto its paper any more: the receipt went without.
    pub(super) fn missed_paper(&mut self, job: u64) -> Result<(), Stop> {
        let mut event = Event::new(EventKind::CodeWithheld).reason(Reason::ChipSilent);
        event.note = Some(Text::clean("its paper had left"));
        let sealed = |w: &&Waiting| w.job == job && w.uid.is_some();
        let waiting = self.ram.waiting.0.iter().rev().find(sealed);
        event.uid = waiting.and_then(|w| w.uid);
        if let Some(uid) = event.uid
            && let Some(mut stored) = self.cx.get::<Printed>(&(uid,))?
        {
            event.amount = Some(stored.amount);
            stored.printed = false;
            self.cx.put(stored)?;
        }
        self.cx.record(event);
        Ok(())
    }

    /// The receipt at this place is done with.
    fn end(&mut self, at: usize) {
        let waiting = &mut self.ram.waiting.0[at];
        waiting.stage = Stage::Done;
        let timer = Timer::new(TimerKind::Paper, waiting.seal);
        self.cx.timer(timer, None);
    }

    fn position(&self, seal: Id) -> Option<usize> {
        self.ram.waiting.0.iter().position(|w| w.seal == seal)
    }

    /// The paper goes out without a code, and the journal says why.
    fn withhold(&mut self, job: u64, reason: Reason, note: &str) {
        self.cx.effect(Effect::Insert { job, block: None });
        let event = Event::new(EventKind::CodeWithheld).reason(reason);
        self.cx.record(event.note(Text::clean(note)));
    }

    /// Remembers a receipt with an order number by both of its marks. What has a code under a mark
    /// keeps it, unless this receipt has been given one for its own paper.
    fn know(&mut self, sale: &Sale, uid: Option<Uid>, on_paper: bool) -> Result<(), Stop> {
        let Some(number) = &sale.number else {
            return Ok(());
        };
        let order = &sale.order;
        let exact = Known::exact(number, order.digest);
        let copy = e4(order.amount).map(|e4| Known::copy(number, e4));
        let marks = [Some(exact), copy];
        for mark in marks.into_iter().flatten() {
            let held = self.known(mark, |known| known.uid.is_some())?;
            if held.is_some() && !on_paper {
                return Ok(());
            }
        }
        for mark in marks.into_iter().flatten() {
            self.cx.put(Known {
                mark,
                number: number.clone(),
                amount: order.amount,
                reference: order.reference.clone(),
                digest: order.digest.0,
                uid,
                seen_at: self.cx.now(),
            })?;
        }
        Ok(())
    }
}
