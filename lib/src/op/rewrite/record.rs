//! The record of rt-rewrite.

use serde::Serialize;

use crate::archive::{Blocked, Shorter};
use crate::error::{Error, Exit};
use crate::outcome::{End, Step};

/// What was done.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "type", rename = "rewritten")]
pub(super) struct Rewritten {
    /// The table.
    pub table: String,
    /// `erased`, `no_records`, `dry_run`, `asked` or `failed`.
    pub status: String,
    /// Rows that were erased, or would be.
    pub rows: u64,
    /// The files that they were in.
    pub files: Vec<File>,
    /// Why it failed, or what was left.
    pub message: Option<String>,
    /// The exit status of a failure, or of a part not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<u8>,
}

/// A file out of which rows were erased.
#[derive(Clone, Debug, Serialize)]
pub(super) struct File {
    pub file: String,
    pub rows: u64,
    /// It was put back from before an earlier erasure.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl Rewritten {
    /// Counts files.
    pub fn count<'s>(&mut self, found: impl IntoIterator<Item = &'s Shorter>) {
        for shorter in found {
            let rows = shorter.rows();
            self.rows += rows;
            let (file, again) = (shorter.file.clone(), shorter.again);
            self.files.push(File { file, rows, again });
        }
    }

    /// Notes why a table's files are left alone, if it is this one.
    pub fn block(&mut self, blocked: &Blocked) {
        if blocked.table.eq_ignore_ascii_case(&self.table) {
            self.leave(blocked.exit, blocked.message.clone());
        }
    }

    /// Enters that something is asked; gives the error of the run.
    pub fn ask(&mut self, question: Error) -> Error {
        let before = Exit::from_code(self.exit_status.unwrap_or(0));
        let exit = match before {
            Exit::Disagree => Exit::Disagree,
            _ => Exit::Failed,
        };
        self.exit_status = Some(exit.code());
        self.message = Some(match self.message.take() {
            Some(left) => format!("{left}; {question}"),
            None => question.to_string(),
        });
        question.with_exit(exit)
    }
}

impl Step for Rewritten {
    type Record = Rewritten;

    fn end(&mut self) -> End<'_> {
        (&mut self.status, &mut self.message, &mut self.exit_status)
    }

    fn record(self) -> Rewritten {
        self
    }
}
