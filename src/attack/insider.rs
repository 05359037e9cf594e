//! Attacks over HTTP on a running gateway by somebody inside: with a bank's app, whose requests
//! are signed, and with the keys of a shop's chip.
//!
//! Why beside [`Real`](super::Real): the roles are the same there, but here codes and requests go
//! through the server's own parser, signatures, replay memory and delays.

use super::Finding;
use super::Kit;
use super::remote::{Answer, Probe, Server, judge, tried};
use crate::code::link::digits;
use crate::code::sealed::{Blob, HEADER_LEN};
use crate::id::{Name, Party};
use crate::message::CodeHash;
use crate::money::{Currency, Money};
use crate::net::Auth;
use crate::net::signature::{Target, sign_request};
use crate::text::Text;
use crate::time::{Span, Time};
use hyper::HeaderMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// How many requests are under way at once: each refusal takes its fixed time.
const AT_ONCE: usize = 32;
/// Counters from here on are no chip's: a real one would have to print for years.
const COUNTER_MIN: u32 = 1 << 31;

/// Somebody inside, and the gateway that they attack.
pub struct Insider {
    server: Server,
    kit: Kit,
    app: (Party, Auth),
    /// A bank whose app it is not.
    other_bank: Name,
    counter: AtomicU32,
    requests: AtomicU32,
}

impl Insider {
    /// A wallet with its bank's app key, and another bank of the network. The kit's first till is
    /// the shop whose chip is copied.
    pub fn new(server: Server, kit: Kit, app: (Party, Auth), other_bank: Name) -> Self {
        // Each run has counters of its own: what an earlier one left is not a fork of this one's.
        let run = kit.now.seconds() % (1 << 21);
        Self {
            server,
            kit,
            app,
            other_bank,
            counter: AtomicU32::new(COUNTER_MIN + run * 512),
            requests: AtomicU32::new(0),
        }
    }

    /// Tries everything; each attack's finding as it is made.
    pub fn attempt(&self) -> impl Iterator<Item = Finding> {
        PROBES.iter().map(|probe| tried(probe, self))
    }

    /// A genuine code that nobody has seen, as a link.
    pub fn fresh_link(&self) -> String {
        self.kit.link(&self.kit.genuine(self.next_counter()))
    }

    fn next_counter(&self) -> u32 {
        self.counter.fetch_add(1, Relaxed)
    }

    /// A request for a code's order, signed at an instant for a path.
    fn signed(&self, code: &Blob, path: &str, created: Time) -> Request {
        let body = digits(code);
        let authority = self.server.address().to_string();
        let nonce = self.requests.fetch_add(1, Relaxed);
        let nonce = format!("attack-{}-{nonce}", self.kit.now);
        let mut headers = HeaderMap::new();
        let (target, app) = (
            Target {
                method: "POST",
                authority: &authority,
                path,
            },
            (&self.app.0, &self.app.1),
        );
        let fresh = (created, nonce.as_str());
        sign_request(app, target, &mut headers, body.as_bytes(), fresh);
        Request {
            path: path.to_owned(),
            authority,
            headers,
            body,
        }
    }

    fn open(&self, code: &Blob) -> Opened {
        let answer = self.send(&self.signed(code, "/1", self.kit.now));
        Opened::of(&answer, code)
    }

    fn send(&self, request: &Request) -> Answer {
        self.server.send(&request.bytes())
    }

    /// The answers to many codes, in their order.
    fn open_all(&self, codes: &[Blob]) -> Vec<Opened> {
        let mut out = Vec::with_capacity(codes.len());
        for some in codes.chunks(AT_ONCE) {
            let opened = std::thread::scope(|scope| {
                let asked = some.iter().map(|code| scope.spawn(|| self.open(code)));
                let asked: Vec<_> = asked.collect();
                let answers = asked.into_iter().map(|one| one.join().unwrap_or_default());
                answers.collect::<Vec<_>>()
            });
            out.extend(opened);
        }
        out
    }

    /// Each of these must be refused in the one constant way.
    fn refused(&self, finding: &mut Finding, cases: &[(String, Blob)]) {
        let junk = self.open(&self.kit.junk());
        let codes: Vec<Blob> = cases.iter().map(|(_, code)| code.clone()).collect();
        for ((what, _), opened) in cases.iter().zip(self.open_all(&codes)) {
            judge(finding, opened.refused, || format!("{what}: an order"));
            judge(finding, opened.text == junk.text, || {
                format!("{what}: the refusal says more than another")
            });
        }
    }
}

/// What came of asking for a code's order: the answer with what the asker said left out.
#[derive(Default)]
struct Opened {
    refused: bool,
    text: String,
}

impl Opened {
    fn of(answer: &Answer, code: &Blob) -> Self {
        let hash = serde_json::to_string(&CodeHash::of(code)).unwrap_or_default();
        Self {
            refused: answer.status == 200 && answer.text.contains("\"refused\""),
            text: answer.constant().replace(&hash, "its own"),
        }
    }
}

#[derive(Clone)]
struct Request {
    path: String,
    authority: String,
    headers: HeaderMap,
    body: String,
}

impl Request {
    fn bytes(&self) -> Vec<u8> {
        let (path, authority, len) = (&self.path, &self.authority, self.body.len());
        let mut out = format!(
            "POST {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\
             content-length: {len}\r\n"
        )
        .into_bytes();
        for (name, value) in &self.headers {
            let parts = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
            out.extend_from_slice(&parts.concat());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body.as_bytes());
        out
    }
}

const PROBES: &[Probe<Insider>] = &[
    Probe {
        id: "A-01 bit-flip, signed",
        tries: "asks for a genuine code with one bit of each byte flipped, through a bank's app",
        correct: "one constant refusal for all of them",
        run: |insider, finding| {
            let code = insider.kit.genuine(insider.next_counter());
            let flip = |at: usize| {
                let mut bytes = code.bytes().to_vec();
                bytes[at] ^= 1 << (at % 8);
                (format!("byte {at}"), Blob::from(bytes))
            };
            let cases: Vec<_> = (0..code.bytes().len()).map(flip).collect();
            insider.refused(finding, &cases);
        },
    },
    Probe {
        id: "A-03 replayed request",
        tries: "sends a signed request twice, late, with another body, to another path, unsigned \
                in part",
        correct: "401: a request counts once, soon, as it was signed",
        run: replayed,
    },
    Probe {
        id: "A-03 replay, clock",
        tries: "shows yesterday's code, codes 90 seconds and an hour ahead, and one 45 seconds ahead",
        correct: "the last is an order, the others are refused alike",
        run: |insider, finding| {
            let (kit, now) = (&insider.kit, insider.kit.now);
            let print = |at| kit.print(&kit.shop, at, insider.next_counter(), 840);
            let cases = [
                ("yesterday's", print(now.before(Span::hours(25)))),
                ("an hour ahead", print(now.after(Span::hours(1)))),
                ("90 seconds ahead", print(now.after(Span::seconds(90)))),
            ];
            insider.refused(finding, &cases.map(|(what, code)| (what.to_owned(), code)));
            let near = insider.open(&print(now.after(Span::seconds(45))));
            judge(finding, !near.refused, || "45 s ahead was refused".into());
        },
    },
    Probe {
        id: "A-10 bank header, signed",
        tries: "names another bank in the link's path and in a header than the app's own",
        correct: "a conflict is refused, an altered header 401",
        run: |insider, finding| {
            let code = insider.kit.genuine(insider.next_counter());
            let path = format!("/1/{}", insider.other_bank);
            let answer = insider.send(&insider.signed(&code, &path, insider.kit.now));
            let opened = Opened::of(&answer, &code);
            judge(finding, opened.refused, || format!("{path}: an order"));
            let mut request = insider.signed(&code, "/1", insider.kit.now);
            let other = insider.other_bank.as_str().parse();
            if let Ok(other) = other {
                request.headers.insert("quittance-bank", other);
            }
            let answer = insider.send(&request);
            judge(finding, answer.status == 401, || {
                format!("an altered header: {}", answer.status)
            });
        },
    },
    Probe {
        id: "A-11 stolen keys, cloned chip, signed",
        tries: "forges signature, seal, reference, epoch and terminal; uses one counter for two \
                amounts",
        correct: "one constant refusal for all of them; the first order of a counter stands",
        run: cloned,
    },
    Probe {
        id: "A-24 amounts, sealed",
        tries: "seals amounts of zero, below it, beyond 2^63 and in no currency, every key right",
        correct: "one constant refusal for all of them",
        run: |insider, finding| {
            let digest = "0450".to_owned() + &"09".repeat(16);
            let counter = insider.next_counter();
            let order = |amount: &str, currency: &str| {
                let hexadecimal =
                    format!("a5001a{counter:08x}01{amount}02{currency}036141{digest}");
                let plain = super::forge::bytes(&hexadecimal);
                insider
                    .kit
                    .sealed_with(insider.kit.reference(counter), &plain)
            };
            let cases = [
                ("zero", order("00", "1903d2")),
                ("below zero", order("20", "1903d2")),
                ("2^63", order("1b8000000000000000", "1903d2")),
                ("a float", order("f94700", "1903d2")),
                ("no currency", order("190348", "1903e6")),
            ];
            insider.refused(finding, &cases.map(|(what, code)| (what.to_owned(), code)));
        },
    },
];

fn replayed(insider: &Insider, finding: &mut Finding) {
    let (kit, now) = (&insider.kit, insider.kit.now);
    let code = kit.genuine(insider.next_counter());
    let request = insider.signed(&code, "/1", now);
    let first = insider.send(&request);
    judge(finding, first.status == 200, || {
        format!("the genuine request: {}", first.status)
    });
    let mut another_body = insider.signed(&code, "/1", now);
    another_body.body = digits(&kit.genuine(insider.next_counter()));
    let mut another_path = insider.signed(&code, "/1", now);
    another_path.path = format!("/1/{}", insider.other_bank);
    let mut uncovered = insider.signed(&code, "/1", now);
    uncovered.headers.remove("content-digest");
    let mut nameless = insider.signed(&code, "/1", now);
    nameless.headers.remove("quittance-party");
    let cases = [
        ("the same again", request),
        (
            "an hour old",
            insider.signed(&code, "/1", now.before(Span::hours(1))),
        ),
        (
            "an hour early",
            insider.signed(&code, "/1", now.after(Span::hours(1))),
        ),
        ("another body", another_body),
        ("another path", another_path),
        ("no digest", uncovered),
        ("no wallet", nameless),
    ];
    for (what, request) in cases {
        let status = insider.send(&request).status;
        judge(finding, status == 401, || format!("{what}: {status}"));
    }
}

fn cloned(insider: &Insider, finding: &mut Finding) {
    let kit = &insider.kit;
    let counter = insider.next_counter();
    let again = |change: fn(&mut Vec<u8>)| kit.signed_again(insider.next_counter(), change);
    let mut unsigned = kit.genuine(insider.next_counter()).bytes().to_vec();
    if let Some(last) = unsigned.last_mut() {
        *last ^= 1;
    }
    let first = insider.open(&kit.sell(counter, 840));
    judge(finding, !first.refused, || {
        "a genuine code was refused".into()
    });
    let cases = [
        ("a forged signature", Blob::from(unsigned)),
        ("an altered seal", again(|code| code[HEADER_LEN] ^= 1)),
        ("a guessed reference", again(|code| code[12] ^= 0x55)),
        ("another epoch", again(|code| code[5] ^= 3)),
        ("another terminal", again(|code| code[11] ^= 3)),
        ("the counter of another amount", kit.sell(counter, 50)),
    ];
    insider.refused(finding, &cases.map(|(what, code)| (what.to_owned(), code)));
    let amount = Money::new(840, Currency::EUR);
    let reference = Text::clean(&format!("A-{counter}"));
    let same = kit.shop.seal(kit.now, counter, amount, &reference);
    let stands = same.is_ok_and(|code| !insider.open(&code).refused);
    judge(finding, stands, || {
        "a fork took the first order away".into()
    });
}

#[cfg(test)]
mod tests {
    use super::super::Real;
    use super::super::remote::defenceless;
    use super::*;
    use crate::net::AppKey;
    use crate::sign::{SigningKey, Suite};
    use std::sync::Arc;

    #[test]
    fn every_attack_succeeds_on_a_gateway_without_defences() {
        let (_real, kit) = Real::new(Time::from_seconds(1_790_000_000)).unwrap();
        let app = AppKey {
            id: "river-app".to_owned(),
            bank: "river".parse().unwrap(),
            key: SigningKey::from_seed(Suite::Ed25519, &[5; 32]).unwrap(),
        };
        let app = ("wallet:ann".parse().unwrap(), Auth::App(Arc::new(app)));
        let insider = Insider::new(defenceless(), kit, app, "lake".parse().unwrap());
        for finding in insider.attempt() {
            assert!(finding.through.is_some(), "{}", finding.id);
        }
    }
}
