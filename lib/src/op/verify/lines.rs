//! The lines of a text, each of which must be a record, with their sums.

use sha2::{Digest, Sha256};

use crate::io::digest::hex;
use crate::record::{ArrayReader, Fields, append_string};

/// Lines that are no records: how many, the first of them, and why.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub count: u64,
    pub first: Option<(u64, String)>,
}

/// What a text was found to be.
#[derive(Debug)]
pub(super) struct Found {
    /// Its lines; of an array its rows.
    pub rows: u64,
    pub size_bytes: u64,
    pub sha256: Option<String>,
    pub faults: Faults,
}

/// Gets each record of a text.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&[u8]);

/// A text that is being looked through.
pub(super) struct Lines<'v> {
    rows: u64,
    lines: u64,
    size_bytes: u64,
    hash: Option<Sha256>,
    array: Option<ArrayReader>,
    /// The keys of the last line that was taken apart, as they stand in it.
    keys: Vec<Vec<u8>>,
    faults: Faults,
    visit: Option<Visit<'v>>,
}

impl<'v> Lines<'v> {
    /// Of an array, or of JSON Lines; the digest is taken where it is wanted.
    pub(super) fn new(
        array: bool,
        digest: bool,
        visit: Option<Visit<'v>>,
    ) -> Lines<'v> {
        Lines {
            rows: 0,
            lines: 0,
            size_bytes: 0,
            hash: digest.then(Sha256::new),
            array: array.then(ArrayReader::default),
            keys: Vec::new(),
            faults: Faults::default(),
            visit,
        }
    }

    /// Takes whole lines.
    pub(super) fn take(&mut self, text: &[u8]) {
        if let Some(hash) = &mut self.hash {
            hash.update(text);
        }
        self.size_bytes += text.len() as u64;
        let utf8 = std::str::from_utf8(text).is_ok();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            let line = &text[start..end];
            start = end + 1;
            self.lines += 1;
            if !utf8 && std::str::from_utf8(line).is_err() {
                self.fault("it is not UTF-8");
            }
            self.line(line);
        }
    }

    /// What all of it was.
    pub(super) fn end(mut self) -> Found {
        if self.array.is_some_and(|array| !array.is_over()) {
            self.fault("the array is not closed");
        }
        Found {
            rows: self.rows,
            size_bytes: self.size_bytes,
            sha256: self.hash.map(|hash| hex(&hash.finalize())),
            faults: self.faults,
        }
    }

    fn line(&mut self, line: &[u8]) {
        let row = match &mut self.array {
            None => Ok(Some(line)),
            Some(array) => array.take(line),
        };
        match row {
            Ok(Some(row)) => {
                self.rows += 1;
                if let Err(what) = self.check(row) {
                    self.fault(&what);
                }
                if let Some(visit) = &mut self.visit {
                    visit(row);
                }
            }
            Ok(None) => {}
            Err(what) => self.fault(what),
        }
    }

    /// Whether a line is a record. Most have the keys of the line before, and
    /// values that are told to be good without being taken apart.
    fn check(&mut self, row: &[u8]) -> Result<(), String> {
        let mut fields = Fields::new(row);
        if self.keys.iter().all(|key| fields.pass_if(key))
            && matches!(fields.next(), Ok(None))
        {
            return Ok(());
        }
        let mut fields = Fields::new(row);
        self.keys.clear();
        while let Some(field) = fields.next().map_err(|f| f.to_string())? {
            field.value.to_owned_if(false).map_err(|f| f.to_string())?;
            let mut key = Vec::new();
            append_string(
                &mut key,
                &field.key.text().map_err(|f| f.to_string())?,
            );
            key.push(b':');
            self.keys.push(key);
        }
        Ok(())
    }

    fn fault(&mut self, what: &str) {
        self.faults.count += 1;
        let line = self.lines;
        self.faults.first.get_or_insert_with(|| (line, what.to_owned()));
    }
}
