//! What an interrupted run left: temporary files, and intents whose end the
//! ledger does not know.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::change::{Change, Named};
use super::event::{Event, Segment};
use super::owner::{Archive, Blocked, not_as_said};
use crate::crash;
use crate::error::{Error, Exit, Notes, Result, quoted};
use crate::io::digest::file_sha256;
use crate::io::tree_path::TreePath;
use crate::io::{beneath, durable};

/// What a file was found to be.
enum Form {
    /// The segment is there.
    After,
    /// The file is exactly what it was before.
    Before,
}

impl Archive {
    /// Completes or voids every open intent, and sweeps temporary files. A
    /// file that is neither form is damage: it and its table are left alone.
    pub(super) fn recover(&mut self, notes: &mut dyn Notes) -> Result<()> {
        self.sweep()?;
        let intents: Vec<Arc<Segment>> =
            self.ledger.state().intents().map(|o| o.segment.clone()).collect();
        for segment in intents {
            let event = match self.durable_form(&segment) {
                Ok(Form::After) => {
                    crash::point("recover.synced");
                    Event::Published { id: segment.id.clone() }
                }
                Ok(Form::Before) => Event::Void { id: segment.id.clone() },
                Err(error) if error.ends_run() => return Err(error),
                Err(error) => {
                    self.check_lock()?;
                    self.ledger.sync()?;
                    notes.warn(&error.to_string());
                    self.block(&segment.table, &error);
                    continue;
                }
            };
            self.append(&[event])?;
        }
        self.recover_changes(notes)
    }

    /// What a segment's file is found to be, which is durable then: a rename
    /// that is only in memory may still be lost, and so may an unlink.
    fn durable_form(&self, segment: &Segment) -> Result<Form> {
        let form = self.form(segment)?;
        match (&form, &segment.before_sha256) {
            (Form::Before, None) => {
                self.sync_nearest(&self.tree.path(&segment.file)?)?;
            }
            _ => self.sync_file(&segment.file)?,
        }
        Ok(form)
    }

    /// The same for intents of consolidation, expiry and erasure, of which a
    /// batch may have left many.
    fn recover_changes(&mut self, notes: &mut dyn Notes) -> Result<()> {
        let open: Vec<_> = self.state().changes().iter().cloned().collect();
        if open.is_empty() {
            return Ok(());
        }
        // Whoever wrote the intents may have died before they were durable.
        self.ledger.sync()?;
        let (mut done, mut void) = (Vec::new(), Vec::new());
        for (kind, change) in open {
            match self.change_form(&change) {
                Ok(Form::After) => done.push((kind, change)),
                Ok(Form::Before) => void.push(change),
                Err(error) if error.ends_run() => return Err(error),
                Err(error) => {
                    self.block_change(&change, &error, notes);
                }
            }
        }
        if self.void_changes(&void).is_err() {
            for change in &void {
                let ended = self.void_changes(std::slice::from_ref(change));
                self.block_unless(ended, change, notes)?;
            }
        }
        if self.finish_changes(&done).is_err() {
            for one in &done {
                let ended = self.finish_changes(std::slice::from_ref(one));
                self.block_unless(ended, &one.1, notes)?;
            }
        }
        Ok(())
    }

    /// Leaves the tables of a change alone that could not be ended; others go
    /// on, as long as lock and ledger are sound.
    fn block_unless(
        &mut self,
        ended: Result<()>,
        change: &Change,
        notes: &mut dyn Notes,
    ) -> Result<()> {
        let Err(error) = ended else { return Ok(()) };
        if error.ends_run() {
            return Err(error);
        }
        self.check_lock()?;
        self.ledger.sync()?;
        self.block_change(change, &error, notes);
        Ok(())
    }

    fn block_change(
        &mut self,
        change: &Change,
        error: &Error,
        notes: &mut dyn Notes,
    ) {
        notes.warn(&error.to_string());
        for member in change.members.iter().chain(&change.expires) {
            if let Some(table) = &member.table {
                self.block(table, error);
            }
        }
        for erased in &change.erases {
            self.block(&erased.table, error);
        }
    }

    fn change_form(&self, change: &Change) -> Result<Form> {
        let path = self.tree.path(&change.file)?;
        // A link in the way of what is to be removed keeps it from its end.
        for removed in &change.removes {
            self.tree.path(&removed.file)?;
        }
        let Some(file) = durable::open_if_there(&path)? else {
            return match (&change.after, &change.before) {
                (None, _) => Ok(Form::After),
                (_, None) => Ok(Form::Before),
                _ => Err(not_as_said(&path, "is missing")),
            };
        };
        let digest = file_sha256(file, &path)?;
        let is = |named: &Option<Named>| {
            named.as_ref().is_some_and(|n| n.sha256 == digest)
        };
        if is(&change.after) {
            return Ok(Form::After);
        }
        if is(&change.before) {
            return Ok(Form::Before);
        }
        Err(not_as_said(&path, "is not what the ledger says"))
    }

    /// Leaves a table alone from now on.
    pub fn block(&mut self, table: &str, error: &Error) {
        let exit = match error.exit() {
            Exit::Disagree => Exit::Disagree,
            _ => Exit::Partial,
        };
        self.blocked.push(Blocked {
            table: table.to_owned(),
            exit,
            message: error.to_string(),
        });
    }

    fn form(&self, segment: &Segment) -> Result<Form> {
        let path = self.tree.path(&segment.file)?;
        let Some(file) = durable::open_if_there(&path)? else {
            return match segment.before_sha256 {
                None => Ok(Form::Before),
                Some(_) => Err(not_as_said(&path, "is missing")),
            };
        };
        let length = durable::length(&file, &path)?;
        let digest = file_sha256(file, &path)?;
        if length == segment.offset_bytes + segment.size_bytes
            && digest == segment.file_sha256
        {
            return Ok(Form::After);
        }
        if length == segment.offset_bytes
            && Some(&digest) == segment.before_sha256.as_ref()
        {
            return Ok(Form::Before);
        }
        Err(not_as_said(&path, "is not what the ledger says"))
    }

    /// Removes temporary files: whoever made one held the lock, and is dead.
    /// Folders that are links are left alone.
    fn sweep(&self) -> Result<()> {
        let root = self.tree.top();
        let [schema, cold, warm] =
            ["schema", "cold", "warm"].map(|name| root.join(name));
        for folder in [&schema, &cold, &warm] {
            check_folder(folder)?;
        }
        for folder in [root, &schema, &cold] {
            // Only the root may be reached by a link.
            if folder == root || is_folder(folder)? {
                let names = beneath::names(folder);
                let names = durable::if_there(names, "read", folder)?;
                sweep_folder(folder, &names.unwrap_or_default())?;
            }
        }
        for (year, names) in folders(&cold)? {
            sweep_folder(&year, &names)?;
        }
        for (day, names) in folders(&warm)? {
            let left = sweep_folder(&day, &names)?;
            // An empty day is one whose first file was never published.
            if left == 0 && durable::remove_if_empty(&day)? {
                durable::sync_folder(&warm)?;
            }
        }
        Ok(())
    }
}

/// Refuses what has the name of a folder of the tree, and is neither one nor a
/// link.
fn check_folder(path: &TreePath) -> Result<()> {
    match durable::metadata_if_there(path)? {
        Some(meta) if !meta.is_dir() && !meta.is_symlink() => {
            Err(Error::failed(format!("{} is not a folder", quoted(path)))
                .hint(
                    "the archives' files belong in a folder of this name: \
                     look at what is there, and keep it under another name",
                ))
        }
        _ => Ok(()),
    }
}

/// Whether a path is a folder, and no link to one.
fn is_folder(path: &TreePath) -> Result<bool> {
    let there = durable::metadata_if_there(path)?;
    Ok(there.is_some_and(|meta| meta.is_dir()))
}

/// The folders in one that is no link, and the names in each.
fn folders(parent: &TreePath) -> Result<Vec<(TreePath, Vec<OsString>)>> {
    if !is_folder(parent)? {
        return Ok(Vec::new());
    }
    let found = beneath::folders(parent);
    let found = durable::if_there(found, "read", parent)?;
    let at = |(name, names)| (parent.join(name), names);
    Ok(found.into_iter().flatten().map(at).collect())
}

/// Removes the temporary files among the names in a folder; gives how many
/// others there are.
fn sweep_folder(folder: &TreePath, names: &[OsString]) -> Result<usize> {
    let mut left = names.len();
    let ours = durable::TREE_PREFIX.as_bytes();
    for name in names.iter().filter(|name| name.as_bytes().starts_with(ours)) {
        let path = folder.join(name);
        // None of ours is a folder: what is one stays.
        if !is_folder(&path)? {
            durable::remove_if_there(&path)?;
            left -= 1;
        }
    }
    if left < names.len() {
        durable::sync_folder(folder)?;
    }
    Ok(left)
}
