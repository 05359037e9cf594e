//! The tail: what leaves, when, and in which order.

use super::super::tokens::tokens;
use super::*;
use proptest::prelude::*;

const BLOCK: &[u8] = b"\x1d(k\x03\x001Q0<QR>\n";

fn at(ms: u64) -> Time {
    Time::from_seconds(1_000).after(Span::millis(ms))
}

/// Everything that comes out: forwarded bytes and completed jobs.
fn drain(capture: &mut Capture) -> (Vec<u8>, Vec<(JobId, Vec<u8>)>) {
    let (mut bytes, mut jobs) = (Vec::new(), Vec::new());
    while let Some(out) = capture.poll() {
        match out {
            Out::Forward(more) => bytes.extend(more),
            Out::Job { job, bytes, .. } => jobs.push((job, bytes)),
            Out::Question(_) => {}
        }
    }
    (bytes, jobs)
}

#[test]
fn a_receipt_flows_through_and_its_cut_waits_for_the_code() {
    let mut capture = Capture::new(None);
    let job = b"\x1b@Bread 1.00\nTOTAL 1.00\n\x1bd\x03\x1dVB\0";
    capture.bytes(at(0), job);
    let (forwarded, jobs) = drain(&mut capture);
    assert_eq!(forwarded, b"\x1b@Bread 1.00\nTOTAL 1.00\n");
    assert_eq!(jobs, [(JobId(0), job.to_vec())]);
    capture.insert(at(40), JobId(0), BLOCK).unwrap();
    let (rest, _) = drain(&mut capture);
    let found = rest.windows(BLOCK.len()).position(|w| w == BLOCK).unwrap();
    assert!(rest.ends_with(b"\x1bd\x03\x1dVB\0") && found < rest.len() - 7);
}

#[test]
fn a_tail_without_a_code_goes_after_its_time() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"TOTAL 1.00\n\x1dV\0");
    drain(&mut capture);
    assert_eq!(capture.next_wake(), Some(at(HELD_MS_MAX)));
    capture.wake(at(HELD_MS_MAX));
    assert_eq!(drain(&mut capture).0, b"\x1dV\0");
    assert_eq!(
        capture.insert(at(HELD_MS_MAX), JobId(0), BLOCK),
        Err(TooLate)
    );
}

#[test]
fn the_drawer_and_status_requests_do_not_wait() {
    let mut capture = Capture::new(None);
    capture.bytes(
        at(0),
        b"TOTAL 1.00\n\x1dV\0\x1bp\0\x19\xfa\x10\x04\x01next\n",
    );
    let (forwarded, _) = drain(&mut capture);
    assert_eq!(forwarded, b"TOTAL 1.00\n\x1bp\0\x19\xfa\x10\x04\x01");
    capture.skip(at(1), JobId(0));
    assert_eq!(drain(&mut capture).0, b"\x1dV\0next\n");
}

#[test]
fn feeds_in_the_middle_of_a_receipt_are_not_held_long() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"Shop\n\n\nBread\n");
    assert_eq!(drain(&mut capture).0, b"Shop\n\n\nBread\n");
    capture.bytes(at(1), b"\n\n");
    assert_eq!(drain(&mut capture).0, b"");
    capture.wake(at(1 + FEED_MS_MAX));
    assert_eq!(drain(&mut capture).0, b"\n\n");
}

#[test]
fn a_job_without_a_cut_ends_when_the_till_falls_silent() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"TOTAL 1.00\n");
    drain(&mut capture);
    assert_eq!(capture.next_wake(), Some(at(IDLE_MS)));
    capture.wake(at(IDLE_MS));
    assert_eq!(drain(&mut capture).1.len(), 1);
    capture.insert(at(IDLE_MS + 5), JobId(0), BLOCK).unwrap();
    assert!(
        drain(&mut capture)
            .0
            .windows(BLOCK.len())
            .any(|w| w == BLOCK)
    );
}

#[test]
fn several_receipts_of_one_connection_are_several_jobs() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"one 1.00\n\x1dV\0two 2.00\n\x1dV\0");
    let (_, jobs) = drain(&mut capture);
    assert_eq!(jobs, [(JobId(0), b"one 1.00\n\x1dV\0".to_vec())]);
    capture.insert(at(1), JobId(0), BLOCK).unwrap();
    let (forwarded, jobs) = drain(&mut capture);
    assert!(forwarded.ends_with(b"\x1dV\0two 2.00\n"));
    assert_eq!(jobs, [(JobId(1), b"two 2.00\n\x1dV\0".to_vec())]);
}

#[test]
fn each_receipt_behind_a_tail_has_its_own_time() {
    let mut capture = Capture::new(None);
    for n in 0..3 {
        capture.bytes(at(n * 100), b"TOTAL 1.00\n\x1dV\0");
    }
    capture.insert(at(290), JobId(0), BLOCK).unwrap();
    capture.insert(at(390), JobId(1), BLOCK).unwrap();
    capture.insert(at(490), JobId(2), BLOCK).unwrap();
    let (bytes, _) = drain(&mut capture);
    let codes = bytes.windows(BLOCK.len()).filter(|w| *w == BLOCK);
    assert_eq!(codes.count(), 3);
}

#[test]
fn a_long_job_behind_a_tail_has_to_wait() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"TOTAL 1.00\n\x1dV\0TOTAL 2.00\n\x1dV\0");
    assert!(!capture.is_full());
    capture.bytes(at(0), &[b'3'; BEHIND_BYTES_MAX]);
    assert!(capture.is_full());
    capture.skip(at(1), JobId(0));
    assert!(capture.is_full());
    capture.skip(at(2), JobId(1));
    assert!(!capture.is_full());
}

#[test]
fn nothing_is_inserted_inside_a_page_or_a_macro() {
    for job in [&b"\x1bLpage text\n\x1dV\0"[..], b"\x1d:macro text\n\x1dV\0"] {
        let mut capture = Capture::new(None);
        capture.bytes(at(0), job);
        let (forwarded, jobs) = drain(&mut capture);
        assert_eq!(forwarded, job);
        assert_eq!(capture.insert(at(1), jobs[0].0, BLOCK), Err(TooLate));
    }
}

#[test]
fn the_printers_state_is_as_it_was_behind_the_block() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"\x1ba\x02\x1bt\x10\x1d!\x11\x1bE\x01BIG\n\x1dV\0");
    drain(&mut capture);
    capture.insert(at(1), JobId(0), BLOCK).unwrap();
    let (rest, _) = drain(&mut capture);
    let behind = &rest[rest.windows(BLOCK.len()).position(|w| w == BLOCK).unwrap() + BLOCK.len()..];
    assert!(
        behind.ends_with(b"\x1ba\x02\x1bt\x10\x1d!\x11\x1bE\x01\x1dV\0"),
        "{behind:?}"
    );
}

#[test]
fn a_long_picture_flows_while_it_arrives() {
    let mut capture = Capture::new(None);
    let mut job = b"\x1dv0\0\x48\0\x00\x02".to_vec();
    job.extend(vec![0xAA; 0x48 * 512]);
    for (i, chunk) in job.chunks(1000).enumerate() {
        capture.bytes(at(u64::try_from(i).unwrap()), chunk);
        assert_eq!(drain(&mut capture).0, chunk);
    }
    capture.bytes(at(100), b"\n\x1dV\0");
    assert_eq!(drain(&mut capture).1[0].1.len(), job.len() + 4);
}

#[test]
fn what_left_as_one_unfinished_command_and_was_several_leaves_once() {
    // GS D with a function that is none: four bytes wait for a fifth, their time runs out.
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"TOTAL 1.00\n\x1dDE0");
    capture.wake(at(FEED_MS_MAX));
    assert_eq!(drain(&mut capture).0, b"TOTAL 1.00\n\x1dDE0");
    capture.bytes(at(FEED_MS_MAX + 1), b",00\nPAID ONLINE\n");
    assert_eq!(drain(&mut capture).0, b",00\nPAID ONLINE\n");
}

#[test]
fn half_a_command_at_the_end_stays_behind_the_feeds_before_it() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"TOTAL 1.00\n\n\x1dDE0");
    capture.end(at(1));
    capture.wake(at(1 + HELD_MS_MAX));
    assert_eq!(drain(&mut capture).0, b"TOTAL 1.00\n\n\x1dDE0");
}

#[test]
fn nothing_is_inserted_behind_half_a_command() {
    let mut capture = Capture::new(None);
    capture.bytes(at(0), b"TOTAL 1.00\n\x1b");
    capture.wake(at(IDLE_MS));
    let (forwarded, jobs) = drain(&mut capture);
    assert_eq!(forwarded, b"TOTAL 1.00\n\x1b");
    assert_eq!(capture.insert(at(IDLE_MS), jobs[0].0, BLOCK), Err(TooLate));
    capture.bytes(at(IDLE_MS + 1), b"E\x01PAID\n");
    assert_eq!(drain(&mut capture).0, b"E\x01PAID\n");
}

/// Bytes as a till might send them, and some that none would.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[A-Za-z .0-9]{1,12}".prop_map(String::into_bytes),
        4 => prop::sample::select(vec![
            &b"\n"[..], b"\r\n", b"\x1b@", b"\x1dDE0", b"\x1dD", b"\x1d(", b"\x1d8", b"\x1ba\x01", b"\x1bd\x02", b"\x1dV\0", b"\x1dVB\x03", b"\x1bi",
            b"\x1bp\0\x19\xfa", b"\x10\x04\x01", b"\x1bt\x10", b"\x1d!\x11", b"\x1bL", b"\x0c", b"\x1d:",
            b"\x1dv0\0\x01\0\x02\0\xaa\x55", b"\x1d(k\x05\0\x31\x50\x30hi",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|p| p.concat())
}

/// The bytes without what may overtake, and what may.
fn split(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut ordered, mut ahead) = (Vec::new(), Vec::new());
    for token in tokens(Dialect::EscPos, bytes) {
        if overtakes(&token.op) {
            ahead.extend(token.bytes);
        } else {
            ordered.extend(token.bytes);
        }
    }
    (ordered, ahead)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn forwarded_bytes_are_the_tills_own_in_their_order(
        bytes in stream(),
        chunk in 1_usize..30,
        gap in prop_oneof![4 => 0_u64..120, 1 => 120_u64..2_000],
        answers in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut capture = Capture::new(None);
        let (mut now, mut got, mut blocks) = (0, Vec::new(), 0);
        let mut jobs: Vec<u8> = Vec::new();
        for piece in bytes.chunks(chunk) {
            capture.bytes(at(now), piece);
            loop {
                let (forwarded, done) = drain(&mut capture);
                got.extend(forwarded);
                if done.is_empty() { break; }
                for (job, bytes) in done {
                    jobs.extend(bytes);
                    if answers[usize::try_from(job.0 % 8).unwrap()] && capture.insert(at(now), job, b"").is_ok() {
                        blocks += 1;
                    }
                }
            }
            now += gap;
        }
        capture.end(at(now));
        for round in 1..60 {
            capture.wake(at(now + 10_000 * round));
        }
        got.extend(drain(&mut capture).0);
        if blocks == 0 {
            let (expected, found) = (split(&bytes), split(&got));
            prop_assert_eq!(expected.1, found.1);
            prop_assert_eq!(expected.0, found.0);
        } else {
            prop_assert!(got.len() >= bytes.len());
        }
    }

    #[test]
    fn no_byte_is_held_longer_than_the_limit(bytes in stream(), chunk in 1_usize..30) {
        let mut capture = Capture::new(None);
        for piece in bytes.chunks(chunk) {
            capture.bytes(at(0), piece);
        }
        capture.wake(at(HELD_MS_MAX));
        let got = drain(&mut capture).0;
        prop_assert_eq!(got.len(), bytes.len());
    }
}
