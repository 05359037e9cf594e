//! Each attack fails against the real roles, and succeeds where there is no defence.

use super::*;
use crate::code::bundle::SignedBundle;
use crate::code::sealed::{Blob, Certificate};
use crate::money::{Currency, Money};
use crate::text::Text;
use crate::time::Time;

const NOW: Time = Time::from_seconds(1_780_000_000);

/// A system that believes everything: what every defence's absence looks like from outside.
struct Naive;

impl Target for Naive {
    fn scan(&mut self, _phone: Phone, _text: &str) -> Scan {
        let shop = Text::clean("BEAN & LEAF");
        Scan::Sent { shop }
    }

    fn open(&mut self, _at: Time, _code: &Blob) -> Opened {
        Opened::Order(Money::new(840, Currency::EUR))
    }

    fn open_as_stranger(&mut self, code: &Blob, _named: Option<&str>) -> Opened {
        self.open(NOW, code)
    }

    fn offer(&mut self, _bundle: &SignedBundle) -> bool {
        true
    }

    fn takes_amount(&mut self, _text: &str, _currency: &str) -> Option<i64> {
        Some(-1)
    }

    fn reads(&mut self, _file: File, _bytes: &[u8]) -> bool {
        true
    }

    fn play(&mut self, story: &Story) -> Books {
        let scans = story.scans.len();
        Books {
            debited: i64::try_from(scans).unwrap() * 840,
            payers: scans,
            credited: 840,
            told: 1,
            alarmed: false,
        }
    }
}

#[test]
fn no_attack_succeeds_against_the_real_roles() {
    for attack in all() {
        let (mut real, kit) = Real::new(NOW).unwrap();
        let finding = attempt(attack, &mut real, &kit);
        assert_eq!(finding.through, None, "{}", attack.id);
        assert!(finding.tried > 0, "{}", attack.id);
    }
}

#[test]
fn every_attack_succeeds_where_there_is_no_defence() {
    let (_real, kit) = Real::new(NOW).unwrap();
    for attack in all() {
        let finding = attempt(attack, &mut Naive, &kit);
        assert!(finding.through.is_some(), "{}", attack.id);
    }
}

#[test]
fn the_genuine_article_is_taken() {
    let (mut real, kit) = Real::new(NOW).unwrap();
    let code = kit.genuine(1);
    let shop = Text::clean("BEAN & LEAF");
    assert_eq!(
        real.scan(Phone::Test, &kit.link(&code)),
        Scan::Sent { shop }
    );
    assert!(!real.open(NOW, &code).is_refused());
    let inline = Certificate::issue(&kit.issuer, kit.certificate()).unwrap();
    let inline = kit.with_certificate(&inline, &kit.shop.signing).unwrap();
    assert!(real.scan(Phone::Test, &kit.link(&inline)) != Scan::Silent);
    let expects = Expects::default();
    let books = real.play(&Story {
        scans: vec![("ann".to_owned(), kit.link(&code), expects)],
        tamper: None,
        forged_notice: false,
    });
    assert_eq!((books.debited, books.credited, books.told), (840, 840, 1));
}
