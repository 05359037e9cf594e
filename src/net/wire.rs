//! Messages as JSON, one per line, and the link's own form of `open`.

use crate::code::link;
use crate::code::sealed::Blob;
use crate::id::Name;
use crate::message::{Message, Open};
use crate::order::PaymentState;
use bytes::{BufMut as _, Bytes, BytesMut};
use std::sync::Arc;

/// Appends a message and a line feed. JSON as written here has no line feed of its own.
pub(super) fn write_line(message: &Message, out: &mut BytesMut) {
    serde_json::to_writer(out.writer(), message).expect("memory takes any of our own types");
    out.put_u8(b'\n');
}

/// A message as a body.
pub(super) fn body(message: &Message) -> Bytes {
    let mut out = BytesMut::with_capacity(1024);
    write_line(message, &mut out);
    out.freeze()
}

/// In a batch's answer: nothing to say to this message, or not now.
pub(super) const NOTHING: &[u8] = b"null\n";

/// The messages in the lines of a body; lines of [`NOTHING`] and empty ones are left out.
pub(super) fn messages(body: &[u8]) -> Result<Vec<Message>, serde_json::Error> {
    let lines = body.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    let some = lines.map(serde_json::from_slice::<Option<Message>>);
    some.filter_map(Result::transpose).collect()
}

/// Whether a message says that another one about the same order will come.
pub(super) fn is_provisional(message: &Message) -> bool {
    matches!(message, Message::Payment(payment) if payment.state == PaymentState::Processing)
}

/// An `open` as a link takes it: path and body, which is the code alone, in the fragment's digits.
pub(super) fn link_of(open: &Open) -> (String, Bytes) {
    let path = match &open.path_bank {
        Some(bank) => format!("/1/{bank}"),
        None => "/1".to_owned(),
    };
    (path, link::digits(&open.code).into())
}

/// The `open` that was posted to a link. What is no code at all is an empty one, so that it is
/// refused as every other code that is wrong.
pub(super) fn open_of(path_bank: Option<Name>, body: &[u8]) -> Message {
    let digits = String::from_utf8_lossy(body);
    let link = format!("https://link/1#{}", digits.trim_ascii_end());
    let code = link::parse(&link, |_| true).map_or_else(|_| Blob::from(&[][..]), |link| link.blob);
    Message::Open(Arc::new(Open { code, path_bank }))
}

/// The one `open` of a body. Any other body has no code, as [`open_of`] takes it.
pub(super) fn open_in(body: &[u8]) -> Message {
    match messages(body).as_deref() {
        Ok([open @ Message::Open(_)]) => open.clone(),
        _none_or_several => open_of(None, b""),
    }
}
