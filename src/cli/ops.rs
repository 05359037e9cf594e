//! `quittance ops`: orders live, in the terminal.

use super::exit::{Exit, Failure};
use super::watched::{self, Watched};
use super::{Ended, input, interrupt, output, scan, trace};
use crate::query::{Filter, QueryError};
use crate::scenario::Scenario;
use crate::source::{self, News, Simulated, Source as _};
use crate::time::Span;
use crate::tui::{self, App, Command, Event, Glyphs, Key, Looks, Picture};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most columns or rows of a snapshot.
const SIDE_MAX: u16 = 500;

/// Watch orders live: read-only, on running servers or on a simulation.
///
/// Without --server, --sim and --trace, it watches the gateway and the banks of the test network.
/// `?` shows all keys. When the output is no terminal, with --plain, or with ACCESSIBLE=1 in the
/// environment, it writes a line for each change instead.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    watched: watched::Args,
    /// A scenario to play and watch instead of servers.
    #[arg(
        long,
        value_name = "SCENARIO",
        group = "story",
        conflicts_with = "server"
    )]
    sim: Option<PathBuf>,
    /// A trace whose run is played again: what `quittance run --trace DIR` wrote.
    #[arg(long, value_name = "TRACE", group = "story", conflicts_with_all = ["server", "seed"])]
    trace: Option<PathBuf>,
    /// The simulation's seed; the scenario's first unless given.
    #[arg(long, requires = "sim")]
    seed: Option<u64>,
    /// How many times faster than real time the simulation plays.
    #[arg(long, requires = "story", value_name = "TIMES", default_value_t = 1)]
    speed: u32,
    /// Begin so far into the simulation, such as 30s or 20m.
    #[arg(long, requires = "story", value_name = "SPAN")]
    at: Option<Span>,
    /// Only orders that this lets through: `/` changes it.
    #[arg(long, value_name = "FILTER", default_value = "")]
    filter: String,
    /// One line for each change, and no screen.
    #[arg(long)]
    plain: bool,
    /// Which characters lines are drawn with.
    #[arg(long, value_enum, default_value_t = GlyphSet::Unicode)]
    glyphs: GlyphSet,
    /// Draw the screen once into this .svg or .txt file, and end.
    #[arg(long, value_name = "FILE", requires = "story")]
    snapshot: Option<PathBuf>,
    /// The snapshot's columns and rows.
    #[arg(
        long,
        value_name = "WxH",
        default_value = "80x24",
        requires = "snapshot"
    )]
    size: String,
    /// Keys that are pressed before the snapshot, such as "/ p a i d Enter j".
    #[arg(
        long,
        value_name = "KEYS",
        requires = "snapshot",
        default_value = "",
        hide = true
    )]
    keys: String,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum GlyphSet {
    /// Box drawing.
    Unicode,
    /// Plain ASCII.
    Ascii,
}

pub(super) fn run(args: &Args) -> Ended {
    let filter = Filter::parse(&args.filter, crate::board::FIELDS).map_err(no_filter)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Environment, format!("start: {error}")))?;
    runtime.block_on(async {
        match story(args)? {
            Some((scenario, seed)) => {
                let (mut sim, first) = simulated(args, &Arc::new(scenario), seed)?;
                if let Some(file) = &args.snapshot {
                    return snapshot(args, &mut sim, News::Entries(first), file);
                }
                sim.tell(first);
                show(args, &filter, sim).await
            }
            None => {
                let servers = Watched::open(&args.watched)?.operators()?;
                let live = source::Live::follow(servers);
                show(args, &filter, live).await
            }
        }
    })
}

fn no_filter(error: QueryError) -> Failure {
    Failure::new(Exit::Usage, error).hint("such as: state:waiting amount>=500 age>2m !tea")
}

/// The scenario to play, and its seed; none where servers are watched.
fn story(args: &Args) -> Result<Option<(Scenario, u64)>, Failure> {
    if let Some(path) = &args.trace {
        return trace::scenario(path).map(Some);
    }
    let Some(path) = &args.sim else {
        return Ok(None);
    };
    let bytes = input::read(path)?;
    let name = path.display().to_string();
    let source = String::from_utf8_lossy(&bytes);
    let scenario = Scenario::parse(&name, &source);
    let scenario = scenario.map_err(|invalid| Failure::new(Exit::Malformed, invalid))?;
    let seed = args.seed.unwrap_or(scenario.run.seeds.first);
    Ok(Some((scenario, seed)))
}

/// The simulation, and what happened in it before anybody looks.
fn simulated(
    args: &Args,
    scenario: &Arc<Scenario>,
    seed: u64,
) -> Result<(Simulated, Entries), Failure> {
    let sim = Simulated::begin(scenario, seed);
    let mut sim = sim.map_err(|error| Failure::new(Exit::Malformed, scan::full(&error)))?;
    let first = sim.play(args.at.unwrap_or(Span::ZERO));
    sim.set_speed(args.speed);
    Ok((sim, first))
}

type Entries = Vec<(crate::id::Party, crate::journal::Entry)>;

async fn show(args: &Args, filter: &Filter, source: impl source::Source) -> Ended {
    let accessible = std::env::var_os("ACCESSIBLE").is_some_and(|on| !on.is_empty() && on != "0");
    if args.plain || accessible || !std::io::stdout().is_terminal() {
        return plain(filter, source).await;
    }
    let size = crossterm::terminal::size();
    let size = size
        .map_err(|error| Failure::new(Exit::Environment, format!("use the terminal: {error}")))?;
    let app = app(args, size)?;
    let in_tmux = std::env::var_os("TMUX").is_some();
    match tui::run(app, source, in_tmux).await {
        Ok(tui::Ended::Quit) => Ok(Exit::Done),
        Ok(tui::Ended::Interrupted) => Ok(Exit::Interrupted),
        Err(error) => Err(Failure::new(Exit::Environment, error)),
    }
}

fn app(args: &Args, size: (u16, u16)) -> Result<App, Failure> {
    let glyphs = match args.glyphs {
        GlyphSet::Unicode => Glyphs::Unicode,
        GlyphSet::Ascii => Glyphs::Ascii,
    };
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = !no_colour;
    let mut app = App::new(size, Looks { glyphs, colour });
    app.filter(&args.filter).map_err(no_filter)?;
    Ok(app)
}

async fn plain(filter: &Filter, source: impl source::Source) -> Ended {
    let lines = tui::Lines {
        filter,
        since: None,
        as_json: false,
    };
    let mut stopped = None;
    let write = |line: &str| {
        stopped = output::data(format!("{line}\n").as_bytes()).err();
        stopped.is_none()
    };
    interrupt::ends_process();
    tui::plain(source, lines, write).await;
    stopped.map_or(Ok(Exit::Done), Err)
}

/// Draws the screen once.
fn snapshot(args: &Args, sim: &mut Simulated, first: News, file: &Path) -> Ended {
    let usage = |what: String| Failure::new(Exit::Usage, what);
    let size = args.size.split_once('x').and_then(|(columns, rows)| {
        let side = |text: &str| {
            text.parse()
                .ok()
                .filter(|side| (1..=SIDE_MAX).contains(side))
        };
        Some((side(columns)?, side(rows)?))
    });
    let size = size.ok_or_else(|| {
        usage(format!(
            "read --size {}: expected 80x24 or the like",
            args.size
        ))
    })?;
    let mut app = app(args, size)?;
    app.update(Event::News(first));
    app.update(Event::Clock(sim.instant(), sim.title()));
    app.take_dirty();
    for word in args.keys.split_whitespace() {
        let key: Key = word
            .parse()
            .map_err(|error| usage(format!("{error}: `{word}`")))?;
        for command in app.update(Event::Key(key)) {
            if let Command::Ask(order) = command {
                app.update(Event::News(News::Order(order, sim.order(order))));
            }
        }
    }
    app.take_dirty();
    let picture = Picture::of(&app);
    let drawn = match file.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => tui::svg(&picture),
        Some("txt") => tui::text(&picture),
        _neither => {
            return Err(usage(
                "name the snapshot: it ends neither in .svg nor in .txt".to_owned(),
            ));
        }
    };
    std::fs::write(file, drawn).map_err(|error| {
        let name = file.display();
        Failure::new(Exit::Environment, format!("write {name}: {error}"))
    })?;
    Ok(Exit::Done)
}
