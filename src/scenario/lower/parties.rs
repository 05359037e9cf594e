//! Who takes part: banks, gateways, merchants, customers, crowds, attackers.

use super::Lower;
use super::table::{Item, Read, Table, Word, one_of};
use crate::id::Name;
use crate::money::{Currency, Money};
use crate::order::Reason;
use crate::receipt::Profile;
use crate::roles::gateway::Timing;
use crate::scenario::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::scenario::keys::ANSWERS;
use crate::scenario::schema::{
    ActorKind, Answers, Attacker, Bank, Check, Chip, Confirms, Crowd, Customer, Gateway, Key,
    Merchant, Paper, Printer, Sight, Template, Via,
};
use crate::scenario::units::{Range, Share};
use crate::text::Text;
use crate::time::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The most members of one crowd.
const PEOPLE_MAX: u32 = 1_000_000;
/// The most tills of one merchant.
const TILLS_MAX: u16 = 999;
/// What a bank of a scenario can decline every payment with.
const DECLINES: [Reason; 2] = [Reason::InsufficientFunds, Reason::OverLimit];
/// How long a commit takes to be durable, when nobody says.
const FSYNC: Range<Span> = Range::just(Span::millis(1));

impl Lower {
    pub(super) fn banks(&mut self, root: &mut Table<'_>) -> BTreeMap<Name, Bank> {
        let mut banks = BTreeMap::new();
        for (word, mut table) in root.named(self, "bank") {
            let gateway = self.actor_or_only(&mut table, "gateway", ActorKind::Gateway);
            let answers = self.answers(&mut table);
            let magic = table.or(self, "magic", false);
            let fsync = table.or(self, "fsync", FSYNC);
            table.finish(self);
            let bank = gateway.map(|gateway| Bank {
                gateway,
                answers,
                magic,
                fsync,
            });
            banks.extend(word.text.parse().ok().zip(bank));
        }
        banks
    }

    fn answers(&mut self, table: &mut Table<'_>) -> Answers {
        let Some(word) = table.word(self, "answers") else {
            return Answers::Promptly;
        };
        let (head, rest) = word.text.split_once(' ').unwrap_or((word.text, ""));
        let found = match (head, rest) {
            ("promptly", "") => Some(Answers::Promptly),
            ("never", "") => Some(Answers::Never),
            ("garbage", "") => Some(Answers::Garbage),
            ("twice", "") => Some(Answers::Twice),
            ("slowly", wait) => slowly(wait).map(Answers::Slowly),
            ("late-success", wait) => slowly(wait).map(Answers::LateSuccess),
            ("late-failure", wait) => slowly(wait).map(Answers::LateFailure),
            ("declines", reason) => {
                let known = DECLINES.iter().find(|known| known.word() == reason);
                known.copied().map(Answers::Declines)
            }
            _ => None,
        };
        found.unwrap_or_else(|| {
            let message = format!("unknown answer `{}`", word.text);
            let error = Diagnostic::new(Code::UnknownWord, word.spot, message);
            let help = match head {
                "declines" => did_you_mean(rest, DECLINES.iter().map(|reason| reason.word())),
                _ => did_you_mean(
                    head,
                    ANSWERS.iter().filter_map(|form| form.split(' ').next()),
                ),
            };
            self.note(error.label(one_of(ANSWERS)).help(help));
            Answers::Promptly
        })
    }

    pub(super) fn gateways(&mut self, root: &mut Table<'_>) -> BTreeMap<Name, Gateway> {
        let mut gateways = BTreeMap::new();
        let usual = Timing::default();
        for (word, mut table) in root.named(self, "gateway") {
            let gateway = Gateway {
                order_expires: table.or(self, "order-expires", Span::minutes(60)),
                outcome_after: table.or(self, "outcome-after", usual.outcome),
                ask_every: table.or(self, "ask-every", usual.ask_every),
                close_after: table.or(self, "close-after", usual.close_after),
                fsync: table.or(self, "fsync", FSYNC),
            };
            table.finish(self);
            gateways.extend(word.text.parse().ok().map(|name| (name, gateway)));
        }
        for (name, actor) in &self.index.actors {
            if actor.kind == ActorKind::Gateway && !gateways.contains_key(name) {
                let gateway = Gateway {
                    order_expires: Span::minutes(60),
                    outcome_after: usual.outcome,
                    ask_every: usual.ask_every,
                    close_after: usual.close_after,
                    fsync: FSYNC,
                };
                gateways.insert(*name, gateway);
            }
        }
        gateways
    }

    pub(super) fn merchants(
        &mut self,
        root: &mut Table<'_>,
        papers: Paper,
    ) -> BTreeMap<Name, Merchant> {
        let mut merchants = BTreeMap::new();
        for (word, table) in root.named(self, "merchant") {
            let merchant = self.merchant(&word, table, papers);
            merchants.extend(word.text.parse().ok().zip(merchant));
        }
        merchants
    }

    fn merchant(
        &mut self,
        word: &Word<'_>,
        mut table: Table<'_>,
        papers: Paper,
    ) -> Option<Merchant> {
        let bank = self.actor_or_only(&mut table, "bank", ActorKind::Bank);
        let gateway = self.actor_or_only(&mut table, "gateway", ActorKind::Gateway);
        let named = word.text.parse().ok();
        let usual = self.index.currency_of(named.as_ref());
        let currency = table.or(self, "currency", usual);
        let tills = table.or(self, "tills", 1);
        if let (Some(item), true) = (table.item("tills"), tills == 0 || tills > TILLS_MAX) {
            self.wrong(item, &format!("1 to {TILLS_MAX} tills"));
        }
        let name = table.or(self, "name", Text::clean(&title(word.text)));
        let paper = table.or(self, "paper", template(currency));
        let own = self.own(&mut table, papers);
        let profile = self.profile(&mut table);
        let printer = table.or(self, "printer", Printer::Ok);
        let chip = table.or(self, "chip", Chip::Ok);
        let key = table.or(self, "key", Key::Certified);
        table.finish(self);
        let merchant = Merchant {
            name,
            bank: bank?,
            gateway: gateway?,
            currency,
            tills,
            paper,
            own,
            profile,
            printer,
            chip,
            key,
        };
        self.fits_name(word, u32::from(tills), &merchant);
        Some(merchant)
    }

    /// A printer profile that the program knows.
    fn profile(&mut self, table: &mut Table<'_>) -> Option<Text> {
        let word = table.word(self, "profile")?;
        let known = Profile::builtin();
        let names: Vec<&str> = known.iter().map(|profile| profile.name.as_str()).collect();
        if names.contains(&word.text) {
            return Some(Text::clean(word.text));
        }
        let message = format!("unknown printer profile `{}`", word.text);
        let error = Diagnostic::new(Code::UnknownWord, word.spot, message);
        let help = did_you_mean(word.text, names.iter().copied());
        self.note(error.label(one_of(&names)).help(help));
        None
    }

    fn fits_name(&mut self, word: &Word<'_>, tills: u32, merchant: &Merchant) {
        let last = u16::try_from(tills).unwrap_or(u16::MAX);
        let name = word.text.parse().ok();
        if name.is_some_and(|name| merchant.till_name(name, last).is_none()) {
            let message = format!("`{}-{last}` is too long for a till's name", word.text);
            self.note(Diagnostic::new(Code::Limit, word.spot.clone(), message));
        }
    }

    pub(super) fn customers(&mut self, root: &mut Table<'_>) -> BTreeMap<Name, Customer> {
        let mut customers = BTreeMap::new();
        for (word, mut table) in root.named(self, "customer") {
            let both = [Check::Shop, Check::Amount];
            let customer = self.customer(&word, &mut table, both.into());
            table.finish(self);
            customers.extend(word.text.parse().ok().zip(customer));
        }
        customers
    }

    fn customer(
        &mut self,
        word: &Word<'_>,
        table: &mut Table<'_>,
        checks: BTreeSet<Check>,
    ) -> Option<Customer> {
        let bank = self.actor_or_only(table, "bank", ActorKind::Bank);
        let own = word.text.parse().ok();
        let usual = self.index.currency_of(own.as_ref());
        let currency: Currency = table.or(self, "currency", usual);
        let thousand = Money::parse("1000", currency).ok().map(Range::just);
        let balance = table.money_range(self, "balance", currency).or(thousand);
        if let (Some(item), Some(range)) = (table.item("balance"), balance)
            && range.least.minor() < 0
        {
            self.wrong(item, "a balance of nothing or more");
        }
        let limit = table.money(self, "limit", currency);
        let scans_in = table.or(self, "scans-in", seconds(2, 9));
        let confirms = self.confirms(table);
        let checks = self.checks(table).unwrap_or(checks);
        let gives_up_after = table.get(self, "gives-up-after");
        let scans_twice = table.or(self, "scans-twice", Share::NEVER);
        let changes_mind = table.or(self, "changes-mind", Share::NEVER);
        let via = table.or(self, "via", Via::App);
        Some(Customer {
            bank: bank?,
            balance: balance?,
            limit,
            scans_in,
            confirms,
            checks,
            gives_up_after,
            scans_twice,
            changes_mind,
            via,
        })
    }

    fn confirms(&mut self, table: &mut Table<'_>) -> Confirms {
        let Some(item) = table.item("confirms") else {
            return Confirms::After(seconds(1, 3));
        };
        match self.string(item, "\"asked\", or a time such as \"1s..3s\"") {
            Some("asked") => Confirms::Asked,
            Some(_) => Range::read(self, item).map_or(Confirms::Asked, Confirms::After),
            None => Confirms::Asked,
        }
    }

    fn checks(&mut self, table: &mut Table<'_>) -> Option<BTreeSet<Check>> {
        let items = table.list(self, "checks")?;
        Some(
            items
                .into_iter()
                .filter_map(|item| Check::read(self, item))
                .collect(),
        )
    }

    pub(super) fn crowds(&mut self, root: &mut Table<'_>) -> BTreeMap<Name, Crowd> {
        let mut crowds = BTreeMap::new();
        for (word, table) in root.named(self, "crowd") {
            let crowd = self.crowd(&word, table);
            crowds.extend(word.text.parse().ok().zip(crowd));
        }
        crowds
    }

    fn crowd(&mut self, word: &Word<'_>, mut table: Table<'_>) -> Option<Crowd> {
        let people = table.need(self, "people").unwrap_or(1);
        let fits = word
            .text
            .parse()
            .is_ok_and(|name| Crowd::member(name, people).is_some());
        if let (Some(item), true) = (table.item("people"), people == 0 || people > PEOPLE_MAX) {
            self.wrong(item, &format!("1 to {PEOPLE_MAX} people"));
        } else if !fits {
            let message = format!("`{}-{people}` is too long for a customer's name", word.text);
            self.note(Diagnostic::new(Code::Limit, word.spot.clone(), message));
        }
        let each = self.customer(word, &mut table, BTreeSet::new());
        let visits = self.visits(&mut table);
        table.finish(self);
        Some(Crowd {
            people,
            each: each?,
            visits,
        })
    }

    /// Weights of shops that exist.
    fn visits(&mut self, table: &mut Table<'_>) -> BTreeMap<Name, u32> {
        let Some(item) = table.item("visits") else {
            let merchants = self.index.actors.iter();
            let merchants = merchants.filter(|(_, actor)| actor.kind == ActorKind::Merchant);
            return merchants.map(|(name, _)| (*name, 1)).collect();
        };
        let toml::de::DeValue::Table(map) = item.get_ref() else {
            self.wrong(item, "weights of merchants, such as { noodle-bar = 3 }");
            return BTreeMap::new();
        };
        let mut visits = BTreeMap::new();
        for (name, weight) in map {
            let word = Word {
                text: name.get_ref(),
                spot: name.span().into(),
            };
            let merchant = self.actor(&word, &[ActorKind::Merchant]);
            visits.extend(merchant.zip(u32::read(self, weight)));
        }
        visits
    }

    pub(super) fn attackers(&mut self, root: &mut Table<'_>) -> BTreeMap<Name, Attacker> {
        let mut attackers = BTreeMap::new();
        for (word, mut table) in root.named(self, "attacker") {
            let controls = self.actors_at(&mut table, "controls", &[]);
            let sees: Vec<Item<'_>> = table.list(self, "sees").unwrap_or_default();
            let sees = sees
                .into_iter()
                .filter_map(|item| Sight::read(self, item))
                .collect();
            table.finish(self);
            let attacker = Attacker {
                controls: controls.into_iter().collect(),
                sees,
            };
            attackers.extend(word.text.parse().ok().map(|name| (name, attacker)));
        }
        attackers
    }
}

fn slowly(wait: &str) -> Option<Range<Span>> {
    let (least, most) = wait.split_once("..").unwrap_or((wait, wait));
    let (least, most): (Span, Span) = (least.parse().ok()?, most.parse().ok()?);
    (least <= most).then_some(Range { least, most })
}

const fn seconds(least: u64, most: u64) -> Range<Span> {
    Range {
        least: Span::seconds(least),
        most: Span::seconds(most),
    }
}

/// What a till prints when nobody says.
const fn template(currency: Currency) -> Template {
    match currency {
        Currency::EUR => Template::CoffeeEur,
        Currency::CNY => Template::NoodleGbk,
        Currency::JPY => Template::SushiJpy,
        _ => Template::Plain,
    }
}

/// `noodle-bar` as `Noodle Bar`.
fn title(word: &str) -> String {
    let capital = |part: &str| {
        let mut chars = part.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    word.split('-').map(capital).collect::<Vec<_>>().join(" ")
}
