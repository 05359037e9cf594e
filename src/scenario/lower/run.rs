//! `[run]`, `[network]` and `[[load]]`.

use super::Lower;
use super::table::{Read, Table, Word};
use crate::id::Name;
use crate::money::Currency;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::{
    ActorKind, Crypto, Link, Load, Mode, Network, Paper, Route, Run, Shape, Stage,
};
use crate::scenario::units::{Range, Rate, Seeds};
use crate::time::{Span, Time};
use std::collections::BTreeSet;

/// 2026-05-04T09:00:00Z, a Monday: when a scenario begins that does not say.
const STARTS: Time = Time::from_seconds(1_777_885_200);
/// The longest run and the longest settling, 400 days: every instant of it fits the clock.
const LASTS_MAX: Span = Span::hours(24 * 400);
/// The most seeds of a file's own sweep.
const SEEDS_MAX: u64 = 1_000_000;
/// The most stages of a load.
const STAGES_MAX: usize = 1_000;

impl Lower {
    pub(super) fn run(&mut self, root: &mut Table<'_>) -> Run {
        let attacked = root.has("attack");
        let mut run = Run {
            starts: STARTS,
            lasts: Span::minutes(10),
            settle: Span::hours(48),
            seeds: Seeds { first: 1, last: 20 },
            currency: self.index.currency.unwrap_or(Currency::XTS),
            modes: vec![Mode::Sim],
            crypto: if attacked { Crypto::Real } else { Crypto::Fast },
            paper: Paper::Fast,
            swarm: true,
            core: BTreeSet::new(),
        };
        let Some(mut table) = root.table(self, "run") else {
            return run;
        };
        "[run]".clone_into(&mut table.what);
        run.starts = table.or(self, "starts", run.starts);
        run.lasts = self.limited(&mut table, "lasts", run.lasts);
        run.settle = self.limited(&mut table, "settle", run.settle);
        run.seeds = self.seeds(&mut table, run.seeds);
        run.currency = table.or(self, "currency", run.currency);
        run.modes = self.modes(&mut table).unwrap_or(run.modes);
        run.crypto = table.or(self, "crypto", run.crypto);
        run.paper = table.or(self, "paper", run.paper);
        run.swarm = table.or(self, "swarm", run.swarm);
        run.core = self
            .actors_at(&mut table, "core", &[])
            .into_iter()
            .collect();
        if let (true, Crypto::Fast, Some(item)) = (attacked, run.crypto, table.item("crypto")) {
            let message = "attacks need real signatures";
            self.note(Diagnostic::new(Code::Contradiction, item.span(), message));
        }
        table.finish(self);
        run
    }

    fn limited(&mut self, table: &mut Table<'_>, key: &'static str, usual: Span) -> Span {
        let span = table.or(self, key, usual);
        if span > LASTS_MAX {
            let message = format!("`{key}` is {span}, and at most {LASTS_MAX} are simulated");
            let spot = table.item(key).map_or(0..0, toml::Spanned::span);
            self.note(Diagnostic::new(Code::Limit, spot, message));
            return usual;
        }
        span
    }

    fn seeds(&mut self, table: &mut Table<'_>, usual: Seeds) -> Seeds {
        let seeds = table.or(self, "seeds", usual);
        if seeds.count() > SEEDS_MAX {
            let message = format!("{} seeds, and at most {SEEDS_MAX} are run", seeds.count());
            let spot = table.item("seeds").map_or(0..0, toml::Spanned::span);
            self.note(Diagnostic::new(Code::Limit, spot, message));
            return usual;
        }
        seeds
    }

    fn modes(&mut self, table: &mut Table<'_>) -> Option<Vec<Mode>> {
        let items = table.list(self, "mode")?;
        Some(
            items
                .into_iter()
                .filter_map(|item| Mode::read(self, item))
                .collect(),
        )
    }

    pub(super) fn network(&mut self, root: &mut Table<'_>) -> Network {
        let mut network = Network::default();
        let Some(mut table) = root.table(self, "network") else {
            return network;
        };
        "[network]".clone_into(&mut table.what);
        network.usual = self.link(&mut table, Link::default());
        for (name, mut each) in table.named(self, "link") {
            each.what = format!("[network.link.\"{}\"]", name.text);
            let link = self.link(&mut each, network.usual);
            each.finish(self);
            if let Some(route) = self.route(&name) {
                network.links.push((route, link));
            }
        }
        // The file's order cannot be known (tables are a map), so the most exact route wins.
        network.links.sort_by_key(|(route, _)| {
            usize::from(route.from.is_none()) + usize::from(route.to.is_none())
        });
        table.finish(self);
        network
    }

    fn link(&mut self, table: &mut Table<'_>, usual: Link) -> Link {
        Link {
            latency: table.or(self, "latency", usual.latency),
            loss: table.or(self, "loss", usual.loss),
            duplicate: table.or(self, "duplicate", usual.duplicate),
            reorder: table.or(self, "reorder", usual.reorder),
            bandwidth: table.get(self, "bandwidth").or(usual.bandwidth),
        }
    }

    /// `a -> b`, `a <-> b`; `*` is anyone.
    pub(super) fn route(&mut self, word: &Word<'_>) -> Option<Route> {
        let parts = match word.text.split_once(" <-> ") {
            Some(parts) => Some((parts, true)),
            None => word.text.split_once(" -> ").map(|parts| (parts, false)),
        };
        let Some(((from, to), both)) = parts else {
            let message = format!("`{}` is no link", word.text);
            let error = Diagnostic::new(Code::WrongValue, word.spot.clone(), message);
            self.note(error.label("two actors or `*`: \"ann -> river\", \"river <-> main\""));
            return None;
        };
        let mut end = |text: &str| match text.trim() {
            "*" => Some(None),
            text => {
                let spot = word.spot.clone();
                self.actor(&Word { text, spot }, &[]).map(Some)
            }
        };
        let (from, to): (Option<Option<Name>>, Option<Option<Name>>) = (end(from), end(to));
        let (from, to) = (from?, to?);
        Some(Route { from, to, both })
    }

    pub(super) fn loads(&mut self, root: &mut Table<'_>) -> Vec<Load> {
        let tables = root.array(self, "load");
        tables
            .into_iter()
            .filter_map(|table| self.load(table))
            .collect()
    }

    fn load(&mut self, mut table: Table<'_>) -> Option<Load> {
        table.must(self, "crowd");
        table.must(self, "stages");
        table.must(self, "basket");
        let crowd = self.actor_at(&mut table, "crowd", &[ActorKind::Crowd]);
        let shape = table.or(self, "shape", Shape::Arrivals);
        let mut stages = Vec::new();
        let listed = table.array(self, "stages");
        if listed.len() > STAGES_MAX {
            let message = format!("{} stages, and at most {STAGES_MAX} are read", listed.len());
            self.note(Diagnostic::new(Code::Limit, table.spot.clone(), message));
        }
        for mut each in listed.into_iter().take(STAGES_MAX) {
            "a stage".clone_into(&mut each.what);
            let lasts: Option<Span> = each.need(self, "for");
            let to: Option<Rate> = each.need(self, "to");
            each.finish(self);
            stages.extend(lasts.zip(to).map(|(lasts, to)| Stage { lasts, to }));
        }
        let currency = self.index.currency_of(crowd.as_ref());
        let basket = table.money_range(self, "basket", currency);
        if let (Some(item), Some(Range { least, .. })) = (table.item("basket"), basket)
            && !least.is_positive()
        {
            self.wrong(item, "an amount of more than nothing");
        }
        let mark = self.mark(&table.spot);
        table.finish(self);
        Some(Load {
            crowd: crowd?,
            shape,
            stages,
            basket: basket?,
            mark,
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_run_begins_on_a_monday_morning() {
        assert_eq!(super::STARTS.to_string(), "2026-05-04T09:00:00.000Z");
    }
}
