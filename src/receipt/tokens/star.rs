//! Star Line Mode, StarPRNT and Star graphic: lengths and meanings.
//!
//! The same byte means something else here than in ESC/POS: `ESC E` has no argument, `ESC d` cuts,
//! `ESC i` sizes, FS and BEL open drawers. Hence the dialect is chosen before the first token.

use super::Shape;
use super::op::{Align, Ask, Image, Op, control};

const ESC: u8 = 0x1B;
const GS: u8 = 0x1D;
const RS: u8 = 0x1E;

/// The longest number or barcode that ends with a byte of its own.
const FIELD_BYTES_MAX: usize = 255;

/// How long the command at the start of `input` is; nothing when more bytes are needed to know.
pub(super) fn shape(input: &[u8], raster: bool) -> Option<Shape> {
    match byte(input, 0)? {
        ESC => esc(input),
        b'b' | b'k' if raster => Some(Shape::Command(3 + v16(input, 1)?)),
        0x0C if raster && byte(input, 1)? == 0 => Some(Shape::Command(2)),
        _ => Some(Shape::Command(1)),
    }
}

/// What a whole command asks for; keeps `raster` in step with the graphic mode.
pub(super) fn op<'a>(bytes: &'a [u8], raster: &mut bool) -> Op<'a> {
    let first = at(bytes, 0);
    match first {
        ESC => esc_op(bytes, raster),
        b'b' | b'k' if *raster => Op::Image(row(bytes.get(3..).unwrap_or_default())),
        0x07 | 0x1C => Op::Drawer(u8::from(first != 0x07)),
        0x1A => Op::Drawer(1),
        0x05 => Op::Ask(Ask::Star),
        _ if *raster && first >= 0x20 => Op::Unknown,
        _ => control(first),
    }
}

fn byte(input: &[u8], i: usize) -> Option<u8> {
    input.get(i).copied()
}

fn v16(input: &[u8], i: usize) -> Option<usize> {
    Some(usize::from(byte(input, i)?) + 256 * usize::from(byte(input, i + 1)?))
}

fn esc(input: &[u8]) -> Option<Shape> {
    Some(Shape::Command(match byte(input, 1)? {
        GS => return esc_gs(input),
        RS => match byte(input, 2)? {
            b'a' | b'F' | b'R' | b'A' | b'C' | b'E' | b'd' | b'P' => 4,
            _ => return Some(Shape::Unknown(3)),
        },
        0x06 | b'a' | b'd' | b'W' | b'h' | b'-' | b'_' | b'l' | b'Q' | b'z' | b'$' | b'R'
        | b' ' | b'C' | b'J' | b'I' | b'y' | b't' => 3,
        b'@' | b'0' | b'1' | b'2' | b'3' | b'4' | b'5' | b'E' | b'F' | b'M' | b'P' | b'p'
        | b'q' | b':' | b'B' | 0x0C => 2,
        b'i' | b's' => 4,
        0x07 => 4,
        b'b' => return until(input, 6, RS),
        b'k' => 4 + 24 * v16(input, 2)?,
        b'K' | b'L' => 4 + v16(input, 2)?,
        b'X' => 4 + 3 * v16(input, 2)?,
        b'*' => return esc_star(input),
        b'D' => return until(input, 2, 0),
        b'&' => 4,
        _ => return Some(Shape::Unknown(2)),
    }))
}

/// A field from `from` on that ends with `end`.
fn until(input: &[u8], from: usize, end: u8) -> Option<Shape> {
    let field = input.get(from..).unwrap_or_default();
    match field.iter().take(FIELD_BYTES_MAX).position(|b| *b == end) {
        Some(n) => Some(Shape::Command(from + n + 1)),
        None if field.len() >= FIELD_BYTES_MAX => Some(Shape::Unknown(2)),
        None => None,
    }
}

fn esc_gs(input: &[u8]) -> Option<Shape> {
    Some(Shape::Command(match byte(input, 2)? {
        b't' | b'a' | b'P' | b'#' | b'=' => 4,
        b'A' | b'R' => 5,
        b'S' => 9 + v16(input, 4)? * v16(input, 6)?,
        0x03 => 6,
        b'y' | b'x' => match (byte(input, 3)?, byte(input, 4)?) {
            (b'S', _) => 6,
            (b'D', b'1' | 1) => 8 + v16(input, 6)?,
            (b'D', _) => 7 + v16(input, 5)?,
            (b'P' | b'I', _) => 4,
            _ => return Some(Shape::Unknown(3)),
        },
        b'(' | b')' => 6 + v16(input, 4)?,
        _ => return Some(Shape::Unknown(3)),
    }))
}

/// `ESC * r`: the graphic mode; numbers are decimal digits that end with NUL.
fn esc_star(input: &[u8]) -> Option<Shape> {
    if byte(input, 2)? != b'r' {
        return Some(Shape::Unknown(2));
    }
    match byte(input, 3)? {
        b'A' | b'B' | b'C' | b'R' => Some(Shape::Command(4)),
        b'b' | b'k' => Some(Shape::Command(6 + v16(input, 4)?)),
        _ => until(input, 4, 0),
    }
}

fn at(bytes: &[u8], i: usize) -> u8 {
    bytes.get(i).copied().unwrap_or(0)
}

/// A size or switch that is written as 0, 1.. or as '0', '1'..
const fn number(n: u8) -> u8 {
    if n >= b'0' && n <= b'9' { n - b'0' } else { n }
}

fn esc_op<'a>(bytes: &'a [u8], raster: &mut bool) -> Op<'a> {
    let n = at(bytes, 2);
    match at(bytes, 1) {
        GS => esc_gs_op(bytes),
        RS => match n {
            b'F' => Op::Font(number(at(bytes, 3))),
            _ => Op::Known,
        },
        b'@' => {
            *raster = false;
            Op::Init
        }
        b'E' => Op::Bold(true),
        b'F' => Op::Bold(false),
        b'4' => Op::Invert(true),
        b'5' => Op::Invert(false),
        b'i' => Op::Size(number(at(bytes, 3)) % 8 + 1, number(n) % 8 + 1),
        b'W' => Op::Wide(number(n) % 8 + 1),
        b'h' => Op::Tall(number(n) % 8 + 1),
        b'd' => Op::Cut(number(n) >= 2),
        b'a' => Op::FeedLines(n),
        b'J' | b'I' => Op::FeedDots(n),
        b'p' => Op::Multibyte(true),
        b'q' => Op::Multibyte(false),
        b'$' => Op::Multibyte(number(n) == 1),
        b'R' => Op::National(number(n)),
        b'b' => Op::Barcode(
            n,
            bytes
                .get(6..)
                .unwrap_or_default()
                .strip_suffix(&[RS])
                .unwrap_or_default(),
        ),
        b'k' => Op::Image(band(bytes, 24)),
        b'K' | b'L' => Op::Image(band(bytes, 8)),
        b'X' => Op::Image(band(bytes, 25)),
        b'*' => graphic(bytes, raster),
        b'D' => Op::Tabs(
            bytes
                .get(2..)
                .unwrap_or_default()
                .strip_suffix(b"\0")
                .unwrap_or_default(),
        ),
        b'Q' | b'l' | b's' | b'z' | b'0' | b'1' | b'M' | b'P' => Op::Known,
        0x06 => Op::Ask(Ask::Star),
        0x0C => Op::FormFeed,
        _ => Op::Known,
    }
}

fn esc_gs_op(bytes: &[u8]) -> Op<'_> {
    let n = at(bytes, 3);
    match at(bytes, 2) {
        b't' => Op::CodePage(n),
        b'a' => Op::Align(Align::of(n)),
        b'A' => Op::To(u16::from_le_bytes([n, at(bytes, 4)])),
        b'R' => Op::By(i16::from_le_bytes([n, at(bytes, 4)])),
        0x03 => Op::Ask(Ask::Star),
        b'S' => Op::Image(Image {
            width: usize::from(u16::from_le_bytes([at(bytes, 4), at(bytes, 5)])) * 8,
            height: usize::from(u16::from_le_bytes([at(bytes, 6), at(bytes, 7)])),
            scale: (1, 1),
            columns: false,
            data: bytes.get(9..).unwrap_or_default(),
            inline: false,
        }),
        b'y' => match (n, at(bytes, 4)) {
            (b'S', b'1') => Op::QrLevel(number(at(bytes, 5)) & 3),
            (b'S', b'2') => Op::QrModule(number(at(bytes, 5)).clamp(1, 8)),
            (b'D', b'1' | 1) => Op::QrStore(bytes.get(8..).unwrap_or_default()),
            (b'P', _) => Op::QrPrint,
            _ => Op::Known,
        },
        b'x' if n == b'P' => Op::Symbol,
        _ => Op::Known,
    }
}

/// Pictures by the band: `ESC k` has rows of v16 bytes, the older ones columns of 8 or 24 dots.
fn band(bytes: &[u8], kind: u8) -> Image<'_> {
    let count = usize::from(u16::from_le_bytes([at(bytes, 2), at(bytes, 3)]));
    let (width, height, columns) = match kind {
        24 => (count * 8, 24, false),
        8 => (count, 8, true),
        _ => (count, 24, true),
    };
    Image {
        width,
        height,
        scale: if kind == 8 { (1, 3) } else { (1, 1) },
        columns,
        data: bytes.get(4..).unwrap_or_default(),
        inline: columns,
    }
}

const fn row(data: &[u8]) -> Image<'_> {
    Image {
        width: data.len() * 8,
        height: 1,
        scale: (1, 1),
        columns: false,
        data,
        inline: false,
    }
}

fn graphic<'a>(bytes: &'a [u8], raster: &mut bool) -> Op<'a> {
    match at(bytes, 3) {
        b'A' => {
            *raster = true;
            Op::Known
        }
        b'B' => {
            *raster = false;
            Op::Known
        }
        b'b' | b'k' => Op::Image(row(bytes.get(6..).unwrap_or_default())),
        b'Y' => {
            let digits = bytes.get(4..).unwrap_or_default();
            let rows = digits.iter().take_while(|b| b.is_ascii_digit());
            let rows = rows.fold(0_u8, |n, d| n.saturating_mul(10).saturating_add(d - b'0'));
            Op::FeedDots(rows)
        }
        _ => Op::Known,
    }
}
