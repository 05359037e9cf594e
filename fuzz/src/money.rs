//! Laws of amounts, messages and who sent them.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use quittance::id::{Party, Uid};
use quittance::message::Message;
use quittance::money::{Currency, Money};
use quittance::net::signature::{Target, verify_answer, verify_request};
use quittance::net::{Auth, Directory, Endpoint, Peer, Secret};
use quittance::sign::PublicKey;
use quittance::time::Time;

/// A message that is read is written and read again as the same.
pub(crate) fn message(data: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<Message>(data) {
        let text = serde_json::to_string(&message).expect("a message is written");
        let again: Message = serde_json::from_str(&text).expect("one that was just written");
        assert_eq!(again, message);
    }
}

/// Nobody is taken for a party of the directory who does not know its secret.
pub(crate) fn signature(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut lines = data.split(|b| *b == b'\n');
    let body = lines.next().unwrap_or_default();
    for line in lines {
        let mut parts = line.splitn(2, |b| *b == b':');
        let name = parts
            .next()
            .and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts
            .next()
            .and_then(|value| HeaderValue::from_bytes(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let bank: Party = "bank:river".parse().expect("a party");
    let endpoint: Endpoint = "http://127.0.0.1:1".parse().expect("an endpoint");
    let secret = Secret::new([7; 32]);
    let peer = Peer::at(endpoint, Auth::Shared(secret.clone()));
    let mut directory = Directory::default();
    directory.peers.insert(bank, peer);
    let target = Target {
        method: "POST",
        authority: "127.0.0.1:1",
        path: "/",
    };
    let now = Time::from_seconds(1_800_000_000);
    assert!(verify_request(&directory, target, &headers, body, now).is_err());
    let asked = HeaderValue::from_static("a=:AA==:");
    assert!(verify_answer(&secret, &asked, 200, &headers, body).is_err());
}

/// An amount that is read is written as one that reads the same.
pub(crate) fn amount(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for currency in ["EUR", "JPY", "KWD"] {
        let currency: Currency = currency.parse().expect("a currency");
        if let Ok(money) = Money::parse(text, currency) {
            let written = money.to_string();
            let number = written.split(' ').next().unwrap_or_default();
            assert_eq!(
                Money::parse(number, currency).ok(),
                Some(money),
                "{written}"
            );
        }
    }
    let _key_or_not = PublicKey::parse_any(data);
    if let Ok(uid) = text.parse::<Uid>() {
        assert_eq!(uid.to_string().parse::<Uid>().ok(), Some(uid));
    }
}
