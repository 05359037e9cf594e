//! Every table and key of a scenario file, with what it takes: for editors' JSON Schema and for the
//! reference page. A test holds it equal to what the reader knows.

use super::schema::{
    ActorKind, AttackKind, Check, Chip, Crypto, Disk, ExpectKind, FaultKind, Key as ChipKey, Mode,
    Paper, Printer, Shape, Sight, Template, Verb, Via,
};
use crate::message::MessageKind;
use crate::scenario::invariants::Invariant;
use crate::scenario::replay::Harm;
use crate::scenario::report::Class;

/// A table of the file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// As written: `[run]`, `[bank.X]`, `[[step]]`.
    pub header: &'static str,
    /// What it is for.
    pub about: &'static str,
    keys: &'static [&'static [Key]],
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What holds without it; nothing when it must be there.
    pub usual: Option<&'static str>,
    /// What it says.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Any text.
    Text,
    /// A name of lower-case letters, digits and dashes.
    Name,
    /// Names.
    Names,
    /// The name of an actor of one of these kinds (of any, when there are none).
    Actor(&'static [ActorKind]),
    /// Names of actors.
    Actors,
    /// One of a list of words.
    Word(fn() -> Vec<&'static str>),
    /// Some of a list of words.
    Words(fn() -> Vec<&'static str>),
    /// Words of a form of its own, such as these.
    Form(&'static str, &'static [&'static str]),
    /// A whole number.
    Count,
    /// True or false.
    Bool,
    /// A date-time with its offset.
    Instant,
    /// A table of values that the key names itself.
    Map(&'static str),
    /// The schema's version.
    Version,
    /// A table that depends on the step's verb.
    ByVerb,
    /// One table of another section.
    Table(&'static str),
    /// Tables of another section, each with a name.
    Named(&'static str),
    /// Tables of another section, one after the other.
    Listed(&'static str),
}

macro_rules! keys {
    ($($name:literal: $takes:expr, $usual:tt, $about:literal;)*) => {
        &[$(Key { name: $name, takes: $takes, usual: usual!($usual), about: $about }),*]
    };
}

/// What holds without a key; `!` when it must be there.
macro_rules! usual {
    (!) => {
        None
    };
    ($usual:literal) => {
        Some($usual)
    };
}

impl Section {
    /// Its keys, in the order in which they are told of.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().copied().flatten()
    }
}

/// A length of time.
const SPAN: Takes = Takes::Form("time", &["300ms", "3s", "45m", "2d"]);
/// A length of time, or a range of which every seed picks.
const SPANS: Takes = Takes::Form("time or range", &["3s", "2s..9s"]);
/// An amount.
const AMOUNT: Takes = Takes::Form("amount", &["23.50", "23.50 EUR"]);
/// An amount, or a range of which every seed picks.
const AMOUNTS: Takes = Takes::Form("amount or range", &["23.50", "8.00..45.00"]);
/// A currency.
const CURRENCY: Takes = Takes::Form("currency", &["EUR", "CNY"]);
/// A probability.
const SHARE: Takes = Takes::Form("percentage", &["1%", "0.05%"]);
/// A direction between two actors.
const ROUTE: Takes = Takes::Form("link", &["ann -> river", "* -> main", "river <-> main"]);
/// An expression.
const EXPR: Takes = Takes::Form("expression", &["debits(A1) <= 1", "ann.balance == 76.50"]);
/// 64 bits.
const HEX: Takes = Takes::Form("hexadecimal digits", &["00d1a4b5c6e7f809"]);
/// A receipt's order number.
const RECEIPT: Takes = Takes::Form("receipt", &["A1"]);

macro_rules! words_of {
    ($type:ty) => {
        || <$type>::ALL.iter().map(|word| word.word()).collect()
    };
}

/// Every section, in the order in which files have them.
pub const SECTIONS: &[Section] = &[
    FILE,
    RUN,
    BANK,
    GATEWAY,
    MERCHANT,
    CUSTOMER,
    CROWD,
    ATTACKER,
    LOAD,
    STAGE,
    NETWORK,
    LINK,
    FAULT,
    ATTACK,
    ATTACK_WITH,
    STEP,
    PRINT,
    REPRINT,
    SCAN,
    CONFIRM,
    DECLINE,
    CANCEL,
    REFUND,
    RESTART,
    ADVANCE,
    CHECK,
    WAIT,
    EXPECT,
    INVARIANTS,
    OFF,
    REPLAY,
    PLANNED,
];

const FILE: Section = Section {
    header: "the file",
    about: "names the story and holds everything else",
    keys: &[keys! {
        "schema": Takes::Version, !, "the schema's version: 1";
        "name": Takes::Name, !, "its name";
        "extends": Takes::Text, "", "a base file: this one is laid over it";
        "vars": Takes::Map("values"), "none", "values for `${name}` in strings; see --var";
        "matrix": Takes::Map("lists of values"), "none", "the same, one case for each of them";
        "about": Takes::Text, "", "what it is about, in a sentence";
        "tags": Takes::Names, "none", "words to select it by";
        "run": Takes::Table("[run]"), "defaults", "how long and how often";
        "bank": Takes::Named("[bank.X]"), "none", "the banks";
        "gateway": Takes::Named("[gateway.X]"), "one, main", "the gateways";
        "merchant": Takes::Named("[merchant.X]"), "none", "the merchants";
        "customer": Takes::Named("[customer.X]"), "none", "the customers";
        "crowd": Takes::Named("[crowd.X]"), "none", "many customers of one kind";
        "attacker": Takes::Named("[attacker.X]"), "none", "the attackers";
        "load": Takes::Listed("[[load]]"), "none", "how crowds arrive";
        "network": Takes::Table("[network]"), "healthy", "how messages travel";
        "fault": Takes::Listed("[[fault]]"), "none", "what breaks";
        "attack": Takes::Listed("[[attack]]"), "none", "what attackers do";
        "step": Takes::Listed("[[step]]"), "none", "what happens";
        "expect": Takes::Listed("[[expect]]"), "none", "what must hold";
        "invariants": Takes::Table("[invariants]"), "all on", "what is switched off";
        "replay": Takes::Table("[replay]"), "none", "the one run that this file is";
    }],
};

const RUN: Section = Section {
    header: "[run]",
    about: "how long and how often it runs",
    keys: &[keys! {
        "starts": Takes::Instant, "2026-05-04T09:00:00Z", "when it begins";
        "lasts": SPAN, "10m", "how long things happen; faults end with it";
        "settle": SPAN, "2d", "how long everyone has to finish then, at the most";
        "seeds": Takes::Form("seeds", &["42", "1..=20"]), "1..=20", "a sweep's seeds";
        "currency": CURRENCY, "XTS", "what bare amounts are in";
        "mode": Takes::Words(words_of!(Mode)), "sim", "where it can be played";
        "crypto": Takes::Word(words_of!(Crypto)), "fast; real with attacks", "the signatures";
        "paper": Takes::Word(words_of!(Paper)), "fast", "how receipts travel";
        "swarm": Takes::Bool, "true", "each seed switches whole families of faults off";
        "core": Takes::Actors, "everyone", "who must finish";
    }],
};

const BANK: Section = Section {
    header: "[bank.X]",
    about: "a bank",
    keys: &[keys! {
        "gateway": Takes::Actor(&[ActorKind::Gateway]), "the only one", "what it clears through";
        "answers": Takes::Form("manner", ANSWERS), "promptly", "how it answers";
        "magic": Takes::Bool, "false",
            "whether an amount's last two digits say what it does: see magic amounts";
        "fsync": SPANS, "1ms", "how long a commit takes to be durable";
    }],
};

/// How banks answer.
pub(super) const ANSWERS: &[&str] = &[
    "promptly",
    "slowly 2s..9s",
    "never",
    "declines insufficient-funds",
    "declines over-limit",
    "garbage",
    "twice",
    "late-success 20s..60s",
    "late-failure 20s..60s",
];

const GATEWAY: Section = Section {
    header: "[gateway.X]",
    about: "a gateway",
    keys: &[keys! {
        "order-expires": SPAN, "60m", "how long a code may be claimed";
        "outcome-after": SPAN, "10s", "how long it waits for a claimed order's outcome";
        "ask-every": SPAN, "3s", "between its first questions";
        "close-after": SPAN, "45s", "when it closes a hold that its bank still reports";
        "fsync": SPANS, "1ms", "how long a commit takes to be durable";
    }],
};

const MERCHANT: Section = Section {
    header: "[merchant.X]",
    about: "a merchant with its tills, each with a terminal, a chip and a printer",
    keys: &[keys! {
        "bank": Takes::Actor(&[ActorKind::Bank]), "the only one", "where it banks";
        "gateway": Takes::Actor(&[ActorKind::Gateway]), "the only one", "its gateway";
        "name": Takes::Text, "the word, with capitals", "its certified name";
        "currency": CURRENCY, "the run's", "what it sells in";
        "tills": Takes::Count, "1", "how many tills it has";
        "paper": Takes::Word(words_of!(Template)), "by currency", "what its tills print";
        "text": Takes::Text, "as `paper` writes it",
            "the whole paper instead; {order} and {amount} are filled in";
        "hex": Takes::Text, "none",
            "the till's bytes instead, in hexadecimal digits; filled in alike";
        "profile": Takes::Text, "by paper", "the profile of its printers, such as epson-80mm";
        "printer": Takes::Word(words_of!(Printer)), "ok", "how its printers are";
        "chip": Takes::Word(words_of!(Chip)), "ok", "how its chips are";
        "key": Takes::Word(words_of!(ChipKey)), "certified", "what its chips sign with";
    }],
};

const CUSTOMER_KEYS: &[Key] = keys! {
        "bank": Takes::Actor(&[ActorKind::Bank]), "the only one", "where they bank";
        "currency": CURRENCY, "the run's", "what the account is in";
        "balance": AMOUNTS, "1000", "what the account holds at first";
        "limit": AMOUNT, "none", "the most that one payment may take";
        "scans-in": SPANS, "2s..9s", "how long after the paper a crowd's member scans";
        "confirms": Takes::Form("time, or asked", &["1s..3s", "asked"]), "1s..3s",
            "how they confirm";
        "checks": Takes::Words(words_of!(Check)), "both; nothing in a crowd", "what they compare";
        "gives-up-after": SPAN, "never", "when they leave without having confirmed";
    "scans-twice": SHARE, "0%", "how often they scan a second time";
    "changes-mind": SHARE, "0%", "how often they say no to what they are shown";
        "via": Takes::Word(words_of!(Via)), "app", "how they scan";
};

const CUSTOMER: Section = Section {
    header: "[customer.X]",
    about: "a customer with a wallet, and an account of the customer's name",
    keys: &[CUSTOMER_KEYS],
};

const CROWD: Section = Section {
    header: "[crowd.X]",
    about: "many customers of one kind, `X-1`, `X-2` ...: every key of a customer, and these",
    keys: &[
        CUSTOMER_KEYS,
        keys! {
            "people": Takes::Count, !, "how many";
            "visits": Takes::Map("weights"), "every shop alike", "where they go: { noodle-bar = 3 }";
        },
    ],
};

const ATTACKER: Section = Section {
    header: "[attacker.X]",
    about: "an attacker",
    keys: &[keys! {
        "controls": Takes::Actors, "nobody", "the parties that do as told";
        "sees": Takes::Words(words_of!(Sight)), "nothing", "what can be read";
    }],
};

const LOAD: Section = Section {
    header: "[[load]]",
    about: "how a crowd arrives",
    keys: &[keys! {
        "crowd": Takes::Actor(&[ActorKind::Crowd]), !, "which";
        "shape": Takes::Word(words_of!(Shape)), "arrivals", "the model";
        "stages": Takes::Listed("a stage"), !, "how the rate goes: linear, the first from 0";
        "basket": AMOUNTS, !, "what each buys for";
    }],
};

const STAGE: Section = Section {
    header: "a stage",
    about: "a stretch of a load: the rate goes there in a straight line",
    keys: &[keys! {
        "for": SPAN, !, "how long it takes";
        "to": Takes::Form("rate", &["40/min", "5/s"]), !, "the rate at its end";
    }],
};

const LINK_KEYS: &[Key] = keys! {
        "latency": SPANS, "5ms..40ms", "how long a message takes";
        "loss": SHARE, "0%", "how many are lost";
        "duplicate": SHARE, "0%", "how many arrive twice";
        "reorder": SHARE, "0%", "how many are overtaken by later ones";
        "bandwidth": Takes::Form("bandwidth", &["64kB/s"]), "no limit", "how much it carries";
};

const NETWORK: Section = Section {
    header: "[network]",
    about: "how messages travel, on every link that is not named",
    keys: &[
        LINK_KEYS,
        keys! {
            "link": Takes::Named("[network.link.\"a -> b\"]"), "none", "the named links";
        },
    ],
};

const LINK: Section = Section {
    header: "[network.link.\"a -> b\"]",
    about: "one direction between two actors; `*` is anyone, `<->` both directions",
    keys: &[LINK_KEYS],
};

const FAULT: Section = Section {
    header: "[[fault]]",
    about: "something that breaks: on a `link`, or `on` an actor",
    keys: &[keys! {
        "id": Takes::Name, !, "its name";
        "do": Takes::Word(words_of!(FaultKind)), !, "how it breaks";
        "link": ROUTE, "one of both", "whose messages";
        "message": Takes::Word(words_of!(MessageKind)), "every one", "which message";
        "on": Takes::Actor(&[]), "one of both", "whom it happens to";
        "at": SPANS, "from the start", "from when";
        "when": Takes::Form("moment", &["before held", "after order-created"]), "any time",
            "at which commit";
        "chance": SHARE, "100%", "with which probability, each time";
        "times": Takes::Count, "1; no limit with a chance", "how often at most";
        "for": SPANS, "by its kind", "how long it lasts";
        "down-for": SPANS, "5s", "the same, of a crash";
        "disk": Takes::Word(words_of!(Disk)), "drawn",
            "what a crash does to commits that are not durable";
        "by": Takes::Form("shift", &["+1h", "-30s"]), "needed by clock-skew",
            "how far a clock is off";
    }],
};

const ATTACK: Section = Section {
    header: "[[attack]]",
    about: "something that an attacker does",
    keys: &[keys! {
        "id": Takes::Name, !, "its name";
        "by": Takes::Actor(&[ActorKind::Attacker]), !, "who";
        "does": Takes::Word(words_of!(AttackKind)), !, "what";
        "target": Takes::Actor(&[]), "none", "to whom";
        "at": SPANS, "at once", "when";
        "after": Takes::Name, "none", "after which step";
        "wait": SPANS, "0s", "how long after it";
        "with": Takes::Table("`with` of an attack"), "nothing", "the rest";
    }],
};

const ATTACK_WITH: Section = Section {
    header: "`with` of an attack",
    about: "what an attack is made with",
    keys: &[keys! {
        "receipt": RECEIPT, "none", "the receipt that it is about";
        "amount": AMOUNT, "none", "the amount that it writes";
        "code-of": Takes::Actor(&[ActorKind::Merchant]), "none", "whose code it glues on";
        "payer": Takes::Actor(&[ActorKind::Customer]), "none", "who is to be charged";
    }],
};

const STEP: Section = Section {
    header: "[[step]]",
    about: "something that happens, after the step before it unless it says otherwise",
    keys: &[keys! {
        "id": Takes::Name, "step-N", "its name";
        "at": SPANS, "after the step before", "so long after the start";
        "after": Takes::Name, "the step before", "after that step is done";
        "wait": SPANS, "0s", "how long after it";
        "who": Takes::Actor(&[]), "nobody, where nobody does it", "who does it";
        "does": Takes::Word(words_of!(Verb)), !, "what";
        "with": Takes::ByVerb, "nothing", "the rest, by its verb";
    }],
};

const PRINT: Section = Section {
    header: "`with` of print",
    about: "a till prints a receipt",
    keys: &[keys! {
        "order": RECEIPT, !, "the order number on it: the receipt's name everywhere";
        "amount": AMOUNTS, "the items'", "the total";
        "items": Takes::Map("amounts"), "one nameless item",
            "what was bought: { \"Flat white\" = \"3.20\" }";
        "till": Takes::Count, "1", "which till";
        "text": Takes::Text, "as its shop's tills write it",
            "the whole paper instead; {order} and {amount} are filled in";
        "hex": Takes::Text, "none", "the till's bytes instead, in hexadecimal digits; filled in alike";
    }],
};

const REPRINT: Section = Section {
    header: "`with` of reprint",
    about: "a till prints a receipt again",
    keys: &[keys! {
        "receipt": RECEIPT, !, "which";
        "till": Takes::Count, "1", "at which till";
    }],
};

const SCAN: Section = Section {
    header: "`with` of scan",
    about: "a customer scans a receipt's code",
    keys: &[keys! {
        "receipt": RECEIPT, !, "which";
        "counter": Takes::Actor(&[ActorKind::Merchant]), "who printed it", "where they stand";
        "amount": AMOUNT, "what was printed", "what the paper says";
        "via": Takes::Word(words_of!(Via)), "app", "how";
    }],
};

macro_rules! about_a_receipt {
    ($($name:ident: $header:literal, $about:literal;)*) => {
        $(const $name: Section = Section {
            header: $header,
            about: $about,
            keys: &[keys! { "receipt": RECEIPT, !, "which"; }],
        };)*
    };
}

about_a_receipt! {
    CONFIRM: "`with` of confirm", "a customer who is asked says yes";
    DECLINE: "`with` of decline", "a customer says no";
    CANCEL: "`with` of cancel", "the shop takes a receipt back";
}

const REFUND: Section = Section {
    header: "`with` of refund",
    about: "the shop gives money back",
    keys: &[keys! {
        "receipt": RECEIPT, !, "which";
        "amount": AMOUNT, "all of it", "how much";
    }],
};

const RESTART: Section = Section {
    header: "`with` of restart",
    about: "a party stops and begins anew",
    keys: &[keys! {
        "down-for": SPANS, "0s", "how long it is down";
        "disk": Takes::Word(words_of!(Disk)), "keep-unsynced",
            "what becomes of commits that are not durable";
    }],
};

const ADVANCE: Section = Section {
    header: "`with` of advance",
    about: "time passes at once: a test clock",
    keys: &[keys! {
        "by": SPAN, !, "how much";
    }],
};

const CHECK: Section = Section {
    header: "`with` of check",
    about: "something must hold now",
    keys: &[keys! {
        "that": EXPR, !, "what";
    }],
};

const WAIT: Section = Section {
    header: "`with` of wait",
    about: "nothing happens until something holds",
    keys: &[keys! {
        "until": EXPR, !, "what";
        "at-most": SPAN, "1m", "after how long it has failed";
    }],
};

const EXPECT: Section = Section {
    header: "[[expect]]",
    about: "something that must hold",
    keys: &[keys! {
        "that": EXPR, !, "what";
        "kind": Takes::Word(words_of!(ExpectKind)), "at-end", "when";
        "by": SPAN, "the end", "until when `eventually` must have come";
        "only-mode": Takes::Word(words_of!(Mode)), "every one", "where alone it is checked";
        "why": Takes::Text, "", "why it matters";
    }],
};

const INVARIANTS: Section = Section {
    header: "[invariants]",
    about: "all are on",
    keys: &[keys! {
        "off": Takes::Listed("an entry of `off`"), "none", "those that are switched off";
    }],
};

const OFF: Section = Section {
    header: "an entry of `off`",
    about: "an invariant that a scenario switches off",
    keys: &[keys! {
        "name": Takes::Word(words_of!(Invariant)), !, "which";
        "because": Takes::Text, !, "why that is right here";
    }],
};

const REPLAY: Section = Section {
    header: "[replay]",
    about: "a run that happened, to happen again: the runner writes it when a seed fails",
    keys: &[keys! {
        "seed": Takes::Text, !, "its seed";
        "class": Takes::Word(words_of!(Class)), !, "the kind of failure";
        "property": Takes::Text, !, "what failed";
        "trace": HEX, "unknown", "the number over everything that happened";
        "program": Takes::Text, "", "the version that wrote it";
        "plan": Takes::Listed("[[replay.plan]]"), "none", "what goes wrong, and nothing else";
    }],
};

const PLANNED: Section = Section {
    header: "[[replay.plan]]",
    about: "something that goes wrong",
    keys: &[keys! {
        "key": HEX, !, "what it happens to";
        "do": Takes::Word(words_of!(Harm)), !, "what happens";
        "what": Takes::Text, "", "what it happens to, for people";
        "for": SPAN, "0s", "how much later, or how long it lasts";
        "at": SPAN, "0s", "when, since 1970";
        "party": Takes::Form("party", &["bank:river"]), "none", "whose power is cut";
        "rule": Takes::Name, "none", "the fault of the file that it came of";
    }],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Code, Scenario};
    use std::collections::BTreeSet;

    const WORLD: &str = "schema = 1\nname = 'x'\n[bank.b]\n[gateway.g]\n[merchant.m]\n[crowd.c]\n\
        people = 2\n[customer.d]\n[attacker.a]\n";

    /// What the reader says it knows in a table that has one key too many.
    fn known(table: &str) -> BTreeSet<String> {
        let source = match table {
            "" => format!("zzz = 1\n{WORLD}"),
            table => format!("{WORLD}{table}\n"),
        };
        let invalid = Scenario::parse("x.toml", &source).expect_err("a key too many");
        let unknown = invalid
            .errors
            .iter()
            .filter(|error| error.code == Code::UnknownKey);
        let labels = unknown.filter_map(|error| error.label.as_deref());
        let lists = labels.filter_map(|label| label.strip_prefix("one of: "));
        lists
            .flat_map(|list| list.split(", ").map(str::to_owned))
            .collect()
    }

    /// Tables that lead the reader through each section.
    fn probes(header: &str) -> Vec<String> {
        let with = |verb: &str| {
            let who = match verb {
                "advance" | "check" | "wait" => "",
                "scan" | "confirm" | "decline" => "who = 'd'\n",
                _ => "who = 'm'\n",
            };
            format!("[[step]]\ndoes = '{verb}'\n{who}with = {{ zzz = 1 }}")
        };
        match header {
            "the file" => vec![String::new()],
            "[bank.X]" => vec!["[bank.y]\nzzz = 1".to_owned()],
            "[gateway.X]" => vec!["[gateway.y]\nzzz = 1".to_owned()],
            "[merchant.X]" => vec!["[merchant.y]\nzzz = 1".to_owned()],
            "[customer.X]" => vec!["[customer.y]\nzzz = 1".to_owned()],
            "[crowd.X]" => vec!["[crowd.y]\nzzz = 1".to_owned()],
            "[attacker.X]" => vec!["[attacker.y]\nzzz = 1".to_owned()],
            "a stage" => vec!["[[load]]\nstages = [{ zzz = 1 }]".to_owned()],
            "[network.link.\"a -> b\"]" => vec![format!("{header}\nzzz = 1")],
            "[[fault]]" => vec![
                "[[fault]]\ndo = 'crash'\non = 'b'\nzzz = 1".to_owned(),
                "[[fault]]\ndo = 'drop'\nlink = '* -> *'\nzzz = 1".to_owned(),
            ],
            "`with` of an attack" => vec!["[[attack]]\nwith = { zzz = 1 }".to_owned()],
            "[replay]" => vec!["[replay]\nzzz = 1".to_owned()],
            "an entry of `off`" => vec!["[invariants]\noff = [{ zzz = 1 }]".to_owned()],
            header => match header.strip_prefix("`with` of ") {
                Some(verb) => vec![with(verb)],
                None => vec![format!("{header}\nzzz = 1")],
            },
        }
    }

    #[test]
    fn the_table_of_keys_is_the_readers_own() {
        for section in SECTIONS {
            let said: BTreeSet<String> = section.keys().map(|key| key.name.to_owned()).collect();
            let read: BTreeSet<String> = probes(section.header)
                .iter()
                .flat_map(|p| known(p))
                .collect();
            assert_eq!(said, read, "{}", section.header);
        }
    }

    #[test]
    fn every_verb_has_its_table() {
        for verb in Verb::ALL {
            let header = format!("`with` of {verb}");
            assert!(
                SECTIONS.iter().any(|section| section.header == header),
                "{verb}"
            );
        }
    }
}
