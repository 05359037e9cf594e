//! One libFuzzer program for all laws: `QUITTANCE_LAW` names the one that is tried. See `run`.
//!
//! Why one program: each would be all of Quittance linked again.
#![no_main]

mod code;
mod money;
mod paper;
mod words;

use std::sync::OnceLock;

/// What must hold of any bytes; it panics where it does not.
type Law = fn(&[u8]);

/// Every law by name.
const LAWS: &[(&str, Law)] = &[
    ("tokens", paper::tokens),
    ("layout", paper::layout),
    ("receipt", paper::receipt),
    ("charset", paper::charset),
    ("splitter", paper::splitter),
    ("desk", paper::desk),
    ("lpd", paper::lpd),
    ("sealed", code::sealed),
    ("order", code::order),
    ("certificate", code::certificate),
    ("bundle", code::bundle),
    ("issuer-log", code::issuer_log),
    ("link", code::link),
    ("picture", code::picture),
    ("scan", code::scan),
    ("blocks", code::blocks),
    ("apdu", code::apdu),
    ("message", money::message),
    ("signature", money::signature),
    ("amount", money::amount),
    ("text", words::text),
    ("scenario", words::scenario),
    ("config", words::config),
    ("query", words::query),
];

fn law() -> Law {
    static LAW: OnceLock<Law> = OnceLock::new();
    *LAW.get_or_init(|| {
        let name = std::env::var("QUITTANCE_LAW").unwrap_or_default();
        let found = LAWS.iter().find(|(law, _)| *law == name);
        let all: Vec<&str> = LAWS.iter().map(|(law, _)| *law).collect();
        found
            .unwrap_or_else(|| panic!("QUITTANCE_LAW is one of: {}", all.join(" ")))
            .1
    })
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| law()(data));
