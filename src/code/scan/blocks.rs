//! Reading back symbols that were drawn as half blocks or as `##`, from any text that holds them.

use super::Gray;
use crate::code::symbol::QUIET_ZONE;

/// The most lines of text that are looked at, and the most columns of each.
pub const BLOCK_LINES_MAX: usize = 4096;
const COLUMNS_MAX: usize = 512;
/// The fewest lines of half blocks that a symbol has: version 1, 21 modules.
const LINES_MIN: usize = 11;
/// Pixels a module in the pictures made.
const SCALE: usize = 4;

/// A picture of each group of lines that holds nothing but half blocks, or nothing but `##`: as
/// drawn, where blocks are dark, and inverted, where the ground around them is.
pub fn pictures_of_text(text: &str) -> Vec<Gray> {
    let lines: Vec<String> = text
        .lines()
        .take(BLOCK_LINES_MAX)
        .map(without_escapes)
        .collect();
    let groups = lines.chunk_by(|one, next| is_ascii_art(one) == is_ascii_art(next));
    let blocks = groups.flat_map(|group| match group.first() {
        Some(first) if is_ascii_art(first) => as_half_blocks(group),
        _ => group.to_vec(),
    });
    let lines: Vec<Option<Vec<[bool; 2]>>> = blocks.map(|line| modules(&line)).collect();
    lines
        .split(Option::is_none)
        .filter_map(|group| picture(&group.iter().flatten().collect::<Vec<_>>()))
        .collect()
}

/// The line without SGR sequences (`ESC [ .. m`), which colour blocks and move nothing.
fn without_escapes(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix('m').unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

fn is_ascii_art(line: &str) -> bool {
    line.contains('#') && line.trim_end().bytes().all(|b| b == b'#' || b == b' ')
}

/// Lines of `##` as half as many lines of half blocks, wherever they are indented to.
fn as_half_blocks(lines: &[String]) -> Vec<String> {
    let indent = |line: &String| line.len() - line.trim_start().len();
    let odd = lines.iter().map(indent).min().unwrap_or(0) % 2;
    let inked = |line: &String, at: usize| line.as_bytes().get(2 * at + odd) == Some(&b'#');
    let pair = |pair: &[String]| {
        let columns = pair.iter().map(String::len).max().unwrap_or(0).div_ceil(2);
        let both = |at| pair.iter().map(|line| inked(line, at)).collect::<Vec<_>>();
        let block = |at| match both(at).as_slice() {
            [true, true] => '\u{2588}',
            [true, ..] => '\u{2580}',
            [_, true] => '\u{2584}',
            _ => ' ',
        };
        (0..columns.min(COLUMNS_MAX)).map(block).collect()
    };
    lines.chunks(2).map(pair).collect()
}

/// The upper and lower module of each column; `None` when there is anything but half blocks.
fn modules(line: &str) -> Option<Vec<[bool; 2]>> {
    let module = |c: char| match c {
        '\u{2588}' => Some([true, true]),
        '\u{2580}' => Some([true, false]),
        '\u{2584}' => Some([false, true]),
        ' ' | '\u{a0}' => Some([false, false]),
        _ => None,
    };
    line.trim_end()
        .chars()
        .take(COLUMNS_MAX)
        .map(module)
        .collect()
}

fn picture(lines: &[&Vec<[bool; 2]>]) -> Option<Gray> {
    let inked = |line: &&&Vec<[bool; 2]>| line.iter().any(|module| *module != [false; 2]);
    let first = lines.iter().position(|line| inked(&line))?;
    let last = lines.iter().rposition(|line| inked(&line))?;
    let lines = lines.get(first..=last)?;
    let columns = lines.iter().map(|line| line.len()).max()?;
    if lines.len() < LINES_MIN || columns < 2 * LINES_MIN - 1 {
        return None;
    }
    let module = |x: usize, y: usize| {
        let line = lines.get(y / 2);
        line.and_then(|line| line.get(x))
            .is_some_and(|both| both[y % 2])
    };
    // Light text on a dark ground has its quiet zone inked, the corner first of all.
    let ink_is_light = (0..QUIET_ZONE).all(|at| module(first_inked(lines) + at, at));
    let (width, height) = (columns + 2 * QUIET_ZONE, 2 * lines.len() + 2 * QUIET_ZONE);
    let is_dark = |x: usize, y: usize| {
        let place = (x / SCALE)
            .checked_sub(QUIET_ZONE)
            .zip((y / SCALE).checked_sub(QUIET_ZONE));
        let inside = place.filter(|(x, y)| *x < columns && *y < 2 * lines.len());
        inside.is_some_and(|(x, y)| {
            // An odd last row has no lower half: the ground there is the quiet zone's.
            let ink = module(x, y);
            let margin = ink_is_light && y + 1 == 2 * lines.len();
            ink != ink_is_light && !margin
        })
    };
    Gray::from_dots(width * SCALE, height * SCALE, is_dark).ok()
}

fn first_inked(lines: &[&Vec<[bool; 2]>]) -> usize {
    let starts = lines
        .iter()
        .filter_map(|line| line.iter().position(|m| *m != [false; 2]));
    starts.min().unwrap_or(0)
}
