//! The screen as a file: text, and a picture that any browser shows.

use super::app::{App, Command};
use super::draw::draw_buffer;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;

/// What a cell takes in the picture, in pixels.
const CELL: (u16, u16) = (8, 17);
/// The picture's frame.
const MARGIN: u16 = 10;
/// What is drawn on, and what with; the same in every browser.
const PAPER: &str = "#16181d";
const INK: &str = "#d7dae0";

/// The screen's cells.
pub struct Picture(Buffer);

impl Picture {
    /// The screen as it is.
    pub fn of(app: &App) -> Self {
        Self(draw_buffer(app))
    }
}

/// Both files of the screen as it is.
pub(super) fn command(app: &App) -> Command {
    let picture = Picture::of(app);
    let clock: String = app.now.to_string().chars().take(19).collect();
    Command::Export {
        stem: format!("quittance-ops-{}", clock.replace(':', "")),
        svg: svg(&picture),
        text: text(&picture),
    }
}

/// The screen as lines of text, without the spaces at their ends.
pub fn text(Picture(buffer): &Picture) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|(_, symbol, ..)| *symbol).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The screen as an SVG picture.
pub fn svg(Picture(buffer): &Picture) -> String {
    let area = buffer.area;
    let width = area.width * CELL.0 + 2 * MARGIN;
    let height = area.height * CELL.1 + 2 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"13\" xml:space=\"preserve\">\n"
    );
    for (y, row) in rows(buffer).into_iter().enumerate() {
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        for run in row.chunk_by(|a, b| (a.2, a.3) == (b.2, b.3)) {
            write_run(&mut out, y, run);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Column, symbol, colour, modifiers.
type Drawn<'a> = (u16, &'a str, Color, Modifier);

/// The cells of each row that begin something.
fn rows(buffer: &Buffer) -> Vec<Vec<Drawn<'_>>> {
    let area = buffer.area;
    let row = |y| {
        let mut x = area.left();
        let mut row = Vec::new();
        while let Some(cell) = buffer.cell((x, y)).filter(|_| x < area.right()) {
            row.push((x, cell.symbol(), cell.fg, cell.modifier));
            let wide = unicode_width::UnicodeWidthStr::width(cell.symbol());
            x += u16::try_from(wide.max(1)).unwrap_or(1);
        }
        row
    };
    (area.top()..area.bottom()).map(row).collect()
}

/// One run of cells that look alike.
fn write_run(out: &mut String, y: u16, run: &[Drawn<'_>]) {
    let text: String = run.iter().map(|(_, symbol, ..)| *symbol).collect();
    let Some((x, _, colour, modifier)) = run.first().copied() else {
        return;
    };
    let is_reversed = modifier.contains(Modifier::REVERSED);
    if text.trim().is_empty() && !is_reversed {
        return;
    }
    let (left, top) = (MARGIN + x * CELL.0, MARGIN + y * CELL.1);
    let columns: u16 = run
        .iter()
        .map(|(_, symbol, ..)| {
            u16::try_from(unicode_width::UnicodeWidthStr::width(*symbol)).unwrap_or(1)
        })
        .sum();
    let width = columns * CELL.0;
    let ink = hex(colour);
    let (paper, ink) = if is_reversed {
        (Some(ink), PAPER)
    } else {
        (None, ink)
    };
    let mut write = || -> std::fmt::Result {
        if let Some(paper) = paper {
            let height = CELL.1;
            writeln!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>"
            )?;
        }
        let base = top + 13;
        write!(
            out,
            "<text x=\"{left}\" y=\"{base}\" textLength=\"{width}\" fill=\"{ink}\""
        )?;
        if modifier.contains(Modifier::BOLD) {
            out.write_str(" font-weight=\"bold\"")?;
        }
        if modifier.contains(Modifier::DIM) {
            out.write_str(" opacity=\"0.6\"")?;
        }
        writeln!(out, ">{}</text>", escaped(&text))
    };
    write().expect("a string takes what is written to it");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The sixteen colours, for a dark page.
const fn hex(colour: Color) -> &'static str {
    match colour {
        Color::Red => "#ff6b68",
        Color::Green => "#8fce5f",
        Color::Yellow => "#e6b455",
        Color::Cyan => "#56c2d6",
        _the_terminals_own => INK,
    }
}
