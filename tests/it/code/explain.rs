//! `quittance code explain` and `quittance code check-vectors`.

use super::{code, stderr, stdout};
use crate::cli::quittance;

const SALE: [&str; 12] = [
    "qr",
    "--quiet",
    "--amount",
    "8.40",
    "--currency",
    "EUR",
    "--order",
    "A1",
    "--counter",
    "7",
    "--issued-at",
    "1790000000",
];

/// The shared vectors; `None` where the folder is not there.
fn vectors() -> Option<String> {
    let shared = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/vectors/sealed-code.json"
    );
    let found = std::fs::read_to_string(shared).ok();
    let required = std::env::var_os("CI").is_some();
    assert!(found.is_some() || !required, "needs ../shared");
    if found.is_none() {
        println!("skipped: needs ../shared");
    }
    found
}

#[test]
fn a_code_is_explained_from_its_picture_its_link_and_its_bytes() {
    let json = quittance(&[&SALE[..], &["--format", "json"]].concat(), b"");
    let line: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let blob = line["blob"].as_str().unwrap().to_owned().into_bytes();
    let link = quittance(&[&SALE[..], &["--format", "text"]].concat(), b"");
    let png = quittance(&[&SALE[..], &["--format", "png"]].concat(), b"");
    for given in [blob, link.stdout, png.stdout] {
        let explained = quittance(&["code", "explain"], &given);
        assert_eq!(code(&explained), 0, "{}", stderr(&explained));
        let says = stdout(&explained);
        assert!(says.contains("    12    8  payment reference"), "{says}");
        assert!(says.contains("till 1\n"), "{says}");
        assert!(says.contains("at level M"), "{says}");
        assert!(!says.contains("8.40"), "{says}");
    }
}

#[test]
fn what_is_no_code_has_its_own_exit_code() {
    let cases: [(&[u8], i32); 3] = [
        (b"https://example.com/menu", 7),
        (b"00", 1),
        (&[0xFF; 64], 3),
    ];
    for (given, exit) in cases {
        let explained = quittance(&["code", "explain"], given);
        assert_eq!(code(&explained), exit, "{}", stderr(&explained));
    }
}

#[test]
fn the_shared_vectors_agree_and_a_changed_one_names_its_first_differing_step() {
    let Some(json) = vectors() else { return };
    let good = quittance(&["code", "check-vectors", "-"], json.as_bytes());
    assert_eq!(code(&good), 0, "{}", stdout(&good));
    let mut file: serde_json::Value = serde_json::from_str(&json).unwrap();
    file["vectors"][1]["steps"]["order_key"] = "00".into();
    let changed = quittance(&["code", "check-vectors", "-"], file.to_string().as_bytes());
    assert_eq!(code(&changed), 1);
    assert!(
        stdout(&changed).contains("differs at order_key"),
        "{}",
        stdout(&changed)
    );
    for malformed in ["", "{", "[]", r#"{"format":"other","vectors":[]}"#] {
        let refused = quittance(&["code", "check-vectors", "-"], malformed.as_bytes());
        assert_eq!(code(&refused), 3, "{malformed}");
    }
}
