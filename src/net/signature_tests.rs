//! What is believed, and what is not.

use super::*;
use crate::net::{Endpoint, Peer};
use crate::sign::SigningKey;
use proptest::prelude::*;
use std::sync::Arc;

const NOW: Time = Time::from_seconds(1_800_000_000);
const BODY: &[u8] = b"{\"claim\":1}\n";
const TARGET: Target<'static> = Target {
    method: "POST",
    authority: "127.0.0.1:8080",
    path: "/v1/claim",
};

fn party(text: &str) -> Party {
    text.parse().unwrap()
}

fn app_key(suite: Suite) -> Auth {
    Auth::App(Arc::new(super::super::AppKey {
        id: "river-app".to_owned(),
        bank: "river".parse().unwrap(),
        key: SigningKey::from_seed(suite, &[5; 32]).unwrap(),
    }))
}

fn shared() -> Auth {
    Auth::Shared(Secret::new([9; 32]))
}

fn directory(suite: Suite) -> Directory {
    let endpoint: Endpoint = "http://127.0.0.1:1".parse().unwrap();
    let peer = Peer::at(endpoint, shared());
    let key = SigningKey::from_seed(suite, &[5; 32]).unwrap().public();
    let bank = "river".parse().unwrap();
    Directory {
        peers: [(party("bank:river"), peer)].into(),
        apps: [("river-app".to_owned(), App { bank, key })].into(),
        operators: [("ann".parse().unwrap(), Secret::new([3; 32]))].into(),
    }
}

fn signed(me: &str, auth: &Auth) -> HeaderMap {
    let mut headers = HeaderMap::new();
    sign_request((&party(me), auth), TARGET, &mut headers, BODY, (NOW, "n-1"));
    headers
}

fn verdict(
    headers: &HeaderMap,
    target: Target<'_>,
    body: &[u8],
    at: Time,
) -> Result<Sender, AuthError> {
    let directory = directory(Suite::Ed25519);
    verify_request(&directory, target, headers, body, at).map(|proof| match proof.who {
        Who::Party(sender) => sender,
        Who::Operator(name) => panic!("{name} is no party"),
    })
}

#[test]
fn an_operator_is_no_party_and_no_party_is_an_operator() {
    let directory = directory(Suite::Ed25519);
    let who = |headers: &HeaderMap| {
        verify_request(&directory, TARGET, headers, BODY, NOW).map(|proof| proof.who)
    };
    let operator = |name: &str, secret| Auth::Operator(name.parse().unwrap(), Secret::new(secret));
    let known = signed("bank:river", &operator("ann", [3; 32]));
    assert_eq!(who(&known), Ok(Who::Operator("ann".parse().unwrap())));
    let stranger = signed("bank:river", &operator("bob", [3; 32]));
    assert_eq!(who(&stranger), Err(AuthError::UnknownKey));
    let liar = signed("bank:river", &operator("ann", [4; 32]));
    assert_eq!(who(&liar), Err(AuthError::Signature));
}

#[test]
fn servers_are_known_by_their_secret_and_wallets_by_their_banks_app_key() {
    let server = verdict(&signed("bank:river", &shared()), TARGET, BODY, NOW);
    let expected = Sender {
        party: party("bank:river"),
        bank: None,
    };
    assert_eq!(server, Ok(expected));
    for suite in [Suite::Ed25519, Suite::Es256, Suite::Simulated] {
        let headers = signed("wallet:ann", &app_key(suite));
        let directory = directory(suite);
        let proof = verify_request(&directory, TARGET, &headers, BODY, NOW).unwrap();
        let expected = Sender {
            party: party("wallet:ann"),
            bank: Some("river".parse().unwrap()),
        };
        assert_eq!((proof.who, proof.nonce), (Who::Party(expected), "n-1"));
        assert!(proof.secret.is_none());
    }
}

#[test]
fn a_signature_is_worth_nothing_for_anything_else() {
    for headers in [
        signed("bank:river", &shared()),
        signed("wallet:ann", &app_key(Suite::Ed25519)),
    ] {
        let other = |change: fn(&mut Target<'static>)| {
            let mut target = TARGET;
            change(&mut target);
            verdict(&headers, target, BODY, NOW)
        };
        assert_eq!(other(|t| t.method = "PUT"), Err(AuthError::Signature));
        assert_eq!(other(|t| t.path = "/v1/paid"), Err(AuthError::Signature));
        assert_eq!(
            other(|t| t.authority = "127.0.0.1:8081"),
            Err(AuthError::Signature)
        );
        assert_eq!(
            verdict(&headers, TARGET, b"{\"claim\":2}\n", NOW),
            Err(AuthError::Digest)
        );
        assert_eq!(verdict(&headers, TARGET, b"", NOW), Err(AuthError::Digest));
    }
}

#[test]
fn a_request_is_fresh_for_a_minute_either_way() {
    let headers = signed("bank:river", &shared());
    let at = |span: Span| verdict(&headers, TARGET, BODY, NOW.after(span)).is_ok();
    assert!(at(Span::ZERO) && at(Span::seconds(60)) && at(Span::millis(60_999)));
    assert!(!at(Span::seconds(61)) && !at(Span::hours(1)));
    let ahead = |span: Span| verdict(&headers, TARGET, BODY, NOW.before(span)).is_ok();
    assert!(ahead(Span::seconds(60)) && !ahead(Span::millis(60_001)));
}

#[test]
fn an_app_key_speaks_for_wallets_of_its_own_bank_only() {
    let refused = |me: &str| verdict(&signed(me, &app_key(Suite::Ed25519)), TARGET, BODY, NOW);
    assert_eq!(refused("gateway:main"), Err(AuthError::NotThisParty));
    assert_eq!(refused("bank:river"), Err(AuthError::NotThisParty));
    let Auth::App(app) = app_key(Suite::Ed25519) else {
        unreachable!()
    };
    let seed = SigningKey::from_seed(Suite::Ed25519, &[5; 32]).unwrap();
    let of_another_bank = Auth::App(Arc::new(super::super::AppKey {
        id: app.id.clone(),
        bank: "lake".parse().unwrap(),
        key: seed,
    }));
    let headers = signed("wallet:ann", &of_another_bank);
    assert_eq!(
        verdict(&headers, TARGET, BODY, NOW),
        Err(AuthError::NotThisParty)
    );
}

/// Signs by hand with the shared secret, covering what the caller says.
fn by_hand(params: &str, extra: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_DIGEST, content_digest(BODY));
    for (name, value) in extra {
        headers.insert(*name, value.parse().unwrap());
    }
    let input = Input::parse_params(params).unwrap();
    let base = input.base(|name| request_part(name, TARGET, &headers));
    let base = base.unwrap_or_default();
    let Auth::Shared(secret) = shared() else {
        unreachable!()
    };
    attach(
        &mut headers,
        params,
        hmac::sign(&secret.0, base.as_bytes()).as_ref(),
    );
    headers
}

const WHOLE: &str =
    r#"("@method" "@target-uri" "content-digest");created=1800000000;nonce="n";keyid="bank:river""#;

#[test]
fn what_must_be_covered_and_said_must_be() {
    let verdict = |params: &str| verdict(&by_hand(params, &[]), TARGET, BODY, NOW);
    assert!(verdict(WHOLE).is_ok());
    assert_eq!(
        verdict(&WHOLE.replace("\"@method\" ", "")),
        Err(AuthError::Uncovered)
    );
    assert_eq!(
        verdict(&WHOLE.replace("\"@target-uri\" ", "")),
        Err(AuthError::Uncovered)
    );
    assert_eq!(
        verdict(&WHOLE.replace("@target-uri", "@path")),
        Err(AuthError::Uncovered)
    );
    assert_eq!(
        verdict(&WHOLE.replace("@target-uri", "@authority")),
        Err(AuthError::Uncovered)
    );
    assert_eq!(
        verdict(&WHOLE.replace(" \"content-digest\"", "")),
        Err(AuthError::Uncovered)
    );
    assert_eq!(
        verdict(&WHOLE.replace("@method\"", "@method\" \"x-gone\"")),
        Err(AuthError::Uncovered)
    );
    assert_eq!(
        verdict(&WHOLE.replace("@method\"", "@method\" \"@status\"")),
        Err(AuthError::Uncovered)
    );
    let missing = |name| Err(AuthError::Malformed(ParseError::Param { name }));
    assert_eq!(
        verdict(&WHOLE.replace("created=1800000000;", "")),
        missing("created")
    );
    assert_eq!(
        verdict(&WHOLE.replace("nonce=\"n\";", "")),
        missing("nonce")
    );
    assert_eq!(
        verdict(&WHOLE.replace("nonce=\"n\"", "nonce=\"\"")),
        missing("nonce")
    );
    assert_eq!(
        verdict(&WHOLE.replace("keyid=\"bank:river\"", "x=1")),
        missing("keyid")
    );
    assert_eq!(
        verdict(&WHOLE.replace("bank:river", "bank:lake")),
        Err(AuthError::UnknownKey)
    );
    assert_eq!(
        verdict(&WHOLE.replace("bank:river", "lake-app")),
        Err(AuthError::UnknownKey)
    );
    assert_eq!(
        verdict(&format!("{WHOLE};expires=1800000000")),
        Err(AuthError::Stale)
    );
    assert!(verdict(&format!("{WHOLE};expires=1800000001")).is_ok());
}

#[test]
fn an_algorithm_that_is_not_the_keys_own_is_refused() {
    let verdict = |alg: &str| {
        verdict(
            &by_hand(&format!("{WHOLE};alg=\"{alg}\""), &[]),
            TARGET,
            BODY,
            NOW,
        )
    };
    assert!(verdict("hmac-sha256").is_ok());
    for alg in ["none", "ed25519", "hmac-sha512", ""] {
        assert_eq!(
            verdict(alg),
            Err(AuthError::Malformed(ParseError::Param { name: "alg" }))
        );
    }
    // The secret's holder cannot pass off a MAC as the signature of an app key (A-08).
    let headers = by_hand(&WHOLE.replace("bank:river", "river-app"), &[]);
    assert_eq!(
        tests::verdict(&headers, TARGET, BODY, NOW),
        Err(AuthError::Signature)
    );
}

#[test]
fn a_bank_or_party_named_in_an_uncovered_header_counts_for_nothing() {
    let headers = signed("wallet:ann", &app_key(Suite::Ed25519));
    let mut spoofed = headers.clone();
    spoofed.insert(PARTY, "wallet:eve".parse().unwrap());
    assert_eq!(
        verdict(&spoofed, TARGET, BODY, NOW),
        Err(AuthError::Signature)
    );
    spoofed = headers.clone();
    spoofed.append(PARTY, "wallet:eve".parse().unwrap());
    assert!(verdict(&spoofed, TARGET, BODY, NOW).is_err(), "two parties");
    // A server's own header, uncovered: ignored.
    let named = by_hand(
        WHOLE,
        &[
            ("quittance-bank", "lake"),
            ("quittance-party", "wallet:eve"),
        ],
    );
    let sender = verdict(&named, TARGET, BODY, NOW).unwrap();
    assert_eq!((sender.party, sender.bank), (party("bank:river"), None));
}

#[test]
fn doubled_or_missing_signature_headers_are_refused() {
    let good = signed("bank:river", &shared());
    for name in ["signature", "signature-input", "content-digest"] {
        let mut headers = good.clone();
        let value = headers.get(name).unwrap().clone();
        headers.append(name, value);
        assert!(
            verdict(&headers, TARGET, BODY, NOW).is_err(),
            "two of {name}"
        );
        headers.remove(name);
        assert!(verdict(&headers, TARGET, BODY, NOW).is_err(), "no {name}");
    }
    let mut other_label = good;
    let value = other_label
        .get("signature")
        .unwrap()
        .to_str()
        .unwrap()
        .replace("q=", "p=");
    other_label.insert("signature", value.parse().unwrap());
    assert_eq!(
        verdict(&other_label, TARGET, BODY, NOW),
        Err(AuthError::Missing)
    );
}

#[test]
fn an_answer_belongs_to_one_request() {
    let Auth::Shared(secret) = shared() else {
        unreachable!()
    };
    let (asked, other): (HeaderValue, HeaderValue) =
        ("q=:AAAA:".parse().unwrap(), "q=:BBBB:".parse().unwrap());
    let headers = sign_answer(&secret, &asked, 200, BODY);
    assert_eq!(verify_answer(&secret, &asked, 200, &headers, BODY), Ok(()));
    assert_eq!(
        verify_answer(&secret, &other, 200, &headers, BODY),
        Err(AuthError::Signature)
    );
    assert_eq!(
        verify_answer(&secret, &asked, 201, &headers, BODY),
        Err(AuthError::Signature)
    );
    assert_eq!(
        verify_answer(&secret, &asked, 200, &headers, b"x"),
        Err(AuthError::Digest)
    );
    let thief = Secret::new([8; 32]);
    assert_eq!(
        verify_answer(&thief, &asked, 200, &headers, BODY),
        Err(AuthError::Signature)
    );
    assert_eq!(
        verify_answer(&secret, &asked, 200, &HeaderMap::new(), BODY),
        Err(AuthError::Missing)
    );
    // A request's own signature is no answer's.
    let request = signed("bank:river", &shared());
    assert_eq!(
        verify_answer(&secret, &asked, 200, &request, BODY),
        Err(AuthError::Uncovered)
    );
}

#[test]
fn the_examples_of_rfc_9421_hold() {
    let part = |name: &str| {
        Some(match name {
            "date" => "Tue, 20 Apr 2021 02:07:55 GMT".to_owned(),
            "@method" => "POST".to_owned(),
            "@path" => "/foo".to_owned(),
            "@authority" => "example.com".to_owned(),
            "content-type" => "application/json".to_owned(),
            "content-length" => "18".to_owned(),
            _ => return None,
        })
    };
    // Appendix B.2.5
    let input = Input::parse(
        r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
    );
    let base = input.unwrap().base(part).unwrap();
    let key = BASE64.decode(
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key.unwrap());
    let mac = BASE64.encode(hmac::sign(&key, base.as_bytes()));
    assert_eq!(mac, "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
    // Appendix B.2.6
    let input = Input::parse(
        r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
    );
    let input = input.unwrap();
    let base = input.base(part).unwrap();
    let key = BASE64
        .decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
        .unwrap();
    let key = PublicKey::parse(&[&[0xED][..], &key].concat()).unwrap();
    let signature =
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
    let signature = BASE64.decode(signature).unwrap();
    assert_eq!(check_key(&key, &input, &base, &signature), Ok(()));
}

proptest! {
    #[test]
    fn any_flipped_byte_of_a_header_or_the_body_is_refused(
        which in 0..3_usize, at: prop::sample::Index, bit in 0..7_u32, app: bool,
    ) {
        let mut headers = if app {
            signed("wallet:ann", &app_key(Suite::Ed25519))
        } else {
            signed("bank:river", &shared())
        };
        let name = ["signature", "signature-input", "content-digest"][which];
        let mut value = headers.get(name).unwrap().as_bytes().to_vec();
        let at = at.index(value.len());
        value[at] ^= 1 << bit;
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(name, value);
            prop_assert!(verdict(&headers, TARGET, BODY, NOW).is_err());
        }
    }
}
