//! One order: the ladder, the selected message beside it, the money beneath.

use super::pen::Pen;
use super::title;
use crate::id::Party;
use crate::journal::{Entry, EventKind};
use crate::time::Time;
use crate::tui::app::App;
use crate::tui::detail::{Detail, Rung, Times, heading, lane};
use crate::tui::style::{age, amount, short, state};
use ratatui::style::Style;

/// How many movements of money are shown at most.
const MONEY_MAX: usize = 6;
/// The lines that are neither rungs nor movements: title, order, headings, rule, keys.
const FRAME: usize = 5;
/// What time and label of a rung take.
const TIME: u16 = 12;
const LABEL: u16 = 15;
/// The least that a lane takes, and the most.
const LANE: (u16, u16) = (5, 16);
/// What the message beside the ladder takes, at least and at most.
const MESSAGE: (u16, u16) = (22, 60);

/// How many rungs there is room for.
pub(in crate::tui) fn ladder_height(app: &App) -> usize {
    let money = app.detail.as_ref().map_or(0, |detail| detail.money().len());
    let rows = usize::from(app.size.1);
    rows.saturating_sub(FRAME + money_height(money))
}

fn money_height(movements: usize) -> usize {
    movements.clamp(1, MONEY_MAX)
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>) {
    let Some(detail) = &app.detail else {
        return;
    };
    let palette = pen.palette;
    let crumbs = format!("ops > orders > {}", short(&detail.id));
    title(app, pen, &crumbs, palette);
    order(app, detail, pen);
    let height = u16::try_from(app.height()).unwrap_or(u16::MAX);
    let lanes = detail.lanes();
    let beside = message_width(pen.width(), lanes.len());
    let end = pen.width().saturating_sub(beside);
    let rungs = detail.rungs();
    ladder(detail, &rungs, &lanes, pen, (end, height));
    if beside > 0 {
        pen.bar(end, 2, 3 + height);
        if let Some(rung) = rungs.get(detail.at) {
            message(rung, pen, (end + 2, height));
        }
    }
    money(detail, pen, 3 + height);
}

/// What the message takes: what the lanes leave, within its limits; nothing where both do not fit.
fn message_width(width: u16, lanes: usize) -> u16 {
    let lanes = u16::try_from(lanes).unwrap_or(u16::MAX);
    let ladder = TIME + LABEL + lanes.saturating_mul(LANE.0);
    let left = width.saturating_sub(ladder + 1);
    if width < 60 {
        return 0;
    }
    left.clamp(MESSAGE.0, MESSAGE.1)
}

/// The second line: what the order is.
fn order(app: &App, detail: &Detail, pen: &mut Pen<'_>) {
    let Some(line) = app.table.line(&app.board, &detail.id) else {
        pen.put(1, 1, "no longer on the board", pen.palette.faint());
        return;
    };
    let now = app.table.held.as_ref().map_or(app.now, |held| held.at);
    let style = pen.palette.standing(line.standing, line.is_stuck(now));
    let mut x = pen.put(1, 1, &state(line, now), style) + 3;
    let parts = [
        line.amount.map(amount),
        Some(line.terminal()),
        Some(line.merchant_label()),
        line.reference
            .as_ref()
            .map(|reference| format!("no. {reference}")),
        Some(format!("age {}", age(line.age(now)))),
        line.mark().map(|mark| format!("! {}", mark.word())),
        Some(format!("order {}", line.id)),
    ];
    for part in parts.into_iter().flatten().filter(|part| !part.is_empty()) {
        let width = u16::try_from(part.chars().count()).unwrap_or(u16::MAX);
        if x.saturating_add(width) <= pen.width() {
            x = pen.put(x, 1, &part, Style::new()) + 3;
        }
    }
}

fn ladder(
    detail: &Detail,
    rungs: &[Rung<'_>],
    lanes: &[Party],
    pen: &mut Pen<'_>,
    (end, height): (u16, u16),
) {
    let palette = pen.palette;
    let places = places(end, lanes.len());
    pen.put_right(0, TIME - 1, 2, detail.times.word(), palette.faint());
    let wide = lane_width(end, lanes.len());
    for (party, x) in lanes.iter().zip(&places) {
        let text = heading(*party, lanes, usize::from(wide));
        let half = u16::try_from(text.chars().count() / 2).unwrap_or_default();
        let from = x.saturating_sub(half.min((wide - 1) / 2));
        pen.put_within(from, 2, end.min(from + wide - 1), &text, palette.faint());
    }
    if rungs.is_empty() {
        let says = if detail.is_loaded {
            "no server knows of it"
        } else {
            "asking the servers"
        };
        pen.put(2, 4, says, palette.faint());
    }
    let seen = rungs.iter().enumerate().skip(detail.top);
    for ((at, rung), y) in seen.take(usize::from(height)).zip(3..) {
        for x in places.iter().filter(|x| **x < end) {
            pen.cell(*x, y, pen.glyphs.bar(), palette.faint());
        }
        let before = at.checked_sub(1).and_then(|at| rungs.get(at));
        let time = time(detail, rung.entry().at, before.map(|rung| rung.entry().at));
        pen.put_right(1, TIME - 1, y, &time, Style::new());
        let style = style(rung, pen);
        let indent = u16::from(matches!(rung, Rung::Event { .. }));
        pen.put_within(TIME + indent, y, TIME + LABEL - 1, rung.label(), style);
        marks(rung, lanes, &places, pen, y, end);
        if at == detail.at {
            pen.put(0, y, ">", Style::new());
            pen.paint(0, TIME + LABEL - 1, y, palette.selected());
        }
    }
}

/// Where each lane stands.
fn places(end: u16, lanes: usize) -> Vec<u16> {
    let wide = lane_width(end, lanes);
    let lanes = u16::try_from(lanes).unwrap_or_default();
    (0..lanes)
        .map(|lane| TIME + LABEL + lane.saturating_mul(wide) + wide / 2)
        .collect()
}

fn lane_width(end: u16, lanes: usize) -> u16 {
    let lanes = u16::try_from(lanes).unwrap_or(u16::MAX);
    let room = end.saturating_sub(TIME + LABEL + 1);
    room.checked_div(lanes)
        .unwrap_or_default()
        .clamp(LANE.0, LANE.1)
}

/// A message as an arrow from lane to lane, an event as a dot in its lane.
fn marks(rung: &Rung<'_>, lanes: &[Party], places: &[u16], pen: &mut Pen<'_>, y: u16, end: u16) {
    let place = |party: Party| {
        let at = lanes.iter().position(|known| *known == lane(party))?;
        places.get(at).copied().filter(|x| *x < end)
    };
    let style = style(rung, pen);
    match rung {
        Rung::Event { of, .. } => {
            if let Some(x) = place(*of) {
                pen.cell(x, y, "*", style);
            }
        }
        Rung::Message { from, to, .. } => {
            let (Some(from), Some(to)) = (place(*from), place(*to)) else {
                return;
            };
            let sign = if pen.glyphs == crate::tui::Glyphs::Ascii {
                "-"
            } else {
                pen.glyphs.rule()
            };
            for x in from.min(to)..=from.max(to) {
                pen.cell(x, y, sign, style);
            }
            pen.cell(from, y, "o", style);
            let head = if to > from { ">" } else { "<" };
            pen.cell(to, y, head, style);
        }
    }
}

fn style(rung: &Rung<'_>, pen: &Pen<'_>) -> Style {
    let palette = pen.palette;
    let Rung::Event { entry, .. } = rung else {
        return Style::new();
    };
    match entry.event.kind {
        EventKind::OrderPaid
        | EventKind::Posted
        | EventKind::Credited
        | EventKind::PayDone
        | EventKind::MerchantTold
        | EventKind::SlipPrinted => palette.good(),
        EventKind::OrderUnknown | EventKind::InDoubt | EventKind::PayChecking => palette.doubt(),
        EventKind::OrderConflict
        | EventKind::OrderLate
        | EventKind::ForkAlarm
        | EventKind::Parked
        | EventKind::Suspended => palette.alarm(),
        _else => palette.faint(),
    }
}

fn time(detail: &Detail, at: Time, before: Option<Time>) -> String {
    let seconds = |since: Time| {
        let micros = at.since(since).as_nanos() / 1_000_000;
        format!("{}.{:03}", micros / 1000, micros % 1000)
    };
    match detail.times {
        Times::Since => seconds(detail.begins()),
        Times::Delta => before.map_or_else(|| "0.000".to_owned(), seconds),
        Times::Clock => clock(at),
    }
}

/// `12:09:31.123`.
fn clock(at: Time) -> String {
    at.to_string().chars().skip(11).take(12).collect()
}

/// The selected rung in full: what one journal says, nothing left out.
fn message(rung: &Rung<'_>, pen: &mut Pen<'_>, (x, height): (u16, u16)) {
    let palette = pen.palette;
    let mut lines: Vec<(&str, String)> = Vec::new();
    let heading = match rung {
        Rung::Message {
            from,
            to,
            entry,
            led_to,
        } => {
            lines.push(("from", from.to_string()));
            lines.push(("to", to.to_string()));
            let names = led_to.iter().map(|entry| entry.event.kind.word());
            lines.push(("led to", names.collect::<Vec<_>>().join(", ")));
            entry.cause.what.to_string()
        }
        Rung::Event { of, entry } => {
            lines.push(("at", of.to_string()));
            let from = entry.cause.from.map(|from| format!(" of {from}"));
            let from = from.unwrap_or_default();
            lines.push(("because", format!("{}{from}", entry.cause.what)));
            entry.event.kind.to_string()
        }
    };
    lines.extend(fields(rung.entry()));
    pen.put(x, 2, &heading, palette.strong());
    let mut y = 3;
    for (name, value) in lines {
        for (nth, part) in wrapped(&value, pen.width().saturating_sub(x + 8))
            .into_iter()
            .enumerate()
        {
            if y >= 3 + height {
                return;
            }
            if nth == 0 {
                pen.put_within(x, y, x + 7, name, palette.faint());
            }
            pen.put(x + 8, y, &part, Style::new());
            y += 1;
        }
    }
}

/// What an entry says, by name.
fn fields(entry: &Entry) -> Vec<(&'static str, String)> {
    let event = &entry.event;
    let hash = crate::hex::encode(&entry.hash);
    let all = [
        ("time", Some(clock(entry.at))),
        ("amount", event.amount.map(amount)),
        ("debit", event.debit.as_ref().map(ToString::to_string)),
        ("credit", event.credit.as_ref().map(ToString::to_string)),
        ("state", event.state.as_ref().map(ToString::to_string)),
        ("reason", event.reason.map(|reason| reason.to_string())),
        ("peer", event.peer.map(|peer| peer.to_string())),
        ("note", event.note.as_ref().map(ToString::to_string)),
        ("attempt", event.attempt.map(|attempt| short(&attempt))),
        ("receipt", event.uid.map(|uid| uid.to_string())),
        (
            "entry",
            Some(format!("{}/{} {}", entry.lane, entry.seq, short(&hash))),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The value in lines of at most `width` characters.
fn wrapped(value: &str, width: u16) -> Vec<String> {
    let letters: Vec<char> = value.chars().collect();
    let width = usize::from(width.max(1));
    letters
        .chunks(width)
        .map(|line| line.iter().collect())
        .collect()
}

/// Every hold and posting, the last ones where there are many.
fn money(detail: &Detail, pen: &mut Pen<'_>, y: u16) {
    let palette = pen.palette;
    pen.rule(0, pen.width(), y);
    let all = detail.money();
    pen.put(2, y, " money ", palette.strong());
    if all.is_empty() {
        pen.put(2, y + 1, "nothing was held or moved", palette.faint());
        return;
    }
    let hidden = all.len().saturating_sub(MONEY_MAX);
    if hidden > 0 {
        pen.put_right(
            12,
            pen.width().saturating_sub(2),
            y,
            &format!(" {hidden} earlier "),
            palette.faint(),
        );
    }
    for ((party, entry), y) in all.into_iter().skip(hidden).zip(y + 1..) {
        let event = &entry.event;
        let kind = event.kind;
        let style = match kind {
            EventKind::Held => palette.doubt(),
            EventKind::Voided => palette.faint(),
            EventKind::Suspended => palette.alarm(),
            _moved => palette.good(),
        };
        let seconds: String = clock(entry.at).chars().take(8).collect();
        pen.put_within(1, y, 9, &seconds, Style::new());
        pen.put_within(10, y, 18, party.name.as_str(), Style::new());
        pen.put_within(19, y, 28, kind.word(), style);
        let text = event.amount.map(amount).unwrap_or_default();
        pen.put_right(28, 42, y, &text, Style::new());
        let book = |book: &Option<crate::text::Text>| {
            book.as_ref()
                .map_or_else(|| "?".to_owned(), ToString::to_string)
        };
        let books = format!("{} > {}", book(&event.debit), book(&event.credit));
        pen.put(43, y, &books, Style::new());
    }
}
