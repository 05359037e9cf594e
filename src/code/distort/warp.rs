//! Geometry of pictures: projection onto a quadrilateral, resizing, convolution.

use crate::code::scan::{Gray, SIDE_MAX};

/// A place in a picture, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Four corners: top left, top right, bottom right, bottom left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quad([Point; 4]);

impl Quad {
    pub(super) fn square(center: Point, side: f32) -> Self {
        let half = side / 2.0;
        let corner = |x: f32, y: f32| Point {
            x: center.x + x * half,
            y: center.y + y * half,
        };
        Self([
            corner(-1.0, -1.0),
            corner(1.0, -1.0),
            corner(1.0, 1.0),
            corner(-1.0, 1.0),
        ])
    }

    /// Turned around its centre.
    pub(super) fn turned(self, angle: f32) -> Self {
        let mean = |axis: fn(&Point) -> f32| self.0.iter().map(axis).sum::<f32>() / 4.0;
        let (cx, cy) = (mean(|p| p.x), mean(|p| p.y));
        let (sin, cos) = angle.sin_cos();
        Self(self.0.map(|Point { x, y }| Point {
            x: cx + (x - cx) * cos - (y - cy) * sin,
            y: cy + (x - cx) * sin + (y - cy) * cos,
        }))
    }

    /// Each corner moved by what is given for it.
    pub(super) fn pulled(self, by: impl Fn(u64) -> (f32, f32)) -> Self {
        let mut nth = 0;
        Self(self.0.map(|Point { x, y }| {
            let (dx, dy) = by(nth);
            nth += 1;
            Point {
                x: x + dx,
                y: y + dy,
            }
        }))
    }

    /// The map from the unit square to the quadrilateral, as the first eight of nine coefficients
    /// of a homography, after P. Heckbert, "Fundamentals of Texture Mapping" (1989), 2.2.3.
    fn map_from_unit(self) -> [f32; 9] {
        let [p0, p1, p2, p3] = self.0;
        let (dx1, dx2) = (p1.x - p2.x, p3.x - p2.x);
        let (dy1, dy2) = (p1.y - p2.y, p3.y - p2.y);
        let (sx, sy) = (p0.x - p1.x + p2.x - p3.x, p0.y - p1.y + p2.y - p3.y);
        let det = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det);
        [
            p1.x - p0.x + g * p1.x,
            p3.x - p0.x + h * p3.x,
            p0.x,
            p1.y - p0.y + g * p1.y,
            p3.y - p0.y + h * p3.y,
            p0.y,
            g,
            h,
            1.0,
        ]
    }

    /// The map back, from pixels to the unit square, up to a factor.
    fn map_to_unit(self) -> [f32; 9] {
        let [a, b, c, d, e, f, g, h, i] = self.map_from_unit();
        [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ]
    }
}

/// A picture of `size` in which `picture` fills the quadrilateral, on some ground.
pub(super) fn project(
    picture: &Gray,
    quad: Quad,
    size: (usize, usize),
    ground: impl Fn(usize, usize) -> u8,
) -> Gray {
    let [a, b, c, d, e, f, g, h, i] = quad.map_to_unit();
    let (width, height) = (real(picture.width()), real(picture.height()));
    let pixel = |x: usize, y: usize| {
        let (px, py) = (real(x) + 0.5, real(y) + 0.5);
        let w = g * px + h * py + i;
        let (u, v) = ((a * px + b * py + c) / w, (d * px + e * py + f) / w);
        if (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v) {
            sample(picture, u * width - 0.5, v * height - 0.5)
        } else {
            ground(x, y)
        }
    };
    let (wide, high) = (size.0.clamp(1, SIDE_MAX), size.1.clamp(1, SIDE_MAX));
    let places = (0..high).flat_map(|y| (0..wide).map(move |x| (x, y)));
    let pixels = places.map(|(x, y)| pixel(x, y)).collect();
    Gray::new(wide, high, pixels).expect("the size was clamped")
}

/// The picture at a place between pixels.
fn sample(picture: &Gray, x: f32, y: f32) -> u8 {
    let (x, y) = (x.max(0.0), y.max(0.0));
    let (left, top) = (whole(x.floor()), whole(y.floor()));
    let (right, part) = (x - x.floor(), y - y.floor());
    let at = |x: usize, y: usize| {
        let (x, y) = (x.min(picture.width() - 1), y.min(picture.height() - 1));
        f32::from(picture.pixels()[y * picture.width() + x])
    };
    let above = at(left, top) * (1.0 - right) + at(left + 1, top) * right;
    let below = at(left, top + 1) * (1.0 - right) + at(left + 1, top + 1) * right;
    shade(above * (1.0 - part) + below * part)
}

/// The picture scaled by averaging: each pixel is the mean of the area it stands for.
pub(super) fn resized(picture: &Gray, scale: f32) -> Gray {
    let side = |n: usize| whole((real(n) * scale).round()).clamp(1, SIDE_MAX);
    let (width, height) = (side(picture.width()), side(picture.height()));
    let bounds = |at: usize, of: usize, source: usize| {
        let from = at * source / of;
        from..((at + 1) * source / of).max(from + 1)
    };
    let mean = |x: usize, y: usize| {
        let columns = bounds(x, width, picture.width());
        let rows = bounds(y, height, picture.height());
        let count = real(columns.len() * rows.len());
        let sum: f32 = rows
            .filter_map(|row| {
                let start = row * picture.width();
                picture
                    .pixels()
                    .get(start + columns.start..start + columns.end)
            })
            .flatten()
            .map(|pixel| f32::from(*pixel))
            .sum();
        shade(sum / count)
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels = places.map(|(x, y)| mean(x, y)).collect();
    Gray::new(width, height, pixels).expect("the size was clamped")
}

/// Each pixel the weighted mean of those along a direction, centred on it.
pub(super) fn convolved(picture: &Gray, weights: &[f32], (dx, dy): (isize, isize)) -> Gray {
    let (width, height) = (picture.width(), picture.height());
    let total: f32 = weights.iter().sum();
    let half = weights.len() / 2;
    let along = |start: usize, step: isize, at: usize, end: usize| {
        let moved = start.saturating_add_signed(step * at.cast_signed());
        let back = moved.saturating_add_signed(-step * half.cast_signed());
        back.min(end - 1)
    };
    let pixel = |x: usize, y: usize| {
        let sum: f32 = weights
            .iter()
            .enumerate()
            .map(|(at, weight)| {
                let (x, y) = (along(x, dx, at, width), along(y, dy, at, height));
                weight * f32::from(picture.pixels()[y * width + x])
            })
            .sum();
        shade(sum / total)
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels = places.map(|(x, y)| pixel(x, y)).collect();
    Gray::new(width, height, pixels).expect("the size is the picture's")
}

/// A count of pixels as a length.
#[expect(
    clippy::cast_precision_loss,
    reason = "a picture's counts are far below 2^24, or need no last digit"
)]
pub(super) const fn real(n: usize) -> f32 {
    n as f32
}

/// A length as a count of pixels, cut off below.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a picture's sides just before"
)]
pub(super) fn whole(n: f32) -> usize {
    n.clamp(0.0, 32_768.0) as usize
}

/// A brightness as a pixel.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a pixel's range just before"
)]
pub(super) fn shade(brightness: f32) -> u8 {
    brightness.round().clamp(0.0, 255.0) as u8
}
