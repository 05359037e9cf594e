//! The one table of keys: what dispatches them, what the footer shows, what `?` explains.
//!
//! Plain letters and the keys beside them, both vi's and arrows: nothing that tmux, screen, an
//! editor's terminal or a slow line takes for itself, and no action at all that changes anything.

use crate::words::words;
use std::fmt;
use std::str::FromStr;

words! {
    /// What a person can do.
    pub enum Action {
        /// The next line.
        Next = "next",
        /// The line before.
        Previous = "previous",
        /// The first line.
        First = "first",
        /// The last line.
        Last = "last",
        /// A screenful on.
        PageDown = "page-down",
        /// A screenful back.
        PageUp = "page-up",
        /// Half a screenful on.
        HalfDown = "half-page-down",
        /// Half a screenful back.
        HalfUp = "half-page-up",
        /// Into what is selected.
        Open = "open",
        /// Back to where one came from; never out of the program.
        Back = "back",
        /// Back, or out of the program at its first screen.
        Leave = "leave",
        /// Out of the program.
        Quit = "quit",
        /// Type a filter.
        Filter = "filter",
        /// Sort by the next column.
        Sort = "sort",
        /// Sort the other way round.
        Reverse = "reverse",
        /// Hold the picture still, or let it go on; events are taken all the while.
        Pause = "pause",
        /// The next way to tell time.
        Times = "times",
        /// Copy the order's id.
        Copy = "copy",
        /// Save the screen as a picture and as text.
        Export = "export",
        /// All keys.
        Help = "help",
        /// Paint everything again.
        Repaint = "repaint",
        /// A simulation: faster.
        Faster = "faster",
        /// A simulation: slower.
        Slower = "slower",
        /// A simulation: on to the next thing that happens.
        Step = "step",
    }
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere but in a text that is being typed.
    Any,
    /// The orders.
    Board,
    /// One order.
    Detail,
    /// The list of keys.
    Help,
}

/// A key, whatever library read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// As named.
    Up,
    /// As named.
    Down,
    /// As named.
    Enter,
    /// As named.
    Esc,
    /// As named.
    Backspace,
    /// As named.
    PageUp,
    /// As named.
    PageDown,
    /// As named.
    Home,
    /// As named.
    End,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Any of these does it.
    pub keys: &'static [Key],
    /// Where.
    pub scope: Scope,
    /// For the list of keys.
    pub help: &'static str,
    /// For the footer, the most useful first; nothing keeps it off.
    pub footer: Option<&'static str>,
}

const fn key(
    action: Action,
    keys: &'static [Key],
    scope: Scope,
    help: &'static str,
    footer: Option<&'static str>,
) -> Binding {
    Binding {
        action,
        keys,
        scope,
        help,
        footer,
    }
}

use Key::{Char, Ctrl};

/// Every key there is.
pub const KEYMAP: &[Binding] = &[
    key(
        Action::Open,
        &[Key::Enter],
        Scope::Board,
        "open the order",
        Some("open"),
    ),
    key(
        Action::Back,
        &[Key::Esc],
        Scope::Detail,
        "back to the orders",
        Some("back"),
    ),
    key(
        Action::Back,
        &[Key::Esc, Char('?')],
        Scope::Help,
        "back",
        Some("back"),
    ),
    key(
        Action::Filter,
        &[Char('/')],
        Scope::Board,
        "filter: words, state:paid, amount>=500, age>2m, is:stuck, !not",
        Some("filter"),
    ),
    key(
        Action::Sort,
        &[Char('s')],
        Scope::Board,
        "sort by the next column",
        Some("sort"),
    ),
    key(
        Action::Reverse,
        &[Char('S')],
        Scope::Board,
        "sort the other way round",
        None,
    ),
    key(
        Action::Pause,
        &[Char(' ')],
        Scope::Any,
        "hold the picture still; events are counted",
        Some("pause"),
    ),
    key(
        Action::Times,
        &[Char('t')],
        Scope::Detail,
        "time: since the first, clock, since the last",
        Some("time"),
    ),
    key(
        Action::Copy,
        &[Char('y')],
        Scope::Any,
        "copy the order's id (OSC 52)",
        Some("copy id"),
    ),
    key(
        Action::Export,
        &[Char('e')],
        Scope::Any,
        "save the screen as .svg and .txt",
        Some("export"),
    ),
    key(
        Action::Faster,
        &[Char(']')],
        Scope::Any,
        "simulation: faster",
        None,
    ),
    key(
        Action::Slower,
        &[Char('[')],
        Scope::Any,
        "simulation: slower",
        None,
    ),
    key(
        Action::Step,
        &[Char('.')],
        Scope::Any,
        "simulation: on to the next event, and stop",
        None,
    ),
    key(
        Action::Next,
        &[Char('j'), Key::Down],
        Scope::Any,
        "next",
        None,
    ),
    key(
        Action::Previous,
        &[Char('k'), Key::Up],
        Scope::Any,
        "previous",
        None,
    ),
    key(
        Action::First,
        &[Char('g'), Key::Home],
        Scope::Any,
        "first",
        None,
    ),
    key(
        Action::Last,
        &[Char('G'), Key::End],
        Scope::Any,
        "last",
        None,
    ),
    key(
        Action::PageDown,
        &[Key::PageDown, Ctrl('f')],
        Scope::Any,
        "a page on",
        None,
    ),
    key(
        Action::PageUp,
        &[Key::PageUp],
        Scope::Any,
        "a page back",
        None,
    ),
    key(
        Action::HalfDown,
        &[Ctrl('d')],
        Scope::Any,
        "half a page on",
        None,
    ),
    key(
        Action::HalfUp,
        &[Ctrl('u')],
        Scope::Any,
        "half a page back",
        None,
    ),
    key(
        Action::Repaint,
        &[Ctrl('l')],
        Scope::Any,
        "paint everything again",
        None,
    ),
    key(
        Action::Help,
        &[Char('?')],
        Scope::Any,
        "all keys",
        Some("help"),
    ),
    key(
        Action::Leave,
        &[Char('q')],
        Scope::Any,
        "back; from the orders, quit",
        Some("quit"),
    ),
    key(Action::Quit, &[Ctrl('c')], Scope::Any, "quit", None),
];

/// What a key does in a scope: its own bindings come before those that hold everywhere.
pub(super) fn action(scope: Scope, pressed: Key) -> Option<Action> {
    let of = |scope| {
        let here = KEYMAP.iter().filter(move |binding| binding.scope == scope);
        let mut bound = here.filter(|binding| binding.keys.contains(&pressed));
        bound.next().map(|binding| binding.action)
    };
    of(scope).or_else(|| of(Scope::Any))
}

/// The bindings that hold in a scope.
pub(super) fn holding(scope: Scope) -> impl Iterator<Item = &'static Binding> {
    let holds = move |binding: &&Binding| binding.scope == scope || binding.scope == Scope::Any;
    KEYMAP.iter().filter(holds)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Char(' ') => f.pad("space"),
            Char(c) => f.pad(c.encode_utf8(&mut [0; 4])),
            Ctrl(c) => f.pad(&format!("^{c}")),
            Self::Up => f.pad("Up"),
            Self::Down => f.pad("Down"),
            Self::Enter => f.pad("Enter"),
            Self::Esc => f.pad("Esc"),
            Self::Backspace => f.pad("Backspace"),
            Self::PageUp => f.pad("PgUp"),
            Self::PageDown => f.pad("PgDn"),
            Self::Home => f.pad("Home"),
            Self::End => f.pad("End"),
        }
    }
}

/// No key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read a key: expected one character, space, ^c, Enter, Esc, Up, PgDn or the like")]
pub struct NoKey;

impl FromStr for Key {
    type Err = NoKey;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, NoKey> {
        let named = [
            Self::Up,
            Self::Down,
            Self::Enter,
            Self::Esc,
            Self::Backspace,
            Self::PageUp,
            Self::PageDown,
            Self::Home,
            Self::End,
            Char(' '),
        ];
        if let Some(key) = named.into_iter().find(|key| key.to_string() == text) {
            return Ok(key);
        }
        let mut letters = text.chars();
        match (letters.next(), letters.next(), letters.next()) {
            (Some(c), None, None) => Ok(Char(c)),
            (Some('^'), Some(c), None) => Ok(Ctrl(c)),
            _longer_or_none => Err(NoKey),
        }
    }
}
