//! JSON that a text of a record holds, looked through as it stands there
//! between the record's quotes, where each quote of its own has a backslash:
//! `{\"a\":{\"b\":1}}`.
//!
//! Invariant. What is found is what [`find`](super::inside::find) finds in the
//! text that this means; of all that is rare nothing is said, good or bad.

use super::inside::Inner;
use super::text::plain_prefix;

/// How deep objects and arrays are entered.
const DEPTH: u32 = 64;

/// The value at the end of a way of keys; none where only the text itself can
/// tell.
pub(super) fn find_quoted(raw: &[u8], way: &[String]) -> Option<Inner> {
    let mut walk = Walk { raw, at: 0 };
    walk.space();
    let found = walk.value(Some(way), DEPTH)?;
    walk.space();
    (walk.at == raw.len()).then_some(found)
}

struct Walk<'r> {
    raw: &'r [u8],
    at: usize,
}

impl<'r> Walk<'r> {
    /// The next value: what the rest of the way leads to, or, without one, a
    /// value that is only passed over.
    fn value(&mut self, way: Option<&[String]>, depth: u32) -> Option<Inner> {
        let is_end = way.is_some_and(<[_]>::is_empty);
        let value = match self.peek()? {
            b'\\' => match self.string()? {
                text if is_end => Inner::Text(text?.to_owned()),
                _ => Inner::Other,
            },
            b'{' => return self.object(way, depth.checked_sub(1)?),
            b'[' if is_end || way.is_none() => {
                self.array(depth.checked_sub(1)?)?
            }
            b'-' | b'0'..=b'9' => self.number()?,
            _ => match self.word()? {
                "null" => Inner::Other,
                word if is_end => Inner::Text(word.to_owned()),
                _ => Inner::Other,
            },
        };
        Some(if is_end { value } else { Inner::Other })
    }

    fn object(&mut self, way: Option<&[String]>, depth: u32) -> Option<Inner> {
        self.at += 1;
        let mut found = Inner::Other;
        if self.is_over(b'}') {
            return Some(found);
        }
        loop {
            let key = self.string()??;
            self.space();
            self.expect(b':')?;
            self.space();
            match way.and_then(<[_]>::split_first) {
                // Of two with this key the last one counts.
                Some((first, rest)) if first == key => {
                    found = self.value(Some(rest), depth)?;
                }
                _ => drop(self.value(None, depth)?),
            }
            if self.is_over(b'}') {
                return Some(found);
            }
            self.expect(b',')?;
            self.space();
        }
    }

    fn array(&mut self, depth: u32) -> Option<Inner> {
        self.at += 1;
        if self.is_over(b']') {
            return Some(Inner::Other);
        }
        loop {
            self.value(None, depth)?;
            if self.is_over(b']') {
                return Some(Inner::Other);
            }
            self.expect(b',')?;
            self.space();
        }
    }

    /// A string; its text where nothing in it is escaped.
    fn string(&mut self) -> Option<Option<&'r str>> {
        if !self.raw.get(self.at..)?.starts_with(b"\\\"") {
            return None;
        }
        self.at += 2;
        let (start, mut escaped) = (self.at, false);
        loop {
            self.at += plain_prefix(self.raw.get(self.at..)?);
            match self.raw.get(self.at..)? {
                [b'\\', b'"', ..] => break,
                [
                    b'\\',
                    b'\\',
                    b'b' | b'f' | b'n' | b'r' | b't' | b'/',
                    ..,
                ] => {
                    self.at += 3;
                }
                [b'\\', b'\\', b'\\', b'\\' | b'"', ..] => self.at += 4,
                _ => return None,
            }
            escaped = true;
        }
        let text = &self.raw[start..self.at];
        self.at += 2;
        match escaped {
            true => Some(None),
            false => std::str::from_utf8(text).ok().map(Some),
        }
    }

    /// A number without an exponent, and of so many digits that it fits.
    fn number(&mut self) -> Option<Inner> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.at;
        let whole = self.digits();
        let leads = whole > 1 && self.raw[first] == b'0';
        if !(1..=18).contains(&whole) || leads {
            return None;
        }
        let real = self.peek() == Some(b'.');
        if real {
            self.at += 1;
            (self.digits() > 0).then_some(())?;
        }
        let text = std::str::from_utf8(&self.raw[start..self.at]).ok()?;
        match self.peek() {
            Some(b'e' | b'E') => None,
            _ if real => text.parse().ok().map(Inner::Real),
            _ if text == "-0" => None,
            _ => text.parse().ok().map(Inner::Integer),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self) -> Option<&'static str> {
        let rest = self.raw.get(self.at..)?;
        let is = |word: &&str| rest.starts_with(word.as_bytes());
        let word = ["true", "false", "null"].into_iter().find(is)?;
        self.at += word.len();
        Some(word)
    }

    /// Passes the end of an object or an array, if that is next.
    fn is_over(&mut self, end: u8) -> bool {
        self.space();
        let over = self.peek() == Some(end);
        self.at += usize::from(over);
        over
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::inside::find;
    use super::super::text::append_string;
    use super::*;

    /// As it stands between quotes in a record.
    fn quoted(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        append_string(&mut out, text.as_bytes());
        out[1..out.len() - 1].to_vec()
    }

    fn way(way: &str) -> Vec<String> {
        way.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn finds_what_the_text_holds() {
        let text = r#"{"a": {"b":-12, "c":[1,{"b":2},"x"]}, "d":"é\n\"\\",
            "e":true,"f":null,"g":0.25,"é":"ü","b":1,"b":3}"#;
        let text = text.replace('\n', "");
        for (name, want) in [
            ("a.b", "Integer(-12)"),
            ("a", "Other"),
            ("a.c", "Other"),
            ("a.b.x", "Other"),
            ("e", "Text(\"true\")"),
            ("f", "Other"),
            ("g", "Real(0.25)"),
            ("é", "Text(\"ü\")"),
            ("b", "Integer(3)"),
            ("x.y", "Other"),
        ] {
            let found = find_quoted(&quoted(&text), &way(name));
            assert_eq!(format!("{:?}", found.unwrap()), want, "{name}");
        }
        for rare in ["a.c.1", "d"] {
            assert!(find_quoted(&quoted(&text), &way(rare)).is_none());
        }
    }

    /// Any text that differs from a good one by one byte less, or one more, is
    /// found to hold what the reader of JSON finds in it, or is left to that.
    #[test]
    fn says_nothing_else_than_the_reader_of_json() {
        let good = r#"{"a":{"b":-1.5,"c":[10,{}, []]},"de":"\n\\\"/","f":01}"#;
        let ways = [way("a.b"), way("f"), way("a.c.0"), way("d")];
        let (mut told, mut refused) = (0, 0);
        let mut hold = |text: &str| {
            for way in &ways {
                let Some(found) = find_quoted(&quoted(text), way) else {
                    refused += 1;
                    continue;
                };
                told += 1;
                let want = find(text.as_bytes(), way);
                let want = format!("{want:?}");
                assert_eq!(format!("{:?}", Some(found)), want, "{text}");
            }
        };
        for good in [good, &good.replace("01", "1")] {
            for at in 0..good.len() {
                let (head, tail) = good.split_at(at);
                hold(&format!("{head}{}", &tail[1..]));
                for byte in "{}[]:,\"\\0.-e tn\n\u{e9}".chars() {
                    hold(&format!("{head}{byte}{tail}"));
                    hold(&format!("{head}{byte}{}", &tail[1..]));
                }
            }
        }
        assert!(told > 100 && refused > 100, "{told} {refused}");
    }
}
