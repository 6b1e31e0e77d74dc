//! What is to be settled: segments by table, those of receipts or those that
//! interrupted runs left, and what the triggers of their tables do.
//!
//! Invariant. A segment is settled only in the database that its intent names,
//! by path: a file that was put there since, a backup or what VACUUM INTO
//! wrote, is that database, and its segments are recovered. One that was moved
//! is said to be it by `--moved`. No message names a command that would settle
//! in another database.

use super::options::Options;
use super::target::Writes;
use crate::archive::{Ledger, Open, Receipt, Segment, Settled, State};
use crate::db::{Database, Identity};
use crate::error::{Error, Result, quote};
use crate::outcome::{Purged, Status};
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};

/// A segment, as far as the ledger knows it.
pub(super) enum Known {
    /// It is not settled.
    Open(Box<Open>),
    /// It was settled before.
    Settled(Settled),
}

impl Known {
    pub fn id(&self) -> &str {
        match self {
            Known::Open(open) => &open.segment.id,
            Known::Settled(settled) => &settled.id,
        }
    }
}

/// Segments of one table.
pub(super) struct Group {
    pub table: String,
    pub segments: Vec<Known>,
    /// The triggers that a deletion fires.
    pub triggers: Vec<String>,
}

/// What is known of the triggers of the tables that are to be purged.
#[derive(Default)]
pub(super) struct Triggers {
    /// Tables whose triggers would change what no archive holds, and why.
    pub refused: Vec<(String, String)>,
    /// What the others' triggers write to.
    pub writes: Vec<Writes>,
}

/// The triggers of the groups' tables; those of tables that the policy trusts
/// are not checked.
pub(super) fn triggers(
    database: &mut Database,
    groups: &mut [Group],
    policy: &Policy,
) -> Result<Triggers> {
    let mut out = Triggers::default();
    for group in groups {
        let Some(table) = database.table(&group.table)? else { continue };
        let rule = rule(policy, &group.table);
        let trusted = rule.is_some_and(|rule| rule.triggers_trust);
        let checked = match trusted {
            true => Ok(()),
            false => database.check_triggers(&table),
        };
        match checked.and_then(|()| database.fired_triggers(&table)) {
            Ok((fired, targets)) => {
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

/// What receipts name, or interrupted runs left.
pub(super) fn groups(
    options: &Options,
    ledger: &Ledger,
    identity: &Identity,
    receipts: Vec<Receipt>,
    results: &mut Vec<Purged>,
) -> Result<Vec<Group>> {
    match options.pending {
        true => pending(options, ledger.state(), identity, results),
        false => {
            by_receipts(ledger, identity, options.moved, receipts, results)
        }
    }
}

/// Receipts by table. The ledger's own word counts: a receipt that says
/// something else was changed on its way.
fn by_receipts(
    ledger: &Ledger,
    identity: &Identity,
    moved: bool,
    receipts: Vec<Receipt>,
    results: &mut Vec<Purged>,
) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for receipt in receipts {
        let segment = receipt.segment;
        let open = ledger.state().open(&segment.id);
        let settled = match open {
            Some(_) => None,
            None => ledger.settled(&segment.id)?,
        };
        let known = match (open, settled) {
            (Some(open), _) if open.segment == segment => {
                if !moved && segment.db != identity.path {
                    leave(&segment, identity, results);
                    continue;
                }
                if !open.published {
                    return Err(Error::partial(format!(
                        "a segment in {} was never published",
                        quote(&segment.file)
                    )));
                }
                Known::Open(Box::new(open.clone()))
            }
            (None, Some(settled)) if settled.table == segment.table => {
                Known::Settled(settled.clone())
            }
            (None, None) => {
                return Err(Error::data(format!(
                    "the ledger knows no segment {}",
                    segment.id
                ))
                .hint("the receipt belongs to another tree: see --archives"));
            }
            _ => {
                return Err(Error::data(format!(
                    "the receipt of segment {} is not what the ledger says",
                    segment.id
                )));
            }
        };
        add_to(&mut groups, &segment.table, known);
    }
    Ok(groups)
}

/// A segment of another database: its table's result says so, once.
fn leave(segment: &Segment, here: &Identity, results: &mut Vec<Purged>) {
    if results.iter().any(|result| result.table == segment.table) {
        return;
    }
    let error = Error::partial(format!(
        "a segment of {} in {} came from the database {}, not {}; if this is \
         that database, moved or copied with its archives, say --moved: rows \
         that are equal here are then deleted, and every other line stays; \
         if it is another one, give it a --database NAME of its own",
        quote(&segment.table),
        quote(&segment.file),
        quote(&segment.db),
        quote(&here.path)
    ));
    results.push(failed(&segment.table, &error));
}

fn add_to(groups: &mut Vec<Group>, table: &str, known: Known) {
    let found = groups.iter_mut().find(|g| g.table == table);
    match found {
        Some(group) => {
            if !group.segments.iter().any(|k| k.id() == known.id()) {
                group.segments.push(known);
            }
        }
        None => groups.push(Group {
            table: table.to_owned(),
            segments: vec![known],
            triggers: Vec::new(),
        }),
    }
}

/// A group of one segment.
pub(super) fn single(open: Open) -> Group {
    Group {
        table: open.segment.table.clone(),
        segments: vec![Known::Open(Box::new(open))],
        triggers: Vec::new(),
    }
}

/// Unsettled segments of this database, of one table or all. Those of others
/// under its name are named and left, with a result of status 3; those under
/// other names are no matter of this one.
fn pending(
    options: &Options,
    state: &State,
    identity: &Identity,
    results: &mut Vec<Purged>,
) -> Result<Vec<Group>> {
    let name = options.settings.database()?;
    let mut groups = Vec::new();
    for open in state.unsettled() {
        let segment = &open.segment;
        let wanted = options.is_asked_for(&segment.table);
        let here = segment.db == identity.path;
        if !wanted || !(here || segment.database == name) {
            continue;
        }
        if options.moved || here {
            add_to(
                &mut groups,
                &segment.table,
                Known::Open(Box::new(open.clone())),
            );
            continue;
        }
        leave(segment, identity, results);
    }
    Ok(groups)
}

/// The result of a table that could not be settled.
pub(super) fn failed(table: &str, error: &Error) -> Purged {
    Purged {
        message: Some(error.to_string()),
        exit_status: Some(error.exit().code()),
        ..Purged::new(table, Status::Failed)
    }
}

/// Children before parents.
pub(super) fn order(groups: &mut [Group], database: &Database) -> Result<()> {
    if groups.len() < 2 {
        return Ok(());
    }
    let keys = database.foreign_keys()?;
    let names: Vec<String> = groups.iter().map(|g| g.table.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ordered = policy::order(&names, &keys);
    groups.sort_by_key(|group| ordered.iter().position(|t| *t == group.table));
    Ok(())
}
