//! The lines of a table's month, into a file for each version of its types.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;

use rt::derived::{
    ARCHIVED_AT, ArchivedDay, Archives, Fields, Owned, TreePath, records,
};
use rt::error::{Error, Result, quote};

use crate::about::{About, DayAbout};
use crate::plan::{Plan, Source};
use crate::unit::{Ready, Unit};

/// What a month is to become.
pub struct Month<'m> {
    /// What all of its files say, but for what their lines tell.
    pub about: About,
    /// Its days.
    pub days: &'m [&'m ArchivedDay],
    /// The level of zstd.
    pub level: i32,
}

impl Month<'_> {
    /// Writes its files into `folder`, which is there; each is proven, and has
    /// a temporary name yet.
    pub fn make(
        &self,
        archives: &Archives,
        plan: &Plan,
        folder: &TreePath,
    ) -> Result<Vec<Ready>> {
        let mut units: BTreeMap<usize, Unit> = BTreeMap::new();
        let abouts: Vec<DayAbout> =
            self.days.iter().map(|day| about(day)).collect();
        let mut near = Near::of(plan);
        archives.read(self.days, &mut |at, lines| {
            let day = self.days[at];
            let bad = |what: &dyn Display| {
                let name = quote(day.name());
                Error::data(format!("{name}: a line is no record: {what}"))
            };
            std::str::from_utf8(lines).map_err(|e| bad(&e))?;
            for line in records(lines) {
                let changed = near.look(line, (at, day));
                let source = near.source;
                let unit = match units.entry(source.v) {
                    Entry::Occupied(there) => there.into_mut(),
                    Entry::Vacant(free) => {
                        free.insert(self.unit(source.v, plan, folder)?)
                    }
                };
                unit.line(line, &abouts[at], source).map_err(|e| bad(&e))?;
                if let Some(id) = source.id.as_ref().filter(|_| changed) {
                    unit.stored_in(id, &source.schema);
                }
                unit.flush_if_full()?;
            }
            Ok(())
        })?;
        units.into_values().map(Unit::finish).collect()
    }

    fn unit(&self, v: usize, plan: &Plan, folder: &TreePath) -> Result<Unit> {
        let columns = plan.columns[&v].clone();
        let about = About { v, columns, ..self.about.clone() };
        Unit::create(folder, about, self.level)
    }
}

fn about(day: &ArchivedDay) -> DayAbout {
    DayAbout {
        name: day.name().to_owned(),
        sha256: day.sha256().to_owned(),
        ..DayAbout::default()
    }
}

/// The source of the last line; the next one mostly has the same.
struct Near<'p> {
    plan: &'p Plan,
    source: &'p Source,
    /// The day, and the end of the line that named the source.
    day: Option<usize>,
    tail: Vec<u8>,
}

impl<'p> Near<'p> {
    fn of(plan: &'p Plan) -> Near<'p> {
        Near { plan, source: plan.other(), day: None, tail: Vec::new() }
    }

    /// Finds the source of a line; says whether it was looked for.
    fn look(&mut self, line: &[u8], (at, day): (usize, &ArchivedDay)) -> bool {
        let same = !self.tail.is_empty() && line.ends_with(&self.tail);
        if self.day == Some(at) && same {
            return false;
        }
        let archived_at = match Fields::find(line, ARCHIVED_AT) {
            Ok(Some(Owned::Text(text))) => String::from_utf8(text).ok(),
            _ => None,
        };
        self.tail.clear();
        if let Some(text) = &archived_at {
            let tail = format!("\"{ARCHIVED_AT}\":\"{text}\"}}");
            if line.ends_with(tail.as_bytes()) {
                self.tail = tail.into_bytes();
            }
        }
        self.day = Some(at);
        self.source = self.plan.source(archived_at.as_deref(), day);
        true
    }
}
