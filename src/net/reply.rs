//! The bodies of answers: whole, or line by line.

use super::mail::Listener;
use super::wire;
use crate::message::Message;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// An answer's body.
pub(super) enum Body {
    /// Everything at once.
    Whole(Option<Bytes>),
    /// A line now, and more when they come.
    Lines(Box<Lines>),
}

pub(super) struct Lines {
    first: Option<Bytes>,
    rest: Option<Listener>,
    sign: Sign,
    wait: Pin<Box<Sleep>>,
}

/// Signs a message that leaves.
pub(super) type Sign = Box<dyn Fn(&mut Message) + Send + Sync>;

impl Body {
    pub(super) const fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes))
    }

    /// `first`, then what `rest` hears within `wait`, until something is final.
    pub(super) fn lines(first: Bytes, rest: Listener, sign: Sign, wait: Duration) -> Self {
        Self::Lines(Box::new(Lines {
            first: Some(first),
            rest: Some(rest),
            sign,
            wait: Box::pin(tokio::time::sleep(wait)),
        }))
    }

    /// The bytes of a whole body that holds some.
    pub(super) fn as_whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(Some(bytes)) if !bytes.is_empty() => Some(bytes),
            Self::Whole(_) | Self::Lines(_) => None,
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().filter(|bytes| !bytes.is_empty())),
            Self::Lines(lines) => lines.poll(cx),
        };
        next.map(|bytes| bytes.map(Frame::data).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Lines(lines) => lines.first.is_none() && lines.rest.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let len = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(len).unwrap_or(u64::MAX))
            }
            Self::Lines(_) => SizeHint::default(),
        }
    }
}

impl Lines {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let next = match rest.poll(cx) {
            Poll::Ready(next) => next,
            Poll::Pending if self.wait.as_mut().poll(cx).is_ready() => None,
            Poll::Pending => return Poll::Pending,
        };
        if !next.as_ref().is_some_and(wire::is_provisional) {
            self.rest = None;
        }
        Poll::Ready(next.map(|mut message| {
            (self.sign)(&mut message);
            wire::body(&message)
        }))
    }
}
