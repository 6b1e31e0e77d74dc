//! Rows back into the live database, where a hold keeps them.
//!
//! # Which write is durable before which
//!
//! 1. all lines are read, each is a row with a day, and they are laid aside;
//! 2. ledger: `hold` says which days of the table stay; fsync;
//! 3. the rows are inserted in one transaction, and compared.
//!
//! A crash before 3 leaves a hold over days without these rows, which the
//! same import goes on under. After 3 the rows are there, equal, and it
//! inserts none. An error in 3 releases the hold.

use std::io::{Read, Seek, Write};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::ahead::{Ahead, Stream, fill};
use super::batch::Batch;
use super::divide::{Dated, day};
use super::lines::{Lines, bad};
use super::options::Options;
use super::parser::Parser;
use super::result::Imported;
use super::work::{Work, check_triggers, dated};
use crate::archive::{Archive, Hold, Ledger, Origin, Tree};
use crate::crash;
use crate::db::{Access, Database, Key, Table};
use crate::error::{Error, Notes, Result, quote};
use crate::io::digest::hex;
use crate::io::spool::{spool, unheld};
use crate::time::{Day, rfc3339};

/// What was laid aside.
struct Aside {
    rows: Box<dyn Read + Send>,
    sha256: String,
    first: Day,
    last: Day,
}

/// Imports the lines, which stay for this reason.
pub(super) fn import(
    options: &Options,
    reason: &str,
    stream: Stream<'_>,
    notes: &mut dyn Notes,
) -> Result<Imported> {
    let settings = &options.settings;
    let (root, now) = (settings.archives(), settings.now()?);
    let mut database = settings.open(Access::Insert)?;
    let table = database.need_table(&options.table)?;
    database.check_purgeable(&table)?;
    if table.key == Key::None {
        return Err(keyless(&table));
    }
    check_triggers(options, &mut database, &table)?;
    let name = settings.database()?;
    let origin = Origin::new(&table.name, name.as_deref());
    let ledger = Ledger::read(&root, now, notes)?;
    let dated = dated(options, &ledger, &origin, &table)?;
    drop(ledger);
    let Some(aside) = lay_aside(options, &table, &dated, stream)? else {
        return Ok(Imported { table: table.name, ..Imported::default() });
    };
    crash::point("import.spooled");
    let identity = Database::identity(&settings.db())?;
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut archive = Archive::begin(&root, now, wait, notes)?;
    archive.state().check_source(&origin, &identity)?;
    archive.check_free(&origin, &identity)?;
    let (hold, is_new) = hold(&mut archive, &origin, options, reason, &aside)?;
    let done = insert(options, &database, &table, aside, notes);
    match done {
        Ok(record) => Ok(Imported { hold: Some(hold), ..record }),
        Err(error) => {
            // Nothing was inserted, and nothing is to be kept.
            if is_new {
                archive.release(&[hold])?;
            }
            Err(error)
        }
    }
}

/// Reads all lines, each of which must be a row with a day; none where there
/// are none.
fn lay_aside(
    options: &Options,
    table: &Table,
    dated: &Dated,
    mut stream: Stream<'_>,
) -> Result<Option<Aside>> {
    if dated.is_none() {
        return Err(Error::usage(format!(
            "nothing says which column dates the rows of {}",
            quote(&table.name)
        ))
        .hint("name it with --timestamp-column, or in the policy"));
    }
    let mut parser = Parser::new(table, options.ignore_extra);
    let (mut rows, mut hash) = (spool(), Sha256::new());
    let mut days: Option<(Day, Day)> = None;
    let mut batch = Batch::default();
    while !batch.is_last {
        fill(&mut batch, &mut stream.lines, &mut parser);
        for row in &batch.rows {
            if row.rowid.is_some() {
                return Err(keyless(table));
            }
            let Some(day) = day(dated, &batch, row) else {
                return Err(bad(row.number, "has no time that can be read"));
            };
            days = Some(match days {
                Some((first, last)) => (first.min(day), last.max(day)),
                None => (day, day),
            });
        }
        if batch.is_last {
            (stream.whole)()?;
        }
        if let Some(error) = batch.failed.take() {
            return Err(error);
        }
        hash.update(&batch.text);
        rows.write_all(&batch.text).map_err(unheld)?;
    }
    let Some((first, last)) = days else { return Ok(None) };
    rows.rewind().map_err(unheld)?;
    let sha256 = hex(&hash.finalize());
    Ok(Some(Aside { rows: Box::new(rows), sha256, first, last }))
}

/// The hold over these rows, and whether it was made now: the same rows for
/// the same reason are held once.
fn hold(
    archive: &mut Archive,
    origin: &Origin,
    options: &Options,
    reason: &str,
    aside: &Aside,
) -> Result<(String, bool)> {
    let now = options.settings.now()?;
    let until = options.until.map(rfc3339);
    let sha256 = Some(aside.sha256.clone());
    let same = archive.state().holds().of(origin, now).find(|hold| {
        hold.rows_sha256 == sha256
            && hold.reason == reason
            && hold.until == until
    });
    if let Some(hold) = same {
        return Ok((hold.id.clone(), false));
    }
    let id = Tree::new_id()?;
    archive.hold(Hold {
        id: id.clone(),
        table: origin.table.clone(),
        database: origin.database.clone(),
        first_day: Some(aside.first.to_string()),
        last_day: Some(aside.last.to_string()),
        reason: reason.to_owned(),
        until,
        rows_sha256: sha256,
    })?;
    Ok((id, true))
}

/// Inserts the rows in one transaction.
fn insert(
    options: &Options,
    database: &Database,
    table: &Table,
    mut aside: Aside,
    notes: &mut dyn Notes,
) -> Result<Imported> {
    let lock = database.begin_write()?;
    let mut work = Work::new(options, database, table, None)?;
    let ahead = Ahead {
        stream: Stream {
            lines: Lines::new(&mut aside.rows),
            whole: &mut || Ok(()),
            give_up: &|| (),
        },
        parser: Parser::new(table, options.ignore_extra),
        divider: None,
    };
    let parser = ahead.read(&mut |batch| work.batch(batch))?;
    let record = work.end(&parser, notes)?;
    database.check_path()?;
    crash::point("import.inserted");
    lock.commit()?;
    database.flush()?;
    crash::point("import.committed");
    Ok(record)
}

fn keyless(table: &Table) -> Error {
    Error::usage(format!(
        "rows of {} have no key: a row that is put back into the live \
         database cannot be told from another one",
        quote(&table.name)
    ))
    .hint("put them beside it, with --into FILE --create")
}
