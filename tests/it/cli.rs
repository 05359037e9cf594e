//! The commands as a shell sees them: data, talk, exit codes, junk.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs the program on these arguments with this stdin.
pub(crate) fn quittance(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quittance"))
        .args(args)
        .env_remove("NO_COLOR")
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early closes its stdin; that is its right.
    let _refused_early = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

const COFFEE: &[u8] = b"BEAN & LEAF\n1 x Flat white   3.80\n2 x Croissant    4.60\n\
TOTAL EUR         8.40\nORDER A1-0042\n";
const FIXED: [&str; 4] = ["--counter", "7", "--issued-at", "1790000000"];

#[test]
fn a_receipt_becomes_a_code_that_scan_reads_back_in_every_form() {
    for form in ["png", "unicode", "text"] {
        let coded = quittance(&["qr", "--quiet", "--format", form], COFFEE);
        assert_eq!(code(&coded), 0, "{form}: {}", stderr(&coded));
        let scanned = quittance(&["scan", "-"], &coded.stdout);
        assert_eq!(code(&scanned), 0, "{form}: {}", stderr(&scanned));
        assert!(stdout(&scanned).contains("My Shop (certified)"));
    }
}

#[cfg(unix)]
#[test]
fn a_code_in_a_pipe_starts_no_other_program() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (tput, mark) = (folder.path().join("tput"), folder.path().join("started"));
    std::fs::write(&tput, format!("#!/bin/sh\n: > {}\n", mark.display())).unwrap();
    std::fs::set_permissions(&tput, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quittance"));
    let args = ["qr", "--amount", "8.40", "--currency", "EUR"];
    command.args(args).args(FIXED).env("PATH", folder.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(!mark.exists());
}

#[test]
fn the_same_receipt_counter_and_time_give_the_same_code() {
    let args = [&["qr", "--quiet", "--format", "json"][..], &FIXED].concat();
    let (one, two) = (quittance(&args, COFFEE), quittance(&args, COFFEE));
    assert_eq!(one.stdout, two.stdout);
    let line: serde_json::Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(line["amount"], "8.40 EUR");
    assert_eq!(line["reference"], "A1-0042");
    assert_eq!(line["test_network"], true);
}

#[test]
fn without_a_chip_stderr_says_that_the_code_is_for_the_test_network() {
    let coded = quittance(&["qr"], COFFEE);
    assert!(stderr(&coded).contains("development key; this code is for the test network"));
    assert!(stdout(&coded).contains("\u{1b}[38;5;16;48;5;231m"));
}

#[test]
fn an_escpos_block_is_a_raster_that_fits_the_paper() {
    let coded = quittance(&["qr", "--quiet", "--format", "escpos"], COFFEE);
    assert_eq!(code(&coded), 0);
    let raster = coded.stdout.windows(4).position(|w| w == b"\x1dv0\0");
    let at = raster.expect("GS v 0");
    let width = usize::from(coded.stdout[at + 4]) * 8;
    assert!((200..=384).contains(&width), "{width} dots");
}

#[test]
fn a_star_block_is_the_same_raster_and_ascii_is_two_characters_a_module() {
    let star = quittance(&["qr", "--quiet", "--format", "star"], COFFEE);
    assert_eq!(code(&star), 0);
    assert!(star.stdout.windows(4).any(|w| w == b"\x1b\x1dS\x01"));
    let drawn = quittance(&["qr", "--quiet", "--format", "ascii"], COFFEE);
    let lines: Vec<&str> = stdout(&drawn).lines().collect();
    assert!(lines.iter().all(|line| line.len() == 2 * lines.len()));
    assert!(
        lines[4].starts_with("        ##############  "),
        "{}",
        lines[4]
    );
}

#[test]
fn paper_and_pictures_that_no_phone_could_read_are_refused_with_advice() {
    for (form, width, advice) in [
        ("escpos", "200", "use wider paper"),
        ("star", "200", "use wider paper"),
        ("png", "40", "from --width"),
    ] {
        let args = ["qr", "--quiet", "--format", form, "--width", width];
        let refused = quittance(&args, COFFEE);
        assert_eq!(code(&refused), 7, "{form}");
        assert!(stderr(&refused).contains(advice), "{}", stderr(&refused));
    }
}

#[test]
fn what_cannot_be_coded_is_refused_with_its_own_exit_code() {
    let no_total = b"BEAN & LEAF\nthank you for your visit\nsee you soon\n";
    let two_totals = b"BEAN & LEAF\nTOTAL EUR 7.00\nTOTAL EUR 9.00\n";
    let cases: [(&[u8], i32, &str); 4] = [
        (b"", 3, "it is empty"),
        (&[0xFF; 4096], 3, "read the receipt"),
        (no_total, 7, "no-total"),
        (two_totals, 7, "failed to make a code"),
    ];
    for (receipt, exit, says) in cases {
        let coded = quittance(&["qr", "--currency", "EUR"], receipt);
        assert_eq!(code(&coded), exit, "{}", stderr(&coded));
        assert!(stderr(&coded).contains(says), "{}", stderr(&coded));
        assert!(coded.stdout.is_empty());
    }
}

#[test]
fn ten_megabytes_of_junk_are_refused_and_not_suffered() {
    let mut junk = Vec::with_capacity(10 << 20);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    while junk.len() < 10 << 20 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        junk.extend_from_slice(&state.to_be_bytes());
    }
    let coded = quittance(&["qr", "--currency", "EUR"], &junk);
    assert_eq!(code(&coded), 3, "{}", stderr(&coded));
    let scanned = quittance(&["scan", "-"], &junk);
    assert_eq!(code(&scanned), 3, "{}", stderr(&scanned));
}

#[test]
fn a_scan_tells_no_code_from_another_host_from_a_forgery() {
    let args = [&["qr", "--quiet", "--format", "text"][..], &FIXED].concat();
    let link = stdout(&quittance(&args, COFFEE)).trim().to_owned();
    let elsewhere = link.replace("test.quittance", "evil.quittance");
    let mut digits = link.clone().into_bytes();
    let at = digits.len() - 9;
    digits[at] = if digits[at] == b'1' { b'2' } else { b'1' };
    let blank = "\u{2588}".repeat(40) + "\n";
    let blank = blank.repeat(20);
    let cases: [(&[u8], i32); 4] = [
        (elsewhere.as_bytes(), 7),
        (b"https://example.com/menu", 7),
        (&digits, 1),
        (blank.as_bytes(), 4),
    ];
    for (given, exit) in cases {
        let scanned = quittance(&["scan", "-"], given);
        assert_eq!(code(&scanned), exit, "{}", stderr(&scanned));
        assert!(scanned.stdout.is_empty());
    }
}

#[test]
fn a_strangers_escape_sequences_never_reach_the_terminal() {
    let receipt = b"BEAN \x1b]52;c;aGk=\x07\xe2\x80\xae LEAF\nTOTAL EUR 8.40\nORDER \x1b[31mA1\n";
    let coded = quittance(&["qr", "--format", "text"], receipt);
    let shown = [&coded.stdout[..], &coded.stderr].concat();
    assert!(!shown.contains(&0x1B), "{}", stderr(&coded));
    let scanned = quittance(&["scan", "-"], b"https://ex\x1b[31mample.com/1#12");
    assert!(!scanned.stderr.contains(&0x1B));
}

#[test]
fn a_missing_file_and_a_read_only_folder_say_what_is_wrong() {
    let missing = quittance(&["qr", "no-such-file"], b"");
    assert_eq!(code(&missing), 4);
    let unwritable = ["qr", "--quiet", "--output", "/proc/nothing/here"];
    let unwritable = quittance(&unwritable, COFFEE);
    assert_eq!(code(&unwritable), 6, "{}", stderr(&unwritable));
    let usage = quittance(&["qr", "--no-such-flag"], b"");
    assert_eq!(code(&usage), 2);
}

#[test]
fn help_shows_the_exit_codes() {
    let help = quittance(&["--help"], b"");
    assert_eq!(code(&help), 0);
    assert!(stdout(&help).contains("130  interrupted"));
}
