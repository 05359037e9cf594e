//! The words behind which a shop writes its number for a sale.

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
        "abb no|kot no|kot #|receipt no|receipt number|receipt #|receipt id|rcpt no|invoice no",
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
    (4, "bill|check|ticket|op"),
    (
        5,
        "trans #|trans no|transaction no|transaction id|transaction #|trn #|trans|transaction",
    ),
    (4, "nota"),
    (3, "trx|txn|ref no"),
    (
        7,
        "帳單編號|賬單編號|退货单号|退貨單號|换货单号|預約編號|單據號|nr wydruku|nr wydr|wydruk nr",
    ),
    (
        8,
        "no bil|no resit|nro factura|factura nro|factura n|fiscal no|bon fiscal|numero de ticket|numero ticket",
    ),
    (
        7,
        "tique factura b nro|tique factura a nro|tique factura c nro|tique nro|ticket nro|comprobante nro|p v nro",
    ),
    (
        7,
        "n documento|doc commerciale n|documento commerciale n|scontr n|scontr|scontrino parlante|documento gestionale n|conto n|conto|nr bonu|n vendita",
    ),
    (
        7,
        "会計no|会計no.|会計 no|会計番号|会計伝票|お会計no|伝票no.|取引no.|レジ番号no|注文no|注文 no|注文|整理番号",
    ),
    (
        7,
        "rg nr|re nr|rechn nr|rgnr|nr rachunku|bestell no|rechnungsnummer nr|rechnung no|quittung nr|quittungsnr|quittung no|auftrags nr|beleg nummer|bon nummer|bonnummer|kassenbeleg nr|kassenbeleg",
    ),
    (
        7,
        "numero de facture|numero de ticket|facture numero|note no|note numero|addition n|addition no|cde n|cde no|cde|cmd n|cmd no|cmd|bon de commande n|recu no|num ticket|no de ticket|no ticket|n de ticket|n de facture",
    ),
    (
        7,
        "boleta electronica n|boleta electronica|boleta de venta electronica|boleta de venta|factura electronica|factura electronica de venta|factura de venta no|factura de venta|doc equivalente no|n factura|n recibo|n fatura|n pedido|n comanda|conta n|conta|senha|n talao|venda|n venda|venda n|doc nr|documento nr|cupom n|coo|ccf|n extrato|extrato n|extrato",
    ),
    (
        7,
        "no de orden|no orden|orden no|orden|orden n|num orden|numero de orden|nota n|folio|folio fiscal|no ticket|no de ticket|ticket no|no nota|cuenta no|cuenta n|cuenta|no cuenta|n mesa ticket",
    ),
    (
        7,
        "hesap no|siparis|belge numarasi|fatura no|fatura numarasi|irsaliyeli fatura no|islem numarasi|bilgi fisi no",
    ),
    (
        7,
        "เลขที่ใบเสร็จรับเงิน|เลขที่ใบกำกับภาษี|ใบเสร็จ no|เลขที่เอกสาร|เลขที่ออเดอร์|หมายเลขใบเสร็จ|บิล|หมายเลขบิล",
    ),
    (
        7,
        "nomor bon|nomor invoice|no antrian pesanan|id pesanan|id transaksi|id order|kode transaksi|kode pesanan|no ref struk|faktur|no faktur pajak|nomor faktur",
    ),
    (
        7,
        "no siri resit|no jualan|bil no|resit no|invois no|no pesanan|pesanan",
    ),
    (
        7,
        "영수증 no|영수증|영수 no|전표no|전표 no|bill no.|거래 no|거래no|주문 no|주문no|접수번호|주문서번호|대기번호",
    ),
    (
        7,
        "结账单号|账单流水|交易单号|收款单号|消费单号|流水单号|销售流水|发票号码|取单号|取餐码|結帳單號|單據編號|交易單號|收銀單號",
    ),
    (
        7,
        "abholnummer|abholnr|docket no|docket|token no|fac simpl|factura simpl|scontrino fiscale n|çek no|cek no|invois|交易流水号|銷售單號|收据编号|票据号|票據號|หมายเลขคําสั่งซื้อ|r#",
    ),
    (6, "bon n|doc|序号|序號|領収書no|領収書 no|编号|編號"),
    (
        4,
        "sale|token|transaktionsnr|transaktion|num|kode|antrian|rujukan|bil|nomor|documento|seq no|คิวที่|คิว",
    ),
    (3, "seq|sequence"),
    (2, "ref|nro"),
    (1, "no|n|nr"),
];

/// A label.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// Its first word.
    pub(super) head: &'static str,
    /// Its other words.
    pub(super) more: Vec<&'static str>,
    pub(super) strength: Strength,
}

/// The labels by their first two bytes. Those whose second character is a space, which may be left
/// out, begin with any second byte.
#[derive(Debug)]
struct Starts {
    /// For each two bytes the place of their labels; 0 is that of none.
    places: Vec<u16>,
    labels: Vec<Vec<Label>>,
}

static STARTS: LazyLock<Starts> = LazyLock::new(|| {
    let mut starts = Starts {
        places: vec![0; 1 << 16],
        labels: vec![Vec::new()],
    };
    for (strength, labels) in LABELS {
        for text in labels.split('|') {
            let mut words = text.split(' ');
            let label = Label {
                head: words.next().unwrap_or(text),
                more: words.collect(),
                strength: *strength,
            };
            match *text.as_bytes() {
                [first, second, ..] => starts.add([first, second], label),
                [first] => starts.add([first, b' '], label),
                [] => {}
            }
        }
    }
    starts
});

impl Starts {
    fn add(&mut self, start: [u8; 2], label: Label) {
        let new = u16::try_from(self.labels.len()).expect("there are fewer labels");
        let Some(place) = self.places.get_mut(usize::from(u16::from_be_bytes(start))) else {
            return;
        };
        if *place == 0 {
            *place = new;
            self.labels.push(Vec::new());
        }
        if let Some(labels) = self.labels.get_mut(usize::from(*place)) {
            labels.push(label);
        }
    }

    fn of(&self, start: [u8; 2]) -> &[Label] {
        let place = self.places.get(usize::from(u16::from_be_bytes(start)));
        let labels = place.and_then(|place| self.labels.get(usize::from(*place)));
        labels.map_or(&[], Vec::as_slice)
    }
}

/// The labels with which a text could begin, by its first two bytes.
pub(super) fn beginning(text: &str) -> impl Iterator<Item = &'static Label> {
    let (both, first) = match *text.as_bytes() {
        [first, second, ..] if second != b' ' => (Some([first, second]), Some([first, b' '])),
        [first, ..] => (None, Some([first, b' '])),
        [] => (None, None),
    };
    both.into_iter()
        .chain(first)
        .flat_map(|start| STARTS.of(start))
}

/// Whether the first word of a label begins a text.
pub(super) fn begins(text: &str) -> bool {
    beginning(text).any(|label| text.starts_with(label.head))
}
