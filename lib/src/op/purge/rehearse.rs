//! The dry run: the plan of a real run, compared line by line with the
//! database, and nothing written.
//!
//! The counts are what a real run would find now. Lines in doubt are counted
//! as kept, though second copies of them would go.

use super::chunk::{Chunk, Comparison, Finder};
use super::options::{Options, Results, Waited};
use super::plan::{self, Group, Known, failed};
use super::recover;
use super::tally::{Tally, Verdict};
use super::target::Target;
use crate::archive::{Ledger, Open, Receipt, Settled, Tree, look_by_hand};
use crate::db::{Access, Database, Identity, Kind, Reclaim};
use crate::error::{Exit, Notes, Result};
use crate::outcome::{Purged, Status};
use crate::proof::{Accesses, KeyedFinder, KeylessFinder, Source, Subject};
use crate::signal::Limit;
use crate::signal::Stop;

/// So many rows are compared before their digests are forgotten.
const ROWS_A_CHUNK: usize = 10_000;

/// Says what a run would settle, delete and keep.
pub(super) fn rehearse(
    options: &Options,
    waited: Waited,
    stop: &Stop,
    notes: &mut dyn Notes,
) -> Result<Results> {
    let mut results =
        Results { list: Vec::new(), reclaimed: None, end: Ok(()) };
    let idle = waited.receipts.is_empty()
        && !options.pending
        && options.archive.is_none();
    if idle && options.reclaim == Reclaim::None {
        return Ok(results);
    }
    let database = options.settings.open(Access::Read)?;
    database.check_reclaim(options.reclaim)?;
    if idle {
        return Ok(results);
    }
    let root = options.settings.archives();
    let ledger = Ledger::read(&root, options.settings.now()?, notes)?;
    let identity = Database::identity(&options.settings.db())?;
    let others_bytes = waited.others_bytes(options.pending);
    let list = &mut results.list;
    let of = (&database, &identity);
    let groups = groups(options, &ledger, of, waited.receipts, list)?;
    let limit = Limit { stop };
    let source = Source { database: &database, limit };
    let tree = Tree::new(&root);
    for group in groups {
        let result =
            match table(source, &tree, &group, (others_bytes, &identity)) {
                Ok(result) => result,
                Err(error) if error.ends_run() => return Err(error),
                Err(error) => {
                    notes.warn(&error.to_string());
                    failed(&group.table, &error)
                }
            };
        results.list.push(result);
    }
    Ok(results)
}

/// What a run would settle, in its order.
fn groups(
    options: &Options,
    ledger: &Ledger,
    (database, identity): (&Database, &Identity),
    receipts: Vec<Receipt>,
    results: &mut Vec<Purged>,
) -> Result<Vec<Group>> {
    for name in options.tables.iter().filter(|_| !options.pending) {
        if let Some(table) = database.table(name)? {
            database.check_purgeable(&table)?;
        }
    }
    if let Some(file) = &options.archive {
        let named =
            (options.tables.first().map(String::as_str), file.as_path());
        let name = options.settings.database()?;
        let database = (database, name.as_deref());
        let open = look_by_hand(ledger.state(), named, database, identity)?;
        return Ok(vec![plan::single(open)]);
    }
    let mut groups =
        plan::groups(options, ledger, identity, receipts, results)?;
    plan::order(&mut groups, database)?;
    Ok(groups)
}

/// What would become of one table's segments.
fn table(
    source: Source<'_>,
    tree: &Tree,
    group: &Group,
    from: (u64, &Identity),
) -> Result<Purged> {
    let mut result = Purged::new(&group.table, Status::DryRun);
    let table = source.database.table(&group.table)?;
    let table = table.filter(|table| table.kind == Kind::Ordinary);
    let mut all_gone = false;
    for known in &group.segments {
        let open = match known {
            Known::Open(open) => open,
            Known::Settled(settled) => {
                settled.add_to(&mut result);
                continue;
            }
        };
        let counts = match &table {
            None => {
                all_gone = true;
                recover::without_rows(&open.segment)
            }
            Some(table) => {
                let target = Target::new(source.database, table, &[])?;
                let tally = compare(source, tree, &target, open, from)?;
                all_gone |= tally.recovering
                    && tally.superseded.len() == open.segment.rows;
                tally.counts()
            }
        };
        Settled::of(&open.segment, counts).add_to(&mut result);
    }
    result.say_kept(all_gone);
    result.exit_status = all_gone.then_some(Exit::Partial.code());
    Ok(result)
}

/// Compares a segment's lines with their rows, as if equal ones were deleted.
fn compare(
    source: Source<'_>,
    tree: &Tree,
    target: &Target<'_>,
    open: &Open,
    (others_bytes, here): (u64, &Identity),
) -> Result<Tally> {
    let segment = tree.look_at(open)?;
    let subjects = [Subject::new(segment, target.table)?];
    let subject = &subjects[0];
    let mut accesses =
        Accesses::new(source.database, target.table, &subjects)?;
    let finder = match open.segment.keyless_rows {
        0 => Finder::Keyed(KeyedFinder::default()),
        _ => {
            let before = recover::look_back(source, target, subject)?;
            let finder =
                KeylessFinder::new(source, target.table, subject, before)?;
            Finder::Keyless(finder)
        }
    };
    let mut tallies = [Tally {
        recovering: recover::recovers(open, others_bytes, here),
        ..Tally::default()
    }];
    let mut chunk = Chunk::begin(&subjects, finder, None)?;
    let mut gather = !target.references.is_empty();
    loop {
        let mut with = Comparison {
            target,
            subjects: &subjects,
            accesses: &mut accesses,
            tallies: &mut tallies,
        };
        if std::mem::take(&mut gather) {
            chunk.gather(source, &mut with)?;
        }
        chunk.fill(source, &mut with, ROWS_A_CHUNK, &|| false)?;
        if chunk.rows.is_empty() {
            let [tally] = tallies;
            return Ok(tally);
        }
        for row in &chunk.rows {
            tallies[0].note(row.line, Verdict::Deleted);
        }
        chunk.drop_first(chunk.rows.len());
    }
}
