//! Servers that run, over their operator's interface.
//!
//! A task a server follows its journal and checks its hash chain; what it reads waits in a short
//! queue, and while nobody takes it, nothing more is asked for. Nothing is dropped on the way.

use super::{News, Pace, Server, Source};
use crate::id::{OrderId, Party};
use crate::journal::{Chain, ChainKind, Entry};
use crate::net::Counts;
use crate::net::operator::{AskError, Events, Operator, Order, Page};
use crate::text::Text;
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many pages of entries wait to be shown.
const PAGES_MAX: usize = 16;
/// How long a server may hold a question while it has no news, in milliseconds.
const WAIT_MS: u32 = 9_000;
/// After a question that failed: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Before everything is read again.
const RESET_PAUSE: Duration = Duration::from_secs(2);

/// Live servers.
pub struct Live {
    servers: Vec<Arc<Operator>>,
    news: mpsc::Receiver<News>,
    to: mpsc::Sender<News>,
    /// They end when this is dropped.
    tasks: JoinSet<()>,
}

impl Live {
    /// Follows these servers; called within a runtime. At least one.
    pub fn follow(servers: Vec<Operator>) -> Self {
        let (to, news) = mpsc::channel(PAGES_MAX);
        let mut live = Self {
            servers: servers.into_iter().map(Arc::new).collect(),
            news,
            to,
            tasks: JoinSet::new(),
        };
        live.begin();
        live
    }

    /// Reads every journal from its first entry on; what was under way is dropped.
    fn begin(&mut self) {
        self.tasks.abort_all();
        (self.to, self.news) = mpsc::channel(PAGES_MAX);
        for (nth, server) in self.servers.iter().enumerate() {
            let followed = follow(nth, Arc::clone(server), self.to.clone());
            self.tasks.spawn(followed);
        }
    }
}

impl Source for Live {
    fn title(&self) -> Text {
        match self.servers.as_slice() {
            [one] => Text::clean(&format!("LIVE {}", one.endpoint())),
            several => Text::clean(&format!("LIVE {} servers", several.len())),
        }
    }

    fn now(&self) -> Time {
        self.servers
            .first()
            .map_or_else(Time::default, |server| server.now())
    }

    async fn next(&mut self) -> News {
        match self.news.recv().await {
            Some(reset @ News::Reset(_)) => {
                self.begin();
                reset
            }
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    fn ask(&mut self, order: OrderId) {
        let (servers, to) = (self.servers.clone(), self.to.clone());
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(async move {
            let found = about(&servers, &order.to_string()).await;
            drop(to.send(News::Order(order, found)).await);
        });
    }

    fn pace(&mut self, _: Pace) {}
}

/// Everything that these servers know of an order; a server that cannot be asked adds nothing.
async fn about(servers: &[Arc<Operator>], find: &str) -> Vec<(Party, Entry)> {
    let mut found = BTreeMap::new();
    for server in servers {
        let asked = Order {
            find: find.to_owned(),
        };
        let Ok(page) = server.order(&asked).await else {
            continue;
        };
        for (party, entry) in page.lines.iter().filter_map(|l| Entry::from_line(l).ok()) {
            // Two processes of one party tell the same journal.
            found.insert((party, entry.lane, entry.seq), entry);
        }
    }
    let found = found.into_iter();
    found.map(|((party, ..), entry)| (party, entry)).collect()
}

/// One server's journal, as far as it was read.
struct Reader {
    nth: usize,
    server: Arc<Operator>,
    /// Per lane; a lane is known from its first entry on.
    chains: BTreeMap<u32, Chain>,
    state: Server,
}

async fn follow(nth: usize, server: Arc<Operator>, to: mpsc::Sender<News>) {
    let mut reader = Reader {
        nth,
        state: Server {
            name: Text::clean(server.endpoint().authority()),
            down: None,
            caught_up: false,
            counts: Counts::default(),
        },
        server,
        chains: BTreeMap::new(),
    };
    let mut pause = PAUSE.0;
    loop {
        let asked = Events {
            after: reader.after(),
            wait_ms: WAIT_MS,
        };
        let told = match reader.server.events(&asked).await {
            Ok(page) => {
                pause = PAUSE.0;
                reader.take(&asked, &page)
            }
            Err(error) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE.1);
                reader.fail(&error)
            }
        };
        for news in told {
            if matches!(news, News::Reset(_)) {
                tokio::time::sleep(RESET_PAUSE).await; // one that never holds is not read at once
            }
            if to.send(news).await.is_err() {
                return;
            }
        }
    }
}

impl Reader {
    fn after(&self) -> Vec<(u32, u64)> {
        let chains = self.chains.values();
        chains.map(|chain| (chain.lane(), chain.len())).collect()
    }

    fn take(&mut self, asked: &Events, page: &Page) -> Vec<News> {
        let known = |(lane, _): &(u32, u64)| page.head.at.iter().any(|(l, _)| l == lane);
        if !asked.after.iter().all(known) {
            return self.begin_anew("its journal was begun anew");
        }
        let mut entries = Vec::with_capacity(page.lines.len());
        for line in &page.lines {
            let Ok((party, entry)) = Entry::from_line(line) else {
                return self.begin_anew("its journal has a line that is none");
            };
            let chain = self.chains.entry(entry.lane);
            let chain = chain.or_insert_with(|| Chain::new(entry.lane, ChainKind::Sha256));
            if !chain.follow(&entry) {
                return self.begin_anew("its journal is not the one that was read before");
            }
            entries.push((party, entry));
        }
        let state = Server {
            name: Text::clean(&page.head.party.to_string()),
            down: None,
            caught_up: page.head.caught_up,
            counts: page.head.counts,
        };
        let mut told = Vec::new();
        if self.state != state {
            self.state.clone_from(&state);
            told.push(News::Server(self.nth, state));
        }
        if !entries.is_empty() {
            told.push(News::Entries(entries));
        }
        told
    }

    fn begin_anew(&mut self, why: &str) -> Vec<News> {
        self.chains.clear();
        let why = Text::clean(&format!("{}: {why}", self.state.name));
        vec![News::Reset(why)]
    }

    /// Told once: what changed is that it cannot be read.
    fn fail(&mut self, error: &AskError) -> Vec<News> {
        if self.state.down.is_some() {
            return Vec::new();
        }
        let why = Text::clean(&error.to_string());
        self.state.down = Some((why, self.server.now()));
        vec![News::Server(self.nth, self.state.clone())]
    }
}
