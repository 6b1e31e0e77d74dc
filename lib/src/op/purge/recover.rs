//! What another run stored or began, and the lines that stay in doubt.
//!
//! Whether the rows of such a segment were deleted, and what was put back
//! since (a backup of the database, or of the tree), is not known. So there is
//! one rule: rows that are equal are deleted; a line is taken out only if its
//! row was found, equal, and stays, or if it is a second copy; a line whose row
//! is gone or differs stays, and is called superseded.
//!
//! Everything that decides about lines in doubt is here: which segments are
//! recovered, which batches without keys were committed, what counts as a
//! second copy, and what the operator is told.

use super::session::Session;
use super::tally::Tally;
use super::target::Target;
use crate::archive::{Counts, Open, Segment};
use crate::db::Identity;
use crate::error::Result;
use crate::line_set::LineSet;
use crate::proof::{Before, Source, Subject, claim_all, missing};

/// Whether a segment is recovered: another run stored it or began to delete
/// its rows, or it came from another file than the database that is open.
/// The first `others_bytes` of the ledger are another run's.
pub(super) fn recovers(
    open: &Open,
    others_bytes: u64,
    here: &Identity,
) -> bool {
    let by_others = open.at_bytes < others_bytes;
    let from = &open.segment;
    let same = from.db == here.path && from.db_inode == here.inode;
    by_others || !same || !open.purging.is_empty()
}

/// What became of the lines of a segment whose table is not there, or whose
/// file cannot be compared any more: they stay.
pub(super) fn without_rows(segment: &Segment) -> Counts {
    Counts { superseded: segment.rows, ..Counts::default() }
}

/// Which batches of a segment without keys an earlier run committed: those of
/// which no row is there.
pub(super) fn look_back(
    source: Source<'_>,
    target: &Target<'_>,
    subject: &Subject,
) -> Result<Before> {
    let schema = source.database.schema_version()?;
    let open = subject.segment.open();
    let purging = &open.purging;
    let mut before = Before {
        named: open.named(),
        committed: LineSet::default(),
        renumbered: purging.iter().any(|p| p.schema_version != Some(schema)),
    };
    if purging.is_empty() {
        return Ok(before);
    }
    claim_all(source, target.table, subject, &before)?;
    for event in purging {
        let mut there = false;
        for line in event.lines.iter() {
            there |= source.database.claim_of(line)?.is_some();
        }
        if !there {
            before.committed.union(&event.lines);
        }
    }
    Ok(before)
}

/// Lines in doubt of which a second copy is seen to stand elsewhere are taken
/// out. Rows without key are not asked about: equal ones are different rows.
pub(super) fn drop_second_copies(
    session: &Session<'_>,
    subject: &Subject,
    tally: &mut Tally,
) -> Result<()> {
    let segment = subject.segment.segment();
    if tally.superseded.is_empty()
        || segment.keyless_rows > 0
        || segment.adopted
    {
        return Ok(());
    }
    // A line that goes, or is itself in doubt, is no copy that another may
    // rest on.
    let going = tally.out();
    let mut stand = tally.found.clone();
    stand.subtract(&going);
    stand.subtract(&tally.superseded);
    let copies = session.archive.second_copies(
        &subject.segment,
        &tally.superseded,
        (&going, &stand),
    )?;
    tally.drop_copies(&copies);
    Ok(())
}

/// Lines whose rows were deleted, but whose record was in the archives before,
/// are taken out: the rows were put back out of them. As with a line in doubt,
/// the other line was read, in a file that is durable and has its digest.
pub(super) fn drop_repeated(
    session: &Session<'_>,
    subject: &Subject,
    tally: &mut Tally,
) -> Result<()> {
    let (archive, open) = (&*session.archive, subject.segment.open());
    if !archive.may_repeat(open)? {
        return Ok(());
    }
    // Of the segment itself no line counts: each is the only one of its row.
    let all: LineSet = (0..open.segment.rows).collect();
    tally.repeated = archive.second_copies(
        &subject.segment,
        &tally.deleted_lines(open.segment.rows),
        (&all, &LineSet::default()),
    )?;
    Ok(())
}

/// Rows that were to stay may have gone with one that was deleted, by a
/// trigger: their lines stay instead.
pub(super) fn look_for_kept(
    session: &Session<'_>,
    target: &Target<'_>,
    subject: &Subject,
    tally: &mut Tally,
) -> Result<()> {
    let kept = tally.kept();
    if target.missing_keeps_line && !kept.is_empty() {
        let source = session.source();
        let missing = missing(source, target.table, subject, &kept)?;
        tally.keep_lines(&missing);
    }
    Ok(())
}
