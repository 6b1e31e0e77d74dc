//! Folders that other users may write to.
//!
//! Whoever may write into a folder can put another file in the place of one in
//! it, or a journal beside a database, which SQLite then plays back. Nothing
//! here refuses such a folder: it is said, with the command that mends it.
//!
//! A folder is nobody else's when it belongs to root, to the user that runs or
//! to the one whose database is in it, and when neither all users may write to
//! it nor a group that is not the user's own one. The folders above count too,
//! but not those with the sticky bit (as /tmp), where nobody renames what is
//! another's.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::quoted;

const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// What is to be said of the folder of archives. What cannot be looked at is
/// for whoever works there to say.
pub fn of_tree(root: &Path) -> Option<String> {
    let root = fs::canonicalize(root).ok()?;
    above(&root, None)
}

/// What is to be said of the folder that a database is in.
pub fn of_database(database: &Path) -> Option<String> {
    let database = fs::canonicalize(database).ok()?;
    let owner = fs::metadata(&database).ok()?.uid();
    above(database.parent()?, Some(owner))
}

fn above(folder: &Path, owner: Option<u32>) -> Option<String> {
    folder.ancestors().find_map(|level| {
        let meta = fs::metadata(level).ok()?;
        let sticky = meta.mode() & STICKY != 0 && level != folder;
        if sticky { None } else { of(level, &meta, owner) }
    })
}

fn of(folder: &Path, meta: &Metadata, owner: Option<u32>) -> Option<String> {
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    let (mode, name) = (meta.mode(), quoted(folder));
    let (who, mend) = if ![0, user].contains(&meta.uid())
        && owner != Some(meta.uid())
    {
        let who = format!("the user with the number {}", meta.uid());
        (who, format!("chown {user} {name}"))
    } else if mode & OTHERS_WRITE != 0 {
        ("every user".to_owned(), format!("chmod o-w {name}"))
    } else if mode & GROUP_WRITES != 0 && ![0, group].contains(&meta.gid()) {
        let who = format!("the group with the number {}", meta.gid());
        (who, format!("chmod g-w {name}"))
    } else {
        return None;
    };
    Some(format!(
        "{who} may write to the folder {name}, and replace what is in it: \
         {mend}"
    ))
}
