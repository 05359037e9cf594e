//! The house rules that a program can check: floors, lengths, docs, words. If a rule matters, a
//! test enforces it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The floors, lowest first: a module imports only from lower floors, or from its own room.
const FLOORS: &[&[&str]] = &[
    &[
        "chance", "hex", "id", "limits", "money", "sign", "text", "time",
    ],
    &["code", "receipt"],
    &["journal", "message", "order", "query", "store", "words"],
    // The ledger is rows under rules: it needs the roles' context, and they need it.
    &["ledger", "roles"],
    &["board", "cast", "db", "scenario", "token"],
    &["config", "net", "sim"],
    &["attack", "play", "source"],
    &["tui"],
    &["cli"],
];

/// Rooms that never look into each other, though they share a floor.
const STRANGERS: &[(&str, &str)] = &[("sim", "net"), ("code", "receipt"), ("db", "scenario")];

/// The longest a source file may be, its tests aside.
const FILE_LINES_MAX: usize = 600;

/// Files that are longer today, and how long; they may shrink and never grow.
const LONG_FILES: &[(&str, usize)] = &[];

/// A file of tests alone, or a table drawn in text.
fn is_tests_or_table(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    let tests = |part: &&str| *part == "tests" || part.contains("tests.rs");
    parts.iter().any(tests) || path.ends_with("font.rs") || path.ends_with("bench.rs")
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for top in ["src", "tests", "benches"] {
        walk(&Path::new(ROOT).join(top), &mut found);
    }
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(ROOT).unwrap().to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The room that a file is in: the first name under `src/`.
fn room(path: &Path) -> Option<String> {
    let inside = path.strip_prefix("src").ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

/// The file's lines before its own unit tests.
fn without_tests(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
}

#[test]
fn a_module_imports_only_from_lower_floors() {
    let floor_of: BTreeMap<&str, usize> = FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, rooms)| rooms.iter().map(move |room| (*room, floor)))
        .collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(from) = room(&path).filter(|r| r != "lib" && r != "main") else {
            continue;
        };
        let Some(floor) = floor_of.get(from.as_str()) else {
            wrong.push(format!("{}: room `{from}` has no floor", path.display()));
            continue;
        };
        for line in without_tests(&text).filter(|l| !l.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1) {
                let to: String = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let Some(other) = floor_of.get(to.as_str()) else {
                    continue;
                };
                let pair = |a: &str, b: &str| (a, b) == (&from, &to) || (b, a) == (&from, &to);
                let strange = STRANGERS.iter().any(|(a, b)| pair(a, b));
                if other > floor || strange {
                    wrong.push(format!("{}: `{from}` looks up at `{to}`", path.display()));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn floors_below_the_drivers_know_no_runtime_no_files_no_sockets_and_no_clock() {
    let pure = ["code", "receipt", "journal", "message", "order", "store"];
    let pure = pure
        .iter()
        .chain(["ledger", "roles", "cast", "scenario", "query", "board"].iter())
        .chain(FLOORS[0]);
    let pure: Vec<&str> = pure.copied().collect();
    let banned = ["tokio", "std::fs", "std::net", "SystemTime", "Instant::now"];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let pure = room(&path).is_some_and(|room| pure.contains(&room.as_str()));
        if pure && !is_tests_or_table(&path) {
            for line in without_tests(&text).filter(|l| !l.trim_start().starts_with("//")) {
                if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                    wrong.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let name = path.display();
        if !text.starts_with("//!") {
            wrong.push(format!("{name}: begins without `//!`"));
        }
        if is_tests_or_table(&path) {
            continue;
        }
        let lines = without_tests(&text).count();
        let known = LONG_FILES.iter().find(|(long, _)| path.ends_with(long));
        let most = known.map_or(FILE_LINES_MAX, |(_, most)| *most);
        if path.starts_with("src") && lines > most {
            wrong.push(format!("{name}: {lines} lines"));
        }
        for (number, line) in without_tests(&text).enumerate() {
            if line.chars().count() > 100 && !line.contains("http") && !line.contains('"') {
                wrong.push(format!("{name}:{}: over 100 columns", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_for_later_in_the_source() {
    // Written apart, so that this file does not find itself.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["todo", "!("],
        ["unimplemented", "!("],
    ];
    let words: Vec<String> = words.iter().map(|w| w.concat()).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for word in words.iter().filter(|word| text.contains(word.as_str())) {
            wrong.push(format!("{}: {word}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_file_is_part_of_the_binary() {
    let main = fs::read_to_string(Path::new(ROOT).join("tests/it/main.rs")).unwrap();
    for entry in fs::read_dir(Path::new(ROOT).join("tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let listed = main.contains(&format!("mod {name};"));
        assert!(name == "main" || listed, "tests/it/{name} is not listed");
    }
}
