//! Symbols as printer bytes: dots (`GS v 0`, Star `ESC GS S`), or the printer's own encoder
//! (`GS ( k`, Star `ESC GS y`).
//!
//! Dots are the rule: a printer's encoder may take one mode for the whole text, and then gives a
//! larger symbol than was measured for this paper; and some printers have none.

use super::{SCALE_MAX, is_dark};
use crate::code::symbol::{QUIET_ZONE, Symbol};

/// How many rows of dots go in one command; printers print bands one below the other without a
/// gap, and small ones hold no more in their buffer.
pub const BAND_ROWS_MAX: usize = 128;

/// A picture of dots: rows of bytes, the leftmost dot in the highest bit, set where it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: usize,
    bytes: Vec<u8>,
}

impl Raster {
    /// A symbol and its quiet zone, `scale` (1 to [`SCALE_MAX`]) dots a module.
    pub fn of(symbol: &Symbol, scale: usize) -> Self {
        let scale = scale.clamp(1, SCALE_MAX);
        let side = symbol.size() + 2 * QUIET_ZONE;
        let width = side * scale;
        let mut bytes = Vec::with_capacity(width * width.div_ceil(8));
        for y in 0..side {
            let mut row = vec![0_u8; width.div_ceil(8)];
            for dot in (0..width).filter(|dot| is_dark(symbol, dot / scale, y)) {
                row[dot / 8] |= 0x80 >> (dot % 8);
            }
            for _dot in 0..scale {
                bytes.extend_from_slice(&row);
            }
        }
        Self { width, bytes }
    }

    /// How many dots wide.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// How many dots high.
    pub fn height(&self) -> usize {
        self.bytes.len() / self.row_len()
    }

    /// How many bytes a row takes.
    pub fn row_len(&self) -> usize {
        self.width.div_ceil(8).max(1)
    }

    /// All rows.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the dot in column `x` of row `y` is printed.
    pub fn is_set(&self, x: usize, y: usize) -> bool {
        let byte = self.bytes.get(y * self.row_len() + x / 8);
        x < self.width && byte.is_some_and(|byte| byte & 0x80 >> (x % 8) != 0)
    }

    fn bands(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks(BAND_ROWS_MAX * self.row_len())
    }
}

/// A raster for ESC/POS printers: `GS v 0` (1D 76 30 m xL xH yL yH), band by band.
pub fn escpos_raster(raster: &Raster) -> Vec<u8> {
    let mut out = Vec::with_capacity(raster.bytes.len() + 64);
    for band in raster.bands() {
        out.extend_from_slice(b"\x1dv0\0");
        push_size(&mut out, raster.row_len(), band);
        out.extend_from_slice(band);
    }
    out
}

/// A raster for Star printers: `ESC GS S` (1B 1D 53 m xL xH yL yH n), band by band.
pub fn star_raster(raster: &Raster) -> Vec<u8> {
    let mut out = Vec::with_capacity(raster.bytes.len() + 64);
    for band in raster.bands() {
        out.extend_from_slice(b"\x1b\x1dS\x01");
        push_size(&mut out, raster.row_len(), band);
        out.push(0);
        out.extend_from_slice(band);
    }
    out
}

fn push_size(out: &mut Vec<u8>, row_len: usize, band: &[u8]) {
    out.extend_from_slice(&le16(row_len));
    out.extend_from_slice(&le16(band.len() / row_len));
}

/// A text for an ESC/POS printer's own encoder, at level M: `GS ( k`, functions 165, 167, 169,
/// 180, 181. `dots` a module: 1 to 16. The quiet zone at the sides is the sender's to leave.
pub fn escpos_native(text: &str, dots: usize) -> Option<Vec<u8>> {
    // cn and fn count towards the length, and so does m.
    const DATA_LEN_MAX: usize = 7089;
    if text.is_empty() || text.len() > DATA_LEN_MAX {
        return None;
    }
    let [dots, _] = le16(dots.clamp(1, 16));
    let [low, high] = le16(text.len() + 3);
    let mut out = Vec::with_capacity(text.len() + 40);
    out.extend_from_slice(b"\x1d(k\x04\x001A2\0");
    out.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'C', dots]);
    out.extend_from_slice(b"\x1d(k\x03\x001E1");
    out.extend_from_slice(&[0x1D, b'(', b'k', low, high, b'1', b'P', b'0']);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\x1d(k\x03\x001Q0");
    Some(out)
}

/// A text for a Star printer's own encoder, at level M: `ESC GS y`, functions S 0, S 1, S 2, D 1,
/// P. `dots` a module: 1 to 8.
pub fn star_native(text: &str, dots: usize) -> Option<Vec<u8>> {
    const DATA_LEN_MAX: usize = 7089;
    if text.is_empty() || text.len() > DATA_LEN_MAX {
        return None;
    }
    let [dots, _] = le16(dots.clamp(1, 8));
    let mut out = Vec::with_capacity(text.len() + 40);
    out.extend_from_slice(b"\x1b\x1dyS0\x02");
    out.extend_from_slice(b"\x1b\x1dyS1\x01");
    out.extend_from_slice(&[0x1B, 0x1D, b'y', b'S', b'2', dots]);
    out.extend_from_slice(b"\x1b\x1dyD1\0");
    out.extend_from_slice(&le16(text.len()));
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\x1b\x1dyP");
    Some(out)
}

fn le16(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}
