//! Attackers: what they do to codes, counters and notices, in the real roles' terms. Each attack
//! ends with a word: the reason for which the attacked party refused it, or what it got through
//! with.

use super::director::{Cue, Director};
use super::watch::Watch;
use super::world::World;
use crate::code::link;
use crate::code::sealed::{Blob, Draft, open_as_gateway, seal};
use crate::id::{AttemptId, EventId, Name, Party, PartyKind};
use crate::message::{Attempt, Attested, BankReference, CodeHash, Message, Notice, Sender};
use crate::money::Money;
use crate::roles::gateway::Order;
use crate::roles::wallet::{Input, WalletPayment, WalletState};
use crate::roles::{Actor, Role as _};
use crate::scenario::{Attack, AttackKind, Start};
use crate::sign::Signature;
use crate::text::Text;
use crate::time::Span;
use std::sync::Arc;

/// How long after it an attack on a phone is judged: long enough to pay.
const JUDGED_AFTER: Span = Span::seconds(60);
/// How long an attacker waits for a code that is not there yet.
const LOOK_AGAIN: Span = Span::seconds(1);

impl Director {
    pub(super) fn cue_attacks(&mut self, world: &mut World<Watch>) {
        for at in 0..self.scenario.attacks.len() {
            if let Start::At(after) = self.scenario.attacks[at].start {
                let id = self.scenario.attacks[at].id;
                let after = after.pick(&self.chance, "at", id.as_str().as_bytes());
                let at_time = world.now().after(after);
                self.cue(world, at_time, Cue::Attack(at));
            }
        }
    }

    /// The attacks that wait for this step.
    pub(super) fn attacks_after(&mut self, world: &mut World<Watch>, step: Name) {
        for at in 0..self.scenario.attacks.len() {
            if let Start::After(of, wait) = self.scenario.attacks[at].start
                && of == step
            {
                let id = self.scenario.attacks[at].id;
                let wait = wait.pick(&self.chance, "wait", id.as_str().as_bytes());
                let at_time = world.now().after(wait);
                self.cue(world, at_time, Cue::Attack(at));
            }
        }
    }

    pub(super) fn attack(&mut self, world: &mut World<Watch>, at: usize) {
        let scenario = Arc::clone(&self.scenario);
        let attack = &scenario.attacks[at];
        if let (AttackKind::ReplaceCode, Some(target), Some(code_of)) =
            (attack.does, attack.target, attack.code_of)
        {
            self.stickers.insert(target, code_of);
            return ended(world, attack, "glued");
        }
        let code = attack
            .receipt
            .as_ref()
            .and_then(|receipt| self.code(receipt));
        let Some((text, blob)) = code.cloned() else {
            let soon = world.now().after(LOOK_AGAIN);
            return self.cue(world, soon, Cue::Attack(at));
        };
        match attack.does {
            AttackKind::AlterAmount => self.show(world, at, &altered(&blob)),
            AttackKind::ReplayReceipt => self.show_text(world, at, &text, &blob),
            AttackKind::CloneChip => match self.cloned(world, attack, &blob) {
                Some(forged) => self.show(world, at, &forged),
                None => ended(world, attack, "no-chip"),
            },
            AttackKind::ForgeNotice => self.forge(world, attack),
            AttackKind::ReplaceCode | AttackKind::Flood => {}
        }
    }

    /// A phone is shown a code.
    fn show(&mut self, world: &mut World<Watch>, at: usize, blob: &Blob) {
        let text = link::to_link(&self.host, None, blob);
        self.show_text(world, at, &text, blob);
    }

    fn show_text(&mut self, world: &mut World<Watch>, at: usize, text: &str, blob: &Blob) {
        let scenario = Arc::clone(&self.scenario);
        let attack = &scenario.attacks[at];
        let first = scenario.customers.keys().next().copied();
        let Some(who) = attack.payer.or(first) else {
            return ended(world, attack, "nobody to fool");
        };
        let phone = Party::new(PartyKind::Wallet, who);
        let Some(Actor::Wallet(wallet)) = world.actor(&phone) else {
            return;
        };
        let input = wallet.read_scan(
            world.now(),
            text,
            crate::roles::wallet::Expectation::default(),
        );
        if let Input::ScanRefused(refusal) = &input {
            let word = refusal.reason().word();
            world.local(&phone, "scan", input);
            return ended(world, attack, word);
        }
        let code = CodeHash::of(blob);
        if is_paid(world, &phone, &code) {
            world.local(&phone, "scan", input);
            return ended(world, attack, "already-paid");
        }
        world.local(&phone, "scan", input);
        let later = world.now().after(JUDGED_AFTER);
        self.cue(world, later, Cue::Verdict(at, who, code));
    }

    /// What the phone made of the code that it was shown.
    pub(super) fn verdict(&self, world: &mut World<Watch>, at: usize, who: Name, code: CodeHash) {
        let phone = Party::new(PartyKind::Wallet, who);
        let rows = world.rows::<WalletPayment>(&phone).unwrap_or_default();
        let found = rows.into_iter().find(|row| row.code == code);
        let word = found.map_or("nothing", |row| match row.reason {
            Some(reason) => reason.word(),
            None => row.state.word(),
        });
        ended(world, &self.scenario.attacks[at], word);
    }

    /// The same receipt from a copy of the chip, for another amount.
    fn cloned(&self, world: &World<Watch>, attack: &Attack, blob: &Blob) -> Option<Blob> {
        let shop = self.receipts.get(attack.receipt.as_ref()?)?.shop;
        let name = self.scenario.merchants.get(&shop)?.till_name(shop, 1)?;
        let Some(Actor::Terminal(terminal)) = world.actor(&Party::new(PartyKind::Terminal, name))
        else {
            return None;
        };
        let Some(Actor::Chip(chip)) = world.actor(&Party::new(PartyKind::Chip, name)) else {
            return None;
        };
        let keys = chip.keys.as_ref()?;
        let code = terminal.trust.verify_code(blob).ok()?;
        let mut order = open_as_gateway(&code, &keys.terminal).ok()?;
        let half = Money::new(order.amount.minor() / 2 + 1, order.amount.currency());
        order.amount = attack.amount.unwrap_or(half);
        let header = code.header();
        let draft = Draft {
            route: header.route,
            flags: header.flags,
            issued_at: header.issued_at,
            ttl_minutes: header.ttl_minutes,
            order,
            certificate: None,
        };
        seal(&keys.terminal, &keys.signing, &draft).ok()
    }

    /// The shop is told of a payment that no bank made.
    fn forge(&self, world: &mut World<Watch>, attack: &Attack) {
        let gateways: Vec<Party> = world
            .parties()
            .filter(|party| party.kind == PartyKind::Gateway)
            .collect();
        let mut orders = gateways
            .iter()
            .flat_map(|party| world.rows::<Order>(party).unwrap_or_default());
        let Some(order) = orders.find(|order| Some(&order.reference) == attack.receipt.as_ref())
        else {
            return ended(world, attack, "no-order");
        };
        drop(orders);
        let banks = self.scenario.banks.keys().next();
        let shop = attack
            .receipt
            .as_ref()
            .and_then(|receipt| self.receipts.get(receipt));
        let (Some(bank), Some(shop), Some(gateway)) = (banks, shop, gateways.first()) else {
            return;
        };
        let body = BankReference {
            of: Attempt {
                order: order.id,
                attempt: AttemptId(order.id.0),
            },
            uid: order.uid,
            amount: order.amount,
            merchant: order.merchant,
            posted_at: world.now(),
        };
        let mut reference = Attested::unsigned(body, Party::new(PartyKind::Bank, *bank));
        reference.signature = Signature([0x5A; 64]);
        let notice = Message::Notice(Arc::new(Notice {
            event: EventId(order.id.0),
            reference,
            order_reference: order.reference.clone(),
        }));
        let office = Party::new(PartyKind::Merchant, shop.shop);
        let from = Sender {
            party: *gateway,
            bank: None,
        };
        let taken = world
            .actor(&office)
            .map(|actor| actor.admit(world.now(), from, notice));
        match taken {
            Some(Err(reason)) => ended(world, attack, reason.word()),
            Some(Ok(input)) => {
                world.local(&office, "notice", input);
                ended(world, attack, "believed");
            }
            None => ended(world, attack, "nobody there"),
        }
    }
}

/// The code with one byte of what is sealed changed.
fn altered(blob: &Blob) -> Blob {
    let mut bytes = blob.bytes().to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    Blob::from(bytes)
}

fn is_paid(world: &mut World<Watch>, phone: &Party, code: &CodeHash) -> bool {
    let rows = world.rows::<WalletPayment>(phone).unwrap_or_default();
    let mut paid = rows.iter().filter(|row| row.state == WalletState::Paid);
    paid.any(|row| row.code == *code)
}

fn ended(world: &mut World<Watch>, attack: &Attack, word: &str) {
    let now = world.now();
    let judge = &mut world.observer.judge;
    judge.attack_ended(now, attack.id, Text::clean(word));
}
