//! `[replay]`: the plan of a run that is to happen again.

use super::Lower;
use super::table::{Item, Read, Table};
use crate::id::Party;
use crate::scenario::replay::{PLAN_MAX, Planned, Replay};
use crate::scenario::units::UnitError;
use crate::text::Text;
use crate::time::{Span, Time};

/// 64 bits in hexadecimal digits.
struct Hex(u64);

impl Read for Hex {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let what = "16 hexadecimal digits";
        let text = cx.string(item, what)?;
        let found = u64::from_str_radix(text, 16);
        let found = found.map_err(|_malformed| UnitError::new(text, what));
        cx.checked(item, found).map(Self)
    }
}

/// A seed: in a string, because TOML's whole numbers end at 2^63.
struct Seed(u64);

impl Read for Seed {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let what = "a seed in a string, such as \"42\"";
        let text = cx.string(item, what)?;
        let found = text.parse();
        let found = found.map_err(|_malformed| UnitError::new(text, what));
        cx.checked(item, found).map(Self)
    }
}

impl Read for Party {
    fn read(cx: &mut Lower, item: Item<'_>) -> Option<Self> {
        let what = "a party such as \"bank:river\"";
        let text = cx.string(item, what)?;
        let found = text.parse();
        let found = found.map_err(|_malformed| UnitError::new(text, what));
        cx.checked(item, found)
    }
}

impl Lower {
    pub(super) fn replay(&mut self, root: &mut Table<'_>) -> Option<Replay> {
        let mut table = root.table(self, "replay")?;
        "[replay]".clone_into(&mut table.what);
        let seed = table.need(self, "seed");
        let class = table.need(self, "class");
        let property = table.need(self, "property");
        let trace = table.get(self, "trace").map(|Hex(trace)| trace);
        let program = table.or(self, "program", Text::default());
        let tables = table.array(self, "plan");
        self.at_most(&tables, PLAN_MAX, "choices");
        let tables = tables.into_iter().take(PLAN_MAX);
        let plan = tables.filter_map(|each| self.planned(each)).collect();
        table.finish(self);
        let Seed(seed) = seed?;
        Some(Replay {
            seed,
            class: class?,
            property: property?,
            trace,
            program,
            plan,
        })
    }

    fn planned(&mut self, mut table: Table<'_>) -> Option<Planned> {
        "[[replay.plan]]".clone_into(&mut table.what);
        let key = table.need(self, "key");
        let does = table.need(self, "do");
        let what = table.or(self, "what", Text::default());
        let lasts = table.or(self, "for", Span::ZERO);
        let at: Span = table.or(self, "at", Span::ZERO);
        let party = table.get(self, "party");
        let rule = table.get(self, "rule");
        table.finish(self);
        let Hex(key) = key?;
        Some(Planned {
            key,
            what,
            does: does?,
            lasts,
            at: Time::from_nanos(at.as_nanos()),
            party,
            rule,
        })
    }
}
