//! Attacks on what reads: bytes, digits, links, CBOR, bundles, pictures, receipts.

use super::forge::bytes;
use super::{Attack, File, Phone, Scan, Trial};
use crate::code::sealed::Blob;
use std::time::{Duration, Instant};

/// How long one bomb may keep a reader busy, in a debug build on a busy machine.
const BOMB_TIME_MAX: Duration = Duration::from_secs(20);

pub(super) const ATTACKS: &[&Attack] = &[
    &Attack {
        id: "A-01 bit-flip",
        tries: "flips every single bit of a genuine code",
        correct: "the phone refuses each and sends nothing; the gateway refuses alike",
        run: |trial| {
            let code = trial.kit.genuine(1);
            for bit in 0..code.bytes().len() * 8 {
                let mut flipped = code.bytes().to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let flipped = Blob::from(flipped);
                trial.silent(&format!("bit {bit}"), &trial.kit.link(&flipped));
                if bit % 16 == 3 {
                    trial.refused(&format!("bit {bit}"), &flipped);
                }
            }
        },
    },
    &Attack {
        id: "truncation",
        tries: "cuts a genuine code at every byte and digit, and appends a byte and a digit",
        correct: "refused",
        run: |trial| {
            let code = trial.kit.genuine(1);
            for len in 0..code.bytes().len() {
                let cut = Blob::from(&code.bytes()[..len]);
                trial.silent(&format!("{len} bytes"), &trial.kit.link(&cut));
            }
            let longer = Blob::from([code.bytes(), &[0]].concat());
            trial.silent("an appended byte", &trial.kit.link(&longer));
            trial.refused("an appended byte", &longer);
            let link = trial.kit.link(&code);
            trial.silent("an appended digit", &format!("{link}0"));
            for dropped in 1..20 {
                let short: String = link.chars().take(link.len() - dropped).collect();
                trial.silent(&format!("{dropped} digits dropped"), &short);
            }
        },
    },
    &Attack {
        id: "unknown version, suite, flag",
        tries: "sets them and signs again with the shop's own, stolen signing key",
        correct: "refused, although the signature holds",
        run: |trial| {
            let kit = trial.kit;
            let firsts = (0..=255).filter(|first| *first != 0x11);
            for first in firsts {
                let code = kit.signed_again(1, |bytes| bytes[0] = first);
                trial.silent(&format!("first byte {first:#04x}"), &kit.link(&code));
            }
            for flag in [2, 4, 5, 6, 7] {
                let code = kit.signed_again(1, |bytes| bytes[1] |= 1 << flag);
                trial.silent(&format!("flag bit {flag}"), &kit.link(&code));
                trial.refused(&format!("flag bit {flag}"), &code);
            }
        },
    },
    &Attack {
        id: "digits",
        tries: "writes groups that overflow, impossible tails, foreign digits, invisible characters",
        correct: "not a payment code, or a damaged one: refused",
        run: |trial| {
            let link = trial.kit.link(&trial.kit.genuine(1));
            let (prefix, digits) = link.split_once('#').unwrap_or_default();
            let with = |digits: &str| format!("{prefix}#{digits}");
            let (head, rest) = digits.split_at(17);
            let arabic: String = digits.chars().map(|d| shifted(d, 0x660)).collect();
            let wide: String = digits.chars().map(|d| shifted(d, 0xFF10)).collect();
            let cases = [
                ("a group of 2^56", format!("72057594037927936{rest}")),
                ("the largest group", format!("99999999999999999{rest}")),
                ("an impossible tail", format!("{head}1")),
                ("Arabic-Indic digits", arabic),
                ("full-width digits", wide),
                ("a zero-width space", format!("{head}\u{200b}{rest}")),
                ("NUL", format!("{head}\0{rest}")),
                ("a line break", format!("{head}\r\n{rest}")),
                ("a sign", format!("+{digits}")),
                ("percent-encoding", format!("%30{digits}")),
                ("nothing", String::new()),
            ];
            for (what, digits) in cases {
                trial.silent(what, &with(&digits));
            }
        },
    },
    &Attack {
        id: "A-09 links",
        tries: "writes a genuine code on look-alike hosts and in forms that another parser would take",
        correct: "not a payment code; nothing is sent to anybody",
        run: |trial| {
            let link = trial.kit.link(&trial.kit.genuine(1));
            let host = trial.kit.host.as_str();
            let digits = link.split_once('#').map_or("", |(_, digits)| digits);
            let places = [
                format!("http://{host}/1"),
                format!("https://{host}./1"),
                format!("https://{host}:443/1"),
                format!("https://ann@{host}/1"),
                format!("https://ann:b@{host}/1"),
                format!("https://{host}.evil.example/1"),
                format!("https://evil.example/{host}/1"),
                format!("https://xn--{host}/1"),
                format!("https://{}/1", host.replace('e', "\u{435}")),
                format!("https://{host}/1?to=evil.example"),
                format!("https://{host}/1/"),
                format!("https://{host}/1/river/x"),
                format!("https://{host}/1/../1"),
                format!("https://{host}/2"),
                format!("https://{host}//1"),
                format!("https://{host}\\@evil.example/1"),
                "https://127.0.0.1/1".to_owned(),
                "https://[::1]/1".to_owned(),
                "https://169.254.169.254/1".to_owned(),
                "javascript:alert(1)//".to_owned(),
                format!("//{host}/1"),
                format!(" https://{host}/1"),
            ];
            for place in places {
                trial.silent(&place, &format!("{place}#{digits}"));
            }
            trial.silent("a doubled fragment", &format!("{link}#{digits}"));
            trial.silent("an encoded fragment", &link.replace('#', "%23"));
        },
    },
    &Attack {
        id: "order CBOR",
        tries: "seals malformed orders in a compromised chip, with every key right",
        correct: "the gateway refuses each in its one constant way",
        run: |trial| {
            let digest = "0450".to_owned() + &"09".repeat(16);
            let order = |amount: &str, currency: &str| {
                bytes(&format!("a5000101{amount}02{currency}036141{digest}"))
            };
            let good = order("190348", "1903d2");
            let cases = [
                ("amount 0", order("00", "1903d2")),
                ("a negative amount", order("20", "1903d2")),
                ("2^63", order("1b8000000000000000", "1903d2")),
                ("2^64 - 1", order("1bffffffffffffffff", "1903d2")),
                ("a float", order("f94700", "1903d2")),
                ("a tag", order("c11834", "1903d2")),
                ("a text for an amount", order("63382e34", "1903d2")),
                (
                    "an amount that is not in its shortest form",
                    order("1a00000348", "1903d2"),
                ),
                ("an unknown currency", order("190348", "1903e6")),
                ("an indefinite map", [&[0xBF], &good[1..], &[0xFF]].concat()),
                ("trailing bytes", [&good[..], &[0]].concat()),
                (
                    "a duplicate key",
                    bytes(&format!("a600010001011903480219{}036141{digest}", "03d2")),
                ),
                (
                    "unsorted keys",
                    bytes(&format!("a5011903480001021903d2036141{digest}")),
                ),
                ("a missing key", bytes("a4000101190348021903d2036141")),
                ("nothing", vec![]),
            ];
            for (what, plain) in cases {
                let code = trial.kit.sealed_with(trial.kit.reference(1), &plain);
                trial.refused(what, &code);
            }
        },
    },
    &Attack {
        id: "A-24 amounts",
        tries: "asks for zero, negative, overflowing, foreign and over-precise amounts",
        correct: "rejected where they are typed or sealed",
        run: |trial| {
            let wrong = [
                ("-1", "EUR"),
                ("0x10", "EUR"),
                ("1e5", "EUR"),
                ("NaN", "EUR"),
                ("inf", "EUR"),
                ("8.401", "EUR"),
                ("1.5", "JPY"),
                ("1.2345", "KWD"),
                ("", "EUR"),
                ("8,4,0", "EUR"),
                ("92233720368547758.08", "EUR"),
                ("\u{0668}.40", "EUR"),
                ("8.40 ", "EUR\u{202e}"),
            ];
            for (text, currency) in wrong {
                let taken = trial.target.takes_amount(text, currency);
                trial.judge(taken.is_none(), || format!("{text} {currency} was taken"));
            }
            let exact = [
                ("105", "JPY", 105),
                ("1.234", "KWD", 1234),
                ("8.40", "EUR", 840),
            ];
            for (text, currency, minor) in exact {
                let taken = trial.target.takes_amount(text, currency);
                trial.judge(taken == Some(minor), || {
                    format!("{text} {currency}: {taken:?}")
                });
            }
        },
    },
    &Attack {
        id: "test network in production",
        tries: "shows a test-network code to a phone that is for real money",
        correct: "refused",
        run: |trial| {
            let link = trial.kit.link(&trial.kit.genuine(1));
            let scan = trial.target.scan(Phone::Production, &link);
            trial.judge(scan == Scan::Silent, || "a test code was taken".to_owned());
        },
    },
    &Attack {
        id: "A-22 bombs",
        tries: "feeds a million-character link, a million-line receipt, deep TOML, pictures that lie",
        correct: "an answer in bounded time and memory",
        run: bombs,
    },
];

fn shifted(digit: char, zero: u32) -> char {
    let value = digit.to_digit(10).unwrap_or(0);
    char::from_u32(zero + value).unwrap_or(digit)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a bomb takes is what is asked"
)]
fn bombs(trial: &mut Trial<'_>) {
    let link = format!("https://{}/1#{}", trial.kit.host, "0".repeat(1_000_000));
    trial.silent("a million digits", &link);
    let receipt = "TEA 1.00\n".repeat(1_000_000).into_bytes();
    let deep = "a = ".to_owned() + &"[".repeat(200_000);
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\0\0\0\0";
    let jpeg = b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0";
    let bombs = [
        ("a million-line receipt", File::Receipt, &receipt[..]),
        ("200,000 open brackets", File::Scenario, deep.as_bytes()),
        ("a PNG of 2^64 pixels", File::Picture, png),
        ("a JPEG of 2^32 pixels", File::Picture, jpeg),
    ];
    for (what, file, bytes) in bombs {
        let begun = Instant::now();
        let taken = trial.target.reads(file, bytes);
        let took = begun.elapsed();
        trial.judge(took < BOMB_TIME_MAX, || format!("{what}: took {took:?}"));
        trial.judge(!taken, || format!("{what}: was taken"));
    }
}
