//! Bytes that are held until it is known what they are: a little of them in
//! memory, more in a file without a name in the folder for temporary files.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use super::durable::Temp;
use crate::error::{Error, Result};

/// The most that is held in memory, in bytes.
const HOLD: usize = 16 << 20;

/// What was held.
#[derive(Debug, Default)]
pub struct Spool {
    bytes: Vec<u8>,
    /// Holds everything once it is there.
    file: Option<File>,
}

impl Spool {
    /// Holds more bytes behind those before.
    ///
    /// # Errors
    /// [`crate::error::Exit::Failed`] when there is no room for them.
    pub fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let fail = |e| Error::stream("cannot hold rows back", e);
        if self.file.is_none() && self.bytes.len() + bytes.len() > HOLD {
            let mut file = scratch()?;
            file.write_all(&self.bytes).map_err(fail)?;
            self.bytes = Vec::new();
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(fail),
            None => {
                self.bytes.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Gives all of it back, from its start.
    pub fn open(self) -> Result<Held> {
        let Some(mut file) = self.file else {
            return Ok(Held::Memory(Cursor::new(self.bytes)));
        };
        file.seek(SeekFrom::Start(0))
            .map_err(|e| Error::stream("cannot read rows held back", e))?;
        Ok(Held::File(file))
    }
}

/// What was held, to be read.
pub enum Held {
    /// From memory.
    Memory(Cursor<Vec<u8>>),
    /// From a file without a name.
    File(File),
}

impl Read for Held {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Held::Memory(bytes) => bytes.read(out),
            Held::File(file) => file.read(out),
        }
    }
}

/// A file in the folder for temporary files whose name is gone as soon as it
/// is open: whatever ends the process leaves nothing behind.
pub fn scratch() -> Result<File> {
    let mut temp = Temp::create(&std::env::temp_dir())?;
    temp.file()?
        .try_clone()
        .map_err(|e| Error::stream("cannot make a temporary file", e))
}
