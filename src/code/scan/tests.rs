//! What is drawn is read back, and nothing that is fed in stops the program.

use super::*;
use crate::code::draw::{self, Ink, Raster};
use crate::code::link;
use crate::code::sealed::Blob;
use crate::code::symbol::Symbol;
use proptest::prelude::*;

fn link_of(len: usize) -> String {
    let bytes: Vec<u8> = (0..len)
        .map(|n| u8::try_from(n * 37 % 256).unwrap())
        .collect();
    link::to_link("q.example.com", None, &Blob::from(bytes))
}

fn dots(text: &str, scale: usize) -> Gray {
    let raster = Raster::of(&Symbol::encode(text).unwrap(), scale);
    Gray::from_dots(raster.width(), raster.height(), |x, y| raster.is_set(x, y)).unwrap()
}

fn texts(found: &[Found]) -> Vec<&str> {
    found.iter().map(|found| found.text.as_str()).collect()
}

#[test]
fn every_size_is_read_by_two_independent_decoders() {
    for (len, scale) in [146, 151, 174, 267, 295]
        .into_iter()
        .flat_map(|len| [4, 5, 6].map(|s| (len, s)))
    {
        let text = link_of(len);
        let picture = dots(&text, scale);
        assert_eq!(
            texts(&Rxing.read(&picture)),
            [text.as_str()],
            "rxing {len} {scale}"
        );
        assert_eq!(
            texts(&Rqrr.read(&picture)),
            [text.as_str()],
            "rqrr {len} {scale}"
        );
    }
}

#[test]
fn every_shared_vector_is_read_from_its_dots_by_two_independent_decoders() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/vectors/sealed-code.json"
    );
    let Ok(json) = std::fs::read_to_string(path) else {
        assert!(std::env::var_os("CI").is_none(), "needs ../shared");
        println!("skipped: needs ../shared");
        return;
    };
    let file: serde_json::Value = serde_json::from_str(&json).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let link = vector["link"].as_str().unwrap();
        for scale in [4, 5, 6] {
            let picture = dots(link, scale);
            assert_eq!(
                texts(&Rxing.read(&picture)),
                [link],
                "{} {scale}",
                vector["id"]
            );
            assert_eq!(
                texts(&Rqrr.read(&picture)),
                [link],
                "{} {scale}",
                vector["id"]
            );
        }
    }
}

#[test]
fn drawings_in_text_are_read_back_whatever_their_colours() {
    let text = link_of(146);
    let symbol = Symbol::encode(&text).unwrap();
    let inks = [Ink::Explicit, Ink::DarkOnLight, Ink::LightOnDark];
    let blocks = inks.map(|ink| (ink, draw::unicode(&symbol, ink)));
    let ascii = inks.map(|ink| (ink, draw::ascii(&symbol, ink == Ink::LightOnDark)));
    for (ink, drawn) in blocks.into_iter().chain(ascii) {
        let around = format!("BEAN & LEAF\nTOTAL 8.40\n{drawn}pay with any bank\n");
        let trimmed: String = drawn
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect();
        let indented = format!(
            "   {}\n",
            drawn.trim_end_matches('\n').replace('\n', "\n   ")
        );
        for text_with_symbol in [drawn, around, trimmed, indented] {
            let pictures = pictures_of_text(&text_with_symbol);
            assert_eq!(pictures.len(), 1, "{ink:?}");
            let scan = scan(&pictures[0], |_text| true, all_steps);
            assert_eq!(texts(&scan.codes), [text.as_str()], "{ink:?}");
        }
    }
    assert_eq!(pictures_of_text("no symbol here\n\n\n"), []);
}

#[test]
fn several_codes_in_one_picture_are_all_read() {
    let (first, second) = (dots(&link_of(146), 4), dots("https://shop.example/menu", 4));
    let width = first.width() + second.width();
    let height = first.height();
    let both = Gray::from_dots(width, height, |x, y| {
        let (picture, x) = if x < first.width() {
            (&first, x)
        } else {
            (&second, x - first.width())
        };
        picture.pixels().get(y * picture.width() + x) == Some(&0)
    });
    let scan = scan(&both.unwrap(), |text| text.contains("/1#"), all_steps);
    let mut read = texts(&scan.codes);
    read.sort_unstable();
    assert_eq!(read, [link_of(146).as_str(), "https://shop.example/menu"]);
    assert_eq!(
        scan.wanted(|text| text.contains("/1#")).unwrap().text,
        link_of(146)
    );
    assert_eq!(scan.step, Some(Step::Original));
}

#[test]
fn an_unwanted_code_does_not_end_the_climb() {
    let picture = dots("https://shop.example/menu", 4);
    let scan = scan(&picture, |text| text.contains("/1#"), steps(4));
    assert_eq!(
        (scan.step, scan.steps_taken, scan.codes.len()),
        (None, 4, 1)
    );
}

#[test]
fn the_budget_ends_the_climb() {
    let empty = Gray::from_dots(100, 100, |_x, _y| false).unwrap();
    assert_eq!(scan(&empty, |_text| true, steps(3)).steps_taken, 3);
    assert_eq!(scan(&empty, |_text| true, steps(0)), Scan::default());
    assert_eq!(
        scan(&empty, |_text| true, all_steps).steps_taken,
        Step::LADDER.len()
    );
}

#[test]
fn light_on_dark_small_and_gapped_symbols_are_read_further_up() {
    let text = link_of(146);
    let read = |picture: &Gray| scan(picture, |_text| true, all_steps);
    let inverted = filter::inverted(&dots(&text, 5));
    assert_eq!(texts(&read(&inverted).codes), [text.as_str()]);
    // Every fifth column of dots is dead, as on a worn thermal head.
    let clean = dots(&text, 5);
    let gapped = Gray::from_dots(clean.width(), clean.height(), |x, y| {
        x % 7 != 3 && clean.pixels()[y * clean.width() + x] == 0
    });
    let scan = read(&gapped.unwrap());
    assert_eq!(texts(&scan.codes), [text.as_str()]);
}

#[test]
fn pictures_of_files_are_read_in_every_colour_type() {
    let text = link_of(146);
    let symbol = Symbol::encode(&text).unwrap();
    let one_bit = Gray::decode(&draw::png(&symbol, 4)).unwrap();
    assert_eq!(texts(&Rxing.read(&one_bit)), [text.as_str()]);
    let side = u32::try_from(one_bit.width()).unwrap();
    for (color, samples) in [
        (png::ColorType::Rgb, 3),
        (png::ColorType::Rgba, 4),
        (png::ColorType::GrayscaleAlpha, 2),
    ] {
        // Where there is alpha, light is transparent black.
        let sample = |pixel: &u8, at: usize| match (samples % 2, at + 1 == samples) {
            (0, true) => 255 - pixel,
            (0, false) => 0,
            _ => *pixel,
        };
        let pixels = one_bit.pixels().iter();
        let data: Vec<u8> = pixels
            .flat_map(|p| (0..samples).map(move |at| sample(p, at)))
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(color);
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&data)
            .unwrap();
        assert_eq!(Gray::decode(&bytes).unwrap(), one_bit, "{color:?}");
    }
}

/// A baseline JPEG of a symbol at eight pixels a module: each block of eight by eight is flat, so
/// its one coefficient is its mean (ITU-T T.81, annexes B and F). With `colour` there are two more
/// components, which say nothing.
fn flat_jpeg(symbol: &Symbol, colour: bool) -> Vec<u8> {
    let side = symbol.size() + 8;
    let [high, low] = u16::try_from(side * 8).unwrap().to_be_bytes();
    let components: u8 = if colour { 3 } else { 1 };
    let mut out = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    out.extend([8; 64]);
    out.extend([
        0xFF,
        0xC0,
        0,
        8 + 3 * components,
        8,
        high,
        low,
        high,
        low,
        components,
    ]);
    out.extend((1..=components).flat_map(|id| [id, 0x11, 0]));
    // DC: categories 0, 8 and 7 as 00, 01 and 10; AC: the end of block as 0.
    out.extend([0xFF, 0xC4, 0, 22, 0, 0, 3]);
    out.extend([0; 14]);
    out.extend([0, 8, 7, 0xFF, 0xC4, 0, 20, 0x10, 1]);
    out.extend([0; 16]);
    out.extend([0xFF, 0xDA, 0, 6 + 2 * components, components]);
    out.extend((1..=components).flat_map(|id| [id, 0]));
    out.extend([0, 63, 0]);
    let mut bits = String::new();
    let mut before = 0_i32;
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let inside = (4..side - 4).contains(&x) && (4..side - 4).contains(&y);
        let level = if inside && symbol.is_dark(x - 4, y - 4) {
            -128
        } else {
            127
        };
        bits.push_str(match level - before {
            0 => "00",
            127 => "101111111",
            255 => "0111111111",
            _ => "0100000000",
        });
        before = level;
        bits.push('0');
        if colour {
            bits.push_str("000000"); // two more flat blocks of 00 and 0
        }
    }
    bits.push_str(&"1".repeat((8 - bits.len() % 8) % 8));
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        out.push(byte);
        if byte == 0xFF {
            out.push(0);
        }
    }
    out.extend([0xFF, 0xD9]);
    out
}

#[test]
fn jpeg_files_are_read_grey_and_coloured() {
    let text = link_of(146);
    let symbol = Symbol::encode(&text).unwrap();
    for colour in [false, true] {
        let picture = Gray::decode(&flat_jpeg(&symbol, colour)).unwrap();
        assert_eq!(picture.width(), (symbol.size() + 8) * 8);
        assert_eq!(
            texts(&Rxing.read(&picture)),
            [text.as_str()],
            "colour {colour}"
        );
    }
}

#[test]
fn pictures_too_large_or_damaged_are_refused_before_they_cost_memory() {
    assert_eq!(Gray::decode(b"GIF89a"), Err(PictureError::UnknownFormat));
    assert_eq!(Gray::decode(b""), Err(PictureError::UnknownFormat));
    let good = draw::png(&Symbol::encode("x").unwrap(), 1);
    for len in 4..good.len() - 12 {
        assert!(Gray::decode(&good[..len]).is_err(), "{len}");
    }
    let mut huge = Vec::new();
    let encoder = png::Encoder::new(&mut huge, 60_000, 60_000);
    drop(encoder.write_header().unwrap());
    let size = PictureError::Size {
        width: 60_000,
        height: 60_000,
    };
    assert_eq!(Gray::decode(&huge), Err(size));
    // SOI, then a frame header of 65500 by 65500 pixels and one component.
    let jpeg = [
        0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xDC, 0xFF, 0xDC, 1, 1, 0x11, 0,
    ];
    assert!(Gray::decode(&jpeg).is_err());
    assert!(Gray::new(3, 3, vec![0; 8]).is_err());
    assert!(Gray::new(0, 3, vec![]).is_err());
}

#[test]
fn a_panic_inside_of_a_guard_is_a_failure_and_no_more() {
    assert_eq!(engine::guarded(|| 1), Some(1));
    assert_eq!(
        engine::guarded(|| -> u8 { panic!("a decoder's own mistake") }),
        None
    );
    assert_eq!(engine::guarded(|| 2), Some(2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_picture_stops_the_scanner(
        width in 1_usize..80,
        pixels in prop::collection::vec(any::<u8>(), 80..4000),
    ) {
        let height = pixels.len() / width;
        let pixels = pixels[..width * height].to_vec();
        let picture = Gray::new(width, height, pixels).unwrap();
        drop(scan(&picture, |_text| true, all_steps));
    }

    #[test]
    fn no_bytes_stop_the_picture_reader(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        flip in 0_usize..2000,
    ) {
        for magic in [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b""] {
            drop(Gray::decode(&[magic, &bytes].concat()));
        }
        let mut file = draw::png(&Symbol::encode("x").unwrap(), 2);
        let at = flip / 8 % file.len();
        file[at] ^= 1 << (flip % 8);
        drop(Gray::decode(&file));
    }

    #[test]
    fn no_text_stops_the_block_reader(text in "([\u{2588}\u{2580}\u{2584} ]{0,40}\n|.{0,9}\n){0,40}") {
        drop(pictures_of_text(&text));
    }
}
