//! A cast is made of names and a seed, and of nothing else.

use super::*;
use crate::message::CodeHash;
use crate::money::Currency;
use crate::roles::wallet::Expectation;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn parts(crypto: Crypto, customers: &[&str]) -> Parts {
    let customer = |who: &&str| CustomerPart {
        name: name(who),
        bank: name("river"),
        balance: Money::new(10_000, Currency::EUR),
        limit: None,
        habits: Habits::default(),
    };
    Parts {
        crypto,
        starts: Time::from_seconds(1_777_865_400),
        gateway: name("main"),
        gateway_timing: gateway::Timing::default(),
        endpoint: "http://127.0.0.1:7000".to_owned(),
        banks: vec![BankPart {
            name: name("river"),
            timing: bank::Timing::default(),
        }],
        merchants: vec![MerchantPart {
            name: name("bean"),
            title: "BEAN & LEAF".into(),
            bank: name("river"),
            tills: 2,
            code_minutes: CODE_MINUTES,
        }],
        customers: customers.iter().map(customer).collect(),
    }
}

fn cast(crypto: Crypto, customers: &[&str]) -> Cast {
    Cast::new(&parts(crypto, customers), &Chance::of_seed(7)).unwrap()
}

#[test]
fn a_till_seals_what_a_wallet_of_the_cast_verifies() {
    for crypto in [Crypto::Fast, Crypto::Real] {
        let cast = cast(crypto, &["ann"]);
        let till = cast.till(name("bean"), 2).unwrap();
        let now = cast.trust.bundle.issued.after(Span::seconds(1));
        let amount = Money::new(450, Currency::EUR);
        let blob = till.seal(now, 1, amount, &"A1".into()).unwrap();
        let link = crate::code::link::to_link(&cast.host, None, &blob);
        let scanned = cast.wallets[0].verify_scan(now, &link, Expectation::default());
        assert_eq!(
            scanned.unwrap().merchant.as_str(),
            "BEAN & LEAF",
            "{crypto}"
        );
    }
}

#[test]
fn another_customer_changes_nobody_elses_keys() {
    let (few, many) = (
        cast(Crypto::Real, &["ann"]),
        cast(Crypto::Real, &["bob", "ann"]),
    );
    let now = few.trust.bundle.issued;
    let amount = Money::new(450, Currency::EUR);
    let code = |cast: &Cast| {
        let till = cast.till(name("bean"), 1).unwrap();
        CodeHash::of(&till.seal(now, 1, amount, &"A1".into()).unwrap())
    };
    assert_eq!(code(&few), code(&many));
    assert_eq!(few.trust.bundle, many.trust.bundle);
    assert_eq!(
        few.wallets[0].approval.expose(),
        many.wallets[1].approval.expose()
    );
}

#[test]
fn a_customer_of_no_bank_is_refused() {
    let mut parts = parts(Crypto::Fast, &["ann"]);
    parts.customers[0].bank = name("lake");
    let refused = Cast::new(&parts, &Chance::of_seed(7));
    assert!(matches!(refused.err(), Some(CastError::NoBank { .. })));
}
