//! APDUs: the bytes between a chip and its reader (ISO/IEC 7816-4, section 5).
//!
//! ```text
//! command  CLA INS P1 P2 [Lc data] [Le]     answer  [data] SW1 SW2
//! ```
//!
//! Lc and Le are one byte each, or the extended form of three and two or three. Parsing is total:
//! any bytes are a command or a status word that says what is wrong with them.

use std::fmt;

/// The longest data field that is sent or taken, either way.
pub const DATA_LEN_MAX: usize = 1024;
/// The class bit that says a command is in secure messaging.
const SECURE: u8 = 0x04;

/// A command's four header bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Class: which table the instruction is in, and whether it is in secure messaging.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
}

impl Header {
    /// Whether the data field is in secure messaging.
    pub const fn is_secure(self) -> bool {
        self.cla & SECURE != 0
    }

    /// The class without the secure messaging bit.
    pub const fn class(self) -> u8 {
        self.cla & !SECURE
    }

    /// The same instruction in secure messaging.
    #[must_use]
    pub const fn secured(self) -> Self {
        Self {
            cla: self.cla | SECURE,
            ..self
        }
    }

    /// Its four bytes.
    pub const fn bytes(self) -> [u8; 4] {
        [self.cla, self.ins, self.p1, self.p2]
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub header: Header,
    /// With what: at most [`DATA_LEN_MAX`] bytes.
    pub data: Vec<u8>,
    /// The longest answer that the reader expects, if it expects data at all. The chip always
    /// answers whole.
    pub expected: Option<usize>,
}

impl Command {
    /// A command that expects data.
    pub const fn new(header: Header, data: Vec<u8>) -> Self {
        Self {
            header,
            data,
            expected: Some(DATA_LEN_MAX),
        }
    }

    /// Reads a command in any of the seven forms.
    pub fn parse(bytes: &[u8]) -> Result<Self, Status> {
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk().ok_or(Status::WrongLength)?;
        let (data, expected) = match body {
            [] => (&[][..], None),
            [le] => (&[][..], Some(short(*le))),
            [0, high, low] => (&[][..], Some(extended(*high, *low))),
            [0, high, low, rest @ ..] => {
                let len = usize::from(u16::from_be_bytes([*high, *low]));
                let (data, le) = split_data(rest, len)?;
                match le {
                    [] => (data, None),
                    [high, low] => (data, Some(extended(*high, *low))),
                    _ => return Err(Status::WrongLength),
                }
            }
            [len, rest @ ..] => {
                let (data, le) = split_data(rest, usize::from(*len))?;
                match le {
                    [] => (data, None),
                    [le] => (data, Some(short(*le))),
                    _ => return Err(Status::WrongLength),
                }
            }
        };
        let header = Header { cla, ins, p1, p2 };
        let data = data.to_vec();
        Ok(Self {
            header,
            data,
            expected,
        })
    }

    /// Its bytes: the short form where data and answer fit it, else the extended one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 9);
        out.extend_from_slice(&self.header.bytes());
        let (len, expected) = (self.data.len(), self.expected);
        if len <= 255 && expected.is_none_or(|le| le <= 256) {
            if len > 0 {
                out.push(low_byte(len));
                out.extend_from_slice(&self.data);
            }
            out.extend(expected.map(low_byte));
            return out;
        }
        out.push(0);
        if len > 0 {
            out.extend_from_slice(&two_bytes(len));
            out.extend_from_slice(&self.data);
        }
        out.extend(expected.into_iter().flat_map(two_bytes));
        out
    }
}

/// The data field of this length, and what follows it.
fn split_data(rest: &[u8], len: usize) -> Result<(&[u8], &[u8]), Status> {
    let fits = (1..=DATA_LEN_MAX).contains(&len);
    let parts = rest.split_at_checked(len).filter(|_| fits);
    parts.ok_or(Status::WrongLength)
}

/// Le of one byte: 0 stands for 256.
fn short(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

/// Le of two bytes: 0 stands for 65,536.
fn extended(high: u8, low: u8) -> usize {
    match u16::from_be_bytes([high, low]) {
        0 => 65_536,
        le => usize::from(le),
    }
}

fn low_byte(n: usize) -> u8 {
    let [.., low] = n.to_be_bytes();
    low
}

fn two_bytes(n: usize) -> [u8; 2] {
    let [.., high, low] = n.to_be_bytes();
    [high, low]
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for.
    pub data: Vec<u8>,
    /// How it went.
    pub status: Status,
}

impl Answer {
    /// An answer of a status word alone.
    pub const fn bare(status: Status) -> Self {
        let data = Vec::new();
        Self { data, status }
    }

    /// Reads an answer: the last two bytes are its status word.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (data, word) = bytes.split_last_chunk()?;
        if data.len() > DATA_LEN_MAX {
            return None;
        }
        let status = Status::from_word(u16::from_be_bytes(*word));
        let data = data.to_vec();
        Some(Self { data, status })
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 2);
        out.extend_from_slice(&self.data);
        out.extend_from_slice(&self.status.word().to_be_bytes());
        out
    }
}

/// A status word: how a command went. Names after ISO/IEC 7816-4, table 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 9000: done.
    Done,
    /// 6300: the other side's proof does not hold.
    NotAuthentic,
    /// 63CX: a wrong PIN; so many tries are left.
    WrongPin(u8),
    /// 6700: no command has such a length.
    WrongLength,
    /// 6982: security status not satisfied: no session, or no PIN was given.
    SecurityStatus,
    /// 6983: the PIN is blocked.
    Blocked,
    /// 6984: the chip was given no such PIN.
    NoReferenceData,
    /// 6985: not in this state of its life.
    Conditions,
    /// 6988: wrong key, altered, repeated or out of order.
    SecureMessaging,
    /// 6A80: the data field makes no sense.
    WrongData,
    /// 6A82: no such application.
    NotFound,
    /// 6A84: every counter was used.
    Exhausted,
    /// 6A86: no such parameters.
    WrongParameters,
    /// 6D00: no such instruction.
    NoInstruction,
    /// 6E00: no such class.
    NoClass,
    /// 6F00: the chip itself is at fault.
    Faulty,
    /// Another word, of a chip that is not ours.
    Other(u16),
}

impl Status {
    const FIXED: [(Self, u16); 15] = [
        (Self::Done, 0x9000),
        (Self::NotAuthentic, 0x6300),
        (Self::WrongLength, 0x6700),
        (Self::SecurityStatus, 0x6982),
        (Self::Blocked, 0x6983),
        (Self::NoReferenceData, 0x6984),
        (Self::Conditions, 0x6985),
        (Self::SecureMessaging, 0x6988),
        (Self::WrongData, 0x6A80),
        (Self::NotFound, 0x6A82),
        (Self::Exhausted, 0x6A84),
        (Self::WrongParameters, 0x6A86),
        (Self::NoInstruction, 0x6D00),
        (Self::NoClass, 0x6E00),
        (Self::Faulty, 0x6F00),
    ];

    /// Whether it was done.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }

    /// The status of a word.
    pub fn from_word(word: u16) -> Self {
        let [high, low] = word.to_be_bytes();
        if high == 0x63 && low & 0xF0 == 0xC0 {
            return Self::WrongPin(low & 0x0F);
        }
        let known = Self::FIXED.iter().find(|(_, known)| *known == word);
        known.map_or(Self::Other(word), |(status, _)| *status)
    }

    /// Its word.
    pub fn word(self) -> u16 {
        match self {
            Self::WrongPin(tries) => 0x63C0 | u16::from(tries.min(15)),
            Self::Other(word) => word,
            fixed => {
                let known = Self::FIXED.iter().find(|(status, _)| *status == fixed);
                known.map_or(0x6F00, |(_, word)| *word)
            }
        }
    }
}

impl fmt::Display for Status {
    /// Four hexadecimal digits, as the field writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_seven_forms_of_a_command_are_read() {
        let read = |bytes: &[u8]| {
            let command = Command::parse(bytes).unwrap();
            (command.data, command.expected)
        };
        assert_eq!(read(&[0, 1, 2, 3]), (vec![], None));
        assert_eq!(read(&[0, 1, 2, 3, 0]), (vec![], Some(256)));
        assert_eq!(read(&[0, 1, 2, 3, 2, 8, 9]), (vec![8, 9], None));
        assert_eq!(read(&[0, 1, 2, 3, 2, 8, 9, 4]), (vec![8, 9], Some(4)));
        assert_eq!(read(&[0, 1, 2, 3, 0, 0, 0]), (vec![], Some(65_536)));
        assert_eq!(read(&[0, 1, 2, 3, 0, 0, 1, 9]), (vec![9], None));
        assert_eq!(read(&[0, 1, 2, 3, 0, 0, 1, 9, 1, 0]), (vec![9], Some(256)));
    }

    #[test]
    fn a_length_that_lies_is_a_wrong_length() {
        let wrong: [&[u8]; 7] = [
            &[],
            &[0, 1, 2],
            &[0, 1, 2, 3, 0, 0],
            &[0, 1, 2, 3, 5, 1],
            &[0, 1, 2, 3, 1, 1, 1, 1],
            &[0, 1, 2, 3, 0, 0, 0, 1],
            &[0, 1, 2, 3, 0, 0xFF, 0xFF, 1, 1],
        ];
        for bytes in wrong {
            assert_eq!(Command::parse(bytes), Err(Status::WrongLength), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_command_reads_back_as_itself(
            header: [u8; 4],
            data in proptest::collection::vec(any::<u8>(), 0..=DATA_LEN_MAX),
            expected in proptest::option::of(1..=65_536_usize),
        ) {
            let [cla, ins, p1, p2] = header;
            let command = Command { header: Header { cla, ins, p1, p2 }, data, expected };
            prop_assert_eq!(Command::parse(&command.to_bytes()), Ok(command));
        }

        #[test]
        fn any_bytes_are_a_command_or_a_status(bytes: Vec<u8>) {
            if let Ok(command) = Command::parse(&bytes) {
                prop_assert!(command.data.len() <= DATA_LEN_MAX);
            }
        }

        #[test]
        fn every_status_word_reads_back_as_itself(word: u16) {
            prop_assert_eq!(Status::from_word(word).word(), word);
        }
    }
}
