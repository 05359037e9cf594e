//! Reading codes from pictures: engines, and a ladder of cheap preprocessed retries.
//!
//! Why a ladder: on phone pictures one engine alone reads 70 %, the same engine over a dozen
//! filtered copies 90 %, at the same median cost, since the first copies are small and most
//! pictures end there. Why engines run behind a guard: one of them panics on some pictures, and a
//! picture must never stop the program.
//!
//! Nothing here reads a clock: whoever scans says before each step whether there is time left.

mod blocks;
mod engine;
mod filter;
mod picture;

pub use blocks::{BLOCK_LINES_MAX, pictures_of_text};
pub use engine::{Engine, Found, Rqrr, Rxing};
pub use picture::{Gray, PIXELS_MAX, PictureError, SIDE_MAX};

/// One rung of the ladder: what is done to the picture before an engine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing.
    Original,
    /// A quarter of the size: closes white gaps of dead heater lines, averages noise.
    Quarter,
    /// Half of the size.
    Half,
    /// The mean of three by three pixels.
    Blur,
    /// Half of the size, the local contrast made even.
    HalfLevelled,
    /// The darkest of three by three pixels: closes thin white gaps.
    Darkest,
    /// The darkest of five by five pixels, then half of the size.
    HalfDarkest,
    /// Each place that has finder patterns, cut out and doubled: as it is, blurred, levelled.
    EnlargedCrops,
    /// Light modules on a dark ground.
    Inverted,
    /// The second engine, on the original, its half and its half levelled.
    SecondEngine,
}

impl Step {
    /// All, in the order in which they are taken: the cheap and the fruitful first.
    pub const LADDER: [Self; 10] = [
        Self::Original,
        Self::Quarter,
        Self::Half,
        Self::Blur,
        Self::HalfLevelled,
        Self::Darkest,
        Self::HalfDarkest,
        Self::EnlargedCrops,
        Self::Inverted,
        Self::SecondEngine,
    ];
}

/// What a scan gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Every code that was read, wanted or not, each once, in the order of reading.
    pub codes: Vec<Found>,
    /// The step that read a wanted one.
    pub step: Option<Step>,
    /// How many steps were taken.
    pub steps_taken: usize,
}

impl Scan {
    /// The wanted code, if one was read.
    pub fn wanted(&self, is_wanted: impl Fn(&str) -> bool) -> Option<&Found> {
        self.codes.iter().find(|found| is_wanted(&found.text))
    }
}

/// The smallest side that is scanned: a version 1 symbol of one pixel a module.
const SIDE_MIN: usize = 21;
/// The most finder places that are enlarged.
const CROPS_MAX: usize = 4;

/// Climbs the ladder until a code that `is_wanted` is read, or `goes_on` says no. A picture may
/// hold several codes: all that a step reads are returned, and a step that reads only unwanted
/// ones does not end the climb.
pub fn scan(
    picture: &Gray,
    is_wanted: impl Fn(&str) -> bool,
    mut goes_on: impl FnMut(Step) -> bool,
) -> Scan {
    let mut out = Scan::default();
    for step in Step::LADDER {
        if !goes_on(step) {
            break;
        }
        out.steps_taken += 1;
        for found in take(step, picture) {
            if is_wanted(&found.text) && out.step.is_none() {
                out.step = Some(step);
            }
            if !out.codes.iter().any(|code| code.text == found.text) {
                out.codes.push(found);
            }
        }
        if out.step.is_some() {
            break;
        }
    }
    out
}

/// A budget of so many steps, for [`scan`].
pub fn steps(count: usize) -> impl FnMut(Step) -> bool {
    let mut left = count;
    move |_step| {
        let goes_on = left > 0;
        left = left.saturating_sub(1);
        goes_on
    }
}

/// The whole ladder, for [`scan`].
pub const fn all_steps(_step: Step) -> bool {
    true
}

fn take(step: Step, picture: &Gray) -> Vec<Found> {
    let read = |picture: &Gray, scale: f32| -> Vec<Found> {
        let found = Rxing.read(picture);
        found.into_iter().map(|code| code.scaled(scale)).collect()
    };
    match step {
        Step::Original => read(picture, 1.0),
        Step::Quarter => read(&filter::half(&filter::half(picture)), 4.0),
        Step::Half => read(&filter::half(picture), 2.0),
        Step::Blur => read(&filter::blur(picture), 1.0),
        Step::HalfLevelled => read(&filter::levelled(&filter::half(picture)), 2.0),
        Step::Darkest => read(&filter::darkest(picture), 1.0),
        Step::HalfDarkest => {
            let twice = filter::darkest(&filter::darkest(picture));
            read(&filter::half(&twice), 2.0)
        }
        Step::EnlargedCrops => enlarged_crops(picture),
        Step::Inverted => read(&filter::inverted(picture), 1.0),
        Step::SecondEngine => {
            let half = filter::half(picture);
            let levelled = filter::levelled(&half);
            let copies = [(picture, 1.0), (&half, 2.0), (&levelled, 2.0)];
            let mut found = copies
                .into_iter()
                .map(|(copy, scale)| (Rqrr.read(copy), scale))
                .find(|(found, _scale)| !found.is_empty())
                .unwrap_or_default();
            found.0.drain(..).map(|code| code.scaled(found.1)).collect()
        }
    }
}

fn enlarged_crops(picture: &Gray) -> Vec<Found> {
    let mut out = Vec::new();
    for place in engine::finder_places(picture).into_iter().take(CROPS_MAX) {
        let Some(crop) = picture.cropped(place.left, place.top, place.width, place.height) else {
            continue;
        };
        let smooth = || filter::double(&filter::blur(&crop));
        let copy = |nth: u8| match nth {
            0 => filter::double(&crop),
            1 => smooth(),
            _ => filter::levelled(&smooth()),
        };
        let mut read = (0..3).map(|nth| Rxing.read(&copy(nth)));
        let found = read.find(|found| !found.is_empty());
        for found in found.unwrap_or_default() {
            out.push(found.scaled(0.5).moved(place.left, place.top));
        }
    }
    out
}

#[cfg(test)]
mod tests;
