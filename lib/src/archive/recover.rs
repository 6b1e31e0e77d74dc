//! What an interrupted run left: temporary files, and intents whose end the
//! ledger does not know.

use std::fs;
use std::path::Path;

use super::event::{Change, Event, Named, Segment};
use super::owner::{Archive, Blocked, not_as_said};
use crate::crash;
use crate::error::{Error, Exit, Notes, Result};
use crate::io::digest::file_sha256;
use crate::io::durable;

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
        let intents: Vec<Segment> =
            self.ledger.state().intents().map(|o| o.segment.clone()).collect();
        for segment in intents {
            let event = match self.form(&segment) {
                Ok(Form::After) => {
                    // A rename that is only in memory may still be lost: what
                    // the ledger calls published must be durable first.
                    self.sync_file(&segment.file)?;
                    crash::point("recover.synced");
                    Event::Published { id: segment.id.clone() }
                }
                Ok(Form::Before) => {
                    // So may an unlink, or a rename back: the old self is
                    // made durable too before it is called so.
                    let path = self.tree.path(&segment.file)?;
                    if segment.before_sha256.is_some() {
                        self.sync_file(&segment.file)?;
                    } else if path.parent().is_some_and(Path::exists) {
                        self.sync_folders_of(&[path])?;
                    }
                    Event::Void { id: segment.id.clone() }
                }
                Err(error) => {
                    notes.warn(&error.to_string());
                    self.block(&segment.table, &error);
                    continue;
                }
            };
            self.append(&[event])?;
        }
        self.recover_changes(notes)
    }

    /// The same for intents of consolidation and expiry.
    fn recover_changes(&mut self, notes: &mut dyn Notes) -> Result<()> {
        for (kind, change) in self.ledger.state().changes().to_vec() {
            match self.change_form(&change) {
                Ok(Form::After) => self.finish_change(kind, &change)?,
                Ok(Form::Before) => {
                    let path = self.tree.path(&change.file)?;
                    match change.before {
                        Some(_) => self.sync_file(&change.file)?,
                        None => self.sync_nearest(&path)?,
                    }
                    let id = change.id.clone();
                    self.append(&[Event::Void { id }])?;
                }
                Err(error) => {
                    notes.warn(&error.to_string());
                    for member in change.members.iter().chain(&change.expires)
                    {
                        if let Some(table) = &member.table {
                            self.block(table, &error);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn change_form(&self, change: &Change) -> Result<Form> {
        let path = self.tree.path(&change.file)?;
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
        let length =
            file.metadata().map_err(|e| Error::io("stat", &path, e))?.len();
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
    fn sweep(&self) -> Result<()> {
        let root = self.tree.root();
        sweep_folder(root, root)?;
        sweep_folder(&root.join("schema"), root)?;
        sweep_folder(&root.join("cold"), root)?;
        for year in folders(&root.join("cold"), root)? {
            sweep_folder(&year, root)?;
        }
        for day in folders(&root.join("warm"), root)? {
            sweep_folder(&day, root)?;
            // An empty day is one whose first file was never published.
            match fs::remove_dir(&day) {
                Ok(()) => durable::sync_folder(&root.join("warm"))?,
                Err(e)
                    if e.kind() == std::io::ErrorKind::DirectoryNotEmpty => {}
                Err(e) => return Err(Error::io("remove", &day, e)),
            }
        }
        Ok(())
    }
}

fn folders(parent: &Path, root: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut out = Vec::new();
    for entry in entries(parent, root)? {
        let kind =
            entry.file_type().map_err(|e| Error::io("read", parent, e))?;
        if kind.is_dir() {
            out.push(entry.path());
        }
    }
    out.sort();
    Ok(out)
}

/// What is in a folder of the tree; nothing where it is a link.
fn entries(folder: &Path, root: &Path) -> Result<Vec<fs::DirEntry>> {
    let link = fs::symlink_metadata(folder).is_ok_and(|m| m.is_symlink());
    if link && folder != root {
        return Ok(Vec::new());
    }
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(|e| Error::io("read", folder, e)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io("read", folder, e)),
    }
}

fn sweep_folder(folder: &Path, root: &Path) -> Result<()> {
    let mut swept = false;
    for entry in entries(folder, root)? {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(durable::TREE_PREFIX.as_bytes())
        {
            let path = entry.path();
            fs::remove_file(&path)
                .map_err(|e| Error::io("remove", &path, e))?;
            swept = true;
        }
    }
    if swept { durable::sync_folder(folder) } else { Ok(()) }
}
