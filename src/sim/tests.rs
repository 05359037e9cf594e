//! The world on a small story: two banks, two shops, some customers, each with a receipt.

use super::*;
use crate::cast::{BankPart, CODE_MINUTES, Cast, Crypto, CustomerPart, MerchantPart, Parts};
use crate::chance::Chance;
use crate::code::link::to_link;
use crate::id::{Name, Party, PartyKind};
use crate::journal::Entry;
use crate::ledger::{self, Transfer, TransferKind};
use crate::money::{Currency, Money};
use crate::order::OrderState;
use crate::roles::Actor;
use crate::roles::bank::{self, BankOrder};
use crate::roles::gateway::{self, Order};
use crate::roles::wallet::{Expectation, Habits};
use crate::store::{Memory, Record};
use crate::time::{Span, Time};
use std::collections::BTreeMap;

const STARTS: Time = Time::from_seconds(1_777_865_400);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Journals as they were committed, party by party.
#[derive(Default)]
struct Journals(BTreeMap<Party, Vec<Entry>>);

impl Observer for Journals {
    fn entry(&mut self, of: Party, entry: &Entry) {
        self.0.entry(of).or_default().push(entry.clone());
    }

    fn sent(&mut self, _: &Sent<'_>) {}

    fn fault(&mut self, _: &Choice) {}
}

/// A story: customers by name, each with the receipt (its counter) that they pay.
struct Story {
    crypto: Crypto,
    payers: Vec<(&'static str, u32)>,
    links: Links,
    weather: Weather,
    fsync: Span,
}

impl Default for Story {
    fn default() -> Self {
        let payers = vec![("ann", 1), ("bob", 1), ("cyd", 2), ("dan", 3), ("eve", 3)];
        Self {
            crypto: Crypto::Fast,
            payers,
            links: Links::default(),
            weather: Weather::Fair,
            fsync: Span::ZERO,
        }
    }
}

fn rough() -> Links {
    Links::new(Link {
        loss_ppm: 100_000,
        duplicate_ppm: 100_000,
        reorder_ppm: 100_000,
        ..Link::HEALTHY
    })
}

fn foul() -> Weather {
    Weather::Foul {
        crash_ppm: 50_000,
        down: (Span::millis(100), Span::seconds(20)),
        rules: Vec::new(),
    }
}

impl Story {
    fn parts(&self) -> Parts {
        let bank = |n: usize| if n.is_multiple_of(2) { "river" } else { "lake" };
        let customer = |(n, (who, _)): (usize, &(&str, u32))| CustomerPart {
            name: name(who),
            bank: name(bank(n)),
            balance: Money::new(10_000, Currency::EUR),
            limit: None,
            habits: Habits {
                decides_in: Some((Span::millis(500), Span::seconds(4))),
                ..Habits::default()
            },
        };
        let bank_part = |bank: &str| BankPart {
            name: name(bank),
            timing: bank::Timing::default(),
        };
        Parts {
            crypto: self.crypto,
            starts: STARTS,
            gateway: name("main"),
            gateway_timing: gateway::Timing::default(),
            endpoint: String::new(),
            banks: vec![bank_part("river"), bank_part("lake")],
            merchants: vec![MerchantPart {
                name: name("bean"),
                title: "BEAN & LEAF".into(),
                bank: name("river"),
                tills: 1,
                code_minutes: CODE_MINUTES,
            }],
            customers: self.payers.iter().enumerate().map(customer).collect(),
        }
    }

    fn tell(&self, seed: u64) -> World<Journals> {
        self.tell_with(seed, false, |_, kind| {
            Store::Memory(Box::new(Memory::new(kind)))
        })
    }

    fn tell_with(
        &self,
        seed: u64,
        points: bool,
        mut store: impl FnMut(&Actor, crate::journal::ChainKind) -> Store,
    ) -> World<Journals> {
        let cast = Cast::new(&self.parts(), &Chance::of_seed(seed)).unwrap();
        let links = self.links.clone();
        let mut world = World::new(seed, STARTS, links, Journals::default());
        let till = cast.tills[0].clone();
        let chain = self.crypto.chain();
        let mut join = |world: &mut World<Journals>, actor: Actor| {
            let store = store(&actor, chain);
            let party = crate::roles::Role::me(&actor);
            world.join(actor, store);
            world.set_fsync(&party, self.fsync);
        };
        join(&mut world, cast.gateway.into());
        for (bank, accounts) in cast.banks {
            let party = Party::new(PartyKind::Bank, bank.name);
            join(&mut world, bank.into());
            for account in accounts {
                world.local(&party, "open-account", bank::Input::OpenAccount(account));
            }
        }
        for wallet in cast.wallets {
            join(&mut world, wallet.into());
        }
        for shop in cast.shops {
            join(&mut world, shop.into());
        }
        world.begin();
        world.set_weather(self.weather.clone());
        if points {
            world.note_points();
        }
        for (n, _) in self.payers.iter().enumerate() {
            let at = STARTS
                .after(Span::seconds(1))
                .after(Span::millis(300 * n as u64));
            world.cue(at, u32::try_from(n).unwrap());
        }
        let end = STARTS.after(Span::minutes(5));
        while !matches!(
            self.play(&mut world, &till, &cast.host, end),
            Next::Until | Next::Empty
        ) {}
        world.heal();
        let end = STARTS.after(Span::hours(48));
        while !matches!(
            self.play(&mut world, &till, &cast.host, end),
            Next::Until | Next::Empty
        ) {}
        world
    }

    fn play(
        &self,
        world: &mut World<Journals>,
        till: &crate::cast::Till,
        host: &str,
        until: Time,
    ) -> Next {
        let next = world.advance(until);
        if let Next::Cue(cue) = next {
            let (who, counter) = self.payers[cue as usize];
            let amount = Money::new(450 + i64::from(counter), Currency::EUR);
            let label = format!("A{counter}");
            let blob = till.seal(STARTS, counter, amount, &label.as_str().into());
            let blob = blob.unwrap();
            world.label(&blob, label.as_str().into());
            let party = Party::new(PartyKind::Wallet, name(who));
            let Some(Actor::Wallet(wallet)) = world.actor(&party) else {
                panic!("{who} has no wallet");
            };
            let link = to_link(host, None, &blob);
            let input = wallet.read_scan(world.now(), &link, Expectation::default());
            world.local(&party, "scan", input);
        }
        next
    }
}

fn rows<T: Record>(world: &mut World<Journals>, party: &str) -> Vec<T> {
    let store = world.store(&party.parse().unwrap()).unwrap();
    let rows = store.backend().scan(T::SCHEMA).unwrap();
    let own = rows.iter().map(|row| row.as_any().downcast_ref::<T>());
    own.map(|row| row.unwrap().clone()).collect()
}

/// What must be true of every end of the story.
fn ends_right(world: &mut World<Journals>, story: &Story) {
    let unfinished = world.unfinished().unwrap();
    assert_eq!(unfinished, [], "{:?}", world.plan());
    let orders: Vec<Order> = rows(world, "gateway:main");
    let mut posted: BTreeMap<_, u32> = BTreeMap::new();
    for bank in ["bank:river", "bank:lake"] {
        let transfers: Vec<Transfer> = rows(world, bank);
        let sum: i64 = ledger::balances(transfers.iter())
            .values()
            .map(|m| m.minor())
            .sum();
        assert_eq!(sum, 0);
        let of: BTreeMap<_, _> = rows::<BankOrder>(world, bank)
            .iter()
            .map(|order| ((order.order, order.attempt), order.uid))
            .collect();
        for post in transfers.iter().filter(|t| t.kind == TransferKind::Post) {
            *posted.entry(of[&(post.order, post.attempt)]).or_default() += 1;
        }
        let accounts: Vec<ledger::Account> = rows(world, bank);
        assert!(accounts.iter().all(|account| account.held.minor() == 0));
    }
    assert!(posted.values().all(|n| *n == 1), "{posted:?}");
    for order in &orders {
        assert!(order.state.is_final(), "{order:?}");
        let paid = order.state == OrderState::Paid;
        assert_eq!(paid, posted.contains_key(&order.uid), "{order:?}");
    }
    let receipts: std::collections::BTreeSet<u32> =
        story.payers.iter().map(|(_, counter)| *counter).collect();
    assert!(orders.len() <= receipts.len());
}

fn heads(world: &World<Journals>) -> Vec<(Party, Vec<[u8; 32]>)> {
    let heads = |entries: &Vec<Entry>| entries.iter().map(|entry| entry.hash).collect();
    let all = world.observer.0.iter();
    all.map(|(party, entries)| (*party, heads(entries)))
        .collect()
}

#[test]
fn each_receipt_is_paid_once_and_everyone_finishes() {
    let story = Story::default();
    let mut world = story.tell(1);
    ends_right(&mut world, &story);
    let orders: Vec<Order> = rows(&mut world, "gateway:main");
    assert_eq!(orders.len(), 3);
    assert!(orders.iter().all(|order| order.state == OrderState::Paid));
    assert_eq!(world.plan(), &Plan::default());
    assert_eq!(world.counters.store_errors, 0);
}

#[test]
fn the_same_seed_gives_the_same_journals_and_another_seed_others() {
    let story = Story {
        links: rough(),
        weather: foul(),
        ..Story::default()
    };
    let (first, again, other) = (story.tell(7), story.tell(7), story.tell(8));
    assert_eq!(heads(&first), heads(&again));
    assert_eq!(first.trace(), again.trace());
    assert_eq!(first.plan(), again.plan());
    assert_ne!(first.trace(), other.trace());
}

#[test]
fn a_run_that_follows_its_plan_is_the_same_run() {
    let story = Story {
        links: rough(),
        weather: foul(),
        ..Story::default()
    };
    for seed in 1..20 {
        let drawn = story.tell(seed);
        let replay = Story {
            links: rough(),
            weather: Weather::Planned(drawn.plan().clone()),
            ..Story::default()
        };
        let replay = replay.tell(seed);
        assert_eq!(replay.trace(), drawn.trace());
        assert_eq!(heads(&replay), heads(&drawn));
    }
}

#[test]
fn loss_repetition_and_crashes_leave_nobody_stuck_and_nothing_paid_twice() {
    for fsync in [Span::ZERO, Span::millis(4)] {
        let story = Story {
            links: rough(),
            weather: foul(),
            fsync,
            ..Story::default()
        };
        for seed in 0..60 {
            let mut world = story.tell(seed);
            ends_right(&mut world, &story);
        }
    }
}

#[test]
fn real_signatures_change_nothing_of_the_story() {
    let story = Story {
        crypto: Crypto::Real,
        ..Story::default()
    };
    let mut world = story.tell(3);
    ends_right(&mut world, &story);
    let paid = rows::<Order>(&mut world, "gateway:main");
    assert!(paid.iter().all(|order| order.state == OrderState::Paid));
}

#[test]
fn another_actor_moves_nobody_elses_draws() {
    let ends = |payers: Vec<(&'static str, u32)>| {
        let story = Story {
            payers,
            ..Story::default()
        };
        let world = story.tell(5);
        let ann: Party = "wallet:ann".parse().unwrap();
        let entries = world.observer.0[&ann].iter();
        entries
            .map(|entry| (entry.at, entry.event.kind))
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(vec![("ann", 1)]), ends(vec![("ann", 1), ("zoe", 9)]));
}

#[test]
fn a_crash_before_or_after_any_commit_of_the_story_leaves_it_right() {
    let story = Story::default();
    let calm = story.tell_with(11, true, |_, kind| {
        Store::Memory(Box::new(Memory::new(kind)))
    });
    let points = calm.points().to_vec();
    assert!(points.len() > 40, "{}", points.len());
    for (key, what) in points {
        for moment in [Moment::Before, Moment::After] {
            let down = Span::seconds(3);
            let choice = Choice {
                key,
                what: what.clone(),
                fault: Fault::Crash { moment, down },
                at: STARTS,
                rule: None,
            };
            let plan = Plan {
                choices: vec![choice],
            };
            let story = Story {
                weather: Weather::Planned(plan),
                ..Story::default()
            };
            let mut world = story.tell(11);
            assert_eq!(world.plan().choices.len(), 1, "{what:?} was not met");
            ends_right(&mut world, &story);
        }
    }
}

#[test]
fn a_restart_loses_what_waits_for_the_disk_or_keeps_it_as_the_story_says() {
    for moment in [Moment::Before, Moment::After] {
        let cast = Cast::new(&Story::default().parts(), &Chance::of_seed(1)).unwrap();
        let (river, accounts) = cast.banks.into_iter().next().unwrap();
        let party = Party::new(PartyKind::Bank, river.name);
        let mut world = World::new(1, STARTS, Links::default(), Journals::default());
        let store = Memory::new(Crypto::Fast.chain());
        world.join(river.into(), Store::Memory(Box::new(store)));
        world.set_fsync(&party, Span::seconds(1));
        world.begin();
        let asked = accounts.len();
        for account in accounts {
            world.local(&party, "open-account", bank::Input::OpenAccount(account));
        }
        world.restart(&party, Span::seconds(2), moment);
        world.advance(STARTS.after(Span::seconds(10)));
        assert_eq!(world.life(&party), Some((1, true)));
        let opened = rows::<ledger::Account>(&mut world, "bank:river").len();
        let kept = if moment == Moment::After { asked } else { 0 };
        assert!(
            asked > 0 && opened == kept,
            "{opened} of {asked} {moment:?}"
        );
        assert!(world.plan().choices.is_empty(), "the story says it again");
    }
}
