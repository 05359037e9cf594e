//! A sheet as an SVG picture: for pages that show what the program prints.

use super::Sheet;
use std::fmt::Write as _;

/// White around the paper, in dots.
const MARGIN: usize = 16;

impl Sheet {
    /// The sheet as an SVG of one path: no script, no style, no font. Runs of dots that are the
    /// same in rows below each other are one rectangle.
    pub fn svg(&self) -> String {
        let (width, height) = (
            self.width_dots() + 2 * MARGIN,
            self.rows().len() + 2 * MARGIN,
        );
        let mut path = String::new();
        let mut y = 0;
        while y < self.rows().len() {
            let row = &self.rows()[y..];
            let same = row.iter().take_while(|other| **other == row[0]).count();
            for (x, run) in self.runs(y) {
                write!(path, "M{x} {y}h{run}v{same}h-{run}z").expect("a string takes any text");
            }
            y += same;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"-{MARGIN} -{MARGIN} {width} {height}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M-{MARGIN} -{MARGIN}h{width}v{height}h-{width}z\"/>\
             <path d=\"{path}\"/></svg>\n"
        )
    }

    /// Where black dots begin in a row, and how many follow.
    fn runs(&self, y: usize) -> Vec<(usize, usize)> {
        let (mut runs, mut x) = (Vec::new(), 0);
        while x < self.width_dots() {
            let run = (x..self.width_dots())
                .take_while(|x| self.dot(*x, y))
                .count();
            if run > 0 {
                runs.push((x, run));
            }
            x += run.max(1);
        }
        runs
    }
}
