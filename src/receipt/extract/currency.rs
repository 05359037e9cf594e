//! Currency marks beside numbers, and which currency a paper names.

use super::super::{is_alphabetic, is_alphanumeric};
use super::lexicon;
use super::written::Written;
use crate::money::Currency;
use smallvec::SmallVec;

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// One currency and no other.
    Is(Currency),
    /// `$`: one of the dollars or pesos.
    Dollar,
    /// `¥`, `￥`: yen or yuan.
    Yen,
    /// A backslash, where East Asian sets have a yen sign or, the Korean ones, a won sign.
    Backslash,
    /// `kr`: one of the crowns.
    Crown,
}

/// Marks and what they mean, longer ones before those that they begin with.
const MARKS: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("S$", "SGD"),
    ("A$", "AUD"),
    ("NZ$", "NZD"),
    ("C$", "CAD"),
    ("CA$", "CAD"),
    ("R$", "BRL"),
    ("MX$", "MXN"),
    ("RM", "MYR"),
    ("Rp.", "IDR"),
    ("Rp", "IDR"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("₩", "KRW"),
    ("원", "KRW"),
    ("円", "JPY"),
    ("元", "CNY"),
    ("฿", "THB"),
    ("บาท", "THB"),
    ("₺", "TRY"),
    ("TL", "TRY"),
    ("₫", "VND"),
    ("đ", "VND"),
    ("₹", "INR"),
    ("₱", "PHP"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Ft", "HUF"),
    ("₽", "RUB"),
    ("₴", "UAH"),
    ("₪", "ILS"),
    ("RMB", "CNY"),
    ("S/", "PEN"),
    ("S/.", "PEN"),
    ("₲", "PYG"),
    ("₡", "CRC"),
    ("₦", "NGN"),
    ("₵", "GHS"),
    ("₸", "KZT"),
    ("Fr.", "CHF"),
    ("SFr.", "CHF"),
    ("AU$", "AUD"),
];

/// ISO codes that are words or other things on receipts are not taken for currencies.
const NOT_CODES: &[&str] = &[
    "ALL", "TOP", "TRY", "CUP", "PEN", "BAM", "MOP", "STN", "GEL", "LAK", "COP", "SOS", "XTS",
];

fn one(mark: &[char]) -> Option<Mark> {
    match mark {
        ['$' | '＄'] => return Some(Mark::Dollar),
        ['¥' | '￥'] => return Some(Mark::Yen),
        ['\\'] => return Some(Mark::Backslash),
        ['k' | 'K', 'r'] | ['k', 'r', '.'] => return Some(Mark::Crown),
        _ => {}
    }
    let known = || {
        MARKS
            .iter()
            .find(|known| is(mark, known.0))
            .map(|known| known.1)
    };
    let iso = mark.len() == 3 && mark.iter().all(char::is_ascii_uppercase);
    let named = |code: &str| code.parse().ok().map(Mark::Is);
    if iso && NOT_CODES.iter().any(|code| is(mark, code)) {
        return None;
    }
    let code: Option<Mark> = iso
        .then(|| named(&mark.iter().collect::<String>()))
        .flatten();
    code.or_else(|| named(known()?))
}

/// Whether the characters are those of the text.
fn is(mark: &[char], text: &str) -> bool {
    text.chars().eq(mark.iter().copied())
}

/// How far a mark may stand before its number: tills pad the gap to the right edge of the paper.
const GAP_MAX: usize = 48;

/// Marks that may stand far before their amount, in a column of their own.
const FAR: &[&str] = &[
    "EUR", "USD", "GBP", "CHF", "MYR", "SGD", "HKD", "CNY", "RMB", "JPY", "KRW", "IDR", "THB",
    "TRY", "BRL", "AUD", "CAD", "NZD", "INR", "RM", "R$", "Rp", "€", "$", "£", "¥", "￥", "S$",
    "HK$", "NT$", "US$", "₺", "฿", "₩", "PLN", "CZK", "HUF", "SEK", "NOK", "DKK", "BGN", "MXN",
    "ARS", "CLP", "TWD", "PHP", "VND", "ZAR", "AED", "SAR", "EGP", "KWD", "BHD", "OMR", "JOD",
    "TND", "UAH", "ILS", "RSD", "ISK", "MOP", "zł", "Kč", "kr", "Rp.", "TL",
];

/// A mark before a number: what it says, where it begins, and whether a minus stands between.
pub(super) struct Before {
    pub(super) mark: Mark,
    pub(super) from: usize,
    pub(super) minus: bool,
}

/// The longest mark that ends before `at`; spaces, a minus or a colon may stand between.
pub(super) fn before(chars: &[char], at: usize) -> Option<Before> {
    let mut end = at;
    let mut minus = false;
    while end > 0
        && at - end < GAP_MAX
        && let Some(c @ (' ' | '-' | ':')) = chars.get(end - 1)
    {
        minus |= *c == '-';
        end -= 1;
    }
    // Most words before a number are no marks, and their last letter says so.
    let last = end.checked_sub(1).and_then(|i| chars.get(i))?;
    if last.is_ascii() && !matches!(last, 'A'..='Z' | '$' | '\\' | '.' | '/' | 'p' | 'r' | 't') {
        return None;
    }
    for length in (1..=4).rev() {
        let Some(from) = end.checked_sub(length) else {
            continue;
        };
        let slice = chars.get(from..end)?;
        if slice.contains(&' ') {
            continue;
        }
        let lettered = slice.first().is_some_and(|c| is_alphabetic(*c));
        let bounded =
            from == 0 || !lettered || !chars.get(from - 1).is_some_and(|c| is_alphanumeric(*c));
        if !bounded {
            continue;
        }
        if slice == ['R'] && end == at && has_cents(chars, at) {
            let mark = Mark::Is("ZAR".parse().ok()?);
            return Some(Before { mark, from, minus });
        }
        if let Some(mark) = one(slice) {
            // A backslash is a yen sign only right before its digits.
            let near = if slice == ['\\'] {
                end == at
            } else {
                at - end < 4 || FAR.iter().any(|far| is(slice, far))
            };
            if near {
                return Some(Before { mark, from, minus });
            }
        }
    }
    None
}

/// Whether digits with two decimals begin here: `R35.00` is rand, `R12` the till's number.
fn has_cents(chars: &[char], at: usize) -> bool {
    let rest = chars.get(at..).unwrap_or_default();
    let whole = rest
        .iter()
        .take_while(|c| c.is_ascii_digit() || **c == ',')
        .count();
    let cents = rest.get(whole + 1..).unwrap_or_default();
    let places = cents.iter().take_while(|c| c.is_ascii_digit()).count();
    whole > 0 && rest.get(whole) == Some(&'.') && places == 2
}

/// The longest mark that begins right after `end` (one space may stand between), and where it ends.
pub(super) fn after(chars: &[char], end: usize) -> Option<(Mark, usize)> {
    let mut from = end;
    if matches!(chars.get(from), Some(',')) && chars.get(from + 1) == Some(&'-') {
        from += 2;
    }
    if chars.get(from) == Some(&' ') {
        from += 1;
    }
    let first = chars.get(from)?;
    if first.is_ascii() && !matches!(first, 'A'..='Z' | 'k' | 'z') {
        return None;
    }
    for length in (1..=4).rev() {
        let Some(slice) = chars.get(from..from + length) else {
            continue;
        };
        let lettered = slice.last().is_some_and(char::is_ascii_alphabetic);
        let bounded = !lettered
            || !chars
                .get(from + length)
                .is_some_and(|c| c.is_alphanumeric());
        if !bounded || slice.contains(&' ') {
            continue;
        }
        if let Some(mark) = one(slice) {
            return Some((mark, from + length));
        }
    }
    None
}

/// What a paper says about its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Named by a code or an unmistakable mark.
    pub(super) certain: Option<Currency>,
    /// Two different ones are named.
    pub(super) conflict: bool,
    /// Likely, from an ambiguous mark or the language.
    pub(super) likely: Option<Currency>,
    /// The ambiguous mark that was seen.
    pub(super) mark: Option<Mark>,
}

/// Collects what the marks beside money and the language of the lines say.
pub(super) fn of_paper(lines: &[Written<'_>], marks: impl Iterator<Item = Mark>) -> Named {
    let mut named = Named::default();
    for mark in marks {
        match mark {
            Mark::Is(currency) => {
                named.conflict |= named.certain.is_some_and(|c| c != currency);
                named.certain = named.certain.or(Some(currency));
            }
            vague => named.mark = named.mark.or(Some(vague)),
        }
    }
    named.certain = named.certain.or_else(|| lines.iter().find_map(heads));
    let written = lines.iter().map(Written::text);
    let beyond: Vec<&str> = written.filter(|text| !text.is_ascii()).collect();
    let (mut kana, mut hangul, mut thai, mut han) = (false, false, false, false);
    for c in beyond.iter().flat_map(|text| text.chars()) {
        match c {
            '\u{4E00}'..='\u{9FFF}' => han = true,
            '\u{3040}'..='\u{30FF}' => kana = true,
            '\u{AC00}'..='\u{D7A3}' => hangul = true,
            '\u{E00}'..='\u{E7F}' => thai = true,
            _ => {}
        }
    }
    let code = |c: &str| c.parse::<Currency>().ok();
    match named.mark {
        Some(Mark::Yen | Mark::Backslash) if kana => {
            named.certain = named.certain.or(Some(Currency::JPY));
        }
        Some(Mark::Backslash) if hangul => named.certain = named.certain.or_else(|| code("KRW")),
        Some(Mark::Yen | Mark::Backslash) if han && forms(&beyond) >= 0 => {
            named.certain = named.certain.or(Some(Currency::CNY));
        }
        _ => {}
    }
    named.likely = match () {
        () if kana => Some(Currency::JPY),
        () if han && matches!(named.mark, Some(Mark::Yen | Mark::Backslash)) => Some(Currency::JPY),
        () if hangul => code("KRW"),
        () if thai => code("THB"),
        () if han && named.mark.is_none() => chinese(&beyond).and_then(code),
        () if named.mark == Some(Mark::Dollar) && american(lines) => code("USD"),
        () => None,
    };
    named
}

/// `Qty  Item  Amount (RM)`: the currency over the column of amounts.
fn heads(line: &Written<'_>) -> Option<Currency> {
    let bracket = |c: char| matches!(c, '(' | ')' | '（' | '）' | '[' | ']');
    if line.digits > 0 || !line.text().contains(bracket) {
        return None;
    }
    let mut inner = line.text().split(bracket).skip(1).step_by(2);
    let named = inner.find_map(|word| {
        let word: SmallVec<[char; 8]> = word.trim().chars().collect();
        let letter = matches!(word.as_slice(), [c] if is_alphabetic(*c));
        one(&word).filter(|_| !letter && word.len() <= 4)
    });
    let flags = lexicon::flags(&line.normal);
    let amounts = lexicon::AMOUNT | lexicon::TOTAL | lexicon::PLAIN;
    match named? {
        Mark::Is(currency) if flags & amounts != 0 => Some(currency),
        _ => None,
    }
}

/// How many more of a paper's characters are simplified ones of mainland China than traditional or
/// Japanese ones, of those that are written differently.
fn forms(lines: &[&str]) -> isize {
    let of = |c: char| match c {
        '单' | '计' | '价' | '额' | '实' | '发' | '电' | '话' | '鸡' | '饭' | '总' | '应'
        | '门' | '时' | '间' | '买' | '卖' | '现' | '编' | '统' | '订' | '帐' | '谢' | '欢'
        | '务' | '费' | '员' => 1,
        '單' | '號' | '計' | '價' | '額' | '實' | '發' | '電' | '話' | '數' | '雞' | '飯'
        | '麵' | '總' | '應' | '點' | '門' | '區' | '時' | '間' | '買' | '賣' | '現' | '條'
        | '編' | '統' | '訂' | '帳' | '內' | '務' | '費' | '員' | '単' | '価' | '総' | '応'
        | '売' | '発' | '戻' | '対' | '円' | '込' => -1,
        _ => 0,
    };
    let beyond = |line: &&str| line.chars().map(of).sum::<isize>();
    lines.iter().map(beyond).sum()
}

/// The currency of a paper in Chinese. Simplified characters are mainland China's; traditional ones
/// are written in Taiwan, Hong Kong and Macao, and only a tax number or an address says where.
fn chinese(lines: &[&str]) -> Option<&'static str> {
    const PLACES: &[(&str, &[&str])] = &[
        (
            "TWD",
            &[
                "統編",
                "統一編號",
                "統一發票",
                "臺",
                "台灣",
                "台北",
                "新北",
                "高雄",
            ],
        ),
        ("HKD", &["香港", "九龍", "新界", "港幣"]),
        ("MOP", &["澳門"]),
    ];
    let of = |words: &[&str]| lines.iter().any(|l| words.iter().any(|w| l.contains(w)));
    // A shop on the mainland may write its name in the old way.
    if forms(lines) >= 0 {
        return Some("CNY");
    }
    PLACES
        .iter()
        .find(|(_, words)| of(words))
        .map(|(code, _)| *code)
}

/// An address with a state and a ZIP code, or a sales tax.
fn american(lines: &[Written<'_>]) -> bool {
    lines.iter().any(|line| {
        let text = line.text();
        let words: Vec<&str> = text.split([' ', ',']).filter(|w| !w.is_empty()).collect();
        text.contains("USA")
            || text.to_lowercase().contains("sales tax")
            || words.windows(2).any(|w| {
                let state = w[0].len() == 2 && w[0].bytes().all(|b| b.is_ascii_uppercase());
                state && w[1].len() >= 5 && w[1].bytes().take(5).all(|b| b.is_ascii_digit())
            })
    })
}

/// Whether a shop that counts in `currency` would print this ambiguous mark.
pub(super) fn fits(mark: Mark, currency: Currency) -> bool {
    let code = currency.code();
    match mark {
        Mark::Is(named) => named == currency,
        Mark::Dollar => {
            const DOLLARS: &[&str] = &[
                "USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU",
                "DOP", "MYR", "BND", "BSD", "BBD", "BZD", "BMD", "FJD", "GYD", "JMD", "KYD", "LRD",
                "NAD", "SBD", "SRD", "TTD", "XCD", "CUP", "BRL", "XTS", "NIO", "CVE", "TOP", "WST",
            ];
            DOLLARS.contains(&code)
        }
        Mark::Yen => matches!(code, "JPY" | "CNY" | "XTS"),
        Mark::Backslash => matches!(code, "JPY" | "CNY" | "KRW" | "XTS"),
        Mark::Crown => matches!(code, "SEK" | "NOK" | "DKK" | "ISK" | "XTS"),
    }
}
