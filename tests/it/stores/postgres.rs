//! What only several processes on one database can do to each other.

use super::beds::InPostgres;
use super::group::{Input, run};
use super::records::{Count, TABLES, name};
use super::suite::{at, commit, count, get, happened, put, rows, timer, verified};
use quittance::db::{Place, Postgres};
use quittance::journal::{Chain, ChainKind, EventKind};
use quittance::roles::Done;
use quittance::store::{Backend, Key, Record, StoreError, Writes};

/// Two stores on two lanes of one party.
fn two(bed: &InPostgres) -> (Postgres, Postgres) {
    (bed.try_open(None).unwrap(), bed.try_open(None).unwrap())
}

#[test]
fn many_workers_on_one_row_lose_no_update() {
    const WORKERS: i64 = 8;
    const TIMES: i64 = 25;
    let Some(bed) = InPostgres::new() else { return };
    drop(bed.try_open(None).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let mut store = bed.try_open(None).unwrap();
                for n in 0..TIMES {
                    let mine = if n % 2 == 0 { "odd" } else { "even" };
                    let done = run(&mut store, &[Input::Add("all"), Input::Add(mine)]);
                    assert!(
                        done.iter().all(|d| matches!(d, Done::Released(_))),
                        "{done:?}"
                    );
                }
            });
        }
    });
    let mut store = bed.try_open(None).unwrap();
    let all = WORKERS * TIMES;
    assert_eq!(get(&mut store, &name("all")), Some(count("all", all)));
    let entries = store.entries(&[], usize::MAX).unwrap();
    assert_eq!(entries.len(), usize::try_from(2 * all).unwrap());
    for lane in entries.chunk_by(|a, b| a.lane == b.lane) {
        let mut chain = Chain::new(lane[0].lane, ChainKind::Sha256);
        assert!(lane.iter().all(|entry| chain.follow(entry)));
    }
}

#[test]
fn a_row_changed_by_another_process_is_a_conflict_and_nothing_happens() {
    let Some(bed) = InPostgres::new() else { return };
    let write = |of: &str| {
        let mut other = bed.try_open(Some(1)).unwrap();
        other.begin().unwrap();
        let write = put(&mut other, count(of, 1));
        commit(&mut other, rows([write]));
    };
    let changed = || bed.run("UPDATE \"order\" SET v = v + 1");
    let deleted = || bed.run("DELETE FROM \"order\"");
    let made_anew = || {
        deleted();
        write("a");
    };
    let made_first = || write("new");
    let cases: [(&str, &dyn Fn()); 4] = [
        ("a", &changed),
        ("a", &deleted),
        ("a", &made_anew),
        ("new", &made_first),
    ];
    for (number, (of, meanwhile)) in cases.into_iter().enumerate() {
        write("a");
        let mut store = bed.try_open(Some(0)).unwrap();
        store.begin().unwrap();
        let writes = [
            put(&mut store, count(of, 5)),
            put(&mut store, count("b", 5)),
        ];
        meanwhile();
        store.save(rows(writes)).unwrap();
        store.save(happened(EventKind::Held)).unwrap();
        let mut timers = rows([]);
        timers.timers = vec![(timer(1), Some(at(1)))];
        store.save(timers).unwrap();
        assert_eq!(store.commit(), Err(StoreError::Conflict), "case {number}");
        store.begin().unwrap();
        assert_eq!(get::<Count>(&mut store, &name("b")), None);
        store.abort().unwrap();
        assert_eq!(store.next_due(), Ok(None));
        assert!(store.entries(&[], 9).unwrap().is_empty());
    }
}

#[test]
fn workers_that_lock_crosswise_both_get_through() {
    let Some(bed) = InPostgres::new() else { return };
    drop(bed.try_open(None).unwrap());
    std::thread::scope(|scope| {
        for (from, to) in [("a", "b"), ("b", "a"), ("a", "b"), ("b", "a")] {
            let bed = &bed;
            scope.spawn(move || {
                let mut store = bed.try_open(None).unwrap();
                for _ in 0..10 {
                    let done = run(&mut store, &[Input::Move(from, to)]);
                    assert!(matches!(done[0], Done::Released(_)), "{done:?}");
                }
            });
        }
    });
    let mut store = bed.try_open(None).unwrap();
    assert_eq!(get(&mut store, &name("a")), Some(count("a", 0)));
    assert_eq!(get(&mut store, &name("b")), Some(count("b", 0)));
}

#[test]
fn a_due_timer_goes_to_one_process_until_its_lease_ends() {
    let Some(bed) = InPostgres::new() else { return };
    let (mut one, mut two) = two(&bed);
    let timers = (1..=6)
        .map(|n| (timer(n), Some(at(u32::from(n)))))
        .collect();
    commit(
        &mut one,
        Writes {
            timers,
            ..Writes::default()
        },
    );
    let first = one.due(at(10), 4).unwrap();
    assert_eq!(first.len(), 4);
    let rest = two.due(at(10), 9).unwrap();
    assert_eq!(rest, [(at(5), timer(5)), (at(6), timer(6))]);
    assert_eq!(one.due(at(11), 9).unwrap(), first);
    // The first process dies: after the lease the other takes over what it left.
    drop(one);
    assert_eq!(two.due(at(30), 9).unwrap(), rest);
    assert_eq!(two.due(at(41), 9).unwrap().len(), 6);
}

#[test]
fn a_lane_has_one_process_and_lanes_are_read_without_gaps() {
    let Some(bed) = InPostgres::new() else { return };
    let (mut one, mut two) = two(&bed);
    let taken = bed.try_open(Some(1)).err().unwrap().to_string();
    assert_eq!(taken, "claim a lane: another process has lane 1");
    assert_eq!((one.chain().lane(), two.chain().lane()), (0, 1));
    commit(&mut one, happened(EventKind::Held));
    commit(&mut two, happened(EventKind::Posted));
    commit(&mut one, happened(EventKind::Voided));
    let seen = |store: &mut Postgres, after: &[(u32, u64)]| {
        let entries = store.entries(after, 9).unwrap();
        entries.iter().map(|e| (e.lane, e.seq)).collect::<Vec<_>>()
    };
    assert_eq!(seen(&mut two, &[]), [(0, 1), (0, 2), (1, 1)]);
    assert_eq!(seen(&mut one, &[(0, 1), (1, 1)]), [(0, 2)]);
}

#[test]
fn a_store_made_for_other_tables_is_refused() {
    let Some(bed) = InPostgres::new() else { return };
    let place = Place {
        url: bed.server.url(),
        schema: bed.schema.clone(),
        lane: None,
    };
    drop(Postgres::connect(place, &TABLES[..1], ChainKind::Sha256).unwrap());
    let said = bed.try_open(None).err().unwrap().to_string();
    assert!(said.contains("table absent is nothing there and"), "{said}");
}

#[test]
fn processes_that_start_together_make_the_tables_once() {
    let Some(bed) = InPostgres::new() else { return };
    let lanes = std::thread::scope(|scope| {
        let open = || bed.try_open(None).unwrap();
        let each = [(); 4].map(|()| scope.spawn(open));
        let stores = each.map(|thread| thread.join().unwrap());
        let mut lanes = stores.each_ref().map(|store| store.chain().lane());
        lanes.sort_unstable();
        lanes
    });
    assert_eq!(lanes, [0, 1, 2, 3]);
}

#[test]
fn a_corrupt_row_is_an_error_that_names_the_table() {
    let Some(bed) = InPostgres::new() else { return };
    let mut store = bed.try_open(None).unwrap();
    let write = put(&mut store, count("a", 1));
    commit(&mut store, rows([write]));
    bed.run("UPDATE \"order\" SET \"select\" = NULL");
    store.begin().unwrap();
    let read = store.load(&[(Count::SCHEMA, Key::of(&name("a")))]);
    let read = read.unwrap_err().to_string();
    assert_eq!(
        read,
        "read table order: read a stored column: expected a i64"
    );
}

/// Ends every session of the party's schema but the caller's own.
const KILL: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
    AND classid = 'lane'::regclass::oid";

#[test]
fn a_lost_connection_is_made_anew_and_the_chain_goes_on() {
    let Some(bed) = InPostgres::new() else { return };
    let mut store = bed.try_open(None).unwrap();
    run(&mut store, &[Input::Add("a")]);
    bed.run(KILL);
    // The group in which the loss is noticed fails and is known not to have happened.
    let done = run(&mut store, &[Input::Add("a")]);
    assert!(
        matches!(done[0], Done::Unknown(StoreError::Failed { .. })),
        "{done:?}"
    );
    for n in 2..=3 {
        let done = run(&mut store, &[Input::Add("a")]);
        assert!(matches!(done[0], Done::Released(_)), "{done:?}");
        assert_eq!(verified(&mut store).len(), n);
    }
    // Questions between groups also find a new connection.
    bed.run(KILL);
    assert!(store.next_due().is_err());
    assert_eq!(store.next_due(), Ok(None));
    assert_eq!(verified(&mut store).len(), 3);
}

#[test]
fn a_connection_lost_in_commit_leaves_the_outcome_unknown() {
    let Some(bed) = InPostgres::new() else { return };
    let mut store = bed.try_open(None).unwrap();
    run(&mut store, &[Input::Add("a")]);
    bed.run(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER die AFTER INSERT ON \"order\"
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();",
    );
    let done = run(&mut store, &[Input::Add("b")]);
    assert!(
        matches!(done[0], Done::Unknown(StoreError::Unknown { .. })),
        "{done:?}"
    );
    bed.run("DROP TRIGGER die ON \"order\"");
    let done = run(&mut store, &[Input::Add("b")]);
    assert!(matches!(done[0], Done::Released(_)), "{done:?}");
    assert_eq!(get(&mut store, &name("b")), Some(count("b", 1)));
    assert_eq!(verified(&mut store).len(), 2);
}

#[test]
fn a_server_that_is_not_there_is_said_so() {
    let place = Place {
        url: "host=/nonexistent user=nobody".to_owned(),
        schema: "x".to_owned(),
        lane: None,
    };
    let error = Postgres::connect(place, TABLES, ChainKind::Sha256)
        .err()
        .unwrap();
    assert!(
        error.to_string().starts_with("connect to the database: "),
        "{error}"
    );
}
