//! The real target: the same roles as everywhere, over memory stores, with real signatures.

use super::forge::{Kit, KitError};
use super::money::payers;
use super::target::{Books, File, Opened, Phone, Scan, Story, Target};
use crate::cast::{BankPart, CODE_MINUTES, Cast, Crypto, CustomerPart, MerchantPart, Parts};
use crate::chance::Chance;
use crate::code::bundle::SignedBundle;
use crate::code::scan::Gray;
use crate::code::sealed::{Accept, Blob};
use crate::id::{AttemptId, EventId, Id, Name, OrderId, Party, PartyKind, Uid};
use crate::journal::{ChainKind, EventKind};
use crate::ledger::{Transfer, balances};
use crate::message::{
    Attempt, Attested, BankReference, CodeHash, Message, Notice, Open, Pay, PaymentOrder, Sender,
};
use crate::money::{Currency, Money};
use crate::order::Reason;
use crate::receipt::Hints;
use crate::roles::actor::Input;
use crate::roles::trust::Trust;
use crate::roles::wallet::{Expectation, Habits, Wallet};
use crate::roles::{Actor, Done, Group, Outputs, Role, Taken, bank, gateway};
use crate::scenario::Scenario;
use crate::store::{Backend as _, Memory, Record as _};
use crate::text::Text;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What every customer has.
const BALANCE: i64 = 1_000_000;
/// How many messages a story may take: an attack that makes parties talk for ever is cut short.
const MESSAGES_MAX: usize = 20_000;

/// Roles, phones and banks in this process.
pub struct Real {
    starts: Time,
    phone: Wallet,
    gateway: Stage,
}

impl Real {
    /// A system that begins at this instant, and the kit of its attackers.
    pub fn new(starts: Time) -> Result<(Self, Kit), KitError> {
        let cast = cast(starts)?;
        let kit = Kit::new(&cast, starts)?;
        let phone = cast.wallets.first().ok_or(KitError::Tills)?;
        let phone = Wallet {
            trust: kit.trust(&cast)?,
            ..phone.clone()
        };
        let gateway = Stage::new(cast, starts);
        let real = Self {
            starts,
            phone,
            gateway,
        };
        Ok((real, kit))
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("this module's names are names")
}

fn cast(starts: Time) -> Result<Cast, KitError> {
    let bank = |bank| BankPart {
        name: name(bank),
        timing: bank::Timing::default(),
    };
    let merchant = |who, title| MerchantPart {
        name: name(who),
        title: Text::clean(title),
        bank: name("river"),
        tills: 1,
        code_minutes: CODE_MINUTES,
    };
    let customer = |(nth, who): (usize, &String)| CustomerPart {
        name: name(who),
        bank: name(if nth % 2 == 0 { "river" } else { "lake" }),
        balance: Money::new(BALANCE, Currency::EUR),
        limit: None,
        habits: Habits {
            decides_in: Some((Span::millis(10), Span::millis(10))),
            ..Habits::default()
        },
    };
    let parts = Parts {
        crypto: Crypto::Real,
        starts,
        gateway: name("main"),
        gateway_timing: gateway::Timing::default(),
        endpoint: "http://127.0.0.1:1".to_owned(),
        banks: vec![bank("river"), bank("lake")],
        merchants: vec![
            merchant("bean", "BEAN & LEAF"),
            merchant("eve-shop", "EVE'S"),
        ],
        customers: payers().iter().enumerate().map(customer).collect(),
    };
    Ok(Cast::new(&parts, &Chance::of_seed(0x00A7_7AC6))?)
}

impl Target for Real {
    fn scan(&mut self, phone: Phone, text: &str) -> Scan {
        let mut wallet = self.phone.clone();
        if phone == Phone::Production {
            let bundle = wallet.trust.bundle.clone();
            let accept = Accept::PRODUCTION;
            wallet.trust = Arc::new(Trust { accept, bundle });
        }
        let input = wallet.read_scan(self.starts, text, Expectation::default());
        let shown = wallet.verify_scan(self.starts, text, Expectation::default());
        let mut memory = Memory::new(ChainKind::Fast);
        let taken = Taken::local(self.starts, "scan", input);
        let out = run(&wallet, &mut memory, &taken);
        match (out.sends.is_empty() && out.reply.is_none(), shown) {
            (true, _) => Scan::Silent,
            (false, Ok(scanned)) => Scan::Sent {
                shop: scanned.merchant,
            },
            (false, Err(_)) => Scan::Sent {
                shop: Text::default(),
            },
        }
    }

    fn open(&mut self, at: Time, code: &Blob) -> Opened {
        let bank = Some(self.phone.bank);
        self.gateway.open(at, code, None, bank)
    }

    fn open_as_stranger(&mut self, code: &Blob, named: Option<&str>) -> Opened {
        let (path, bank) = (named.map(name), named.map(|_| self.phone.bank));
        self.gateway.open(self.starts, code, path, bank)
    }

    fn offer(&mut self, bundle: &SignedBundle) -> bool {
        let Ok(root) = crate::sign::SigningKey::from_seed(super::forge::SUITE, &super::forge::ROOT)
        else {
            return false;
        };
        let trust = &self.phone.trust;
        let opened = bundle.open(
            &root.public(),
            trust.accept,
            Some(&trust.bundle),
            self.starts,
        );
        let accept = trust.accept;
        opened.is_ok_and(|bundle| {
            self.phone.trust = Arc::new(Trust { accept, bundle });
            true
        })
    }

    fn takes_amount(&mut self, text: &str, currency: &str) -> Option<i64> {
        let amount = Money::parse(text, currency.parse().ok()?).ok()?;
        amount.is_positive().then(|| amount.minor())
    }

    fn reads(&mut self, file: File, bytes: &[u8]) -> bool {
        match file {
            File::Receipt => crate::receipt::read(bytes, None, &Hints::default())
                .is_ok_and(|papers| papers.iter().any(|paper| paper.verdict.is_ok())),
            File::Scenario => std::str::from_utf8(bytes)
                .is_ok_and(|text| Scenario::parse("bomb.toml", text).is_ok()),
            File::Picture => Gray::decode(bytes).is_ok(),
        }
    }

    fn play(&mut self, story: &Story) -> Books {
        let Ok(cast) = cast(self.starts) else {
            return Books::default();
        };
        let mut stage = Stage::new(cast, self.starts);
        stage.tamper = story.tamper;
        for (who, link, expects) in &story.scans {
            let expects = Expectation {
                shop: expects.shop.clone(),
                amount: expects.amount,
            };
            stage.scan(who, link, expects);
        }
        if let (Some(tamper), Some((_, link, _))) = (story.tamper, story.scans.first()) {
            stage.settle();
            stage.pay_past_the_wallet(link, tamper);
        }
        if story.forged_notice {
            stage.forge_notice();
        }
        stage.settle();
        stage.books()
    }
}

fn run<R: Role>(role: &R, store: &mut Memory, taken: &Taken<R::Input>) -> Outputs {
    let chance = Chance::of_seed(1).for_party(&role.me());
    let mut group = Group {
        role,
        chance: &chance,
        store,
    };
    match group.run_one(taken) {
        Done::Released(out) => out,
        Done::Unknown(_memory_never_fails) => Outputs::default(),
    }
}

/// A cast's parties and the messages between them.
struct Stage {
    now: Time,
    cast: Cast,
    actors: BTreeMap<Party, Actor>,
    stores: BTreeMap<Party, Memory>,
    queue: VecDeque<(Party, Party, Message)>,
    tamper: Option<fn(&mut Message)>,
}

impl Stage {
    fn new(cast: Cast, now: Time) -> Self {
        let mut actors: Vec<Actor> = vec![cast.gateway.clone().into()];
        actors.extend(cast.banks.iter().map(|(bank, _)| bank.clone().into()));
        actors.extend(cast.wallets.iter().map(|wallet| wallet.clone().into()));
        actors.extend(cast.shops.iter().map(|shop| shop.clone().into()));
        let openings = cast.banks.clone();
        let mut stage = Self {
            now,
            cast,
            actors: actors
                .into_iter()
                .map(|actor| (actor.me(), actor))
                .collect(),
            stores: BTreeMap::new(),
            queue: VecDeque::new(),
            tamper: None,
        };
        for (bank, accounts) in openings {
            for opening in accounts {
                let input = bank::Input::OpenAccount(opening).into();
                stage.act(bank.me(), &Taken::local(now, "open-account", input));
            }
        }
        stage
    }

    fn scan(&mut self, who: &str, link: &str, expects: Expectation) {
        let wallet = self.cast.wallets.iter().find(|w| w.name.as_str() == who);
        let Some(wallet) = wallet else { return };
        let input = Input::Wallet(wallet.read_scan(self.now, link, expects));
        let me = wallet.me();
        self.act(me, &Taken::local(self.now, "scan", input));
    }

    /// The gateway's answer to an app of this bank, with what the asker said about its own code
    /// left out.
    fn open(&mut self, at: Time, code: &Blob, path: Option<Name>, bank: Option<Name>) -> Opened {
        let open = Open {
            code: code.clone(),
            path_bank: path,
        };
        let Some(wallet) = self.cast.wallets.first() else {
            return Opened::Refused {
                body: vec![],
                alarm: false,
            };
        };
        let from = Sender {
            party: wallet.me(),
            bank,
        };
        let (me, before) = (self.cast.gateway.me(), self.alarms());
        let message = Message::Open(Arc::new(open));
        let gateway = self.cast.gateway.clone();
        let store = self
            .stores
            .entry(me)
            .or_insert_with(|| Memory::new(ChainKind::Sha256));
        let out = run(
            &gateway,
            store,
            &Taken::message(&gateway, at, from, message),
        );
        match out.reply {
            Some(Message::Order(order)) => Opened::Order(order.body.amount),
            reply => {
                let hash = serde_json::to_string(&CodeHash::of(code)).unwrap_or_default();
                let body = reply.map(|reply| serde_json::to_string(&reply).unwrap_or_default());
                let body = body.unwrap_or_default().replace(&hash, "its own");
                let alarm = self.alarms() > before;
                Opened::Refused {
                    body: body.into_bytes(),
                    alarm,
                }
            }
        }
    }

    fn alarms(&self) -> usize {
        let journals = self.stores.values().flat_map(Memory::journal);
        journals
            .filter(|entry| entry.event.kind == EventKind::ForkAlarm)
            .count()
    }

    /// What a customer's altered app would send: the order as the compromised gateway changed it,
    /// with that customer's true approval of it.
    fn pay_past_the_wallet(&mut self, link: &str, tamper: fn(&mut Message)) {
        let Ok(link) = crate::code::link::parse(link, |_| true) else {
            return;
        };
        let Some(payer) = self.cast.wallets.first().cloned() else {
            return;
        };
        let Some(mut order) = self.ask_order(&payer, &link.blob) else {
            return;
        };
        tamper(&mut order);
        self.cast.gateway.release(&mut order);
        let Message::Order(order) = order else { return };
        let attempt = AttemptId(Id::from_bytes([0x77; 16]));
        let of = Attempt {
            order: order.body.id,
            attempt,
        };
        let order = Attested::<PaymentOrder>::clone(&order);
        let pay = Pay {
            approval: payer
                .approval
                .approve(of, &payer.account, order.body.amount),
            order,
            code: link.blob,
            account: payer.account,
            attempt,
        };
        let bank = Party::new(PartyKind::Bank, payer.bank);
        self.queue
            .push_back((payer.me(), bank, Message::Pay(Arc::new(pay))));
    }

    fn ask_order(&mut self, payer: &Wallet, code: &Blob) -> Option<Message> {
        let open = Message::Open(Arc::new(Open {
            code: code.clone(),
            path_bank: None,
        }));
        let from = Sender {
            party: payer.me(),
            bank: Some(payer.bank),
        };
        let gateway = self.cast.gateway.clone();
        let store = self.stores.entry(gateway.me());
        let store = store.or_insert_with(|| Memory::new(ChainKind::Sha256));
        run(
            &gateway,
            store,
            &Taken::message(&gateway, self.now, from, open),
        )
        .reply
    }

    /// The shop hears of a payment from its gateway, under a signature that no bank made.
    fn forge_notice(&mut self) {
        let (Some(shop), Some((bank, _))) = (self.cast.shops.first(), self.cast.banks.first())
        else {
            return;
        };
        let Some(till) = self.cast.tills.first() else {
            return;
        };
        let id = Id::from_bytes([0x66; 16]);
        let of = Attempt {
            order: OrderId(id),
            attempt: AttemptId(id),
        };
        let body = BankReference {
            of,
            uid: Uid {
                terminal: till.key.terminal(),
                epoch: till.key.epoch(),
                counter: 1,
            },
            amount: Money::new(840, Currency::EUR),
            merchant: shop.id,
            posted_at: self.now,
        };
        let mut reference = Attested::unsigned(body, bank.me());
        reference.sign(&self.cast.gateway.key);
        let notice = Notice {
            event: EventId(id),
            reference,
            order_reference: Text::clean("A-1"),
        };
        let notice = Message::Notice(Arc::new(notice));
        self.queue
            .push_back((self.cast.gateway.me(), shop.me(), notice));
    }

    /// Until nothing is on its way, and no timer is due within two hours.
    fn settle(&mut self) {
        let end = self.now.after(Span::hours(2));
        for _message in 0..MESSAGES_MAX {
            if let Some((from, to, message)) = self.queue.pop_front() {
                self.deliver(from, to, message);
                continue;
            }
            let due = self.stores.iter_mut().filter_map(|(party, store)| {
                let (at, timer) = store.due(end, 1).ok()?.pop()?;
                Some((at, *party, timer))
            });
            let Some((at, party, timer)) = due.min() else {
                return;
            };
            self.now = at.max(self.now);
            let Some(actor) = self.actors.get(&party) else {
                return;
            };
            let taken = Taken::timer(actor, self.now, (at, timer));
            self.act(party, &taken);
        }
    }

    fn deliver(&mut self, from: Party, to: Party, message: Message) {
        let wallet = self.cast.wallets.iter().find(|wallet| wallet.me() == from);
        let bank = wallet.map(|wallet| wallet.bank);
        let Some(actor) = self.actors.get(&to) else {
            return;
        };
        let sender = Sender { party: from, bank };
        let taken = Taken::message(actor, self.now, sender, message);
        self.act(to, &taken);
    }

    fn act(&mut self, me: Party, taken: &Taken<Input>) {
        let Some(actor) = self.actors.get(&me) else {
            return;
        };
        let store = self
            .stores
            .entry(me)
            .or_insert_with(|| Memory::new(ChainKind::Sha256));
        let from = taken.from;
        let out = run(actor, store, taken);
        let reply = out
            .reply
            .into_iter()
            .filter_map(|reply| from.map(|to| (to, reply)));
        for (to, mut message) in reply.chain(out.sends) {
            if let Some(tamper) = self.tamper.filter(|_| me.kind == PartyKind::Gateway) {
                tamper(&mut message);
                actor.release(&mut message);
            }
            self.queue.push_back((me, to, message));
        }
    }

    fn books(&mut self) -> Books {
        let mut books = Books::default();
        let payers = payers();
        for store in self.stores.values_mut() {
            let rows = store.scan(Transfer::SCHEMA).unwrap_or_default();
            let rows: Vec<&Transfer> = rows
                .iter()
                .filter_map(|row| row.as_any().downcast_ref())
                .collect();
            let sums = balances(rows.iter().copied());
            for who in &payers {
                let book = Text::clean(&format!("customer:{who}"));
                let sum = sums
                    .get(&(book, Currency::EUR))
                    .map_or(BALANCE, |sum| sum.minor());
                let paid = BALANCE - sum;
                books.debited += paid;
                books.payers += usize::from(paid != 0);
            }
            let shop = (Text::clean("merchant:bean"), Currency::EUR);
            books.credited += sums.get(&shop).map_or(0, |sum| sum.minor());
        }
        let journals = self.stores.iter().flat_map(|(party, store)| {
            store
                .journal()
                .iter()
                .map(move |entry| (party.kind, &entry.event))
        });
        for (kind, event) in journals {
            let told = kind == PartyKind::Merchant && event.kind == EventKind::MerchantTold;
            books.told += usize::from(told);
            books.alarmed |= event.reason == Some(Reason::Altered);
        }
        books
    }
}
