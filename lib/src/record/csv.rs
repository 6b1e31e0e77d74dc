//! Records as lines of CSV (RFC 4180).
//!
//! TEXT always stands in quotes, numbers never do, and NULL is nothing at all:
//! so a reader that heeds quotes can tell them apart. A BLOB, and TEXT that is
//! not UTF-8, is the JSON object that stands for it in a record.

use super::read::Fields;
use super::token::{Fault, Token};

/// What ends a line.
const END: &[u8] = b"\r\n";

/// The columns of lines of CSV.
#[derive(Debug)]
pub struct Csv {
    columns: Vec<String>,
}

impl Csv {
    /// Lines with these columns.
    pub fn new(columns: Vec<String>) -> Csv {
        Csv { columns }
    }

    /// Appends the line with the names of the columns.
    pub fn header(&self, out: &mut Vec<u8>) {
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            quoted(column.as_bytes(), out);
        }
        out.extend_from_slice(END);
    }

    /// Appends a record's line; gives how many of its values have no column,
    /// and are not in it.
    ///
    /// # Errors
    /// It is no record; nothing is appended then.
    pub fn append(
        &self,
        record: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u64, Fault> {
        let mut cells = vec![None; self.columns.len()];
        let (mut fields, mut lost, mut next) = (Fields::new(record), 0, 0);
        while let Some(field) = fields.next()? {
            // Records mostly have their columns in this order.
            let named = |at: &usize| {
                self.columns.get(*at).is_some_and(|c| field.key.names(c))
            };
            let usual = Some(next).filter(named);
            match usual.or_else(|| (0..self.columns.len()).find(named)) {
                Some(at) => {
                    cells[at] = Some(field.value);
                    next = at + 1;
                }
                None => lost += 1,
            }
        }
        let start = out.len();
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if let Err(fault) = append_cell(cell, out) {
                out.truncate(start);
                return Err(fault);
            }
        }
        out.extend_from_slice(END);
        Ok(lost)
    }
}

fn append_cell(
    cell: Option<Token<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match cell {
        None | Some(Token::Null) => {}
        Some(Token::Integer(digits) | Token::Real(digits)) => {
            out.extend_from_slice(digits);
        }
        Some(Token::Text(text)) => quoted(&text.text()?, out),
        Some(Token::Bytes { text, encoded }) => {
            let kind = if text { "\"text\":true," } else { "" };
            let mut object = b"{\"$base64\":true,".to_vec();
            object.extend_from_slice(kind.as_bytes());
            object.extend_from_slice(b"\"encoded\":\"");
            object.extend_from_slice(&encoded.text()?);
            object.extend_from_slice(b"\"}");
            quoted(&object, out);
        }
    }
    Ok(())
}

/// Appends a text in quotes; those in it are doubled.
fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut start = 0;
    for at in memchr::memchr_iter(b'"', text) {
        out.extend_from_slice(&text[start..=at]);
        start = at;
    }
    out.extend_from_slice(&text[start..]);
    out.push(b'"');
}
