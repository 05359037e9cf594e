//! What the fold gives for a hand-made day, and what expectations make of it.

use super::*;
use crate::id::{AttemptId, Id, MerchantId, TerminalId};
use crate::journal::{Cause, Chain, ChainKind};
use crate::money::Currency;
use crate::order::Reason;
use crate::scenario::report::{Class, Sweep, Verdict};
use crate::scenario::{Judge, Mode};
use std::borrow::Cow;
use std::sync::Arc;

const STORY: &str = r#"
schema = 1
name = "day"
[run]
currency = "EUR"
[bank.river]
[bank.lake]
[merchant.coffee]
bank = "river"
[customer.ann]
bank = "lake"
balance = "10.00"
[crowd.office]
people = 2
bank = "lake"
[[step]]
who = "coffee"
does = "print"
with = { order = "A1", amount = "8.40" }
"#;

fn scenario(expects: &[(&str, &str)]) -> Arc<Scenario> {
    let mut source = STORY.to_owned();
    for (that, more) in expects {
        source.extend(["[[expect]]\nthat = \"", that, "\"\n", more, "\n"]);
    }
    Arc::new(Scenario::parse("day.toml", &source).unwrap_or_else(|invalid| panic!("{invalid}")))
}

fn uid() -> Uid {
    Uid {
        terminal: TerminalId::of(MerchantId([0, 0, 0, 1]), 1),
        epoch: 1,
        counter: 1,
    }
}

fn money(text: &str) -> Money {
    Money::parse(text, Currency::EUR).unwrap()
}

/// The events of a payment from lake to river, with their parties.
fn payment() -> Vec<(&'static str, Event)> {
    let order = OrderId(Id::new(1, 1));
    let attempt = AttemptId(Id::new(1, 2));
    let of = |kind| {
        Event::new(kind)
            .order(order)
            .attempt(attempt)
            .amount(money("8.40"))
    };
    let moved =
        |kind, debit: &str, credit: &str| of(kind).debit(debit.into()).credit(credit.into());
    let gateway = |kind, state| of(kind).uid(uid()).state(state);
    let funded = Event::new(EventKind::Funded).amount(money("10.00"));
    vec![
        (
            "bank:lake",
            funded.debit("opening".into()).credit("customer:ann".into()),
        ),
        (
            "terminal:coffee",
            Event::new(EventKind::CodePrinted)
                .uid(uid())
                .note("A1".into()),
        ),
        ("wallet:ann", Event::new(EventKind::CodeVerified)),
        (
            "gateway:main",
            gateway(EventKind::OrderCreated, "CREATED").note("A1".into()),
        ),
        (
            "bank:lake",
            moved(EventKind::Held, "customer:ann", "clearing:main"),
        ),
        (
            "gateway:main",
            gateway(EventKind::OrderClaimed, "CLAIMED").peer("bank:lake".parse().unwrap()),
        ),
        (
            "bank:lake",
            moved(EventKind::Posted, "customer:ann", "clearing:main"),
        ),
        (
            "gateway:main",
            gateway(EventKind::OrderPaid, "PAID").peer("bank:lake".parse().unwrap()),
        ),
        ("wallet:ann", of(EventKind::PayDone)),
        (
            "bank:river",
            moved(EventKind::Credited, "clearing:main", "merchant:coffee"),
        ),
        ("merchant:coffee", of(EventKind::MerchantTold)),
        (
            "wallet:office-2",
            Event::new(EventKind::CodeRefused).reason(Reason::BadSignature),
        ),
    ]
}

fn play(judge: &mut Judge, events: impl IntoIterator<Item = (&'static str, Event)>) {
    let mut chains = BTreeMap::new();
    let starts = Time::from_civil((2026, 5, 4), (9, 0, 0)).unwrap();
    for (nth, (who, event)) in (1..).zip(events) {
        let who: Party = who.parse().unwrap();
        let chain = chains
            .entry(who)
            .or_insert_with(|| Chain::new(0, ChainKind::Fast));
        let cause = Cause {
            what: Cow::Borrowed("test"),
            from: Some("gateway:main".parse().unwrap()),
        };
        judge.observe(
            &who,
            &chain.append(starts.after(Span::seconds(nth)), cause, event),
        );
    }
}

#[test]
fn facts_are_what_the_journals_tell() {
    let facts = [
        "ann.balance == 1.60",
        "ann.held == 0.00",
        "coffee.balance == 8.40",
        "credits(coffee, from ann) == 8.40",
        "credits(coffee, from office) == 0",
        "debits(A1) == 1",
        "holds(A1) == 0",
        "orders(A1) == 1",
        "standing(A1) == 'PAID'",
        "ann.paid == 1",
        "ann.refused == ''",
        "office.unread == 1",
        "payments.unread + payments.paid == 2",
        "merchant-told(coffee, A1) == 1",
        "events(credited, A1) == 1",
        "events(posted, river) == 0",
        "time(print -> merchant-told).p95 == 9s",
        "time(print -> merchant-told).count",
        "ann.sent == 0",
    ];
    let expects: Vec<_> = facts.iter().map(|that| (*that, "")).collect();
    let mut judge = Judge::new(scenario(&expects), Mode::Sim, Some(ChainKind::Fast));
    play(&mut judge, payment());
    let outcome = judge.finish(Time::from_nanos(0));
    assert_eq!(outcome.failures, []);
}

#[test]
fn always_fails_at_the_event_that_breaks_it_and_says_what_led_there() {
    let expects = [(
        "ann.balance >= 5.00",
        "kind = \"always\"\nwhy = \"ann saves\"",
    )];
    let mut judge = Judge::new(scenario(&expects), Mode::Sim, None);
    let mut events = payment();
    play(&mut judge, events.drain(..));
    // Before the account is opened nothing was looked at; the posting broke it.
    let failure = &judge.failures()[0];
    assert_eq!(
        (failure.class, failure.actual.as_str()),
        (Class::Expectation, "1.60 EUR beside 5.00 EUR")
    );
    let last = failure.chain.last().unwrap();
    assert_eq!(
        last,
        "+7s bank:lake posted 8.40 EUR by test from gateway:main"
    );
    assert!(
        failure.chain.len() <= 12 && failure.chain.len() > 2,
        "{:#?}",
        failure.chain
    );
}

#[test]
fn eventually_has_a_deadline_and_sometimes_fails_the_sweep_only() {
    let expects = [
        (
            "merchant-told(coffee, A1)",
            "kind = \"eventually\"\nby = \"5s\"",
        ),
        ("ann.failed", "kind = \"sometimes\""),
        ("ann.failed > 3", "kind = \"never\""),
    ];
    let scenario = scenario(&expects);
    let mut judge = Judge::new(Arc::clone(&scenario), Mode::Sim, None);
    play(&mut judge, payment());
    let outcome = judge.finish(Time::from_nanos(0));
    assert_eq!(outcome.failures.len(), 1, "{:#?}", outcome.failures);
    assert!(outcome.failures[0].expected.starts_with("eventually by 5s"));
    assert_eq!(outcome.failures[0].actual, "1, too late");

    let mut sweep = Sweep::default();
    sweep.add(1, 0, outcome);
    assert_eq!(sweep.verdict(&scenario), Verdict::Failed);
    let text = sweep.text(&scenario, |file, seed, _| {
        format!("   replay: quittance run {file} --seed {seed}\n")
    });
    assert!(
        text.contains("replay: quittance run day.toml --seed 1"),
        "{text}"
    );
    assert!(text.contains("day.toml:20, seed 1"), "{text}");
    assert!(
        text.ends_with("0 passed, 1 failed, 0 skipped, 1 never reached\n"),
        "{text}"
    );
    assert_eq!(sweep.to_json(&scenario)["never-reached"][0], "ann.failed");
}

#[test]
fn a_time_that_nobody_measured_is_no_pass() {
    let expects = [("time(print -> slip-printed).max <= 1h", "")];
    let mut judge = Judge::new(scenario(&expects), Mode::Sim, None);
    play(&mut judge, payment());
    assert_eq!(
        judge.finish(Time::from_nanos(0)).failures[0].actual,
        "nothing measured"
    );
}

#[test]
fn messages_faults_and_attacks_are_facts_too() {
    let expects = [("sent(ann -> lake) == 2", "")];
    let scenario = scenario(&expects);
    let mut facts = Facts::new(&scenario);
    let (ann, lake) = ("wallet:ann".parse().unwrap(), "bank:lake".parse().unwrap());
    for (from, to) in [(&ann, &lake), (&lake, &ann), (&ann, &lake)] {
        facts.sent(from, to);
    }
    assert_eq!(facts.truth(&scenario.expects[0].that).holds, Some(true));
}
