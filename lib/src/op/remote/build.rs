//! A tree out of what came back from a remote.
//!
//! `DIR/objects` is what was fetched, under the names that it has at the
//! remote; `DIR/tree` is made of it when all of it is there. The ledger is put
//! together byte for byte. Where only some days were asked for, it then says
//! of the other files that they are not here, and stay at the remote.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::{Object, Options};
use crate::archive::tiers::entries;
use crate::archive::{
    Archive, Audit, Batch, Change, Event, FileState, Kind, Ready, Tree,
    join_pieces, schema_file,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::digest::file_sha256;
use crate::io::durable::{self, Temp};
use crate::io::jsonl;
use crate::io::tree_path::TreePath;

/// Makes the tree, or prints what is still to be fetched for it and ends with
/// status 3.
pub(super) fn build(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let dir = Path::new(&options.remote);
    let objects = TreePath::root(dir).join("objects");
    let tree = Tree::new(&dir.join("tree"));
    put_ledger(&objects, &tree, notes)?;
    let Said { wanted, left } = said(options, &tree)?;
    let missing = missing(&objects, &wanted)?;
    if options.settings.dry_run || !missing.is_empty() {
        let listed = if options.settings.dry_run { &wanted } else { &missing };
        for object in listed {
            jsonl::print(object, output)?;
        }
        return Ok(match options.settings.dry_run {
            true => Exit::Done,
            false => Exit::Partial,
        });
    }
    let mut folders = BTreeSet::new();
    for object in &wanted {
        let to = tree.path(&object.file)?;
        durable::remove_if_there(&to)?;
        durable::link_or_copy(&objects.join(&object.object), &to)?;
        own(&to)?;
        folders.insert(to.folder());
    }
    folders.iter().try_for_each(durable::sync_up)?;
    if !left.is_empty() {
        take_leave(options, &tree, left, notes)?;
    }
    Ok(Exit::Done)
}

/// The ledger of the pieces, as the tree's.
fn put_ledger(
    objects: &TreePath,
    tree: &Tree,
    notes: &mut dyn Notes,
) -> Result<()> {
    let mut pieces = BTreeMap::new();
    for (name, path) in entries(&objects.join("ledger"))? {
        let bytes = durable::read_if_there(&path)?.unwrap_or_default();
        pieces.insert(format!("ledger/{name}"), bytes);
    }
    let (text, halves) = join_pieces(pieces)?;
    for half in halves {
        let half = quote(&half);
        notes.warn(&format!("{half} is a half copy, and is left out"));
    }
    if text.is_empty() {
        return Err(Error::usage("there is no ledger at the remote").hint(
            "look at the folders there with rclone lsf REMOTE: one of them, \
             host=NAME, is that of the tree; --host NAME says which",
        ));
    }
    let path = tree.path("ledger.jsonl")?;
    durable::make_folders(tree.top())?;
    let mut temp = Temp::create(tree.top())?;
    let fail = |e| Error::io("write", &path, e);
    temp.file()?.write_all(&text).map_err(fail)?;
    temp.sync()?;
    temp.replace(&path)?;
    durable::sync_folder(tree.top())
}

/// What a ledger says is to be fetched.
struct Said {
    wanted: Vec<Object>,
    /// Files of days that were not asked for.
    left: Vec<(String, FileState)>,
}

fn said(options: &Options, tree: &Tree) -> Result<Said> {
    let mut schemas: BTreeMap<String, String> = BTreeMap::new();
    let audit = Audit::of(tree.root(), &mut |event, _, _| {
        if let Event::Store(segment) = event {
            let sha256 = segment.schema_sha256.clone();
            schemas.insert(schema_file(segment), sha256);
        }
    })?;
    if let Some((line, what)) = audit.faults.first() {
        return Err(Error::disagree(format!(
            "the ledger at the remote, line {line}: {what}"
        ))
        .hint("a piece of it was changed there: put it back"));
    }
    let selection = options.selection();
    let files = audit.said.files.files();
    let (wanted, left): (Vec<_>, Vec<_>) = files.partition(|(_, file)| {
        selection.is_all() || file.members.iter().any(|m| selection.wants(m))
    });
    let object = |(file, f): (&str, &FileState)| {
        Object::of(file, f.size_bytes, &f.sha256)
    };
    let mut wanted: Vec<Object> = wanted.into_iter().map(object).collect();
    let statements =
        schemas.iter().map(|(file, sha256)| Object::of(file, 0, sha256));
    wanted.extend(statements);
    let left = left.into_iter().map(|(file, f)| (file.to_owned(), f.clone()));
    Ok(Said { wanted, left: left.collect() })
}

/// What was not fetched yet, or not whole: that is fetched again.
fn missing(objects: &TreePath, wanted: &[Object]) -> Result<Vec<Object>> {
    let mut missing = Vec::new();
    for object in wanted {
        let path = objects.join(&object.object);
        let found = match durable::open_if_there(&path)? {
            None => false,
            Some(file) => file_sha256(file, &path)? == object.sha256,
        };
        if !found {
            durable::remove_if_there(&path)?;
            missing.push(object.clone());
        }
    }
    Ok(missing)
}

/// Makes a file that came back its owner's alone, and durable.
fn own(path: &TreePath) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let file = durable::open_read(path)?;
    file.set_permissions(PermissionsExt::from_mode(0o600))
        .map_err(|e| Error::io("change the mode of", path, e))?;
    file.sync_all().map_err(|e| Error::io("fsync", path, e))
}

/// Says in the new tree's ledger that these files are not in it, and stay at
/// the remote.
fn take_leave(
    options: &Options,
    tree: &Tree,
    left: Vec<(String, FileState)>,
    notes: &mut dyn Notes,
) -> Result<()> {
    let now = options.settings.now()?;
    let wait = Duration::from_secs(60);
    let mut archive = Archive::begin(tree.root(), now, wait, notes)?;
    let mut batch = Batch::new(Kind::Expire);
    for (file, known) in left {
        batch.add(Ready {
            change: Change {
                expires: known.members.clone(),
                by_hand: true,
                shipped: true,
                ..Change::of(&file, Some(known.named(&file)))?
            },
            draft: None,
            proven: None,
        });
    }
    archive.publish_changes(batch).1
}
