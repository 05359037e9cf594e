//! Changes to a configuration's text that leave everything else as its owner wrote it, comments
//! included.
//!
//! Why by spans and not by writing the value out: a configuration is somebody's page, and a program
//! that forgets their comments is used once.

use super::Config;
use crate::id::Name;
use crate::money::Currency;
use crate::scenario::Invalid;
use crate::text::Text;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A merchant with one till is added at the end.
pub fn add_merchant(
    source: &str,
    name: Name,
    title: &Text,
    bank: Name,
    currency: Currency,
) -> Result<String, EditError> {
    let title = toml::Value::String(title.as_str().to_owned());
    let table = format!(
        "[merchant.{name}]\nname     = {title}\nbank     = \"{bank}\"\ncurrency = \"{currency}\"\n"
    );
    checked(format!("{}\n\n{table}", source.trim_end()))
}

/// A merchant gets one more till.
///
/// A merchant's only terminal bears the merchant's name, so the first of two is renamed by this.
/// Its keys follow from its name: codes that it printed before no longer hold.
pub fn add_terminal(source: &str, merchant: Name) -> Result<String, EditError> {
    let tree = parse(source)?;
    let all = table_at(tree.get_ref(), "merchant");
    let table = all.and_then(|all| table_at(all, merchant.as_str()));
    let table = table.ok_or(EditError::NoMerchant { merchant })?;
    if let Some(item) = table.get("tills") {
        let span = item.span();
        let tills: u16 = source
            .get(span.clone())
            .and_then(|t| t.parse().ok())
            .unwrap_or(1);
        return checked(replaced(source, span, &tills.saturating_add(1).to_string()));
    }
    // No value of its own yet: a line below the first one.
    let first = table.iter().next().map(|(key, _)| key.span().start);
    let at = first.ok_or(EditError::NoMerchant { merchant })?;
    checked(replaced(source, at..at, "tills    = 2\n"))
}

/// These terminals' codes hold no more.
pub fn revoke(source: &str, terminals: &[Name]) -> Result<String, EditError> {
    let config = read(source)?;
    let mut revoked = config.revoked;
    revoked.extend(terminals);
    let list: Vec<String> = revoked.iter().map(|name| format!("\"{name}\"")).collect();
    let list = format!("[{}]", list.join(", "));
    let tree = parse(source)?;
    let network = table_at(tree.get_ref(), "network");
    let network = network.expect("a configuration was read from it, and has its network");
    if let Some(item) = network.get("revoked") {
        return checked(replaced(source, item.span(), &list));
    }
    let name = network.iter().find(|(key, _)| key.get_ref() == "name");
    let at = name.map_or(0, |(key, _)| key.span().start);
    checked(replaced(source, at..at, &format!("revoked = {list}\n")))
}

fn parse(source: &str) -> Result<Spanned<DeTable<'_>>, EditError> {
    read(source)?;
    let (tree, _) = DeTable::parse_recoverable(source);
    Ok(tree)
}

fn table_at<'a>(map: &'a DeTable<'a>, key: &str) -> Option<&'a DeTable<'a>> {
    match map.get(key)?.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn replaced(source: &str, span: Range<usize>, by: &str) -> String {
    let mut text = source.to_owned();
    text.replace_range(span, by);
    text
}

/// The text, if it is still a configuration.
fn checked(text: String) -> Result<String, EditError> {
    read(&text)?;
    Ok(text)
}

fn read(source: &str) -> Result<Config, EditError> {
    Config::parse(super::FILE, source).map_err(|invalid| EditError::Invalid(Box::new(invalid)))
}

/// Why a configuration was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is wrong, or would be.
    #[error("change the configuration: it would be wrong\n{0}")]
    Invalid(Box<Invalid>),
    /// Nobody of that name.
    #[error("find merchant `{merchant}` as a table of its own in the configuration")]
    NoMerchant {
        /// Who.
        merchant: Name,
    },
}
