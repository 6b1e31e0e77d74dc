//! Records, a JSON object and a newline each: out, and what is in one.

use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A record as a line of its own.
pub fn line(record: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    append(&mut line, record)?;
    Ok(line)
}

/// Appends a record, as a line of its own.
pub fn append(lines: &mut Vec<u8>, record: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *lines, record)
        .map_err(|e| Error::failed(format!("cannot write a record: {e}")))?;
    lines.push(b'\n');
    Ok(())
}

/// Writes a record to standard output.
pub fn print(record: &impl Serialize, output: &mut dyn Write) -> Result<()> {
    output
        .write_all(&line(record)?)
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write to standard output", e))
}

/// The `type` of the record on a line.
pub fn kind(line: &[u8]) -> serde_json::Result<String> {
    #[derive(Deserialize)]
    struct Typed {
        r#type: String,
    }
    serde_json::from_slice(line).map(|typed: Typed| typed.r#type)
}
