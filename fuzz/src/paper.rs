//! Laws of print streams.

use quittance::net::lpd::{COPIES_MAX, Client};
use quittance::receipt::charset::{self, Charset};
use quittance::receipt::tail::{Capture, Out};
use quittance::receipt::tokens::{self, Dialect, Op, RealTime, Stream};
use quittance::receipt::{self, Hints, Profile};
use quittance::roles::terminal::{Desk, DeskOut};
use quittance::time::{Span, Time};
use tokio::runtime::Builder;

const DIALECTS: [Dialect; 3] = [Dialect::EscPos, Dialect::Star, Dialect::Plain];

/// Tokens rejoin to the input, whole or in pieces, and the dialect found is one of them.
pub(crate) fn tokens(data: &[u8]) {
    tokens::detect(data);
    for dialect in DIALECTS {
        let whole: Vec<u8> = tokens::tokens(dialect, data)
            .flat_map(|token| token.bytes.to_vec())
            .collect();
        assert!(whole == data, "{dialect:?}: the tokens are not the input");
        let (mut stream, mut pieces) = (Stream::new(dialect), Vec::new());
        for piece in data.chunks(7) {
            stream.feed(piece, &mut |token| pieces.extend_from_slice(token.bytes));
        }
        stream.finish(&mut |token| pieces.extend_from_slice(token.bytes));
        assert!(pieces == data, "{dialect:?}: the pieces are not the input");
    }
}

/// Any bytes lay out, in each dialect.
pub(crate) fn layout(data: &[u8]) {
    for dialect in DIALECTS {
        receipt::layout::layout(data, dialect, None);
    }
}

/// What is payable is more than nothing, and the same again.
pub(crate) fn receipt(data: &[u8]) {
    let hints = Hints::default();
    let Ok(papers) = receipt::read(data, None, &hints) else {
        return;
    };
    let again = receipt::read(data, None, &hints).expect("it was read before");
    assert_eq!(papers.len(), again.len());
    for (paper, again) in papers.iter().zip(&again) {
        assert_eq!(paper.text(), again.text());
        if let Ok(payable) = &paper.verdict {
            assert!(payable.amount.is_positive());
            let same = again.verdict.as_ref().map(|payable| payable.amount);
            assert_eq!(Ok(payable.amount), same.map_err(drop));
        }
    }
}

/// Any bytes decode in any charset, and what was decoded encodes.
pub(crate) fn charset(data: &[u8]) {
    use Charset::{Big5, EucKr, Gb18030, Jis, Page, ShiftJis, Unknown, Utf8};
    let Some((&choice, bytes)) = data.split_first() else {
        return;
    };
    let many = [Utf8, ShiftJis, Jis, Gb18030, Big5, EucKr, Unknown];
    let page = Page(u16::from(choice) * 5);
    let charset = many.get(usize::from(choice)).copied().unwrap_or(page);
    let mut text = String::new();
    charset.decode(bytes, choice % 18, &mut text);
    charset.encode(&text);
    charset::repair(bytes);
}

/// The paper always comes out: every byte that came in, in order, and nothing else, except that
/// drawer pulses and real-time commands may overtake what is held.
pub(crate) fn splitter(data: &[u8]) {
    let (mut capture, mut now) = (Capture::new(None), Time::from_seconds(1));
    let mut out = Vec::new();
    let mut take = |capture: &mut Capture| {
        while let Some(event) = capture.poll() {
            if let Out::Forward(bytes) = event {
                out.extend_from_slice(&bytes);
            }
        }
    };
    let size = data.first().map_or(1, |first| usize::from(*first) + 1);
    for piece in data.chunks(size) {
        capture.bytes(now, piece);
        now = now.after(Span::millis(u64::from(piece[0])));
        take(&mut capture);
    }
    capture.end(now);
    capture.wake(now.after(Span::minutes(5)));
    take(&mut capture);
    assert!(
        sorted(&out) == sorted(data),
        "{} bytes in, {} out",
        data.len(),
        out.len()
    );
}

/// What may overtake, and the rest, each in its order.
fn sorted(bytes: &[u8]) -> [Vec<u8>; 2] {
    let [mut ahead, mut rest] = [Vec::new(), Vec::new()];
    for token in tokens::tokens(Dialect::EscPos, bytes) {
        let waits = matches!(token.op, Op::RealTime(RealTime::Clear | RealTime::Other));
        let overtakes = matches!(token.op, Op::Drawer(_) | Op::RealTime(_)) && !waits;
        let side = if overtakes { &mut ahead } else { &mut rest };
        side.extend_from_slice(token.bytes);
    }
    [ahead, rest]
}

/// A desk with a virtual printer bears any bytes from the till, one with a real printer any answer.
pub(crate) fn desk(data: &[u8]) {
    let profile = || Profile::named("epson-80mm").expect("a built-in profile");
    let now = Time::from_seconds(1);
    let mut paper = Desk::with_paper(profile());
    let mut real = Desk::before(&profile());
    for piece in data.chunks(11) {
        paper.till(now, piece);
        real.printer_says(piece);
        while paper.poll().is_some() {}
        while let Some(out) = real.poll() {
            if let DeskOut::Till(bytes) = out {
                assert!(bytes.len() <= data.len() + 64);
            }
        }
    }
    paper.till_closed(now);
    while paper.poll().is_some() {}
}

/// Whatever an LPD client says, its jobs are no more than it said and within their limits.
pub(crate) fn lpd(data: &[u8]) {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    let mut client = Client::new(tokio::io::join(data, tokio::io::sink()));
    let taken = runtime.block_on(async {
        let mut taken = 0;
        if matches!(client.has_jobs().await, Ok(true)) {
            while let Ok(Some(job)) = client.job().await {
                assert!((1..=COPIES_MAX).contains(&job.copies));
                taken += job.data.len();
            }
        }
        taken
    });
    assert!(taken <= data.len(), "more was taken than came");
}
