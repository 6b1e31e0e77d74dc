//! How a line of the ledger follows from the line before.

use serde::Deserialize;

use super::event::Event;

/// What places a line behind the line before it.
#[derive(Deserialize)]
pub(super) struct Link {
    pub seq: u64,
    prev: String,
    pub at: String,
    /// The first line of the same append; none where that is this line.
    #[serde(default)]
    pub first_seq: Option<u64>,
}

/// Takes a line apart.
pub(super) fn parse_line(
    line: &[u8],
) -> std::result::Result<(Link, Event), String> {
    let no_event = |e| format!("no event ({e})");
    let link = serde_json::from_slice(line).map_err(no_event)?;
    let event = serde_json::from_slice(line).map_err(no_event)?;
    Ok((link, event))
}

impl Link {
    /// Whether the line follows one with this number and digest.
    pub fn check(
        &self,
        seq: u64,
        prev: &str,
    ) -> std::result::Result<(), String> {
        if self.seq != seq + 1 {
            return Err(format!("seq is {}", self.seq));
        }
        match self.prev == prev {
            true => Ok(()),
            false => Err("prev is not the digest of the line before".into()),
        }
    }
}
