//! What an issuer's log remembers, and what its bundles let through.

use super::*;
use crate::code::bundle::{BundleError, Payee, TrustBundle};
use crate::code::sealed::Accept;
use crate::id::TerminalId;

const NOW: Time = Time::from_seconds(1_780_000_000);
const YEAR: Span = Span::hours(24 * 365);
const DAY: Span = Span::hours(24);
const SHOP: MerchantId = MerchantId([0, 0, 0, 1]);

fn seed(n: u8) -> Seed {
    Seed::from_bytes([n; 32])
}

fn key(n: u8) -> PublicKey {
    let key = SigningKey::from_seed(Suite::Simulated, &[n; 32]);
    key.unwrap().public()
}

fn till(epoch: u8) -> TerminalEpoch {
    TerminalEpoch::new(TerminalId::of(SHOP, 1), epoch)
}

fn issuer() -> Issuer {
    let mut issuer = Issuer::begin(Suite::Simulated, seed(1), seed(2), NOW, YEAR).unwrap();
    let payee = Payee {
        bank: "river".parse().unwrap(),
        account: "bean".into(),
    };
    let name = "BEAN & LEAF".into();
    issuer.name_merchant(SHOP, Merchant { name, payee }, NOW);
    issuer
}

fn text(issuer: &Issuer) -> String {
    let lines = issuer.entries().iter().map(|entry| entry.line() + "\n");
    lines.collect()
}

fn open(issuer: &mut Issuer, now: Time, held: Option<&TrustBundle>) -> TrustBundle {
    let signed = issuer.bundle(DAY, now);
    let root = issuer.root();
    signed.open(&root, Accept::SIMULATION, held, now).unwrap()
}

#[test]
fn a_certified_terminal_is_in_the_next_bundle_under_its_merchants_name() {
    let mut issuer = issuer();
    let certificate = issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    assert_eq!(certificate.name().as_str(), "BEAN & LEAF");
    let bundle = open(&mut issuer, NOW, None);
    assert_eq!(bundle.terminals.get(&till(1)), Some(&key(9)));
    let issuers = &bundle.issuers;
    let verified = certificate.verify(till(1).terminal, 1, issuers, NOW);
    assert!(verified.is_ok());
}

#[test]
fn bundles_count_up_and_an_older_one_is_refused() {
    let mut issuer = issuer();
    let first = issuer.bundle(DAY, NOW);
    let held = open(&mut issuer, NOW, None);
    assert_eq!(held.version, 2);
    let again = first.open(&issuer.root(), Accept::SIMULATION, Some(&held), NOW);
    assert!(matches!(again, Err(BundleError::RolledBack { .. })));
}

#[test]
fn the_log_gives_back_the_same_issuer() {
    let mut issuer = issuer();
    issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    issuer.rotate(seed(3), YEAR, DAY, NOW).unwrap();
    issuer.revoke_terminal(till(1), NOW).unwrap();
    let resumed = Issuer::resume(issuer.secrets().clone(), &text(&issuer)).unwrap();
    assert_eq!(resumed.register(), issuer.register());
    assert_eq!(resumed.entries(), issuer.entries());
    assert_eq!(resumed.log_len(), text(&issuer).len());
}

#[test]
fn a_line_changed_taken_out_or_of_other_secrets_is_refused() {
    let issuer = issuer();
    let text = text(&issuer);
    let renamed = text.replace("BEAN", "BEEN") + &text.lines().last().unwrap().replace('3', "4");
    let short: String = text.split_inclusive('\n').skip(1).collect();
    for wrong in [renamed + "\n", short] {
        let resumed = Issuer::resume(issuer.secrets().clone(), &wrong);
        assert!(matches!(resumed, Err(IssuerError::Log(_))), "{wrong}");
    }
    let mut secrets = issuer.secrets().clone();
    secrets.root = seed(7);
    let resumed = Issuer::resume(secrets, &text);
    assert!(matches!(resumed, Err(IssuerError::OtherSecrets)));
}

#[test]
fn a_line_that_was_cut_anywhere_never_happened() {
    let mut issuer = issuer();
    let before = text(&issuer).len();
    issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    let whole = text(&issuer);
    for cut in before..whole.len() {
        let torn = whole.get(..cut).unwrap();
        let resumed = Issuer::resume(issuer.secrets().clone(), torn).unwrap();
        assert!(resumed.register().terminals.is_empty(), "cut at {cut}");
        assert_eq!(resumed.log_len(), before);
    }
}

#[test]
fn a_rotation_that_crashed_before_its_log_line_is_made_again() {
    let mut issuer = issuer();
    let before = text(&issuer);
    issuer.rotate(seed(3), YEAR, DAY, NOW).unwrap();
    let mut resumed = Issuer::resume(issuer.secrets().clone(), &before).unwrap();
    resumed.rotate(seed(4), YEAR, DAY, NOW).unwrap();
    let again = Issuer::resume(resumed.secrets().clone(), &text(&resumed)).unwrap();
    assert_eq!(again.register(), resumed.register());
    assert_eq!(again.secrets().issuers.len(), 2);
}

#[test]
fn rotated_keys_and_epochs_are_trusted_until_their_overlap_is_over() {
    let mut issuer = issuer();
    issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    issuer.rotate(seed(3), YEAR, DAY, NOW).unwrap();
    issuer.issue(till(2), key(10), YEAR, DAY, NOW).unwrap();
    let within = open(&mut issuer, NOW.after(Span::hours(23)), None);
    assert_eq!((within.issuers.len(), within.terminals.len()), (2, 2));
    let after = open(&mut issuer, NOW.after(DAY), Some(&within));
    assert_eq!((after.issuers.len(), after.terminals.len()), (1, 1));
    assert!(after.terminals.contains_key(&till(2)));
}

#[test]
fn what_was_revoked_leaves_with_the_next_bundle_and_never_comes_back() {
    let mut issuer = issuer();
    issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    issuer.revoke_terminal(till(1), NOW).unwrap();
    let bundle = open(&mut issuer, NOW, None);
    assert!(bundle.terminals.is_empty());
    assert!(bundle.revoked_terminals.contains(&till(1)));
    let again = issuer.issue(till(1), key(9), YEAR, DAY, NOW);
    assert!(matches!(again, Err(IssuerError::Revoked { .. })));
}

#[test]
fn a_revoked_issuer_key_takes_every_terminal_that_it_certified_with_it() {
    let mut issuer = issuer();
    issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    let old = key(2).key_id();
    let in_use = issuer.revoke_issuer(old, NOW);
    assert!(matches!(in_use, Err(IssuerError::CurrentIssuer { .. })));
    issuer.rotate(seed(3), YEAR, YEAR, NOW).unwrap();
    issuer.revoke_issuer(old, NOW).unwrap();
    assert!(open(&mut issuer, NOW, None).terminals.is_empty());
    issuer.issue(till(1), key(9), YEAR, DAY, NOW).unwrap();
    assert_eq!(open(&mut issuer, NOW, None).terminals.len(), 1);
}

#[test]
fn an_epoch_has_one_key_and_epochs_only_go_up() {
    let mut issuer = issuer();
    issuer.issue(till(2), key(9), YEAR, DAY, NOW).unwrap();
    let other = issuer.issue(till(2), key(10), YEAR, DAY, NOW);
    assert!(matches!(other, Err(IssuerError::TakenEpoch { .. })));
    let behind = issuer.issue(till(1), key(10), YEAR, DAY, NOW);
    assert!(matches!(behind, Err(IssuerError::PastEpoch { .. })));
    let stranger = TerminalEpoch::new(TerminalId::of(MerchantId([9; 4]), 1), 1);
    let stranger = issuer.issue(stranger, key(11), YEAR, DAY, NOW);
    assert!(matches!(stranger, Err(IssuerError::UnknownMerchant { .. })));
}

#[test]
fn a_certificate_never_outlives_its_issuers_key() {
    let mut issuer = issuer();
    let later = NOW.after(Span::hours(24 * 200));
    let certificate = issuer.issue(till(1), key(9), YEAR, DAY, later).unwrap();
    assert_eq!(certificate.not_after(), NOW.after(YEAR));
    let over = issuer.issue(till(1), key(9), YEAR, DAY, NOW.after(YEAR));
    assert!(matches!(over, Err(IssuerError::NoIssuer)));
}

#[test]
fn secrets_are_never_printed() {
    let printed = format!("{:?}", issuer());
    assert!(!printed.contains(&"01".repeat(32)), "{printed}");
    assert!(!printed.contains("[1, 1"), "{printed}");
}
