//! The files in which rows would be erased.

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::options::Options;
use super::record::Rewritten;
use crate::archive::tiers::{
    cold_files, linked_folders, warm_files, whole_files,
};
use crate::archive::{
    Erasure, Inventory, Ledger, Origin, Shorter, Source, Tree,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::durable;
use crate::outcome::Step;
use crate::record::Fields;
use crate::signal::Stop;
use crate::time::{self, Day};
use crate::upkeep::done_or_left;

/// Looks through the archives of a table.
pub(super) struct Look<'l> {
    pub options: &'l Options,
    pub tree: &'l Tree,
    pub ledger: &'l Ledger,
    pub now: Timestamp,
}

/// Whether all conditions hold for a record. Notes whether a record has all
/// the columns that they are about.
pub(super) fn goes(
    options: &Options,
    known: &Cell<bool>,
    record: &[u8],
) -> Result<bool> {
    let (mut all, mut has) = (true, true);
    for condition in &options.conditions {
        let held = condition
            .look(record)
            .map_err(|fault| Error::data(fault.to_string()))?;
        has &= held.is_some();
        all &= held == Some(true);
    }
    known.set(known.get() || has);
    Ok(all)
}

/// When a record's row was, by the column that dated it.
pub(super) fn time_of(
    source: Option<&Source>,
    record: &[u8],
) -> Option<Timestamp> {
    let source = source?;
    let unit = source.unit.as_deref().map(str::parse).transpose().ok()?;
    let value = Fields::find(record, &source.timestamp_column).ok()??;
    time::instant(value.borrow(), unit.as_ref())
}

impl Look<'_> {
    /// The files with rows that would go. What cannot be looked through is
    /// left, and said.
    pub(super) fn files(
        &self,
        origin: &Origin,
        record: &mut Rewritten,
        notes: &mut dyn Notes,
        stop: &Stop,
    ) -> Result<Vec<Shorter>> {
        let files = self.ledger.files()?;
        let (names, strangers) = self.names(origin, files, record, notes)?;
        let mut members = files.files().flat_map(|(_, f)| &f.members);
        let ours = members.any(|member| member.is_of(origin));
        let source = self.ledger.state().source(origin);
        if !ours && strangers.is_empty() && source.is_none() {
            return Err(Error::usage(format!(
                "there are no archives of table {}",
                quote(&origin.table)
            ))
            .hint("rt-stat --archives prints the tables that there are"));
        }
        for file in strangers {
            let left = Error::partial(format!(
                "{} is not in the ledger, and was not looked through",
                quote(&file)
            ));
            done_or_left(Err(left), record, notes)?;
        }
        let known = Cell::new(false);
        let goes = |row: &[u8]| goes(self.options, &known, row);
        let erasure = Erasure { origin, goes: &goes, time: &|_| None };
        let (mut found, mut read) = (Vec::new(), 0);
        for file in names {
            stop.check()?;
            if self.waits(&file) {
                let left = Error::partial(format!(
                    "{} has rows that are not settled, and was left",
                    quote(&file)
                ));
                done_or_left(Err(left), record, notes)?;
                continue;
            }
            read += files.file(&file).map_or(0, |f| f.members.len());
            match self.tree.find_erasable(files, &file, erasure) {
                Ok(shorter) => found.extend(shorter),
                Err(error) => {
                    done_or_left(Err(error), record, notes)?;
                }
            }
        }
        if read > 0 && !known.get() && record.message.is_none() {
            return Err(Error::usage(format!(
                "no archived row of {} has such a column",
                quote(&origin.table)
            ))
            .hint("look whether it is spelled as the table has it"));
        }
        Ok(found)
    }

    /// The files that may hold such rows by the ledger, and those that it does
    /// not know.
    fn names(
        &self,
        origin: &Origin,
        files: &Inventory,
        record: &mut Rewritten,
        notes: &mut dyn Notes,
    ) -> Result<(BTreeSet<String>, Vec<String>)> {
        for link in linked_folders(self.tree)? {
            notes.warn(&link.to_string());
            record.leave(link.exit(), link.to_string());
        }
        let ours = files.files().filter(|(_, state)| {
            state.members.iter().any(|member| member.is_of(origin))
        });
        let mut names: BTreeSet<String> =
            ours.map(|(file, _)| file.to_owned()).collect();
        let warm = warm_files(self.tree, files)?.into_iter();
        let warm = warm.filter(|w| {
            w.origin.as_ref().is_none_or(|o| {
                o.is(&origin.table, origin.database.as_deref())
            })
        });
        let mut there: Vec<String> = warm.map(|w| w.file).collect();
        there.extend(cold_files(self.tree)?);
        there.extend(whole_files(self.tree)?);
        // One that came back may hold what it holds no more by the ledger.
        names.extend(files.shortened().map(str::to_owned));
        there.retain(|f| files.file(f).is_none() && !names.contains(f));
        // A segment whose publication did not end is in no known file.
        let state = self.ledger.state();
        let open = state.intents().map(|open| &open.segment);
        let open = open.filter(|segment| segment.origin() == *origin);
        names.extend(open.map(|segment| segment.file.clone()));
        // One that is gone again has nothing to be erased.
        names.retain(|file| files.file(file).is_some() || self.is_there(file));
        Ok((names, there))
    }

    fn is_there(&self, file: &str) -> bool {
        let path = self.tree.path(file);
        path.is_ok_and(|path| !durable::is_gone(&path).unwrap_or(false))
    }

    /// Whether something is under way with a file.
    fn waits(&self, file: &str) -> bool {
        let state = self.ledger.state();
        let mut segments = state.intents().chain(state.unsettled());
        let mut changes = state.changes().iter().map(|(_, change)| change);
        segments.any(|open| open.segment.file == file)
            || changes.any(|c| {
                c.file == file || c.removes.iter().any(|r| r.file == file)
            })
    }

    /// Why nothing may go: a hold is over a row that would.
    pub(super) fn held(
        &self,
        origin: &Origin,
        found: &[Shorter],
    ) -> Option<Error> {
        let holds = self.ledger.state().holds();
        let days = found.iter().flat_map(|s| s.erases.iter().map(|e| &e.day));
        for day in days {
            let day = day.as_deref().map(str::parse::<Day>);
            let reaches = |hold: &&crate::archive::Hold| match &day {
                Some(Ok(day)) => hold.reaches(*day, *day),
                // Of all rows of a run nobody knows the days.
                _ => true,
            };
            if let Some(hold) = holds.of(origin, self.now).find(reaches) {
                return Some(
                    Error::new(
                        Exit::Failed,
                        format!(
                            "rows that would be erased are on hold: {}",
                            hold.reason
                        ),
                    )
                    .hint(
                        "nothing was changed; rt-hold list prints the holds, \
                         and rt-hold release ends one",
                    ),
                );
            }
        }
        None
    }
}
