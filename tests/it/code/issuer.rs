//! `quittance issuer`, as its keeper uses it.

use super::{at, code, stderr, stdout};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A P-256 point that is nobody's secret: the group's generator.
const KEY: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
const ISSUE: [&str; 4] = ["issuer", "issue", "--merchant", "00000001"];
const NAMED: [&str; 6] = [
    "--name",
    "Bean & Leaf",
    "--bank",
    "river",
    "--account",
    "bean",
];

fn issuer(dir: &Path, args: &[&str]) -> std::process::Output {
    at("--dir", dir, &[&["issuer"], args].concat())
}

fn issue(dir: &Path, more: &[&str]) -> std::process::Output {
    at("--dir", dir, &[&ISSUE[..], &["--key", KEY], more].concat())
}

fn begun() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let begun = issuer(dir.path(), &["init"]);
    assert_eq!(code(&begun), 0, "{}", stderr(&begun));
    dir
}

#[test]
fn a_scheme_begins_certifies_and_signs_bundles_that_count_up() {
    let dir = begun();
    let issued = issue(dir.path(), &NAMED);
    assert_eq!(code(&issued), 0, "{}", stderr(&issued));
    let line: serde_json::Value = serde_json::from_str(stdout(&issued)).unwrap();
    assert_eq!(
        (&line["terminal"], &line["name"]),
        (&"000000010001".into(), &"Bean & Leaf".into())
    );
    for version in 1..3 {
        let host = "q.example.com=hub,http://127.0.0.1:7100";
        let signed = issuer(dir.path(), &["bundle", "--host", host]);
        let signed: serde_json::Value = serde_json::from_str(stdout(&signed)).unwrap();
        let bundle: serde_json::Value =
            serde_json::from_str(signed["payload"].as_str().unwrap()).unwrap();
        assert_eq!(bundle["version"], version);
        assert_eq!(bundle["hosts"]["q.example.com"]["gateway"], "hub");
        assert_eq!(bundle["terminals"]["000000010001.1"], KEY);
    }
    let log = issuer(dir.path(), &["log"]);
    assert!(
        stdout(&log).contains("terminal 000000010001.1 certified"),
        "{}",
        stdout(&log)
    );
}

#[test]
fn secrets_are_for_their_owner_alone_and_never_shown() {
    let dir = begun();
    let secrets = dir.path().join("secrets.json");
    let mode = fs::metadata(&secrets).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secrets: serde_json::Value = serde_json::from_slice(&fs::read(secrets).unwrap()).unwrap();
    let root = secrets["root"].as_str().unwrap();
    assert!(!stdout(&issuer(dir.path(), &["log", "--format", "jsonl"])).contains(root));
}

#[test]
fn each_no_has_its_own_exit_code() {
    let dir = begun();
    assert_eq!(code(&issuer(dir.path(), &["init"])), 1);
    assert_eq!(code(&issue(dir.path(), &[])), 4, "no such merchant");
    assert_eq!(code(&issue(dir.path(), &NAMED)), 0);
    assert_eq!(code(&issuer(dir.path(), &["revoke", "000000010001.9"])), 4);
    assert_eq!(code(&issuer(dir.path(), &["revoke", "junk"])), 2);
    assert_eq!(code(&issuer(dir.path(), &["revoke", "000000010001.1"])), 0);
    assert_eq!(code(&issue(dir.path(), &NAMED)), 1, "revoked");
    assert_eq!(code(&issuer(&dir.path().join("nowhere"), &["log"])), 4);
}

#[test]
fn a_changed_log_is_refused_and_a_torn_line_is_not_counted() {
    let dir = begun();
    assert_eq!(code(&issue(dir.path(), &NAMED)), 0);
    let log = dir.path().join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.get(..text.len() - 9).unwrap()).unwrap();
    assert_eq!(
        code(&issue(dir.path(), &[])),
        0,
        "the merchant's name was whole"
    );
    fs::write(&log, text.replace("Bean", "Lean")).unwrap();
    let refused = issuer(dir.path(), &["log"]);
    assert_eq!(code(&refused), 3);
    assert!(
        stderr(&refused).contains("does not follow"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn two_at_once_lose_nothing() {
    let dir = begun();
    assert_eq!(code(&issue(dir.path(), &NAMED)), 0);
    std::thread::scope(|scope| {
        for till in ["2", "3", "4", "5"] {
            let path = dir.path();
            scope.spawn(move || assert_eq!(code(&issue(path, &["--till", till])), 0));
        }
    });
    let log = issuer(dir.path(), &["log"]);
    assert_eq!(stdout(&log).matches("certified by").count(), 5);
}
