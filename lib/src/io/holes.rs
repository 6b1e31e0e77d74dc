//! Files in which nothing was written for a stretch. A disk keeps nothing of
//! such a hole, so that a file can be longer than any disk, and hours are
//! needed to read it. The files of the archives are written from the first byte
//! to the last, and have none.

use std::fs::File;
use std::io::{self, Read, Seek, Take};
use std::path::Path;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use crate::error::{Error, Result};

/// The length of a file, and its bytes: all of them where it is as long as it
/// should be, else those before its first hole.
pub fn before_hole(
    mut file: File,
    path: impl AsRef<Path>,
    known_bytes: Option<u64>,
) -> Result<(u64, Take<File>)> {
    let mut measure = || {
        let length = file.metadata()?.len();
        match known_bytes == Some(length) {
            true => Ok((length, length)),
            false => Ok((length, first_hole(&mut file)?.unwrap_or(length))),
        }
    };
    let measured: io::Result<(u64, u64)> = measure();
    let (length, readable) =
        measured.map_err(|e| Error::io("read", path, e))?;
    Ok((length, file.take(readable)))
}

/// Where the first hole is; the file stands at its beginning then.
fn first_hole(file: &mut File) -> io::Result<Option<u64>> {
    let found = rustix::fs::seek(&*file, SeekFrom::Hole(0));
    file.rewind()?;
    match found {
        Ok(hole) => Ok(Some(hole)),
        // An empty file, and a file system that knows of no holes.
        Err(Errno::NXIO | Errno::INVAL | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
