//! What a browser sees that opens a printed link: a choice of banks, and nothing else.
//!
//! The code is in the fragment, which no browser sends, so nothing here could show a shop or an
//! amount, and nothing changes on the server ("Link variant"). Banks are those whose apps this
//! gateway knows by their keys. Choosing one leads to `/1/<bank>`, the link that the bank's app
//! has claimed from the phone's system; without the app it is a page that says what to do.
//!
//! Why a script at all: a link that is followed loses the fragment, so ten lines hand it on.
//! Without them everything works up to the bank's app, which then scans the paper itself.

use super::reply::Body;
use crate::id::Name;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue,
    REFERRER_POLICY, USER_AGENT, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many banks are listed at most.
const BANKS_MAX: usize = 200;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/hand-over.js");
/// Apps that open links in a browser of their own: a word of their User-Agent, and their name as a
/// bank.
const SUPER_APPS: [(&str, &str); 3] = [
    ("MicroMessenger", "wechat"),
    ("AlipayClient", "alipay"),
    ("UnionPay/", "unionpay"),
];
/// Words in the User-Agent of what is nobody's browser.
const ROBOTS: [&str; 8] = [
    "bot",
    "crawl",
    "spider",
    "preview",
    "facebookexternalhit",
    "whatsapp",
    "slack",
    "curl",
];

/// Who looks, as far as presentation goes. It is never identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guest {
    /// A person's browser.
    Browser,
    /// The browser inside the app of this name.
    SuperApp(&'static str),
    /// A robot, a link preview, a HEAD request: no choice is offered.
    Robot,
}

impl Guest {
    /// What a request's head says about who looks.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let says = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let agent = says(USER_AGENT).unwrap_or_default();
        if let Some((_, name)) = SUPER_APPS.iter().find(|(word, _)| agent.contains(word)) {
            return Self::SuperApp(name);
        }
        let lower = agent.to_ascii_lowercase();
        let takes_pages =
            says(ACCEPT).is_none_or(|kinds| ["html", "*/*"].iter().any(|k| kinds.contains(k)));
        let robot = agent.is_empty() || ROBOTS.iter().any(|word| lower.contains(word));
        if robot || !takes_pages || *method == Method::HEAD {
            Self::Robot
        } else {
            Self::Browser
        }
    }
}

/// The landing page of a gateway.
#[derive(Debug)]
pub(super) struct Landing {
    banks: BTreeSet<Name>,
    policy: HeaderValue,
}

impl Landing {
    /// A page that offers these banks.
    pub(super) fn new(banks: impl IntoIterator<Item = Name>) -> Self {
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        Self {
            banks: banks.into_iter().take(BANKS_MAX).collect(),
            policy: policy
                .try_into()
                .expect("base64 and words are a header's text"),
        }
    }

    /// The page for `/1`, or for `/1/<bank>`. A bank that is not offered is not named.
    pub(super) fn answer(&self, chosen: Option<Name>, guest: Guest) -> Response<Body> {
        let chosen = chosen.filter(|bank| self.banks.contains(bank) && guest != Guest::Robot);
        let text = page(&match chosen {
            Some(bank) => next_steps(&title(bank)),
            None => self.choice(guest),
        });
        let mut response = Response::new(Body::whole(Bytes::from(text)));
        let headers = response.headers_mut();
        let all = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (VARY, "Accept, User-Agent"),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        for (name, value) in all {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        response
    }

    fn choice(&self, guest: Guest) -> String {
        let mut text = "<h1>Pay with your bank\u{2019}s app</h1>\n\
            <p class=\"lead\">Your bank\u{2019}s app checks who asks and how much, and shows you \
            both before anything is paid.</p>\n"
            .to_owned();
        if guest == Guest::Robot || self.banks.is_empty() {
            text += "<p class=\"lead\">Open it, and scan the code on your receipt.</p>\n";
            return text;
        }
        let first = |bank: &Name| matches!(guest, Guest::SuperApp(app) if app == bank.as_str());
        // People look a name up by its letters; a set of names is sorted by length first.
        let mut banks: Vec<Name> = self.banks.iter().copied().collect();
        banks.sort_by_key(|bank| (!first(bank), title(*bank)));
        text += "<h2>Choose your bank</h2>\n<ul class=\"banks\">\n";
        for bank in banks {
            let title = title(bank);
            let letter = title.chars().next().unwrap_or_default();
            writeln!(
                text,
                "<li><a class=\"bank\" href=\"/1/{bank}\"><span class=\"letter\" \
                 aria-hidden=\"true\">{letter}</span><span class=\"name\">{title}</span>{ARROW}\
                 </a></li>"
            )
            .expect("a string takes any text");
        }
        text + "</ul>\n"
    }
}

const ARROW: &str = "<svg class=\"arrow\" viewBox=\"0 0 10 16\" aria-hidden=\"true\">\
<path d=\"M2 2l6 6-6 6\"/></svg>";
const MARK: &str = "<svg class=\"mark\" viewBox=\"0 0 52 64\" aria-hidden=\"true\">\
<path class=\"paper\" d=\"M1 1h50v58l-5 4-5-4-5 4-5-4-5 4-5-4-5 4-5-4-5 4-5-4z\"/>\
<path class=\"print\" d=\"M10 10h32v3H10zM10 17h20v3H10z\"/>\
<path class=\"code\" fill-rule=\"evenodd\" d=\"M10 27h11v11H10zM13 30v5h5v-5zM31 27h11v11H31zM34 30\
v5h5v-5zM10 42h11v11H10zM13 45v5h5v-5zM24 27h4v4h-4zM24 34h4v4h-4zM31 42h4v4h-4zM38 42h4v4h-4z\
M24 42h4v4h-4zM34 46h4v4h-4zM28 49h4v4h-4zM38 49h4v4h-4z\"/></svg>\n";

/// What to do when the bank's app did not open by itself.
fn next_steps(bank: &str) -> String {
    format!(
        "<h1>Continue in the app of {bank}</h1>\n\
         <p class=\"lead\">If it did not open by itself:</p>\n<ol class=\"steps\">\n\
         <li><span class=\"name\">Open the app of {bank}</span></li>\n\
         <li><span class=\"name\">Choose to pay by scanning</span></li>\n\
         <li><span class=\"name\">Scan the code on your receipt</span></li>\n</ol>\n\
         <p><a class=\"back\" href=\"/1\">Choose another bank</a></p>\n"
    )
}

fn page(body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <title>Pay with your bank\u{2019}s app</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         {MARK}<main>\n{body}</main>\n<footer>This page knows neither the shop nor the amount, \
         and keeps nothing. Never type a password or card number to pay a receipt.</footer>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// A bank's name as people write it: `north-lake` is North Lake.
fn title(bank: Name) -> String {
    let words = bank.as_str().split('-').filter(|word| !word.is_empty());
    let upper = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    words.map(upper).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing() -> Landing {
        Landing::new(["river", "north-lake", "wechat"].map(|bank| bank.parse().unwrap()))
    }

    fn shown(chosen: Option<&str>, guest: Guest) -> String {
        let chosen = chosen.map(|bank| bank.parse().unwrap());
        let answer = landing().answer(chosen, guest);
        String::from_utf8(answer.body().as_whole().unwrap().to_vec()).unwrap()
    }

    fn guest(method: &Method, agent: Option<&'static str>, accept: &'static str) -> Guest {
        let mut headers = HeaderMap::new();
        if let Some(agent) = agent {
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        }
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Guest::of(method, &headers)
    }

    #[test]
    fn a_person_chooses_a_bank_and_its_page_says_what_to_do() {
        let page = shown(None, Guest::Browser);
        assert!(page.contains("href=\"/1/north-lake\"") && page.contains(">North Lake<"));
        let page = shown(Some("river"), Guest::Browser);
        assert!(page.contains("app of River") && !page.contains("North Lake"));
    }

    #[test]
    fn a_bank_that_is_not_offered_is_never_named() {
        assert_eq!(
            shown(Some("evil"), Guest::Browser),
            shown(None, Guest::Browser)
        );
    }

    #[test]
    fn robots_previews_and_heads_are_offered_nothing() {
        let page = shown(None, Guest::Robot);
        assert!(!page.contains("River") && !page.contains("/1/"));
        assert_eq!(shown(Some("river"), Guest::Robot), page);
        let get = Method::GET;
        assert_eq!(
            guest(&get, Some("Mozilla/5.0 Mobile"), "text/html"),
            Guest::Browser
        );
        assert_eq!(guest(&get, Some("Mozilla/5.0"), "image/png"), Guest::Robot);
        assert_eq!(guest(&get, Some("Googlebot/2.1"), "*/*"), Guest::Robot);
        assert_eq!(guest(&get, Some("WhatsApp/2.23"), "*/*"), Guest::Robot);
        assert_eq!(guest(&get, None, "*/*"), Guest::Robot);
        assert_eq!(
            guest(&Method::HEAD, Some("Mozilla/5.0"), "text/html"),
            Guest::Robot
        );
    }

    #[test]
    fn a_super_app_finds_its_own_button_first() {
        let agent = "Mozilla/5.0 MicroMessenger/8.0";
        let app = guest(&Method::GET, Some(agent), "text/html");
        assert_eq!(app, Guest::SuperApp("wechat"));
        let first = |guest| {
            let page = shown(None, guest);
            let at = page.find("href=\"/1/").unwrap();
            page.chars()
                .skip(page.get(..at).unwrap().chars().count() + 9)
                .take(6)
                .collect::<String>()
        };
        assert_eq!(first(app), "wechat");
        assert_eq!(first(Guest::Browser), "north-");
    }

    #[test]
    fn the_policy_allows_this_style_and_script_and_nothing_else() {
        let answer = landing().answer(None, Guest::Browser);
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        for text in [STYLE, SCRIPT] {
            let hash = STANDARD.encode(Sha256::digest(text));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
        }
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
        let page = shown(None, Guest::Browser);
        assert!(!page.contains("style=") && !page.contains("http"));
        assert_eq!(page.matches("<script>").count(), 1);
    }
}
