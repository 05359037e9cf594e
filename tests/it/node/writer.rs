//! Commits: together, before anything leaves, and what their failure means.

use super::http::{By, exchange};
use super::toy::{
    Input, Plan, app, attempt, claim, heard, pair, party, payment, secret, store, text,
};
use quittance::message::Message;
use quittance::net::QUEUE_NEW_MAX;
use quittance::order::PaymentState;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leaves_before_the_commit() {
    let (mut bank, gateway) = pair().await;
    let gate = gateway.spy.gate.lock().await;
    let send = Input::Send(party("gateway:main"), claim(attempt(1)));
    bank.node.inbox().ask("send", send).await.unwrap();
    assert!(
        tokio::time::timeout(SOON, bank.effects.recv())
            .await
            .is_err(),
        "no reply yet"
    );
    assert_eq!(
        gateway.spy.saved.load(SeqCst),
        2,
        "it was handled, beside the start"
    );
    drop(gate);
    assert_eq!(
        bank.heard().await,
        text(&heard(&Message::Granted(attempt(1))))
    );

    // Sends and effects wait as replies do.
    let gate = bank.spy.gate.lock().await;
    let send = Input::Send(party("gateway:main"), claim(attempt(2)));
    bank.node.inbox().tell("send", send).unwrap();
    tokio::time::sleep(SOON).await;
    assert_eq!(gateway.node.inbox().counts().requests, 1, "no message yet");
    drop(gate);
    bank.heard().await;
    assert_eq!(gateway.node.inbox().counts().requests, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_queued_shares_one_commit() {
    let run = Plan::server("gateway:main").start().await;
    let gate = run.spy.gate.lock().await;
    let inbox = run.node.inbox();
    let nobody = party("bank:nowhere");
    inbox
        .tell("first", Input::Send(nobody, claim(attempt(0))))
        .unwrap();
    tokio::time::sleep(SOON).await; // the writer stands at the gate with the first
    let rest = (1..=200).map(|n| {
        let inbox = inbox.clone();
        async move {
            inbox
                .ask("rest", Input::Send(nobody, claim(attempt(n))))
                .await
        }
    });
    let rest: Vec<_> = rest.map(tokio::spawn).collect();
    tokio::time::sleep(SOON).await;
    let before = run.spy.commits.load(SeqCst);
    drop(gate);
    for one in rest {
        assert_eq!(one.await.unwrap(), Ok(None));
    }
    assert_eq!(
        run.spy.commits.load(SeqCst) - before,
        2,
        "the first, and 200 together"
    );
    assert_eq!(run.spy.committed.load(SeqCst), 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_share_commits() {
    let nowhere = "http://127.0.0.1:1".parse().unwrap();
    let run = Plan::server("gateway:main")
        .knows("bank:lake", nowhere, secret())
        .start()
        .await;
    let at = run.endpoint();
    let gate = run.spy.gate.lock().await;
    let all = (0..100).map(|n| {
        let at = at.clone();
        tokio::spawn(async move {
            let auth = secret();
            By::new("bank:lake", &auth, &claim(attempt(n)))
                .send(&at)
                .await
        })
    });
    let all: Vec<_> = all.collect();
    tokio::time::sleep(5 * SOON).await;
    drop(gate);
    for (n, answer) in (0..).zip(all) {
        assert_eq!(
            answer.await.unwrap().messages(),
            [Message::Granted(attempt(n))]
        );
    }
    let commits = run.spy.commits.load(SeqCst);
    assert!(
        commits <= 5,
        "start, one that waited at the gate, the rest: {commits}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_is_answered_ask_again_and_nothing_is_sent() {
    let nowhere = "http://127.0.0.1:1".parse().unwrap();
    let gateway = Plan::server("gateway:main");
    let at = gateway.endpoint();
    let gateway = gateway.knows("bank:river", nowhere, secret());
    let mut next = Plan::server("bank:next")
        .knows("gateway:main", at, secret())
        .start()
        .await;
    let mut gateway = gateway.knows("bank:next", next.endpoint(), secret());
    gateway.next = Some(party("bank:next"));
    let gateway = gateway.start().await;
    let auth = secret();
    let cancel = Message::CancelPayment(attempt(1));
    let by = By::new("bank:river", &auth, &cancel).to("/v1/cancel-payment");

    gateway.spy.broken.store(true, SeqCst);
    let answer = by.clone().send(&gateway.endpoint()).await;
    assert_eq!((answer.status, answer.body.as_str()), (503, ""));
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    tokio::time::sleep(SOON).await;
    assert_eq!(next.node.inbox().counts().requests, 0, "nothing was sent");
    assert_eq!(gateway.node.inbox().counts().unknown, 1);

    gateway.spy.broken.store(false, SeqCst);
    assert_eq!(by.send(&gateway.endpoint()).await.status, 204);
    tokio::time::sleep(SOON).await;
    assert_eq!(next.node.inbox().counts().requests, 1);
    assert!(
        next.effects.try_recv().is_err(),
        "it granted, and heard nothing back"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_puts_new_requests_off() {
    let nowhere = "http://127.0.0.1:1".parse().unwrap();
    let run = Plan::server("gateway:main")
        .knows("bank:lake", nowhere, secret())
        .start()
        .await;
    let gate = run.spy.gate.lock().await;
    let inbox = run.node.inbox();
    let nobody = party("bank:nowhere");
    for n in 0..QUEUE_NEW_MAX + 300 {
        let n = u64::try_from(n).unwrap();
        inbox
            .tell("flood", Input::Send(nobody, claim(attempt(n))))
            .unwrap();
    }
    let auth = secret();
    let by = By::new("bank:lake", &auth, &claim(attempt(1)));
    let answer = by.clone().send(&run.endpoint()).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    let health = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(
        exchange(&run.endpoint(), health).await.status,
        503,
        "the writer is stuck"
    );
    let more = (0..2000).map(|n| inbox.tell("flood", Input::Send(nobody, claim(attempt(n)))));
    assert!(
        more.filter(Result::is_err).count() > 0,
        "and what is inside has an end too"
    );
    drop(gate);
    tokio::time::sleep(SOON).await;
    let mut by = by;
    by.nonce = Some("later".to_owned());
    assert_eq!(by.send(&run.endpoint()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_fire_in_time_and_survive_a_stop() {
    let bank = Plan::server("bank:river").start().await;
    let auth = app();
    let ask = Message::PayStatus(attempt(1));
    By::new("wallet:ann", &auth, &ask)
        .to("/v1/pay-status")
        .send(&bank.endpoint())
        .await;
    let kept = bank.node.stop().await.unwrap();
    tokio::time::sleep(SOON).await;

    let mut again = Plan::server("bank:river");
    again.store = Some(kept);
    let again = again.start().await;
    let mut feed = By::new("wallet:ann", &auth, &ask).to("/v1/feed");
    (feed.method, feed.body) = ("GET", Vec::new());
    // The message of a timer that fired at once found no mailbox; a new one finds the feed open.
    let other = Message::PayStatus(attempt(2));
    let at = again.endpoint();
    let asked = async {
        tokio::time::sleep(SOON / 4).await;
        By::new("wallet:ann", &auth, &other)
            .to("/v1/pay-status")
            .send(&at)
            .await
    };
    let (feed, _) = tokio::join!(feed.send(&at), asked);
    assert_eq!(feed.messages(), [payment(attempt(2), PaymentState::Paid)]);
    let entries = again
        .node
        .inbox()
        .read(|store| store.entries(&[], 100))
        .await
        .unwrap()
        .unwrap();
    let posted = entries.iter().filter(|entry| entry.cause.what == "ask");
    let orders: Vec<_> = posted.filter_map(|entry| entry.event.order).collect();
    assert_eq!(orders, [attempt(1).order, attempt(2).order]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_commits_and_lets_go_what_was_taken() {
    let (mut bank, gateway) = pair().await;
    let gate = bank.spy.gate.lock().await;
    let inbox = bank.node.inbox();
    for n in 0..100 {
        let send = Input::Send(party("gateway:main"), claim(attempt(n)));
        inbox.tell("send", send).unwrap();
    }
    let stop = tokio::spawn(bank.node.stop());
    tokio::time::sleep(SOON).await;
    drop(gate);
    let mut store = stop.await.unwrap().unwrap();
    assert!(store.entries(&[], 1000).is_ok());
    assert_eq!(bank.spy.committed.load(SeqCst), 101);
    assert_eq!(gateway.node.inbox().counts().requests, 100);
    assert!(inbox.tell("late", Input::Start).is_err());
    assert!(bank.effects.recv().await.is_none(), "the writer is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_written_is_said_at_the_start() {
    let plan = Plan::wallet("wallet:ann");
    plan.spy.broken.store(true, SeqCst);
    let error = plan.try_start().await.err().unwrap();
    assert!(error.to_string().starts_with("open the store: "), "{error}");
    // And a plain memory store is none.
    let mut plan = Plan::wallet("wallet:ann");
    plan.store = Some(store(&plan.spy));
    plan.start().await;
}
