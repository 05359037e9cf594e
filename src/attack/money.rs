//! Attacks on money: replays, races, stickers, forged amounts, a compromised gateway, guessing.

use super::{Attack, Books, Expects, Opened, Phone, Scan, Story, Trial};
use crate::message::{Attested, Message, PaymentOrder};
use crate::money::{Currency, Money};
use crate::text::Text;
use crate::time::Span;
use std::sync::Arc;

const DUE: i64 = 840;
/// How many customers a target has.
const PAYERS: usize = 100;

pub(super) const ATTACKS: &[&Attack] = &[
    &Attack {
        id: "A-02 sticker",
        tries: "pastes the attacker's own valid code over the shop's",
        correct: "the phone shows the attacker's certified name; who looks does not pay",
        run: |trial| {
            let kit = trial.kit;
            let theirs = kit.link(&kit.print(&kit.own, kit.now, 1, DUE));
            let scan = trial.target.scan(Phone::Test, &theirs);
            let shop = Text::clean("BEAN & LEAF");
            let shown = matches!(&scan, Scan::Sent { shop: shown } if *shown != shop);
            trial.judge(shown, || format!("the phone showed {scan:?}"));
            let expects = Expects {
                shop: Some(shop),
                amount: None,
            };
            let books = play(trial, vec![("ann".to_owned(), theirs, expects)]);
            trial.judge(books.debited == 0, || {
                format!("a careful payer paid {}", books.debited)
            });
        },
    },
    &Attack {
        id: "A-03 replay",
        tries: "shows yesterday's receipt, and one that was paid, again",
        correct: "expired: refused; paid: nobody is debited again",
        run: |trial| {
            let kit = trial.kit;
            let old = trial
                .target
                .open(kit.now.after(Span::hours(25)), &kit.genuine(30));
            trial.judge(old.is_refused(), || {
                "yesterday's code became an order".to_owned()
            });
            let link = kit.link(&kit.genuine(31));
            let ann = || ("ann".to_owned(), link.clone(), Expects::default());
            let books = play(trial, vec![ann(), ann(), ann()]);
            let once = books.debited == DUE && books.payers == 1;
            trial.judge(once, || {
                format!("the same payer was debited {}", books.debited)
            });
        },
    },
    &Attack {
        id: "clock",
        tries: "issues codes 59 and 61 seconds ahead of the gateway's clock",
        correct: "59 s accepted, 61 s refused",
        run: |trial| {
            let kit = trial.kit;
            let ahead = |seconds, counter| {
                kit.print(
                    &kit.shop,
                    kit.now.after(Span::seconds(seconds)),
                    counter,
                    DUE,
                )
            };
            let near = trial.target.open(kit.now, &ahead(59, 40));
            trial.judge(!near.is_refused(), || "59 s ahead was refused".to_owned());
            trial.refused("61 s ahead", &ahead(61, 41));
        },
    },
    &Attack {
        id: "A-04 race",
        tries: "lets two and then a hundred phones of two banks pay one receipt at the same moment",
        correct: "one pays, the others are refused, the shop gets it once",
        run: |trial| {
            race(trial, &payers()[..2]);
            race(trial, &payers());
        },
    },
    &Attack {
        id: "A-20 lifted code",
        tries: "photographs the code from a screen and pays it elsewhere first",
        correct: "it pays that one receipt once, for whoever comes first, and lives for an hour",
        run: |trial| {
            race(trial, &payers()[..2]);
            let kit = trial.kit;
            let late = trial
                .target
                .open(kit.now.after(Span::minutes(60)), &kit.genuine(51));
            trial.judge(late.is_refused(), || {
                "it lived longer than an hour".to_owned()
            });
        },
    },
    &Attack {
        id: "A-05 A-23 enumeration",
        tries: "asks for receipts and orders that it has no code of, in many ways",
        correct: "one uniform answer, which says nothing of any payment",
        run: |trial| {
            let kit = trial.kit;
            let opened = trial.target.open(kit.now, &kit.genuine(60));
            trial.judge(!opened.is_refused(), || {
                "a genuine code was refused".to_owned()
            });
            for counter in 61..69 {
                let guessed = kit.signed_again(counter, |code| code[12] ^= 0x55);
                trial.refused("a guessed payment reference", &guessed);
            }
            let stranger = trial.target.open_as_stranger(&kit.genuine(60), None);
            trial.judge(stranger.is_refused(), || {
                "a stranger got the order".to_owned()
            });
            let junk = trial.target.open_as_stranger(&kit.junk(), None);
            let same = stranger.body() == junk.body();
            trial.judge(same, || {
                "the refusal tells that a payment exists".to_owned()
            });
        },
    },
    &Attack {
        id: "A-10 bank header",
        tries: "names another bank in the link's path than the app's own, or none that is proved",
        correct: "the app's authenticated bank counts; a conflict is refused",
        run: |trial| {
            let kit = trial.kit;
            for named in [None, Some("lake"), Some("no-such-bank")] {
                let opened = trial.target.open_as_stranger(&kit.genuine(62), named);
                trial.judge(opened.is_refused(), || format!("named {named:?}: an order"));
            }
        },
    },
    &Attack {
        id: "A-13 compromised gateway",
        tries: "alters amount, currency, reference, payee and code of an order and signs it with \
                the gateway's own key; tells the shop of a payment that no bank made",
        correct: "wallet and bank open the seal themselves: refused, and noted as altered",
        run: compromised,
    },
    &Attack {
        id: "A-14 inflated amount",
        tries: "prints 5.00 on the paper and seals 50.00",
        correct: "50.00 is shown before anything is confirmed; who looks does not pay",
        run: |trial| {
            let kit = trial.kit;
            let code = kit.sell(70, 5000);
            let shown = trial.target.open(kit.now, &code);
            let says = Opened::Order(Money::new(5000, Currency::EUR));
            trial.judge(shown == says, || format!("the order said {shown:?}"));
            let amount = Some(Money::new(500, Currency::EUR));
            let expects = Expects { shop: None, amount };
            let books = play(
                trial,
                vec![("ann".to_owned(), kit.link(&kit.sell(71, 5000)), expects)],
            );
            trial.judge(books.debited == 0, || {
                format!("a careful payer paid {}", books.debited)
            });
        },
    },
];

fn play(trial: &mut Trial<'_>, scans: Vec<(String, String, Expects)>) -> Books {
    trial.target.play(&Story {
        scans,
        tamper: None,
        forged_notice: false,
    })
}

fn race(trial: &mut Trial<'_>, payers: &[String]) {
    let link = trial.kit.link(&trial.kit.genuine(50));
    let scan = |who: &String| (who.clone(), link.clone(), Expects::default());
    let books = play(trial, payers.iter().map(scan).collect());
    let once = books.debited == DUE && books.payers == 1 && books.credited == DUE;
    trial.judge(once, || format!("{} phones: {books:?}", payers.len()));
}

/// The customers that a target has, every second one at another bank; ann is the first.
pub(super) fn payers() -> Vec<String> {
    let others = (2..=PAYERS).map(|nth| format!("payer-{nth}"));
    std::iter::once("ann".to_owned()).chain(others).collect()
}

type Tamper = (&'static str, fn(&mut Message));

const TAMPERS: [Tamper; 7] = [
    ("amount", |m| {
        order(m, |o| o.amount = Money::new(DUE + 1, Currency::EUR));
    }),
    ("a smaller amount", |m| {
        order(m, |o| o.amount = Money::new(1, Currency::EUR));
    }),
    ("currency", |m| {
        order(m, |o| o.amount = Money::new(DUE, dollars()));
    }),
    ("reference", |m| {
        order(m, |o| o.reference = Text::clean("B-1"));
    }),
    ("payee's account", |m| {
        order(m, |o| o.payee_account = Text::clean("eve-account"));
    }),
    ("payee's name", |m| {
        order(m, |o| o.payee = Text::clean("EVE"));
    }),
    ("merchant", |m| order(m, |o| o.merchant.0 = [9; 4])),
];

fn dollars() -> Currency {
    "USD".parse().expect("ISO 4217 has it")
}

fn order(message: &mut Message, change: impl FnOnce(&mut PaymentOrder)) {
    if let Message::Order(order) = message {
        let mut body = order.body.clone();
        change(&mut body);
        *message = Message::Order(Arc::new(Attested::unsigned(body, order.by)));
    }
}

fn compromised(trial: &mut Trial<'_>) {
    let link = trial.kit.link(&trial.kit.genuine(80));
    for (what, tamper) in TAMPERS {
        let books = trial.target.play(&Story {
            scans: vec![("ann".to_owned(), link.clone(), Expects::default())],
            tamper: Some(tamper),
            forged_notice: false,
        });
        trial.judge(books.debited == 0, || {
            format!("{what}: {} was debited", books.debited)
        });
        trial.judge(books.alarmed, || format!("{what}: nobody noted it"));
    }
    let books = trial.target.play(&Story {
        scans: vec![],
        tamper: None,
        forged_notice: true,
    });
    trial.judge(books.told == 0, || {
        "the shop believed a forged notice".to_owned()
    });
}
