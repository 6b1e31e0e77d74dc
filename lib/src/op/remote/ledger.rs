//! The ledger at a remote: whether it is this tree's, and the next piece of it.

use std::collections::BTreeSet;
use std::io::Write;

use super::listing::listed;
use super::{Object, Options};
use crate::archive::{
    Inventory, Ledger, LedgerLines, Remote, STAGE, State, under_way,
};
use crate::error::{Error, Exit, Notes, Result, counted, quote};
use crate::io::durable::{self, Temp};
use crate::io::jsonl;

/// Whether what a remote has of a ledger is of this one, and all of it that
/// this one says is there.
pub(super) fn check(options: &Options, notes: &mut dyn Notes) -> Result<Exit> {
    let ledger = options.ledger(notes)?;
    let lines = LedgerLines::of(&ledger)?;
    let path = options.listing.as_deref().unwrap_or("".as_ref());
    let mut names = BTreeSet::new();
    for piece in listed(path)? {
        let name = format!("ledger/{}", piece.path);
        if !lines.have(&name)? {
            return Err(Error::disagree(format!(
                "{} has {}, which is not of this tree's ledger",
                quote(&options.remote),
                quote(&name)
            ))
            .hint(
                "another tree is shipped there, or this one was put back from \
                 an older copy: rt-fetch brings the newer one; a tree of its \
                 own is shipped under another --host",
            ));
        }
        names.insert(name);
    }
    let files = ledger.files()?;
    let known = files.shipments().at(&options.remote);
    let seq = known.map_or(0, Remote::ledger_seq);
    if seq > 0 && names.is_empty() {
        return Err(Error::disagree(format!(
            "{} has no ledger any more, and the ledger says that line {seq} \
             of it was there",
            quote(&options.remote)
        ))
        .hint(
            "what is missing there cannot be told from here: look at it, or \
             ship everything anew under another --host",
        ));
    }
    Ok(Exit::Done)
}

/// Makes the next piece of the ledger ready, and prints what it is; nothing
/// where the remote has all that matters.
///
/// A ledger at a remote names only what is there: so it ends where nothing is
/// under way, and where everything it names was shipped.
pub(super) fn stage(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let archive = options.begin(notes)?;
    let (state, ledger) = (archive.state(), archive.ledger());
    let files = ledger.files()?;
    let nothing = Remote::default();
    let remote = files.shipments().at(&options.remote).unwrap_or(&nothing);
    if let Some(why) = lacks(state, files, remote) {
        notes.warn(&format!(
            "{why}: the ledger at {} stays as it is until that is there",
            quote(&options.remote)
        ));
        return Ok(Exit::Partial);
    }
    let Some(object) =
        next(ledger, remote, &archive.tree().top().join(STAGE))?
    else {
        return Ok(Exit::Done);
    };
    jsonl::print(&object, output)?;
    Ok(Exit::Done)
}

/// Why not all that the ledger names is at a remote, if it is not.
fn lacks(state: &State, files: &Inventory, remote: &Remote) -> Option<String> {
    let open = under_way(state).len() as u64;
    if open > 0 {
        return Some(format!(
            "a run was begun and not finished on {}",
            counted(open, "file")
        ));
    }
    let missing = files.files().filter(|(f, s)| !remote.has(f, &s.sha256));
    match missing.count() as u64 {
        0 => None,
        n => Some(format!("{} not shipped yet", counted(n, "file"))),
    }
}

/// The lines that a remote lacks, in a file of their own, if they say anything
/// that it should know.
fn next(
    ledger: &Ledger,
    remote: &Remote,
    folder: &crate::io::tree_path::TreePath,
) -> Result<Option<Object>> {
    let lines = LedgerLines::of(ledger)?;
    let first = remote.ledger_seq() + 1;
    let piece = lines.piece(first, lines.count())?;
    let Some(piece) = piece.filter(|piece| piece.has_news()) else {
        return Ok(None);
    };
    let name = piece.name();
    let path = folder.join("stage").join(&name);
    durable::add_folders(&path.folder())?;
    let mut temp = Temp::create(&path.folder())?;
    let fail = |e| Error::io("write", &path, e);
    temp.file()?.write_all(&piece.text).map_err(fail)?;
    temp.replace(&path)?;
    Ok(Some(Object {
        object: name,
        file: "ledger.jsonl".to_owned(),
        size_bytes: piece.text.len() as u64,
        sha256: piece.sha256(),
        lines: Some((piece.first, piece.last)),
    }))
}
