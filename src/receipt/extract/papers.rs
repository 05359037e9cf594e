//! Papers by their peculiarities, each a small one of its own.

use super::tests::{payable, refused, verdict};

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
    ] {
        assert_eq!(
            order(&format!("Crème Éclair, à côté\nMerci à bientôt\n{line}\n")),
            value,
            "{line}"
        );
    }
    for line in ["N° 31, rue Verte", "Toa Payoh #01-22"] {
        assert_eq!(
            order(&format!("Crème Éclair, à côté\nMerci à bientôt\n{line}\n")),
            "",
            "{line}"
        );
    }
}

#[test]
fn an_address_is_no_part_of_a_name() {
    let text = "KIOSKMART\nJL. MAWAR NO.7\nPT KIOSK JAYA TBK\n";
    assert_eq!(merchant(text), "KIOSKMART");
    assert_eq!(merchant("상호: 바다커피\n전화 02-1-1\n"), "바다커피");
}
