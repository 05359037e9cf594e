//! The tail: how a code gets onto a receipt that is already being printed, without harm.
//!
//! A [`Capture`] stands between a till and its printer, without sockets or a clock. Bytes go
//! through as they come; only the end of a receipt (the last feeds and the cut) is held,
//! [`HELD_MS_MAX`] at most, so that a block can be put before it. What must be acted on at once
//! (drawer pulses, DLE commands) overtakes what is held. Everything else leaves in the order and
//! form in which it came.
//!
//! Contract for the driver: after each call, [`poll`](Capture::poll) until nothing comes; then wait
//! for bytes or for [`next_wake`](Capture::next_wake), whichever is first.

mod modes;

use super::profile::Profile;
use super::tokens::{Dialect, Op, RealTime, TOKEN_BYTES_MAX, Token, Tokenizer};
use crate::time::{Span, Time};
use modes::Modes;
use std::collections::VecDeque;

/// The longest that any byte is held, in milliseconds.
pub const HELD_MS_MAX: u64 = 300;
/// How long feeds are held for a cut to follow; what is left of [`HELD_MS_MAX`] is for the code.
const FEED_MS_MAX: u64 = 150;
/// A job without a cut ends when nothing came for this long.
pub const IDLE_MS: u64 = 1500;
/// The most that is held behind a tail; beyond it the tail goes without a code.
pub const HELD_BYTES_MAX: usize = 1 << 20;
/// With this much behind a tail its till has to wait. Why so little: the time of what is held
/// runs, and what has waited for many codes is too late for its own. A drawer pulse behind a cut
/// is within it.
const BEHIND_BYTES_MAX: usize = 2048;
/// What came within this time of one another behind a tail counts as come together.
const PART: Span = Span::millis(5);
/// A payload longer than this flows through while it arrives.
const PAYLOAD_BYTES_MIN: usize = 64;
/// Lines from the print head to the cutter, fed when the job's own feeds have left already.
const CUTTER_LINES: u8 = 4;

/// Which job of this connection, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// What the capture wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// Send these bytes to the printer now.
    Forward(Vec<u8>),
    /// A job is complete: here are its bytes. Until the time given a block can be inserted.
    Job {
        /// Which one.
        job: JobId,
        /// Everything that belongs to it, as it came.
        bytes: Vec<u8>,
        /// Until when [`Capture::insert`] is in time.
        until: Time,
    },
    /// Among what is forwarded next is this status question.
    Question(u8),
}

/// The tail has been released already; the receipt went without this block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("insert the code: its receipt has left already")]
pub struct TooLate;

/// A completed job whose tail is held.
#[derive(Clone, Debug)]
struct Waiting {
    job: JobId,
    until: Time,
    /// Whether a block must bring the feed to the cutter itself.
    needs_feed: bool,
    /// What came after the tail, and the tokenizer as it was there.
    after: Vec<u8>,
    /// Where each part of it begins, and when that came.
    came: Vec<(usize, Time)>,
    tokenizer: Tokenizer,
}

/// Between a till and its printer.
#[derive(Clone, Debug)]
pub struct Capture {
    tokenizer: Tokenizer,
    modes: Modes,
    out: VecDeque<Out>,
    /// Bytes to forward, gathered into one [`Out::Forward`].
    ready: Vec<u8>,
    /// The beginning of a command that has not come in full.
    unfinished: Vec<u8>,
    unfinished_since: Time,
    /// How many of the unfinished bytes were forwarded when their time was up.
    sent: usize,
    /// How much of a payload is still to come.
    payload: usize,
    /// Feeds, and later the cut, behind the last printed line.
    tail: Vec<u8>,
    tail_since: Time,
    /// Feeds of this tail that have left already.
    fed: bool,
    waiting: Option<Waiting>,
    job: Vec<u8>,
    next: u64,
    /// Something was printed in this job.
    printed: bool,
    last: Time,
}

impl Capture {
    /// A capture at the start of a connection. Without a profile, ESC/POS is assumed.
    pub fn new(profile: Option<&Profile>) -> Self {
        let dialect = profile.map_or(Dialect::EscPos, |p| p.dialect);
        let multibyte = profile.and_then(|p| p.multibyte).is_some_and(|m| m.on);
        Self {
            tokenizer: Tokenizer::new(dialect),
            modes: Modes::new(dialect, multibyte),
            out: VecDeque::new(),
            ready: Vec::new(),
            unfinished: Vec::new(),
            unfinished_since: Time::default(),
            sent: 0,
            payload: 0,
            tail: Vec::new(),
            tail_since: Time::default(),
            fed: false,
            waiting: None,
            job: Vec::new(),
            next: 0,
            printed: false,
            last: Time::default(),
        }
    }

    /// Takes bytes from the till.
    pub fn bytes(&mut self, now: Time, bytes: &[u8]) {
        self.wake(now);
        self.last = now;
        self.take(now, bytes);
        self.flush();
    }

    /// Puts a block before the held tail of `job` and releases it. The block is ESC/POS or Star
    /// bytes in ASCII; it begins at the left of an empty line, centred, in normal size, and the
    /// printer's state is restored behind it.
    pub fn insert(&mut self, now: Time, job: JobId, block: &[u8]) -> Result<(), TooLate> {
        self.wake(now);
        let waiting = self
            .waiting
            .as_ref()
            .filter(|w| w.job == job)
            .ok_or(TooLate)?;
        let feed = waiting.needs_feed;
        let before = self.modes.before();
        self.ready.extend(before);
        self.ready.extend_from_slice(block);
        let after = self.modes.after(if feed { CUTTER_LINES } else { 0 });
        self.ready.extend(after);
        self.release();
        self.flush();
        Ok(())
    }

    /// Releases the held tail of `job`: it gets no code.
    pub fn skip(&mut self, now: Time, job: JobId) {
        self.wake(now);
        if self.waiting.as_ref().is_some_and(|w| w.job == job) {
            self.release();
        }
        self.flush();
    }

    /// The till has closed its side: what was printed without a cut is a job now.
    pub fn end(&mut self, now: Time) {
        self.wake(now);
        // Behind a held tail the rest waits for its turn.
        if self.waiting.is_none() {
            let rest = std::mem::take(&mut self.unfinished);
            let sent = std::mem::take(&mut self.sent);
            self.payload = 0;
            if rest.is_empty() || !self.tail.is_empty() {
                // Half a command stays behind the feeds that came before it.
                self.tail.extend(rest.get(sent..).unwrap_or_default());
                self.finish_job(now);
            } else {
                self.ready.extend(rest.get(sent..).unwrap_or_default());
                self.finish_uncoded(now);
            }
        }
        self.flush();
    }

    /// Does what is due: releases what has been held long enough, ends an idle job.
    pub fn wake(&mut self, now: Time) {
        while let Some(due) = self.next_wake().filter(|due| *due <= now) {
            if self.waiting.as_ref().is_some_and(|w| w.until <= due) {
                self.release();
            } else if !self.tail.is_empty() && self.waiting.is_none() && self.feed_due() <= due {
                let tail = std::mem::take(&mut self.tail);
                self.ready.extend(tail);
                self.fed = true;
            } else if self.unsent() && self.unfinished_due() <= due {
                self.ready
                    .extend(self.unfinished.get(self.sent..).unwrap_or_default());
                self.sent = self.unfinished.len();
            } else {
                self.finish_job(now);
            }
        }
        self.flush();
    }

    /// When [`wake`](Self::wake) has something to do, if nothing comes before.
    pub fn next_wake(&self) -> Option<Time> {
        let held = match &self.waiting {
            Some(waiting) => Some(waiting.until),
            None => (!self.tail.is_empty()).then(|| self.feed_due()),
        };
        let unfinished = self.unsent().then(|| self.unfinished_due());
        let idle = (self.printed && self.waiting.is_none())
            .then(|| self.last.after(Span::millis(IDLE_MS)));
        [held, unfinished, idle].into_iter().flatten().min()
    }

    /// The next thing to do, if any.
    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// Whether what comes next had better wait where it is, as so much is held behind a tail.
    pub fn is_full(&self) -> bool {
        let behind = self.waiting.as_ref().map_or(0, |w| w.after.len());
        behind + self.unfinished.len() >= BEHIND_BYTES_MAX && self.waiting.is_some()
    }

    /// Whether what was forwarded ends between two commands, so that another may be put in.
    pub const fn between_commands(&self) -> bool {
        self.sent == 0 && self.payload == 0
    }

    fn feed_due(&self) -> Time {
        self.tail_since.after(Span::millis(FEED_MS_MAX))
    }

    fn unsent(&self) -> bool {
        self.waiting.is_none() && self.unfinished.len() > self.sent
    }

    fn unfinished_due(&self) -> Time {
        self.unfinished_since.after(Span::millis(FEED_MS_MAX))
    }

    fn flush(&mut self) {
        if !self.ready.is_empty() {
            self.out
                .push_back(Out::Forward(std::mem::take(&mut self.ready)));
        }
    }

    /// Splits bytes into tokens and places each.
    fn take(&mut self, now: Time, bytes: &[u8]) {
        let mut rest = self.through(bytes);
        let joined: Vec<u8>;
        if !self.unfinished.is_empty() {
            joined = [std::mem::take(&mut self.unfinished).as_slice(), rest].concat();
            rest = &joined;
        }
        let mut sent = std::mem::take(&mut self.sent);
        while let Some(token) = self.tokenizer.step(rest, false) {
            // What left early as one unfinished command may turn out to be several tokens.
            self.place(now, &token, sent.min(token.bytes.len()));
            sent = sent.saturating_sub(token.bytes.len());
            rest = rest.get(token.bytes.len()..).unwrap_or_default();
        }
        if rest.is_empty() {
            return;
        }
        let span = self
            .tokenizer
            .span(rest)
            .filter(|n| *n > PAYLOAD_BYTES_MIN && *n > rest.len());
        match span {
            Some(length) if self.waiting.is_none() && length <= TOKEN_BYTES_MAX => {
                self.printing();
                self.keep(rest);
                self.ready.extend(rest.get(sent..).unwrap_or_default());
                self.payload = length - rest.len();
            }
            _ => {
                if sent == 0 {
                    self.unfinished_since = now;
                }
                (self.unfinished, self.sent) = (rest.to_vec(), sent);
            }
        }
    }

    /// Lets a payload's bytes flow; gives what follows it.
    fn through<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (payload, rest) = bytes.split_at(self.payload.min(bytes.len()));
        self.payload -= payload.len();
        self.keep(payload);
        self.ready.extend_from_slice(payload);
        rest
    }

    /// Copies bytes into the job; one that is too long to be read keeps growing by nothing.
    fn keep(&mut self, bytes: &[u8]) {
        if self.job.len() <= super::JOB_BYTES_MAX {
            self.job.extend_from_slice(bytes);
        }
    }

    /// Decides where a token goes. `sent` of its bytes have left already.
    fn place(&mut self, now: Time, token: &Token<'_>, sent: usize) {
        let unsent = token.bytes.get(sent..).unwrap_or_default();
        if overtakes(&token.op) {
            self.keep(token.bytes);
            if let Op::RealTime(RealTime::Status(n)) = token.op {
                self.out.push_back(Out::Question(n));
            }
            return self.ready.extend_from_slice(unsent);
        }
        if self.waiting.is_some() {
            return self.behind(now, token);
        }
        self.keep(token.bytes);
        let inside = self.modes.inside();
        let cut = matches!(token.op, Op::Cut(_));
        if cut && self.printed && !inside && sent == 0 {
            self.hold(now, token.bytes);
            return self.complete(now, now.after(Span::millis(HELD_MS_MAX)));
        }
        if is_feed(&token.op) && !self.modes.line_open() && self.printed && !inside && sent == 0 {
            self.hold(now, token.bytes);
        } else if !self.tail.is_empty() && self.modes.is_mode(token) {
            // A state command between the feeds and the cut waits with them.
            self.tail.extend_from_slice(unsent);
        } else {
            if prints(&token.op) {
                self.printing();
            }
            let tail = std::mem::take(&mut self.tail);
            self.ready.extend(tail);
            self.ready.extend_from_slice(unsent);
        }
        self.modes.token(token);
        if cut {
            // A cut where nothing can be inserted still ends the job.
            self.finish_uncoded(now);
        }
    }

    fn printing(&mut self) {
        self.printed = true;
        self.fed = false;
        let tail = std::mem::take(&mut self.tail);
        self.ready.extend(tail);
    }

    fn hold(&mut self, now: Time, bytes: &[u8]) {
        if self.tail.is_empty() {
            self.tail_since = now;
        }
        self.tail.extend_from_slice(bytes);
    }

    /// What comes while a tail waits for its code goes behind it.
    fn behind(&mut self, now: Time, token: &Token<'_>) {
        let Some(waiting) = &mut self.waiting else {
            return;
        };
        let part = waiting.came.last().map(|(_, came)| came.after(PART));
        if part.is_none_or(|end| end <= now) {
            waiting.came.push((waiting.after.len(), now));
        }
        waiting.after.extend_from_slice(token.bytes);
        if waiting.after.len() > HELD_BYTES_MAX {
            self.release();
        }
    }

    /// The job is complete: its tail is held until `until` at most.
    fn complete(&mut self, now: Time, until: Time) {
        let job = JobId(self.next);
        self.next += 1;
        let held = self.tail_since.after(Span::millis(HELD_MS_MAX));
        let until = if self.tail.is_empty() {
            until
        } else {
            until.min(held)
        };
        let bytes = std::mem::take(&mut self.job);
        self.waiting = Some(Waiting {
            job,
            until,
            needs_feed: self.fed,
            after: Vec::new(),
            came: Vec::new(),
            tokenizer: self.tokenizer.clone(),
        });
        self.printed = false;
        self.last = now;
        self.flush();
        self.out.push_back(Out::Job { job, bytes, until });
    }

    /// Ends a job that no cut ended. Behind half a command nothing can be inserted.
    fn finish_job(&mut self, now: Time) {
        if self.printed && !self.modes.inside() && self.payload == 0 && self.sent == 0 {
            self.complete(now, now.after(Span::millis(HELD_MS_MAX)));
        } else {
            self.finish_uncoded(now);
        }
    }

    /// Ends a job into which nothing can be inserted.
    fn finish_uncoded(&mut self, now: Time) {
        let tail = std::mem::take(&mut self.tail);
        self.ready.extend(tail);
        self.fed = false;
        if std::mem::take(&mut self.printed) {
            let job = JobId(self.next);
            self.next += 1;
            let bytes = std::mem::take(&mut self.job);
            self.flush();
            self.out.push_back(Out::Job {
                job,
                bytes,
                until: now,
            });
        } else {
            self.job.clear();
        }
    }

    /// Lets the tail go, then what came behind it.
    fn release(&mut self) {
        let Some(waiting) = self.waiting.take() else {
            return;
        };
        let tail = std::mem::take(&mut self.tail);
        self.modes.tail(&tail);
        self.ready.extend(tail);
        self.fed = false;
        let unfinished = std::mem::take(&mut self.unfinished);
        let last = self.last;
        self.tokenizer = waiting.tokenizer;
        // The time of each part has run since it came, not since the tail let it go.
        let since = self.unfinished_since;
        let ends = waiting.came.iter().skip(1).map(|(start, _)| *start);
        for ((start, came), end) in waiting.came.iter().zip(ends.chain([waiting.after.len()])) {
            self.take(*came, waiting.after.get(*start..end).unwrap_or_default());
        }
        self.take(since, &unfinished);
        self.last = last;
    }
}

/// What must not wait behind held bytes.
const fn overtakes(op: &Op<'_>) -> bool {
    matches!(op, Op::Drawer(_))
        || matches!(op, Op::RealTime(r) if !matches!(r, RealTime::Clear | RealTime::Other))
}

/// What leaves something on the paper.
const fn prints(op: &Op<'_>) -> bool {
    matches!(
        op,
        Op::Text(_)
            | Op::Image(_)
            | Op::PrintStored
            | Op::Logo
            | Op::Barcode(..)
            | Op::QrPrint
            | Op::Symbol
            | Op::PrintPage
    )
}

/// What moves the paper and prints nothing (on an empty line).
const fn is_feed(op: &Op<'_>) -> bool {
    matches!(
        op,
        Op::LineFeed | Op::CarriageReturn | Op::FeedLines(_) | Op::FeedDots(_)
    )
}

#[cfg(test)]
mod tests;
