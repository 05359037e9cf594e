//! What a board says, whatever the order in which parties are heard.

use super::*;
use crate::id::{AttemptId, Id};
use crate::journal::{Cause, Event};
use crate::money::{Currency, Money};
use crate::query::Filter;
use crate::text::Text;
use crate::time::Span;
use proptest::prelude::*;
use std::borrow::Cow;

const EUR: Currency = Currency::EUR;

fn party(text: &str) -> Party {
    text.parse().unwrap()
}

fn order(n: u8) -> OrderId {
    OrderId(Id::from_bytes([n; 16]))
}

fn entry(seq: u64, at: u32, event: Event) -> Entry {
    Entry {
        lane: 0,
        seq,
        at: Time::from_seconds(at),
        cause: Cause {
            what: Cow::Borrowed("test"),
            from: None,
        },
        event,
        hash: [0; 32],
    }
}

fn event(kind: EventKind, state: Option<&'static str>) -> Event {
    let event = Event::new(kind)
        .order(order(1))
        .amount(Money::new(840, EUR));
    match state {
        Some(state) => event.state(state),
        None => event,
    }
}

fn money(kind: EventKind) -> Event {
    let attempt = AttemptId(Id::from_bytes([9; 16]));
    let books = (Text::clean("customer:ann"), Text::clean("merchant:bean"));
    event(kind, None)
        .attempt(attempt)
        .debit(books.0)
        .credit(books.1)
}

/// One order, paid: what its gateway and its bank write down.
fn sale() -> [(Party, Vec<Entry>); 2] {
    use EventKind::{Held, OrderClaimed, OrderCreated, OrderPaid, OrderUnknown, Posted};
    let raised = event(OrderCreated, Some("CREATED"))
        .uid(Uid::from_bytes([0, 0, 0, 7, 0, 42, 1, 0, 0, 0, 5]))
        .peer(party("merchant:bean"))
        .note(Text::clean("A-17"));
    let gateway = vec![
        entry(1, 100, raised),
        entry(
            2,
            110,
            event(OrderClaimed, Some("CLAIMED")).peer(party("bank:river")),
        ),
        entry(3, 120, event(OrderUnknown, Some("UNKNOWN"))),
        entry(4, 190, event(OrderPaid, Some("PAID"))),
    ];
    let bank = vec![entry(1, 105, money(Held)), entry(2, 111, money(Posted))];
    [
        (party("gateway:main"), gateway),
        (party("bank:river"), bank),
    ]
}

fn at(seconds: u32) -> Time {
    Time::from_seconds(seconds)
}

#[test]
fn an_order_is_followed_from_waiting_to_paid_and_stuck_in_between() {
    let [(gateway, entries), _] = sale();
    let mut board = Board::default();
    let mut seen = Vec::new();
    for entry in &entries {
        board.take(&gateway, entry);
        let line = board.order(&order(1)).unwrap();
        seen.push((line.standing.unwrap().word(), line.is_stuck(at(180))));
    }
    let expected = [
        ("WAITING", false),
        ("PROCESSING", false),
        ("CHECKING", true),
        ("PAID", false),
    ];
    assert_eq!(seen, expected);
    let line = board.order(&order(1)).unwrap();
    assert_eq!(
        line.age(at(9999)),
        Span::seconds(90),
        "how long it was open"
    );
    assert_eq!(
        (line.terminal().as_str(), line.merchant_label().as_str()),
        ("T0042", "bean")
    );
    assert_eq!(board.count(Standing::Paid), 1);
    assert_eq!(board.count(Standing::Waiting), 0);
}

#[test]
fn money_is_held_then_moved_and_every_book_sums_to_nothing() {
    let [_, (bank, entries)] = sale();
    let mut board = Board::default();
    board.take(&bank, &entries[0]);
    let heat = board.heat();
    assert_eq!(
        (heat[0].sum, heat[0].balanced, heat[0].held.minor()),
        (0, true, 840)
    );
    board.take(&bank, &entries[1]);
    let heat = board.heat();
    assert_eq!((heat[0].sum, heat[0].held.minor()), (0, 0));
    let posted: Vec<_> = board
        .books()
        .lines()
        .map(|line| line.posted.minor())
        .collect();
    assert_eq!(posted, [-840, 840]);
}

#[test]
fn a_posting_with_one_leg_shows_in_the_sum() {
    let mut board = Board::default();
    let mut one_sided = money(EventKind::Credited);
    one_sided.credit = None;
    board.take(&party("bank:river"), &entry(1, 100, one_sided));
    assert!(!board.heat()[0].balanced);
    assert_eq!(board.heat()[0].sum, -840);
}

#[test]
fn what_was_read_twice_counts_once_and_what_is_missing_is_counted() {
    let [(gateway, entries), _] = sale();
    let mut board = Board::default();
    for entry in entries[..2].iter().chain(&entries[..2]) {
        board.take(&gateway, entry);
    }
    assert_eq!((board.entries(), board.gaps()), (2, 0));
    board.take(&gateway, &entries[3]);
    assert_eq!(board.gaps(), 1);
    assert_eq!(board.position(&gateway), [(0, 4)]);
}

#[test]
fn an_order_is_found_by_the_one_grammar() {
    let [(gateway, entries), _] = sale();
    let mut board = Board::default();
    board.take(&gateway, &entries[0]);
    let line = board.order(&order(1)).unwrap();
    let finds = |text: &str, now| {
        let filter = Filter::parse(text, FIELDS).unwrap();
        filter.matches(&OrderView::new(line, at(now)))
    };
    for yes in [
        "bean",
        "state:waiting",
        "amount>=8",
        "age>1m",
        "terminal:t0042",
        "is:open",
    ] {
        assert!(finds(yes, 200), "{yes}");
    }
    for no in [
        "tea",
        "state:paid",
        "age>2m",
        "is:stuck",
        "!is:open",
        "bank:river",
    ] {
        assert!(!finds(no, 200), "{no}");
    }
}

proptest! {
    #[test]
    fn parties_may_be_heard_in_any_order(mut turns in prop::collection::vec(0..2_usize, 12)) {
        let all = sale();
        let fold = |turns: &[usize]| {
            let mut board = Board::default();
            let mut next = [0, 0];
            for &turn in turns.iter().chain(&[0, 0, 0, 0, 1, 1]) {
                let (party, entries) = &all[turn];
                if let Some(entry) = entries.get(next[turn]) {
                    board.take(party, entry);
                    next[turn] += 1;
                }
            }
            board
        };
        let one = fold(&turns);
        turns.reverse();
        let other = fold(&turns);
        prop_assert_eq!(one.order(&order(1)), other.order(&order(1)));
        prop_assert_eq!(one.heat(), other.heat());
    }
}
