//! rt-rewrite: every archive of a table is written anew without the rows that
//! meet a condition. The order of writes stands in [`crate::archive`]'s `batch`.
//!
//! All files are looked through before the first one is touched. A hold over
//! any row that would go stops the run. A file that is not what the ledger says,
//! or has rows that are not settled, is left and named, for it may hold such
//! rows; the rest is done.

mod file;
mod look;
mod options;
mod record;

use std::io::Write;
use std::time::Duration;

use self::file::Rewrite;
use self::look::Look;
use self::record::Rewritten;
use crate::archive::{Archive, Inventory, Kind, Ledger, Origin, Tree};
use crate::error::{Error, Exit, Notes, Result, counted, quote};
use crate::outcome::Step;
use crate::signal::Stop;
use crate::upkeep;

pub use options::Options;

/// Rewrites; one record goes to `output`.
///
/// # Errors
/// Status 1 where rows would go and that was not confirmed, or where a hold is
/// over one of them: nothing was changed.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    upkeep::run(output, |record, stop| rewrite(options, record, notes, stop))
}

fn rewrite(
    options: &Options,
    record: &mut Rewritten,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Option<Error>> {
    record.table.clone_from(&options.table);
    "no_records".clone_into(&mut record.status);
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let origin = options.origin()?;
    let dry = options.settings.dry_run;
    if dry || !options.yes {
        let ledger = Ledger::open(&root, now, false)?;
        let tree = Tree::new(&root);
        leave_only_copies(ledger.files()?, &origin, record, notes);
        let look = Look { options, tree: &tree, ledger: &ledger, now };
        let found = look.files(&origin, record, notes, stop)?;
        record.count(&found);
        if let Some(held) = look.held(&origin, &found) {
            return Err(held);
        }
        if dry {
            "dry_run".clone_into(&mut record.status);
        } else if !found.is_empty() {
            "asked".clone_into(&mut record.status);
            return Ok(Some(record.ask(question(record))));
        }
        return Ok(None);
    }
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut work = Archive::begin(&root, now, wait, notes)?;
    for blocked in work.blocked() {
        record.block(blocked);
    }
    let (tree, ledger) = (work.tree(), work.ledger());
    leave_only_copies(ledger.files()?, &origin, record, notes);
    let look = Look { options, tree, ledger, now };
    let found = look.files(&origin, record, notes, stop)?;
    if let Some(held) = look.held(&origin, &found) {
        record.count(&found);
        return Err(held);
    }
    let items = found.into_iter().map(|shorter| Rewrite {
        options,
        origin: &origin,
        time: work.state().source(&origin).cloned(),
        shorter,
    });
    let items: Vec<Rewrite> = items.collect();
    upkeep::change_all(items, Kind::Erase, &mut work, record, notes, stop)?;
    Ok(None)
}

/// Rows of the table that are at a remote only are not looked into.
fn leave_only_copies(
    files: &Inventory,
    origin: &Origin,
    record: &mut Rewritten,
    notes: &mut dyn Notes,
) {
    for (remote, object) in files.shipments().only_copies(&origin.table) {
        let said = format!(
            "{} at {} holds rows of {} that rt-expire --shipped-only took out \
             of the tree: they are not looked into",
            quote(object),
            quote(remote),
            quote(&origin.table)
        );
        notes.warn(&said);
        record.leave(Exit::Partial, said);
    }
}

/// What is asked before rows are erased.
fn question(record: &Rewritten) -> Error {
    Error::failed(format!(
        "{} of {} in {} would be erased for good; nothing was changed",
        counted(record.rows, "row"),
        quote(&record.table),
        counted(record.files.len() as u64, "file")
    ))
    .hint("rt-cat shows them with the same --where; if it is meant, say --yes")
}
