//! Whole payments: the gateway's and the bank's own code over two stores, the wallets, the shop and
//! its terminal played by hand.

use quittance::cast::{BankPart, Cast, Crypto, CustomerPart, MerchantPart, Parts};
use quittance::chance::Chance;
use quittance::code::sealed::Blob;
use quittance::id::{AttemptId, Id, Name, Party, PartyKind};
use quittance::message::{
    Attempt, Attested, Heard, Message, Notice, Open, Pay, PaymentOrder, Sender,
};
use quittance::money::{Currency, Money};
use quittance::order::PaymentState;
use quittance::roles::bank::{self, Bank};
use quittance::roles::gateway::{self, Gateway};
use quittance::roles::wallet::{Habits, Wallet};
use quittance::roles::{Done, Group, Outputs, Role, Taken};
use quittance::store::Backend;
use quittance::text::Text;
use quittance::time::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

const START: Time = Time::from_seconds(1_732_300_000);
const CUSTOMERS: usize = 1_000;
const TILLS: u16 = 64;
/// Timers that a party takes in one round, as a node does.
const DUE_MAX: usize = 64;

/// A party: its role, its store, what waits for it.
struct Side<R: Role> {
    role: R,
    store: Box<dyn Backend>,
    chance: Chance,
    waiting: VecDeque<(Sender, Message)>,
    /// How long handling and committing took.
    busy: Duration,
    taken: usize,
}

/// A gateway, a bank, and payments to make.
pub(crate) struct Story {
    gateway: Side<Gateway>,
    bank: Side<Bank>,
    wallets: Vec<Wallet>,
    shop: Party,
    codes: Vec<Blob>,
    started: usize,
    paid: usize,
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn parts() -> Parts {
    let customer = |n: usize| CustomerPart {
        name: name(&format!("c{n}")),
        bank: name("river"),
        balance: Money::new(1_000_000_000, Currency::EUR),
        limit: None,
        habits: Habits::default(),
    };
    Parts {
        crypto: Crypto::Fast,
        starts: START,
        gateway: name("hub"),
        gateway_timing: gateway::Timing::default(),
        endpoint: "https://127.0.0.1:1".to_owned(),
        banks: vec![BankPart {
            name: name("river"),
            timing: bank::Timing::default(),
        }],
        merchants: vec![MerchantPart {
            name: name("bean"),
            title: Text::clean("The Bean"),
            bank: name("river"),
            tills: TILLS,
            code_minutes: 60,
        }],
        customers: (0..CUSTOMERS).map(customer).collect(),
    }
}

impl Story {
    /// So many payments to come, their codes printed and the accounts open.
    pub(crate) fn new(gateway: Box<dyn Backend>, bank: Box<dyn Backend>, payments: usize) -> Self {
        let chance = Chance::of_seed(1);
        let cast = Cast::new(&parts(), &chance).expect("a cast");
        let shop = Party::new(PartyKind::Merchant, name("bean"));
        let mut role = cast.gateway;
        let tills = cast.tills.iter();
        let terminal = |name| Party::new(PartyKind::Terminal, name);
        let terminals = tills.map(|till| (till.key.terminal(), terminal(till.name)));
        role.terminals = Arc::new(terminals.collect());
        let merchants = cast.tills.iter().map(|till| till.key.terminal().merchant());
        role.shops = Arc::new(merchants.map(|merchant| (merchant, shop)).collect());
        let (river, accounts) = cast.banks.into_iter().next().expect("a bank");
        let code = |n: usize| {
            let (till, counter) = (n % usize::from(TILLS), n / usize::from(TILLS) + 1);
            let counter = u32::try_from(counter).expect("few payments");
            let amount = Money::new(840, Currency::EUR);
            let reference = Text::clean(&format!("A-{n}"));
            cast.tills[till].seal(START, counter, amount, &reference)
        };
        let codes = (0..payments).map(|n| code(n).expect("a code"));
        let mut story = Self {
            codes: codes.collect(),
            gateway: Side::new(role, gateway, &chance),
            bank: Side::new(river, bank, &chance),
            wallets: cast.wallets,
            shop,
            started: 0,
            paid: 0,
        };
        let openings = accounts.into_iter().map(bank::Input::OpenAccount);
        let openings = openings.map(|input| Taken::local(START, "open-account", input));
        story.bank.run(&openings.collect::<Vec<_>>());
        (story.bank.busy, story.bank.taken) = (Duration::ZERO, 0);
        story
    }

    /// Makes all payments; gives how many a second the two stores' writers did.
    pub(crate) fn per_second(&mut self, group: usize) -> f64 {
        let mut now = START;
        while self.paid < self.codes.len() || !self.idle() {
            now = now.after(Span::millis(1));
            while self.started < self.codes.len() && self.started < self.paid + 4 * group {
                self.scan();
            }
            let out = self.gateway.round(now, group);
            let me = self.gateway.role.me();
            out.into_iter().for_each(|out| self.route(me, out));
            let out = self.bank.round(now, group);
            let me = self.bank.role.me();
            out.into_iter().for_each(|out| self.route(me, out));
        }
        crate::rate(self.codes.len(), self.gateway.busy + self.bank.busy)
    }

    /// How many inputs were handled.
    pub(crate) const fn transactions(&self) -> usize {
        self.gateway.taken + self.bank.taken
    }

    fn idle(&self) -> bool {
        self.gateway.waiting.is_empty() && self.bank.waiting.is_empty()
    }

    /// The next customer scans the next code.
    fn scan(&mut self) {
        let code = self.codes[self.started].clone();
        let message = Message::Open(Arc::new(Open {
            code,
            path_bank: None,
        }));
        let from = self.wallet(self.started);
        self.gateway.waiting.push_back((from, message));
        self.started += 1;
    }

    fn wallet(&self, payment: usize) -> Sender {
        let wallet = &self.wallets[payment % CUSTOMERS];
        Sender {
            party: wallet.me(),
            bank: Some(wallet.bank),
        }
    }

    fn route(&mut self, from: Party, (to, out): (Option<Party>, Outputs)) {
        let reply = out.reply.into_iter().filter_map(|reply| Some((to?, reply)));
        for (to, message) in reply.chain(out.sends) {
            let sender = Sender {
                party: from,
                bank: None,
            };
            match to.kind {
                PartyKind::Gateway => self.gateway.waiting.push_back((sender, message)),
                PartyKind::Bank => self.bank.waiting.push_back((sender, message)),
                _ => self.hear(to, message),
            }
        }
    }

    /// What a wallet, the shop or a terminal does with a message.
    fn hear(&mut self, me: Party, message: Message) {
        match message {
            Message::Order(order) => self.pay(me, &order),
            Message::Payment(payment) => {
                assert_ne!(payment.state, PaymentState::Refused, "{payment:?}");
            }
            Message::Notice(notice) => {
                assert_eq!(me, self.shop);
                self.answer(me, Message::NoticeHeard(heard(&notice)));
            }
            Message::Slip(notice) => {
                self.paid += 1;
                self.answer(me, Message::SlipHeard(heard(&notice)));
            }
            other => panic!("{me} hears {other:?}"),
        }
    }

    fn answer(&mut self, party: Party, message: Message) {
        let from = Sender { party, bank: None };
        self.gateway.waiting.push_back((from, message));
    }

    fn pay(&mut self, me: Party, order: &Arc<Attested<PaymentOrder>>) {
        let till = usize::from(order.body.uid.terminal.till()) - 1;
        let counter = usize::try_from(order.body.uid.counter).expect("few payments");
        let code = (counter - 1) * usize::from(TILLS) + till;
        let wallet = &self.wallets[code % CUSTOMERS];
        let drawn = u128::try_from(code).expect("few payments") << 48;
        let of = Attempt {
            order: order.body.id,
            attempt: AttemptId(Id::new(START.millis(), drawn)),
        };
        let pay = Pay {
            order: order.as_ref().clone(),
            code: self.codes[code].clone(),
            account: wallet.account,
            approval: wallet
                .approval
                .approve(of, &wallet.account, order.body.amount),
            attempt: of.attempt,
        };
        let from = Sender {
            party: me,
            bank: None,
        };
        let message = Message::Pay(Arc::new(pay));
        self.bank.waiting.push_back((from, message));
    }
}

fn heard(notice: &Notice) -> Heard {
    Heard {
        event: notice.event,
        order: notice.reference.body.of.order,
    }
}

impl<R: Role> Side<R> {
    fn new(role: R, store: Box<dyn Backend>, chance: &Chance) -> Self {
        Self {
            chance: chance.for_party(&role.me()),
            role,
            store,
            waiting: VecDeque::new(),
            busy: Duration::ZERO,
            taken: 0,
        }
    }

    /// One group: what waits, and what timers are due (none, when nothing is lost).
    fn round(&mut self, now: Time, group: usize) -> Vec<(Option<Party>, Outputs)> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let some = self.waiting.len().min(group);
        let inputs = self.waiting.drain(..some);
        let admit = |(from, message)| Taken::message(&self.role, now, from, message);
        let taken: Vec<_> = inputs.map(admit).collect();
        self.run(&taken)
    }

    fn run(&mut self, taken: &[Taken<R::Input>]) -> Vec<(Option<Party>, Outputs)> {
        let start = Instant::now();
        let at = taken.first().map_or(START, |taken| taken.at);
        let due = self.store.due(at, DUE_MAX).expect("the timers");
        assert!(due.is_empty(), "nothing is late here");
        let mut group = Group {
            role: &self.role,
            chance: &self.chance,
            store: self.store.as_mut(),
        };
        let done = group.run(taken);
        self.busy += start.elapsed();
        self.taken += taken.len();
        let each = taken.iter().zip(done);
        each.map(|(taken, done)| match done {
            Done::Released(out) => (taken.from, out),
            Done::Unknown(error) => panic!("failed to {error}"),
        })
        .collect()
    }
}
