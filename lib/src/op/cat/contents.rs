//! What a month's tar holds, where the ledger does not say it.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::file::from_start;
use crate::archive::{Member, Origin};
use crate::error::{Error, Result, quote, quoted};
use crate::io::gz;
use crate::io::tar::{Walk, salvage_tar};
use crate::time::Day;

/// Day and table of a tar's member, and whose, if it is one of rows.
pub(super) fn member(
    name: &str,
    known: Option<&Member>,
) -> Option<(Day, Origin)> {
    let (day, file) = name.split_once('/')?;
    let day = day.parse::<Day>().ok()?;
    let stem = file
        .strip_suffix(".jsonl.gz")
        .or_else(|| file.strip_suffix(".jsonl"))?;
    let said = known.and_then(Member::origin);
    Some((day, said.or_else(|| Origin::of_stem(stem))?))
}

/// What a tar holds.
pub(super) struct Contents {
    /// The names that are proven.
    pub names: Vec<String>,
    /// All of its own gzip holds.
    pub whole: bool,
    /// What is wrong with it.
    pub error: Option<Error>,
}

/// Reads the names in a tar. One that is there twice is refused.
pub(super) fn names(open: &File, path: &Path) -> Result<Contents> {
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    let file = from_start(open, path)?;
    let walk = Walk { file, path, whole: false };
    let walked = salvage_tar(walk, &mut |entry, proven| {
        if !seen.insert(entry.name.to_owned()) {
            return Err(Error::data(format!(
                "{} holds {} twice",
                quoted(path),
                quote(entry.name)
            )));
        }
        names.push((entry.name.to_owned(), proven));
        Ok(())
    });
    let error = walked.unwrap_or_else(Some);
    // A tar in one gzip member is proven only when its end is reached.
    let whole = error.is_none() || is_whole(open, path)?;
    names.retain(|(_, proven)| *proven || whole);
    let names = names.into_iter().map(|(name, _)| name).collect();
    Ok(Contents { names, whole, error })
}

/// Whether every CRC-32 of a gzip file holds.
pub(super) fn is_whole(open: &File, path: &Path) -> Result<bool> {
    let input = from_start(open, path)?;
    let mut reader = gz::Reader::new(input, quoted(path));
    let mut piece = Vec::new();
    loop {
        match reader.next_block(&mut piece) {
            Ok(true) => {}
            Ok(false) => return Ok(true),
            Err(_) => return Ok(false),
        }
    }
}

/// Whether a file begins with a gzip member of ours.
pub(super) fn begins_as_ours(open: &File, path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    from_start(open, path)?
        .take(gz::HEADER_MAX as u64)
        .read_to_end(&mut head)
        .map_err(|e| Error::io("read", path, e))?;
    Ok(matches!(gz::parse_header(&head), gz::HeaderParse::Ours { .. }))
}
