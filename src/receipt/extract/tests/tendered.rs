//! Papers that were paid otherwise, each in its own words: asking for them again would take the
//! money twice.

use super::{payable, refused, verdict};
use crate::receipt::extract::Method;

fn paper(tender: &str) -> String {
    format!("Shop\nBon 12\n2026-11-24 12:30\nCoffee    2.50\nCake   4.00\nTOTAL  6.50\n{tender}\n")
}

#[test]
fn the_total_again_beside_a_word_that_no_list_has_was_paid_with_it() {
    for tender in [
        "Zorbopay",
        "Square",
        "ZORBO KLUB",
        "会员余额",
        "포인트사용",
        "ザンダ払い",
    ] {
        let text = paper(&format!("{tender}      6.50"));
        assert_eq!(refused(&text, Some("EUR")), "paid-otherwise", "{tender}");
    }
    // Another amount, a number, cash or nothing beside it is no such word.
    for line in ["Zorbo   6.51", "Ref 650", "Cash   6.50", "       6.50"] {
        assert_eq!(payable(&paper(line), Some("EUR")).0, "6.50 EUR", "{line}");
    }
}

#[test]
fn a_card_or_a_wallet_is_known_by_its_name() {
    for (tender, method) in [
        ("八達通", Method::Wallet),
        ("楽天ペイ", Method::Wallet),
        ("삼성페이", Method::Wallet),
        ("โอนเงิน", Method::Wallet),
        ("Non Tunai", Method::Wallet),
        ("数字人民币", Method::Wallet),
        ("Bankomat", Method::Card),
        ("PINNEN", Method::Card),
        ("UPI", Method::Wallet),
    ] {
        let (reading, _) = verdict(&paper(&format!("{tender}    6.50")), Some("EUR"));
        assert_eq!(reading.method.map(|m| m.value), Some(method), "{tender}");
    }
}

#[test]
fn a_card_terminal_s_words_count_without_an_amount() {
    for line in [
        "Payment: Card",
        "Tender: VISA",
        "Réglé par CB",
        "Betaalwijze: PIN",
        "Importe: 6,50 EUR Forma de pago: TARJETA",
        "VISA ****1002",
        "卡号: 622202******3321",
        "AUTH CODE: 041182",
        "AID: A0000000031010",
        "TRANSACTION APPROVED",
        "Transaktion genehmigt",
        "ONAY KODU: 123456",
    ] {
        assert_eq!(
            refused(&paper(line), Some("EUR")),
            "paid-otherwise",
            "{line}"
        );
    }
    for line in [
        "Payment: Cash",
        "Payments accepted: VISA, cash",
        "Loyalty card ****1002",
        "会员卡: 6222******3321",
        "We accept VISA",
        "Authentic food since 1950",
    ] {
        assert_eq!(payable(&paper(line), Some("EUR")).0, "6.50 EUR", "{line}");
    }
}

#[test]
fn yen_and_yuan_are_told_apart_by_how_their_countries_write() {
    let text = |sum: &str| format!("定食屋\nNo.33\n焼魚定食 1 ¥1500\n{sum} ¥1,500\n");
    assert_eq!(payable(&text("税込合計"), Some("JPY")).0, "1500 JPY");
    assert_eq!(
        payable("面馆\n单号 33\n拉面 ¥20.00\n总计 ¥20.00\n", None).0,
        "20.00 CNY"
    );
}

#[test]
fn a_card_that_was_sold_paid_for_nothing() {
    let text = "CVS\nTrans 12\n1 GREETING CARD  3.99T\n1 SOAP   2.00\nTOTAL   5.99\n";
    assert_eq!(payable(text, Some("USD")).0, "5.99 USD");
    // A tender that stands above the total is one all the same.
    let text = "Shop\nOrder 6\nTaco  $5.00\nDEBIT TEND  $5.00\nTotal  $5.00\nCHANGE DUE  $0.00\n";
    refused(text, Some("USD"));
}

#[test]
fn what_is_left_of_a_card_s_number_is_no_amount() {
    let text =
        "카페\n전표 12\n결제금액   14,500\n신용카드   14,500\n카드번호: 4579-73**-****-1234\n";
    let (reading, _) = verdict(text, Some("KRW"));
    assert_eq!(reading.paid.unwrap().value.to_string(), "14500");
    assert_eq!(reading.change, None);
    assert_eq!(
        payable("Shop\nNo 12\nTOTAL  ***5.00\n", Some("USD")).0,
        "5.00 USD"
    );
}

#[test]
fn change_after_rounding_leaves_what_was_paid() {
    let text = "Dépanneur\nFacture 12\nTOTAL   21,28 $\nARRONDI   0,02 $\nCOMPTANT   25,00 $\n\
                MONNAIE   3,70 $\n";
    assert_eq!(payable(text, Some("CAD")).0, "21.30 CAD");
}

#[test]
fn a_base_and_its_tax_in_one_line_are_told_apart() {
    let text = "Bar\nTicket 12\nTOTAL   20,40\nBASE 10%  18,55   CUOTA 1,85\n";
    let (reading, _) = verdict(text, Some("EUR"));
    assert_eq!(reading.tax.unwrap().value.to_string(), "1.85");
}

#[test]
fn a_thing_whose_name_begins_like_a_label_is_sold() {
    for lines in [
        "Tax Guide Book   8.72\nCappuccino   18.44",
        "Cappuccino   18.44\nTax Guide Book   8.72",
        "Change Purse   8.72\nCappuccino   18.44",
    ] {
        let text = format!("Shop\nNo 12\n{lines}\nSubtotal  27.16\nVAT 20%  4.53\nTOTAL  27.16\n");
        let (reading, _) = verdict(&text, Some("GBP"));
        assert_eq!(reading.items.len(), 2, "{lines}");
        assert_eq!(reading.tax.unwrap().value.to_string(), "4.53", "{lines}");
        assert_eq!(payable(&text, Some("GBP")).0, "27.16 GBP", "{lines}");
    }
}
