//! An archive tree: where things are in it, and the work that is done on it
//! under its lock.
//!
//! # Which write is durable before which
//!
//! *Publish* (rt-store), for all days of a run at once:
//!
//! 1. temporary files = the present files + the new members; fsync each;
//! 2. ledger: all `store` intents, one write; fsync;
//! 3. rename each over its name; fsync the folders, up to the root;
//! 4. ledger: all `published`; fsync;
//! 5. receipts are printed.
//!
//! A crash before 2 leaves temporary files, which the next run sweeps. Between
//! 2 and 4 the file is either its old self (`void`) or the new one: then file
//! and folders are fsynced, and only then does recovery write `published`, for
//! a rename may still be lost to a power cut. Receipts name only what is
//! durable. Nothing was deleted, so nothing can be lost.
//!
//! *Settle* (rt-purge), for all segments of a table together:
//!
//! 1. fsync each file, the folders up to the root, the ledger: whoever wrote
//!    them may have died before; read each segment back against its digest;
//! 2. compare each line with its row;
//! 3. ledger: a `purging` a segment names the lines found equal, one write;
//!    fsync;
//! 4. delete their rows in batches; each COMMIT is durable;
//! 5. where lines must go: temporary file without them; fsync; ledger:
//!    `retract`; fsync; rename or unlink; fsync the folder;
//! 6. ledger: a `purge` a segment, one write; fsync.
//!
//! A crash before 3 lost no row: whoever comes settles afresh. Between 3 and 6
//! only rows named in 3 can have gone, and their lines are durable since 1:
//! recovery keeps the lines of named rows that are gone or differ, deletes
//! named rows that are still equal, and takes out all other lines. A `retract`
//! without `purge` is done again (file in the form before) or is done already
//! (form after): both forms are whole. After 6 receipts are answered from the
//! ledger and nothing is touched.
//!
//! *Without usable key* a row cannot be told from its equals, so 3 and 4
//! alternate: a `purging` event with exactly one batch's lines, then that
//! batch's transaction. A batch of which any row is still there was not
//! committed, one of which none is there was.

mod draft;
mod event;
mod foreign;
mod ledger;
pub mod lock;
mod month;
mod publish;
mod recover;
mod segment;
mod state;
pub mod tiers;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::lock::Lock;
use crate::error::{Error, Exit, Notes, Result, quote, quoted};
use crate::io::digest::hex;
use crate::io::durable;
use crate::io::sync_many;
use crate::time::Day;

pub use draft::{Block, Draft, Sums};
pub use event::{
    Adopt, Change, Compression, Counts, Event, Job, Member, Named, Purging,
    Receipt, Retract, Segment, Settled,
};
pub use ledger::Ledger;
pub use month::{Addition, MonthDraft, month_file};
pub use segment::{BLOCK_BYTES, Form, LineTime, Rewrite, SegmentText};
pub use state::{Clock, FileState, Kind, Open, State};

/// A tree, by its root.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The tree at `root`, which need not exist yet.
    pub fn new(root: &Path) -> Tree {
        Tree { root: root.to_owned() }
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a file that the ledger names. A name that climbs out of
    /// the tree is refused; one that is absolute was entered by an operator.
    pub fn path(&self, file: &str) -> Result<PathBuf> {
        if file.starts_with('/') {
            return Ok(PathBuf::from(file));
        }
        let sound = !file.is_empty()
            && file.split('/').all(|p| !matches!(p, "" | "." | ".."));
        if !sound {
            return Err(Error::disagree(format!(
                "the ledger names {}, which is outside the tree",
                quote(file)
            )));
        }
        Ok(self.root.join(file))
    }

    /// The warm file of a table's day, relative to the root.
    pub fn warm_file(table: &str, day: Day, compressed: bool) -> String {
        let ending = if compressed { "jsonl.gz" } else { "jsonl" };
        format!("warm/{day}/{}.{ending}", file_name(table))
    }

    /// The file of all rows of a table that a run at `now` takes in one,
    /// relative to the root; the `n`th of that name.
    pub fn whole_file(
        table: &str,
        now: Timestamp,
        n: u32,
        compressed: bool,
    ) -> String {
        let now = now.strftime("%Y%m%dT%H%M%S%.3fZ");
        let again = if n > 1 { format!("_{n}") } else { String::new() };
        let ending = if compressed { "json.gz" } else { "json" };
        format!("{}_{now}{again}.{ending}", file_name(table))
    }

    /// Keeps the CREATE statements of a table; gives their SHA-256.
    pub fn keep_schema(&self, table: &str, sql: &str) -> Result<String> {
        let digest = hex(&Sha256::digest(sql.as_bytes()));
        let folder = self.root.join("schema");
        durable::make_folders(&folder, &self.root)?;
        let path =
            folder.join(format!("{}-{}.sql", file_name(table), &digest[..12]));
        match durable::open_if_there(&path)? {
            None => durable::write_whole(&path, sql.as_bytes(), false)?,
            // Whoever wrote it may have died before it was durable.
            Some(file) => {
                file.sync_all().map_err(|e| Error::io("fsync", &path, e))?
            }
        }
        durable::sync_folder(&folder)?;
        Ok(digest)
    }
}

/// A table's name as part of a file name: bytes outside `A-Z a-z 0-9 _ -` are
/// percent-encoded; over 200 bytes it is cut and ends in a hash.
pub fn file_name(table: &str) -> String {
    let mut out = String::new();
    for byte in table.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    if out.len() > 200 {
        let digest = hex(&Sha256::digest(table.as_bytes()));
        out.truncate(183);
        out.push('-');
        out.push_str(&digest[..16]);
    }
    out
}

/// Archive on a tree under its lock, with every open intent of earlier runs
/// completed or void.
#[derive(Debug)]
pub struct Archive {
    tree: Tree,
    ledger: Ledger,
    /// Files that are not what the ledger says, or could not be recovered:
    /// nobody touches them, nor their tables.
    blocked: Vec<Blocked>,
    /// Held until the work is dropped.
    _lock: Lock,
}

/// A file that is left alone.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// Its table.
    pub table: String,
    /// Why: status 5 for damage, 3 for what could not be done.
    pub exit: Exit,
    /// What was found.
    pub message: String,
}

impl Archive {
    /// Takes the lock, waiting up to `wait`, and recovers.
    pub fn begin(
        root: &Path,
        now: Timestamp,
        wait: Duration,
        notes: &mut dyn Notes,
    ) -> Result<Archive> {
        let lock = Lock::take(root, wait)?;
        // Under one rt-lock siblings wait for each other at least as long as
        // a publication takes.
        let wait = if lock.is_inherited() {
            wait.max(Duration::from_secs(60))
        } else {
            wait
        };
        lock.work(root, wait)?;
        let ledger = Ledger::open(root, now, true)?;
        let mut work = Archive {
            tree: Tree::new(root),
            ledger,
            blocked: Vec::new(),
            _lock: lock,
        };
        work.recover(notes)?;
        Ok(work)
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger, to append to.
    pub fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// What is left alone.
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// Why a table is left alone, if it is.
    pub fn block_of(&self, table: &str) -> Option<&Blocked> {
        self.blocked.iter().find(|b| b.table.eq_ignore_ascii_case(table))
    }

    /// fsyncs a file, its folders up to the root, and the ledger, whoever
    /// wrote them.
    pub fn sync_file(&self, file: &str) -> Result<()> {
        self.sync_files([file])
    }

    /// The same for many files, each folder once.
    pub fn sync_files<'f>(
        &self,
        files: impl IntoIterator<Item = &'f str>,
    ) -> Result<()> {
        let mut paths = Vec::new();
        for file in files {
            let path = self.tree.path(file)?;
            durable::open_if_there(&path)?
                .ok_or_else(|| not_as_said(&path, "is missing"))?
                .sync_all()
                .map_err(|e| Error::io("fsync", &path, e))?;
            paths.push(path);
        }
        self.sync_folders_of(&paths)?;
        self.ledger.sync()
    }

    /// fsyncs the folders of files, up to the one that the root is in, each
    /// once; of files outside the tree their own folder.
    pub fn sync_folders_of(&self, paths: &[PathBuf]) -> Result<()> {
        let root = self.tree.root();
        let mut folders = BTreeSet::new();
        for path in paths {
            let above = path.ancestors().skip(1);
            if path.starts_with(root) {
                let below = above.take_while(|f| f.starts_with(root));
                folders.extend(below.map(Path::to_owned));
            } else {
                folders.extend(above.take(1).map(Path::to_owned));
            }
        }
        // From below: a name is durable before the folder that it is in.
        let mut folders: Vec<PathBuf> = folders.into_iter().collect();
        folders.sort_by_key(|f| Reverse(f.components().count()));
        let level = |a: &PathBuf, b: &PathBuf| {
            a.components().count() == b.components().count()
        };
        for folders in folders.chunk_by_mut(level) {
            sync_many(folders, |folder| durable::sync_folder(folder))?;
        }
        durable::sync_parent(root)
    }

    /// fsyncs the folders of a path that is gone, from the nearest one that
    /// is still there, and the ledger.
    pub fn sync_nearest(&self, path: &Path) -> Result<()> {
        let there = path.ancestors().skip(1).find(|folder| folder.exists());
        if let Some(folder) = there {
            durable::sync_up(folder, self.tree.root())?;
        }
        self.ledger.sync()
    }

    /// fsyncs the folders of a path up to the root; outside the tree, its
    /// folder.
    pub fn sync_folders(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        if folder.starts_with(self.tree.root()) {
            durable::sync_up(folder, self.tree.root())
        } else {
            durable::sync_folder(folder)
        }
    }
}

/// The error for a file that is not what the ledger says.
pub fn not_as_said(path: &Path, what: &str) -> Error {
    Error::disagree(format!("{} {what}", quoted(path))).hint(
        "the file was changed from outside; put it back from a backup. \
         Nothing of this table is touched until then",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_name_leaves_its_folder() {
        assert_eq!(file_name("tool_uses"), "tool_uses");
        assert_eq!(file_name("../../etc/x"), "%2E%2E%2F%2E%2E%2Fetc%2Fx");
        assert_eq!(file_name("a b\n\u{e9}"), "a%20b%0A%C3%A9");
        let long = "x".repeat(5000);
        assert_eq!(file_name(&long).len(), 200);
        assert_ne!(file_name(&long), file_name(&"x".repeat(5001)));
        let wide = "\u{e9}".repeat(300);
        assert_eq!(file_name(&wide).len(), 200);
    }

    #[test]
    fn the_ledger_cannot_name_what_is_outside() {
        let tree = Tree::new(Path::new("/a"));
        assert!(tree.path("warm/2026-01-01/t.jsonl.gz").is_ok());
        for bad in ["../x", "warm/../../x", "", "warm//x", "./x"] {
            assert!(tree.path(bad).is_err(), "{bad}");
        }
    }
}
