//! Where things are in a tree, and what they are called.
//!
//! Invariants. No name that comes from a table, a database, an archive or the
//! ledger leads out of the tree. Two tables never share a file, nor do the
//! tables of two databases that have names: `@`, which parts the two, and `~`,
//! which is kept for classes of rows, are percent-encoded in both, and a name
//! that was cut has a length that no other has.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result, quote, quoted};
use crate::io::digest::{hex, random_hex};
use crate::io::durable;
use crate::io::tree_path::TreePath;
use crate::time::Day;

/// A tree, by its root.
#[derive(Clone, Debug)]
pub struct Tree {
    root: TreePath,
}

impl Tree {
    /// The tree at `root`, which need not exist yet.
    pub fn new(root: &Path) -> Tree {
        Tree { root: TreePath::root(root) }
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Its root, as a place to open.
    pub fn top(&self) -> &TreePath {
        &self.root
    }

    /// The path of a file that the ledger names. A name that climbs out of
    /// the tree is refused; one that is absolute was entered by an operator.
    pub fn path(&self, file: &str) -> Result<TreePath> {
        if file.starts_with('/') {
            return Ok(TreePath::outside(Path::new(file)));
        }
        let sound = !file.is_empty()
            && file.split('/').all(|p| !matches!(p, "" | "." | ".."));
        if !sound {
            return Err(Error::disagree(format!(
                "the ledger names {}, which is outside the tree",
                quote(file)
            )));
        }
        let path = self.root.join(file);
        self.refuse_links(&path)?;
        Ok(path)
    }

    /// The folder of this name below the root, which must not be a link.
    pub fn folder(&self, name: &str) -> Result<TreePath> {
        let folder = self.root.join(name);
        if is_link(&folder)? { Err(linked(&folder)) } else { Ok(folder) }
    }

    /// Refuses a path with a folder between it and the root that is a link:
    /// what is behind one is not the tree's to read, and not to remove. This
    /// is for the message that names the link; one that is put there later is
    /// not followed either, nor one in the last part (`io::beneath`).
    fn refuse_links(&self, path: &TreePath) -> Result<()> {
        let mut folders = path.folder().up_to_root();
        folders.pop();
        for folder in folders.iter().rev() {
            if is_link(folder)? {
                return Err(linked(folder));
            }
        }
        Ok(())
    }

    /// The warm file of a table's day, relative to the root.
    pub fn warm_file(origin: &Origin, day: Day, compressed: bool) -> String {
        let ending = if compressed { "jsonl.gz" } else { "jsonl" };
        format!("warm/{day}/{}.{ending}", origin.stem())
    }

    /// The file of all rows of a table that a run at `now` takes in one,
    /// relative to the root; the `n`th of that name.
    pub fn whole_file(
        origin: &Origin,
        now: Timestamp,
        n: u32,
        compressed: bool,
    ) -> String {
        let now = now.strftime("%Y%m%dT%H%M%S%.3fZ");
        let again = if n > 1 { format!("_{n}") } else { String::new() };
        let ending = if compressed { "json.gz" } else { "json" };
        format!("{}_{now}{again}.{ending}", origin.stem())
    }
}

/// Whether a path is a symbolic link.
pub(super) fn is_link(path: &TreePath) -> Result<bool> {
    let there = durable::metadata_if_there(path)?;
    Ok(there.is_some_and(|meta| meta.is_symlink()))
}

/// The error of a folder of a tree that is a link.
pub(super) fn linked(folder: &TreePath) -> Error {
    Error::disagree(format!(
        "{} is not a folder but a symbolic link, which is not followed \
         inside a tree: put a real folder in its place, or move it away",
        quoted(folder)
    ))
    .hint("what it leads to is left as it is; a tree's root may be a link")
}

/// Whose rows a file holds: a table's, and of which database where the tree
/// keeps several apart.
#[derive(
    Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Origin {
    /// The table. ASCII case does not count.
    pub table: String,
    /// The database's name in this tree, if it has one.
    pub database: Option<String>,
}

/// The longest stem of a file name, in bytes.
const STEM_MOST: usize = 200;

impl Origin {
    /// A table of a database.
    pub fn new(table: &str, database: Option<&str>) -> Origin {
        Origin {
            table: table.to_owned(),
            database: database.map(str::to_owned),
        }
    }

    /// Whether this table of this database is meant.
    pub fn is(&self, table: &str, database: Option<&str>) -> bool {
        self.table.eq_ignore_ascii_case(table)
            && self.database.as_deref() == database
    }

    /// The name of its files without their ending: `TABLE`, or `TABLE@NAME`.
    pub fn stem(&self) -> String {
        match &self.database {
            None => cut(&self.table, STEM_MOST),
            Some(name) => {
                let name = encoded(name);
                let most = STEM_MOST.saturating_sub(name.len() + 1);
                format!("{}@{name}", cut(&self.table, most))
            }
        }
    }

    /// Whose file it is by its stem, if that can be told: the reverse of
    /// [`Origin::stem`], which a long name does not allow.
    pub fn of_stem(stem: &str) -> Option<Origin> {
        let (table, name) = match stem.split_once('@') {
            Some((_, "")) => return None,
            Some((table, name)) => (table, Some(decoded(name)?)),
            None => (stem, None),
        };
        let origin = Origin { table: decoded(table)?, database: name };
        (origin.stem() == stem).then_some(origin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote(&self.table))?;
        match &self.database {
            Some(name) => write!(f, " of the database {}", quote(name)),
            None => Ok(()),
        }
    }
}

/// A table's name as part of a file name.
pub fn file_name(table: &str) -> String {
    cut(table, STEM_MOST)
}

/// A name as part of a file name; of `most` bytes or more, it is cut to so
/// many and ends in a hash.
fn cut(name: &str, most: usize) -> String {
    let mut out = encoded(name);
    if out.len() >= most {
        let digest = hex(&Sha256::digest(name.as_bytes()));
        out.truncate(most.saturating_sub(17));
        out.push('-');
        out.push_str(&digest[..16]);
    }
    out
}

/// A name whose bytes outside `A-Z a-z 0-9 _ -` are percent-encoded.
fn encoded(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The name that is encoded so.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
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
    String::from_utf8(bytes).ok()
}

/// The tar of a day's month, relative to the root.
pub fn month_file(day: Day) -> String {
    let day = day.to_string();
    format!("cold/{}/{}.tar.gz", &day[..4], &day[..7])
}

impl Tree {
    /// A new segment id: 128 random bits.
    pub fn new_id() -> Result<String> {
        random_hex::<16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_name_leaves_its_folder() {
        assert_eq!(file_name("tool_uses"), "tool_uses");
        assert_eq!(file_name("../../etc/x"), "%2E%2E%2F%2E%2E%2Fetc%2Fx");
        assert_eq!(file_name("a b\n\u{e9}"), "a%20b%0A%C3%A9");
        assert_eq!(file_name("log@b~c"), "log%40b%7Ec");
        let long = "x".repeat(5000);
        assert_eq!(file_name(&long).len(), 200);
        assert_ne!(file_name(&long), file_name(&"x".repeat(5001)));
        let wide = "\u{e9}".repeat(300);
        assert_eq!(file_name(&wide).len(), 200);
        // A table that is called as another one's file.
        assert_ne!(file_name(&file_name(&long)), file_name(&long));
    }

    #[test]
    fn no_two_databases_share_a_file() {
        let stem = |table: &str, name| Origin::new(table, name).stem();
        assert_eq!(stem("log", Some("b")), "log@b");
        assert_eq!(stem("log@b", None), "log%40b");
        assert_eq!(stem("log", Some("../b@c")), "log@%2E%2E%2Fb%40c");
        let (long, name) = ("x".repeat(5000), "n".repeat(100));
        assert_eq!(stem(&long, Some(&name)).len(), STEM_MOST);
        for origin in [
            Origin::new("log", None),
            Origin::new("a/b@c", Some("d@e/f")),
            Origin::new("\u{e9}", Some("host-1")),
        ] {
            let read = Origin::of_stem(&origin.stem());
            assert_eq!(read.as_ref(), Some(&origin));
        }
        for odd in ["log@", "log@b@c", "log~c", "a%2fb", &"x".repeat(200)] {
            assert_eq!(Origin::of_stem(odd), None, "{odd}");
        }
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
