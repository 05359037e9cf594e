//! `[[fault]]` and `[[attack]]`: what breaks and who breaks it, and whether it can at all.

use super::Lower;
use super::table::{Item, Table, one_of};
use crate::id::Name;
use crate::journal::EventKind;
use crate::message::MessageKind;
use crate::scenario::carries::{carries, is_answered, recorders};
use crate::scenario::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::scenario::schema::{
    ActorKind, Attack, AttackKind, Fault, FaultKind, Moment, Route, Run, Site,
};
use crate::scenario::units::{Range, Share};
use crate::text::Text;
use crate::time::Span;

/// The most faults, and the most attacks, of one file.
const FAULTS_MAX: usize = 1_000;

impl Lower {
    pub(super) fn faults(&mut self, root: &mut Table<'_>, run: &Run) -> Vec<Fault> {
        let tables = root.array(self, "fault");
        self.at_most(&tables, FAULTS_MAX, "faults");
        let tables = tables.into_iter().take(FAULTS_MAX);
        tables.filter_map(|table| self.fault(table, run)).collect()
    }

    pub(super) fn at_most(&mut self, tables: &[Table<'_>], most: usize, what: &str) {
        if let Some(first_over) = tables.get(most) {
            let message = format!("{} {what}, and at most {most} are read", tables.len());
            self.note(Diagnostic::new(
                Code::Limit,
                first_over.spot.clone(),
                message,
            ));
        }
    }

    fn fault(&mut self, mut table: Table<'_>, run: &Run) -> Option<Fault> {
        let id: Option<Name> = table.need(self, "id");
        if let Some(id) = id {
            table.what = format!("fault `{id}`");
        }
        let does: Option<FaultKind> = table.need(self, "do");
        let site = self.site(&mut table, does);
        let moment = self.moment(&mut table, does, site);
        let chance: Option<Share> = table.get(self, "chance");
        let times: Option<u32> = table.get(self, "times");
        let counted = does.is_none_or(|does| does != FaultKind::Partition);
        let times = times.or_else(|| (chance.is_none() && counted).then_some(1));
        let down_for: Option<Range<Span>> = table.get(self, "down-for");
        let lasts = table.get(self, "for").or(down_for);
        let disk = table.get(self, "disk");
        let skew = table.get(self, "by");
        if does == Some(FaultKind::ClockSkew) && !table.has("by") {
            table.must(self, "by");
        }
        if let (Moment::At(at), Some(item)) = (moment, table.item("at"))
            && at.least >= run.lasts
        {
            let why = format!("the run is over after {}", run.lasts);
            self.never_fires(item.span(), &table.what, &why, None);
        }
        if times == Some(0) || chance == Some(Share::NEVER) {
            let spot = table.spot.clone();
            self.never_fires(spot, &table.what, "it happens 0 times", None);
        }
        let mark = self.mark(&table.spot);
        table.finish(self);
        Some(Fault {
            id: id?,
            site: site?,
            does: does?,
            times,
            chance: chance.unwrap_or(Share::ALWAYS),
            moment,
            lasts,
            disk,
            skew,
            mark,
        })
    }

    fn never_fires(
        &mut self,
        spot: impl Into<super::Spot>,
        what: &str,
        why: &str,
        help: Option<String>,
    ) {
        let message = format!("{what} can never fire: {why}");
        self.note(Diagnostic::new(Code::NeverFires, spot, message).help(help));
    }

    fn site(&mut self, table: &mut Table<'_>, does: Option<FaultKind>) -> Option<Site> {
        let Some(does) = does else {
            // Nobody knows which of them belong here, so none is complained of.
            table.knows(&["link", "on", "message"]);
            return None;
        };
        match (does.is_of_link(), table.has("link"), table.has("on")) {
            (true, true, false) => self.link_site(table, does),
            (false, false, true) => {
                let kinds = hosts(does);
                self.actor_at(table, "on", kinds).map(Site::Party)
            }
            (of_link, ..) => {
                let key = if of_link { "link" } else { "on" };
                let message = format!(
                    "`{does}` happens to a {}",
                    if of_link { "link" } else { "party" }
                );
                let error = Diagnostic::new(Code::MissingKey, table.spot.clone(), message);
                self.note(error.label(format!("needs `{key}`, and nothing else")));
                table.item("link");
                table.item("on");
                table.item("message");
                None
            }
        }
    }

    fn link_site(&mut self, table: &mut Table<'_>, does: FaultKind) -> Option<Site> {
        let word = table.word(self, "link")?;
        let message = table.word(self, "message");
        let route = self.route(&word)?;
        let carried = self.carried(&route);
        let shown = format!("`{}`", word.text);
        if carried.is_empty() {
            let why = format!("nothing goes {shown}");
            let help = self.reached(&route);
            self.never_fires(word.spot, &table.what, &why, help);
            return None;
        }
        let words: Vec<_> = carried.iter().map(|kind| kind.word()).collect();
        let Some(message) = message else {
            return Some(Site::Link(route, None));
        };
        let found = carried.iter().find(|kind| kind.word() == message.text);
        let Some(&kind) = found else {
            let why = match (&route.from, &route.to) {
                (Some(from), Some(to)) => {
                    format!("`{from}` sends `{to}` no message `{}`", message.text)
                }
                _ => format!("no message `{}` goes {shown}", message.text),
            };
            let near = nearest(message.text, words.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?"));
            let help = format!(
                "{shown} carries: {}{}",
                words.join(", "),
                near.unwrap_or_default()
            );
            self.never_fires(message.spot, &table.what, &why, Some(help));
            return None;
        };
        let advises = matches!(kind, MessageKind::Advise | MessageKind::Advised);
        if advises && self.banks_named() < 2 {
            let why = "payer and payee are at the one bank that there is";
            self.never_fires(message.spot, &table.what, why, None);
            return None;
        }
        let needs_answer = matches!(does, FaultKind::DropAnswer | FaultKind::Garbage);
        if needs_answer && !is_answered(kind) {
            let why = format!("nobody answers `{kind}`");
            self.never_fires(message.spot, &table.what, &why, None);
            return None;
        }
        Some(Site::Link(route, Some(kind)))
    }

    fn banks_named(&self) -> usize {
        let actors = self.index.actors.values();
        actors.filter(|a| a.kind == ActorKind::Bank).count()
    }

    /// Whom the sender of a route speaks with.
    fn reached(&self, route: &Route) -> Option<String> {
        let from = route.from?;
        let kind = self.index.actors.get(&from)?.kind;
        let others = self.index.actors.iter();
        let others = others.filter(|(_, other)| !carries(kind, other.kind).is_empty());
        let others: Vec<_> = others.map(|(name, _)| name.as_str()).collect();
        (!others.is_empty()).then(|| format!("`{from}` speaks with: {}", others.join(", ")))
    }

    /// The messages that go this way.
    fn carried(&self, route: &Route) -> Vec<MessageKind> {
        let kinds = |end: Option<Name>| -> Vec<ActorKind> {
            let known = end.and_then(|name| self.index.actors.get(&name));
            known.map_or_else(|| ActorKind::ALL.to_vec(), |actor| vec![actor.kind])
        };
        let (from, to) = (kinds(route.from), kinds(route.to));
        let pairs = from.iter().flat_map(|&f| to.iter().map(move |&t| (f, t)));
        let mut all: Vec<_> = pairs
            .flat_map(|(f, t)| {
                let back = if route.both { carries(t, f) } else { &[] };
                carries(f, t).iter().chain(back).copied()
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn moment(
        &mut self,
        table: &mut Table<'_>,
        does: Option<FaultKind>,
        site: Option<Site>,
    ) -> Moment {
        let at: Option<Range<Span>> = table.get(self, "at");
        let when = table.item("when");
        match (at, when) {
            (Some(at), None) => Moment::At(at),
            (None, Some(item)) => self.when(table, item, site).unwrap_or(Moment::Always),
            (Some(_), Some(item)) => {
                let message = "either `at` or `when`";
                self.note(Diagnostic::new(Code::Contradiction, item.span(), message));
                Moment::Always
            }
            (None, None) => {
                let needed =
                    does.is_some_and(|does| matches!(does, FaultKind::Crash | FaultKind::Pause));
                if needed && !table.has("chance") {
                    let message = format!("{} has neither `at` nor `when`", table.what);
                    self.note(Diagnostic::new(
                        Code::MissingKey,
                        table.spot.clone(),
                        message,
                    ));
                }
                Moment::Always
            }
        }
    }

    /// `before order-created`, `after order created`.
    fn when(&mut self, table: &Table<'_>, item: Item<'_>, site: Option<Site>) -> Option<Moment> {
        let text = self.string(item, "\"before EVENT\" or \"after EVENT\"")?;
        let (when, event) = text.split_once(' ').unwrap_or((text, ""));
        let word = event.trim().replace(' ', "-");
        let (Ok(kind), "before" | "after") = (word.parse::<EventKind>(), when) else {
            let message = format!("unknown moment `{text}`");
            let error = Diagnostic::new(Code::UnknownWord, item.span(), message);
            let help = did_you_mean(&word, EventKind::ALL.iter().map(|kind| kind.word()));
            self.note(
                error
                    .label(one_of(&["before EVENT", "after EVENT"]))
                    .help(help),
            );
            return None;
        };
        if let Some(Site::Party(on)) = site {
            let recorded = recorders(kind);
            let actor = self.index.actors.get(&on).map(|actor| actor.kind);
            if actor.is_some_and(|actor| !recorded.contains(&actor)) {
                let why = format!("`{on}` records no `{kind}`");
                let who: Vec<_> = recorded.iter().map(|kind| kind.word()).collect();
                let help = format!("recorded by: {}", who.join(", "));
                self.never_fires(item.span(), &table.what, &why, Some(help));
                return None;
            }
        }
        match when {
            "before" => Some(Moment::Before(kind)),
            _ => Some(Moment::After(kind)),
        }
    }

    pub(super) fn attacks(&mut self, root: &mut Table<'_>) -> Vec<Attack> {
        let tables = root.array(self, "attack");
        self.at_most(&tables, FAULTS_MAX, "attacks");
        let tables = tables.into_iter().take(FAULTS_MAX);
        tables.filter_map(|table| self.attack(table)).collect()
    }

    fn attack(&mut self, mut table: Table<'_>) -> Option<Attack> {
        let id: Option<Name> = table.need(self, "id");
        table.must(self, "by");
        let by = self.actor_at(&mut table, "by", &[ActorKind::Attacker]);
        let does: Option<AttackKind> = table.need(self, "does");
        let target = self.actor_at(&mut table, "target", &[]);
        let start = self.start(&mut table, None);
        let (mut receipt, mut amount, mut code_of, mut payer) = (None, None, None, None);
        if let Some(mut with) = table.table(self, "with") {
            receipt = self.receipt_at(&mut with);
            let printed = receipt.as_ref().and_then(|r| self.index.receipts.get(r));
            let currency = self.index.currency_of(printed.map(|p| p.merchant).as_ref());
            amount = with.money(self, "amount", currency);
            code_of = self.actor_at(&mut with, "code-of", &[ActorKind::Merchant]);
            payer = self.actor_at(&mut with, "payer", &[ActorKind::Customer]);
            with.finish(self);
        }
        let mark = self.mark(&table.spot);
        table.finish(self);
        Some(Attack {
            id: id?,
            by: by?,
            does: does?,
            target,
            start: start?,
            receipt,
            amount,
            code_of,
            payer,
            mark,
        })
    }

    /// The receipt that `with` names.
    pub(super) fn receipt_at(&mut self, with: &mut Table<'_>) -> Option<Text> {
        let word = with.word(self, "receipt")?;
        if let Some((receipt, _)) = self.index.receipts.get_key_value(word.text) {
            return Some(receipt.clone());
        }
        let message = format!("no receipt `{}` is printed", word.text);
        let mut error = Diagnostic::new(Code::UnknownName, word.spot, message);
        error.label = self.index.suggest_receipt(word.text);
        self.note(error);
        None
    }
}

/// The actors that a fault can happen to.
const fn hosts(does: FaultKind) -> &'static [ActorKind] {
    use FaultKind as F;
    match does {
        F::ChipAbsent | F::ChipSlow | F::ChipPowerLoss | F::PrinterJam | F::HalfPage => {
            &[ActorKind::Merchant]
        }
        _ => &[
            ActorKind::Gateway,
            ActorKind::Bank,
            ActorKind::Merchant,
            ActorKind::Customer,
            ActorKind::Crowd,
        ],
    }
}
