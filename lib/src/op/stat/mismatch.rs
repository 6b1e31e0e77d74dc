//! Files of the tree that are not what the ledger says.

use super::options::Options;
use crate::archive::{Ledger, Member, Mismatch, Selection, Tree};
use crate::error::Result;

/// Files that are not what the ledger says. Strangers are looked for where
/// nothing was selected.
pub(super) fn mismatches(
    options: &Options,
    database: Option<&str>,
    tree: &Tree,
    ledger: &Ledger,
) -> Result<Vec<Mismatch>> {
    let selection = selection(options, database);
    let wanted = |member: &Member| selection.wants(member);
    let everything = selection.is_all();
    let said = (ledger.state(), ledger.files()?);
    crate::archive::mismatches(tree, said, &wanted, everything)
}

/// Whether a member's table and day were asked for.
pub(super) fn wanted(
    options: &Options,
    database: Option<&str>,
    member: &Member,
) -> bool {
    selection(options, database).wants(member)
}

fn selection<'o>(
    options: &'o Options,
    database: Option<&'o str>,
) -> Selection<'o> {
    Selection {
        tables: &options.tables,
        database,
        since: options.since,
        until: options.until,
    }
}
