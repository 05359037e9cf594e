//! The decoders: `rxing` first, `rqrr` second, each behind a guard.

use super::{Gray, SIDE_MIN};
use rxing::common::HybridBinarizer;
use rxing::multi::MultipleBarcodeReader;
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets};
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, RXingResult, Reader};
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Once;

/// A code that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it says.
    pub text: String,
    /// Its centre in the picture, in pixels from the left and from the top.
    pub center: (f32, f32),
}

/// The place in the picture tells codes of one text apart for nobody.
impl Eq for Found {}

impl Found {
    pub(super) fn scaled(self, scale: f32) -> Self {
        let (x, y) = self.center;
        let center = (x * scale, y * scale);
        Self { center, ..self }
    }

    pub(super) fn moved(self, left: usize, top: usize) -> Self {
        let (x, y) = self.center;
        let center = (x + pixels(left), y + pixels(top));
        Self { center, ..self }
    }
}

fn pixels(n: usize) -> f32 {
    u16::try_from(n).map_or(f32::MAX, f32::from)
}

/// Something that reads the QR symbols of a picture.
pub trait Engine {
    /// Every symbol that it reads; none when it fails, for whatever reason.
    fn read(&self, picture: &Gray) -> Vec<Found>;
}

/// The `rxing` crate: its port of the C++ reader, then its port of the Java one.
#[derive(Clone, Copy, Debug)]
pub struct Rxing;

impl Engine for Rxing {
    fn read(&self, picture: &Gray) -> Vec<Found> {
        guarded(|| read_by_rxing(picture))
            .flatten()
            .unwrap_or_default()
    }
}

fn read_by_rxing(picture: &Gray) -> Option<Vec<Found>> {
    let mut bitmap = bitmap(picture)?;
    let hints = DecodeHints {
        PossibleFormats: Some([BarcodeFormat::QR_CODE].into()),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let several = QrReader.decode_multiple_with_hints(&mut bitmap, &hints);
    let several = several.unwrap_or_default();
    let results = if several.is_empty() {
        QRCodeReader
            .decode_with_hints(&mut bitmap, &hints)
            .into_iter()
            .collect()
    } else {
        several
    };
    Some(results.iter().map(found).collect())
}

fn found(result: &RXingResult) -> Found {
    let points = result.getPoints();
    let count = pixels(points.len().max(1));
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
    Found {
        text: result.getText().to_owned(),
        center: (x / count, y / count),
    }
}

fn bitmap(picture: &Gray) -> Option<BinaryBitmap<HybridBinarizer<Luma8Source<'_>>>> {
    if picture.width().min(picture.height()) < SIDE_MIN {
        return None;
    }
    let (width, height) = (picture.width(), picture.height());
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let source = Luma8Source::new_with_slice(picture.pixels(), width, height).ok()?;
    Some(BinaryBitmap::new(HybridBinarizer::new(source)))
}

/// The `rqrr` crate. It copies the picture for each candidate, so large ones are not given to it.
#[derive(Clone, Copy, Debug)]
pub struct Rqrr;

/// The most pixels that `rqrr` is given.
const RQRR_PIXELS_MAX: usize = 2 << 20;

impl Engine for Rqrr {
    fn read(&self, picture: &Gray) -> Vec<Found> {
        let (width, height) = (picture.width(), picture.height());
        if picture.pixels().len() > RQRR_PIXELS_MAX || width.min(height) < SIDE_MIN {
            return Vec::new();
        }
        guarded(|| read_by_rqrr(picture)).unwrap_or_default()
    }
}

fn read_by_rqrr(picture: &Gray) -> Vec<Found> {
    let (width, height) = (picture.width(), picture.height());
    let pixel = |x: usize, y: usize| picture.pixels()[y * width + x];
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    let grids = prepared.detect_grids();
    let read = grids.iter().filter_map(|grid| {
        let (_meta, text) = grid.decode().ok()?;
        let corner = |at: usize| {
            let at = grid.bounds[at];
            (f32::from(clamped(at.x)), f32::from(clamped(at.y)))
        };
        let ((left, top), (right, bottom)) = (corner(0), corner(2));
        let center = (f32::midpoint(left, right), f32::midpoint(top, bottom));
        Some(Found { text, center })
    });
    read.collect()
}

fn clamped(n: i32) -> u16 {
    u16::try_from(n.max(0)).unwrap_or(u16::MAX)
}

/// A rectangle of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Where three finder patterns stand like those of a symbol, best first.
pub(super) fn finder_places(picture: &Gray) -> Vec<Place> {
    guarded(|| {
        let bitmap = bitmap(picture)?;
        let mut patterns = FindFinderPatterns(bitmap.get_black_matrix(), true, 0);
        let sets = GenerateFinderPatternSets(&mut patterns);
        let corners = |set: &rxing::qrcode::cpp_port::detector::FinderPatternSet| {
            [set.bl, set.tl, set.tr].map(|pattern| (pattern.p.x, pattern.p.y))
        };
        Some(sets.iter().map(|set| place(corners(set))).collect())
    })
    .flatten()
    .unwrap_or_default()
}

/// The square that holds a symbol with finder patterns at these places, with room around it.
fn place([bottom_left, top_left, top_right]: [(f32, f32); 3]) -> Place {
    let opposite = (
        bottom_left.0 + top_right.0 - top_left.0,
        bottom_left.1 + top_right.1 - top_left.1,
    );
    let corners = [bottom_left, top_left, top_right, opposite];
    let least = |axis: fn(&(f32, f32)) -> f32| corners.iter().map(axis).fold(f32::MAX, f32::min);
    let most = |axis: fn(&(f32, f32)) -> f32| corners.iter().map(axis).fold(0.0, f32::max);
    let (left, right) = (least(|c| c.0), most(|c| c.0));
    let (top, bottom) = (least(|c| c.1), most(|c| c.1));
    // Finder centres lie 3.5 modules inside; the quiet zone takes 4 more.
    let room = (right - left).max(bottom - top) * 0.3 + 8.0;
    let (left, top) = (whole(left - room), whole(top - room));
    Place {
        left,
        top,
        width: whole(right + room).saturating_sub(left),
        height: whole(bottom + room).saturating_sub(top),
    }
}

/// A coordinate as a whole number within a picture's sides.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a picture's sides just before"
)]
fn whole(n: f32) -> usize {
    n.clamp(0.0, 32_768.0) as usize
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs somebody else's decoder: `None` when it panics.
///
/// A panic would also print itself. The hook that prints belongs to the whole process, so it is
/// wrapped once by one that stays silent on a thread that is inside of a guard, and calls the one
/// before it anywhere else.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.ok()
}
