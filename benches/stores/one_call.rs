//! PostgreSQL's best one-call transfer: the bare schema in one function, 32 clients.

use crate::server::Server;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: i64 = 32;
const ACCOUNTS: i64 = 10_000;
const LASTS: Duration = Duration::from_secs(4);

const SCHEMA: &str = "
    DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare; SET search_path TO bare;
    CREATE TABLE account (id bigint PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 50);
    CREATE TABLE payment (ref bytea PRIMARY KEY, amount bigint NOT NULL, at bigint NOT NULL);
    CREATE TABLE posting (ref bytea, leg int, account bigint, amount bigint,
        PRIMARY KEY (ref, leg));
    INSERT INTO account SELECT n, 0 FROM generate_series(0, 9999) AS n;
    CREATE FUNCTION transfer(k bytea, a bigint, b bigint, m bigint) RETURNS void
    LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO payment VALUES (k, m, 0);
        INSERT INTO posting VALUES (k, 0, a, -m), (k, 1, b, m);
        UPDATE account SET balance = balance - m WHERE id = a;
        UPDATE account SET balance = balance + m WHERE id = b;
    END $$;
    VACUUM ANALYZE";

/// Transfers per second, each a transaction of its own, as 32 clients get them together.
pub(crate) fn per_second(server: &Server) -> f64 {
    let mut client = server.client();
    for statement in SCHEMA.split("VACUUM") {
        let vacuum = statement.trim() == "ANALYZE";
        let sql = if vacuum { "VACUUM ANALYZE" } else { statement };
        client.batch_execute(sql).expect("the bare schema");
    }
    let done = AtomicU32::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let done = &done;
            scope.spawn(move || pay(server, number, start, done));
        }
    });
    let took = start.elapsed();
    let sum = client.query_one("SELECT sum(balance)::bigint FROM bare.account", &[]);
    assert_eq!(sum.expect("a sum").get::<_, i64>(0), 0, "the books");
    f64::from(done.into_inner()) / took.as_secs_f64()
}

/// One client. Accounts are taken in one order, so that nobody deadlocks.
fn pay(server: &Server, number: i64, start: Instant, done: &AtomicU32) {
    let mut client = server.client();
    let path = client.batch_execute("SET search_path TO bare");
    path.expect("the bare schema");
    let call = client.prepare("SELECT transfer($1, $2, $3, 100)");
    let call = call.expect("the function");
    let mut nth = 0_i64;
    while start.elapsed() < LASTS {
        let key = [nth.to_be_bytes(), number.to_be_bytes()].concat();
        let from = (nth.wrapping_mul(7919) + number * 311) % (ACCOUNTS / 2);
        let to = ACCOUNTS / 2 + (nth.wrapping_mul(104_729) + number * 17) % (ACCOUNTS / 2);
        let paid = client.execute(&call, &[&key, &from, &to]);
        paid.expect("a transfer");
        done.fetch_add(1, Ordering::Relaxed);
        nth += 1;
    }
}
