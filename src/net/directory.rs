//! Who a node knows: where its peers are, and by what it recognises them.

use crate::id::{Name, Party};
use crate::sign::{PublicKey, SigningKey};
use ring::hmac;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A node's address book, given by whoever starts it.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Parties that this node talks with by name.
    pub peers: BTreeMap<Party, Peer>,
    /// Banks' app keys, by key id: they speak for the wallets of their bank.
    pub apps: BTreeMap<String, App>,
    /// People who may look at what this node knows, and the secret that each shares with it.
    pub operators: BTreeMap<Name, Secret>,
}

/// A party that a node talks with.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it listens; `None` for one that can only dial in, whose messages wait in its mailbox.
    pub endpoint: Option<Endpoint>,
    /// How the two prove themselves to each other.
    pub auth: Auth,
    /// Post [`Open`](crate::message::Open) to the link's own URL, `/1` or `/1/<bank>`, as an app
    /// does that scanned a link.
    pub by_link: bool,
    /// Ask it for messages that it could not deliver: for a node that does not listen.
    pub poll: bool,
}

impl Peer {
    /// A peer that listens at `endpoint`.
    pub const fn at(endpoint: Endpoint, auth: Auth) -> Self {
        Self {
            endpoint: Some(endpoint),
            auth,
            by_link: false,
            poll: false,
        }
    }
}

/// How two parties prove themselves to each other.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Servers: HMAC-SHA256 with a secret that both hold; the key id is the sender's name.
    /// Answers are signed too.
    Shared(Secret),
    /// A bank's app towards servers: the bank's app key signs for the wallet. Answers are not
    /// signed: what matters in them is (the order, the bank's reference), and TLS will name the
    /// server.
    App(Arc<AppKey>),
    /// A person towards a server that they may look into: as [`Shared`](Self::Shared), under the
    /// person's own name.
    Operator(Name, Secret),
}

/// A bank's app key as its own app holds it.
#[derive(Debug)]
pub struct AppKey {
    /// Its id in the servers' directories.
    pub id: String,
    /// The bank.
    pub bank: Name,
    /// The private key, Ed25519 or P-256.
    pub key: SigningKey,
}

/// A bank's app key as servers know it.
#[derive(Clone, Debug)]
pub struct App {
    /// The bank.
    pub bank: Name,
    /// The public key.
    pub key: PublicKey,
}

/// A secret that two servers share. It cannot be printed, and its seed is wiped.
#[derive(Clone)]
pub struct Secret(pub(super) hmac::Key);

impl Secret {
    /// The secret of 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where a node listens: `http://127.0.0.1:8080`.
///
/// Only loopback: without TLS a listener must not be reached from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    authority: String,
}

impl Endpoint {
    /// Host and port, as the `Host` header names them.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl From<std::net::SocketAddr> for Endpoint {
    fn from(address: std::net::SocketAddr) -> Self {
        let authority = address.to_string();
        Self { authority }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let wrong = |why| EndpointError {
            text: text.chars().take(80).collect(),
            why,
        };
        let rest = text.strip_prefix("http://");
        let rest = rest.ok_or_else(|| wrong("it does not begin with http://"))?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = authority
            .rsplit_once(':')
            .ok_or_else(|| wrong("it names no port"))?;
        let digits = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
        if !digits || port.parse::<u16>().is_err() {
            return Err(wrong("it names no port"));
        }
        let ip = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if host != "localhost" && !loopback {
            return Err(wrong("plain http reaches a loopback address only"));
        }
        let authority = authority.to_owned();
        Ok(Self { authority })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

/// Not an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read `{text}` as an endpoint: {why}")]
pub struct EndpointError {
    text: String,
    why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_plain_http_on_loopback_with_a_port() {
        for good in [
            "http://127.0.0.1:80",
            "http://[::1]:65535/",
            "http://localhost:8080",
        ] {
            let endpoint: Endpoint = good.parse().unwrap();
            assert_eq!(endpoint.to_string(), good.trim_end_matches('/'));
        }
        for bad in [
            "https://127.0.0.1:80",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:70000",
            "http://127.0.0.1:+80",
            "http://127.0.0.1:80/v1",
            "http://u@127.0.0.1:80",
            "http://10.0.0.1:80",
            "http://bank.example:80",
            "http://127.0.0.1:80?x",
            "",
        ] {
            assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Secret::new([7; 32])), "Secret");
    }
}
