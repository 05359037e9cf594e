//! `quittance attack`: the attack pack, and what came of it.

use super::exit::{Exit, Failure};
use super::scan::full;
use super::{Ended, clock, output};
use crate::attack::remote::{self, Server};
use crate::attack::{self, Attack, Finding, Real};
use clap::ValueEnum;

/// Try every attack of the security cases, by name, against the real roles in this process.
///
/// Exits with 1 when one succeeds.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Only attacks whose name contains this, such as A-13.
    only: Option<String>,
    /// Try what a stranger could do over HTTP on a server of this machine instead, such as
    /// http://127.0.0.1:7100.
    #[arg(long, conflicts_with = "only")]
    against: Option<Server>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object an attack.
    Jsonl,
}

pub(super) fn run(args: &Args) -> Ended {
    if let Some(server) = args.against {
        return against(args, server);
    }
    let wanted = |attack: &&Attack| {
        args.only
            .as_ref()
            .is_none_or(|only| attack.id.contains(only))
    };
    let attacks: Vec<&Attack> = attack::all().into_iter().filter(wanted).collect();
    if attacks.is_empty() {
        return Err(Failure::new(Exit::Nothing, "find an attack of that name"));
    }
    let mut through = 0;
    for attack in &attacks {
        // Each attack finds the system as it was: none profits from what another left behind.
        let made = Real::new(clock::now());
        let (mut real, kit) =
            made.map_err(|error| Failure::new(Exit::Environment, full(&error)))?;
        let finding = attack::attempt(attack, &mut real, &kit);
        through += usize::from(finding.through.is_some());
        output::data(shown(args.format, &finding).as_bytes())?;
    }
    output::say(&format!("{} attacks, {through} succeeded", attacks.len()));
    Ok(if through == 0 { Exit::Done } else { Exit::No })
}

fn against(args: &Args, server: Server) -> Ended {
    let there = server.is_there();
    there.map_err(|error| Failure::new(Exit::Environment, format!("reach it: {error}")))?;
    let (mut tried, mut through) = (0, 0);
    for finding in remote::attempt(server) {
        tried += 1;
        through += usize::from(finding.through.is_some());
        output::data(shown(args.format, &finding).as_bytes())?;
    }
    output::say(&format!("{tried} attacks, {through} succeeded"));
    Ok(if through == 0 { Exit::Done } else { Exit::No })
}

fn shown(format: Format, finding: &Finding) -> String {
    let verdict = if finding.through.is_some() {
        "SUCCEEDED"
    } else {
        "held"
    };
    if format == Format::Jsonl {
        let line = serde_json::json!({
            "attack": finding.id,
            "tries": finding.tries,
            "correct": finding.correct,
            "checks": finding.tried,
            "verdict": verdict.to_ascii_lowercase(),
            "through": finding.through,
        });
        return format!("{line}\n");
    }
    let mut text = format!(
        "{:<9} {}\n          tried    {}\n          correct  {}\n          checks   {}\n",
        verdict, finding.id, finding.tries, finding.correct, finding.tried
    );
    if let Some(through) = &finding.through {
        text += &format!("          through  {}\n", crate::text::Text::clean(through));
    }
    text
}
