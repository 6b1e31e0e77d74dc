//! A file that an operator deleted: the ledger takes note, and nothing misses
//! it any more.
//!
//! Only what is really gone is entered so. A file whose rows may still be in a
//! database, or that only a link or a folder hides, is not.

use std::collections::BTreeSet;

use crate::archive::{
    Archive, Batch, Change, FileState, Kind, Ledger, Ready, Tree,
};
use crate::error::{Error, Notes, Result, quote, quoted};
use crate::io::durable;
use crate::outcome::Expiry;

/// Enters that these files are gone.
pub(super) fn enter(
    files: &[String],
    work: &mut Archive,
    record: &mut Expiry,
    notes: &mut dyn Notes,
) -> Result<()> {
    // All or none: a name that is refused is mostly a mistake.
    for file in files {
        check(work.tree(), work.ledger(), file)?;
    }
    let mut batch = Batch::new(Kind::Expire);
    let (mut entered, mut seen) = (Vec::new(), BTreeSet::new());
    for file in files.iter().filter(|file| seen.insert(*file)) {
        let known = check(work.tree(), work.ledger(), file)?.clone();
        let change = Change {
            expires: known.members.clone(),
            by_hand: true,
            ..Change::of(file, Some(known.named(file)))?
        };
        batch.add(Ready { change, draft: None, proven: None });
        entered.push((file, known));
    }
    let (done, ended) = work.publish_changes(batch);
    for (file, known) in entered.iter().take(done) {
        notes.verbose(&format!("{} is gone", quote(file)));
        count(record, file, known);
        "purged".clone_into(&mut record.status);
    }
    ended
}

/// What entering it would say.
pub(super) fn rehearse(
    files: &[String],
    tree: &Tree,
    ledger: &Ledger,
    record: &mut Expiry,
) -> Result<()> {
    for file in files {
        count(record, file, check(tree, ledger, file)?);
    }
    Ok(())
}

/// What the ledger knows of a file that is gone.
fn check<'s>(
    tree: &Tree,
    ledger: &'s Ledger,
    file: &str,
) -> Result<&'s FileState> {
    let state = ledger.state();
    let known = ledger.files()?.file(file).ok_or_else(|| {
        Error::usage(format!("the ledger knows no file {}", quote(file))).hint(
            "name it as rt-stat --archives does, relative to the tree; \
                 one that is not in the ledger is missed by nobody",
        )
    })?;
    let path = tree.path(file)?;
    if durable::metadata_if_there(&path)?.is_some() {
        return Err(Error::usage(format!("{} is there", quoted(&path))).hint(
            "--file is for a file that somebody has deleted; what is \
                 there goes by itself when its retention ends",
        ));
    }
    let open = state.intents().chain(state.unsettled());
    if open.into_iter().any(|open| open.segment.file == file)
        || state.changes().iter().any(|(_, c)| c.file == file)
    {
        return Err(Error::disagree(format!(
            "a run was at work on {} and did not finish, and it is gone",
            quote(file)
        ))
        .hint("put it back from a backup, then run rt-purge --pending"));
    }
    Ok(known)
}

fn count(record: &mut Expiry, file: &str, known: &FileState) {
    record.purged_files.push(file.to_owned());
    record.purged_members += known.members.len() as u64;
    record.purged_bytes += known.size_bytes;
}
