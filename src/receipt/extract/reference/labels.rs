//! The words behind which a shop writes its number for a sale.

use hashbrown::HashMap;
use std::sync::LazyLock;

/// A label's strength: 9 names an order, 1 could be the number of anything.
pub(super) type Strength = u8;

/// Labels in comparable form, `|` between them. A lone `n` stands for `n.`, `n°`, `nº` and `no`.
const LABELS: &[(Strength, &str)] = &[
    (
        8,
        "factura simplificada|fatura simplificada|fatura recibo|nota fiscal|boleta no|boleta|nota de venta",
    ),
    (
        9,
        "order no|order number|order #|order id|commande n|pedido n|siparis no",
    ),
    (
        9,
        "no order|no pesanan|订单编号|订单号|訂單編號|注文番号|주문번호|หมายเลขคำสั่งซื้อ|order nr",
    ),
    (
        9,
        "pickup no|web order|commande no|numero de commande|numero commande|n commande",
    ),
    (
        9,
        "ordine nr|numero ordine|num pedido|numero de pedido|no pedido|bestelnummer",
    ),
    (
        9,
        "ordernr|ordre nr|ordrenummer|tilausnumero|numer zamowienia|zamowienie",
    ),
    (
        9,
        "nomor pesanan|nomor order|no tempahan|sipariş no|siparis numarasi|お客様番号|受付番号",
    ),
    (
        9,
        "ご注文番号|オーダー番号|주문 번호|오더번호|หมายเลขออเดอร์|訂單號碼|訂單號|点餐单号",
    ),
    (
        8,
        "order|rechnung nr|rechnungsnummer|rechnungs nr|rechnungsnr|bestellung",
    ),
    (
        8,
        "bestellnr|bestell nr|facture n|facture no|commande|ordine|ordine n|fattura n",
    ),
    (
        8,
        "pedido|factura n|fatura n|fis no|siparis|adisyon no|no struk|no nota",
    ),
    (
        8,
        "no faktur|no resit|no invois|order ref|bestelling|单号|單號|訂單|小票单号|单据号|销售单号|单据编号",
    ),
    (
        8,
        "영수증번호|영수번호|영수증no|เลขที่ใบเสร็จ|เลขที่บิล|ออเดอร์|บิลเลขที่|ใบเสร็จเลขที่",
    ),
    (
        8,
        "rechnungs no|auftrag|auftrag nr|auftragsnr|auftragsnummer|bestellnummer",
    ),
    (
        8,
        "n facture|numero facture|fattura nr|fattura|numero factura|no factura|nota no",
    ),
    (
        8,
        "nomor nota|nomor struk|no invoice|no bon|kuitti|fis numarasi|paragon nr",
    ),
    (
        8,
        "numer paragonu|영수증 번호|收據號碼|單據號碼|发票号|เลขที่ใบกำกับ",
    ),
    (
        7,
        "receipt no|receipt number|receipt #|receipt id|rcpt no|invoice no",
    ),
    (
        7,
        "invoice number|invoice #|inv no|inv #|bill no|bill number|bill #|cash inv no",
    ),
    (
        7,
        "bon nr|bonnr|beleg nr|belegnummer|scontrino n|documento n|ricevuta n|recibo n",
    ),
    (
        7,
        "comanda|belge no|no transaksi|no bil|bonnummer|小票号|账单号|订单|收据号|账单编号|伝票番号|伝票no",
    ),
    (
        7,
        "レシート番号|領収書番号|レシートno|オーダー|会計番号|伝票no.|전표번호|주문|빌번호|kvittonr|kvitto nr|bon no",
    ),
    (
        7,
        "beleg no|belegnr|kassenbon nr|kassenbon|ticket de caisse n|recu n|n recu",
    ),
    (
        7,
        "scontrino nr|ricevuta nr|recibo no|comprobante n|comprobante|boleta n|talao",
    ),
    (
        7,
        "nomor transaksi|tx no|adisyon|伝票 no|お会計番号|レシート no|전표 번호|계산서번호|빌 번호",
    ),
    (7, "เลขที่รายการ|帳單號碼"),
    (
        6,
        "rcpt|check no|check #|ticket no|ticket #|doc no|document no|rechnung|facture",
    ),
    (
        6,
        "ticket n|n ticket|doc n|factura|ticket num|cupom|extrato no|流水号|票号|伝票|거래번호",
    ),
    (
        6,
        "เลขที่|bon-nr|vorgang|vorgangsnr|ticket nr|n doc|nfc-e n|tagihan|no tagihan",
    ),
    (6, "伝票№|거래 번호|交易编号"),
    (
        8,
        "fatura fs|fatura ft|fatura fr|fatura simplificada fs|fatura recibo fr",
    ),
    (
        5,
        "scontrino|ricevuta|recibo|fatura|fis|albaran|receipt|invoice|chk|slip no|slip #|sale no|sale #|taxinv|bon|beleg|note n",
    ),
    (
        5,
        "struk|resit|交易号|取餐号|交易序号|交易序號|流水|取引番号|レシート|trx no|txn no|trans id|trx id|transaksi",
    ),
    (
        5,
        "işlem no|islem no|numero operacion|operacion|n operacion|取引no",
    ),
    (
        4,
        "bill|check|ticket|transaction no|transaction id|transaction #|trans no",
    ),
    (4, "trans #|nota"),
    (3, "transaction|trans|trx|txn|ref no"),
    (2, "ref"),
    (1, "no|승인번호"),
];

/// The labels by first character: most words on a receipt begin none.
static BY_FIRST: LazyLock<HashMap<char, Vec<(&'static str, Strength)>>> = LazyLock::new(|| {
    let mut map: HashMap<char, Vec<(&'static str, Strength)>> = HashMap::new();
    for (strength, labels) in LABELS {
        for label in labels.split('|') {
            for first in label.chars().take(1) {
                map.entry(first).or_default().push((label, *strength));
            }
        }
    }
    map
});

/// The labels that begin with a character.
pub(super) fn beginning(first: char) -> &'static [(&'static str, Strength)] {
    BY_FIRST.get(&first).map_or(&[], Vec::as_slice)
}
