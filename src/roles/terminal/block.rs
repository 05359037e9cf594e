//! The block that goes onto the paper: the symbol and a line below it.

use super::Terminal;
use crate::code::draw::{Raster, escpos_native, escpos_raster, star_native, star_raster};
use crate::code::link::to_link;
use crate::code::sealed::Blob;
use crate::code::symbol::{DOTS_MAX, DOTS_MIN, QUIET_ZONE, Symbol, SymbolError};
use crate::id::Name;
use crate::message::Bytes;
use crate::money::Money;
use crate::receipt::Profile;
use crate::receipt::profile::Qr;
use crate::receipt::tokens::Dialect;

/// How many bytes a symbol holds at level M when all of it is one byte segment, by version from 1
/// (ISO/IEC 18004, table 7).
const BYTES_AT_M: [usize; 27] = [
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
    711, 779, 857, 911, 997, 1059, 1125,
];

/// Where codes lead, and the printer that they are printed by.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a> {
    /// The printer.
    pub printer: &'a Profile,
    /// The host that the links name.
    pub host: &'a str,
    /// The bank that they hint at.
    pub bank: Option<&'a Name>,
    /// What stands below a code, before the amount.
    pub caption: &'a str,
}

impl Terminal {
    /// The code as printer bytes.
    pub(super) fn block(&self, code: &Blob, amount: Money) -> Result<Bytes, SymbolError> {
        let blocks = Blocks {
            printer: &self.printer,
            host: &self.host,
            bank: self.bank.as_ref(),
            caption: self.caption.as_str(),
        };
        blocks.of(code, amount)
    }
}

impl Blocks<'_> {
    /// A code as printer bytes, in ASCII, for an empty centred line.
    pub fn of(&self, code: &Blob, amount: Money) -> Result<Bytes, SymbolError> {
        let link = to_link(self.host, self.bank, code);
        let mut out = match self.native(&link) {
            Some(native) => native,
            None => self.raster(&link)?,
        };
        let caption = format!("{} {amount}", self.caption);
        let plain = caption.bytes().filter(|b| matches!(b, 0x20..=0x7E));
        out.push(b'\n');
        out.extend(plain.take(usize::from(self.printer.columns)));
        out.push(b'\n');
        Ok(Bytes(out.into()))
    }

    /// By the printer's own encoder, if it has one and the symbol fits the paper even when that
    /// encoder takes one mode for the whole text.
    fn native(&self, link: &str) -> Option<Vec<u8>> {
        if self.printer.qr != Qr::Native {
            return None;
        }
        let version = BYTES_AT_M.iter().position(|room| link.len() <= *room)? + 1;
        let modules = 17 + 4 * version + 2 * QUIET_ZONE;
        let dots = usize::from(self.printer.width_dots) / modules;
        if dots < DOTS_MIN {
            return None;
        }
        let dots = dots.min(DOTS_MAX);
        match self.printer.dialect {
            Dialect::EscPos => escpos_native(link, dots),
            Dialect::Star => star_native(link, dots),
            Dialect::Plain => None,
        }
    }

    fn raster(&self, link: &str) -> Result<Vec<u8>, SymbolError> {
        let symbol = Symbol::encode(link)?;
        let dots = symbol.dots_per_module(usize::from(self.printer.width_dots))?;
        let raster = Raster::of(&symbol, dots);
        Ok(match self.printer.dialect {
            Dialect::Star => star_raster(&raster),
            Dialect::EscPos | Dialect::Plain => escpos_raster(&raster),
        })
    }
}
