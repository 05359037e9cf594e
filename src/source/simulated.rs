//! A scenario in play.

use super::{News, Source};
use crate::id::{OrderId, Party, Uid};
use crate::journal::Entry;
use crate::play;
use crate::scenario::Scenario;
use crate::sim::{Live, RunError, Staging};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::time::Instant;

/// How many times faster than real time a simulation may be played.
pub const SPEEDS: &[u32] = &[1, 2, 5, 10, 30, 100, 300, 1000];
/// How much virtual time is played between two looks at what happened.
const SLICE: Span = Span::seconds(10);
/// How long a simulation is played before the screen has its turn.
const TURN: std::time::Duration = std::time::Duration::from_millis(30);

/// A simulation that runs as fast as somebody wants to see it.
pub struct Simulated {
    run: Live,
    name: Text,
    seed: u64,
    speed: usize,
    is_stepped: bool,
    /// The real and the virtual instant that pace is counted from.
    since: (Instant, Time),
    answers: VecDeque<News>,
    was_over: bool,
}

/// How a simulation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The next of [`SPEEDS`].
    Faster,
    /// The one before.
    Slower,
    /// Until something happens, and no further by itself.
    Step,
}

impl Simulated {
    /// The scenario's run with this seed, before its first event.
    ///
    /// # Errors
    /// [`RunError`] when its parties cannot be made.
    pub fn begin(scenario: &Arc<Scenario>, seed: u64) -> Result<Self, RunError> {
        let staging = Staging {
            cast: play::cast,
            actors: play::actors,
            paper: play::paper,
        };
        let run = Live::begin(scenario, seed, staging)?;
        Ok(Self {
            since: (Instant::now(), run.now()),
            name: Text::clean(scenario.name.as_str()),
            run,
            seed,
            speed: 0,
            is_stepped: false,
            answers: VecDeque::new(),
            was_over: false,
        })
    }

    /// Plays `span` of virtual time at once, and gives what happened.
    pub fn play(&mut self, span: Span) -> Vec<(Party, Entry)> {
        self.run.advance(self.run.now().after(span));
        self.since = (Instant::now(), self.run.now());
        self.run.news()
    }

    /// Tells these before anything else.
    pub fn tell(&mut self, entries: Vec<(Party, Entry)>) {
        self.answers.push_front(News::Entries(entries));
    }

    /// The virtual instant that it has come to.
    pub const fn instant(&self) -> Time {
        self.run.now()
    }

    /// Plays this many times faster than real time: the nearest of [`SPEEDS`] from below.
    pub fn set_speed(&mut self, times: u32) {
        let below = SPEEDS.iter().rposition(|speed| *speed <= times);
        self.speed = below.unwrap_or_default();
        self.since = (Instant::now(), self.run.now());
    }

    /// Everything about an order in every journal: what names it, or its receipt.
    pub fn order(&self, order: OrderId) -> Vec<(Party, Entry)> {
        let uids: BTreeSet<Uid> = self
            .run
            .journals()
            .flat_map(|(_, journal)| journal)
            .filter(|entry| entry.event.order == Some(order))
            .filter_map(|entry| entry.event.uid)
            .collect();
        let is_about = |entry: &&Entry| {
            let of_receipt = |uid| entry.event.order.is_none() && uids.contains(&uid);
            entry.event.order == Some(order) || entry.event.uid.is_some_and(of_receipt)
        };
        let mut found: Vec<(Party, Entry)> = Vec::new();
        for (party, journal) in self.run.journals() {
            let about = journal.iter().filter(is_about);
            found.extend(about.map(|entry| (*party, entry.clone())));
        }
        found
    }

    fn times(&self) -> u32 {
        SPEEDS.get(self.speed).copied().unwrap_or(1)
    }

    /// The virtual instant that it should be now.
    fn due(&self) -> Time {
        let (real, begun) = self.since;
        let real = u64::try_from(real.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let run = real.saturating_mul(u64::from(self.times()));
        if self.is_stepped {
            self.run.now()
        } else {
            begun.after(Span::nanos(run)).min(self.run.ends())
        }
    }

    /// How long it is in real time until something happens.
    fn until(&self, at: Time) -> std::time::Duration {
        let ahead = at.since(self.due()).as_nanos() / u64::from(self.times());
        Span::nanos(ahead).to_std()
    }
}

impl Source for Simulated {
    fn title(&self) -> Text {
        let pace = match (self.is_stepped, self.run.is_over()) {
            (_, true) => "over".to_owned(),
            (true, false) => "stepped".to_owned(),
            (false, false) => format!("x{}", self.times()),
        };
        let broken = match self.run.failures() {
            0 => String::new(),
            count => format!(" {count} BROKEN"),
        };
        Text::clean(&format!(
            "SIM {} seed {} {pace}{broken}",
            self.name, self.seed
        ))
    }

    fn now(&self) -> Time {
        self.due().max(self.run.now())
    }

    async fn next(&mut self) -> News {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return answer;
            }
            let turn = Instant::now();
            let due = self.due();
            while self.run.now() < due && turn.elapsed() < TURN {
                let slice = self.run.now().after(SLICE);
                self.run.advance(due.min(slice));
            }
            let news = self.run.news();
            if !news.is_empty() {
                return News::Entries(news);
            }
            if self.run.is_over() && !self.was_over {
                self.was_over = true;
                return News::Over;
            }
            match self
                .run
                .next_at()
                .filter(|_| !self.is_stepped && !self.was_over)
            {
                Some(at) => tokio::time::sleep(self.until(at).max(TURN)).await,
                None => std::future::pending().await,
            }
        }
    }

    fn ask(&mut self, order: OrderId) {
        self.answers
            .push_back(News::Order(order, self.order(order)));
    }

    fn pace(&mut self, pace: Pace) {
        match pace {
            Pace::Faster => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            Pace::Slower => self.speed = self.speed.saturating_sub(1),
            Pace::Step => {}
        }
        self.is_stepped = pace == Pace::Step;
        if self.is_stepped {
            let news = self.run.step();
            self.answers.push_back(News::Entries(news));
        }
        self.since = (Instant::now(), self.run.now());
    }
}
