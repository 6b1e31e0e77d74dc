//! Lines out of the lake.

use std::io::Write;
use std::path::PathBuf;

use rt::derived::open_read;
use rt::error::{Error, Exit, Result, quote};

use crate::lines::Lines;

/// Writes the lines of files of the lake.
pub fn to_jsonl(files: &[String], output: &mut dyn Write) -> Result<Exit> {
    for file in files {
        let path = PathBuf::from(file);
        let open = open_read(&path)?;
        let mut rows = 0;
        let lines = Lines::open(open, &path)?;
        lines.read(&mut |_, text| {
            rows += text.iter().filter(|byte| **byte == b'\n').count() as u64;
            output
                .write_all(text)
                .map_err(|e| Error::stream("cannot write the lines", e))
        })?;
        if rows != lines.about.rows {
            return Err(Error::data(format!(
                "{} has {rows} rows, and {} by its metadata",
                quote(file),
                lines.about.rows
            )));
        }
    }
    output.flush().map_err(|e| Error::stream("cannot write the lines", e))?;
    Ok(Exit::Done)
}
