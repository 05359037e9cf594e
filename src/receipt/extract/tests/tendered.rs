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
