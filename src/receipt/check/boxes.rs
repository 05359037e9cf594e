//! Scanned text to lines: boxes that stand beside each other are one line.
//!
//! The form is that of the ICDAR 2019 SROIE data: eight corner coordinates and the text, a box a
//! line.

use super::super::layout::{LINES_MAX, Line, Page};
use super::super::tokens::Align;
use crate::text::Text;

/// The most boxes of one scan.
const BOXES_MAX: usize = 5000;

struct Box {
    left: i64,
    right: i64,
    top: i64,
    bottom: i64,
    text: String,
}

/// The page that a scan's boxes show.
pub fn page_of_boxes(csv: &str) -> Page {
    let mut boxes: Vec<Box> = csv.lines().filter_map(of_line).take(BOXES_MAX).collect();
    let slope = skew(&boxes);
    for one in &mut boxes {
        one.turn(slope);
    }
    boxes.sort_by_key(|b| (b.top + b.bottom, b.left));
    let width = char_width(&boxes);
    let mut rows: Vec<Vec<Box>> = Vec::new();
    for one in boxes {
        match rows.last_mut() {
            Some(row) if row.iter().all(|other| beside(other, &one)) => row.push(one),
            _ => rows.push(vec![one]),
        }
    }
    let lines = rows
        .into_iter()
        .take(LINES_MAX)
        .map(|row| line(row, width))
        .collect();
    Page {
        lines,
        ..Page::default()
    }
}

fn of_line(line: &str) -> Option<Box> {
    let mut parts = line.trim_end_matches('\r').splitn(9, ',');
    let mut numbers = [0_i64; 8];
    for number in &mut numbers {
        *number = parts.next()?.trim().parse().ok()?;
    }
    let text = parts.next()?.trim().to_owned();
    let (xs, ys): (Vec<i64>, Vec<i64>) = numbers.chunks_exact(2).map(|p| (p[0], p[1])).unzip();
    Some(Box {
        left: *xs.iter().min()?,
        right: *xs.iter().max()?,
        top: *ys.iter().min()?,
        bottom: *ys.iter().max()?,
        text,
    })
}

impl Box {
    /// Moves it up by `slope` thousandths of its distance from the left.
    const fn turn(&mut self, slope: i64) {
        let by = i64::midpoint(self.left, self.right) * slope / 1000;
        self.top -= by;
        self.bottom -= by;
    }
}

/// The slope, in thousandths, at which boxes beside each other line up best; 0 unless another is
/// clearly better. Photographs of receipts lean.
fn skew(boxes: &[Box]) -> i64 {
    const SAMPLE: usize = 150;
    let sample = boxes.get(..SAMPLE).unwrap_or(boxes);
    let straight = alignment(sample, 0);
    let best = (-16..=16)
        .map(|k| k * 5)
        .max_by_key(|k| (alignment(sample, *k), -k.abs()))
        .unwrap_or(0);
    if alignment(sample, best) * 100 > straight * 104 {
        best
    } else {
        0
    }
}

/// How well lines come together at a slope: each box's best overlap with one beside it, squared.
fn alignment(boxes: &[Box], slope: i64) -> i64 {
    let shift = |b: &Box| i64::midpoint(b.left, b.right) * slope / 1000;
    let overlap = |a: &Box, b: &Box| {
        let (da, db) = (shift(a), shift(b));
        let common = (a.bottom - da).min(b.bottom - db) - (a.top - da).max(b.top - db);
        let apart = a.right.min(b.right) <= a.left.max(b.left);
        let height = (a.bottom - a.top).max(b.bottom - b.top).max(1);
        if apart {
            (common.max(0) * 100 / height).pow(2)
        } else {
            0
        }
    };
    let best = |a: &Box| boxes.iter().map(|b| overlap(a, b)).max().unwrap_or(0);
    boxes.iter().map(best).sum()
}

/// Whether two boxes share a line: they overlap by half of the lower one, and not sideways.
fn beside(a: &Box, b: &Box) -> bool {
    let overlap = a.bottom.min(b.bottom) - a.top.max(b.top);
    let height = (a.bottom - a.top).min(b.bottom - b.top).max(1);
    let sideways = a.right.min(b.right) - a.left.max(b.left);
    let narrow = (a.right - a.left).min(b.right - b.left).max(1);
    2 * overlap > height && 3 * sideways <= narrow
}

/// The usual width of a character.
fn char_width(boxes: &[Box]) -> i64 {
    let mut widths: Vec<i64> = boxes
        .iter()
        .filter_map(|b| {
            Some(
                (b.right - b.left)
                    / i64::try_from(b.text.chars().count())
                        .ok()
                        .filter(|n| *n > 2)?,
            )
        })
        .collect();
    widths.sort_unstable();
    widths.get(widths.len() / 2).copied().unwrap_or(10).max(1)
}

fn line(mut row: Vec<Box>, width: i64) -> Line {
    row.sort_by_key(|b| b.left);
    let mut text = String::new();
    let mut end: Option<i64> = None;
    for one in row {
        if let Some(end) = end {
            let gap = usize::try_from((one.left - end) / width).unwrap_or(0);
            text.extend(std::iter::repeat_n(' ', gap.clamp(1, 60)));
        }
        text.push_str(&one.text);
        end = Some(one.right);
    }
    Line {
        text: Text::clean(&text),
        align: Align::Left,
        size: (1, 1),
        strong: false,
        gap: 0,
    }
}
