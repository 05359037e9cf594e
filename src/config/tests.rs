//! Configurations, right and wrong.

use super::*;
use crate::money::Currency;
use crate::text::Text;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn the_template_is_a_network_in_memory_without_its_file_and_on_disk_with_it() {
    let builtin = Config::builtin();
    assert_eq!(builtin.store, StoreKind::Memory);
    assert_eq!(builtin.keys, None);
    let now = Time::from_seconds(1_795_000_000);
    let written = Config::parse(FILE, &fresh(now)).unwrap();
    assert_eq!(written.store, StoreKind::Sqlite);
    assert!(written.since.is_some_and(|since| since <= now));
    let terminals = written.terminals();
    assert!(terminals.contains(&(name("coffee-bar-2"), name("coffee-bar"))));
    assert!(
        terminals
            .iter()
            .any(|(till, _)| Some(*till) == written.shell)
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once_each_with_its_place() {
    let wrong = TEMPLATE
        .replace("[ports]", "[ports]\nparty = 1")
        .replace("store  = \"sqlite\"", "store  = \"sqlight\"")
        .replace("shell  = \"my-shop\"", "shell  = \"my-shp\"")
        .replace(
            "bank     = \"river\"\ncurrency = \"EUR\"\ntills",
            "bank = \"rivr\"\ntills",
        )
        .replace("profile  = \"gbk-80mm\"", "profile = \"gbk-8mm\"");
    let wrong = format!("{wrong}\n[[step]]\ndoes = \"wait\"\n");
    let said = Config::parse("a.toml", &wrong).unwrap_err().to_string();
    for part in [
        "unknown key `party`",
        "did you mean `sqlite`?",
        "did you mean `my-shop`?",
        "did you mean `river`, defined at line",
        "did you mean `gbk-80mm`?",
        "`step` belongs to a scenario",
        "--> a.toml:",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn an_edit_changes_its_lines_and_no_others() {
    let two = add_terminal(TEMPLATE, name("coffee-bar")).unwrap();
    let changed: Vec<_> = two
        .lines()
        .zip(TEMPLATE.lines())
        .filter(|(a, b)| a != b)
        .collect();
    assert_eq!(changed, [("tills    = 3", "tills    = 2")]);
    let first = add_terminal(TEMPLATE, name("noodle-shop")).unwrap();
    let added = first
        .lines()
        .filter(|line| !TEMPLATE.lines().any(|old| old == *line));
    assert_eq!(
        added.count(),
        0,
        "a second till is written as another merchant's is"
    );
    let config = Config::parse(FILE, &first).unwrap();
    assert_eq!(config.parties.merchants[&name("noodle-shop")].tills, 2);
    // The shell's terminal would be renamed under its feet.
    assert!(add_terminal(TEMPLATE, name("my-shop")).is_err());
}

#[test]
fn a_revoked_terminal_is_listed_once() {
    let once = revoke(TEMPLATE, &[name("sushi-bar")]).unwrap();
    assert_eq!(revoke(&once, &[name("sushi-bar")]).unwrap(), once);
    assert!(once.contains("revoked = [\"sushi-bar\"]"));
    assert!(revoke(TEMPLATE, &[name("nobody")]).is_err());
}

#[test]
fn a_new_merchant_stands_at_the_end_and_must_not_be_there_already() {
    let add = |merchant: &str| {
        let title = Text::clean("Tea \"House\"");
        add_merchant(
            TEMPLATE,
            name(merchant),
            &title,
            name("lake"),
            Currency::EUR,
        )
    };
    let added = Config::parse(FILE, &add("tea-house").unwrap()).unwrap();
    assert_eq!(
        added.parties.merchants[&name("tea-house")].name.as_str(),
        "Tea \"House\""
    );
    assert!(add("coffee-bar").is_err());
}
