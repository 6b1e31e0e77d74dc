//! What is to be settled: segments by table, those of receipts or those that
//! interrupted runs left, and what the triggers of their tables do.

use super::settle::Writes;
use super::{Options, Results, failed};
use crate::archive::{Archive, Open, Receipt};
use crate::db::{Database, Identity};
use crate::error::{Error, Notes, Result, quote};
use crate::settings::policy::{Entry, Policy};

/// Segments of one table.
pub(super) struct Group {
    pub table: String,
    pub ids: Vec<String>,
    /// The triggers that a deletion fires.
    pub triggers: Vec<String>,
}

/// The tables whose triggers the policy trusts.
pub(super) fn trusted(policy: &Policy) -> Vec<String> {
    let trusts = |entry: &Entry| match entry {
        Entry::Rule(rule) if rule.triggers_trust => Some(rule.table.clone()),
        _ => None,
    };
    policy.entries().iter().filter_map(trusts).collect()
}

/// What is known of the triggers of the tables that are to be purged.
#[derive(Default)]
pub(super) struct Triggers {
    /// Tables whose triggers would change what no archive holds, and why.
    pub refused: Vec<(String, String)>,
    /// What the others' triggers write to.
    pub writes: Vec<Writes>,
}

pub(super) fn triggers(
    database: &mut Database,
    groups: &mut [Group],
    trusted: &[String],
) -> Result<Triggers> {
    let mut out = Triggers::default();
    for group in groups {
        let Some(table) = database.table(&group.table)? else { continue };
        let trusts = |t: &String| t.eq_ignore_ascii_case(&group.table);
        let trusted = trusted.iter().any(trusts);
        let checked = match trusted {
            true => Ok(()),
            false => database.check_triggers(&table),
        };
        let looked = checked.and_then(|()| {
            Ok((
                database.trigger_targets(&table)?,
                database.fired_triggers(&table)?,
            ))
        });
        match looked {
            Ok((targets, fired)) => {
                group.triggers = fired;
                out.writes.push(Writes {
                    table: table.name,
                    trusted,
                    targets,
                });
            }
            Err(error) => {
                out.refused.push((group.table.clone(), error.to_string()));
            }
        }
    }
    Ok(out)
}

/// Receipts by table. The ledger's own word counts: a receipt that says
/// something else was changed on its way.
pub(super) fn by_table(
    work: &Archive,
    receipts: Vec<Receipt>,
) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for receipt in receipts {
        let segment = receipt.segment;
        let state = work.ledger().state();
        let same = match (state.open(&segment.id), state.settled(&segment.id))
        {
            (Some(open), _) => open.segment == segment,
            (None, Some(settled)) => settled.table == segment.table,
            (None, None) => {
                return Err(Error::data(format!(
                    "the ledger knows no segment {}",
                    segment.id
                ))
                .hint("the receipt belongs to another tree: see --archives"));
            }
        };
        if !same {
            return Err(Error::data(format!(
                "the receipt of segment {} is not what the ledger says",
                segment.id
            )));
        }
        add_to(&mut groups, &segment.table, segment.id);
    }
    Ok(groups)
}

fn add_to(groups: &mut Vec<Group>, table: &str, id: String) {
    let found = groups.iter_mut().find(|g| g.table == table);
    match found {
        Some(group) => {
            if !group.ids.contains(&id) {
                group.ids.push(id);
            }
        }
        None => groups.push(Group {
            table: table.to_owned(),
            ids: vec![id],
            triggers: Vec::new(),
        }),
    }
}

/// Unsettled segments of this database; those of others are named and left.
pub(super) fn pending(
    options: &Options,
    work: &Archive,
    identity: &Identity,
    notes: &mut dyn Notes,
    results: &mut Results,
) -> Vec<Group> {
    let mut groups = Vec::new();
    for blocked in work.blocked() {
        let error = Error::new(blocked.exit, blocked.message.clone());
        results.list.push(failed(&blocked.table, &error));
    }
    for open in work.ledger().state().unsettled() {
        let segment = &open.segment;
        let wanted = options
            .table
            .as_ref()
            .is_none_or(|t| t.eq_ignore_ascii_case(&segment.table));
        if !wanted || work.block_of(&segment.table).is_some() {
            continue;
        }
        if of_another(open, identity) {
            notes.warn(&format!(
                "a segment in {} belongs to the database {}: settle it with \
                 rt-purge --pending --db {}",
                quote(&segment.file),
                quote(&segment.db),
                quote(&segment.db)
            ));
            continue;
        }
        add_to(&mut groups, &segment.table, segment.id.clone());
    }
    groups
}

/// Whether a segment's database is another one, which is still there.
fn of_another(open: &Open, here: &Identity) -> bool {
    let segment = &open.segment;
    if segment.db == here.path {
        return false;
    }
    let there = std::path::Path::new(&segment.db);
    Database::identity(there).is_ok_and(|i| {
        i.device == segment.db_device && i.inode == segment.db_inode
    })
}

/// Children before parents.
pub(super) fn order(groups: &mut [Group], database: &Database) -> Result<()> {
    if groups.len() < 2 {
        return Ok(());
    }
    let keys = database.foreign_keys()?;
    let names: Vec<String> = groups.iter().map(|g| g.table.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ordered = crate::settings::policy::order(&names, &keys);
    groups.sort_by_key(|group| ordered.iter().position(|t| *t == group.table));
    Ok(())
}
