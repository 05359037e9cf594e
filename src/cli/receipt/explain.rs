//! `quittance receipt explain`: why this total, and whether it can be paid.

use super::super::exit::Exit;
use super::super::{Ended, input, output};
use super::{Reading, json, pages_of};
use crate::receipt::extract::{Candidate, Field};
use crate::receipt::{NotPayable, Paper, paper};
use clap::ValueEnum;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How many columns of a line are quoted.
const QUOTE_COLUMNS: usize = 44;

/// Explain what was read from a receipt: every candidate for the total with its evidence, and
/// whether the receipt is payable. Exits 7 when it is not.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The print job (text, ESC/POS or Star, detected); `-` reads stdin.
    #[arg(default_value = "-")]
    receipt: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a receipt.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let profile = args.reading.profile()?;
    let bytes = input::read(&args.receipt)?;
    let hints = args.reading.hints()?;
    let pages = pages_of(&bytes, profile.as_ref())?;
    let papers: Vec<Paper> = pages.into_iter().map(|page| paper(page, &hints)).collect();
    let told: Vec<String> = papers
        .iter()
        .map(|paper| match args.format {
            Format::Text => explained(paper),
            Format::Json => format!("{}\n", json::paper(paper)),
        })
        .collect();
    let between = if args.format == Format::Text {
        "\n"
    } else {
        ""
    };
    output::data(told.join(between).as_bytes())?;
    let payable = papers.iter().all(|paper| paper.verdict.is_ok());
    Ok(if payable {
        Exit::Done
    } else {
        Exit::NotPayable
    })
}

fn explained(paper: &Paper) -> String {
    let mut out = String::from("read\n");
    fields(&mut out, paper);
    let candidates = &paper.reading.candidates;
    if candidates.is_empty() {
        out.push_str("no amount could be the total\n");
    } else {
        out.push_str("could be the total\n");
    }
    for found in candidates {
        candidate(&mut out, paper, found);
    }
    match &paper.verdict {
        Ok(payable) => {
            let _written = write!(out, "payable: {}", payable.amount);
            if !payable.reference.as_str().is_empty() {
                let _written = write!(out, ", reference {}", payable.reference);
            }
            out.push('\n');
        }
        Err(why) => {
            let _written = writeln!(out, "not payable: {why}");
            if *why == NotPayable::NoCurrency {
                out.push_str("  the shop's currency can be given: --currency EUR\n");
            }
        }
    }
    out
}

fn fields(out: &mut String, paper: &Paper) {
    let reading = &paper.reading;
    field(out, "kind", Some(&reading.kind), |k| k.word().to_owned());
    let merchant = reading.merchant.as_ref();
    field(out, "merchant", merchant, ToString::to_string);
    field(out, "order", reading.order.as_ref(), ToString::to_string);
    field(out, "date", reading.when.as_ref(), ToString::to_string);
    for item in &reading.items {
        let number = |d: Option<crate::receipt::extract::Decimal>| {
            d.map_or_else(String::new, |d| d.to_string())
        };
        let (quantity, amount) = (number(item.quantity), number(item.amount));
        let name = item.name.fit(QUOTE_COLUMNS);
        let each = item
            .unit
            .map_or_else(String::new, |unit| format!(" at {unit}"));
        let line = format!("  item       {quantity:>4} {name}{each} {amount}");
        let _written = writeln!(out, "{}", line.trim_end());
    }
    let amounts = [
        ("subtotal", &reading.subtotal),
        ("discount", &reading.discount),
        ("service", &reading.service),
        ("tip", &reading.tip),
        ("tax", &reading.tax),
        ("rounding", &reading.rounding),
        ("total", &reading.total),
        ("paid", &reading.paid),
        ("change", &reading.change),
    ];
    for (name, amount) in amounts {
        field(out, name, amount.as_ref(), ToString::to_string);
    }
    let currency = reading.currency.as_ref();
    field(out, "currency", currency, |c| c.code().to_owned());
    let method = reading.method.as_ref();
    field(out, "method", method, |m| m.word().to_owned());
}

fn field<T>(out: &mut String, name: &str, field: Option<&Field<T>>, shown: impl Fn(&T) -> String) {
    let Some(field) = field else { return };
    let at = field
        .line
        .map_or_else(String::new, |line| format!(", line {}", line + 1));
    let value = shown(&field.value);
    let _written = writeln!(
        out,
        "  {name:<10} {value}  ({} %{at}: {})",
        field.confidence, field.evidence
    );
}

fn candidate(out: &mut String, paper: &Paper, found: &Candidate) {
    let quote = paper
        .lines
        .get(found.line)
        .map_or_else(String::new, |line| line.text.fit(QUOTE_COLUMNS));
    let label = match found.rank {
        0 if found.called => "a label that is a total when the items come to it",
        0 => "no label says total",
        1 => "a label that may say total",
        2 => "labelled as a total",
        _ => "labelled as what is to be paid",
    };
    let at = found.line + 1;
    let _written = writeln!(out, "  {}  line {at}: {quote}", found.amount);
    let _written = writeln!(out, "      {label}");
    for reason in &found.support {
        let _written = writeln!(out, "      for: {reason}");
    }
    for reason in &found.against {
        let _written = writeln!(out, "      against: {reason}");
    }
}
