//! ESC/POS: the length of every command, and what it asks for.
//!
//! Lengths from the published command references and two public decoders; where those disagree,
//! the choice is said beside it. An unknown `ESC x` or `FS x` takes two bytes and an unknown
//! parenthesised command its own counted length, so that sync is kept on commands of the future.

use super::Shape;
use super::op::{Align, Ask, Image, Op, RealTime, control};

const DLE: u8 = 0x10;
const ESC: u8 = 0x1B;
const FS: u8 = 0x1C;
const GS: u8 = 0x1D;

/// The most tab stops `ESC D` takes.
const TABS_MAX: usize = 32;
/// The longest data of a barcode that ends with NUL.
const BARCODE_BYTES_MAX: usize = 255;

/// How long the command at the start of `input` is; nothing when more bytes are needed to know.
pub(super) fn shape(input: &[u8]) -> Option<Shape> {
    match byte(input, 0)? {
        DLE => real_time(input),
        ESC => esc(input),
        FS => fs(input),
        GS => gs(input),
        _ => Some(Shape::Command(1)),
    }
}

/// What a whole command asks for.
pub(super) fn op(bytes: &[u8]) -> Op<'_> {
    match at(bytes, 0) {
        DLE => real_time_op(bytes),
        ESC => esc_op(bytes),
        FS => fs_op(bytes),
        GS => gs_op(bytes),
        one => control(one),
    }
}

fn byte(input: &[u8], i: usize) -> Option<u8> {
    input.get(i).copied()
}

fn v16(input: &[u8], i: usize) -> Option<usize> {
    Some(usize::from(byte(input, i)?) + 256 * usize::from(byte(input, i + 1)?))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands beside lengths that are not known yet"
)]
const fn command(length: usize) -> Option<Shape> {
    Some(Shape::Command(length))
}

const UNKNOWN: Option<Shape> = Some(Shape::Unknown(2));

fn real_time(input: &[u8]) -> Option<Shape> {
    match byte(input, 1)? {
        4 => match byte(input, 2)? {
            0 | 7 | 8 | 18 => command(4),
            1..=6 => command(3),
            _ => UNKNOWN,
        },
        5 => command(3),
        0x14 => match byte(input, 2)? {
            1 | 2 => command(5),
            3 => command(8),
            7 => command(4),
            8 => command(10),
            _ => UNKNOWN,
        },
        _ => Some(Shape::Unknown(1)),
    }
}

fn esc(input: &[u8]) -> Option<Shape> {
    match byte(input, 1)? {
        0x0C | b'2' | b'<' | b'@' | b'L' | b'S' | b'i' | b'm' | b'q' | b'v' => command(2),
        b' ' | b'!' | b'%' | b'-' | b'3' | b'=' | b'?' | b'C' | b'E' | b'F' | b'G' | b'J'
        | b'K' | b'M' | b'R' | b'T' | b'U' | b'V' | b'a' | b'd' | b'e' | b'r' | b't' | b'u'
        | b'{' => command(3),
        b'$' | b'\\' | b'f' | b'B' => command(4),
        b'c' if matches!(byte(input, 2)?, 0x30 | 0x31 | 0x33..=0x35) => command(4),
        b'p' => command(5),
        b'W' => command(10),
        b'(' => command(5 + v16(input, 3)?),
        b'*' => match byte(input, 2)? {
            0 | 1 => command(5 + v16(input, 3)?),
            32 | 33 => command(5 + 3 * v16(input, 3)?),
            _ => UNKNOWN,
        },
        b'D' => tabs(input),
        b'&' => user_characters(input),
        b'Z' => command(7 + v16(input, 5)?),
        _ => UNKNOWN,
    }
}

/// `ESC D`: ends at NUL, or before the first stop that is not to the right of the last.
fn tabs(input: &[u8]) -> Option<Shape> {
    let mut last = 0;
    for i in 0..=TABS_MAX {
        let stop = byte(input, 2 + i)?;
        if stop == 0 {
            return command(3 + i);
        }
        if stop <= last || i == TABS_MAX {
            return command(2 + i);
        }
        last = stop;
    }
    UNKNOWN
}

/// `ESC & y c1 c2`, then for each character its width x and x times y bytes.
fn user_characters(input: &[u8]) -> Option<Shape> {
    let (y, first, last) = (byte(input, 2)?, byte(input, 3)?, byte(input, 4)?);
    if y == 0 || y > 6 || first > last {
        return UNKNOWN;
    }
    let mut length = 5;
    for _ in first..=last {
        length += 1 + usize::from(byte(input, length)?) * usize::from(y);
    }
    command(length)
}

fn fs(input: &[u8]) -> Option<Shape> {
    match byte(input, 1)? {
        b'&' | b'.' | b'L' | b'b' | b'c' => command(2),
        b'!' | b'-' | b'C' | b'W' => command(3),
        b'?' | b'S' | b'p' | b'}' => command(4),
        b'a' => match byte(input, 2)? {
            0 | b'0' => command(4),
            _ => command(3),
        },
        b'g' => match byte(input, 2)? {
            1 | b'1' => command(10 + v16(input, 8)?),
            _ => command(10),
        },
        b'2' => command(4 + 72),
        b'q' => stored_pictures(input),
        b'(' => command(5 + v16(input, 3)?),
        _ => UNKNOWN,
    }
}

/// `FS q n`: n pictures, each with its size in bytes of eight dots.
fn stored_pictures(input: &[u8]) -> Option<Shape> {
    let mut length = 3;
    for _ in 0..byte(input, 2)? {
        length += 4 + 8 * v16(input, length)? * v16(input, length + 2)?;
        if length > super::TOKEN_BYTES_MAX {
            return UNKNOWN;
        }
    }
    command(length)
}

fn gs(input: &[u8]) -> Option<Shape> {
    match byte(input, 1)? {
        b':' | b'c' => command(2),
        b'!' | b'/' | b'B' | b'E' | b'H' | b'I' | b'T' | b'Z' | b'a' | b'b' | b'f' | b'h'
        | b'j' | b'r' | b'w' => command(3),
        b'$' | b'L' | b'P' | b'W' | b'\\' => command(4),
        b'^' | b'z' => command(5),
        b'g' => command(6),
        b'V' => match byte(input, 2)? {
            0 | 1 | b'0' | b'1' => command(3),
            65 | 66 | 97 | 98 | 103 | 104 => command(4),
            _ => UNKNOWN,
        },
        b'k' => barcode(input),
        b'v' => raster(input),
        b'*' => command(4 + 8 * usize::from(byte(input, 2)?) * usize::from(byte(input, 3)?)),
        b'Q' if byte(input, 2)? == b'0' => command(8 + v16(input, 4)? * v16(input, 6)?),
        b'C' => counter(input),
        b'D' => {
            let size = v16(input, 11)? + 65_536 * v16(input, 13)?;
            if byte(input, 9)? == b'B' && byte(input, 10)? == b'M' {
                command(9 + size)
            } else {
                UNKNOWN
            }
        }
        b'8' if byte(input, 2)? == b'L' => command(7 + v16(input, 3)? + 65_536 * v16(input, 5)?),
        b'(' => command(5 + v16(input, 3)?),
        _ => UNKNOWN,
    }
}

fn raster(input: &[u8]) -> Option<Shape> {
    if byte(input, 2)? != b'0' || !matches!(byte(input, 3)?, 0..=3 | 48..=51) {
        return UNKNOWN;
    }
    command(8 + v16(input, 4)? * v16(input, 6)?)
}

fn barcode(input: &[u8]) -> Option<Shape> {
    match byte(input, 2)? {
        0..=6 => {
            let data = input.get(3..).unwrap_or_default();
            let most = data.len().min(BARCODE_BYTES_MAX);
            match data.iter().take(most).position(|b| *b == 0) {
                Some(n) => command(4 + n),
                None if most == BARCODE_BYTES_MAX => UNKNOWN,
                None => None,
            }
        }
        65..=79 => command(4 + usize::from(byte(input, 3)?)),
        _ => UNKNOWN,
    }
}

/// `GS C`: the counter's mode in five forms, the last as five decimal fields each ended by `;`.
fn counter(input: &[u8]) -> Option<Shape> {
    match byte(input, 2)? {
        b'0' | b'2' => command(5),
        b'1' => command(9),
        b';' => {
            let mut fields = 0;
            for (i, b) in input.iter().enumerate().skip(3).take(40) {
                match b {
                    b';' => fields += 1,
                    b'0'..=b'9' => {}
                    _ => return UNKNOWN,
                }
                if fields == 5 {
                    return command(i + 1);
                }
            }
            (input.len() >= 43).then_some(Shape::Unknown(2))
        }
        _ => UNKNOWN,
    }
}

// From here the length is known to be there: what is missing reads as 0.

fn at(bytes: &[u8], i: usize) -> u8 {
    bytes.get(i).copied().unwrap_or(0)
}

fn word(bytes: &[u8], i: usize) -> u16 {
    u16::from_le_bytes([at(bytes, i), at(bytes, i + 1)])
}

const fn on(n: u8) -> bool {
    n & 1 == 1
}

fn real_time_op(bytes: &[u8]) -> Op<'_> {
    Op::RealTime(match (at(bytes, 1), at(bytes, 2)) {
        (4, n) => RealTime::Status(n),
        (5, n) => RealTime::Recover(n),
        (0x14, 1) => RealTime::Pulse(at(bytes, 3)),
        (0x14, 7) => RealTime::Send(at(bytes, 3)),
        (0x14, 8) => RealTime::Clear,
        (0x14, _) => RealTime::Other,
        _ => return Op::Stray,
    })
}

fn esc_op(bytes: &[u8]) -> Op<'_> {
    let n = at(bytes, 2);
    match at(bytes, 1) {
        b'@' => Op::Init,
        b'a' => Op::Align(Align::of(n)),
        b'!' => Op::PrintMode(n),
        b'M' => Op::Font(n & 0x0F),
        b'E' | b'G' => Op::Bold(on(n)),
        b't' => Op::CodePage(n),
        b'R' => Op::National(n),
        b'J' | b'K' => Op::FeedDots(n),
        b'd' | b'e' => Op::FeedLines(n),
        b'$' => Op::To(word(bytes, 2)),
        b'\\' => Op::By(i16::from_le_bytes([n, at(bytes, 3)])),
        b'D' => Op::Tabs(
            bytes
                .get(2..)
                .unwrap_or_default()
                .strip_suffix(b"\0")
                .unwrap_or_else(|| bytes.get(2..).unwrap_or_default()),
        ),
        b'2' => Op::LineSpacing(None),
        b'3' => Op::LineSpacing(Some(n)),
        b'*' => Op::Image(column_image(bytes)),
        b'i' | b'm' => Op::Cut(false),
        b'p' => Op::Drawer(n & 1),
        b'L' => Op::PageMode,
        b'S' => Op::StandardMode,
        0x0C => Op::PrintPage,
        b'=' => Op::Peripheral(n),
        b'u' | b'v' => Op::Ask(Ask::Transmit(if at(bytes, 1) == b'v' { 1 } else { 2 })),
        b'Z' => Op::Symbol,
        _ => Op::Known,
    }
}

fn column_image(bytes: &[u8]) -> Image<'_> {
    let (height, scale) = match at(bytes, 2) {
        0 => (8, (2, 3)),
        1 => (8, (1, 3)),
        32 => (24, (2, 1)),
        _ => (24, (1, 1)),
    };
    Image {
        width: usize::from(word(bytes, 3)),
        height,
        scale,
        columns: true,
        data: bytes.get(5..).unwrap_or_default(),
        inline: true,
    }
}

fn fs_op(bytes: &[u8]) -> Op<'_> {
    let n = at(bytes, 2);
    match at(bytes, 1) {
        b'&' => Op::Multibyte(true),
        b'.' => Op::Multibyte(false),
        b'C' => Op::MultibyteCode(n & 0x0F),
        b'!' => Op::MultibyteMode(n),
        b'p' => Op::Logo,
        b'}' => Op::Cut(true),
        b'(' if n == b'C' && at(bytes, 5) == 0x30 => Op::Utf8(at(bytes, 6) & 0x0F == 2),
        b'(' if n == b'L' && at(bytes, 5) == b'A' => Op::Known,
        _ => Op::Known,
    }
}

fn gs_op(bytes: &[u8]) -> Op<'_> {
    let n = at(bytes, 2);
    match at(bytes, 1) {
        b'!' => Op::Size((n >> 4) % 8 + 1, n % 8 + 1),
        b'B' => Op::Invert(on(n)),
        b'L' => Op::LeftMargin(word(bytes, 2)),
        b'W' => Op::AreaWidth(word(bytes, 2)),
        b'$' => Op::PageRow(word(bytes, 2)),
        b'V' => Op::Cut(n > b'1'),
        b'v' => Op::Image(raster_image(bytes)),
        b'k' => Op::Barcode(n, barcode_data(bytes)),
        b'/' | b'Q' => Op::Logo,
        b'a' => Op::Ask(Ask::AutoStatus(n)),
        b'r' | b'j' => Op::Ask(Ask::Transmit(n & 0x0F)),
        b'I' => Op::Ask(Ask::Identify(n)),
        b':' => Op::MacroMark,
        b'^' => Op::MacroRun,
        b'8' => graphics(bytes, 7),
        b'(' => match n {
            b'L' => graphics(bytes, 5),
            b'k' => symbol(bytes),
            b'H' if at(bytes, 5) == 48 => {
                Op::Ask(Ask::ProcessId(bytes.get(7..).unwrap_or_default()))
            }
            _ => Op::Known,
        },
        _ => Op::Known,
    }
}

fn barcode_data(bytes: &[u8]) -> &[u8] {
    let data = bytes.get(3..).unwrap_or_default();
    if at(bytes, 2) <= 6 {
        data.strip_suffix(b"\0").unwrap_or(data)
    } else {
        data.get(1..).unwrap_or_default()
    }
}

fn raster_image(bytes: &[u8]) -> Image<'_> {
    let mode = at(bytes, 3) & 3;
    Image {
        width: usize::from(word(bytes, 4)) * 8,
        height: usize::from(word(bytes, 6)),
        scale: (1 + (mode & 1), 1 + (mode >> 1)),
        columns: false,
        data: bytes.get(8..).unwrap_or_default(),
        inline: false,
    }
}

/// `GS ( L` and `GS 8 L`, whose parameters begin at `from`.
fn graphics(bytes: &[u8], from: usize) -> Op<'_> {
    match at(bytes, from + 1) {
        function @ (0x70 | 0x71) => {
            let (width, height) = (word(bytes, from + 6), word(bytes, from + 8));
            let scale = (
                at(bytes, from + 3).clamp(1, 2),
                at(bytes, from + 4).clamp(1, 2),
            );
            let data = bytes.get(from + 10..).unwrap_or_default();
            Op::StoreImage(Image {
                width: usize::from(width),
                height: usize::from(height),
                scale,
                columns: function == 0x71,
                data,
                inline: false,
            })
        }
        2 | 0x32 => Op::PrintStored,
        0x45 | 0x55 => Op::Logo,
        _ => Op::Known,
    }
}

/// `GS ( k`: symbol class at 5, function at 6, parameters from 7.
fn symbol(bytes: &[u8]) -> Op<'_> {
    let n = at(bytes, 7);
    match (at(bytes, 5), at(bytes, 6)) {
        (0x31, 0x43) => Op::QrModule(n.clamp(1, 16)),
        (0x31, 0x45) => Op::QrLevel(n.wrapping_sub(0x30) & 3),
        (0x31, 0x50) => Op::QrStore(bytes.get(8..).unwrap_or_default()),
        (0x31, 0x51) => Op::QrPrint,
        (_, 0x51) => Op::Symbol,
        _ => Op::Known,
    }
}
