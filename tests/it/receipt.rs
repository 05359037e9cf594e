//! `quittance receipt` as a shell sees it: the forms of a paper, why it was read so, and a corpus
//! against its labels.

use super::cli::quittance;
use std::process::Output;

const COFFEE: &[u8] = b"\x1b@\x1ba\x01BEAN & LEAF\n\x1ba\x00Order A1-0042\n1 x Flat white     3.80\n\
2 x Croissant      4.60\nTOTAL EUR          8.40\nCash              10.00\nChange             1.60\n\
\x1dV\x42\x03";
const TWO_TOTALS: &[u8] = b"BEAN & LEAF\nTOTAL EUR 7.00\nTOTAL EUR 9.00\n";

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn show(format: &str, job: &[u8]) -> Output {
    quittance(&["receipt", "show", "--format", format, "-"], job)
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_paper_is_shown_in_every_form() {
    let text = show("text", COFFEE);
    assert!(stdout(&text).starts_with("BEAN & LEAF\nOrder A1-0042\n"));
    let unicode = show("unicode", COFFEE);
    assert!(stdout(&unicode).contains("        BEAN & LEAF\n"));
    let png = show("png", COFFEE);
    assert!(png.stdout.starts_with(b"\x89PNG"));
    let shown = json(&show("json", COFFEE));
    assert_eq!(shown["total"], "8.40");
    assert_eq!(shown["order"], "A1-0042");
    assert_eq!(shown["items"][1]["amount"], "4.60");
    assert_eq!(shown["fields"]["total"]["line"], 5);
    assert_eq!(shown["payable"], true);
    assert_eq!(shown["due"]["amount"], "8.40 EUR");
}

#[test]
fn tokens_account_for_every_byte() {
    let junk: Vec<u8> = (0..=255).cycle().take(3000).collect();
    for job in [COFFEE, &junk, b"\x1dv0\0\xff\xff\xff\xff"] {
        let listed = show("tokens", job);
        let field = |line: &str, n: usize| -> usize {
            line.split_whitespace().nth(n).unwrap().parse().unwrap()
        };
        let mut next = 0;
        for line in stdout(&listed).lines() {
            assert_eq!(field(line, 0), next, "{line}");
            next += field(line, 1);
        }
        assert_eq!(next, job.len());
    }
}

#[test]
fn receipts_of_one_job_are_apart() {
    let job = [COFFEE, TWO_TOTALS].concat();
    let shown = show("json", &job);
    assert_eq!(stdout(&shown).lines().count(), 2);
    assert_eq!(stdout(&show("text", &job)).matches("8<").count(), 1);
    let explained = quittance(&["receipt", "explain"], &job);
    assert_eq!(explained.status.code(), Some(7));
    assert!(stdout(&explained).contains("payable: 8.40 EUR, reference A1-0042"));
    assert!(stdout(&explained).contains("not payable: two-totals: 9.00 and 7.00"));
}

#[test]
fn every_candidate_for_the_total_is_shown_with_its_evidence() {
    let explained = quittance(&["receipt", "explain", "-"], COFFEE);
    assert_eq!(explained.status.code(), Some(0), "{}", stderr(&explained));
    for said in [
        "line 5: TOTAL EUR",
        "labelled as a total",
        "for: the items come to it",
        "for: paid 10.00 less change 1.60",
    ] {
        assert!(stdout(&explained).contains(said), "{}", stdout(&explained));
    }
    let short = b"SHOP\nTea 3.00\nTOTAL EUR 9.00\n";
    let explained = quittance(&["receipt", "explain", "--format", "json"], short);
    assert_eq!(explained.status.code(), Some(7));
    let said = json(&explained);
    assert_eq!(
        said["candidates"][0]["against"][0],
        "the items come to 3.00"
    );
    assert_eq!(said["reason"], "does-not-add-up");
    assert_eq!(said["due"], serde_json::Value::Null);
}

#[test]
fn what_is_no_receipt_is_malformed_in_every_form() {
    for format in ["text", "json", "png", "unicode"] {
        for junk in [&b""[..], &[0xFF; 4096], b"%PDF-1.4 something"] {
            let shown = show(format, junk);
            assert_eq!(shown.status.code(), Some(3), "{format}");
            assert!(shown.stdout.is_empty());
            assert!(stderr(&shown).contains("read the receipt"));
        }
    }
}

#[test]
fn hostile_bytes_never_reach_the_terminal_raw() {
    let job = "SHOP \u{1b}]52;c;aGk=\u{7}\u{202e}evil\nTea \u{1b}[31m 3.00\nOrder \u{200b}\u{9b}5\n\
               TOTAL EUR 3.00\n";
    let forms = ["text", "json", "unicode", "tokens"];
    let mut all: Vec<Output> = forms
        .iter()
        .map(|form| show(form, job.as_bytes()))
        .collect();
    all.push(quittance(&["receipt", "explain"], job.as_bytes()));
    for shown in &all {
        let hostile = |c: char| {
            (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}' | '\u{9b}')
        };
        assert!(!stdout(shown).contains(hostile), "{:?}", stdout(shown));
        assert!(!stderr(shown).contains(hostile));
    }
}

#[test]
fn a_corpus_is_counted_and_a_wrong_amount_is_an_answer_of_no() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.bin"), COFFEE).unwrap();
    std::fs::write(at("b.txt"), TWO_TOTALS).unwrap();
    std::fs::create_dir(at("sroie")).unwrap();
    std::fs::write(
        at("sroie/1.box.csv"),
        "10,10,60,10,60,30,10,30,KEDAI\n\
10,40,60,40,60,60,10,60,TOTAL\n200,42,260,42,260,61,200,61,5.00\n",
    )
    .unwrap();
    std::fs::write(
        at("sroie/1.key.json"),
        r#"{"company": "KEDAI", "total": "5.00"}"#,
    )
    .unwrap();
    let labels = |total: &str| {
        let a = format!(r#"{{"class": "X", "total": "{total}", "paid": "10"}}"#);
        let b = r#"{"class": "Y", "total": "9.00"}"#;
        std::fs::write(
            at("labels.json"),
            format!(r#"{{"a.bin": {a}, "b.txt": {b}}}"#),
        )
        .unwrap();
    };
    let path = folder.path().to_str().unwrap();
    labels("8,40");
    let checked = quittance(&["receipt", "check", path, "--format", "json"], b"");
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    let table = json(&checked);
    let one = |outcome: &str| {
        let mut tally = serde_json::json!({"right": 0, "wrong": 0, "refused": 0, "absent": 0});
        tally[outcome] = 1.into();
        tally
    };
    assert_eq!(table["classes"]["X"]["total"], one("right"));
    assert_eq!(table["classes"]["X"]["paid"], one("right"));
    assert_eq!(table["classes"]["Y"]["total"], one("refused"));
    assert_eq!(table["classes"]["sroie"]["total"], one("right"));
    assert_eq!(table["files"].as_array().unwrap().len(), 3);
    labels("8.45");
    let checked = quittance(&["receipt", "check", path], b"");
    assert_eq!(checked.status.code(), Some(1));
    assert!(stdout(&checked).contains("X       total           0      1        0       0"));
    std::fs::write(at("labels.json"), "[1]").unwrap();
    let malformed = quittance(&["receipt", "check", path], b"");
    assert_eq!(malformed.status.code(), Some(3), "{}", stderr(&malformed));
    let nowhere = quittance(&["receipt", "check", "/nowhere/at/all"], b"");
    assert_eq!(nowhere.status.code(), Some(4));
}

#[test]
fn profiles_are_listed_written_and_read_back() {
    let listed = quittance(&["receipt", "profiles"], b"");
    assert!(stdout(&listed).contains("epson-58mm"));
    let toml = quittance(&["receipt", "profiles", "--format", "toml"], b"");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let own = stdout(&toml).replace("epson-58mm", "kiosk");
    std::fs::write(&path, own).unwrap();
    let path = path.to_str().unwrap();
    let by_own = ["receipt", "show", "--profiles", path, "--profile", "kiosk"];
    assert_eq!(quittance(&by_own, COFFEE).status.code(), Some(0));
    let unknown = quittance(&["receipt", "show", "--profile", "kiosk"], COFFEE);
    assert_eq!(unknown.status.code(), Some(4));
    assert!(stderr(&unknown).contains("there are: epson-80mm"));
}
