//! Rows that were found equal, on their way from the proof to the deletion:
//! where each stands, and the digest of what it was. A few bytes a row are
//! held in memory, more go to a temporary file in the tree.

use std::io::{BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::db::Place;
use crate::error::{Error, Result};
use crate::fsx::{self, Temp};
use crate::value::Owned;

/// Beyond this, in bytes, the rows go to a file.
const MEMORY: usize = 8 << 20;

/// The first half of the SHA-256 of a row's encoded form.
pub(super) type RowDigest = [u8; 16];

/// A row that was found equal to its line.
#[derive(Clone, Debug)]
pub(super) struct Proven {
    /// Which segment of the run.
    pub segment: u32,
    /// Which line of it.
    pub line: u64,
    /// What the row was.
    pub digest: RowDigest,
    /// Where it stands.
    pub place: Place,
}

/// The rows, in order.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<Temp>,
}

impl Spool {
    /// An empty spool, which may put a file into `folder`.
    pub(super) fn new(folder: &Path) -> Spool {
        Spool { folder: folder.to_owned(), memory: Vec::new(), file: None }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &Proven) -> Result<()> {
        let out = &mut self.memory;
        out.extend_from_slice(&row.segment.to_le_bytes());
        out.extend_from_slice(&row.line.to_le_bytes());
        out.extend_from_slice(&row.digest);
        match &row.place {
            Place::Rowid(rowid) => {
                out.push(0);
                out.extend_from_slice(&rowid.to_le_bytes());
            }
            Place::Key(parts) => {
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
        self.memory.clear();
        Ok(())
    }

    /// The rows, to be read once.
    pub(super) fn into_rows(mut self) -> Result<Rows> {
        let fail = |e| Error::io("read a file in", &self.folder, e);
        let memory = Cursor::new(std::mem::take(&mut self.memory));
        let input: Box<dyn Read> = match &mut self.file {
            None => Box::new(memory),
            Some(temp) => {
                let mut file = temp.file()?.try_clone().map_err(fail)?;
                file.seek(SeekFrom::Start(0)).map_err(fail)?;
                Box::new(BufReader::with_capacity(1 << 17, file).chain(memory))
            }
        };
        Ok(Rows { input, _file: self.file, folder: self.folder })
    }
}

/// The rows of a spool.
pub(super) struct Rows {
    input: Box<dyn Read>,
    /// Removed when the rows are read.
    _file: Option<Temp>,
    folder: PathBuf,
}

impl Rows {
    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Proven>> {
        let mut head = [0u8; 29];
        match fsx::read_full(&mut self.input, &mut head) {
            Ok(0) => return Ok(None),
            Ok(29) => {}
            Ok(_) => return Err(self.broken()),
            Err(e) => {
                return Err(Error::io("read a file in", &self.folder, e));
            }
        }
        let place = match head[28] {
            0 => Place::Rowid(i64::from_le_bytes(self.array()?)),
            _ => {
                let parts = u32::from_le_bytes(self.array()?);
                let mut key = Vec::new();
                for _ in 0..parts {
                    key.push(self.value()?);
                }
                Place::Key(key)
            }
        };
        Ok(Some(Proven {
            segment: u32::from_le_bytes(part(&head, 0)),
            line: u64::from_le_bytes(part(&head, 4)),
            digest: part(&head, 12),
            place,
        }))
    }

    fn broken(&self) -> Error {
        Error::io(
            "read a file in",
            &self.folder,
            std::io::ErrorKind::UnexpectedEof.into(),
        )
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0u8; N];
        match fsx::read_full(&mut self.input, &mut bytes) {
            Ok(n) if n == N => Ok(bytes),
            _ => Err(self.broken()),
        }
    }

    fn value(&mut self) -> Result<Owned> {
        let [kind] = self.array()?;
        Ok(match kind {
            0 => Owned::Null,
            1 => Owned::Integer(i64::from_le_bytes(self.array()?)),
            2 => Owned::Real(f64::from_le_bytes(self.array()?)),
            _ => {
                let length = u64::from_le_bytes(self.array()?);
                let mut bytes = vec![0u8; length as usize];
                let read = fsx::read_full(&mut self.input, &mut bytes);
                if read.ok() != Some(bytes.len()) {
                    return Err(self.broken());
                }
                if kind == 3 { Owned::Text(bytes) } else { Owned::Blob(bytes) }
            }
        })
    }
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

fn part<const N: usize>(head: &[u8; 29], at: usize) -> [u8; N] {
    let mut bytes = [0u8; N];
    bytes.copy_from_slice(&head[at..at + N]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_also_through_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path());
        let row = |n: u64| Proven {
            segment: 7,
            line: n,
            digest: [n as u8; 16],
            place: if n.is_multiple_of(2) {
                Place::Rowid(-(n as i64))
            } else {
                Place::Key(vec![
                    Owned::Text(vec![b'x'; 200]),
                    Owned::Integer(n as i64),
                    Owned::Real(0.5),
                    Owned::Blob(vec![0, 1]),
                    Owned::Null,
                ])
            },
        };
        for n in 0..100_000 {
            spool.add(&row(n)).unwrap();
        }
        assert!(spool.file.is_some());
        let mut rows = spool.into_rows().unwrap();
        for n in 0..100_000 {
            let back = rows.next().unwrap().unwrap();
            assert_eq!(format!("{back:?}"), format!("{:?}", row(n)));
        }
        assert!(rows.next().unwrap().is_none());
        drop(rows);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
