//! Printers that are not there, jam, or tear the paper half way. The till prints again after a
//! while, as a person would; the terminal knows the receipt and prints its stored symbol.

use super::director::Director;
use super::plan::Fault;
use super::watch::Watch;
use super::world::World;
use crate::id::Name;
use crate::scenario::{FaultKind, Moment, Printer, Scenario, Share, Site};
use crate::text::Text;
use crate::time::{Span, Time};

/// How many of a million prints jam on a printer that jams.
const JAMS_PPM: u32 = 400_000;

/// Whether a shop's printers are not there: until faults end.
pub(super) fn is_offline(scenario: &Scenario, shop: Name, now: Time) -> bool {
    is(scenario, shop, Printer::Offline) && !is_over(scenario, now)
}

fn is(scenario: &Scenario, shop: Name, printer: Printer) -> bool {
    let shop = scenario.merchants.get(&shop);
    shop.is_some_and(|shop| shop.printer == printer)
}

fn is_over(scenario: &Scenario, now: Time) -> bool {
    now >= scenario.run.starts.after(scenario.run.lasts)
}

impl Director {
    /// Whether this print of a receipt came out without a whole code: the printer's own way, or a
    /// fault's. Drawn by receipt and print, so that a replay draws the same.
    pub(super) fn is_torn(&mut self, world: &mut World<Watch>, label: &Text) -> bool {
        let Some(receipt) = self.receipts.get(label) else {
            return false;
        };
        let (shop, prints, now) = (receipt.shop, receipt.prints, world.now());
        if is_over(&self.scenario, now) {
            return false;
        }
        let (key, nth) = (label.as_str().as_bytes(), u64::from(prints));
        let jams = is(&self.scenario, shop, Printer::Jams);
        let drawn = if jams && self.chance.happens(JAMS_PPM, "jams", key, nth) {
            Some((Fault::Tear, None))
        } else {
            let rule = self.tearing(shop, now, key, nth);
            rule.map(|rule| (Fault::Tear, Some(rule)))
        };
        if let Some((_, Some(rule))) = drawn {
            *self.torn.entry(rule).or_default() += 1;
        }
        world.tears(label, prints, drawn)
    }

    /// The fault that strikes this print.
    fn tearing(&self, shop: Name, now: Time, key: &[u8], nth: u64) -> Option<Name> {
        let mut faults = self.scenario.faults.iter();
        let struck = faults.find(|fault| {
            let of_printer = matches!(fault.does, FaultKind::PrinterJam | FaultKind::HalfPage);
            let id = fault.id.as_str();
            let from = match fault.moment {
                Moment::At(at) => at.pick(&self.chance, "at", id.as_bytes()),
                _ => Span::ZERO,
            };
            let from = self.scenario.run.starts.after(from);
            let lasts = fault
                .lasts
                .map(|lasts| lasts.pick(&self.chance, "lasts", id.as_bytes()));
            let until = lasts.map(|lasts| from.after(lasts));
            let running = now >= from && until.is_none_or(|until| now < until);
            // A fault that lasts a while strikes every print of it.
            let times = fault.times.filter(|_| until.is_none());
            let left = self.torn.get(&fault.id).copied().unwrap_or(0);
            of_printer
                && fault.site == Site::Party(shop)
                && running
                && times.is_none_or(|times| left < times)
                && (fault.chance == Share::ALWAYS
                    || fault.chance.happens(&self.chance, id, key, nth))
        });
        struck.map(|fault| fault.id)
    }
}
