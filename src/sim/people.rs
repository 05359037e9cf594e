//! What customers and shopkeepers do, and how they are: hasty, hesitant, gone.

use super::director::{Cue, Director};
use super::watch::Watch;
use super::world::World;
use crate::code::link;
use crate::code::sealed::Blob;
use crate::id::{Name, Party, PartyKind};
use crate::message::CodeHash;
use crate::money::Money;
use crate::order::Reason;
use crate::roles::wallet::Expectation;
use crate::roles::{Actor, merchant, wallet};
use crate::scenario::{Act, Customer, Range, Scenario, Via};
use crate::text::Text;
use crate::time::Span;
use std::sync::Arc;

/// How soon those scan again who scan twice.
const AGAIN: Range<Span> = Range {
    least: Span::ZERO,
    most: Span::seconds(2),
};
/// How soon those say no who change their mind.
const DOUBT: Range<Span> = Range {
    least: Span::millis(100),
    most: Span::seconds(2),
};

impl Director {
    /// What else a customer does who has just scanned: scan again, change their mind, leave.
    pub(super) fn behave(&mut self, world: &mut World<Watch>, who: Option<Name>, receipt: &Text) {
        let scenario = Arc::clone(&self.scenario);
        let known = who.and_then(|who| Some((who, customer(&scenario, who)?)));
        let Some((who, customer)) = known else {
            return;
        };
        let key = format!("{who} {receipt}");
        let (key, chance) = (key.as_bytes(), self.chance.clone());
        let now = world.now();
        if customer.scans_twice.happens(&chance, "scans-twice", key, 0) {
            let soon = now.after(AGAIN.pick(&chance, "scans-again", key));
            self.cue(world, soon, Cue::Again(who, receipt.clone()));
        }
        if customer
            .changes_mind
            .happens(&chance, "changes-mind", key, 0)
        {
            let soon = now.after(DOUBT.pick(&chance, "doubts", key));
            let why = Reason::PayerDeclined;
            self.cue(world, soon, Cue::Leave(who, receipt.clone(), why));
        }
        if let Some(patience) = customer.gives_up_after {
            let why = Reason::PayerSilent;
            let gone = now.after(patience);
            self.cue(world, gone, Cue::Leave(who, receipt.clone(), why));
        }
    }

    /// A counter holds out a receipt that no step prints: its till prints it now, or the till of
    /// the shop whose code is glued on it. Says whether the step waits for that.
    pub(super) fn hold_out(
        &mut self,
        world: &mut World<Watch>,
        step: usize,
        counter: Name,
        receipt: &Text,
        amount: Option<Money>,
    ) -> bool {
        let (Some(amount), false) = (amount, self.receipts.contains_key(receipt)) else {
            return false;
        };
        let shop = self.stickers.get(&counter).copied().unwrap_or(counter);
        let scenario = Arc::clone(&self.scenario);
        let act = Act::Print {
            receipt: receipt.clone(),
            amount: Range {
                least: amount,
                most: amount,
            },
            items: Vec::new(),
            till: 1,
            own: None,
        };
        let merchant = scenario.merchants.get(&shop);
        let made = merchant.and_then(|merchant| {
            let till = merchant.till_name(shop, 1)?;
            Some((till, (self.paper_of)(merchant, &act, &self.chance)?))
        });
        let Some((till, draft)) = made else {
            return false;
        };
        self.begin_receipt(receipt, (shop, till), draft, Vec::new(), None);
        if let Some(receipt) = self.receipts.get_mut(receipt) {
            receipt.then.push(step);
        }
        self.print(world, receipt);
        true
    }

    pub(super) fn expects(
        &self,
        receipt: &Text,
        counter: Name,
        amount: Option<Money>,
    ) -> Expectation {
        let printed = self.receipts.get(receipt).map(|r| r.draft.total());
        let shop = self.scenario.merchants.get(&counter);
        Expectation {
            shop: shop.map(|merchant| merchant.name.clone()),
            amount: amount.or(printed),
        }
    }

    /// A customer scans. Says whether the phone took it; nothing when there is nothing to scan.
    pub(super) fn scan(
        &self,
        world: &mut World<Watch>,
        who: Option<Name>,
        receipt: &Text,
        via: Via,
        expects: Expectation,
    ) -> Option<bool> {
        let (text, blob) = self.code(receipt)?;
        let party = Party::new(PartyKind::Wallet, who?);
        let Some(Actor::Wallet(wallet)) = world.actor(&party) else {
            return None;
        };
        let input = match via {
            Via::App => wallet.read_scan(world.clock_of(&party), text, expects),
            Via::Link => {
                let followed = link::to_link(&self.host, Some(&wallet.bank), blob);
                wallet.read_scan(world.clock_of(&party), &followed, expects)
            }
        };
        Some(world.local(&party, "scan", input))
    }

    /// A customer says yes, or why no. Says whether the phone took it; nothing when there is no
    /// such code.
    pub(super) fn answer(
        &self,
        world: &mut World<Watch>,
        who: Option<Name>,
        receipt: &Text,
        no: Option<Reason>,
    ) -> Option<bool> {
        let (_, blob) = self.code(receipt)?;
        let code = CodeHash::of(blob);
        let input = match no {
            None => wallet::Input::Confirm(code),
            Some(reason) => wallet::Input::Decline(code, reason),
        };
        Some(world.local(&Party::new(PartyKind::Wallet, who?), "person", input))
    }

    /// The shop takes a receipt back. Says whether its back office took it.
    pub(super) fn cancel(&self, world: &mut World<Watch>, receipt: &Text) -> Option<bool> {
        let (_, blob) = self.code(receipt)?;
        let shop = Party::new(PartyKind::Merchant, self.receipts.get(receipt)?.shop);
        Some(world.local(&shop, "void", merchant::Input::Void(blob.clone())))
    }

    /// The code on a receipt, once it came out.
    pub(super) fn code(&self, receipt: &Text) -> Option<&(String, Blob)> {
        self.receipts.get(receipt)?.code.as_ref()
    }
}

/// A customer, or the kind that a crowd's member is.
fn customer(scenario: &Scenario, who: Name) -> Option<&Customer> {
    let actor = scenario.actor_of(&Party::new(PartyKind::Wallet, who));
    let own = scenario.customers.get(&actor);
    own.or_else(|| scenario.crowds.get(&actor).map(|crowd| &crowd.each))
}
