//! The end of the ledger, named outside of it.
//!
//! The chain shows what was done to a line by the line behind it, and so
//! nothing of the last one. Therefore `lock`, the file that is never replaced,
//! names the last line: its number and its digest, in one line of JSON of
//! always the same length, written in place under the ledger's flock once the
//! ledger is durable.
//!
//! Invariant. The mark never names a line that was not durable before: a kill
//! or a power cut between the two leaves it on an earlier line, which says
//! nothing against the ledger. Where it names a later line, lines are missing;
//! where the last line has another digest, that was edited, or the mark was.
//! An empty file names nothing: so it is until the first append.
//!
//! It also says when the ledger was last changed by us. A ledger that was
//! changed since then, in whatever way, is not believed before all of its lines
//! were followed again.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::replay::End;
use crate::error::{Error, Result, quoted};
use crate::io::beneath;
use crate::io::durable;
use crate::io::tree_path::TreePath;

/// Its length with blanks and the newline, in bytes.
const LENGTH: usize = 160;

/// The last line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct EndMark {
    pub seq: u64,
    pub sha256: String,
    /// The ledger's change time behind that line, in ns since 1970.
    changed_ns: i128,
}

fn path(root: &Path) -> TreePath {
    TreePath::root(root).join("lock")
}

impl EndMark {
    /// That of the tree at `root`, if it has one.
    ///
    /// # Errors
    /// Status 5 for what is none.
    pub fn read(root: &Path) -> Result<Option<EndMark>> {
        let path = path(root);
        let Some(file) = durable::open_if_there(&path)? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        file.take(LENGTH as u64 + 1)
            .read_to_end(&mut text)
            .map_err(|e| Error::io("read", &path, e))?;
        if text.is_empty() {
            return Ok(None);
        }
        let mark = serde_json::from_slice(&text).ok();
        match mark.filter(|_| text.len() == LENGTH) {
            Some(mark) => Ok(Some(mark)),
            None => Err(refused(format!(
                "{} does not name the last line of the ledger",
                quoted(&path)
            ))),
        }
    }

    /// That of a ledger that ends so.
    pub fn of(end: &End, ledger: &File) -> Result<EndMark> {
        let changed_ns = changed_ns(ledger)
            .map_err(|e| Error::stream("cannot look at the ledger", e))?;
        let End { seq, ref sha256, .. } = *end;
        Ok(EndMark { seq, sha256: sha256.clone(), changed_ns })
    }

    /// Whether the ledger is as it was when this was written.
    pub fn is_of(&self, ledger: &File) -> bool {
        changed_ns(ledger).is_ok_and(|changed| changed == self.changed_ns)
    }

    /// Writes it, if there is a lock. What fails leaves the mark before.
    pub fn write(&self, root: &Path) -> Result<()> {
        self.write_at(&path(root))
            .map_err(|e| Error::io("write", path(root), e))
    }

    fn write_at(&self, path: &TreePath) -> io::Result<()> {
        let mut line = serde_json::to_vec(self).map_err(io::Error::other)?;
        line.resize(LENGTH - 1, b' ');
        line.push(b'\n');
        let file = beneath::open(path, OFlags::WRONLY);
        let file: File = match file {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        file.write_all_at(&line, 0)
    }

    /// Holds a ledger against it that ends with this line.
    ///
    /// # Errors
    /// Status 5 when lines are missing, or the last one is another.
    pub fn check(&self, root: &Path, seq: u64, sha256: &str) -> Result<()> {
        let ledger = root.join("ledger.jsonl");
        if self.seq > seq {
            let ledger = quoted(&ledger);
            return Err(refused(match self.seq - seq {
                1 => format!("the last line of {ledger} is missing"),
                n => format!("the last {n} lines of {ledger} are missing"),
            }));
        }
        match self.seq == seq && self.sha256 != sha256 {
            true => Err(refused(format!(
                "{}, line {seq}: it is not the line that {} names",
                quoted(&ledger),
                quoted(path(root))
            ))),
            false => Ok(()),
        }
    }
}

fn changed_ns(ledger: &File) -> io::Result<i128> {
    let found = ledger.metadata()?;
    let ns = i128::from(found.ctime()) * 1_000_000_000;
    Ok(ns + i128::from(found.ctime_nsec()))
}

fn refused(message: String) -> Error {
    Error::disagree(message).hint(
        "put the newest ledger back from a backup, together with lock; where \
         none is newer than this one, rt-verify --repair takes in what the \
         ledger does not know",
    )
}
