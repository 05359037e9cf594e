//! Meaning to paper: receipts as tills print them, and the paid slip, as ESC/POS bytes.
//!
//! For scenarios, the demo and tests. What is written here [`read`](super::read)s back to the same
//! amount, currency and reference; a property test holds that.

mod sheet;
mod slip;

pub use slip::{PaidSlip, paid_slip};

use super::charset::Charset;
use crate::money::{Currency, Money};
use crate::time::Time;
use sheet::Sheet;

/// The words and number forms of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// `TOTAL 12.50`.
    English,
    /// `Summe 12,50`.
    German,
    /// `合计 ￥58.00`.
    Chinese,
    /// `合計 ¥1,250`.
    Japanese,
}

/// One line of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftItem {
    /// Its name.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Price of one in minor units.
    pub unit: i64,
}

/// A sale as a till knows it, before it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The shop's name, printed large.
    pub merchant: String,
    /// Lines below it: address, telephone.
    pub address: Vec<String>,
    /// The order number.
    pub order: String,
    /// The table, when it is a table's bill.
    pub table: Option<String>,
    /// Date and time.
    pub at: Option<Time>,
    /// What was sold.
    pub items: Vec<DraftItem>,
    /// Taken off the sum of the items, in minor units.
    pub discount: i64,
    /// Tax that the prices include: percent and minor units.
    pub tax: Option<(u8, i64)>,
    /// The currency.
    pub currency: Currency,
    /// Words and number forms.
    pub language: Language,
    /// How characters beyond ASCII are sent.
    pub charset: Charset,
    /// Characters in a line.
    pub columns: usize,
    /// A title such as `REFUND` or `KITCHEN`, when it is no ordinary sale.
    pub title: Option<String>,
    /// Whether the drawer opens.
    pub drawer: bool,
    /// Whether the paper is cut.
    pub cut: bool,
    /// The bytes that the till sends, when it writes none of this.
    pub own: Option<Vec<u8>>,
}

impl Draft {
    /// A sale of nothing yet.
    pub fn new(merchant: &str, order: &str, currency: Currency) -> Self {
        Self {
            merchant: merchant.to_owned(),
            address: Vec::new(),
            order: order.to_owned(),
            table: None,
            at: None,
            items: Vec::new(),
            discount: 0,
            tax: None,
            currency,
            language: Language::English,
            charset: Charset::Page(858),
            columns: 42,
            title: None,
            drawer: false,
            cut: true,
            own: None,
        }
    }

    /// The same with one more item.
    #[must_use]
    pub fn item(mut self, name: &str, quantity: u32, unit: i64) -> Self {
        self.items.push(DraftItem {
            name: name.to_owned(),
            quantity,
            unit,
        });
        self
    }

    /// What is to be paid.
    pub fn total(&self) -> Money {
        let each = |item: &DraftItem| item.unit.saturating_mul(i64::from(item.quantity));
        let sum = self.items.iter().map(each).fold(0, i64::saturating_add);
        Money::new(sum.saturating_sub(self.discount), self.currency)
    }

    /// The print job: ESC/POS bytes.
    pub fn bytes(&self) -> Vec<u8> {
        if let Some(own) = &self.own {
            return own.clone();
        }
        let words = words(self.language);
        let mut sheet = Sheet::new(self.columns, self.charset);
        if self.drawer {
            sheet.command(&[0x1B, b'p', 0, 25, 250]);
        }
        sheet.centre(&self.merchant, true);
        for line in &self.address {
            sheet.centre(line, false);
        }
        if let Some(title) = &self.title {
            sheet.centre(&format!("*** {title} ***"), true);
        }
        sheet.text("");
        sheet.text(&format!("{}{}", words.order, self.order));
        if let Some(table) = &self.table {
            sheet.text(&format!("{}{table}", words.table));
        }
        if let Some(at) = self.at {
            sheet.text(&date(at, self.language));
        }
        sheet.rule();
        for item in &self.items {
            self.write_item(&mut sheet, item);
        }
        sheet.rule();
        self.write_sums(&mut sheet, &words);
        sheet.text("");
        sheet.centre(words.thanks, false);
        sheet.end(self.cut)
    }

    fn write_item(&self, sheet: &mut Sheet, item: &DraftItem) {
        let amount = item.unit.saturating_mul(i64::from(item.quantity));
        let amount = self.number(amount);
        let name = format!("{} x {}", item.quantity, item.name);
        sheet.columns(&name, &amount);
    }

    fn write_sums(&self, sheet: &mut Sheet, words: &Words) {
        let total = self.total();
        if self.discount != 0 {
            let sum = total.minor().saturating_add(self.discount);
            sheet.columns(words.subtotal, &self.number(sum));
            sheet.columns(words.discount, &format!("-{}", self.number(self.discount)));
        }
        sheet.strong(true);
        sheet.columns(words.total, &self.priced(total.minor()));
        sheet.strong(false);
        if let Some((rate, tax)) = self.tax {
            sheet.columns(&format!("{} {rate}%", words.tax), &self.number(tax));
        }
    }

    /// An amount with its currency.
    fn priced(&self, minor: i64) -> String {
        let number = self.number(minor);
        match (self.language, self.currency) {
            (Language::Chinese, Currency::CNY) => format!("￥{number}"),
            (Language::Japanese, Currency::JPY) => format!("¥{number}"),
            (Language::German, _) => format!("{number} {}", self.currency),
            _ => format!("{} {number}", self.currency),
        }
    }

    /// An amount in the language's number form.
    fn number(&self, minor: i64) -> String {
        let digits = Money::new(minor, self.currency).digits();
        let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
        let (group, point) = match self.language {
            Language::German => ('.', ','),
            _ => (',', '.'),
        };
        let mut out = String::new();
        for (i, c) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 && !out.ends_with('-') {
                out.push(group);
            }
            out.push(c);
        }
        if !part.is_empty() {
            out.push(point);
            out.push_str(part);
        }
        out
    }
}

/// A coffee bar's sale in euros, in German, with an umlaut.
pub fn coffee_bar(order: &str) -> Draft {
    Draft {
        address: vec!["Lindenstr. 12, 10969 Berlin".into()],
        language: Language::German,
        tax: Some((19, 134)),
        drawer: true,
        ..Draft::new("Kaffee Süd", order, Currency::EUR)
            .item("Flat White", 2, 320)
            .item("Käsekuchen", 1, 200)
    }
}

/// A noodle shop's sale in yuan: GBK bytes and Chinese names.
pub fn noodle_shop(order: &str) -> Draft {
    Draft {
        address: vec!["南京东路 88 号".into()],
        language: Language::Chinese,
        charset: Charset::Gb18030,
        columns: 32,
        table: Some("12".into()),
        discount: 500,
        ..Draft::new("老王面馆", order, Currency::CNY)
            .item("牛肉拉面", 2, 2800)
            .item("酸辣汤", 1, 1200)
            .item("青岛啤酒", 2, 800)
    }
}

/// A sushi bar's sale in yen: Shift-JIS.
pub fn sushi_bar(order: &str) -> Draft {
    Draft {
        address: vec!["東京都千代田区 1-2-3".into()],
        language: Language::Japanese,
        charset: Charset::ShiftJis,
        table: Some("A5".into()),
        tax: Some((10, 390)),
        ..Draft::new("寿司の千鳥", order, Currency::JPY)
            .item("にぎり盛り合わせ", 2, 1850)
            .item("生ビール", 1, 590)
    }
}

struct Words {
    order: &'static str,
    table: &'static str,
    subtotal: &'static str,
    discount: &'static str,
    total: &'static str,
    tax: &'static str,
    thanks: &'static str,
}

const fn words(language: Language) -> Words {
    match language {
        Language::English => Words {
            order: "Order no: ",
            table: "Table: ",
            subtotal: "Subtotal",
            discount: "Discount",
            total: "TOTAL",
            tax: "incl. VAT",
            thanks: "Thank you for your visit",
        },
        Language::German => Words {
            order: "Beleg-Nr: ",
            table: "Tisch: ",
            subtotal: "Zwischensumme",
            discount: "Rabatt",
            total: "SUMME",
            tax: "inkl. MwSt",
            thanks: "Vielen Dank für Ihren Besuch",
        },
        Language::Chinese => Words {
            order: "单号：",
            table: "桌号：",
            subtotal: "小计",
            discount: "优惠",
            total: "合计",
            tax: "含税",
            thanks: "谢谢惠顾，欢迎再来",
        },
        Language::Japanese => Words {
            order: "伝票番号: ",
            table: "テーブル: ",
            subtotal: "小計",
            discount: "値引",
            total: "合計",
            tax: "(内消費税",
            thanks: "ありがとうございました",
        },
    }
}

fn date(at: Time, language: Language) -> String {
    let (year, month, day, hour, minute, second, _) = at.civil();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    match language {
        Language::German => format!("{day:02}.{month:02}.{year} {clock}"),
        Language::Chinese => format!("时间：{year}-{month:02}-{day:02} {clock}"),
        Language::Japanese => format!("{year}年{month:02}月{day:02}日 {clock}"),
        Language::English => format!("{year}-{month:02}-{day:02} {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, read};
    use super::*;
    use proptest::prelude::*;

    fn payable(draft: &Draft) -> (Money, String) {
        let papers = read(&draft.bytes(), None, &Hints::default()).unwrap();
        assert_eq!(papers.len(), 1);
        let paid = papers[0]
            .verdict
            .clone()
            .unwrap_or_else(|e| panic!("{e}\n{}", papers[0].text()));
        (paid.amount, paid.reference.as_str().to_owned())
    }

    #[test]
    fn the_three_shops_read_back_as_they_were_rung_up() {
        for (draft, amount) in [
            (coffee_bar("A-1"), "8.40 EUR"),
            (noodle_shop("20260504-7"), "79.00 CNY"),
            (sushi_bar("0042"), "4290 JPY"),
        ] {
            assert_eq!(payable(&draft).0.to_string(), amount);
            assert_eq!(payable(&draft).1, draft.order);
            let papers = read(&draft.bytes(), None, &Hints::default()).unwrap();
            let merchant = papers[0].reading.merchant.as_ref().unwrap();
            assert_eq!(merchant.value.as_str(), draft.merchant);
        }
    }

    #[test]
    fn a_refund_is_not_payable() {
        let draft = Draft {
            title: Some("REFUND".into()),
            ..coffee_bar("A-2")
        };
        let papers = read(&draft.bytes(), None, &Hints::default()).unwrap();
        assert!(papers[0].verdict.is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_sale_reads_back_to_its_amount_currency_and_reference(
            shop in 0_usize..3,
            order in "[A-Z]{0,2}[0-9]{3,9}",
            at in 1_500_000_000_u32..1_900_000_000,
            items in prop::collection::vec((1_u32..9, 1_i64..500_000), 1..8),
            off in any::<bool>(),
        ) {
            let mut draft = [coffee_bar(&order), noodle_shop(&order), sushi_bar(&order)][shop].clone();
            let names = ["Brot", "Tee 0,5 l", "Pizza 4 Stagioni", "Wasser", "Set B", "Cola 330ml"];
            draft.tax = None;
            draft.at = Some(Time::from_seconds(at));
            draft.items = items.iter().enumerate().map(|(i, (quantity, unit))| DraftItem {
                name: names[i % names.len()].into(), quantity: *quantity, unit: *unit,
            }).collect();
            draft.discount = 0;
            draft.discount = if off { draft.total().minor() / 10 } else { 0 };
            prop_assume!(draft.total().is_positive());
            let (amount, reference) = payable(&draft);
            prop_assert_eq!(amount, draft.total());
            prop_assert_eq!(reference, order);
        }
    }
}
