//! The corpus that is not ours, counted against its labels.

use super::*;
use std::path::{Path, PathBuf};

fn corpus() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/receipts"));
    if root.is_dir() {
        return Some(root.to_owned());
    }
    assert!(option_env!("CI").is_none(), "needs ../shared");
    println!("skipped: needs ../shared");
    None
}

fn table(root: &Path) -> Table {
    let mut table = Table::default();
    let all = labels(&std::fs::read_to_string(root.join("labels.json")).unwrap()).unwrap();
    for (name, label) in &all {
        table.add(check_file(
            name,
            label,
            &std::fs::read(root.join(name)).unwrap(),
            None,
            &Hints::default(),
        ));
    }
    let hints = Hints {
        currency: "MYR".parse().ok(),
        ..Hints::default()
    };
    let mut scans: Vec<_> = std::fs::read_dir(root.join("sroie"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    scans.sort();
    for path in scans
        .iter()
        .filter(|p| p.to_string_lossy().ends_with(".box.csv"))
    {
        let key = path.to_string_lossy().replace(".box.csv", ".key.json");
        let (csv, key) = (
            std::fs::read(path).unwrap(),
            std::fs::read_to_string(key).unwrap(),
        );
        let name = path.file_name().unwrap().to_string_lossy();
        table.add(check_boxes(&name, &String::from_utf8_lossy(&csv), &key, &hints).unwrap());
    }
    table
}

#[test]
fn the_corpus_is_read_without_a_wrong_total() {
    let Some(root) = corpus() else { return };
    let table = table(&root);
    println!("{}", table.text());
    for file in &table.files {
        for (field, note) in &file.notes {
            println!("{} {field}: {note}", file.file);
        }
        for (field, outcome) in &file.fields {
            if *outcome == Outcome::Absent {
                println!("{} {field}: absent", file.file);
            }
        }
    }
    assert_eq!(table.wrong_amounts(), 0);
}

/// Receipts that this project wrote: every field right, nothing payable that should not be.
#[test]
fn our_own_receipts_are_read_as_they_are_labelled() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/receipts"));
    let all = labels(&std::fs::read_to_string(root.join("labels.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (name, label) in &all {
        let bytes = std::fs::read(root.join(name)).unwrap();
        let checked = check_file(name, label, &bytes, None, &Hints::default());
        for (field, outcome) in checked.fields {
            if outcome != Outcome::Right {
                let note = checked.notes.get(field);
                wrong.push(format!("{name} {field}: {} {note:?}", outcome.word()));
            }
        }
    }
    assert!(all.len() > 100);
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), wrong.len());
}

#[test]
fn items_are_right_when_name_price_quantity_and_amount_are() {
    let paper = b"Corner Shop\nReceipt 7\n2  Green Tea    1.50     3.00\nTOTAL      3.00\n";
    let outcome = |item: &[&str]| {
        let label = serde_json::json!({ "a.txt": { "items": [item] } });
        let all = labels(&label.to_string()).unwrap();
        let checked = check_file("a.txt", &all["a.txt"], paper, None, &Hints::default());
        checked.fields["items"]
    };
    for right in [
        ["Green  Tea", "1.50", "2", "3.00"],
        ["", "", "2", ""],
        ["Green Tea", "", "", "3"],
    ] {
        assert_eq!(outcome(&right), Outcome::Right, "{right:?}");
    }
    for wrong in [
        ["Green", "1.50", "2", "3.00"],
        ["Green Tea", "3.00", "2", "3.00"],
        ["Green Tea", "1.50", "1", "3.00"],
        ["Green Tea", "1.50", "2", "1.50"],
    ] {
        assert_eq!(outcome(&wrong), Outcome::Wrong, "{wrong:?}");
    }
}

#[test]
fn a_label_with_several_dates_is_met_by_any() {
    let read = When::read("02-09-2019 19:00", true).unwrap();
    assert!(any_date(
        "2019-02-09T19:00 or 2019-09-02T19:00 (ambiguous 02-09-2019)",
        read.swapped()
    ));
    assert!(any_date("2019-02-09T19:00 or 2019-09-02T19:00", read));
    assert!(!any_date("2019-02-10", read));
}

#[test]
fn label_amounts_are_numbers() {
    for (text, value) in [
        ("¥18,580", "18580"),
        ("2.000,00", "2000.00"),
        ("0.80 (8%) + 10.00 (10%)", "10.80"),
    ] {
        assert_eq!(amount_of(text, false), Decimal::read(value), "{text}");
    }
}

#[test]
fn boxes_beside_each_other_are_a_line() {
    let csv = "10,10,60,10,60,30,10,30,TOTAL\n200,12,260,12,260,31,200,31,5.00\n10,40,60,40,60,60,10,60,CASH\n";
    let lines = page_of_boxes(csv).lines;
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].text.as_str().starts_with("TOTAL ") && lines[0].text.as_str().ends_with(" 5.00")
    );
}
