//! Symbols as people and printers take them: terminal text, PNG, SVG, JSON, printer bytes.
//!
//! Every form has the quiet zone of four modules that decoders need, and scales by whole numbers
//! only: a module of four and a half dots is two kinds of module to a scanner.

mod printer;

pub use printer::{BAND_ROWS_MAX, Raster, escpos_native, escpos_raster, star_native, star_raster};

use super::symbol::{QUIET_ZONE, Symbol};
use std::fmt::Write as _;

/// How a symbol is coloured on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Black on white by escape sequences: right on every terminal, also under NO_COLOR, since the
    /// colours carry the meaning.
    Explicit,
    /// No escape sequences; right on a terminal with light text on a dark ground.
    LightOnDark,
    /// No escape sequences; right on a terminal or paper with dark text on a light ground.
    DarkOnLight,
}

/// Black (16) on white (231) of the 256 colours, which themes do not change.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

/// The largest scale of a picture, in pixels a module.
pub const SCALE_MAX: usize = 64;

/// Two rows of modules a line, as half blocks; each line ends with a line feed.
pub fn unicode(symbol: &Symbol, ink: Ink) -> String {
    let side = symbol.size() + 2 * QUIET_ZONE;
    let mut out = String::with_capacity(side.div_ceil(2) * (side * 3 + 40));
    for y in (0..side).step_by(2) {
        if ink == Ink::Explicit {
            out.push_str(BLACK_ON_WHITE);
        }
        for x in 0..side {
            let inked = |y: usize| is_dark(symbol, x, y) != (ink == Ink::LightOnDark);
            // Below an odd number of rows there is the ground, which draws nothing.
            let below = y + 1 < side && inked(y + 1);
            out.push(match (inked(y), below) {
                (true, true) => '\u{2588}',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (false, false) => ' ',
            });
        }
        if ink == Ink::Explicit {
            out.push_str(RESET);
        }
        out.push('\n');
    }
    out
}

/// Two characters a module, `##` where it is dark (or light, when `inverted`).
pub fn ascii(symbol: &Symbol, inverted: bool) -> String {
    let side = symbol.size() + 2 * QUIET_ZONE;
    let row = |y: usize| {
        let module = |x| {
            if is_dark(symbol, x, y) == inverted {
                "  "
            } else {
                "##"
            }
        };
        (0..side).map(module).collect::<String>() + "\n"
    };
    (0..side).map(row).collect()
}

/// A PNG picture of one bit a pixel, `scale` (1 to [`SCALE_MAX`]) pixels a module.
pub fn png(symbol: &Symbol, scale: usize) -> Vec<u8> {
    let raster = Raster::of(symbol, scale);
    let side = u32::try_from(raster.width()).expect("at most 133 modules of 64 pixels");
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let light: Vec<u8> = raster.bytes().iter().map(|dots| !dots).collect();
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(&light)?;
            writer.finish()
        })
        .expect("a square of bits written into memory");
    out
}

/// An SVG picture, `scale` (1 to [`SCALE_MAX`]) pixels a module; one path, no script, no style.
pub fn svg(symbol: &Symbol, scale: usize) -> String {
    let side = symbol.size() + 2 * QUIET_ZONE;
    let pixels = side * scale.clamp(1, SCALE_MAX);
    let mut path = String::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let run = (x..side).take_while(|x| is_dark(symbol, *x, y)).count();
            if run > 0 {
                write!(path, "M{x} {y}h{run}v1h-{run}z").expect("a string takes any text");
            }
            x += run.max(1);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>\n"
    )
}

/// The modules without quiet zone as JSON: version, mask, size, and rows of `0` and `1` (dark).
pub fn json(symbol: &Symbol) -> serde_json::Value {
    let size = symbol.size();
    let row = |y| -> String {
        let module = |x| if symbol.is_dark(x, y) { '1' } else { '0' };
        (0..size).map(module).collect()
    };
    serde_json::json!({
        "version": symbol.version(),
        "mask": symbol.mask(),
        "size": size,
        "rows": (0..size).map(row).collect::<Vec<_>>(),
    })
}

/// Whether a module is dark, counted from the quiet zone's corner.
fn is_dark(symbol: &Symbol, x: usize, y: usize) -> bool {
    let inside = x.checked_sub(QUIET_ZONE).zip(y.checked_sub(QUIET_ZONE));
    inside.is_some_and(|(x, y)| symbol.is_dark(x, y))
}

#[cfg(test)]
mod tests;
