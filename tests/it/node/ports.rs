//! Whatever strangers do to a port.

use super::http::{By, exchange};
use super::toy::{Plan, Run, attempt, claim, secret};
use quittance::message::Message;
use quittance::net::bind;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A node that waits 200 ms for heads and bodies.
async fn impatient() -> Run {
    let nowhere = "http://127.0.0.1:1".parse().unwrap();
    let mut plan = Plan::server("gateway:main").knows("bank:lake", nowhere, secret());
    plan.limits.head = Duration::from_millis(200);
    plan.limits.body = Duration::from_millis(200);
    plan.start().await
}

async fn still_works(run: &Run) {
    let auth = secret();
    let answer = By::new("bank:lake", &auth, &claim(attempt(1)))
        .send(&run.endpoint())
        .await;
    assert_eq!(answer.messages(), [Message::Granted(attempt(1))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_is_refused_and_harms_nobody() {
    let run = impatient().await;
    let at = run.endpoint();
    for junk in [
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"POST /v1/claim HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST /v1/claim HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nabc".to_vec(),
        [b"GET /", &vec![b'a'; 100_000][..], b" HTTP/1.1\r\n\r\n"].concat(),
        [
            b"GET / HTTP/1.1\r\nx: ",
            &vec![b'a'; 100_000][..],
            b"\r\n\r\n",
        ]
        .concat(),
        b"a: b\r\n".repeat(10_000),
    ] {
        let answer = exchange(&at, &junk).await;
        assert!(
            (400..500).contains(&answer.status) || answer.status == 0,
            "{answer:?}"
        );
    }
    for path in [
        "/",
        "/v1/nothing",
        "/1/../etc/passwd",
        "/1/%2e%2e",
        "//1",
        "/v1/claim/",
    ] {
        let get = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert_eq!(exchange(&at, get.as_bytes()).await.status, 404, "{path}");
    }
    let put = b"PUT /v1/claim HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(&at, put).await.status, 405);
    let health = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(&at, health).await.status, 200);
    assert_eq!(run.node.inbox().counts().inputs, 1, "nothing but the start");
    still_works(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_megabytes_are_refused_before_they_are_read() {
    let run = impatient().await;
    let body = vec![b'x'; 10_000_000];
    let head = "POST /v1/claim HTTP/1.1\r\nhost: x\r\n";
    let said = format!("{head}content-length: {}\r\n\r\n", body.len());
    assert_eq!(
        exchange(&run.endpoint(), said.as_bytes()).await.status,
        413,
        "nothing was sent yet"
    );
    let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n989680\r\n").into_bytes();
    chunked.extend_from_slice(&body);
    let answer = exchange(&run.endpoint(), &chunked).await;
    assert!(
        answer.status == 413 || answer.status == 0,
        "refused or cut off: {answer:?}"
    );
    still_works(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_slowly_is_cut_off() {
    let run = impatient().await;
    let mut head = TcpStream::connect(run.endpoint().authority())
        .await
        .unwrap();
    let slow = async {
        for byte in b"POST /v1/claim HTTP/1.1\r\nhost: x\r\n".iter().cycle() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if head.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), slow)
        .await
        .expect("the head is cut off");
    let body = b"POST /v1/claim HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    assert_eq!(exchange(&run.endpoint(), body).await.status, 408);
    still_works(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_drop_anywhere_harm_nobody() {
    let run = impatient().await;
    let request = b"POST /v1/claim HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    for cut in 0..request.len() {
        let mut socket = TcpStream::connect(run.endpoint().authority())
            .await
            .unwrap();
        socket.write_all(&request[..cut]).await.unwrap();
    }
    let mut socket = TcpStream::connect(run.endpoint().authority())
        .await
        .unwrap();
    socket.write_all(&request[..30]).await.unwrap();
    socket.shutdown().await.unwrap();
    drop(socket.read(&mut [0; 100]).await);
    still_works(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_or_not_loopback_is_said_clearly() {
    let run = impatient().await;
    let address = run.node.address().unwrap();
    let error = bind(address).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("listen on {address}: Address already in use")),
        "{error}"
    );
    let error = bind("0.0.0.0:0".parse().unwrap()).unwrap_err().to_string();
    assert_eq!(
        error,
        "listen on 0.0.0.0:0: plain http is for loopback addresses only"
    );
    // What a stopped node leaves can be taken at once.
    run.node.stop().await.unwrap();
    assert!(bind(address).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_peer_costs_a_counter_and_nobody_else() {
    let dead = super::toy::endpoint(&super::toy::listener());
    let alive = Plan::server("gateway:main");
    let bank = Plan::server("bank:river");
    let (bank_at, alive_at) = (bank.endpoint(), alive.endpoint());
    let _alive = alive.knows("bank:river", bank_at, secret()).start().await;
    let bank = bank
        .knows("gateway:main", alive_at, secret())
        .knows("bank:dead", dead, secret());
    let mut bank = bank.start().await;
    for n in 0..10 {
        for to in ["bank:dead", "gateway:main", "bank:unknown"] {
            let send = super::toy::Input::Send(super::toy::party(to), claim(attempt(n)));
            bank.node.inbox().ask("send", send).await.unwrap();
        }
        bank.heard().await;
    }
    // A send is counted after its input was answered, so the last one may still be on its way.
    let dropped = || bank.node.inbox().counts().sends_dropped;
    for _ in 0..500 {
        if dropped() == 10 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let counts = bank.node.inbox().counts();
    assert_eq!(counts.sends_dropped, 10, "nobody knows that bank");
    assert!((1..=10).contains(&counts.calls_failed), "{counts:?}");
}
