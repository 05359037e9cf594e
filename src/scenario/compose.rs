//! One file, several cases: `extends`, `[vars]`, `[matrix]`, before anything is read for its
//! meaning.
//!
//! A base's tree is laid under the file's own: tables merge key by key, lists of things that happen
//! are appended (one with the same `id` takes the other's place), and whatever else the file says
//! replaces what the base said. Then `${name}` in strings is replaced: a string that is nothing
//! else becomes the variable's own value, a number or a list too. Why on the tree: every error
//! keeps the place where somebody wrote it, in whichever file.

use super::diagnostic::{Code, Diagnostic, Invalid, Lines, did_you_mean};
use super::lower;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// How many bases a file may stand on, one on the other.
pub const BASES_MAX: usize = 8;
/// The most cases of one file.
pub const CASES_MAX: usize = 1_000;
/// The keys that this pass reads.
pub(super) const KEYS: [&str; 3] = ["extends", "vars", "matrix"];
/// Lists of things that happen, appended to the base's.
const APPENDED: [&str; 5] = ["load", "fault", "attack", "step", "expect"];

/// Where a scenario comes from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Its name, for messages.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Reads a base.
    pub base: &'a ReadBase<'a>,
    /// Variables set from outside: they take the place of the file's own.
    pub vars: &'a BTreeMap<String, String>,
}

/// Reads a base: given the file that names it and the name, gives the base's own name and text, or
/// why not.
pub type ReadBase<'a> = dyn Fn(&str, &str) -> Result<(String, String), String> + 'a;

/// The values of the variables in one case, by name.
type Vars<'a> = BTreeMap<String, Spanned<DeValue<'a>>>;

/// One case of a file: its tree, and what tells it from the others.
pub(super) struct Case<'a> {
    pub(super) tree: DeTable<'a>,
    /// `[answers=never]`; nothing when the file has one case only.
    pub(super) label: String,
    pub(super) vars: BTreeMap<String, String>,
}

/// The file and the bases under it: names and texts, the file first.
pub(super) fn texts(source: &Source<'_>) -> Result<Vec<(String, String)>, Invalid> {
    let mut texts = vec![(source.file.to_owned(), source.text.to_owned())];
    let mut lines = Lines::new(source.text);
    let invalid = |lines, error| Invalid {
        file: source.file.to_owned(),
        lines,
        errors: vec![error],
    };
    loop {
        let (file, text) = &texts[texts.len() - 1];
        let offset = lines.end() - text.len();
        let (tree, _later) = DeTable::parse_recoverable(text);
        let Some((name, span)) = extends(tree.get_ref()) else {
            return Ok(texts);
        };
        let refused = |why: String| {
            let spot = span.start + offset..span.end + offset;
            Diagnostic::new(Code::UnknownName, spot, format!("no base `{name}`: {why}"))
        };
        if texts.len() > BASES_MAX {
            let error = refused(format!("{BASES_MAX} files stand on each other already"));
            return Err(invalid(lines, error));
        }
        match (source.base)(file, &name) {
            Ok(base) => {
                lines.append(&base.0, &base.1);
                texts.push(base);
            }
            Err(why) => {
                let error = refused(why);
                return Err(invalid(lines, error));
            }
        }
    }
}

fn extends(tree: &DeTable<'_>) -> Option<(String, std::ops::Range<usize>)> {
    let item = tree.get("extends")?;
    Some((item.get_ref().as_str()?.to_owned(), item.span()))
}

/// Every case of these texts, and what is wrong with their variables.
pub(super) fn cases<'a>(
    texts: &'a [(String, String)],
    outside: &'a BTreeMap<String, String>,
) -> Result<(Vec<Case<'a>>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut merged = DeTable::new();
    let mut offsets: Vec<usize> = Vec::new();
    for (_, text) in texts {
        offsets.push(offsets.last().map_or(0, |last| last + 1) + text.len());
    }
    for (nth, (_, text)) in texts.iter().enumerate().rev() {
        let offset = offsets[nth] - text.len();
        let tree = lower::tree_of(text, offset)?;
        merge(&mut merged, shifted_table(tree.get_ref(), offset));
    }
    let mut errors = Vec::new();
    let (vars, matrix) = variables(&merged, outside, &mut errors);
    let mut used = BTreeSet::new();
    let mut cases = Vec::new();
    for (vars, label) in product(&vars, &matrix) {
        let mut fill = Fill {
            vars: &vars,
            used: &mut used,
            errors: &mut errors,
        };
        let tree = fill.table(&merged);
        cases.push(Case {
            tree,
            label,
            vars: vars
                .iter()
                .map(|(name, value)| (name.clone(), shown(value.get_ref())))
                .collect(),
        });
    }
    errors.sort_by_key(|error| (error.spot.start, error.message.clone()));
    errors.dedup();
    let own = texts.first().map_or(0, |(_, text)| text.len());
    for key in names_of(&merged) {
        if key.span().end <= own && !used.contains(key.get_ref().as_ref()) {
            let message = format!("variable `{}` is used nowhere", key.get_ref());
            let error = Diagnostic::new(Code::SaysNothing, key.span(), message);
            errors.push(error.label(format!("as in \"${{{}}}\"", key.get_ref())));
        }
    }
    Ok((cases, errors))
}

/// A case as a plain tree: what a shrinker edits and a replay file begins with.
pub(super) fn written(tree: &DeTable<'_>) -> toml::Table {
    let each = tree
        .iter()
        .filter(|(key, _)| !KEYS.contains(&key.get_ref().as_ref()))
        .map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref())));
    each.collect()
}

fn plain(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::Table(table) => {
            let each = table.iter();
            let each = each.map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref())));
            toml::Value::Table(each.collect())
        }
        DeValue::Array(list) => {
            let each = list.iter().map(|item| plain(item.get_ref()));
            toml::Value::Array(each.collect())
        }
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Boolean(yes) => toml::Value::Boolean(*yes),
        DeValue::Datetime(at) => toml::Value::Datetime(*at),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).map_or_else(
            |_wide| toml::Value::String(n.to_string()),
            toml::Value::Integer,
        ),
        DeValue::Float(n) => n.as_str().parse().map_or_else(
            |_odd| toml::Value::String(n.to_string()),
            toml::Value::Float,
        ),
    }
}

/// The names in `[vars]` and `[matrix]`.
fn names_of<'t, 'a>(tree: &'t DeTable<'a>) -> Vec<&'t Spanned<toml::de::DeString<'a>>> {
    let table = |key: &str| tree.get(key).and_then(|item| item.get_ref().as_table());
    let both = [table("vars"), table("matrix")].into_iter().flatten();
    both.flat_map(DeTable::keys).collect()
}

/// A dimension of the matrix: a variable and its values.
type Dimension<'a> = (String, Vec<Spanned<DeValue<'a>>>);

fn variables<'a>(
    tree: &DeTable<'a>,
    outside: &'a BTreeMap<String, String>,
    errors: &mut Vec<Diagnostic>,
) -> (Vars<'a>, Vec<Dimension<'a>>) {
    let (mut vars, mut matrix) = (Vars::new(), Vec::new());
    let table = |key: &str| tree.get(key).and_then(|item| item.get_ref().as_table());
    for (name, value) in table("vars").into_iter().flatten() {
        let value = from_outside(name.get_ref(), outside, value).unwrap_or_else(|| value.clone());
        vars.insert(name.get_ref().to_string(), value);
    }
    for (name, values) in table("matrix").into_iter().flatten() {
        let Some(list) = values
            .get_ref()
            .as_array()
            .filter(|list| list.iter().len() > 0)
        else {
            let message = "expected a list of values";
            errors.push(Diagnostic::new(Code::WrongValue, values.span(), message));
            continue;
        };
        let all: Vec<_> = list.iter().cloned().collect();
        let first = all.first();
        let fixed = first.and_then(|first| from_outside(name.get_ref(), outside, first));
        matrix.push((
            name.get_ref().to_string(),
            fixed.map_or(all, |fixed| vec![fixed]),
        ));
    }
    let count = matrix.iter().map(|(_, values)| values.len());
    let count = count.fold(1_usize, usize::saturating_mul);
    if let (true, Some(item)) = (count > CASES_MAX, tree.get("matrix")) {
        let message = format!("{count} cases, and at most {CASES_MAX} are run");
        errors.push(Diagnostic::new(Code::Limit, item.span(), message));
        matrix.clear();
    }
    (vars, matrix)
}

/// A value from outside, of the kind that the file's own value has, if it can be.
fn from_outside<'a>(
    name: &str,
    outside: &'a BTreeMap<String, String>,
    own: &Spanned<DeValue<'a>>,
) -> Option<Spanned<DeValue<'a>>> {
    let text = outside.get(name)?;
    let value = match own.get_ref() {
        DeValue::String(_) => DeValue::String(text.into()),
        _ => match DeValue::parse(text) {
            Ok(value) => value.into_inner(),
            Err(_no_value) => DeValue::String(text.into()),
        },
    };
    Some(Spanned::new(own.span(), value))
}

/// The cross product, the last dimension the quickest.
fn product<'a>(vars: &Vars<'a>, matrix: &[Dimension<'a>]) -> Vec<(Vars<'a>, String)> {
    let mut all = vec![(vars.clone(), Vec::new())];
    for (name, values) in matrix {
        let longer = all
            .into_iter()
            .flat_map(|(vars, labels): (Vars<'a>, Vec<String>)| {
                values.iter().map(move |value| {
                    let (mut vars, mut labels) = (vars.clone(), labels.clone());
                    labels.push(format!("{name}={}", shown(value.get_ref())));
                    vars.insert(name.clone(), value.clone());
                    (vars, labels)
                })
            });
        all = longer.collect();
    }
    let label = |labels: Vec<String>| match labels.as_slice() {
        [] => String::new(),
        labels => format!("[{}]", labels.join(", ")),
    };
    all.into_iter()
        .map(|(vars, labels)| (vars, label(labels)))
        .collect()
}

/// A value as people write it, without quotes.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(n) => n.to_string(),
        DeValue::Float(n) => n.to_string(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(list) => {
            let each: Vec<_> = list.iter().map(|value| shown(value.get_ref())).collect();
            each.join("+")
        }
        DeValue::Table(_) => "{..}".to_owned(),
    }
}

/// Lays a tree over another.
fn merge<'a>(under: &mut DeTable<'a>, over: DeTable<'a>) {
    for (key, value) in over {
        let name = key.get_ref().to_string();
        let merged = match (under.remove(name.as_str()), value.get_ref()) {
            (Some(base), DeValue::Table(own)) if base.get_ref().is_table() => {
                let mut below = base.get_ref().as_table().cloned().unwrap_or_default();
                merge(&mut below, own.clone());
                Spanned::new(value.span(), DeValue::Table(below))
            }
            (Some(base), DeValue::Array(own)) if APPENDED.contains(&name.as_str()) => {
                let base = base
                    .get_ref()
                    .as_array()
                    .cloned()
                    .unwrap_or_else(DeArray::new);
                Spanned::new(value.span(), DeValue::Array(appended(&base, own)))
            }
            _ => value,
        };
        under.insert(key, merged);
    }
}

/// The base's things and then the file's; the file's take the place of those with the same id.
fn appended<'a>(base: &DeArray<'a>, own: &DeArray<'a>) -> DeArray<'a> {
    let id = |item: &Spanned<DeValue<'a>>| {
        let id = item.get_ref().as_table()?.get("id")?;
        id.get_ref().as_str().map(str::to_owned)
    };
    let mut rest: Vec<_> = own.iter().cloned().collect();
    let mut all = DeArray::new();
    for item in base {
        let same = |own: &Spanned<DeValue<'a>>| id(item).is_some() && id(own) == id(item);
        match rest.iter().position(same) {
            Some(at) => all.push(rest.remove(at)),
            None => all.push(item.clone()),
        }
    }
    rest.into_iter().for_each(|item| all.push(item));
    all
}

/// A tree whose places lie further on.
fn shifted<'a>(value: &Spanned<DeValue<'a>>, by: usize) -> Spanned<DeValue<'a>> {
    let span = value.span().start + by..value.span().end + by;
    let value = match value.get_ref() {
        DeValue::Table(table) => DeValue::Table(shifted_table(table, by)),
        DeValue::Array(list) => {
            let mut array = DeArray::new();
            list.iter().for_each(|value| array.push(shifted(value, by)));
            DeValue::Array(array)
        }
        plain => plain.clone(),
    };
    Spanned::new(span, value)
}

fn shifted_table<'a>(table: &DeTable<'a>, by: usize) -> DeTable<'a> {
    let each = table.iter().map(|(key, value)| {
        let span = key.span().start + by..key.span().end + by;
        (
            Spanned::new(span, key.get_ref().clone()),
            shifted(value, by),
        )
    });
    each.collect()
}

/// Replaces `${name}`.
struct Fill<'f, 'a> {
    vars: &'f Vars<'a>,
    used: &'f mut BTreeSet<String>,
    errors: &'f mut Vec<Diagnostic>,
}

impl<'a> Fill<'_, 'a> {
    fn table(&mut self, table: &DeTable<'a>) -> DeTable<'a> {
        let each = table
            .iter()
            .map(|(key, value)| (key.clone(), self.value(value)));
        each.collect()
    }

    fn value(&mut self, value: &Spanned<DeValue<'a>>) -> Spanned<DeValue<'a>> {
        let filled = match value.get_ref() {
            DeValue::Table(table) => DeValue::Table(self.table(table)),
            DeValue::Array(list) => {
                let mut array = DeArray::new();
                list.iter().for_each(|value| array.push(self.value(value)));
                DeValue::Array(array)
            }
            DeValue::String(text) if text.contains("${") => self.text(text, value),
            plain => plain.clone(),
        };
        Spanned::new(value.span(), filled)
    }

    fn text(&mut self, text: &str, whole: &Spanned<DeValue<'a>>) -> DeValue<'a> {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            let Some(value) = self.vars.get(name) else {
                self.unknown(name, whole);
                return whole.get_ref().clone();
            };
            self.used.insert(name.to_owned());
            if before.is_empty() && after.is_empty() && out.is_empty() {
                return value.get_ref().clone();
            }
            out.push_str(before);
            out.push_str(&shown(value.get_ref()));
            rest = after;
        }
        out.push_str(rest);
        DeValue::String(out.into())
    }

    fn unknown(&mut self, name: &str, whole: &Spanned<DeValue<'a>>) {
        let message = format!("no variable named `{name}`");
        let help = did_you_mean(name, self.vars.keys().map(String::as_str));
        let error = Diagnostic::new(Code::UnknownName, whole.span(), message);
        self.errors.push(
            error
                .label("variables stand in [vars] and [matrix]")
                .help(help),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Scenario, Source};
    use std::collections::BTreeMap;

    const BASE: &str = "schema = 1\nname = 'base'\n[vars]\namount = '10.00'\n[bank.river]\n\
        [merchant.tea-house]\n[customer.ann]\nbalance = '50.00'\n\
        [[step]]\nid = 'print'\nwho = 'tea-house'\ndoes = 'print'\n\
        with = { order = 'A1', amount = '${amount}' }\n";
    const OWN: &str = "extends = 'base.toml'\nname = 'own'\n\
        [matrix]\nanswers = ['promptly', 'slowly 2s..9s']\ntimes = [1, 2]\n\
        [bank.river]\nanswers = '${answers}'\n\
        [[step]]\nwho = 'ann'\ndoes = 'scan'\nwith = { receipt = 'A1' }\n\
        [[fault]]\nid = 'lost'\nlink = 'ann -> river'\ndo = 'drop'\ntimes = '${times}'\n";

    fn cases(own: &str, vars: &[(&str, &str)]) -> Result<Vec<Scenario>, String> {
        let vars: BTreeMap<String, String> = vars
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let source = Source {
            file: "own.toml",
            text: own,
            base: &|_, name| match name {
                "base.toml" => Ok(("base.toml".to_owned(), BASE.to_owned())),
                "self.toml" => Ok(("self.toml".to_owned(), "extends = 'self.toml'".to_owned())),
                _ => Err("it is not there".to_owned()),
            },
            vars: &vars,
        };
        Scenario::cases(&source).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn a_file_stands_on_its_base_and_a_matrix_makes_every_case() {
        let all = cases(OWN, &[]).unwrap_or_else(|e| panic!("{e}"));
        let titles: Vec<_> = all.iter().map(Scenario::title).collect();
        assert_eq!(titles.len(), 4);
        assert_eq!(titles[0], "own[answers=promptly, times=1]");
        assert_eq!(titles[3], "own[answers=slowly 2s..9s, times=2]");
        assert_eq!(all[0].steps.len(), 2);
        assert_eq!(
            (all[0].faults[0].times, all[1].faults[0].times),
            (Some(1), Some(2))
        );
    }

    #[test]
    fn a_variable_from_outside_replaces_the_files_own_and_fixes_a_dimension() {
        let all = cases(OWN, &[("amount", "7.00"), ("times", "2")]).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].faults[0].times, Some(2));
        let crate::scenario::Act::Print { amount, .. } = &all[0].steps[0].act else {
            panic!("a print");
        };
        assert_eq!(amount.least.minor(), 700);
    }

    #[test]
    fn what_is_wrong_in_a_base_is_said_of_the_base_at_its_own_line() {
        let said = cases(OWN, &[("amount", "much")]).unwrap_err();
        assert!(said.contains("--> base.toml:13:33"), "{said}");
        let said = cases("extends = 'self.toml'", &[]).unwrap_err();
        assert!(
            said.contains("8 files stand on each other already"),
            "{said}"
        );
        let said = cases("extends = 'bsae.toml'", &[]).unwrap_err();
        assert!(
            said.contains("no base `bsae.toml`: it is not there"),
            "{said}"
        );
    }

    #[test]
    fn an_unknown_variable_and_an_unused_one_are_errors() {
        let own = OWN.replace("${times}", "${time}");
        let said = cases(&own, &[]).unwrap_err();
        assert!(said.contains("did you mean `times`?"), "{said}");
        assert!(said.contains("variable `times` is used nowhere"), "{said}");
    }
}
