//! What undated values look like: digits as 9, letters as a, so that a table
//! of any length has few shapes, and one look says what its unit may be.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::quote;
use crate::value::Value;

/// What a shape or an example is cut to, in characters.
const LENGTH: usize = 60;
/// So many shapes are told apart; what else there is counts as one.
const SHAPES: usize = 500;

/// Values that look the same.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Shape {
    /// Its storage class: null, integer, real, text or blob.
    pub class: String,
    /// The values with digits as 9 and letters as a, cut to 60 characters.
    pub shape: String,
    /// How many there are.
    pub rows: u64,
    /// The least of them, cut likewise, so that the same rows have the same
    /// one; a BLOB that is no text as x'hex'.
    pub example: String,
}

/// Shapes, counted.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Shapes {
    /// By class and shape: rows, and an example.
    found: HashMap<(&'static str, String), (u64, String)>,
}

impl Shapes {
    /// Counts a value.
    pub fn add(&mut self, value: Value<'_>) {
        let (class, mut shape, example) = look(value);
        let full = self.found.len() >= SHAPES;
        if full && !self.found.contains_key(&(class, shape.clone())) {
            shape = "others".to_owned();
        }
        let (rows, least) =
            self.found.entry((class, shape)).or_insert((0, example.clone()));
        *rows += 1;
        if example < *least {
            *least = example;
        }
    }

    /// All of them, the commonest first.
    pub fn list(&self) -> Vec<Shape> {
        let mut all: Vec<Shape> = self
            .found
            .iter()
            .map(|((class, shape), (rows, example))| Shape {
                class: (*class).to_owned(),
                shape: shape.clone(),
                rows: *rows,
                example: example.clone(),
            })
            .collect();
        let order =
            |s: &Shape| (Reverse(s.rows), s.class.clone(), s.shape.clone());
        all.sort_by_key(order);
        all
    }

    /// The commonest.
    pub fn commonest(&self) -> Option<Shape> {
        self.list().into_iter().next()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class.as_str() {
            "null" => f.write_str("NULL"),
            class => write!(
                f,
                "{} ({class} {})",
                quote(&self.example),
                quote(&self.shape)
            ),
        }
    }
}

/// The storage class of a value, what it looks like, and the value for people.
fn look(value: Value<'_>) -> (&'static str, String, String) {
    match value {
        Value::Null => ("null", String::new(), String::new()),
        Value::Integer(i) => digits("integer", i.to_string()),
        // How large it is tells more than how many digits its fraction has.
        Value::Real(r) => {
            let (class, shape, _) =
                digits("real", format!("{:.0}", r.trunc()));
            (class, shape + ".9", cut(r.to_string()))
        }
        Value::Text(text) => digits("text", head(text)),
        Value::Blob(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(char::is_control) => {
                digits("blob", head(bytes))
            }
            _ => {
                let shape = format!("{} bytes", bytes.len());
                ("blob", shape, cut(hex(bytes)))
            }
        },
    }
}

/// A value that is text, or was made such.
fn digits(
    class: &'static str,
    text: String,
) -> (&'static str, String, String) {
    let shape = text.chars().map(|c| match c {
        c if c.is_numeric() => '9',
        c if c.is_alphabetic() => 'a',
        c => c,
    });
    (class, cut(shape.collect()), cut(text))
}

/// The first characters of a text, and enough bytes of it to tell that there
/// are more.
fn head(text: &[u8]) -> String {
    let bytes = &text[..text.len().min(4 * LENGTH + 4)];
    String::from_utf8_lossy(bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::from("x'");
    for byte in bytes.iter().take(LENGTH) {
        out.push_str(&format!("{byte:02x}"));
    }
    out + "'"
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text,
    }
}
