//! Damage is reproducible, grows with its severity, and slight damage is always read.

use super::*;
use crate::code::draw::Raster;
use crate::code::link;
use crate::code::scan::{Scan, all_steps, scan};
use crate::code::sealed::Blob;
use crate::code::symbol::Symbol;

const MODULE: usize = 4;

fn symbol() -> (String, Gray) {
    let bytes: Vec<u8> = (0..146).map(|n: u8| n.wrapping_mul(73)).collect();
    let text = link::to_link("q.example.com", None, &Blob::from(bytes));
    let raster = Raster::of(&Symbol::encode(&text).unwrap(), MODULE);
    let side = raster.width();
    let picture = Gray::from_dots(side, side, |x, y| raster.is_set(x, y)).unwrap();
    (text, picture)
}

fn read(picture: &Gray) -> Scan {
    scan(picture, |_text| true, all_steps)
}

#[test]
fn the_same_seed_gives_the_same_damage_and_another_seed_another() {
    let (_text, picture) = symbol();
    for family in Family::ALL {
        let damaged = |seed| {
            let chance = Chance::of_seed(seed);
            distort(&picture, MODULE, family, Severity::Marked, &chance)
        };
        assert_eq!(damaged(1), damaged(1), "{family:?}");
        assert_ne!(damaged(1), picture, "{family:?}");
        let draws_nothing = matches!(family, Family::Blur | Family::LowResolution);
        let varied = (2..5).any(|seed| damaged(seed) != damaged(1));
        assert_eq!(varied, !draws_nothing, "{family:?}");
    }
}

#[test]
fn slight_damage_of_every_family_is_read_back_exactly() {
    let (text, picture) = symbol();
    for family in Family::ALL {
        let chance = Chance::of_seed(7);
        let damaged = distort(&picture, MODULE, family, Severity::Slight, &chance);
        let scan = read(&damaged);
        assert_eq!(scan.codes.len(), 1, "{family:?}");
        assert_eq!(scan.codes[0].text, text, "{family:?}");
    }
}

#[test]
fn an_easy_phone_frame_is_read() {
    let (text, picture) = symbol();
    let frame = phone_frame(&picture, MODULE, Severity::Slight, &Chance::of_seed(1));
    assert_eq!((frame.width(), frame.height()), (1280, 720));
    let scan = read(&frame);
    assert_eq!(
        scan.codes.first().map(|code| code.text.as_str()),
        Some(text.as_str())
    );
}

#[test]
fn a_torn_symbol_is_not_read_and_never_misread() {
    let (text, picture) = symbol();
    for seed in 0..3 {
        let torn = distort(
            &picture,
            MODULE,
            Family::Tear,
            Severity::Severe,
            &Chance::of_seed(seed),
        );
        for code in read(&torn).codes {
            assert_eq!(code.text, text);
        }
    }
}
