//! What is wrong with a scenario or a configuration: every error of a file at once, each with its
//! place.
//!
//! The layout is the Rust compiler's, because people know how to read it.

use std::fmt;
use unicode_width::UnicodeWidthStr;

/// A stretch of the source, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Spot {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

/// Where something of the scenario stands in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// In which file: 0 is the scenario's own, the others its bases.
    pub file: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// What kind of error it is. The codes are stable: tools may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Not TOML.
    Syntax,
    /// A key that this table does not take.
    UnknownKey,
    /// A name that nothing in this file has.
    UnknownName,
    /// A value of the wrong type or in the wrong unit.
    WrongValue,
    /// A fault that can never fire.
    NeverFires,
    /// An expectation that says nothing: always true, or never.
    SaysNothing,
    /// A word that is none of a list.
    UnknownWord,
    /// A key that must be there.
    MissingKey,
    /// Steps that wait for each other, or for one that never ends.
    WaitsForItself,
    /// An instant after the end of the run.
    TooLate,
    /// An expression that cannot be read.
    Expression,
    /// Two things that cannot both be.
    Contradiction,
    /// More than a limit allows.
    Limit,
}

impl Code {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::Syntax,
        Self::UnknownKey,
        Self::UnknownName,
        Self::WrongValue,
        Self::NeverFires,
        Self::SaysNothing,
        Self::UnknownWord,
        Self::MissingKey,
        Self::WaitsForItself,
        Self::TooLate,
        Self::Expression,
        Self::Contradiction,
        Self::Limit,
    ];

    /// `E01` to `E13`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Syntax => "E01",
            Self::UnknownKey => "E02",
            Self::UnknownName => "E03",
            Self::WrongValue => "E04",
            Self::NeverFires => "E05",
            Self::SaysNothing => "E06",
            Self::UnknownWord => "E07",
            Self::MissingKey => "E08",
            Self::WaitsForItself => "E09",
            Self::TooLate => "E10",
            Self::Expression => "E11",
            Self::Contradiction => "E12",
            Self::Limit => "E13",
        }
    }
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub spot: Spot,
    /// What stands beside the carets.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, spot: impl Into<Spot>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            spot: spot.into(),
            label: None,
            help: None,
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// Everything that is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The file's name, as it was given.
    pub file: String,
    /// Its text.
    pub lines: Lines,
    /// The errors, in the order of their places.
    pub errors: Vec<Diagnostic>,
}

impl std::error::Error for Invalid {}

impl Invalid {
    /// Where an error stands.
    pub fn mark(&self, error: &Diagnostic) -> Mark {
        self.lines.mark(error.spot.start)
    }

    /// Every error as a block, without the line that counts them.
    pub fn blocks(&self) -> String {
        let mut out = String::new();
        for error in &self.errors {
            let _infallible = self.write_one(&mut out, error);
        }
        out
    }

    fn write_one(&self, f: &mut impl fmt::Write, error: &Diagnostic) -> fmt::Result {
        let mark = self.mark(error);
        let Mark { line, column, .. } = mark;
        let text = self.lines.line(mark);
        let before: String = text.chars().take(column - 1).collect();
        let width = self.lines.width(&error.spot, mark).max(1);
        let pad = " ".repeat(line.to_string().len());
        let file = self.lines.file(mark).unwrap_or(&self.file);
        writeln!(f, "error[{}]: {}", error.code.word(), error.message)?;
        writeln!(f, "{pad}--> {file}:{line}:{column}")?;
        writeln!(f, "{line} | {}", text.replace('\t', " "))?;
        write!(
            f,
            "{pad} | {}{}",
            " ".repeat(before.width()),
            "^".repeat(width)
        )?;
        match &error.label {
            Some(label) => writeln!(f, " {label}")?,
            None => writeln!(f)?,
        }
        match &error.help {
            Some(help) => writeln!(f, "{pad} = help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Invalid {
    /// Every error as a block, then one line that counts them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            self.write_one(f, error)?;
        }
        let plural = if self.errors.len() == 1 { "" } else { "s" };
        write!(
            f,
            "{} error{plural} in 1 file; nothing was run (exit 3)",
            self.errors.len()
        )
    }
}

/// A text that knows where its lines begin, and the texts of its bases behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
    starts: Vec<usize>,
    /// The bases: each one's name and how many lines stand before its own.
    bases: Vec<(String, usize)>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let mut lines = Self::default();
        lines.push(text);
        lines
    }

    /// Puts a base's text behind the others: its first byte is one after their last.
    pub(super) fn append(&mut self, file: &str, text: &str) {
        self.text.push('\n');
        self.bases.push((file.to_owned(), self.starts.len()));
        self.push(text);
    }

    fn push(&mut self, text: &str) {
        let from = self.text.len();
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1));
        self.starts.extend(starts.map(|start| from + start));
        self.text.push_str(text);
    }

    /// How many bytes there are.
    pub(super) const fn end(&self) -> usize {
        self.text.len()
    }

    /// The place of a byte.
    pub fn mark(&self, byte: usize) -> Mark {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..byte).unwrap_or_default();
        let file = self.bases.partition_point(|(_, above)| *above < line);
        Mark {
            file,
            line: line - self.above(file),
            column: before.chars().count() + 1,
        }
    }

    /// The name of a base; none when the place is in the scenario's own file.
    pub fn file(&self, mark: Mark) -> Option<&str> {
        let base = self.bases.get(mark.file.checked_sub(1)?)?;
        Some(&base.0)
    }

    fn above(&self, file: usize) -> usize {
        let base = file.checked_sub(1).and_then(|at| self.bases.get(at));
        base.map_or(0, |(_, above)| *above)
    }

    /// The first byte of the mark's line.
    fn start(&self, mark: Mark) -> usize {
        let line = self.above(mark.file) + mark.line;
        let start = line.checked_sub(1).and_then(|at| self.starts.get(at));
        start.copied().unwrap_or(self.text.len())
    }

    /// The mark's line as a spot.
    pub(super) fn start_of(&self, mark: Mark) -> Spot {
        let start = self.start(mark);
        let end = start + self.line(mark).len();
        Spot { start, end }
    }

    /// The mark's line without its end.
    pub fn line(&self, mark: Mark) -> &str {
        let rest = self.text.get(self.start(mark)..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        line.trim_end_matches('\r')
    }

    /// How many columns of its first line a spot takes.
    fn width(&self, spot: &Spot, mark: Mark) -> usize {
        let end = spot.end.min(self.start(mark) + self.line(mark).len());
        self.text.get(spot.start..end).unwrap_or_default().width()
    }
}

/// The candidate that `word` most likely meant (a similarity of 0.7 or more).
///
/// Why Jaro and not Jaro-Winkler: that misfires on long common prefixes (clap-rs/clap#4668). Jaro
/// alone is blind to a slip in a word of three letters, so one slip counts by itself.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let score = |candidate: &str| match strsim::osa_distance(word, candidate) {
        0 | 1 => 0.99,
        _ => strsim::jaro(word, candidate),
    };
    let scored = candidates
        .into_iter()
        .map(|candidate| (score(candidate), candidate))
        .filter(|(score, _)| *score >= 0.7);
    scored
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, candidate)| candidate)
}

/// Help that suggests the nearest candidate.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|found| format!("did you mean `{found}`?"))
}
