//! How far the rows that come out reach, for whoever decides whether they are
//! to go.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::db::RowView;
use crate::error::Result;
use crate::outcome::Extent;
use crate::settings::columns::ColumnChoice;
use crate::time::{self, Day, Unit, rfc3339};

/// The times of the rows so far.
pub(super) struct Reach {
    /// Which of the columns that are read dates a row, and what its numbers
    /// mean.
    time: Option<(usize, Option<Unit>)>,
    /// Rows before this instant are past all their periods.
    end: Option<Timestamp>,
    /// The least and the greatest time.
    ends: Option<(Timestamp, Timestamp)>,
    days: BTreeMap<Day, u64>,
    extent: Extent,
}

impl Reach {
    /// Of no row yet. Without a column that dates them, rows are only
    /// measured.
    pub fn new(chosen: &ColumnChoice, end: Option<Timestamp>) -> Reach {
        let time = chosen.timestamp.clone().and_then(|(column, unit)| {
            let at = chosen.columns.iter().position(|c| *c == column);
            at.map(|at| (at, unit))
        });
        Reach {
            time,
            end,
            ends: None,
            days: BTreeMap::new(),
            extent: Extent::default(),
        }
    }

    /// Adds a row that came out as so many bytes.
    pub fn add(&mut self, row: &RowView<'_>, bytes: usize) -> Result<()> {
        self.extent.text_size_bytes += bytes as u64;
        let Some((column, unit)) = &self.time else { return Ok(()) };
        let Some(value) = row.value(*column)? else { return Ok(()) };
        let Some(at) = time::instant(value, unit.as_ref()) else {
            return Ok(());
        };
        let past = self.end.is_some_and(|end| at < end);
        self.extent.past_retention += u64::from(past);
        let (oldest, newest) = self.ends.unwrap_or((at, at));
        self.ends = Some((oldest.min(at), newest.max(at)));
        *self.days.entry(Day::of(at)).or_default() += 1;
        Ok(())
    }

    /// The rows of each day.
    pub fn day_rows(&self) -> BTreeMap<String, u64> {
        self.days.iter().map(|(day, n)| (day.to_string(), *n)).collect()
    }

    /// What is known of all rows, and of the table.
    pub fn extent(&self, table_rows: Option<u64>) -> Extent {
        Extent {
            oldest: self.ends.map(|(oldest, _)| rfc3339(oldest)),
            newest: self.ends.map(|(_, newest)| rfc3339(newest)),
            days: self.days.len() as u64,
            table_rows,
            ..self.extent.clone()
        }
    }
}
