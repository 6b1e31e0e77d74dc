//! Values that are told to be good without being taken apart, as most are: a
//! reader that wants to know no more of a field than that it is one of
//! SQLite's values goes over it at the speed at which it is looked through.

use super::text::plain_prefix;

/// The length of the value that a text begins with: null, a number that fits
/// whatever its digits are, or a string with none but short escapes. `None`
/// for all others, good or bad.
#[inline]
pub(super) fn simple_value_len(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => {
            let mut at = 1;
            loop {
                at += plain_prefix(&text[at..]);
                match text.get(at)? {
                    b'"' => return Some(at + 1),
                    b'\\' if is_short_escape(*text.get(at + 1)?) => at += 2,
                    _ => return None,
                }
            }
        }
        b'n' => text.starts_with(b"null").then_some(4),
        b'-' | b'0'..=b'9' => {
            let start = usize::from(text[0] == b'-');
            let whole = digits(&text[start..]);
            let mut end = start + whole;
            let leads = text.get(start) == Some(&b'0') && whole > 1;
            if whole == 0 || whole > 18 || leads {
                return None;
            }
            if text.get(end) == Some(&b'.') {
                let part = digits(&text[end + 1..]);
                if part == 0 {
                    return None;
                }
                end += 1 + part;
            }
            let ends = !matches!(text.get(end), Some(b'e' | b'E'));
            ends.then_some(end)
        }
        _ => None,
    }
}

/// How many digits a text begins with.
#[inline]
fn digits(text: &[u8]) -> usize {
    let other = text.iter().position(|b| !b.is_ascii_digit());
    other.unwrap_or(text.len())
}

fn is_short_escape(kind: u8) -> bool {
    matches!(kind, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

#[cfg(test)]
mod tests {
    use super::super::Fields;

    /// Whether the rest of a line is fields with good values.
    fn is_good(mut fields: Fields<'_>) -> bool {
        loop {
            match fields.next() {
                Ok(Some(field)) if field.value.to_owned().is_ok() => {}
                Ok(None) => return true,
                _ => return false,
            }
        }
    }

    /// Over `{"a":VALUE,"b":null}`: whether the short way passes the value,
    /// and whether the line is good by both ways.
    fn ways(value: &str) -> (bool, bool) {
        let line = format!("{{\"a\":{value},\"b\":null}}");
        let mut fields = Fields::new(line.as_bytes());
        let passes = fields.pass_if(b"\"a\":");
        let good = is_good(Fields::new(line.as_bytes()));
        assert_eq!(is_good(fields), good, "{value}");
        (passes, good)
    }

    #[test]
    fn simple_values_are_passed() {
        for value in [
            "null",
            "0",
            "-1",
            "999999999999999999",
            "0.5",
            "-12.25",
            "\"\"",
            "\"plain\"",
            "\"a longer text, of words\"",
            "\"a \\\"b\\\" \\\\ \\/ \\b\\f\\n\\r\\t\"",
        ] {
            assert_eq!(ways(value), (true, true), "{value}");
        }
    }

    #[test]
    fn others_are_left_to_the_long_way() {
        for value in [
            "9223372036854775807",
            "1e5",
            "1.5e-7",
            "9e999",
            "\"\\u00e9\"",
            "{\"$base64\":true,\"encoded\":\"AAE=\"}",
        ] {
            assert_eq!(ways(value), (false, true), "{value}");
        }
    }

    #[test]
    fn what_is_no_value_makes_a_bad_line() {
        for value in [
            "",
            "nul",
            "nulL",
            "01",
            "-",
            "-01",
            "1.",
            ".5",
            "1.e",
            "1e",
            "+1",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u00\"",
            "\"\t\"",
            "\"\u{0}\"",
            "true",
            "[]",
            "{}",
            "9223372036854775808",
            "\"a\"b",
        ] {
            assert!(!ways(value).1, "{value}");
        }
    }
}
