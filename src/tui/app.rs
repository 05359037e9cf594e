//! What the terminal knows, and what follows from what happens to it. Pure.

use super::detail::Detail;
use super::export;
use super::keys::{Action, Key, Scope, action};
use super::style::Glyphs;
use super::table::{Sort, Table, Totals, scrolled};
use crate::board::Board;
use crate::id::OrderId;
use crate::query::{FILTER_BYTES_MAX, QueryError};
use crate::source::{News, Pace, Server};
use crate::text::Text;
use crate::time::Time;

/// The smallest terminal that anything is drawn on.
pub(super) const SIZE_MIN: (u16, u16) = (40, 10);

/// Something happens to the terminal.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The source tells.
    News(News),
    /// It is this late, and the source is called so.
    Clock(Time, Text),
    /// Something was done that a person should know of.
    Said(Text),
}

/// Something that the terminal's runner has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask the source for everything about an order.
    Ask(OrderId),
    /// Change how a simulation runs.
    Pace(Pace),
    /// Save the screen.
    Export {
        /// What both files are called, without their ending.
        stem: String,
        /// The picture.
        svg: String,
        /// The text.
        text: String,
    },
    /// Put this into the terminal's clipboard.
    Copy(String),
    /// Paint everything anew.
    Repaint,
    /// End.
    Quit,
}

/// How the terminal is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// Which characters lines are drawn with.
    pub glyphs: Glyphs,
    /// Whether colours are wanted.
    pub colour: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            glyphs: Glyphs::Unicode,
            colour: true,
        }
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The orders.
    Board,
    /// One order.
    Detail,
    /// The list of keys.
    Help,
}

impl Screen {
    pub(super) const fn scope(self) -> Scope {
        match self {
            Self::Board => Scope::Board,
            Self::Detail => Scope::Detail,
            Self::Help => Scope::Help,
        }
    }
}

/// The terminal's state.
#[derive(Debug)]
pub struct App {
    pub(super) board: Board,
    pub(super) table: Table,
    pub(super) detail: Option<Detail>,
    /// Where one came from, and last where one is: never empty.
    screens: Vec<Screen>,
    /// A filter that is being typed.
    pub(super) typing: Option<String>,
    /// Why what is typed is no filter, or what was said last.
    pub(super) said: Option<Text>,
    pub(super) totals: Totals,
    pub(super) servers: Vec<Server>,
    pub(super) title: Text,
    pub(super) now: Time,
    pub(super) size: (u16, u16),
    pub(super) looks: Looks,
    pub(super) help_top: usize,
    pub(super) is_over: bool,
    /// Rows and totals are older than the board.
    is_stale: bool,
    is_dirty: bool,
}

impl App {
    /// The terminal before anything is known.
    pub fn new(size: (u16, u16), looks: Looks) -> Self {
        Self {
            board: Board::default(),
            table: Table::default(),
            detail: None,
            screens: vec![Screen::Board],
            typing: None,
            said: None,
            totals: Totals::default(),
            servers: Vec::new(),
            title: Text::default(),
            now: Time::default(),
            size,
            looks,
            help_top: 0,
            is_over: false,
            is_stale: true,
            is_dirty: true,
        }
    }

    /// Filters from the start.
    ///
    /// # Errors
    /// [`QueryError`] when it is no filter.
    pub fn filter(&mut self, typed: &str) -> Result<(), QueryError> {
        self.is_stale = true;
        self.table.set_filter(typed)
    }

    /// What follows from an event.
    pub fn update(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Key(key) => {
                // It is meant for what is on the screen, not for rows that nobody has seen yet.
                self.is_dirty = true;
                return self.press(key);
            }
            Event::Resize(columns, rows) => {
                (self.size, self.is_dirty) = ((columns, rows), true);
                self.scroll();
            }
            Event::News(news) => self.take(news),
            Event::Clock(now, title) => {
                self.is_dirty |= self.ticks() || self.title != title;
                self.is_stale |= self.ticks();
                (self.now, self.title) = (now.max(self.now), title);
            }
            Event::Said(text) => (self.said, self.is_dirty) = (Some(text), true),
        }
        Vec::new()
    }

    /// Whether there is anything to draw since this was asked; rows and totals are made ready.
    pub fn take_dirty(&mut self) -> bool {
        let dirty = std::mem::take(&mut self.is_dirty);
        if dirty {
            self.refresh();
        }
        dirty
    }

    /// The same for a frame that answers a key, which does not wait until all rows are found and
    /// sorted anew: what is older than the board stays to be drawn.
    pub fn take_dirty_as_shown(&mut self) -> bool {
        std::mem::replace(&mut self.is_dirty, self.is_stale)
    }

    /// Whether there is anything to draw.
    pub const fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// Everything is to be drawn again.
    pub fn repaint(&mut self) {
        self.is_dirty = true;
    }

    /// Whether something on the screen changes by itself as time goes by: an age that grows.
    pub fn ticks(&self) -> bool {
        let is_open = |id: &OrderId| self.board.order(id).is_some_and(|line| !line.is_final());
        if self.is_paused() || self.is_over {
            return false;
        }
        match self.screen() {
            Screen::Board => {
                let seen = self.table.rows.iter().skip(self.table.top);
                let mut seen = seen.take(self.height());
                seen.any(is_open) || self.servers.iter().any(|server| server.down.is_some())
            }
            Screen::Detail => self
                .detail
                .as_ref()
                .is_some_and(|detail| is_open(&detail.id)),
            Screen::Help => false,
        }
    }

    /// What is looked at.
    pub fn screen(&self) -> Screen {
        self.screens.last().copied().unwrap_or(Screen::Board)
    }

    /// Whether the picture is held still.
    pub const fn is_paused(&self) -> bool {
        self.table.held.is_some()
    }

    /// How many lines the list of the screen has room for.
    pub(super) fn height(&self) -> usize {
        let rows = usize::from(self.size.1);
        match self.screen() {
            Screen::Board => {
                rows.saturating_sub(super::draw::BOARD_FRAME + usize::from(self.alarmed()))
            }
            Screen::Detail => super::draw::ladder_height(self),
            Screen::Help => rows.saturating_sub(super::draw::HELP_FRAME),
        }
    }

    /// Whether a line is taken by something that is wrong.
    pub(super) fn alarmed(&self) -> bool {
        super::draw::alarm(self).is_some()
    }

    fn take(&mut self, news: News) {
        match news {
            News::Entries(entries) => {
                for (party, entry) in entries {
                    self.table.note(&self.board, &entry);
                    self.board.take(&party, &entry);
                    let about = self.board.about(&entry);
                    let detail = self.detail.as_mut().filter(|_| self.table.held.is_none());
                    if let Some(detail) = detail.filter(|detail| about == Some(detail.id)) {
                        self.is_dirty |= detail.take([(party, entry)]);
                    }
                }
                self.is_stale = true;
                // While a list of keys or an order is read, what happens elsewhere can wait.
                self.is_dirty |= self.screen() == Screen::Board;
            }
            News::Order(id, entries) => {
                if let Some(detail) = self.detail.as_mut().filter(|detail| detail.id == id) {
                    detail.take(entries);
                    detail.is_loaded = true;
                    self.is_dirty = true;
                }
            }
            News::Server(nth, server) => {
                let missing = (nth + 1).saturating_sub(self.servers.len());
                self.servers
                    .extend(std::iter::repeat_n(server.clone(), missing));
                if let Some(known) = self.servers.get_mut(nth) {
                    *known = server;
                }
                self.is_dirty = true;
            }
            News::Reset(why) => {
                self.board = Board::default();
                self.table.held = None;
                self.said = Some(why);
                (self.is_stale, self.is_dirty) = (true, true);
            }
            News::Over => (self.is_over, self.is_dirty) = (true, true),
        }
        self.scroll();
    }

    /// Rows and totals as the board has them now.
    fn refresh(&mut self) {
        if !std::mem::take(&mut self.is_stale) {
            return;
        }
        self.totals = match &self.table.held {
            Some(held) => held.totals.clone(),
            None => Totals::of(&self.board, self.now),
        };
        let height = self.height_of(Screen::Board);
        self.table.refresh(&self.board, self.now, height);
    }

    fn height_of(&self, screen: Screen) -> usize {
        if screen == self.screen() {
            self.height()
        } else {
            usize::from(self.size.1).saturating_sub(super::draw::BOARD_FRAME)
        }
    }

    /// Brings what is selected back into view.
    fn scroll(&mut self) {
        let height = self.height();
        match self.screen() {
            Screen::Board => self.table.select(self.table.at, height),
            Screen::Detail => self.move_to(|at, _| at),
            Screen::Help => {}
        }
    }

    fn press(&mut self, key: Key) -> Vec<Command> {
        if key == Key::Ctrl('c') {
            return vec![Command::Quit];
        }
        if self.typing.is_some() {
            self.type_filter(key);
            return Vec::new();
        }
        self.said = None;
        action(self.screen().scope(), key).map_or_else(Vec::new, |action| self.act(action))
    }

    /// Does what a key, or a name, stands for.
    pub fn act(&mut self, action: Action) -> Vec<Command> {
        let page = self.height().max(1);
        match action {
            Action::Next => self.move_to(|at, _| at + 1),
            Action::Previous => self.move_to(|at, _| at.saturating_sub(1)),
            Action::First => self.move_to(|_, _| 0),
            Action::Last => self.move_to(|_, count| count.saturating_sub(1)),
            Action::PageDown => self.move_to(|at, _| at + page),
            Action::PageUp => self.move_to(|at, _| at.saturating_sub(page)),
            Action::HalfDown => self.move_to(|at, _| at + page / 2),
            Action::HalfUp => self.move_to(|at, _| at.saturating_sub(page / 2)),
            Action::Open => return self.open(),
            Action::Back => self.back(),
            Action::Leave if self.screens.len() == 1 => return vec![Command::Quit],
            Action::Leave => self.back(),
            Action::Quit => return vec![Command::Quit],
            Action::Filter if self.screen() == Screen::Board => {
                self.typing = Some(self.table.typed.clone());
            }
            Action::Sort => self.sort(next_sort(self.table.sort), false),
            Action::Reverse => self.sort(self.table.sort, !self.table.is_reversed),
            Action::Pause => self.pause(),
            Action::Times => {
                if let Some(detail) = &mut self.detail {
                    detail.times = detail.times.next();
                }
            }
            Action::Copy => return self.copy(),
            Action::Export => return vec![export::command(self)],
            Action::Help if self.screen() == Screen::Help => self.back(),
            Action::Help => {
                self.help_top = 0;
                self.screens.push(Screen::Help);
            }
            Action::Repaint => return vec![Command::Repaint],
            Action::Faster => return vec![Command::Pace(Pace::Faster)],
            Action::Slower => return vec![Command::Pace(Pace::Slower)],
            Action::Step => return vec![Command::Pace(Pace::Step)],
            Action::Filter => {}
        }
        Vec::new()
    }

    fn back(&mut self) {
        if self.screens.len() > 1 {
            self.screens.pop();
        }
        if !self.screens.contains(&Screen::Detail) {
            self.detail = None;
        }
        self.is_stale = true;
        self.refresh();
    }

    fn open(&mut self) -> Vec<Command> {
        let Some(id) = self
            .table
            .selected()
            .filter(|_| self.screen() == Screen::Board)
        else {
            return Vec::new();
        };
        self.detail = Some(Detail::new(id));
        self.screens.push(Screen::Detail);
        vec![Command::Ask(id)]
    }

    fn copy(&mut self) -> Vec<Command> {
        let id = self.detail.as_ref().map(|detail| detail.id);
        let Some(id) = id.or_else(|| self.table.selected()) else {
            return Vec::new();
        };
        self.said = Some(Text::clean(&format!("copied {id}")));
        vec![Command::Copy(id.to_string())]
    }

    fn pause(&mut self) {
        match self.table.held.take() {
            Some(_) => {
                if let Some(detail) = &mut self.detail {
                    detail.is_loaded = false;
                }
            }
            None => {
                self.is_stale = true;
                self.refresh();
                self.table.hold(&self.board, self.now);
            }
        }
        self.is_stale = true;
        self.refresh();
    }

    fn sort(&mut self, sort: Sort, is_reversed: bool) {
        (self.table.sort, self.table.is_reversed) = (sort, is_reversed);
        self.is_stale = true;
        self.refresh();
    }

    fn move_to(&mut self, to: impl Fn(usize, usize) -> usize) {
        let height = self.height();
        match (self.screen(), &mut self.detail) {
            (Screen::Board, _) => {
                let count = self.table.rows.len();
                self.table.select(to(self.table.at, count), height);
            }
            (Screen::Detail, Some(detail)) => {
                let count = detail.rungs().len();
                detail.at = to(detail.at, count).min(count.saturating_sub(1));
                detail.top = scrolled(detail.top, detail.at, count, height);
            }
            (Screen::Detail, None) => {}
            (Screen::Help, _) => {
                let count = super::draw::help_lines(self).len();
                let last = count.saturating_sub(height);
                self.help_top = to(self.help_top, last + 1).min(last);
            }
        }
    }

    fn type_filter(&mut self, key: Key) {
        let mut typed = self.typing.take().unwrap_or_default();
        match key {
            Key::Enter => {
                match self.table.set_filter(&typed) {
                    Ok(()) => self.said = None,
                    Err(_said_already) => self.typing = Some(typed),
                }
                return;
            }
            Key::Esc => typed.clear(),
            Key::Backspace => drop(typed.pop()),
            Key::Ctrl('u') => typed.clear(),
            Key::Char(c) if typed.len() + c.len_utf8() <= FILTER_BYTES_MAX => {
                typed.push_str(Text::clean(c.encode_utf8(&mut [0; 4])).as_str());
            }
            _of_no_use_here => {}
        }
        // What is typed so far filters at once; while it is no filter, the last one stays.
        let wrong = self.table.set_filter(&typed).err();
        self.said = wrong.map(|error| Text::clean(&error.to_string()));
        self.is_stale = true;
        self.refresh();
        if key != Key::Esc {
            self.typing = Some(typed);
        }
    }
}

/// The column to sort by after this one.
fn next_sort(sort: Sort) -> Sort {
    let at = Sort::ALL.iter().position(|known| *known == sort);
    let next = Sort::ALL.get(at.map_or(0, |at| at + 1));
    next.copied().unwrap_or(Sort::Urgency)
}
