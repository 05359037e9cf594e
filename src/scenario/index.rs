//! Everything that a scenario file names, found before its tables are read: so that a mention of
//! what is not there is an error where it is written, whatever the order of the file.

use super::diagnostic::nearest;
use super::schema::ActorKind;
use crate::id::Name;
use crate::money::Currency;
use crate::text::Text;
use std::collections::BTreeMap;

/// So many actors are named to whoever means none of them.
const NAMED_MAX: usize = 8;

/// The names of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Who takes part.
    pub(super) actors: BTreeMap<Name, Actor>,
    /// What is printed.
    pub(super) receipts: BTreeMap<Text, Printed>,
    /// Steps, faults and attacks: what each is and its line.
    pub(super) ids: BTreeMap<Name, (IdKind, usize)>,
    /// What amounts without a currency are in.
    pub(super) currency: Option<Currency>,
}

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Actor {
    pub(super) kind: ActorKind,
    /// Where it is defined.
    pub(super) line: usize,
    /// What its account or its shop counts in.
    pub(super) currency: Option<Currency>,
}

/// A receipt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printed {
    pub(super) merchant: Name,
    /// Where it is printed.
    pub(super) line: usize,
}

/// What an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdKind {
    Step,
    Fault,
    Attack,
}

impl Index {
    /// What amounts of an actor are in.
    pub(super) fn currency_of(&self, actor: Option<&Name>) -> Currency {
        let own = actor.and_then(|name| self.actors.get(name)?.currency);
        own.or(self.currency).unwrap_or(Currency::XTS)
    }

    /// The actor of that name, if it is of one of these kinds (of any, when there are none).
    pub(super) fn actor(&self, text: &str, kinds: &[ActorKind]) -> Option<(Name, Actor)> {
        let name: Name = text.parse().ok()?;
        let actor = *self.actors.get(&name)?;
        (kinds.is_empty() || kinds.contains(&actor.kind)).then_some((name, actor))
    }

    /// Why a word names no actor of these kinds.
    pub(super) fn no_actor(&self, text: &str, kinds: &[ActorKind]) -> String {
        let expected: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
        match self.actor(text, &[]) {
            Some((name, actor)) => {
                format!(
                    "`{name}` is a {}, and not a {}",
                    actor.kind,
                    expected.join(" or ")
                )
            }
            None => format!("no actor named `{text}`"),
        }
    }

    /// "did you mean ..., defined at line ...?" among actors of these kinds, or who there is.
    pub(super) fn suggest_actor(&self, text: &str, kinds: &[ActorKind]) -> Option<String> {
        let fits = |actor: &Actor| kinds.is_empty() || kinds.contains(&actor.kind);
        let known = self.actors.iter().filter(|(_, actor)| fits(actor));
        let Some(found) = nearest(text, known.clone().map(|(name, _)| name.as_str())) else {
            let named: Vec<_> = known.map(|(name, _)| name.as_str()).collect();
            let few = (1..=NAMED_MAX).contains(&named.len());
            return few.then(|| format!("one of: {}", named.join(", ")));
        };
        let line = self.actors.get(&found.parse().ok()?)?.line;
        Some(format!("did you mean `{found}`, defined at line {line}?"))
    }

    /// "did you mean ..., printed at line ...?"
    pub(super) fn suggest_receipt(&self, text: &str) -> Option<String> {
        let found = nearest(text, self.receipts.keys().map(Text::as_str))?;
        let line = self.receipts.get(found)?.line;
        Some(format!("did you mean `{found}`, printed at line {line}?"))
    }

    /// "did you mean ..., defined at line ...?" among ids of this kind.
    pub(super) fn suggest_id(&self, text: &str, kind: IdKind) -> Option<String> {
        let known = self.ids.iter().filter(|(_, (k, _))| *k == kind);
        let found = nearest(text, known.map(|(name, _)| name.as_str()))?;
        let (_, line) = self.ids.get(&found.parse().ok()?)?;
        Some(format!("did you mean `{found}`, defined at line {line}?"))
    }
}
