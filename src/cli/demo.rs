//! `quittance demo`: the whole path, from a till's bytes to settled money.

use super::exit::{Exit, Failure};
use super::{Ended, clock, output, runtime};
use crate::id::{Party, PartyKind};
use crate::journal::{Entry, EventKind};
use crate::play::{Keep, PlayError, Setting, Told, play};
use crate::scenario::{Act, Scenario, Step, Via};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// The story that is told.
const STORY: &str = include_str!("../../scenarios/first-sale.toml");
/// What the demo's keys are drawn from: everybody knows them, and its codes are for the test
/// network.
const SEED: u64 = 1;

/// Play the whole path on loopback: receipts printed, codes scanned, orders paid, books balanced.
///
/// A gateway, two banks, four shops with their terminals, chips and printers, and the customers'
/// wallets run as parties of their own, on SQLite, each reached only through its network interface.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Keep the databases here, so that a second run goes on with them; else a folder that is gone
    /// afterwards.
    #[arg(long)]
    data: Option<PathBuf>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The story, with its papers.
    Text,
    /// One JSON object a fact.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let scenario = Scenario::parse("first-sale.toml", STORY);
    let scenario = scenario.map_err(|invalid| Failure::new(Exit::Malformed, invalid))?;
    let folder = Folder::open(args.data.as_deref())?;
    let setting = Setting {
        keep: Keep::Sqlite(folder.path.clone()),
        seed: SEED,
        now: clock::now(),
        earlier_runs: folder.count_runs()?,
    };
    let mut narrator = Narrator {
        format: args.format,
        stopped: None,
    };
    let mut tell = |told| narrator.tell(&told);
    let ended = runtime::until_interrupted(play(&scenario, &setting, &mut tell))?;
    if let Some(stopped) = narrator.stopped {
        return Err(stopped);
    }
    match ended {
        None => Ok(Exit::Interrupted),
        Some(Err(error)) => Err(failure(&error)),
        Some(Ok(true)) => Ok(Exit::Done),
        Some(Ok(false)) => Err(Failure::new(Exit::No, "balance the books")),
    }
}

/// How a story's end is told to the shell.
pub(super) fn failure(error: &PlayError) -> Failure {
    let exit = match error {
        PlayError::Stuck { .. } | PlayError::NoCode { .. } => Exit::No,
        PlayError::Unplayable { .. } => Exit::Nothing,
        _the_environments_fault => Exit::Environment,
    };
    Failure::new(exit, super::scan::full(error))
}

/// The folder with the databases; one of our own is removed in the end.
pub(super) struct Folder {
    /// Where it is.
    pub(super) path: PathBuf,
    ours: bool,
}

impl Folder {
    pub(super) fn open(given: Option<&Path>) -> Result<Self, Failure> {
        let ours = given.is_none();
        let own = || {
            let name = format!(
                "quittance-demo-{}-{}",
                std::process::id(),
                clock::now().nanos()
            );
            std::env::temp_dir().join(name)
        };
        let path = given.map_or_else(own, Path::to_owned);
        std::fs::create_dir_all(&path).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("make folder {name}: {error}"))
        })?;
        Ok(Self { path, ours })
    }

    /// How often the story was begun here before; this run is counted too.
    fn count_runs(&self) -> Result<u32, Failure> {
        let path = self.path.join("runs");
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().unwrap_or(0),
            Err(_first_run) => 0,
        };
        std::fs::write(&path, format!("{}\n", before + 1)).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("write {name}: {error}"))
        })?;
        Ok(before)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            // A folder that stays behind harms nobody.
            let _stays_behind = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Tells the story.
struct Narrator {
    format: Format,
    /// The reader has gone, or the output failed.
    stopped: Option<Failure>,
}

impl Narrator {
    fn tell(&mut self, told: &Told) {
        let text = match self.format {
            Format::Text => text(told),
            Format::Json => json(told).map(|line| format!("{line}\n")),
        };
        if let (Some(text), None) = (text, &self.stopped) {
            self.stopped = output::data(text.as_bytes()).err();
        }
    }
}

fn text(told: &Told) -> Option<String> {
    match told {
        Told::Step(step) => title(step),
        Told::Paper {
            terminal, unicode, ..
        } => Some(paper(terminal.as_str(), unicode)),
        Told::Fact(party, entry) => fact(*party, entry),
        Told::Books => Some("\n== the books\n".to_owned()),
        Told::Book {
            bank,
            book,
            balance,
        } => {
            let money = balance.to_string();
            let (bank, book) = (bank.as_str(), book.as_str());
            Some(format!("  {bank:<8} {book:<28} {money:>16}\n"))
        }
        Told::Sum { bank, sum } => {
            let (bank, money) = (bank.as_str(), sum.to_string());
            Some(format!(
                "  {bank:<8} {:<28} {money:>16}\n",
                "= sum of the books"
            ))
        }
    }
}

/// What a step is about, as a headline.
fn title(step: &Step) -> Option<String> {
    let who = step.who.map(|who| who.to_string()).unwrap_or_default();
    let line = match &step.act {
        Act::Print { receipt, .. } => format!("{who} prints receipt {receipt}"),
        Act::Reprint { receipt, .. } => format!("{who} prints receipt {receipt} again"),
        Act::Scan { receipt, via, .. } => {
            let how = if *via == Via::Link {
                " by its link"
            } else {
                ""
            };
            format!("{who} scans receipt {receipt}{how}")
        }
        Act::Cancel { receipt } => format!("{who} takes receipt {receipt} back"),
        _nothing_to_see => return None,
    };
    Some(format!("\n== {line}\n"))
}

fn paper(terminal: &str, unicode: &str) -> String {
    let lines = unicode.lines().map(|line| format!("  | {line}\n"));
    format!("  paper from {terminal}:\n{}", lines.collect::<String>())
}

/// One line for a fact that people want to see.
fn fact(party: Party, entry: &Entry) -> Option<String> {
    let event = &entry.event;
    if matches!(
        event.kind,
        EventKind::Started | EventKind::SessionOpened | EventKind::Sealed | EventKind::Funded
    ) || party.kind == PartyKind::Chip
    {
        return None;
    }
    let mut line = format!("  {:<22} {:<15}", party.to_string(), event.kind.word());
    let amount = event.amount.map(|amount| amount.to_string());
    let reason = event.reason.map(|reason| format!("({reason})"));
    let note = event.note.as_ref().map(|note| note.fit(48));
    for part in [amount, reason, note].into_iter().flatten() {
        line.push(' ');
        line.push_str(&part);
    }
    Some(line.trim_end().to_owned() + "\n")
}

fn json(told: &Told) -> Option<serde_json::Value> {
    Some(match told {
        Told::Step(step) => serde_json::json!({
            "step": step.id,
            "does": step.act.verb(),
            "who": step.who,
            "receipt": step.act.receipt(),
        }),
        Told::Paper { terminal, link, .. } => {
            serde_json::json!({"paper": terminal, "link": link})
        }
        Told::Fact(party, entry) => entry.to_json(party),
        Told::Books => return None,
        Told::Book {
            bank,
            book,
            balance,
        } => serde_json::json!({"bank": bank, "book": book, "balance": balance}),
        Told::Sum { bank, sum } => serde_json::json!({"bank": bank, "sum": sum}),
    })
}
