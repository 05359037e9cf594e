//! Faults that a scenario describes: where, how, how often, from when.

use super::draw::{DrawKey, Purpose, of_bytes};
use super::plan::{Fault, Moment};
use crate::chance::Chance;
use crate::id::Name;
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::scenario::{self, Disk, FaultKind, Route, Site};
use crate::time::{Span, Time};

/// How long a message is held back when a fault does not say.
const DELAY: Span = Span::seconds(5);
/// How long a party is down when a fault does not say.
const DOWN: Span = Span::seconds(5);

/// A fault of a scenario, with what is left of it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub id: Name,
    site: Site,
    does: FaultKind,
    left: Option<u32>,
    chance_ppm: u32,
    moment: scenario::Moment,
    from: Time,
    until: Time,
    lasts: Span,
    disk: Option<Disk>,
}

/// A message, as rules know it.
#[derive(Clone, Copy)]
pub(super) struct Travelling {
    pub(super) at: Time,
    /// The actors that sender and addressee belong to.
    pub(super) between: (Name, Name),
    pub(super) kind: MessageKind,
    pub(super) answers: Option<MessageKind>,
}

impl Rule {
    /// The rule of a fault; `None` for what no world can do.
    pub fn of(fault: &scenario::Fault, starts: Time, chance: &Chance) -> Option<Self> {
        let key = fault.id.as_str().as_bytes();
        let lasts = fault.lasts.map(|lasts| lasts.pick(chance, "lasts", key));
        let from = match fault.moment {
            scenario::Moment::At(at) => starts.after(at.pick(chance, "at", key)),
            _ => starts,
        };
        let (default, until) = match fault.does {
            FaultKind::Drop | FaultKind::DropAnswer | FaultKind::Duplicate | FaultKind::Reset => {
                (DELAY, None)
            }
            FaultKind::Delay => (DELAY, None),
            FaultKind::Hold | FaultKind::Partition => {
                let lasts = lasts.unwrap_or(Span::minutes(1));
                (lasts, Some(from.after(lasts)))
            }
            FaultKind::Crash => (DOWN, None),
            _ => return None,
        };
        Some(Self {
            id: fault.id,
            site: fault.site,
            does: fault.does,
            left: fault.times,
            chance_ppm: fault.chance.parts_per_million(),
            moment: fault.moment,
            from,
            until: until.unwrap_or(Time::from_nanos(u64::MAX)),
            lasts: lasts.unwrap_or(default),
            disk: fault.disk,
        })
    }

    /// What this rule does to a message, if anything; a rule that was used up does nothing more.
    pub(super) fn on_message(&mut self, message: Travelling, key: DrawKey) -> Option<Fault> {
        let Site::Link(route, kind) = self.site else {
            return None;
        };
        let running = (self.from..self.until).contains(&message.at);
        if !running || !self.meets(&route, kind, message) || !self.strikes(key) {
            return None;
        }
        let until = Span::nanos(self.until.since(message.at).as_nanos());
        Some(match self.does {
            FaultKind::Delay => Fault::Delay(self.lasts),
            FaultKind::Hold => Fault::Delay(until),
            FaultKind::Duplicate => Fault::Duplicate(self.lasts),
            _ => Fault::Drop,
        })
    }

    /// Whether the message goes this way. A lost answer is one to a request that went this way.
    fn meets(&self, route: &Route, kind: Option<MessageKind>, message: Travelling) -> bool {
        let (from, to) = message.between;
        let named = |found: MessageKind| kind.is_none_or(|kind| kind == found);
        match (self.does, message.answers) {
            (FaultKind::DropAnswer, Some(asked)) => route.fits(to, from) && named(asked),
            (FaultKind::DropAnswer, None) => false,
            (FaultKind::Reset, Some(asked)) => route.fits(to, from) && named(asked),
            _ => route.fits(from, to) && named(message.kind),
        }
    }

    /// What this rule does at a commit of an actor that records these events.
    pub(super) fn on_commit(
        &mut self,
        actor: Name,
        kinds: &[EventKind],
        key: DrawKey,
    ) -> Option<Fault> {
        let event = self.awaits(actor)?;
        if !kinds.contains(&event) || !self.strikes(key) {
            return None;
        }
        let before = match (self.moment, self.disk) {
            (scenario::Moment::Before(_), _) | (_, Some(Disk::LoseUnsynced)) => true,
            (_, Some(Disk::KeepUnsynced | Disk::TornWrite)) => false,
            (_, None) => key.draw(Purpose::CrashMoment) & 1 == 0,
        };
        let moment = if before {
            Moment::Before
        } else {
            Moment::After
        };
        let down = self.lasts;
        Some(Fault::Crash { moment, down })
    }

    /// The event of this actor that the rule waits for.
    pub(super) fn awaits(&self, actor: Name) -> Option<EventKind> {
        let here = self.site == Site::Party(actor) && self.left != Some(0);
        match self.moment {
            scenario::Moment::Before(kind) | scenario::Moment::After(kind) if here => Some(kind),
            _ => None,
        }
    }

    /// When power fails by the clock, whose, and for how long.
    pub(super) fn by_the_clock(&self, seed: DrawKey) -> Option<(Time, Name, Span)> {
        let mut drawn = self.clone();
        match (self.site, self.moment) {
            (Site::Party(actor), scenario::Moment::At(_) | scenario::Moment::Always)
                if drawn.strikes(seed) =>
            {
                Some((self.from, actor, self.lasts))
            }
            _ => None,
        }
    }

    fn strikes(&mut self, key: DrawKey) -> bool {
        let key = key.with(of_bytes(self.id.as_str().as_bytes()));
        let strikes = self.left != Some(0) && key.happens(self.chance_ppm, Purpose::Rule);
        if strikes && let Some(left) = &mut self.left {
            *left -= 1;
        }
        strikes
    }
}
