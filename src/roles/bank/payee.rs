//! The payee's side, when payer and merchant bank at different banks: the advised credit.

use super::Bank;
use super::records::AdviceRow;
use crate::journal::EventKind;
use crate::ledger::{clearing_book, direct, merchant_book};
use crate::message::{Advice, Heard, Message};
use crate::roles::Cx;
use crate::roles::bugs::{self, Bug};
use crate::store::Stop;

impl Bank {
    /// Credits the merchant against clearing, once per attempt; never refused.
    pub(super) fn advise(&self, cx: &mut Cx<'_>, advice: &Advice) -> Result<(), Stop> {
        let body = &advice.reference.body;
        let (order, attempt) = (body.of.order, body.of.attempt);
        let known = cx.get::<AdviceRow>(&(order, attempt))?;
        if known.is_none() || bugs::on(Bug::CreditsTwice) {
            let books = (clearing_book(&self.gateway), merchant_book(&advice.account));
            direct(cx, body.of, EventKind::Credited, books, body.amount)?;
            let payer_bank = advice.reference.by.name;
            cx.put(AdviceRow {
                order,
                attempt,
                payer_bank,
                amount: body.amount,
                at: cx.now(),
            })?;
        }
        cx.reply(Message::Advised(Heard {
            event: advice.event,
            order,
        }));
        Ok(())
    }
}
