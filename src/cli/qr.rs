//! `quittance qr`: a receipt in, a payment code out.

use super::exit::{Exit, Failure};
use super::{Ended, development, input, output};
use crate::cast::Till;
use crate::code::draw::{self, Ink, Raster};
use crate::code::link::to_link;
use crate::code::sealed::{Blob, Draft, SealedOrder, digest, seal};
use crate::code::symbol::Symbol;
use crate::money::{Currency, Money};
use crate::receipt::{Hints, NotPayable, Paper, Payable};
use crate::text::Text;
use crate::time::Time;
use clap::ValueEnum;
use std::path::PathBuf;

/// Turn a receipt (text or ESC/POS, detected) into a payment code.
///
/// Without a configured chip a development key signs, and stderr says that the code is for the
/// test network.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The receipt; `-` reads stdin.
    #[arg(default_value = "-")]
    receipt: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Unicode)]
    format: Format,
    /// Where to write it; stdout unless given.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// The currency, when the paper names none (ISO 4217, such as EUR).
    #[arg(long)]
    currency: Option<Currency>,
    /// An amount without paper, such as 8.40; wants --currency.
    #[arg(long, requires = "currency")]
    amount: Option<String>,
    /// The shop's order number, with --amount.
    #[arg(long, requires = "amount")]
    order: Option<String>,
    /// Paper width in dots, for escpos (384 for 58 mm, 576 for 80 mm).
    #[arg(long, default_value_t = 384)]
    width: usize,
    /// Swap dark and light, for unicode on a terminal that shows no colours.
    #[arg(long)]
    invert: bool,
    /// Say nothing on stderr.
    #[arg(long, short)]
    quiet: bool,
    /// The chip's counter; seconds since 1970 unless given. For codes that must come out the same.
    #[arg(long)]
    counter: Option<u32>,
    /// When the code is issued, in seconds since 1970; now unless given.
    #[arg(long)]
    issued_at: Option<u32>,
}

/// The forms that a code is written in.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Half blocks for a terminal.
    Unicode,
    /// A picture of one bit a pixel.
    Png,
    /// A picture of one path.
    Svg,
    /// Bytes for a receipt printer.
    Escpos,
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
    let now = super::clock::now();
    let cast = development::cast(now)?;
    let till = cast.tills.first();
    let till = till.ok_or_else(|| Failure::new(Exit::Environment, "find the development till"))?;
    if !args.quiet {
        output::say("note: signed with the development key; this code is for the test network");
    }
    let mut out = Vec::new();
    for (due, offset) in dues.iter().zip(0..) {
        let coded = Coded::new(args, till, &cast.host, due, offset)?;
        if !args.quiet && args.format == Format::Unicode {
            output::say(&coded.caption());
        }
        coded.write(args, &mut out)?;
    }
    match &args.output {
        Some(path) => std::fs::write(path, out).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("write {name}: {error}"))
        })?,
        None => output::data(&out)?,
    }
    Ok(Exit::Done)
}

fn dues(args: &Args) -> Result<Vec<Due>, Failure> {
    if let (Some(amount), Some(currency)) = (&args.amount, args.currency) {
        return Ok(vec![typed(args, amount, currency)?]);
    }
    let bytes = input::read(&args.receipt)?;
    let hints = Hints {
        currency: args.currency,
        ..Hints::default()
    };
    let papers = crate::receipt::read(&bytes, None, &hints).map_err(|error| {
        Failure::new(Exit::Malformed, error).hint("a receipt is text or ESC/POS bytes")
    })?;
    papers.iter().map(due).collect()
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

fn due(paper: &Paper) -> Result<Due, Failure> {
    let payable: &Payable = paper.verdict.as_ref().map_err(not_payable)?;
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
    till: &'a Till,
    counter: u32,
    blob: Blob,
    link: String,
    symbol: Symbol,
}

impl<'a> Coded<'a> {
    fn new(
        args: &Args,
        till: &'a Till,
        host: &str,
        due: &'a Due,
        offset: u32,
    ) -> Result<Self, Failure> {
        let issued_at = args
            .issued_at
            .map_or_else(super::clock::now, Time::from_seconds);
        let counter = args.counter.unwrap_or_else(|| issued_at.seconds());
        let counter = counter.saturating_add(offset);
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
        let blob = seal(&till.key, &till.signing, &draft);
        let blob = blob.map_err(|error| Failure::new(Exit::NotPayable, error))?;
        let link = to_link(host, None, &blob);
        let symbol = Symbol::encode(&link);
        let symbol = symbol.map_err(|error| Failure::new(Exit::NotPayable, error))?;
        Ok(Self {
            due,
            till,
            counter,
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
            Format::Png => out.extend_from_slice(&draw::png(&self.symbol, 8)),
            Format::Svg => out.extend_from_slice(draw::svg(&self.symbol, 8).as_bytes()),
            Format::Text => out.extend_from_slice(format!("{}\n", self.link).as_bytes()),
            Format::Json => out.extend_from_slice(format!("{}\n", self.json()).as_bytes()),
            Format::Escpos => {
                let dots = self.symbol.dots_per_module(args.width);
                let dots = dots.map_err(|error| Failure::new(Exit::NotPayable, error))?;
                out.extend_from_slice(b"\x1ba\x01");
                out.extend_from_slice(&draw::escpos_raster(&Raster::of(&self.symbol, dots)));
                out.extend_from_slice(b"\x1ba\x00\n");
            }
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let terminal = self.till.key.terminal();
        let uid = crate::id::Uid {
            terminal,
            epoch: self.till.key.epoch(),
            counter: self.counter,
        };
        serde_json::json!({
            "link": self.link,
            "blob": self.blob,
            "uid": uid,
            "amount": self.due.amount,
            "reference": self.due.reference,
            "merchant": self.due.merchant,
            "digest": self.due.digest,
            "test_network": true,
            "symbol": draw::json(&self.symbol),
        })
    }
}
