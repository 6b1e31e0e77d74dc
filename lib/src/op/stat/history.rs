//! What the ledger tells of the past, a record a month and table, then one a
//! job.

use std::io::Write;

use serde::Serialize;

use super::options::Options;
use crate::archive::{History, JobEnd, Month, Tree};
use crate::error::{Exit, Result};
use crate::io::jsonl;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Record<'a> {
    Month(&'a Month),
    Job(&'a JobEnd),
}

/// Prints the records; where a database is named, only its own.
pub(super) fn run(options: &Options, output: &mut dyn Write) -> Result<Exit> {
    let tree = Tree::new(&options.settings.archives());
    let history = History::read(tree.root())?;
    let name = options.settings.database()?;
    let wanted = |of: &Option<String>| name.is_none() || *of == name;
    for month in history.months().filter(|m| wanted(&m.database)) {
        jsonl::print(&Record::Month(month), output)?;
    }
    for end in history.jobs().iter().filter(|end| wanted(&end.job.database)) {
        jsonl::print(&Record::Job(end), output)?;
    }
    Ok(Exit::Done)
}
