//! Print streams to tokens: every byte belongs to exactly one token, whatever the input.
//!
//! A [`Token`] is a span of the input and what it asks of the printer ([`Op`]). Put together again,
//! the tokens are the input byte for byte, on every truncation and in every chunking. The three
//! dialects give the same operations, so layout, the virtual printer and the tail know none of
//! them.
//!
//! Why one step function under both the whole-job iterator and the chunked [`Stream`]: a job that
//! arrives in pieces must not be read differently from one that is on disk.

mod detect;
mod escpos;
mod op;
mod star;

pub use detect::detect;
pub use op::{Align, Ask, Image, Op, RealTime};

/// The longest command in bytes. A length beyond it is not believed: the command is `Unknown` and
/// the next byte starts anew. (At 72 bytes a row this is 1.8 m of paper in one picture.)
pub const TOKEN_BYTES_MAX: usize = 1 << 20;

/// Which command language the bytes are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Epson's ESC/POS and its many relatives.
    EscPos,
    /// Star Line Mode, StarPRNT and Star graphic.
    Star,
    /// Text with line ends and nothing else.
    Plain,
}

/// A span of the input and what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The bytes themselves.
    pub bytes: &'a [u8],
    /// What they ask of the printer.
    pub op: Op<'a>,
}

/// How long the command at the start of the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A command that we know.
    Command(usize),
    /// Bytes to skip before looking again.
    Unknown(usize),
}

/// Reads one token after another. Holds only the mode that the bytes' meaning depends on.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    dialect: Dialect,
    /// Star graphic: between `ESC * r A` and `ESC * r B` rows come without an ESC.
    raster: bool,
}

impl Tokenizer {
    /// A tokenizer at the start of a job.
    pub const fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            raster: false,
        }
    }

    /// The token that `input` begins with; nothing when there is none yet. With `ended`, no more
    /// bytes follow, and what is left of a command that was cut short is skipped as unknown.
    #[inline]
    pub fn step<'a>(&mut self, input: &'a [u8], ended: bool) -> Option<Token<'a>> {
        let first = *input.first()?;
        if first >= 0x20 && !(self.raster && self.dialect == Dialect::Star) {
            let bytes = input.get(..text_run(input)).unwrap_or(input);
            return Some(Token {
                bytes,
                op: Op::Text(bytes),
            });
        }
        if first == b'\n' && !self.raster {
            let bytes = input.get(..1).unwrap_or(input);
            return Some(Token {
                bytes,
                op: Op::LineFeed,
            });
        }
        let (length, known) = self.measure(input, ended)?;
        let bytes = input.get(..length).unwrap_or(input);
        Some(Token {
            bytes,
            op: if known { self.op(bytes) } else { Op::Unknown },
        })
    }

    /// How many bytes the command takes that the input begins with, and whether it is a whole one
    /// that is known.
    fn measure(&self, input: &[u8], ended: bool) -> Option<(usize, bool)> {
        let shape = match self.dialect {
            Dialect::EscPos => escpos::shape(input),
            Dialect::Star => star::shape(input, self.raster),
            Dialect::Plain => Some(Shape::Command(1)),
        };
        let (length, known) = match shape {
            Some(Shape::Command(n)) if n <= TOKEN_BYTES_MAX => (n, true),
            Some(Shape::Command(_)) => (2, false),
            Some(Shape::Unknown(n)) => (n, false),
            None if ended => (2, false),
            None => return None,
        };
        if length > input.len() && !ended {
            return None;
        }
        let known = known && length <= input.len();
        let length = if known { length } else { length.min(2) };
        Some((length.max(1), known))
    }

    fn op<'a>(&mut self, bytes: &'a [u8]) -> Op<'a> {
        match self.dialect {
            Dialect::EscPos => escpos::op(bytes),
            Dialect::Star => star::op(bytes, &mut self.raster),
            Dialect::Plain => op::control(bytes.first().copied().unwrap_or(0)),
        }
    }

    /// How many bytes the command at the start of `input` takes in all, as far as that is known:
    /// for a forwarder that must not cut into a payload.
    pub fn span(&self, input: &[u8]) -> Option<usize> {
        let shape = match self.dialect {
            _ if input.first().is_some_and(|b| *b >= 0x20) && !self.raster => {
                return Some(text_run(input));
            }
            Dialect::EscPos => escpos::shape(input),
            Dialect::Star => star::shape(input, self.raster),
            Dialect::Plain => Some(Shape::Command(1)),
        };
        match shape? {
            Shape::Command(n) if n <= TOKEN_BYTES_MAX => Some(n),
            Shape::Command(_) | Shape::Unknown(_) => Some(2.min(input.len())),
        }
    }
}

/// The tokens of a whole job.
pub fn tokens(dialect: Dialect, input: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let (mut tokenizer, mut rest) = (Tokenizer::new(dialect), input);
    std::iter::from_fn(move || {
        let token = tokenizer.step(rest, true)?;
        rest = rest.get(token.bytes.len()..).unwrap_or_default();
        Some(token)
    })
}

/// The tokens of a job that arrives in pieces. Holds at most one unfinished command.
#[derive(Clone, Debug)]
pub struct Stream {
    tokenizer: Tokenizer,
    held: Vec<u8>,
}

impl Stream {
    /// A stream at the start of a job.
    pub const fn new(dialect: Dialect) -> Self {
        Self {
            tokenizer: Tokenizer::new(dialect),
            held: Vec::new(),
        }
    }

    /// Takes more bytes and gives every token that they complete.
    pub fn feed(&mut self, chunk: &[u8], each: &mut dyn FnMut(Token<'_>)) {
        if self.held.is_empty() {
            let rest = drain(&mut self.tokenizer, chunk, false, each);
            self.held.extend_from_slice(rest);
            return;
        }
        self.held.extend_from_slice(chunk);
        // Only when the command's length is at hand is there something to find in it.
        if self
            .tokenizer
            .span(&self.held)
            .is_some_and(|n| n <= self.held.len())
        {
            let held = std::mem::take(&mut self.held);
            let rest = drain(&mut self.tokenizer, &held, false, each);
            self.held.extend_from_slice(rest);
        }
    }

    /// No more bytes will come: gives what is left.
    pub fn finish(&mut self, each: &mut dyn FnMut(Token<'_>)) {
        let held = std::mem::take(&mut self.held);
        drain(&mut self.tokenizer, &held, true, each);
    }
}

fn drain<'a>(
    tokenizer: &mut Tokenizer,
    mut rest: &'a [u8],
    ended: bool,
    each: &mut dyn FnMut(Token<'_>),
) -> &'a [u8] {
    while let Some(token) = tokenizer.step(rest, ended) {
        each(token);
        rest = rest.get(token.bytes.len()..).unwrap_or_default();
    }
    rest
}

/// How many bytes of text the input begins with: everything from a space upwards.
fn text_run(input: &[u8]) -> usize {
    /// Eight bytes at once: a borrow reaches the top bit of each byte that is below 0x20. The
    /// first such byte is the lowest bit; above it, a borrow can come from below.
    const BELOW: u64 = 0x2020_2020_2020_2020;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    for chunk in input.chunks_exact(8) {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        let below = word.wrapping_sub(BELOW) & !word & TOPS;
        if below != 0 {
            return at + below.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = input.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| *b < 0x20).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
        let lead = prop::sample::select(vec![0x1B_u8, 0x1D, 0x1C, 0x10, 0x0A, 0x62, 0x6B]);
        let mixed = prop_oneof![3 => lead, 2 => any::<u8>(), 2 => 0x20_u8..0x7F, 1 => Just(0)];
        prop::collection::vec(mixed, 0..200)
    }

    fn whole(dialect: Dialect, bytes: &[u8]) -> Vec<(Vec<u8>, String)> {
        merged(tokens(dialect, bytes).map(|t| (t.bytes.to_vec(), format!("{:?}", t.op), t.op)))
    }

    /// Neighbouring text is one: where a chunk ends is no property of the job.
    fn merged<'a>(each: impl Iterator<Item = (Vec<u8>, String, Op<'a>)>) -> Vec<(Vec<u8>, String)> {
        let mut out: Vec<(Vec<u8>, String)> = Vec::new();
        for (bytes, name, op) in each {
            let text = matches!(op, Op::Text(_));
            match out.last_mut() {
                Some(last) if text && last.1 == "text" => last.0.extend(bytes),
                _ => out.push((bytes, if text { "text".into() } else { name })),
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn tokens_put_together_again_are_the_input(bytes in any_bytes()) {
            for dialect in [Dialect::EscPos, Dialect::Star, Dialect::Plain] {
                let joined: Vec<u8> = tokens(dialect, &bytes).flat_map(|t| t.bytes.to_vec()).collect();
                prop_assert_eq!(&joined, &bytes);
            }
        }

        #[test]
        fn a_job_in_pieces_gives_the_same_tokens(bytes in any_bytes(), piece in 1_usize..40) {
            for dialect in [Dialect::EscPos, Dialect::Star, Dialect::Plain] {
                let mut stream = Stream::new(dialect);
                let mut got: Vec<(Vec<u8>, String)> = Vec::new();
                let mut each = |t: Token<'_>| {
                    let text = matches!(t.op, Op::Text(_));
                    match got.last_mut() {
                        Some(last) if text && last.1 == "text" => last.0.extend(t.bytes),
                        _ => got.push((
                            t.bytes.to_vec(),
                            if text { "text".into() } else { format!("{:?}", t.op) },
                        )),
                    }
                };
                for chunk in bytes.chunks(piece) {
                    stream.feed(chunk, &mut each);
                }
                stream.finish(&mut each);
                prop_assert_eq!(got, whole(dialect, &bytes));
            }
        }

        #[test]
        fn text_ends_where_the_first_control_byte_is(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let slow = bytes.iter().position(|b| *b < 0x20).unwrap_or(bytes.len());
            prop_assert_eq!(text_run(&bytes), slow);
        }
    }

    #[test]
    fn a_broken_raster_header_does_not_swallow_the_receipt() {
        let job = b"\x1dv0\x1b@\x1bt\x10TOTAL 5.00\n";
        let texts: Vec<_> = tokens(Dialect::EscPos, job).map(|t| t.op).collect();
        assert!(texts.contains(&Op::Text(b"TOTAL 5.00")));
        assert!(texts.contains(&Op::Init));
    }
}
