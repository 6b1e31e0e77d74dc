//! The CREATE statements that rows came from, in `schema/` and, from the time
//! when its rows are consolidated, in the month's tar too.
//!
//! A file's name has the first half of the digest of what it holds, so that
//! damage shows wherever it is read: a damaged one is not used, not put into a
//! tar, and written anew where its text is known, from the database or from a
//! tar.

use std::fs::File;
use std::io::{Read, Write};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::event::Segment;
use super::inventory::Inventory;
use super::names::{Tree, file_name};
use super::owner::not_as_said;
use crate::error::{Error, Result, quote, quoted};
use crate::io::beneath;
use crate::io::digest::{file_sha256, hex};
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

/// Opens a file of statements, which may be as long as no disk: then it is
/// damaged, and can be written anew.
pub fn open_schema(path: &TreePath) -> Result<Option<File>> {
    durable::if_there(beneath::open(path, OFlags::RDONLY), "open", path)
}

/// The SHA-256 of a file `schema/NAME`, if that is what its name says.
pub fn sound_schema(
    name: &str,
    file: File,
    path: &TreePath,
) -> Result<Option<String>> {
    if durable::length(&file, path)? > MOST_BYTES {
        return Ok(None);
    }
    let sha256 = file_sha256(file, path)?;
    Ok(schema_is_sound(name, &sha256).then_some(sha256))
}

/// The file with the CREATE statements that a segment's rows came from, from
/// the tree's root.
pub fn schema_file(segment: &Segment) -> String {
    schema_name(&segment.table, &segment.schema_sha256)
}

/// What the months' tars have of a file of statements.
#[derive(Debug)]
pub enum InTars {
    /// The file, and the tar that it is in.
    Sound(Vec<u8>, String),
    /// A tar should hold it, and gives nothing that is what the name says.
    Damaged(Error),
    /// By the ledger none holds it.
    Nowhere,
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
    pub fn put_schema(&self, name: &str, text: &[u8]) -> Result<()> {
        let path = self.top().join(name);
        let folder = path.folder();
        durable::make_folders(&folder)?;
        let there = open_schema(&path)?;
        let length = text.len() as u64;
        if let Some(mut file) = there
            && durable::length(&file, &path)? == length
        {
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
        let name = schema_file(segment);
        let path = self.path(&name)?;
        let is = |text: &[u8]| digest(text) == segment.schema_sha256;
        let there = open_schema(&path)?;
        let damaged = there.is_some();
        if let Some(file) = there
            && sound_schema(&name, file, &path)?.is_some()
            && let Some(text) = durable::read_if_there(&path)?
            && is(&text)
        {
            return statements(text, &path);
        }
        let beside = match self.schema_in_tars(files, &name)? {
            InTars::Sound(text, _) if is(&text) => {
                return statements(text, &path);
            }
            InTars::Damaged(error) => format!(", and {error}"),
            _ => String::new(),
        };
        if damaged {
            let what = format!("is not what the ledger says{beside}");
            return Err(not_as_said(&path, &what));
        }
        Err(Error::failed(format!("{} is not there{beside}", quoted(&path)))
            .hint(
                "name a file with the table's CREATE statements with \
                 --schema, or put that one back from a backup",
            ))
    }

    /// Whether a file `schema/NAME` is there and holds what its name says.
    pub fn has_schema(&self, name: &str) -> Result<bool> {
        let path = self.path(name)?;
        let Some(file) = open_schema(&path)? else {
            return Ok(false);
        };
        Ok(sound_schema(name, file, &path)?.is_some())
    }

    /// Makes sure that a file `schema/NAME` holds what its name says: a damaged
    /// one is written anew from a month's tar.
    ///
    /// # Errors
    /// Status 5 where no tar has it.
    pub fn mend_schema(&self, files: &Inventory, name: &str) -> Result<()> {
        if self.has_schema(name)? {
            return Ok(());
        }
        let beside = match self.schema_in_tars(files, name)? {
            InTars::Sound(text, _) => return self.put_schema(name, &text),
            InTars::Damaged(error) => format!("; {error}"),
            InTars::Nowhere => String::new(),
        };
        Err(Error::disagree(format!(
            "{} is not what its name says, and goes into no tar{beside}",
            quoted(self.path(name)?)
        ))
        .hint(
            "rt-verify --repair writes it anew, if the database or a tar \
             still has it; else put it back from a backup",
        ))
    }

    /// What the months' tars have of this name. Of a damaged tar what stands
    /// before the damage counts too: the name tells whether it is sound.
    pub fn schema_in_tars(
        &self,
        files: &Inventory,
        name: &str,
    ) -> Result<InTars> {
        let mut found = InTars::Nowhere;
        for (file, state) in files.files() {
            let has = |m: &&super::member::Member| m.name == name;
            if state.members.iter().find(has).is_none() {
                continue;
            }
            let path = self.path(file)?;
            match schema_in(&path, name) {
                Ok(text) if schema_is_sound(name, &digest(&text)) => {
                    return Ok(InTars::Sound(text, file.to_owned()));
                }
                Ok(_) => {
                    let what = format!("does not give {} whole", quote(name));
                    found = InTars::Damaged(not_as_said(&path, &what));
                }
                Err(error) => {
                    let doing = format!("reading {}", quote(name));
                    found = InTars::Damaged(error.during(doing));
                }
            }
        }
        Ok(found)
    }
}

/// A file of statements as it stands in a tar, as far as it can be read.
fn schema_in(path: &TreePath, name: &str) -> Result<Vec<u8>> {
    let tar = durable::open_if_there(path)?
        .ok_or_else(|| not_as_said(path, "is missing"))?;
    let mut text = None;
    let read = read_tar(tar, path.path(), &mut |entry, _, contents| {
        if entry == name {
            text = Some(read_statements(contents, path)?);
        }
        Ok(())
    });
    match text {
        Some(text) => Ok(text),
        None => read.and(Err(not_as_said(
            path,
            &format!("does not hold {}", quote(name)),
        ))),
    }
}

/// What a file of statements holds.
fn statements(text: Vec<u8>, path: &TreePath) -> Result<String> {
    String::from_utf8(text)
        .map_err(|_| Error::data(format!("{} is not UTF-8", quoted(path))))
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
