//! The rows that were selected, on their way out.

use std::io::Write;

use super::extent::Reach;
use super::options::Options;
use crate::db::{ArchivedForm, Batch, Due, Fit, Met, RowEncoder, Table};
use crate::error::{Error, Exit, Notes, Result, are, counted, quote};
use crate::outcome::{Exported, Status};
use crate::progress;
use crate::secrets::Secrets;
use crate::settings::columns::ColumnChoice;
use crate::signal::Stop;
use crate::time::Shape;

/// What came of it.
pub(super) struct Done {
    pub record: Exported,
    pub exit: Exit,
    /// All rows that were asked for came out.
    pub whole: bool,
}

/// Once a row is due, a look goes through so many rows of a table at most.
const LOOKED_THROUGH: u64 = 10_000;

/// A record of a table of which no row came out.
pub(super) fn empty(table: &str, status: Status) -> Exported {
    Exported { table: table.to_owned(), status, ..Exported::default() }
}

/// Writes what was selected.
pub(super) struct Rows<'r> {
    pub options: &'r Options,
    pub table: &'r Table,
    pub chosen: &'r ColumnChoice,
    pub stop: &'r Stop,
    /// How far the rows that came out reach.
    pub reach: Reach,
    /// Why rows are on hold.
    pub reasons: String,
}

impl Rows<'_> {
    pub(super) fn write(
        mut self,
        mut due: Due<'_>,
        mut record: Exported,
        output: &mut dyn Write,
        notes: &mut dyn Notes,
    ) -> Result<Done> {
        let redaction = &self.chosen.redaction;
        let form =
            ArchivedForm::new(self.table, &self.chosen.columns, redaction)?;
        let mut encoder = RowEncoder::new(self.table, form);
        if !self.options.look {
            let words = format!("exporting {}", quote(&record.table));
            progress::begin(words, "rows", None);
        }
        if let Some(line) = self.options.naming(&self.table.name)? {
            output
                .write_all(&line)
                .map_err(|e| Error::stream("cannot write rows", e))?;
        }
        let secret_keys =
            self.write_rows(&mut due, &mut encoder, &mut record, output)?;
        progress::end();
        let met = due.met();
        record.undated = met.undated;
        record.undated_shape = self.shape(&met)?;
        record.future = met.future;
        record.held = met.held;
        record.extent = self.reach.extent(due.table_rows());
        if self.options.due && self.options.after.is_some() {
            record.day_rows = self.reach.day_rows();
        }
        record.referenced = due.referenced.iter().map(|(_, n)| n).sum();
        let mut kept = pointed_at(&due.referenced);
        kept.extend(due.greatest_stays.then(greatest_stays));
        let name = |c: &usize| self.table.columns[*c].name.clone();
        record.redacted = redaction.columns.iter().map(name).collect();
        record.secrets = encoder.form().counts();
        notes.verbose(&format!(
            "{} of {}, {} looked at",
            counted(record.rows, "row"),
            quote(&self.table.name),
            met.visited
        ));
        let mut done = self.end(record, (&met, kept), secret_keys, notes);
        done.whole = due.walk.ended();
        Ok(done)
    }

    /// Writes the rows, and counts them in the record; gives how many of the
    /// `unrepresentable` ones hold a secret in their key.
    fn write_rows(
        &mut self,
        due: &mut Due<'_>,
        encoder: &mut RowEncoder,
        record: &mut Exported,
        output: &mut dyn Write,
    ) -> Result<u64> {
        let dry = self.options.settings.dry_run;
        let fail = |e| Error::stream("cannot write rows", e);
        let limit = self.options.at_most().unwrap_or(u64::MAX);
        let mut batch = Batch::default();
        if let Some(rows) = self.options.batch_size {
            batch.rows = usize::try_from(rows).unwrap_or(usize::MAX);
        }
        let mut frame = self.options.frame();
        let mut secret_keys = 0;
        let reach = &mut self.reach;
        let (mut out, mut told) = (Vec::new(), 0);
        while record.rows < limit {
            let left = usize::try_from(limit - record.rows);
            batch.rows = batch.rows.min(left.unwrap_or(usize::MAX));
            let more = due.walk.batch(batch, &mut |row| {
                let start = out.len();
                let between = frame.between();
                out.extend_from_slice(between);
                let fit = encoder.append(row, &mut out)?;
                if fit != Fit::Whole {
                    out.truncate(start);
                    record.unrepresentable += 1;
                    secret_keys += u64::from(fit == Fit::SecretKey);
                    return Ok(out.len());
                }
                record.rows += 1;
                reach.add(row, out.len() - start - between.len())?;
                // The encoder ends a record with a newline.
                out.pop();
                out.extend_from_slice(frame.row());
                if dry {
                    out.clear();
                }
                Ok(out.len())
            })?;
            output.write_all(&out).map_err(fail)?;
            progress::add(record.rows - told, out.len() as u64);
            told = record.rows;
            out.clear();
            self.stop.check()?;
            let far = due.walk.visited() > LOOKED_THROUGH;
            if !more || self.options.look && far && record.rows > 0 {
                break;
            }
        }
        if !dry {
            output.write_all(frame.close()).map_err(fail)?;
        }
        output.flush().map_err(fail)?;
        Ok(secret_keys)
    }

    fn end(
        &self,
        mut record: Exported,
        (met, kept): (&Met, Vec<String>),
        secret_keys: u64,
        notes: &mut dyn Notes,
    ) -> Done {
        let mut messages = self.unrepresentable(&record, secret_keys);
        // Where no row at all can be dated, it is not the rows that are odd:
        // it is the wrong column or unit.
        let blind = record.cutoff_date.is_some()
            && record.rows == 0
            && met.undated > 0
            && !met.dated;
        if blind {
            messages.push(self.blind(&record));
        }
        for message in &messages {
            notes.warn(message);
        }
        let mut exit = Exit::Done;
        if !messages.is_empty() {
            record.exit_status = Some(Exit::Partial.code());
            exit = Exit::Partial;
        }
        messages.extend(kept);
        if !blind && record.undated > 0 {
            messages.push(undated(&record));
        }
        if record.future > 0 {
            messages.push(format!(
                "{} dated more than a day ahead of now",
                rows_are(record.future)
            ));
        }
        if record.held > 0 {
            let are = rows_are(record.held);
            messages.push(format!("{are} on hold: {}", self.reasons));
        }
        record.message = (!messages.is_empty()).then(|| messages.join("; "));
        record.status = match (record.rows, self.options.settings.dry_run) {
            (_, true) => Status::DryRun,
            (0, false) => Status::NoRecords,
            (_, false) => Status::Archived,
        };
        Done { record, exit, whole: false }
    }

    /// What to say of due rows that cannot be written.
    fn unrepresentable(
        &self,
        record: &Exported,
        secret_keys: u64,
    ) -> Vec<String> {
        let mut messages = Vec::new();
        for (rows, why) in [
            (
                record.unrepresentable - secret_keys,
                "text that UTF-8 cannot give back",
            ),
            (secret_keys, "a secret in their key or time"),
        ] {
            if rows > 0 {
                let table = quote(&self.table.name);
                let (hold, stay) = match rows {
                    1 => ("holds", "stays"),
                    _ => ("hold", "stay"),
                };
                let rows = counted(rows, "row");
                let message =
                    format!("{rows} of {table} {hold} {why}, and {stay}");
                messages.push(message);
            }
        }
        messages
    }

    /// What to say where every row is undated.
    fn blind(&self, record: &Exported) -> String {
        format!(
            "no row of {} can be dated: {}; name another column, or say \
             its unit",
            quote(&self.table.name),
            undated(record)
        )
    }

    /// What most undated values look like; without secrets, where those are
    /// to stay inside.
    fn shape(&self, met: &Met) -> Result<Option<Shape>> {
        let Some(mut shape) = met.shape.clone() else { return Ok(None) };
        if let Some((level, version)) = self.chosen.redaction.secrets {
            let mut secrets = Secrets::new(level, version)?;
            let text = secrets.redact_bytes(shape.example.as_bytes());
            shape.example = String::from_utf8_lossy(&text).into_owned();
        }
        Ok(Some(shape))
    }
}

/// Which tables keep how many rows here, by pointing at them.
fn pointed_at(by: &[(String, u64)]) -> Vec<String> {
    let rows: u64 = by.iter().map(|(_, rows)| rows).sum();
    match by {
        [] => Vec::new(),
        [(child, _)] => {
            vec![format!("{rows} stay: {} points at them", quote(child))]
        }
        _ => {
            let each: Vec<String> = by
                .iter()
                .map(|(child, rows)| format!("{} ({rows})", quote(child)))
                .collect();
            vec![format!("{rows} stay: {} point at them", each.join(", "))]
        }
    }
}

fn greatest_stays() -> String {
    "1 stays: it has the greatest id, which SQLite would give to another row \
     (the table is without AUTOINCREMENT)"
        .to_owned()
}

fn undated(record: &Exported) -> String {
    let are = rows_are(record.undated);
    match &record.undated_shape {
        Some(shape) if shape.rows == record.undated => {
            format!("{are} undated, like {shape}")
        }
        Some(shape) => {
            format!("{are} undated, {} of them like {shape}", shape.rows)
        }
        None => format!("{are} undated"),
    }
}

fn rows_are(rows: u64) -> String {
    format!("{} {}", counted(rows, "row"), are(rows))
}
