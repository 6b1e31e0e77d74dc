//! The index of a tar: where each entry can be entered, as the tar itself says.
//!
//! It is found from the end of the file: the last gzip member is the one whose
//! header says that it ends where the file does.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use memchr::memmem;

use crate::error::{Error, Result, quoted};
use crate::io::durable;
use crate::io::gz::{HeaderParse, Reader, parse_header};

/// The name of the entry.
pub const INDEX: &str = "rt-index.jsonl";

/// How far before the end it is looked for, in bytes.
const FAR: u64 = 4 << 20;

/// The index of a tar; none where there is none that can be read.
pub fn read_index(mut file: File, path: &Path) -> Result<Option<Vec<u8>>> {
    let fail = |e| Error::io("read", path, e);
    let length = durable::length(&file, path)?;
    let start = length.saturating_sub(FAR);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(fail)?;
    file.read_to_end(&mut end).map_err(fail)?;
    let last = memmem::rfind_iter(&end, [0x1f, 0x8b].as_slice()).find(|at| {
        match parse_header(&end[*at..]) {
            HeaderParse::Ours { info, .. } => {
                info.size_bytes == (end.len() - at) as u64
            }
            _ => false,
        }
    });
    let Some(at) = last else { return Ok(None) };
    let mut reader = Reader::new(&end[at..], quoted(path));
    let (mut text, mut piece) = (Vec::new(), Vec::new());
    while let Ok(true) = reader.next_block(&mut piece) {
        text.extend_from_slice(&piece);
    }
    let mut archive = ::tar::Archive::new(Cursor::new(text));
    let first = archive.entries().ok().and_then(|mut e| e.next());
    let Some(Ok(mut entry)) = first else { return Ok(None) };
    if *entry.path_bytes() != *INDEX.as_bytes() {
        return Ok(None);
    }
    let mut index = Vec::new();
    Ok(entry.read_to_end(&mut index).is_ok().then_some(index))
}
