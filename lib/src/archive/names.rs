//! Where things are in a tree, and what they are called.
//!
//! Invariant. No name that comes from a table, an archive or the ledger leads
//! out of the tree.

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result, quote};
use crate::io::digest::{hex, random_hex};
use crate::io::durable::{self, Temp};
use crate::time::Day;

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
            None => {
                let mut temp = Temp::in_tree(&folder)?;
                temp.file()?
                    .write_all(sql.as_bytes())
                    .map_err(|e| Error::io("write", &path, e))?;
                temp.sync()?;
                temp.publish_new(&path)?;
            }
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

/// The tar of a day's month, relative to the root.
pub fn month_file(day: Day) -> String {
    let day = day.to_string();
    format!("cold/{}/{}.tar.gz", &day[..4], &day[..7])
}

impl Tree {
    /// The table's name in a file name of ours, if it can be told: the reverse
    /// of [`file_name`], which a long name does not allow.
    pub fn table_of(stem: &str) -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = stem.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            if first != b'%' {
                bytes.push(first);
                rest = after;
                continue;
            }
            let (digits, after) = after.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        }
        let table = String::from_utf8(bytes).ok()?;
        (file_name(&table) == stem).then_some(table)
    }

    /// A new segment id: 128 random bits.
    pub fn new_id() -> Result<String> {
        random_hex::<16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_cannot_name_what_is_outside() {
        let tree = Tree::new(Path::new("/a"));
        assert!(tree.path("warm/2026-01-01/t.jsonl.gz").is_ok());
        for bad in ["../x", "warm/../../x", "", "warm//x", "./x"] {
            assert!(tree.path(bad).is_err(), "{bad}");
        }
    }
}
