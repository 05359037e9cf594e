//! `quittance scan`: a picture in, what its code says out.

use super::exit::{Exit, Failure};
use super::network::Place;
use super::settings::Args as Network;
use super::{Ended, clock, input, output};
use crate::cast::Cast;
use crate::code::bundle::CodeTrust;
use crate::code::link::{self, Link, LinkError};
use crate::code::scan::{self, Gray};
use crate::code::sealed::{Code, CodeError};
use crate::text::Text;
use crate::time::{Span, Time};
use clap::ValueEnum;
use std::path::PathBuf;

/// How long a picture is looked at.
const SCAN_TIME_MAX: Span = Span::seconds(5);

/// Read a payment code from a picture, verify it offline, and say what it shows.
///
/// A phone learns which certified shop printed the code, when, and that nobody altered it; not the
/// amount, which only the gateway can read.
#[derive(clap::Args)]
pub(super) struct Args {
    /// PNG, JPEG, half blocks or `##` as `qr` draws them, `qr`'s JSON, or the link itself; `-`
    /// reads stdin.
    #[arg(default_value = "-")]
    picture: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    network: Network,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn run(args: &Args) -> Ended {
    let bytes = input::read(&args.picture)?;
    let now = clock::now();
    let texts = read(&bytes, now)?;
    let cast = Place::open(&args.network)?.cast;
    let link = ours(&texts, &cast)?;
    let refused = |error: CodeError| Failure::new(Exit::No, error);
    let code = Code::parse(&link.blob, cast.trust.accept).map_err(refused)?;
    let trust = cast.trust.bundle.verify_code(&code, now);
    let trust = trust.map_err(|error| Failure::new(Exit::No, full(&error)))?;
    output::data(say(args.format, &link, &trust).as_bytes())?;
    Ok(Exit::Done)
}

/// Every text that the picture's codes hold, or that was given as text.
pub(super) fn read(bytes: &[u8], now: Time) -> Result<Vec<String>, Failure> {
    let pictures = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start().starts_with("http") => {
            return Ok(text.lines().map(|line| line.trim().to_owned()).collect());
        }
        Ok(text) if text.trim_start().starts_with('{') => return links(text),
        Ok(text) => scan::pictures_of_text(text),
        Err(_not_text) => {
            let picture = Gray::decode(bytes);
            vec![picture.map_err(|error| Failure::new(Exit::Malformed, error))?]
        }
    };
    let in_time = |_step| clock::now().since(now) < SCAN_TIME_MAX;
    let is_link = |text: &str| text.starts_with("https://");
    let scans = pictures
        .iter()
        .map(|picture| scan::scan(picture, is_link, in_time));
    let texts: Vec<String> = scans
        .flat_map(|scan| scan.codes)
        .map(|found| found.text)
        .collect();
    if texts.is_empty() {
        let failure = Failure::new(Exit::Nothing, "find a code in the picture");
        return Err(failure.hint("is it sharp, whole, and dark on light?"));
    }
    Ok(texts)
}

/// The links of JSON lines as `qr` writes them; lines that tell of a receipt without a code have
/// none.
fn links(text: &str) -> Result<Vec<String>, Failure> {
    let mut links = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let value: serde_json::Value = serde_json::from_str(line).map_err(|error| {
            Failure::new(
                Exit::Malformed,
                format!("read line {number} as JSON: {error}"),
            )
        })?;
        links.extend(value["link"].as_str().map(str::to_owned));
    }
    if links.is_empty() {
        return Err(Failure::new(
            Exit::Nothing,
            "find a `link` in the JSON lines",
        ));
    }
    Ok(links)
}

/// The first of the codes that is a payment code; else why the first one is none.
fn ours(texts: &[String], cast: &Cast) -> Result<Link, Failure> {
    let parse = |text: &String| link::parse(text, |host| host == cast.host);
    let mut why: Option<LinkError> = None;
    for text in texts {
        match parse(text) {
            Ok(link) => return Ok(link),
            Err(error) if error.is_damaged() => return Err(Failure::new(Exit::No, error)),
            Err(error) => {
                why.get_or_insert(error);
            }
        }
    }
    let why = why.map_or_else(String::new, |error| error.to_string());
    let failure = Failure::new(Exit::NotPayable, why);
    let shown = texts
        .first()
        .map_or_else(String::new, |t| Text::clean(t).fit(60));
    Err(failure.hint(format!("the picture says: {shown}")))
}

/// An error with what caused it, as one fragment.
pub(super) fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        // Some errors say their cause themselves.
        if !text.ends_with(&why) {
            text = format!("{text}: {why}");
        }
        cause = error.source();
    }
    text
}

fn say(format: Format, link: &Link, trust: &CodeTrust) -> String {
    let header = trust.verified.header();
    let warnings: Vec<String> = trust.warnings.iter().map(ToString::to_string).collect();
    if format == Format::Json {
        let line = serde_json::json!({
            "shop": trust.name,
            "merchant": trust.merchant,
            "terminal": header.terminal,
            "epoch": header.epoch,
            "issued_at": header.issued_at.to_string(),
            "expires_at": header.expires_at().to_string(),
            "host": link.host,
            "bank": link.bank,
            "verified": true,
            "warnings": warnings,
            "blob": link.blob,
        });
        return format!("{line}\n");
    }
    let mut lines = vec![
        format!("shop      {} (certified)", trust.name),
        format!("terminal  {}, key epoch {}", header.terminal, header.epoch),
        format!("issued    {}", header.issued_at),
        format!("expires   {}", header.expires_at()),
        format!(
            "signature good; the amount is sealed for gateway {}",
            link.host
        ),
    ];
    lines.extend(
        warnings
            .iter()
            .map(|warning| format!("warning   {warning}")),
    );
    lines.join("\n") + "\n"
}
