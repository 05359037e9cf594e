//! The server's side: a board that follows the journal when somebody asks.

use super::{Accounts, Events, Head, Order, Orders, PAGE_BYTES_MAX, PAGE_MAX, Question};
use crate::board::{Board, FIELDS};
use crate::id::{OrderId, Uid};
use crate::journal::Entry;
use crate::net::line::LINES;
use crate::net::node::Shared;
use crate::net::queue::Full;
use crate::net::reply::Body;
use crate::net::server::{malformed, status, with_body};
use crate::query::Filter;
use crate::roles::Role;
use crate::store::Backend;
use hyper::{Response, StatusCode};
use indexmap::IndexMap;
use siphasher::sip::SipHasher13;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore, oneshot};

/// How many operators' questions are answered at once; the next hears `503`.
const SEATS_MAX: usize = 32;
/// How many entries are read between two commits.
const READ_MAX: usize = 256;
/// How long the writer has for itself between two reads of one question.
const READ_PAUSE: Duration = Duration::from_millis(2);
/// How long one question may keep following the journal before it answers with what it has.
const FOLLOW_MAX: Duration = Duration::from_secs(2);
/// How long news are gathered before they are told.
const GATHER: Duration = Duration::from_millis(30);
/// How often the journal is looked at for what another process wrote.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How many entries about one order or receipt are found again.
const PLACES_MAX: usize = 256;
/// How many orders and receipts are told apart; the oldest give way.
const ABOUT_MAX: usize = 2_000_000;

/// What operators look at. Empty until somebody asks.
pub(in crate::net) struct Desk {
    seats: Semaphore,
    index: Mutex<Index>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            seats: Semaphore::new(SEATS_MAX),
            index: Mutex::default(),
        }
    }
}

/// A board, and where each order's entries stand in the journal.
#[derive(Default)]
struct Index {
    board: Board,
    places: IndexMap<About, Vec<Place>, BuildHasherDefault<SipHasher13>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum About {
    Order(OrderId),
    Receipt(Uid),
}

/// Lane and number.
type Place = (u32, u64);

/// Why there is no answer.
enum Unable {
    /// Asked for something that is no question.
    Malformed(String),
    /// The node is busy, stops, or its store cannot be read.
    Busy,
    Nothing,
}

impl From<Full> for Unable {
    fn from(Full: Full) -> Self {
        Self::Busy
    }
}

/// Answers an operator who has proved to be one.
pub(in crate::net) async fn answer<R: Role + 'static>(
    shared: &Arc<Shared<R>>,
    question: Question,
    body: &[u8],
) -> Response<Body> {
    let Ok(seat) = shared.desk.seats.try_acquire() else {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    };
    let lines = match question {
        Question::Events => events(shared, body).await,
        Question::Orders => orders(shared, body).await,
        Question::Order => order(shared, body).await,
        Question::Accounts => accounts(shared, body).await,
    };
    drop(seat);
    match lines {
        Ok(lines) => with_body(LINES, Body::whole(lines.text.into())),
        Err(Unable::Malformed(why)) => malformed(&why),
        Err(Unable::Busy) => status(StatusCode::SERVICE_UNAVAILABLE),
        Err(Unable::Nothing) => status(StatusCode::NOT_FOUND),
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unable> {
    serde_json::from_slice(body).map_err(|error| Unable::Malformed(error.to_string()))
}

/// An answer's lines, as many as fit.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    /// Adds a line, or says that there is no room.
    fn push(&mut self, line: &serde_json::Value) -> bool {
        let line = line.to_string();
        if !self.text.is_empty() && self.text.len() + line.len() > PAGE_BYTES_MAX {
            return false;
        }
        self.text.push_str(&line);
        self.text.push('\n');
        true
    }

    /// Puts the head before them.
    fn headed(self, head: &Head) -> Result<Self, Unable> {
        let head = serde_json::to_string(head).map_err(|_no_such_head| Unable::Busy)?;
        let text = format!("{head}\n{}", self.text);
        Ok(Self { text })
    }
}

fn head<R: Role>(shared: &Shared<R>, at: Vec<Place>, caught_up: bool) -> Head {
    Head {
        party: shared.me,
        now: shared.clock.now(),
        at,
        caught_up,
        before: None,
        from: None,
        counts: shared.counters.read(),
    }
}

/// Reads the store between two commits.
async fn read<R: Role, T: Send + 'static>(
    shared: &Shared<R>,
    read: impl FnOnce(&mut dyn Backend) -> T + Send + 'static,
) -> Result<T, Unable> {
    let (to, result) = oneshot::channel();
    shared.queue.read(move |store| drop(to.send(read(store))))?;
    result.await.map_err(|_stopped| Unable::Busy)
}

async fn entries<R: Role>(shared: &Shared<R>, after: Vec<Place>) -> Result<Vec<Entry>, Unable> {
    let entries = read(shared, move |store| store.entries(&after, READ_MAX)).await?;
    entries.map_err(|_tried_again| Unable::Busy)
}

async fn events<R: Role + 'static>(shared: &Shared<R>, body: &[u8]) -> Result<Lines, Unable> {
    let asked: Events = parse(body)?;
    let wait = Duration::from_millis(asked.wait_ms.into()).min(shared.limits.mail);
    let mut news = shared.commits.subscribe();
    let waited = async {
        loop {
            news.mark_unchanged();
            let found = entries(shared, asked.after.clone()).await?;
            if !found.is_empty() {
                return Ok::<_, Unable>(found);
            }
            let changed = tokio::time::timeout(LOOK_AGAIN, news.changed()).await;
            if let Ok(Ok(())) = changed {
                tokio::time::sleep(GATHER).await;
            }
        }
    };
    let found = tokio::time::timeout(wait, waited).await;
    let found = match found {
        Ok(found) => found?,
        Err(_no_news) => entries(shared, asked.after.clone()).await?,
    };
    let mut at = asked.after;
    let mut lines = Lines::default();
    let mut caught_up = found.len() < READ_MAX;
    if found.is_empty() {
        at = behind(shared, at).await?;
    }
    for entry in &found {
        if !lines.push(&entry.to_line(&shared.me)) {
            caught_up = false;
            break;
        }
        at.retain(|(lane, _)| *lane != entry.lane);
        at.push((entry.lane, entry.seq));
    }
    lines.headed(&head(shared, at, caught_up))
}

/// Where the journal ends in lanes that a position is beyond: it was begun anew.
async fn behind<R: Role>(shared: &Shared<R>, at: Vec<Place>) -> Result<Vec<Place>, Unable> {
    let mut known = Vec::new();
    for (lane, seq) in &at {
        let place = (*lane, *seq);
        let all = at.clone();
        let there = read(shared, move |store| entry_at(store, &all, place)).await?;
        if *seq == 0 || there.is_some() {
            known.push(place);
        }
    }
    Ok(known)
}

/// The entry at a place; `lanes` names every other lane that there is.
fn entry_at(store: &mut dyn Backend, lanes: &[Place], (lane, seq): Place) -> Option<Entry> {
    let end = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
    let after = |(other, _): &Place| {
        let from = if *other == lane {
            seq.checked_sub(1)?
        } else {
            end
        };
        Some((*other, from))
    };
    let after: Option<Vec<Place>> = lanes.iter().map(after).collect();
    let found = store.entries(&after?, 1).ok()?.pop()?;
    (found.lane == lane && found.seq == seq).then_some(found)
}

impl Index {
    fn take<R: Role>(&mut self, shared: &Shared<R>, entry: &Entry) {
        self.board.take(&shared.me, entry);
        let event = &entry.event;
        let order = event.order.map(About::Order);
        let receipt = event.uid.map(About::Receipt);
        let Some(about) = order.or(receipt) else {
            return;
        };
        if self.places.len() >= ABOUT_MAX && !self.places.contains_key(&about) {
            self.places.drain(..ABOUT_MAX / 10);
        }
        let places = self.places.entry(about).or_default();
        if places.len() < PLACES_MAX {
            places.push((entry.lane, entry.seq));
        }
    }

    /// Reads on in the journal; says whether its end was reached.
    async fn follow<R: Role>(&mut self, shared: &Shared<R>) -> Result<bool, Unable> {
        let begun = tokio::time::Instant::now();
        loop {
            let found = entries(shared, self.board.position(&shared.me)).await?;
            found.iter().for_each(|entry| self.take(shared, entry));
            if found.len() < READ_MAX {
                return Ok(true);
            }
            if begun.elapsed() > FOLLOW_MAX {
                return Ok(false);
            }
            tokio::time::sleep(READ_PAUSE).await;
        }
    }
}

async fn orders<R: Role + 'static>(shared: &Shared<R>, body: &[u8]) -> Result<Lines, Unable> {
    let asked: Orders = parse(body)?;
    let filter = Filter::parse(&asked.filter, FIELDS);
    let filter = filter.map_err(|error| Unable::Malformed(error.to_string()))?;
    let mut index = shared.desk.index.lock().await;
    let caught_up = index.follow(shared).await?;
    let mut head = head(shared, index.board.position(&shared.me), caught_up);
    let max = asked.max.clamp(1, PAGE_MAX);
    let (found, next) = index.board.page(&filter, head.now, asked.before, max);
    head.before = next;
    let mut lines = Lines::default();
    let mut last = None;
    for line in found {
        if !lines.push(&line.to_json(head.now)) {
            head.before = last;
            break;
        }
        last = Some(line.id);
    }
    lines.headed(&head)
}

async fn order<R: Role + 'static>(shared: &Shared<R>, body: &[u8]) -> Result<Lines, Unable> {
    let asked: Order = parse(body)?;
    let mut index = shared.desk.index.lock().await;
    let caught_up = index.follow(shared).await?;
    let line = index.board.find(&asked.find);
    let uid = line.and_then(|line| line.uid);
    let uid = uid.or_else(|| asked.find.parse().ok()).map(About::Receipt);
    let id = line.map(|line| line.id);
    let id = id.or_else(|| asked.find.parse().ok()).map(About::Order);
    let about = [uid, id].into_iter().flatten();
    let found = about.filter_map(|about| index.places.get(&about));
    let mut places: Vec<Place> = found.flatten().copied().collect();
    places.sort_unstable();
    if places.is_empty() {
        return Err(Unable::Nothing);
    }
    let head = head(shared, index.board.position(&shared.me), caught_up);
    let mut lines = Lines::default();
    if let Some(line) = line {
        lines.push(&line.to_json(head.now));
    }
    drop(index);
    for some in places.chunks(READ_MAX / 8) {
        let (lanes, some) = (head.at.clone(), some.to_vec());
        let found = read(shared, move |store| {
            let each = some.into_iter();
            each.filter_map(|place| entry_at(store, &lanes, place))
                .collect::<Vec<Entry>>()
        });
        for entry in found.await? {
            lines.push(&entry.to_line(&shared.me));
        }
    }
    lines.headed(&head)
}

async fn accounts<R: Role + 'static>(shared: &Shared<R>, body: &[u8]) -> Result<Lines, Unable> {
    let asked: Accounts = parse(body)?;
    let filter = Filter::parse(&asked.filter, crate::board::BookLine::FIELDS);
    let filter = filter.map_err(|error| Unable::Malformed(error.to_string()))?;
    let mut index = shared.desk.index.lock().await;
    let caught_up = index.follow(shared).await?;
    let mut head = head(shared, index.board.position(&shared.me), caught_up);
    let mut room = asked.max.clamp(1, PAGE_MAX);
    let mut lines = Lines::default();
    let books = index.board.books().lines().enumerate().skip(asked.from);
    for (at, book) in books.filter(|(_, book)| filter.matches(*book)) {
        if room == 0 || !lines.push(&book.to_json()) {
            head.from = Some(at);
            break;
        }
        room -= 1;
    }
    lines.headed(&head)
}
