//! Each form, read back module by module.

use super::*;

fn symbol() -> Symbol {
    Symbol::encode("https://q.example.com/1#00042000420004200042").unwrap()
}

#[test]
fn half_blocks_are_black_on_white_with_a_quiet_zone() {
    let (symbol, side) = (symbol(), symbol().size() + 8);
    let text = unicode(&symbol, Ink::Explicit);
    assert_eq!(text.lines().count(), side.div_ceil(2));
    for line in text.lines() {
        let line = line.strip_prefix(BLACK_ON_WHITE).unwrap();
        let line = line.strip_suffix(RESET).unwrap();
        assert_eq!(line.chars().count(), side);
    }
    let plain = unicode(&symbol, Ink::DarkOnLight);
    let stripped = text.replace(BLACK_ON_WHITE, "").replace(RESET, "");
    assert_eq!(plain, stripped);
    let rows: Vec<Vec<char>> = plain.lines().map(|line| line.chars().collect()).collect();
    for (x, y) in (0..side).flat_map(|x| (0..side).map(move |y| (x, y))) {
        let inks = if y % 2 == 0 {
            "\u{2588}\u{2580}"
        } else {
            "\u{2588}\u{2584}"
        };
        let inked = inks.contains(rows[y / 2][x]);
        assert_eq!(inked, is_dark(&symbol, x, y), "{x} {y}");
    }
    let inverted = unicode(&symbol, Ink::LightOnDark);
    assert!(inverted.starts_with(&"\u{2588}".repeat(side)));
}

#[test]
fn ascii_has_two_characters_a_module() {
    let text = ascii(&symbol(), false);
    let side = symbol().size() + 8;
    assert!(text.lines().all(|line| line.len() == 2 * side));
    assert_eq!(text.matches("##").count() * 2, text.matches('#').count());
    assert!(ascii(&symbol(), true).starts_with(&"##".repeat(side)));
}

#[test]
fn rasters_have_whole_dots_a_module() {
    for scale in [1, 3, 5] {
        let (symbol, raster) = (symbol(), Raster::of(&symbol(), scale));
        assert_eq!(
            (raster.width(), raster.height()),
            (raster.width(), raster.width())
        );
        assert_eq!(raster.width(), (symbol.size() + 8) * scale);
        for (x, y) in (0..raster.width()).flat_map(|x| (0..raster.width()).map(move |y| (x, y))) {
            assert_eq!(raster.is_set(x, y), is_dark(&symbol, x / scale, y / scale));
        }
        assert!(!raster.is_set(raster.width(), 0));
    }
}

#[test]
fn a_picture_and_a_path_have_the_same_dark_modules() {
    let symbol = symbol();
    let bytes = png(&symbol, 2);
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rows).unwrap();
    let inverted: Vec<u8> = rows.iter().map(|byte| !byte).collect();
    assert_eq!(inverted, Raster::of(&symbol, 2).bytes());

    let text = svg(&symbol, 2);
    let runs = text.matches('h').count();
    assert!(
        runs > symbol.size() && text.contains("viewBox=\"0 0 37 37\""),
        "{text}"
    );
    let dark: usize = text
        .split("v1h-")
        .skip(1)
        .map(|run| run.split('z').next().unwrap().parse::<usize>().unwrap())
        .sum();
    let all = (0..symbol.size()).flat_map(|x| (0..symbol.size()).map(move |y| (x, y)));
    assert_eq!(dark, all.filter(|(x, y)| symbol.is_dark(*x, *y)).count());
    let rows = json(&symbol)["rows"].to_string();
    assert_eq!(dark, rows.matches('1').count());
}

#[test]
fn printer_bytes_are_those_of_the_manuals() {
    let native = escpos_native("AB", 5).unwrap();
    let expected = [
        &[0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, 0x32, 0][..],
        &[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43, 5],
        &[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, 0x31],
        &[0x1D, 0x28, 0x6B, 5, 0, 0x31, 0x50, 0x30, b'A', b'B'],
        &[0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x51, 0x30],
    ];
    assert_eq!(native, expected.concat());
    let star = star_native("AB", 5).unwrap();
    assert!(star.ends_with(b"\x1b\x1dyD1\x00\x02\x00AB\x1b\x1dyP"));
    assert_eq!(escpos_native("", 5), None);
    assert_eq!(star_native(&"x".repeat(7090), 5), None);

    let raster = Raster::of(&symbol(), 6);
    let (row, height) = (raster.row_len(), raster.height());
    assert!(height > BAND_ROWS_MAX);
    let bytes = escpos_raster(&raster);
    let (first, rest) = bytes.split_at(8 + BAND_ROWS_MAX * row);
    let [low, high] = le(row);
    assert_eq!(&first[..8], [0x1D, 0x76, 0x30, 0, low, high, 128, 0]);
    let [low_rest, high_rest] = le(height - BAND_ROWS_MAX);
    assert_eq!(
        &rest[..8],
        [0x1D, 0x76, 0x30, 0, low, high, low_rest, high_rest]
    );
    assert_eq!([&first[8..], &rest[8..]].concat(), raster.bytes());
    let bytes = star_raster(&raster);
    assert_eq!(&bytes[..9], [0x1B, 0x1D, 0x53, 1, low, high, 128, 0, 0]);
}

fn le(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap().to_le_bytes()
}
