//! What a scenario asks of whoever plays it: so that a driver says SKIP, and never PASS, to what it
//! cannot do.

use super::schema::{
    Answers, Chip, Confirms, Crypto, Key, Paper, Printer, Scenario, Shape, Site, Via,
};
use crate::scenario::{Act, Share};
use std::collections::BTreeSet;
use std::fmt;

/// Something beyond a healthy system, by group and word: `fault crash`, `step refund`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// `step`, `fault`, `attack`, `answers`, `chip`, `printer`, `key`, `paper`, `crypto`, `load`,
    /// `via`, `confirms`, `network`, `customer`.
    pub group: &'static str,
    /// The word within the group.
    pub word: &'static str,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.group, self.word)
    }
}

const fn feature(group: &'static str, word: &'static str) -> Feature {
    Feature { group, word }
}

impl Scenario {
    /// Everything that this scenario asks of its driver. What it does not list is in its defaults.
    pub fn features(&self) -> BTreeSet<Feature> {
        let steps = self
            .steps
            .iter()
            .map(|step| feature("step", step.act.verb().word()));
        let faults = self
            .faults
            .iter()
            .map(|fault| feature("fault", fault.does.word()));
        let attacks = self
            .attacks
            .iter()
            .map(|attack| feature("attack", attack.does.word()));
        let loads = self.loads.iter().map(|load| match load.shape {
            Shape::Arrivals => feature("load", "arrivals"),
            Shape::Loop => feature("load", "loop"),
        });
        let all = steps.chain(faults).chain(attacks).chain(loads);
        let mut all: BTreeSet<_> = all.collect();
        self.of_parties(&mut all);
        self.of_people(&mut all);
        self.of_network(&mut all);
        if self.run.paper != Paper::Fast {
            all.insert(feature("paper", self.run.paper.word()));
        }
        if self.run.crypto != Crypto::Fast {
            all.insert(feature("crypto", self.run.crypto.word()));
        }
        all
    }

    fn of_parties(&self, all: &mut BTreeSet<Feature>) {
        for bank in self.banks.values() {
            all.extend(match bank.answers {
                Answers::Promptly => None,
                Answers::Slowly(_) => Some(feature("answers", "slowly")),
                Answers::Never => Some(feature("answers", "never")),
                Answers::Declines(_) => Some(feature("answers", "declines")),
                Answers::Garbage => Some(feature("answers", "garbage")),
                Answers::Twice => Some(feature("answers", "twice")),
                Answers::LateSuccess(_) => Some(feature("answers", "late-success")),
                Answers::LateFailure(_) => Some(feature("answers", "late-failure")),
            });
        }
        if self.banks.values().any(|bank| bank.magic) {
            all.insert(feature("answers", "magic"));
        }
        for merchant in self.merchants.values() {
            if merchant.chip != Chip::Ok {
                all.insert(feature("chip", merchant.chip.word()));
            }
            if merchant.printer != Printer::Ok {
                all.insert(feature("printer", merchant.printer.word()));
            }
            if merchant.key != Key::Certified {
                all.insert(feature("key", merchant.key.word()));
            }
        }
    }

    fn of_people(&self, all: &mut BTreeSet<Feature>) {
        let crowds = self.crowds.values().map(|crowd| &crowd.each);
        for customer in self.customers.values().chain(crowds) {
            if customer.gives_up_after.is_some() {
                all.insert(feature("customer", "gives-up-after"));
            }
            if customer.scans_twice != Share::NEVER {
                all.insert(feature("customer", "scans-twice"));
            }
            if customer.changes_mind != Share::NEVER {
                all.insert(feature("customer", "changes-mind"));
            }
            if customer.confirms == Confirms::Asked {
                all.insert(feature("confirms", "asked"));
            }
            if customer.via == Via::Link {
                all.insert(feature("via", "link"));
            }
        }
        for step in &self.steps {
            if let Act::Scan { via: Via::Link, .. } = step.act {
                all.insert(feature("via", "link"));
            }
        }
    }

    fn of_network(&self, all: &mut BTreeSet<Feature>) {
        let links = self.network.links.iter().map(|(_, link)| link);
        for link in links.chain([&self.network.usual]) {
            let asked = [
                (link.loss.parts_per_million() > 0, "loss"),
                (link.duplicate.parts_per_million() > 0, "duplicate"),
                (link.reorder.parts_per_million() > 0, "reorder"),
                (link.bandwidth.is_some(), "bandwidth"),
            ];
            let asked = asked.into_iter().filter(|(asked, _)| *asked);
            all.extend(asked.map(|(_, word)| feature("network", word)));
        }
        let routed = |fault: &super::Fault| matches!(fault.site, Site::Link(..));
        if self.faults.iter().any(routed) {
            all.insert(feature("network", "faults"));
        }
    }
}
