//! Papers by their peculiarities, each a small one of its own.

use super::{payable, refused, verdict};
use crate::receipt::extract::{Decimal, Item, Kind};

fn when(text: &str) -> String {
    let (reading, _) = verdict(text, None);
    reading.when.map_or(String::new(), |w| w.value.to_string())
}

fn merchant(text: &str) -> String {
    let (reading, _) = verdict(text, None);
    reading
        .merchant
        .map_or(String::new(), |m| m.value.as_str().to_owned())
}

fn order(text: &str) -> String {
    let (reading, _) = verdict(text, None);
    reading
        .order
        .map_or(String::new(), |o| o.value.as_str().to_owned())
}

#[test]
fn a_gross_sum_is_the_total_when_the_items_come_to_it() {
    for (net, gross) in [("Netto", "Brutto"), ("HT", "TTC"), ("Net", "Gross")] {
        let text = format!(
            "Laube\nBon 12\n1 Suppe   4,00\n2 Brot    6,00\n{net}   9,35\nMwSt 7%  0,65\n{gross}  "
        );
        assert_eq!(
            payable(&format!("{text}10,00\n"), Some("EUR")).0,
            "10.00 EUR"
        );
        refused(&format!("{text}11,00\n"), Some("EUR"));
    }
    // Without items nothing says that the column of a tax table is the sum.
    refused("Laube\nBon 12\nBrutto  10,00\n", Some("EUR"));
}

#[test]
fn a_line_of_quantity_and_price_is_no_item() {
    let below =
        "Markt\nBirnen   1,98\n  0,660 kg x 3,00 EUR/kg\nQuark   1,10\n2 Stk x 0,40\nEi   0,80\n";
    assert_eq!(
        payable(&format!("{below}SUMME EUR  3,88\n"), None).0,
        "3.88 EUR"
    );
    // A price that belongs to no item leaves the sum of the items open, and the total as it is.
    let stray = "Markt\nBirnen   1,98\n3 x 5,00\nQuark   1,10\nSumme EUR  3,08\n";
    let (reading, _) = verdict(stray, None);
    assert!(
        reading
            .candidates
            .iter()
            .all(|c| c.support.is_empty() || c.against.is_empty())
    );
    let counted =
        "Warung\nSate 10\n  2 x 35.000   70.000\nTeh\n  1 x 5.000   5.000\nTotal  Rp 75.000\n";
    assert_eq!(payable(counted, None).0, "75000.00 IDR");
}

#[test]
fn prices_behind_the_star_of_turkish_tills_are_amounts() {
    let text = "FIRIN\nFİŞ NO 12\nSİMİT %1 *15,00\nPOĞAÇA %10 *20,00\nTOPLAM *35,00\n";
    assert_eq!(payable(text, Some("TRY")).0, "35.00 TRY");
    refused(&text.replace("*35,00", "*36,00"), Some("TRY"));
}

#[test]
fn how_many_there_are_is_no_amount() {
    let text = "花屋\nばら   500円\n菊    120円\n合計 2点     620円\n";
    assert_eq!(payable(text, None).0, "620 JPY");
    let text = "TOKO\nTEH   2  4500   9.000\nROTI  1 12000  12.000\nTotal Item 3   21.000\n";
    assert_eq!(payable(text, Some("IDR")).0, "21000.00 IDR");
    let text = "ร้าน\nชา   20.00\nข้าว   30.00\nยอดสุทธิ 2 ชิ้น   50.00\nเงินสด/เงินทอน  100.00   50.00\n";
    assert_eq!(payable(text, Some("THB")).0, "50.00 THB");
}

#[test]
fn the_years_of_other_eras_are_read() {
    for (text, iso) in [
        ("茶屋\n令和7年5月2日 21:40\n", "2025-05-02T21:40:00"),
        ("茶屋\nR07/05/02\n", "2025-05-02"),
        ("茶屋\n25/03/14 午後 2:05\n", "2025-03-14T14:05:00"),
        ("茶行\n114年05月02日\n", "2025-05-02"),
        ("ร้านชา\n15/03/2568 12:40\n", "2025-03-15T12:40:00"),
        ("ร้านชา\n02/04/68\n", "2025-04-02"),
        ("ร้านชา\n11 พ.ค. 2568\n", "2025-05-11"),
        ("Chez Lou\n21 juin 2025\n", "2025-06-21"),
        ("Casa\n15 de marzo de 2025\n", "2025-03-15"),
        ("Casa\n2 MARGHERITA  14,00\n", ""),
        ("Diner\nNOV24'26 12:31PM\n", "2026-11-24T12:31:00"),
        ("Diner\n13Jul'25 19:44\n", "2025-07-13T19:44:00"),
        ("Diner\nThu Oct 8,2015  14:38:13\n", "2015-10-08T14:38:13"),
    ] {
        assert_eq!(when(text), iso, "{text}");
    }
}

#[test]
fn numbers_of_sales_stand_behind_signs_and_in_columns() {
    for (line, value) in [
        ("N° 31   le 02/04/25", "31"),
        ("2025-02-17 14:05      #1-1038", "1-1038"),
        ("TIQUE FACTURA B  Nro 0003-00012288", "0003-00012288"),
        ("07/05/25 07:55  SCONTR. N. 18", "18"),
        ("Till 12  Trans 008123   11/05/25", "008123"),
        ("会計No.00318", "00318"),
        ("No. 87   12/11/2025", "87"),
        ("Docket No 1180", "1180"),
    ] {
        assert_eq!(
            order(&format!("Crème Éclair, à côté\nMerci à bientôt\n{line}\n")),
            value,
            "{line}"
        );
    }
    for line in ["N° 31, rue Verte", "Toa Payoh #01-22", "No 8 Jalan Tun"] {
        assert_eq!(
            order(&format!("Crème Éclair, à côté\nMerci à bientôt\n{line}\n")),
            "",
            "{line}"
        );
    }
}

#[test]
fn a_time_with_a_dot_behind_a_date_is_no_amount() {
    let text = "FIRIN\nFİŞ NO 12\nTARİH:12.11.2025 SAAT:10.02\nSİMİT  15,00\nTOPLAM  15,00\n";
    assert_eq!(payable(text, Some("TRY")).0, "15.00 TRY");
}

#[test]
fn a_branch_s_number_and_words_that_end_as_companies_do_are_left_alone() {
    let text = "QUIK STOP #118\n900 Main St, Tulsa\nReg 2  Trans 88213\nTOTAL 3.79\n";
    assert_eq!(
        (merchant(text).as_str(), order(text).as_str()),
        ("QUIK STOP #118", "88213")
    );
    let text = "Albert Heijn\nDamrak 10, Amsterdam\nOMSCHRIJVING  PRIJS   BEDRAG\nTOTAAL 2,58\n";
    assert_eq!(merchant(text), "Albert Heijn");
}

#[test]
fn an_address_is_no_part_of_a_name() {
    let text = "KIOSKMART\nJL. MAWAR NO.7\nPT KIOSK JAYA TBK\n";
    assert_eq!(merchant(text), "KIOSKMART");
    assert_eq!(merchant("상호: 바다커피\n전화 02-1-1\n"), "바다커피");
}

#[test]
fn a_total_with_a_word_that_is_not_known_is_payable_when_the_items_come_to_it() {
    for label in ["Total zebra", "Zebra total", "Totale zebra", "Toplam zebra"] {
        let text = format!("Casa\nTicket 12\nTorta   4,00\nCaffe   6,00\n{label}  ");
        assert_eq!(
            payable(&format!("{text}10,00\n"), Some("EUR")).0,
            "10.00 EUR",
            "{label}"
        );
        refused(&format!("{text}11,00\n"), Some("EUR"));
        // A part of the sale, with more below it.
        refused(&format!("{text}10,00\nCola   3,00\n"), Some("EUR"));
    }
    let parts = "Pub\nBill 12\nPie   10.00\nTotal food   10.00\nAle   3.00\nTotal drinks   3.00\n";
    refused(parts, Some("GBP"));
    let whole = format!("{parts}Total   13.00\n");
    assert_eq!(payable(&whole, Some("GBP")).0, "13.00 GBP");
}

#[test]
fn what_stands_below_a_total_and_could_change_it_keeps_it_from_being_read() {
    let items = "Lapak\nNo Nota 12\nSoto   20.000\nTeh   60.000\nTotal   80.000\n";
    let below = |line: &str| verdict(&format!("{items}{line}\n"), Some("IDR"));
    for line in ["PPN 11%   8.800", "Zebra   5.000", "Zebra   -5.000"] {
        let (reading, verdict) = below(line);
        assert!(verdict.is_err() && reading.total.is_none(), "{line}");
    }
    // The tax that is in it, and what one of four owes.
    for line in ["PPN 11%   7.928", "Zebra   20.000"] {
        let (_, verdict) = below(line);
        assert_eq!(
            verdict.unwrap().amount.to_string(),
            "80000.00 IDR",
            "{line}"
        );
    }
}

#[test]
fn a_charge_between_the_items_is_one_of_them() {
    let text = "Trattoria\nConto n. 5\n2 COPERTO   4,00\n1 PIZZA   9,00\nTOTALE   ";
    assert_eq!(
        payable(&format!("{text}13,00\n"), Some("EUR")).0,
        "13.00 EUR"
    );
    refused(&format!("{text}14,00\n"), Some("EUR"));
    let text = "국밥집\n주문번호 5\n국밥 x2   ₩18,000\n밥 x1   ₩1,000\n합계   ₩";
    assert_eq!(payable(&format!("{text}19,000\n"), None).0, "19000 KRW");
    refused(&format!("{text}79,000\n"), Some("KRW"));
}

#[test]
fn what_is_summed_again_below_the_total_is_not_paid_by_the_total() {
    let cafe = "Cafe\nBill 12\nTea   8.00\nCake   12.00\nTotal   20.00\n";
    let with = |below: &str| format!("{cafe}{below}");
    for below in [
        "Old debt   5.00\nGrand sum   25.00\n",
        "Rounding   0.02\nNett   20.02\n",
    ] {
        refused(&with(below), Some("EUR"));
    }
    for below in [
        "",
        "Cash   25.00\nChange   5.00\n",
        "VAT 20%   3.33\nNet   16.67\n",
    ] {
        assert_eq!(payable(&with(below), Some("EUR")).0, "20.00 EUR", "{below}");
    }
}

#[test]
fn a_backslash_is_a_won_sign_on_korean_paper() {
    let text = "국밥집\n영수증번호: 0031\n국밥 2   \\18,000\n소주 1   \\5,000\n합계   \\23,000\n";
    assert_eq!(payable(text, None).0, "23000 KRW");
    assert_eq!(payable(text, Some("KRW")).0, "23000 KRW");
    refused(text, Some("JPY"));
    // Without a word in the script of either, the shop says which it is.
    let latin = "GUKBAP\nNo. 31\nRice 2   \\18,000\nTotal   \\18,000\n";
    assert_eq!(payable(latin, Some("KRW")).0, "18000 KRW");
    assert_eq!(payable(latin, Some("JPY")).0, "18000 JPY");
    refused(latin, None);
}

#[test]
fn a_kitchens_paper_lists_what_to_make_and_the_title_is_no_shop() {
    let ordered = |text: &str| {
        let (reading, verdict) = verdict(text, None);
        assert_eq!(reading.kind.value, Kind::Kitchen, "{text}");
        assert_eq!(
            verdict.unwrap_err().to_string(),
            "not-a-sale: it is a kitchen ticket"
        );
        let count = |i: &Item| i.quantity.unwrap().e4() / 10_000;
        let items = reading.items.iter();
        let items: Vec<String> = items.map(|i| format!("{} {}", count(i), i.name)).collect();
        (
            reading.merchant.map(|m| m.value.to_string()),
            items.join(", "),
        )
    };
    for (text, merchant, items) in [
        (
            "KITCHEN\nOrder #45\nTable 7\n2 Cheeseburger\n  no onion\n3 Coke 330ml\nGuests: 3\n",
            None,
            "2 Cheeseburger, 3 Coke 330ml",
        ),
        (
            "KITCHEN ORDER\nMAIN ST DELI\nCheck 57\n3 x 7-Up\n1 x Still water 500ml\n",
            Some("MAIN ST DELI"),
            "3 7-Up, 1 Still water 500ml",
        ),
        (
            "CUCINA\nTavolo 4  Coperti 2\nComanda 88\n1 Margherita\n2 Acqua nat. 0,75\n",
            None,
            "1 Margherita, 2 Acqua nat. 0,75",
        ),
        (
            "后厨单\n桌号：A12  人数：4\n单号：20261124001\n宫保鸡丁    x1\n米饭    x4\n酸梅汤    2份\n",
            None,
            "1 宫保鸡丁, 4 米饭, 2 酸梅汤",
        ),
        (
            "キッチン\n卓番 5   3名\n伝票No. 0123\n2026/11/24 19:02\n生ビール    3\n枝豆    1\n",
            None,
            "3 生ビール, 1 枝豆",
        ),
        (
            "KOT\nKOT No: 112\nItem          Qty\nPaneer Tikka    2\nGarlic Naan     4\n",
            None,
            "2 Paneer Tikka, 4 Garlic Naan",
        ),
        (
            "[주방주문서]\n테이블 5\n비빔밥 2\n김치찌개 1\n",
            None,
            "2 비빔밥, 1 김치찌개",
        ),
    ] {
        let expected = (merchant.map(str::to_owned), items.to_owned());
        assert_eq!(ordered(text), expected, "{text}");
    }
}

#[test]
fn the_title_of_a_paper_that_is_no_sale_is_no_shop() {
    for (text, shop) in [
        (
            "KOPIE\nGasthaus Löwen\nBon 7\nPils  4,20\nSumme  4,20\n",
            "Gasthaus Löwen",
        ),
        ("返品\nコンビニ一番\nお茶  150\n合計  150\n", "コンビニ一番"),
        (
            "CETAK ULANG\nToko Makmur\nKopi  12.000\nTotal  12.000\n",
            "Toko Makmur",
        ),
    ] {
        assert_eq!(merchant(text), shop, "{text}");
    }
    // A sale may be made in a kitchen.
    assert_eq!(
        merchant("KITCHEN 21\nSoup  4.50\nTotal  4.50\n"),
        "KITCHEN 21"
    );
    let paid = verdict("Deli\nSoup  4.50\nTotal  4.50\nPAID\n", Some("USD")).1;
    assert_eq!(
        paid.unwrap_err().to_string(),
        "not-a-sale: it is already paid"
    );
}

#[test]
fn traditional_characters_are_not_the_mainlands() {
    let currency = |text: &str| {
        let (reading, _) = verdict(text, None);
        reading.currency.map(|c| c.value.code())
    };
    let of = |shop: &str| format!("{shop}\n單號 A1022\n珍珠奶茶 2  120\n合計 120\n");
    assert_eq!(currency(&of("幸福咖啡")), None);
    assert_eq!(currency(&of("幸福咖啡\n統一編號 12345678")), Some("TWD"));
    assert_eq!(currency(&of("九龍冰室\n九龍彌敦道1號")), Some("HKD"));
    assert_eq!(
        currency("老張饭店\n单号 12\n米饭 2  6\n合计 6\n"),
        Some("CNY")
    );
}

#[test]
fn amounts_without_a_mark_are_the_items_when_they_come_to_the_sum() {
    let items = |text: &str| {
        let (reading, _) = verdict(text, None);
        let number = |n: Option<Decimal>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let item = |i: &Item| format!("{} {} {}", number(i.quantity), i.name, number(i.amount));
        reading
            .items
            .iter()
            .map(item)
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (text, expected) in [
        (
            "幸福咖啡\n單號 A1022\n珍珠奶茶    2    120\n滷肉飯    1     45\n合計    165\n",
            "2 珍珠奶茶 120, 1 滷肉飯 45",
        ),
        (
            "Warung Sari\nNo Nota 12\n2 Nasi Goreng   50000\n1 Es Teh   5000\nTotal  55000\n",
            "2 Nasi Goreng 50000, 1 Es Teh 5000",
        ),
        (
            "まる屋\n伝票番号 15\n生ビール  500 2 1000\n枝豆  300 1 300\n小計  1300\n合計  1300\n",
            "2 生ビール 1000, 1 枝豆 300",
        ),
        // They come to something else, and so they could be anything.
        ("幸福咖啡\n珍珠奶茶    120\n滷肉飯    45\n合計    166\n", ""),
        ("幸福咖啡\n單號 165\n合計    165\n", ""),
    ] {
        assert_eq!(items(text), expected, "{text}");
    }
}

#[test]
fn a_size_in_a_name_is_no_tax_and_a_deposits_quantity_is_its_own() {
    let (reading, _) = verdict(
        "BAR GINO\nDESCRIZIONE        IVA   Prezzo\nAcqua nat. 0,75    10%   2,50\n\
         Totale complessivo      2,50\ndi cui IVA              0,23\n",
        Some("EUR"),
    );
    assert_eq!(reading.tax.unwrap().value.to_string(), "0.23");
    let (reading, _) = verdict(
        "Laden\nPFAND 0,25            0,50 A\n 2 Stk x  0,25\nMILCH 3,5%            2,38 B\n\
         \x20 2 Stk x  1,19\nSUMME   EUR           2,88\nB  7,0%   2,22   0,16   2,38\n",
        None,
    );
    let of = |i: &Item| {
        format!(
            "{} x {} at {}",
            i.quantity.unwrap(),
            i.name,
            i.unit.unwrap()
        )
    };
    let items: Vec<String> = reading.items.iter().map(of).collect();
    assert_eq!(items, ["2 x PFAND 0,25 at 0.25", "2 x MILCH 3,5% at 1.19"]);
    assert_eq!(reading.tax.unwrap().value.to_string(), "0.16");
    let (reading, _) = verdict(
        "Toko\nTeh   37.500\nTOTAL : 37.500\nPPN : DPP= 33.784  PPN= 3.716\n",
        None,
    );
    assert_eq!(reading.tax.unwrap().value.to_string(), "3716");
}

#[test]
fn several_discounts_and_charges_are_taken_together_and_suggestions_are_not() {
    let (reading, _) = verdict(
        "海底捞\n番茄锅底   68.00\n消费合计:  68.00\n会员折扣:  -1.70\n抹零:      -0.30\n应收金额:  66.00\n",
        None,
    );
    assert_eq!(reading.discount.unwrap().value.to_string(), "2.00");
    let bill = "Diner\nSoup  10.00\nTotal  10.00\n";
    let of = |charges: &str| verdict(&format!("{bill}{charges}"), None).0.service;
    assert_eq!(
        of("Suggested service 15%  1.50\nSuggested service 20%  2.00\n"),
        None
    );
}

#[test]
fn the_currency_may_stand_over_the_amounts() {
    let of = |heading: &str| {
        let text = format!("Pelita\n{heading}\n1 Roti    3.20\nTotal    3.20\n");
        verdict(&text, None).0.currency.map(|c| c.value.code())
    };
    assert_eq!(of("QTY ITEM    AMT (RM)"), Some("MYR"));
    assert_eq!(of("Artikel    Betrag [EUR]"), Some("EUR"));
    assert_eq!(of("Item (XL)    Amount"), None);
    assert_eq!(of("QTY ITEM    AMT"), None);
}

#[test]
fn a_uniform_invoice_is_numbered_without_a_label() {
    let text = |title: &str| format!("鼎泰豐\n{title}\nAB-12345678\n合計 $500\n");
    assert_eq!(order(&text("電子發票證明聯")), "AB-12345678");
    assert_eq!(order(&text("歡迎光臨")), "");
    assert_eq!(
        order("SOMTAM\nABB NO. 000123-456\nVAT 7%  7.00\nTotal 107.00\n"),
        "000123-456"
    );
}

#[test]
fn change_that_is_called_a_return_is_no_refund() {
    let text = |change: &str| {
        format!(
            "MERCADONA, S.A.   A-46103834\nFACTURA SIMPLIFICADA: 2812-013\n1 PLATANO\n\
             \x20 0,812 kg   1,99 €/kg     1,62\nTOTAL (€)   1,62\nEFECTIVO   2,00\n\
             Devolución   {change}\n"
        )
    };
    assert_eq!(payable(&text("0,38"), None).0, "1.62 EUR");
    let (reading, _) = verdict(&text("0,38"), None);
    assert_eq!(reading.change.unwrap().value.to_string(), "0.38");
    assert_eq!(reading.merchant.unwrap().value.as_str(), "MERCADONA, S.A.");
    assert_eq!(reading.items[0].name.as_str(), "PLATANO");
    // Nothing proves that this is change.
    assert_eq!(refused(&text("1,62"), None), "not-a-sale");
    let star = "BIM\nFIS NO: 87\nEKMEK     %1   *10,00\nARA TOPLAM   *10,00\nIND. %5   *-0,50\n\
                TOPLAM   *9,50\n";
    assert_eq!(payable(star, Some("TRY")).0, "9.50 TRY");
    assert_eq!(verdict(star, None).0.items[0].name.as_str(), "EKMEK");
}
