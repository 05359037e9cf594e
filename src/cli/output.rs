//! What the program says: data on stdout, talk on stderr. The only place that prints.
//!
//! Everything that came from outside is a [`Text`] before it gets here, so no
//! command can hand a stranger's escape sequence to a terminal.

use super::exit::{Exit, Failure};
use crate::text::Text;
use std::io::{self, Write};

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
    say(&format!("quittance: failed to {}", failure.message));
    if let Some(hint) = &failure.hint {
        say(&format!("hint: {hint}"));
    }
}
