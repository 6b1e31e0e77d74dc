//! A database beside the live one: made where it is asked for, and open for
//! the rows of one table.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::ahead::{Ahead, Stream};
use super::divide::Divider;
use super::lines::{bad, cut};
use super::options::Options;
use super::parser::Parser;
use super::part::Known;
use super::result::Imported;
use super::work::{Work, check_triggers, dated};
use crate::archive::{Ledger, Origin, Segment, StoredSegments, Tree};
use crate::crash;
use crate::db::{Access, Database, Table};
use crate::error::{Error, Notes, Result, quote, quoted};
use crate::io::durable;
use crate::signal;

/// Imports the lines.
pub(super) fn import(
    options: &Options,
    mut stream: Stream<'_>,
    notes: &mut dyn Notes,
) -> Result<Imported> {
    let Some(first) = stream.lines.peek()? else {
        (stream.whole)()?;
        if stream.lines.is_cut() {
            return Err(cut(1));
        }
        let table = options.table.clone();
        return Ok(Imported { table, ..Imported::default() });
    };
    let columns = Parser::names(first)
        .map_err(|what| bad(1, &format!("is no row record: {what}")))?;
    let (root, now) = (options.settings.archives(), options.settings.now()?);
    let name = options.settings.database()?;
    let origin = Origin::new(&options.table, name.as_deref());
    let segments = StoredSegments::read(&root, &origin)?;
    let ledger = Ledger::read(&root, now, notes)?;
    let path = options.into.clone().unwrap_or_default();
    let mut database = open(options, &path)?;
    if let Some(table) = database.table(&options.table)? {
        check_triggers(options, &mut database, &table)?;
    }
    let lock = database.begin_write()?;
    let tree = Tree::new(&root);
    let from = segments.newest_with(&columns);
    let table = table(options, &database, &ledger, (&tree, from))?;
    let dated = dated(options, &ledger, &origin, &table)?;
    let known = Known::read(&database, &table.name, &segments, now)?;
    let mut work = Work::new(options, &database, &table, Some(known))?;
    let ahead = Ahead {
        stream,
        parser: Parser::new(&table, options.ignore_extra),
        divider: Some(Divider::new(dated, &segments)),
    };
    let parser = ahead.read(&mut |batch| work.batch(batch))?;
    let record = work.end(&parser, notes)?;
    crash::point("import.inserted");
    lock.commit()?;
    database.flush()?;
    crash::point("import.committed");
    Ok(record)
}

/// Opens the side database; with `--create` one that is not there is made.
fn open(options: &Options, path: &Path) -> Result<Database> {
    let there = std::fs::metadata(path);
    if durable::if_there(there, "look at", path)?.is_none() {
        if !options.create {
            return Err(Error::usage(format!(
                "there is no database {}",
                quoted(path)
            ))
            .hint("--create makes it, and the table in it"));
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| Error::io("make", path, e))?;
        durable::sync_parent(path)?;
    }
    let live = Database::identity(&options.settings.db()).ok();
    if live == Some(Database::identity(path)?) {
        return Err(Error::usage(format!(
            "{} is the live database",
            quoted(path)
        ))
        .hint("the next run would archive these rows again"));
    }
    let busy = options.settings.busy.unwrap_or(Duration::from_secs(10));
    Database::open(path, Access::Insert, busy)
}

/// The table; with `--create` one that is not there is made.
fn table(
    options: &Options,
    database: &Database,
    ledger: &Ledger,
    (tree, from): (&Tree, Option<&Segment>),
) -> Result<Table> {
    let found = match database.table(&options.table)? {
        Some(table) => return Ok(table),
        None if !options.create => database.need_table(&options.table),
        None => {
            database.make_table(&schema(options, ledger, (tree, from))?)?;
            database.need_table(&options.table)
        }
    };
    let hint = "--create makes it from the schema that the archives keep";
    found.map_err(|error| match error.next_step() {
        None => error.hint(hint),
        Some(_) => error,
    })
}

/// The CREATE statements of the table.
fn schema(
    options: &Options,
    ledger: &Ledger,
    (tree, from): (&Tree, Option<&Segment>),
) -> Result<String> {
    if let Some(path) = &options.schema {
        let fail = |e| Error::io("read", path, e);
        let text = String::from_utf8(signal::read_file(path, fail)?);
        let fault = |_| std::io::ErrorKind::InvalidData.into();
        return text.map_err(|e| fail(fault(e)));
    }
    let Some(segment) = from else {
        return Err(Error::usage(format!(
            "{} knows no segment of {} with the columns of these rows",
            quoted(tree.root()),
            quote(&options.table)
        ))
        .hint("name a file with its CREATE statements with --schema"));
    };
    tree.kept_schema(ledger.files()?, segment)
}
