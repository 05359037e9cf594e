//! `quittance qr`: a receipt in, a payment code out.
//!
//! It opens no database and makes only the one terminal that signs: a shell waits for it.

use super::exit::{Exit, Failure};
use super::settings::Args as Network;
use super::shell::Signer;
use super::slow::Slow;
use super::{Ended, input, output, templates};
use crate::code::draw::{self, Ink, Raster};
use crate::code::link::to_link;
use crate::code::sealed::{Blob, Draft, SealedOrder, digest};
use crate::code::symbol::{QUIET_ZONE, Symbol};
use crate::id::{Name, Uid};
use crate::money::{Currency, Money};
use crate::receipt::{Hints, NotPayable, Paper, Payable};
use crate::text::Text;
use crate::time::Time;
use clap::ValueEnum;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// The paper's width when nobody says: 58 mm at 203 dots an inch.
const PAPER_DOTS: usize = 384;
/// Pixels of a module in a picture when nobody says how wide it is.
const SCALE: usize = 8;
/// Pixels of a module from which on phones read a picture well.
const SCALE_LEGIBLE: usize = 4;
/// The widest picture, in pixels.
const WIDTH_MAX: usize = 8192;
/// How many receipts one input may hold.
const RECEIPTS_MAX: usize = 100_000;

/// Turn receipts (text or ESC/POS, detected) into payment codes.
///
/// Without a configured chip a development key signs, and stderr says that the code is for the
/// test network. Several receipts in one input are told apart by the printer's cuts, or by form
/// feeds between texts; `--format json` writes a line for each. One that cannot be paid gets no
/// code, says why, and makes the exit code 7; the others get theirs.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The receipt; `-` reads stdin.
    #[arg(default_value = "-")]
    receipt: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Unicode)]
    format: Format,
    /// Where to write it; stdout unless given.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The currency, when the paper names none (ISO 4217, such as EUR).
    #[arg(long)]
    currency: Option<Currency>,
    /// A TOML file of merchant templates; templates.toml beside the configuration unless given.
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    /// An amount without paper, such as 8.40; wants --currency.
    #[arg(long, requires = "currency", conflicts_with = "receipt")]
    amount: Option<String>,
    /// The shop's order number, with --amount.
    #[arg(long, requires = "amount")]
    order: Option<String>,
    /// How wide: dots for escpos and star (384, for 58 mm paper, unless given; 576 is 80 mm),
    /// pixels for png
    /// and svg.
    #[arg(long)]
    width: Option<usize>,
    /// Swap dark and light, for unicode and ascii on a terminal that shows no colours.
    #[arg(long)]
    invert: bool,
    /// Say nothing on stderr but errors.
    #[arg(long, short)]
    quiet: bool,
    /// The terminal that signs; the configuration's `shell` unless given. Its chip must not be
    /// running: both would count for themselves.
    #[arg(long, value_name = "NAME")]
    terminal: Option<Name>,
    /// The chip's counter; the next one unless given. For codes that must come out the same.
    #[arg(long)]
    counter: Option<u32>,
    /// When the code is issued, in seconds since 1970; now unless given.
    #[arg(long, value_name = "SECONDS")]
    issued_at: Option<u32>,
    #[command(flatten)]
    network: Network,
}

/// The forms that a code is written in.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Half blocks for a terminal.
    Unicode,
    /// `##` and spaces, for whatever shows no blocks; dark on light unless inverted.
    Ascii,
    /// A picture of one bit a pixel.
    Png,
    /// A picture of one path.
    Svg,
    /// Bytes for an ESC/POS receipt printer.
    Escpos,
    /// Bytes for a Star receipt printer.
    Star,
    /// The link.
    Text,
    /// One JSON object a receipt.
    Json,
}

/// What is to be coded.
struct Due {
    amount: Money,
    reference: Text,
    merchant: Option<Text>,
    digest: crate::code::sealed::ReceiptDigest,
}

pub(super) fn run(args: &Args) -> Ended {
    let dues = dues(args)?;
    // Nothing to code: no key is needed to say so.
    if let [Err(why)] = &dues[..] {
        return Err(not_payable(why));
    }
    let signer = Signer::open(&args.network, args.terminal)?;
    if !args.quiet {
        output::say(&signer.note);
    }
    let count = u32::try_from(dues.len()).unwrap_or(u32::MAX);
    let mut counter = match args.counter {
        Some(_) if signer.has_chip() => {
            let failure = Failure::new(Exit::Usage, "take --counter: the terminal's chip counts");
            return Err(failure.hint("leave --counter out, or name a --terminal without a chip"));
        }
        Some(counter) => counter,
        None => signer.counters(count)?,
    };
    let mut out = Vec::new();
    let mut exit = Exit::Done;
    let mut slow = Slow::new("coding", Some(dues.len()));
    for (due, number) in dues.iter().zip(1_u32..) {
        match due {
            Ok(due) => {
                let coded = Coded::new(args, &signer, due, counter)?;
                counter = counter.saturating_add(1);
                if !args.quiet && args.format == Format::Unicode {
                    output::say(&coded.caption());
                }
                coded.write(args, &mut out)?;
            }
            Err(why) => {
                exit = Exit::NotPayable;
                refuse(args, number, why, &mut out);
            }
        }
        slow.step(usize::try_from(number).unwrap_or(usize::MAX));
    }
    drop(slow);
    match &args.output {
        Some(path) => std::fs::write(path, &out).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("write {name}: {error}"))
        })?,
        None => output::data(&out)?,
    }
    if args.format == Format::Unicode && args.output.is_none() && !args.quiet {
        say_if_taller(&out);
    }
    Ok(exit)
}

/// A code that has scrolled away in part cannot be scanned.
///
/// In a pipe nothing is asked: crossterm would start `tput` twice, which takes as long as the code.
fn say_if_taller(drawn: &[u8]) {
    let lines = drawn.split(|b| *b == b'\n').count();
    if std::io::stdout().is_terminal()
        && let Ok((_, rows)) = crossterm::terminal::size()
        && lines > usize::from(rows)
    {
        output::say(&format!(
            "this terminal shows {rows} of the {lines} rows; --format png --output code.png"
        ));
    }
}

/// Says of one receipt among several that it gets no code.
fn refuse(args: &Args, number: u32, why: &NotPayable, out: &mut Vec<u8>) {
    if args.format == Format::Json {
        let line = serde_json::json!({"receipt": number, "refused": why.to_string()});
        out.extend_from_slice(format!("{line}\n").as_bytes());
    }
    let failure = not_payable(why);
    output::say(&format!(
        "quittance: receipt {number}: failed to {}",
        failure.message
    ));
}

/// What each receipt asks for, or why it cannot be paid.
fn dues(args: &Args) -> Result<Vec<Result<Due, NotPayable>>, Failure> {
    if let (Some(amount), Some(currency)) = (&args.amount, args.currency) {
        return Ok(vec![Ok(typed(args, amount, currency)?)]);
    }
    let bytes = input::read(&args.receipt)?;
    let hints = Hints {
        currency: args.currency,
        templates: templates::read(args.templates.as_deref())?,
        ..Hints::default()
    };
    let mut dues = Vec::new();
    for job in jobs(&bytes) {
        let papers = crate::receipt::read(job, None, &hints).map_err(|error| {
            Failure::new(Exit::Malformed, error).hint("a receipt is text or ESC/POS bytes")
        })?;
        dues.extend(papers.iter().map(due));
        if dues.len() > RECEIPTS_MAX {
            let what = format!("read the receipts: more than {RECEIPTS_MAX}");
            return Err(Failure::new(Exit::Malformed, what));
        }
    }
    Ok(dues)
}

/// The jobs of one input: texts between form feeds; a print stream whole, since its cuts are part
/// of it and a form feed there prints a page.
fn jobs(bytes: &[u8]) -> Vec<&[u8]> {
    const FORM_FEED: u8 = 0x0C;
    let commands = |b: &u8| matches!(b, 0x10 | 0x1B | 0x1C | 0x1D);
    if !bytes.contains(&FORM_FEED) || bytes.iter().any(commands) {
        return vec![bytes];
    }
    let all = bytes.split(|b| *b == FORM_FEED);
    let jobs: Vec<&[u8]> = all.filter(|job| !job.trim_ascii().is_empty()).collect();
    if jobs.is_empty() { vec![bytes] } else { jobs }
}

/// An amount without paper.
fn typed(args: &Args, amount: &str, currency: Currency) -> Result<Due, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error);
    let amount = Money::parse(amount, currency).map_err(|error| usage(&error))?;
    if !amount.is_positive() {
        return Err(usage(&format!(
            "ask for {amount}: it must be more than nothing"
        )));
    }
    let reference = Text::clean(args.order.as_deref().unwrap_or_default());
    let text = format!("TOTAL {amount}\nORDER {reference}");
    Ok(Due {
        amount,
        digest: digest(&text),
        reference,
        merchant: None,
    })
}

fn due(paper: &Paper) -> Result<Due, NotPayable> {
    let payable: &Payable = paper.verdict.as_ref().map_err(Clone::clone)?;
    Ok(Due {
        amount: payable.amount,
        reference: payable.reference.clone(),
        merchant: payable.merchant.clone(),
        digest: digest(&paper.text()),
    })
}

fn not_payable(why: &NotPayable) -> Failure {
    let failure = Failure::new(Exit::NotPayable, format!("make a code: {why}"));
    match why {
        NotPayable::NoCurrency => failure.hint("name it: --currency EUR"),
        _ => failure,
    }
}

/// One receipt's code.
struct Coded<'a> {
    due: &'a Due,
    uid: Uid,
    blob: Blob,
    link: String,
    symbol: Symbol,
}

impl<'a> Coded<'a> {
    fn new(args: &Args, signer: &Signer, due: &'a Due, counter: u32) -> Result<Self, Failure> {
        let till = &signer.till;
        let issued_at = args
            .issued_at
            .map_or_else(super::clock::now, Time::from_seconds);
        let order = SealedOrder {
            counter,
            amount: due.amount,
            reference: due.reference.clone(),
            digest: due.digest,
            merchant: None,
            till: None,
            lines: None,
            tax: None,
        };
        let draft = Draft {
            route: till.route,
            flags: till.flags,
            issued_at,
            ttl_minutes: till.code_minutes,
            order,
            certificate: None,
        };
        let (blob, uid) = signer.seal(&draft)?;
        let link = to_link(&signer.host, None, &blob);
        let symbol = Symbol::encode(&link);
        let symbol = symbol.map_err(|error| Failure::new(Exit::NotPayable, error))?;
        Ok(Self {
            due,
            uid,
            blob,
            link,
            symbol,
        })
    }

    fn caption(&self) -> String {
        let merchant = self.due.merchant.as_ref().map_or("", Text::as_str);
        format!("{}  {}  {merchant}", self.due.amount, self.due.reference)
            .trim_end()
            .to_owned()
    }

    fn write(&self, args: &Args, out: &mut Vec<u8>) -> Result<(), Failure> {
        match args.format {
            Format::Unicode => {
                let ink = if args.invert {
                    Ink::LightOnDark
                } else {
                    Ink::Explicit
                };
                out.extend_from_slice(draw::unicode(&self.symbol, ink).as_bytes());
            }
            Format::Ascii => {
                out.extend_from_slice(draw::ascii(&self.symbol, args.invert).as_bytes());
            }
            Format::Png => out.extend_from_slice(&draw::png(&self.symbol, self.scale(args)?)),
            Format::Svg => {
                out.extend_from_slice(draw::svg(&self.symbol, self.scale(args)?).as_bytes());
            }
            Format::Text => out.extend_from_slice(format!("{}\n", self.link).as_bytes()),
            Format::Json => out.extend_from_slice(format!("{}\n", self.json()).as_bytes()),
            Format::Escpos => {
                out.extend_from_slice(b"\x1ba\x01");
                out.extend_from_slice(&draw::escpos_raster(&self.raster(args)?));
                out.extend_from_slice(b"\x1ba\x00\n");
            }
            Format::Star => {
                out.extend_from_slice(b"\x1b\x1da\x01");
                out.extend_from_slice(&draw::star_raster(&self.raster(args)?));
                out.extend_from_slice(b"\x1b\x1da\x00\n");
            }
        }
        Ok(())
    }

    /// The dots of the code on paper; paper on which no phone could read it is refused.
    fn raster(&self, args: &Args) -> Result<Raster, Failure> {
        let paper = args.width.unwrap_or(PAPER_DOTS);
        let dots = self.symbol.dots_per_module(paper);
        let dots = dots.map_err(|error| Failure::new(Exit::NotPayable, error))?;
        Ok(Raster::of(&self.symbol, dots))
    }

    /// How many pixels a module takes in a picture: as many as fit the width.
    fn scale(&self, args: &Args) -> Result<usize, Failure> {
        let side = self.symbol.size() + 2 * QUIET_ZONE;
        let Some(width) = args.width else {
            return Ok(SCALE);
        };
        let scale = width.min(WIDTH_MAX) / side;
        if scale == 0 {
            let what = format!("draw the code: {width} pixels are too few for {side} modules");
            let wide = side * SCALE_LEGIBLE;
            let failure = Failure::new(Exit::NotPayable, what);
            return Err(failure.hint(format!("phones read it well from --width {wide} on")));
        }
        Ok(scale)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "link": self.link,
            "blob": self.blob,
            "uid": self.uid,
            "amount": self.due.amount,
            "reference": self.due.reference,
            "merchant": self.due.merchant,
            "digest": self.due.digest,
            "test_network": true,
            "symbol": draw::json(&self.symbol),
        })
    }
}
