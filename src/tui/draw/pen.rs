//! Writing into cells: never outside them, cut at graphemes, `~` for what was cut.

use crate::text::Text;
use crate::tui::app::Looks;
use crate::tui::style::{Glyphs, Palette};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr as _;

pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    pub(super) palette: Palette,
    pub(super) glyphs: Glyphs,
}

impl<'a> Pen<'a> {
    pub(super) const fn new(buffer: &'a mut Buffer, area: Rect, looks: Looks) -> Self {
        Self {
            buffer,
            area,
            palette: Palette {
                colour: looks.colour,
            },
            glyphs: looks.glyphs,
        }
    }

    pub(super) const fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) const fn height(&self) -> u16 {
        self.area.height
    }

    /// Writes from column `x` on; gives the column after.
    pub(super) fn put(&mut self, x: u16, y: u16, text: &str, style: Style) -> u16 {
        self.put_within(x, y, self.area.width, text, style)
    }

    /// Writes from column `x` on, before column `end`; gives the column after.
    pub(super) fn put_within(&mut self, x: u16, y: u16, end: u16, text: &str, style: Style) -> u16 {
        let end = end.min(self.area.width);
        if x >= end || y >= self.area.height {
            return x;
        }
        // Whatever comes here, only clean text reaches a cell.
        let text = Text::clean(text).fit(usize::from(end - x));
        let (x, y) = (self.area.x + x, self.area.y + y);
        let (after, _) = self
            .buffer
            .set_stringn(x, y, &text, usize::from(end), style);
        after - self.area.x
    }

    /// Writes so that it ends before column `end`.
    pub(super) fn put_right(&mut self, x: u16, end: u16, y: u16, text: &str, style: Style) {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        let from = end.saturating_sub(width).max(x);
        self.put_within(from, y, end, text, style);
    }

    /// A line across from column `x` to `end`.
    pub(super) fn rule(&mut self, x: u16, end: u16, y: u16) {
        let sign = self.glyphs.rule();
        let style = self.palette.faint();
        for x in x..end.min(self.area.width) {
            self.cell(x, y, sign, style);
        }
    }

    /// A line down.
    pub(super) fn bar(&mut self, x: u16, from: u16, to: u16) {
        let sign = self.glyphs.bar();
        let style = self.palette.faint();
        for y in from..to {
            self.cell(x, y, sign, style);
        }
    }

    pub(super) fn cell(&mut self, x: u16, y: u16, sign: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((self.area.x + x, self.area.y + y))
            && x < self.area.width
            && y < self.area.height
        {
            cell.set_symbol(sign).set_style(style);
        }
    }

    /// Gives a whole line a style, whatever stands in it.
    pub(super) fn paint(&mut self, x: u16, end: u16, y: u16, style: Style) {
        let end = end.min(self.area.width);
        if y < self.area.height && x < end {
            let line = Rect::new(self.area.x + x, self.area.y + y, end - x, 1);
            self.buffer.set_style(line, style);
        }
    }
}
