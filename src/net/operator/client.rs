//! The operator's side: one server, asked over one connection.

use super::{Accounts, Events, Head, Order, Orders, PATH, Question};
use crate::id::{Name, Party, PartyKind};
use crate::net::clock::Clock;
use crate::net::directory::{Auth, Endpoint, Peer, Secret};
use crate::net::line::{Ask, CallError, Line};
use crate::net::node::{Nonces, random};
use crate::time::Time;
use hyper::Method;
use serde_json::Value;
use std::time::Duration;

/// How long an answer may take beyond the time it may wait for news.
const ANSWER: Duration = Duration::from_secs(10);

/// A server, and the key that opens it to an operator.
pub struct Operator {
    line: Line,
    me: Party,
    endpoint: Endpoint,
    nonces: Nonces,
    clock: Clock,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// Who answers, and how fresh it is.
    pub head: Head,
    /// What was asked for.
    pub lines: Vec<Value>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there.
    #[error("reach {at}: {why}")]
    Unreachable {
        /// The server.
        at: Endpoint,
        /// What went wrong.
        why: String,
    },
    /// The key does not open this server.
    #[error("look into {at}: the operator's key is not one of its own")]
    Refused {
        /// The server.
        at: Endpoint,
    },
    /// There is no such thing.
    #[error("find it at {at}")]
    Nothing {
        /// The server.
        at: Endpoint,
    },
    /// It is too busy.
    #[error("ask {at}: it is too busy and says to ask again")]
    Busy {
        /// The server.
        at: Endpoint,
    },
    /// The answer is none.
    #[error("read the answer of {at}: {why}")]
    Unreadable {
        /// The server.
        at: Endpoint,
        /// What is wrong with it.
        why: String,
    },
}

impl Operator {
    /// A server at `endpoint`, for the operator of this name and secret. Nothing is sent yet.
    ///
    /// # Errors
    /// [`AskError`] when the system gives no randomness or the endpoint is no host.
    pub fn new(endpoint: Endpoint, name: Name, secret: Secret) -> Result<Self, AskError> {
        let unreachable = |why: &str| AskError::Unreachable {
            at: endpoint.clone(),
            why: why.to_owned(),
        };
        // Who the server is, its first answer tells; the signature names the operator.
        let me = Party::new(PartyKind::Gateway, name);
        let peer = Peer::at(endpoint.clone(), Auth::Operator(name, secret));
        let line = Line::open(me, &peer).ok_or_else(|| unreachable("it is no host"))?;
        let start = random().map_err(|error| unreachable(&error.to_string()))?;
        Ok(Self {
            line,
            me,
            nonces: Nonces::new(start),
            clock: Clock::default(),
            endpoint,
        })
    }

    /// The server's address.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The clock of this machine.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// See [`Events`].
    pub async fn events(&self, asked: &Events) -> Result<Page, AskError> {
        let wait = Duration::from_millis(asked.wait_ms.into());
        self.ask(Question::Events, asked, wait).await
    }

    /// See [`Orders`].
    pub async fn orders(&self, asked: &Orders) -> Result<Page, AskError> {
        self.ask(Question::Orders, asked, Duration::ZERO).await
    }

    /// See [`Order`].
    pub async fn order(&self, asked: &Order) -> Result<Page, AskError> {
        self.ask(Question::Order, asked, Duration::ZERO).await
    }

    /// See [`Accounts`].
    pub async fn accounts(&self, asked: &Accounts) -> Result<Page, AskError> {
        self.ask(Question::Accounts, asked, Duration::ZERO).await
    }

    async fn ask(
        &self,
        question: Question,
        asked: &(impl serde::Serialize + Sync),
        wait: Duration,
    ) -> Result<Page, AskError> {
        let body = serde_json::to_vec(asked).map_err(|error| self.unreadable(&error))?;
        let path = format!("{PATH}{question}");
        let ask = Ask {
            method: Method::POST,
            path: &path,
            body: body.into(),
            lines: true,
        };
        let exchange = async {
            let nonce = self.nonces.next();
            let signed = (self.clock.now(), nonce.as_str());
            let reply = self.line.ask(&self.me, ask, signed).await?;
            self.line.read(reply).await
        };
        let answer = tokio::time::timeout(wait + ANSWER, exchange).await;
        let answer = answer.unwrap_or(Err(CallError::Late));
        self.page(&answer.map_err(|error| self.failed(&error))?)
    }

    fn page(&self, answer: &[u8]) -> Result<Page, AskError> {
        let mut lines = answer
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty());
        let head = serde_json::from_slice(lines.next().unwrap_or_default());
        let lines = lines.map(serde_json::from_slice).collect::<Result<_, _>>();
        Ok(Page {
            head: head.map_err(|error| self.unreadable(&error))?,
            lines: lines.map_err(|error| self.unreadable(&error))?,
        })
    }

    fn unreadable(&self, error: &serde_json::Error) -> AskError {
        AskError::Unreadable {
            at: self.endpoint.clone(),
            why: error.to_string(),
        }
    }

    fn failed(&self, error: &CallError) -> AskError {
        let at = self.endpoint.clone();
        match error {
            CallError::Status { status: 401 } => AskError::Refused { at },
            CallError::Status { status: 404 } => AskError::Nothing { at },
            CallError::Status { status: 503 } => AskError::Busy { at },
            CallError::Auth(_) | CallError::Body => AskError::Unreadable {
                at,
                why: error.to_string(),
            },
            other => AskError::Unreachable {
                at,
                why: other.to_string(),
            },
        }
    }
}
