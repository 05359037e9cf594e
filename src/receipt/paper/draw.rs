//! A page as dots.

use super::super::layout::{Line, Page, Picture, Symbol, bits};
use super::super::profile::Profile;
use super::super::tokens::Align;
use super::font;
use unicode_normalization::UnicodeNormalization;
use unicode_width::UnicodeWidthChar;

/// Height of a line in dots.
const LINE_DOTS: usize = 24;
/// The longest sheet in rows: at 8 dots a millimetre, 8 m of paper. What follows is cut off.
pub const ROWS_MAX: usize = 64_000;

/// Paper as rows of dots, 1 is black, most significant bit left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    width_dots: usize,
    rows: Vec<Vec<u8>>,
}

impl Sheet {
    /// The dots of a page as this printer would print it.
    pub fn of(page: &Page, profile: &Profile) -> Self {
        let width_dots = usize::from(profile.width_dots);
        let mut sheet = Self {
            width_dots,
            rows: Vec::new(),
        };
        for at in 0..=page.lines.len() {
            for (_, picture) in page.pictures.iter().filter(|p| p.0 == at) {
                sheet.picture(picture);
            }
            for symbol in page.symbols.iter().filter(|s| s.line == at) {
                sheet.symbol(symbol);
            }
            if let Some(line) = page.lines.get(at) {
                sheet.line(line, usize::from(profile.cell_dots()));
            }
        }
        sheet
    }

    /// Puts another sheet of this width below this one, a gap between them.
    pub fn append(&mut self, below: &Self) {
        let stride = self.width_dots.div_ceil(8);
        let gap = std::iter::repeat_n(vec![0; stride], 2 * LINE_DOTS);
        for row in gap.chain(below.rows.iter().cloned()) {
            self.push(row);
        }
    }

    /// Printable width in dots.
    pub const fn width_dots(&self) -> usize {
        self.width_dots
    }

    /// The rows, packed.
    pub fn rows(&self) -> &[Vec<u8>] {
        &self.rows
    }

    /// Whether a dot is black; white outside.
    pub fn dot(&self, x: usize, y: usize) -> bool {
        let byte = self
            .rows
            .get(y)
            .and_then(|r| r.get(x / 8))
            .copied()
            .unwrap_or(0);
        x < self.width_dots && byte & (0x80 >> (x % 8)) != 0
    }

    /// The sheet as a PNG of one bit a dot, with a margin of white.
    pub fn png(&self) -> Vec<u8> {
        const MARGIN: usize = 16;
        let stride = self.width_dots.div_ceil(8) + 2 * MARGIN / 8;
        let height = self.rows.len() + 2 * MARGIN;
        let mut data = vec![0xFF_u8; stride * height];
        for (line, row) in data.chunks_exact_mut(stride).skip(MARGIN).zip(&self.rows) {
            for (to, from) in line.iter_mut().skip(MARGIN / 8).zip(row) {
                *to = !from;
            }
        }
        let size =
            |n: usize| u32::try_from(n).expect("ROWS_MAX and the profile's width are below 2^32");
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, size(stride * 8), size(height));
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder
            .write_header()
            .expect("writing to memory does not fail");
        writer
            .write_image_data(&data)
            .expect("the data has the size that the header says");
        drop(writer);
        out
    }

    fn push(&mut self, row: Vec<u8>) {
        if self.rows.len() < ROWS_MAX {
            self.rows.push(row);
        }
    }

    fn left(&self, width: usize, align: Align) -> usize {
        let room = self.width_dots.saturating_sub(width);
        match align {
            Align::Left => 0,
            Align::Centre => room / 2,
            Align::Right => room,
        }
    }

    fn picture(&mut self, picture: &Picture) {
        let left = self.left(picture.width(), picture.align);
        let stride = self.width_dots.div_ceil(8);
        for (y, row) in picture.rows().iter().enumerate() {
            let row = if left.is_multiple_of(8) {
                let mut out = vec![0; left / 8];
                out.extend_from_slice(row);
                out.resize(stride, 0);
                out
            } else {
                bits(
                    (0..self.width_dots).map(|x| x >= left && picture.dot(x - left, y)),
                    stride,
                )
            };
            self.push(row);
        }
    }

    fn symbol(&mut self, symbol: &Symbol) {
        if let Some(picture) = picture_of(symbol) {
            self.picture(&picture);
        }
    }

    fn line(&mut self, line: &Line, cell: usize) {
        let stride = self.width_dots.div_ceil(8);
        for _ in 0..usize::from(line.gap) * LINE_DOTS {
            self.push(vec![0; stride]);
        }
        let (wide, tall) = (usize::from(line.size.0), usize::from(line.size.1));
        let natural = line.text.width() * cell;
        // A line of mixed sizes keeps its positions: it is only as wide as the paper allows.
        let wide = if natural * wide > self.width_dots {
            1
        } else {
            wide
        };
        let left = self.left(natural * wide, line.align);
        let mut dots = vec![vec![0_u8; stride]; LINE_DOTS * tall];
        let mut x = left;
        for c in line.text.as_str().chars() {
            let width = c.width().unwrap_or(1) * cell;
            glyph(&mut dots, c, x, width, (wide, tall));
            x += width * wide;
        }
        for row in dots {
            self.push(row);
        }
    }
}

/// Draws a character `width` dots wide at column `left`.
fn glyph(dots: &mut [Vec<u8>], c: char, left: usize, width: usize, (wide, tall): (usize, usize)) {
    if c == ' ' {
        return;
    }
    let base = if c.is_ascii() {
        c
    } else {
        c.nfd().next().unwrap_or(c)
    };
    let code = font::pattern(c);
    let mut drawn = vec![false; width];
    for (y, rows) in dots.chunks_mut(tall).enumerate() {
        if !base.is_ascii_graphic() {
            (0..)
                .zip(&mut drawn)
                .for_each(|(x, dot)| *dot = block(x, y, width, code));
        } else if y < 2 {
            let mark = 3..width.saturating_sub(3);
            let marked = base != c;
            (0..)
                .zip(&mut drawn)
                .for_each(|(x, dot)| *dot = marked && mark.contains(&x));
        } else if (y - 2) % LETTER_DOTS == 0 {
            letter(&mut drawn, font::row(base, (y - 2) / LETTER_DOTS));
        }
        for x in drawn
            .iter()
            .enumerate()
            .filter_map(|(x, dot)| dot.then_some(x))
        {
            for at in left + x * wide..left + (x + 1) * wide {
                for row in &mut *rows {
                    if let Some(byte) = row.get_mut(at / 8) {
                        *byte |= 0x80 >> (at % 8);
                    }
                }
            }
        }
    }
}

/// How many dots of paper one dot of a letter is high.
const LETTER_DOTS: usize = 3;

/// One row of a letter's five dots, spread over the cell, with a blank column on its left.
fn letter(drawn: &mut [bool], row: u32) {
    let width = drawn.len();
    for (x, dot) in drawn.iter_mut().enumerate() {
        let from = x.checked_sub(1).map(|x| x * 6 / width.max(6));
        *dot = from.is_some_and(|from| from < 5 && row & (0x10 >> from) != 0);
    }
}

/// A frame with the character's pattern inside.
const fn block(x: usize, y: usize, width: usize, code: u32) -> bool {
    if x == 0 || x + 1 >= width || y < 2 || y + 2 >= LINE_DOTS {
        return false;
    }
    let frame = x == 1 || x + 2 == width || y == 2 || y + 3 == LINE_DOTS;
    let (bx, by) = ((x - 1) * 4 / (width - 2), (y - 2) * 4 / (LINE_DOTS - 4));
    frame || code & (1 << (by * 4 + bx)) != 0
}

/// The dots of a symbol: a QR code exactly; a linear barcode only as bars of its length.
pub(super) fn picture_of(symbol: &Symbol) -> Option<Picture> {
    let mut picture = if symbol.qr {
        qr(symbol)?
    } else {
        bars(&symbol.data)
    };
    picture.align = symbol.align;
    Some(picture)
}

fn qr(symbol: &Symbol) -> Option<Picture> {
    let level = match symbol.level {
        0 => qrcode::EcLevel::L,
        1 => qrcode::EcLevel::M,
        2 => qrcode::EcLevel::Q,
        _ => qrcode::EcLevel::H,
    };
    let code = qrcode::QrCode::with_error_correction_level(&symbol.data, level).ok()?;
    let (side, module) = (code.width(), usize::from(symbol.module.max(1)));
    let colors = code.to_colors();
    let width = side * module;
    let mut rows = Vec::with_capacity(width);
    for line in colors.chunks(side) {
        let dots = (0..width).map(|x| line.get(x / module) == Some(&qrcode::Color::Dark));
        let row = bits(dots, width.div_ceil(8));
        rows.extend(std::iter::repeat_n(row, module));
    }
    Some(Picture::of_rows(width, rows))
}

/// Bars that stand for a barcode: legible to nobody, and so never mistaken for one that is right.
fn bars(data: &[u8]) -> Picture {
    const HEIGHT: usize = 80;
    let width = 22 * data.len().clamp(4, 24);
    let dots = |x: usize| {
        data.get(x / 22)
            .is_none_or(|b| (usize::from(*b) >> (x % 22 / 3)) & 1 == 1)
    };
    let row = bits((0..width).map(dots), width.div_ceil(8));
    Picture::of_rows(width, vec![row; HEIGHT])
}
