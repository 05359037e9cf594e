//! The one place that touches the terminal, the clock and a channel.

use super::app::{App, Command, Event};
use super::draw::draw;
use super::keys::Key;
use crate::source::Source;
use crate::text::Text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crossterm::event::{KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{cursor, execute, queue, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, BufWriter, Stdout, Write as _};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The least time between two frames that nobody asked for with a key.
const FRAME: Duration = Duration::from_millis(33);
/// Drawing takes at most one part in so many of the time.
const REST: u32 = 4;
/// While an age that grows is to be seen.
const TICK: Duration = Duration::from_secs(1);
/// How many keys wait while the screen is busy.
const KEYS_MAX: usize = 256;
/// SIGCONT, the same number on every system that this runs on.
const CONTINUED: i32 = 18;

/// How the terminal was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By a person who was done.
    Quit,
    /// By Ctrl-C or a signal.
    Interrupted,
}

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The terminal says no.
    #[error("use the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Something that woke the loop.
enum Woken {
    Key(crossterm::event::Event),
    News(crate::source::News),
    Signal,
    Continued,
    Time,
}

/// Shows `app` over `source` on this process's terminal until somebody leaves.
///
/// # Errors
/// [`RunError`] when the terminal cannot be used. However it ends, the terminal is as it was.
pub async fn run(mut app: App, mut source: impl Source, in_tmux: bool) -> Result<Ended, RunError> {
    let (mut terminate, mut hang_up) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    );
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut continued = signal(SignalKind::from_raw(CONTINUED))?;
    let mut screen = Screen::enter(in_tmux)?;
    let mut keys = keys();
    let (mut is_urgent, mut free_at) = (false, Instant::now());
    loop {
        app.update(Event::Clock(source.now(), source.title()));
        let now = Instant::now();
        if app.is_dirty() && (is_urgent || now >= free_at) {
            if std::mem::take(&mut is_urgent) {
                app.take_dirty_as_shown();
            } else {
                app.take_dirty();
            }
            screen.paint(&app)?;
            free_at = now + FRAME.max(now.elapsed() * REST);
        }
        let tick = app.ticks().then(|| now + TICK);
        let draw = app.is_dirty().then_some(free_at);
        let wake = [tick, draw].into_iter().flatten().min();
        let woken = tokio::select! {
            biased;
            Some(key) = keys.recv() => Woken::Key(key),
            _ = terminate.recv() => Woken::Signal,
            _ = hang_up.recv() => Woken::Signal,
            _ = interrupt.recv() => Woken::Signal,
            _ = continued.recv() => Woken::Continued,
            () = sleep(wake) => Woken::Time,
            news = source.next() => Woken::News(news),
        };
        let commands = match woken {
            Woken::Signal => return Ok(Ended::Interrupted),
            Woken::Time => Vec::new(),
            Woken::News(news) => app.update(Event::News(news)),
            Woken::Continued => {
                screen.resume()?;
                is_urgent = true;
                vec![Command::Repaint]
            }
            Woken::Key(event) => {
                is_urgent = true;
                match read(&event) {
                    Some(Event::Key(Key::Ctrl('c'))) => return Ok(Ended::Interrupted),
                    Some(event) => app.update(event),
                    None => Vec::new(),
                }
            }
        };
        for command in commands {
            if command == Command::Quit {
                return Ok(Ended::Quit);
            }
            screen.obey(command, &mut app, &mut source)?;
        }
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Reads keys on a thread of its own, which sleeps in the system until there is one.
fn keys() -> mpsc::Receiver<crossterm::event::Event> {
    let (to, keys) = mpsc::channel(KEYS_MAX);
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if to.blocking_send(event).is_err() {
                return;
            }
        }
    });
    keys
}

/// What the terminal told, in our words.
fn read(event: &crossterm::event::Event) -> Option<Event> {
    match event {
        crossterm::event::Event::Resize(columns, rows) => Some(Event::Resize(*columns, *rows)),
        crossterm::event::Event::Key(key) if key.kind != KeyEventKind::Release => {
            let is_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
            let key = match key.code {
                KeyCode::Char(c) if is_ctrl => Key::Ctrl(c.to_ascii_lowercase()),
                KeyCode::Char(c) => Key::Char(c),
                KeyCode::Up => Key::Up,
                KeyCode::Down => Key::Down,
                KeyCode::Enter => Key::Enter,
                KeyCode::Esc => Key::Esc,
                KeyCode::Backspace => Key::Backspace,
                KeyCode::PageUp => Key::PageUp,
                KeyCode::PageDown => Key::PageDown,
                KeyCode::Home => Key::Home,
                KeyCode::End => Key::End,
                _unbound => return None,
            };
            Some(Event::Key(key))
        }
        _mouse_focus_paste => None,
    }
}

/// The terminal, in its other screen; dropping this gives the first one back.
struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    in_tmux: bool,
}

impl Screen {
    fn enter(in_tmux: bool) -> Result<Self, RunError> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())));
        // From here on, whatever fails, what was changed is changed back.
        let mut screen = Self {
            terminal: terminal?,
            in_tmux,
        };
        screen.resume()?;
        Ok(screen)
    }

    fn resume(&mut self) -> Result<(), RunError> {
        terminal::enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        self.wipe()
    }

    /// Forgets what was drawn. `Terminal::clear` would first ask where the cursor is, and fail on
    /// a terminal that does not answer.
    fn wipe(&mut self) -> Result<(), RunError> {
        let size = self.terminal.size()?;
        Ok(self.terminal.resize(size.into())?)
    }

    fn paint(&mut self, app: &App) -> Result<(), RunError> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(app, frame))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Ok(())
    }

    fn obey(
        &mut self,
        command: Command,
        app: &mut App,
        source: &mut impl Source,
    ) -> Result<(), RunError> {
        match command {
            Command::Ask(order) => source.ask(order),
            Command::Pace(pace) => source.pace(pace),
            Command::Copy(text) => self.copy(&text)?,
            Command::Repaint => {
                self.wipe()?;
                app.repaint();
            }
            Command::Export { stem, svg, text } => {
                let said = match save(&stem, &svg, &text) {
                    Ok(()) => format!("saved {stem}.svg and {stem}.txt"),
                    Err(error) => format!("failed to save {stem}: {error}"),
                };
                app.update(Event::Said(Text::clean(&said)));
            }
            Command::Quit => {}
        }
        Ok(())
    }

    /// Hands text to the terminal's own clipboard (OSC 52), through tmux where it stands between.
    fn copy(&mut self, text: &str) -> Result<(), RunError> {
        let sequence = format!("\x1b]52;c;{}\x07", BASE64.encode(text));
        let sequence = if self.in_tmux {
            format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
        } else {
            sequence
        };
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes())?;
        Ok(io::Write::flush(out)?)
    }
}

fn save(stem: &str, svg: &str, text: &str) -> io::Result<()> {
    std::fs::write(format!("{stem}.svg"), svg)?;
    std::fs::write(format!("{stem}.txt"), text)
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was.
fn restore() {
    let mut out = io::stdout();
    // There is nobody left to tell of a terminal that takes no more.
    let _gone = execute!(
        out,
        EndSynchronizedUpdate,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _gone = terminal::disable_raw_mode();
}
