//! Whether what a command said is a message of its page.

/// Whether a text is one that reads like a pattern, in which `...` stands for
/// anything; what comes before or behind it may be of another message.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    if !pattern.contains(char::is_alphabetic) {
        return false;
    }
    for part in pattern.split("...").map(str::trim) {
        // What a title leaves open may be just this.
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Whether a message and the title of an item of a page, which names a value
/// by a word in capitals, are the same; one of the two may go on.
pub fn are_like(message: &str, title: &str) -> bool {
    is_like(message, title) || is_like(&pattern(title), message)
}

/// A title with `...` for the words in capitals.
fn pattern(title: &str) -> String {
    let words = title.split(' ').map(|word| {
        let name = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        match !name.is_empty() && name.chars().all(capital) {
            true => word.replace(name, "...").replace("'...'", "..."),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ").replace("'...'", "...")
}
