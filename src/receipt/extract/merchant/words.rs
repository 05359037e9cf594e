//! The words in a paper's heading that are not the shop: titles, and endings of companies.

use hashbrown::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words that title a paper, or greet, and name nobody; `|` between them.
const TITLES: &[&str] = &[
    "tax invoice|simplified tax invoice|invoice|receipt|sales receipt|cash receipt",
    "cash bill|cash sales|cash sale|welcome|bill|guest check|official receipt",
    "order receipt|rechnung|quittung|kassenbon|facture|ticket|ticket de caisse",
    "recu|scontrino|documento commerciale|ricevuta|factura|factura simplificada",
    "recibo|nota fiscal|fis|struk|nota|resit|领收证|領収書|領収証|レシート|영수증|收据|结账单|消费单|结帐单",
    "收银小票|打印测试|test|copy|duplicate|reprint|new order|account's copy",
    "customer's copy|customer copy|merchant copy|credit card receipt|contactless|sans contact",
    "kontaktlos|お客様控え|お客様控|お客様用|加盟店控え|店舗控え|店舗控",
    "delivery order|kitchen|お買上票|ใบเสร็จ|ใบเสร็จรับเงิน|ใบกำกับภาษี",
    "ใบกำกับภาษีอย่างย่อ|受付票|pos receipt|thank you|willkommen|bienvenue|benvenuti",
    "bienvenidos|selamat datang|新規|お会計票|御会計票|クレジットカード売上票|お買上げ明細|smart receipt|sale",
    "cash|tax invoice / adjustment note|vat invoice|retail invoice|order|proforma",
    "pro forma|estimate|check|original|void|refund|training|kassenzettel|kassabon",
    "beleg|kaufbeleg|bewirtungsbeleg|zwischenrechnung|gastrechnung|note|addition",
    "l'addition|note de table|facturette|ticket client|justificatif|preconto|conto",
    "scontrino fiscale|scontrino non fiscale|ricevuta fiscale|ticket de venta",
    "cuenta|la cuenta|nota de venta|comprobante|boleta|boleta electronica|conta",
    "talao|fatura|fatura simplificada|fatura-recibo|cupom fiscal",
    "cupom fiscal eletronico|nota fiscal de consumidor eletronica|extrato|hesap",
    "adisyon|bilgi fisi|e-arsiv fatura|perakende satis fisi|bon|kwitantie",
    "kassakvitto|kvitto|kuitti|kvittering|paragon fiskalny|uctenka|nyugta",
    "struk belanja|struk pembelian|nota penjualan|nota pembelian|bukti pembayaran",
    "resit rasmi|invois cukai|invois|bil|bil tunai|お会計|会計票|お買い上げ票|お買上明細書|領収書(控)",
    "計算書|伝票|ご利用明細|売上票|領収證|거래명세서|계산서|간이영수증|매출전표|주문서|영 수 증|고객용|购物小票|销售单|销售小票|收款单",
    "收款收据|消费清单|预结单|预打单|结算单|點菜單|收據|電子發票證明聯|統一發票|結帳單|帳單|ใบเสร็จรับเงินอย่างย่อ",
    "ใบกำกับภาษี/ใบเสร็จรับเงิน|ใบแจ้งหนี้|abb|tax invoice (abb)|tax inv (abb)",
    "gracias|merci|danke|grazie|obrigado|terima kasih|selamat menikmati",
    "consulta de mesa|pro-forma|ご請求書|請求書|예상계산서|계산서|ใบแจ้งค่าบริการ|hos geldiniz|ようこそ|いらっしゃいませ|어서오세요|欢迎光临|歡迎光臨|ยินดีต้อนรับ|bem-vindo|bienvenido",
];

/// Endings by which a company is known; `|` between them.
const COMPANIES: &[&str] = &[
    "sdn bhd|sdn. bhd.|sdn bhd.|sdn.bhd.|sdn. bhd|s/b|gmbh|ltd|ltd.|inc|inc.|llc",
    "pte ltd|s.r.l.|srl|s.a.|s.l.|s.l|co.|corp|corp.|plc|bv|b.v.|ag|kg|ohg|sarl",
    "sas|lda|ltda|a.s.|a.ş.|tbk|bhd|enterprise|trading|pty ltd|& co|e.k.|株式会社|有限公司",
    "주식회사|จำกัด|s.r.l|s.p.a.|s.a.s.|snc|s.n.c.|s.a|s.a.u.|sau|slu|s.l.u.|c.b.|e.u.",
    "ug|mbh|kg.|a/s|aps|sp. z o.o.|sp. z o. o.|s.r.o.|kft|kft.|zrt|eurl|sasu|epp",
    "ltd.şti.|ltd. şti.|ltd.sti.|ltd. sti.|san. ve tic.|a.ş|cv|pte. ltd.|limited",
    "co., ltd.|co.,ltd.|co ltd|合同会社|有限会社|株式會社|(주)|유한회사|股份有限公司|商行|企业|企業社|มหาชน",
];

/// Beginnings by which a company is known.
const COMPANY_HEADS: &[&str] = &[
    "株式会社",
    "有限会社",
    "주식회사",
    "(주)",
    "㈜",
    "บริษัท",
    "หจก",
    "ห้างหุ้นส่วน",
    "pt ",
    "pt. ",
    "cv ",
];

/// What a heading's line about something else begins with.
const NOISE: &[&str] = &[
    "error",
    "your guest",
    "your order",
    "guest #",
    "guest no",
    "warning:",
    "tel",
    "telefon",
    "telephone",
    "telefono",
    "telefone",
    "telp",
    "mobile",
    "hotline",
    "phone",
    "fax",
    "http",
    "www",
    "gst id",
    "gst no",
    "gst reg",
    "vat",
    "cashier",
    "table",
    "date",
    "time",
    "welcome to",
    "대표",
    "主소",
    "사업자",
    "주소",
    "登録番号",
    "registration number",
    "registration no",
    "〒",
    "税号",
    "地址",
    "電話",
    "电话",
    "統編",
    "เลขประจำตัว",
    "โทร",
    "p.iva",
    "p. iva",
    "partita iva",
    "cif",
    "nif",
    "cnpj",
    "npwp",
    "vkn",
    "siret",
    "siren",
    "ust-id",
    "ust.-id",
    "uid",
    "steuernr",
    "st.-nr",
    "tva",
    "rcs",
    "abn",
    "tin",
    "gstin",
    "co. reg",
    "reg. no",
    "reg no",
    "company no",
    "server",
    "served by",
    "kasir",
    "kasiyer",
    "caissier",
    "kassierer",
];

static TITLE_SET: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| TITLES.iter().flat_map(|row| row.split('|')).collect());
/// The endings of companies by their last byte.
static ENDINGS: LazyLock<HashMap<u8, Vec<&'static str>>> = LazyLock::new(|| {
    let mut map: HashMap<u8, Vec<&'static str>> = HashMap::new();
    for ending in COMPANIES.iter().flat_map(|row| row.split('|')) {
        if let Some(last) = ending.as_bytes().last() {
            map.entry(*last).or_default().push(ending);
        }
    }
    map
});
static SPACELESS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    TITLE_SET
        .iter()
        .map(|title| title.replace(' ', ""))
        .collect()
});

/// Whether a line in comparable form is a title.
pub(super) fn is_title(bare: &str) -> bool {
    TITLE_SET.contains(bare) || SPACELESS.contains(bare)
}

/// Whether a name in lower case is a company's.
pub(super) fn names_company(bare: &str) -> bool {
    ends(bare) || begins(bare)
}

/// Whether the end of a name in lower case, and not its beginning, is a company's.
pub(super) fn company_ending(bare: &str) -> bool {
    ends(bare) && !begins(bare)
}

fn ends(bare: &str) -> bool {
    let Some(last) = bare.as_bytes().last() else {
        return false;
    };
    let endings = ENDINGS.get(last).map_or(&[][..], Vec::as_slice);
    // "Bedrag" is no AG.
    let apart = |before: &str, ending: &str| {
        !ending.is_ascii() || !before.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    endings.iter().any(|ending| {
        let before = bare.strip_suffix(ending);
        before.is_some_and(|before| apart(before, ending))
    })
}

fn begins(bare: &str) -> bool {
    COMPANY_HEADS.iter().any(|head| bare.starts_with(head))
}

/// A name without the word that a form sets before it: `상호: 달빛커피`.
pub(super) fn without_label(name: &str) -> &str {
    const LABELS: &[&str] = &[
        "상호명",
        "가게명",
        "가게",
        "상호",
        "매장명",
        "매장",
        "가맹점명",
        "가맹점",
        "업체명",
        "店名",
        "店铺名称",
        "店铺",
        "商户名称",
        "商户",
        "商家",
        "门店名称",
        "门店",
        "商号",
        "商號",
        "店舗名",
        "店舗",
        "Merchant",
        "MERCHANT",
        "Store",
        "STORE",
        "Shop",
        "ชื่อร้าน",
        "İşyeri",
        "Toko",
        "TOKO",
        "Nama Toko",
        "Kedai",
    ];
    let bare = |label: &&str| {
        let rest = name.strip_prefix(*label)?.trim_start();
        let rest = rest.strip_prefix([':', '：'])?.trim_start();
        (!rest.is_empty()).then_some(rest)
    };
    LABELS.iter().find_map(bare).unwrap_or(name)
}

/// Where in the shop the paper goes or its people sit, in comparable form.
const PLACES: &[&str] = &[
    "table",
    "tbl",
    "seat",
    "tisch",
    "platz",
    "tavolo",
    "mesa",
    "masa",
    "meja",
    "tafel",
    "room",
    "course",
    "gang",
    "station",
    "queue",
    "guest",
    "guests",
    "covers",
    "couverts",
    "pax",
    "ticket",
    "테이블번호",
    "테이블",
    "좌석",
    "โต๊ะ",
    "卓番",
    "卓",
    "テーブル",
    "席",
    "桌号",
    "桌號",
    "桌",
    "台号",
    "牌号",
    "人数",
];

/// Whether a line in comparable form says such a place: `Table 5`, `桌号 A12`, or the word alone.
pub(in crate::receipt::extract) fn is_place(bare: &str) -> bool {
    let named = PLACES.iter().filter_map(|place| bare.strip_prefix(place));
    let mut numbers = named.map(|rest| {
        let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        rest.split_whitespace().next().unwrap_or_default()
    });
    numbers.any(|n| n.is_empty() || (n.len() <= 5 && n.bytes().any(|b| b.is_ascii_digit())))
}

/// Whether a line in comparable form is about something else than the shop.
pub(in crate::receipt::extract) fn is_noise(bare: &str) -> bool {
    let begins = |noise: &&str| {
        if bare.as_bytes().first() != noise.as_bytes().first() {
            return false;
        }
        let rest = bare.strip_prefix(*noise);
        // "Tel. 030" is noise, "Telly's" is a shop.
        rest.is_some_and(|rest| !noise.is_ascii() || !rest.starts_with(|c: char| c.is_alphabetic()))
    };
    NOISE.iter().any(begins) || bare.contains("error") || bare == "illegalmediasource"
}
