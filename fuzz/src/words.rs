//! Laws of what people write.

use quittance::config::Config;
use quittance::query::Filter;
use quittance::scenario::Scenario;
use quittance::text::Text;

/// Text is clean, and cleaning it again changes nothing.
pub(crate) fn text(data: &[u8]) {
    let text = Text::clean(&String::from_utf8_lossy(data));
    assert!(!text.as_str().chars().any(char::is_control));
    assert_eq!(Text::clean(text.as_str()), text);
}

/// A scenario is read, or everything wrong with it is said.
pub(crate) fn scenario(data: &[u8]) {
    if let Ok(source) = std::str::from_utf8(data)
        && let Err(invalid) = Scenario::parse("fuzz.toml", source)
    {
        assert!(!invalid.to_string().is_empty());
    }
}

/// A configuration is read, or everything wrong with it is said.
pub(crate) fn config(data: &[u8]) {
    if let Ok(source) = std::str::from_utf8(data)
        && let Err(invalid) = Config::parse("fuzz.toml", source)
    {
        assert!(!invalid.to_string().is_empty());
    }
}

/// A filter is read, or its error says something.
pub(crate) fn query(data: &[u8]) {
    if let Ok(source) = std::str::from_utf8(data)
        && let Err(error) = Filter::parse(source, quittance::board::FIELDS)
    {
        assert!(!error.to_string().is_empty());
    }
}
