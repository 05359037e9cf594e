//! What paper and a phone's camera do to a printed symbol: the scanner's test set, and what a
//! scenario means by damaged paper.
//!
//! Every distortion is a function of the picture, its severity and keyed draws, so the same seed
//! gives the same damage. Lengths are measured in modules, since that is what a decoder feels.

mod warp;

use super::scan::Gray;
use crate::chance::{Chance, below};
use warp::{Point, Quad, real, shade, whole};

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Turned, up to 45 degrees.
    Rotate,
    /// Seen from the side.
    Perspective,
    /// Out of focus.
    Blur,
    /// The hand moved.
    Motion,
    /// Too little light for the sensor.
    Noise,
    /// Faded, or printed pale.
    Contrast,
    /// Dead heater elements: white lines along the paper.
    Thermal,
    /// A gradient and a shadow's edge.
    Light,
    /// Too few pixels a module.
    LowResolution,
    /// Folded across the symbol.
    Fold,
    /// Something lies on it: a finger, a stamp.
    Overlay,
    /// A corner is missing.
    Tear,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Rotate,
        Self::Perspective,
        Self::Blur,
        Self::Motion,
        Self::Noise,
        Self::Contrast,
        Self::Thermal,
        Self::Light,
        Self::LowResolution,
        Self::Fold,
        Self::Overlay,
        Self::Tear,
    ];

    /// Its one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Perspective => "perspective",
            Self::Blur => "blur",
            Self::Motion => "motion",
            Self::Noise => "noise",
            Self::Contrast => "contrast",
            Self::Thermal => "thermal",
            Self::Light => "light",
            Self::LowResolution => "lowres",
            Self::Fold => "fold",
            Self::Overlay => "overlay",
            Self::Tear => "tear",
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Every day.
    Slight,
    /// Often.
    Marked,
    /// The worst that people still try to scan.
    Severe,
}

impl Severity {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Slight, Self::Marked, Self::Severe];

    const fn of<T: Copy>(self, [slight, marked, severe]: [T; 3]) -> T {
        match self {
            Self::Slight => slight,
            Self::Marked => marked,
            Self::Severe => severe,
        }
    }
}

/// Distorts a picture whose modules are `module` pixels wide.
pub fn distort(
    picture: &Gray,
    module: usize,
    family: Family,
    severity: Severity,
    chance: &Chance,
) -> Gray {
    let draws = Draws { chance, family };
    let module = real(module);
    match family {
        Family::Rotate => rotate(picture, severity, draws),
        Family::Perspective => perspective(picture, severity, draws),
        Family::Blur => blur(picture, module * severity.of([0.35, 0.5, 0.65])),
        Family::Motion => motion(picture, module * severity.of([0.8, 1.2, 1.7]), draws),
        Family::Noise => noise(picture, severity.of([18, 38, 60]), draws),
        Family::Contrast => contrast(picture, severity.of([90.0, 45.0, 24.0]), draws),
        Family::Thermal => thermal(picture, module, severity.of([3, 7, 14]), draws),
        Family::Light => light(picture, severity.of([0.55, 0.4, 0.25]), draws),
        Family::LowResolution => warp::resized(picture, severity.of([3.0, 2.4, 1.9]) / module),
        Family::Fold => fold(picture, module * severity.of([0.3, 0.6, 0.9]), draws),
        Family::Overlay => overlay(picture, severity.of([0.08, 0.13, 0.18]), draws),
        Family::Tear => tear(picture, severity.of([0.1, 0.25, 0.45]), draws),
    }
}

/// A phone's frame of 1280 by 720 pixels with the paper somewhere on a table: seen from the side,
/// in uneven light, with dead heater lines, blurred and noisy.
pub fn phone_frame(picture: &Gray, module: usize, severity: Severity, chance: &Chance) -> Gray {
    const FRAME: (usize, usize) = (1280, 720);
    let draws = Draws {
        chance,
        family: Family::Perspective,
    };
    let worn = thermal(picture, real(module), severity.of([0, 1, 3]), draws);
    let side = real(FRAME.1) * severity.of([0.75, 0.6, 0.48]);
    let tilt = severity.of([0.05, 0.09, 0.13]) * side;
    let turn = draws.between("turn", 0, -1.0, 1.0) * severity.of([0.1, 0.3, 0.7]);
    let room = (real(FRAME.0) - 1.4 * side, real(FRAME.1) - 1.4 * side);
    let center = Point {
        x: 0.7 * side + draws.between("place", 0, 0.0, room.0),
        y: 0.7 * side + draws.between("place", 1, 0.0, room.1.max(1.0)),
    };
    let quad = Quad::square(center, side).turned(turn).pulled(|nth| {
        let pull = |axis: u64| draws.between("tilt", 2 * nth + axis, -tilt, tilt);
        (pull(0), pull(1))
    });
    let table = |x: usize, y: usize| {
        let key = [x / 3, y / 5].map(usize::to_be_bytes).concat();
        let grain = below(chance.draw("table", &key, 0), 50);
        u8::try_from(90 + grain).unwrap_or(u8::MAX)
    };
    let frame = warp::project(&worn, quad, FRAME, table);
    let lit = light(&frame, severity.of([0.7, 0.55, 0.4]), draws);
    // In the frame a module is as wide as the paper's place there makes it.
    let module = side / real(picture.width()) * real(module);
    let blurred = blur(&lit, module * severity.of([0.15, 0.3, 0.38]));
    noise(&blurred, severity.of([4, 9, 16]), draws)
}

#[derive(Clone, Copy)]
struct Draws<'a> {
    chance: &'a Chance,
    family: Family,
}

impl Draws<'_> {
    /// A number between two others.
    fn between(self, purpose: &str, nth: u64, least: f32, most: f32) -> f32 {
        const STEPS: u16 = 10_000;
        let key = self.family.word().as_bytes();
        let drawn = below(self.chance.draw(purpose, key, nth), STEPS.into());
        let part = f32::from(u16::try_from(drawn).unwrap_or(STEPS)) / f32::from(STEPS);
        least + (most - least) * part
    }
}

fn rotate(picture: &Gray, severity: Severity, draws: Draws<'_>) -> Gray {
    let degrees: f32 = severity.of([8.0, 22.0, 45.0]);
    let angle = draws.between("angle", 0, 0.5, 1.0) * degrees.to_radians();
    let side = real(picture.width().max(picture.height()));
    let room = side * 1.45;
    let center = Point {
        x: room / 2.0,
        y: room / 2.0,
    };
    let quad = Quad::square(center, side).turned(angle);
    warp::project(picture, quad, (whole(room), whole(room)), |_x, _y| 255)
}

fn perspective(picture: &Gray, severity: Severity, draws: Draws<'_>) -> Gray {
    let (width, height) = (picture.width(), picture.height());
    let side = real(width.max(height));
    let most = side * severity.of([0.08, 0.15, 0.22]);
    let center = Point {
        x: side / 2.0,
        y: side / 2.0,
    };
    let quad = Quad::square(center, side).pulled(|nth| {
        let inward = |axis: u64| draws.between("corner", 2 * nth + axis, 0.0, most);
        let (x, y) = (inward(0), inward(1));
        match nth {
            0 => (x, y),
            1 => (-x, y),
            2 => (-x, -y),
            _ => (x, -y),
        }
    });
    warp::project(picture, quad, (width, height), |_x, _y| 255)
}

/// A Gaussian of this deviation, in pixels.
fn blur(picture: &Gray, deviation: f32) -> Gray {
    let reach = whole((deviation * 3.0).ceil()).clamp(1, 60);
    let weight = |at: usize| (-(real(at) / deviation.max(0.1)).powi(2) / 2.0).exp();
    let weights: Vec<f32> = (0..=2 * reach)
        .map(|at| weight(at.abs_diff(reach)))
        .collect();
    let across = warp::convolved(picture, &weights, (1, 0));
    warp::convolved(&across, &weights, (0, 1))
}

fn motion(picture: &Gray, length: f32, draws: Draws<'_>) -> Gray {
    let weights = vec![1.0; whole(length.round()).max(1)];
    let directions = [(1, 0), (0, 1), (1, 1), (1, -1)];
    let which = whole(draws.between("direction", 0, 0.0, 3.999));
    warp::convolved(picture, &weights, directions[which.min(3)])
}

/// Noise of nearly normal distribution: the sum of four draws of 16 bits, scaled.
fn noise(picture: &Gray, deviation: i32, draws: Draws<'_>) -> Gray {
    let width = picture.width();
    let pixels = picture.pixels().iter().enumerate().map(|(at, pixel)| {
        let (row, column) = ((at / width).to_be_bytes(), (at % width) as u64);
        let bits = draws.chance.draw("noise", &row, column);
        let lanes = (0..4).map(|lane| lane_of(bits, lane));
        // Four uniform draws of 0..65536 have a standard deviation of 37,837 in sum.
        let away = (lanes.sum::<i32>() - 131_070) * deviation / 37_837;
        let noisy = (i32::from(*pixel) + away).clamp(0, 255);
        u8::try_from(noisy).unwrap_or(u8::MAX)
    });
    rebuilt(width, pixels.collect())
}

/// One of four lanes of 16 bits.
fn lane_of(bits: u64, lane: u32) -> i32 {
    i32::try_from(bits >> (16 * lane) & 0xFFFF).unwrap_or(0)
}

fn contrast(picture: &Gray, range: f32, draws: Draws<'_>) -> Gray {
    let dark = draws.between("level", 0, 20.0, 235.0 - range);
    let pixel = |pixel: &u8| shade(dark + f32::from(*pixel) / 255.0 * range);
    rebuilt(
        picture.width(),
        picture.pixels().iter().map(pixel).collect(),
    )
}

/// Dead heater elements: lines of one dot, a fifth of a module, all the way down.
fn thermal(picture: &Gray, module: f32, lines: u64, draws: Draws<'_>) -> Gray {
    let dot = whole((module / 5.0).round()).max(1);
    let width = picture.width();
    let dead: Vec<usize> = (0..lines)
        .map(|nth| whole(draws.between("line", nth, 0.1, 0.9) * real(width)))
        .collect();
    let is_dead = |x: usize| dead.iter().any(|line| (*line..*line + dot).contains(&x));
    let columns: Vec<bool> = (0..width).map(is_dead).collect();
    let pixels = picture.pixels().iter().enumerate();
    let pixels = pixels.map(|(at, pixel)| if columns[at % width] { 255 } else { *pixel });
    rebuilt(width, pixels.collect())
}

/// Light that falls off towards one side, and a shadow with an edge.
fn light(picture: &Gray, least: f32, draws: Draws<'_>) -> Gray {
    let (width, height) = (real(picture.width()), real(picture.height()));
    let angle = draws.between("light", 0, 0.0, std::f32::consts::TAU);
    let (along, up) = (angle.cos(), angle.sin());
    let edge = draws.between("shadow", 0, -0.2, 0.2);
    let slope = draws.between("shadow", 1, -1.0, 1.0);
    let pixels = picture.pixels().iter().enumerate().map(|(at, pixel)| {
        let x = real(at % picture.width()) / width - 0.5;
        let y = real(at / picture.width()) / height - 0.5;
        let even = 1.0 - (1.0 - least) * (x * along + y * up + 0.5).clamp(0.0, 1.0);
        let shadow = if y > edge + slope * x {
            1.0
        } else {
            f32::midpoint(least, 1.0)
        };
        shade(f32::from(*pixel) * even * shadow)
    });
    rebuilt(picture.width(), pixels.collect())
}

/// The part below a line is shifted sideways, and the crease has lost its ink.
fn fold(picture: &Gray, shift: f32, draws: Draws<'_>) -> Gray {
    let (width, height) = (picture.width(), picture.height());
    let crease = draws.between("crease", 0, 0.3, 0.7) * real(height);
    let slope = draws.between("slope", 0, -0.15, 0.15);
    let shift = whole(shift.round());
    let from = |x: usize, y: usize| {
        let below = real(y) - crease - slope * real(x);
        let moved = if below > 0.0 {
            x.checked_sub(shift)
        } else {
            Some(x)
        };
        let source = moved.and_then(|x| picture.pixels().get(y * width + x));
        let pixel = source.copied().unwrap_or(255);
        if below.abs() < 1.5 {
            pixel.max(200)
        } else {
            pixel
        }
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    rebuilt(width, places.map(|(x, y)| from(x, y)).collect())
}

/// A round thing of one shade, whose diameter is this part of the side, away from the corners.
fn overlay(picture: &Gray, part: f32, draws: Draws<'_>) -> Gray {
    let (width, height) = (picture.width(), picture.height());
    let side = real(width.min(height));
    let (x, y) = (
        draws.between("place", 0, 0.45, 0.7) * real(width),
        draws.between("place", 1, 0.45, 0.7) * real(height),
    );
    let ink = shade(draws.between("ink", 0, 0.0, 255.0));
    let covered = |at: usize| {
        let (dx, dy) = (real(at % width) - x, real(at / width) - y);
        dx.hypot(dy) < side * part / 2.0
    };
    let pixels = picture.pixels().iter().enumerate();
    let pixels = pixels.map(|(at, pixel)| if covered(at) { ink } else { *pixel });
    rebuilt(width, pixels.collect())
}

/// The lower right corner is torn off, this part of the side long; the table is dark.
fn tear(picture: &Gray, part: f32, draws: Draws<'_>) -> Gray {
    const TABLE: u8 = 110;
    let (width, height) = (picture.width(), picture.height());
    let slope = draws.between("slope", 0, 0.8, 1.2);
    let reach = real(width) * part;
    let torn = |at: usize| {
        let right = real(width - at % width);
        let bottom = real(height - at / width);
        right + slope * bottom < 2.0 * reach
    };
    let pixels = picture.pixels().iter().enumerate();
    let pixels = pixels.map(|(at, pixel)| if torn(at) { TABLE } else { *pixel });
    rebuilt(width, pixels.collect())
}

/// A picture of the size of the one its pixels were made from.
fn rebuilt(width: usize, pixels: Vec<u8>) -> Gray {
    let height = pixels.len() / width;
    Gray::new(width, height, pixels).expect("a picture's size is a picture's size")
}

#[cfg(test)]
mod tests;
