//! One JSON array on the input, a row a line, as `rt-export --format json`
//! writes it. Commas and brackets are held to exactly that form, so that what
//! is stored of it is an array again, and that a stream which was cut short
//! never looks whole.

use crate::error::{Error, Result};

/// What comes next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Array {
    /// `[`.
    #[default]
    Begin,
    /// The first row, or `]`.
    First,
    /// A row, for a comma stood before.
    Row,
    /// `]`, for no comma did.
    End,
    /// Nothing.
    Over,
}

impl Array {
    /// Takes the next line; gives the row in it, if it holds one.
    pub fn take<'l>(&mut self, line: &'l [u8]) -> Result<Option<&'l [u8]>> {
        let (next, row) = match (*self, line) {
            (Array::Begin, b"[") => (Array::First, None),
            (Array::Begin, _) => {
                return Err(refused("it does not begin with a line '['"));
            }
            (Array::First | Array::End, b"]") => (Array::Over, None),
            (Array::Row, b"]") => {
                return Err(refused("a comma stands before its end"));
            }
            (Array::First | Array::Row, line) => {
                match line.strip_suffix(b",") {
                    Some(row) => (Array::Row, Some(row)),
                    None => (Array::End, Some(line)),
                }
            }
            (Array::End, _) => {
                return Err(refused("a row has no comma before it"));
            }
            (Array::Over, _) => {
                return Err(refused("something stands behind its end"));
            }
        };
        *self = next;
        Ok(row)
    }

    /// Whether the end of the input may come.
    pub fn check_over(self) -> Result<()> {
        match self {
            Array::Over => Ok(()),
            _ => Err(Error::data(
                "the array is not closed: the stream was cut short",
            )
            .hint("nothing was stored; run the export again")),
        }
    }
}

fn refused(what: &str) -> Error {
    Error::data(format!("not one JSON array with a row a line: {what}")).hint(
        "nothing was stored; --single takes what rt-export --format json \
         writes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize> {
        let (mut array, mut rows) = (Array::default(), 0);
        for line in text.lines() {
            rows += usize::from(array.take(line.as_bytes())?.is_some());
        }
        array.check_over().map(|()| rows)
    }

    #[test]
    fn only_a_whole_array_passes() {
        for (text, rows) in
            [("[\n]\n", 0), ("[\n{}\n]\n", 1), ("[\n{},\n{}\n]\n", 2)]
        {
            assert_eq!(read(text).unwrap(), rows, "{text}");
        }
        for text in [
            "",
            "[\n",
            "[\n{}\n",
            "[\n{},\n",
            "[\n{},\n]\n",
            "[\n{}\n{}\n]\n",
            "{}\n",
            "[]\n",
            "[\n]\n[\n]\n",
            "[\n]\n\n",
            "]\n",
        ] {
            assert_eq!(read(text).unwrap_err().exit().code(), 4, "{text}");
        }
    }
}
