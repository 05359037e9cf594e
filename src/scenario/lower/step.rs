//! `[[step]]` and `[[expect]]`.

use super::Lower;
use super::find::step_id;
use super::table::{Table, Word};
use crate::hex;
use crate::id::Name;
use crate::money::Money;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::expect::{self, Expr, Op, Sum, Term, Unit, Value};
use crate::scenario::index::IdKind;
use crate::scenario::schema::{
    Act, ActorKind, Disk, Expect, ExpectKind, Item, Mode, Own, Paper, Run, Start, Step, Verb, Via,
};
use crate::scenario::units::Range;
use crate::text::Text;
use crate::time::Span;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// The most steps of one file.
const STEPS_MAX: usize = 10_000;
/// The most expectations of one file.
const EXPECTS_MAX: usize = 1_000;
/// The longest order number, in characters: what a receipt's line holds.
const RECEIPT_CHARS_MAX: usize = 30;
/// No waiting.
const AT_ONCE: Range<Span> = Range::just(Span::ZERO);

impl Lower {
    pub(super) fn steps(&mut self, root: &mut Table<'_>, run: &Run) -> Vec<Step> {
        let tables = root.array(self, "step");
        self.at_most(&tables, STEPS_MAX, "steps");
        let mut steps: Vec<Step> = Vec::new();
        for (nth, mut table) in tables.into_iter().take(STEPS_MAX).enumerate() {
            let before = steps.last().map(|step| step.id);
            let step = self.step(&mut table, nth, before, run);
            table.finish(self);
            steps.extend(step);
        }
        self.no_circles(&steps);
        steps
    }

    fn step(
        &mut self,
        table: &mut Table<'_>,
        nth: usize,
        before: Option<Name>,
        run: &Run,
    ) -> Option<Step> {
        let id: Option<Name> = table.get(self, "id").or_else(|| step_id(nth).parse().ok());
        if let Some(id) = id {
            table.what = format!("step `{id}`");
        }
        let start = self.start(table, before);
        if let (Some(Start::At(at)), Some(item)) = (start, table.item("at"))
            && at.most > run.lasts
        {
            let message = format!("{} is after the run, which lasts {}", at.most, run.lasts);
            self.note(Diagnostic::new(Code::TooLate, item.span(), message));
        }
        let verb: Option<Verb> = table.need(self, "does");
        if verb.is_none() {
            // Nobody knows which of them belong here, so none is complained of.
            table.knows(&["who", "with"]);
        }
        let who = self.who(table, verb);
        let act = self.act(table, verb, who, run.paper);
        let mark = self.mark(&table.spot);
        Some(Step {
            id: id?,
            start: start?,
            who,
            act: act?,
            mark,
        })
    }

    /// `at`, or `after` and `wait`; after the step `before` when it says neither.
    pub(super) fn start(&mut self, table: &mut Table<'_>, before: Option<Name>) -> Option<Start> {
        let wait = table.get(self, "wait").unwrap_or(AT_ONCE);
        if table.has("at") && (table.has("after") || table.has("wait")) {
            let message = format!("{} has `at`, so it waits for nothing", table.what);
            self.note(Diagnostic::new(
                Code::Contradiction,
                table.spot.clone(),
                message,
            ));
        }
        let at: Option<Range<Span>> = table.get(self, "at");
        let Some(word) = table.word(self, "after") else {
            return Some(match (at, before) {
                (Some(at), _) => Start::At(at),
                (None, Some(before)) => Start::After(before, wait),
                (None, None) => Start::At(wait),
            });
        };
        let name = word.text.parse::<Name>().ok();
        let known = name.filter(|name| {
            self.index
                .ids
                .get(name)
                .is_some_and(|(kind, _)| *kind != IdKind::Fault)
        });
        if known.is_none() {
            let message = format!("no step named `{}`", word.text);
            let mut error = Diagnostic::new(Code::UnknownName, word.spot, message);
            error.label = self.index.suggest_id(word.text, IdKind::Step);
            self.note(error);
        }
        Some(Start::After(known?, wait))
    }

    fn who(&mut self, table: &mut Table<'_>, verb: Option<Verb>) -> Option<Name> {
        let kinds: &[ActorKind] = match verb {
            Some(Verb::Print | Verb::Reprint | Verb::Cancel | Verb::Refund) => {
                &[ActorKind::Merchant]
            }
            Some(Verb::Scan | Verb::Confirm | Verb::Decline) => &[ActorKind::Customer],
            Some(Verb::Restart) => &[
                ActorKind::Gateway,
                ActorKind::Bank,
                ActorKind::Merchant,
                ActorKind::Customer,
            ],
            Some(Verb::Advance | Verb::Check | Verb::Wait) | None => {
                return None; // nobody does these; a `who` is an unknown key
            }
        };
        table.must(self, "who");
        self.actor_at(table, "who", kinds)
    }

    fn act(
        &mut self,
        table: &mut Table<'_>,
        verb: Option<Verb>,
        who: Option<Name>,
        paper: Paper,
    ) -> Option<Act> {
        let verb = verb?;
        if verb != Verb::Restart {
            table.must(self, "with");
        }
        let Some(mut with) = table.table(self, "with") else {
            let (down_for, disk) = (AT_ONCE, Disk::KeepUnsynced);
            return (verb == Verb::Restart).then_some(Act::Restart { down_for, disk });
        };
        with.what = format!("`with` of {}", table.what);
        let act = match verb {
            Verb::Print => self.print(&mut with, who, paper),
            Verb::Scan => self.scan(&mut with),
            Verb::Reprint => {
                let till = with.or(self, "till", 1);
                self.receipt(&mut with)
                    .map(|receipt| Act::Reprint { receipt, till })
            }
            Verb::Confirm => self
                .receipt(&mut with)
                .map(|receipt| Act::Confirm { receipt }),
            Verb::Decline => self
                .receipt(&mut with)
                .map(|receipt| Act::Decline { receipt }),
            Verb::Cancel => self
                .receipt(&mut with)
                .map(|receipt| Act::Cancel { receipt }),
            Verb::Refund => {
                let amount = with.money(self, "amount", self.index.currency_of(who.as_ref()));
                self.receipt(&mut with)
                    .map(|receipt| Act::Refund { receipt, amount })
            }
            Verb::Restart => Some(Act::Restart {
                down_for: with.or(self, "down-for", AT_ONCE),
                disk: with.or(self, "disk", Disk::KeepUnsynced),
            }),
            Verb::Advance => with.need(self, "by").map(|by| Act::Advance { by }),
            Verb::Check => self
                .expr_at(&mut with, "that")
                .map(|that| Act::Check { that }),
            Verb::Wait => {
                let at_most = with.or(self, "at-most", Span::minutes(1));
                let until = self.expr_at(&mut with, "until");
                until.map(|until| Act::Wait { until, at_most })
            }
        };
        with.finish(self);
        act
    }

    fn receipt(&mut self, with: &mut Table<'_>) -> Option<Text> {
        with.must(self, "receipt");
        self.receipt_at(with)
    }

    fn print(&mut self, with: &mut Table<'_>, who: Option<Name>, paper: Paper) -> Option<Act> {
        let receipt: Option<Text> = with.need(self, "order");
        if let (Some(receipt), Some(item)) = (&receipt, with.item("order")) {
            let chars = receipt.as_str().chars().count();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            if chars == 0 || chars > RECEIPT_CHARS_MAX || !receipt.as_str().bytes().all(plain) {
                self.wrong(
                    item,
                    "an order number of letters, digits and dashes, 30 at most",
                );
            }
        }
        let till = with.or(self, "till", 1);
        let currency = self.index.currency_of(who.as_ref());
        let items = self.items(with, currency);
        let total = items.iter().try_fold(Money::zero(currency), |sum, item| {
            sum.checked_add(item.amount)
        });
        let total = total.ok().filter(|_| !items.is_empty()).map(Range::just);
        let amount = with.money_range(self, "amount", currency);
        if items.is_empty() {
            with.must(self, "amount");
        }
        if let (Some(total), Some(amount), Some(item)) = (total, amount, with.item("amount"))
            && total != amount
        {
            let message = format!("the items come to {total}, and not to {amount}");
            self.note(Diagnostic::new(Code::Contradiction, item.span(), message));
        }
        let own = self.own(with, paper);
        let amount = amount.or(total);
        if let Some(amount) = amount.filter(|amount| !amount.least.is_positive()) {
            let message = format!("{amount} cannot be paid");
            self.note(Diagnostic::new(
                Code::WrongValue,
                with.spot.clone(),
                message,
            ));
        }
        Some(Act::Print {
            receipt: receipt?,
            amount: amount?,
            items,
            till,
            own,
        })
    }

    /// `text` or `hex`: the paper that a step or a shop brings itself.
    pub(super) fn own(&mut self, with: &mut Table<'_>, paper: Paper) -> Option<Own> {
        let (lines, bytes) = (with.item("text"), with.item("hex"));
        let item = lines.or(bytes)?;
        if paper == Paper::Fast {
            let message = "a run with paper = \"fast\" reads no paper: say \"bytes\" or \"dots\"";
            let error = Diagnostic::new(Code::Contradiction, item.span(), message.to_owned());
            self.note(error);
        }
        if lines.is_some() && bytes.is_some() {
            let message = "a paper is `text` or `hex`, and not both".to_owned();
            self.note(Diagnostic::new(Code::Contradiction, item.span(), message));
        }
        if lines.is_some() {
            let text = self.string(item, "the paper's lines in a string")?;
            return Some(Own::Lines(text.to_owned()));
        }
        let digits = self.string(item, "hexadecimal digits in a string")?;
        let digits: String = digits.split_whitespace().collect();
        match hex::decode(&digits) {
            Ok(bytes) => Some(Own::Bytes(bytes)),
            Err(_) => {
                self.wrong(item, "hexadecimal digits, two for each byte");
                None
            }
        }
    }

    /// `items = { "Flat white" = "3.20", "Croissant" = "2.10" }`.
    fn items(&mut self, with: &mut Table<'_>, currency: crate::money::Currency) -> Vec<Item> {
        let Some(item) = with.item("items") else {
            return Vec::new();
        };
        let DeValue::Table(map) = item.get_ref() else {
            self.wrong(
                item,
                "items and amounts, such as { \"Flat white\" = \"3.20\" }",
            );
            return Vec::new();
        };
        let mut items = Vec::new();
        for (text, amount) in map {
            let found = self.string(amount, "an amount in a string, such as \"3.20\"");
            match found.map(|text| Money::parse(text, currency)) {
                Some(Ok(amount)) if amount.is_positive() => items.push(Item {
                    text: Text::clean(text.get_ref()),
                    amount,
                }),
                Some(_) => self.wrong(amount, &format!("an amount in {currency}")),
                None => {}
            }
        }
        items
    }

    fn scan(&mut self, with: &mut Table<'_>) -> Option<Act> {
        let receipt = self.receipt(with);
        let printed = receipt
            .as_ref()
            .and_then(|receipt| self.index.receipts.get(receipt));
        let printed = printed.map(|printed| printed.merchant);
        let counter = self
            .actor_at(with, "counter", &[ActorKind::Merchant])
            .or(printed);
        let currency = self.index.currency_of(counter.as_ref());
        let amount = with.money(self, "amount", currency);
        let via = with.or(self, "via", Via::App);
        Some(Act::Scan {
            receipt: receipt?,
            via,
            counter: counter?,
            amount,
        })
    }

    /// Every step begins some time: none waits, however far about, for itself.
    fn no_circles(&mut self, steps: &[Step]) {
        let after = |step: &Step| match step.start {
            Start::After(before, _) => Some(before),
            Start::At(_) => None,
        };
        let waits: BTreeMap<Name, Option<Name>> =
            steps.iter().map(|step| (step.id, after(step))).collect();
        for step in steps {
            let mut at = after(step);
            for _ in 0..steps.len() {
                match at {
                    Some(name) if name == step.id => {
                        self.circle(step);
                        break;
                    }
                    Some(name) => at = waits.get(&name).copied().flatten(),
                    None => break,
                }
            }
        }
    }

    fn circle(&mut self, step: &Step) {
        let message = format!("step `{}` waits for itself", step.id);
        let spot = self.lines.start_of(step.mark);
        self.note(Diagnostic::new(Code::WaitsForItself, spot, message));
    }

    pub(super) fn expects(&mut self, root: &mut Table<'_>, run: &Run) -> Vec<Expect> {
        let tables = root.array(self, "expect");
        self.at_most(&tables, EXPECTS_MAX, "expectations");
        let mut expects = Vec::new();
        for mut table in tables.into_iter().take(EXPECTS_MAX) {
            expects.extend(self.expect(&mut table, run));
            table.finish(self);
        }
        expects
    }

    fn expect(&mut self, table: &mut Table<'_>, run: &Run) -> Option<Expect> {
        let that = self.expr_at(table, "that");
        let kind = table.or(self, "kind", ExpectKind::AtEnd);
        let by: Option<Span> = table.get(self, "by");
        let why = table.or(self, "why", Text::default());
        let only_mode: Option<Mode> = table.get(self, "only-mode");
        let ends = run.lasts.as_nanos().saturating_add(run.settle.as_nanos());
        if let (Some(by), Some(item)) = (by, table.item("by")) {
            let code = if by.as_nanos() > ends {
                let message = format!("{by} is after the end ({})", Span::nanos(ends));
                Some((Code::TooLate, message))
            } else if kind != ExpectKind::Eventually {
                let message = format!("`by` belongs to `eventually`, and this is `{kind}`");
                Some((Code::Contradiction, message))
            } else {
                None
            };
            let error = code.map(|(code, message)| Diagnostic::new(code, item.span(), message));
            error.into_iter().for_each(|error| self.note(error));
        }
        if let (Some(mode), Some(item)) = (only_mode, table.item("only-mode"))
            && !super::plays(&run.modes, mode)
        {
            let message = format!("this scenario is never played in `{mode}`");
            self.note(Diagnostic::new(Code::SaysNothing, item.span(), message));
        }
        let mark = self.mark(&table.spot);
        Some(Expect {
            that: that?,
            kind,
            by,
            only_mode,
            why,
            mark,
        })
    }

    /// The expression of a key, if it says something.
    fn expr_at(&mut self, table: &mut Table<'_>, key: &'static str) -> Option<Expr> {
        table.must(self, key);
        let word: Word<'_> = table.word(self, key)?;
        // Within the quotes, when the string is as plain as almost all are.
        let plain = word.spot.end - word.spot.start == word.text.len() + 2;
        let expr = match expect::parse(word.text, &self.index) {
            Ok(expr) => expr,
            Err(error) => {
                let inner = word.spot.start + 1;
                let spot = if plain {
                    (inner + error.at.start..inner + error.at.end).into()
                } else {
                    word.spot
                };
                let code = if error.unknown_name {
                    Code::UnknownName
                } else {
                    Code::Expression
                };
                let mut note = Diagnostic::new(code, spot, error.message);
                note.label = error.help;
                self.note(note);
                return None;
            }
        };
        if let Some(always) = says_nothing(&expr) {
            let truth = if always { "always" } else { "never" };
            let message = format!("`{}` is {truth} true", expr.text);
            self.note(Diagnostic::new(Code::SaysNothing, word.spot, message));
        }
        Some(expr)
    }
}

/// Whether an expression is true, or false, whatever happens: a comparison of literals, of a side
/// with itself, or of something that is never negative with nothing.
fn says_nothing(expr: &Expr) -> Option<bool> {
    let Some((op, right)) = &expr.right else {
        let bare = constant(&expr.left)?;
        return Some(bare != Value::Count(0));
    };
    let sides = (constant(&expr.left), constant(right));
    match sides {
        (Some(left), Some(right)) => Some(op.holds(&left, &right)),
        _ if expr.left == *right => Some(matches!(op, Op::Equal | Op::AtMost | Op::AtLeast)),
        (None, Some(limit)) if never_negative(&expr.left) => below_nothing(*op, &limit),
        _ => None,
    }
}

fn constant(sum: &Sum) -> Option<Value> {
    match sum.terms.as_slice() {
        [(false, Term::Literal(value))] => Some(value.clone()),
        _ => None,
    }
}

/// A single fact: counts, holds and times are never below nothing, and neither is an account.
fn never_negative(sum: &Sum) -> bool {
    matches!(sum.terms.as_slice(), [(false, Term::Fact(_))])
        && matches!(sum.unit, Unit::Count | Unit::Span)
}

fn below_nothing(op: Op, limit: &Value) -> Option<bool> {
    let limit = match limit {
        Value::Count(n) => *n,
        Value::Span(span) if *span == Span::ZERO => 0,
        _ => return None,
    };
    match op {
        Op::AtLeast if limit <= 0 => Some(true),
        Op::Greater if limit < 0 => Some(true),
        Op::Unequal if limit < 0 => Some(true),
        Op::Less if limit <= 0 => Some(false),
        Op::AtMost | Op::Equal if limit < 0 => Some(false),
        _ => None,
    }
}
