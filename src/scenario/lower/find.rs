//! The first pass: every name of the file.

use super::Lower;
use super::table::Table;
use crate::id::Name;
use crate::money::Currency;
use crate::scenario::diagnostic::{Code, Diagnostic, Spot};
use crate::scenario::index::{Actor, IdKind, Printed};
use crate::scenario::schema::ActorKind;
use crate::text::Text;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the gateway that stands there when a file names none.
const USUAL_GATEWAY: &str = "main";

impl Lower {
    /// Finds every name. Wrong types are left to the second pass.
    pub(super) fn find(&mut self, root: &mut Table<'_>) {
        self.find_currency(root);
        for &kind in ActorKind::ALL {
            for (name, item) in map_at(root, kind.word()) {
                self.find_actor(kind, name, item);
            }
        }
        let has_gateway = self
            .index
            .actors
            .values()
            .any(|a| a.kind == ActorKind::Gateway);
        if let (false, Ok(name)) = (has_gateway, USUAL_GATEWAY.parse()) {
            let actor = Actor {
                kind: ActorKind::Gateway,
                line: 1,
                currency: None,
            };
            self.index.actors.entry(name).or_insert(actor);
        }
        for (key, kind) in [
            ("step", IdKind::Step),
            ("fault", IdKind::Fault),
            ("attack", IdKind::Attack),
        ] {
            for (nth, item) in list_at(root, key).iter().enumerate() {
                self.find_id(kind, nth, item);
            }
        }
        for item in list_at(root, "step") {
            self.find_receipt(item);
        }
    }

    fn find_currency(&mut self, root: &mut Table<'_>) {
        let run = root.item("run").and_then(|item| as_table(item.get_ref()));
        let code = run.and_then(|run| text_at(run, "currency"));
        self.index.currency = code.and_then(|(code, _)| code.parse().ok());
    }

    fn find_actor(
        &mut self,
        kind: ActorKind,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        item: &Spanned<DeValue<'_>>,
    ) {
        let spot = Spot::from(name.span());
        let Ok(word) = name.get_ref().parse::<Name>() else {
            let message = format!("`{}` is no name", name.get_ref());
            let error = Diagnostic::new(Code::WrongValue, spot, message);
            self.note(error.label("lower-case letters, digits and dashes, 30 at most"));
            return;
        };
        let table = as_table(item.get_ref());
        let text = |key| table.and_then(|table| text_at(table, key));
        let own: Option<Currency> = text("currency").and_then(|(code, _)| code.parse().ok());
        // A balance may say its currency itself: "100.00 EUR".
        let of_balance = text("balance").and_then(|(amount, _)| {
            let (_, code) = amount.rsplit_once(' ')?;
            code.parse().ok()
        });
        let actor = Actor {
            kind,
            line: self.mark(&spot).line,
            currency: own.or(of_balance),
        };
        if let Some(first) = self.index.actors.insert(word, actor) {
            let message = format!("two actors are named `{word}`");
            let label = format!("the first is at line {}", first.line);
            self.note(Diagnostic::new(Code::Contradiction, spot, message).label(label));
        }
    }

    fn find_id(&mut self, kind: IdKind, nth: usize, item: &Spanned<DeValue<'_>>) {
        let given = as_table(item.get_ref()).and_then(|table| text_at(table, "id"));
        let (id, spot) = match given {
            Some((text, spot)) => (text.parse::<Name>(), spot),
            None if kind == IdKind::Step => (step_id(nth).parse(), item.span().into()),
            None => return,
        };
        let Ok(id) = id else { return };
        let line = self.mark(&spot).line;
        if let Some((_, first)) = self.index.ids.insert(id, (kind, line)) {
            let message = format!("two things are called `{id}`");
            let label = format!("the first is at line {first}");
            self.note(Diagnostic::new(Code::Contradiction, spot, message).label(label));
        }
    }

    /// A receipt is printed by a step, or held out to a customer by a counter.
    fn find_receipt(&mut self, item: &Spanned<DeValue<'_>>) {
        let Some(step) = as_table(item.get_ref()) else {
            return;
        };
        let with = step.get("with").and_then(|with| as_table(with.get_ref()));
        let (Some(with), Some((verb, _))) = (with, text_at(step, "does")) else {
            return;
        };
        let (key, merchant) = match verb {
            "print" => ("order", text_at(step, "who")),
            "scan" if with.contains_key("amount") => ("receipt", text_at(with, "counter")),
            _ => return,
        };
        let (Some((receipt, spot)), Some((merchant, _))) = (text_at(with, key), merchant) else {
            return;
        };
        let Ok(merchant) = merchant.parse() else {
            return;
        };
        let line = self.mark(&spot).line;
        let receipt = Text::clean(receipt);
        if let (Some(first), "print") = (self.index.receipts.get(&receipt), verb) {
            let message = format!("receipt `{receipt}` is printed twice");
            let label = format!("the first is at line {}; a copy is a `reprint`", first.line);
            self.note(Diagnostic::new(Code::Contradiction, spot, message).label(label));
            return;
        }
        let printed = Printed { merchant, line };
        self.index.receipts.entry(receipt).or_insert(printed);
    }
}

/// The id of a step that has none.
pub(super) fn step_id(nth: usize) -> String {
    format!("step-{}", nth + 1)
}

fn as_table<'a>(value: &'a DeValue<'a>) -> Option<&'a DeTable<'a>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn text_at<'a>(table: &'a DeTable<'a>, key: &str) -> Option<(&'a str, Spot)> {
    let item = table.get(key)?;
    match item.get_ref() {
        DeValue::String(text) => Some((text.as_ref(), item.span().into())),
        _ => None,
    }
}

type Named<'a> = (
    &'a Spanned<std::borrow::Cow<'a, str>>,
    &'a Spanned<DeValue<'a>>,
);

fn map_at<'a>(root: &mut Table<'a>, key: &'static str) -> Vec<Named<'a>> {
    match root.item(key).map(Spanned::get_ref) {
        Some(DeValue::Table(map)) => map.iter().collect(),
        _ => Vec::new(),
    }
}

fn list_at<'a>(root: &mut Table<'a>, key: &'static str) -> Vec<&'a Spanned<DeValue<'a>>> {
    match root.item(key).map(Spanned::get_ref) {
        Some(DeValue::Array(list)) => list.iter().collect(),
        _ => Vec::new(),
    }
}
