//! From TOML to a [`Scenario`]: a spanned tree, lowered by hand, so that every error of a file is
//! found in one pass and each has its place.
//!
//! Why not serde: its spans break under untagged enums, and it stops at the first error.

mod fault;
mod find;
mod network;
mod parties;
mod replay;
mod run;
mod step;
pub(crate) mod table;

use super::compose::{self, Source};
use super::diagnostic::{Code, Diagnostic, Invalid, Lines, Mark, Spot};
use super::index::Index;
use super::schema::{ActorKind, Mode, Off, Scenario};
use super::units::UnitError;
use crate::id::Name;
use crate::text::Text;
use std::collections::BTreeMap;
use table::{Item, Table, Word};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest scenario file, in bytes.
pub const SOURCE_BYTES_MAX: usize = 1 << 20;
/// The most errors that are listed.
pub const ERRORS_MAX: usize = 100;
/// The version of the schema.
const SCHEMA: u32 = 1;

/// Reads every case of a scenario file, or says everything that is wrong with it.
pub(super) fn cases(source: &Source<'_>) -> Result<Vec<Scenario>, Invalid> {
    let file = source.file.to_owned();
    let invalid = |lines, errors| Invalid {
        file: file.clone(),
        lines,
        errors,
    };
    let texts = compose::texts(source)?;
    let mut lines = Lines::new(source.text);
    for (base, text) in texts.iter().skip(1) {
        lines.append(base, text);
    }
    let composed = compose::cases(&texts, source.vars);
    let (cases, mut errors) = match composed {
        Ok(composed) => composed,
        Err(errors) => return Err(invalid(lines, errors)),
    };
    let mut scenarios = Vec::new();
    for case in cases {
        let mut cx = Lower {
            index: Index::default(),
            lines: lines.clone(),
            errors: Vec::new(),
        };
        let found = cx.file(
            source.file,
            Table::new(&case.tree, 0..0, "the file".to_owned()),
        );
        scenarios.extend(found.map(|found| Scenario {
            case: Text::clean(&case.label),
            vars: case.vars,
            written: compose::written(&case.tree),
            bases: texts.iter().skip(1).map(|(base, _)| base.clone()).collect(),
            ..found
        }));
        // Cases differ in values only: the same error is said once.
        let new = cx
            .errors
            .into_iter()
            .filter(|error| !errors.contains(error));
        let new: Vec<_> = new.collect();
        errors.extend(new);
    }
    errors.sort_by_key(|error| error.spot.start);
    errors.truncate(ERRORS_MAX);
    if errors.is_empty() && !scenarios.is_empty() {
        return Ok(scenarios);
    }
    Err(invalid(lines, errors))
}

/// Reads a file's one table by `lower`, which notes all that is wrong, or says so. `file` is only
/// for messages.
pub(crate) fn read<T>(
    file: &str,
    source: &str,
    lower: impl FnOnce(&mut Lower, Table<'_>) -> Option<T>,
) -> Result<T, Invalid> {
    let tree = tree(file, source)?;
    let mut cx = Lower {
        index: Index::default(),
        lines: Lines::new(source),
        errors: Vec::new(),
    };
    let found = lower(
        &mut cx,
        Table::new(tree.get_ref(), 0..0, "the file".to_owned()),
    );
    let mut errors = cx.errors;
    errors.sort_by_key(|error| error.spot.start);
    errors.truncate(ERRORS_MAX);
    match found {
        Some(found) if errors.is_empty() => Ok(found),
        _ => Err(Invalid {
            file: file.to_owned(),
            lines: Lines::new(source),
            errors,
        }),
    }
}

/// The file as a tree whose values know their places.
pub(super) fn tree<'a>(file: &str, source: &'a str) -> Result<Spanned<DeTable<'a>>, Invalid> {
    tree_of(source, 0).map_err(|errors| Invalid {
        file: file.to_owned(),
        lines: Lines::new(source),
        errors,
    })
}

/// A text as a tree; its errors lie `offset` bytes further on.
pub(super) fn tree_of(
    source: &str,
    offset: usize,
) -> Result<Spanned<DeTable<'_>>, Vec<Diagnostic>> {
    if source.len() > SOURCE_BYTES_MAX {
        let bytes = source.len();
        let message = format!("{bytes} bytes, and at most {SOURCE_BYTES_MAX} are read");
        return Err(vec![Diagnostic::new(Code::Limit, offset..offset, message)]);
    }
    let (tree, errors) = DeTable::parse_recoverable(source);
    if errors.is_empty() {
        return Ok(tree);
    }
    // What was recovered is a guess, and errors about a guess would mislead.
    let errors = errors.iter().take(ERRORS_MAX);
    Err(errors.map(|error| syntax(error, offset)).collect())
}

fn syntax(error: &toml::de::Error, offset: usize) -> Diagnostic {
    let message = error.message().replace('\n', "; ");
    let span = error.span().unwrap_or(0..0);
    let span = span.start + offset..span.end + offset;
    Diagnostic::new(Code::Syntax, span, message)
}

/// The pass over one file: its names, and what was found wrong so far.
pub(crate) struct Lower {
    index: Index,
    lines: Lines,
    errors: Vec<Diagnostic>,
}

impl Lower {
    fn file(&mut self, file: &str, mut root: Table<'_>) -> Option<Scenario> {
        root.knows(&compose::KEYS);
        let version: Option<u32> = root.need(self, "schema");
        if let (Some(version), Some(item)) = (version.filter(|v| *v != SCHEMA), root.item("schema"))
        {
            self.wrong(item, &format!("schema {SCHEMA} (this is {version})"));
        }
        let name = root.need(self, "name");
        let about = root.or(self, "about", Text::default());
        let tags = self.names(&mut root, "tags");
        self.find(&mut root);
        let run = self.run(&mut root);
        let banks = self.banks(&mut root);
        let gateways = self.gateways(&mut root);
        let merchants = self.merchants(&mut root, run.paper);
        let customers = self.customers(&mut root);
        let crowds = self.crowds(&mut root);
        let attackers = self.attackers(&mut root);
        let loads = self.loads(&mut root);
        let network = self.network(&mut root);
        let faults = self.faults(&mut root, &run);
        let attacks = self.attacks(&mut root);
        let steps = self.steps(&mut root, &run);
        let expects = self.expects(&mut root, &run);
        let off = self.off(&mut root);
        let replay = self.replay(&mut root);
        root.finish(self);
        Some(Scenario {
            file: file.to_owned(),
            bases: Vec::new(),
            name: name?,
            case: Text::default(),
            vars: BTreeMap::new(),
            about,
            tags,
            run,
            banks,
            gateways,
            merchants,
            customers,
            crowds,
            attackers,
            loads,
            network,
            faults,
            attacks,
            steps,
            expects,
            off,
            replay,
            written: toml::Table::new(),
        })
    }

    fn off(&mut self, root: &mut Table<'_>) -> Vec<Off> {
        let Some(mut table) = root.table(self, "invariants") else {
            return Vec::new();
        };
        let mut off = Vec::new();
        for mut each in table.array(self, "off") {
            "an entry of `off`".clone_into(&mut each.what);
            let name = each.need(self, "name");
            let because = each.need(self, "because");
            each.finish(self);
            off.extend(
                name.zip(because)
                    .map(|(name, because)| Off { name, because }),
            );
        }
        table.finish(self);
        off
    }

    /// Notes an error.
    pub(crate) fn note(&mut self, error: Diagnostic) {
        self.errors.push(error);
    }

    /// Notes a value of the wrong type or unit.
    pub(crate) fn wrong(&mut self, item: Item<'_>, expected: &str) {
        let message = format!("expected {expected}");
        let error = Diagnostic::new(Code::WrongValue, item.span(), message);
        let label = format!("this is {}", type_of(item.get_ref()));
        self.note(error.label(label));
    }

    /// The string of a value, or a note that it is none.
    pub(crate) fn string<'a>(&mut self, item: Item<'a>, expected: &str) -> Option<&'a str> {
        if let DeValue::String(text) = item.get_ref() {
            return Some(text.as_ref());
        }
        self.wrong(item, expected);
        None
    }

    /// The value, or a note of why it is none.
    fn checked<T>(&mut self, item: Item<'_>, found: Result<T, UnitError>) -> Option<T> {
        match found {
            Ok(value) => Some(value),
            Err(error) => {
                let message = format!("expected {}", error.expected);
                let note = Diagnostic::new(Code::WrongValue, item.span(), message);
                self.note(note.label(format!("cannot be read: `{}`", error.text)));
                None
            }
        }
    }

    fn mark(&self, spot: &Spot) -> Mark {
        self.lines.mark(spot.start)
    }

    /// A list of names.
    fn names(&mut self, table: &mut Table<'_>, key: &'static str) -> Vec<Name> {
        let items = table.list(self, key).unwrap_or_default();
        let each = items.into_iter();
        each.filter_map(|item| <Name as table::Read>::read(self, item))
            .collect()
    }

    /// The actor that a word names.
    fn actor(&mut self, word: &Word<'_>, kinds: &[ActorKind]) -> Option<Name> {
        if let Some((name, _)) = self.index.actor(word.text, kinds) {
            return Some(name);
        }
        let message = self.index.no_actor(word.text, kinds);
        let mut error = Diagnostic::new(Code::UnknownName, word.spot.clone(), message);
        error.label = self.index.suggest_actor(word.text, kinds);
        self.note(error);
        None
    }

    /// The actor that a key names.
    fn actor_at(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        kinds: &[ActorKind],
    ) -> Option<Name> {
        let word = table.word(self, key)?;
        self.actor(&word, kinds)
    }

    /// The actors that a list names.
    fn actors_at(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        kinds: &[ActorKind],
    ) -> Vec<Name> {
        let items = table.list(self, key).unwrap_or_default();
        let words: Vec<_> = items
            .into_iter()
            .filter_map(|item| Word::of(self, item))
            .collect();
        words
            .iter()
            .filter_map(|word| self.actor(word, kinds))
            .collect()
    }

    /// The actor that a key names, else the only one of its kind.
    fn actor_or_only(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        kind: ActorKind,
    ) -> Option<Name> {
        if table.has(key) {
            return self.actor_at(table, key, &[kind]);
        }
        table.item(key);
        let mut all = self
            .index
            .actors
            .iter()
            .filter(|(_, actor)| actor.kind == kind);
        match (all.next(), all.next()) {
            (Some((only, _)), None) => Some(*only),
            (found, _) => {
                let why = if found.is_some() { "several" } else { "none" };
                let message = format!("{} has no `{key}`, and there are {why}", table.what);
                self.note(Diagnostic::new(
                    Code::MissingKey,
                    table.spot.clone(),
                    message,
                ));
                None
            }
        }
    }
}

const fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Whether a scenario of these modes is played there.
pub(super) fn plays(modes: &[Mode], mode: Mode) -> bool {
    modes.contains(&mode)
}
