//! Rows that were found equal, on their way from the proof to the deletion:
//! where each stands, and the fingerprint of what it was. A few bytes a row are
//! held in memory, more go to a temporary file in the tree.

use std::collections::VecDeque;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::db::RowAddress;
use crate::error::{Error, Result};
use crate::io::durable::Temp;
use crate::value::Owned;

/// Beyond this, in bytes, the rows go to a file, in pieces of this length.
const MEMORY: usize = 64 << 10;

/// By what a row that was compared is known again.
pub(super) type Fingerprint = u64;

/// A row that was found equal to its line.
#[derive(Clone, Debug)]
pub(super) struct Proven {
    /// Which segment of the run.
    pub segment: u32,
    /// Which line of it.
    pub line: u64,
    /// What the row was.
    pub fingerprint: Fingerprint,
    /// Where its key stands in the order of the keys, roughly.
    pub order: u64,
    /// Where it stands.
    pub place: RowAddress,
}

/// The rows, in order.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<Temp>,
    /// The lengths of the pieces in the file.
    pieces: Vec<usize>,
}

impl Spool {
    /// An empty spool, which may put a file into `folder`.
    pub(super) fn new(folder: &Path) -> Spool {
        Spool {
            folder: folder.to_owned(),
            memory: Vec::new(),
            file: None,
            pieces: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &Proven) -> Result<()> {
        let out = &mut self.memory;
        out.extend_from_slice(&row.segment.to_le_bytes());
        out.extend_from_slice(&row.line.to_le_bytes());
        out.extend_from_slice(&row.fingerprint.to_le_bytes());
        out.extend_from_slice(&row.order.to_le_bytes());
        match &row.place {
            RowAddress::Rowid(rowid) => {
                out.push(0);
                out.extend_from_slice(&rowid.to_le_bytes());
            }
            RowAddress::Key(parts) => {
                out.push(1);
                out.extend_from_slice(&(parts.len() as u32).to_le_bytes());
                for part in parts {
                    append_value(out, part);
                }
            }
        }
        if self.memory.len() > MEMORY { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(Temp::create(&self.folder)?);
        }
        if let Some(temp) = &mut self.file {
            let folder = &self.folder;
            temp.file()?
                .write_all(&self.memory)
                .map_err(|e| Error::io("write a file in", folder, e))?;
        }
        self.pieces.push(self.memory.len());
        self.memory.clear();
        Ok(())
    }

    fn into_rows(self, backwards: bool) -> Result<SpoolRows> {
        let mut pieces = Vec::new();
        let mut offset = 0;
        for length in &self.pieces {
            pieces.push((offset, *length));
            offset += *length as u64;
        }
        if !backwards {
            pieces.reverse();
        }
        let mut rows = SpoolRows {
            file: self.file,
            folder: self.folder,
            pieces,
            memory: Some(self.memory),
            backwards,
            piece: Vec::new(),
        };
        if backwards {
            // What is in memory is the last piece, and comes first.
            if let Some(memory) = rows.memory.take() {
                rows.piece = rows.decode(&memory)?;
            }
        }
        Ok(rows)
    }
}

/// The rows of several spools, one after the other.
pub(super) struct Rows {
    spools: VecDeque<SpoolRows>,
    backwards: bool,
}

impl Rows {
    /// The rows of each spool, to be read once, in order or from the last to
    /// the first.
    pub(super) fn new(spools: Vec<Spool>, backwards: bool) -> Result<Rows> {
        let mut rows = Rows { spools: VecDeque::new(), backwards };
        for spool in spools {
            rows.push(spool)?;
        }
        Ok(rows)
    }

    /// Adds the rows of a spool behind those of the others.
    pub(super) fn push(&mut self, spool: Spool) -> Result<()> {
        self.spools.push_back(spool.into_rows(self.backwards)?);
        Ok(())
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Proven>> {
        while let Some(rows) = self.spools.front_mut() {
            if let Some(row) = rows.next()? {
                return Ok(Some(row));
            }
            self.spools.pop_front();
        }
        Ok(None)
    }
}

/// The rows of a spool.
struct SpoolRows {
    /// Removed when the rows are dropped.
    file: Option<Temp>,
    folder: PathBuf,
    /// Offsets and lengths of the pieces to be read yet, the next one last.
    pieces: Vec<(u64, usize)>,
    memory: Option<Vec<u8>>,
    backwards: bool,
    /// The rows of the present piece, the next one last.
    piece: Vec<Proven>,
}

impl SpoolRows {
    fn next(&mut self) -> Result<Option<Proven>> {
        while self.piece.is_empty() {
            let bytes = match (self.pieces.pop(), &mut self.file) {
                (Some((offset, length)), Some(temp)) => {
                    let folder = &self.folder;
                    let fail = |e| Error::io("read a file in", folder, e);
                    let file = temp.file()?;
                    let mut bytes = vec![0u8; length];
                    file.seek(SeekFrom::Start(offset)).map_err(fail)?;
                    file.read_exact(&mut bytes).map_err(fail)?;
                    bytes
                }
                _ => match self.memory.take() {
                    Some(memory) => memory,
                    None => return Ok(None),
                },
            };
            self.piece = self.decode(&bytes)?;
        }
        Ok(self.piece.pop())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Vec<Proven>> {
        let mut input = Cursor::new(bytes);
        let mut rows = Vec::new();
        while (input.position() as usize) < bytes.len() {
            let row = decode_row(&mut input)
                .map_err(|e| Error::io("read a file in", &self.folder, e))?;
            rows.push(row);
        }
        if !self.backwards {
            rows.reverse();
        }
        Ok(rows)
    }
}

fn decode_row(input: &mut Cursor<&[u8]>) -> std::io::Result<Proven> {
    let segment = u32::from_le_bytes(array(input)?);
    let line = u64::from_le_bytes(array(input)?);
    let fingerprint = u64::from_le_bytes(array(input)?);
    let order = u64::from_le_bytes(array(input)?);
    let place = match array(input)? {
        [0] => RowAddress::Rowid(i64::from_le_bytes(array(input)?)),
        _ => {
            let parts = u32::from_le_bytes(array(input)?);
            let mut key = Vec::new();
            for _ in 0..parts {
                key.push(value(input)?);
            }
            RowAddress::Key(key)
        }
    };
    Ok(Proven { segment, line, fingerprint, order, place })
}

fn array<const N: usize>(
    input: &mut Cursor<&[u8]>,
) -> std::io::Result<[u8; N]> {
    let mut bytes = [0u8; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn value(input: &mut Cursor<&[u8]>) -> std::io::Result<Owned> {
    let [kind] = array(input)?;
    Ok(match kind {
        0 => Owned::Null,
        1 => Owned::Integer(i64::from_le_bytes(array(input)?)),
        2 => Owned::Real(f64::from_le_bytes(array(input)?)),
        _ => {
            let length = u64::from_le_bytes(array(input)?);
            let mut bytes = vec![0u8; length as usize];
            input.read_exact(&mut bytes)?;
            if kind == 3 { Owned::Text(bytes) } else { Owned::Blob(bytes) }
        }
    })
}

fn append_value(out: &mut Vec<u8>, value: &Owned) {
    let bytes = |out: &mut Vec<u8>, kind, bytes: &[u8]| {
        out.push(kind);
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match value {
        Owned::Null => out.push(0),
        Owned::Integer(i) => {
            out.push(1);
            out.extend_from_slice(&i.to_le_bytes());
        }
        Owned::Real(r) => {
            out.push(2);
            out.extend_from_slice(&r.to_le_bytes());
        }
        Owned::Text(text) => bytes(out, 3, text),
        Owned::Blob(blob) => bytes(out, 4, blob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_also_through_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let row = |n: u64| Proven {
            segment: 7,
            line: n,
            fingerprint: n << 7,
            order: n * 3,
            place: if n.is_multiple_of(2) {
                RowAddress::Rowid(-(n as i64))
            } else {
                RowAddress::Key(vec![
                    Owned::Text(vec![b'x'; 200]),
                    Owned::Integer(n as i64),
                    Owned::Real(0.5),
                    Owned::Blob(vec![0, 1]),
                    Owned::Null,
                ])
            },
        };
        for backwards in [false, true] {
            let mut spool = Spool::new(folder.path());
            for n in 0..100_000 {
                spool.add(&row(n)).unwrap();
            }
            assert!(spool.file.is_some());
            let mut rows = Rows::new(vec![spool], backwards).unwrap();
            for n in 0..100_000 {
                let n = if backwards { 99_999 - n } else { n };
                let back = rows.next().unwrap().unwrap();
                assert_eq!(format!("{back:?}"), format!("{:?}", row(n)));
            }
            assert!(rows.next().unwrap().is_none());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
