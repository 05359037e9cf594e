//! Which numbers are factors and counts, by the signs and words beside them.

use super::number::Number;

/// `2 x 3.50`, `2x Beer`: a factor stands before the sign; `3.97 X` at the end is a tax code.
pub(super) fn right(number: &Number, chars: &[char]) -> bool {
    let mut rest = chars
        .get(number.to..)
        .unwrap_or_default()
        .iter()
        .skip_while(|c| **c == ' ');
    let sign = rest.next().copied().unwrap_or(' ');
    let glued = rest.clone().next().is_some_and(|c| c.is_alphabetic());
    let mut beyond = rest.skip_while(|c| **c == ' ');
    // `6X1L`: six bottles of a litre each.
    let glued_on = chars.get(number.to + 1..).unwrap_or_default();
    let digits = glued_on.iter().take_while(|c| c.is_ascii_digit()).count();
    let letter = glued_on.get(digits).is_some_and(|c| c.is_alphabetic());
    let pack = digits > 0 && letter && chars.get(number.to) == Some(&sign);
    match (sign, beyond.next()) {
        _ if pack => false,
        ('x' | 'X' | '×' | '*' | '@', Some(c)) => {
            let small = number.value.places() == 0 && number.value.e4() < 10_000_000 && !glued;
            c.is_ascii_digit()
                || (small && sign != '*')
                || matches!(c, '$' | '€' | '£' | '¥' | '.')
                || (!glued && matches!(c, 'R'))
        }
        _ => false,
    }
}

/// `2点`, `4 ชิ้น`, `3건`: how many there are, whatever a till's amounts look like.
pub(super) fn counted(number: &Number, chars: &[char]) -> bool {
    const COUNTERS: &[&str] = &[
        "点",
        "點",
        "件",
        "個",
        "个",
        "枚",
        "名",
        "人",
        "位",
        "份",
        "杯",
        "項",
        "개",
        "건",
        "명",
        "매",
        "잔",
        "번",
        "ชิ้น",
        "รายการ",
        "ท่าน",
        "คน",
        "碗",
        "听",
        "瓶",
        "盘",
        "盒",
        "串",
        "只",
        "套",
        "壶",
        "锅",
        "块",
        "支",
        "皿",
        "膳",
        "병",
        "판",
        "인분",
        "แก้ว",
        "จาน",
    ];
    let small = number.value.places() == 0 && (0..10_000_000).contains(&number.value.e4());
    if !small || number.mark.is_some() || number.marked {
        return false;
    }
    let gap = usize::from(chars.get(number.to) == Some(&' '));
    let rest = chars.get(number.to + gap..).unwrap_or_default();
    let begins = |counter: &str| {
        counter
            .chars()
            .eq(rest.iter().copied().take(counter.chars().count()))
    };
    rest.first().is_some_and(|c| !c.is_ascii()) && COUNTERS.iter().any(|c| begins(c))
}

/// `%10 *12,50`, `EKMEK   *25,00`: the sign that Turkish tills set before every price. It is glued
/// to the price, and what stands before it is a rate or far away.
fn price_star(chars: &[char], at: usize) -> bool {
    let star = at.checked_sub(1).filter(|i| chars.get(*i) == Some(&'*'));
    let Some(before) = star.and_then(|i| chars.get(..i)) else {
        return false;
    };
    let spaces = before.iter().rev().take_while(|c| **c == ' ').count();
    let word = before.iter().rev().skip(spaces).take_while(|c| **c != ' ');
    spaces >= 3 || (spaces > 0 && word.last() == Some(&'%'))
}

/// `N1*         5,00`: the mark of a tax's code, far before the amount.
fn code_star(chars: &[char], at: usize) -> bool {
    let before = chars.get(..at).unwrap_or_default();
    let gap = before.iter().rev().take_while(|c| **c == ' ').count();
    let left = before.get(..at.saturating_sub(gap)).unwrap_or_default();
    gap >= 3 && matches!(left, [.., c, '*'] if *c != ' ')
}

/// `2 x 3.50`, `@3.50`: a factor stands after the sign.
pub(super) fn left(number: &Number, chars: &[char]) -> bool {
    let mut rest = chars
        .get(..number.from)
        .unwrap_or_default()
        .iter()
        .rev()
        .skip_while(|c| **c == ' ');
    let sign = rest.next().copied().unwrap_or(' ');
    let mut beyond = rest.skip_while(|c| **c == ' ');
    match sign {
        '@' => true,
        '*' if price_star(chars, number.from) || code_star(chars, number.from) => false,
        'x' | 'X' | '×' | '*' => {
            let glued = number.from.checked_sub(1).and_then(|i| chars.get(i)) == Some(&sign);
            let small = number.value.places() == 0 && (0..10_000_000).contains(&number.value.e4());
            // "Tea x2".
            let alone = !rest_is_word(chars, number.from);
            let plain = sign != '*' && small && number.mark.is_none();
            beyond.next().is_some_and(char::is_ascii_digit)
                || (plain && glued && alone)
                || (plain && !glued && stands_alone(number, chars))
        }
        _ => false,
    }
}

/// `Latte (Large) x 2     12.50`: a sign between spaces, and nothing right behind the number.
fn stands_alone(number: &Number, chars: &[char]) -> bool {
    let before = chars.get(..number.from).unwrap_or_default();
    let after = chars.get(number.to..).unwrap_or_default();
    let apart = after.iter().take(2).all(|c| *c == ' ');
    matches!(before, [.., ' ', 'x' | 'X' | '×', ' ']) && apart
}

/// `1.236kg`, `1.2斤`: how much of it, where it has decimals; `5kg` may be a size.
pub(super) fn weighed(number: &Number, chars: &[char]) -> bool {
    let rest = chars.get(number.to..).unwrap_or_default();
    let rest = rest.strip_prefix(&[' ']).unwrap_or(rest);
    let unit = match rest {
        ['k' | 'K', 'g' | 'G', rest @ ..] | ['l' | 'L', 'b' | 'B', rest @ ..] => Some(rest),
        ['公' | '市', '斤', rest @ ..] | ['千', '克', rest @ ..] => Some(rest),
        ['斤' | '克' | '两' | '磅', rest @ ..] => Some(rest),
        _ => None,
    };
    let ends = |rest: &[char]| !rest.first().is_some_and(|c| c.is_alphanumeric());
    number.value.places() > 0 && number.mark.is_none() && unit.is_some_and(ends)
}

/// Whether the sign before a number ends a word: `RX2` and no factor.
fn rest_is_word(chars: &[char], from: usize) -> bool {
    let before = from.checked_sub(2).and_then(|i| chars.get(i));
    before.is_some_and(char::is_ascii_alphanumeric)
}
