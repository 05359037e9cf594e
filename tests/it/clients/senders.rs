//! Libraries that tills print with: python-escpos and npm's receiptline.

use super::super::printing::{Printer, Proxy, has, wait};
use super::{here, inserted, whole};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `tests/it/clients/install` puts the libraries.
fn libraries() -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    built.expect("it is in the target folder").join("clients")
}

fn script(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients");
    folder.join(name)
}

/// What a library's own bytes and the proxy's differ in: the code's block.
fn block(file: &Path, printer: &Printer, asked: usize) -> Vec<u8> {
    let job = std::fs::read(file).unwrap();
    let printed = printer.until(|all| whole(&job, all.get(asked..).unwrap_or_default()));
    inserted(&job, &printed[asked..]).to_vec()
}

#[test]
fn a_sale_of_python_escpos_gets_its_code_after_the_till_has_asked_for_status() {
    let python = libraries().join("python/bin/python");
    if !here(&python, "python-escpos (tests/it/clients/install)") {
        return;
    }
    let printer = Printer::start();
    let to = format!("socket://{}", printer.address);
    let proxy = Proxy::start(&to, &["--profile", "epson-80mm"]);
    wait(&proxy.said, "the printer is there");
    let file = tempfile::NamedTempFile::new().unwrap();
    let sent = Command::new(&python)
        .arg(script("sale.py"))
        .args(["127.0.0.1", &proxy.raw.port().to_string()])
        .arg(file.path())
        .status();
    assert!(sent.unwrap().success());
    // It asks `DLE EOT 1` and `DLE EOT 4` on the connection that it prints on.
    let block = block(file.path(), &printer, 6);
    assert!(block.windows(3).any(|w| w == b"\x1d(k"), "the printer's QR");
    assert!(wait(&proxy.said, "coded").contains("8.40 EUR PY-0042"));
}

#[test]
fn a_sale_of_npms_receiptline_gets_its_code_in_every_dialect_and_encoding() {
    let library = libraries().join("node_modules");
    if !has("node") || !here(&library.join("receiptline"), "npm's receiptline") {
        return;
    }
    let kinds = [
        ("escpos", "multilingual", "en", "epson-80mm-42"),
        ("epson", "cp858", "en", "epson-80mm-42"),
        ("citizen", "cp437", "en", "citizen-ct-s651"),
        ("generic", "cp1252", "en", "epson-80mm-42"),
        ("epson", "shiftjis", "ja", "epson-80mm-japan"),
        ("starsbcs", "cp437", "en", "star-80mm"),
        ("starmbcs", "shiftjis", "ja", "star-80mm-japan"),
    ];
    for (command, encoding, language, profile) in kinds {
        let printer = Printer::start();
        let to = format!("socket://{}", printer.address);
        let proxy = Proxy::start(&to, &["--profile", profile]);
        let file = tempfile::NamedTempFile::new().unwrap();
        let sent = Command::new("node")
            .env("NODE_PATH", &library)
            .arg(script("sale.js"))
            .arg(proxy.raw.port().to_string())
            .arg(file.path())
            .args([command, encoding, language])
            .status();
        assert!(sent.unwrap().success(), "{command}");
        let (amount, kind) = match language {
            "ja" => ("840 JPY 42", format!("{command}, {encoding}")),
            _ => ("8.40 EUR JS-0042", format!("{command}, {encoding}")),
        };
        let told = wait(&proxy.said, "receipt 0:");
        assert!(told.contains(amount), "{kind}: {told}");
        assert!(!block(file.path(), &printer, 0).is_empty(), "{kind}");
    }
}
