//! `quittance attack`.

use super::{code, stderr, stdout};
use crate::cli::quittance;

#[test]
fn one_attack_is_tried_by_name_and_held() {
    let tried = quittance(&["attack", "A-13", "--format", "jsonl"], b"");
    assert_eq!(code(&tried), 0, "{}{}", stdout(&tried), stderr(&tried));
    let line: serde_json::Value = serde_json::from_str(stdout(&tried)).unwrap();
    assert_eq!(line["verdict"], "held");
    assert!(line["checks"].as_u64().unwrap() > 10);
}

#[test]
fn an_unknown_attack_and_a_server_elsewhere_are_refused() {
    assert_eq!(code(&quittance(&["attack", "A-99"], b"")), 4);
    assert_eq!(
        code(&quittance(
            &["attack", "--against", "http://10.0.0.1:80"],
            b""
        )),
        2
    );
    assert_eq!(
        code(&quittance(
            &["attack", "--against", "http://127.0.0.1:1"],
            b""
        )),
        6
    );
}
