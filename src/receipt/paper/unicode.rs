//! A page for a terminal: text as text, pictures and codes as half blocks.

use super::super::layout::{Line, Page, Picture};
use super::super::profile::Profile;
use super::super::tokens::Align;
use super::draw::picture_of;

/// White modules around a code, as the symbol's standard asks.
const QUIET: usize = 4;

/// The page as lines for a terminal at least `columns` wide. White dots are blocks and black ones
/// spaces, so that a code on a dark terminal can be scanned.
pub fn unicode(page: &Page, profile: &Profile) -> String {
    let columns = usize::from(profile.columns);
    let mut out = String::new();
    for at in 0..=page.lines.len() {
        for (_, picture) in page.pictures.iter().filter(|p| p.0 == at) {
            blocks(&mut out, &reduced(picture, columns), picture.align, columns);
        }
        for symbol in page.symbols.iter().filter(|s| s.line == at) {
            if !symbol.qr {
                let data = crate::text::Text::clean(&String::from_utf8_lossy(&symbol.data));
                push(
                    &mut out,
                    &format!("[barcode {}]", data.fit(columns.saturating_sub(10))),
                    symbol.align,
                    columns,
                );
            } else if let Some(picture) = picture_of(symbol) {
                blocks(&mut out, &reduced(&picture, columns), symbol.align, columns);
            }
        }
        if let Some(line) = page.lines.get(at) {
            text(&mut out, line, columns);
        }
    }
    out
}

fn text(out: &mut String, line: &Line, columns: usize) {
    for _ in 0..line.gap.min(3) {
        out.push('\n');
    }
    push(out, line.text.as_str(), line.align, columns);
}

fn push(out: &mut String, text: &str, align: Align, columns: usize) {
    let width = unicode_width::UnicodeWidthStr::width(text);
    let room = columns.saturating_sub(width);
    let left = match align {
        Align::Left => 0,
        Align::Centre => room / 2,
        Align::Right => room,
    };
    out.extend(std::iter::repeat_n(' ', left));
    out.push_str(text);
    out.push('\n');
}

/// Dots at the scale of one module each.
struct Modules {
    width: usize,
    height: usize,
    black: Vec<bool>,
}

impl Modules {
    fn at(&self, x: usize, y: usize) -> bool {
        x < self.width && self.black.get(y * self.width + x).copied().unwrap_or(false)
    }
}

/// The picture with every module one dot: its runs' common length is the module. A picture without
/// one is thinned out until it fits.
fn reduced(picture: &Picture, columns: usize) -> Modules {
    let (left, top, right, bottom) = bounds(picture);
    let step = module(picture, (left, top, right, bottom));
    let fits = right
        .saturating_sub(left)
        .div_ceil(2 * columns.max(1))
        .max(1);
    let step = if step >= 2 { step } else { fits };
    let (width, height) = ((right - left).div_ceil(step), (bottom - top).div_ceil(step));
    let black = (0..height * width)
        .map(|i| {
            picture.dot(
                left + (i % width) * step + step / 2,
                top + (i / width) * step + step / 2,
            )
        })
        .collect();
    Modules {
        width,
        height,
        black,
    }
}

/// The rectangle that holds all ink: left, top, right and bottom (behind the last).
fn bounds(picture: &Picture) -> (usize, usize, usize, usize) {
    let (mut left, mut top, mut right, mut bottom) = (picture.width(), picture.height(), 0, 0);
    for (y, row) in picture.rows().iter().enumerate() {
        for (i, byte) in row.iter().enumerate().filter(|(_, b)| **b != 0) {
            let first = usize::try_from(byte.leading_zeros()).unwrap_or(0);
            let last = 8 - usize::try_from(byte.trailing_zeros()).unwrap_or(0);
            (left, right) = (left.min(i * 8 + first), right.max(i * 8 + last));
            (top, bottom) = (top.min(y), bottom.max(y + 1));
        }
    }
    if right <= left {
        (0, 0, 0, 0)
    } else {
        (left, top, right.min(picture.width().max(left + 1)), bottom)
    }
}

/// The greatest common divisor of all horizontal runs inside the ink.
fn module(picture: &Picture, (left, top, right, bottom): (usize, usize, usize, usize)) -> usize {
    let mut step = 0;
    for y in top..bottom {
        let mut run = 1;
        for x in left + 1..=right {
            if x < right && picture.dot(x, y) == picture.dot(x - 1, y) {
                run += 1;
            } else {
                step = gcd(step, run);
                run = 1;
            }
        }
        if step == 1 {
            return 1;
        }
    }
    step
}

const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Two rows of modules a line, with a quiet zone around.
fn blocks(out: &mut String, modules: &Modules, align: Align, columns: usize) {
    let black = |x: usize, y: usize| x >= QUIET && y >= QUIET && modules.at(x - QUIET, y - QUIET);
    let (width, height) = (modules.width + 2 * QUIET, modules.height + 2 * QUIET);
    if modules.width == 0 {
        return;
    }
    for y in (0..height).step_by(2) {
        let line: String = (0..width)
            .map(
                |x| match (black(x, y), y + 1 >= height || black(x, y + 1)) {
                    (false, false) => '█',
                    (false, true) => '▀',
                    (true, false) => '▄',
                    (true, true) => ' ',
                },
            )
            .collect();
        push(out, &line, align, columns);
    }
}
