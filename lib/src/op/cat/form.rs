//! The form in which rows are written: a line each, one array, or CSV.

use super::options::Format;
use crate::error::counted;
use crate::record::{ARCHIVED_AT, Csv, Fields, Frame, ROWID};

/// The keys of a record that are no columns; they come last.
const BEHIND: [&str; 3] = [ARCHIVED_AT, "_time", ROWID];

/// Rows on their way into their form.
#[derive(Debug)]
pub(super) struct Form {
    format: Format,
    frame: Frame,
    /// The columns that are known before the first row.
    columns: Vec<String>,
    csv: Option<Csv>,
    /// Values that no column of the header takes.
    lost: u64,
    /// Records that have no form in CSV.
    unfit: u64,
}

impl Form {
    pub(super) fn new(format: Format) -> Form {
        Form {
            format,
            frame: Frame::new(format == Format::Json),
            columns: Vec::new(),
            csv: None,
            lost: 0,
            unfit: 0,
        }
    }

    /// Whether rows are written as they come.
    pub(super) fn is_plain(&self) -> bool {
        self.format == Format::Jsonl
    }

    /// Names columns of the header, each once, in order.
    pub(super) fn name(&mut self, columns: impl IntoIterator<Item = String>) {
        for name in columns {
            if !self.columns.iter().any(|c| c.eq_ignore_ascii_case(&name)) {
                self.columns.push(name);
            }
        }
    }

    /// Appends whole lines.
    pub(super) fn append(&mut self, lines: &[u8], out: &mut Vec<u8>) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            let line = &lines[start..end];
            start = end + 1;
            match self.format {
                Format::Csv => self.csv(line, out),
                Format::Jsonl | Format::Json => {
                    out.extend_from_slice(self.frame.between());
                    out.extend_from_slice(line);
                    out.extend_from_slice(self.frame.row());
                }
            }
        }
    }

    fn csv(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if self.csv.is_none() {
            self.name(names(line));
        }
        let csv = self.header(out);
        match csv.append(line, out) {
            Ok(lost) => self.lost += lost,
            Err(_) => self.unfit += 1,
        }
    }

    /// The header is out when this is over.
    fn header(&mut self, out: &mut Vec<u8>) -> &Csv {
        let columns = &mut self.columns;
        self.csv.get_or_insert_with(|| {
            let mut columns = std::mem::take(columns);
            columns.sort_by_key(|c| BEHIND.iter().position(|key| key == c));
            let csv = Csv::new(columns);
            csv.header(out);
            csv
        })
    }

    /// Appends what stands behind the last row.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.frame.close());
        if self.format == Format::Csv && !self.columns.is_empty() {
            self.header(out);
        }
    }

    /// What of the rows is not in what was written, if anything.
    pub(super) fn left_out(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.lost > 0 {
            parts.push(format!(
                "{} left out, whose column is not in the header",
                counted(self.lost, "value")
            ));
        }
        if self.unfit > 0 {
            parts.push(format!(
                "{} left out, which CSV cannot hold",
                counted(self.unfit, "record")
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// The keys of a record, as far as it is one.
fn names(line: &[u8]) -> Vec<String> {
    let (mut fields, mut names) = (Fields::new(line), Vec::new());
    while let Ok(Some(field)) = fields.next() {
        if let Ok(name) = field.key.text() {
            names.push(String::from_utf8_lossy(&name).into_owned());
        }
    }
    names
}
