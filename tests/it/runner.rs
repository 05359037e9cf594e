//! The runner as QA uses it: a seed that fails is made small, written down and played again.

use crate::cli::quittance;
use quittance::scenario::Scenario;
use std::path::Path;
use std::process::Output;

/// A story on a bad network, with an expectation that faults break.
fn failing(folder: &Path) -> String {
    let lossy = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lossy.toml");
    let source = std::fs::read_to_string(lossy).unwrap();
    let wrong =
        "\n[[expect]]\nthat = \"events(in-doubt) == 0\"\nkind = \"always\"\nwhy = \"see\"\n";
    let path = folder.join("doubt.toml");
    std::fs::write(&path, source + wrong).unwrap();
    path.display().to_string()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The first seed's failure, shrunk: what was said, and the file.
fn shrunk(folder: &Path) -> (String, String) {
    let scenario = failing(folder);
    let into = folder.display().to_string();
    let args = ["run", &scenario, "--seed", "1", "--failures", &into];
    let ran = quittance(&args, b"");
    assert_eq!(code(&ran), 1, "{ran:?}");
    let file = folder.join("fail-lossy-1.toml").display().to_string();
    (stdout(&ran), file)
}

#[test]
fn a_failing_seed_is_told_with_its_causes_its_messages_and_the_one_choice_that_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let (said, file) = shrunk(folder.path());
    for part in [
        "why: see",
        "because:",
        "messages of B1:",
        "replay: quittance replay",
    ] {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    let source = std::fs::read_to_string(&file).unwrap();
    let scenario = Scenario::parse(&file, &source).unwrap();
    let replay = scenario.replay.unwrap();
    assert_eq!(replay.plan.len(), 1, "{source}");
    assert_eq!(scenario.expects.len(), 1, "{source}");
    assert!(scenario.customers.len() < 3, "{source}");
}

#[test]
fn a_replay_fails_again_until_it_is_gone_and_says_when_the_run_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let (_, file) = shrunk(folder.path());
    let again = quittance(&["replay", &file], b"");
    assert_eq!(code(&again), 1, "{again:?}");
    let source = std::fs::read_to_string(&file).unwrap();
    let gone = source.replace("events(in-doubt) == 0", "events(in-doubt) <= 5");
    std::fs::write(&file, gone).unwrap();
    assert_eq!(code(&quittance(&["replay", &file], b"")), 0);
    let another = source.replace("seed = \"1\"", "seed = \"2\"");
    std::fs::write(&file, another).unwrap();
    assert_eq!(code(&quittance(&["replay", &file], b"")), 5);
    let told = quittance(&["replay", &file, "--until", "3"], b"");
    assert!(stdout(&told).starts_with("#1 "), "{told:?}");
}

#[test]
fn a_trace_is_shown_compared_exported_and_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = failing(folder.path());
    let traces = folder.path().display().to_string();
    let all = ["--trace", &traces, "--trace-on", "all", "--no-shrink"];
    quittance(
        &[&["run", &scenario, "--seeds", "1..=2"], &all[..]].concat(),
        b"",
    );
    let trace = |seed: u32| folder.path().join(format!("lossy-{seed}.jsonl"));
    let (one, two) = (
        trace(1).display().to_string(),
        trace(2).display().to_string(),
    );
    let ladder = quittance(&["trace", "show", &one, "--ladder", "--receipt", "A1"], b"");
    assert!(stdout(&ladder).contains("open ---"), "{ladder:?}");
    assert_eq!(code(&quittance(&["trace", "diff", &one, &one], b"")), 0);
    assert_eq!(code(&quittance(&["trace", "diff", &one, &two], b"")), 1);
    for (to, begins) in [
        ("mermaid", "sequenceDiagram"),
        ("perfetto", "{\"traceEvents\":"),
    ] {
        let exported = quittance(&["trace", "export", &one, "--to", to], b"");
        assert!(stdout(&exported).starts_with(begins), "{to}");
    }
    let played = quittance(&["trace", "to-scenario", &one], b"");
    let ran = quittance(&["replay", "-"], &played.stdout);
    assert_eq!(code(&ran), 1, "{ran:?}");
    assert_eq!(code(&quittance(&["trace", "show", &scenario], b"")), 3);
}

#[test]
fn seeds_are_chosen_by_part_by_tag_and_by_what_failed_before() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = failing(folder.path());
    let (into, quiet) = (folder.path().display().to_string(), "--no-shrink");
    let part = [
        "run",
        &scenario,
        "--seeds",
        "1..=8",
        "--partition",
        "slice:2/4",
        quiet,
    ];
    let ran = quittance(&part, b"");
    assert!(
        stdout(&ran).contains("2 passed") || stdout(&ran).contains("1 failed"),
        "{ran:?}"
    );
    let odd = ["run", &scenario, "--partition", "slice:5/4"];
    assert_eq!(code(&quittance(&odd, b"")), 2);
    let none = ["run", &scenario, "--tag", "nobody-has-it"];
    assert_eq!(code(&quittance(&none, b"")), 4);
    let rerun = [
        "run",
        &scenario,
        "--rerun",
        "failed",
        "--failures",
        &into,
        quiet,
    ];
    assert_eq!(code(&quittance(&rerun, b"")), 4);
    std::fs::write(folder.path().join("fail-lossy-1.toml"), "").unwrap();
    let ran = quittance(&rerun, b"");
    assert!(stdout(&ran).contains("0 passed, 1 failed"), "{ran:?}");
}

#[test]
fn a_report_does_not_depend_on_the_number_of_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = failing(folder.path());
    let with = |jobs: &str| {
        let args = [
            "run",
            &scenario,
            "--seeds",
            "1..=12",
            "--no-shrink",
            "-j",
            jobs,
        ];
        stdout(&quittance(
            &[&args[..], &["--format", "json"]].concat(),
            b"",
        ))
    };
    assert_eq!(with("1"), with("3"));
}

/// What is left of a library story's plan when this expectation of it fails.
fn left_of(name: &str, wrong: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let bases = folder.path().join("bases");
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    std::fs::create_dir(&bases).unwrap();
    let base = "bases/one-lunch.toml";
    std::fs::copy(library.join(base), folder.path().join(base)).unwrap();
    let source = std::fs::read_to_string(library.join(name)).unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{source}\n[[expect]]\nthat = \"{wrong}\"\n")).unwrap();
    let (path, into) = (
        path.display().to_string(),
        folder.path().display().to_string(),
    );
    let ran = quittance(&["run", &path, "--seed", "1", "--failures", &into], b"");
    assert_eq!(code(&ran), 1, "{ran:?}");
    let file = name.replace(".toml", "-1.toml");
    let file = folder
        .path()
        .join(format!("fail-{file}"))
        .display()
        .to_string();
    let again = quittance(&["replay", &file], b"");
    assert_eq!(code(&again), 1, "{again:?}");
    let source = std::fs::read_to_string(&file).unwrap();
    let plan = Scenario::parse(&file, &source)
        .unwrap()
        .replay
        .unwrap()
        .plan;
    plan.iter().map(|one| one.does.to_string()).collect()
}

#[test]
fn torn_paper_and_wrong_clocks_are_choices_of_the_plan() {
    assert_eq!(
        left_of("paper-jams.toml", "fault(jam).fired < 2"),
        ["tear"; 2]
    );
    let wrong = "fault(main-ahead).fired == 0";
    assert_eq!(left_of("an-hour-off.toml", wrong), ["clock-ahead"]);
}
