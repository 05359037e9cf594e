//! `Signature-Input` (RFC 9421 section 4.1): which components are covered, with which parameters.
//!
//! A strict subset of structured fields (RFC 8941), canonical as their serialisation is: one
//! member, an inner list of component names, parameters whose values are integers or strings.

/// The longest header that is read, in bytes.
const INPUT_LEN_MAX: usize = 1024;
/// The most components that may be covered.
const COMPONENTS_MAX: usize = 16;
/// The most parameters.
const PARAMS_MAX: usize = 8;
/// The longest key id, nonce or other string, in bytes.
const STRING_LEN_MAX: usize = 64;

/// One signature's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input<'a> {
    label: &'a str,
    /// `@method`; one with a parameter keeps its inner quote: `signature";req`.
    components: Vec<&'a str>,
    params: Vec<(&'a str, Param<'a>)>,
    /// List and parameters as they were written, which is what `@signature-params` is.
    raw: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Param<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> Input<'a> {
    /// Reads a header's value: `label=(...);...`.
    pub(super) fn parse(text: &'a str) -> Result<Self, ParseError> {
        let mut at = Cursor { text, offset: 0 };
        let label = at.run(|b| b.is_ascii_alphanumeric() || b"_-.*".contains(&b))?;
        at.expect("=")?;
        at.input(label)
    }

    /// Reads a list and its parameters.
    pub(super) fn parse_params(text: &'a str) -> Result<Self, ParseError> {
        Cursor { text, offset: 0 }.input("")
    }

    pub(super) const fn label(&self) -> &'a str {
        self.label
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        self.components.contains(&name)
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, ParseError> {
        match self.param(name) {
            Some(Param::Text(text)) if !text.is_empty() => Ok(text),
            _absent_or_no_text => Err(ParseError::Param { name }),
        }
    }

    pub(super) fn number(&self, name: &'static str) -> Result<u64, ParseError> {
        match self.param(name) {
            Some(Param::Number(number)) => Ok(number),
            _absent_or_no_number => Err(ParseError::Param { name }),
        }
    }

    /// Refuses an algorithm that is named and is not the key's own (A-08).
    pub(super) fn algorithm(&self, of_key: &'static str) -> Result<(), ParseError> {
        match self.param("alg") {
            None => Ok(()),
            Some(Param::Text(alg)) if alg == of_key => Ok(()),
            Some(_another) => Err(ParseError::Param { name: "alg" }),
        }
    }

    fn param(&self, name: &str) -> Option<Param<'a>> {
        let found = self.params.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }

    /// The signature base (RFC 9421 section 2.5); `None` when a component is not there.
    pub(super) fn base(&self, part: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut out = String::with_capacity(512);
        for name in &self.components {
            let close = if name.contains('"') { "" } else { "\"" };
            out.extend(["\"", name, close, ": ", &part(name)?, "\n"]);
        }
        out.extend(["\"@signature-params\": ", self.raw]);
        Some(out)
    }
}

struct Cursor<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Cursor<'a> {
    fn input(mut self, label: &'a str) -> Result<Input<'a>, ParseError> {
        if self.text.len() > INPUT_LEN_MAX {
            return Err(ParseError::TooLong);
        }
        let raw = self.rest();
        let components = self.components()?;
        let params = self.params()?;
        Ok(Input {
            label,
            components,
            params,
            raw,
        })
    }

    fn components(&mut self) -> Result<Vec<&'a str>, ParseError> {
        let mut all: Vec<&str> = Vec::new();
        self.expect("(")?;
        while !self.take(")") {
            if !all.is_empty() {
                self.expect(" ")?;
            }
            self.expect("\"")?;
            let from = self.offset;
            self.run(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"@-_.".contains(&b))?;
            let mut name = self.since(from);
            self.expect("\"")?;
            if self.take(";req") {
                name = self.since(from);
            }
            if all.contains(&name) || all.len() >= COMPONENTS_MAX {
                return Err(self.wrong());
            }
            all.push(name);
        }
        Ok(all)
    }

    fn params(&mut self) -> Result<Vec<(&'a str, Param<'a>)>, ParseError> {
        let mut all: Vec<(&str, Param<'_>)> = Vec::new();
        while !self.rest().is_empty() {
            self.expect(";")?;
            let name = self.run(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')?;
            self.expect("=")?;
            let value = if self.take("\"") {
                let plain = |b: u8| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\';
                let text = if self.rest().starts_with('"') {
                    ""
                } else {
                    self.run(plain)?
                };
                self.expect("\"")?;
                Param::Text(text)
            } else {
                let digits = self.run(|b| b.is_ascii_digit())?;
                Param::Number(digits.parse().map_err(|_too_large| self.wrong())?)
            };
            let long = matches!(value, Param::Text(text) if text.len() > STRING_LEN_MAX);
            let twice = all.iter().any(|(known, _)| *known == name);
            if long || twice || all.len() >= PARAMS_MAX {
                return Err(self.wrong());
            }
            all.push((name, value));
        }
        Ok(all)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.offset).unwrap_or_default()
    }

    fn take(&mut self, part: &str) -> bool {
        let here = self.rest().starts_with(part);
        if here {
            self.offset += part.len();
        }
        here
    }

    fn expect(&mut self, part: &str) -> Result<(), ParseError> {
        if self.take(part) {
            Ok(())
        } else {
            Err(self.wrong())
        }
    }

    /// One or more bytes of a kind, all ASCII.
    fn run(&mut self, kind: impl Fn(u8) -> bool) -> Result<&'a str, ParseError> {
        let from = self.offset;
        self.offset += self.rest().bytes().take_while(|b| kind(*b)).count();
        let run = self.since(from);
        if run.is_empty() {
            Err(self.wrong())
        } else {
            Ok(run)
        }
    }

    const fn wrong(&self) -> ParseError {
        ParseError::Syntax {
            offset: self.offset,
        }
    }
}

/// Why a signature's input cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// More than a header of ours ever needs.
    #[error("read the signature's input: it is longer than {INPUT_LEN_MAX} bytes")]
    TooLong,
    /// Not the grammar.
    #[error("read the signature's input: unexpected text at offset {offset}")]
    Syntax {
        /// Where, in bytes.
        offset: usize,
    },
    /// A parameter is missing, or is not what it must be.
    #[error("read the signature's input: parameter `{name}` is missing or wrong")]
    Param {
        /// Which.
        name: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str =
        r#"sig1=("@method" "@path" "signature";req);created=17;nonce="a b";keyid="k""#;

    #[test]
    fn the_canonical_form_is_read_and_gives_the_base_of_rfc_9421() {
        let input = Input::parse(GOOD).unwrap();
        assert_eq!((input.label(), input.number("created")), ("sig1", Ok(17)));
        assert_eq!(input.text("nonce"), Ok("a b"));
        let base = input.base(|name| Some(name.len().to_string())).unwrap();
        let lines: Vec<_> = base.lines().collect();
        assert_eq!(
            lines[..3],
            ["\"@method\": 7", "\"@path\": 5", "\"signature\";req: 14"]
        );
        let params = GOOD.strip_prefix("sig1=").unwrap();
        assert_eq!(lines[3], format!("\"@signature-params\": {params}"));
        assert_eq!(input.base(|_| None), None);
    }

    #[test]
    fn whatever_is_not_canonical_is_refused() {
        for bad in [
            "",
            "sig1",
            "=()",
            "a=(",
            "a=();",
            "a=();x",
            "a=();x=",
            "a=();x=1 ",
            "a=() ;x=1",
            "a=();x=1;x=2",
            "a=();x=99999999999999999999",
            "a=();x=-1",
            "a=();x=1.5",
            "a=();x=\"",
            "a=();x=\"\\\"\"",
            "a=( \"@path\")",
            "a=(\"@path\"  \"@method\")",
            "a=(\"@path\" \"@path\")",
            "a=(\"@Path\")",
            "a=(\"@path\";sf)",
            "a=(\"\")",
            "a=(), b=()",
            "a=(\"é\")",
        ] {
            assert!(Input::parse(bad).is_err(), "{bad}");
        }
        let long = format!("a=();x=\"{}\"", "y".repeat(STRING_LEN_MAX + 1));
        assert!(Input::parse(&long).is_err());
        assert_eq!(
            Input::parse(&"a".repeat(2000)),
            Err(ParseError::Syntax { offset: 2000 })
        );
    }

    proptest! {
        #[test]
        fn any_text_gives_an_input_or_an_error(text in "\\PC{0,80}", cut in 0..GOOD.len()) {
            drop(Input::parse(&text));
            if let Ok(input) = Input::parse(GOOD.get(..cut).unwrap_or_default()) {
                prop_assert!(input.text("keyid").is_err());
            }
        }
    }
}
