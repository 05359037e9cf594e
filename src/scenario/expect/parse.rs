//! Reads an expression: tokens, then terms, then units.

use super::{
    About, EXPR_BYTES_MAX, Expr, FUNCTIONS, Op, PaymentStage, Query, Statistic, Sum, Term, Unit,
    Value,
};
use crate::id::Name;
use crate::journal::EventKind;
use crate::money::Money;
use crate::order::{Reason, Standing};
use crate::scenario::diagnostic::did_you_mean;
use crate::scenario::index::{IdKind, Index};
use crate::scenario::schema::ActorKind;
use crate::text::Text;
use std::ops::Range;

/// An expression that cannot be read, and the bytes that are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the expression: {message}")]
pub struct ExprError {
    /// Which bytes of it.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether a name is unknown, rather than the grammar broken.
    pub unknown_name: bool,
}

/// Reads an expression over a file's names.
pub(in crate::scenario) fn parse(text: &str, index: &Index) -> Result<Expr, ExprError> {
    if text.len() > EXPR_BYTES_MAX {
        let message = format!(
            "{} bytes, and at most {EXPR_BYTES_MAX} are read",
            text.len()
        );
        return Err(wrong(0..text.len(), message));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
        index,
    };
    let left = parser.terms()?;
    let right = match parser.take(|token| matches!(token, Token::Op(_))) {
        Some((Token::Op(op), _)) => Some((op, parser.terms()?)),
        _ => None,
    };
    if let Some((token, at)) = parser.peek() {
        let message = format!("{} comes after its end", token.shown());
        return Err(wrong(at.clone(), message));
    }
    let all: Vec<_> = left
        .iter()
        .chain(right.iter().flat_map(|(_, terms)| terms))
        .collect();
    let unit = common_unit(&all)?;
    words_known(&all)?;
    let sum = |terms| resolve(terms, unit);
    Ok(Expr {
        text: Text::clean(text),
        left: sum(left)?,
        right: right
            .map(|(op, terms)| sum(terms).map(|sum| (op, sum)))
            .transpose()?,
    })
}

/// A word beside a fact whose words are known is one of them, or no word at all.
fn words_known(terms: &[&Loose]) -> Result<(), ExprError> {
    let all = terms.iter().find_map(|term| match &term.what {
        LooseTerm::Known(Term::Fact(Query::Refused(_)), _) => {
            Some(Reason::ALL.iter().map(|word| word.word()).collect())
        }
        LooseTerm::Known(Term::Fact(Query::Standing(_)), _) => {
            Some(Standing::ALL.iter().map(|word| word.word()).collect())
        }
        _ => None,
    });
    let words: Vec<&str> = all.unwrap_or_default();
    for term in terms.iter().filter(|_| !words.is_empty()) {
        if let LooseTerm::Known(Term::Literal(Value::Text(text)), _) = &term.what
            && !text.as_str().is_empty()
            && !words.contains(&text.as_str())
        {
            let message = format!("it is never '{text}'");
            let help = did_you_mean(text.as_str(), words.iter().copied());
            let help = help.or_else(|| Some(one_of(&words)));
            return Err(unknown(term.at.clone(), message, help));
        }
    }
    Ok(())
}

/// The words that there are.
fn one_of(words: &[&str]) -> String {
    format!("one of: {}", words.join(", "))
}

fn wrong(at: Range<usize>, message: impl Into<String>) -> ExprError {
    ExprError {
        at,
        message: message.into(),
        help: None,
        unknown_name: false,
    }
}

fn unknown(at: Range<usize>, message: impl Into<String>, help: Option<String>) -> ExprError {
    ExprError {
        at,
        message: message.into(),
        help,
        unknown_name: true,
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Op(Op),
    Plus,
    Minus,
    Arrow,
    Open,
    Close,
    Comma,
    Dot,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Quoted(text) => format!("'{text}'"),
            Self::Op(op) => format!("`{op}`"),
            Self::Plus => "`+`".to_owned(),
            Self::Minus => "`-`".to_owned(),
            Self::Arrow => "`->`".to_owned(),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Dot => "`.`".to_owned(),
        }
    }
}

type Placed = (Token, Range<usize>);

/// Splits into tokens. A dot within a number and a dash within a word belong to them.
fn tokens(text: &str) -> Result<Vec<Placed>, ExprError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        let symbol = [
            ("->", Token::Arrow),
            ("(", Token::Open),
            (")", Token::Close),
            (",", Token::Comma),
            (".", Token::Dot),
            ("+", Token::Plus),
            ("-", Token::Minus),
        ];
        let op = Op::ALL.iter().find(|op| rest.starts_with(op.word()));
        let symbol = symbol.into_iter().find(|(sign, _)| rest.starts_with(sign));
        let (token, len) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if let Some(op) = op {
            (Token::Op(*op), op.word().len())
        } else if let Some((sign, token)) = symbol {
            (token, sign.len())
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let len = quoted
                .find('\'')
                .ok_or_else(|| wrong(at..text.len(), "the quoted word has no end"))?;
            let inner = quoted.get(..len).unwrap_or_default();
            (Token::Quoted(inner.to_owned()), len + 2)
        } else {
            word(rest).ok_or_else(|| {
                wrong(
                    at..at + first.len_utf8(),
                    format!("`{first}` means nothing here"),
                )
            })?
        };
        out.push((token, at..at + len));
        at += len;
    }
    Ok(out)
}

fn word(rest: &str) -> Option<(Token, usize)> {
    let number = rest.starts_with(|c: char| c.is_ascii_digit());
    let mut len = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_is_wordy = chars.peek().is_some_and(|(_, c)| c.is_alphanumeric());
        let within = at > 0 && next_is_wordy && (c == '-' || (number && c == '.'));
        let belongs = c.is_alphanumeric() || c == '_' || within;
        if !belongs {
            break;
        }
        len = at + c.len_utf8();
    }
    let found = rest.get(..len).filter(|found| !found.is_empty())?;
    Some((Token::Word(found.to_owned()), len))
}

/// A term before its unit is settled: a bare number may turn out to be an amount.
struct Loose {
    minus: bool,
    what: LooseTerm,
    at: Range<usize>,
}

enum LooseTerm {
    Known(Term, Unit),
    Number(String),
}

fn common_unit(terms: &[&Loose]) -> Result<Unit, ExprError> {
    let mut units = terms.iter().filter_map(|term| match &term.what {
        LooseTerm::Known(_, unit) => Some((*unit, term.at.clone())),
        LooseTerm::Number(_) => None,
    });
    let Some((first, _)) = units.next() else {
        return Ok(Unit::Count);
    };
    match units.find(|(unit, _)| *unit != first) {
        Some((unit, at)) => Err(wrong(
            at,
            format!("this is {unit}, and the rest is {first}"),
        )),
        None => Ok(first),
    }
}

/// Settles numbers, now that the unit of all is known.
fn resolve(terms: Vec<Loose>, unit: Unit) -> Result<Sum, ExprError> {
    if unit == Unit::Text && terms.len() > 1 {
        let at = terms.last().map_or(0..0, |term| term.at.clone());
        return Err(wrong(at, "words cannot be added up"));
    }
    let settle = |loose: Loose| {
        let term = match loose.what {
            LooseTerm::Known(term, _) => term,
            LooseTerm::Number(digits) => Term::Literal(
                number(&digits, unit)
                    .ok_or_else(|| wrong(loose.at.clone(), format!("`{digits}` is not {unit}")))?,
            ),
        };
        Ok((loose.minus, term))
    };
    let terms = terms.into_iter().map(settle).collect::<Result<_, _>>()?;
    Ok(Sum { terms, unit })
}

fn number(digits: &str, unit: Unit) -> Option<Value> {
    match unit {
        Unit::Count => digits.parse().ok().map(Value::Count),
        Unit::Money(currency) => Money::parse(digits, currency).ok().map(Value::Money),
        Unit::Span | Unit::Text => None,
    }
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    next: usize,
    end: usize,
    index: &'a Index,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, wanted: impl Fn(&Token) -> bool) -> Option<Placed> {
        let found = self.peek().filter(|(token, _)| wanted(token)).cloned();
        self.next += usize::from(found.is_some());
        found
    }

    fn expect(&mut self, token: &Token, what: &str) -> Result<Range<usize>, ExprError> {
        match self.take(|found| found == token) {
            Some((_, at)) => Ok(at),
            None => Err(self.unexpected(&format!("{} {what}", token.shown()))),
        }
    }

    fn unexpected(&self, expected: &str) -> ExprError {
        let Some((token, at)) = self.peek() else {
            let last = self.end.saturating_sub(1);
            let message = format!("expected {expected}, found its end");
            return wrong(last..self.end, message);
        };
        let message = format!("expected {expected}, found {}", token.shown());
        wrong(at.clone(), message)
    }

    fn word(&mut self, what: &str) -> Result<(String, Range<usize>), ExprError> {
        match self.take(|token| matches!(token, Token::Word(_))) {
            Some((Token::Word(word), at)) => Ok((word, at)),
            _ => Err(self.unexpected(what)),
        }
    }

    fn terms(&mut self) -> Result<Vec<Loose>, ExprError> {
        let mut terms = vec![self.term(false)?];
        while let Some((sign, _)) = self.take(|t| matches!(t, Token::Plus | Token::Minus)) {
            terms.push(self.term(sign == Token::Minus)?);
        }
        Ok(terms)
    }

    fn term(&mut self, minus: bool) -> Result<Loose, ExprError> {
        if let Some((Token::Quoted(text), at)) = self.take(|t| matches!(t, Token::Quoted(_))) {
            let value = Value::Text(Text::clean(&text));
            let what = LooseTerm::Known(Term::Literal(value), Unit::Text);
            return Ok(Loose { minus, what, at });
        }
        let negative = self.take(|token| *token == Token::Minus).is_some();
        let (word, at) = self.word("a number, a time, a 'word' or a function")?;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let what = literal(&word, negative, &at)?;
            return Ok(Loose { minus, what, at });
        }
        if negative {
            return Err(wrong(at, "only numbers have a sign"));
        }
        let (query, unit) = self.query(&word, at.clone())?;
        let what = LooseTerm::Known(Term::Fact(query), unit);
        Ok(Loose { minus, what, at })
    }

    fn query(&mut self, head: &str, at: Range<usize>) -> Result<(Query, Unit), ExprError> {
        if self.take(|token| *token == Token::Open).is_some() {
            return self.function(head, at);
        }
        self.expect(&Token::Dot, &format!("or `(` after `{head}`"))?;
        let (field, field_at) = self.word("a word after the dot")?;
        let who = match head {
            "payments" => None,
            _ => Some(self.actor(head, at, &[])?),
        };
        if let (None | Some((_, ActorKind::Customer | ActorKind::Crowd)), Ok(stage)) =
            (who, field.parse::<PaymentStage>())
        {
            let query = Query::Payments(who.map(|(name, _)| name), stage);
            return Ok((query, Unit::Count));
        }
        let no_such = |help| {
            let message = format!("`{head}` has no `{field}`");
            Err(unknown(field_at, message, help))
        };
        let Some((name, kind)) = who else {
            return no_such(did_you_mean(
                &field,
                PaymentStage::ALL.iter().map(|s| s.word()),
            ));
        };
        let person = matches!(kind, ActorKind::Customer);
        let money = Unit::Money(self.index.currency_of(Some(&name)));
        match field.as_str() {
            "refused" if person => Ok((Query::Refused(name), Unit::Text)),
            "held" if person => Ok((Query::Held(name), money)),
            "balance" if person || kind == ActorKind::Merchant => Ok((Query::Balance(name), money)),
            "sent" => Ok((Query::Sent(name, None), Unit::Count)),
            _ => {
                let stages = PaymentStage::ALL.iter().map(|stage| stage.word());
                let fields = ["refused", "held", "balance", "sent"]
                    .into_iter()
                    .chain(stages);
                no_such(did_you_mean(&field, fields))
            }
        }
    }

    fn function(&mut self, head: &str, at: Range<usize>) -> Result<(Query, Unit), ExprError> {
        let found = match head {
            "debits" => (Query::Debits(self.receipt()?), Unit::Count),
            "holds" => (Query::Holds(self.receipt()?), Unit::Count),
            "orders" => (Query::Orders(self.receipt()?), Unit::Count),
            "standing" => (Query::Standing(self.receipt()?), Unit::Text),
            "sent" => self.sent()?,
            "credits" => self.credits()?,
            "merchant-told" => self.merchant_told()?,
            "events" => self.events()?,
            "time" => return self.time(),
            "fault" => return self.fault(),
            "outcome" => (Query::Outcome(self.id(IdKind::Attack)?), Unit::Text),
            _ => {
                let names = FUNCTIONS
                    .iter()
                    .filter_map(|f| Some(f.form.split_once('(')?.0));
                let help = did_you_mean(head, names);
                return Err(unknown(at, format!("no function `{head}`"), help));
            }
        };
        self.expect(&Token::Close, "at the end of the arguments")?;
        Ok(found)
    }

    fn sent(&mut self) -> Result<(Query, Unit), ExprError> {
        let from = self.any_actor()?;
        self.expect(&Token::Arrow, "and who it is sent to")?;
        let to = self.any_actor()?;
        Ok((Query::Sent(from, Some(to)), Unit::Count))
    }

    fn credits(&mut self) -> Result<(Query, Unit), ExprError> {
        let merchant = self.actor_of(&[ActorKind::Merchant])?;
        let mut payer = None;
        if self.take(|token| *token == Token::Comma).is_some() {
            self.expect(&Token::Word("from".to_owned()), "and a customer")?;
            payer = Some(self.actor_of(&[ActorKind::Customer, ActorKind::Crowd])?);
        }
        let money = Unit::Money(self.index.currency_of(Some(&merchant)));
        Ok((Query::Credits(merchant, payer), money))
    }

    fn merchant_told(&mut self) -> Result<(Query, Unit), ExprError> {
        let merchant = self.actor_of(&[ActorKind::Merchant])?;
        let mut receipt = None;
        if self.take(|token| *token == Token::Comma).is_some() {
            receipt = Some(self.receipt()?);
        }
        Ok((Query::MerchantTold(merchant, receipt), Unit::Count))
    }

    fn events(&mut self) -> Result<(Query, Unit), ExprError> {
        let kind = self.event()?;
        if self.take(|token| *token == Token::Comma).is_none() {
            return Ok((Query::Events(kind, About::Anything), Unit::Count));
        }
        let (word, at) = self.word("a receipt or an actor")?;
        let about = if self.index.receipts.contains_key(word.as_str()) {
            About::Receipt(Text::clean(&word))
        } else {
            About::Actor(self.actor(&word, at, &[])?.0)
        };
        Ok((Query::Events(kind, about), Unit::Count))
    }

    fn time(&mut self) -> Result<(Query, Unit), ExprError> {
        let from = self.event()?;
        self.expect(&Token::Arrow, "and a second event")?;
        let to = self.event()?;
        self.expect(&Token::Close, "at the end of the arguments")?;
        self.expect(&Token::Dot, "and a statistic, such as .p95")?;
        let (word, at) = self.word("a statistic")?;
        let Ok(statistic) = word.parse() else {
            let help = did_you_mean(&word, Statistic::ALL.iter().map(|s| s.word()));
            return Err(unknown(at, format!("no statistic `{word}`"), help));
        };
        let unit = match statistic {
            Statistic::Count => Unit::Count,
            _ => Unit::Span,
        };
        Ok((Query::Time(from, to, statistic), unit))
    }

    fn fault(&mut self) -> Result<(Query, Unit), ExprError> {
        let id = self.id(IdKind::Fault)?;
        self.expect(&Token::Close, "at the end of the arguments")?;
        self.expect(&Token::Dot, "and `fired`")?;
        self.expect(&Token::Word("fired".to_owned()), "after the dot")?;
        Ok((Query::FaultFired(id), Unit::Count))
    }

    fn event(&mut self) -> Result<EventKind, ExprError> {
        let (word, at) = self.word("an event")?;
        if word == "print" {
            return Ok(EventKind::CodePrinted);
        }
        word.parse().map_err(|_unknown| {
            let help = did_you_mean(&word, EventKind::ALL.iter().map(|kind| kind.word()));
            unknown(at, format!("no event named `{word}`"), help)
        })
    }

    fn receipt(&mut self) -> Result<Text, ExprError> {
        let (word, at) = self.word("a receipt")?;
        if let Some((receipt, _)) = self.index.receipts.get_key_value(word.as_str()) {
            return Ok(receipt.clone());
        }
        let help = self.index.suggest_receipt(&word);
        Err(unknown(at, format!("no receipt `{word}` is printed"), help))
    }

    fn id(&mut self, kind: IdKind) -> Result<Name, ExprError> {
        let (word, at) = self.word("an id")?;
        let name = word.parse::<Name>().ok();
        let known = name.filter(|name| self.index.ids.get(name).is_some_and(|id| id.0 == kind));
        known.ok_or_else(|| {
            let help = self.index.suggest_id(&word, kind);
            let what = match kind {
                IdKind::Step => "step",
                IdKind::Fault => "fault",
                IdKind::Attack => "attack",
            };
            unknown(at, format!("no {what} named `{word}`"), help)
        })
    }

    fn any_actor(&mut self) -> Result<Name, ExprError> {
        self.actor_of(&[])
    }

    fn actor_of(&mut self, kinds: &[ActorKind]) -> Result<Name, ExprError> {
        let (word, at) = self.word("an actor")?;
        Ok(self.actor(&word, at, kinds)?.0)
    }

    fn actor(
        &self,
        word: &str,
        at: Range<usize>,
        kinds: &[ActorKind],
    ) -> Result<(Name, ActorKind), ExprError> {
        if let Some((name, actor)) = self.index.actor(word, kinds) {
            return Ok((name, actor.kind));
        }
        let help = self.index.suggest_actor(word, kinds);
        Err(unknown(at, self.index.no_actor(word, kinds), help))
    }
}

fn literal(word: &str, negative: bool, at: &Range<usize>) -> Result<LooseTerm, ExprError> {
    let plain = word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain {
        let sign = if negative { "-" } else { "" };
        return Ok(LooseTerm::Number(format!("{sign}{word}")));
    }
    match word.parse() {
        Ok(span) if !negative => Ok(LooseTerm::Known(
            Term::Literal(Value::Span(span)),
            Unit::Span,
        )),
        _ => {
            let mut error = wrong(at.clone(), format!("`{word}` is no number and no time"));
            error.help = Some("a time has a unit: 300ms, 10s, 5m".to_owned());
            Err(error)
        }
    }
}
