//! The words that title a paper, by the kind of paper they make it.
//!
//! Why words and not only whole titles: tills combine the same few freely (`REFUND 00012`,
//! `** KOPIE / DUPLIKAT **`, `VOIDED SALE`), and a short line of nothing but such words and those
//! that go with them is a title. One word more, and it is small print: "NO REFUND WITHOUT RECEIPT".

use super::super::is_alphanumeric;
use super::Kind;
use super::lexicon;
use super::written::Written;
use hashbrown::HashMap;
use std::sync::LazyLock;

/// Kinds of paper as bits, in the order of [`TITLES`]: the first that is said counts.
pub(super) type Bits = u16;

/// Titles by kind, in comparable form. A `*` at the end: the line may go on.
const TITLES: &[(Kind, &str)] = &[
    (
        Kind::Training,
        "training*|training mode*|training receipt|demo mode*|practice mode*|schulung*|trainingsmodus*|ubung|formation|mode formation|ecole|addestramento|entrenamiento|modo entrenamiento|treinamento|modo treinamento|egitim*|egitim modu|latihan|mode latihan|mod latihan|練習*|トレーニング*|レーニング|練習モード|培训*|练习*|練習模式|教學模式|연습*|연습모드|โหมดฝึก*|not a receipt|not a valid receipt|not valid|not valid as receipt|测试|測試|训练|訓練|演示|테스트|훈련|ทดสอบ|documento sem valor*|sem valor fiscal*|sin valor fiscal*|sans valeur*|senza valore*|uji coba|tes|ungultig|no valido|specimen|no fiscal value|non fiscal test",
    ),
    (
        Kind::Void,
        "void|voided|void receipt|void sale|void transaction|sale void|transaction void|transaction voided|cancelled|canceled|cancelled sale|order cancelled|cancellation*|transaction cancelled|sale cancelled|storno*|stornobeleg|storniert|stornorechnung|annule|annulation|ticket annule|annullato|annullo|documento annullato|scontrino annullato|anulado|anulacion|ticket anulado|cancelado|cancelamento|venda cancelada|iptal|fis iptal|iptal fisi|batal|dibatalkan|transaksi batal|作废*|已作废|作廢*|已作廢|交易取消|取消|取消票|取消レシート|撤销*|已取消|退单|취소|취소영수증|승인취소|ยกเลิก*",
    ),
    (
        Kind::Refund,
        "refund|refund receipt|refunded|sales return|sale return|return receipt|merchandise return|returns|return|credit note*|refund slip|cash refund|card refund|customer refund|exchange/refund|refund/exchange|return ticket|ticket retour|nota kredit|credit memo*|nota de credito*|bon d'achat|refund amount|refund total|total refund|total refunded|amount refunded|ruckerstattung|erstattung|gutschrift|retoure|warenrucknahme|ruckgabe|remboursement|avoir|ticket de retour|retour|rimborso|reso|reso merce|nota di credito|devolucion|reembolso|abono|nota de credito|devolucao|iade|iade fisi|retur|refund transaksi|pengembalian|bayaran balik|pulangan|退款*|退货*|退款单|退貨*|返金*|返品*|返品レシート|환불|환불영수증|반품*|คืนเงิน*|คืนสินค้า*",
    ),
    (
        Kind::Copy,
        "copy|copy receipt|receipt copy|duplicate*|duplicate receipt|duplicate copy|reprint*|reprinted|re print*|re-print*|second copy|copy of receipt|kopie|belegkopie|rechnungskopie|zweitschrift|duplikat|nachdruck|duplicata|copie|reimpression|copia|duplicado|reimpresion|copia conforme|ristampa|segunda via|2a via|reimpressao|suret|kopya|ikinci kopya|salinan|cetak ulang|重印*|补打*|复印|副本|重打*|补打单|再発行*|再印刷|再印字|控え再発行|재발행*|재출력*|사본|สำเนา*|พิมพ์ซ้ำ*|補印|customer duplicate|2nd copy|re-printed*|re printed*|cetakan semula|this is a copy|not original|copy 2|copy 1",
    ),
    (
        Kind::CardSlip,
        "credit card receipt|card receipt|card slip|credit card slip|credit card sales slip|merchant copy|cardholder copy|card holder copy|customer copy|card sale|credit sale slip|kundenbeleg|handlerbeleg|kartenzahlung|zahlungsbeleg|ticket client|carte bancaire|recibo de tarjeta|comprobante de tarjeta|comprovante cartao|via cliente|via estabelecimento|ricevuta carta|copia cliente|クレジットカード売上票*|クレジット売上票*|クレジットカードご利用票*|カード売上票|신용카드매출전표*|신용승인*|카드매출전표|签购单*|刷卡单|持卡人存根*|商户存根*|信用卡簽單|แบบบัตรเครดิต",
    ),
    (
        Kind::Report,
        "x report*|z report*|x-report*|z-report*|xreport|zreport|x reading*|z reading*|end of day*|end-of-day*|daily report*|daily sales*|sales summary*|day end*|end of shift*|cash up*|cashup*|closing|closing report*|daily total*|server checkout*|tip summary*|z read*|x read*|ticket z|ticket x|till read*|till reading*|lettura x*|lettura z*|corte z*|corte x*|corte de caja*|arqueo de caja*|fecho de caixa*|dagtotaal*|z-afslag*|z afslag*|tutup shift*|tutup buku*|tutup syif*|financial report*|x-read*|z-read*|eod*|batch report*|tip report*|void report*|product mix*|hourly sales*|till summary*|drawer report*|daily sales report*|sales report*|shift report*|day report*|closing report*|cash report*|till report*|cashier report*|department report*|settlement report*|summary report|daily summary*|tagesabschluss*|z-bericht*|x-bericht*|z-bon*|z bon|kassenbericht*|kassenabschluss*|tagesbericht*|rapport z*|rapport x*|cloture*|rapport journalier*|rapporto*|chiusura*|chiusura giornaliera|cierre*|informe z*|reporte*|informe*|cierre de caja*|fechamento*|relatorio*|reducao z*|leitura x*|z raporu*|x raporu*|gun sonu*|rapor*|laporan*|tutup kasir*|日报*|日结*|交班*|营业报表*|班结*|日報*|精算*|点検*|売上集計*|日計*|정산*|일일정산*|마감*|일마감*|영업마감*|영업일보*|รายงาน*|สรุปยอด*",
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
        "estimate|quote|quotation|price quote|not an invoice|this is not an invoice|delivery note|packing slip|pro forma|pro-forma|quote no*|delivery order|delivery note*|packing list*|angebot nr*|teklif no*|gift receipt|kostenvoranschlag|angebot|lieferschein|devis|bon de livraison|preventivo|bolla di consegna|documento di trasporto|presupuesto|cotizacion|albaran|orcamento|guia de remessa|teklif|irsaliye|sevk irsaliyesi|penawaran|penawaran harga|surat jalan|sebut harga|offerte|pakbon|见积书|見積書|納品書|报价单*|報價單|送货单*|出貨單|送貨單|견적서|거래명세표|ใบเสนอราคา|ใบส่งของ",
    ),
    (
        Kind::AlreadyPaid,
        "paid|paid in full|paid in full*|pago efetuado|do not collect cash*|do not collect|do not charge|bill settled|paid via uber eats*|paid via*|prepaid order*|ready paid|payment received|fully paid|order paid|paid online|online paid|paid via app|paid by app|app payment|paid in advance|payment complete|payment completed|payment successful|account settled|settled|closed - paid|total paid in full|online bezahlt|paye en ligne|pagato online|pagado online|pago online|online odendi|prepaid|paid card|paid - card|paid by card*|paid cash|paid with thanks|bezahlt*|bereits bezahlt|zahlung erhalten|paye|deja paye|regle|acquitte|pagato|gia pagato|saldato|pagado|ya pagado|cancelado en su totalidad|pago|ja pago|odendi*|lunas|sudah dibayar|sudah bayar|telah dibayar|已支付*|已在线支付*|线上已支付*|已线上支付*|顾客已付款*|微信已支付*|支付宝已支付*|已付款*|已付清|已付|已结账*|已结帐*|在线支付*|支払済*|支払い済*|お支払い済*|お支払済*|決済済*|お支払済|결제완료*|결제 완료|계산완료|ชำระแล้ว*|ชำระเงินแล้ว*",
    ),
];

/// The words that title a paper wherever they stand in a line of nothing but such words and
/// [`COMPANIONS`].
const WORDS: &[(Kind, &str)] = &[
    (
        Kind::Training,
        "training trainingsmodus trainingsbon schulung schulungsmodus schulungsbeleg schulungsbon testbon testbeleg testdruck ubungsbon ubungsmodus demo practice test specimen ecole formation prova prueba pruebas entrenamiento addestramento treinamento teste latihan pelatihan egitim invalid ovning ovelse traning учебный oefenmodus szkoleniowy niefiskalny",
    ),
    (
        Kind::Void,
        "void voided cancelled canceled cancellation storno stornobeleg stornobon stornierung storniert rechnungsstorno belegstorno annule annulee annulation annullato annullo annullamento anulado anulada anulacion cancelado cancelada cancelamento iptal iptali batal dibatalkan pembatalan anulowano anulowany geannuleerd makulerad annulleret annullert annulliert аннулирован отменен",
    ),
    (
        Kind::Refund,
        "refund refunded ruckerstattung erstattung gutschrift retoure warenrucknahme rucknahme ruecknahme warenruckgabe remboursement avoir rimborso reso devolucion reembolso rectificativa abono devolucao estorno iade retur pengembalian pulangan zwrot retourbon kreditnota aterkop reklamace возврат",
    ),
    (
        Kind::Copy,
        "copy duplicate duplicated reprint reprinted kopie belegkopie rechnungskopie zweitschrift duplikat nachdruck duplicata copie copia duplicado reimpression reimpresion reimpressao ristampa suret kopya kopyasi kopia salinan pendua tembusan копия дубликат reimpreso",
    ),
    (
        Kind::Report,
        "report zreport xreport reading bericht kassenbericht tagesbericht kassensturz kassenabschluss tagesabschluss rapport rapporto informe relatorio raport raporu rapor laporan rekap closing dagsavslut kasserapport отчет",
    ),
    (
        Kind::Quote,
        "estimate quotation proforma kostenvoranschlag lieferschein devis preventivo presupuesto cotizacion orcamento penawaran layaway",
    ),
    (
        Kind::AlreadyPaid,
        "paid prepaid bezahlt paye payee pagato pagada pagado betaald zaplacono zaplaceno betald betalt оплачено lunas dibayar terbayar odendi odenmistir settled",
    ),
];

/// What may stand beside a word that titles a paper. Numbers and single letters may, too.
const COMPANIONS: &str = "of the de du des del della di da do la le les el il nr num numero number an and und et or for fur par pour via zu mode modus mod modo receipt receipts bill ticket check cheque invoice order sale sales transaction slip bon beleg belegs rechnung kassenbon kassenbeleg quittung facture recu note nota conto scontrino documento commerciale document doc recibo factura fatura cupom fis fisi belge adisyon fiscal valid original full this is emesso merce merchandise goods tax page printed mal already online app web card cards karte carte carta kart tarjeta cartao con mit avec con ile ligne linea deja gia ya ja bereits sudah telah status payment date daily day end shift sale financial financier cashier till flash caja cassa caixa periodo terminal jualan penjualan harian dana dobowy kasse do charge collect sans valeur sem valor sin senza valore kredit kredi receipt's commande pedido order's en nc cash режим чек прихода tryb wydruk valido fiscale pro forma exchange";

/// What makes the word behind it the opposite.
const NEGATIONS: &[&str] = &[
    "no", "not", "non", "nicht", "kein", "keine", "pas", "never", "tidak", "tiada", "bukan",
    "belum", "without", "un",
];

/// What [`NEGATIONS`] have for bits.
const NEGATION: Bits = 1 << 15;

/// Phrases of scripts without spaces that title a paper wherever they stand in a short line.
const SIGNS: &[(Kind, &str)] = &[
    (
        Kind::Training,
        "测试单|測試單|测试小票|测试票|演示模式|訓練模式|教育訓練|訓練單|练习模式|テスト印字|テストモード|訓練モード|교육용|교육모드|테스트용|훈련용|ฝึกอบรม|ทดสอบระบบ|โหมดทดสอบ",
    ),
    (
        Kind::Void,
        "撤单|反结账|已撤销|作废单|註銷|注销单|發票作廢|作廢單|取消伝票|会計取消|取引中止|取引取消|レシート取消|訂正伝票|주문취소|거래취소|판매취소|취소영수증|취소전표|ยกเลิกบิล|ยกเลิกรายการ",
    ),
    (
        Kind::Refund,
        "退货单|退款单|销售退回|退菜单|红冲|銷貨退回|折讓單|折讓證明|退貨單|退款單|退貨明細|退款明細|退货小票|退款小票|払戻|返品伝票|返品票|返金票|결제취소|카드취소|신용취소|승인취소|환불영수증|반품영수증|ใบลดหนี้|รับคืนสินค้า",
    ),
    (
        Kind::Copy,
        "复印件|补打小票|次打印|重打印|重印单|列印次數|補印|店舗控|お店控|再発行|再印刷|재인쇄|재발행|재출력|가맹점용|สำเนาใบเสร็จ",
    ),
    (
        Kind::Report,
        "营业日报|销售汇总|收银日报|营业汇总|交接班|对账单|盘点表|日結|每日報表|營業報告|營業報表|營業日報|報表|报表|更表|關帳|日報表|班結|交班表|売上日報|中間点検|レジ精算|精算レポート|締めレポート|중간정산|일일정산|매출집계|매출보고|매출현황|마감정산|ปิดกะ|ปิดยอด|สรุปยอดขาย",
    ),
    (
        Kind::CardSlip,
        "签购单|簽購單|刷卡存根|신용카드매출전표|카드매출전표|クレジット売上票",
    ),
    (
        Kind::Quote,
        "估价单|估價單|出库单|订货单|報價單|報価|お見積|御見積|거래명세|납품서|ใบเสนอราคา",
    ),
    (
        Kind::Kitchen,
        "划菜单|传菜单|配菜单|催菜单|落單紙|出餐單|製作單|工作單|廚房單|廚房聯|厨房单|制作单|出品单",
    ),
    (
        Kind::AlreadyPaid,
        "已支付|已在线付款|在线已付|已买单|已買單|支付成功|付款成功|已结清|已結清|已结账|已結帳|已結賬|已付清|已付|已付款|已埋單|已收款|会計済|入金済|領収済|支払済|決済済|お支払済|선결제|지불완료|입금완료|결제완료|선불완료|จ่ายแล้ว|ชำระแล้ว|ชำระเงินแล้ว|ชำระเงินเรียบร้อย",
    ),
];

/// What a sentence about refunds or copies has and a title has not.
const SENTENCES: &[&str] = &[
    "请",
    "請",
    "凭",
    "憑",
    "恕",
    "不",
    "必",
    "天内",
    "日内",
    "如需",
    "勿",
    "未",
    "笔数",
    "筆數",
    "ください",
    "下さい",
    "いたし",
    "致し",
    "場合",
    "でき",
    "は",
    "ません",
    "주세요",
    "바랍",
    "불가",
    "가능",
    "이내",
    "지참",
    "하시",
    "กรุณา",
    "ไม่",
    "โปรด",
    "ภายใน",
    "ยัง",
    "미",
];

/// The most characters of a line that one of [`SIGNS`] titles.
const SIGN_CHARS_MAX: usize = 20;

/// The row of [`TITLES`] with words that a restaurant's name may hold, too: with a total, they
/// title nothing.
pub(super) const KITCHEN_NAME: Bits = 1 << 7;

/// The titles as they are looked up: whole ones by themselves, the others by their first character
/// or word.
struct Index {
    whole: HashMap<String, Bits>,
    begun: HashMap<char, Vec<(String, Bits)>>,
    /// No bits: a companion; [`NEGATION`]: one of [`NEGATIONS`].
    words: HashMap<String, Bits>,
    signs: HashMap<char, Vec<(String, Bits)>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index {
        whole: HashMap::new(),
        begun: HashMap::new(),
        words: COMPANIONS
            .split(' ')
            .map(|word| (lexicon::normal(word), 0))
            .collect(),
        signs: HashMap::new(),
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
        .words
        .extend(NEGATIONS.iter().map(|word| ((*word).to_owned(), NEGATION)));
    for (kind, words) in WORDS {
        for word in words.split(' ') {
            *index.words.entry(lexicon::normal(word)).or_insert(0) |= bit(*kind);
        }
    }
    for (kind, phrases) in SIGNS {
        for phrase in phrases.split('|').map(lexicon::normal) {
            let phrase = trim(&phrase).to_owned();
            let first = phrase.chars().next().unwrap_or_default();
            let begun = index.signs.entry(first).or_default();
            begun.push((phrase, bit(*kind)));
        }
    }
    index
});

/// The first row of a kind.
fn bit(kind: Kind) -> Bits {
    let row = TITLES.iter().position(|(of, _)| *of == kind);
    row.map_or(0, |i| 1 << i)
}

/// All rows of a kind.
pub(super) fn bits(kind: Kind) -> Bits {
    let own = kinds().filter(|(of, _)| *of == kind);
    own.fold(0, |bits, (_, bit)| bits | bit)
}

/// The kinds and their bits, the one that counts first.
pub(super) fn kinds() -> impl Iterator<Item = (Kind, Bits)> {
    let rows = TITLES.iter().enumerate();
    rows.map(|(i, (kind, _))| (*kind, 1 << i))
}

/// The most characters of a line that is a title.
const TITLE_CHARS_MAX: usize = 48;

/// The kinds that a line titles.
pub(super) fn titles(line: &Written<'_>) -> Bits {
    let bare = trim(&line.normal);
    let long = bare.len() > TITLE_CHARS_MAX && bare.chars().nth(TITLE_CHARS_MAX).is_some();
    if bare.is_empty() || long {
        return 0;
    }
    // A title may stand in one of two columns, in brackets or behind `Status:`.
    let priced = line.digits > 2 && is_priced(bare);
    let all = |bits: Bits, part: &str| match trim(part) {
        "" => bits,
        part => bits | part_titled(part, priced),
    };
    let (mut bracketed, mut colon, mut apart, mut last) = (false, false, false, 0);
    for b in bare.bytes() {
        // E3 80 begins the brackets of East Asia in UTF-8.
        bracketed |= matches!(b, b'[' | b']' | b'*' | b'(' | b')') || (last, b) == (0xE3, 0x80);
        colon |= b == b':';
        apart |= b == b' ' && last == b' ';
        last = b;
    }
    let bits = part_titled(bare, priced);
    let bits = if apart {
        columns(bare).fold(bits, all)
    } else {
        bits
    };
    let bits = if bracketed {
        bare.split(['[', ']', '*', '(', ')', '【', '】'])
            .fold(bits, all)
    } else {
        bits
    };
    if colon && !priced {
        bare.split(':').skip(1).fold(bits, all)
    } else {
        bits
    }
}

/// What stands apart in a line.
fn columns(line: &str) -> impl Iterator<Item = &str> {
    let gap = |text: &str| text.as_bytes().windows(2).position(|two| two == b"  ");
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = gap(text);
        rest = end.and_then(|at| text.get(at..)).map(str::trim_start);
        text.get(..end.unwrap_or(text.len()))
    })
}

fn trim(part: &str) -> &str {
    lexicon::trimmed(part, char::is_alphanumeric)
}

/// Whether an amount with decimals or groups of thousands stands in a line, which no date is.
fn is_priced(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mark = |(_, b): &(usize, u8)| matches!(b, b'.' | b',');
    text.bytes().enumerate().filter(mark).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let rest = text.get(at + 1..).unwrap_or_default();
        let behind = digits(rest);
        let next = rest.get(behind..).unwrap_or_default();
        let dated = |c: char| matches!(c, '.' | '/' | '-' | ':');
        let goes_on = next.starts_with(dated) && next.get(1..).is_some_and(|n| digits(n) > 0);
        let own = before.trim_end_matches(|c: char| c.is_ascii_digit());
        own.len() < before.len() && !own.ends_with(dated) && (2..=3).contains(&behind) && !goes_on
    })
}

fn part_titled(part: &str, priced: bool) -> Bits {
    let whole = phrase_titled(part);
    if priced {
        return whole;
    }
    let words = if whole == 0 {
        words_titled(part)
    } else {
        whole
    };
    if part.is_ascii() {
        words
    } else {
        words | signs_titled(part)
    }
}

/// A line of nothing but words that title a paper and their companions.
fn words_titled(part: &str) -> Bits {
    let words = part.split(|c: char| !is_alphanumeric(c));
    let (mut bits, mut negated) = (0, false);
    for word in words.filter(|word| !word.is_empty()) {
        // `12`, `n`, `n12`, `Z1`.
        let rest = word.trim_start_matches(|c: char| c.is_alphabetic());
        let number = rest.len() == word.len() && rest.starts_with(|c: char| c.is_ascii_digit());
        let lettered = word.chars().nth(1).is_none_or(|c| c.is_ascii_digit());
        if number || lettered {
            // `REFUND 0`, `VOID 0.00`: none was.
            if number && bits != 0 && word.bytes().all(|b| b == b'0') {
                return 0;
            }
            continue;
        }
        match INDEX.words.get(word) {
            Some(&NEGATION) => negated |= bits == 0,
            Some(said) => bits |= said,
            None => return 0,
        }
    }
    if negated { 0 } else { bits }
}

/// A short line with a phrase that titles a paper in a script without spaces.
fn signs_titled(part: &str) -> Bits {
    if part.chars().nth(SIGN_CHARS_MAX).is_some() {
        return 0;
    }
    let mut bits = 0;
    for (at, c) in part.char_indices() {
        let phrases = INDEX.signs.get(&c).map_or(&[][..], Vec::as_slice);
        let rest = part.get(at..).unwrap_or_default();
        let said = phrases
            .iter()
            .filter(|(phrase, _)| rest.starts_with(phrase.as_str()));
        bits = said.fold(bits, |bits, (_, kind)| bits | kind);
    }
    if bits != 0 && is_sentence(part) {
        0
    } else {
        bits
    }
}

fn is_sentence(part: &str) -> bool {
    SENTENCES.iter().any(|sign| part.contains(sign))
}

/// A line that is one title, or begins as one that may go on.
fn phrase_titled(part: &str) -> Bits {
    let second = part.as_bytes().get(1);
    let goes_on = |start: &String| {
        // A longer start that differs in its second byte needs no further look.
        let may = start.as_bytes().get(1).is_none_or(|b| second == Some(b));
        may && part.strip_prefix(start.as_str()).is_some_and(|rest| {
            let end = !rest.starts_with(char::is_alphanumeric) || !start.is_ascii();
            end && rest.split_whitespace().count() <= 3
                && (start.is_ascii() || !is_sentence(rest))
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
