//! How text is compared: what it has, and what it is like.

/// Whether `text` has `value` in it, upper and lower case alike. `value` is in lower case.
pub(super) fn has(value: &str, text: &str) -> bool {
    text.to_lowercase().contains(value)
}

/// Whether `text` has the letters of `word` in their order and close together: over no more than
/// twice the word's length. `word` is in lower case.
///
/// Why close together: an order's id has thirty-two digits, in which nearly every short word could
/// be found if its letters might lie anywhere.
pub(super) fn likes(word: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    if text.contains(word) {
        return true;
    }
    let letters: Vec<char> = word.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let reach = letters.len().saturating_mul(2);
    (0..text.len()).any(|from| {
        let window = text.iter().skip(from).take(reach);
        text.get(from) == letters.first() && is_within(&letters, window)
    })
}

fn is_within<'a>(letters: &[char], window: impl Iterator<Item = &'a char>) -> bool {
    let found = window.fold(0, |found, c| {
        found + usize::from(letters.get(found) == Some(c))
    });
    found == letters.len()
}
