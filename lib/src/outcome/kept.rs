//! What the result of a settlement says of rows and lines that stayed, and of
//! what was done before it failed.

use super::{Purged, Status};
use crate::error::{Error, Exit, are, counted, quote};

impl Purged {
    /// Says that triggers kept rows, and which of these may have been it.
    pub fn say_refused(&mut self, triggers: &[String]) {
        if self.refused == 0 {
            return;
        }
        let names: Vec<String> = triggers.iter().map(|t| quote(t)).collect();
        self.exit_status = Some(Exit::Partial.code());
        self.message = Some(format!(
            "a trigger kept {} of {} ({})",
            counted(self.refused, "row"),
            quote(&self.table),
            names.join(", ")
        ));
    }

    /// Says which tables point at the rows that stay for that.
    pub fn say_referenced(&mut self, children: Vec<&str>) {
        let names: Vec<String> = children.into_iter().map(quote).collect();
        self.message = Some(format!(
            "{} stay: {} points at them",
            self.referenced,
            names.join(" or ")
        ));
    }

    /// Says that lines were kept whose rows are not there, and makes it status
    /// 3 where that is so of all rows of a segment.
    pub fn say_kept(&mut self, all_of_one: bool) {
        if self.repeated > 0 && self.message.is_none() {
            self.message = Some(format!(
                "{} had been put back, and stood in the archives already",
                counted(self.repeated, "row")
            ));
        }
        if self.superseded == 0 {
            return;
        }
        let rows = counted(self.superseded, "archived row");
        let are = are(self.superseded);
        self.message = Some(format!(
            "{rows} {are} kept of {} that the database has no more, or has \
             otherwise: a run that stopped deleted them, an application \
             changed them, or a backup was put back",
            quote(&self.table)
        ));
        if all_of_one {
            self.exit_status = Some(Exit::Partial.code());
        }
    }

    /// Says why it failed: rows that were deleted before are gone all the
    /// same. One that was told to stop is gone on with by the next run.
    pub fn say_failed(&mut self, error: &Error, stopped: bool) {
        self.status = Status::Failed;
        self.exit_status = Some(error.exit().code());
        let mut message = error.to_string();
        if self.records > 0 {
            let rows = counted(self.records, "row");
            message += &format!(" after deleting {rows} that are archived");
        }
        if stopped {
            message += "; the next run goes on";
        }
        self.message = Some(message);
    }
}
