//! The list of keys, as the table of keys has it.

use super::pen::Pen;
use super::title;
use crate::board::FIELDS;
use crate::order::Standing;
use crate::tui::app::App;
use crate::tui::keys::{KEYMAP, Scope};
use crate::tui::style::sign;
use ratatui::style::Style;

/// Its lines: keys, and what they do; headings have no key.
pub(in crate::tui) fn help_lines(_: &App) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let scopes = [
        (Scope::Board, "The orders"),
        (Scope::Detail, "One order"),
        (Scope::Any, "Everywhere"),
    ];
    for (scope, name) in scopes {
        lines.push((String::new(), name.to_owned()));
        for binding in KEYMAP.iter().filter(|binding| binding.scope == scope) {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            lines.push((keys.join(" "), binding.help.to_owned()));
        }
    }
    lines.push((String::new(), "States".to_owned()));
    let signs = Standing::ALL
        .iter()
        .map(|standing| (sign(*standing), *standing));
    for (sign, standing) in signs {
        lines.push((sign.to_string(), standing.word().to_owned()));
    }
    let stuck = "unknown for a minute, in conflict, late, in doubt or given up";
    lines.push(("!".to_owned(), stuck.to_owned()));
    lines.push((String::new(), "Filter".to_owned()));
    for field in FIELDS {
        lines.push((field.name.to_owned(), field.help.to_owned()));
    }
    lines
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>) {
    let palette = pen.palette;
    title(app, pen, "ops > keys", palette);
    pen.rule(0, pen.width(), 1);
    let lines = help_lines(app);
    for ((keys, what), y) in lines.iter().skip(app.help_top).take(app.height()).zip(2..) {
        if keys.is_empty() {
            pen.put(1, y, what, palette.strong());
        } else {
            pen.put_within(3, y, 16, keys, palette.busy());
            pen.put(17, y, what, Style::new());
        }
    }
    let bottom = pen.height().saturating_sub(2);
    pen.rule(0, pen.width(), bottom);
    let more = lines.len().saturating_sub(app.help_top + app.height());
    if more > 0 {
        pen.put_right(
            2,
            pen.width().saturating_sub(2),
            bottom,
            &format!(" {more} more "),
            palette.faint(),
        );
    }
}
