//! Lines into rows: a walk over one record, in place.
//!
//! It accepts any JSON spelling of a record (RFC 8259), not only ours, and
//! refuses what is no row: arrays, booleans, other objects, integers beyond 64
//! bits. Values are decoded only when asked for.

use memchr::memmem;

use super::skip::simple_value_len;
use super::text::plain_prefix;
use super::token::{Fault, Str, Token};
use crate::value::Owned;

/// One key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The column's name.
    pub key: Str<'a>,
    /// Its value.
    pub value: Token<'a>,
}

/// The fields of one line, in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    line: &'a [u8],
    at: usize,
    state: State,
    unclosed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Start,
    Inside,
    End,
}

impl<'a> Fields<'a> {
    /// The fields of `line`, which holds one object and no newline.
    pub fn new(line: &'a [u8]) -> Fields<'a> {
        Fields { line, at: 0, state: State::Start, unclosed: false }
    }

    /// The fields of a record that lacks its closing brace.
    pub fn unclosed(line: &'a [u8]) -> Fields<'a> {
        Fields { unclosed: true, ..Fields::new(line) }
    }

    /// The value of a column of `line`, without a walk through what stands
    /// before it: `key` is looked for, the key as it stands in other lines
    /// with its quotes and the colon (`"a":`). None where it is not there so
    /// exactly once: then only a walk can tell.
    ///
    /// Outside of a string those bytes behind `{` or `,` are a key, and inside
    /// of one any quote has a backslash before it. It is a column's where no
    /// object begins before it but the record: with `{` and a quote or a blank.
    pub fn value_of(
        line: &'a [u8],
        key: &memmem::Finder<'_>,
    ) -> Option<Token<'a>> {
        let at = key.find(line)?;
        let before = line.get(at.checked_sub(1)?)?;
        let behind = at + key.needle().len();
        let begins = |open: usize| {
            let next = line.get(open + 2);
            next.is_none_or(|byte| matches!(byte, b'"' | b' ' | b'\t' | b'\r'))
        };
        let inner = line.get(1..at)?;
        if !matches!(before, b'{' | b',')
            || memchr::memchr_iter(b'{', inner).any(begins)
            || key.find(&line[behind..]).is_some()
        {
            return None;
        }
        let state = State::Inside;
        let mut fields = Fields { line, at: behind, state, unclosed: false };
        fields.value().ok()
    }

    /// Walks to the end of `line`, which must be a record, with keys and
    /// values that can be read: else it is no JSON to others.
    pub fn check(line: &[u8]) -> Result<(), Fault> {
        if let Err(e) = std::str::from_utf8(line) {
            return Err(Fault { what: "not UTF-8", at: e.valid_up_to() });
        }
        let mut fields = Fields::new(line);
        while let Some(field) = fields.next()? {
            field.key.text()?;
            field.value.decode()?;
        }
        Ok(())
    }

    /// The value of a column of `line`, by its name; nothing behind it is
    /// looked at.
    pub fn find(line: &[u8], column: &str) -> Result<Option<Owned>, Fault> {
        let mut fields = Fields::new(line);
        while let Some(field) = fields.next()? {
            if field.key.names(column) {
                return field.value.to_owned().map(Some);
            }
        }
        Ok(None)
    }

    /// The next field; `None` after the last one, when the line ended as it
    /// should.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Field<'a>>, Fault> {
        match self.state {
            State::End => return Ok(None),
            State::Start => {
                self.space();
                self.expect(b'{', "no object")?;
                self.state = State::Inside;
                self.space();
                if self.is_over() {
                    return self.close();
                }
            }
            State::Inside => {
                self.space();
                if self.is_over() {
                    return self.close();
                }
                self.expect(b',', "no comma")?;
                self.space();
            }
        }
        let key = self.string()?;
        self.space();
        self.expect(b':', "no colon")?;
        self.space();
        let value = self.value()?;
        Ok(Some(Field { key, value }))
    }

    /// The next value, if its key stands there as `Shape`
    /// writes it (`"a":`), which is told without looking through the key;
    /// else nothing, and the walk stays where it is.
    pub fn next_if(&mut self, key: &[u8]) -> Result<Option<Token<'a>>, Fault> {
        let Some(at) = self.behind(key) else { return Ok(None) };
        self.at = at;
        self.state = State::Inside;
        self.space();
        self.value().map(Some)
    }

    /// Passes the next field, if its key stands there as
    /// `Shape` writes it and its value is a usual one, which
    /// is told without taking it apart; else the walk stays where it is.
    #[inline]
    pub fn pass_if(&mut self, key: &[u8]) -> bool {
        let Some(at) = self.behind(key) else { return false };
        let Some(length) = simple_value_len(&self.line[at..]) else {
            return false;
        };
        self.at = at + length;
        self.state = State::Inside;
        true
    }

    /// The offset behind the next key, if that is this one, written so.
    #[inline]
    fn behind(&self, key: &[u8]) -> Option<usize> {
        let sign = match self.state {
            State::Start => b'{',
            State::Inside => b',',
            State::End => return None,
        };
        let (first, rest) = self.line[self.at..].split_first()?;
        (*first == sign && rest.starts_with(key))
            .then(|| self.at + 1 + key.len())
    }

    /// How many bytes of the line stand before the next field.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn is_over(&self) -> bool {
        match self.peek() {
            None => self.unclosed,
            Some(byte) => byte == b'}' && !self.unclosed,
        }
    }

    fn close(&mut self) -> Result<Option<Field<'a>>, Fault> {
        self.at = self.line.len().min(self.at + 1);
        self.space();
        if self.at < self.line.len() {
            return Err(self.fault("something after the object"));
        }
        self.state = State::End;
        Ok(None)
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(what));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if !self.line[self.at..].starts_with(word) {
            return Err(self.fault("no value of a row"));
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<Str<'a>, Fault> {
        self.expect(b'"', "no string")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.line[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                    if self.at > self.line.len() {
                        return Err(self.fault("a string without end"));
                    }
                }
                Some(_) => return Err(self.fault("a control character")),
                None => return Err(self.fault("a string without end")),
            }
        }
        let raw = &self.line[start..self.at];
        self.at += 1;
        Ok(Str { raw, escaped })
    }

    fn value(&mut self) -> Result<Token<'a>, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Token::Text(self.string()?)),
            Some(b'n') => self.word(b"null").map(|()| Token::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.base64(),
            _ => Err(self.fault("no value of a row")),
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.fault("no digit"));
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.at;
        self.digits()?;
        if self.line[first] == b'0' && self.at > first + 1 {
            return Err(Fault { what: "a leading zero", at: first });
        }
        let mut real = false;
        if self.peek() == Some(b'.') {
            real = true;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            real = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let digits = &self.line[start..self.at];
        Ok(if real { Token::Real(digits) } else { Token::Integer(digits) })
    }

    /// `{"$base64":true,"text":true,"encoded":"..."}`, keys in any order.
    fn base64(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.at;
        self.at += 1;
        let (mut marked, mut text, mut encoded) = (false, false, None);
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b':', "no colon")?;
            self.space();
            // Of two with one key each reader would take another.
            let twice = if key.is("$base64") {
                self.word(b"true")?;
                std::mem::replace(&mut marked, true)
            } else if key.is("text") {
                self.word(b"true")?;
                std::mem::replace(&mut text, true)
            } else if key.is("encoded") {
                encoded.replace(self.string()?).is_some()
            } else {
                return Err(self.fault("an object that is no BLOB"));
            };
            if twice {
                return Err(self.fault("a key of a BLOB that stands twice"));
            }
            self.space();
            if self.peek() == Some(b'}') {
                self.at += 1;
                break;
            }
            self.expect(b',', "no comma")?;
        }
        match encoded {
            Some(encoded) if marked => Ok(Token::Bytes { text, encoded }),
            _ => Err(Fault { what: "an object that is no BLOB", at: start }),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn token(line: &str) -> Token<'_> {
        Fields::new(line.as_bytes()).next().unwrap().unwrap().value
    }

    #[test]
    fn any_spelling_means_what_ours_says_and_nothing_else() {
        let ours = r#"{"a":"é\u0001\n/\"b long enough"}"#;
        let other = r#"{"a":"\u00e9\u0001\u000a\/\u0022b long enough"}"#;
        let short = r#"{"a":"\u00e9\u0001\u000a\/\u0022b long enoug"}"#;
        let means = |a, b| token(a).means(&token(b)).unwrap();
        assert!(means(ours, ours) && means(other, ours));
        assert!(!means(short, ours) && !means(r#"{"a":null}"#, ours));
        let blob = r#"{"a":{"$base64":true,"encoded":"/w=="}}"#;
        let text = r#"{"a":{"$base64":true,"text":true,"encoded":"/w=="}}"#;
        let escaped = r#"{"a":{"encoded":"\/w==","$base64":true}}"#;
        assert!(means(escaped, blob) && means(text, text));
        assert!(!means(text, blob) && !means(blob, text));
        assert!(means(r#"{"a":1.50}"#, r#"{"a":1.5}"#));
        assert!(!means(r#"{"a":1}"#, r#"{"a":1.0}"#));
    }

    #[test]
    fn base64_is_checked_as_strictly_in_pieces_as_at_once() {
        let long = STANDARD.encode(vec![7; 3072 * 3 + 1]);
        let mut torn = long.clone().into_bytes();
        torn[4095] = b'=';
        let is_good = |encoded: &str| {
            let line = format!(
                "{{\"a\":{{\"$base64\":true,\"encoded\":\"{encoded}\"}}}}"
            );
            token(&line).to_owned_if(false).is_ok()
        };
        for good in ["", "/w==", &long] {
            assert!(is_good(good));
        }
        for bad in ["/x==", "/w=", "*", &long[1..]] {
            assert!(!is_good(bad));
        }
        assert!(!is_good(std::str::from_utf8(&torn).unwrap()));
    }
}
