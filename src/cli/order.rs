//! `quittance order`: find, read and follow orders of running servers.

use super::exit::{Exit, Failure};
use super::watched::{self, Watched, failure, text};
use super::{Ended, output};
use crate::board::FIELDS;
use crate::id::Party;
use crate::journal::Entry;
use crate::net::operator::{AskError, Operator, Order, Orders, PAGE_MAX};
use crate::query::Filter;
use crate::source::Live;
use crate::time::Time;
use crate::tui;
use clap::{Subcommand, ValueEnum};
use serde_json::Value;
use std::collections::BTreeMap;

/// Find, read and follow orders of running servers.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Orders, the newest first.
    List {
        #[command(flatten)]
        common: Common,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_name = "COUNT")]
        limit: usize,
        /// Which ones, such as: state:waiting amount>=500 age>2m !tea
        filter: Vec<String>,
    },
    /// One order: what it is, every message and event about it, every movement of money.
    Show {
        #[command(flatten)]
        common: Common,
        /// Its id (the end of it will do), its receipt's uid, or the shop's order number.
        order: String,
    },
    /// A line for each order that changes, from now on, until it is interrupted.
    Watch {
        #[command(flatten)]
        common: Common,
        /// Begin with everything that has happened.
        #[arg(long)]
        all: bool,
        /// Which ones, such as: state:checking,processing
        filter: Vec<String>,
    },
}

#[derive(clap::Args)]
#[group(skip)]
struct Common {
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    watched: watched::Args,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// JSON lines.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    match &args.command {
        Command::List {
            common,
            limit,
            filter,
        } => watched::block_on(list(common, *limit, &filter.join(" "))),
        Command::Show { common, order } => watched::block_on(show(common, order)),
        Command::Watch {
            common,
            all,
            filter,
        } => watched::block_on(watch(common, *all, &filter.join(" "))),
    }
}

fn parse(filter: &str) -> Result<Filter, Failure> {
    let filter = Filter::parse(filter, FIELDS);
    filter.map_err(|error| Failure::new(Exit::Usage, error))
}

async fn list(common: &Common, limit: usize, filter: &str) -> Ended {
    parse(filter)?;
    let mut found = Vec::new();
    for server in Watched::open(&common.watched)?.operators()? {
        found.extend(
            orders(&server, filter, limit)
                .await
                .map_err(|e| failure(&e))?,
        );
    }
    // Times in RFC 3339 order as text does.
    found.sort_by_key(|line| std::cmp::Reverse(text(line, "created_at")));
    found.truncate(limit);
    if found.is_empty() {
        return Err(Failure::new(Exit::Nothing, "find an order that is so"));
    }
    let row = |line: &Value| match common.format {
        Format::Json => format!("{line}\n"),
        Format::Text => row(line),
    };
    output::data(found.iter().map(row).collect::<String>().as_bytes())?;
    Ok(Exit::Done)
}

/// Up to `limit` orders of one server, page by page.
async fn orders(server: &Operator, filter: &str, limit: usize) -> Result<Vec<Value>, AskError> {
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let asked = Orders {
            filter: filter.to_owned(),
            before,
            max: limit.saturating_sub(found.len()).min(PAGE_MAX),
        };
        let page = server.orders(&asked).await?;
        if !page.head.caught_up && before.is_none() {
            continue; // it reads on in its journal each time it is asked
        }
        found.extend(page.lines);
        before = page.head.before;
        if before.is_none() || found.len() >= limit {
            return Ok(found);
        }
    }
}

fn row(line: &Value) -> String {
    let get = |name| text(line, name);
    let state = get("state");
    let stuck = if line.get("stuck") == Some(&Value::Bool(true)) {
        "!"
    } else {
        " "
    };
    let (id, amount, merchant) = (get("order"), get("amount"), get("merchant"));
    let (created, last) = (get("created_at"), get("last_event"));
    let created = created.get(..19).unwrap_or(&created).replace('T', " ");
    format!("{id}  {stuck}{state:<10} {amount:>16}  {created}  {merchant:<16} {last}\n")
}

async fn show(common: &Common, find: &str) -> Ended {
    let servers = Watched::open(&common.watched)?.operators()?;
    let mut order = None;
    let mut entries = BTreeMap::new();
    let mut find = find.to_owned();
    // A shop's order number only the gateway knows: once the id is found, all are asked by it.
    for _ in 0..2 {
        for server in &servers {
            let page = match server.order(&Order { find: find.clone() }).await {
                Ok(page) => page,
                Err(AskError::Nothing { .. }) => continue,
                Err(error) => return Err(failure(&error)),
            };
            for line in page.lines {
                match Entry::from_line(&line) {
                    Ok((party, entry)) => {
                        entries.insert((entry.at, party, entry.lane, entry.seq), entry);
                    }
                    Err(_an_order) if line.get("state").is_some_and(Value::is_string) => {
                        order = Some(line);
                    }
                    Err(_without_a_state) => {}
                }
            }
        }
        match order.as_ref().map(|line| text(line, "order")) {
            Some(id) if id != find => find = id,
            _known_by_its_id_or_not_at_all => break,
        }
    }
    let Some(order) = order else {
        return Err(Failure::new(
            Exit::Nothing,
            format!("find order `{}`", crate::text::Text::clean(&find)),
        ));
    };
    let entries = entries
        .into_iter()
        .map(|((_, party, ..), entry)| (party, entry));
    let entries: Vec<(Party, Entry)> = entries.collect();
    let told = match common.format {
        Format::Json => {
            let lines = entries.iter().map(|(party, entry)| entry.to_json(party));
            let mut order = order;
            if let Some(fields) = order.as_object_mut() {
                fields.insert("events".to_owned(), lines.collect());
            }
            format!("{order}\n")
        }
        Format::Text => story(&order, &entries),
    };
    output::data(told.as_bytes())?;
    Ok(Exit::Done)
}

/// An order in words: what it is, its ladder, its money.
fn story(order: &Value, entries: &[(Party, Entry)]) -> String {
    let mut out = String::new();
    for name in [
        "order",
        "state",
        "amount",
        "merchant",
        "terminal",
        "reference",
        "uid",
        "bank",
        "held",
        "mark",
    ] {
        let value = text(order, name);
        if !value.is_empty() {
            out.push_str(&format!("{name:<10} {value}\n"));
        }
    }
    out.push('\n');
    let begins = entries
        .first()
        .map_or_else(Time::default, |(_, entry)| entry.at);
    for (party, entry) in entries {
        let millis = entry.at.since(begins).as_millis();
        let event = &entry.event;
        let (cause, kind) = (&entry.cause.what, event.kind);
        let party = party.to_string();
        let from = entry
            .cause
            .from
            .map(|from| format!("{from} -> "))
            .unwrap_or_default();
        let mut line = format!(
            "{:>7}.{:03}  {from}{party} {cause}: {kind}",
            millis / 1000,
            millis % 1000
        );
        let books = event.debit.as_ref().zip(event.credit.as_ref());
        let books = books.map(|(debit, credit)| format!("{debit} > {credit}"));
        let amount = books.is_some().then_some(event.amount).flatten();
        let amount = amount.map(|amount| amount.to_string());
        let reason = event.reason.map(|reason| format!("({reason})"));
        for part in [amount, books, reason].into_iter().flatten() {
            line.push_str("  ");
            line.push_str(&part);
        }
        out.push_str(crate::text::Text::clean(&line).as_str());
        out.push('\n');
    }
    out
}

async fn watch(common: &Common, all: bool, filter: &str) -> Ended {
    let filter = parse(filter)?;
    let servers = Watched::open(&common.watched)?.operators()?;
    let since = servers.first().filter(|_| !all).map(Operator::now);
    let lines = tui::Lines {
        filter: &filter,
        since,
        as_json: common.format == Format::Json,
    };
    let mut stopped = None;
    let write = |line: &str| {
        stopped = output::data(format!("{line}\n").as_bytes()).err();
        stopped.is_none()
    };
    tui::plain(Live::follow(servers), lines, write).await;
    stopped.map_or(Ok(Exit::Done), Err)
}
