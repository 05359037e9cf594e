//! `quittance receipt show`: the paper, in every form.

use super::super::exit::{Exit, Failure};
use super::super::{Ended, input, output};
use super::{Reading, json, pages_of};
use crate::receipt::layout::Page;
use crate::receipt::paper::{Sheet, unicode};
use crate::receipt::tokens::{Dialect, Op, Token, detect, tokens};
use crate::receipt::{Hints, Paper, Profile, paper};
use crate::text::Text;
use clap::ValueEnum;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

/// How many bytes of a token are shown.
const TOKEN_BYTES_SHOWN: usize = 16;
/// What stands between two receipts of one job.
const CUT_MARK: &str = "- - - - 8< - - - -";

/// Show what a print job puts on paper.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The print job (text, ESC/POS or Star, detected); `-` reads stdin.
    #[arg(default_value = "-")]
    receipt: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to write it; stdout unless given.
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The lines, as they stand on the paper.
    Text,
    /// One JSON object a receipt: what was read, and whether it is payable.
    Json,
    /// A picture of one bit a dot; receipts below each other.
    Png,
    /// A picture of one path; receipts below each other.
    Svg,
    /// The paper for a terminal, pictures and codes as half blocks.
    Unicode,
    /// One line a token: offset, length, bytes, meaning.
    Tokens,
}

pub(super) fn run(args: &Args) -> Ended {
    let profile = args.reading.profile()?;
    let bytes = input::read(&args.receipt)?;
    let shown = if args.format == Format::Tokens {
        let dialect = profile
            .as_ref()
            .map_or_else(|| detect(&bytes), |p| p.dialect);
        listing(dialect, &bytes)
    } else {
        let pages = pages_of(&bytes, profile.as_ref())?;
        let hints = args.reading.hints()?;
        show(args, pages, profile, &hints)
    };
    match &args.output {
        None => output::data(&shown)?,
        Some(path) => std::fs::write(path, shown).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("write {name}: {error}"))
        })?,
    }
    Ok(Exit::Done)
}

fn show(args: &Args, pages: Vec<Page>, profile: Option<Profile>, hints: &Hints) -> Vec<u8> {
    let profile = profile.unwrap_or_else(|| wide_enough(&pages));
    match args.format {
        Format::Png => roll(&pages, &profile).map_or_else(Vec::new, |sheet| sheet.png()),
        Format::Svg => roll(&pages, &profile).map_or_else(Vec::new, |sheet| sheet.svg().into()),
        Format::Unicode => joined(pages.iter().map(|page| unicode(page, &profile))),
        Format::Json => {
            let papers = pages.into_iter().map(|page| paper(page, hints));
            papers.map(|paper| line(&paper)).collect::<String>().into()
        }
        Format::Text | Format::Tokens => joined(pages.iter().map(text)),
    }
}

fn line(paper: &Paper) -> String {
    format!("{}\n", json::paper(paper))
}

/// Pages with a mark where the paper was cut.
fn joined(pages: impl Iterator<Item = String>) -> Vec<u8> {
    let pages: Vec<String> = pages.collect();
    pages.join(&format!("{CUT_MARK}\n")).into()
}

/// The lines of a page; where a picture or symbol stands, what it is.
fn text(page: &Page) -> String {
    let mut out = String::new();
    for at in 0..=page.lines.len() {
        for (_, picture) in page.pictures.iter().filter(|p| p.0 == at) {
            let size = (picture.width(), picture.height());
            out.push_str(&format!("[picture {} x {} dots]\n", size.0, size.1));
        }
        for symbol in page.symbols.iter().filter(|s| s.line == at) {
            let kind = if symbol.qr { "QR code" } else { "barcode" };
            let says = Text::clean(&String::from_utf8_lossy(&symbol.data));
            out.push_str(format!("[{kind} {says}").trim_end());
            out.push_str("]\n");
        }
        if let Some(line) = page.lines.get(at) {
            out.push_str(line.text.as_str());
            out.push('\n');
        }
    }
    out
}

/// All receipts of a job as one picture.
fn roll(pages: &[Page], profile: &Profile) -> Option<Sheet> {
    let mut sheets = pages.iter().map(|page| Sheet::of(page, profile));
    let first = sheets.next();
    sheets.fold(first, |whole, next| {
        whole.map(|mut sheet| {
            sheet.append(&next);
            sheet
        })
    })
}

/// A common printer whose paper takes the widest line, when nothing says which printer it is.
fn wide_enough(pages: &[Page]) -> Profile {
    let mut profile = Profile::named("epson-80mm").expect("it is built in");
    let lines = pages.iter().flat_map(|page| &page.lines);
    let widest = lines.map(|line| line.text.width()).max().unwrap_or(0);
    let columns = u16::try_from(widest).unwrap_or(u16::MAX);
    if columns > profile.columns {
        // A scan's line or a report's may be any length; paper is not.
        profile.columns = columns.min(340);
        profile.width_dots = profile.columns * 12;
    }
    profile
}

/// One line a token.
fn listing(dialect: Dialect, bytes: &[u8]) -> Vec<u8> {
    let mut out = BufWriter::new(Vec::new());
    let mut offset = 0;
    for token in tokens(dialect, bytes) {
        // Writing to memory does not fail.
        let _written = writeln!(
            out,
            "{offset:>8} {:>6}  {:<32}  {}",
            token.bytes.len(),
            hex(token.bytes),
            meaning(&token)
        );
        offset += token.bytes.len();
    }
    out.into_inner().unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    let shown = bytes.get(..TOKEN_BYTES_SHOWN).unwrap_or(bytes);
    let mut out = crate::hex::encode(shown);
    if bytes.len() > TOKEN_BYTES_SHOWN {
        out.push('+');
    }
    out
}

/// What a token asks for: the operation's name and its small arguments, payloads by their length.
fn meaning(token: &Token<'_>) -> String {
    let ascii = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match token.op {
        Op::Text(run) => format!("text \"{}\"", Text::clean(&ascii(run)).fit(60)),
        Op::Image(image) => format!("image {} x {} dots", image.width, image.height),
        Op::StoreImage(image) => format!("store-image {} x {} dots", image.width, image.height),
        Op::QrStore(data) => format!("qr-store \"{}\"", Text::clean(&ascii(data)).fit(60)),
        Op::Barcode(system, data) => {
            format!("barcode {system} \"{}\"", Text::clean(&ascii(data)).fit(60))
        }
        Op::Tabs(stops) => format!("tabs {stops:?}"),
        other => kebab(&format!("{other:?}")),
    }
}

/// `LineFeed` as `line-feed`, `Size(2, 2)` as `size (2, 2)`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    let head = name.find('(').unwrap_or(name.len());
    for (i, c) in name.chars().enumerate() {
        if i == head {
            out.push(' ');
        }
        if c.is_ascii_uppercase() && i > 0 && i < head {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
