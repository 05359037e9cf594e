//! Scenario files from the command line: folders opened, everything that is wrong said at once.

use super::exit::{Exit, Failure};
use super::{input, output};
use crate::scenario::{Invalid, Scenario, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The scenario files that were named, folders opened, in order.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Environment, format!("open folder {name}: {error}"))
        })?;
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        let is_toml = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "toml");
        files.extend(inside.into_iter().filter(is_toml));
    }
    if files.is_empty() {
        let what = "find a scenario: the folders hold none";
        return Err(Failure::new(Exit::Nothing, what));
    }
    Ok(files)
}

/// The text of a file, or of stdin.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let bytes = input::read(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let name = path.display();
        Failure::new(
            Exit::Malformed,
            format!("read {name}: no UTF-8 at offset {at}"),
        )
    })
}

/// A variable from the command line: `key=value`.
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Every case of these files; or everything that is wrong with any of them, said on stderr.
pub(super) fn scenarios(
    paths: &[PathBuf],
    vars: &[(String, String)],
) -> Result<Vec<Arc<Scenario>>, Failure> {
    let vars: BTreeMap<String, String> = vars.iter().cloned().collect();
    let (mut scenarios, mut invalid) = (Vec::new(), Vec::new());
    for path in files(paths)? {
        let source = Source {
            file: &path.display().to_string(),
            text: &text(&path)?,
            base: &base,
            vars: &vars,
        };
        match Scenario::cases(&source) {
            Ok(cases) => scenarios.extend(cases.into_iter().map(Arc::new)),
            Err(errors) => invalid.push(errors),
        }
    }
    if invalid.is_empty() {
        let known = |name: &&String| scenarios.iter().any(|one| one.vars.contains_key(*name));
        return match vars.keys().find(|name| !known(name)) {
            Some(name) => Err(Failure::new(
                Exit::Usage,
                format!("set --var {name}: no scenario here has this variable"),
            )),
            None => Ok(scenarios),
        };
    }
    for errors in &invalid {
        output::say(errors.blocks().trim_end());
    }
    output::say(&count(&invalid));
    Err(Failure::new(Exit::Malformed, ""))
}

/// A base's text: its name is a path beside the file that names it.
fn base(of: &str, name: &str) -> Result<(String, String), String> {
    let folder = Path::new(of).parent().unwrap_or_else(|| Path::new(""));
    let path = folder.join(name);
    let read = text(&path).map_err(|failure| failure.message)?;
    Ok((path.display().to_string(), read))
}

/// `5 errors in 2 files; nothing was run (exit 3)`.
fn count(invalid: &[Invalid]) -> String {
    let errors: usize = invalid.iter().map(|file| file.errors.len()).sum();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let files = invalid.len();
    let (many, several) = (plural(errors), plural(files));
    format!("{errors} error{many} in {files} file{several}; nothing was run (exit 3)")
}
