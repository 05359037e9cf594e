//! What a browser sees that opens a printed link: a page without data, the same for everybody.
//!
//! The code is in the fragment, which no browser sends; nothing here could show a name or an
//! amount, and nothing changes on the server ("Link variant").

use super::reply::Body;
use bytes::Bytes;
use hyper::Response;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};

const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<title>Pay with your bank's app</title>\n\
<h1>This is a payment code</h1>\n\
<p>Scan it with your bank's own app. The app checks who asks and how much before you pay.</p>\n\
</html>\n";

/// The landing page.
pub(super) fn landing() -> Response<Body> {
    let mut response = Response::new(Body::whole(Bytes::from_static(PAGE.as_bytes())));
    let headers = response.headers_mut();
    let all = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "Accept, User-Agent"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
