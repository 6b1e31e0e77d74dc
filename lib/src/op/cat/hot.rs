//! The hot rows, laid aside by day, and what of the archives goes with them.
//!
//! A table is read in the order of its rowid, the archives by day, and rows
//! leave the one for the other meanwhile. So the rows are first laid aside in
//! a file; the ledger is read before and after, and where the
//! table's files or segments moved in between it is done again. What the
//! ledger says then is the cut: of each warm file only what was settled in it
//! belongs to the stream, however it grows afterwards.

use std::collections::{BTreeMap, HashMap};

use super::aside::Aside;
use super::file::holds;
use super::options::Options;
use super::range::Range;
use crate::archive::{Ledger, Origin};
use crate::db::{
    Access, ArchivedForm, Batch, Database, Filter, Fit, RowEncoder, Selection,
    Walk,
};
use crate::error::{Error, Exit, Notes, Result, counted, quote};
use crate::settings::columns::{Columns, rule};
use crate::settings::policy::Policy;
use crate::time::{self, Day, Unit};

/// How often the rows are read again when the table moves.
const TRIES: u32 = 5;

/// The hot rows that are meant, by day.
pub(super) struct Hot {
    pub rows: Aside,
    /// Their columns, in order.
    pub columns: Vec<String>,
    /// What the ledger said when they were read.
    pub cut: Cut,
    /// 3 when not all of it could be told apart.
    pub exit: Exit,
}

/// The archives as they were when the hot rows were read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Cut {
    /// How much of a warm file is settled, in bytes.
    pub settled: BTreeMap<String, u64>,
    /// The digests of the months' tars.
    pub months: HashMap<String, String>,
    /// Rewrites of the archives that were under way.
    pub changes: Vec<String>,
    /// The segments that are not settled, and how far each is.
    open: Vec<(String, bool, usize, bool)>,
    /// The digests of the warm files.
    files: BTreeMap<String, String>,
}

impl Cut {
    fn of(ledger: &Ledger, origin: &Origin) -> Result<Cut> {
        let (state, files) = (ledger.state(), ledger.files()?);
        let mut cut = Cut::default();
        for (name, file) in files.files() {
            if name.starts_with("cold/") {
                cut.months.insert(name.to_owned(), file.sha256.clone());
            } else if holds(file, origin) {
                cut.settled.insert(name.to_owned(), file.size_bytes);
                cut.files.insert(name.to_owned(), file.sha256.clone());
            }
        }
        for open in state.intents().chain(state.unsettled()) {
            let segment = &open.segment;
            if origin.is(&segment.table, segment.database.as_deref()) {
                cut.settled.insert(segment.file.clone(), segment.offset_bytes);
                cut.open.push((
                    segment.id.clone(),
                    open.published,
                    open.purging.len(),
                    open.retract.is_some(),
                ));
            }
        }
        let changes = state.changes().iter().map(|(_, c)| c.id.clone());
        cut.changes = changes.collect();
        Ok(cut)
    }
}

impl Hot {
    /// Reads them.
    pub(super) fn read(
        options: &Options,
        origin: &Origin,
        (policy, range): (&Policy, &Range),
        ledger: &mut Ledger,
        notes: &mut dyn Notes,
    ) -> Result<Hot> {
        let mut database = options.settings.open(Access::Read)?;
        for _ in 0..TRIES {
            ledger.refresh()?;
            let before = Cut::of(ledger, origin)?;
            let mut hot =
                lay_aside(&mut database, options, policy, range, notes)?;
            ledger.refresh()?;
            hot.cut = Cut::of(ledger, origin)?;
            if hot.cut != before {
                continue;
            }
            if hot.cut.open.iter().any(|(_, _, purging, _)| *purging > 0) {
                notes.warn(&format!(
                    "rows of {} are being deleted: those of segments that \
                     are not settled may be missing here",
                    quote(&options.table)
                ));
                hot.exit = Exit::Partial;
            }
            return Ok(hot);
        }
        Err(Error::busy(format!(
            "rows of {} move to the archives while they are read",
            quote(&options.table)
        ))
        .hint("run it again when the archiving is done"))
    }
}

fn lay_aside(
    database: &mut Database,
    options: &Options,
    policy: &Policy,
    range: &Range,
    notes: &mut dyn Notes,
) -> Result<Hot> {
    let table = database.need_table(&options.table)?;
    let named = Columns {
        timestamp: (!range.column.is_empty()).then(|| range.column.clone()),
        unit: range.unit.clone(),
        ..Columns::default()
    };
    let chosen = named.choose(&table, rule(policy, &table.name))?;
    let (column, unit) = chosen.need_timestamp(&table)?;
    let at = chosen.columns.iter().position(|c| *c == column).unwrap_or(0);
    let filter = Filter {
        timestamp: chosen.timestamp.clone(),
        since: range.since,
        before: range.until,
        ..Filter::default()
    };
    let selection = Selection { filter, ..Selection::default() };
    let selected = database.select(&table, &chosen.columns, &selection)?;
    // Rows of the database are shown as they are.
    let form = ArchivedForm::plain(&table, &chosen.columns);
    let encoder = RowEncoder::new(&table, form);
    let (rows, lost) = lay_rows(selected.walk, encoder, (at, unit.as_ref()))?;
    let name = |c: &usize| table.columns[*c].name.clone();
    let columns = chosen.columns.iter().map(name).collect();
    let mut hot = Hot { rows, columns, cut: Cut::default(), exit: Exit::Done };
    if lost > 0 {
        notes.warn(&format!(
            "{} of {} left out: text that UTF-8 cannot give back",
            counted(lost, "row"),
            quote(&table.name)
        ));
        hot.exit = Exit::Partial;
    }
    Ok(hot)
}

/// Lays aside the rows of a walk, and counts those that cannot be written.
/// What dates a row is one of its columns, with what the values in it mean.
fn lay_rows(
    mut walk: Walk<'_>,
    mut encoder: RowEncoder,
    (column, unit): (usize, Option<&Unit>),
) -> Result<(Aside, u64)> {
    let (mut rows, mut lost) = (Aside::new()?, 0);
    let mut line = Vec::new();
    loop {
        let mut batch = 0;
        let more = walk.batch(Batch::default(), &mut |row| {
            line.clear();
            if encoder.append(row, &mut line)? == Fit::Whole {
                let value = row.value(column)?;
                let time = value.and_then(|v| time::instant(v, unit));
                rows.add(time.map(Day::of), &line);
            } else {
                lost += 1;
            }
            batch += line.len();
            Ok(batch)
        })?;
        rows.relieve()?;
        if !more {
            break;
        }
    }
    rows.flush()?;
    Ok((rows, lost))
}
