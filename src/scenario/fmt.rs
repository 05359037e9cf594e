//! A scenario file in its usual layout: the equal signs of a table in one column, no blanks at the
//! ends of lines, one blank line at the most. Comments, order and meaning stay.
//!
//! Why by spans and not by a printer of TOML: only the blanks around a key are rewritten, so
//! nothing that somebody wrote can be lost.

use super::diagnostic::Invalid;
use super::lower;
use std::fmt::Write as _;
use std::ops::Range;
use toml::de::{DeTable, DeValue};
use unicode_width::UnicodeWidthStr;

/// The file in its usual layout.
///
/// # Errors
/// What is wrong with it, when it is not TOML.
pub fn formatted(file: &str, source: &str) -> Result<String, Invalid> {
    let tree = lower::tree(file, source)?;
    let mut found = Found::default();
    found.table(source, tree.get_ref());
    found.pairs.sort_by_key(|pair| pair.key.start);
    let pairs = outer(found.pairs);
    let widths = widths(source, &pairs);
    Ok(lines(source, &found.strings, &pairs, &widths))
}

/// A key and its value, both on lines of their own table.
struct Pair {
    key: Range<usize>,
    value: Range<usize>,
}

#[derive(Default)]
struct Found {
    pairs: Vec<Pair>,
    /// Strings of several lines: nothing in them is touched.
    strings: Vec<Range<usize>>,
}

impl Found {
    fn table(&mut self, source: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let (key, span) = (key.span(), value.span());
            let between = source.get(key.end..span.start).unwrap_or_default();
            if between.trim() == "=" {
                self.pairs.push(Pair { key, value: span });
            }
            self.value(source, value);
        }
    }

    fn value(&mut self, source: &str, value: &toml::Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(source, table),
            DeValue::Array(list) => list.iter().for_each(|value| self.value(source, value)),
            DeValue::String(_) => self.strings.push(value.span()),
            _ => {}
        }
    }
}

/// The pairs that are in no other pair's value.
fn outer(pairs: Vec<Pair>) -> Vec<Pair> {
    let mut end = 0;
    let mut outer = Vec::new();
    for pair in pairs {
        if pair.key.start >= end {
            end = pair.value.end;
            outer.push(pair);
        }
    }
    outer
}

/// For each pair, how wide the keys of its table are. A line that begins with a bracket begins a
/// table.
fn widths(source: &str, pairs: &[Pair]) -> Vec<usize> {
    let width = |pair: &Pair| source.get(pair.key.clone()).unwrap_or_default().width();
    let mut widths = Vec::with_capacity(pairs.len());
    let mut first = 0;
    for at in 0..pairs.len() {
        let next = pairs
            .get(at + 1)
            .map_or(source.len(), |next| next.key.start);
        let between = source.get(pairs[at].value.end..next).unwrap_or_default();
        let ends = between
            .lines()
            .skip(1)
            .any(|line| line.trim_start().starts_with('['));
        if ends || at + 1 == pairs.len() {
            let widest = pairs[first..=at].iter().map(width).max().unwrap_or(0);
            widths.resize(at + 1, widest);
            first = at + 1;
        }
    }
    widths
}

fn lines(source: &str, strings: &[Range<usize>], pairs: &[Pair], widths: &[usize]) -> String {
    let (mut out, mut start, mut blank) = (String::with_capacity(source.len()), 0, true);
    for line in source.split_inclusive('\n') {
        let (from, to) = (start, start + line.len());
        start = to;
        let inside = |at: usize| strings.iter().any(|span| span.start < at && at < span.end);
        if inside(from) {
            out.push_str(line);
            blank = false;
            continue;
        }
        // The first line of a string keeps its end: that is the string's.
        let text = if inside(to) {
            line.trim_end_matches('\n')
        } else {
            line.trim_end()
        };
        if text.is_empty() {
            if !blank {
                out.push('\n');
            }
            blank = true;
            continue;
        }
        blank = false;
        let at = pairs.partition_point(|pair| pair.key.start < from);
        let own = pairs
            .get(at)
            .filter(|pair| pair.value.start < to)
            .zip(widths.get(at));
        match own {
            Some((pair, width)) => {
                let key = source.get(pair.key.clone()).unwrap_or_default();
                let value = source
                    .get(pair.value.start..from + text.len())
                    .unwrap_or_default();
                let pad = " ".repeat(width.saturating_sub(key.width()));
                let _infallible = writeln!(out, "{key}{pad} = {value}");
            }
            None => {
                let _infallible = writeln!(out, "{text}");
            }
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSY: &str = "\n\nschema=1   # the first\nname = \"a\"\t\n\n\n\n[run]\n  lasts=\"5m\"\n\
        # why\nseeds   =   \"1..=2\"\n[bank.river]\n[[load]]\nstages=[\n  { for = \"1m\" },\n\n]\n\
        about = '''\n a  \n\n\n b'''\n\n";

    #[test]
    fn a_messy_file_gets_its_layout_and_keeps_its_comments() {
        let tidy = formatted("a.toml", MESSY).unwrap();
        let expected = "schema = 1   # the first\nname   = \"a\"\n\n[run]\nlasts = \"5m\"\n# why\n\
            seeds = \"1..=2\"\n[bank.river]\n[[load]]\nstages = [\n  { for = \"1m\" },\n\n]\n\
            about  = '''\n a  \n\n\n b'''\n";
        assert_eq!(tidy, expected);
        assert_eq!(formatted("a.toml", &tidy).unwrap(), tidy);
        let values = |text: &str| text.parse::<toml::Table>().unwrap();
        assert_eq!(values(MESSY), values(&tidy));
    }

    #[test]
    fn what_is_no_toml_is_not_touched() {
        assert!(formatted("a.toml", "name = = 1").is_err());
    }
}
