//! What the ledger says, and what is wrong with it.

use std::collections::BTreeSet;

use super::balance::Books;
use super::finding::{Finding, Place, Severity};
use crate::archive::{Audit, Event, Parts, Tree, schema_file};
use crate::error::{Result, counted, quoted};

/// What the ledger says, read from its first line.
pub(super) struct Seen {
    pub audit: Audit,
    pub parts: Parts,
    /// The schemas that its rows came from, as files.
    pub schemas: BTreeSet<String>,
    pub books: Books,
}

impl Seen {
    pub(super) fn look(tree: &Tree) -> Result<Seen> {
        let mut parts = Parts::default();
        let mut schemas = BTreeSet::new();
        let mut books = Books::default();
        let audit = Audit::of(tree.root(), &mut |event, _, before| {
            parts.take(event);
            books.take(event, before);
            if let Event::Store(segment) = event {
                schemas.insert(schema_file(segment));
            }
        })?;
        Ok(Seen { audit, parts, schemas, books })
    }

    /// Reads the ledger again; whether it says more than before.
    pub(super) fn moved_on(&mut self, tree: &Tree) -> Result<bool> {
        let before = self.audit.lines;
        *self = Seen::look(tree)?;
        Ok(self.audit.lines != before)
    }
}

/// What is wrong with the ledger itself.
pub(super) fn ledger_findings(tree: &Tree, audit: &Audit) -> Vec<Finding> {
    let name = quoted(tree.root().join("ledger.jsonl"));
    let place = Place::file("ledger.jsonl");
    let hint = "put the ledger back from the newest backup, then rt-verify \
                --repair takes in what is newer; until then no job touches \
                the archives";
    let mut out = Vec::new();
    for (line, what) in &audit.faults {
        out.push(format!("{name}, line {line}: {what}"));
    }
    let more = audit.faulty - audit.faults.len() as u64;
    if more > 0 {
        let lines = counted(more, "line");
        out.push(format!("{name}: {lines} more do not follow"));
    }
    let mut out: Vec<Finding> = out
        .into_iter()
        .map(|said| Finding::damage("ledger", said).hint(hint).at(&place))
        .collect();
    for (finding, (line, _)) in out.iter_mut().zip(&audit.faults) {
        finding.line = Some(*line);
    }
    if let Some(error) = &audit.end {
        let found = Finding::of_error(Severity::Damage, "ledger", error);
        out.push(found.at(&place));
    }
    if audit.tail_bytes > 0 {
        let message = format!(
            "the last {} of {name} are no whole line",
            counted(audit.tail_bytes, "byte")
        );
        let hint = "as after a power cut, or of a run that is at work: the \
                    next job moves them away and settles what they were about";
        let found = Finding::new(Severity::Warning, "ledger", message);
        out.push(found.hint(hint).at(&place));
    }
    out
}
