//! The parties of a network: the tables that a scenario and a configuration have in common.

use super::table::Table;
use super::{Lower, Scenario};
use crate::id::Name;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::Paper;
use crate::text::Text;
use std::collections::BTreeMap;

/// Tables of a scenario that are nothing to a network.
const STORIES: &[&str] = &["run", "attacker", "step", "fault", "attack"];

impl Lower {
    /// A network's parties, as a scenario in which nothing happens yet.
    pub(crate) fn parties(&mut self, root: &mut Table<'_>, file: &str, name: Name) -> Scenario {
        for key in STORIES {
            if let Some(item) = root.item(key) {
                let message = format!("`{key}` belongs to a scenario, and this is a network");
                self.note(Diagnostic::new(Code::UnknownKey, item.span(), message));
            }
        }
        self.find(root);
        Scenario {
            file: file.to_owned(),
            bases: Vec::new(),
            case: Text::default(),
            vars: BTreeMap::new(),
            name,
            about: Text::default(),
            tags: Vec::new(),
            run: self.run(root),
            banks: self.banks(root),
            gateways: self.gateways(root),
            merchants: self.merchants(root, Paper::Bytes),
            customers: self.customers(root),
            crowds: self.crowds(root),
            attackers: BTreeMap::new(),
            loads: Vec::new(),
            network: crate::scenario::Network::default(),
            faults: Vec::new(),
            attacks: Vec::new(),
            steps: Vec::new(),
            expects: Vec::new(),
            off: Vec::new(),
            replay: None,
            written: toml::Table::new(),
        }
    }
}
