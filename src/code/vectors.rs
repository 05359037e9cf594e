//! Test vectors of the sealed code, run step by step: what any implementation must reproduce.
//!
//! The form is that of a JSON object `{"format": "quittance-code/1", "vectors": [..]}`, each with
//! an `id`, the `input`, every intermediate value in `steps`, the `blob` and the `link`, bytes in
//! lower-case hexadecimal.

use super::link;
use super::sealed::{
    Accept, Blob, Certificate, CertificateDraft, Code, Draft, Flags, HEADER_LEN, IssuerKey,
    MasterKey, SealedOrder, TaxLine, TerminalKey, canonical, digest, open_as_gateway, seal,
};
use crate::hex;
use crate::id::TerminalId;
use crate::money::{Currency, Money};
use crate::sign::{PublicKey, SIGNATURE_LEN, SigningKey, Suite};
use crate::text::Text;
use crate::time::Time;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;

const FORMAT: &str = "quittance-code/1";

/// What one vector gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The vector's id.
    pub id: String,
    /// The first step that differs, if any does.
    pub difference: Option<Difference>,
}

/// A step whose value differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub step: String,
    /// What the vector says.
    pub expected: String,
    /// What was computed, or why nothing was.
    pub computed: String,
}

/// Runs all vectors of a file; an error when the file has another form.
pub fn check(json: &str) -> Result<Vec<Outcome>, VectorsError> {
    let file: File = serde_json::from_str(json)?;
    if file.format != FORMAT {
        return Err(VectorsError::Format { found: file.format });
    }
    Ok(file.vectors.into_iter().map(run).collect())
}

fn run(vector: Vector) -> Outcome {
    let difference = match compute(&vector) {
        Ok(computed) => first_difference(&vector, &computed),
        Err(error) => Some(Difference {
            step: "input".to_owned(),
            expected: "a code".to_owned(),
            computed: chain(error.as_ref()),
        }),
    };
    let id = vector.id;
    Outcome { id, difference }
}

/// The order in which values depend on each other, so that the first difference is the cause.
const STEPS: [&str; 16] = [
    "terminal_key",
    "reference_key",
    "payment_reference",
    "order_key",
    "header",
    "canonical_receipt",
    "receipt_digest",
    "plaintext_cbor",
    "sealed",
    "public_key",
    "issuer_public_key",
    "certificate",
    "signature",
    "blob",
    "link",
    "read_back",
];

fn first_difference(vector: &Vector, computed: &BTreeMap<&str, String>) -> Option<Difference> {
    let expected = |step: &str| match step {
        "blob" => Some(&vector.blob),
        "link" => Some(&vector.link),
        step => vector.steps.get(step),
    };
    let unknown = vector.steps.keys().find(|s| !STEPS.contains(&s.as_str()));
    let steps = STEPS.into_iter().chain(unknown.map(String::as_str));
    steps
        .filter_map(|step| Some((step, expected(step)?, computed.get(step))))
        .find(|(_step, expected, computed)| Some(*expected) != *computed)
        .map(|(step, expected, computed)| Difference {
            step: step.to_owned(),
            expected: expected.clone(),
            computed: computed.cloned().unwrap_or_else(|| "nothing".to_owned()),
        })
        .or_else(|| read_back(vector, computed))
}

/// The blob must also parse, verify and open to the input.
fn read_back(vector: &Vector, computed: &BTreeMap<&str, String>) -> Option<Difference> {
    let expected = computed.get("plaintext_cbor")?.clone();
    let computed = opened(vector).unwrap_or_else(|error| chain(error.as_ref()));
    (expected != computed).then(|| Difference {
        step: "read_back".to_owned(),
        expected,
        computed,
    })
}

fn opened(vector: &Vector) -> Result<String, Box<dyn Error>> {
    let input = &vector.input;
    let blob: Blob = vector.blob.parse()?;
    let code = Code::parse(&blob, Accept::TEST_NETWORK)?;
    if let Some(certificate) = code.certificate() {
        let key: PublicKey = input.issuer()?.public();
        let (not_before, not_after) = (Time::from_seconds(0), Time::from_seconds(u32::MAX));
        let issuer = IssuerKey {
            key,
            not_before,
            not_after,
        };
        let header = code.header();
        certificate.verify(
            header.terminal,
            header.epoch,
            [&issuer],
            certificate.not_before(),
        )?;
    }
    let verified = code.verify(&input.signing_key()?.public())?;
    let order = open_as_gateway(&verified, &input.terminal_key())?;
    let mut cbor = Vec::new();
    order.encode_into(&mut cbor)?;
    Ok(hex::encode(&cbor))
}

fn compute(vector: &Vector) -> Result<BTreeMap<&'static str, String>, Box<dyn Error>> {
    let input = &vector.input;
    let (terminal, signing) = (input.terminal_key(), input.signing_key()?);
    let certificate = input.certificate(signing.public())?;
    let draft = input.draft(certificate.clone())?;
    let blob = seal(&terminal, &signing, &draft)?;
    let code = Code::parse(&blob, Accept::TEST_NETWORK)?;
    let mut cbor = Vec::new();
    draft.order.encode_into(&mut cbor)?;
    let header = code.header();
    let signature = blob.bytes().split_last_chunk::<SIGNATURE_LEN>();
    let (_signed, signature) = signature.ok_or("a blob without a signature")?;
    let encoded = certificate.map(|c| c.encode()).unwrap_or_default();
    Ok(BTreeMap::from([
        ("terminal_key", hex::encode(terminal.expose())),
        ("reference_key", hex::encode(terminal.reference_key())),
        ("payment_reference", hex::encode(&header.payment_reference)),
        (
            "order_key",
            hex::encode(terminal.order_key(header).expose()),
        ),
        ("header", hex::encode(&blob.bytes()[..HEADER_LEN])),
        ("canonical_receipt", canonical(&input.receipt_text)),
        ("receipt_digest", draft.order.digest.to_string()),
        ("plaintext_cbor", hex::encode(&cbor)),
        ("sealed", hex::encode(code.sealed())),
        ("public_key", signing.public().to_string()),
        ("issuer_public_key", input.issuer_public()?),
        ("certificate", hex::encode(&encoded)),
        ("signature", hex::encode(signature)),
        ("blob", blob.to_string()),
        (
            "link",
            format!("{}{}", input.link_prefix, link::digits(&blob)),
        ),
    ]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    id: String,
    input: Input,
    steps: BTreeMap<String, String>,
    blob: String,
    link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    master_key: MasterKey,
    route: String,
    terminal: TerminalId,
    key_epoch: u8,
    suite: u8,
    flags: u8,
    counter: u32,
    issued_at: u32,
    ttl_minutes: u16,
    amount_minor: i64,
    currency: u16,
    order_reference: String,
    receipt_text: String,
    signing_seed: String,
    #[serde(default)]
    optional: Optional,
    certificate_name: Option<String>,
    certificate_not_before: Option<u32>,
    certificate_not_after: Option<u32>,
    issuer_seed: Option<String>,
    link_prefix: String,
}

/// The optional fields of an order, by their CBOR keys.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Optional {
    #[serde(rename = "5")]
    merchant: Option<String>,
    #[serde(rename = "6")]
    till: Option<String>,
    #[serde(rename = "7")]
    lines: Option<u32>,
    #[serde(rename = "8")]
    tax: Option<Vec<(u32, u64)>>,
}

impl Input {
    fn terminal_key(&self) -> TerminalKey {
        TerminalKey::derive(&self.master_key, self.terminal, self.key_epoch)
    }

    fn signing_key(&self) -> Result<SigningKey, Box<dyn Error>> {
        let suite = Suite::from_number(self.suite).ok_or("an unknown suite")?;
        Ok(SigningKey::from_seed(
            suite,
            &hex::decode_array(&self.signing_seed)?,
        )?)
    }

    fn issuer(&self) -> Result<SigningKey, Box<dyn Error>> {
        let seed = self.issuer_seed.as_deref().ok_or("no issuer_seed")?;
        Ok(SigningKey::from_seed(
            Suite::Es256,
            &hex::decode_array(seed)?,
        )?)
    }

    fn issuer_public(&self) -> Result<String, Box<dyn Error>> {
        match self.issuer_seed {
            Some(_) => Ok(self.issuer()?.public().to_string()),
            None => Ok(String::new()),
        }
    }

    fn certificate(&self, key: PublicKey) -> Result<Option<Certificate>, Box<dyn Error>> {
        let flags = Flags::from_bits(self.flags).ok_or("reserved flags")?;
        if !flags.contains(Flags::CERTIFICATE) {
            return Ok(None);
        }
        let time = |seconds: Option<u32>| seconds.map(Time::from_seconds).ok_or("no validity");
        let draft = CertificateDraft {
            terminal: self.terminal,
            epoch: self.key_epoch,
            key,
            not_before: time(self.certificate_not_before)?,
            not_after: time(self.certificate_not_after)?,
            name: clean(
                self.certificate_name
                    .as_deref()
                    .ok_or("no certificate_name")?,
            )?,
        };
        Ok(Some(Certificate::issue(&self.issuer()?, draft)?))
    }

    fn draft(&self, certificate: Option<Certificate>) -> Result<Draft, Box<dyn Error>> {
        let currency = Currency::from_numeric(self.currency).ok_or("an unknown currency")?;
        let optional = |text: &Option<String>| text.as_deref().map(clean).transpose();
        let tax = self.optional.tax.as_ref();
        let tax_line = |(rate, minor): &(u32, u64)| TaxLine {
            rate: *rate,
            minor: *minor,
        };
        Ok(Draft {
            route: hex::decode_array(&self.route)?,
            flags: Flags::from_bits(self.flags).ok_or("reserved flags")?,
            issued_at: Time::from_seconds(self.issued_at),
            ttl_minutes: self.ttl_minutes,
            order: SealedOrder {
                counter: self.counter,
                amount: Money::new(self.amount_minor, currency),
                reference: clean(&self.order_reference)?,
                digest: digest(&self.receipt_text),
                merchant: optional(&self.optional.merchant)?,
                till: optional(&self.optional.till)?,
                lines: self.optional.lines,
                tax: tax.map(|lines| lines.iter().map(tax_line).collect()),
            },
            certificate,
        })
    }
}

fn clean(raw: &str) -> Result<Text, &'static str> {
    let text = Text::clean(raw);
    (text.as_str() == raw)
        .then_some(text)
        .ok_or("a text that no code may carry")
}

/// An error and what caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        out.push_str(": ");
        out.push_str(&error.to_string());
        cause = error.source();
    }
    out
}

/// Why a file of vectors could not be run.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// Not JSON, or not of this form.
    #[error("read the vectors")]
    Json(#[from] serde_json::Error),
    /// Vectors of something else.
    #[error("read the vectors: their format is `{found}`, not `{FORMAT}`")]
    Format {
        /// What it says.
        found: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> Option<String> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../shared/vectors/sealed-code.json"
        );
        let found = std::fs::read_to_string(path).ok();
        let required = std::env::var_os("CI").is_some();
        assert!(found.is_some() || !required, "needs ../shared");
        if found.is_none() {
            println!("skipped: needs ../shared");
        }
        found
    }

    #[test]
    fn every_shared_vector_agrees_step_by_step() {
        let Some(json) = shared() else { return };
        let outcomes = check(&json).unwrap();
        assert!(outcomes.len() >= 10);
        for outcome in outcomes {
            assert_eq!(outcome.difference, None, "{}", outcome.id);
        }
    }

    #[test]
    fn the_first_differing_step_is_named() {
        let Some(json) = shared() else { return };
        let mut file: serde_json::Value = serde_json::from_str(&json).unwrap();
        file["vectors"][3]["steps"]["sealed"] = "00".into();
        file["vectors"][4]["input"]["amount_minor"] = 6201.into();
        file["vectors"][5]["input"]["amount_minor"] = 0.into();
        file["vectors"][6]["link"] = "https://q.example.com/1#0".into();
        let outcomes = check(&file.to_string()).unwrap();
        let step = |at: usize| outcomes[at].difference.as_ref().map(|d| d.step.as_str());
        assert_eq!(step(2), None);
        assert_eq!(step(3), Some("sealed"));
        assert_eq!(step(4), Some("plaintext_cbor"));
        assert_eq!(step(5), Some("input"));
        assert_eq!(step(6), Some("link"));
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        assert!(matches!(check("{}"), Err(VectorsError::Json(_))));
        let other = r#"{"format": "x", "vectors": []}"#;
        assert!(matches!(check(other), Err(VectorsError::Format { .. })));
    }
}
