//! The mask: all eight are tried, and the one of the least penalty is taken (ISO/IEC 18004:2015,
//! 7.8.2 and 7.8.3).
//!
//! Rows and columns are words of bits, so a rule is a handful of shifts for a whole row. Symbols up
//! to version 11 (61 modules), which is nearly all of them, use 64-bit words.

use std::ops::{BitAnd, BitOr, BitXor, Not, Shl, Shr};

/// Penalty points of 7.8.3.1, table 11.
const N1: u32 = 3;
const N2: u32 = 3;
const N3: u32 = 40;
const N4: u32 = 10;

/// A row or column of modules, the first in the lowest bit.
trait Word:
    Copy
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + Shl<usize, Output = Self>
    + Shr<usize, Output = Self>
{
    fn of(bits: u128) -> Self;
    fn into_bits(self) -> u128;
    fn ones(self) -> u32;
}

impl Word for u64 {
    fn of(bits: u128) -> Self {
        Self::try_from(bits & u128::from(Self::MAX)).expect("masked to 64 bits")
    }
    fn into_bits(self) -> u128 {
        self.into()
    }
    fn ones(self) -> u32 {
        self.count_ones()
    }
}

impl Word for u128 {
    fn of(bits: u128) -> Self {
        bits
    }
    fn into_bits(self) -> u128 {
        self
    }
    fn ones(self) -> u32 {
        self.count_ones()
    }
}

/// Masks a symbol the best way: the mask's number and the finished rows.
///
/// `dark` are the rows before masking, light where the format information will stand; `data` are
/// the modules that a mask may invert.
pub(super) fn apply_best(dark: &[u128], data: &[u128]) -> (u8, Vec<u128>) {
    if dark.len() <= 64 {
        best::<u64, 64>(dark, data)
    } else {
        best::<u128, 128>(dark, data)
    }
}

fn best<W: Word, const BITS: usize>(dark: &[u128], data: &[u128]) -> (u8, Vec<u128>) {
    let words = |rows: &[u128]| rows.iter().copied().map(W::of).collect::<Vec<W>>();
    let rows = Lines::new(words(dark), words(data), &ROW_MASKS);
    let columns = [&rows.dark, &rows.data].map(|lines| transposed::<W, BITS>(lines));
    let [dark, data] = columns;
    let columns = Lines::new(dark, data, &COLUMN_MASKS);
    let mut least = (u32::MAX, 0, Vec::new());
    for mask in 0..8 {
        let across = rows.masked(mask, Axis::Rows);
        let down = columns.masked(mask, Axis::Columns);
        let penalty = penalty(&across, &down);
        if penalty < least.0 {
            least = (penalty, mask, across);
        }
    }
    let (_penalty, mask, rows) = least;
    (mask, rows.into_iter().map(W::into_bits).collect())
}

/// The penalty of a finished symbol, given as rows and as columns.
fn penalty<W: Word>(rows: &[W], columns: &[W]) -> u32 {
    let size = rows.len();
    let lines = rows.iter().chain(columns);
    let lines: u32 = lines
        .map(|line| runs(*line, size) + finders(*line, size))
        .sum();
    let pairs = rows.iter().zip(rows.iter().skip(1));
    let blocks: u32 = pairs
        .map(|(above, below)| blocks(*above, *below, size))
        .sum();
    lines + blocks + balance(rows, size)
}

/// The lowest `n` bits.
fn low<W: Word>(n: usize) -> W {
    W::of(match n {
        0 => 0,
        n => u128::MAX >> (128 - n.min(128)),
    })
}

/// Runs of five or more modules of one colour: N1 and one more for each module beyond five.
fn runs<W: Word>(line: W, size: usize) -> u32 {
    let like_next = !(line ^ line >> 1) & low(size - 1);
    let of_five = like_next & like_next >> 1 & like_next >> 2 & like_next >> 3;
    let starts = of_five & !(of_five << 1);
    of_five.ones() + starts.ones() * (N1 - 1)
}

/// Blocks of two by two modules of one colour.
fn blocks<W: Word>(above: W, below: W, size: usize) -> u32 {
    let same = !(above ^ above >> 1) & !(below ^ below >> 1) & !(above ^ below);
    (same & low(size - 1)).ones() * N2
}

/// Patterns 1:1:3:1:1 with four light modules before or after them.
fn finders<W: Word>(line: W, size: usize) -> u32 {
    let light = !line & low(size);
    let core = line & light >> 1 & line >> 2 & line >> 3 & line >> 4 & light >> 5 & line >> 6;
    let four_light = light & light >> 1 & light >> 2 & light >> 3;
    ((core & four_light >> 7).ones() + (core & four_light << 4).ones()) * N3
}

/// The proportion of dark modules: N4 for each whole 5 % away from a half.
fn balance<W: Word>(rows: &[W], size: usize) -> u32 {
    let total = u32::try_from(size * size).expect("at most 125 modules squared");
    let dark: u32 = rows.iter().map(|row| row.ones()).sum();
    (20 * dark).abs_diff(10 * total) / total * N4
}

#[derive(Clone, Copy)]
enum Axis {
    Rows,
    Columns,
}

/// A symbol's lines along one axis, and the mask patterns along it.
struct Lines<W> {
    dark: Vec<W>,
    data: Vec<W>,
    masks: [[W; PERIOD]; 8],
}

impl<W: Word> Lines<W> {
    fn new(dark: Vec<W>, data: Vec<W>, masks: &[[u128; PERIOD]; 8]) -> Self {
        let masks = masks.map(|lines| lines.map(W::of));
        Self { dark, data, masks }
    }

    fn masked(&self, mask: u8, axis: Axis) -> Vec<W> {
        let pattern = &self.masks[usize::from(mask)];
        let lines = self.dark.iter().zip(&self.data).zip(pattern.iter().cycle());
        let mut out: Vec<W> = lines
            .map(|((dark, data), pattern)| *dark ^ *data & *pattern)
            .collect();
        draw_format(&mut out, format_information(mask), axis);
        out
    }
}

/// Level M's 15 bits of format information for a mask (7.9.1), most significant first.
fn format_information(mask: u8) -> u32 {
    const LEVEL_M: u32 = 0b00;
    let data = LEVEL_M << 3 | u32::from(mask);
    let remainder = (0..10).fold(data, |r, _bit| (r << 1) ^ ((r >> 9) * 0x537));
    (data << 10 | remainder) ^ 0x5412
}

/// Writes both copies of the format information (7.9.1, figure 25). Bit 14 stands first.
fn draw_format<W: Word>(lines: &mut [W], format: u32, axis: Axis) {
    let size = lines.len();
    let mut put = |x: usize, y: usize, bit: usize| {
        let (line, at) = match axis {
            Axis::Rows => (y, x),
            Axis::Columns => (x, y),
        };
        if let Some(line) = lines.get_mut(line) {
            *line = *line | W::of(u128::from(format >> bit & 1)) << at;
        }
    };
    for bit in 0..15 {
        // Beside the top left finder: down column 8, then to the left along row 8, around the
        // timing patterns.
        let (x, y) = match bit {
            0..6 => (8, bit),
            6..8 => (8, bit + 1),
            8 => (7, 8),
            _ => (14 - bit, 8),
        };
        put(x, y, bit);
        // Beside the other two finders.
        match bit {
            0..8 => put(size - 1 - bit, 8, bit),
            _ => put(8, size - 15 + bit, bit),
        }
    }
}

/// Rows as columns: blocks of half the size are swapped across the diagonal, then blocks of a
/// quarter within each, and so on.
fn transposed<W: Word, const BITS: usize>(lines: &[W]) -> Vec<W> {
    let mut square = [W::of(0); BITS];
    for (word, line) in square.iter_mut().zip(lines) {
        *word = *line;
    }
    let mut half = BITS / 2;
    while half > 0 {
        // The low half of every block of twice this size.
        let lows = (0..BITS / (2 * half)).fold(W::of(0), |all, block| {
            all | low::<W>(half) << (2 * half * block)
        });
        for block in square.chunks_mut(2 * half) {
            let (upper, lower) = block.split_at_mut(half);
            for (above, below) in upper.iter_mut().zip(lower) {
                let swap = (*above >> half ^ *below) & lows;
                *above = *above ^ swap << half;
                *below = *below ^ swap;
            }
        }
        half /= 2;
    }
    square.into_iter().take(lines.len()).collect()
}

/// Every mask repeats after twelve rows and after twelve columns.
const PERIOD: usize = 12;
const ROW_MASKS: [[u128; PERIOD]; 8] = mask_lines(false);
const COLUMN_MASKS: [[u128; PERIOD]; 8] = mask_lines(true);

/// The masks of 7.8.2, table 10, as lines of bits: rows, or columns when `transposed`.
const fn mask_lines(transposed: bool) -> [[u128; PERIOD]; 8] {
    let mut out = [[0; PERIOD]; 8];
    let mut mask = 0;
    while mask < 8 {
        let mut line = 0;
        while line < PERIOD {
            let mut at = 0;
            while at < 128 {
                let inverts = if transposed {
                    inverts(mask, at, line)
                } else {
                    inverts(mask, line, at)
                };
                if inverts {
                    out[mask][line] |= 1 << at;
                }
                at += 1;
            }
            line += 1;
        }
        mask += 1;
    }
    out
}

/// Whether a mask inverts the module at row `i`, column `j`.
const fn inverts(mask: usize, i: usize, j: usize) -> bool {
    let condition = match mask {
        0 => (i + j) % 2,
        1 => i % 2,
        2 => j % 3,
        3 => (i + j) % 3,
        4 => (i / 2 + j / 3) % 2,
        5 => i * j % 2 + i * j % 3,
        6 => (i * j % 2 + i * j % 3) % 2,
        _ => ((i + j) % 2 + i * j % 3) % 2,
    };
    condition == 0
}

#[cfg(test)]
pub(super) fn penalty_of(rows: &[u128]) -> u32 {
    penalty(rows, &transposed::<_, 128>(rows))
}
