//! What every suite refuses.

use super::*;
use proptest::prelude::*;

const SUITES: [Suite; 3] = [Suite::Es256, Suite::Ed25519, Suite::Simulated];

fn key(suite: Suite, seed: u8) -> SigningKey {
    SigningKey::from_seed(suite, &[seed; 32]).unwrap()
}

#[test]
fn a_signature_holds_for_its_key_label_and_message_only() {
    for suite in SUITES {
        let (ours, other) = (key(suite, 7), key(suite, 8));
        let signature = ours.sign(b"label\0", &[b"ab", b"c"]);
        let public = ours.public();
        assert_eq!(
            public.verify(b"label\0", &[b"a", b"bc"], &signature),
            Ok(())
        );
        assert!(public.verify(b"lapel\0", &[b"abc"], &signature).is_err());
        assert!(public.verify(b"", &[b"abc"], &signature).is_err());
        assert!(public.verify(b"label\0", &[b"abd"], &signature).is_err());
        assert!(
            other
                .public()
                .verify(b"label\0", &[b"abc"], &signature)
                .is_err()
        );
    }
}

#[test]
fn any_flipped_bit_of_a_signature_is_refused() {
    for suite in SUITES {
        let ours = key(suite, 3);
        let good = ours.sign(b"x", &[b"message"]);
        for bit in 0..SIGNATURE_LEN * 8 {
            let mut bad = good;
            bad.0[bit / 8] ^= 1 << (bit % 8);
            let verdict = ours.public().verify(b"x", &[b"message"], &bad);
            assert!(verdict.is_err(), "{suite:?} bit {bit}");
        }
    }
}

#[test]
fn a_high_or_zero_s_is_refused() {
    let ours = key(Suite::Es256, 3);
    let good = ours.sign(b"x", &[b"message"]);
    let low = p256::ecdsa::Signature::from_slice(&good.0).unwrap();
    let high = p256::ecdsa::Signature::from_scalars(low.r(), -low.s()).unwrap();
    let high = Signature(high.to_bytes().into());
    assert_ne!(high, good);
    assert!(ours.public().verify(b"x", &[b"message"], &high).is_err());
    let mut zero = good;
    zero.0[32..].fill(0);
    assert!(ours.public().verify(b"x", &[b"message"], &zero).is_err());
    let missing = Signature([0; 64]);
    assert!(ours.public().verify(b"x", &[b"message"], &missing).is_err());
}

#[test]
fn ed25519_keys_of_small_order_and_non_canonical_s_are_refused() {
    let mut identity = [0; 33];
    (identity[0], identity[1]) = (0xED, 1);
    assert_eq!(PublicKey::parse(&identity), Err(KeyError::NoPoint));
    // y = p + 1 is the identity's second encoding, y = p + 3 a non-canonical one of a usable point.
    let mut wrapped = [0xFF; 33];
    (wrapped[0], wrapped[1], wrapped[32]) = (0xED, 0xED + 3, 0x7F);
    assert_eq!(PublicKey::parse(&wrapped), Err(KeyError::NoPoint));

    let ours = key(Suite::Ed25519, 3);
    let mut signature = ours.sign(b"x", &[b"message"]);
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (s, l) in signature.0[32..].iter_mut().zip(order) {
        let sum = u16::from(*s) + u16::from(l) + carry;
        (*s, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert!(
        ours.public()
            .verify(b"x", &[b"message"], &signature)
            .is_err()
    );
}

#[test]
fn points_off_the_curve_and_at_infinity_are_refused() {
    let mut refused = 0;
    for low in 0..32 {
        let mut bytes = [0; 33];
        (bytes[0], bytes[32]) = (2, low);
        refused += usize::from(PublicKey::parse(&bytes) == Err(KeyError::NoPoint));
    }
    assert!(
        (8..24).contains(&refused),
        "half of all x are on no point: {refused}"
    );
    assert_eq!(PublicKey::parse(&[0]), Err(KeyError::Length { len: 1 }));
    assert_eq!(
        PublicKey::parse(&[0; 33]),
        Err(KeyError::UnknownTag { tag: 0 })
    );
    assert_eq!(PublicKey::parse(&[]), Err(KeyError::Length { len: 0 }));
}

#[test]
fn a_simulated_key_never_enters_a_real_deployment() {
    let public = key(Suite::Simulated, 1).public();
    assert_eq!(PublicKey::parse(public.bytes()), Err(KeyError::Simulated));
    assert_eq!(PublicKey::parse_any(public.bytes()), Ok(public));
}

#[test]
fn a_secret_key_prints_only_its_public_half() {
    let text = format!("{:?}", key(Suite::Es256, 7));
    assert_eq!(
        text,
        format!("SigningKey of {}", key(Suite::Es256, 7).public())
    );
}

proptest! {
    #[test]
    fn what_parses_as_a_key_is_its_own_bytes(
        tag in prop::sample::select(vec![2_u8, 3, 4, 0x5A, 0xED]),
        rest in prop::collection::vec(any::<u8>(), 30..34),
        signature: [u8; 32],
    ) {
        let bytes = [&[tag][..], &rest].concat();
        if let Ok(key) = PublicKey::parse_any(&bytes) {
            prop_assert_eq!(key.bytes().as_slice(), bytes.as_slice());
            let forged = Signature(std::array::from_fn(|at| signature[at % 32]));
            prop_assert!(key.verify(b"x", &[&bytes], &forged).is_err());
        }
    }

    #[test]
    fn keys_and_signatures_read_back_from_their_text(seed: [u8; 32], which in 0..3_usize) {
        let ours = SigningKey::from_seed(SUITES[which], &seed).unwrap();
        let public = ours.public();
        prop_assert_eq!(public.to_string().parse::<PublicKey>(), Ok(public));
        let signature = ours.sign(b"x", &[&seed]);
        prop_assert_eq!(signature.to_string().parse::<Signature>(), Ok(signature));
        prop_assert_eq!(public.verify(b"x", &[&seed], &signature), Ok(()));
    }
}
