//! The scorer against a naive one, and symbols against the `qrcode` crate and a decoder.

use super::*;
use crate::code::link;
use crate::code::sealed::Blob;
use proptest::prelude::*;

/// The penalty as ISO/IEC 18004:2015, 7.8.3.1 words it, module by module.
fn naive_penalty(rows: &[u128]) -> u32 {
    let size = rows.len();
    let dark = |x: usize, y: usize| rows[y] >> x & 1 == 1;
    let mut penalty = 0;
    for line in 0..size {
        let row: Vec<bool> = (0..size).map(|x| dark(x, line)).collect();
        let column: Vec<bool> = (0..size).map(|y| dark(line, y)).collect();
        penalty += naive_line(&row) + naive_line(&column);
    }
    for (x, y) in (0..size - 1).flat_map(|x| (0..size - 1).map(move |y| (x, y))) {
        let block = [
            dark(x, y),
            dark(x + 1, y),
            dark(x, y + 1),
            dark(x + 1, y + 1),
        ];
        if block == [true; 4] || block == [false; 4] {
            penalty += 3;
        }
    }
    let count = (0..size * size)
        .filter(|at| dark(at % size, at / size))
        .count();
    let mut steps = 0;
    while (20 * count).abs_diff(10 * size * size) >= (steps + 1) * size * size {
        steps += 1;
    }
    penalty + 10 * u32::try_from(steps).unwrap()
}

fn naive_line(line: &[bool]) -> u32 {
    let mut penalty = 0;
    for run in line.chunk_by(|a, b| a == b).filter(|run| run.len() >= 5) {
        penalty += 3 + u32::try_from(run.len() - 5).unwrap();
    }
    let pattern = [true, false, true, true, true, false, true];
    let light = [false; 4];
    for window in line.windows(11) {
        let after = window[..7] == pattern && window[7..] == light;
        let before = window[..4] == light && window[4..] == pattern;
        penalty += 40 * (u32::from(after) + u32::from(before));
    }
    penalty
}

/// The symbol as the `qrcode` crate finishes it under one mask.
fn by_crate(text: &str, mask: u8) -> Vec<u128> {
    use qrcode::canvas::MaskPattern as P;
    let patterns = [
        P::Checkerboard,
        P::HorizontalLines,
        P::VerticalLines,
        P::DiagonalLines,
        P::LargeCheckerboard,
        P::Fields,
        P::Diamonds,
        P::Meadow,
    ];
    let segments = segments(text);
    let version = Version::Normal(smallest_version(&segments).unwrap().into());
    let (data, ec) = codewords(version, &segments).unwrap();
    let mut canvas = Canvas::new(version, EcLevel::M);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &ec);
    canvas.apply_mask(patterns[usize::from(mask)]);
    rows(&canvas.into_colors(), |color| *color == Color::Dark)
}

fn link_of(bytes: Vec<u8>) -> String {
    link::to_link("q.example.com", None, &Blob::from(bytes))
}

#[test]
fn a_links_digits_are_a_numeric_segment() {
    let text = link_of(vec![7; 146]);
    let (prefix, digits) = text.split_at(text.find('#').unwrap() + 1);
    let expected = [
        Segment::Byte(prefix.as_bytes()),
        Segment::Numeric(digits.as_bytes()),
    ];
    assert_eq!(segments(&text), expected);
    assert_eq!(segments("abc1"), [Segment::Byte(b"abc1")]);
    assert_eq!(segments("123"), [Segment::Numeric(b"123")]);
    assert_eq!(segments(""), [Segment::Byte(b"")]);
}

#[test]
fn codes_have_the_versions_that_the_format_promises() {
    let version = |len: usize| Symbol::encode(&link_of(vec![0xA5; len])).unwrap().version();
    assert_eq!((version(146), version(174), version(295)), (9, 10, 13));
}

#[test]
fn paper_that_is_too_narrow_is_refused_with_advice() {
    let symbol = Symbol::encode(&link_of(vec![0xA5; 146])).unwrap();
    assert_eq!(symbol.dots_per_module(384), Ok(6));
    assert_eq!(symbol.dots_per_module(576), Ok(6));
    let dense = symbol.dots_per_module(200).unwrap_err();
    assert!(dense.to_string().contains("use wider paper"), "{dense}");
    let large = Symbol::encode(&link_of(vec![0xA5; 340])).unwrap();
    assert!(large.version() > NARROW_VERSION_MAX);
    assert!(matches!(
        large.dots_per_module(384),
        Err(SymbolError::TooLargeForNarrowPaper { .. })
    ));
    assert!(large.dots_per_module(576).is_ok());
}

#[test]
fn a_text_beyond_the_largest_version_is_refused() {
    let encode = |len: usize| Symbol::encode(&"x".repeat(len));
    assert_eq!(encode(1126), Err(SymbolError::TooLong { len: 1126 }));
    assert_eq!(encode(1125).unwrap().version(), VERSION_MAX);
}

fn payload() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 120..330).prop_map(link_of),
        1 => "[ -~]{0,200}",
        1 => "[0-9]{1,300}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_bit_parallel_choice_is_the_naive_one(text in payload()) {
        let symbol = Symbol::encode(&text).unwrap();
        let masked: Vec<_> = (0..8).map(|mask| by_crate(&text, mask)).collect();
        let naive: Vec<_> = masked.iter().map(|rows| naive_penalty(rows)).collect();
        let parallel: Vec<_> = masked.iter().map(|rows| mask::penalty_of(rows)).collect();
        prop_assert_eq!(&parallel, &naive);
        let least = naive.iter().min().unwrap();
        let first = naive.iter().position(|penalty| penalty == least).unwrap();
        prop_assert_eq!(usize::from(symbol.mask()), first);
        prop_assert_eq!(&symbol.rows, &masked[first]);
    }

    #[test]
    fn the_scorers_agree_on_any_matrix(
        size in (0_usize..27).prop_map(|v| 21 + 4 * v),
        seed: u64,
        density in 1_u64..=9,
    ) {
        let chance = crate::chance::Chance::of_seed(seed);
        let dark = |x: usize, y: usize| {
            let key = [u8::try_from(x).unwrap(), u8::try_from(y).unwrap()];
            crate::chance::below(chance.draw("module", &key, 0), 10) < density
        };
        let rows: Vec<u128> = (0..size)
            .map(|y| (0..size).fold(0, |row, x| row | u128::from(dark(x, y)) << x))
            .collect();
        prop_assert_eq!(mask::penalty_of(&rows), naive_penalty(&rows));
    }
}

/// The long form of the property above; a minute in a debug build.
#[test]
#[ignore = "long: 10,000 payloads"]
fn the_choice_is_the_naive_one_on_ten_thousand_payloads() {
    let chance = crate::chance::Chance::of_seed(1);
    for n in 0..10_000_u64 {
        let len = 120 + chance.draw("len", b"", n) % 210;
        let bytes = (0..len).map(|at| chance.draw("byte", &at.to_be_bytes(), n).to_be_bytes()[0]);
        let text = link_of(bytes.collect());
        let symbol = Symbol::encode(&text).unwrap();
        let naive = (0..8).map(|mask| naive_penalty(&by_crate(&text, mask)));
        let (first, _penalty) = naive.enumerate().min_by_key(|(at, p)| (*p, *at)).unwrap();
        assert_eq!(usize::from(symbol.mask()), first, "payload {n}");
    }
}
