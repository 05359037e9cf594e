//! A sweep as JUnit XML in the Jenkins dialect, for CI pages: a suite for each scenario, a case
//! for each property (not for each seed: ten thousand of those would drown the page), failing seeds
//! in its body. No times, no ids: the same sweep gives the same bytes.

use super::Scenario;
use super::report::{Class, Failure, Sweep};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
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
    let mut report = Report::unnamed();
    let suites = sweeps
        .iter()
        .map(|(scenario, sweep)| suite(scenario, sweep));
    report.add_test_suites(suites);
    report.to_string().expect("memory takes everything")
}

fn suite(scenario: &Scenario, sweep: &Sweep) -> TestSuite {
    let mut suite = TestSuite::new(scenario.title());
    let skipped: Vec<_> = sweep.skipped.iter().map(ToString::to_string).collect();
    for one in properties(scenario, sweep) {
        let status = if skipped.is_empty() {
            status(&one)
        } else {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("needs {}", skipped.join(", ")));
            status
        };
        let mut case = TestCase::new(one.name, status);
        case.set_classname(scenario.file.as_str());
        suite.add_test_case(case);
    }
    suite
}

fn status(one: &Property<'_>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let Some((seed, first)) = one.failed.first() else {
        if !one.never_reached {
            return TestCaseStatus::success();
        }
        status.set_type("never-reached");
        status.set_message("reached in no seed");
        return status;
    };
    let seeds = one.failed.iter().take(SEEDS_NAMED_MAX);
    let seeds: Vec<_> = seeds.map(|(seed, _)| seed.to_string()).collect();
    status.set_type(one.class.word());
    status.set_message(first.actual.as_str());
    status.set_description(format!(
        "{}\nexpected: {}\nactual: {}\nseeds ({}): {}\nseed {seed}:\n{}\n",
        one.why,
        first.expected,
        first.actual,
        one.failed.len(),
        seeds.join(", "),
        first.chain.join("\n")
    ));
    status
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
        assert_eq!(xml, junit(&[sweep()]), "the same sweep, the same bytes");
        assert!(
            xml.contains("<testsuite name=\"lunch\" tests=\"3\""),
            "{xml}"
        );
        assert!(
            xml.contains("failures=\"1\"") && !xml.contains("time"),
            "{xml}"
        );
        assert!(
            xml.contains("<testcase name=\"ann.balance == 76.50\" classname=\"lunch.toml\"/>"),
            "{xml}"
        );
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
