//! What the program says: data on stdout, talk on stderr. The only place that prints.
//!
//! Everything that came from outside is a [`Text`] before it gets here, so no
//! command can hand a stranger's escape sequence to a terminal.

use super::exit::{Exit, Failure};
use crate::text::Text;
use std::io::{self, IsTerminal as _, Write};

/// Writes data to stdout. A closed pipe is success: the reader has what it wanted.
pub(super) fn data(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(quiet()),
        Err(error) => Err(Failure::new(
            Exit::Environment,
            format!("write the output: {error}"),
        )),
    }
}

/// Ends the command without a word, successfully.
fn quiet() -> Failure {
    Failure::new(Exit::Done, "")
}

/// Says something about the work, on stderr. What a file or a stranger wrote into it is cleaned
/// once more here: a quoted line of a hostile file must not act on the terminal either.
pub(super) fn say(text: &str) {
    let lines: Vec<String> = text
        .lines()
        .map(|line| Text::clean(line).to_string())
        .collect();
    let _closed_stderr_changes_nothing = writeln!(io::stderr(), "{}", lines.join("\n"));
}

/// Says why the command stopped.
pub(super) fn complain(failure: &Failure) {
    if failure.message.is_empty() {
        return;
    }
    if let Some(details) = &failure.details {
        say(details);
    }
    let said = Text::clean(&format!("failed to {}", failure.message));
    let (bold, plain) = if colours() {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    // Every line of a longer message is cleaned by itself.
    let more = failure.message.lines().skip(1).count() > 0;
    if more {
        say(&format!("quittance: failed to {}", failure.message));
    } else {
        let line = format!("{bold}quittance:{plain} {said}\n");
        let _closed_stderr_changes_nothing = io::stderr().write_all(line.as_bytes());
    }
    if let Some(hint) = &failure.hint {
        say(&format!("hint: {hint}"));
    }
}

/// Whether talk may have colours: NO_COLOR says no, CLICOLOR_FORCE yes, else a terminal does.
fn colours() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    match set("CLICOLOR_FORCE") {
        Some(force) => force != "0",
        None => io::stderr().is_terminal(),
    }
}
