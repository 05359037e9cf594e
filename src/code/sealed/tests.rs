//! What must be refused, whoever made it.

use super::*;
use crate::id::TerminalId;
use crate::money::{Currency, Money};
use crate::sign::KeyId;
use crate::text::Text;
use proptest::prelude::*;

const SUITES: [Suite; 3] = [Suite::Es256, Suite::Ed25519, Suite::Simulated];
const NOW: Time = Time::from_seconds(1_732_300_000);
const DAY: u32 = 86_400;

fn master() -> MasterKey {
    MasterKey::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

fn terminal(n: u8) -> TerminalId {
    TerminalId::from_bytes([1, 2, 3, 4, 5, n])
}

fn terminal_key() -> TerminalKey {
    TerminalKey::derive(&master(), terminal(6), 1)
}

fn key(suite: Suite, seed: u8) -> SigningKey {
    SigningKey::from_seed(suite, &[seed; 32]).unwrap()
}

fn order() -> SealedOrder {
    SealedOrder {
        counter: 42,
        amount: Money::new(840, Currency::EUR),
        reference: "A1-0042".into(),
        digest: digest("TOTAL 8.40"),
        merchant: Some("BEAN & LEAF".into()),
        till: None,
        lines: Some(2),
        tax: Some(vec![TaxLine {
            rate: 2300,
            minor: 157,
        }]),
    }
}

fn draft(certificate: Option<Certificate>) -> Draft {
    Draft {
        route: [0xC0, 0xFF, 0xEE],
        flags: Flags::NONE,
        issued_at: NOW,
        ttl_minutes: 1440,
        order: order(),
        certificate,
    }
}

fn certificate_draft(key: PublicKey) -> CertificateDraft {
    CertificateDraft {
        terminal: terminal(6),
        epoch: 1,
        key,
        not_before: Time::from_seconds(NOW.seconds() - DAY),
        not_after: Time::from_seconds(NOW.seconds() + DAY),
        name: "BEAN & LEAF".into(),
    }
}

fn issuer_key(issuer: &SigningKey) -> IssuerKey {
    IssuerKey {
        key: issuer.public(),
        not_before: Time::from_seconds(0),
        not_after: Time::from_seconds(NOW.seconds() + 2 * DAY),
    }
}

fn sealed(suite: Suite) -> (Blob, SigningKey) {
    let signing = key(suite, 7);
    let blob = seal(&terminal_key(), &signing, &draft(None)).unwrap();
    (blob, signing)
}

fn accepted(bytes: &[u8], key: &PublicKey) -> bool {
    Code::parse(&Blob::from(bytes), Accept::SIMULATION).is_ok_and(|code| code.verify(key).is_ok())
}

#[test]
fn what_was_sealed_opens_again_in_every_suite() {
    for suite in SUITES {
        let (blob, signing) = sealed(suite);
        let code = Code::parse(&blob, Accept::SIMULATION).unwrap();
        let code = code.verify(&signing.public()).unwrap();
        assert_eq!(open_as_gateway(&code, &terminal_key()), Ok(order()));
        let handed_over = terminal_key().order_key(code.header());
        assert_eq!(open(&code, &handed_over), Ok(order()));
        let again = seal(&terminal_key(), &signing, &draft(None)).unwrap();
        assert_eq!(again, blob, "sealing is reproducible");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for suite in SUITES {
        let (blob, signing) = sealed(suite);
        for bit in 0..blob.bytes().len() * 8 {
            let mut bytes = blob.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!accepted(&bytes, &signing.public()), "{suite:?} bit {bit}");
        }
    }
}

#[test]
fn every_truncation_and_appended_byte_is_refused() {
    let (blob, signing) = sealed(Suite::Es256);
    for len in 0..blob.bytes().len() {
        assert!(!accepted(&blob.bytes()[..len], &signing.public()), "{len}");
    }
    for extra in [0, 1, 0xFF] {
        let longer = [blob.bytes(), &[extra]].concat();
        assert!(!accepted(&longer, &signing.public()));
    }
}

#[test]
fn each_refusal_of_the_form_has_its_reason() {
    let (blob, _signing) = sealed(Suite::Es256);
    let with = |at: usize, byte: u8| {
        let mut bytes = blob.bytes().to_vec();
        bytes[at] = byte;
        Code::parse(&Blob::from(bytes), Accept::PRODUCTION).unwrap_err()
    };
    assert_eq!(with(0, 0x21), CodeError::UnknownVersion { version: 2 });
    assert_eq!(with(0, 0x13), CodeError::UnknownSuite { suite: 3 });
    assert_eq!(with(0, 0x1F), CodeError::SimulatedSuite);
    assert_eq!(with(1, 2), CodeError::TestNetwork);
    for flags in [4, 16, 32, 64, 128, 0xFF] {
        assert_eq!(with(1, flags), CodeError::ReservedFlag { flags });
    }
    assert!(matches!(with(1, 1), CodeError::Certificate(_)));
    let long = Blob::from(vec![0x11; BLOB_LEN_MAX + 1]);
    let error = Code::parse(&long, Accept::PRODUCTION).unwrap_err();
    assert_eq!(error, CodeError::TooLong { len: 601 });
}

#[test]
fn a_signature_of_another_terminal_or_without_the_label_is_refused() {
    for suite in SUITES {
        let (blob, signing) = sealed(suite);
        assert!(!accepted(blob.bytes(), &key(suite, 8).public()));
        let (signed, _signature) = blob.bytes().split_last_chunk::<64>().unwrap();
        let bare = signing.sign(b"", &[signed]);
        let bytes = [signed, &bare.0].concat();
        assert!(!accepted(&bytes, &signing.public()));
    }
    let (blob, _signing) = sealed(Suite::Es256);
    let code = Code::parse(&blob, Accept::PRODUCTION).unwrap();
    let swapped = code.verify(&key(Suite::Ed25519, 7).public()).unwrap_err();
    assert!(matches!(swapped, VerifyError::SuiteMismatch { .. }));
}

#[test]
fn a_stolen_signing_key_fails_at_the_seal_and_a_forged_reference_at_the_counter() {
    for suite in SUITES {
        let signing = key(suite, 7);
        let foreign = TerminalKey::derive(&MasterKey::from_bytes([9; 32]), terminal(6), 1);
        let blob = seal(&foreign, &signing, &draft(None)).unwrap();
        let code = Code::parse(&blob, Accept::SIMULATION).unwrap();
        let code = code.verify(&signing.public()).unwrap();
        assert_eq!(
            open_as_gateway(&code, &terminal_key()),
            Err(OpenError::Seal)
        );

        // A compromised chip: the right key, and a payment reference of its own choice.
        let mut header = *code.header();
        header.payment_reference = [7; 8];
        let head = header.encode();
        let mut bytes = head.to_vec();
        order().encode_into(&mut bytes).unwrap();
        aead::seal_in_place(suite, &terminal_key().order_key(&header), &head, &mut bytes);
        let signature = signing.sign(LABEL, &[&bytes]);
        bytes.extend_from_slice(&signature.0);
        let code = Code::parse(&Blob::from(bytes), Accept::SIMULATION).unwrap();
        let code = code.verify(&signing.public()).unwrap();
        let opened = open_as_gateway(&code, &terminal_key());
        assert_eq!(opened, Err(OpenError::Reference));
    }
}

#[test]
fn the_lifetime_begins_a_minute_early_and_ends_on_time() {
    let (blob, _signing) = sealed(Suite::Es256);
    let header = *Code::parse(&blob, Accept::PRODUCTION).unwrap().header();
    let at = |offset: i64| {
        let seconds = i64::from(NOW.seconds()) + offset;
        header.lifetime(Time::from_seconds(u32::try_from(seconds).unwrap()))
    };
    assert_eq!(at(-61), Lifetime::Ahead);
    assert_eq!(at(-59), Lifetime::Running);
    assert_eq!(at(1440 * 60 - 1), Lifetime::Running);
    assert_eq!(at(1440 * 60), Lifetime::Over);
}

#[test]
fn a_certificate_holds_for_its_terminal_epoch_issuer_and_time_only() {
    let (issuer, signing) = (key(Suite::Es256, 1), key(Suite::Ed25519, 7));
    let certificate = Certificate::issue(&issuer, certificate_draft(signing.public())).unwrap();
    let good = issuer_key(&issuer);
    let verify = |terminal, epoch, issuer: &IssuerKey, now| {
        let verdict = certificate.verify(terminal, epoch, [issuer], now);
        verdict.map(|c| c.name().clone())
    };
    let later = |seconds: u32| Time::from_seconds(NOW.seconds() + seconds);
    let refused = |e| Err(e);
    assert_eq!(verify(terminal(6), 1, &good, NOW), Ok("BEAN & LEAF".into()));
    assert_eq!(
        verify(terminal(6), 1, &good, later(DAY)),
        Ok("BEAN & LEAF".into())
    );
    let signature = CertificateError::Signature;
    assert_eq!(verify(terminal(7), 1, &good, NOW), refused(signature));
    assert_eq!(verify(terminal(6), 2, &good, NOW), refused(signature));
    let expired = refused(CertificateError::Expired);
    assert_eq!(verify(terminal(6), 1, &good, later(DAY + 1)), expired);
    let early = Time::from_seconds(NOW.seconds() - DAY - 1);
    let not_yet = refused(CertificateError::NotYetValid);
    assert_eq!(verify(terminal(6), 1, &good, early), not_yet);
    let short = IssuerKey {
        not_after: NOW,
        ..good
    };
    let outlives = refused(CertificateError::OutlivesIssuer);
    assert_eq!(verify(terminal(6), 1, &short, NOW), outlives);
    let other = issuer_key(&key(Suite::Es256, 2));
    let unknown = CertificateError::UnknownIssuer {
        issuer: issuer.public().key_id(),
    };
    assert_eq!(verify(terminal(6), 1, &other, NOW), refused(unknown));
    let itself = Certificate::issue(&issuer, certificate_draft(issuer.public()));
    assert_eq!(itself, Err(CertificateError::SelfSigned));
    let weak = Certificate::issue(&signing, certificate_draft(issuer.public()));
    assert_eq!(weak, Err(CertificateError::IssuerSuite));
}

#[test]
fn an_inline_certificate_is_found_by_its_name_and_every_flipped_bit_refused() {
    let (issuer, signing) = (key(Suite::Es256, 1), key(Suite::Es256, 7));
    for name in ["", "B", "BEAN & LEAF", "\u{68a8}\u{82b1}\u{9eb5}\u{9928}"] {
        let name = Text::clean(name);
        let named = CertificateDraft {
            name,
            ..certificate_draft(signing.public())
        };
        let certificate = Certificate::issue(&issuer, named).unwrap();
        let encoded = certificate.encode();
        assert_eq!(Certificate::parse(&encoded, false), Ok(certificate.clone()));
        let text = String::from(certificate.clone());
        assert_eq!(Certificate::try_from(text), Ok(certificate.clone()));
        let with_certificate = draft(Some(certificate.clone()));
        let blob = seal(&terminal_key(), &signing, &with_certificate);
        let code = Code::parse(&blob.unwrap(), Accept::PRODUCTION).unwrap();
        assert_eq!(code.certificate(), Some(&certificate));
        let code = code.verify(&signing.public()).unwrap();
        assert_eq!(open_as_gateway(&code, &terminal_key()), Ok(order()));
        for bit in 0..encoded.len() * 8 {
            let mut bad = encoded.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let verdict = Certificate::parse(&bad, false)
                .and_then(|c| c.verify(terminal(6), 1, [&issuer_key(&issuer)], NOW));
            assert!(verdict.is_err(), "bit {bit}");
        }
    }
}

#[test]
fn a_certificate_with_a_bidi_name_is_refused() {
    let (issuer, signing) = (key(Suite::Es256, 1), key(Suite::Es256, 7));
    let mut bytes = Certificate::issue(&issuer, certificate_draft(signing.public()))
        .unwrap()
        .encode();
    let at = bytes.len() - SIGNATURE_LEN - "BEAN & LEAF".len();
    bytes[at..at + 3].copy_from_slice("\u{202e}".as_bytes());
    let refused = Certificate::parse(&bytes, false);
    assert_eq!(refused, Err(CertificateError::UncleanName));
}

#[test]
fn two_issuers_with_one_key_id_are_both_tried() {
    let mut by_id = std::collections::BTreeMap::<KeyId, SigningKey>::new();
    let (other, issuer) = (0_u64..)
        .find_map(|n| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&n.to_be_bytes());
            let issuer = SigningKey::from_seed(Suite::Simulated, &seed).unwrap();
            let other = by_id.remove(&issuer.public().key_id());
            if other.is_none() {
                by_id.insert(issuer.public().key_id(), issuer);
                return None;
            }
            other.map(|other| (other, issuer))
        })
        .unwrap();
    assert_ne!(other.public(), issuer.public());
    let signing = key(Suite::Simulated, 7);
    let certificate = Certificate::issue(&issuer, certificate_draft(signing.public())).unwrap();
    let verify = |issuers: &[IssuerKey]| certificate.verify(terminal(6), 1, issuers, NOW).is_ok();
    assert!(verify(&[issuer_key(&other), issuer_key(&issuer)]));
    assert!(verify(&[issuer_key(&issuer), issuer_key(&other)]));
    assert!(!verify(&[issuer_key(&other)]));
}

#[test]
fn cbor_of_any_other_form_is_refused() {
    let mut good = Vec::new();
    order().encode_into(&mut good).unwrap();
    assert_eq!(SealedOrder::decode(&good), Ok(order()));
    let fault = |bytes: &[u8]| match SealedOrder::decode(bytes).unwrap_err() {
        OrderError::Cbor(error) => error.fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(&[&good[..], &[0]].concat()), CborFault::Trailing);
    assert_eq!(fault(&good[..good.len() - 1]), CborFault::End);
    assert_eq!(fault(&[0xA2, 0, 1, 0, 1]), CborFault::Order);
    assert_eq!(fault(&[0xA2, 1, 1, 0, 1]), CborFault::Order);
    assert_eq!(fault(&[0xBF, 0, 1, 0xFF]), CborFault::Form);
    assert_eq!(fault(&[0xA1, 0, 0x18, 23]), CborFault::Form);
    assert_eq!(fault(&[0xA1, 0, 0xFA, 0, 0, 0, 0]), CborFault::Type);
    assert_eq!(fault(&[0xA1, 0, 0xC0, 0]), CborFault::Type);
    assert_eq!(fault(&[0xA1, 0, 0x20]), CborFault::Type);
    assert_eq!(fault(&[0xA1, 3, 0x7F, 0x61, 0x41, 0xFF]), CborFault::Form);
    assert_eq!(fault(&[0xA1, 3, 0x61, 0xFF]), CborFault::Utf8);
    assert_eq!(fault(&[0xA1, 9, 1]), CborFault::Key);
    assert_eq!(
        fault(&[0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        CborFault::End
    );
    let missing = SealedOrder::decode(&[0xA1, 0, 1]).unwrap_err();
    assert_eq!(missing, OrderError::Missing { key: 1 });
}

#[test]
fn amounts_texts_and_currencies_that_cannot_be_are_refused() {
    let with_amount = |minor: i64| {
        let amount = Money::new(minor, Currency::JPY);
        SealedOrder { amount, ..order() }.encode_into(&mut Vec::new())
    };
    assert_eq!(with_amount(0), Err(OrderError::Amount));
    assert_eq!(with_amount(-1), Err(OrderError::Amount));
    assert_eq!(with_amount(i64::MAX), Ok(()));
    // counter 1, amount, currency, reference "A", digest of zeros
    let raw = |amount: &[u8], currency: &[u8]| {
        let tail = [&[3, 0x61, b'A', 4, 0x50][..], &[0; 16]].concat();
        let parts = [&[0xA5, 0, 1, 1], amount, &[2], currency, &tail];
        SealedOrder::decode(&parts.concat())
    };
    assert!(raw(&[1], &[0x19, 3, 0xD2]).is_ok());
    assert_eq!(raw(&[0], &[0x19, 3, 0xD2]), Err(OrderError::Amount));
    let huge = [0x1B, 0x80, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(raw(&huge, &[0x19, 3, 0xD2]), Err(OrderError::Amount));
    let unknown = OrderError::Currency { numeric: 1 };
    assert_eq!(raw(&[1], &[1]), Err(unknown));
    let long = SealedOrder {
        reference: "x".repeat(26).as_str().into(),
        ..order()
    };
    assert!(long.encode_into(&mut Vec::new()).is_err());
}

#[test]
fn a_text_and_a_padded_copy_have_one_digest() {
    let text = "  BEAN\t& LEAF \r\n\r\n\nTOTAL    8.40\n";
    assert_eq!(canonical(text), "BEAN & LEAF\nTOTAL 8.40");
    assert_eq!(canonical("cafe\u{301}\u{a0}\u{3000}x"), "caf\u{e9} x");
    assert_eq!(canonical(" \n \n"), "");
    assert_eq!(digest(text), digest("BEAN & LEAF\nTOTAL 8.40"));
    assert_ne!(digest(text), digest("BEAN & LEAF\nTOTAL 8.41"));
}

#[test]
fn secrets_print_nothing_of_themselves() {
    let key = terminal_key();
    let header = *Code::parse(&sealed(Suite::Es256).0, Accept::PRODUCTION)
        .unwrap()
        .header();
    let text = format!("{:?} {:?} {:?}", master(), key, key.order_key(&header));
    assert_eq!(
        text,
        "MasterKey TerminalKey of 010203040506 epoch 1 OrderKey"
    );
}

proptest! {
    #[test]
    fn orders_read_back_from_their_cbor(
        counter: u32,
        minor in 1_i64..,
        reference in ".{0,20}",
        merchant in prop::option::of("[A-Za-z\u{4e00}-\u{4eff} ]{0,20}"),
        lines: Option<u32>,
        tax in prop::option::of(prop::collection::vec((any::<u32>(), any::<u64>()), 0..8)),
    ) {
        let tax = tax.map(|lines: Vec<(u32, u64)>| {
            lines.into_iter().map(|(rate, minor)| TaxLine { rate, minor }).collect()
        });
        let order = SealedOrder {
            counter,
            amount: Money::new(minor, Currency::CNY),
            reference: Text::clean(&reference),
            merchant: merchant.map(|m| Text::clean(&m)),
            lines,
            tax,
            ..order()
        };
        let mut cbor = Vec::new();
        order.encode_into(&mut cbor).unwrap();
        prop_assert_eq!(SealedOrder::decode(&cbor), Ok(order.clone()));
        let json = serde_json::to_string(&order).unwrap();
        prop_assert_eq!(serde_json::from_str::<SealedOrder>(&json).unwrap(), order);
    }

    #[test]
    fn what_decodes_is_the_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut plain = Vec::new();
        order().encode_into(&mut plain).unwrap();
        for (at, byte) in bytes.iter().enumerate().step_by(7) {
            let at = (at * 31 + usize::from(*byte)) % plain.len();
            plain[at] = *byte;
        }
        for candidate in [&bytes, &plain] {
            if let Ok(order) = SealedOrder::decode(candidate) {
                let mut again = Vec::new();
                order.encode_into(&mut again).unwrap();
                prop_assert_eq!(&again, candidate);
            }
        }
    }

    #[test]
    fn no_bytes_panic_the_parsers(bytes in prop::collection::vec(any::<u8>(), 0..400), flags: u8) {
        let mut framed = bytes.clone();
        if let [first, second, ..] = framed.as_mut_slice() {
            (*first, *second) = (0x11, flags & 0x0B);
        }
        drop(Code::parse(&Blob::from(bytes.clone()), Accept::SIMULATION));
        drop(Code::parse(&Blob::from(framed), Accept::SIMULATION));
        drop(Certificate::parse(&bytes, true));
    }
}
