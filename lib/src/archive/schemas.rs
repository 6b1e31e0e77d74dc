//! The CREATE statements that rows came from, in `schema/` and, from the time
//! when its rows are consolidated, in the month's tar too.
//!
//! A file's name has the first half of the digest of what it holds, so that
//! damage shows wherever it is read: a damaged one is not used, not put into a
//! tar, and written anew where its text is known, from the database or from a
//! tar.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use super::event::Segment;
use super::inventory::Inventory;
use super::names::{Tree, file_name};
use super::owner::not_as_said;
use crate::error::{Error, Result, quoted};
use crate::io::digest::hex;
use crate::io::durable::{self, Temp};
use crate::io::tar::read_tar;
use crate::io::tree_path::TreePath;

/// The length of the part of a digest that is in a name.
const DIGITS: usize = 12;
/// No statement is longer, in bytes: what SQLite takes at most.
const MOST_BYTES: u64 = 1 << 30;

/// Whether statements of this digest may be in the file `schema/NAME`. A name
/// of another form says nothing.
pub fn schema_is_sound(name: &str, sha256: &str) -> bool {
    let stem =
        name.strip_prefix("schema/").and_then(|n| n.strip_suffix(".sql"));
    let digits = stem.and_then(|stem| stem.rsplit_once('-')).map(|(_, d)| d);
    digits.is_none_or(|digits| sha256.get(..DIGITS) == Some(digits))
}

fn digest(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

impl Tree {
    /// Keeps the CREATE statements of a table; gives their SHA-256. A file of
    /// that name that holds something else is damaged, and replaced.
    pub fn keep_schema(&self, table: &str, sql: &str) -> Result<String> {
        let sha256 = digest(sql.as_bytes());
        let name = schema_name(table, &sha256);
        self.put_schema(&name, sql.as_bytes())?;
        Ok(sha256)
    }

    /// Writes a file of statements, unless it holds them already; durable
    /// either way.
    fn put_schema(&self, name: &str, text: &[u8]) -> Result<()> {
        let path = self.top().join(name);
        let folder = path.folder();
        durable::make_folders(&folder)?;
        let there = durable::open_if_there(&path)?;
        if let Some(mut file) = there {
            let mut is = Vec::new();
            file.read_to_end(&mut is)
                .map_err(|e| Error::io("read", &path, e))?;
            if is == text {
                // Whoever wrote it may have died before it was durable.
                file.sync_all().map_err(|e| Error::io("fsync", &path, e))?;
                return durable::sync_folder(&folder);
            }
        }
        let mut temp = Temp::in_tree(&folder)?;
        temp.file()?
            .write_all(text)
            .map_err(|e| Error::io("write", &path, e))?;
        temp.sync()?;
        temp.replace(&path)?;
        durable::sync_folder(&folder)
    }

    /// The CREATE statements of a segment's table: from their file, or where
    /// that is not there or damaged from a month's tar.
    ///
    /// # Errors
    /// They are nowhere, or (5) are not what the ledger says.
    pub fn kept_schema(
        &self,
        files: &Inventory,
        segment: &Segment,
    ) -> Result<String> {
        let name = schema_name(&segment.table, &segment.schema_sha256);
        let path = self.path(&name)?;
        let is = |text: &[u8]| digest(text) == segment.schema_sha256;
        let there = durable::read_if_there(&path)?;
        let found = match there.as_ref().filter(|text| is(text)) {
            Some(text) => Some(text.clone()),
            None => self.schema_in_tars(files, &name)?.filter(|t| is(t)),
        };
        match (found, there) {
            (Some(text), _) => String::from_utf8(text).map_err(|_| {
                Error::data(format!("{} is not UTF-8", quoted(&path)))
            }),
            (None, Some(_)) => {
                Err(not_as_said(&path, "is not what the ledger says"))
            }
            (None, None) => {
                Err(Error::failed(format!("{} is not there", quoted(&path)))
                    .hint(
                        "name a file with the table's CREATE statements with \
                 --schema, or put that one back from a backup",
                    ))
            }
        }
    }

    /// Makes sure that a file `schema/NAME` holds what its name says: a damaged
    /// one is written anew from a month's tar.
    ///
    /// # Errors
    /// Status 5 where no tar has it.
    pub fn mend_schema(&self, files: &Inventory, name: &str) -> Result<()> {
        let path = self.path(name)?;
        let text = durable::read_if_there(&path)?.unwrap_or_default();
        if schema_is_sound(name, &digest(&text)) {
            return Ok(());
        }
        match self.schema_in_tars(files, name)? {
            Some(text) => self.put_schema(name, &text),
            None => Err(Error::disagree(format!(
                "{} is not what its name says, and goes into no tar",
                quoted(&path)
            ))
            .hint(
                "the next rt-store of its table writes it anew, if the table \
                 is still the same; else put it back from a backup",
            )),
        }
    }

    /// What a month's tar has of this name, if that is sound.
    fn schema_in_tars(
        &self,
        files: &Inventory,
        name: &str,
    ) -> Result<Option<Vec<u8>>> {
        for (file, state) in files.files() {
            let has = |m: &&super::member::Member| m.name == name;
            if state.members.iter().find(has).is_none() {
                continue;
            }
            let path = self.path(file)?;
            let Some(tar) = durable::open_if_there(&path)? else { continue };
            let mut text = None;
            // Of a damaged tar what stands before the damage counts too: the
            // name tells whether it is sound.
            let read =
                read_tar(tar, path.path(), &mut |entry, _, contents| {
                    if entry == name {
                        text = read_statements(contents, &path).ok();
                    }
                    Ok(())
                });
            let sound = |text: &Vec<u8>| schema_is_sound(name, &digest(text));
            match (text.filter(sound), read) {
                (Some(text), _) => return Ok(Some(text)),
                (None, _) => continue,
            }
        }
        Ok(None)
    }
}

/// The file of statements, from the tree's root.
fn schema_name(table: &str, sha256: &str) -> String {
    let digits = sha256.get(..DIGITS).unwrap_or_default();
    format!("schema/{}-{digits}.sql", file_name(table))
}

fn read_statements(input: &mut dyn Read, path: &TreePath) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    input
        .take(MOST_BYTES)
        .read_to_end(&mut text)
        .map_err(|e| Error::io("read", path, e))?;
    Ok(text)
}
