//! A one-bit picture, stitched from the bands that a driver sends.

use super::super::tokens::{Align, Image};

/// The largest picture in bytes: 72 bytes a row, 58,000 rows, more than seven metres of paper.
pub const PICTURE_BYTES_MAX: usize = 4 << 20;

/// Rows of dots, 1 is black, most significant bit left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    rows: Vec<Vec<u8>>,
    /// Where it stands on the paper.
    pub align: Align,
}

impl Picture {
    /// A picture of `width` columns whose rows are packed bits, most significant bit left.
    pub fn of_rows(width: usize, rows: Vec<Vec<u8>>) -> Self {
        Self {
            width,
            rows,
            align: Align::Left,
        }
    }

    /// The packed rows.
    pub fn rows(&self) -> &[Vec<u8>] {
        &self.rows
    }

    /// The picture that a command carries, at the size it prints; nothing when it has no dots.
    pub(crate) fn of(image: &Image<'_>) -> Option<Self> {
        let (sx, sy) = (usize::from(image.scale.0), usize::from(image.scale.1));
        let width = image.width * sx;
        let stride = width.div_ceil(8);
        if image.width == 0 || image.height == 0 || stride * image.height * sy > PICTURE_BYTES_MAX {
            return None;
        }
        let mut rows = Vec::with_capacity(image.height * sy);
        for y in 0..image.height {
            let row = if !image.columns && sx == 1 {
                let from = y * stride;
                let mut row = image.data.get(from..).unwrap_or_default().to_vec();
                row.resize(stride, 0);
                row
            } else {
                bits((0..width).map(|x| image.dot(x / sx, y)), stride)
            };
            rows.extend(std::iter::repeat_n(row, sy));
        }
        Some(Self::of_rows(width, rows))
    }

    /// Columns in dots.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows in dots.
    pub const fn height(&self) -> usize {
        self.rows.len()
    }

    /// Whether the dot is black; white outside.
    pub fn dot(&self, x: usize, y: usize) -> bool {
        let byte = self
            .rows
            .get(y)
            .and_then(|r| r.get(x / 8))
            .copied()
            .unwrap_or(0);
        x < self.width && byte & (0x80 >> (x % 8)) != 0
    }

    /// How many dots are black.
    pub fn ink(&self) -> usize {
        let ones = |row: &Vec<u8>| {
            row.iter()
                .map(|b| usize::try_from(b.count_ones()).unwrap_or(0))
                .sum::<usize>()
        };
        self.rows.iter().map(ones).sum()
    }

    fn bytes(&self) -> usize {
        self.rows.len() * self.width.div_ceil(8)
    }

    pub(super) fn append_below(&mut self, band: &Self) {
        if self.bytes() + band.bytes() <= PICTURE_BYTES_MAX {
            self.width = self.width.max(band.width);
            self.rows.extend(band.rows.iter().cloned());
        }
    }

    /// Puts a band to the right of the last band, whose height it shares.
    pub(super) fn append_right(&mut self, band: &Self) {
        let top = self.rows.len().saturating_sub(band.height());
        let width = self.width;
        if (width + band.width).div_ceil(8) * self.rows.len() > PICTURE_BYTES_MAX {
            return;
        }
        self.width += band.width;
        let stride = self.width.div_ceil(8);
        for (y, row) in self.rows.iter_mut().enumerate().skip(top) {
            let old = row.clone();
            let dot = |x: usize| {
                let byte = old.get(x / 8).copied().unwrap_or(0);
                if x < width {
                    byte & (0x80 >> (x % 8)) != 0
                } else {
                    band.dot(x - width, y - top)
                }
            };
            *row = bits((0..width + band.width).map(dot), stride);
        }
    }
}

pub(crate) fn bits(dots: impl Iterator<Item = bool>, stride: usize) -> Vec<u8> {
    let mut row = vec![0; stride];
    for (x, black) in dots.enumerate() {
        if black && let Some(byte) = row.get_mut(x / 8) {
            *byte |= 0x80 >> (x % 8);
        }
    }
    row
}
