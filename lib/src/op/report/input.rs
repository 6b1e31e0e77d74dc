//! The records on standard input, and the exit status that they add up to.

use std::io::BufRead;

use serde::de::DeserializeOwned;

use crate::error::{Error, Exit, Notes, Result};
use crate::io::jsonl;

/// Hands each record of one of these types to `take`. Gives `Data` if there
/// were lines that are none: what they spoke of will be missing.
pub(super) fn read<R: DeserializeOwned>(
    input: &mut dyn BufRead,
    types: &[&str],
    notes: &mut dyn Notes,
    mut take: impl FnMut(R),
) -> Result<Exit> {
    let mut exit = Exit::Done;
    let mut line = Vec::new();
    for n in 1.. {
        line.clear();
        let read = input
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::stream("cannot read standard input", e))?;
        if read == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match record(&line, types) {
            Ok(Some(record)) => take(record),
            Ok(None) => {}
            Err(why) => {
                exit = Exit::Data;
                notes.warn(&format!("line {n} is not a record: {why}"));
            }
        }
    }
    Ok(exit)
}

/// A record of one of these types; none of any other.
fn record<R: DeserializeOwned>(
    line: &[u8],
    types: &[&str],
) -> serde_json::Result<Option<R>> {
    if !types.contains(&jsonl::kind(line)?.as_str()) {
        return Ok(None);
    }
    serde_json::from_slice(line).map(Some)
}

/// The status of the job: what all tables agree on, else that it was done in
/// part, unless one of them found something graver.
pub(super) fn overall(exits: &[Exit]) -> Exit {
    let all = exits.iter().fold(Exit::Done, |all, &exit| all.and(exit));
    let mixed = exits.contains(&Exit::Done) && all != Exit::Done;
    if mixed { all.and(Exit::Partial) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    #[test]
    fn a_job_is_partly_done_when_some_tables_failed() {
        use Exit::*;
        for (exits, want) in [
            (&[][..], Done),
            (&[Done, Done], Done),
            (&[Failed, Failed], Failed),
            (&[Busy, Busy], Busy),
            (&[Done, Failed], Partial),
            (&[Done, Busy], Partial),
            (&[Partial, Done], Partial),
            (&[Done, Failed, Data], Data),
            (&[Data, Disagree, Done], Disagree),
            (&[Usage, Failed], Failed),
        ] {
            assert_eq!(overall(exits), want, "{exits:?}");
        }
    }

    #[test]
    fn unknown_types_are_passed_over_and_torn_lines_are_not() {
        let record = |line| record::<Outcome>(line, &["exported"]);
        assert_eq!(record(b"{\"type\":\"x\",\"table\":1}").unwrap(), None);
        for line in
            [&b"{}"[..], b"{\"type\":\"exported\"}", b"{\"type\":", b"7"]
        {
            assert!(record(line).is_err());
        }
    }
}
