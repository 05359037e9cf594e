//! Kept messages: rows that are sent again until they are heard.
//!
//! Why in the roles and not in the drivers: retries are policy, and what is simulated must be what
//! runs.

use super::bugs::{self, Bug};
use super::cx::Cx;
use crate::id::{EventId, Party};
use crate::journal::{Event, EventKind};
use crate::message::Message;
use crate::store::{Json, Stop, Timer, TimerKind, record};
use crate::time::{Span, Time};
use crate::words::words;

record! {
    /// A message that is sent again until it is heard.
    pub struct Kept in "outbox" {
        key {
            /// The event that it tells of.
            event: EventId,
        }
        row {
            /// Who must hear it.
            to: Party,
            /// What it says; statements in it are signed anew, and equally, each time it leaves.
            message: Json<Message>,
            /// When to say it again.
            schedule: Schedule,
            /// How often it was repeated.
            repeats: u32,
            /// When it was first said.
            since: Time,
            /// Given up: people see it, and may send it again.
            parked: bool,
        }
    }
}

words! {
    /// When a kept message is said again.
    pub enum Schedule {
        /// Until it is heard: 1, 2, 4, ... 60 s.
        Money = "money",
        /// 1 m, 5 m, 10 m, 1 h, 6 h, then every 6 h; parked after 24 h.
        Notice = "notice",
        /// A customer waits at the counter: 2, 10, 30 s, then as a notice.
        Counter = "counter",
    }
}

impl Schedule {
    /// How long to wait after the `repeats`th repetition.
    pub fn wait(self, repeats: u32) -> Span {
        match self {
            Self::Money => Span::seconds(1_u64 << repeats.min(6)).min(Span::seconds(60)),
            Self::Notice => match repeats {
                0 => Span::minutes(1),
                1 => Span::minutes(5),
                2 => Span::minutes(10),
                3 => Span::hours(1),
                _ => Span::hours(6),
            },
            Self::Counter => match repeats {
                0 => Span::seconds(2),
                1 => Span::seconds(10),
                2 => Span::seconds(30),
                later => Self::Notice.wait(later - 3),
            },
        }
    }

    /// How long it is said at all.
    const fn lifetime(self) -> Option<Span> {
        match self {
            Self::Money => None,
            Self::Notice | Self::Counter => Some(Span::hours(24)),
        }
    }
}

impl Kept {
    pub(super) fn new(
        event: EventId,
        to: Party,
        message: Message,
        schedule: Schedule,
        since: Time,
    ) -> Self {
        Self {
            event,
            to,
            message: Json(message),
            schedule,
            repeats: 0,
            since,
            parked: false,
        }
    }

    /// The timer of a kept message fired: say it again, or give it up.
    pub fn resend(cx: &mut Cx<'_>, event: EventId) -> Result<(), Stop> {
        let kept = cx.get::<Self>(&(event,))?;
        let Some(mut kept) = kept.filter(|_| !bugs::on(Bug::DropsOutbox)) else {
            return Ok(()); // heard in the meantime
        };
        let waited = cx.now().since(kept.since);
        if kept.schedule.lifetime().is_some_and(|life| waited >= life) {
            kept.parked = true;
            let mut parked = Event::new(EventKind::Parked).peer(kept.to);
            parked.order = kept.message.0.order();
            cx.record(parked);
            return cx.put(kept);
        }
        kept.repeats += 1;
        let at = cx.now().after(kept.schedule.wait(kept.repeats));
        cx.timer(Timer::new(TimerKind::Resend, event.0), Some(at));
        cx.send(kept.to, kept.message.0.clone());
        cx.put(kept)
    }
}
