//! Scenarios to begin with.

use crate::id::Name;

/// A scenario to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What it is asked for by.
    pub name: &'static str,
    source: &'static str,
}

/// Every template, the plainest first.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "payment",
        source: include_str!("templates/payment.toml"),
    },
    Template {
        name: "fault",
        source: include_str!("templates/fault.toml"),
    },
    Template {
        name: "race",
        source: include_str!("templates/race.toml"),
    },
    Template {
        name: "crowd",
        source: include_str!("templates/crowd.toml"),
    },
];

impl Template {
    /// What it is about, in its own words.
    pub fn about(&self) -> &'static str {
        let mut lines = self.source.lines();
        let about = lines.find_map(|line| line.strip_prefix("about  = "));
        about.unwrap_or_default().trim_matches('"')
    }

    /// The scenario under a name of its own.
    pub fn named(&self, name: Name) -> String {
        let own = format!("\"my-{}\"", self.name);
        self.source.replacen(&own, &format!("\"{name}\""), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, fmt};

    #[test]
    fn every_template_is_a_scenario_in_its_usual_layout_under_the_name_it_is_given() {
        for template in TEMPLATES {
            let source = template.named("lunch".parse().unwrap());
            let scenario =
                Scenario::parse(template.name, &source).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(scenario.name.as_str(), "lunch");
            assert_eq!(scenario.about.as_str(), template.about());
            assert_eq!(fmt::formatted(template.name, &source).unwrap(), source);
        }
    }
}
