//! Attacks on keys: signatures, certificates, seals, references, revocation.

use super::forge::bytes;
use super::{Attack, Scan, Trial};
use crate::code::bundle::TerminalEpoch;
use crate::code::sealed::HEADER_LEN;
use crate::code::sealed::{
    Blob, Certificate, CertificateDraft, Draft, Flags, MasterKey, SealedOrder, TerminalKey, digest,
    seal,
};
use crate::money::{Currency, Money};
use crate::sign::{SIGNATURE_LEN, SigningKey, Suite};
use crate::text::Text;
use crate::time::{Span, Time};

/// P-256's group order.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

pub(super) const ATTACKS: &[&Attack] = &[
    &Attack {
        id: "signatures",
        tries: "sends no signature, zeros, high s, another terminal's, one without its label, \
                another suite",
        correct: "the phone refuses and sends nothing; the gateway refuses alike",
        run: signatures,
    },
    &Attack {
        id: "A-07 certificates",
        tries: "shows certificates for another terminal, expired, too early, outliving their \
                issuer, self-signed, self-made",
        correct: "refused; no key is fetched from anywhere",
        run: certificates,
    },
    &Attack {
        id: "keys and names",
        tries: "has the issuer vouch for points off the curve, at infinity, of small order, and \
                for names with invisible characters",
        correct: "refused",
        run: |trial| {
            let kit = trial.kit;
            let good = *kit.shop.signing.public().bytes();
            let names: [&[u8]; 5] = [
                "BEAN\u{202e}FAEL".as_bytes(),
                "BEAN\u{200b}".as_bytes(),
                b"BEAN\x1b[2J",
                b"BEAN\xff",
                b"BEAN\n",
            ];
            for name in names {
                let code = kit.raw_certificate(good, name);
                trial.silent("a name", &kit.link(&code));
            }
            let points = [
                format!("02{}", "ff".repeat(32)),
                format!("00{}", "00".repeat(32)),
                format!("ed01{}", "00".repeat(31)),
                format!("ed{}", "00".repeat(32)),
                format!("ed{}7f", "ff".repeat(31)),
                format!("5a{}", "11".repeat(32)),
            ];
            for point in points {
                let key = bytes(&point).try_into().unwrap_or([0; 33]);
                let code = kit.raw_certificate(key, b"BEAN");
                trial.silent(&format!("key {point}"), &kit.link(&code));
            }
        },
    },
    &Attack {
        id: "A-11 stolen keys, cloned chip",
        tries: "signs with a stolen key but no terminal key; forges references; uses one counter \
                for two amounts",
        correct: "the gateway refuses at the seal; a fork is refused and raises an alarm",
        run: stolen,
    },
    &Attack {
        id: "A-12 revocation and rollback",
        tries: "shows a revoked terminal's code, and offers phones older, forged, expired and \
                forked bundles",
        correct: "the next bundle ends the terminal; no other bundle is taken",
        run: revocation,
    },
    &Attack {
        id: "A-08 algorithms",
        tries: "names the simulation's suite, whose keys anybody can use, and swaps suites",
        correct: "refused: a suite is what the trusted key says, never what the message says",
        run: |trial| {
            let kit = trial.kit;
            for suite in [2_u8, 15] {
                let code = kit.signed_again(1, |bytes| bytes[0] = 0x10 | suite);
                trial.silent(&format!("suite {suite}"), &kit.link(&code));
                trial.refused(&format!("suite {suite}"), &code);
            }
        },
    },
];

fn signatures(trial: &mut Trial<'_>) {
    let kit = trial.kit;
    let genuine = kit.genuine(1).bytes().to_vec();
    let (body, signature) = genuine.split_at(genuine.len() - SIGNATURE_LEN);
    let with = |signature: &[u8]| Blob::from([body, signature].concat());
    let high = [&signature[..32], &negated(&signature[32..])].concat();
    let label = b"quittance-code/1 signature\0";
    let cases = [
        ("no signature", Blob::from(body)),
        ("zeros", with(&[0; 64])),
        ("r of zero", with(&[&[0; 32], &signature[32..]].concat())),
        ("s of zero", with(&[&signature[..32], &[0; 32]].concat())),
        ("high s", with(&high)),
        (
            "another terminal's",
            kit.sign(body.to_vec(), label, &kit.own.signing),
        ),
        (
            "without the label",
            kit.sign(body.to_vec(), b"", &kit.shop.signing),
        ),
        (
            "under another label",
            kit.sign(
                body.to_vec(),
                b"quittance-code/1 certificate\0",
                &kit.shop.signing,
            ),
        ),
        ("an old epoch", kit.signed_again(1, |bytes| bytes[5] ^= 3)),
        (
            "another terminal's id",
            kit.signed_again(1, |bytes| bytes[11] ^= 3),
        ),
    ];
    for (what, code) in cases {
        trial.silent(what, &kit.link(&code));
        trial.refused(what, &code);
    }
}

/// The group's order less a number: what makes a low s high.
fn negated(s: &[u8]) -> Vec<u8> {
    let mut out = bytes(ORDER);
    let mut borrow = 0;
    for (digit, less) in out.iter_mut().zip(s).rev() {
        let difference = i16::from(*digit) - i16::from(*less) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).unwrap_or(0);
    }
    out
}

fn certificates(trial: &mut Trial<'_>) {
    let kit = trial.kit;
    let (hour, month) = (Span::hours(1), Span::hours(24 * 60));
    let honest = kit.certificate();
    let attacker = SigningKey::from_seed(Suite::Es256, &[0x31; 32]);
    let Ok(attacker) = attacker else { return };
    let issue = |draft| Certificate::issue(&kit.issuer, draft).ok();
    let stolen = &kit.shop.signing;
    let other = kit.own.key.terminal();
    let cases = [
        (
            "another terminal",
            issue(CertificateDraft {
                terminal: other,
                ..honest.clone()
            }),
        ),
        (
            "another epoch",
            issue(CertificateDraft {
                epoch: 9,
                ..honest.clone()
            }),
        ),
        (
            "expired",
            issue(CertificateDraft {
                not_after: kit.now.before(hour),
                ..honest.clone()
            }),
        ),
        (
            "not yet valid",
            issue(CertificateDraft {
                not_before: kit.now.after(Span::minutes(30)),
                ..honest.clone()
            }),
        ),
        (
            "outliving its issuer",
            issue(CertificateDraft {
                not_after: kit.now.after(month),
                ..honest.clone()
            }),
        ),
        (
            "self-made",
            Certificate::issue(&attacker, honest.clone()).ok(),
        ),
        (
            "by the shop's own neighbour",
            Certificate::issue(&kit.own.signing, honest.clone()).ok(),
        ),
    ];
    for (what, certificate) in cases {
        let code = certificate.and_then(|c| kit.with_certificate(&c, stolen));
        // A certificate that cannot even be made is a defence too.
        let link = code.map_or_else(|| "https://no.example/1#0".to_owned(), |c| kit.link(&c));
        trial.silent(what, &link);
    }
    let own = CertificateDraft {
        key: attacker.public(),
        ..honest
    };
    let mine = Certificate::issue(stolen, own).ok();
    let code = mine.and_then(|c| kit.with_certificate(&c, &attacker));
    let link = code.map_or_else(|| "https://no.example/1#0".to_owned(), |c| kit.link(&c));
    trial.silent("vouched for by a terminal", &link);
}

fn stolen(trial: &mut Trial<'_>) {
    let kit = trial.kit;
    let shop = &kit.shop;
    let guess = MasterKey::from_bytes([0x41; 32]);
    let guessed = TerminalKey::derive(&guess, shop.key.terminal(), shop.key.epoch());
    let order = SealedOrder {
        counter: 1,
        amount: Money::new(1, Currency::EUR),
        reference: Text::clean("A-1"),
        digest: digest("TOTAL 0.01"),
        merchant: None,
        till: None,
        lines: None,
        tax: None,
    };
    let draft = Draft {
        route: shop.route,
        flags: Flags::TEST_NETWORK,
        issued_at: kit.now,
        ttl_minutes: 60,
        order,
        certificate: None,
    };
    let forged = seal(&guessed, &shop.signing, &draft).unwrap_or_else(|_| kit.junk());
    trial.refused("a seal under a guessed terminal key", &forged);
    let good = "a5000101190348021903d20361410450".to_owned() + &"09".repeat(16);
    let other = kit.sealed_with([7; 8], &bytes(&good));
    trial.refused("a forged payment reference", &other);
    let moved = kit.signed_again(1, |code| code[HEADER_LEN] ^= 1);
    trial.refused("an altered seal", &moved);
    let first = trial.target.open(kit.now, &kit.sell(20, 840));
    trial.judge(!first.is_refused(), || {
        "a genuine code was refused".to_owned()
    });
    let second = trial.target.open(kit.now, &kit.sell(20, 50));
    trial.judge(second.is_refused(), || {
        "one counter gave two amounts".to_owned()
    });
    trial.judge(second.alarmed(), || "a fork raised no alarm".to_owned());
}

fn revocation(trial: &mut Trial<'_>) {
    let kit = trial.kit;
    let link = kit.link(&kit.genuine(1));
    let mut next = kit.bundle.clone();
    let terminal = TerminalEpoch::new(kit.shop.key.terminal(), kit.shop.key.epoch());
    next.version += 1;
    next.revoked_terminals.insert(terminal);
    let taken = trial.target.offer(&next.sign(&kit.root));
    trial.judge(taken, || {
        "the issuer's own next bundle was not taken".to_owned()
    });
    trial.silent("a revoked terminal's code", &link);
    let mut forked = next.clone();
    forked.revoked_terminals.clear();
    let mut expired = forked.clone();
    expired.version += 5;
    let mut newer = expired.clone();
    expired.expires = kit.now;
    newer.version += 1;
    let cases = [
        ("an older bundle", kit.bundle.sign(&kit.root)),
        ("another bundle of the same version", forked.sign(&kit.root)),
        ("an expired bundle", expired.sign(&kit.root)),
        ("a bundle signed by the issuer key", newer.sign(&kit.issuer)),
        ("a bundle signed by a shop", newer.sign(&kit.own.signing)),
    ];
    for (what, bundle) in cases {
        let taken = trial.target.offer(&bundle);
        trial.judge(!taken, || format!("{what} was taken"));
    }
    trial.silent("a revoked terminal's code, after all of them", &link);
    let scan = trial
        .target
        .scan(super::Phone::Test, &kit.link(&other_shop(kit)));
    let honest = matches!(scan, Scan::Sent { .. });
    trial.judge(honest, || "an honest shop's code was refused".to_owned());
}

fn other_shop(kit: &super::Kit) -> Blob {
    let now: Time = kit.now;
    kit.print(&kit.own, now, 1, 840)
}
