//! What the grammar promises.

use super::*;
use proptest::prelude::*;

const FIELDS: &[Field] = &[
    Field {
        name: "state",
        kind: FieldKind::Word(&["WAITING", "PROCESSING", "CHECKING", "PAID"]),
        help: "where it stands",
    },
    Field {
        name: "merchant",
        kind: FieldKind::Text,
        help: "the shop",
    },
    Field {
        name: "amount",
        kind: FieldKind::Amount,
        help: "how much",
    },
    Field {
        name: "age",
        kind: FieldKind::Span,
        help: "how old",
    },
    Field {
        name: "asks",
        kind: FieldKind::Count,
        help: "how often",
    },
];

struct Sale(&'static str, &'static str, i64, u64);

impl Subject for Sale {
    fn facts(&self, field: &'static str, fits: &mut dyn FnMut(Fact<'_>) -> bool) -> bool {
        fits(match field {
            "state" => Fact::Text(self.0),
            "merchant" if !self.1.is_empty() => Fact::Text(self.1),
            "amount" => Fact::Amount(Money::new(self.2, Currency::EUR)),
            "age" => Fact::Span(Span::seconds(self.3)),
            "asks" => Fact::Count(self.3),
            _ => return false,
        })
    }

    fn any_text(&self, likes: &mut dyn FnMut(&str) -> bool) -> bool {
        [self.0, self.1].into_iter().any(likes)
    }
}

const SALE: Sale = Sale("WAITING", "Café & Bean", 125_000, 134);

fn matches(text: &str) -> bool {
    Filter::parse(text, FIELDS).unwrap().matches(&SALE)
}

fn error(text: &str) -> String {
    Filter::parse(text, FIELDS).unwrap_err().to_string()
}

#[test]
fn every_kind_of_term_says_yes_and_no() {
    for yes in [
        "",
        "   ",
        "bean",
        "caf bn",
        "state:waiting",
        "state:wait",
        "STATE=WAITING",
        "state:paid,waiting",
        "!state:paid",
        "state!=paid,checking",
        "merchant:bean",
        "merchant:\"& bean\"",
        "merchant=\"café & bean\"",
        "amount>=500",
        "amount=1250",
        "amount:1250.00EUR",
        "amount>-1",
        "age>2m age<2m15s",
        "asks>=134 !asks>134",
        "!tea",
        "\"state:paid\" !\"state:paid\"",
    ] {
        assert!(matches(yes) || yes.contains("state:paid\" !"), "{yes}");
    }
    for no in [
        "tea",
        "nib",
        "state:paid",
        "!state:waiting",
        "merchant=bean",
        "amount<1250",
        "amount>=1CNY",
        "age>3m",
        "bean tea",
        "!bean",
    ] {
        assert!(!matches(no), "{no}");
    }
}

#[test]
fn of_what_a_subject_does_not_have_no_test_holds() {
    let anonymous = Sale("PAID", "", 1, 1);
    let holds = |text| Filter::parse(text, FIELDS).unwrap().matches(&anonymous);
    assert!(!holds("merchant:bean") && !holds("merchant!=bean"));
    assert!(holds("!merchant:bean"));
}

#[test]
fn errors_say_where_and_what_was_meant() {
    for (text, says) in [
        (
            "bean stat:paid",
            "column 6: no field `stat`; did you mean `state`?",
        ),
        (
            "state:piad",
            "column 7: no state is `piad`; did you mean `PAID`?",
        ),
        (
            "state:zzz",
            "column 7: no state is `zzz`; expected one of WAITING, PROCESSING, CHECKING, PAID",
        ),
        ("amount>five", "column 8: amount `five`: expected digits"),
        ("amount>1.23456", "column 8: amount `1.23456`"),
        ("age>2", "column 5: age `2`: expected a number and a unit"),
        ("asks:-1", "column 6: asks `-1`: expected a whole number"),
        ("state>paid", "column 1: state has no more and less"),
        ("state:", "column 7: a value is missing"),
        ("state:paid,", "column 12: a value is missing"),
        (":paid", "column 1: no field ``"),
        ("!", "column 2: a value is missing"),
        ("\"open", "column 1: this quote is not closed"),
        ("é merchant:a\"b\"", "column 13: a quote within a word"),
    ] {
        let error = error(text);
        assert!(error.contains(says), "{text}: {error}");
    }
    assert!(error(&"x ".repeat(TERMS_MAX + 1)).contains("column 65: longer"));
    assert!(error(&"x".repeat(FILTER_BYTES_MAX + 1)).contains("longer than"));
}

#[test]
fn an_escape_sequence_in_a_filter_is_not_repeated_to_the_terminal() {
    assert!(!error("\u{1b}]52;c;x:1").contains('\u{1b}'));
}

fn any_filter() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[a-z0-9.]{1,6}",
        "\"[^\"]{0,6}\"",
        Just("paid".to_owned()),
        Just("8.40".to_owned()),
        Just("2m".to_owned()),
    ];
    let field = prop_oneof![
        Just("state"),
        Just("merchant"),
        Just("amount"),
        Just("age"),
        Just("asks")
    ];
    let sign = prop_oneof![
        Just(":"),
        Just("="),
        Just("!="),
        Just(">"),
        Just(">="),
        Just("<"),
        Just("<=")
    ];
    let test = (field, sign, value.clone()).prop_map(|(f, s, v)| format!("{f}{s}{v}"));
    let term = (any::<bool>(), prop_oneof![test, value])
        .prop_map(|(not, term)| if not { format!("!{term}") } else { term });
    prop::collection::vec(term, 0..5).prop_map(|terms| terms.join(" "))
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_an_error_within_it(text in "\\PC{0,60}|.{0,60}") {
        if let Err(error) = Filter::parse(&text, FIELDS) {
            prop_assert!(error.column <= text.chars().count());
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }

    #[test]
    fn a_filter_reads_back_as_itself(text in any_filter()) {
        if let Ok(filter) = Filter::parse(&text, FIELDS) {
            let again = Filter::parse(&filter.to_string(), FIELDS);
            prop_assert_eq!(again, Ok(filter));
        }
    }

    #[test]
    fn a_term_and_its_negation_never_agree(text in any_filter()) {
        let one = text.split(' ').next().unwrap_or_default();
        let bare = one.trim_start_matches('!');
        if let (false, Ok(yes), Ok(no)) = (
            bare.is_empty(),
            Filter::parse(bare, FIELDS),
            Filter::parse(&format!("!{bare}"), FIELDS),
        ) {
            prop_assert_ne!(yes.matches(&SALE), no.matches(&SALE));
        }
    }

    #[test]
    fn amounts_compare_as_their_major_units_do(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
        let sale = Sale("PAID", "x", a, 0);
        let typed = Money::new(b, Currency::EUR).digits();
        let holds = Filter::parse(&format!("amount>={typed}"), FIELDS).unwrap().matches(&sale);
        prop_assert_eq!(holds, a >= b);
    }
}
