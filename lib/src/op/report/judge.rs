//! What a table's records amount to.

use super::result::{TableResult, sum};
use crate::error::{Exit, counted};
use crate::outcome::{Ended, Exported, Outcome, Purged, Status, Stored};

/// The records seen of one table.
#[derive(Debug)]
pub(super) struct Seen {
    table: String,
    named: bool,
    exported: Vec<Exported>,
    stored: Vec<Stored>,
    purged: Vec<Purged>,
    recovered: Vec<Purged>,
    ended: Option<Ended>,
}

/// The table that a record is about, if it is about one.
pub(super) fn table(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Exported(record) => Some(&record.table),
        Outcome::Stored(record) => Some(&record.table),
        Outcome::Purged(record) => Some(&record.table),
        Outcome::Ended(_) => None,
    }
}

impl Seen {
    /// A table that the job was for.
    pub(super) fn named(table: &str) -> Seen {
        Seen { named: true, ..Seen::unnamed(table) }
    }

    /// A table that only shows up in the records.
    pub(super) fn unnamed(table: &str) -> Seen {
        Seen {
            table: table.to_owned(),
            named: false,
            exported: Vec::new(),
            stored: Vec::new(),
            purged: Vec::new(),
            recovered: Vec::new(),
            ended: None,
        }
    }

    /// Whether this is the table of that name, as SQLite compares names.
    pub(super) fn is(&self, table: &str) -> bool {
        self.table.eq_ignore_ascii_case(table)
    }

    /// Takes a record of this table.
    pub(super) fn add(&mut self, outcome: Outcome) {
        if let Some(table) = table(&outcome) {
            self.table = table.to_owned();
        }
        match outcome {
            Outcome::Exported(record) => self.exported.push(*record),
            Outcome::Stored(record) => self.stored.push(record),
            Outcome::Purged(record) if record.recovered => {
                self.recovered.push(record);
            }
            Outcome::Purged(record) => self.purged.push(record),
            Outcome::Ended(record) => {
                self.ended.get_or_insert(record);
            }
        }
    }

    /// The table's result, and what it does to the job's exit status.
    pub(super) fn judge(&self) -> (TableResult, Exit) {
        let mut verdict = self.hear();
        self.single(&mut verdict);
        if let (None, true, Some(ended)) =
            (&verdict.failure, self.is_unfinished(), &self.ended)
        {
            verdict.exit =
                verdict.exit.and(Exit::from_code(ended.exit_status));
            verdict.failure = Some(why(ended));
        }
        // After a failure, steps that are missing and counts that differ are
        // its consequence, and would only hide it.
        if verdict.failure.is_none() {
            self.complete(&mut verdict);
        }
        if verdict.failure.is_none() {
            self.add_up(&mut verdict);
        }
        let result = self.result(&verdict);
        let left_out = result.refused > 0 || result.unrepresentable > 0;
        // Undated rows stay, and that is well; but a row that was sent to be
        // stored was meant to go.
        if left_out || self.stored.iter().any(|s| s.undated > 0) {
            verdict.exit = verdict.exit.and(Exit::Partial);
        }
        (result, verdict.exit)
    }

    /// What the records themselves say.
    fn hear(&self) -> Verdict {
        let mut verdict = Verdict::default();
        let mut purged = |records: &[Purged]| {
            for r in records {
                verdict.hear("rt-purge", r.status, &r.message, r.exit_status);
            }
        };
        purged(&self.recovered);
        for r in &self.exported {
            verdict.hear("rt-export", r.status, &r.message, r.exit_status);
        }
        for r in &self.stored {
            verdict.hear("rt-store", r.status, &r.message, r.exit_status);
        }
        for r in &self.purged {
            verdict.hear("rt-purge", r.status, &r.message, r.exit_status);
        }
        verdict
    }

    /// Whether a step that the table needs has not spoken.
    fn is_unfinished(&self) -> bool {
        let mut verdict = Verdict::default();
        self.complete(&mut verdict);
        verdict.failure.is_some()
    }

    /// The steps in their order, and how often each has spoken.
    fn steps(&self) -> [(&'static str, usize); 3] {
        [
            ("rt-export", self.exported.len()),
            ("rt-store", self.stored.len()),
            ("rt-purge", self.purged.len()),
        ]
    }

    /// No step speaks twice: two runs' records were mixed up.
    fn single(&self, verdict: &mut Verdict) {
        for (step, count) in self.steps() {
            if count > 1 {
                verdict.fail(format!("{step} reported {count} times"));
            }
        }
    }

    /// Every step has spoken, unless the first one's answer was the last.
    /// Where the job was not for the table, only what was begun must end.
    fn complete(&self, verdict: &mut Verdict) {
        if self.exported.iter().any(|r| r.status != Status::Archived) {
            return;
        }
        let begun = !self.exported.is_empty() || !self.stored.is_empty();
        for (step, count) in self.steps() {
            let wanted = self.named || (begun && step == "rt-purge");
            if wanted && count == 0 {
                return verdict.fail(format!("{step} did not finish"));
            }
        }
    }

    /// No row was lost between two steps.
    fn add_up(&self, verdict: &mut Verdict) {
        let Some(stored) = self.stored.first() else {
            return;
        };
        let taken = sum([stored.rows, stored.undated, stored.left]);
        if let Some(exported) = self.exported.first()
            && exported.rows != taken
        {
            verdict.fail(format!(
                "rt-export wrote {}, rt-store took {taken}",
                counted(exported.rows, "row")
            ));
        }
        if let Some(purged) = self.purged.first()
            && purged.rows != stored.rows
        {
            verdict.fail(format!(
                "rt-store stored {}, rt-purge settled {}",
                counted(stored.rows, "row"),
                purged.rows
            ));
        }
    }

    fn result(&self, verdict: &Verdict) -> TableResult {
        let exported =
            |count: fn(&Exported) -> u64| sum(self.exported.iter().map(count));
        let purged =
            |count: fn(&Purged) -> u64| sum(self.all_purged().map(count));
        let deleted = purged(|r| r.records);
        let status = self.status(verdict, deleted);
        let due = match status {
            Status::DryRun => exported(|r| r.rows),
            _ => 0,
        };
        let first = self.exported.first();
        let extent = first.map(|r| r.extent.clone()).unwrap_or_default();
        let trigger_changes = purged(|r| r.trigger_changes);
        TableResult {
            table: self.table.clone(),
            status,
            records: sum([deleted, due]),
            cutoff_date: self
                .exported
                .iter()
                .find_map(|r| r.cutoff_date.clone()),
            message: verdict.message([
                ("past the whole retention already", extent.past_retention),
                ("rows changed by triggers", trigger_changes),
            ]),
            extent,
            archive_files: self.files(),
            changed: purged(|r| r.changed),
            referenced: sum([
                exported(|r| r.referenced),
                purged(|r| r.referenced),
            ]),
            refused: purged(|r| r.refused),
            gone: purged(|r| r.gone),
            superseded: purged(|r| r.superseded),
            undated: sum([
                exported(|r| r.undated),
                sum(self.stored.iter().map(|r| r.undated)),
            ]),
            undated_shape: first.and_then(|r| r.undated_shape.clone()),
            future: exported(|r| r.future),
            held: exported(|r| r.held),
            unrepresentable: exported(|r| r.unrepresentable),
            trigger_changes,
            day_rows: first.map(|r| r.day_rows.clone()).unwrap_or_default(),
            redacted: first.map(|r| r.redacted.clone()).unwrap_or_default(),
            secrets: first.map(|r| r.secrets.clone()).unwrap_or_default(),
        }
    }

    /// Deleted rows make it `archived`, also where they were only recovered.
    fn status(&self, verdict: &Verdict, deleted: u64) -> Status {
        if verdict.failure.is_some() {
            return Status::Failed;
        }
        if deleted > 0 {
            return Status::Archived;
        }
        match self.exported.first() {
            Some(record) if record.status != Status::Archived => record.status,
            _ => self
                .all_purged()
                .next()
                .map_or(Status::NoRecords, |record| record.status),
        }
    }

    /// The records of recovered segments, then the run's own.
    fn all_purged(&self) -> impl Iterator<Item = &Purged> {
        self.recovered.iter().chain(&self.purged)
    }

    /// Every file once, in the order in which they were named.
    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = Vec::new();
        for file in self.all_purged().flat_map(|r| &r.archive_files) {
            if !files.contains(file) {
                files.push(file.clone());
            }
        }
        files
    }
}

/// Why a run ended, in its own words or by its status.
fn why(ended: &Ended) -> String {
    match (&ended.message, ended.exit_status) {
        (Some(message), _) => message.clone(),
        (None, 130) => "stopped by SIGINT; the next run goes on".to_owned(),
        (None, 143) => "stopped by SIGTERM; the next run goes on".to_owned(),
        (None, status) if status > 128 => format!(
            "a program was killed by signal {}; the next run goes on",
            status - 128
        ),
        (None, status) => format!(
            "the run ended with status {status}: standard error says why"
        ),
    }
}

/// What is held against a table.
#[derive(Default)]
struct Verdict {
    failure: Option<String>,
    remarks: Vec<String>,
    exit: Exit,
}

impl Verdict {
    fn hear(
        &mut self,
        step: &str,
        status: Status,
        message: &Option<String>,
        exit_status: Option<u8>,
    ) {
        let exit = exit_status.map_or(Exit::Done, Exit::from_code);
        self.exit = self.exit.and(exit);
        if status != Status::Failed {
            self.remarks.extend(message.clone());
            return;
        }
        if exit == Exit::Done {
            self.exit = self.exit.and(Exit::Failed);
        }
        self.add(match message {
            Some(message) => message.clone(),
            None => format!("{step} failed"),
        });
    }

    fn fail(&mut self, why: String) {
        self.exit = self.exit.and(Exit::Failed);
        self.add(why);
    }

    /// The first failure is the cause of those that follow.
    fn add(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    /// The first failure, else what was remarked, each once, and the counts
    /// that are not 0.
    fn message(&self, counts: [(&str, u64); 2]) -> Option<String> {
        if self.failure.is_some() {
            return self.failure.clone();
        }
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        let counts = counts.map(|(words, count)| format!("{words}: {count}"));
        let mut once: Vec<String> = Vec::new();
        for remark in self.remarks.iter().cloned().chain(counts) {
            if !once.contains(&remark) {
                once.push(remark);
            }
        }
        (!once.is_empty()).then(|| once.join("; "))
    }
}
