//! The same without a screen: a line for each order's change, in words. For screen readers, pipes
//! and logs.

use super::style::amount;
use crate::board::{Board, OrderView};
use crate::query::Filter;
use crate::source::{News, Source};
use crate::text::Text;
use crate::time::Time;

/// Which changes are told, and how.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// Of which orders.
    pub filter: &'a Filter,
    /// Only what happened from then on.
    pub since: Option<Time>,
    /// As JSON: the order as it is, with the state that it comes from.
    pub as_json: bool,
}

/// Writes a line for each change of an order, and what else a person should know, until nothing
/// more will happen or `write` says that nobody reads.
pub async fn plain(mut source: impl Source, told: Lines<'_>, mut write: impl FnMut(&str) -> bool) {
    let mut board = Board::default();
    if !told.as_json && !write(&format!("{}, read-only", source.title())) {
        return;
    }
    loop {
        let news = source.next().await;
        if matches!(news, News::Reset(_)) {
            board = Board::default();
        }
        let is_over = matches!(news, News::Over);
        for line in lines(&mut board, told, news) {
            // Whatever it is made of, only clean text leaves.
            if !write(Text::clean(&line).as_str()) {
                return;
            }
        }
        if is_over {
            return;
        }
    }
}

fn lines(board: &mut Board, told: Lines<'_>, news: News) -> Vec<String> {
    match news {
        News::Entries(entries) => {
            let changes = entries.iter().filter_map(|(party, entry)| {
                let id = board.about(entry).or(entry.event.order);
                let before = id.and_then(|id| board.order(&id)?.standing);
                board.take(party, entry);
                let line = board.order(&board.about(entry)?)?;
                let after = line.standing.filter(|after| before != Some(*after))?;
                let is_new = told.since.is_none_or(|since| entry.at >= since);
                if !is_new || !told.filter.matches(&OrderView::new(line, entry.at)) {
                    return None;
                }
                if told.as_json {
                    let mut json = line.to_json(entry.at);
                    if let Some(fields) = json.as_object_mut() {
                        fields.insert("was".to_owned(), serde_json::json!(before));
                    }
                    return Some(json.to_string());
                }
                let before = before.map_or("new", |before| before.word());
                let money = line.amount.map(amount).unwrap_or_default();
                let (shop, till) = (line.merchant_label(), line.terminal());
                let event = entry.event.kind;
                Some(format!(
                    "{} {} {before} -> {after} {money} {shop} {till} {event}",
                    entry.at, line.id
                ))
            });
            changes.collect()
        }
        _talk if told.as_json => Vec::new(),
        News::Server(_, server) => server
            .down
            .map(|(why, _)| format!("server {} cannot be read: {why}", server.name))
            .into_iter()
            .collect(),
        News::Reset(why) => {
            vec![format!("read anew: {why}")]
        }
        News::Over => {
            let heat = board.heat();
            let sums = heat.iter().map(|heat| {
                let held = amount(heat.held);
                let word = if heat.sum == 0 {
                    "nothing"
                } else {
                    "SOMETHING"
                };
                format!("the books sum to {word}, held {held}")
            });
            sums.chain(["nothing more will happen".to_owned()])
                .collect()
        }
        News::Order(..) => Vec::new(),
    }
}
