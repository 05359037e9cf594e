//! Requests and answers: who is believed, what is answered, what travels between nodes.

use super::toy::{
    Plan, Run, app, attempt, claim, heard, listener, pair, party, payment, secret, text,
};
use hyper::HeaderMap;
use quittance::code::sealed::Blob;
use quittance::id::Party;
use quittance::message::Message;
use quittance::net::signature::{Target, sign_request};
use quittance::net::{Auth, Endpoint};
use quittance::order::PaymentState;
use quittance::time::{Span, Time};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request by hand.
#[derive(Clone)]
pub(super) struct By<'a> {
    pub(super) me: Party,
    pub(super) auth: &'a Auth,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) body: Vec<u8>,
    pub(super) headers: HeaderMap,
    pub(super) authority: Option<String>,
    pub(super) created: Time,
    pub(super) nonce: Option<String>,
    pub(super) signs: bool,
}

pub(super) fn now() -> Time {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Time::from_nanos(u64::try_from(since.as_nanos()).unwrap())
}

impl<'a> By<'a> {
    pub(super) fn new(me: &str, auth: &'a Auth, message: &Message) -> Self {
        Self {
            me: party(me),
            auth,
            method: "POST",
            path: "/v1/claim",
            body: serde_json::to_vec(message).unwrap(),
            headers: HeaderMap::new(),
            authority: None,
            created: now(),
            nonce: None,
            signs: true,
        }
    }

    pub(super) fn to(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    /// Sends it on a connection of its own: status, headers and body.
    pub(super) async fn send(self, at: &Endpoint) -> Answer {
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let nonce = self
            .nonce
            .unwrap_or_else(|| format!("by-hand-{}", NONCE.fetch_add(1, Ordering::SeqCst)));
        let mut headers = HeaderMap::new();
        let target = Target {
            method: self.method,
            authority: self.authority.as_deref().unwrap_or_else(|| at.authority()),
            path: self.path,
        };
        if self.signs {
            sign_request(
                (&self.me, self.auth),
                target,
                &mut headers,
                &self.body,
                (self.created, &nonce),
            );
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let mut text = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\n",
            self.method,
            self.path,
            at.authority()
        );
        for (name, value) in &headers {
            write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
        write!(
            text,
            "content-length: {}\r\nconnection: close\r\n\r\n",
            self.body.len()
        )
        .unwrap();
        exchange(at, &[text.as_bytes(), &self.body].concat()).await
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn messages(&self) -> Vec<Message> {
        let lines = self.body.lines().filter(|line| line.starts_with('{'));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Writes bytes, and reads until the node closes; fails the test after 5 s.
pub(super) async fn exchange(at: &Endpoint, bytes: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(at.authority()).await.unwrap();
    let (mut from, mut to) = socket.split();
    let mut all = Vec::new();
    let both = async {
        // A node that refuses a body hangs up while it is still being written.
        let (_, _) = tokio::join!(to.write_all(bytes), from.read_to_end(&mut all));
    };
    tokio::time::timeout(Duration::from_secs(5), both)
        .await
        .expect("the node hangs up within 5 s");
    let all = String::from_utf8(all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or((all.as_str(), ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = if head.contains("transfer-encoding: chunked") {
        unchunk(body)
    } else {
        body.to_owned()
    };
    Answer {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        body,
    }
}

fn unchunk(mut text: &str) -> String {
    let mut out = String::new();
    while let Some((len, rest)) = text.split_once("\r\n") {
        let (chunk, rest) = rest.split_at(usize::from_str_radix(len, 16).unwrap());
        out += chunk;
        text = rest.strip_prefix("\r\n").unwrap();
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_between_servers_is_answered_and_the_answer_is_an_input() {
    let (mut bank, gateway) = pair().await;
    let inbox = bank.node.inbox();
    for n in 0..200 {
        let send = super::toy::Input::Send(party("gateway:main"), claim(attempt(n)));
        inbox.ask("send", send).await.unwrap();
    }
    let mut all = Vec::new();
    for _ in 0..200 {
        all.push(bank.heard().await);
    }
    all.sort();
    let expected: Vec<_> = (0..200)
        .map(|n| text(&heard(&Message::Granted(attempt(n)))))
        .collect();
    assert_eq!(all, expected);
    assert_eq!(gateway.node.inbox().counts().requests, 200);
    assert_eq!(bank.node.inbox().counts().calls_failed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_at_once_share_requests_and_none_is_lost() {
    let (mut bank, gateway) = pair().await;
    let inbox = bank.node.inbox();
    let gate = bank.spy.gate.lock().await;
    for n in 0..500 {
        let send = super::toy::Input::Send(party("gateway:main"), claim(attempt(n)));
        inbox.tell("send", send).unwrap();
    }
    drop(gate);
    for _ in 0..500 {
        bank.heard().await;
    }
    assert_eq!(gateway.node.inbox().counts().requests, 500);
    assert_eq!(bank.node.inbox().counts().sends_dropped, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_hears_processing_and_then_paid_on_one_request() {
    let bank = Plan::server("bank:river").start().await;
    let mut wallet = Plan::wallet("wallet:ann")
        .knows("bank:river", bank.endpoint(), app())
        .start()
        .await;
    let ask = super::toy::Input::Send(party("bank:river"), Message::PayStatus(attempt(1)));
    wallet.node.inbox().ask("send", ask).await.unwrap();
    for state in [PaymentState::Processing, PaymentState::Paid] {
        assert_eq!(
            wallet.heard().await,
            text(&heard(&payment(attempt(1), state)))
        );
    }
    assert_eq!(bank.node.inbox().counts().requests, 1);
    let ask = super::toy::Input::Send(party("bank:river"), Message::PayStatus(attempt(1000)));
    wallet.node.inbox().ask("send", ask).await.unwrap();
    assert!(
        wallet.heard().await.ends_with("REFUSED"),
        "a final answer is the only line"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_line_by_line_ends_with_the_final_one() {
    let bank = Plan::server("bank:river").start().await;
    let auth = app();
    let ask = Message::PayStatus(attempt(1));
    let mut by = By::new("wallet:ann", &auth, &ask).to("/v1/pay-status");
    by.headers
        .insert("accept", "application/x-ndjson".parse().unwrap());
    let answer = by.clone().send(&bank.endpoint()).await;
    let lines =
        [PaymentState::Processing, PaymentState::Paid].map(|state| payment(attempt(1), state));
    assert_eq!(answer.messages(), lines);
    assert!(
        answer.head.contains("application/x-ndjson"),
        "{}",
        answer.head
    );
    by.headers.clear();
    let plain = by.send(&bank.endpoint()).await;
    assert_eq!(
        plain.messages(),
        [payment(attempt(1), PaymentState::Processing)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_waits_for_mail_and_brings_it() {
    let bank = Plan::server("bank:river").start().await;
    let auth = app();
    let mut feed = By::new("wallet:ann", &auth, &claim(attempt(0))).to("/v1/feed");
    (feed.method, feed.body) = ("GET", Vec::new());
    let at = bank.endpoint();
    let ask = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let ask = Message::PayStatus(attempt(7));
        By::new("wallet:ann", &auth, &ask)
            .to("/v1/pay-status")
            .send(&at)
            .await
    };
    let (feed, ask) = tokio::join!(feed.send(&at), ask);
    assert_eq!(
        ask.messages(),
        [payment(attempt(7), PaymentState::Processing)]
    );
    assert_eq!(
        (feed.status, feed.messages()),
        (200, vec![payment(attempt(7), PaymentState::Paid)])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_behind_its_router_polls_and_answers() {
    let gateway = Plan::server("gateway:main");
    let mut gateway = gateway.knows(
        "terminal:till",
        "http://127.0.0.1:1".parse().unwrap(),
        secret(),
    );
    gateway
        .directory
        .peers
        .get_mut(&party("terminal:till"))
        .unwrap()
        .endpoint = None;
    let gateway = gateway.start().await;
    let terminal = Plan::wallet("terminal:till");
    let mut terminal = terminal.knows("gateway:main", gateway.endpoint(), secret());
    terminal
        .directory
        .peers
        .get_mut(&party("gateway:main"))
        .unwrap()
        .poll = true;
    let mut terminal = terminal.start().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let slip = super::toy::Input::Send(party("terminal:till"), Message::PaidHeard(attempt(3)));
    gateway.node.inbox().ask("send", slip).await.unwrap();
    assert_eq!(
        terminal.heard().await,
        text(&heard(&Message::PaidHeard(attempt(3))))
    );
}

/// Sends it to a fresh node, which must answer 401, an empty body, and hand nothing to its role.
async fn refused(what: &str, change: impl FnOnce(&mut By<'_>)) {
    let run = server_that_knows_all().await;
    let auth = secret();
    let mut by = By::new("bank:lake", &auth, &claim(attempt(1)));
    change(&mut by);
    let answer = by.send(&run.endpoint()).await;
    assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{what}");
    assert!(
        answer.head.contains("content-length: 0"),
        "{what}: {}",
        answer.head
    );
    let counts = run.node.inbox().counts();
    assert_eq!(
        (counts.requests, counts.unauthenticated, counts.inputs),
        (0, 1, 1),
        "{what}"
    );
}

pub(super) async fn server_that_knows_all() -> Run {
    let nowhere: Endpoint = "http://127.0.0.1:1".parse().unwrap();
    Plan::server("gateway:main")
        .knows("bank:lake", nowhere, secret())
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_prove_who_they_are_hears_nothing_but_401() {
    refused("unsigned", |by| by.signs = false).await;
    refused("an unknown party", |by| by.me = party("bank:sea")).await;
    let other = Auth::Shared(quittance::net::Secret::new([1; 32]));
    let run = server_that_knows_all().await;
    let answer = By::new("bank:lake", &other, &claim(attempt(1)))
        .send(&run.endpoint())
        .await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (401, ""),
        "another secret"
    );
    refused("stale", |by| by.created = now().before(Span::seconds(62))).await;
    refused("ahead", |by| by.created = now().after(Span::seconds(62))).await;
    refused("for another server", |by| {
        by.authority = Some("127.0.0.1:9".to_owned());
    })
    .await;
    refused("another digest", |by| {
        let digest = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
        by.headers.insert("content-digest", digest.parse().unwrap());
    })
    .await;
    refused("another signature", |by| {
        by.headers.insert("signature", "q=:AAAA:".parse().unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nonce_counts_once() {
    let run = server_that_knows_all().await;
    let auth = secret();
    let mut by = By::new("bank:lake", &auth, &claim(attempt(1)));
    by.nonce = Some("once".to_owned());
    assert_eq!(by.clone().send(&run.endpoint()).await.status, 200);
    let again = by.clone().send(&run.endpoint()).await;
    assert_eq!((again.status, again.body.as_str()), (401, ""));
    by.nonce = Some("twice".to_owned());
    assert_eq!(by.send(&run.endpoint()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_comes_with_its_banks_name() {
    let run = server_that_knows_all().await;
    let auth = app();
    let answer = By::new("wallet:ann", &auth, &claim(attempt(1)))
        .send(&run.endpoint())
        .await;
    assert_eq!(answer.messages(), [Message::Granted(attempt(1))]);
    let entries = run
        .node
        .inbox()
        .read(|store| store.entries(&[], 10))
        .await
        .unwrap()
        .unwrap();
    let event = &entries.last().unwrap().event;
    assert_eq!(event.peer, Some(party("wallet:ann")));
    assert_eq!(
        event.note.as_ref().map(quittance::text::Text::as_str),
        Some("river")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_gives_everybody_a_page_and_only_bank_apps_an_answer() {
    let run = server_that_knows_all().await;
    let at = run.endpoint();
    let get = |path: &str| {
        let head = "user-agent: Mozilla/5.0\r\nhost: x\r\nconnection: close";
        format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n")
    };
    let page = exchange(&at, get("/1").as_bytes()).await;
    assert_eq!(page.status, 200);
    for header in [
        "cache-control: no-store",
        "vary: Accept, User-Agent",
        "referrer-policy: no-referrer",
        "content-security-policy: default-src 'none'",
    ] {
        assert!(page.head.contains(header), "{header} in {}", page.head);
    }
    assert!(page.body.contains("href=\"/1/river\""), "{}", page.body);
    let river = exchange(&at, get("/1/river").as_bytes()).await;
    assert!(river.body.contains("app of River"), "{}", river.body);
    let unknown = exchange(&at, get("/1/no-such-bank").as_bytes()).await;
    assert_eq!(unknown.body, page.body);
    assert_eq!(
        exchange(&at, get("/1/river?a=b").as_bytes()).await.status,
        404
    );

    let auth = app();
    let code = Blob::from(&[1, 2, 3][..]);
    let mut by = By::new("wallet:ann", &auth, &claim(attempt(1))).to("/1/river");
    by.body = quittance::code::link::digits(&code).into_bytes();
    // The toy does not answer `open`; it hears it.
    assert_eq!(by.clone().send(&at).await.status, 204);
    by.signs = false;
    assert_eq!(by.send(&at).await.status, 401);
    assert_eq!(run.node.inbox().counts().requests, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_posts_its_open_to_the_link_if_told_so() {
    let mut run = server_that_knows_all().await;
    let wallet = Plan::wallet("wallet:ann");
    let mut wallet = wallet.knows("gateway:main", run.endpoint(), app());
    wallet
        .directory
        .peers
        .get_mut(&party("gateway:main"))
        .unwrap()
        .by_link = true;
    let wallet = wallet.start().await;
    let open = Message::Open(std::sync::Arc::new(quittance::message::Open {
        code: Blob::from(&[1, 2, 3][..]),
        path_bank: Some("river".parse().unwrap()),
    }));
    let send = super::toy::Input::Send(party("gateway:main"), open);
    wallet.node.inbox().ask("send", send).await.unwrap();
    assert!(run.heard().await.starts_with("open"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_the_message_of_its_path_is_400() {
    let run = server_that_knows_all().await;
    let auth = secret();
    for (path, body) in [
        ("/v1/claim", "{"),
        ("/v1/claim", ""),
        ("/v1/claim", "null"),
        ("/v1/claim", "{\"claim\":{}}"),
        ("/v1/claim", "{\"no-such\":{}}"),
        ("/v1/batch", "{\"claim\":"),
    ] {
        let mut by = By::new("bank:lake", &auth, &claim(attempt(1))).to(path);
        by.body = body.as_bytes().to_vec();
        let answer = by.send(&run.endpoint()).await;
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.body);
    }
    let other = By::new("bank:lake", &auth, &claim(attempt(1))).to("/v1/paid-heard");
    assert_eq!(other.send(&run.endpoint()).await.status, 400);
    assert_eq!(run.node.inbox().counts().inputs, 1);
    let refused = Message::VoidOrder(std::sync::Arc::new(quittance::message::VoidOrder {
        code: Blob::from(&[1][..]),
    }));
    let answer = By::new("bank:lake", &auth, &refused)
        .to("/v1/void-order")
        .send(&run.endpoint())
        .await;
    assert!(
        matches!(answer.messages()[..], [Message::Refused(_)]),
        "not admitted: {answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_that_cannot_be_read_is_answered_as_one_with_a_bad_code() {
    let mut run = server_that_knows_all().await;
    let auth = app();
    let bad = Message::Open(std::sync::Arc::new(quittance::message::Open {
        code: Blob::from(&[1, 2, 3][..]),
        path_bank: None,
    }));
    let mut answers = Vec::new();
    let by = By::new("wallet:ann", &auth, &bad).to("/v1/open");
    for body in ["", "{", "null", "{\"open\":{}}", "{\"claim\":{}}"] {
        let mut by = by.clone();
        by.body = body.as_bytes().to_vec();
        let answer = by.send(&run.endpoint()).await;
        answers.push((answer.status, answer.body));
        // The role decides, as on every other code.
        assert!(run.heard().await.starts_with("open"), "{body}");
    }
    let genuine = by.send(&run.endpoint()).await;
    let genuine = (genuine.status, genuine.body);
    assert!(
        answers.iter().all(|answer| *answer == genuine),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_its_server_did_not_sign_is_not_believed() {
    let liar = tokio::net::TcpListener::from_std(listener()).unwrap();
    let at = Endpoint::from(liar.local_addr().unwrap());
    let mut bank = Plan::server("bank:river")
        .knows("gateway:main", at, secret())
        .start()
        .await;
    let send = super::toy::Input::Send(party("gateway:main"), claim(attempt(1)));
    bank.node.inbox().ask("send", send).await.unwrap();
    let (mut socket, _) = liar.accept().await.unwrap();
    let mut buffer = [0; 4096];
    assert!(socket.read(&mut buffer).await.unwrap() > 0);
    let body = serde_json::to_string(&Message::Granted(attempt(1))).unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(answer.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(bank.node.inbox().counts().calls_failed, 1);
    assert!(bank.effects.try_recv().is_err(), "nothing was heard");
}
