//! A sweep as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

use super::Scenario;
use super::junit::{Property, properties};
use super::report::{Sweep, Verdict};
use std::fmt::Write as _;
use std::sync::Arc;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}\
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}\
td,th{padding:.25rem .6rem;text-align:left;border-bottom:1px solid #8884;vertical-align:top}\
td.n{text-align:right;font-variant-numeric:tabular-nums}\
.passed{color:#167c3a}.failed{color:#c22}.never-reached{color:#b60}.skipped{color:#777}\
pre{overflow-x:auto;background:#8881;padding:.6rem;font-size:13px}\
summary{cursor:pointer;margin:.4rem 0}code{font-size:13px}";

/// The report of a whole run.
pub fn html(sweeps: &[(Arc<Scenario>, Sweep)]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Quittance: a run</title>\
         <style>{STYLE}</style></head><body>\n<h1>{}</h1>\n",
        headline(sweeps)
    );
    out.push_str(
        "<table><tr><th>scenario<th>verdict<th>passed<th>failed<th>what it is about</tr>\n",
    );
    for (nth, (scenario, sweep)) in sweeps.iter().enumerate() {
        let verdict = sweep.verdict(scenario).word();
        let (title, about) = (escaped(&scenario.title()), escaped(scenario.about.as_str()));
        let (passed, failed) = (sweep.passed.len(), sweep.failed.len());
        let _infallible = writeln!(
            out,
            "<tr><td><a href=\"#s{nth}\">{title}</a><td class=\"{verdict}\">{verdict}\
             <td class=\"n\">{passed}<td class=\"n\">{failed}<td>{about}</tr>"
        );
    }
    out.push_str("</table>\n");
    for (nth, (scenario, sweep)) in sweeps.iter().enumerate() {
        section(&mut out, nth, scenario, sweep);
    }
    out.push_str("</body></html>\n");
    out
}

/// Text for HTML, attributes too; control characters become spaces.
fn escaped(text: &str) -> String {
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

fn headline(sweeps: &[(Arc<Scenario>, Sweep)]) -> String {
    let count = |wanted: Verdict| {
        let all = sweeps
            .iter()
            .filter(|(scenario, sweep)| sweep.verdict(scenario) == wanted);
        all.count()
    };
    format!(
        "{} scenarios: {} passed, {} failed, {} with something never reached, {} skipped",
        sweeps.len(),
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::NeverReached),
        count(Verdict::Skipped)
    )
}

fn section(out: &mut String, nth: usize, scenario: &Scenario, sweep: &Sweep) {
    let (title, file) = (escaped(&scenario.title()), escaped(&scenario.file));
    let _infallible = writeln!(
        out,
        "<h2 id=\"s{nth}\">{title}</h2><p><code>{file}</code></p>"
    );
    for feature in &sweep.skipped {
        let what = escaped(&feature.to_string());
        let _infallible = writeln!(out, "<p class=\"skipped\">not run: needs {what}</p>");
    }
    for one in properties(scenario, sweep) {
        property(out, scenario, &one);
    }
    let events = sweep.events.iter();
    let events: Vec<_> = events.map(|(kind, n)| format!("{n:>9}  {kind}")).collect();
    let _infallible = writeln!(
        out,
        "<details><summary>events over all seeds</summary><pre>{}</pre></details>",
        escaped(&events.join("\n"))
    );
}

fn property(out: &mut String, scenario: &Scenario, one: &Property<'_>) {
    let (name, why) = (escaped(one.name), escaped(one.why));
    let verdict = match (one.failed.is_empty(), one.never_reached) {
        (false, _) => "failed",
        (true, true) => "never-reached",
        (true, false) => "passed",
    };
    let _infallible = writeln!(
        out,
        "<div><span class=\"{verdict}\">{verdict}</span> <code>{name}</code> {why}</div>"
    );
    if let Some((seed, first)) = one.failed.first() {
        let text = format!(
            "expected: {}\nactual:   {}\nseeds:    {} of them, the first {seed}\n\n{}\n\n\
             quittance run {} --seed {seed}",
            first.expected,
            first.actual,
            one.failed.len(),
            first.chain.join("\n"),
            scenario.file
        );
        let text = escaped(&text);
        let _infallible = writeln!(
            out,
            "<details open><summary>what led to it</summary><pre>{text}</pre></details>"
        );
    }
}
