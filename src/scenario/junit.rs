//! A sweep as JUnit XML, for CI pages: a suite for each scenario, a test case for each property
//! (not for each seed: ten thousand of those would drown the page), failing seeds in its body.
//!
//! Why by hand: the Jenkins dialect's few elements are these, and nothing of a crate's times, ids
//! and reruns would be used.

use super::Scenario;
use super::report::{Class, Failure, Sweep};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// How many failing seeds a body names.
const SEEDS_NAMED_MAX: usize = 20;

/// What one scenario's sweep gave, by property: its class and name, the seeds that failed it.
pub(super) struct Property<'a> {
    pub(super) class: Class,
    pub(super) name: &'a str,
    pub(super) why: &'a str,
    pub(super) failed: Vec<(u64, &'a Failure)>,
    pub(super) never_reached: bool,
}

/// Every property of a scenario: what its file expects, and whatever else failed.
pub(super) fn properties<'a>(scenario: &'a Scenario, sweep: &'a Sweep) -> Vec<Property<'a>> {
    let mut failed: BTreeMap<(Class, &str), Vec<(u64, &Failure)>> = BTreeMap::new();
    for (seed, failures) in &sweep.failed {
        for failure in failures {
            let key = (failure.class, failure.property.as_str());
            failed.entry(key).or_default().push((*seed, failure));
        }
    }
    let missed = sweep.never_reached(scenario);
    let expects = scenario.expects.iter().enumerate();
    let mut all: Vec<_> = expects
        .map(|(index, expect)| {
            let (class, name) = (Class::Expectation, expect.that.text.as_str());
            Property {
                class,
                name,
                why: expect.why.as_str(),
                failed: failed.remove(&(class, name)).unwrap_or_default(),
                never_reached: missed.contains(&index),
            }
        })
        .collect();
    all.extend(failed.into_iter().map(|((class, name), failed)| {
        Property {
            class,
            name,
            why: failed
                .first()
                .map_or("", |(_, failure)| failure.why.as_str()),
            failed,
            never_reached: false,
        }
    }));
    all
}

/// The report of a whole run.
pub fn junit(sweeps: &[(Arc<Scenario>, Sweep)]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (scenario, sweep) in sweeps {
        suite(&mut out, scenario, sweep);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, scenario: &Scenario, sweep: &Sweep) {
    let all = properties(scenario, sweep);
    let bad = |one: &&Property<'_>| one.never_reached || !one.failed.is_empty();
    let skipped = !sweep.skipped.is_empty();
    let title = escaped(&scenario.title());
    let _infallible = writeln!(
        out,
        "  <testsuite name=\"{title}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        all.len(),
        all.iter().filter(bad).count(),
        if skipped { all.len() } else { 0 },
    );
    for one in &all {
        let (name, file) = (escaped(one.name), escaped(&scenario.file));
        let _infallible = write!(out, "    <testcase name=\"{name}\" classname=\"{file}\"");
        if skipped {
            let what: Vec<_> = sweep.skipped.iter().map(ToString::to_string).collect();
            let what = escaped(&what.join(", "));
            let _infallible = writeln!(out, "><skipped message=\"needs {what}\"/></testcase>");
        } else if one.never_reached || !one.failed.is_empty() {
            out.push_str(">\n");
            failure(out, one);
            out.push_str("    </testcase>\n");
        } else {
            out.push_str("/>\n");
        }
    }
    out.push_str("  </testsuite>\n");
}

fn failure(out: &mut String, one: &Property<'_>) {
    let Some((seed, first)) = one.failed.first() else {
        out.push_str("      <failure type=\"never-reached\" message=\"reached in no seed\"/>\n");
        return;
    };
    let seeds = one.failed.iter().take(SEEDS_NAMED_MAX);
    let seeds: Vec<_> = seeds.map(|(seed, _)| seed.to_string()).collect();
    let chain = first.chain.join("\n");
    let body = format!(
        "{}\nexpected: {}\nactual: {}\nseeds ({}): {}\nseed {seed}:\n{chain}\n",
        one.why,
        first.expected,
        first.actual,
        one.failed.len(),
        seeds.join(", ")
    );
    let (kind, actual) = (one.class.word(), escaped(&first.actual));
    let body = escaped(&body);
    let _infallible = writeln!(
        out,
        "      <failure type=\"{kind}\" message=\"{actual}\">{body}</failure>"
    );
}

/// Text for XML and HTML, attributes too. What XML 1.0 cannot hold at all becomes a space.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::report::Outcome;
    use crate::scenario::{page, templates::TEMPLATES};
    use crate::text::Text;
    use crate::time::Time;
    use std::collections::BTreeSet;

    fn sweep() -> (Arc<Scenario>, Sweep) {
        let source = TEMPLATES[0].named("lunch".parse().unwrap());
        let scenario = Arc::new(Scenario::parse("lunch.toml", &source).unwrap());
        let failure = Failure {
            class: Class::Invariant,
            property: "O1".to_owned(),
            why: Text::clean("once & only once"),
            mark: None,
            at: Time::from_nanos(0),
            place: "bank:river".to_owned(),
            expected: "1 <posting>".to_owned(),
            actual: "2".to_owned(),
            chain: vec!["+1s bank:river posted".to_owned()],
        };
        let outcome = |failures| Outcome {
            failures,
            reached: BTreeSet::new(),
            steps: BTreeMap::new(),
            fired: BTreeMap::new(),
            events: BTreeMap::new(),
            ended: Time::from_nanos(0),
        };
        let mut sweep = Sweep::default();
        sweep.add(1, 7, outcome(Vec::new()));
        sweep.add(2, 8, outcome(vec![failure]));
        (scenario, sweep)
    }

    #[test]
    fn a_suite_has_a_case_for_each_property_and_names_the_failing_seeds() {
        let xml = junit(&[sweep()]);
        assert!(
            xml.contains("<testsuite name=\"lunch\" tests=\"3\" failures=\"1\""),
            "{xml}"
        );
        assert!(xml.contains("<testcase name=\"ann.balance == 76.50\" classname=\"lunch.toml\"/>"));
        assert!(xml.contains("type=\"invariant\"") && xml.contains("seeds (1): 2"));
        assert!(xml.contains("once &amp; only once") && xml.contains("1 &lt;posting&gt;"));
    }

    #[test]
    fn the_page_says_the_same_without_anything_from_elsewhere() {
        let html = page::html(&[sweep()]);
        assert!(html.contains("once &amp; only once") && html.contains("lunch"));
        for outside in ["http:", "https:", "src=", "@import", "<script"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}
