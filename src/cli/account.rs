//! `quittance account`: the books of running banks.

use super::exit::{Exit, Failure};
use super::order::Format;
use super::watched::{self, Watched, failure, text};
use super::{Ended, output};
use crate::board::BookLine;
use crate::net::operator::{Accounts, AskError, Operator, PAGE_MAX};
use crate::query::Filter;
use clap::Subcommand;
use serde_json::Value;

/// See the books of running banks: what is posted, what is held.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every book of every bank.
    List {
        #[command(flatten)]
        common: Common,
        /// Which ones, such as: held>0 bank:river
        filter: Vec<String>,
    },
    /// One account.
    Show {
        #[command(flatten)]
        common: Common,
        /// Its name: `ann`, or the whole book's `customer:ann`.
        account: String,
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

pub(super) fn run(args: &Args) -> Ended {
    let every = |_: &str| true;
    match &args.command {
        Command::List { common, filter } => {
            watched::block_on(list(common, &filter.join(" "), every))
        }
        Command::Show { common, account } => {
            let is_it = |book: &str| {
                let name = book.split_once(':').map_or(book, |(_, name)| name);
                book == account || name == account
            };
            watched::block_on(list(common, "", is_it))
        }
    }
}

async fn list(common: &Common, filter: &str, is_it: impl Fn(&str) -> bool) -> Ended {
    let read = Filter::parse(filter, BookLine::FIELDS);
    read.map_err(|error| Failure::new(Exit::Usage, error))?;
    let mut found = Vec::new();
    for server in Watched::open(&common.watched)?.operators()? {
        found.extend(
            accounts(&server, filter)
                .await
                .map_err(|error| failure(&error))?,
        );
    }
    found.retain(|line| is_it(&text(line, "account")));
    if found.is_empty() {
        return Err(Failure::new(Exit::Nothing, "find an account that is so"));
    }
    let row = |line: &Value| match common.format {
        Format::Json => format!("{line}\n"),
        Format::Text => {
            let get = |name| text(line, name);
            let (bank, account) = (get("bank"), get("account"));
            let (posted, held) = (get("posted"), get("held"));
            format!("{bank:<12} {account:<28} {posted:>20}  held {held:>16}\n")
        }
    };
    output::data(found.iter().map(row).collect::<String>().as_bytes())?;
    Ok(Exit::Done)
}

/// Every book of one server that is so, page by page.
async fn accounts(server: &Operator, filter: &str) -> Result<Vec<Value>, AskError> {
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let asked = Accounts {
            filter: filter.to_owned(),
            from,
            max: PAGE_MAX,
        };
        let page = server.accounts(&asked).await?;
        if !page.head.caught_up && from == 0 {
            continue; // it reads on in its journal each time it is asked
        }
        found.extend(page.lines);
        match page.head.from {
            Some(next) => from = next,
            None => return Ok(found),
        }
    }
}
