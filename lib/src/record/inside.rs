//! One value out of a JSON text, by the way to it; what stands beside that way
//! is passed over.

use std::fmt;

use memchr::memmem;
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What was found.
#[derive(Debug)]
pub(super) enum Inner {
    /// A string; of a boolean its word.
    Text(String),
    /// A whole number of 64 bits.
    Integer(i64),
    /// Any other number.
    Real(f64),
    /// Null, an object, an array, or nothing.
    Other,
}

/// The value at the end of a way of keys, and places in arrays from 0; none
/// where the text is no JSON.
pub(super) fn find(text: &[u8], way: &[String]) -> Option<Inner> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = Way(way).deserialize(&mut json).ok()?;
    json.end().is_ok().then_some(found)
}

struct Way<'w>(&'w [String]);

impl<'de> DeserializeSeed<'de> for Way<'_> {
    type Value = Inner;

    fn deserialize<D: Deserializer<'de>>(
        self,
        json: D,
    ) -> Result<Inner, D::Error> {
        json.deserialize_any(self)
    }
}

impl Way<'_> {
    /// What a value is that has nothing in it.
    fn end<E>(self, value: Inner) -> Result<Inner, E> {
        Ok(if self.0.is_empty() { value } else { Inner::Other })
    }
}

impl<'de> Visitor<'de> for Way<'_> {
    type Value = Inner;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Inner, E> {
        Ok(Inner::Other)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Inner, E> {
        self.end(Inner::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Inner, E> {
        self.end(Inner::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Inner, E> {
        let whole = i64::try_from(value).map(Inner::Integer);
        self.end(whole.unwrap_or(Inner::Real(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Inner, E> {
        self.end(Inner::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Inner, E> {
        match self.0.is_empty() {
            true => Ok(Inner::Text(value.to_owned())),
            false => Ok(Inner::Other),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut items: A,
    ) -> Result<Inner, A::Error> {
        let wanted = self.0.first().and_then(|n| n.parse::<usize>().ok());
        let (mut found, mut at) = (Inner::Other, 0);
        loop {
            if wanted == Some(at) {
                match items.next_element_seed(Way(&self.0[1..]))? {
                    Some(value) => found = value,
                    None => return Ok(found),
                }
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(found);
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut fields: A,
    ) -> Result<Inner, A::Error> {
        let mut found = Inner::Other;
        let wanted = self.0.first().map(String::as_str);
        while let Some(is_it) = fields.next_key_seed(Key(wanted))? {
            if is_it {
                found = fields.next_value_seed(Way(&self.0[1..]))?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a key is the one that is looked for.
struct Key<'w>(Option<&'w str>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(
        self,
        json: D,
    ) -> Result<bool, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}

/// What stands in each JSON text that can meet a condition on the end of a
/// way, so that others need not be taken apart.
///
/// Invariant. Each is of characters that no writer has to escape: in a text
/// without `\u` they stand for themselves, however often it was quoted.
#[derive(Clone, Debug)]
pub(super) struct Signs {
    all: Vec<memmem::Finder<'static>>,
    unicode: memmem::Finder<'static>,
}

impl Signs {
    /// The signs of a way, and of the value at its end if it must stand there.
    pub fn new(way: &[String], value: Option<&str>) -> Signs {
        // A number is a place in an array, perhaps.
        let keys = way.iter().filter(|key| key.parse::<usize>().is_err());
        let all = keys.map(String::as_str).chain(value);
        let finder = |text: &str| memmem::Finder::new(text).into_owned();
        Signs {
            all: all.filter(|text| is_plain(text)).map(finder).collect(),
            unicode: memmem::Finder::new(b"\\u").into_owned(),
        }
    }

    /// Whether a text lacks one, as it stands between quotes in a record.
    pub fn lacks(&self, raw: &[u8]) -> bool {
        self.all.iter().any(|sign| sign.find(raw).is_none())
            && self.unicode.find(raw).is_none()
    }
}

fn is_plain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_- .:@,".contains(&b);
    text.bytes().all(plain)
}
