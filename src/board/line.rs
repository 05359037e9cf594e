//! One order, as people see it in a list.

use crate::id::{OrderId, Party, PartyKind, Uid};
use crate::journal::{Entry, EventKind};
use crate::money::Money;
use crate::order::{OrderState, Standing};
use crate::query::{Fact, Field, FieldKind, Subject};
use crate::text::Text;
use crate::time::{Span, Time};

/// Operators are alerted when an outcome is unknown for this long.
pub const STUCK_AFTER: Span = Span::seconds(60);

/// An order's line on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderLine {
    /// The order.
    pub id: OrderId,
    /// Its receipt.
    pub uid: Option<Uid>,
    /// Where it stands, by the gateway's word; nothing until the gateway was heard.
    pub standing: Option<Standing>,
    /// Since when it stands so.
    pub since: Time,
    /// What is asked.
    pub amount: Option<Money>,
    /// Who is to be paid.
    pub merchant: Option<Party>,
    /// The shop's order number.
    pub reference: Option<Text>,
    /// The bank that claimed it last.
    pub bank: Option<Party>,
    /// What the payer's bank holds for it.
    pub held: Option<Money>,
    /// When it came up.
    pub created: Time,
    /// The last thing that happened to it, when and at whom.
    pub last: (EventKind, Time, Option<Party>),
    /// How many things happened to it.
    pub events: u32,
    /// What no state says, by [`Mark`].
    marks: [bool; Mark::ALL.len()],
}

/// What people have to look at though no state says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A message about it was given up.
    Parked,
    /// A bank's claim is overdue; the hold stays.
    InDoubt,
    /// A success came after the end.
    Late,
    /// A bank's word differs from the order.
    Conflict,
}

impl Mark {
    /// Every one, the gravest last.
    pub const ALL: [Self; 4] = [Self::Parked, Self::InDoubt, Self::Late, Self::Conflict];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::InDoubt => "in-doubt",
            Self::Late => "late",
            Self::Conflict => "conflict",
        }
    }
}

impl OrderLine {
    pub(super) const fn new(id: OrderId, at: Time) -> Self {
        Self {
            id,
            uid: None,
            standing: None,
            since: at,
            amount: None,
            merchant: None,
            reference: None,
            bank: None,
            held: None,
            created: at,
            last: (EventKind::Started, at, None),
            events: 0,
            marks: [false; Mark::ALL.len()],
        }
    }

    pub(super) fn take(&mut self, of: &Party, entry: &Entry) {
        let event = &entry.event;
        self.events = self.events.saturating_add(1);
        if (entry.at, Some(*of)) >= (self.last.1, self.last.2) {
            self.last = (event.kind, entry.at, Some(*of));
        }
        self.uid = self.uid.or(event.uid);
        match event.kind {
            EventKind::Held => self.held = event.amount,
            EventKind::Posted | EventKind::Voided => {
                self.held = None;
                self.set(Mark::InDoubt, false);
            }
            EventKind::InDoubt => self.set(Mark::InDoubt, true),
            EventKind::Parked => self.set(Mark::Parked, true),
            EventKind::OrderLate => self.set(Mark::Late, true),
            EventKind::OrderConflict => self.set(Mark::Conflict, true),
            _says_nothing_of_money => {}
        }
        if of.kind == PartyKind::Gateway {
            self.take_gateway(entry);
        }
    }

    fn take_gateway(&mut self, entry: &Entry) {
        let event = &entry.event;
        if matches!(
            event.kind,
            EventKind::OrderCreated | EventKind::OrderCancelled
        ) && self.standing.is_none()
        {
            self.created = entry.at;
            self.merchant = event.peer;
            self.reference.clone_from(&event.note);
        }
        if event.amount.is_some() {
            self.amount = event.amount;
        }
        if event.kind == EventKind::OrderClaimed {
            self.bank = event.peer;
        }
        let state = event.state.as_deref();
        let state = state.and_then(|word| word.parse::<OrderState>().ok());
        // A refused claim tells of the order as it stood before it.
        if let Some(standing) = state.map(OrderState::external)
            && self.standing != Some(standing)
        {
            (self.standing, self.since) = (Some(standing), entry.at);
        }
    }

    fn set(&mut self, mark: Mark, on: bool) {
        for (slot, known) in self.marks.iter_mut().zip(Mark::ALL) {
            *slot = if known == mark { on } else { *slot };
        }
    }

    /// The gravest thing that no state says: a conflict, a late success, a parked message.
    pub fn mark(&self) -> Option<Mark> {
        let set = self.marks.iter().zip(Mark::ALL).filter(|(on, _)| **on);
        set.map(|(_, mark)| mark).next_back()
    }

    /// Whether nothing follows.
    pub const fn is_final(&self) -> bool {
        matches!(
            self.standing,
            Some(Standing::Paid | Standing::Expired | Standing::Cancelled)
        )
    }

    /// Whether its outcome has been unknown for too long, or people have to look for another
    /// reason.
    pub fn is_stuck(&self, now: Time) -> bool {
        let unknown = self.standing == Some(Standing::Checking);
        (unknown && now.since(self.since) >= STUCK_AFTER) || self.mark().is_some()
    }

    /// How long it has been open; of a final order, how long it was.
    pub fn age(&self, now: Time) -> Span {
        let until = if self.is_final() { self.since } else { now };
        until.since(self.created)
    }

    /// The till's number at its shop: `T0042`.
    pub fn terminal(&self) -> String {
        self.uid.map_or_else(String::new, terminal_label)
    }

    /// The shop's name, or its number while no gateway has named it.
    pub fn merchant_label(&self) -> String {
        let named = self.merchant.map(|merchant| merchant.name.to_string());
        let number = || self.uid.map(|uid| uid.terminal.merchant().to_string());
        named.or_else(number).unwrap_or_default()
    }

    /// As one JSON object: external names, times in RFC 3339, ages in milliseconds.
    pub fn to_json(&self, now: Time) -> serde_json::Value {
        let (kind, at, by) = &self.last;
        serde_json::json!({
            "order": self.id,
            "state": self.standing,
            "amount": self.amount,
            "merchant": self.merchant_label(),
            "terminal": self.uid.map(|uid| uid.terminal),
            "reference": self.reference,
            "uid": self.uid,
            "age_ms": self.age(now).as_millis(),
            "created_at": self.created.to_string(),
            "bank": self.bank,
            "held": self.held,
            "mark": self.mark().map(Mark::word),
            "stuck": self.is_stuck(now),
            "last_event": kind,
            "last_at": at.to_string(),
            "last_by": by,
        })
    }
}

/// The till's number at its shop: `T0042`.
pub fn terminal_label(uid: Uid) -> String {
    format!("T{:04}", uid.terminal.till())
}

/// The states' words, for the filter.
const STATES: &[&str] = &[
    Standing::Waiting.word(),
    Standing::Processing.word(),
    Standing::Checking.word(),
    Standing::Paid.word(),
    Standing::Expired.word(),
    Standing::Cancelled.word(),
];

/// What a filter may ask of an order.
pub const FIELDS: &[Field] = &[
    field("state", FieldKind::Word(STATES), "where it stands"),
    field("amount", FieldKind::Amount, "what is asked"),
    field("age", FieldKind::Span, "how long it has been, or was, open"),
    field("merchant", FieldKind::Text, "the shop"),
    field("terminal", FieldKind::Text, "the till, such as T0042"),
    field("order", FieldKind::Text, "the order's id"),
    field("reference", FieldKind::Text, "the shop's order number"),
    field("bank", FieldKind::Text, "the bank that claimed it"),
    field("held", FieldKind::Amount, "what the payer's bank holds"),
    field("last", FieldKind::Text, "the last event"),
    field("idle", FieldKind::Span, "how long nothing happened to it"),
    field("currency", FieldKind::Text, "the amount's currency"),
    field(
        "is",
        FieldKind::Word(&["open", "final", "stuck"]),
        "what it is, whatever its state",
    ),
];

const fn field(name: &'static str, kind: FieldKind, help: &'static str) -> Field {
    Field { name, kind, help }
}

/// An order at an instant, for a filter: the texts of a line are made once.
pub struct OrderView<'a> {
    line: &'a OrderLine,
    now: Time,
    id: String,
    merchant: String,
    terminal: String,
}

impl<'a> OrderView<'a> {
    /// The order as it is now.
    pub fn new(line: &'a OrderLine, now: Time) -> Self {
        Self {
            line,
            now,
            id: line.id.to_string(),
            merchant: line.merchant_label(),
            terminal: line.terminal(),
        }
    }
}

impl Subject for OrderView<'_> {
    fn facts(&self, field: &'static str, fits: &mut dyn FnMut(Fact<'_>) -> bool) -> bool {
        let (line, now) = (self.line, self.now);
        let fact = match field {
            "state" => line.standing.map(|standing| Fact::Text(standing.word())),
            "amount" => line.amount.map(Fact::Amount),
            "age" => Some(Fact::Span(line.age(now))),
            "merchant" => Some(Fact::Text(&self.merchant)),
            "terminal" => Some(Fact::Text(&self.terminal)),
            "order" => Some(Fact::Text(&self.id)),
            "reference" => line
                .reference
                .as_ref()
                .map(|text| Fact::Text(text.as_str())),
            "bank" => line
                .bank
                .as_ref()
                .map(|bank| Fact::Text(bank.name.as_str())),
            "held" => line.held.map(Fact::Amount),
            "last" => Some(Fact::Text(line.last.0.word())),
            "idle" => Some(Fact::Span(now.since(line.last.1))),
            "currency" => line
                .amount
                .map(|amount| Fact::Text(amount.currency().code())),
            "is" => {
                let open = if line.is_final() { "final" } else { "open" };
                let stuck = line.is_stuck(now).then_some("stuck");
                let all = [Some(open), stuck];
                return all.into_iter().flatten().any(|word| fits(Fact::Text(word)));
            }
            _no_such_field => None,
        };
        fact.is_some_and(fits)
    }

    fn any_text(&self, likes: &mut dyn FnMut(&str) -> bool) -> bool {
        let line = self.line;
        likes(&self.id)
            || likes(&self.merchant)
            || likes(&self.terminal)
            || likes(line.last.0.word())
            || line.standing.is_some_and(|standing| likes(standing.word()))
            || line
                .reference
                .as_ref()
                .is_some_and(|text| likes(text.as_str()))
            || line.bank.is_some_and(|bank| likes(bank.name.as_str()))
    }
}
