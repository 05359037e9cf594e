//! How things look: the terminal's own sixteen colours, words and signs first.
//!
//! No background is ever painted, so that light and dark terminals both stay as they are; what is
//! selected is reversed and has a sign; a state is a sign and a word before it is a colour.

use crate::board::OrderLine;
use crate::money::Money;
use crate::order::Standing;
use crate::time::{Span, Time};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// Which characters lines are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing.
    #[default]
    Unicode,
    /// `-`, `|`, `+`.
    Ascii,
}

impl Glyphs {
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Unicode => border::PLAIN.horizontal_top,
            Self::Ascii => "-",
        }
    }

    pub(super) const fn bar(self) -> &'static str {
        match self {
            Self::Unicode => border::PLAIN.vertical_left,
            Self::Ascii => "|",
        }
    }
}

/// Styles, or none but modifiers where colour is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    pub(super) colour: bool,
}

impl Palette {
    fn of(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub(super) fn good(self) -> Style {
        self.of(Color::Green)
    }

    pub(super) fn busy(self) -> Style {
        self.of(Color::Cyan)
    }

    pub(super) fn doubt(self) -> Style {
        self.of(Color::Yellow)
    }

    pub(super) fn alarm(self) -> Style {
        self.of(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) const fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) const fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn standing(self, standing: Option<Standing>, is_stuck: bool) -> Style {
        match standing {
            _ if is_stuck => self.alarm(),
            Some(Standing::Paid) => self.good(),
            Some(Standing::Processing) => self.busy(),
            Some(Standing::Checking) => self.doubt(),
            Some(Standing::Expired | Standing::Cancelled) => self.faint(),
            Some(Standing::Waiting) | None => Style::new(),
        }
    }
}

/// A state as a sign and a word.
pub(super) fn state(line: &OrderLine, now: Time) -> String {
    let (sign, word) = match line.standing {
        Some(standing) => (sign(standing), standing.word()),
        None => (' ', "-"),
    };
    let sign = if line.is_stuck(now) { '!' } else { sign };
    format!("{sign} {word}")
}

/// A state's sign; `!` is for what is stuck.
pub(super) const fn sign(standing: Standing) -> char {
    match standing {
        Standing::Waiting => '.',
        Standing::Processing => '~',
        Standing::Checking => '?',
        Standing::Paid => '+',
        Standing::Expired => 'x',
        Standing::Cancelled => '-',
    }
}

/// An age in at most six columns: `1.2s`, `41s`, `2m14s`, `3h02m`, `5d04h`.
pub(super) fn age(span: Span) -> String {
    let (millis, seconds) = (span.as_millis(), span.as_millis() / 1000);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if seconds < 10 => format!("{seconds}.{}s", millis % 1000 / 100),
        () if minutes == 0 => format!("{seconds}s"),
        () if hours == 0 => format!("{minutes}m{:02}s", seconds % 60),
        () if days == 0 => format!("{hours}h{:02}m", minutes % 60),
        () if days < 100 => format!("{days}d{:02}h", hours % 24),
        () => format!("{days}d"),
    }
}

/// An amount with its thousands apart: `1,250.00 CNY`.
pub(super) fn amount(money: Money) -> String {
    let digits = money.digits();
    let (whole, part) = match digits.split_once('.') {
        Some((whole, part)) => (whole, format!(".{part}")),
        None => (digits.as_str(), String::new()),
    };
    format!("{}{part} {}", grouped(whole), money.currency())
}

/// Digits with their thousands apart: `1,250`.
pub(super) fn grouped(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let mut out = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An id in ten columns, by its end: ids begin with their time, and are alike there. `..9e43c269`.
pub(super) fn short(id: &impl ToString) -> String {
    let id = id.to_string();
    let tail = id.chars().skip(id.chars().count().saturating_sub(8));
    format!("..{}", tail.collect::<String>())
}
