//! How rows stand in a text: a row a line, or as one JSON array, a row a line,
//! as rt-export writes it with `--format json`.
//!
//! The end of an array's line is known only when the next row comes, or none:
//! what ends a row is written before the next one. A text is cut between lines
//! only, so that each member of a file holds whole ones.
//!
//! An array that comes in is held to exactly this form, commas and brackets:
//! what is stored of it is an array again, and a stream that was cut short
//! never looks whole.

/// The rows of a text in the making.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame {
    array: bool,
    rows: u64,
}

impl Frame {
    /// A text without rows so far.
    pub fn new(array: bool) -> Frame {
        Frame { array, rows: 0 }
    }

    /// What stands between the row before and the next one.
    pub fn between(&self) -> &'static [u8] {
        match (self.array, self.rows) {
            (false, _) => b"",
            (true, 0) => b"[\n",
            (true, _) => b",\n",
        }
    }

    /// Notes a row; gives what follows it at once.
    pub fn row(&mut self) -> &'static [u8] {
        self.rows += 1;
        if self.array { b"" } else { b"\n" }
    }

    /// What stands behind the last row; nothing where there is none.
    pub fn end(&self) -> &'static [u8] {
        match (self.array, self.rows) {
            (false, _) | (true, 0) => b"",
            (true, _) => b"\n]\n",
        }
    }

    /// What ends a text that is there without rows too: an array then is its
    /// brackets.
    pub fn close(&self) -> &'static [u8] {
        match (self.array, self.rows) {
            (true, 0) => b"[\n]\n",
            _ => self.end(),
        }
    }
}

/// The lines of an array that are no rows: its brackets.
pub const BRACKETS: u64 = 2;

/// The rows of a piece of whole lines, without newline: of an array without
/// its signs.
pub fn records(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', piece).chain([piece.len()]);
    let lines = ends.map(move |end| {
        let line = &piece[start.min(end)..end];
        start = end + 1;
        line
    });
    lines.filter_map(|line| match line {
        b"" | b"[" | b"]" => None,
        _ => Some(line.strip_suffix(b",").unwrap_or(line)),
    })
}

/// What comes next in an array that is read line by line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ArrayReader {
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

impl ArrayReader {
    /// Takes the next line; gives the row in it, if it holds one.
    ///
    /// # Errors
    /// Why it is not a line of an array with a row a line.
    pub fn take<'l>(
        &mut self,
        line: &'l [u8],
    ) -> Result<Option<&'l [u8]>, &'static str> {
        let (next, row) = match (*self, line) {
            (ArrayReader::Begin, b"[") => (ArrayReader::First, None),
            (ArrayReader::Begin, _) => {
                return Err("it does not begin with a line '['");
            }
            (ArrayReader::First | ArrayReader::End, b"]") => {
                (ArrayReader::Over, None)
            }
            (ArrayReader::Row, b"]") => {
                return Err("a comma stands before its end");
            }
            (ArrayReader::First | ArrayReader::Row, line) => {
                match line.strip_suffix(b",") {
                    Some(row) => (ArrayReader::Row, Some(row)),
                    None => (ArrayReader::End, Some(line)),
                }
            }
            (ArrayReader::End, _) => {
                return Err("a row has no comma before it");
            }
            (ArrayReader::Over, _) => {
                return Err("something stands behind its end");
            }
        };
        *self = next;
        Ok(row)
    }

    /// Whether the array is closed: the end of the input may come.
    pub fn is_over(self) -> bool {
        self == ArrayReader::Over
    }
}
