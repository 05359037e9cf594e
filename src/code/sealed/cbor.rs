//! Deterministic CBOR (RFC 8949 section 4.2), as much of it as an order needs: unsigned integers,
//! byte and text strings, arrays and maps, each in its one shortest form.
//!
//! Why our own: a general decoder accepts what must be refused here (indefinite lengths, long
//! heads, tags, floats), and a seal that opens to two readings of one amount is no seal.

/// Major types of RFC 8949 section 3.1.
mod major {
    pub(super) const UINT: u8 = 0;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
    pub(super) const MAP: u8 = 5;
}

/// Where the bytes are no deterministic CBOR, or not the item expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read CBOR: {fault} at offset {offset}")]
pub struct CborError {
    /// Where, in bytes from the beginning of the plaintext.
    pub offset: usize,
    /// What is wrong there.
    pub fault: CborFault,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborFault {
    /// The bytes end inside an item.
    #[error("the bytes end")]
    End,
    /// An item of another type, a tag, a float or a simple value.
    #[error("an item of another type")]
    Type,
    /// A length or number that has a shorter form, or an indefinite length.
    #[error("not the shortest form")]
    Form,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// Bytes after the item.
    #[error("trailing bytes")]
    Trailing,
    /// A map's key is not greater than the one before: unsorted or duplicate.
    #[error("an unsorted or duplicate key")]
    Order,
    /// A key without a meaning.
    #[error("an unknown key")]
    Key,
}

/// Reads items one after another.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub(super) const fn error(&self, fault: CborFault) -> CborError {
        CborError {
            offset: self.offset,
            fault,
        }
    }

    pub(super) fn uint(&mut self) -> Result<u64, CborError> {
        self.head(major::UINT)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let len = self.head(major::BYTES)?;
        self.take(len)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, CborError> {
        let len = self.head(major::TEXT)?;
        let at = self.offset;
        std::str::from_utf8(self.take(len)?).map_err(|e| CborError {
            offset: at + e.valid_up_to(),
            fault: CborFault::Utf8,
        })
    }

    /// The number of items of an array.
    pub(super) fn array(&mut self) -> Result<u64, CborError> {
        self.head(major::ARRAY)
    }

    /// The number of pairs of a map.
    pub(super) fn map(&mut self) -> Result<u64, CborError> {
        self.head(major::MAP)
    }

    pub(super) fn end(&self) -> Result<(), CborError> {
        if self.offset < self.bytes.len() {
            return Err(self.error(CborFault::Trailing));
        }
        Ok(())
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], CborError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let found = rest.get(..len).ok_or_else(|| self.error(CborFault::End))?;
        self.offset += len;
        Ok(found)
    }

    /// The argument of the next item's head, which must be of this major type.
    fn head(&mut self, major: u8) -> Result<u64, CborError> {
        let start = self.offset;
        let fail = |fault| CborError {
            offset: start,
            fault,
        };
        let first = *self.bytes.get(start).ok_or_else(|| fail(CborFault::End))?;
        if first >> 5 != major {
            return Err(fail(CborFault::Type));
        }
        self.offset += 1;
        let short = first & 31;
        let (width, least) = match short {
            0..24 => return Ok(short.into()),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(fail(CborFault::Form)),
        };
        let digits = self.take(width)?;
        let argument = digits.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        if argument < least {
            return Err(fail(CborFault::Form));
        }
        Ok(argument)
    }
}

/// Writes items one after another, each in its shortest form.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(super) fn uint(&mut self, n: u64) {
        self.head(major::UINT, n);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.head(major::BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.head(major::TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn array(&mut self, items: usize) {
        self.head(major::ARRAY, items as u64);
    }

    pub(super) fn map(&mut self, pairs: usize) {
        self.head(major::MAP, pairs as u64);
    }

    fn head(&mut self, major: u8, argument: u64) {
        let [.., b4, b5, b6, b7] = argument.to_be_bytes();
        let first = major << 5;
        match argument {
            0..24 => self.0.push(first | b7),
            24..0x100 => self.0.extend_from_slice(&[first | 0x18, b7]),
            0x100..0x1_0000 => self.0.extend_from_slice(&[first | 0x19, b6, b7]),
            0x1_0000..0x1_0000_0000 => self.0.extend_from_slice(&[first | 0x1A, b4, b5, b6, b7]),
            _ => {
                self.0.push(first | 0x1B);
                self.0.extend_from_slice(&argument.to_be_bytes());
            }
        }
    }
}
