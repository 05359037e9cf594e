//! A code taken apart: every field with its offset, and what it costs on paper.

use super::link;
use super::sealed::{CERTIFICATE_NAME_LEN_MAX, Certificate, Code, Flags, HEADER_LEN, SealedOrder};
use super::symbol::{Symbol, SymbolError};
use crate::hex;
use crate::sign::{SIGNATURE_LEN, Suite};

/// The narrowest and the usual paper, in dots at 203 dpi: 58 mm and 80 mm.
pub const PAPERS: [(&str, usize); 2] = [("58 mm", 384), ("80 mm", 576)];
/// The bits of a numeric digit and of a byte in a QR symbol, in tenths (ISO/IEC 18004, 7.4).
const DIGIT_BITS_TENTHS: usize = 33;
const BYTE_BITS_TENTHS: usize = 80;

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Part {
    /// Where it begins.
    pub offset: usize,
    /// How many bytes it takes.
    pub len: usize,
    /// Its name in the format's table.
    pub name: &'static str,
    /// What it says.
    pub says: String,
}

/// What a code's link takes on paper.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Budget {
    /// The blob's bytes.
    pub blob_bytes: usize,
    /// Header, sealed order, certificate and signature, in bytes.
    pub shares: [(&'static str, usize); 4],
    /// Characters before the digits: the symbol's byte segment.
    pub prefix_chars: usize,
    /// Decimal digits: the symbol's numeric segment.
    pub digits: usize,
    /// Of the digits' bits, how many thousandths carry the blob.
    pub carried_permille: usize,
    /// The symbol's version at level M.
    pub version: u8,
    /// Its modules on each side, without the quiet zone.
    pub modules: usize,
    /// Dots a module on each of [`PAPERS`]; nothing where it does not fit.
    pub dots: [Option<usize>; 2],
}

/// Every field of a code in its order; `order` is the opened seal's content.
pub fn parts(code: &Code, order: Option<&SealedOrder>) -> Vec<Part> {
    let mut out = Parts::default();
    header(&mut out, code);
    let sealed = code.sealed();
    let says = order.map_or_else(
        || {
            format!(
                "ciphertext and tag, only the gateway opens it: {}",
                hex::encode(sealed)
            )
        },
        order_text,
    );
    out.add(sealed.len(), "sealed order", says);
    if let Some(certificate) = code.certificate() {
        certified(&mut out, certificate);
    }
    let bytes = code.blob().bytes();
    let signature = bytes.split_last_chunk::<SIGNATURE_LEN>();
    let signature = signature.map_or_else(String::new, |(_, last)| hex::encode(last));
    out.add(SIGNATURE_LEN, "signature", signature);
    out.0
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn add(&mut self, len: usize, name: &'static str, says: String) {
        let offset = self.0.last().map_or(0, |part| part.offset + part.len);
        self.0.push(Part {
            offset,
            len,
            name,
            says,
        });
    }
}

fn header(out: &mut Parts, code: &Code) {
    let header = code.header();
    let suite = match header.suite {
        Suite::Es256 => "ES256 and AES-128-GCM-SIV",
        Suite::Ed25519 => "Ed25519 and AES-128-GCM-SIV",
        Suite::Simulated => "of a simulation",
    };
    let number = header.suite.number();
    out.add(
        1,
        "version and suite",
        format!("1, suite {number}: {suite}"),
    );
    out.add(1, "flags", flags(header.flags));
    out.add(3, "route", hex::encode(&header.route));
    out.add(1, "key epoch", header.epoch.to_string());
    let (merchant, till) = (header.terminal.merchant(), header.terminal.till());
    out.add(
        6,
        "terminal id",
        format!("merchant {merchant}, till {till}"),
    );
    out.add(
        8,
        "payment reference",
        hex::encode(&header.payment_reference),
    );
    out.add(4, "issued at", header.issued_at.to_string());
    let (minutes, until) = (header.ttl_minutes, header.expires_at());
    out.add(2, "time to live", format!("{minutes} minutes, to {until}"));
}

fn flags(flags: Flags) -> String {
    let names = [
        (Flags::CERTIFICATE, "inline certificate"),
        (Flags::TEST_NETWORK, "test network"),
        (Flags::TIP, "tip"),
    ];
    let set = names.iter().filter(|(flag, _)| flags.contains(*flag));
    let set: Vec<&str> = set.map(|(_, name)| *name).collect();
    if set.is_empty() {
        return "none".to_owned();
    }
    set.join(", ")
}

fn order_text(order: &SealedOrder) -> String {
    let mut says = format!(
        "{}, reference {}, counter {}, receipt {}",
        order.amount, order.reference, order.counter, order.digest
    );
    let texts = [("merchant", &order.merchant), ("till", &order.till)];
    for (name, text) in texts {
        if let Some(text) = text {
            says += &format!(", {name} {text}");
        }
    }
    if let Some(lines) = order.lines {
        says += &format!(", {lines} lines");
    }
    for tax in order.tax.iter().flatten() {
        says += &format!(", tax {}/10000: {}", tax.rate, tax.minor);
    }
    says
}

fn certified(out: &mut Parts, certificate: &Certificate) {
    let name = certificate.name();
    out.add(33, "certified key", certificate.key().to_string());
    out.add(4, "not before", certificate.not_before().to_string());
    out.add(4, "not after", certificate.not_after().to_string());
    out.add(4, "issuer key id", certificate.issuer().to_string());
    let len = name.as_str().len();
    let most = CERTIFICATE_NAME_LEN_MAX;
    out.add(1, "name length", format!("{len} of {most}"));
    out.add(len, "name", name.to_string());
    let encoded = certificate.encode();
    let signature = encoded.split_last_chunk::<SIGNATURE_LEN>();
    let signature = signature.map_or_else(String::new, |(_, last)| hex::encode(last));
    out.add(SIGNATURE_LEN, "issuer's signature", signature);
}

/// What a code takes on paper behind this link prefix (`https://<host>/1#`).
pub fn budget(code: &Code, prefix: &str) -> Result<Budget, SymbolError> {
    let digits = link::digits(code.blob());
    let symbol = Symbol::encode(&format!("{prefix}{digits}"))?;
    let blob_bytes = code.blob().bytes().len();
    let certificate = code.certificate().map_or(0, Certificate::encoded_len);
    let carried = blob_bytes * BYTE_BITS_TENTHS * 1000;
    Ok(Budget {
        blob_bytes,
        shares: [
            ("header", HEADER_LEN),
            ("sealed order", code.sealed().len()),
            ("certificate", certificate),
            ("signature", SIGNATURE_LEN),
        ],
        prefix_chars: prefix.chars().count(),
        digits: digits.len(),
        // 10 bits carry three digits: a third of a bit more than 3.3 a digit.
        carried_permille: carried / (digits.len() * (DIGIT_BITS_TENTHS * 10 + 3) / 10).max(1),
        version: symbol.version(),
        modules: symbol.size(),
        dots: PAPERS.map(|(_name, dots)| symbol.dots_per_module(dots).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::sealed::{
        Accept, Blob, CertificateDraft, Draft, MasterKey, TerminalKey, digest, open_as_gateway,
        seal,
    };
    use crate::id::{MerchantId, TerminalId};
    use crate::money::Money;
    use crate::sign::SigningKey;
    use crate::text::Text;
    use crate::time::Time;

    const NOW: Time = Time::from_seconds(1_780_000_000);

    fn blob(inline: bool) -> (Blob, SigningKey, TerminalKey) {
        let terminal = TerminalId::of(MerchantId([0, 0, 0, 1]), 3);
        let key = TerminalKey::derive(&MasterKey::from_bytes([7; 32]), terminal, 2);
        let signing = SigningKey::from_seed(Suite::Es256, &[8; 32]).unwrap();
        let issuer = SigningKey::from_seed(Suite::Es256, &[9; 32]).unwrap();
        let draft = CertificateDraft {
            terminal,
            epoch: 2,
            key: signing.public(),
            not_before: NOW,
            not_after: NOW,
            name: Text::clean("Bean & Leaf"),
        };
        let certificate = Certificate::issue(&issuer, draft).unwrap();
        let order = SealedOrder {
            counter: 7,
            amount: Money::parse("8.40", "EUR".parse().unwrap()).unwrap(),
            reference: Text::clean("A1-0042"),
            digest: digest("TOTAL 8.40"),
            merchant: None,
            till: None,
            lines: Some(2),
            tax: None,
        };
        let draft = Draft {
            route: [1, 2, 3],
            flags: Flags::TEST_NETWORK,
            issued_at: NOW,
            ttl_minutes: 60,
            order,
            certificate: inline.then_some(certificate),
        };
        (seal(&key, &signing, &draft).unwrap(), signing, key)
    }

    #[test]
    fn the_fields_follow_each_other_and_cover_every_byte() {
        for inline in [false, true] {
            let (blob, ..) = blob(inline);
            let code = Code::parse(&blob, Accept::TEST_NETWORK).unwrap();
            let mut end = 0;
            for part in parts(&code, None) {
                assert_eq!(part.offset, end, "{}", part.name);
                end += part.len;
            }
            assert_eq!(end, blob.bytes().len());
            let budget = budget(&code, "https://q.example.com/1#").unwrap();
            assert_eq!(budget.shares.iter().map(|(_, n)| n).sum::<usize>(), end);
            assert!((980..=990).contains(&budget.carried_permille), "{budget:?}");
        }
    }

    #[test]
    fn an_opened_seal_says_its_order_and_a_closed_one_does_not() {
        let (blob, signing, key) = blob(false);
        let code = Code::parse(&blob, Accept::TEST_NETWORK).unwrap();
        let order = open_as_gateway(&code.verify(&signing.public()).unwrap(), &key).unwrap();
        let says = |order| format!("{:?}", parts(&code, order));
        assert!(says(Some(&order)).contains("8.40 EUR, reference A1-0042, counter 7"));
        assert!(!says(None).contains("8.40"));
    }
}
