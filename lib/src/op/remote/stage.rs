//! What is to be copied: the files with which nothing is under way, and the
//! statements, that are not at the remote yet.

use std::io::Write;

use super::{Object, Options};
use crate::archive::tiers::entries;
use crate::archive::{
    Inventory, Remote, STAGE, Ship, State, Tree, not_as_said, open_schema,
    sound_schema, under_way,
};
use crate::error::{Exit, Notes, Result, quote};
use crate::io::digest::is_file;
use crate::io::tree_path::TreePath;
use crate::io::{durable, jsonl};

/// Makes copies ready, and prints what they are.
pub(super) fn stage(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let mut left = Left { notes, exit: Exit::Done };
    if options.settings.dry_run {
        let ledger = options.ledger(left.notes)?;
        let tree = Tree::new(&options.settings.archives());
        let (state, files) = (ledger.state(), ledger.files()?);
        for object in wanted(&tree, state, files, options, &mut left)? {
            jsonl::print(&object, output)?;
        }
        return Ok(left.exit);
    }
    let mut archive = options.begin(left.notes)?;
    let tree = archive.tree().clone();
    let files = archive.files()?;
    let mut objects =
        wanted(&tree, archive.state(), files, options, &mut left)?;
    if objects.is_empty() {
        return Ok(left.exit);
    }
    archive.begin_shipping(Ship {
        remote: options.remote.clone(),
        objects: objects.iter().map(|o| o.object.clone()).collect(),
    })?;
    let stage = tree.top().join(STAGE).join("stage");
    link(&tree, &stage, &mut objects, &mut left)?;
    // Nobody writes into a file of a tree: what has the second name stays what
    // it is, and is read without the lock.
    drop(archive);
    for object in objects {
        match is_sound(&stage.join(&object.object), &object)? {
            true => jsonl::print(&object, output)?,
            false => left.note(
                Exit::Disagree,
                &not_as_said(&object.file, "is not what the ledger says")
                    .to_string(),
            ),
        }
    }
    Ok(left.exit)
}

/// Gives each file a second name; one that is not there is left out.
fn link(
    tree: &Tree,
    stage: &TreePath,
    objects: &mut Vec<Object>,
    left: &mut Left<'_>,
) -> Result<()> {
    let mut linked = Ok(());
    objects.retain(|object| {
        let to = stage.join(&object.object);
        let path = tree.path(&object.file);
        let done = path.and_then(|from| durable::link_or_copy(&from, &to));
        match done {
            Ok(true) => true,
            Ok(false) => {
                left.note(Exit::Disagree, &missing(&object.file));
                false
            }
            Err(error) => {
                linked = Err(error);
                false
            }
        }
    });
    linked
}

/// Whether a copy that was made ready is what the ledger says; another is
/// removed.
fn is_sound(path: &TreePath, object: &Object) -> Result<bool> {
    let known = (object.size_bytes, object.sha256.as_str());
    if is_file(durable::open_read(path)?, path, known)? {
        return Ok(true);
    }
    durable::remove_if_there(path)?;
    Ok(false)
}

fn missing(file: &str) -> String {
    not_as_said(file, "is missing").to_string()
}

/// What is left out, and the status for it.
struct Left<'n> {
    notes: &'n mut dyn Notes,
    exit: Exit,
}

impl Left<'_> {
    fn note(&mut self, exit: Exit, what: &str) {
        self.notes.warn(what);
        self.exit = self.exit.and(exit);
    }
}

/// What is not at the remote yet, by the ledger; each object once.
fn wanted(
    tree: &Tree,
    state: &State,
    files: &Inventory,
    options: &Options,
    left: &mut Left<'_>,
) -> Result<Vec<Object>> {
    let nothing = Remote::default();
    let remote = files.shipments().at(&options.remote).unwrap_or(&nothing);
    let open = under_way(state);
    let sealed = files.files().filter(|(file, _)| !open.contains(file));
    let mut objects: Vec<Object> = sealed
        .map(|(file, f)| Object::of(file, f.size_bytes, &f.sha256))
        .collect();
    objects.extend(schemas(tree, left)?);
    objects.retain(|o| !remote.has(&o.file, &o.sha256));
    objects.retain(|object| {
        if !object.is_plain() {
            let name = quote(&object.file);
            let what =
                format!("{name} is left out: its name cannot be listed");
            left.note(Exit::Partial, &what);
        }
        object.is_plain()
    });
    Ok(objects)
}

/// A file of statements, if it is still there.
///
/// # Errors
/// It cannot be read, or is not what its name says.
fn schema(file: &str, path: &TreePath) -> Result<Option<Object>> {
    let Some(open) = open_schema(path)? else { return Ok(None) };
    let size_bytes = durable::length(&open, path)?;
    let sha256 = sound_schema(file, open, path)?
        .ok_or_else(|| not_as_said(path, "is not what its name says"))?;
    Ok(Some(Object::of(file, size_bytes, &sha256)))
}

/// The statements of the tree; those that are damaged, or no files, are left
/// out.
fn schemas(tree: &Tree, left: &mut Left<'_>) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for (name, path) in entries(&tree.folder("schema")?)? {
        if durable::is_temporary(&name) {
            continue;
        }
        let file = format!("schema/{name}");
        match schema(&file, &path) {
            Ok(object) => objects.extend(object),
            Err(error) => left.note(Exit::Disagree, &error.to_string()),
        }
    }
    Ok(objects)
}
