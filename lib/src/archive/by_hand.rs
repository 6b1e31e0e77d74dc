//! A file made by hand (`rt-export t | rt-gzip > f.json.gz`) as its own
//! receipt: it is entered in the ledger as one published segment. Its lines
//! are never taken out, for nobody but its maker writes it.

use std::path::Path;
use std::sync::Arc;

use super::event::{Compression, Segment};
use super::names::{Origin, Tree};
use super::open::Open;
use super::owner::Archive;
use super::segment::{Text, whole_lines};
use super::state::State;
use sha2::{Digest, Sha256};

use crate::db::{Database, Identity, Table};
use crate::error::{Error, Result, quote, quoted};
use crate::io::digest::{file_sha256, hex};
use crate::io::durable;
use crate::record::{ARCHIVED_AT, Fields, ROWID};

/// What a look through the file gives.
#[derive(Default)]
struct Survey {
    rows: u64,
    keyless: u64,
    columns: Vec<String>,
    text_size: u64,
    text: Sha256,
}

/// Enters the file in the ledger.
pub fn enter_by_hand(
    archive: &mut Archive,
    (name, file): (Option<&str>, &Path),
    (database, database_name): (&Database, Option<&str>),
    identity: &Identity,
) -> Result<Open> {
    let table = table_of(name, database)?;
    let origin = Origin::new(&table.name, database_name);
    archive.check_free(&origin, identity)?;
    let file = absolute(file)?;
    archive.sync_file(&file)?;
    let segment = segment(&file, (&table, origin), identity)?;
    archive.tree().keep_schema(&table.name, &table.schema)?;
    archive.enter_file(segment)
}

/// The file as [`enter_by_hand`] would enter it, for a dry run: nothing is
/// written.
pub fn look_by_hand(
    state: &State,
    (name, file): (Option<&str>, &Path),
    (database, database_name): (&Database, Option<&str>),
    identity: &Identity,
) -> Result<Open> {
    let table = table_of(name, database)?;
    let origin = Origin::new(&table.name, database_name);
    state.check_settled(&origin, identity)?;
    let file = absolute(file)?;
    let segment = segment(&file, (&table, origin), identity)?;
    Ok(Open {
        segment: Arc::new(segment),
        published: true,
        purging: Vec::new(),
        retract: None,
        // Behind all that is in the ledger.
        at_bytes: u64::MAX,
    })
}

impl Archive {
    /// Whether a file made by hand is no longer what it was when it was
    /// entered: it proves nothing any more, and no row goes on its strength.
    pub fn is_changed_by_hand(&self, segment: &Segment) -> Result<bool> {
        if !segment.adopted {
            return Ok(false);
        }
        let path = self.tree().path(&segment.file)?;
        Ok(match durable::open_if_there(&path)? {
            Some(file) => file_sha256(file, &path)? != segment.file_sha256,
            None => true,
        })
    }
}

fn table_of(name: Option<&str>, database: &Database) -> Result<Table> {
    let name = name.ok_or_else(|| {
        Error::usage("--archive needs the TABLE whose rows the file holds")
    })?;
    database.need_table(name)
}

fn absolute(file: &Path) -> Result<String> {
    let path =
        std::fs::canonicalize(file).map_err(|e| Error::io("open", file, e))?;
    let path = path.into_os_string().into_string();
    path.map_err(|path| {
        let path = quoted(Path::new(&path));
        Error::usage(format!("the path {path} is not UTF-8"))
    })
}

/// A whole file as one segment.
fn segment(
    file: &str,
    (table, origin): (&Table, Origin),
    identity: &Identity,
) -> Result<Segment> {
    let path = Path::new(file);
    let (compression, survey) = survey(path, table)?;
    if survey.rows == 0 {
        return Err(Error::data(format!("{} holds no rows", quoted(path))));
    }
    let input = durable::open_read(path)?;
    let size_bytes = durable::length(&input, path)?;
    let sha256 = file_sha256(input, path)?;
    Ok(Segment {
        id: Tree::new_id()?,
        db: identity.path.clone(),
        db_device: identity.device,
        db_inode: identity.inode,
        database: origin.database,
        table: origin.table,
        file: file.to_owned(),
        size_bytes,
        sha256: sha256.clone(),
        file_sha256: sha256,
        rows: survey.rows,
        keyless_rows: survey.keyless,
        text_size_bytes: survey.text_size,
        text_sha256: hex(&survey.text.finalize()),
        compression,
        columns: survey.columns,
        schema_sha256: hex(&Sha256::digest(table.schema.as_bytes())),
        adopted: true,
        // None are excluded: a column that the file lacks may have come later,
        // and must be NULL.
        ..Segment::default()
    })
}

/// Looks through all lines: each must be a row of the table, with the same
/// columns, and have its key.
fn survey(path: &Path, table: &Table) -> Result<(Compression, Survey)> {
    let mut magic = [0u8; 2];
    let n = durable::read_full(&mut durable::open_read(path)?, &mut magic)
        .map_err(|e| Error::io("read", path, e))?;
    let gzip = n == 2 && magic == [0x1f, 0x8b];
    let mut out = Survey::default();
    let name = quoted(path);
    let mut take = |piece: &mut Vec<u8>| -> Result<()> {
        out.text.update(&piece);
        out.text_size += piece.len() as u64;
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").ok_or_else(|| {
                Error::data(format!(
                    "{name} ends in the middle of a line: it was cut short"
                ))
            })?;
            out.look(line, table).map_err(|what| {
                let at = out.rows + 1;
                Error::data(format!("{name}, line {at}: {what}")).hint(
                    "it takes what rt-export writes as JSON Lines; an array \
                     goes through rt-store --single, or jq -c '.[]'",
                )
            })?;
        }
        Ok(())
    };
    let mut input = durable::open_read(path)?;
    let text = Text { name: &name, plain: !gzip, is_known: false, threads: 1 };
    whole_lines(&mut input, text, &mut take)?;
    let compression = if gzip { Compression::Gzip } else { Compression::None };
    Ok((compression, out))
}

impl Survey {
    fn look(
        &mut self,
        line: &[u8],
        table: &Table,
    ) -> std::result::Result<(), String> {
        if line == b"[" {
            return Err("a JSON array, and not JSON Lines".to_owned());
        }
        let mut fields = Fields::new(line);
        let (mut count, mut keyless) = (0, false);
        while let Some(field) = fields.next().map_err(|f| f.to_string())? {
            if field.key.is(ROWID) {
                keyless = true;
                continue;
            }
            if field.key.is(ARCHIVED_AT) {
                return Err("it comes out of a tree".to_owned());
            }
            let key = field.key.text().map_err(|f| f.to_string())?;
            let key = String::from_utf8_lossy(&key);
            let column = table
                .column(&key)
                .ok_or_else(|| format!("no column {}", quote(&key)))?;
            let name = &table.columns[column].name;
            field.value.to_owned_if(false).map_err(|f| f.to_string())?;
            if self.rows == 0 && self.columns.contains(name) {
                return Err(format!("column {} twice", quote(name)));
            } else if self.rows == 0 {
                self.columns.push(name.clone());
            } else if self.columns.get(count) != Some(name) {
                return Err("other columns than the first line".to_owned());
            }
            count += 1;
        }
        if count != self.columns.len() {
            return Err("other columns than the first line".to_owned());
        }
        for column in table.key_columns() {
            let name = &table.columns[column].name;
            if !self.columns.contains(name) {
                return Err(format!("no key column {}", quote(name)));
            }
        }
        self.rows += 1;
        self.keyless += u64::from(keyless);
        Ok(())
    }
}
