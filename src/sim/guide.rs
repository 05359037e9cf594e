//! A path of the explorer as a plan: the order of arrivals told as delays.
//!
//! The path is walked again with each message arriving a microsecond after whatever came before it.
//! How much later than its link would have it each message came is its delay, and a run in which
//! messages have these delays goes the same way.

use super::director::Director;
use super::draw::DrawKey;
use super::explore::{Turn, tie_of};
use super::plan::{Choice, Fault, Plan, What};
use super::watch::Watch;
use super::world::World;
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// Between two arrivals.
const APART: Span = Span::micros(1);
/// How much later what had not arrived at the end does so.
const AFTERWARDS: Span = Span::seconds(1);

/// A message that left: its key, what it was, and when.
type Left = (DrawKey, What, Time);

/// Walks a path again and gives its plan.
pub(super) fn plan_of(mut world: World<Watch>, mut director: Director, turns: &[Turn]) -> Plan {
    world.note_points();
    let mut left: Vec<Left> = Vec::new();
    let mut later: BTreeMap<u64, Span> = BTreeMap::new();
    let mut harmed = None;
    for turn in turns {
        world.sent.clear();
        world.harm(turn.fault);
        harmed = harmed.or(turn.fault);
        let next = match turn.message {
            Some(tie) => world
                .queue
                .take(|of, _| of == tie)
                .and_then(|(due, tie, happening)| {
                    let at = due.max(world.now).after(APART);
                    later.insert(tie, at.since(due));
                    world.happen(at, tie, happening)
                }),
            None => world.once_by_itself(Time::from_nanos(u64::MAX)),
        };
        director.on(&mut world, next);
        let now = world.now;
        left.extend(world.sent.drain(..).map(|(key, what)| (key, what, now)));
    }
    let end = world.now;
    let mut plan = world.plan().clone();
    plan.choices
        .retain(|choice| matches!(choice.fault, Fault::Crash { .. } | Fault::Drop));
    for (key, what, at) in left {
        let never = end.since(at).as_nanos() + AFTERWARDS.as_nanos();
        let by = |tie| {
            later
                .get(&tie)
                .copied()
                .unwrap_or_else(|| Span::nanos(never))
        };
        let own = harmed.filter(|(of, _)| *of == key).map(|(_, fault)| fault);
        let delays = match own {
            Some(Fault::Drop) => continue,
            Some(Fault::Duplicate(_)) => {
                vec![
                    Fault::Duplicate(by(tie_of(key.with(1)))),
                    Fault::Delay(by(tie_of(key))),
                ]
            }
            Some(Fault::Delay(late)) => {
                let all = late.as_nanos() + by(tie_of(key)).as_nanos();
                vec![Fault::Delay(Span::nanos(all))]
            }
            _ => vec![Fault::Delay(by(tie_of(key)))],
        };
        plan.choices.extend(delays.into_iter().map(|fault| Choice {
            key,
            what: what.clone(),
            fault,
            at,
            rule: None,
        }));
    }
    plan
}
