//! What is said of a table when its rows are stored: how many, and which were
//! not, and why. A row that was not stored makes the run one that is partly
//! done.

use super::{DAYS_MOST, Days, empty};
use crate::error::{Error, Exit, Notes, counted, quote};
use crate::outcome::{Status, Stored};

impl Days<'_> {
    /// What is said of the table.
    pub fn end(
        &self,
        cut_off: Option<&Error>,
        notes: &mut dyn Notes,
    ) -> (Stored, Exit) {
        let mut record = Stored {
            status: match self.rows {
                0 => Status::NoRecords,
                _ => Status::Archived,
            },
            rows: self.rows,
            segments: self.segments,
            undated: self.undated,
            left: self.left,
            ..empty(&self.of.table.name)
        };
        let mut exit = Exit::Done;
        if self.undated > 0 {
            let message = format!(
                "{} of {} not stored for want of a readable time",
                counted(self.undated, "record"),
                quote(&self.of.table.name)
            );
            notes.warn(&message);
            record.message = Some(message);
            exit = Exit::Partial;
        }
        if self.left > 0 {
            let message = format!(
                "{} of {} left to the next run: this one has {DAYS_MOST} days",
                counted(self.left, "record"),
                quote(&self.of.table.name)
            );
            notes.warn(&message);
            record.message = Some(match record.message {
                Some(before) => format!("{before}; {message}"),
                None => message,
            });
            exit = Exit::Partial;
        }
        if let Some(error) = cut_off {
            record.message = Some(error.to_string());
            exit = exit.and(Exit::Data);
        }
        if exit != Exit::Done {
            record.exit_status = Some(exit.code());
        }
        (record, exit)
    }
}
