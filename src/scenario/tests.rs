//! Scenario files are read whole, and what is wrong with them is said in one pass.

use super::*;
use crate::scenario::templates::TEMPLATES;
use crate::time::Span;
use proptest::prelude::*;

fn errors(source: &str) -> String {
    Scenario::parse("t.toml", source).map_or_else(|invalid| invalid.to_string(), |_| String::new())
}

fn double_scan() -> String {
    include_str!("../../scenarios/double-scan-lost-answer.toml").to_owned()
}

#[test]
fn the_library_reads() {
    for (file, source) in [
        (
            "first-sale",
            include_str!("../../scenarios/first-sale.toml"),
        ),
        ("double-scan-lost-answer", &double_scan()),
        ("lossy", include_str!("../../scenarios/lossy.toml")),
        (
            "lunch-rush",
            include_str!("../../scenarios/lunch-rush.toml"),
        ),
    ] {
        match Scenario::parse(file, source) {
            Ok(scenario) => assert_eq!(scenario.name.as_str(), file),
            Err(invalid) => panic!("{invalid}"),
        }
    }
}

#[test]
fn a_file_states_only_what_is_special() {
    let scenario = Scenario::parse("t", &double_scan()).unwrap();
    let ann = &scenario.customers[&"ann".parse().unwrap()];
    assert_eq!(ann.balance.least.to_string(), "100.00 XTS");
    assert_eq!(scenario.run.settle, Span::hours(48));
    let shop = &scenario.merchants[&"noodle-bar".parse().unwrap()];
    assert_eq!(shop.name.as_str(), "Noodle Bar");
    assert_eq!(
        scenario.steps[2].start,
        Start::After(
            "scan-1".parse().unwrap(),
            Range {
                least: Span::ZERO,
                most: Span::seconds(2)
            },
        )
    );
}

#[test]
fn three_slips_are_three_errors_with_their_places_and_suggestions() {
    let source = double_scan()
        .replace("kind = \"always\"", "kind = \"alway\"")
        .replace("who  = \"noodle-bar\"", "who  = \"noodlebar\"")
        .replace("message = \"pay\"", "message = \"pya\"");
    assert_eq!(
        errors(&source),
        r#"error[E03]: no actor named `noodlebar`
  --> t.toml:24:8
24 | who  = "noodlebar"
   |        ^^^^^^^^^^^ did you mean `noodle-bar`, defined at line 14?
error[E05]: fault `answer-lost` can never fire: `ann` sends `river` no message `pya`
  --> t.toml:45:11
45 | message = "pya"
   |           ^^^^^
   = help: `ann -> river` carries: pay, pay-status; did you mean `pay`?
error[E07]: unknown kind `alway`
  --> t.toml:60:8
60 | kind = "alway"
   |        ^^^^^^^ one of: at-end, always, eventually, never, sometimes
   = help: did you mean `always`?
3 errors in 1 file; nothing was run (exit 3)"#
    );
}

#[test]
fn an_attack_reads_and_says_what_it_asks_of_a_driver() {
    let source = r#"
schema = 1
name   = "swapped-sticker"
[run]
crypto = "real"
[bank.river]
[merchant.noodle-bar]
[merchant.mallory-shop]
[customer.ann]
balance = "100.00"
[customer.bob]
checks  = []
[attacker.mallory]
controls = ["mallory-shop"]
sees     = ["paper receipts", "network"]
[[attack]]
id     = "sticker"
by     = "mallory"
does   = "replace-code"
target = "noodle-bar"
at     = "1m"
with   = { code-of = "mallory-shop" }
[[attack]]
id    = "cheaper"
by    = "mallory"
does  = "alter-amount"
after = "ann-scan"
with  = { receipt = "B7", amount = "0.01" }
[[step]]
id   = "ann-scan"
at   = "2m"
who  = "ann"
does = "scan"
with = { counter = "noodle-bar", receipt = "B7", amount = "18.00" }
[[expect]]
that = "ann.refused == 'payer-mismatch'"
[[expect]]
that = "credits(mallory-shop, from ann) == 0.00"
kind = "always"
[[expect]]
that = "outcome(cheaper) == 'bad-signature'"
"#;
    let scenario = Scenario::parse("t", source).unwrap_or_else(|invalid| panic!("{invalid}"));
    let asked: Vec<_> = scenario
        .features()
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        "attack alter-amount",
        "attack replace-code",
        "crypto real",
        "step scan",
    ];
    assert_eq!(asked, expected);
}

/// What is added to a healthy file, and what is said of it.
const MISTAKES: &[(&str, &str)] = &[
    ("[run]\nlasts = 5", "error[E04]: expected a time"),
    (
        "[run]\nlast = \"5m\"",
        "error[E02]: unknown key `last` in [run]",
    ),
    ("[run]\nlasts = \"5m\"\nlasts = \"6m\"", "error[E01]"),
    (
        "[merchant.x]\nbank = \"nowhere\"",
        "error[E03]: no actor named `nowhere`",
    ),
    (
        "[merchant.x]\nbank = \"ann\"",
        "error[E03]: `ann` is a customer, and not a bank",
    ),
    ("[bank.ann]", "error[E12]: two actors are named `ann`"),
    ("[bank.Ann]", "error[E04]: `Ann` is no name"),
    (
        "[bank.x]\nanswers = \"declines all\"",
        "error[E07]: unknown answer",
    ),
    (
        "[network]\nloss = \"200%\"",
        "error[E04]: expected a percentage",
    ),
    (
        "[network.link.\"ann to river\"]",
        "error[E04]: `ann to river` is no link",
    ),
    (
        "[[step]]\nid = \"a\"\nafter = \"a\"\ndoes = \"advance\"\nwith = { by = \"1s\" }",
        "error[E09]: step `a` waits for itself",
    ),
    (
        "[[step]]\nafter = \"b\"\ndoes = \"advance\"\nwith = { by = \"1s\" }",
        "error[E03]: no step named `b`",
    ),
    (
        "[[step]]\nat = \"11m\"\ndoes = \"advance\"\nwith = { by = \"1s\" }",
        "error[E10]: 11m",
    ),
    (
        "[[step]]\ndoes = \"scan\"\nwho = \"ann\"\nwith = { receipt = \"Z9\" }",
        "error[E03]: no receipt `Z9`",
    ),
    (
        "[[step]]\ndoes = \"print\"\nwho = \"shop\"\nwith = { order = \"A1\", amount = \"1.005\" }",
        "error[E04]: expected an amount with at most 2 decimals",
    ),
    (
        "[[fault]]\nid = \"f\"\ndo = \"crash\"\non = \"river\"\nwhen = \"after order-created\"",
        "error[E05]: fault `f` can never fire: `river` records no `order-created`",
    ),
    (
        "[[fault]]\nid = \"f\"\ndo = \"drop-answer\"\nlink = \"river -> ann\"\nmessage = \"payment\"",
        "error[E05]: fault `f` can never fire: nobody answers `payment`",
    ),
    (
        "[[fault]]\nid = \"f\"\ndo = \"drop\"\nlink = \"ann -> ann\"",
        "error[E05]",
    ),
    (
        "[[expect]]\nthat = \"ann.paid >= 0\"",
        "error[E06]: `ann.paid >= 0` is always true",
    ),
    (
        "[[expect]]\nthat = \"ann.paid < 0\"",
        "error[E06]: `ann.paid < 0` is never true",
    ),
    ("[[expect]]\nthat = \"ann.paid == ann.paid\"", "error[E06]"),
    (
        "[[expect]]\nthat = \"ann.balance == 10s\"",
        "error[E11]: this is a length of time",
    ),
    (
        "[[expect]]\nthat = \"ann.payed == 1\"",
        "error[E03]: `ann` has no `payed`",
    ),
    (
        "[[expect]]\nthat = \"ann.paid ==\"",
        "error[E11]: expected a number",
    ),
    (
        "[[expect]]\nthat = \"ann.paid == 1\"\nby = \"1m\"",
        "error[E12]: `by` belongs to",
    ),
    (
        "[[expect]]\nthat = \"ann.paid == 1\"\nkind = \"eventually\"\nby = \"3d\"",
        "error[E10]: 3d is after the end",
    ),
    (
        "[[expect]]\nthat = \"ann.paid == 1\"\nonly-mode = \"net\"",
        "error[E06]",
    ),
    (
        "[invariants]\noff = [{ name = \"O99\", because = \"x\" }]",
        "error[E07]: unknown invariant",
    ),
];

#[test]
fn what_cannot_be_meant_is_an_error_before_anything_runs() {
    let base = "schema = 1\nname = \"t\"\n[bank.river]\n[merchant.shop]\n[customer.ann]\n";
    assert_eq!(errors(base), "");
    for (more, expected) in MISTAKES {
        let found = errors(&format!("{base}{more}"));
        assert!(found.contains(expected), "{more}\n{found}");
    }
}

proptest! {
    #[test]
    fn a_damaged_file_is_an_error_or_a_scenario_and_never_a_panic(
        at in 0_usize..3000, with in "\\PC{0,3}", drop in 0_usize..40,
    ) {
        let source = double_scan();
        let mut cut = at.min(source.len());
        while !source.is_char_boundary(cut) { cut -= 1; }
        let mut rest = (cut + drop).min(source.len());
        while !source.is_char_boundary(rest) { rest += 1; }
        let damaged = format!("{}{with}{}", source.split_at(cut).0, source.split_at(rest).1);
        if let Err(invalid) = Scenario::parse("t", &damaged) {
            prop_assert!(invalid.to_string().starts_with("error[E"));
        }
    }
}

#[test]
fn a_word_that_a_fact_can_never_be_is_an_error_where_it_is_written() {
    let of = |that: &str| {
        let source = TEMPLATES[0].named("words".parse().unwrap());
        let source = format!("{source}\n[[expect]]\nthat = \"{that}\"\n");
        Scenario::parse("words.toml", &source).map_err(|errors| errors.to_string())
    };
    assert!(of("ann.refused == 'insufficient-funds'").is_ok());
    assert!(of("standing(A1) != ''").is_ok());
    let refused = of("ann.refused == 'insuficient-funds'").unwrap_err();
    assert!(
        refused.contains("did you mean `insufficient-funds`?"),
        "{refused}"
    );
    let standing = of("standing(A1) == 'PIAD'").unwrap_err();
    assert!(standing.contains("did you mean `PAID`?"), "{standing}");
}

#[test]
fn an_advice_can_never_fail_where_there_is_one_bank() {
    let source = TEMPLATES[0].named("advice".parse().unwrap());
    let fault =
        "[[fault]]\nid = \"x\"\nlink = \"main -> *\"\nmessage = \"advise\"\ndo = \"drop\"\n";
    let error = Scenario::parse("advice.toml", &format!("{source}\n{fault}")).unwrap_err();
    assert!(error.to_string().contains("can never fire"), "{error}");
}
