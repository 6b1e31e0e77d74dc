//! Bytes that are held until it is known what they are: a little of them in
//! memory, more in a file without a name in the folder for temporary files,
//! of which nothing is left whatever ends the process.

use std::fs::File;
use std::io;

use tempfile::SpooledTempFile;

use crate::error::{Error, Result};

/// The most that is held in memory, in bytes.
const HOLD: usize = 16 << 20;

/// A place for bytes, of which nothing is there yet.
pub fn spool() -> SpooledTempFile {
    SpooledTempFile::new(HOLD)
}

/// A file without a name.
pub fn scratch() -> Result<File> {
    tempfile::tempfile().map_err(unheld)
}

/// The error of bytes that could not be held, or not be read again.
pub fn unheld(error: io::Error) -> Error {
    Error::io("hold rows back in", std::env::temp_dir(), error)
}
