//! A stage for the payment roles: parties on memory stores, messages in order, losses by name.

use crate::chance::Chance;
use crate::code::bundle::{Bundle, Host, Merchant, Payee, TerminalEpoch};
use crate::code::link::to_link;
use crate::code::sealed::{
    Accept, Draft, Flags, MasterKey, ReceiptDigest, SealedOrder, TerminalKey, seal,
};
use crate::id::{MerchantId, Name, Party, PartyKind, TerminalId};
use crate::journal::ChainKind;
use crate::ledger::{Account, Transfer, balances};
use crate::message::{Heard, Message, MessageKind, Sender, VoidOrder};
use crate::money::{Currency, Money};
use crate::roles::approval::ApprovalRoot;
use crate::roles::bank::{self, AccountOpening, Bank};
use crate::roles::gateway::Gateway;
use crate::roles::trust::Trust;
use crate::roles::wallet::{Expectation, Habits, Wallet};
use crate::roles::{Done, Group, Role, Taken};
use crate::sign::{SigningKey, Suite};
use crate::store::{Backend, Memory, Record};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

const HOST: &str = "q.example.com";

pub(super) struct Stage {
    now: Time,
    chance: Chance,
    gateway: Gateway,
    banks: BTreeMap<Name, Bank>,
    wallets: BTreeMap<Name, Wallet>,
    stores: BTreeMap<Party, Memory>,
    queue: VecDeque<(Party, Party, Message)>,
    seen: BTreeMap<MessageKind, usize>,
    lost: BTreeSet<(MessageKind, usize)>,
    mute: BTreeSet<MessageKind>,
    twice: BTreeSet<MessageKind>,
    terminal: (TerminalKey, Arc<SigningKey>),
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key(seed: u8) -> Arc<SigningKey> {
    Arc::new(SigningKey::from_seed(Suite::Simulated, &[seed; 32]).unwrap())
}

impl Stage {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of the parties and their keys"
    )]
    pub(super) fn new() -> Self {
        let now = Time::from_seconds(1_780_000_000);
        let merchant = MerchantId([0, 0, 0, 1]);
        let terminal = TerminalId::of(merchant, 1);
        let master = MasterKey::from_bytes([7; 32]);
        let terminal_key = TerminalKey::derive(&master, terminal, 1);
        let (root, chip, gateway_key) = (key(1), key(2), key(3));
        let bank_keys = [("river", key(4)), ("lake", key(5))];
        let mut parties = BTreeMap::from([(party("gateway:main"), gateway_key.public())]);
        for (bank, key) in &bank_keys {
            parties.insert(Party::new(PartyKind::Bank, name(bank)), key.public());
        }
        let payee = Payee {
            bank: name("river"),
            account: Text::clean("bean-account"),
        };
        let certified = Merchant {
            name: Text::clean("BEAN & LEAF"),
            payee,
        };
        let host = Host {
            gateway: name("main"),
            endpoint: "http://127.0.0.1:1".to_owned(),
        };
        let bundle = Bundle {
            version: 1,
            issued: now,
            expires: now.after(Span::hours(24 * 365)),
            issuers: vec![],
            revoked_issuers: BTreeSet::new(),
            hosts: BTreeMap::from([(HOST.to_owned(), host)]),
            merchants: BTreeMap::from([(merchant, certified)]),
            terminals: BTreeMap::from([(TerminalEpoch::new(terminal, 1), chip.public())]),
            revoked_terminals: BTreeSet::new(),
            parties,
        };
        let accept = Accept::SIMULATION;
        let signed = bundle.sign(&root);
        let bundle = signed.open(&root.public(), accept, None, now).unwrap();
        let trust = Arc::new(Trust { accept, bundle });
        let gateway = Gateway {
            name: name("main"),
            route: [1, 2, 3],
            key: gateway_key,
            terminal_keys: Arc::new(BTreeMap::from([((terminal, 1), terminal_key.clone())])),
            trust: Arc::clone(&trust),
            shops: Arc::new(BTreeMap::from([(merchant, party("merchant:bean"))])),
            terminals: Arc::new(BTreeMap::from([(terminal, party("terminal:bean-1"))])),
            timing: crate::roles::gateway::Timing::default(),
        };
        let root_of = |n: u8| ApprovalRoot::from_bytes([n; 32]);
        let banks = bank_keys.into_iter().zip(10..).map(|((bank, key), n)| {
            let bank = Bank {
                name: name(bank),
                gateway: name("main"),
                key,
                approvals: root_of(n),
                trust: Arc::clone(&trust),
                timing: bank::Timing::default(),
                magic: false,
            };
            (bank.name, bank)
        });
        let mut stage = Self {
            now,
            chance: Chance::of_seed(1),
            gateway,
            banks: banks.collect(),
            wallets: BTreeMap::new(),
            stores: BTreeMap::new(),
            queue: VecDeque::new(),
            seen: BTreeMap::new(),
            lost: BTreeSet::new(),
            mute: BTreeSet::new(),
            twice: BTreeSet::new(),
            terminal: (terminal_key, chip),
        };
        for (who, bank, balance) in [
            ("ann", "river", 10_000),
            ("poor", "river", 100),
            ("carol", "lake", 10_000),
        ] {
            stage.enrol(who, bank, balance);
        }
        stage
    }

    fn enrol(&mut self, who: &str, bank: &str, balance: i64) {
        let bank = self.banks[&name(bank)].clone();
        let wallet = Wallet {
            name: name(who),
            bank: bank.name,
            account: name(who),
            approval: bank.approvals.key_of(&name(who)),
            trust: Arc::clone(&bank.trust),
            habits: Habits {
                decides_in: Some((Span::seconds(1), Span::seconds(1))),
                ..Habits::default()
            },
        };
        self.wallets.insert(wallet.name, wallet);
        let opening = AccountOpening {
            name: name(who),
            owner: Party::new(PartyKind::Wallet, name(who)),
            balance: Money::new(balance, Currency::EUR),
            limit: None,
        };
        let input = Taken::local(self.now, "open-account", bank::Input::OpenAccount(opening));
        self.run(&bank, input);
    }

    /// A code as the chip makes it; gives its link.
    pub(super) fn print(&self, counter: u32, reference: &str, minor: i64) -> String {
        let order = SealedOrder {
            counter,
            amount: Money::new(minor, Currency::EUR),
            reference: Text::clean(reference),
            digest: ReceiptDigest([9; 16]),
            merchant: None,
            till: None,
            lines: None,
            tax: None,
        };
        let draft = Draft {
            route: [1, 2, 3],
            flags: Flags::TEST_NETWORK,
            issued_at: self.now,
            ttl_minutes: 60,
            order,
            certificate: None,
        };
        let blob = seal(&self.terminal.0, &self.terminal.1, &draft).unwrap();
        to_link(HOST, None, &blob)
    }

    pub(super) fn scan(&mut self, who: &str, link: &str) {
        self.scan_with(who, link, Expectation::default());
    }

    pub(super) fn scan_expecting(&mut self, who: &str, link: &str, minor: i64) {
        let amount = Some(Money::new(minor, Currency::EUR));
        self.scan_with(who, link, Expectation { shop: None, amount });
    }

    fn scan_with(&mut self, who: &str, link: &str, expects: Expectation) {
        let wallet = self.wallets[&name(who)].clone();
        let input = wallet.read_scan(self.now, link, expects);
        self.run(&wallet, Taken::local(self.now, "scan", input));
    }

    pub(super) fn void(&mut self, link: &str) {
        let link = crate::code::link::parse(link, |host| host == HOST).unwrap();
        let void = Message::VoidOrder(Arc::new(VoidOrder { code: link.blob }));
        self.queue
            .push_back((party("merchant:bean"), party("gateway:main"), void));
    }

    pub(super) fn lose(&mut self, kind: MessageKind, nth: usize) {
        self.lost.insert((kind, nth));
    }

    pub(super) fn lose_all(&mut self, kind: MessageKind) {
        self.mute.insert(kind);
    }

    pub(super) fn lose_nothing(&mut self) {
        self.mute.clear();
    }

    pub(super) fn repeat(&mut self, kind: MessageKind) {
        self.twice.insert(kind);
    }

    /// Until nothing is on its way and no timer is due within two hours.
    pub(super) fn settle(&mut self) {
        self.run_for(Span::hours(2));
    }

    pub(super) fn run_for(&mut self, span: Span) {
        let end = self.now.after(span);
        loop {
            while let Some((from, to, message)) = self.queue.pop_front() {
                self.deliver(from, to, &message);
            }
            let due = self
                .stores
                .iter_mut()
                .filter_map(|(party, store)| {
                    let due = store.due(end, 1).unwrap();
                    due.first().map(|(at, timer)| (*at, *party, *timer))
                })
                .min();
            let Some((at, party, timer)) = due else {
                self.now = end;
                return;
            };
            self.now = at.max(self.now);
            match party.kind {
                PartyKind::Gateway => {
                    let role = self.gateway.clone();
                    self.run(&role, Taken::timer(&role, self.now, (at, timer)));
                }
                PartyKind::Bank => {
                    let role = self.banks[&party.name].clone();
                    self.run(&role, Taken::timer(&role, self.now, (at, timer)));
                }
                _ => {
                    let role = self.wallets[&party.name].clone();
                    self.run(&role, Taken::timer(&role, self.now, (at, timer)));
                }
            }
        }
    }

    fn deliver(&mut self, from: Party, to: Party, message: &Message) {
        let kind = message.kind();
        let nth = *self.seen.entry(kind).and_modify(|n| *n += 1).or_insert(0);
        if self.mute.contains(&kind) || self.lost.contains(&(kind, nth)) {
            return;
        }
        let copies = if self.twice.contains(&kind) { 2 } else { 1 };
        for _ in 0..copies {
            self.take(from, to, message.clone());
        }
    }

    fn take(&mut self, from: Party, to: Party, message: Message) {
        let bank = self.wallets.get(&from.name).map(|wallet| wallet.bank);
        let bank = bank.filter(|_| from.kind == PartyKind::Wallet);
        let sender = Sender { party: from, bank };
        let now = self.now;
        match to.kind {
            PartyKind::Gateway => {
                let role = self.gateway.clone();
                self.run(&role, Taken::message(&role, now, sender, message));
            }
            PartyKind::Bank => {
                let role = self.banks[&to.name].clone();
                self.run(&role, Taken::message(&role, now, sender, message));
            }
            PartyKind::Wallet => {
                let role = self.wallets[&to.name].clone();
                self.run(&role, Taken::message(&role, now, sender, message));
            }
            _ => self.shop_hears(to, from, &message),
        }
    }

    fn shop_hears(&mut self, me: Party, from: Party, message: &Message) {
        let answer = match message {
            Message::Notice(notice) => Message::NoticeHeard(heard(notice)),
            Message::Slip(notice) => Message::SlipHeard(heard(notice)),
            _ => return,
        };
        self.queue.push_back((me, from, answer));
    }

    fn run<R: Role>(&mut self, role: &R, taken: Taken<R::Input>) {
        let me = role.me();
        let store = self
            .stores
            .entry(me)
            .or_insert_with(|| Memory::new(ChainKind::Sha256));
        let chance = self.chance.for_party(&me);
        let mut group = Group {
            role,
            chance: &chance,
            store,
        };
        let from = taken.from;
        for done in group.run(&[taken]) {
            let Done::Released(out) = done else {
                panic!("memory never fails");
            };
            let reply = out.reply.into_iter().filter_map(|r| from.map(|to| (to, r)));
            for (to, message) in reply.chain(out.sends) {
                self.queue.push_back((me, to, message));
            }
        }
    }

    pub(super) fn heard(&self, kind: MessageKind) -> usize {
        self.seen.get(&kind).map_or(0, |last| last + 1)
    }

    pub(super) fn rows<T: Record>(&mut self, who: &str) -> Vec<T> {
        let Some(store) = self.stores.get_mut(&party(who)) else {
            return Vec::new();
        };
        let rows = store.scan(T::SCHEMA).unwrap();
        let rows = rows.iter().map(|row| row.as_any().downcast_ref::<T>());
        rows.map(|row| row.unwrap().clone()).collect()
    }

    pub(super) fn only<T: Record>(&mut self, who: &str) -> T {
        let mut rows = self.rows::<T>(who);
        assert_eq!(rows.len(), 1, "{who}");
        rows.pop().unwrap()
    }

    pub(super) fn events(&self, who: &str, kind: &str) -> usize {
        let journal = self.stores[&party(who)].journal();
        let same = |entry: &&crate::journal::Entry| entry.event.kind.word() == kind;
        journal.iter().filter(same).count()
    }

    pub(super) fn balance(&mut self, bank: &str, account: &str) -> i64 {
        let accounts = self.rows::<Account>(&format!("bank:{bank}"));
        let account = accounts.iter().find(|a| a.name.as_str() == account);
        account.unwrap().balance.minor()
    }

    pub(super) fn book(&mut self, bank: &str, book: &str) -> i64 {
        let transfers = self.rows::<Transfer>(&format!("bank:{bank}"));
        let books = balances(transfers.iter());
        let sum = books.get(&(Text::clean(book), Currency::EUR));
        sum.map_or(0, |money| money.minor())
    }

    pub(super) fn books_are_zero(&mut self) {
        for bank in ["bank:river", "bank:lake"] {
            let transfers = self.rows::<Transfer>(bank);
            let sum: i64 = balances(transfers.iter()).values().map(|m| m.minor()).sum();
            assert_eq!(sum, 0, "{bank}");
            // A payer's row says what the fold of the transfers says (L9).
            for account in self.rows::<Account>(bank) {
                let book = balances(transfers.iter());
                let fold = book.get(&(account.book(), account.balance.currency()));
                assert_eq!(fold, Some(&account.balance), "{}", account.name);
            }
        }
    }

    pub(super) fn nothing_is_held(&mut self) {
        for bank in ["bank:river", "bank:lake"] {
            for account in self.rows::<Account>(bank) {
                assert_eq!(account.held.minor(), 0, "{}", account.name);
            }
        }
    }
}

fn heard(notice: &crate::message::Notice) -> Heard {
    Heard {
        event: notice.event,
        order: notice.reference.body.of.order,
    }
}

pub(super) fn party(text: &str) -> Party {
    text.parse().unwrap()
}
