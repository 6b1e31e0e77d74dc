//! What is to go from a remote: what neither the ledger there names, nor the
//! one here, and is not the only copy.

use std::io::Write;

use super::Options;
use super::object::Leaving;
use crate::archive::{Ledger, LedgerLines, Withdraw};
use crate::error::{Exit, Notes, Result};
use crate::io::jsonl;

/// Prints what an earlier run said would go, and may still be there.
pub(super) fn leaving(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let ledger = options.ledger(notes)?;
    let remote = ledger.files()?.shipments().at(&options.remote);
    let names = remote.into_iter().flat_map(|remote| remote.leaving());
    print(names, output)?;
    Ok(Exit::Done)
}

/// Says in the ledger what will go, and prints it.
pub(super) fn withdraw(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    if options.settings.dry_run {
        let names = unnamed(options, &options.ledger(notes)?)?;
        print(names.iter().map(String::as_str), output)?;
        return Ok(Exit::Done);
    }
    // Chosen and entered under one lock: between the two no file may come
    // back, and go by what is said to be there.
    let mut archive = options.begin(notes)?;
    let objects = unnamed(options, archive.ledger())?;
    if objects.is_empty() {
        return Ok(Exit::Done);
    }
    archive.withdraw_objects(Withdraw {
        remote: options.remote.clone(),
        objects: objects.clone(),
    })?;
    drop(archive);
    print(objects.iter().map(String::as_str), output)?;
    Ok(Exit::Done)
}

fn unnamed(options: &Options, ledger: &Ledger) -> Result<Vec<String>> {
    let files = ledger.files()?;
    let Some(remote) = files.shipments().at(&options.remote) else {
        return Ok(Vec::new());
    };
    let mut named = files.objects();
    let names = remote.others(&named);
    if names.is_empty() {
        return Ok(names);
    }
    let there = LedgerLines::of(ledger)?.files_at(remote.ledger_seq())?;
    named.extend(there.objects());
    Ok(remote.others(&named))
}

fn print<'o>(
    names: impl Iterator<Item = &'o str>,
    output: &mut dyn Write,
) -> Result<()> {
    for object in names {
        let object = object.to_owned();
        jsonl::print(&Leaving { object }, output)?;
    }
    Ok(())
}
