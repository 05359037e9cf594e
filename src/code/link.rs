//! The code as text: `https://<host>/1#<digits>`, or `/1/<bank>#` with a hint of the payer's bank.
//!
//! Digits, because a QR symbol's numeric mode carries 98.8 % of the bits; in the fragment, because
//! a fragment never reaches a server's log. A link is strictly of this form, on a host that the
//! reader's trust bundle names, or it is not a payment code ("Text and symbol", "Link variant").

use super::sealed::{BLOB_LEN_MAX, Blob};
use crate::id::Name;
use std::fmt::Write as _;

/// The longest text that is looked at: scheme, host, bank and the digits of the longest blob.
pub const LINK_LEN_MAX: usize = 300 + BLOB_LEN_MAX.div_ceil(GROUP_BYTES) * GROUP_DIGITS;
const GROUP_BYTES: usize = 7;
const GROUP_DIGITS: usize = 17;
/// How many digits carry a tail of so many bytes.
const TAIL_DIGITS: [usize; GROUP_BYTES] = [0, 3, 5, 8, 10, 13, 15];
const HOST_LEN_MAX: usize = 253;

/// What a scanned link says; nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The host, in lower case: a known one.
    pub host: String,
    /// The payer's bank, if the path hints at one.
    pub bank: Option<Name>,
    /// The code's bytes.
    pub blob: Blob,
}

/// The text of a code on this host, which is a valid lower-case host name.
pub fn to_link(host: &str, bank: Option<&Name>, blob: &Blob) -> String {
    format!("{}{}", prefix(host, bank), digits(blob))
}

/// What stands before the digits: the symbol's byte segment.
pub fn prefix(host: &str, bank: Option<&Name>) -> String {
    bank.map_or_else(
        || format!("https://{host}/1#"),
        |bank| format!("https://{host}/1/{bank}#"),
    )
}

/// A blob as decimal digits: 7 bytes to 17, a tail of 1 to 6 bytes to 3, 5, 8, 10, 13, 15.
pub fn digits(blob: &Blob) -> String {
    let mut out = String::with_capacity(blob.bytes().len() * 5 / 2 + GROUP_DIGITS);
    for group in blob.bytes().chunks(GROUP_BYTES) {
        let number = group.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        let width = match group.len() {
            GROUP_BYTES => GROUP_DIGITS,
            tail => TAIL_DIGITS[tail],
        };
        write!(out, "{number:0width$}").expect("a string takes any text");
    }
    out
}

/// Reads a scanned text. `is_known_host` is asked with a lower-case host.
pub fn parse(text: &str, is_known_host: impl Fn(&str) -> bool) -> Result<Link, LinkError> {
    if text.len() > LINK_LEN_MAX {
        return Err(LinkError::TooLong { len: text.len() });
    }
    if let Some(offset) = text.bytes().position(|b| !b.is_ascii_graphic()) {
        return Err(LinkError::Character { offset });
    }
    let (scheme, rest) = text.split_once("://").ok_or(LinkError::NoLink)?;
    if !scheme.eq_ignore_ascii_case("https") {
        return Err(LinkError::Scheme);
    }
    let (place, fragment) = rest.split_once('#').ok_or(LinkError::NoFragment)?;
    if place.contains('?') {
        return Err(LinkError::Query);
    }
    let (authority, path) = place.split_once('/').ok_or(LinkError::Path)?;
    let host = host(authority, is_known_host)?;
    let bank = bank(path)?;
    let offset = text.len() - fragment.len();
    if let Some(at) = fragment.bytes().position(|b| !b.is_ascii_digit()) {
        return Err(LinkError::NotDigits {
            offset: offset + at,
        });
    }
    let blob = blob(fragment, offset)?;
    Ok(Link { host, bank, blob })
}

fn host(authority: &str, is_known: impl Fn(&str) -> bool) -> Result<String, LinkError> {
    if authority.contains('@') {
        return Err(LinkError::UserInfo);
    }
    if authority.contains(':') {
        return Err(LinkError::Port);
    }
    let host = authority.to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let formed = (1..=HOST_LEN_MAX).contains(&host.len()) && host.bytes().all(plain);
    let whole = !host.starts_with('.') && !host.ends_with('.');
    if !formed || !whole || !is_known(&host) {
        return Err(LinkError::UnknownHost {
            host: host.chars().take(80).collect(),
        });
    }
    Ok(host)
}

fn bank(path: &str) -> Result<Option<Name>, LinkError> {
    match path.split_once('/') {
        None if path == "1" => Ok(None),
        Some(("1", bank)) => bank.parse().map(Some).map_err(|_no_name| LinkError::Path),
        _ => Err(LinkError::Path),
    }
}

/// The bytes of all digits, which begin at `offset` of the text.
fn blob(digits: &str, offset: usize) -> Result<Blob, LinkError> {
    let mut out = Vec::with_capacity(digits.len() * 2 / 5);
    for (at, group) in digits.as_bytes().chunks(GROUP_DIGITS).enumerate() {
        let offset = offset + at * GROUP_DIGITS;
        let width = match group.len() {
            GROUP_DIGITS => Some(GROUP_BYTES),
            len => TAIL_DIGITS.iter().position(|digits| *digits == len),
        };
        let width = width.ok_or(LinkError::Tail { offset })?;
        let number = group.iter().fold(0, |n, d| n * 10 + u64::from(d - b'0'));
        let bytes = number.to_be_bytes();
        let (zeros, bytes) = bytes.split_at(bytes.len() - width);
        if zeros.iter().any(|b| *b != 0) {
            return Err(LinkError::Group { offset });
        }
        out.extend_from_slice(bytes);
    }
    if out.is_empty() {
        return Err(LinkError::Empty);
    }
    Ok(Blob::from(out))
}

/// Why a text is not a payment code, or a damaged one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Longer than any code.
    #[error("read a payment code: {len} bytes are more than {LINK_LEN_MAX}")]
    TooLong {
        /// How long.
        len: usize,
    },
    /// A space, control character or anything beyond ASCII.
    #[error("read a payment code: no character of a link at offset {offset}")]
    Character {
        /// Where, in bytes.
        offset: usize,
    },
    /// No scheme.
    #[error("read a payment code: it is not a link")]
    NoLink,
    /// A scheme other than https.
    #[error("read a payment code: the link's scheme is not https")]
    Scheme,
    /// A user or password before the host.
    #[error("read a payment code: the link names a user")]
    UserInfo,
    /// A port after the host.
    #[error("read a payment code: the link names a port")]
    Port,
    /// A host that the trust bundle does not name.
    #[error("read a payment code: the host `{host}` is not a known one")]
    UnknownHost {
        /// The host, cut to 80 characters.
        host: String,
    },
    /// A path other than `/1` or `/1/<bank>`.
    #[error("read a payment code: the link's path is neither /1 nor /1/<bank>")]
    Path,
    /// A query.
    #[error("read a payment code: the link has a query")]
    Query,
    /// Nothing after the path.
    #[error("read a payment code: the link has no fragment")]
    NoFragment,
    /// Something else than digits in the fragment.
    #[error("read a payment code: no digit at offset {offset}")]
    NotDigits {
        /// Where, in bytes.
        offset: usize,
    },
    /// Ours, but without digits.
    #[error("read the payment code: it has no digits")]
    Empty,
    /// Ours, but a group of digits is no group of bytes.
    #[error("read the payment code: the digits at offset {offset} are too great")]
    Group {
        /// Where the group begins, in bytes.
        offset: usize,
    },
    /// Ours, but digits are missing or too many.
    #[error("read the payment code: the digits from offset {offset} on are no whole group")]
    Tail {
        /// Where the last group begins, in bytes.
        offset: usize,
    },
}

impl LinkError {
    /// Whether the text is a payment code of ours that was damaged, and not something else.
    pub const fn is_damaged(&self) -> bool {
        matches!(self, Self::Empty | Self::Group { .. } | Self::Tail { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Link, LinkError> {
        parse(text, |host| host == "q.example.com")
    }

    #[test]
    fn anything_but_the_strict_form_is_not_a_payment_code() {
        assert!(read("https://q.example.com/1#00042").is_ok());
        assert!(read("HTTPS://Q.Example.com/1/river#00042").is_ok());
        for bad in [
            "",
            "12345",
            "q.example.com/1#00042",
            "http://q.example.com/1#00042",
            "https://q.examp1e.com/1#00042",
            "https://q.example.com./1#00042",
            "https://q.example.com.evil.org/1#00042",
            "https://q.ex\u{430}mple.com/1#00042",
            "https://xn--q-example.com/1#00042",
            "https://a@q.example.com/1#00042",
            "https://q.example.com:443/1#00042",
            "https://q.example.com/1?x#00042",
            "https://q.example.com/1/#00042",
            "https://q.example.com/1/river/#00042",
            "https://q.example.com/1/River#00042",
            "https://q.example.com//1#00042",
            "https://q.example.com/2#00042",
            "https://q.example.com/%31#00042",
            "https://q.example.com/1",
            "https://q.example.com/1%2300042",
            "https://q.example.com/1##00042",
            "https://q.example.com/1#00042#",
            "https://q.example.com/1#0%3042",
            "https://q.example.com/1#\u{663}0042",
            "https://q.example.com/1#\u{ff10}0042",
            "https://q.example.com/1#00\u{200b}042",
            "https://q.example.com/1#00042\n",
            "https://q.example.com/1#00042\0",
            " https://q.example.com/1#00042",
            "https://q.example.com/1#+0042",
            "https:////q.example.com/1#00042",
            "https://q.example.com\\@evil.org/1#00042",
        ] {
            let error = read(bad).unwrap_err();
            assert!(!error.is_damaged(), "{bad}: {error}");
        }
    }

    #[test]
    fn damaged_digits_on_our_host_are_ours_but_damaged() {
        let at = |digits: &str| read(&format!("https://q.example.com/1#{digits}")).unwrap_err();
        assert_eq!(at(""), LinkError::Empty);
        assert_eq!(at("72057594037927936"), LinkError::Group { offset: 24 });
        assert_eq!(at("256"), LinkError::Group { offset: 24 });
        assert_eq!(
            at("0007205759403792793600"),
            LinkError::Group { offset: 41 }
        );
        for impossible in [1, 2, 4, 6, 7, 9, 11, 12, 14, 16] {
            let error = at(&"0".repeat(17 + impossible));
            assert_eq!(error, LinkError::Tail { offset: 41 });
            assert!(error.is_damaged());
        }
        assert!(read(&format!("https://q.example.com/1#{}", "0".repeat(3000))).is_err());
    }

    #[test]
    fn leading_zeros_in_a_group_are_bytes() {
        let link = read("https://q.example.com/1#72057594037927935000").unwrap();
        assert_eq!(link.blob.bytes(), [255, 255, 255, 255, 255, 255, 255, 0]);
    }

    proptest! {
        #[test]
        fn blobs_read_back_from_their_links(
            bytes in prop::collection::vec(any::<u8>(), 1..=BLOB_LEN_MAX),
            bank in prop::option::of("[a-z][a-z0-9-]{0,29}"),
        ) {
            let bank = bank.map(|b| b.parse::<Name>().unwrap());
            let blob = Blob::from(bytes);
            let text = to_link("q.example.com", bank.as_ref(), &blob);
            let link = read(&text).unwrap();
            prop_assert_eq!((link.bank, &link.blob), (bank, &blob));
            // Every digit counts: a dropped one never gives a blob of the same bytes.
            let mut shorter = text.clone();
            shorter.pop();
            prop_assert!(read(&shorter).map(|l| l.blob) != Ok(blob));
        }

        #[test]
        fn no_text_panics(text in "(https://q.example.com/1(/[a-z]*)?#)?.{0,80}") {
            drop(read(&text));
        }
    }
}
