//! What a phone accepts, and what it refuses.

use super::*;
use crate::code::sealed::{
    Certificate, CertificateDraft, CertificateError, Code, Draft, Flags, MasterKey, SealedOrder,
    TerminalKey, digest, seal,
};
use crate::money::{Currency, Money};
use proptest::prelude::*;

const NOW: Time = Time::from_seconds(1_732_300_000);
const DAY: u32 = 86_400;
const TILL: TerminalId = TerminalId::of(MerchantId([0, 0, 0, 1]), 1);

fn later(seconds: u32) -> Time {
    Time::from_seconds(NOW.seconds() + seconds)
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(Suite::Simulated, &[seed; 32]).unwrap()
}

const ROOT: u8 = 1;
const ISSUER: u8 = 2;
const TERMINAL: u8 = 3;

fn bundle() -> Bundle {
    let listed = TerminalEpoch::new(TILL, 1);
    let payee = Payee {
        bank: "river".parse().unwrap(),
        account: "shop-1".into(),
    };
    let host = Host {
        gateway: "hub".parse().unwrap(),
        endpoint: "http://127.0.0.1:7000".to_owned(),
    };
    Bundle {
        version: 7,
        issued: NOW,
        expires: later(30 * DAY),
        issuers: vec![IssuerKey {
            key: key(ISSUER).public(),
            not_before: Time::from_seconds(0),
            not_after: later(300 * DAY),
        }],
        revoked_issuers: BTreeSet::new(),
        hosts: BTreeMap::from([("q.example.com".to_owned(), host)]),
        merchants: BTreeMap::from([(
            TILL.merchant(),
            Merchant {
                name: "BEAN & LEAF".into(),
                payee,
            },
        )]),
        terminals: BTreeMap::from([(listed, key(TERMINAL).public())]),
        revoked_terminals: BTreeSet::new(),
        parties: BTreeMap::from([("gateway:hub".parse().unwrap(), key(9).public())]),
    }
}

fn open(bundle: &Bundle) -> TrustBundle {
    let signed = bundle.sign(&key(ROOT));
    let root = key(ROOT).public();
    signed.open(&root, Accept::SIMULATION, None, NOW).unwrap()
}

fn code(terminal: TerminalId, signer: u8, certificate: Option<Certificate>) -> Code {
    let keys = TerminalKey::derive(&MasterKey::from_bytes([5; 32]), terminal, 1);
    let order = SealedOrder {
        counter: 1,
        amount: Money::new(840, Currency::EUR),
        reference: "A1".into(),
        digest: digest("x"),
        merchant: None,
        till: None,
        lines: None,
        tax: None,
    };
    let draft = Draft {
        route: [1, 2, 3],
        flags: Flags::NONE,
        issued_at: NOW,
        ttl_minutes: 60,
        order,
        certificate,
    };
    let blob = seal(&keys, &key(signer), &draft).unwrap();
    Code::parse(&blob, Accept::SIMULATION).unwrap()
}

fn certificate(terminal: TerminalId, signer: u8) -> Certificate {
    let draft = CertificateDraft {
        terminal,
        epoch: 1,
        key: key(signer).public(),
        not_before: NOW,
        not_after: later(DAY),
        name: "MARKET STALL".into(),
    };
    Certificate::issue(&key(ISSUER), draft).unwrap()
}

#[test]
fn a_listed_terminals_code_is_trusted_under_its_certified_name() {
    let trust = open(&bundle()).verify_code(&code(TILL, TERMINAL, None), NOW);
    let trust = trust.unwrap();
    assert_eq!(trust.name.as_str(), "BEAN & LEAF");
    assert_eq!(trust.payee.unwrap().bank.as_str(), "river");
    assert_eq!(trust.warnings, []);
    let (gateway, key_of_it, _endpoint) = open(&bundle())
        .gateway_of("q.example.com")
        .map(|(g, k, e)| (g, *k, e.to_owned()))
        .unwrap();
    assert_eq!(
        (gateway.to_string().as_str(), key_of_it),
        ("gateway:hub", key(9).public())
    );
}

#[test]
fn an_unlisted_terminal_needs_a_certificate() {
    let stall = TerminalId::of(MerchantId([0, 0, 0, 2]), 1);
    let bundle = open(&bundle());
    let bare = bundle.verify_code(&code(stall, 4, None), NOW);
    assert!(matches!(bare, Err(TrustRefusal::UnknownTerminal { .. })));
    let certified = code(stall, 4, Some(certificate(stall, 4)));
    let trust = bundle.verify_code(&certified, NOW).unwrap();
    assert_eq!(trust.name.as_str(), "MARKET STALL");
    assert_eq!(trust.payee, None);
    let late = bundle.verify_code(&certified, later(2 * DAY));
    assert_eq!(late, Err(CertificateError::Expired.into()));
}

#[test]
fn the_lifetime_is_only_a_warning() {
    let (bundle, code) = (open(&bundle()), code(TILL, TERMINAL, None));
    let warnings = |now| bundle.verify_code(&code, now).unwrap().warnings;
    assert_eq!(warnings(later(DAY)), [Warning::Expired]);
    let yesterday = Time::from_seconds(NOW.seconds() - DAY);
    assert_eq!(warnings(yesterday), [Warning::IssuedAhead]);
}

#[test]
fn another_shops_key_is_refused() {
    let refused = open(&bundle()).verify_code(&code(TILL, 4, None), NOW);
    assert!(matches!(refused, Err(TrustRefusal::Code(_))));
}

#[test]
fn revoked_terminals_and_issuers_are_refused() {
    let mut revoked = bundle();
    revoked
        .revoked_terminals
        .insert(TerminalEpoch::new(TILL, 1));
    let refused = open(&revoked).verify_code(&code(TILL, TERMINAL, None), NOW);
    assert!(matches!(refused, Err(TrustRefusal::RevokedTerminal { .. })));
    let certified = code(TILL, TERMINAL, Some(certificate(TILL, TERMINAL)));
    let refused = open(&revoked).verify_code(&certified, NOW);
    assert!(matches!(refused, Err(TrustRefusal::RevokedTerminal { .. })));
    let mut revoked = bundle();
    revoked.revoked_issuers.insert(key(ISSUER).public());
    let refused = open(&revoked).verify_code(&certified, NOW);
    assert_eq!(refused, Err(TrustRefusal::RevokedIssuer));
}

#[test]
fn an_expired_rolled_back_forked_or_foreign_bundle_is_refused() {
    let root = key(ROOT).public();
    let accept = Accept::SIMULATION;
    let signed = bundle().sign(&key(ROOT));
    let held = signed.open(&root, accept, None, NOW).unwrap();
    let again = signed.open(&root, accept, Some(&held), NOW);
    assert_eq!(again.unwrap(), held);
    let late = signed.open(&root, accept, None, later(30 * DAY));
    assert!(matches!(late, Err(BundleError::Expired)));
    let used_late = held.verify_code(&code(TILL, TERMINAL, None), later(30 * DAY));
    assert_eq!(used_late, Err(TrustRefusal::BundleExpired));
    let older = Bundle {
        version: 6,
        ..bundle()
    };
    let older = older.sign(&key(ROOT)).open(&root, accept, Some(&held), NOW);
    assert!(matches!(
        older,
        Err(BundleError::RolledBack {
            held: 7,
            offered: 6
        })
    ));
    let mut fork = bundle();
    fork.terminals.clear();
    let fork = fork.sign(&key(ROOT)).open(&root, accept, Some(&held), NOW);
    assert!(matches!(fork, Err(BundleError::Forked { version: 7 })));
    let foreign = bundle().sign(&key(8)).open(&root, accept, None, NOW);
    assert!(matches!(foreign, Err(BundleError::Signature(_))));
    let real = signed.open(&root, Accept::TEST_NETWORK, None, NOW);
    assert!(matches!(real, Err(BundleError::Simulated)));
}

#[test]
fn an_altered_payload_is_refused_and_an_unaltered_one_reads_back() {
    let signed = bundle().sign(&key(ROOT));
    let text = serde_json::to_string(&signed).unwrap();
    assert_eq!(serde_json::from_str::<SignedBundle>(&text).unwrap(), signed);
    let altered = text.replace("shop-1", "shop-2");
    let altered: SignedBundle = serde_json::from_str(&altered).unwrap();
    let refused = altered.open(&key(ROOT).public(), Accept::SIMULATION, None, NOW);
    assert!(matches!(refused, Err(BundleError::Signature(_))));
}

#[test]
fn a_terminals_epoch_has_one_spelling() {
    let epoch = TerminalEpoch::new(TILL, 255);
    assert_eq!(epoch.to_string().parse(), Ok(epoch));
    for bad in [
        "",
        "000000010001",
        "000000010001.",
        "000000010001.01",
        "000000010001.+1",
        "000000010001.256",
    ] {
        assert!(bad.parse::<TerminalEpoch>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_payload_however_signed_stops_the_reader(
        text in "\\PC{0,200}",
        at in 0_usize..2000,
        with in any::<char>(),
    ) {
        let root = key(ROOT);
        let open = |payload: String| {
            let signature = root.sign(LABEL, &[payload.as_bytes()]);
            let signed = SignedBundle { payload, signature };
            drop(signed.open(&root.public(), Accept::SIMULATION, None, NOW));
        };
        open(text);
        let mut good: Vec<char> = bundle().sign(&root).payload.chars().collect();
        let at = at % good.len();
        good[at] = with;
        open(good.into_iter().collect());
    }
}
