//! Receipts of many countries, and receipts that must not be payable.

mod papers;
mod tendered;
mod totals;

use super::super::{Hints, read};
use super::*;

pub(super) fn verdict(text: &str, currency: Option<&str>) -> (Reading, Verdict) {
    let hints = Hints {
        currency: currency.and_then(|c| c.parse().ok()),
        ..Hints::default()
    };
    let mut papers = read(text.as_bytes(), None, &hints).unwrap();
    let paper = papers.remove(0);
    (paper.reading, paper.verdict)
}

/// The amount and reference of a payable receipt.
pub(super) fn payable(text: &str, currency: Option<&str>) -> (String, String) {
    let (reading, verdict) = verdict(text, currency);
    let payable = verdict.unwrap_or_else(|why| panic!("{why}\n{text}\n{:#?}", reading.candidates));
    (
        payable.amount.to_string(),
        payable.reference.as_str().to_owned(),
    )
}

pub(super) fn refused(text: &str, currency: Option<&str>) -> &'static str {
    match verdict(text, currency).1 {
        Ok(payable) => panic!("payable: {}\n{text}", payable.amount),
        Err(why) => why.name(),
    }
}

#[test]
fn a_sum_that_is_called_no_more_than_an_amount_is_payable_when_the_items_come_to_it() {
    let told = |sum: &str| {
        let text = format!("CASA\nTicket 123\n1 Cafe     1,50\n2 Pan      4,00\n{sum}");
        match verdict(&text, Some("EUR")).1 {
            Ok(payable) => payable.amount.to_string(),
            Err(why) => why.name().to_owned(),
        }
    };
    for word in ["Importe", "Importo", "Montant", "Valor", "Tutar", "Betrag"] {
        assert_eq!(told(&format!("{word}    5,50\n")), "5.50 EUR", "{word}");
        assert_eq!(
            told(&format!("{word}    5,60\n")),
            "does-not-add-up",
            "{word}"
        );
    }
    let less = "Importe  5,50\nDescuento  -0,50\nImporte  5,00\n";
    assert_eq!(told(less), "5.00 EUR");
    let total = "Importe  5,50\nIVA 10%  0,55\nTotal  6,05\n";
    assert_eq!(told(total), "6.05 EUR");
    // What comes below is not in it, and without a word nothing says that it is no third item.
    assert_ne!(told("Importe  5,50\nServicio  0,55\n"), "5.50 EUR");
    assert_ne!(told("Cena     5,50\n"), "5.50 EUR");
}

#[test]
fn a_german_supermarket() {
    let text = "
        Frischmarkt Müller GmbH
       Hauptstr. 5, 80331 München
       Tel. 089 / 1234567
UID Nr.: DE123456789
                                EUR
Bio Milch 3,5%             1,19 A
Roggenbrot                 2,49 A
Kaffee 500g
   2 x  4,99               9,98 B
Pfand                      0,25 B
Leergut                   -0,50 B
--------------------------------
SUMME            EUR      13,41
Bar              EUR      20,00
Rückgeld         EUR       6,59
Steuer %   Netto   Steuer  Brutto
A  7,0%     3,44    0,24    3,68
B 19,0%     8,18    1,55    9,73
Bon-Nr.: 4711     12.03.2024 17:32
Vielen Dank für Ihren Einkauf";
    assert_eq!(payable(text, None), ("13.41 EUR".into(), "4711".into()));
    let (reading, _) = verdict(text, None);
    assert_eq!(
        reading.when.unwrap().value.to_string(),
        "2024-03-12T17:32:00"
    );
    assert_eq!(reading.items.len(), 4);
    assert_eq!(
        reading.merchant.unwrap().value.as_str(),
        "Frischmarkt Müller GmbH"
    );
}

#[test]
fn a_french_bistro_with_service_and_inclusive_tax() {
    let text = "
         CHEZ MARCEL
    12 rue des Lilas 75011 PARIS
    Ticket n° 2048    Table 7
    14/02/2024 21:05
 2 Plat du jour            29,80
 1 Carafe de vin           14,00
 2 Cafe                     5,00
--------------------------------
 Sous-total                48,80
 Remise                    -4,80
 TOTAL A PAYER         44,00 EUR
 dont TVA 10%               4,00
 Merci de votre visite";
    assert_eq!(payable(text, None), ("44.00 EUR".into(), "2048".into()));
}

#[test]
fn an_italian_scontrino() {
    let text = "
   BAR CENTRALE SRL
   Via Roma 1 - 00100 Roma
   P.IVA 01234567890
DESCRIZIONE       IVA   Prezzo(€)
Caffe'            10%        1,20
Cornetto          10%        1,50
Acqua naturale    22%        1,00
TOTALE COMPLESSIVO           3,70
di cui IVA                   0,43
Pagamento contante           5,00
Resto                        1,30
DOCUMENTO N. 0113-0042
01-03-2024 08:11";
    assert_eq!(
        payable(text, Some("EUR")),
        ("3.70 EUR".into(), "0113-0042".into())
    );
}

#[test]
fn a_spanish_ticket() {
    let text = "
PANADERIA LOLA S.L.
CIF B12345678
FACTURA SIMPLIFICADA: T-000123
FECHA: 05/11/2023 10:15
CANT  DESCRIPCION   PRECIO  IMPORTE
2     BARRA PAN      0,90     1,80
1     TARTA         15,50    15,50
BASE IMPONIBLE              15,73
IVA 10%                      1,57
TOTAL                      17,30 €
EFECTIVO                   20,00 €
CAMBIO                      2,70 €";
    assert_eq!(payable(text, None).0, "17.30 EUR");
}

#[test]
fn a_portuguese_and_a_brazilian_one() {
    let lisbon = "Pastelaria Sol Lda\nFatura n. FS 12/345\n2024-01-05 09:30\n2 Pastel de nata  2,40\n1 Galao  1,30\nTOTAL EUR 3,70\nNumerário 5,00\nTroco 1,30\n";
    assert_eq!(payable(lisbon, None).0, "3.70 EUR");
    let rio = "PADARIA CARIOCA LTDA\nCupom 004512\n10/08/2023 07:45\nPAO FRANCES  R$ 8,50\nCAFE  R$ 6,00\nVALOR TOTAL R$ 14,50\nDinheiro R$ 20,00\nTroco R$ 5,50\n";
    assert_eq!(payable(rio, None), ("14.50 BRL".into(), "004512".into()));
}

#[test]
fn a_turkish_fis() {
    let text = "
  ANADOLU LOKANTASI
TARIH : 21.06.2024  SAAT : 13:20
FIS NO: 0087
MERCIMEK CORBA   %10     *90,00
ADANA KEBAP      %10    *320,00
AYRAN            %10     *40,00
--------------------------------
TOPKDV                   *40,91
TOPLAM                  *450,00
NAKIT                   *500,00
PARA USTU                *50,00";
    assert_eq!(
        payable(text, Some("TRY")),
        ("450.00 TRY".into(), "0087".into())
    );
}

#[test]
fn rupiah_and_ringgit() {
    let jakarta = "
WARUNG BU SRI
Jl. Melati No. 3 Jakarta
No. Nota: 00231
02/04/2024 12:40
Nasi Goreng   2 x 25.000    50.000
Es Teh        2 x  5.000    10.000
Subtotal                    60.000
PPN 11%                      6.600
Total                    Rp 66.600
Tunai                    Rp 70.000
Kembali                   Rp 3.400";
    assert_eq!(
        payable(jakarta, None),
        ("66600.00 IDR".into(), "00231".into())
    );
    let ipoh = "RESTORAN PAK ALI\nNo. Resit: A-118\n03/04/2024 08:15\nNASI LEMAK  2 X 4.50  9.00\nTEH TARIK  2 X 2.00  4.00\nJUMLAH  13.00\nTUNAI  20.00\nBAKI  7.00\n";
    assert_eq!(
        payable(ipoh, Some("MYR")),
        ("13.00 MYR".into(), "A-118".into())
    );
}

#[test]
fn thai_korean_and_chinese() {
    let thai = "ร้านก๋วยเตี๋ยวป้าแดง\nเลขที่ 00145\n05/06/2024 12:10\nก๋วยเตี๋ยวเรือ  2  120.00\nชาเย็น  1  35.00\nรวม  155.00\nภาษีมูลค่าเพิ่ม 7%  10.14\nยอดสุทธิ  155.00 บาท\nเงินสด  200.00\nเงินทอน  45.00\n";
    assert_eq!(payable(thai, None), ("155.00 THB".into(), "00145".into()));
    let korean = "별다방 강남점\n영수증번호: 20240605-0012\n2024-06-05 12:30:11\n상품명   단가  수량  금액\n아메리카노  4,500  2  9,000\n치즈케이크  6,500  1  6,500\n합계금액  15,500\n부가세  1,409\n받을금액  15,500원\n현금  20,000\n거스름돈  4,500\n";
    assert_eq!(
        payable(korean, None),
        ("15500 KRW".into(), "20240605-0012".into())
    );
    let chinese = "好味餐厅\n单号：2024060500017\n时间：2024-06-05 18:22\n品名  单价  数量  金额\n宫保鸡丁  38.00  1  38.00\n米饭  3.00  2  6.00\n合计：44.00\n优惠：-4.00\n实付：￥40.00\n";
    assert_eq!(
        payable(chinese, None),
        ("40.00 CNY".into(), "2024060500017".into())
    );
}

#[test]
fn american_sales_tax_and_a_suggested_tip_that_is_none() {
    let text = "
      MAIN ST DINER
  12 Main St, Austin, TX 78701
Check #: 3381    Table 4
06/05/2024 7:12 PM
1 Burger                  $14.00
2 Soda                     $6.00
Subtotal                  $20.00
Sales Tax 8.25%            $1.65
Total                     $21.65
Suggested tip:
18% $3.60   20% $4.00
Thank you!";
    assert_eq!(
        payable(text, Some("USD")),
        ("21.65 USD".into(), "3381".into())
    );
}

#[test]
fn what_does_not_add_up_is_not_payable() {
    assert_eq!(
        refused("Shop\nBread 3.00\nMilk 4.00\nTOTAL EUR 9.00\n", None),
        "does-not-add-up"
    );
    assert_eq!(
        refused(
            "Shop\nBread 3.00\nMilk 4.00\nTOTAL EUR 7.00\nCash 10.00\nChange 1.00\n",
            None
        ),
        "does-not-add-up"
    );
    assert_eq!(
        refused("Shop\nSubtotal 10.00\nTax 1.00\nTotal EUR 12.00\n", None),
        "does-not-add-up"
    );
}

#[test]
fn two_totals_are_one_too_many() {
    assert_eq!(
        refused("Shop\nTotal EUR 10.00\nTotal EUR 12.00\n", None),
        "two-totals"
    );
    assert_eq!(
        refused(
            "Table 1\nTotal 10.00 EUR\n----\nTable 2\nTotal 7.50 EUR\n",
            None
        ),
        "two-totals"
    );
}

#[test]
fn what_is_no_sale_is_not_payable() {
    for text in [
        "Shop\n*** VOID ***\nBread 3.00\nTotal EUR 3.00\n",
        "Shop\nREFUND\nBread 3.00\nTotal EUR 3.00\n",
        "Shop\n** REPRINT **\nBread 3.00\nTotal EUR 3.00\n",
        "Shop\nTRAINING MODE\nBread 3.00\nTotal EUR 3.00\n",
        "KITCHEN\nTable 4\n2 x Soup\n1 x Fish\n",
        "Z-REPORT\nTotal sales EUR 3000.00\n",
        "Shop\nBread 3.00\nTotal EUR 3.00\nPAID\n",
        "Laden\nSTORNO\nBrot 3,00\nSumme EUR 3,00\n",
        "店\n退款\n面包 3.00\n合计 ￥3.00\n",
    ] {
        assert_eq!(
            refused(text, Some("EUR").filter(|_| !text.contains('￥'))),
            "not-a-sale",
            "{text}"
        );
    }
}

#[test]
fn an_amount_below_or_at_zero_is_not_payable() {
    assert_eq!(
        refused(
            "Shop\nBread 3.00\nReturned bread -3.00\nTotal EUR 0.00\n",
            None
        ),
        "zero-total"
    );
    assert_eq!(
        refused("Shop\nBottles -3.00\nTotal EUR -3.00\n", None),
        "negative-total"
    );
}

#[test]
fn paid_by_card_is_not_payable_again() {
    assert_eq!(
        refused("Shop\nBread 3.00\nTotal EUR 3.00\nVISA 3.00\n", None),
        "paid-otherwise"
    );
    assert_eq!(
        refused("店\n面包 3.00\n合计 ￥3.00\n支付宝 3.00\n", None),
        "paid-otherwise"
    );
}

#[test]
fn the_currency_must_be_said_by_the_paper_or_the_shop() {
    let text = "Shop\nBread 3.00\nTotal 3.00\n";
    assert_eq!(refused(text, None), "no-currency");
    assert_eq!(payable(text, Some("EUR")).0, "3.00 EUR");
    assert_eq!(
        refused("Shop\nBread 3.00\nTotal $3.00\n", Some("EUR")),
        "currency-conflict"
    );
    assert_eq!(
        refused("Shop\nBread 3.00\nTotal USD 3.00\n", Some("EUR")),
        "currency-conflict"
    );
    assert_eq!(
        refused("Shop\nBread 3.50\nTotal 3.50\n", Some("JPY")),
        "not-an-amount"
    );
}

#[test]
fn a_total_on_two_lines_is_one_total() {
    assert_eq!(
        payable("Shop\nBread 3.00\nTOTAL\n       EUR 3.00\n", None).0,
        "3.00 EUR"
    );
}

#[test]
fn a_total_that_ran_together_with_its_neighbour_is_never_half_read() {
    // French grouping with a space: 1 234,50 is not 234,50.
    let text = "Garage\nPneus 1 234,50\nTOTAL 1 234,50 EUR\n";
    match verdict(text, None).1 {
        Ok(payable) => assert_eq!(payable.amount.to_string(), "1234.50 EUR"),
        Err(why) => assert_ne!(why.name(), ""),
    }
}

#[test]
fn junk_is_malformed_and_text_without_a_total_is_not_payable() {
    assert!(read(&[0x81; 400], None, &Hints::default()).is_err());
    assert!(read(b"", None, &Hints::default()).is_err());
    assert!(read(&[0x1B, 0x40, 0x0A, 0x0A], None, &Hints::default()).is_err());
    assert_eq!(
        refused("Good morning\nand welcome\n", Some("EUR")),
        "no-total"
    );
}

#[test]
fn a_receipt_made_out_to_somebody_names_its_shop_at_the_foot() {
    let text = "Nov. 9, 2022            No. 1234
              RECEIPT

TO:_____________________________
             120.80
NOTE: Meals, Goods (reduced tax rate)
        Received the amount above.
TAX:
Rate  8% Taxable   10.00 Tax   0.80
Rate 10% Taxable  100.00 Tax  10.00
-----------------------------------
              Harbour Street Kitchen
              1-Y-X Pier, Old Town
 Registration Number T0123456789012";
    let text = text
        .replace("TO:_____________________________", "TO:")
        .replace("120.80", "\x1d!\x22120.80\x1d!\0");
    let (reading, _) = verdict(&text, Some("USD"));
    assert_eq!(
        reading.merchant.unwrap().value.as_str(),
        "Harbour Street Kitchen"
    );
    assert_eq!(reading.total.unwrap().value.to_string(), "120.80");
}

#[test]
fn yen_that_did_not_fit_their_column_do_not_turn_commas_into_decimals() {
    let text = "2022年11月 9日          No. 1234
        領 収 証
                            様
        ¥12,080-
税率  8% 対象 ¥1,000 税額    ¥80
税率 10% 対象 ¥10,00 税額 ¥1,000
                   0
                    市ヶ谷駅前店
         東京都千代田区九段1-Y-X";
    let (reading, _) = verdict(text, None);
    assert!(
        reading.total.is_none_or(|t| t.value.to_string() == "12080"),
        "a thousandth of it"
    );
}

#[test]
fn a_line_that_says_how_it_was_paid_counts_without_an_amount() {
    let paper =
        |line: &str| format!("BEAN & LEAF\nReceipt 17\nRice 10.00\nTOTAL RM10.00\n{line}\n");
    for line in [
        "PAYMENT METHOD      VISA CARD",
        "Paid by: Mastercard",
        "Zahlungsart: Girocard",
        "支付方式：微信支付",
        "お支払方法 クレジット",
    ] {
        assert_eq!(refused(&paper(line), None), "paid-otherwise", "{line}");
    }
    for line in [
        "Payment methods: Visa, Mastercard",
        "Payment method: cash or card",
        "PAYMENT METHOD",
    ] {
        payable(&paper(line), None);
    }
}
