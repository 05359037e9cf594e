//! `quittance code`: a code taken apart, and test vectors of the format.

use super::exit::{Exit, Failure};
use super::scan::{self, full};
use super::{Ended, clock, input, output};
use crate::code::explain::{self, Budget, PAPERS, Part};
use crate::code::link;
use crate::code::sealed::{Accept, Blob, Code, OrderKey, SealedOrder, open};
use crate::code::vectors::{self, Outcome};
use crate::sign::PublicKey;
use crate::text::Text;
use clap::{Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

/// Take a payment code apart, or run test vectors of its format.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show every field of a code with its offset, and what it takes on paper.
    ///
    /// Nothing is verified here: `quittance scan` does that.
    Explain(Explain),
    /// Run a file of test vectors (format quittance-code/1), naming each one's first differing
    /// step.
    CheckVectors {
        /// The file; `-` reads stdin.
        file: PathBuf,
    },
}

#[derive(clap::Args)]
struct Explain {
    /// A picture, half blocks, the link, or the code's bytes in hexadecimal; `-` reads stdin.
    #[arg(default_value = "-")]
    code: PathBuf,
    /// Opens the seal: the order's single-use key, with --key.
    #[arg(long, requires = "key")]
    order_key: Option<OrderKey>,
    /// The terminal's public key: says whether the signature is its own.
    #[arg(long)]
    key: Option<PublicKey>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

/// Where a code is taken to be printed when it came without its link.
const NO_LINK_PREFIX: &str = "https://q.example.com/1#";

pub(super) fn run(args: &Args) -> Ended {
    match &args.what {
        What::Explain(args) => explain(args),
        What::CheckVectors { file } => check_vectors(file),
    }
}

fn explain(args: &Explain) -> Ended {
    let (blob, prefix) = read(&args.code)?;
    // What a code says is shown whatever it is for; taking it is another matter.
    let code = Code::parse(&blob, Accept::SIMULATION);
    let code = code.map_err(|error| Failure::new(Exit::No, full(&error)))?;
    let order = opened(args, &code)?;
    let parts = explain::parts(&code, order.as_ref());
    let budget = explain::budget(&code, &prefix);
    let budget = budget.map_err(|error| Failure::new(Exit::No, full(&error)))?;
    let shown = match args.format {
        Format::Text => text(&parts, &budget, args.key.is_some()),
        Format::Json => format!(
            "{}\n",
            serde_json::json!({"parts": parts, "budget": budget})
        ),
    };
    output::data(shown.as_bytes())?;
    Ok(Exit::Done)
}

/// The opened order, when its key was given; checks the signature when the terminal's key was.
fn opened(args: &Explain, code: &Code) -> Result<Option<SealedOrder>, Failure> {
    let refused = |error: &dyn std::error::Error| Failure::new(Exit::No, full(error));
    let Some(key) = &args.key else {
        return Ok(None);
    };
    let verified = code.verify(key).map_err(|error| refused(&error))?;
    let open = |key| open(&verified, key).map_err(|error| refused(&error));
    args.order_key.as_ref().map(open).transpose()
}

/// A code and what stands before its digits.
fn read(path: &Path) -> Result<(Blob, String), Failure> {
    let bytes = input::read(path)?;
    let hexadecimal = std::str::from_utf8(&bytes).ok().map(str::trim);
    if let Some(Ok(blob)) = hexadecimal
        .filter(|t| !t.is_empty())
        .map(str::parse::<Blob>)
    {
        return Ok((blob, NO_LINK_PREFIX.to_owned()));
    }
    let texts = scan::read(&bytes, clock::now())?;
    let mut why = None;
    for text in &texts {
        match link::parse(text, |_any| true) {
            Ok(found) => {
                let prefix = link::prefix(&found.host, found.bank.as_ref());
                return Ok((found.blob, prefix));
            }
            Err(error) => _ = why.get_or_insert(error),
        }
    }
    let why = why.map_or_else(String::new, |error| error.to_string());
    let shown = texts.first().map(|text| Text::clean(text).fit(60));
    let hint = format!("it says: {}", shown.unwrap_or_default());
    Err(Failure::new(Exit::NotPayable, why).hint(hint))
}

fn text(parts: &[Part], budget: &Budget, verified: bool) -> String {
    let mut lines = vec![format!(
        "{:>6} {:>4}  {:<18} {}",
        "offset", "len", "field", "says"
    )];
    let line = |part: &Part| {
        let Part {
            offset,
            len,
            name,
            says,
        } = part;
        format!("{offset:>6} {len:>4}  {name:<18} {says}")
    };
    lines.extend(parts.iter().map(line));
    let shares = budget.shares.iter().filter(|(_, bytes)| *bytes > 0);
    let shares: Vec<_> = shares
        .map(|(name, bytes)| format!("{name} {bytes}"))
        .collect();
    let permille = budget.carried_permille;
    let dots = |at: usize| {
        let name = PAPERS[at].0;
        budget.dots[at].map_or_else(
            || format!("does not fit {name} paper"),
            |dots| format!("{dots} dots a module on {name} paper"),
        )
    };
    lines.extend([
        String::new(),
        format!("bytes    {} = {}", budget.blob_bytes, shares.join(" + ")),
        format!(
            "text     {} characters, then {} digits, which carry {}.{} % of their bits",
            budget.prefix_chars,
            budget.digits,
            permille / 10,
            permille % 10
        ),
        format!(
            "symbol   version {} at level M, {} modules; {}, {}",
            budget.version,
            budget.modules,
            dots(0),
            dots(1)
        ),
        if verified {
            "signature good under the key given".to_owned()
        } else {
            "nothing was verified: `quittance scan` verifies, --key checks the signature".to_owned()
        },
    ]);
    lines.join("\n") + "\n"
}

fn check_vectors(file: &Path) -> Ended {
    let bytes = input::read(file)?;
    let malformed = |error: &dyn std::error::Error| Failure::new(Exit::Malformed, full(error));
    let json = std::str::from_utf8(&bytes).map_err(|error| malformed(&error))?;
    let outcomes = vectors::check(json).map_err(|error| malformed(&error))?;
    if outcomes.is_empty() {
        return Err(Failure::new(Exit::Nothing, "find a vector in the file"));
    }
    let lines: String = outcomes.iter().map(outcome).collect();
    output::data(lines.as_bytes())?;
    let differ = outcomes.iter().filter(|o| o.difference.is_some()).count();
    output::say(&format!("{} vectors, {differ} differ", outcomes.len()));
    Ok(if differ == 0 { Exit::Done } else { Exit::No })
}

fn outcome(outcome: &Outcome) -> String {
    let id = Text::clean(&outcome.id);
    let Some(difference) = &outcome.difference else {
        return format!("{id}: agrees\n");
    };
    let clean = |text: &str| Text::clean(text);
    format!(
        "{id}: differs at {}\n  expected {}\n  computed {}\n",
        clean(&difference.step),
        clean(&difference.expected),
        clean(&difference.computed)
    )
}
