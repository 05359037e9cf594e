//! HTTP Message Signatures (RFC 9421) with content digests (RFC 9530): how a request says who sent
//! it, so that it counts once, soon, at one server.
//!
//! A request carries exactly one signature. It covers `@method`, `@authority` and `@path` (or
//! `@target-uri`) and `content-digest` (SHA-256), and has the parameters `created`, `nonce` and
//! `keyid`. Servers share a secret (`hmac-sha256`, 0.2 µs) and name themselves in `keyid`; a bank's
//! app signs with the bank's app key (`ed25519`, or `ecdsa-p256-sha256` with a low s) and names the
//! wallet in the covered header `quittance-party`. The header `quittance-bank` counts only if it is
//! covered, and then must name the key's own bank. Between servers the answer is signed too, over
//! `@status`, `content-digest` and the request's signature, so that an answer belongs to one
//! request.

use super::directory::{App, Auth, Directory, Secret};
use super::fields::{Input, ParseError};
use crate::id::{Name, Party, PartyKind};
use crate::message::Sender;
use crate::sign::{PublicKey, SIGNATURE_LEN, Signature, Suite};
use crate::time::{Span, Time};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use ring::{digest, hmac};
use std::fmt::Write as _;

use super::replay::FRESH_SPAN;

pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// Names the wallet for which a bank's app key signs.
pub(super) const PARTY: HeaderName = HeaderName::from_static("quittance-party");
/// Names the bank whose app it is.
pub(super) const BANK: HeaderName = HeaderName::from_static("quittance-bank");

/// What a request asks of whom: the parts of it that are not headers.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Host and port, as the `Host` header has them.
    pub authority: &'a str,
    /// The path. No endpoint here takes a query.
    pub path: &'a str,
}

/// Signs a request: adds its digest and signature to `headers`.
pub fn sign_request(
    (me, auth): (&Party, &Auth),
    target: Target<'_>,
    headers: &mut HeaderMap,
    body: &[u8],
    (created, nonce): (Time, &str),
) {
    headers.insert(CONTENT_DIGEST, content_digest(body));
    let mut covered = String::from(r#"("@method" "@authority" "@path" "content-digest""#);
    let (key_id, alg) = match auth {
        Auth::Shared(_) => (me.to_string(), "hmac-sha256"),
        Auth::Operator(name, _) => (format!("{OPERATOR}{name}"), "hmac-sha256"),
        Auth::App(app) => {
            headers.insert(PARTY, ascii(&me.to_string()));
            headers.insert(BANK, ascii(app.bank.as_str()));
            covered.push_str(r#" "quittance-party" "quittance-bank""#);
            (app.id.clone(), algorithm(&app.key.public()))
        }
    };
    let created = created.seconds();
    let params =
        format!(r#"{covered});created={created};nonce="{nonce}";keyid="{key_id}";alg="{alg}""#);
    let input = Input::parse_params(&params).expect("it was just written by its own grammar");
    let base = input.base(|name| request_part(name, target, headers));
    let base = base.expect("every part that is covered was set above");
    let signature = match auth {
        Auth::Shared(Secret(secret)) | Auth::Operator(_, Secret(secret)) => {
            hmac::sign(secret, base.as_bytes()).as_ref().to_vec()
        }
        Auth::App(app) => app.key.sign(b"", &[base.as_bytes()]).0.to_vec(),
    };
    attach(headers, &params, &signature);
}

/// Who sent a request, once everything about its signature holds.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// Who sent it.
    pub who: Who,
    /// The key and the nonce, which must be new; the caller remembers them.
    pub key_id: &'a str,
    /// See [`key_id`](Self::key_id).
    pub nonce: &'a str,
    /// For servers: the secret that the answer is signed with.
    pub secret: Option<&'a Secret>,
}

/// Who proved themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A party of the network: it may send messages.
    Party(Sender),
    /// A person who may look, and do nothing else.
    Operator(Name),
}

/// What an operator's key id begins with; no party is of that kind.
const OPERATOR: &str = "operator:";

/// Checks a request's signature at `now`. That `target.authority` is this node's own, and that the
/// nonce is new, is the caller's to check.
pub fn verify_request<'a>(
    directory: &'a Directory,
    target: Target<'_>,
    headers: &'a HeaderMap,
    body: &[u8],
    now: Time,
) -> Result<Proof<'a>, AuthError> {
    let (input, signature) = detach(headers)?;
    let (key_id, nonce) = (input.text("keyid")?, input.text("nonce")?);
    fresh(&input, now)?;
    let located =
        input.covers("@target-uri") || (input.covers("@authority") && input.covers("@path"));
    let whole = input.covers("content-digest") || (body.is_empty() && target.method == "GET");
    if !input.covers("@method") || !located || !whole {
        return Err(AuthError::Uncovered);
    }
    if headers.contains_key(&CONTENT_DIGEST) {
        check_digest(headers, body)?;
    }
    let base = input.base(|name| request_part(name, target, headers));
    let base = base.ok_or(AuthError::Uncovered)?;
    if let Some(name) = key_id.strip_prefix(OPERATOR) {
        let name: Name = name.parse().map_err(|_no_name| AuthError::UnknownKey)?;
        let secret = directory.operators.get(&name);
        let secret = secret.ok_or(AuthError::UnknownKey)?;
        check_mac(secret, &input, &base, &signature)?;
        return Ok(Proof {
            who: Who::Operator(name),
            key_id,
            nonce,
            secret: Some(secret),
        });
    }
    let (sender, secret) = match key_id.parse::<Party>() {
        Ok(party) => {
            let auth = directory.peers.get(&party).map(|peer| &peer.auth);
            let Some(Auth::Shared(secret)) = auth else {
                return Err(AuthError::UnknownKey);
            };
            check_mac(secret, &input, &base, &signature)?;
            (Sender { party, bank: None }, Some(secret))
        }
        Err(_no_party) => {
            let app = directory.apps.get(key_id).ok_or(AuthError::UnknownKey)?;
            check_key(&app.key, &input, &base, &signature)?;
            (wallet(app, &input, headers)?, None)
        }
    };
    Ok(Proof {
        who: Who::Party(sender),
        key_id,
        nonce,
        secret,
    })
}

/// Signs an answer to a request that carried `headers`.
pub fn sign_answer(secret: &Secret, asked: &HeaderValue, status: u16, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_DIGEST, content_digest(body));
    let params = ANSWER_PARAMS;
    let input = Input::parse_params(params).expect("a constant of its own grammar");
    let base = input.base(|name| answer_part(name, asked, status, &headers));
    let base = base.expect("every part that is covered was set above");
    let signature = hmac::sign(&secret.0, base.as_bytes());
    attach(&mut headers, params, signature.as_ref());
    headers
}

/// Checks that an answer was signed for the request that carried `asked` as its signature.
pub fn verify_answer(
    secret: &Secret,
    asked: &HeaderValue,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), AuthError> {
    let (input, signature) = detach(headers)?;
    let all = ["@status", "content-digest", SIGNATURE_OF_REQUEST];
    if !all.iter().all(|name| input.covers(name)) {
        return Err(AuthError::Uncovered);
    }
    check_digest(headers, body)?;
    let base = input.base(|name| answer_part(name, asked, status, headers));
    let base = base.ok_or(AuthError::Uncovered)?;
    check_mac(secret, &input, &base, &signature)
}

/// The signature of a signed request, to check its answer against.
pub fn signature_of(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(SIGNATURE)
}

const ANSWER_PARAMS: &str = r#"("@status" "content-digest" "signature";req);alg="hmac-sha256""#;
/// The request's signature as a component of its answer (RFC 9421 section 2.4).
const SIGNATURE_OF_REQUEST: &str = r#"signature";req"#;

fn wallet(app: &App, input: &Input<'_>, headers: &HeaderMap) -> Result<Sender, AuthError> {
    if !input.covers("quittance-party") {
        return Err(AuthError::Uncovered);
    }
    let party = one(headers, &PARTY)?.parse::<Party>();
    let party = party.map_err(|_no_party| AuthError::NotThisParty)?;
    if party.kind != PartyKind::Wallet {
        return Err(AuthError::NotThisParty);
    }
    if input.covers("quittance-bank") {
        let bank = one(headers, &BANK)?.parse::<Name>();
        if bank != Ok(app.bank) {
            return Err(AuthError::NotThisParty);
        }
    }
    let bank = Some(app.bank);
    Ok(Sender { party, bank })
}

fn fresh(input: &Input<'_>, now: Time) -> Result<(), AuthError> {
    let created = input.number("created")?;
    let created = u32::try_from(created).map_err(|_too_large| AuthError::Stale)?;
    let created = Time::from_seconds(created);
    // `created` has no fraction: a request of this very second may seem up to a second old.
    let edge = Span::nanos(FRESH_SPAN.as_nanos() + Span::seconds(1).as_nanos() - 1);
    let expired = match input.number("expires") {
        Ok(expires) => u64::from(now.seconds()) >= expires,
        Err(_has_none) => false,
    };
    if now.since(created) > edge || created.since(now) > FRESH_SPAN || expired {
        return Err(AuthError::Stale);
    }
    Ok(())
}

fn request_part(name: &str, target: Target<'_>, headers: &HeaderMap) -> Option<String> {
    match name {
        "@method" => Some(target.method.to_owned()),
        "@authority" => Some(target.authority.to_ascii_lowercase()),
        "@path" => Some(target.path.to_owned()),
        "@target-uri" => Some(format!("http://{}{}", target.authority, target.path)),
        "@scheme" => Some("http".to_owned()),
        "@request-target" => Some(target.path.to_owned()),
        "@query" => Some("?".to_owned()),
        _derived if name.starts_with('@') => None,
        header => field(header, headers),
    }
}

fn answer_part(
    name: &str,
    asked: &HeaderValue,
    status: u16,
    headers: &HeaderMap,
) -> Option<String> {
    match name {
        "@status" => Some(status.to_string()),
        SIGNATURE_OF_REQUEST => asked.to_str().ok().map(str::to_owned),
        _derived if name.starts_with('@') || name.contains('"') => None,
        header => field(header, headers),
    }
}

/// A header's values, trimmed and joined (RFC 9421 section 2.1).
fn field(name: &str, headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let mut joined = values.next()?.to_str().ok()?.trim().to_owned();
    for value in values {
        write!(joined, ", {}", value.to_str().ok()?.trim()).ok()?;
    }
    Some(joined)
}

/// A header that stands exactly once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, AuthError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_not_ascii| AuthError::Missing),
        _none_or_several => Err(AuthError::Missing),
    }
}

fn content_digest(body: &[u8]) -> HeaderValue {
    let digest = BASE64.encode(digest::digest(&digest::SHA256, body));
    ascii(&format!("sha-256=:{digest}:"))
}

fn check_digest(headers: &HeaderMap, body: &[u8]) -> Result<(), AuthError> {
    let expected = content_digest(body);
    let given = one(headers, &CONTENT_DIGEST)?;
    let good = given
        .split(',')
        .any(|member| member.trim().as_bytes() == expected.as_bytes());
    good.then_some(()).ok_or(AuthError::Digest)
}

fn check_mac(
    Secret(secret): &Secret,
    input: &Input<'_>,
    base: &str,
    signature: &[u8],
) -> Result<(), AuthError> {
    input.algorithm("hmac-sha256")?;
    hmac::verify(secret, base.as_bytes(), signature).map_err(|_wrong| AuthError::Signature)
}

fn check_key(
    key: &PublicKey,
    input: &Input<'_>,
    base: &str,
    signature: &[u8],
) -> Result<(), AuthError> {
    input.algorithm(algorithm(key))?;
    let signature = <[u8; SIGNATURE_LEN]>::try_from(signature);
    let signature = signature.map_err(|_length| AuthError::Signature)?;
    key.verify(b"", &[base.as_bytes()], &Signature(signature))
        .map_err(|_wrong| AuthError::Signature)
}

/// The names of RFC 9421 section 3.3; a simulation's keys have none there.
const fn algorithm(key: &PublicKey) -> &'static str {
    match key.suite() {
        Suite::Es256 => "ecdsa-p256-sha256",
        Suite::Ed25519 => "ed25519",
        Suite::Simulated => "quittance-simulated",
    }
}

fn attach(headers: &mut HeaderMap, params: &str, signature: &[u8]) {
    headers.insert(SIGNATURE_INPUT, ascii(&format!("q={params}")));
    let signature = BASE64.encode(signature);
    headers.insert(SIGNATURE, ascii(&format!("q=:{signature}:")));
}

fn detach(headers: &HeaderMap) -> Result<(Input<'_>, Vec<u8>), AuthError> {
    let input = Input::parse(one(headers, &SIGNATURE_INPUT)?)?;
    let given = one(headers, &SIGNATURE)?;
    let given = given
        .strip_prefix(input.label())
        .ok_or(AuthError::Missing)?;
    let given = given
        .strip_prefix("=:")
        .and_then(|rest| rest.strip_suffix(':'));
    let given = given.filter(|text| text.len() <= SIGNATURE_TEXT_MAX);
    let signature = BASE64.decode(given.ok_or(AuthError::Missing)?);
    Ok((input, signature.map_err(|_not_base64| AuthError::Missing)?))
}

/// 64 bytes in base64.
const SIGNATURE_TEXT_MAX: usize = 88;

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names, numbers and base64 are visible ASCII")
}

/// Why a request or an answer is not believed. A stranger hears only 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No signature, several, or one that is not written as RFC 9421 says.
    #[error("find one signature among the headers")]
    Missing,
    /// The signature's input is malformed.
    #[error("read the signature's input")]
    Malformed(#[from] ParseError),
    /// Something that must be covered is not, or something covered is not there.
    #[error("check what the signature covers: a required part is not among it")]
    Uncovered,
    /// No such key, or none of this kind.
    #[error("find the signature's key")]
    UnknownKey,
    /// Made too long ago, or ahead of this node's clock.
    #[error("check the signature's time: it is more than 60 s off")]
    Stale,
    /// Its nonce came before.
    #[error("check the signature's nonce: it came before")]
    Replayed,
    /// The body is not what was digested.
    #[error("check the body's digest")]
    Digest,
    /// The signature does not hold.
    #[error("verify the signature")]
    Signature,
    /// Meant for another server.
    #[error("check the request's authority: it is another server's")]
    NotHere,
    /// The key's owner may not speak for this party or bank.
    #[error("check the request's party: the key does not speak for it")]
    NotThisParty,
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
