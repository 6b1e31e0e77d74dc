//! What was found to be wrong: a record a finding.

use std::path::Path;

use serde::Serialize;

use crate::archive::{FileState, Member};
use crate::error::{Error, Exit, quote};

/// How grave a finding is.
#[derive(
    Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// Good to know; nothing needs to be done.
    #[default]
    Note,
    /// Something is not as these programs leave it, and no row is in danger.
    Warning,
    /// A file of which the ledger says nothing cannot be read as it should.
    Data,
    /// The archives are not what the ledger says.
    Damage,
}

impl Severity {
    pub(super) fn exit(self) -> Exit {
        match self {
            Severity::Note => Exit::Done,
            Severity::Warning => Exit::Partial,
            Severity::Data => Exit::Data,
            Severity::Damage => Exit::Disagree,
        }
    }
}

/// The record of a finding.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "type", rename = "finding")]
pub(super) struct Finding {
    pub severity: Severity,
    pub what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// In the tar that the file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Of the ledger, or of a text; from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Rows that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What to do about a damaged archive.
const PUT_BACK: &str = "put the file back from a backup; until then nothing \
    of its table is touched, rt-cat prints what of it is proven, and \
    rt-verify --salvage FILE all lines that can be read";

impl Finding {
    pub(super) fn new(
        severity: Severity,
        what: &'static str,
        message: impl Into<String>,
    ) -> Finding {
        Finding { severity, what, message: message.into(), ..Self::default() }
    }

    /// A file that is not what the ledger says.
    pub(super) fn damage(
        what: &'static str,
        message: impl Into<String>,
    ) -> Finding {
        Finding::new(Severity::Damage, what, message).hint(PUT_BACK)
    }

    /// A file that is not there.
    pub(super) fn missing(name: &str) -> Finding {
        let message = format!("{name} is not there");
        Finding::new(Severity::Damage, "missing", message).hint(
            "put it back from a backup; if somebody deleted it on purpose, \
             rt-expire --file NAME takes note of that",
        )
    }

    /// A file of another length than the ledger says.
    pub(super) fn size(name: &str, is: u64, said: u64) -> Finding {
        let message =
            format!("{name} has {is} bytes, and the ledger says {said}");
        Finding::damage("size", message).hint(format!(
            "{PUT_BACK}; where a copy of the tree was put back that was taken \
             while a job ran, rt-verify --repair says what can be taken in"
        ))
    }

    /// What an error says of something.
    pub(super) fn of_error(
        severity: Severity,
        what: &'static str,
        error: &Error,
    ) -> Finding {
        let finding = Finding::new(severity, what, error.to_string());
        finding.hint(error.next_step().unwrap_or(PUT_BACK))
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Finding {
        Finding { hint: Some(hint.into()), ..self }
    }

    pub(super) fn at(self, place: &Place<'_>) -> Finding {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Finding {
            table: text(place.table),
            database: text(place.database),
            day: text(place.day),
            file: Some(place.file.to_owned()),
            member: text(place.member),
            ..self
        }
    }

    pub(super) fn line(self, line: u64) -> Finding {
        Finding { line: Some(line), ..self }
    }

    pub(super) fn rows(self, rows: u64) -> Finding {
        Finding { rows: Some(rows), ..self }
    }
}

/// Where something stands in the archives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'p> {
    pub file: &'p str,
    pub member: Option<&'p str>,
    pub table: Option<&'p str>,
    pub database: Option<&'p str>,
    pub day: Option<&'p str>,
}

impl<'p> Place<'p> {
    /// A file as a whole.
    pub(super) fn file(file: &'p str) -> Place<'p> {
        Place { file, ..Place::default() }
    }

    /// A member of a file, or what a file with one member holds.
    pub(super) fn of(self, member: &'p Member) -> Place<'p> {
        Place {
            table: member.table.as_deref(),
            database: member.database.as_deref(),
            day: member.day.as_deref(),
            ..self
        }
    }

    /// As messages name it.
    pub(super) fn name(&self, path: &Path) -> String {
        let path = quote(&path.to_string_lossy());
        match self.member {
            Some(member) => format!("{} in {path}", quote(member)),
            None => path,
        }
    }
}

/// Where a file's findings are: of a file with one table's day, there.
pub(super) fn place_of<'p>(
    file: &'p str,
    known: Option<&'p FileState>,
) -> Place<'p> {
    match known.map(|k| &k.members[..]) {
        Some([member]) if !file.ends_with(".tar.gz") => {
            Place::file(file).of(member)
        }
        _ => Place::file(file),
    }
}
