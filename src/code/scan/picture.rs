//! Pictures in shades of grey, from PNG, JPEG or dots; bounded before anything is allocated.

use super::engine;
use png::Transformations;
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The longest side of a picture, in pixels.
pub const SIDE_MAX: usize = 16_384;
/// The most pixels of a picture: a phone's camera has 12 to 50 million.
pub const PIXELS_MAX: usize = 64 << 20;

/// A picture in shades of grey: 0 black, 255 white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gray {
    width: usize,
    pixels: Vec<u8>,
}

impl Gray {
    /// A picture of these pixels, row by row.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self, PictureError> {
        let needed = check_size(width, height)?;
        if pixels.len() != needed {
            let found = pixels.len();
            return Err(PictureError::Pixels { needed, found });
        }
        Ok(Self { width, pixels })
    }

    /// A picture of black and white dots.
    pub fn from_dots(
        width: usize,
        height: usize,
        is_dark: impl Fn(usize, usize) -> bool,
    ) -> Result<Self, PictureError> {
        check_size(width, height)?;
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| if is_dark(x, y) { 0 } else { 255 });
        Self::new(width, height, pixels.collect())
    }

    /// Reads a PNG or JPEG file's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        let decoder = match bytes {
            [0x89, b'P', b'N', b'G', ..] => decode_png,
            [0xFF, 0xD8, ..] => decode_jpeg,
            _ => return Err(PictureError::UnknownFormat),
        };
        engine::guarded(|| decoder(bytes)).unwrap_or_else(|| {
            Err(PictureError::Damaged {
                reason: "its decoder gave up".to_owned(),
            })
        })
    }

    /// How many pixels wide; never 0.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// How many pixels high; never 0.
    pub fn height(&self) -> usize {
        self.pixels.len() / self.width
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of each row.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width)
    }

    /// A part of it, as much of it as lies within.
    pub fn cropped(&self, left: usize, top: usize, width: usize, height: usize) -> Option<Self> {
        let right = left.saturating_add(width).min(self.width);
        let rows = self.rows().skip(top).take(height);
        let pixels: Vec<u8> = rows
            .filter_map(|row| row.get(left..right))
            .flatten()
            .copied()
            .collect();
        (!pixels.is_empty()).then(|| Self {
            width: right - left,
            pixels,
        })
    }

    /// For filters, whose sizes follow from a picture's.
    pub(super) fn of(width: usize, pixels: Vec<u8>) -> Self {
        debug_assert!(width > 0 && pixels.len().is_multiple_of(width));
        Self { width, pixels }
    }
}

fn check_size(width: usize, height: usize) -> Result<usize, PictureError> {
    let pixels = width.saturating_mul(height);
    if width == 0 || height == 0 || width.max(height) > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(PictureError::Size { width, height });
    }
    Ok(pixels)
}

fn decode_png(bytes: &[u8]) -> Result<Gray, PictureError> {
    let limits = png::Limits {
        bytes: 4 * PIXELS_MAX,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let (width, height) = decoder.read_header_info()?.size();
    let (width, height) = (to_usize(width), to_usize(height));
    check_size(width, height)?;
    let mut reader = decoder.read_info()?;
    let size = PictureError::Size { width, height };
    let mut samples = vec![0; reader.output_buffer_size().ok_or(size)?];
    let frame = reader.next_frame(&mut samples)?;
    samples.truncate(frame.buffer_size());
    let pixels = match frame.color_type {
        png::ColorType::Grayscale => samples,
        png::ColorType::GrayscaleAlpha => map(&samples, |[gray, alpha]| over_white(gray, alpha)),
        png::ColorType::Rgb => map(&samples, |[r, g, b]| luma(r, g, b)),
        png::ColorType::Rgba => map(&samples, |[r, g, b, a]| over_white(luma(r, g, b), a)),
        png::ColorType::Indexed => {
            let reason = "a palette was left".to_owned();
            return Err(PictureError::Damaged { reason });
        }
    };
    Gray::new(width, height, pixels)
}

fn decode_jpeg(bytes: &[u8]) -> Result<Gray, PictureError> {
    let options = DecoderOptions::new_safe()
        .set_max_width(SIDE_MAX)
        .set_max_height(SIDE_MAX)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    check_size(width, height)?;
    let pixels = decoder.decode().map_err(damaged)?;
    Gray::new(width, height, pixels)
}

fn map<const N: usize>(samples: &[u8], pixel: impl Fn([u8; N]) -> u8) -> Vec<u8> {
    let (samples, _rest) = samples.as_chunks::<N>();
    samples.iter().map(|sample| pixel(*sample)).collect()
}

/// ITU-R BT.601 luma in 8-bit fixed point.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 77 * u16::from(red) + 150 * u16::from(green) + 29 * u16::from(blue);
    sum.to_be_bytes()[0]
}

fn over_white(gray: u8, alpha: u8) -> u8 {
    let (gray, alpha) = (u16::from(gray), u16::from(alpha));
    let mixed = (gray * alpha + 255 * (255 - alpha)) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn damaged(error: impl std::fmt::Debug) -> PictureError {
    let mut reason = format!("{error:?}");
    if let Some((at, _c)) = reason.char_indices().nth(200) {
        reason.truncate(at);
    }
    PictureError::Damaged { reason }
}

impl From<png::DecodingError> for PictureError {
    fn from(error: png::DecodingError) -> Self {
        damaged(error.to_string())
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Neither PNG nor JPEG.
    #[error("read the picture: it is neither PNG nor JPEG")]
    UnknownFormat,
    /// No pixels, or too many.
    #[error(
        "read the picture: {width} by {height} pixels are not between 1 and {PIXELS_MAX} with \
         sides of at most {SIDE_MAX}"
    )]
    Size {
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// Not as many pixels as the size says.
    #[error("read the picture: it has {found} pixels where its size needs {needed}")]
    Pixels {
        /// How many there should be.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The file's bytes are damaged.
    #[error("read the picture: {reason}")]
    Damaged {
        /// What its decoder says.
        reason: String,
    },
}
