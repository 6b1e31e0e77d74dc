//! Segments of one table compared on all cores, each thread with a connection
//! of its own: what others commit meanwhile moves `data_version` on the one
//! that deletes, where it is looked at before the first row goes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::{Proof, Run};
use super::settle::{Settler, Subject, Target};
use super::spool::Spool;
use crate::db::Database;
use crate::error::{Error, Result};

/// More threads would compare than the database can be read by.
const MOST_THREADS: usize = 4;
/// So much text is worth a second connection, in bytes.
const TOGETHER_FROM: u64 = 8 << 20;

/// What one thread found: proofs by the place of their segments, and the rows
/// that go.
type Proofs = (Vec<(usize, Proof)>, Spool);

impl Settler<'_> {
    /// Compares each line of each segment with its row, on all cores where no
    /// set of rows is needed; the proofs in order, and the rows that go.
    pub(super) fn prove_all(
        &self,
        run: &Run<'_>,
    ) -> Result<(Vec<Proof>, Vec<Spool>)> {
        let mut known = BTreeMap::new();
        let mut spools = Vec::new();
        if self.is_simple(run.target)? {
            for (proofs, spool) in self.prove_together(run)? {
                known.extend(proofs);
                spools.push(spool);
            }
        }
        let mut spool = Spool::new(self.work.tree().root());
        let mut proofs = Vec::new();
        for index in 0..run.group.len() {
            proofs.push(match known.remove(&index) {
                Some(proof) => proof,
                None => self.prove(run, index, &mut spool)?,
            });
        }
        spools.push(spool);
        Ok((proofs, spools))
    }

    /// Whether the lines of a segment can be compared without regard to those
    /// of others: nothing points at the rows, and no trigger moves them.
    pub(super) fn is_simple(&self, target: &Target<'_>) -> Result<bool> {
        Ok(target.references.is_empty()
            && !target.table.without_rowid
            && self.database.delete_triggers(target.table)?.is_empty())
    }

    /// Connections for the threads that compare beside this one: none where
    /// that is not worth it.
    pub(super) fn readers(&self, group: &[Subject]) -> Result<Vec<Database>> {
        let text: u64 =
            group.iter().map(|s| s.open.segment.text_size_bytes).sum();
        let cores = std::thread::available_parallelism()
            .map_or(1, std::num::NonZero::get);
        let threads = cores.min(MOST_THREADS).min(group.len());
        let mut readers = Vec::new();
        if text < TOGETHER_FROM {
            return Ok(readers);
        }
        for _ in 1..threads {
            let reader = self.database.reader()?;
            // What was looked up in one schema is compared in it.
            if reader.schema_version()? == self.schema_version {
                readers.push(reader);
            }
        }
        Ok(readers)
    }

    /// Compares segments on several threads. Segments whose lines are in no
    /// order are left out.
    fn prove_together(&self, run: &Run<'_>) -> Result<Vec<Proofs>> {
        let readers = self.readers(run.group)?;
        if readers.is_empty() {
            return Ok(Vec::new());
        }
        let folder = self.work.tree().root();
        let next = AtomicUsize::new(0);
        let work = |database: &Database| {
            let mut spool = Spool::new(folder);
            let mut proofs = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= run.group.len() {
                    return Ok((proofs, spool));
                }
                let proof = run.compare(database, index, false, &mut spool)?;
                proofs.extend(proof.map(|proof| (index, proof)));
            }
        };
        std::thread::scope(|scope| {
            let spawn = |reader| {
                let builder = std::thread::Builder::new();
                builder.spawn_scoped(scope, move || work(&reader)).ok()
            };
            // Where the system gives fewer threads, fewer do it.
            let others: Vec<_> =
                readers.into_iter().map_while(spawn).collect();
            let mut done = vec![work(self.database)];
            for other in others {
                done.push(other.join().unwrap_or_else(|_| {
                    Err(Error::failed("a thread panicked, which is a bug"))
                }));
            }
            done.into_iter().collect()
        })
    }

    /// Compares each line of a segment with its row.
    fn prove(
        &self,
        run: &Run<'_>,
        index: usize,
        spool: &mut Spool,
    ) -> Result<Proof> {
        let target = run.target;
        if target.references.is_empty()
            && !target.table.without_rowid
            && let Some(proof) =
                run.compare(self.database, index, false, spool)?
        {
            return Ok(proof);
        }
        run.compare_in_set(self.database, index, spool)
    }
}
