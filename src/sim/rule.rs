//! Faults that a scenario describes: where, how, how often, from when.

use super::draw::{DrawKey, Purpose, of_bytes};
use super::plan::{Fault, Moment};
use crate::chance::Chance;
use crate::id::{Name, PartyKind};
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::order::PaymentState;
use crate::roles::bank::Magic;
use crate::scenario::{self, Answers, Chip, Disk, FaultKind, Range, Route, Share, Site, Skew};
use crate::time::{Span, Time};

/// How long a message is held back when a fault does not say.
const DELAY: Span = Span::seconds(5);
/// How long a party is down when a fault does not say.
const DOWN: Span = Span::seconds(5);

/// How much longer a slow chip takes for an answer: longer than paper waits.
const CHIP_SLOW: Range<Span> = Range {
    least: Span::millis(500),
    most: Span::seconds(2),
};
/// How much later a bank that answers twice does so the second time.
const TWICE: Range<Span> = Range {
    least: Span::millis(1),
    most: Span::seconds(2),
};

/// How slow a bank is with an amount that says so.
const MAGIC_SLOW: Range<Span> = Range {
    least: Span::seconds(2),
    most: Span::seconds(9),
};
/// How late a bank's word is about an amount that says so.
const MAGIC_LATE: Range<Span> = Range {
    least: Span::seconds(20),
    most: Span::seconds(60),
};

/// How a bank answers about an amount of this magic, beside what its role refuses.
const fn answers_of(magic: Magic) -> Answers {
    match magic {
        Magic::Slow => Answers::Slowly(MAGIC_SLOW),
        Magic::LateFailure => Answers::LateFailure(MAGIC_LATE),
        Magic::LateSuccess => Answers::LateSuccess(MAGIC_LATE),
        Magic::Garbage => Answers::Garbage,
        Magic::Silent => Answers::Never,
        Magic::Twice => Answers::Twice,
        Magic::Closed | Magic::NoFunds | Magic::OverLimit | Magic::Frozen => Answers::Promptly,
    }
}

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
    /// How long a party is down.
    lasts: Span,
    /// How much later messages come, drawn for each.
    later: Range<Span>,
    disk: Option<Disk>,
    skew: Skew,
    /// Only payments that say so.
    says: Option<PaymentState>,
    /// Only what is about an amount of this magic.
    magic: Option<Magic>,
}

/// A message, as rules know it.
#[derive(Clone, Copy)]
pub(super) struct Travelling {
    pub(super) at: Time,
    /// The actors that sender and addressee belong to.
    pub(super) between: (Name, Name),
    pub(super) kind: MessageKind,
    pub(super) answers: Option<MessageKind>,
    /// What a `payment` says.
    pub(super) says: Option<PaymentState>,
    /// What the amount that it is about stands for.
    pub(super) magic: Option<Magic>,
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
        let until = match fault.does {
            // A storm on a link, a standstill: they last a while, whatever happens meanwhile.
            FaultKind::Hold | FaultKind::Partition | FaultKind::Pause => {
                Some(from.after(lasts.unwrap_or(Span::minutes(1))))
            }
            FaultKind::ChipSlow | FaultKind::ClockSkew => lasts.map(|lasts| from.after(lasts)),
            FaultKind::PrinterJam | FaultKind::HalfPage => return None,
            _ => None,
        };
        let whole = fault.does == FaultKind::ChipSlow;
        Some(Self {
            id: fault.id,
            site: fault.site,
            does: fault.does,
            left: fault.times.filter(|_| !whole && until.is_none()),
            chance_ppm: fault.chance.parts_per_million(),
            moment: fault.moment,
            from,
            until: until.unwrap_or(Time::from_nanos(u64::MAX)),
            lasts: lasts.unwrap_or(DOWN),
            later: match fault.does {
                FaultKind::ChipSlow => CHIP_SLOW,
                _ => fault.lasts.unwrap_or(Range::just(DELAY)),
            },
            disk: fault.disk,
            skew: fault.skew.unwrap_or(Skew::NONE),
            says: None,
            magic: None,
        })
    }

    /// What a bank's way to answer does to what it says, until faults end.
    pub fn of_answers(bank: Name, answers: Answers) -> Vec<Self> {
        let rule = |does, kind, later, says| Self {
            id: bank,
            site: Site::Link(
                Route {
                    from: Some(bank),
                    to: None,
                    both: false,
                },
                kind,
            ),
            does,
            left: None,
            chance_ppm: Share::ALWAYS.parts_per_million(),
            moment: scenario::Moment::Always,
            from: Time::from_nanos(0),
            until: Time::from_nanos(u64::MAX),
            lasts: DOWN,
            later,
            disk: None,
            skew: Skew::NONE,
            says,
            magic: None,
        };
        let said = Some(MessageKind::Payment);
        let delay = FaultKind::Delay;
        match answers {
            Answers::Promptly | Answers::Declines(_) => Vec::new(),
            Answers::Slowly(later) => vec![rule(delay, None, later, None)],
            Answers::Never => vec![rule(FaultKind::Drop, None, TWICE, None)],
            Answers::Garbage => vec![rule(FaultKind::Corrupt, None, TWICE, None)],
            Answers::Twice => vec![rule(FaultKind::Duplicate, None, TWICE, None)],
            Answers::LateSuccess(later) => vec![
                rule(delay, Some(MessageKind::Paid), later, None),
                rule(delay, said, later, Some(PaymentState::Paid)),
            ],
            Answers::LateFailure(later) => {
                vec![rule(delay, said, later, Some(PaymentState::Refused))]
            }
        }
    }

    /// What a bank whose amounts are magic does to what it says.
    pub fn of_magic(bank: Name) -> impl Iterator<Item = Self> {
        let all = Magic::ALL.iter().map(|&magic| (magic, answers_of(magic)));
        all.flat_map(move |(magic, answers)| {
            let rules = Self::of_answers(bank, answers).into_iter();
            rules.map(move |rule| Self {
                magic: Some(magic),
                ..rule
            })
        })
    }

    /// What a shop whose chips are slow is like.
    pub fn of_chip(shop: Name, chip: Chip) -> Option<Self> {
        let mut rules = Self::of_answers(shop, Answers::Slowly(CHIP_SLOW));
        let rule = rules.pop().filter(|_| chip == Chip::Slow)?;
        Some(Self {
            site: Site::Party(shop),
            does: FaultKind::ChipSlow,
            ..rule
        })
    }

    /// Whether it happens whenever it can.
    pub(super) const fn is_certain(&self) -> bool {
        self.chance_ppm == 1_000_000
    }

    /// The family of faults that it is of.
    pub(super) const fn family(&self) -> &'static str {
        self.does.word()
    }

    /// What this rule does to a message, if anything; a rule that was used up does nothing more.
    pub(super) fn on_message(&mut self, message: Travelling, key: DrawKey) -> Option<Fault> {
        let running = (self.from..self.until).contains(&message.at);
        let says = self.says.is_none() || self.says == message.says;
        let magic = self.magic.is_none() || self.magic == message.magic;
        let meets = running && says && magic && self.meets(message);
        if !meets || !self.strikes(key) {
            return None;
        }
        let until = Span::nanos(self.until.since(message.at).as_nanos());
        let later = || key.span(self.later.least, self.later.most, Purpose::RuleLater);
        Some(match self.does {
            FaultKind::Delay | FaultKind::ChipSlow => Fault::Delay(later()),
            FaultKind::Hold | FaultKind::Pause => Fault::Delay(until),
            FaultKind::Duplicate => Fault::Duplicate(later()),
            // Bytes that are damaged, or no message at all, are lost to whoever reads them.
            _ => Fault::Drop,
        })
    }

    /// Whether the message is one that this rule is about. Nothing reaches or leaves a party that
    /// stands still.
    fn meets(&self, message: Travelling) -> bool {
        let (from, to) = message.between;
        match (self.site, self.does) {
            (Site::Link(route, kind), _) => self.goes(&route, kind, message),
            (Site::Party(actor), FaultKind::Pause) => from != to && (from == actor || to == actor),
            (Site::Party(actor), FaultKind::ChipSlow) => {
                from == actor && message.kind == MessageKind::ApduAnswer
            }
            (Site::Party(_), _) => false,
        }
    }

    /// Whether the message goes this way. A lost answer is one to a request that went this way.
    fn goes(&self, route: &Route, kind: Option<MessageKind>, message: Travelling) -> bool {
        let (from, to) = message.between;
        let named = |found: MessageKind| kind.is_none_or(|kind| kind == found);
        match (self.does, message.answers) {
            (FaultKind::DropAnswer | FaultKind::Garbage, Some(asked)) => {
                route.fits(to, from) && named(asked)
            }
            (FaultKind::DropAnswer | FaultKind::Garbage, None) => false,
            (FaultKind::Reset, Some(asked)) => route.fits(to, from) && named(asked),
            _ => route.fits(from, to) && named(message.kind),
        }
    }

    /// What this rule does at a commit of an actor that records these events.
    pub(super) fn on_commit(
        &mut self,
        (actor, kind): (Name, PartyKind),
        kinds: &[EventKind],
        key: DrawKey,
    ) -> Option<Fault> {
        let meets = match self.awaits(actor) {
            Some(event) => kinds.contains(&event),
            None => self.interrupts(actor, kind),
        };
        if !meets || !self.strikes(key) {
            return None;
        }
        let moment = match (self.moment, self.disk) {
            (scenario::Moment::Before(_), _) => Moment::Before,
            (_, Some(disk)) => Moment::of_disk(disk),
            (_, None) if key.draw(Purpose::CrashMoment) & 1 == 0 => Moment::Before,
            (_, None) => Moment::After,
        };
        let down = self.lasts;
        Some(Fault::Crash { moment, down })
    }

    /// A chip loses its power whenever it works: sealing leaves no line in its journal.
    fn interrupts(&self, actor: Name, kind: PartyKind) -> bool {
        self.does == FaultKind::ChipPowerLoss
            && kind == PartyKind::Chip
            && self.site == Site::Party(actor)
            && self.moment == scenario::Moment::Always
    }

    /// The event of this actor that the rule waits for.
    fn awaits(&self, actor: Name) -> Option<EventKind> {
        let here = self.site == Site::Party(actor) && self.left != Some(0);
        match self.moment {
            scenario::Moment::Before(kind) | scenario::Moment::After(kind) if here => Some(kind),
            _ => None,
        }
    }

    /// When power fails by the clock, whose, and for how long.
    pub(super) fn by_the_clock(&self, seed: DrawKey) -> Option<(Time, Name, Span)> {
        let mut drawn = self.clone();
        // A store that takes no more stops its party: nothing is promised that cannot be kept.
        let cuts = matches!(
            self.does,
            FaultKind::Crash | FaultKind::DiskFull | FaultKind::ChipAbsent
        );
        if !cuts {
            return None;
        }
        match (self.site, self.moment) {
            (Site::Party(actor), scenario::Moment::At(_) | scenario::Moment::Always)
                if drawn.strikes(seed) =>
            {
                Some((self.from, actor, self.lasts))
            }
            _ => None,
        }
    }

    /// When a clock goes wrong, whose, how far, and when it is right again.
    pub(super) fn of_clock(&self, seed: DrawKey) -> Option<(Name, Skew, Time, Time)> {
        let mut drawn = self.clone();
        drawn.left = None; // while it lasts, whatever happens meanwhile
        match self.site {
            Site::Party(actor) if self.does == FaultKind::ClockSkew && drawn.strikes(seed) => {
                Some((actor, self.skew, self.from, self.until))
            }
            _ => None,
        }
    }

    /// Whether a party of the actor is one that the rule strikes.
    pub(super) fn strikes_kind(&self, kind: PartyKind) -> bool {
        kind == PartyKind::Chip || self.does != FaultKind::ChipAbsent
    }

    /// Whether it strikes at this commit of an actor, provided that it records the event that the
    /// rule waits for.
    pub(super) fn lurks(&self, actor: Name, key: DrawKey) -> bool {
        self.awaits(actor).is_some() && self.would_strike(key)
    }

    fn would_strike(&self, key: DrawKey) -> bool {
        let key = key.with(of_bytes(self.id.as_str().as_bytes()));
        self.left != Some(0) && key.happens(self.chance_ppm, Purpose::Rule)
    }

    fn strikes(&mut self, key: DrawKey) -> bool {
        let strikes = self.would_strike(key);
        if strikes && let Some(left) = &mut self.left {
            *left -= 1;
        }
        strikes
    }
}
