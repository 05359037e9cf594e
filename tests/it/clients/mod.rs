//! Printing clients that others wrote, before a proxy: what comes out at the printer is their job,
//! byte for byte, with one code in it.

mod cups;
mod senders;

use std::path::Path;

/// Whether something is here; else says what is skipped, and fails where all must be.
fn here(path: &Path, name: &str) -> bool {
    let found = path.exists();
    let required = std::env::var_os("QUITTANCE_REQUIRE_ALL").is_some();
    assert!(found || !required, "needs {name}");
    if !found {
        println!("skipped: needs {name}");
    }
    found
}

/// What was inserted into a job: all that was printed and is not the job's.
fn inserted<'a>(job: &[u8], printed: &'a [u8]) -> &'a [u8] {
    let same = job.iter().zip(printed).take_while(|(a, b)| a == b).count();
    let rest = &job[same..];
    let all = format!("{}\n{}", job.escape_ascii(), printed.escape_ascii());
    assert!(
        printed.len() >= job.len() && printed.ends_with(rest),
        "{all}"
    );
    &printed[same..printed.len() - rest.len()]
}

/// Whether all of a job has been printed: it ends, after what was inserted, as the job does.
fn whole(job: &[u8], printed: &[u8]) -> bool {
    let last = &job[job.len().saturating_sub(4)..];
    printed.len() >= job.len() && printed.ends_with(last)
}
