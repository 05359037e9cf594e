//! What leaves a node: one outlet per peer that can be dialled.
//!
//! Messages that wait for one peer travel together: `POST /v1/batch`, one JSON value per line,
//! answered line by line. Why: between servers an exchange costs tens of microseconds, most of it
//! not in the message; a group commit releases many messages for the same few peers at once, and
//! under load, when all of a peer's calls are busy, more gather by themselves. A lone message still
//! leaves at once, as `POST /v1/<kind>`.

use super::line::{Ask, CallError, Line, Reply};
use super::node::{Phase, Shared, reached};
use super::wire;
use crate::message::{BODY_BYTES_MAX, Message};
use crate::roles::Role;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::Method;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

/// The most messages in one request.
pub const BATCH_MAX: usize = 64;
/// How many requests to one server may be under way at once; then messages gather. Why so few: a
/// request costs a signature or two and a commit on either side however many messages it brings,
/// and with a second one no message waits for a whole answer.
const CALLS_MAX: usize = 2;
/// As [`CALLS_MAX`], for a node that does not listen: its payments' answers stay open for a while.
const OPEN_CALLS_MAX: usize = 256;
/// After a feed that could not be read.
const POLL_PAUSE: Duration = Duration::from_secs(1);

/// Sends what the role sent to one peer, until the node's last commit.
pub(super) async fn outlet<R: Role + 'static>(
    shared: Arc<Shared<R>>,
    line: Arc<Line>,
    mut messages: mpsc::Receiver<Message>,
    mut phase: watch::Receiver<Phase>,
) {
    let (calls, batch) = if line.is_between_servers() {
        (CALLS_MAX, BATCH_MAX)
    } else {
        (OPEN_CALLS_MAX, 1)
    };
    let free = Arc::new(Semaphore::new(calls));
    let mut last = false;
    while let Ok(permit) = Arc::clone(&free).acquire_owned().await {
        let mut some = Vec::new();
        let more = tokio::select! {
            biased;
            count = messages.recv_many(&mut some, batch) => count > 0,
            () = reached(&mut phase, Phase::Written), if !last => {
                messages.close();
                last = true;
                continue;
            }
        };
        if !more {
            break;
        }
        tokio::spawn(call(Arc::clone(&shared), Arc::clone(&line), some, permit));
    }
    let all = u32::try_from(calls).unwrap_or(u32::MAX);
    drop(free.acquire_many(all).await);
}

/// Asks a peer for mail, again and again, while the node runs.
pub(super) async fn poll<R: Role + 'static>(
    shared: Arc<Shared<R>>,
    line: Arc<Line>,
    mut phase: watch::Receiver<Phase>,
) {
    loop {
        let ask = Ask {
            method: Method::GET,
            path: "/v1/feed",
            body: Bytes::new(),
            lines: true,
        };
        let wait = shared.limits.call + shared.limits.mail;
        let mail = async {
            let nonce = shared.nonces.next();
            let reply = line
                .ask(&shared.me, ask, (shared.clock.now(), &nonce))
                .await?;
            wire::messages(&line.read(reply).await?).map_err(|_malformed| CallError::Message)
        };
        let mail = tokio::select! {
            mail = tokio::time::timeout(wait, mail) => mail.unwrap_or(Err(CallError::Late)),
            () = reached(&mut phase, Phase::Closing) => return,
        };
        match mail {
            Ok(mail) => mail
                .into_iter()
                .for_each(|m| shared.take_answer(line.party, m)),
            Err(_tried_again) => {
                shared.counters.calls_failed.fetch_add(1, Relaxed);
                tokio::time::sleep(POLL_PAUSE).await;
            }
        }
    }
}

async fn call<R: Role + 'static>(
    shared: Arc<Shared<R>>,
    line: Arc<Line>,
    mut messages: Vec<Message>,
    permit: OwnedSemaphorePermit,
) {
    messages
        .iter_mut()
        .for_each(|message| shared.role.release(message));
    let mut rest = messages.as_slice();
    while !rest.is_empty() {
        let (body, taken) = pack(rest);
        let (these, others) = rest.split_at(taken);
        rest = others;
        let failed = match these {
            [one] => single(&shared, &line, one, body).await.is_err(),
            several => batch(&shared, &line, several.len(), body).await.is_err(),
        };
        if failed {
            shared.counters.calls_failed.fetch_add(1, Relaxed);
        }
    }
    drop(permit);
}

/// As many of the messages as one body takes, one per line: at least one.
fn pack(messages: &[Message]) -> (Bytes, usize) {
    let mut body = BytesMut::with_capacity(1024 * messages.len());
    for (taken, message) in messages.iter().enumerate() {
        let before = body.len();
        wire::write_line(message, &mut body);
        if taken > 0 && body.len() > BODY_BYTES_MAX {
            body.truncate(before);
            return (body.freeze(), taken);
        }
    }
    (body.freeze(), messages.len())
}

async fn batch<R: Role + 'static>(
    shared: &Shared<R>,
    line: &Line,
    count: usize,
    body: Bytes,
) -> Result<(), CallError> {
    let exchange = async {
        let ask = Ask {
            method: Method::POST,
            path: "/v1/batch",
            body,
            lines: false,
        };
        let nonce = shared.nonces.next();
        let reply = line
            .ask(&shared.me, ask, (shared.clock.now(), &nonce))
            .await?;
        line.read(reply).await
    };
    let answer = tokio::time::timeout(shared.limits.call, exchange).await;
    let answer = answer.map_err(|_elapsed| CallError::Late)??;
    let answers = wire::messages(&answer).map_err(|_malformed| CallError::Message)?;
    let answers = answers.into_iter().take(count);
    answers.for_each(|message| shared.take_answer(line.party, message));
    Ok(())
}

async fn single<R: Role + 'static>(
    shared: &Shared<R>,
    line: &Line,
    message: &Message,
    body: Bytes,
) -> Result<(), CallError> {
    let (path, body) = match message {
        Message::Open(open) if line.by_link => wire::link_of(open),
        other => (format!("/v1/{}", other.kind()), body),
    };
    let lines = !shared.listens && !line.is_between_servers();
    let exchange = async {
        let ask = Ask {
            method: Method::POST,
            path: &path,
            body,
            lines,
        };
        let nonce = shared.nonces.next();
        let reply = line
            .ask(&shared.me, ask, (shared.clock.now(), &nonce))
            .await?;
        if lines && reply.has_lines() {
            return Ok(Err(reply));
        }
        line.read(reply).await.map(Ok)
    };
    let answer = tokio::time::timeout(shared.limits.call, exchange).await;
    match answer.map_err(|_elapsed| CallError::Late)?? {
        Ok(whole) => {
            let answers = wire::messages(&whole).map_err(|_malformed| CallError::Message)?;
            let answers = answers.into_iter().take(1);
            answers.for_each(|message| shared.take_answer(line.party, message));
            Ok(())
        }
        Err(open) => {
            let follow = follow(shared, line, open);
            let wait = shared.limits.call + shared.limits.mail;
            tokio::time::timeout(wait, follow)
                .await
                .map_err(|_elapsed| CallError::Late)?
        }
    }
}

/// Takes each line as it comes.
async fn follow<R: Role + 'static>(
    shared: &Shared<R>,
    line: &Line,
    mut reply: Reply,
) -> Result<(), CallError> {
    let mut text = BytesMut::new();
    while let Some(frame) = reply.response.body_mut().frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        text.extend_from_slice(&data);
        while let Some(end) = memchr::memchr(b'\n', &text) {
            let whole = text.split_to(end + 1);
            let messages = wire::messages(&whole).map_err(|_malformed| CallError::Message)?;
            messages
                .into_iter()
                .for_each(|m| shared.take_answer(line.party, m));
        }
        if text.len() > BODY_BYTES_MAX {
            return Err(CallError::Body);
        }
    }
    line.done(reply);
    Ok(())
}
