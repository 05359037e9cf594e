//! `quittance apdu`: a shell for a chip, with every command and answer decoded.

use super::chip::Desk;
use super::exit::{Exit, Failure};
use super::{Ended, output};
use crate::hex;
use crate::roles::chip::apdu::{Answer, Command, Status};
use crate::roles::chip::{ChipStatus, Guard, Identity, Instruction};
use crate::text::Text;
use std::fmt::Write as _;
use std::io::BufRead as _;
use std::path::PathBuf;

/// Speak to a chip in APDUs, line by line from stdin, with a decoded trace.
///
/// A line is a command in hexadecimal (80F20000), the name of an instruction (`help` lists them)
/// with its data field in hexadecimal, or `pair`, which opens the session with the module's key;
/// named instructions are then sent inside it. Exits with 1 when a command was refused.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The chip's folder.
    #[arg(long, default_value = "chip")]
    dir: PathBuf,
}

/// The longest line that is read, in characters: an extended command in hexadecimal.
const LINE_LEN_MAX: usize = 4096;

pub(super) fn run(args: &Args) -> Ended {
    let mut desk = Desk::open(&args.dir)?;
    let mut exit = Exit::Done;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::new(Exit::Environment, error))?;
        let line = line.trim();
        if line.len() > LINE_LEN_MAX {
            return Err(Failure::new(Exit::Malformed, "read a line: it is too long"));
        }
        let traced = match line {
            "" => continue,
            "quit" | "exit" => break,
            "help" => help(),
            "pair" => match desk.pair(&args.dir) {
                Ok(()) => "session open\n".to_owned(),
                Err(failure) => {
                    exit = Exit::No;
                    format!("no session: failed to {}\n", failure.message)
                }
            },
            line => match said(&mut desk, line)? {
                (text, true) => text,
                (text, false) => {
                    exit = Exit::No;
                    text
                }
            },
        };
        output::data(traced.as_bytes())?;
    }
    Ok(exit)
}

fn help() -> String {
    let mut text = String::new();
    for instruction in Instruction::ALL {
        let asked = match instruction.guard() {
            Guard::Clear => "in clear",
            Guard::Session => "in a session",
            Guard::Pin => "in a session, after the PIN",
        };
        let header = hex::encode(&instruction.header().bytes());
        writeln!(text, "{header}  {instruction:<22} {asked}").expect("a string takes any text");
    }
    text + "pair opens a session; quit ends the shell\n"
}

/// One line's trace, and whether the chip did it.
fn said(desk: &mut Desk, line: &str) -> Result<(String, bool), Failure> {
    let (word, data) = line.split_once(' ').unwrap_or((line, ""));
    let packed: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    if let Ok(instruction) = word.parse::<Instruction>() {
        let data = hex::decode(&data.trim().to_ascii_lowercase());
        let Ok(data) = data else {
            return Ok(("not hexadecimal\n".to_owned(), false));
        };
        return named(desk, instruction, &data);
    }
    let Ok(bytes) = hex::decode(&packed.to_ascii_lowercase()) else {
        let shown = Text::clean(line).fit(40);
        return Ok((
            format!("neither a command nor an instruction: {shown}\n"),
            false,
        ));
    };
    let answer = desk.transmit(&bytes)?;
    let shown = match Command::parse(&bytes) {
        Ok(command) => {
            let name = Instruction::of(command.header);
            let name = name.map_or_else(|_| "unknown".to_owned(), |i| i.to_string());
            let secured = if command.header.is_secure() {
                ", secured"
            } else {
                ""
            };
            format!(
                "> {}  {name}{secured}, {} bytes\n",
                hex::encode(&bytes),
                command.data.len()
            )
        }
        Err(status) => format!("> {}  no command: {status}\n", hex::encode(&bytes)),
    };
    let answer = Answer::parse(&answer);
    let answer = answer.ok_or_else(|| Failure::new(Exit::Environment, "read the answer"))?;
    Ok((shown + &decoded(None, &answer), answer.status.is_done()))
}

fn named(desk: &mut Desk, what: Instruction, data: &[u8]) -> Result<(String, bool), Failure> {
    let answer = if what.guard() == Guard::Clear {
        let command = Command::new(what.header(), data.to_vec()).to_bytes();
        let answer = desk.transmit(&command)?;
        Answer::parse(&answer).ok_or_else(|| Failure::new(Exit::Environment, "read the answer"))?
    } else {
        match desk.ask(what, data) {
            Ok(answer) => answer,
            Err(failure) if failure.exit == Exit::No => {
                return Ok((format!("failed to {}\n", failure.message), false));
            }
            Err(failure) => return Err(failure),
        }
    };
    let header = hex::encode(&what.header().bytes());
    let shown = format!("> {header} {}  {what}\n", hex::encode(data));
    Ok((
        shown + &decoded(Some(what), &answer),
        answer.status.is_done(),
    ))
}

/// A status word in words.
pub(super) const fn meaning(status: Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::NotAuthentic => "the proof does not hold",
        Status::WrongPin(_) => "wrong; the last digit is how many tries are left",
        Status::WrongLength => "wrong length",
        Status::SecurityStatus => "no session, or no PIN given",
        Status::Blocked => "no tries are left",
        Status::NoReferenceData => "there is no such PIN",
        Status::Conditions => "not in this state of its life",
        Status::SecureMessaging => "wrong key, altered, repeated or out of order",
        Status::WrongData => "the data field makes no sense",
        Status::NotFound => "no such application",
        Status::Exhausted => "every counter was used",
        Status::WrongParameters => "no such parameters",
        Status::NoInstruction => "no such instruction",
        Status::NoClass => "no such class",
        Status::Faulty => "the chip itself is at fault",
        Status::Other(_) => "of a chip that is not ours",
    }
}

/// An answer, and what it means.
fn decoded(to: Option<Instruction>, answer: &Answer) -> String {
    let mut text = format!("< {} {}", hex::encode(&answer.data), answer.status);
    writeln!(text, "  {}", meaning(answer.status)).expect("a string takes any text");
    let status = ChipStatus::parse(&answer.data);
    if let (Some(Instruction::GetStatus), Some(status)) = (to, status) {
        let ChipStatus {
            life,
            pin_tries,
            puk_tries,
            session,
        } = status;
        let session = if session {
            "a session is open"
        } else {
            "no session"
        };
        writeln!(
            text,
            "  {life}, {pin_tries} PIN tries, {puk_tries} PUK tries, {session}"
        )
        .expect("a string takes any text");
    }
    if let (Some(Instruction::GetIdentity), Some(identity)) =
        (to, Identity::parse(&answer.data, false))
    {
        let (terminal, epoch) = (identity.terminal, identity.epoch);
        writeln!(
            text,
            "  terminal {terminal}, epoch {epoch}, {}",
            identity.certificate.name()
        )
        .expect("a string takes any text");
    }
    text
}
