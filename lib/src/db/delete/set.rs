//! Sets of rows that a purge is about: those that are to go, for the foreign
//! keys, and those of lines without usable key. They stand in temporary
//! tables, which SQLite keeps on disk when they are large.

use rusqlite::{OptionalExtension, params, params_from_iter};

use crate::db::due::select::{CANDIDATES, LINE, candidate_columns};
use crate::db::foreign_keys::{STRUCK, pointed_at};
use crate::db::{Database, References, RowAddress, Table};
use crate::error::Result;
use crate::value::Owned;

/// The temporary table of one batch.
const BATCH: &str = "temp.\"rt batch\"";

/// The temporary table of lines without usable key and their rows.
const CLAIMS: &str = "temp.\"rt claims\"";

/// The temporary table of lines that look for a row of their content.
const SEEKING: &str = "temp.\"rt seeking\"";

fn values(place: &RowAddress) -> Vec<Owned> {
    match place {
        RowAddress::Rowid(rowid) => vec![Owned::Integer(*rowid)],
        RowAddress::Key(key) => key.clone(),
    }
}

impl Database {
    /// Begins an empty set of rows that are to go.
    pub fn begin_doomed(&self, table: &Table) -> Result<()> {
        self.make_candidates(table)
    }

    /// Adds a row to the set, with the line that it is; false when the row is
    /// in it already.
    pub fn add_doomed(
        &self,
        table: &Table,
        place: &RowAddress,
        segment: u32,
        line: u64,
    ) -> Result<bool> {
        self.insert_row(CANDIDATES, table, place, segment, line)
    }

    fn insert_row(
        &self,
        into: &str,
        table: &Table,
        place: &RowAddress,
        segment: u32,
        line: u64,
    ) -> Result<bool> {
        let columns = candidate_columns(table);
        let marks = vec!["?"; columns.len() + 2].join(", ");
        let mut all = values(place);
        all.push(Owned::Integer(segment.into()));
        all.push(Owned::Integer(line.cast_signed()));
        self.connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO {into}({}, {LINE}) VALUES ({marks})",
                columns.join(", ")
            ))
            .and_then(|mut s| s.execute(params_from_iter(all)))
            .map(|n| n == 1)
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// Takes out of the set the rows at which a row that stays points, and
    /// tells whose lines they are.
    pub fn struck(
        &self,
        table: &Table,
        references: &References,
        each: &mut dyn FnMut(u32, u64),
    ) -> Result<()> {
        if self.strike(table, references)? == 0 {
            return Ok(());
        }
        self.read_lines(&format!("SELECT {LINE} FROM {STRUCK}"), each)
    }

    fn read_lines(
        &self,
        sql: &str,
        each: &mut dyn FnMut(u32, u64),
    ) -> Result<()> {
        let fail = |e| self.fail("cannot follow the foreign keys", e);
        let mut statement = self.connection.prepare(sql).map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            let segment: u32 = row.get(0).map_err(fail)?;
            let line: i64 = row.get(1).map_err(fail)?;
            each(segment, line.cast_unsigned());
        }
        Ok(())
    }

    /// Inside the write lock: which rows of a batch (by their place in it)
    /// must stay, because a row that stays points at them now. They leave the
    /// set.
    pub fn struck_now(
        &self,
        table: &Table,
        references: &References,
        batch: &[&RowAddress],
    ) -> Result<Vec<usize>> {
        let fail = |e| self.fail("cannot follow the foreign keys", e);
        let key = candidate_columns(table).join(", ");
        self.run(&format!(
            "DROP TABLE IF EXISTS {BATCH}; \
             CREATE TABLE {BATCH}({key}, {LINE}, PRIMARY KEY({key})) \
             WITHOUT ROWID"
        ))?;
        for (i, place) in batch.iter().enumerate() {
            self.insert_row(BATCH, table, place, 0, i as u64)?;
        }
        let mut struck = Vec::new();
        loop {
            let before = struck.len();
            for reference in &references.all {
                let known = struck.len();
                let sql = pointed_at(table, reference, BATCH);
                let sql = format!("SELECT {LINE} FROM ({sql})");
                self.read_lines(&sql, &mut |_, i| struck.push(i as usize))?;
                for from in [BATCH, CANDIDATES] {
                    for i in &struck[known..] {
                        self.remove_row(from, table, batch[*i])
                            .map_err(fail)?;
                    }
                }
            }
            // Whoever stays may point at another one of the batch.
            if struck.len() == before || !references.own() {
                return Ok(struck);
            }
        }
    }

    /// Takes a row out of the set: it stays.
    pub fn remove_doomed(
        &self,
        table: &Table,
        place: &RowAddress,
    ) -> Result<()> {
        self.remove_row(CANDIDATES, table, place)
            .map_err(|e| self.fail("cannot note a row", e))
    }

    fn remove_row(
        &self,
        from: &str,
        table: &Table,
        place: &RowAddress,
    ) -> rusqlite::Result<()> {
        let terms: Vec<String> = candidate_columns(table)
            .iter()
            .map(|c| format!("{c} = ?"))
            .collect();
        self.connection
            .prepare_cached(&format!(
                "DELETE FROM {from} WHERE {}",
                terms.join(" AND ")
            ))?
            .execute(params_from_iter(values(place)))
            .map(drop)
    }

    /// Begins an empty set of claims: lines without usable key, a row each;
    /// and of lines that look for a row.
    pub fn begin_claims(&self) -> Result<()> {
        self.run(&format!(
            "DROP TABLE IF EXISTS {CLAIMS}; \
             CREATE TABLE {CLAIMS}(line INTEGER PRIMARY KEY, \
             place INTEGER UNIQUE); \
             DROP TABLE IF EXISTS {SEEKING}; \
             CREATE TABLE {SEEKING}(digest, late, line, \
             PRIMARY KEY(digest, late, line)) WITHOUT ROWID"
        ))
    }

    /// Notes a line that looks for a row of its content, by its digest; one
    /// that is `late` is served after the others.
    pub fn seek(&self, digest: &[u8], late: bool, line: u64) -> Result<()> {
        self.connection
            .prepare_cached(&format!(
                "INSERT INTO {SEEKING} VALUES (?1, ?2, ?3)"
            ))
            .and_then(|mut s| {
                s.execute(params![digest, late, line.cast_signed()])
            })
            .map(drop)
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// Whether any line still looks for a row.
    pub fn is_seeking(&self) -> Result<bool> {
        self.connection
            .prepare_cached(&format!("SELECT 1 FROM {SEEKING} LIMIT 1"))
            .and_then(|mut s| s.exists([]))
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// Whether a line looks for a row of this content.
    pub fn is_sought(&self, digest: &[u8]) -> Result<bool> {
        self.connection
            .prepare_cached(&format!(
                "SELECT 1 FROM {SEEKING} WHERE digest = ?1"
            ))
            .and_then(|mut s| s.exists([digest]))
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// The next line that looks for a row of this content; it looks no more.
    pub fn serve(&self, digest: &[u8]) -> Result<Option<u64>> {
        let fail = |e| self.fail("cannot note a row", e);
        let line: Option<i64> = self
            .connection
            .prepare_cached(&format!(
                "SELECT line FROM {SEEKING} WHERE digest = ?1 \
                 ORDER BY late, line LIMIT 1"
            ))
            .and_then(|mut s| {
                s.query_row([digest], |row| row.get(0)).optional()
            })
            .map_err(fail)?;
        if let Some(line) = line {
            self.connection
                .prepare_cached(&format!(
                    "DELETE FROM {SEEKING} WHERE digest = ?1 AND line = ?2"
                ))
                .and_then(|mut s| s.execute(params![digest, line]))
                .map_err(fail)?;
        }
        Ok(line.map(i64::cast_unsigned))
    }

    /// Claims a row for a line; false when either is taken.
    pub fn claim(&self, line: u64, rowid: i64) -> Result<bool> {
        self.connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO {CLAIMS} VALUES (?1, ?2)"
            ))
            .and_then(|mut s| s.execute(params![line.cast_signed(), rowid]))
            .map(|n| n == 1)
            .map_err(|e| self.fail("cannot note a row", e))
    }

    /// The row that a line claimed.
    pub fn claim_of(&self, line: u64) -> Result<Option<i64>> {
        self.one(
            &format!("SELECT place FROM {CLAIMS} WHERE line = ?1"),
            line.cast_signed(),
        )
    }

    /// Whether a row is claimed.
    pub fn is_claimed(&self, rowid: i64) -> Result<bool> {
        let sql = format!("SELECT line FROM {CLAIMS} WHERE place = ?1");
        Ok(self.one(&sql, rowid)?.is_some())
    }

    fn one(&self, sql: &str, value: i64) -> Result<Option<i64>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_row([value], |row| row.get(0)).optional()
            })
            .map_err(|e| self.fail("cannot note a row", e))
    }
}
