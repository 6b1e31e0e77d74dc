//! How rows stand in a text: a row a line, or as one JSON array, a row a line,
//! as rt-export writes it with `--format json`.
//!
//! The end of an array's line is known only when the next row comes, or none:
//! what ends a row is written by whoever writes next. A text is cut between
//! lines only, so that each member of a file holds whole ones.

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

    /// What stands behind the last row.
    pub fn end(&self) -> &'static [u8] {
        match (self.array, self.rows) {
            (false, _) | (true, 0) => b"",
            (true, _) => b"\n]\n",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(array: bool, rows: &[&str]) -> String {
        let mut frame = Frame::new(array);
        let mut out = Vec::new();
        for row in rows {
            out.extend_from_slice(frame.between());
            out.extend_from_slice(row.as_bytes());
            out.extend_from_slice(frame.row());
        }
        out.extend_from_slice(frame.end());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_come_out_as_they_went_in() {
        let rows = ["{\"a\":1}", "{\"a\":\"],[\"}"];
        assert_eq!(text(false, &rows), "{\"a\":1}\n{\"a\":\"],[\"}\n");
        assert_eq!(text(true, &rows), "[\n{\"a\":1},\n{\"a\":\"],[\"}\n]\n");
        assert_eq!(text(true, &[]), "");
        for array in [false, true] {
            let text = text(array, &rows);
            let back: Vec<&[u8]> = records(text.as_bytes()).collect();
            assert_eq!(back, rows.map(str::as_bytes));
        }
    }
}
