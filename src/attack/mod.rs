//! The attack pack: the security cases of the sealed code and the attacks of the reference on
//! orders, by name, each really tried.
//!
//! An attack knows only a [`Target`]: a phone that scans, a gateway that is asked, payments that
//! run. [`Real`] is the target that the program runs, made of the same roles as everywhere. What an
//! attack reports is what the target did; so against a target without defences (the tests have one)
//! every attack succeeds.

mod crypto;
mod forge;
mod insider;
mod money;
mod parser;
mod real;
pub mod remote;
mod target;

pub use forge::{Kit, KitError};
pub use insider::Insider;
pub use real::Real;
pub use target::{Books, Expects, File, Opened, Phone, Scan, Story, Target};

/// One attack.
pub struct Attack {
    /// Its name in the references, such as `A-01`.
    pub id: &'static str,
    /// What the attacker does.
    pub tries: &'static str,
    /// What a correct system shows.
    pub correct: &'static str,
    run: fn(&mut Trial<'_>),
}

/// What came of one attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// [`Attack::id`].
    pub id: &'static str,
    /// [`Attack::tries`].
    pub tries: &'static str,
    /// [`Attack::correct`].
    pub correct: &'static str,
    /// How many times something was tried.
    pub tried: usize,
    /// The first thing that got through; nothing when the system held.
    pub through: Option<String>,
}

/// An attack under way.
pub struct Trial<'a> {
    target: &'a mut dyn Target,
    kit: &'a Kit,
    tried: usize,
    through: Option<String>,
}

impl Trial<'_> {
    /// One thing was tried; `held` is whether the system did what a correct one does.
    fn judge(&mut self, held: bool, what: impl FnOnce() -> String) {
        self.tried += 1;
        if !held && self.through.is_none() {
            self.through = Some(what());
        }
    }

    /// A phone must refuse this text and send nothing.
    fn silent(&mut self, what: &str, text: &str) {
        let scan = self.target.scan(Phone::Test, text);
        self.judge(scan == Scan::Silent, || {
            format!("{what}: the phone went on: {scan:?}")
        });
    }

    /// The gateway must refuse this code in the one constant way.
    fn refused(&mut self, what: &str, code: &crate::code::sealed::Blob) {
        let constant = self.target.open(self.kit.now, &self.kit.junk());
        let opened = self.target.open(self.kit.now, code);
        self.judge(opened.is_refused(), || {
            format!("{what}: the gateway gave an order")
        });
        let alike = opened.body() == constant.body();
        self.judge(alike, || {
            format!("{what}: the refusal says more than another")
        });
    }
}

/// Every attack, by reference and name.
pub fn all() -> Vec<&'static Attack> {
    [parser::ATTACKS, crypto::ATTACKS, money::ATTACKS].concat()
}

/// Tries one attack.
pub fn attempt(attack: &Attack, target: &mut dyn Target, kit: &Kit) -> Finding {
    let mut trial = Trial {
        target,
        kit,
        tried: 0,
        through: None,
    };
    (attack.run)(&mut trial);
    Finding {
        id: attack.id,
        tries: attack.tries,
        correct: attack.correct,
        tried: trial.tried,
        through: trial.through,
    }
}

#[cfg(test)]
mod tests;
