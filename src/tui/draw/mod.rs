//! Drawing: from the state to cells, and nothing else. Only what is to be seen is formatted.

mod board;
mod detail;
mod help;
mod pen;

pub(super) use board::alarm;
pub(super) use detail::ladder_height;
pub(super) use help::help_lines;

use super::app::{App, SIZE_MIN, Screen};
use super::keys::holding;
use super::style::{Palette, grouped};
use pen::Pen;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The lines of the board that are no orders: title, counts, money, rule, headings, rule, keys.
pub(super) const BOARD_FRAME: usize = 7;
/// The lines of the list of keys that are no keys: title, rule, rule, keys.
pub(super) const HELP_FRAME: usize = 4;

/// Draws the screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    draw_into(app, area, frame.buffer_mut());
}

/// The screen as a buffer of the application's own size.
pub(super) fn draw_buffer(app: &App) -> Buffer {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut buffer = Buffer::empty(area);
    draw_into(app, area, &mut buffer);
    buffer
}

fn draw_into(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen::new(buffer, area, app.looks);
    if area.width < SIZE_MIN.0 || area.height < SIZE_MIN.1 {
        let (columns, rows) = SIZE_MIN;
        let says = format!("needs {columns}x{rows} (is {}x{})", area.width, area.height);
        pen.put(0, 0, &says, Style::new());
        return;
    }
    match app.screen() {
        Screen::Board => board::draw(app, &mut pen),
        Screen::Detail => detail::draw(app, &mut pen),
        Screen::Help => help::draw(app, &mut pen),
    }
    footer(app, &mut pen);
}

/// The first line: where one is, where events come from, and that nothing can be changed here.
fn title(app: &App, pen: &mut Pen<'_>, crumbs: &str, palette: Palette) {
    let after = pen.put(1, 0, crumbs, palette.strong());
    let right = "READ-ONLY";
    let width = u16::try_from(right.len()).unwrap_or_default();
    let end = pen.width().saturating_sub(width + 1);
    pen.put(end, 0, right, palette.strong());
    let mut at = after + 3;
    if let Some(held) = &app.table.held {
        let news = grouped(&held.news.to_string());
        let paused = format!("PAUSED +{news}");
        let from = end.saturating_sub(u16::try_from(paused.len()).unwrap_or_default() + 2);
        if from > after {
            pen.put(from, 0, &paused, palette.doubt());
        }
        pen.put_within(
            at,
            0,
            from.saturating_sub(2),
            app.title.as_str(),
            Style::new(),
        );
        return;
    }
    at = pen.put_within(
        at,
        0,
        end.saturating_sub(2),
        app.title.as_str(),
        Style::new(),
    );
    if app.is_over {
        pen.put_within(
            at + 2,
            0,
            end.saturating_sub(2),
            "nothing more will happen",
            palette.faint(),
        );
    }
}

/// The last line: what was said, what is typed, or the keys that help here.
fn footer(app: &App, pen: &mut Pen<'_>) {
    let palette = pen.palette;
    let y = pen.height().saturating_sub(1);
    if let Some(typed) = &app.typing {
        let after = pen.put(1, y, "/", palette.strong());
        let after = pen.put(after, y, typed, Style::new());
        let after = pen.put(after, y, " ", palette.selected());
        let hint = match &app.said {
            Some(wrong) => wrong.to_string(),
            None => "Enter keeps it, Esc clears it".to_owned(),
        };
        let style = if app.said.is_some() {
            palette.alarm()
        } else {
            palette.faint()
        };
        pen.put(after + 2, y, &hint, style);
        return;
    }
    if let Some(said) = &app.said {
        pen.put(1, y, said.as_str(), palette.strong());
        return;
    }
    let mut at: u16 = 1;
    for binding in holding(app.screen().scope()) {
        let (Some(label), Some(key)) = (binding.footer, binding.keys.first()) else {
            continue;
        };
        let key = key.to_string();
        let width =
            u16::try_from(key.chars().count() + 1 + label.chars().count()).unwrap_or(u16::MAX);
        if at.saturating_add(width) > pen.width() {
            continue;
        }
        let after = pen.put(at, y, &key, palette.strong());
        at = pen.put(after + 1, y, label, Style::new()) + 2;
    }
}
