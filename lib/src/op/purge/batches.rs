//! The deletion of rows without usable key: each batch is named in the ledger
//! first, and then goes whole or not at all.

use std::time::Instant;

use super::keyed::remover;
use super::keyless::Before;
use super::pace::end;
use super::proof::{fingerprint, has_key};
use super::settle::{Settler, Subject, Target, altered};
use super::spool::Proven;
use super::tally::Tally;
use crate::archive::{Event, Purging};
use crate::crash;
use crate::db::{Database, Deleted, RowAccess, RowAddress};
use crate::error::Result;
use crate::record::records;

/// Whether a row is still what it was when it was compared.
fn unchanged(
    remover: &mut RowAccess<'_>,
    proven: &Proven,
    row: &mut Vec<u8>,
) -> Result<bool> {
    let found = remover.at(&proven.place, row)?;
    let comparable = found.is_some_and(|f| f.comparable);
    Ok(comparable && fingerprint(row) == proven.fingerprint)
}

/// The batches of one segment.
pub(super) struct Batches<'b> {
    pub target: &'b Target<'b>,
    pub subject: &'b Subject,
    pub tally: Tally,
    pub waiting: Vec<Proven>,
    /// `data_version` before the first row of the batch was compared.
    pub version: i64,
    /// `data_version` before the foreign keys were followed; none when they
    /// have to be followed again whatever it is.
    pub guarded: Option<i64>,
    /// The table is not what it was: no row of it may go any more.
    pub altered: bool,
    pub before: Before,
}

/// How a batch ended.
enum Ended {
    Committed,
    /// A trigger kept the row at this place; nothing was done.
    Kept(usize),
    /// Rows have changed since they were compared; nothing was done.
    Differs,
    /// The table is not what it was; nothing was done.
    Altered,
}

impl Batches<'_> {
    pub fn run(&mut self, settler: &mut Settler<'_>) -> Result<()> {
        let subject = self.subject;
        let found = remover(settler.database, self.target, subject)?;
        let (mut line, mut row, mut bytes) = (0, Vec::new(), 0);
        let mut remover = found;
        subject.text()?.read(&mut |piece| {
            for record in records(piece) {
                let number = line;
                line += 1;
                if self.before.known.contains(number)
                    || self.tally.referenced.contains(number)
                {
                    continue;
                }
                let parsed = subject.lines.parse(record);
                let (Some(rowid), Some(remover)) =
                    (settler.database.claim_of(number)?, &mut remover)
                else {
                    let at = (record, parsed.rowid);
                    match self.stands(settler, &mut remover, at)? {
                        true => self.differs(number),
                        false => self.unclaimed(number),
                    }
                    continue;
                };
                if self.altered {
                    self.differs(number);
                    continue;
                }
                let place = RowAddress::Rowid(rowid);
                let found = remover.at(&place, &mut row)?;
                let missing = found.is_none();
                let equal =
                    found.is_some_and(|f| f.comparable && parsed.is(&row));
                if !equal {
                    match missing {
                        true => self.unclaimed(number),
                        false => self.differs(number),
                    }
                    self.stays(settler.database, &place)?;
                    continue;
                }
                bytes += record.len();
                let proven = Proven {
                    segment: 0,
                    line: number,
                    fingerprint: fingerprint(&row),
                    order: 0,
                    place,
                };
                self.waiting.push(proven);
                let hold = settler.pace.hold();
                if self.waiting.len() >= settler.pace.rows(hold)
                    || bytes > 4 << 20
                {
                    self.flush(settler, remover)?;
                    bytes = 0;
                }
            }
            Ok(())
        })?;
        match &mut remover {
            Some(remover) => self.flush(settler, remover),
            None => Ok(()),
        }
    }

    /// Whether another row stands where the row of an unclaimed line stood
    /// (by its key or rowid), one that serves no line: then the row changed.
    fn stands(
        &self,
        settler: &Settler<'_>,
        remover: &mut Option<RowAccess<'_>>,
        (record, rowid): (&[u8], Option<i64>),
    ) -> Result<bool> {
        // Without its columns no row is what it was.
        let Some(remover) = remover else { return Ok(true) };
        let has_key = has_key(&self.subject.open.segment, self.target.table);
        let place = match rowid {
            Some(_) if self.before.renumbered => None,
            Some(rowid) => Some(RowAddress::Rowid(rowid)),
            // Under another key no row is what it was.
            None if !has_key => return Ok(true),
            None => {
                let key = self.subject.lines.key(record)?;
                remover.by_key(&key, &mut Vec::new())?.map(|f| f.address)
            }
        };
        match place {
            Some(RowAddress::Rowid(rowid)) => Ok(remover
                .there(&RowAddress::Rowid(rowid))?
                && !settler.database.is_claimed(rowid)?),
            _ => Ok(false),
        }
    }

    /// A line for which there is no row.
    fn unclaimed(&mut self, line: u64) {
        if self.before.named.contains(line) || self.target.keep_missing {
            self.tally.superseded += 1;
        } else {
            self.tally.gone.add(line);
        }
    }

    /// A line whose row changed after it was found.
    fn differs(&mut self, line: u64) {
        if self.before.named.contains(line) {
            self.tally.superseded += 1;
        } else {
            self.tally.changed.add(line);
        }
    }

    /// Follows the foreign keys, outside any write transaction: rows at
    /// which a row that stays points, stay.
    pub fn follow(&mut self, database: &Database) -> Result<()> {
        self.guarded = Some(database.data_version()?);
        let referenced = &mut self.tally.referenced;
        if self.target.references.is_empty() {
            return Ok(());
        }
        database
            .delete_set(self.target.table)
            .referenced(&self.target.references, &mut |_, line| {
                referenced.add(line)
            })
    }

    /// A row that stays keeps those at which it points.
    fn stays(
        &mut self,
        database: &Database,
        place: &RowAddress,
    ) -> Result<()> {
        if self.target.references.own() {
            self.guarded = None;
        }
        self.leaves_the_set(database, place)
    }

    fn leaves_the_set(
        &self,
        database: &Database,
        place: &RowAddress,
    ) -> Result<()> {
        match self.target.references.is_empty() {
            true => Ok(()),
            false => database.delete_set(self.target.table).remove(place),
        }
    }

    /// Follows the foreign keys again where that would else be a walk over a
    /// child inside the write lock.
    fn follow_again(
        &mut self,
        database: &Database,
        part: &mut Vec<Proven>,
    ) -> Result<()> {
        if self.target.references.needs_scan()
            && self.guarded != Some(database.data_version()?)
        {
            self.follow(database)?;
            part.retain(|p| !self.tally.referenced.contains(p.line));
        }
        Ok(())
    }

    /// Deletes the rows that wait.
    fn flush(
        &mut self,
        settler: &mut Settler<'_>,
        remover: &mut RowAccess<'_>,
    ) -> Result<()> {
        // As many as the pace allows now that it is known who else commits.
        let hold = settler.hold()?;
        let most = settler.pace.rows(hold);
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut parts = Vec::new();
        while waiting.len() > most {
            parts.push(waiting.split_off(waiting.len() - most));
        }
        parts.push(waiting);
        while let Some(mut part) = parts.pop() {
            if self.altered {
                part.iter().for_each(|row| self.differs(row.line));
                continue;
            }
            if self.target.one_by_one {
                self.guarded = None;
                let others = part.split_off(part.len().min(1));
                if !others.is_empty() {
                    parts.push(others);
                }
            }
            self.follow_again(settler.database, &mut part)?;
            if part.is_empty() {
                continue;
            }
            settler.check_time()?;
            match self.batch(settler, remover, &part)? {
                Ended::Committed => {
                    self.tally.deleted += part.len() as u64;
                    for row in &part {
                        self.leaves_the_set(settler.database, &row.place)?;
                    }
                }
                Ended::Kept(0) if part.len() == 1 => {
                    self.kept(remover, &part[0])?;
                    self.stays(settler.database, &part[0].place)?;
                }
                Ended::Kept(place) => {
                    // In order: those before it, it alone, those behind it.
                    let behind = part.split_off(place + 1);
                    let alone = part.split_off(place);
                    parts.extend([behind, alone, part]);
                }
                Ended::Differs => {
                    self.catch_up(settler)?;
                    let equal = self.compare_again(settler, remover, part)?;
                    parts.push(equal);
                }
                // Where earlier runs began to delete, it is not known which
                // rows are left; the next one sees.
                Ended::Altered if !self.before.named.is_empty() => {
                    return Err(altered(&self.target.table.name));
                }
                Ended::Altered => {
                    self.altered = true;
                    parts.push(part);
                }
            }
        }
        self.catch_up(settler)
    }

    /// What is compared from now on is compared with the present state.
    fn catch_up(&mut self, settler: &Settler<'_>) -> Result<()> {
        self.version = settler.database.data_version()?;
        Ok(())
    }

    fn kept(
        &mut self,
        remover: &mut RowAccess<'_>,
        row: &Proven,
    ) -> Result<()> {
        if remover.there(&row.place)? {
            self.tally.refused.add(row.line);
        } else {
            self.unclaimed(row.line);
        }
        Ok(())
    }

    /// The rows of a batch that are still what they were, and at which no row
    /// that stays points.
    fn compare_again(
        &mut self,
        settler: &mut Settler<'_>,
        remover: &mut RowAccess<'_>,
        part: Vec<Proven>,
    ) -> Result<Vec<Proven>> {
        let mut equal = Vec::with_capacity(part.len());
        let mut row = Vec::new();
        for proven in part {
            match remover.at(&proven.place, &mut row)? {
                Some(f)
                    if f.comparable
                        && fingerprint(&row) == proven.fingerprint =>
                {
                    equal.push(proven);
                    continue;
                }
                Some(_) => self.differs(proven.line),
                None => self.unclaimed(proven.line),
            }
            self.stays(settler.database, &proven.place)?;
        }
        if !self.target.references.is_empty() {
            let places: Vec<&RowAddress> =
                equal.iter().map(|p| &p.place).collect();
            let mut struck = settler
                .database
                .delete_set(self.target.table)
                .referenced_in(&self.target.references, &places)?;
            struck.sort_unstable();
            for place in struck.into_iter().rev() {
                let proven = equal.remove(place);
                self.tally.referenced.add(proven.line);
            }
        }
        Ok(equal)
    }

    /// The event, then one transaction with exactly its lines.
    fn batch(
        &mut self,
        settler: &mut Settler<'_>,
        remover: &mut RowAccess<'_>,
        part: &[Proven],
    ) -> Result<Ended> {
        let database = settler.database;
        let schema = settler.schema_version;
        settler.work.ledger_mut().append(&[Event::Purging(Purging {
            id: self.subject.open.segment.id.clone(),
            lines: part.iter().map(|p| p.line).collect(),
            schema_version: Some(schema),
        })])?;
        crash::point("purge.purging");
        std::thread::sleep(settler.rest());
        let lock = database.begin_write()?;
        let begun = Instant::now();
        let now = database.data_version()?;
        settler.pace.look(now);
        if settler.is_altered(self.target)? {
            lock.roll_back()?;
            return Ok(Ended::Altered);
        }
        let unguarded =
            self.guarded != Some(now) && !self.target.references.is_empty();
        if (now != self.version || unguarded)
            && !self.same_now(database, remover, part)?
        {
            lock.roll_back()?;
            return Ok(Ended::Differs);
        }
        let mut row = Vec::new();
        for (place, proven) in part.iter().enumerate() {
            // A trigger of a row before it may have changed this one.
            if remover.has_triggers() && !unchanged(remover, proven, &mut row)?
            {
                lock.roll_back()?;
                return Ok(match place {
                    0 => Ended::Differs,
                    _ => Ended::Kept(place),
                });
            }
            if remover.delete(&proven.place)? == Deleted::NotAll {
                lock.roll_back()?;
                return Ok(Ended::Kept(place));
            }
        }
        if remover.has_triggers() {
            for (place, proven) in part.iter().enumerate() {
                if remover.there(&proven.place)? {
                    lock.roll_back()?;
                    return Ok(Ended::Kept(place));
                }
            }
        }
        let held = end(lock, begun, [self.subject])?;
        settler.pause(part.len() as u64, held)?;
        Ok(Ended::Committed)
    }

    /// Inside the write lock: all rows are what they were, and nobody points
    /// at them.
    fn same_now(
        &self,
        database: &Database,
        remover: &mut RowAccess<'_>,
        part: &[Proven],
    ) -> Result<bool> {
        let mut row = Vec::new();
        for proven in part {
            if !unchanged(remover, proven, &mut row)? {
                return Ok(false);
            }
        }
        if self.target.references.is_empty() {
            return Ok(true);
        }
        let places: Vec<&RowAddress> = part.iter().map(|p| &p.place).collect();
        let struck = database
            .delete_set(self.target.table)
            .referenced_in(&self.target.references, &places)?;
        Ok(struck.is_empty())
    }
}
