//! QR symbols (ISO/IEC 18004, model 2, level M) for links and for other payment texts.
//!
//! Segments are explicit: what stands before a link's digits is a byte segment, the digits are a
//! numeric one. An encoder that takes one mode for the whole would need version 15 where 9 or 10
//! is enough.
//!
//! Why the `qrcode` crate's parts and not its whole: it spends nine tenths of its time choosing
//! the mask, module by module. Here `bits`, `ec` and `canvas` are its own, and the mask is
//! chosen by the same full penalty on whole rows at a time (module `mask`).

mod mask;

use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, Module};
use qrcode::types::{Color, EcLevel, Mode, Version};
use std::sync::OnceLock;

/// The largest version drawn: 125 modules, which still fit a 128-bit row.
pub const VERSION_MAX: u8 = 27;
/// How many light modules surround a symbol on each side.
pub const QUIET_ZONE: usize = 4;
/// The widest paper that counts as 58 mm paper, in dots at 203 dpi.
pub const NARROW_PAPER_DOTS: usize = 384;
/// The largest version that is printed on 58 mm paper.
pub const NARROW_VERSION_MAX: u8 = 14;
/// The fewest dots a module may have: 0.5 mm at 203 dpi, where four of five captures are read.
pub const DOTS_MIN: usize = 4;
/// The most dots a module is given: 0.75 mm, where every capture is read. More only costs paper.
pub const DOTS_MAX: usize = 6;

/// A finished symbol: square, masked, without its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    version: u8,
    mask: u8,
    /// One word per row; bit `x` is the module at column `x`.
    rows: Vec<u128>,
}

impl Symbol {
    /// The smallest symbol of a text. A link's digits become a numeric segment.
    pub fn encode(text: &str) -> Result<Self, SymbolError> {
        let segments = segments(text);
        let version =
            smallest_version(&segments).ok_or(SymbolError::TooLong { len: text.len() })?;
        let normal = Version::Normal(version.into());
        let (data, ec) = codewords(normal, &segments).map_err(|error| SymbolError::Encoder {
            reason: error.to_string(),
        })?;
        let blank = Blank::of(version);
        let mut canvas = blank.canvas.clone();
        canvas.draw_data(&data, &ec);
        let dark = rows(&canvas.into_colors(), |color| *color == Color::Dark);
        let (mask, rows) = mask::apply_best(&dark, &blank.data);
        Ok(Self {
            version,
            mask,
            rows,
        })
    }

    /// Its version: 1 to [`VERSION_MAX`].
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// Its mask: 0 to 7.
    pub const fn mask(&self) -> u8 {
        self.mask
    }

    /// How many modules it has on each side.
    pub const fn size(&self) -> usize {
        self.rows.len()
    }

    /// Whether the module in column `x` of row `y` is dark; outside of the symbol none is.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        self.rows
            .get(y)
            .is_some_and(|row| x < self.size() && row >> x & 1 == 1)
    }

    /// How many dots of the printer a module gets on paper so many dots wide, from
    /// [`DOTS_MIN`] to [`DOTS_MAX`], the quiet zone included.
    pub fn dots_per_module(&self, paper_dots: usize) -> Result<usize, SymbolError> {
        let version = self.version;
        if paper_dots <= NARROW_PAPER_DOTS && version > NARROW_VERSION_MAX {
            return Err(SymbolError::TooLargeForNarrowPaper { version });
        }
        let dots = paper_dots / (self.size() + 2 * QUIET_ZONE);
        if dots < DOTS_MIN {
            return Err(SymbolError::TooDense {
                version,
                dots,
                paper_dots,
            });
        }
        Ok(dots.min(DOTS_MAX))
    }
}

/// A part of the text, in the mode that is shortest for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment<'a> {
    Byte(&'a [u8]),
    Numeric(&'a [u8]),
}

impl Segment<'_> {
    const fn bytes(&self) -> &[u8] {
        match self {
            Self::Byte(bytes) | Self::Numeric(bytes) => bytes,
        }
    }

    const fn mode(&self) -> Mode {
        match self {
            Self::Byte(_) => Mode::Byte,
            Self::Numeric(_) => Mode::Numeric,
        }
    }

    fn bits(&self, version: Version) -> usize {
        let (mode, len) = (self.mode(), self.bytes().len());
        4 + mode.length_bits_count(version) + mode.data_bits_count(len)
    }
}

/// The text before its trailing digits, and those digits. A few digits are not worth a segment.
fn segments(text: &str) -> Vec<Segment<'_>> {
    const DIGITS_MIN: usize = 12;
    let bytes = text.as_bytes();
    let prefix = bytes.iter().rposition(|b| !b.is_ascii_digit());
    let (front, digits) = bytes.split_at(prefix.map_or(0, |at| at + 1));
    match (front.is_empty(), digits.len() >= DIGITS_MIN) {
        (true, _) if !digits.is_empty() => vec![Segment::Numeric(digits)],
        (false, true) => vec![Segment::Byte(front), Segment::Numeric(digits)],
        _ => vec![Segment::Byte(bytes)],
    }
}

fn smallest_version(segments: &[Segment<'_>]) -> Option<u8> {
    (1..=VERSION_MAX).find(|version| {
        let version = Version::Normal((*version).into());
        let needed: usize = segments.iter().map(|segment| segment.bits(version)).sum();
        let capacity = Bits::new(version).max_len(EcLevel::M);
        capacity.is_ok_and(|capacity| needed <= capacity)
    })
}

fn codewords(
    version: Version,
    segments: &[Segment<'_>],
) -> Result<(Vec<u8>, Vec<u8>), qrcode::types::QrError> {
    let mut bits = Bits::new(version);
    for segment in segments {
        match segment {
            Segment::Byte(bytes) => bits.push_byte_data(bytes)?,
            Segment::Numeric(digits) => bits.push_numeric_data(digits)?,
        }
    }
    bits.push_terminator(EcLevel::M)?;
    qrcode::ec::construct_codewords(&bits.into_bytes(), version, EcLevel::M)
}

/// What all symbols of a version have in common: made once, then shared.
struct Blank {
    /// The functional patterns, light where the format information will stand.
    canvas: Canvas,
    /// The modules that a mask may invert: data, error correction, remainder.
    data: Vec<u128>,
}

impl Blank {
    fn of(version: u8) -> &'static Self {
        static BLANKS: [OnceLock<Blank>; VERSION_MAX as usize + 1] =
            [const { OnceLock::new() }; VERSION_MAX as usize + 1];
        BLANKS[usize::from(version)].get_or_init(|| {
            let version = Version::Normal(version.into());
            let mut canvas = Canvas::new(version, EcLevel::M);
            canvas.draw_all_functional_patterns();
            let width = version.width();
            let places = (0..width).flat_map(|y| (0..width).map(move |x| (x, y)));
            let modules: Vec<_> = places.map(|(x, y)| canvas.get(x, y)).collect();
            let data = rows(&modules, |module| *module == Module::Empty);
            Self { canvas, data }
        })
    }
}

/// Rows of bits from a square of modules.
fn rows<T>(modules: &[T], is_set: impl Fn(&T) -> bool) -> Vec<u128> {
    let row = |row: &[T]| {
        let bits = row.iter().rev();
        bits.fold(0, |bits, module| bits << 1 | u128::from(is_set(module)))
    };
    modules
        .chunks(modules.len().isqrt().max(1))
        .map(row)
        .collect()
}

/// Why there is no symbol, or none that may be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// More than the largest version holds.
    #[error("draw the symbol: {len} bytes do not fit version {VERSION_MAX}")]
    TooLong {
        /// How long the text is.
        len: usize,
    },
    /// The encoder refused the segments.
    #[error("draw the symbol: {reason}")]
    Encoder {
        /// What it said.
        reason: String,
    },
    /// Too few dots a module.
    #[error(
        "print the symbol: version {version} leaves {dots} dots a module on paper {paper_dots} \
         dots wide, and phones need {DOTS_MIN}; use wider paper, or leave out the inline \
         certificate or the order's optional fields"
    )]
    TooDense {
        /// The symbol's version.
        version: u8,
        /// What would be left.
        dots: usize,
        /// How wide the paper is.
        paper_dots: usize,
    },
    /// Beyond what 58 mm paper may carry.
    #[error(
        "print the symbol: version {version} is more than the {NARROW_VERSION_MAX} that 58 mm \
         paper may carry; use wider paper, or leave out the inline certificate or the order's \
         optional fields"
    )]
    TooLargeForNarrowPaper {
        /// The symbol's version.
        version: u8,
    },
}

#[cfg(test)]
mod tests;
