//! Groups of inputs through a role, on every store.

use super::beds::{Bed, InMemory, InPostgres, InSqlite};
use super::records::{Count, Mood, name};
use super::suite::{at, commit, count, get, put, rows, timer, verified};
use quittance::chance::Chance;
use quittance::id::Party;
use quittance::journal::{Event, EventKind};
use quittance::message::{Message, Sender};
use quittance::order::Reason;
use quittance::roles::{Cx, Done, Group, Outputs, Role, Taken};
use quittance::store::{Backend, Record, Stop, Timer};
use quittance::time::Time;

/// Counts.
pub(super) struct Counter;

#[derive(Clone, Copy)]
pub(super) enum Input {
    /// Adds one to this count.
    Add(&'static str),
    /// Moves one from this count to that, if both are there.
    Move(&'static str, &'static str),
    /// Writes, then refuses.
    Refuse,
    /// Writes nothing that lasts.
    Mood,
    /// A timer.
    Woken,
}

impl Role for Counter {
    type Input = Input;

    fn me(&self) -> Party {
        "bank:river".parse().unwrap()
    }

    fn admit(&self, _: Time, _: Sender, _: Message) -> Result<Input, Reason> {
        Err(Reason::Syntax)
    }

    fn wake(&self, _: Timer) -> Input {
        Input::Woken
    }

    fn handle(&self, cx: &mut Cx<'_>, input: &Input) -> Result<(), Stop> {
        match input {
            Input::Add(of) => add(cx, of, 1),
            Input::Move(from, to) => {
                add(cx, from, -1)?;
                add(cx, to, 1)
            }
            Input::Refuse => {
                add(cx, "refused", 1)?;
                cx.timer(timer(1), Some(at(1)));
                cx.record(Event::new(EventKind::Held));
                Err(Stop::Refuse(Reason::Syntax))
            }
            Input::Mood => {
                let name = name("ann");
                let value = cx.get::<Mood>(&(name,))?.map_or(0, |mood| mood.value) + 1;
                cx.put(Mood { name, value })
            }
            Input::Woken => Ok(()),
        }
    }

    fn release(&self, _: &mut Message) {}
}

fn add(cx: &mut Cx<'_>, of: &str, more: i64) -> Result<(), Stop> {
    let now = cx.get::<Count>(&(name(of),))?.map_or(0, |row| row.select);
    cx.put(count(of, now + more))?;
    cx.record(Event::new(EventKind::Posted));
    Ok(())
}

/// Runs these inputs as one group.
pub(super) fn run(store: &mut dyn Backend, inputs: &[Input]) -> Vec<Done> {
    let chance = Chance::of_seed(1);
    let each = inputs
        .iter()
        .map(|input| Taken::local(at(1), "add", *input));
    let inputs = each.collect::<Vec<_>>();
    let mut group = Group {
        role: &Counter,
        chance: &chance,
        store,
    };
    group.run(&inputs)
}

fn released(done: &[Done]) -> bool {
    let nothing = Done::Released(Outputs::default());
    done.iter().all(|done| *done == nothing)
}

on_every_store! {
    inputs_of_a_group_see_each_other
    a_refused_input_leaves_only_its_journal_line
    a_fired_timer_is_consumed_even_by_an_input_that_does_nothing
    a_group_of_volatile_writes_leaves_no_trace_on_the_disk
}

fn inputs_of_a_group_see_each_other(bed: &dyn Bed) {
    let mut store = bed.open();
    let all = [
        Input::Add("a"),
        Input::Add("b"),
        Input::Add("a"),
        Input::Move("a", "b"),
    ];
    assert!(released(&run(store.as_mut(), &all)));
    assert!(released(&run(store.as_mut(), &all)));
    drop(store);
    let mut store = bed.open();
    assert_eq!(get(store.as_mut(), &name("a")), Some(count("a", 2)));
    assert_eq!(get(store.as_mut(), &name("b")), Some(count("b", 4)));
    assert_eq!(store.scan(Count::SCHEMA).unwrap().len(), 2);
    assert_eq!(verified(store.as_mut()).len(), 10);
}

fn a_refused_input_leaves_only_its_journal_line(bed: &dyn Bed) {
    let mut store = bed.open();
    assert!(released(&run(
        store.as_mut(),
        &[Input::Add("a"), Input::Refuse]
    )));
    assert_eq!(get::<Count>(store.as_mut(), &name("refused")), None);
    assert_eq!(get(store.as_mut(), &name("a")), Some(count("a", 1)));
    assert_eq!(store.next_due(), Ok(None));
    let kinds = store.entries(&[], 9).unwrap();
    let kinds = kinds.iter().map(|e| (e.event.kind, e.event.reason));
    let expected = [
        (EventKind::Posted, None),
        (EventKind::Refused, Some(Reason::Syntax)),
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
}

fn a_fired_timer_is_consumed_even_by_an_input_that_does_nothing(bed: &dyn Bed) {
    let mut store = bed.open();
    let mut writes = rows([]);
    writes.timers = vec![(timer(1), Some(at(1)))];
    commit(store.as_mut(), writes);
    let due = store.due(at(2), 9).unwrap();
    let chance = Chance::of_seed(1);
    let mut group = Group {
        role: &Counter,
        chance: &chance,
        store: store.as_mut(),
    };
    let taken = due
        .into_iter()
        .map(|due| Taken::timer(&Counter, at(2), due));
    group.run(&taken.collect::<Vec<_>>());
    assert_eq!(store.next_due(), Ok(None));
}

fn a_group_of_volatile_writes_leaves_no_trace_on_the_disk(bed: &dyn Bed) {
    let mut store = bed.open();
    let write = put(store.as_mut(), count("a", 1));
    commit(store.as_mut(), rows([write]));
    assert!(released(&run(store.as_mut(), &[Input::Mood, Input::Mood])));
    let mood = get::<Mood>(store.as_mut(), &name("ann")).unwrap();
    assert_eq!(mood.value, 2);
    drop(store);
    let mut store = bed.open();
    assert_eq!(store.entries(&[], 9), Ok(vec![]));
    assert_eq!(get::<Mood>(store.as_mut(), &name("ann")), None);
}
