//! What kind of paper this is: only a sale can be paid.
//!
//! A word decides only where it titles the paper or a part of it (a short line, a big one, one
//! between asterisks): "NO CASH REFUND" in the small print makes no refund.

use super::lexicon;
use super::written::Written;
use hashbrown::HashMap;
use std::sync::LazyLock;

/// What a paper is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A sale, a bill, a guest check.
    Sale,
    /// What the kitchen or bar is to make.
    Kitchen,
    /// A report of the till: X, Z, shift.
    Report,
    /// A sale that was cancelled.
    Void,
    /// Money given back.
    Refund,
    /// A sale printed again.
    Copy,
    /// Not a real sale.
    Training,
    /// What a card terminal prints.
    CardSlip,
    /// A sale that says it has been paid.
    AlreadyPaid,
    /// What something would cost, or what is delivered: an offer, an estimate, a delivery note.
    Quote,
}

impl Kind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Kitchen => "kitchen ticket",
            Self::Report => "report",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Copy => "copy",
            Self::Training => "training",
            Self::CardSlip => "card slip",
            Self::AlreadyPaid => "already paid",
            Self::Quote => "quote",
        }
    }

    /// What "it is" goes on with: `a card slip`, `already paid`.
    pub(super) fn phrase(self) -> String {
        match self {
            Self::AlreadyPaid => self.word().to_owned(),
            _ => format!("a {}", self.word()),
        }
    }
}

/// Titles by kind, in comparable form. A `*` at the end: the line may go on.
const TITLES: &[(Kind, &str)] = &[
    (
        Kind::Training,
        "training*|training mode*|training receipt|demo mode*|practice mode*|schulung*|trainingsmodus*|ubung|formation|mode formation|ecole|addestramento|entrenamiento|modo entrenamiento|treinamento|modo treinamento|egitim*|egitim modu|latihan|mode latihan|mod latihan|練習*|トレーニング*|レーニング|練習モード|培训*|练习*|練習模式|教學模式|연습*|연습모드|โหมดฝึก*|not a receipt|ungultig|specimen|no fiscal value|non fiscal test",
    ),
    (
        Kind::Void,
        "void|voided|void receipt|void sale|void transaction|sale void|transaction void|transaction voided|cancelled|canceled|cancelled sale|order cancelled|cancellation*|transaction cancelled|sale cancelled|storno*|stornobeleg|storniert|stornorechnung|annule|annulation|ticket annule|annullato|annullo|documento annullato|scontrino annullato|anulado|anulacion|ticket anulado|cancelado|cancelamento|venda cancelada|iptal|fis iptal|iptal fisi|batal|dibatalkan|transaksi batal|作废*|已作废|作廢*|已作廢|交易取消|取消|取消票|取消レシート|撤销*|已取消|退单|취소|취소영수증|승인취소|ยกเลิก*",
    ),
    (
        Kind::Refund,
        "refund|refund receipt|refunded|sales return|sale return|return receipt|merchandise return|returns|return|credit note*|refund slip|cash refund|card refund|refund amount|refund total|total refund|total refunded|amount refunded|ruckerstattung|erstattung|gutschrift|retoure|warenrucknahme|ruckgabe|remboursement|avoir|ticket de retour|retour|rimborso|reso|reso merce|nota di credito|devolucion|reembolso|abono|nota de credito|devolucao|iade|iade fisi|retur|refund transaksi|pengembalian|bayaran balik|pulangan|退款*|退货*|退款单|退貨*|返金*|返品*|返品レシート|환불|환불영수증|반품*|คืนเงิน*|คืนสินค้า*",
    ),
    (
        Kind::Copy,
        "copy|copy receipt|receipt copy|duplicate*|duplicate receipt|duplicate copy|reprint*|reprinted|re print*|re-print*|second copy|copy of receipt|kopie|belegkopie|rechnungskopie|zweitschrift|duplikat|nachdruck|duplicata|copie|reimpression|copia|duplicado|reimpresion|copia conforme|ristampa|segunda via|2a via|reimpressao|suret|kopya|ikinci kopya|salinan|cetak ulang|重印*|补打*|复印|副本|重打*|补打单|再発行*|再印刷|再印字|控え再発行|재발행*|재출력*|사본|สำเนา*|พิมพ์ซ้ำ*|補印|this is a copy|not original|copy 2|copy 1",
    ),
    (
        Kind::CardSlip,
        "credit card receipt|card receipt|card slip|credit card slip|credit card sales slip|merchant copy|cardholder copy|card holder copy|customer copy|card sale|credit sale slip|kundenbeleg|handlerbeleg|kartenzahlung|zahlungsbeleg|ticket client|carte bancaire|recibo de tarjeta|comprobante de tarjeta|comprovante cartao|via cliente|via estabelecimento|ricevuta carta|copia cliente|クレジットカード売上票*|クレジット売上票*|クレジットカードご利用票*|カード売上票|신용카드매출전표*|신용승인*|카드매출전표|签购单*|刷卡单|持卡人存根*|商户存根*|信用卡簽單|แบบบัตรเครดิต",
    ),
    (
        Kind::Report,
        "x report*|z report*|x-report*|z-report*|xreport|zreport|x reading*|z reading*|end of day*|end-of-day*|daily report*|daily sales*|sales summary*|day end*|end of shift*|cash up*|cashup*|closing*|daily total*|financial report*|x-read*|z-read*|eod*|batch report*|tip report*|void report*|product mix*|hourly sales*|till summary*|drawer report*|daily sales report*|sales report*|shift report*|day report*|closing report*|cash report*|till report*|cashier report*|department report*|settlement report*|summary report|daily summary*|tagesabschluss*|z-bericht*|x-bericht*|z-bon*|z bon|kassenbericht*|kassenabschluss*|tagesbericht*|rapport z*|rapport x*|cloture*|rapport journalier*|rapporto*|chiusura*|chiusura giornaliera|cierre*|informe z*|reporte*|informe*|cierre de caja*|fechamento*|relatorio*|reducao z*|leitura x*|z raporu*|x raporu*|gun sonu*|rapor*|laporan*|tutup kasir*|日报*|日结*|交班*|营业报表*|班结*|日報*|精算*|点検*|売上集計*|日計*|정산*|일일정산*|마감*|일마감*|영업마감*|영업일보*|รายงาน*|สรุปยอด*",
    ),
    (
        Kind::Kitchen,
        "kitchen copy|kitchen order*|kitchen ticket*|kot|chef copy|kuchenbon|bestellbon|bon de cuisine|bon cuisine|comanda cucina|orden de cocina|comanda de cocina|via cozinha|mutfak fisi|pesanan dapur|salinan dapur|后厨联|厨房联|厨打单*|厨房伝票|주방주문서|주방용|ใบสั่งอาหาร",
    ),
    (
        Kind::Kitchen,
        "theke|schank|ausschank|kitchen*|kitchen order*|kitchen ticket*|kitchen copy|kot*|bar order*|bar ticket|prep ticket|chef copy|küche*|kuche*|kuchenbon|bestellbon|thekenbon|cuisine*|bon de cuisine|bon cuisine|comanda cucina|cucina*|comanda|cocina*|orden de cocina|cozinha*|mutfak*|mutfak fisi|dapur*|pesanan dapur|厨房*|厨打*|后厨*|出品单*|制作单*|分单|总单|传菜*|廚房*|キッチン*|調理*|厨房伝票|주방*|주방주문서*|ครัว*|ใบสั่งอาหาร",
    ),
    (
        Kind::Quote,
        "estimate|quote|quotation|price quote|not an invoice|this is not an invoice|delivery note|packing slip|gift receipt|kostenvoranschlag|angebot|lieferschein|devis|bon de livraison|preventivo|bolla di consegna|documento di trasporto|presupuesto|cotizacion|albaran|orcamento|guia de remessa|teklif|irsaliye|sevk irsaliyesi|penawaran|surat jalan|sebut harga|offerte|pakbon|见积书|見積書|納品書|报价单*|報價單|送货单*|出貨單|견적서|거래명세표|ใบเสนอราคา|ใบส่งของ",
    ),
    (
        Kind::AlreadyPaid,
        "paid|paid in full|payment received|fully paid|order paid|paid online|online paid|paid via app|paid by app|app payment|paid in advance|payment complete|payment completed|payment successful|account settled|settled|closed - paid|total paid in full|online bezahlt|paye en ligne|pagato online|pagado online|pago online|online odendi|prepaid|paid card|paid - card|paid by card*|paid cash|paid with thanks|bezahlt*|bereits bezahlt|zahlung erhalten|paye|deja paye|regle|acquitte|pagato|gia pagato|saldato|pagado|ya pagado|cancelado en su totalidad|pago|ja pago|odendi*|lunas|sudah dibayar|telah dibayar|已支付*|已在线支付*|线上已支付*|已线上支付*|顾客已付款*|微信已支付*|支付宝已支付*|已付款*|已付清|已结账*|已结帐*|在线支付*|支払済*|支払い済*|お支払い済*|お支払済*|決済済*|お支払済|결제완료*|결제 완료|계산완료|ชำระแล้ว*|ชำระเงินแล้ว*",
    ),
];

/// The row of [`TITLES`] with words that a restaurant's name may hold, too: with a total, they
/// title nothing.
const KITCHEN_NAME: usize = 7;

/// The titles as they are looked up: whole ones by themselves, the others by their first character.
struct Index {
    whole: HashMap<String, u16>,
    begun: HashMap<char, Vec<(String, u16)>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index {
        whole: HashMap::new(),
        begun: HashMap::new(),
    };
    for (i, (_, titles)) in TITLES.iter().enumerate() {
        for title in titles.split('|').map(lexicon::normal) {
            match (title.strip_suffix('*'), title.chars().next()) {
                (Some(start), Some(first)) => {
                    let starts = index.begun.entry(first).or_default();
                    starts.push((start.to_owned(), 1 << i));
                }
                _ => *index.whole.entry(title).or_insert(0) |= 1 << i,
            }
        }
    }
    index
});

/// The kind of a paper, with the line that says so. Where arithmetic proves a line to be the
/// change, it says no kind: `Devolución 0,28` is money given back, too.
pub(super) fn kind(
    lines: &[Written<'_>],
    has_total: bool,
    has_items: bool,
    change: Option<usize>,
) -> (Kind, Option<usize>) {
    let of = |(at, line)| if Some(at) == change { 0 } else { titles(line) };
    let said: Vec<u16> = lines.iter().enumerate().map(of).collect();
    let found = TITLES.iter().enumerate().find_map(|(i, (kind, _))| {
        let line = said.iter().position(|bits| bits & (1 << i) != 0)?;
        (!(i == KITCHEN_NAME && has_total)).then_some((*kind, line))
    });
    match found {
        // A slip's "customer copy" may stand on any receipt; approval codes make it a slip.
        Some((Kind::CardSlip, line)) if is_copy_mark(lines.get(line)) && !has_approval(lines) => {
            (Kind::Sale, None)
        }
        Some((kind, line)) => (kind, Some(line)),
        None if !has_items && has_approval(lines) && is_slip(lines) => (Kind::CardSlip, None),
        None => match received(lines) {
            Some(line) => (Kind::AlreadyPaid, Some(line)),
            None => (Kind::Sale, None),
        },
    }
}

/// Whether a line titles a paper of this kind.
pub(super) fn is_title(line: &Written<'_>, kind: Kind) -> bool {
    let said = titles(line);
    let rows = TITLES.iter().enumerate();
    rows.filter(|(_, row)| row.0 == kind)
        .any(|(i, _)| said & (1 << i) != 0)
}

/// The most characters of a line that is a title.
const TITLE_CHARS_MAX: usize = 40;

/// The kinds that a line titles, as bits in the order of [`TITLES`].
fn titles(line: &Written<'_>) -> u16 {
    let bare = trim(&line.normal);
    if bare.is_empty() || bare.chars().nth(TITLE_CHARS_MAX).is_some() {
        return 0;
    }
    // A title may stand in one of two columns or in brackets.
    let mut bits = part_titled(bare);
    if bare.contains("  ") {
        bits |= bare
            .split("  ")
            .filter(|part| !part.is_empty())
            .fold(0, |b, part| b | part_titled(trim(part)));
    }
    let bracket = ['[', ']', '*', '(', ')'];
    if bare.contains(bracket) {
        bits |= bare
            .split(bracket)
            .filter(|part| !part.is_empty())
            .fold(0, |b, part| b | part_titled(trim(part)));
    }
    bits
}

fn trim(part: &str) -> &str {
    lexicon::trimmed(part, char::is_alphanumeric)
}

fn part_titled(part: &str) -> u16 {
    let second = part.as_bytes().get(1);
    let goes_on = |start: &String| {
        // A longer start that differs in its second byte needs no further look.
        let may = start.as_bytes().get(1).is_none_or(|b| second == Some(b));
        may && part.strip_prefix(start.as_str()).is_some_and(|rest| {
            let end = !rest.starts_with(char::is_alphanumeric) || !start.is_ascii();
            end && rest.split_whitespace().count() <= 3
                && !rest.trim_start().starts_with(['=', '&'])
        })
    };
    let begun = part
        .chars()
        .next()
        .and_then(|first| INDEX.begun.get(&first));
    let begun = begun
        .into_iter()
        .flatten()
        .filter(|(start, _)| goes_on(start));
    begun.fold(
        INDEX.whole.get(part).copied().unwrap_or(0),
        |bits, (_, kind)| bits | kind,
    )
}

/// The numbers that only a card terminal prints.
fn is_slip(lines: &[Written<'_>]) -> bool {
    const WORDS: &[&str] = &[
        "slip",
        "seq",
        "card",
        "terminal id",
        "tid",
        "mid",
        "batch",
        "trace",
        "rrn",
        "aid:",
        "カード",
        "카드",
        "会員番号",
        "karte",
        "carte",
        "tarjeta",
    ];
    let text: Vec<String> = lines.iter().map(|l| l.text().to_lowercase()).collect();
    WORDS
        .iter()
        .filter(|w| text.iter().any(|t| t.contains(*w)))
        .count()
        >= 2
}

fn is_copy_mark(line: Option<&Written<'_>>) -> bool {
    line.is_some_and(|l| l.text().to_lowercase().contains("copy"))
}

fn has_approval(lines: &[Written<'_>]) -> bool {
    lines.iter().any(|l| {
        let lower = l.text().to_lowercase();
        [
            "approval",
            "appr code",
            "auth code",
            "app code",
            "auth no",
            "承認番号",
            "승인번호",
            "genehmigung",
            "autorisation",
            "autorizacion",
            "cardholder",
        ]
        .iter()
        .any(|w| lower.contains(w))
    })
}

/// A formal acknowledgement that the money has been received.
fn received(lines: &[Written<'_>]) -> Option<usize> {
    // Only "thanks" and "dankend" say it in ASCII.
    let may = |text: &str| !text.is_ascii() || text.contains("ank");
    lines
        .iter()
        .map(|line| line.normal.as_str())
        .position(|text| {
            may(text)
                && [
                    "正に領収",
                    "正に受領",
                    "paid with thanks",
                    "received with thanks",
                    "betrag dankend erhalten",
                ]
                .iter()
                .any(|w| text.contains(w))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::layout::layout;
    use crate::receipt::tokens::Dialect;

    fn of(text: &str) -> Kind {
        let pages = layout(text.as_bytes(), Dialect::Plain, None);
        kind(&Written::of(&pages[0].lines), true, true, None).0
    }

    #[test]
    fn titles_decide_and_small_print_does_not() {
        for (text, expected) in [
            ("Shop\n*** REFUND ***\nTotal 5.00", Kind::Refund),
            ("Shop\nSTRICTLY NO CASH REFUND.\nTotal 5.00", Kind::Sale),
            ("Shop\nOPERATOR TRAINEE CASHIER\n", Kind::Sale),
            ("TRAINING MODE\nTotal 5.00", Kind::Training),
            ("Z-REPORT 00012\nTotal 5.00", Kind::Report),
            ("CREDIT CARD RECEIPT\nAMOUNT 5.00", Kind::CardSlip),
            ("Cafe\nTOTAL 7.30\nPAID - CARD\n", Kind::AlreadyPaid),
            ("Shop\nVOID\nTotal 5.00", Kind::Void),
            ("*** REPRINT ***\nTotal 5.00", Kind::Copy),
            ("Laden\nSTORNO\nSumme 5,00", Kind::Void),
            ("CUSTOMER'S COPY\nTotal 5.00", Kind::Sale),
            ("退款单\n合计 5.00", Kind::Refund),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
