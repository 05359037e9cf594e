//! What a node answers over HTTP/1.1.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/<message>` | the reply as JSON, `204` if there is none |
//! | the same, accepting `application/x-ndjson` | the reply, and while it is provisional the next |
//! | `POST /v1/batch`, one message per line | a reply or `null` per line |
//! | `GET /v1/feed` | mail for a party that cannot be dialled, one per line; `204` after a while |
//! | `POST /1`, `POST /1/<bank>` | the order for the code in the body: the link, for bank apps |
//! | `GET /1`, `GET /1/<bank>` | at a gateway: a page to choose one's bank on |
//! | `POST /v1/operator/<question>` | what an operator may see: see [`operator`] |
//! | `GET /healthz` | `200` while the writer is at work, else `503` |
//!
//! Whoever cannot prove who they are hears `401` with an empty body; a full queue and a commit
//! whose outcome is unknown are `503` with `Retry-After`, to be asked again under the same key.
//!
//! Why hyper alone and no framework: six fixed routes need no router, and body, limits and
//! time-outs are ours to say. Plain HTTP, on loopback; TLS belongs in [`accept`], between socket
//! and HTTP.

use super::line::{JSON, LINES};
use super::mail::Listener;
use super::node::{Phase, Shared, reached};
use super::operator::{self, Question};
use super::page::Guest;
use super::queue::{Answer, Full, Waiter};
use super::replay::Nonce;
use super::reply::Body;
use super::signature::{self, AuthError, Target, Who};
use super::wire;
use crate::id::{Name, PartyKind};
use crate::message::{BODY_BYTES_MAX, Message, MessageKind, Sender};
use crate::roles::{Role, Taken};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many connections are open at once; the next waits in the system's queue.
pub const CONNECTIONS_MAX: usize = 2048;
/// How much of a request's head, or of a body at a time, is held.
const BUFFER_MAX: usize = 16 * 1024;
/// How long the writer may take to come round before the node is called ill.
const HEALTH: Duration = Duration::from_secs(1);
/// When the system cannot accept (no file handles left), before it is asked again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections while the node runs.
pub(super) async fn accept<R: Role + 'static>(
    shared: Arc<Shared<R>>,
    listener: TcpListener,
    free: Arc<Semaphore>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut connections = JoinSet::new();
    while let Ok(permit) = Arc::clone(&free).acquire_owned().await {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = reached(&mut phase, Phase::Closing) => break,
        };
        match accepted {
            Ok((socket, _)) => {
                connections.spawn(serve(Arc::clone(&shared), socket, phase.clone(), permit));
            }
            Err(_for_a_while) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve<R: Role + 'static>(
    shared: Arc<Shared<R>>,
    socket: TcpStream,
    mut phase: watch::Receiver<Phase>,
    permit: OwnedSemaphorePermit,
) {
    drop(socket.set_nodelay(true)); // only slower without
    let head = shared.limits.head;
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(&shared, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(BUFFER_MAX)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    // A connection that breaks is its client's matter: what it asked is committed or it is not.
    tokio::select! {
        done = connection.as_mut() => drop(done),
        () = reached(&mut phase, Phase::Closing) => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
    drop(permit);
}

/// What a path and a method ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Message(MessageKind),
    Batch,
    Link(Option<Name>),
    Feed,
    Operator(Question),
    Page(Option<Name>),
    Health,
}

/// The route, or what is allowed on the path, or `None` for a path that is not.
fn route(method: &Method, path: &str) -> Result<Route, Option<&'static str>> {
    let (get, post) = (
        *method == Method::GET || *method == Method::HEAD,
        *method == Method::POST,
    );
    let when = |allowed, method: &'static str, route| {
        if allowed {
            Ok(route)
        } else {
            Err(Some(method))
        }
    };
    if path == "/1" || path.starts_with("/1/") {
        let bank = path.strip_prefix("/1/").map(str::parse).transpose();
        let bank = bank.map_err(|_no_name| None)?;
        let link = if post {
            Route::Link(bank)
        } else {
            Route::Page(bank)
        };
        return when(get || post, "GET, HEAD, POST", link);
    }
    match path {
        "/healthz" => when(get, "GET, HEAD", Route::Health),
        "/v1/feed" => when(*method == Method::GET, "GET", Route::Feed),
        "/v1/batch" => when(post, "POST", Route::Batch),
        _ if path.starts_with(operator::PATH) => {
            let question = path.strip_prefix(operator::PATH);
            let question = question.and_then(|word| word.parse().ok());
            when(post, "POST", Route::Operator(question.ok_or(None)?))
        }
        _ => {
            let kind = path.strip_prefix("/v1/").and_then(|kind| kind.parse().ok());
            when(post, "POST", Route::Message(kind.ok_or(None)?))
        }
    }
}

async fn respond<R: Role + 'static>(
    shared: &Arc<Shared<R>>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let route = match route(&head.method, head.uri.path()) {
        Ok(route) if head.uri.query().is_none() => route,
        Ok(_) | Err(None) => return status(StatusCode::NOT_FOUND),
        Err(Some(allowed)) => {
            let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(allowed));
            return response;
        }
    };
    match route {
        Route::Page(bank) => {
            let guest = Guest::of(&head.method, &head.headers);
            let page = shared.landing.as_ref();
            return page.map_or_else(
                || status(StatusCode::NOT_FOUND),
                |page| page.answer(bank, guest),
            );
        }
        Route::Health => return status(health(shared).await),
        Route::Message(_) | Route::Batch | Route::Link(_) | Route::Feed | Route::Operator(_) => {}
    }
    let arrived = Instant::now();
    let body = match read(body, shared.limits.body).await {
        Ok(body) => body,
        Err(code) => return status(code),
    };
    let (who, secret) = match sender(shared, &head, &body) {
        Ok(proof) => proof,
        Err(code) => return status(code),
    };
    let response = match (route, who) {
        (Route::Operator(question), Who::Operator(_)) => {
            operator::answer(shared, question, &body).await
        }
        (Route::Operator(_), Who::Party(_)) | (_, Who::Operator(_)) => {
            shared.counters.unauthenticated.fetch_add(1, Relaxed);
            return status(StatusCode::UNAUTHORIZED);
        }
        (route, Who::Party(sender)) => {
            let lines = head.headers.get(ACCEPT) == Some(&LINES);
            let exchange = Exchange {
                shared,
                sender,
                lines,
                arrived,
            };
            exchange.answer(route, &body).await
        }
    };
    let asked = signature::signature_of(&head.headers);
    match secret.zip(asked) {
        Some((secret, asked)) => signed(response, secret, asked),
        None => response,
    }
}

/// Whether the writer comes round within a second, as a question to the store would find.
async fn health<R: Role + 'static>(shared: &Shared<R>) -> StatusCode {
    let (asked, answer) = oneshot::channel();
    let asked = shared
        .queue
        .read(move |_| asked.send(()).unwrap_or_default());
    let answer = tokio::time::timeout(HEALTH, answer).await;
    match (asked, answer) {
        (Ok(()), Ok(Ok(()))) => StatusCode::OK,
        _full_or_stopped_or_stuck => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The whole body, if it is short enough and comes in time.
async fn read(body: Incoming, wait: Duration) -> Result<Bytes, StatusCode> {
    use hyper::body::Body as _;
    if body.size_hint().lower() > u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let whole = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(wait, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Ok(Err(_broken)) => Err(StatusCode::BAD_REQUEST),
        Err(_elapsed) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

type Proved<'a> = (Who, Option<&'a super::directory::Secret>);

/// Who sent it: the signature holds, it was meant for this node, is fresh, and comes the first
/// time.
fn sender<'a, R: Role>(
    shared: &'a Shared<R>,
    head: &'a hyper::http::request::Parts,
    body: &[u8],
) -> Result<Proved<'a>, StatusCode> {
    let now = shared.clock.now();
    let mut hosts = head.headers.get_all(HOST).iter();
    let authority = hosts
        .next()
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let mine = shared
        .authorities
        .iter()
        .any(|name| name.eq_ignore_ascii_case(authority));
    let target = Target {
        method: head.method.as_str(),
        authority,
        path: head.uri.path(),
    };
    let proof = if mine && hosts.next().is_none() {
        signature::verify_request(&shared.directory, target, &head.headers, body, now)
    } else {
        Err(AuthError::NotHere)
    };
    let nonce = proof.map(|proof| {
        let mut replay = shared.replay.lock().unwrap_or_else(PoisonError::into_inner);
        (proof, replay.see(now, proof.key_id, proof.nonce))
    });
    match nonce {
        Ok((proof, Nonce::New)) => Ok((proof.who, proof.secret)),
        Ok((_, Nonce::Full)) => {
            shared.counters.shed.fetch_add(1, Relaxed);
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
        Ok((_, Nonce::Seen)) | Err(_) => {
            shared.counters.unauthenticated.fetch_add(1, Relaxed);
            Err(StatusCode::UNAUTHORIZED)
        }
    }
}

/// One believed request.
struct Exchange<'a, R: Role> {
    shared: &'a Arc<Shared<R>>,
    sender: Sender,
    /// Whether further lines may follow the reply.
    lines: bool,
    /// When its head was here.
    arrived: Instant,
}

impl<R: Role + 'static> Exchange<'_, R> {
    async fn answer(&self, route: Route, body: &[u8]) -> Response<Body> {
        match route {
            Route::Message(MessageKind::Open) => {
                self.message(Ok(vec![wire::open_in(body)]), None).await
            }
            Route::Message(kind) => {
                let message = wire::messages(body).map_err(|error| error.to_string());
                self.message(message, Some(kind)).await
            }
            Route::Link(bank) => {
                let open = wire::open_of(bank, body);
                self.message(Ok(vec![open]), None).await
            }
            Route::Batch => self.batch(body).await,
            Route::Feed => self.feed().await,
            Route::Operator(_) | Route::Page(_) | Route::Health => status(StatusCode::NOT_FOUND),
        }
    }

    async fn message(
        &self,
        message: Result<Vec<Message>, String>,
        kind: Option<MessageKind>,
    ) -> Response<Body> {
        let mut message = match message {
            Ok(message) => message,
            Err(why) => return malformed(&why),
        };
        let (Some(message), None) = (message.pop(), message.pop()) else {
            return malformed("expected one message");
        };
        if kind.is_some_and(|kind| kind != message.kind()) {
            return malformed("the message is not the one that the path names");
        }
        let listener = self.listener(&message);
        let answer = match self.take(message) {
            Ok(answer) => answer.await,
            Err(Full) => return status(StatusCode::SERVICE_UNAVAILABLE),
        };
        match answer {
            Ok(Answer::Reply(Some(reply))) => {
                self.withhold(&reply).await;
                self.reply(reply, listener)
            }
            Ok(Answer::Reply(None)) => status(StatusCode::NO_CONTENT),
            Ok(Answer::AskAgain) | Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// Keeps a refusal of a code until the same time after its request came, whatever the reason:
    /// how long a check took is no answer. What took longer waits for the next such time.
    async fn withhold(&self, reply: &Message) {
        let Message::Refused(refused) = reply else {
            return;
        };
        let step = self.shared.limits.refusal;
        if refused.about.order.is_some() || step.is_zero() {
            return;
        }
        let steps = self.arrived.elapsed().as_nanos() / step.as_nanos() + 1;
        let wait = step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        tokio::time::sleep_until(self.arrived + wait).await;
    }

    /// For a party that cannot be dialled: its ear for what follows, open before anything can.
    fn listener(&self, message: &Message) -> Option<Listener> {
        let party = self.sender.party;
        let peer = self.shared.directory.peers.get(&party);
        if peer.is_some_and(|peer| peer.endpoint.is_some()) {
            return None;
        }
        let order = message.order().filter(|_| self.lines);
        if order.is_none() && party.kind != PartyKind::Wallet {
            self.shared.mail.open(party);
        }
        order.map(|order| self.shared.mail.listen(party, Some(order)))
    }

    /// Admits the message here, where many do so in parallel, and queues it for the writer.
    fn take(&self, message: Message) -> Result<oneshot::Receiver<Answer>, Full> {
        let shared = self.shared;
        let taken = || {
            if shared.queue.is_crowded() {
                return Err(Full);
            }
            let taken = Taken::message(&*shared.role, shared.clock.now(), self.sender, message);
            let (request, answer) = oneshot::channel();
            shared.queue.push(taken, Waiter::Request(request))?;
            Ok(answer)
        };
        let taken = taken();
        let counters = &shared.counters;
        let count = if taken.is_ok() {
            &counters.requests
        } else {
            &counters.shed
        };
        count.fetch_add(1, Relaxed);
        taken
    }

    fn reply(&self, mut reply: Message, listener: Option<Listener>) -> Response<Body> {
        self.shared.role.release(&mut reply);
        let first = wire::body(&reply);
        let (kind, body) = match listener.filter(|_| wire::is_provisional(&reply)) {
            Some(listener) => {
                let role = Arc::clone(&self.shared.role);
                let sign = Box::new(move |message: &mut Message| role.release(message));
                (
                    LINES,
                    Body::lines(first, listener, sign, self.shared.limits.mail),
                )
            }
            None => (JSON, Body::whole(first)),
        };
        with_body(kind, body)
    }

    async fn batch(&self, body: &[u8]) -> Response<Body> {
        let messages = match wire::messages(body) {
            Ok(messages) => messages,
            Err(error) => return malformed(&error.to_string()),
        };
        let answers: Vec<_> = messages
            .into_iter()
            .map(|message| self.take(message))
            .collect();
        let mut lines = BytesMut::with_capacity(256 * answers.len());
        for answer in answers {
            let answer = match answer {
                Ok(answer) => answer.await.ok(),
                Err(Full) => None,
            };
            match answer {
                Some(Answer::Reply(Some(mut reply))) => {
                    self.withhold(&reply).await;
                    self.shared.role.release(&mut reply);
                    wire::write_line(&reply, &mut lines);
                }
                Some(Answer::Reply(None) | Answer::AskAgain) | None => {
                    lines.extend_from_slice(wire::NOTHING);
                }
            }
        }
        with_body(LINES, Body::whole(lines.freeze()))
    }

    async fn feed(&self) -> Response<Body> {
        let mut listener = self.shared.mail.listen(self.sender.party, None);
        let first = tokio::time::timeout(self.shared.limits.mail, listener.next()).await;
        let Ok(Some(first)) = first else {
            return status(StatusCode::NO_CONTENT);
        };
        let mut lines = BytesMut::with_capacity(1024);
        let rest = std::iter::from_fn(|| listener.here());
        for mut message in std::iter::once(first).chain(rest) {
            self.shared.role.release(&mut message);
            wire::write_line(&message, &mut lines);
        }
        with_body(LINES, Body::whole(lines.freeze()))
    }
}

/// Signs an answer whose body is whole, for a server.
fn signed(
    mut response: Response<Body>,
    secret: &super::directory::Secret,
    asked: &HeaderValue,
) -> Response<Body> {
    let status = response.status();
    if let Some(body) = response.body().as_whole().filter(|_| status.is_success()) {
        let headers = signature::sign_answer(secret, asked, status.as_u16(), body);
        response.headers_mut().extend(headers);
    }
    response
}

pub(super) fn with_body(kind: HeaderValue, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// An answer without a body: the status says everything.
pub(super) fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::whole(Bytes::new()));
    *response.status_mut() = code;
    if code == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// To a party that proved who it is: what is wrong with its body.
pub(super) fn malformed(why: &str) -> Response<Body> {
    let text = format!("read the message: {why}\n");
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut response = with_body(kind, Body::whole(text.into()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_a_route_or_not_there() {
        let post = |path| route(&Method::POST, path);
        assert_eq!(post("/v1/claim"), Ok(Route::Message(MessageKind::Claim)));
        assert_eq!(post("/v1/batch"), Ok(Route::Batch));
        assert_eq!(post("/1"), Ok(Route::Link(None)));
        assert_eq!(
            post("/1/river"),
            Ok(Route::Link(Some("river".parse().unwrap())))
        );
        let river = Some("river".parse().unwrap());
        assert_eq!(route(&Method::GET, "/1/river"), Ok(Route::Page(river)));
        assert_eq!(route(&Method::HEAD, "/1"), Ok(Route::Page(None)));
        assert_eq!(route(&Method::GET, "/v1/feed"), Ok(Route::Feed));
        assert_eq!(route(&Method::GET, "/v1/claim"), Err(Some("POST")));
        assert_eq!(route(&Method::DELETE, "/1"), Err(Some("GET, HEAD, POST")));
        for path in [
            "/",
            "",
            "/v1/",
            "/v1/nothing",
            "/1/",
            "/1/River",
            "/1/a/b",
            "/2",
            "/v1/claim/",
        ] {
            assert_eq!(post(path), Err(None), "{path}");
        }
    }
}
