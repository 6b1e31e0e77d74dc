//! All files by name, also those that the ledger does not know.

use crate::archive::tiers::cold_files;
use crate::archive::{Adopt, FileState, State, Tree};
use crate::error::{Notes, Result};
use crate::outcome::{Expiry, Step};
use crate::retention::Files;

/// The files of the tree, and what takes the unknown ones in. One that cannot
/// be taken in is left.
pub(super) fn survey(
    tree: &Tree,
    state: &State,
    record: &mut Expiry,
    notes: &mut dyn Notes,
) -> Result<(Files, Vec<Adopt>)> {
    let mut files: Files =
        state.files().map(|(n, f)| (n.to_owned(), f.clone())).collect();
    let mut strangers = Vec::new();
    for file in cold_files(tree)? {
        if files.contains_key(&file) {
            continue;
        }
        match tree.stranger(state, &file) {
            Ok(None) => {}
            Ok(Some(adopt)) => {
                let state = FileState {
                    size_bytes: adopt.named.size_bytes,
                    sha256: adopt.named.sha256.clone(),
                    members: adopt.members.clone(),
                    text_size_bytes: None,
                };
                files.insert(file, state);
                strangers.push(adopt);
            }
            Err(error) => {
                notes.warn(&error.to_string());
                record.leave(error.exit(), error.to_string());
            }
        }
    }
    Ok((files, strangers))
}
