//! `quittance scenario`: files checked, laid out, listed and begun, as a shell sees it.

use super::cli::quittance;
use std::path::Path;

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn root(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(path).display().to_string()
}

const SLIPS: &str = "schema = 1\nname = \"slips\"\n[bank.river]\n[merchant.noodle-bar]\n\
[customer.ann]\n\
[[step]]\nwho = \"noodlebar\"\ndoes = \"print\"\nwith = { order = \"A1\", amount = \"23.50\" }\n\
[[step]]\nwho = \"ann\"\ndoes = \"scna\"\nwith = { receipt = \"A1\" }\n\
[[fault]]\nid = \"late\"\non = \"river\"\ndo = \"crash\"\nat = \"20m\"\n\
[[expect]]\nthat = \"debits(A1) >= 0\"\nkind = \"alway\"\n";

#[test]
fn check_says_every_error_of_a_file_at_once_with_its_place() {
    let checked = quittance(&["scenario", "check", "-"], SLIPS.as_bytes());
    assert_eq!(checked.status.code(), Some(3));
    assert!(checked.stdout.is_empty());
    let text = said(&checked.stderr);
    for expected in [
        "error[E03]: no actor named `noodlebar`\n --> -:7:7\n",
        "did you mean `noodle-bar`, defined at line 4?",
        "error[E07]: unknown verb `scna`\n  --> -:12:8\n",
        "error[E05]: fault `late` can never fire: the run is over after 10m",
        "error[E06]: `debits(A1) >= 0` is always true",
        "help: did you mean `always`?",
        "5 errors in 1 file; nothing was run (exit 3)\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn every_scenario_of_the_library_is_sound_and_in_its_usual_layout() {
    for folder in ["scenarios", "scenarios/bases", "scenarios/regressions"] {
        let folder = root(folder);
        let files = std::fs::read_dir(&folder).into_iter().flatten().count();
        if files > 0 {
            let checked = quittance(&["scenario", "check", &folder], b"");
            assert_eq!(checked.status.code(), Some(0), "{}", said(&checked.stderr));
            let laid_out = quittance(&["scenario", "fmt", "--check", &folder], b"");
            assert_eq!(said(&laid_out.stdout), "");
        }
    }
}

#[test]
fn the_reference_page_is_what_the_program_knows() {
    let page = quittance(&["scenario", "vocab", "--format", "markdown"], b"");
    let kept = std::fs::read_to_string(root("docs/scenario-vocabulary.md")).unwrap();
    let how = "quittance scenario vocab --format markdown > docs/scenario-vocabulary.md";
    assert!(said(&page.stdout) == kept, "write it anew: {how}");
}

#[test]
fn fmt_filters_stdin_and_changes_no_value() {
    let tidy = quittance(&["scenario", "fmt", "-"], SLIPS.as_bytes());
    let tidy = said(&tidy.stdout);
    assert!(tidy.contains("\nid = \"late\"\non = \"river\"\n"));
    assert!(tidy.contains("\nwho  = \"ann\"\ndoes = \"scna\"\n"));
    let values = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(values(SLIPS), values(tidy));
}

#[test]
fn a_new_scenario_runs_at_once_and_none_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lunch.toml").display().to_string();
    let made = quittance(&["scenario", "new", &file, "--template", "race"], b"");
    assert_eq!(made.status.code(), Some(0), "{}", said(&made.stderr));
    let ran = quittance(&["run", &file, "--seeds", "1..=20"], b"");
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran.stdout));
    let again = quittance(&["scenario", "new", &file], b"");
    assert_eq!(again.status.code(), Some(6));
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("name   = \"lunch\"\n"));
}

#[test]
fn the_librarys_table_names_every_scenario_and_nothing_else() {
    let table = std::fs::read_to_string(root("scenarios/README.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let named: std::collections::BTreeSet<String> = rows
        .filter_map(|row| row.rsplit('|').nth(1))
        .flat_map(|cell| cell.split(','))
        .filter_map(|name| name.trim().strip_prefix('`')?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    let files = std::fs::read_dir(root("scenarios")).unwrap().flatten();
    let stems = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        name.strip_suffix(".toml").map(str::to_owned)
    });
    assert_eq!(named, stems.collect());
}

/// The files that take long, and what others test already: sweeps of their own run them.
const ELSEWHERE: [&str; 8] = [
    "bad-network",
    "bank-outage-at-noon",
    "fickle-customers",
    "first-sale",
    "gateway-restart-under-load",
    "lossy",
    "lunch-rush",
    "worn-paper",
];

#[test]
fn worn_paper_is_read_right_or_not_at_all() {
    let ran = quittance(
        &[
            "run",
            &root("scenarios/worn-paper.toml"),
            "--seeds",
            "1..=2",
        ],
        b"",
    );
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran.stdout));
}

#[test]
fn the_library_holds_over_a_few_seeds_of_each_story() {
    let files = std::fs::read_dir(root("scenarios")).unwrap().flatten();
    let mut paths: Vec<String> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .filter(|path| {
            !ELSEWHERE
                .iter()
                .any(|name| path.ends_with(format!("{name}.toml")))
        })
        .map(|path| path.display().to_string())
        .collect();
    paths.sort();
    let mut args = vec!["run", "--seeds", "1..=40"];
    args.extend(paths.iter().map(String::as_str));
    let ran = quittance(&args, b"");
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran.stdout));
}

#[test]
fn a_run_leaves_its_reports_as_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (xml, json, html) = (file("r.xml"), file("r.json"), file("r.html"));
    let reports = format!("junit={xml},json={json},html={html}");
    let story = root("scenarios/declining-bank.toml");
    let ran = quittance(
        &["run", &story, "--seeds", "1..=3", "--report", &reports],
        b"",
    );
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran.stderr));
    let read = |name: &str| std::fs::read_to_string(name).unwrap();
    assert_eq!(read(&xml).matches("<testsuite ").count(), 2);
    let json: serde_json::Value = serde_json::from_str(&read(&json)).unwrap();
    assert_eq!(json["scenarios"][1]["verdict"], "passed");
    assert!(read(&html).contains("declining-bank[reason=over-limit]"));
    let wrong = quittance(&["run", &story, "--report", "pdf=x"], b"");
    assert_eq!(wrong.status.code(), Some(2));
}
