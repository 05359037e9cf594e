//! What a scenario expects: `expr op expr`, as written under `that`.
//!
//! ```text
//! that    = sum [ op sum ]                  a sum alone must not be nothing
//! op      = "==" | "!=" | "<" | "<=" | ">" | ">="
//! sum     = term { ("+" | "-") term }
//! term    = literal | function
//! literal = 3 | 23.50 | 90s | 'payer-mismatch'
//! ```
//! Functions: see [`FUNCTIONS`]. A number beside an amount is an amount of its currency; every
//! function and literal has one unit, and two units never meet.

mod parse;

pub use parse::ExprError;
pub(super) use parse::parse;

use crate::id::Name;
use crate::journal::EventKind;
use crate::money::{Currency, Money};
use crate::text::Text;
use crate::time::Span;
use crate::words::words;
use std::fmt;

/// The longest expression, in bytes.
pub const EXPR_BYTES_MAX: usize = 500;

/// An expression that was read and whose units fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// As written.
    pub text: Text,
    /// The left side.
    pub left: Sum,
    /// The comparison and the right side; the left side must not be nothing when there is none.
    pub right: Option<(Op, Sum)>,
}

/// Terms added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// The terms; `true` for those that are taken away.
    pub terms: Vec<(bool, Term)>,
    /// What it counts in.
    pub unit: Unit,
}

/// A value, or where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A value as written.
    Literal(Value),
    /// A fact of the run.
    Fact(Query),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// How often.
    Count(i64),
    /// How much.
    Money(Money),
    /// How long.
    Span(Span),
    /// A word.
    Text(Text),
}

/// What a value counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Occurrences.
    Count,
    /// An amount of this currency.
    Money(Currency),
    /// A length of time.
    Span,
    /// A word.
    Text,
}

impl Value {
    /// What it counts in.
    pub const fn unit(&self) -> Unit {
        match self {
            Self::Count(_) => Unit::Count,
            Self::Money(money) => Unit::Money(money.currency()),
            Self::Span(_) => Unit::Span,
            Self::Text(_) => Unit::Text,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => n.fmt(f),
            Self::Money(money) => money.fmt(f),
            Self::Span(span) => span.fmt(f),
            Self::Text(text) => write!(f, "'{text}'"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("a count"),
            Self::Money(currency) => write!(f, "an amount in {currency}"),
            Self::Span => f.write_str("a length of time"),
            Self::Text => f.write_str("a word"),
        }
    }
}

words! {
    /// A comparison.
    pub enum Op {
        /// Equal.
        Equal = "==",
        /// Not equal.
        Unequal = "!=",
        /// Less or equal.
        AtMost = "<=",
        /// Greater or equal.
        AtLeast = ">=",
        /// Less.
        Less = "<",
        /// Greater.
        Greater = ">",
    }
}

impl Op {
    /// Whether it holds between two values of one unit.
    pub fn holds(self, left: &Value, right: &Value) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
            Self::Less => left < right,
            Self::Greater => left > right,
        }
    }
}

/// A fact of the run that an expression asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// How many payments came to this stage, of one customer or crowd or of all.
    Payments(Option<Name>, PaymentStage),
    /// Why the customer's last payment that did not succeed did not.
    Refused(Name),
    /// What the actor's account holds.
    Balance(Name),
    /// What is held on the customer's account.
    Held(Name),
    /// How many messages the actor sent, to one other or to all.
    Sent(Name, Option<Name>),
    /// How often the receipt was charged.
    Debits(Text),
    /// How many holds for the receipt are open.
    Holds(Text),
    /// How many payment orders were raised from the receipt.
    Orders(Text),
    /// How the receipt's order stands, by its word outside the gateway.
    Standing(Text),
    /// What was credited to the merchant, by one payer or by all.
    Credits(Name, Option<Name>),
    /// How often the merchant was told of a payment, of one receipt or of all.
    MerchantTold(Name, Option<Text>),
    /// How often this event happened.
    Events(EventKind, About),
    /// How long from one event of a receipt to another.
    Time(EventKind, EventKind, Statistic),
    /// How often the fault happened.
    FaultFired(Name),
    /// What became of the attack.
    Outcome(Name),
}

/// Which events are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// All.
    Anything,
    /// Those of a receipt.
    Receipt(Text),
    /// Those at an actor.
    Actor(Name),
}

words! {
    /// How far a payment came.
    pub enum PaymentStage {
        /// A code was scanned and verified.
        Started = "started",
        /// The order was shown.
        Shown = "shown",
        /// The customer confirmed.
        Confirmed = "confirmed",
        /// The wallet said that the outcome is being checked.
        Checking = "checking",
        /// The wallet heard that it paid.
        Paid = "paid",
        /// The wallet heard that it did not pay.
        Failed = "failed",
        /// The customer left, or was shown nothing to pay.
        Abandoned = "abandoned",
        /// The code was refused offline.
        Unread = "unread",
    }
}

impl PaymentStage {
    /// The event that says so.
    pub const fn event(self) -> EventKind {
        match self {
            Self::Started => EventKind::CodeVerified,
            Self::Shown => EventKind::OrderShown,
            Self::Confirmed => EventKind::PayConfirmed,
            Self::Checking => EventKind::PayChecking,
            Self::Paid => EventKind::PayDone,
            Self::Failed => EventKind::PayFailed,
            Self::Abandoned => EventKind::PayAbandoned,
            Self::Unread => EventKind::CodeRefused,
        }
    }
}

words! {
    /// What is asked of many times.
    pub enum Statistic {
        /// The shortest.
        Min = "min",
        /// Half of them were not longer.
        P50 = "p50",
        /// 95 of 100 were not longer.
        P95 = "p95",
        /// 99 of 100 were not longer.
        P99 = "p99",
        /// The longest.
        Max = "max",
        /// How many there were.
        Count = "count",
    }
}

/// A function that `that` knows, for `vocab` and for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// How it is written.
    pub form: &'static str,
    /// What it gives.
    pub gives: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// Every function of `that`.
pub const FUNCTIONS: &[Function] = &[
    Function {
        form: "payments.STAGE",
        gives: "count",
        about: "payments of all customers that came to this stage",
    },
    Function {
        form: "CUSTOMER.STAGE",
        gives: "count",
        about: "payments of one customer or crowd that came to this stage",
    },
    Function {
        form: "CUSTOMER.refused",
        gives: "word",
        about: "why the last payment that did not succeed did not; '' when there is none",
    },
    Function {
        form: "ACTOR.balance",
        gives: "amount",
        about: "what a customer's or merchant's account holds",
    },
    Function {
        form: "CUSTOMER.held",
        gives: "amount",
        about: "how much of the account is held by open payments",
    },
    Function {
        form: "ACTOR.sent",
        gives: "count",
        about: "messages that an actor sent",
    },
    Function {
        form: "sent(ACTOR -> ACTOR)",
        gives: "count",
        about: "messages that one actor sent to another",
    },
    Function {
        form: "debits(RECEIPT)",
        gives: "count",
        about: "how often the receipt was charged, to anyone",
    },
    Function {
        form: "holds(RECEIPT)",
        gives: "count",
        about: "holds for the receipt that are open",
    },
    Function {
        form: "orders(RECEIPT)",
        gives: "count",
        about: "payment orders that were raised from the receipt",
    },
    Function {
        form: "standing(RECEIPT)",
        gives: "word",
        about: "how the receipt's order stands: WAITING, PAID, ...; '' when there is none",
    },
    Function {
        form: "credits(MERCHANT[, from CUSTOMER])",
        gives: "amount",
        about: "what was credited to a merchant",
    },
    Function {
        form: "merchant-told(MERCHANT[, RECEIPT])",
        gives: "count",
        about: "how often a merchant heard that it was paid",
    },
    Function {
        form: "events(EVENT[, RECEIPT | ACTOR])",
        gives: "count",
        about: "how often an event happened",
    },
    Function {
        form: "time(EVENT -> EVENT).STATISTIC",
        gives: "time",
        about: "from one event of a receipt to another, over all receipts (`print` is code-printed)",
    },
    Function {
        form: "fault(ID).fired",
        gives: "count",
        about: "how often a fault happened",
    },
    Function {
        form: "outcome(ID)",
        gives: "word",
        about: "what became of an attack",
    },
];

impl Query {
    /// The events that can change its value; `None` when something else can too.
    pub fn events(&self) -> Option<Vec<EventKind>> {
        use EventKind as E;
        let events = match self {
            Self::Payments(_, stage) => vec![stage.event()],
            Self::Refused(_) => vec![E::CodeRefused, E::PayAbandoned, E::PayFailed],
            Self::Balance(_) => vec![E::Funded, E::Posted, E::Credited, E::Suspended],
            Self::Held(_) | Self::Holds(_) => vec![E::Held, E::Posted, E::Voided],
            Self::Debits(_) => vec![E::Posted],
            Self::Orders(_) => vec![E::OrderCreated, E::OrderCancelled],
            Self::Standing(_) => ORDER_EVENTS.to_vec(),
            Self::Credits(..) => vec![E::Posted, E::Credited],
            Self::MerchantTold(..) => vec![E::MerchantTold],
            Self::Events(kind, _) => vec![*kind],
            Self::Time(_, to, _) => vec![*to],
            Self::Sent(..) | Self::FaultFired(_) | Self::Outcome(_) => return None,
        };
        Some(events)
    }
}

/// The gateway's events that carry an order's state.
pub(super) const ORDER_EVENTS: &[EventKind] = &[
    EventKind::OrderCreated,
    EventKind::OrderClaimed,
    EventKind::OrderUnknown,
    EventKind::OrderPaid,
    EventKind::OrderReopened,
    EventKind::OrderExpired,
    EventKind::OrderCancelled,
];

impl Expr {
    /// Every fact that it asks for.
    pub fn queries(&self) -> impl Iterator<Item = &Query> {
        let right = self.right.iter().flat_map(|(_, sum)| &sum.terms);
        let all = self.left.terms.iter().chain(right);
        all.filter_map(|(_, term)| match term {
            Term::Fact(query) => Some(query),
            Term::Literal(_) => None,
        })
    }
}
