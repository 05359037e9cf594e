//! Whatever takes over a second says so: on a terminal, and only there.

use super::clock;
use crate::time::{Span, Time};

/// How long nothing is shown.
const PATIENCE: Span = Span::seconds(1);

/// Something that may take long.
pub(super) struct Slow {
    what: &'static str,
    /// How many steps it has, if that is known.
    steps: Option<u64>,
    began: Time,
    bar: Option<indicatif::ProgressBar>,
}

impl Slow {
    /// It begins.
    pub(super) fn new(what: &'static str, steps: Option<usize>) -> Self {
        Self {
            what,
            steps: steps.and_then(|steps| u64::try_from(steps).ok()),
            began: clock::now(),
            bar: None,
        }
    }

    /// One step is done, or some time has passed.
    pub(super) fn step(&mut self, done: usize) {
        if self.bar.is_none() && clock::now().since(self.began) > PATIENCE {
            self.bar = Some(self.shown());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            bar.tick();
        }
    }

    fn shown(&self) -> indicatif::ProgressBar {
        // Hidden by itself where stderr is no terminal.
        let (bar, template) = match self.steps {
            Some(steps) => (
                indicatif::ProgressBar::new(steps),
                "{msg}  {pos}/{len}  {wide_bar}",
            ),
            None => (
                indicatif::ProgressBar::new_spinner(),
                "{spinner} {msg}  {elapsed}",
            ),
        };
        if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(self.what);
        bar
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
