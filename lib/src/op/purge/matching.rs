//! Which row each line of a keyless segment is: by key where it has one, by
//! the rowid that it carries, else by content alone.

use super::keyed::remover;
use super::keyless::Before;
use super::proof::{RowDigest, columns_now, digest, form, has_key};
use super::settle::{Settler, Subject, Target};
use crate::db::{Batch, Fit, RowAddress};
use crate::error::Result;
use crate::line_set::LineSet;
use crate::record::records;

impl Settler<'_> {
    /// Claims a row for each line but those of `without`.
    pub(super) fn match_rows(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
        before: &Before,
        without: &LineSet,
    ) -> Result<()> {
        let database = self.database;
        let named = &before.named;
        let by_rowid = !before.renumbered;
        self.match_single(
            target,
            subject,
            without,
            by_rowid,
            &mut |line, d| database.seek(&d, named.contains(line), line),
        )?;
        match self.database.is_seeking()? {
            true => self.match_by_content(target, subject),
            false => Ok(()),
        }
    }

    /// Lines with a key by it, others by their rowid where that holds; in
    /// both cases the content must be the line's. A line whose row is not
    /// found so goes to `other`.
    pub(super) fn match_single(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
        without: &LineSet,
        by_rowid: bool,
        other: &mut dyn FnMut(u64, RowDigest) -> Result<()>,
    ) -> Result<()> {
        let database = self.database;
        let Some(mut remover) = remover(database, target, subject)? else {
            return Ok(());
        };
        let has_key = has_key(&subject.open.segment, target.table);
        let (mut line, mut row) = (0, Vec::new());
        subject.text()?.read(&mut |piece| {
            self.check_time()?;
            let reading = database.begin_read()?;
            for record in records(piece) {
                let number = line;
                line += 1;
                if without.contains(number) {
                    continue;
                }
                let parsed = subject.lines.parse(record);
                let found = match parsed.rowid {
                    Some(rowid) if by_rowid => {
                        remover.at(&RowAddress::Rowid(rowid), &mut row)?
                    }
                    None if has_key => {
                        let key = subject.lines.key(record)?;
                        remover.by_key(&key, &mut row)?
                    }
                    _ => None,
                };
                let place = found.filter(|f| f.comparable && parsed.is(&row));
                let claimed = match place.map(|f| f.address) {
                    Some(RowAddress::Rowid(rowid)) => {
                        database.claim(number, rowid)?
                    }
                    _ => false,
                };
                if !claimed && parsed.rowid.is_some() {
                    other(number, parsed.digest())?;
                }
            }
            drop(reading);
            Ok(())
        })
    }

    /// One walk over the table: each row that no line has claimed may serve a
    /// line of its content.
    fn match_by_content(
        &mut self,
        target: &Target<'_>,
        subject: &Subject,
    ) -> Result<()> {
        let table = target.table;
        let Some((columns, extras)) =
            columns_now(&subject.open.segment, table)
        else {
            return Ok(());
        };
        let mut form = form(&subject.open.segment, table, &columns)?;
        let width = columns.len();
        let all: Vec<usize> = columns.into_iter().chain(extras).collect();
        let mut walk = self.database.walk(table, &all, None)?;
        let mut row = Vec::new();
        loop {
            self.check_time()?;
            let mut found: Vec<(RowDigest, i64)> = Vec::new();
            let more = walk.batch(Batch::default(), &mut |view| {
                row.clear();
                let mut comparable =
                    form.append(view, &mut row)? == Fit::Whole;
                for i in width..all.len() {
                    use crate::value::Value;
                    comparable &= matches!(view.value(i)?, Some(Value::Null));
                }
                let digest = digest(&row);
                if let Some(rowid) = view.rowid()
                    && comparable
                    && self.database.is_sought(&digest)?
                {
                    found.push((digest, rowid));
                }
                Ok(found.len())
            })?;
            for (digest, rowid) in found {
                if self.database.is_claimed(rowid)? {
                    continue;
                }
                if let Some(line) = self.database.serve(&digest)? {
                    self.database.claim(line, rowid)?;
                }
            }
            if !more {
                return Ok(());
            }
        }
    }
}
