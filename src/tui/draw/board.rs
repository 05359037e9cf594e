//! The orders, their counts, and the money thermometer.

use super::pen::Pen;
use super::title;
use crate::board::{Heat, OrderLine};
use crate::money::Money;
use crate::order::Standing;
use crate::time::Time;
use crate::tui::app::App;
use crate::tui::style::{age, amount, grouped, short, state};
use crate::tui::table::Sort;
use ratatui::style::Style;

/// A column of the table.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    /// The least that it takes.
    width: u16,
    /// How much of the room that is left it takes, in parts.
    grows: u16,
    is_right: bool,
    /// From how many columns of the terminal on it is there.
    from: u16,
    sorted_by: Option<Sort>,
    text: fn(&OrderLine, Time) -> String,
}

const fn column(
    name: &'static str,
    width: u16,
    from: u16,
    sorted_by: Option<Sort>,
    text: fn(&OrderLine, Time) -> String,
) -> Column {
    Column {
        name,
        width,
        grows: 0,
        is_right: false,
        from,
        sorted_by,
        text,
    }
}

const fn right(column: Column) -> Column {
    Column {
        is_right: true,
        ..column
    }
}

const fn growing(column: Column) -> Column {
    Column { grows: 1, ..column }
}

const COLUMNS: &[Column] = &[
    right(column("AGE", 6, 0, Some(Sort::Age), |line, now| {
        age(line.age(now))
    })),
    column("ORDER", 10, 0, None, |line, _| short(&line.id)),
    column("TERM", 5, 50, None, |line, _| line.terminal()),
    growing(column(
        "MERCHANT",
        11,
        64,
        Some(Sort::Merchant),
        |line, _| line.merchant_label(),
    )),
    column("STATE", 12, 0, Some(Sort::Urgency), state),
    right(column("AMOUNT", 13, 42, Some(Sort::Amount), |line, _| {
        line.amount.map(amount).unwrap_or_default()
    })),
    growing(column("LAST EVENT", 13, 80, Some(Sort::Last), |line, _| {
        line.mark()
            .map_or_else(|| line.last.0.word(), |mark| mark.word())
            .to_owned()
    })),
    column("AT", 12, 100, None, |line, _| {
        line.last
            .2
            .map(|party| party.to_string())
            .unwrap_or_default()
    }),
    right(column("IDLE", 6, 110, None, |line, now| {
        age(now.since(line.last.1))
    })),
    growing(column("BANK", 10, 120, None, |line, _| {
        line.bank
            .map(|bank| bank.name.to_string())
            .unwrap_or_default()
    })),
    right(column("HELD", 13, 136, None, |line, _| {
        line.held.map(amount).unwrap_or_default()
    })),
    growing(column("REFERENCE", 10, 150, None, |line, _| {
        line.reference
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    })),
];

pub(super) fn draw(app: &App, pen: &mut Pen<'_>) {
    let palette = pen.palette;
    title(app, pen, "ops > orders", palette);
    counts(app, pen);
    heat(app, pen);
    let mut y = 3;
    if let Some(alarm) = alarm(app) {
        pen.put(1, y, &alarm, palette.alarm());
        y += 1;
    }
    rule(app, pen, y);
    let widths = widths(pen.width());
    headings(app, pen, y + 1, &widths);
    let now = app.table.held.as_ref().map_or(app.now, |held| held.at);
    let rows = app.table.rows.iter().enumerate().skip(app.table.top);
    for ((at, id), y) in rows.take(app.height()).zip(y + 2..) {
        if let Some(line) = app.table.line(&app.board, id) {
            row(pen, y, &widths, line, now, at == app.table.at);
        }
    }
    if app.table.rows.is_empty() {
        pen.put(3, y + 3, &nothing(app), palette.faint());
    }
    let bottom = pen.height().saturating_sub(2);
    pen.rule(0, pen.width(), bottom);
}

/// Why there is nothing to be seen.
fn nothing(app: &App) -> String {
    let total = app.totals.all;
    match () {
        () if total > 0 => format!("none of {total} orders is so; / changes the filter"),
        () if app.servers.iter().any(|server| server.down.is_some()) => {
            "no orders: the servers cannot be read".to_owned()
        }
        () => "no orders yet; this screen fills by itself".to_owned(),
    }
}

/// How many orders stand how.
fn counts(app: &App, pen: &mut Pen<'_>) {
    let palette = pen.palette;
    let mut end = pen.width();
    if app.totals.stuck > 0 {
        // This comes first, whatever else has room.
        let text = format!("! STUCK {}", grouped(&app.totals.stuck.to_string()));
        let width = u16::try_from(text.len()).unwrap_or_default();
        pen.put_right(1, end.saturating_sub(1), 1, &text, palette.alarm());
        end = end.saturating_sub(width + 2);
    }
    let mut x = 1;
    for (standing, count) in &app.totals.counts {
        if *count == 0 && matches!(standing, Standing::Expired | Standing::Cancelled) {
            continue;
        }
        let count_text = grouped(&count.to_string());
        let text = format!("{} {count_text}", standing.word().to_lowercase());
        let style = match count {
            0 => palette.faint(),
            _ => palette.standing(Some(*standing), false),
        };
        x = pen.put_within(x, 1, end, &text, style) + 2;
    }
}

/// The thermometer: what should be nothing, what is held, what nobody knows.
fn heat(app: &App, pen: &mut Pen<'_>) {
    let palette = pen.palette;
    let mut x = pen.put(1, 2, "money", palette.faint()) + 1;
    if app.totals.heat.is_empty() {
        pen.put(x, 2, "nothing has moved yet", palette.faint());
        return;
    }
    // What is warm comes first; the last that fits says how many there are besides.
    let mut all: Vec<&Heat> = app.totals.heat.iter().collect();
    let warmth = |heat: &&Heat| {
        (
            heat.sum == 0 && heat.balanced,
            heat.unknown.minor() == 0,
            heat.held.minor() == 0,
        )
    };
    all.sort_by_key(warmth);
    let count = all.len();
    for (at, heat) in all.into_iter().enumerate() {
        let is_good = heat.sum == 0 && heat.balanced;
        let sum = if is_good {
            "sum 0".to_owned()
        } else {
            let sum = i64::try_from(heat.sum).unwrap_or(i64::MAX);
            format!("! SUM {}", Money::new(sum, heat.currency).digits())
        };
        let bare = |money: Money| {
            let text = amount(money);
            text.rsplit_once(' ')
                .map_or_else(|| text.clone(), |(digits, _)| digits.to_owned())
        };
        let text = format!("held {} unknown {}", bare(heat.held), bare(heat.unknown));
        let all = heat.currency.code().len() + sum.len() + text.len() + 2;
        let all = u16::try_from(all).unwrap_or(u16::MAX);
        let rest = if at + 1 < count { 5 } else { 1 };
        if at > 0 && x.saturating_add(all + rest) > pen.width() {
            pen.put(x, 2, &format!("+{}", count - at), palette.faint());
            return;
        }
        x = pen.put(x, 2, heat.currency.code(), palette.strong()) + 1;
        let style = if is_good {
            palette.good()
        } else {
            palette.alarm()
        };
        x = pen.put(x, 2, &sum, style) + 1;
        let style = if heat.unknown.minor() > 0 {
            palette.doubt()
        } else {
            Style::new()
        };
        x = pen.put(x, 2, &text, style) + 3;
    }
}

/// What is wrong with what is seen, if anything: a server that cannot be read, what is missing.
pub(in crate::tui) fn alarm(app: &App) -> Option<String> {
    let down = app.servers.iter().find_map(|server| {
        let (why, since) = server.down.as_ref()?;
        Some((server, why, since))
    });
    if let Some((server, why, since)) = down {
        let count = app
            .servers
            .iter()
            .filter(|server| server.down.is_some())
            .count();
        let for_how_long = age(app.now.since(*since));
        let of = app.servers.len();
        return Some(format!(
            "! {count} of {of} servers unread for {for_how_long}: {} ({why})",
            server.name
        ));
    }
    let behind = app.servers.iter().find(|server| !server.caught_up);
    if let Some(server) = behind {
        let read = grouped(&app.board.entries().to_string());
        return Some(format!("~ reading {}: {read} entries so far", server.name));
    }
    let dropped: u64 = app
        .servers
        .iter()
        .map(|server| {
            let counts = &server.counts;
            counts.shed + counts.sends_dropped + counts.answers_dropped + counts.effects_dropped
        })
        .sum();
    let (gaps, forgotten) = (app.board.gaps(), app.board.forgotten());
    let parts = [
        (gaps, "entries missing"),
        (forgotten, "oldest orders not shown"),
        (dropped, "messages dropped by servers"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{} {what}", grouped(&count.to_string())))
        .collect();
    (!parts.is_empty()).then(|| format!("! {}", parts.join(", ")))
}

/// The line above the table: the filter, the sorting, how many of how many.
fn rule(app: &App, pen: &mut Pen<'_>, y: u16) {
    let palette = pen.palette;
    pen.rule(0, pen.width(), y);
    let shown = grouped(&app.table.rows.len().to_string());
    let all = grouped(&app.totals.all.to_string());
    let down = if app.table.is_reversed {
        " reversed"
    } else {
        ""
    };
    let right = format!(
        " sort {}{down} {} {shown}/{all} ",
        app.table.sort,
        pen.glyphs.rule()
    );
    let end = pen.width().saturating_sub(2);
    let width = u16::try_from(right.chars().count()).unwrap_or_default();
    pen.put_right(2, end, y, &right, Style::new());
    if !app.table.typed.is_empty() {
        let filter = format!(" /{} ", app.table.typed);
        pen.put_within(
            2,
            y,
            end.saturating_sub(width + 1),
            &filter,
            palette.strong(),
        );
    }
}

/// Each column's place: from, to. Nothing for one that has no room.
fn widths(width: u16) -> Vec<Option<(u16, u16)>> {
    let there = |column: &&Column| width >= column.from;
    let taken: u16 = COLUMNS
        .iter()
        .filter(there)
        .map(|column| column.width + 1)
        .sum();
    let spare = width.saturating_sub(taken + 2);
    let growing = COLUMNS
        .iter()
        .filter(there)
        .map(|column| column.grows)
        .sum::<u16>();
    let more = spare.checked_div(growing).unwrap_or_default().min(14);
    let mut x = 2;
    let place = |column: &Column| {
        if width < column.from {
            return None;
        }
        let from = x;
        x += column.width + column.grows * more + 1;
        Some((from, x - 1))
    };
    COLUMNS.iter().map(place).collect()
}

fn headings(app: &App, pen: &mut Pen<'_>, y: u16, widths: &[Option<(u16, u16)>]) {
    for (column, place) in COLUMNS.iter().zip(widths) {
        let Some((from, to)) = *place else {
            continue;
        };
        let is_sorted = column.sorted_by == Some(app.table.sort);
        let style = if is_sorted {
            pen.palette.strong()
        } else {
            pen.palette.faint()
        };
        if column.is_right {
            pen.put_right(from, to, y, column.name, style);
        } else {
            pen.put_within(from, y, to, column.name, style);
        }
    }
}

fn row(
    pen: &mut Pen<'_>,
    y: u16,
    widths: &[Option<(u16, u16)>],
    line: &OrderLine,
    now: Time,
    is_selected: bool,
) {
    let of_state = pen.palette.standing(line.standing, line.is_stuck(now));
    for (column, place) in COLUMNS.iter().zip(widths) {
        let Some((from, to)) = *place else {
            continue;
        };
        let text = (column.text)(line, now);
        let style = if column.name == "STATE" {
            of_state
        } else {
            Style::new()
        };
        if column.is_right {
            pen.put_right(from, to, y, &text, style);
        } else {
            pen.put_within(from, y, to, &text, style);
        }
    }
    if is_selected {
        pen.put(0, y, ">", Style::new());
        pen.paint(0, pen.width(), y, pen.palette.selected());
    }
}
