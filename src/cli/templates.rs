//! Merchant templates, from a file or from where the configuration stands.

use super::exit::{Exit, Failure};
use super::settings;
use crate::receipt::Template;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file's name in the folders of the configuration.
const FILE: &str = "templates.toml";

/// The templates of this file; else of the first that stands where a configuration may; else none.
pub(super) fn read(given: Option<&Path>) -> Result<Arc<[Template]>, Failure> {
    let Some(path) = given.map(PathBuf::from).or_else(standing) else {
        return Ok(Arc::default());
    };
    let (name, source) = settings::text(&path)?;
    let templates = Template::from_toml(&source)
        .map_err(|error| Failure::new(Exit::Malformed, format!("{error} ({name})")))?;
    Ok(templates.into())
}

fn standing() -> Option<PathBuf> {
    let all = settings::candidates().into_iter();
    let mut all = all.map(|path| path.with_file_name(FILE));
    all.find(|path| path.is_file())
}
