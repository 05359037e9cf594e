//! Attacks over HTTP on a server of this machine: what a stranger without any key can try.

use super::Finding;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long one answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// The longest answer that is read, in bytes.
const ANSWER_LEN_MAX: u64 = 1 << 20;
/// A body of digits that would be a code by its form.
const DIGITS: &str = "0481036880025714500000000000000001200000000000000077";

/// A server on loopback.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    address: SocketAddr,
}

impl std::str::FromStr for Server {
    type Err = &'static str;

    /// `http://127.0.0.1:7100`: nothing that is not this machine is ever attacked.
    fn from_str(url: &str) -> Result<Self, &'static str> {
        let wrong = "expected http://127.0.0.1:PORT; only this machine is attacked";
        let place = url.strip_prefix("http://").ok_or(wrong)?;
        let place = place
            .trim_end_matches('/')
            .replace("localhost", "127.0.0.1");
        let address: SocketAddr = place.parse().map_err(|_no_address| wrong)?;
        let here = match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        if here {
            Ok(Self { address })
        } else {
            Err(wrong)
        }
    }
}

/// An answer: its status, and all of it. Status 0 is a connection that was closed without one.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    fn of(text: String) -> Self {
        let status = text.split(' ').nth(1);
        let status = status.and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or(0),
            text,
        }
    }

    fn says(&self, header: &str) -> bool {
        self.text.to_ascii_lowercase().contains(header)
    }

    /// The answer without its date, which may differ.
    pub(super) fn constant(&self) -> String {
        let lines = self.text.lines();
        lines
            .filter(|line| !line.to_ascii_lowercase().starts_with("date:"))
            .collect()
    }
}

impl Server {
    /// Where it listens.
    pub const fn address(self) -> SocketAddr {
        self.address
    }

    /// Whether it answers as a gateway does, with a page for links.
    pub fn is_gateway(self) -> Result<bool, std::io::Error> {
        TcpStream::connect_timeout(&self.address, WAIT_MAX)?;
        Ok(self.ask("GET /1", "", "").status == 200)
    }

    fn ask(self, head: &str, headers: &str, body: &str) -> Answer {
        let host = self.address;
        let len = body.len();
        let length = if headers.contains("Content-Length") {
            String::new()
        } else {
            format!("Content-Length: {len}\r\n")
        };
        let request = format!(
            "{head} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{length}{headers}\r\n{body}"
        );
        self.send(request.as_bytes())
    }

    /// Sends a request that asks for its connection to be closed.
    pub(super) fn send(self, request: &[u8]) -> Answer {
        Answer::of(self.exchange(request).unwrap_or_default())
    }

    fn exchange(self, request: &[u8]) -> Result<String, std::io::Error> {
        let mut socket = TcpStream::connect_timeout(&self.address, WAIT_MAX)?;
        socket.set_read_timeout(Some(WAIT_MAX))?;
        socket.set_write_timeout(Some(WAIT_MAX))?;
        // A server that refuses early closes while we still write; its answer may be there.
        let _refused_early = socket.write_all(request);
        let mut answer = Vec::new();
        let read = socket.take(ANSWER_LEN_MAX).read_to_end(&mut answer);
        if answer.is_empty() {
            read?;
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// One attack on something of this kind.
pub(super) struct Probe<T> {
    pub(super) id: &'static str,
    pub(super) tries: &'static str,
    pub(super) correct: &'static str,
    pub(super) run: fn(&T, &mut Finding),
}

const PROBES: &[Probe<Server>] = &[
    Probe {
        id: "A-05 A-23 strangers",
        tries: "posts codes, guesses and junk without a signature",
        correct: "401 to all of them, the same to the byte",
        run: |server, finding| {
            let first = server.ask("POST /1", "", DIGITS);
            for body in ["0", DIGITS, "", "<script>", "\0"] {
                for path in ["POST /1", "POST /1/river", "POST /v1/open", "POST /v1/pay"] {
                    let answer = server.ask(path, "", body);
                    judge(finding, answer.status == 401, || {
                        format!("{path}: {}", answer.status)
                    });
                    let same = answer.constant() == first.constant();
                    judge(finding, same, || {
                        format!("{path}: another answer than for a code")
                    });
                }
            }
        },
    },
    Probe {
        id: "A-08 algorithms",
        tries: "signs with alg=none, unknown, no algorithm, an empty signature, `crit` parameters",
        correct: "401",
        run: |server, finding| {
            let more = ["ed25519\";crit=\"exp", "ed25519\";x=?1;tag=\"a"];
            let algorithms = ["none", "hmac-sha256", "rsa-v1_5-sha256", "NONE", ""];
            for alg in algorithms.into_iter().chain(more) {
                for key in ["bank:river", "gateway:main", "x", ""] {
                    let headers = format!(
                        "Signature-Input: q=(\"@method\" \"@authority\" \"@path\");created=1;\
                         nonce=\"n\";keyid=\"{key}\";alg=\"{alg}\"\r\nSignature: q=::\r\n"
                    );
                    let answer = server.ask("POST /1", &headers, DIGITS);
                    let refused = matches!(answer.status, 400 | 401);
                    judge(finding, refused, || {
                        format!("alg {alg:?}: {}", answer.status)
                    });
                }
            }
        },
    },
    Probe {
        id: "A-10 bank header",
        tries: "names a bank in headers that no signature covers, with and without a path",
        correct: "401: a header alone is never identity",
        run: |server, finding| {
            for header in ["Quittance-Bank: river", "Bank: river", "X-Bank: river"] {
                for path in ["POST /1", "POST /1/lake"] {
                    let answer = server.ask(path, &format!("{header}\r\n"), DIGITS);
                    judge(finding, answer.status == 401, || {
                        format!("{header}: {}", answer.status)
                    });
                }
            }
        },
    },
    Probe {
        id: "link page",
        tries: "opens the link as browser, super-app, bot and preview, a hundred times",
        correct: "a static page: never stored, no script from elsewhere, no name, no amount",
        run: |server, finding| {
            let agents = [
                "Mozilla/5.0",
                "MicroMessenger",
                "AlipayClient",
                "UnionPay/1",
                "bot",
                "",
            ];
            for agent in agents.iter().cycle().take(100) {
                let answer = server.ask("GET /1", &format!("User-Agent: {agent}\r\n"), "");
                judge(finding, answer.status == 200, || {
                    format!("{agent}: {}", answer.status)
                });
                let safe = answer.says("cache-control: no-store")
                    && answer.says("content-security-policy: default-src 'none'")
                    && answer.says("referrer-policy: no-referrer");
                judge(finding, safe, || format!("{agent}: unsafe headers"));
                let alike = answer.text.len() < 16_384 && !answer.says("eur");
                judge(finding, alike, || format!("{agent}: says more than it may"));
            }
        },
    },
    Probe {
        id: "A-09 redirects",
        tries: "asks for other paths, traversals, queries, other hosts, proxying",
        correct: "never a redirect, never somebody else's page",
        run: |server, finding| {
            let heads = [
                "GET /1?to=http://evil.example",
                "GET //evil.example/1",
                "GET /1/../etc/passwd",
                "GET /%2e%2e/1",
                "GET /1/%0d%0aSet-Cookie:x",
                "GET http://evil.example/1",
                "CONNECT evil.example:443",
                "TRACE /1",
                "PUT /1",
                "DELETE /1",
                "OPTIONS *",
            ];
            for head in heads {
                let answer = server.ask(head, "", "");
                let stays = answer.status < 300 || answer.status >= 400;
                let own = stays && !answer.says("set-cookie") && !answer.says("\r\nlocation:");
                judge(finding, own, || format!("{head}: {}", answer.status));
            }
        },
    },
    Probe {
        id: "A-22 floods",
        tries: "announces a gigabyte, sends a megabyte of headers, and junk that is no HTTP",
        correct: "refused at once; the server goes on answering",
        run: |server, finding| {
            let huge = server.ask("POST /1", "Content-Length: 1000000000\r\n", "0");
            let refused = matches!(huge.status, 0 | 400..=499);
            judge(finding, refused, || format!("a gigabyte: {}", huge.status));
            let flood = format!("X-Flood: {}\r\n", "x".repeat(1 << 20));
            let flood = server.ask("GET /1", &flood, "");
            let refused = matches!(flood.status, 0 | 400..=499);
            judge(finding, refused, || {
                format!("a megabyte of headers: {}", flood.status)
            });
            let junk = server.exchange(&[0xFF; 4096]).unwrap_or_default();
            let refused = !junk.contains(" 200 ");
            judge(finding, refused, || "junk was answered with 200".to_owned());
            let after = server.ask("GET /1", "", "");
            judge(finding, after.status == 200, || {
                "it answers no more".to_owned()
            });
        },
    },
];

pub(super) fn judge(finding: &mut Finding, held: bool, what: impl FnOnce() -> String) {
    finding.tried += 1;
    if !held && finding.through.is_none() {
        finding.through = Some(what());
    }
}

/// Tries everything that a stranger can; each attack's finding as it is made.
pub fn attempt(server: Server) -> impl Iterator<Item = Finding> {
    PROBES.iter().map(move |probe| tried(probe, &server))
}

pub(super) fn tried<T>(probe: &Probe<T>, on: &T) -> Finding {
    let mut finding = Finding {
        id: probe.id,
        tries: probe.tries,
        correct: probe.correct,
        tried: 0,
        through: None,
    };
    (probe.run)(on, &mut finding);
    finding
}

/// A server that says yes to everything, and more than it should.
#[cfg(test)]
pub(super) fn defenceless() -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (nth, socket) in listener.incoming().enumerate() {
            let Ok(mut socket) = socket else { return };
            let mut head = [0; 1024];
            let read = socket.read(&mut head);
            let answer =
                format!("HTTP/1.1 200 OK\r\nSet-Cookie: a={nth}\r\n\r\nBEAN & LEAF wants 8.40 EUR");
            let _closed = read.and_then(|_| socket.write_all(answer.as_bytes()));
        }
    });
    Server { address }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_attacked() {
        for url in [
            "http://127.0.0.1:7100",
            "http://[::1]:80/",
            "http://localhost:1",
        ] {
            assert!(url.parse::<Server>().is_ok(), "{url}");
        }
        for url in [
            "http://10.0.0.1:80",
            "https://127.0.0.1:1",
            "http://example.com:80",
            "",
        ] {
            assert!(url.parse::<Server>().is_err(), "{url}");
        }
    }

    #[test]
    fn every_attack_succeeds_on_a_server_without_defences() {
        for finding in attempt(defenceless()) {
            assert!(finding.through.is_some(), "{}", finding.id);
        }
    }
}
