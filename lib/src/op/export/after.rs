//! `--after FILE`: a dry run that comes after others counts on what they said
//! would go.

use std::path::Path;

use crate::error::{Error, Result, quoted};
use crate::outcome::{Outcome, Status};
use crate::signal;

/// The tables of which the results in a file say that rows would go, in this
/// order. Other records are passed over.
pub(super) fn tables(path: &Path) -> Result<Vec<String>> {
    let bytes = signal::read_file(path, |e| Error::io("read", path, e))?;
    let mut out: Vec<String> = Vec::new();
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(Outcome::Exported(record)) => {
                if record.status == Status::DryRun
                    && record.rows > 0
                    && !out.contains(&record.table)
                {
                    out.push(record.table);
                }
            }
            Ok(_) => {}
            Err(e) => {
                return Err(Error::data(format!(
                    "{} holds a line that is no result: {e}",
                    quoted(path)
                )));
            }
        }
    }
    Ok(out)
}
