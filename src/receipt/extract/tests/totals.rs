//! Papers whose total takes a closer look, each a small one of its own.

use super::{payable, refused, verdict};

#[test]
fn an_amount_with_a_gap_in_it_is_never_half_read() {
    for sum in [
        "합계 9, 000",
        "합계 9 000",
        "합계 9 ,000",
        "합계 9, 000\n현금 10, 000\n거스름돈 1, 000",
        "Total Rp. 45. 000",
        "Total 1.234 .500",
        "總計 NT$ 1 034",
        "合计 1, 145.00",
        "合计 1 4 5.00",
        "TOTAL 1,234 .50",
        "TOTAL 1 234.50",
    ] {
        let text = format!("Shop\nNo 12\n2026-11-24 12:00\n{sum}\n");
        let (reading, verdict) = verdict(&text, Some("KRW"));
        assert!(verdict.is_err(), "{sum}");
        assert_eq!(reading.total, None, "{sum}");
    }
}

#[test]
fn an_amount_that_a_word_behind_it_scales_is_none() {
    for sum in [
        "Total Rp 45rb",
        "Total 45 ribu",
        "합계 9천원",
        "합계 1만2천원",
        "合計 1万2千円",
        "合计 14500分",
        "TOTAL RM12-50",
        "Total 1,2 Mio",
    ] {
        let text = format!("Shop\nNo 12\n2026-11-24 12:00\n{sum}\n");
        let (reading, verdict) = verdict(&text, Some("IDR"));
        assert!(verdict.is_err(), "{sum}");
        assert_eq!(reading.total, None, "{sum}");
    }
    let rated = "面馆\n单号 12\n合计(9折后)   66\n";
    assert_eq!(payable(rated, Some("CNY")).0, "66.00 CNY");
}

#[test]
fn one_decimal_is_enough_where_all_amounts_have_one() {
    let bill = "茶餐廳\n單號 12\n叉燒飯  46.0\n小計 46.0\n加一服務費 4.6\n總數 50.6\n現金 100.0\n找續 49.4\n";
    assert_eq!(payable(bill, Some("HKD")).0, "50.60 HKD");
    assert_eq!(
        payable("茶餐廳\n單號 12\n總數 $46.00\n", Some("HKD")).0,
        "46.00 HKD"
    );
    // How many there are is no sum.
    assert_eq!(
        refused("茶餐廳\n單號 12\n總數 3\n", Some("TWD")),
        "unlabelled-total"
    );
}

#[test]
fn a_later_total_is_what_the_earlier_one_and_the_lines_between_come_to() {
    for (sums, currency, total) in [
        ("Net total 10.00\nGST 1.00\nTotal 11.00", "AUD", "11.00 AUD"),
        (
            "TOTAL 11.00\nGST INCLUDED IN THE TOTAL 1.00",
            "AUD",
            "11.00 AUD",
        ),
        ("TOTAL $11.00\nTOTAL INCLUDES GST 1.00", "AUD", "11.00 AUD"),
        (
            "Total 8.00\nTax 0.80\nPay This Amount 8.80",
            "USD",
            "8.80 USD",
        ),
        (
            "Total before discount 10.00\nDiscount 1.00\nTotal after discount 9.00",
            "USD",
            "9.00 USD",
        ),
        (
            "Total Belanja 45.000\nTotal Diskon 5.000\nTotal 40.000",
            "IDR",
            "40000.00 IDR",
        ),
        (
            "Sous-total 10.00\nTPS 0.50\nTVQ 1.00\nTotal 11.50",
            "CAD",
            "11.50 CAD",
        ),
        (
            "주문금액 18,000\n배달팁 3,000\n합계 21,000",
            "KRW",
            "21000 KRW",
        ),
        (
            "小計 195\n外帶九五折 -10\n應收金額 185",
            "TWD",
            "185.00 TWD",
        ),
        (
            "小計 ¥1,000\nポイント利用 -¥100\n合計 ¥900",
            "JPY",
            "900 JPY",
        ),
        (
            "合计金额: 56.90\n抹零: 0.90\n实收金额: 56.00\n付款方式: 现金  100.00\n找零: 44.00",
            "CNY",
            "56.00 CNY",
        ),
        (
            "Coffee 10.00\nTotal 10.00\nSuggested tips\n15% 1.50 Total 11.50\n18% 1.80 Total 11.80",
            "USD",
            "10.00 USD",
        ),
    ] {
        let text = format!("Shop\nNo 12\n2026-11-24 12:00\n{sums}\n");
        assert_eq!(payable(&text, Some(currency)).0, total, "{sums}");
    }
    refused(
        "Shop\nNo 12\nNet total 10.00\nGST 1.00\nTotal 11.50\n",
        Some("AUD"),
    );
}

#[test]
fn what_is_taken_off_below_the_total_leaves_it_in_doubt() {
    for line in [
        "Points used -2.00",
        "Loyalty Points Redeemed -2.00\nBalance 6.00",
        "Tokens redeemed -1.00",
        "Rounding adj -0.02",
    ] {
        let text = format!("Shop\nNo 12\n2026-11-24 12:00\nTotal 8.02\n{line}\n");
        assert_eq!(refused(&text, Some("EUR")), "does-not-add-up", "{line}");
    }
    let earned = "Shop\nNo 12\nTotal 8.02\nPoints earned 8\nPoints balance 120\n";
    assert_eq!(payable(earned, Some("EUR")).0, "8.02 EUR");
}

#[test]
fn how_many_there_are_is_no_price_beside_an_amount_with_thousands() {
    let bill = |total: &str| format!("분식\n전표 12\n김밥 2 9,000\n라면 1 4,000\n합계 {total}\n");
    assert_eq!(payable(&bill("13,000"), Some("KRW")).0, "13000 KRW");
    assert_eq!(refused(&bill("8,000"), Some("KRW")), "does-not-add-up");
}

#[test]
fn rand_stand_right_before_an_amount_with_cents() {
    let spaza = "Spaza\nSlip 12\nCoca Cola 2L\n2 x R35.00 = R70.00\nTOTAL R70.00\n";
    assert_eq!(payable(spaza, None).0, "70.00 ZAR");
    let (reading, _) = verdict(spaza, None);
    assert_eq!(reading.items[0].unit.unwrap().to_string(), "35.00");
    refused("Shop\nTill R12\nTOTAL 70.00\n", None);
}

#[test]
fn what_is_to_be_paid_is_called_so_in_many_languages() {
    for (labels, currency) in [
        (
            "Te voldoen|Spolu|Za plačilo|Mokėti|Tasuda|MAKSETTAVA|ΠΛΗΡΩΤΕΟ|YHT. EUR",
            "EUR",
        ),
        ("K úhradě|Celkem k úhradě|K zaplacení", "CZK"),
        ("Å betale|Sum å betale", "NOK"),
        ("К ОПЛАТЕ|Итого", "RUB"),
        ("До сплати|ВСЬОГО", "UAH"),
        ("TOTAL LEI|Total de plata", "RON"),
        ("Owing|Payable|Cart total", "USD"),
        ("结账金额|消费总计|账单总额", "CNY"),
        ("埋單|總數", "HKD"),
    ] {
        for label in labels.split('|') {
            let text =
                format!("Shop\nNo 12\n2026-11-24 12:30\nAlpha 1.20\nBeta 0.65\n{label}  1.85\n");
            assert_eq!(
                payable(&text, Some(currency)).0,
                format!("1.85 {currency}"),
                "{label}"
            );
        }
    }
}

#[test]
fn a_net_amount_is_the_total_only_where_nothing_else_is_and_the_items_come_to_it() {
    let text = |net: &str| format!("Mart\nBill No 12\nRice 15.00\nDal 6.00\nNet Amount  {net}\n");
    assert_eq!(payable(&text("21.00"), Some("INR")).0, "21.00 INR");
    let (reading, _) = verdict(&text("22.00"), Some("INR"));
    assert_eq!(reading.total, None);
    let taxed = "Mart\nBill No 12\nRice 15.00\nNet Amount  15.00\nVAT 1.50\nTotal 16.50\n";
    assert_eq!(payable(taxed, Some("GBP")).0, "16.50 GBP");
}
