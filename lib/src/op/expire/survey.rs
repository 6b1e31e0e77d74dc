//! All files by name, also those that the ledger does not know.

use jiff::Timestamp;

use crate::archive::tiers::{cold_files, linked_folders};
use crate::archive::{Adopt, FileState, Inventory, Member, Origin, Tree};
use crate::error::{Notes, Result};
use crate::outcome::{Expiry, Step};
use crate::retention::Files;
use crate::time::{Day, rfc3339};
use crate::upkeep::{Expected, leave};

/// The files of the tree, and what takes the unknown ones in. One that cannot
/// be taken in is left.
pub(super) fn survey(
    tree: &Tree,
    known: &Inventory,
    record: &mut Expiry,
    notes: &mut dyn Notes,
) -> Result<(Files, Vec<Adopt>)> {
    let mut files: Files =
        known.files().map(|(n, f)| (n.to_owned(), f.clone())).collect();
    let mut strangers = Vec::new();
    for link in linked_folders(tree)? {
        notes.warn(&link.to_string());
        record.leave(link.exit(), link.to_string());
    }
    for file in cold_files(tree)? {
        if files.contains_key(&file) {
            continue;
        }
        match tree.stranger(known, &file) {
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
                let exit = error.exit();
                leave(error, exit, record, notes)?;
            }
        }
    }
    Ok((files, strangers))
}

/// Adds what a run before this one would archive.
pub(super) fn expect(
    files: &mut Files,
    expected: Vec<Expected>,
    database: Option<&str>,
    now: Timestamp,
) {
    let archived_at = Some(rfc3339(now));
    for Expected { table, day, rows } in expected {
        let Ok(date) = day.parse::<Day>() else { continue };
        let origin = Origin::new(&table, database);
        let same =
            |m: &&mut Member| m.day.as_ref() == Some(&day) && m.is_of(&origin);
        let members = files.values_mut().flat_map(|f| &mut f.members);
        for member in members.filter(same) {
            member.archived_at.clone_from(&archived_at);
        }
        let file = Tree::warm_file(&origin, date, true);
        let state = files.entry(file).or_insert_with(|| FileState {
            size_bytes: 0,
            sha256: String::new(),
            members: Vec::new(),
            text_size_bytes: None,
        });
        if let Some(member) = state.members.first_mut() {
            member.rows += rows;
            continue;
        }
        state.members.push(Member {
            name: format!("{day}/{table}"),
            table: Some(table),
            database: database.map(str::to_owned),
            day: Some(day),
            size_bytes: 0,
            sha256: String::new(),
            rows,
            oldest: None,
            newest: None,
            archived_at: archived_at.clone(),
            ..Member::default()
        });
    }
}
