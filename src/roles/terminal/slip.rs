//! The paid slip, on the shop's own printer.

use super::Terminal;
use super::records::Printed;
use crate::id::MerchantId;
use crate::journal::EventKind;
use crate::message::{Bytes, Message};
use crate::order::Reason;
use crate::receipt::write::{PaidSlip, paid_slip};
use crate::roles::merchant::Payment;
use crate::roles::{Cx, Effect};
use crate::store::Stop;
use crate::text::Text;

impl Terminal {
    /// Prints the slip of a receipt that this terminal printed, once. The bank's signature was
    /// checked; what it says must be what was sealed.
    pub(super) fn paid(&self, cx: &mut Cx<'_>, payment: &Payment) -> Result<(), Stop> {
        let body = &payment.reference.body;
        let receipt = cx.get::<Printed>(&(body.uid,))?;
        let mut receipt = receipt.ok_or(Stop::Refuse(Reason::NotFound))?;
        if receipt.amount != body.amount {
            return Err(Stop::Refuse(Reason::Altered));
        }
        cx.reply(Message::SlipHeard(payment.heard()));
        match (receipt.paid_order, receipt.paid_attempt) {
            (None, _) => {}
            (Some(order), Some(attempt))
                if (order, attempt) == (body.of.order, body.of.attempt) =>
            {
                return Ok(());
            }
            _another_payment => {
                let event = payment.record(EventKind::OrderConflict);
                cx.record(event.reason(Reason::AlreadyPaid));
                return Ok(());
            }
        }
        let slip = PaidSlip {
            merchant: self.shop(body.merchant),
            amount: receipt.amount,
            reference: receipt.reference.clone(),
            bank: Text::clean(payment.reference.by.name.as_str()),
            at: body.posted_at,
        };
        cx.effect(Effect::Print(Bytes(paid_slip(&slip, &self.printer).into())));
        cx.record(payment.record(EventKind::SlipPrinted));
        (receipt.paid_order, receipt.paid_attempt) = (Some(body.of.order), Some(body.of.attempt));
        cx.put(receipt)
    }

    /// The shop's certified name, or the one that its receipts have.
    fn shop(&self, merchant: MerchantId) -> Text {
        let certified = self.trust.merchant(merchant).ok();
        let certified = certified.map(|merchant| merchant.name.clone());
        certified
            .or_else(|| self.hints.merchant.clone())
            .unwrap_or_default()
    }
}
