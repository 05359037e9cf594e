//! A line to one peer: pooled connections and one signed exchange at a time on each.

use super::directory::{Auth, Endpoint, Peer};
use super::signature::{self, AuthError, Target};
use crate::id::Party;
use crate::time::Time;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::sync::{Mutex, PoisonError};
use tokio::net::TcpStream;

/// How many unused connections to one peer are kept.
const IDLE_MAX: usize = 64;
/// The longest answer that is read, in bytes: a batch's.
pub(super) const ANSWER_BYTES_MAX: usize = 4 * crate::message::BODY_BYTES_MAX;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// One JSON value per line.
pub(super) const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// A peer that can be dialled.
pub(super) struct Line {
    pub(super) party: Party,
    pub(super) by_link: bool,
    pub(super) polls: bool,
    endpoint: Endpoint,
    host: HeaderValue,
    auth: Auth,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// What is asked of a peer.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Bytes,
    /// Whether further lines may follow.
    pub(super) lines: bool,
}

/// A peer's answer, its body still to be read.
pub(super) struct Reply {
    pub(super) response: Response<Incoming>,
    /// The connection, to be given back when the body was read.
    connection: SendRequest<Full<Bytes>>,
    asked: HeaderValue,
}

impl Line {
    pub(super) fn open(party: Party, peer: &Peer) -> Option<Self> {
        let endpoint = peer.endpoint.clone()?;
        let host = HeaderValue::from_str(endpoint.authority()).ok()?;
        Some(Self {
            party,
            by_link: peer.by_link,
            polls: peer.poll,
            endpoint,
            host,
            auth: peer.auth.clone(),
            idle: Mutex::default(),
        })
    }

    /// Whether the peer signs its answers.
    pub(super) const fn is_between_servers(&self) -> bool {
        matches!(self.auth, Auth::Shared(_))
    }

    /// Sends a signed request and gives the response's head.
    pub(super) async fn ask(
        &self,
        me: &Party,
        ask: Ask<'_>,
        (now, nonce): (Time, &str),
    ) -> Result<Reply, CallError> {
        let target = Target {
            method: ask.method.as_str(),
            authority: self.endpoint.authority(),
            path: ask.path,
        };
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, if ask.lines { LINES } else { JSON });
        signature::sign_request(
            (me, &self.auth),
            target,
            &mut headers,
            &ask.body,
            (now, nonce),
        );
        let asked = signature::signature_of(&headers)
            .cloned()
            .ok_or(AuthError::Missing)?;
        let mut request = Request::new(Full::new(ask.body));
        *request.method_mut() = ask.method;
        *request.uri_mut() = ask.path.parse().map_err(|_bad| CallError::Path)?;
        *request.headers_mut() = headers;
        let (response, connection) = self.send(request).await?;
        Ok(Reply {
            response,
            connection,
            asked,
        })
    }

    /// Reads a whole answer and checks its signature, if it must have one; then its connection is
    /// free again.
    pub(super) async fn read(&self, reply: Reply) -> Result<Bytes, CallError> {
        let (head, body) = reply.response.into_parts();
        let body = http_body_util::Limited::new(body, ANSWER_BYTES_MAX);
        let body = body
            .collect()
            .await
            .map_err(|_broken_or_too_long| CallError::Body)?;
        let body = body.to_bytes();
        self.keep(reply.connection);
        if !head.status.is_success() {
            let status = head.status.as_u16();
            return Err(CallError::Status { status });
        }
        if let (Auth::Shared(secret) | Auth::Operator(_, secret), false) =
            (&self.auth, body.is_empty())
        {
            let status = head.status.as_u16();
            signature::verify_answer(secret, &reply.asked, status, &head.headers, &body)?;
        }
        Ok(body)
    }

    /// Everything of an answer was read: its connection is free again.
    pub(super) fn done(&self, reply: Reply) {
        self.keep(reply.connection);
    }

    fn keep(&self, connection: SendRequest<Full<Bytes>>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX && !connection.is_closed() {
            idle.push(connection);
        }
    }

    /// Sends on a pooled connection, or on a new one. A request that a peer's closing of an idle
    /// connection kept from leaving is sent again.
    async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, SendRequest<Full<Bytes>>), CallError> {
        while let Some(mut connection) = self.pooled() {
            if connection.ready().await.is_err() {
                continue;
            }
            match connection.try_send_request(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(CallError::Connection(error.into_error())),
                },
            }
        }
        let mut connection = self.dial().await?;
        let response = connection.send_request(request).await?;
        Ok((response, connection))
    }

    fn pooled(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Opens a connection. TLS belongs here, between the socket and the handshake.
    async fn dial(&self) -> Result<SendRequest<Full<Bytes>>, CallError> {
        let socket = TcpStream::connect(self.endpoint.authority()).await?;
        socket.set_nodelay(true)?;
        let (connection, driver) = http1::handshake(TokioIo::new(socket)).await?;
        tokio::spawn(driver);
        Ok(connection)
    }
}

impl Reply {
    /// Whether the answer comes line by line.
    pub(super) fn has_lines(&self) -> bool {
        let kind = self.response.headers().get(CONTENT_TYPE);
        self.response.status().is_success() && kind == Some(&LINES)
    }
}

/// Why an exchange with a peer failed. Nobody is told: the role's timers try again.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("exchange: {0}")]
    Connection(#[from] hyper::Error),
    #[error("read the answer: it broke off or is longer than {ANSWER_BYTES_MAX} bytes")]
    Body,
    #[error("read the answer: status {status}")]
    Status { status: u16 },
    #[error("read the answer: it is no message")]
    Message,
    #[error("build the request: the path is no path")]
    Path,
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("wait for the answer: too long")]
    Late,
}
