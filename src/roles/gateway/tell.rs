//! Everyone hears that an order was paid: the payee's bank, the merchant, the shop's printer.

use super::Gateway;
use super::records::Order;
use crate::id::{EventId, Party, PartyKind};
use crate::journal::{Event, EventKind};
use crate::message::{Advice, Attested, BankReference, Heard, Message, Notice};
use crate::roles::bugs::{self, Bug};
use crate::roles::{Cx, Schedule};
use crate::store::Stop;
use std::sync::Arc;

impl Gateway {
    /// Tells those whom it concerns, each until it has heard. They check the paying bank's own
    /// signature, so a compromised gateway cannot make them believe.
    pub(super) fn tell(
        &self,
        cx: &mut Cx<'_>,
        order: &Order,
        reference: &Attested<BankReference>,
    ) -> Result<(), Stop> {
        let key = (reference.body.of.order, reference.body.of.attempt);
        if order.payee_bank != reference.by.name {
            let event = EventId(cx.new_id("advice", &key));
            let account = order.payee_account.clone();
            let advice = Advice {
                event,
                reference: reference.clone(),
                account,
            };
            let to = Party::new(PartyKind::Bank, order.payee_bank);
            cx.send_kept(
                event,
                to,
                Message::Advise(Arc::new(advice)),
                Schedule::Money,
            )?;
        }
        let shop = self.shops.get(&order.merchant);
        if let Some(&shop) = shop.filter(|_| !bugs::on(Bug::ForgetsShop)) {
            let notice = self.notice(cx, "notice", order, reference);
            cx.send_kept(
                notice.event,
                shop,
                Message::Notice(notice),
                Schedule::Counter,
            )?;
        }
        if let Some(&terminal) = self.terminals.get(&order.uid.terminal) {
            let slip = self.notice(cx, "slip", order, reference);
            cx.send_kept(slip.event, terminal, Message::Slip(slip), Schedule::Counter)?;
        }
        Ok(())
    }

    fn notice(
        &self,
        cx: &mut Cx<'_>,
        purpose: &str,
        order: &Order,
        reference: &Attested<BankReference>,
    ) -> Arc<Notice> {
        let key = (reference.body.of.order, reference.body.of.attempt);
        let event = EventId(cx.new_id(purpose, &key));
        let order_reference = order.reference.clone();
        Arc::new(Notice {
            event,
            reference: reference.clone(),
            order_reference,
        })
    }

    /// Somebody has heard.
    pub(super) fn heard(cx: &mut Cx<'_>, heard: &Heard, by: Party) -> Result<(), Stop> {
        if cx.settled(heard.event, by)? {
            cx.record(Event::new(EventKind::Delivered).order(heard.order).peer(by));
        }
        Ok(())
    }
}
