//! Segments compared ahead of the deletion, on other threads, while the rows
//! of those before them go; and on the deleting one in its pauses.
//!
//! Only for tables whose segments can be compared without regard to each
//! other, and with a write-ahead log, beside which one can read: the threads
//! read in short transactions, when it is their turn. What others commit moves
//! `data_version` on the connection that deletes; what that one deletes itself
//! are other segments' rows.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use super::compare::{Proof, Run};
use super::spool::Spool;
use super::turns::Turns;
use crate::db::Database;
use crate::error::Result;

/// So many segments wait for the deletion to listen, at most.
pub(super) const SENT: usize = 2;
/// So many wait here for their rows to go.
const READY: usize = 32;

/// A segment that was compared.
pub(super) struct Found {
    /// Its place in the group.
    pub index: usize,
    pub proof: Proof,
    /// Its rows that go.
    pub spool: Spool,
}

/// What a thread has to say of a segment.
pub(super) enum Message {
    Found(Box<Found>),
    /// Its lines are in no order.
    Unordered(usize),
}

/// What all threads share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub run: Run<'a>,
    /// The next segment that nobody compares yet.
    pub next: &'a AtomicUsize,
    /// Where spools put their files.
    pub folder: &'a Path,
}

impl Shared<'_> {
    /// Compares segment after segment, until all are or nobody listens.
    pub fn work(
        &self,
        database: &Database,
        out: &SyncSender<Result<Message>>,
    ) {
        while let Some(message) = self.compare_next(database) {
            let failed = message.is_err();
            if out.send(message).is_err() || failed {
                return;
            }
        }
    }

    /// Compares the next segment; none when there is no other.
    fn compare_next(&self, database: &Database) -> Option<Result<Message>> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= self.run.group.len() {
            return None;
        }
        let mut spool = Spool::new(self.folder);
        let proof = self.run.compare(database, index, false, &mut spool);
        Some(proof.map(|proof| match proof {
            Some(proof) => {
                Message::Found(Box::new(Found { index, proof, spool }))
            }
            None => Message::Unordered(index),
        }))
    }
}

/// The deletion's end of it.
pub(super) struct Ahead<'a> {
    shared: Shared<'a>,
    turns: &'a Turns,
    come: Receiver<Result<Message>>,
    /// Those that wait for their rows to go.
    ready: VecDeque<Found>,
    /// Segments whose lines are in no order: they come last.
    unordered: Vec<usize>,
}

impl<'a> Ahead<'a> {
    pub fn new(
        shared: Shared<'a>,
        turns: &'a Turns,
        come: Receiver<Result<Message>>,
    ) -> Ahead<'a> {
        let (ready, unordered) = (VecDeque::new(), Vec::new());
        Ahead { shared, turns, come, ready, unordered }
    }

    /// The next segment that was compared; none when all were. Where none
    /// waits, this thread compares one itself.
    pub fn next(&mut self, database: &Database) -> Result<Option<Found>> {
        loop {
            self.listen()?;
            if let Some(found) = self.ready.pop_front() {
                return Ok(Some(found));
            }
            if self.help(database)? {
                continue;
            }
            // What is under way is waited for, so it must get its turns.
            self.turns.stop(false);
            match self.come.recv() {
                Ok(message) => self.take(message?),
                Err(_) => return self.in_set(database),
            }
        }
    }

    /// Compares a segment on this thread, unless enough wait or no other is
    /// left; whether it did.
    pub fn help(&mut self, database: &Database) -> Result<bool> {
        self.listen()?;
        if self.ready.len() >= READY {
            return Ok(false);
        }
        let Some(message) = self.shared.compare_next(database) else {
            return Ok(false);
        };
        self.take(message?);
        Ok(true)
    }

    /// Takes what the other threads have sent, unless enough wait.
    fn listen(&mut self) -> Result<()> {
        while self.ready.len() < READY
            && let Ok(message) = self.come.try_recv()
        {
            self.take(message?);
        }
        Ok(())
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Found(found) => self.ready.push_back(*found),
            Message::Unordered(index) => self.unordered.push(index),
        }
    }

    fn in_set(&mut self, database: &Database) -> Result<Option<Found>> {
        let Some(index) = self.unordered.pop() else { return Ok(None) };
        let mut spool = Spool::new(self.shared.folder);
        let run = &self.shared.run;
        let proof = run.compare_in_set(database, index, &mut spool)?;
        Ok(Some(Found { index, proof, spool }))
    }
}

impl Drop for Ahead<'_> {
    /// Whatever ends the deletion ends the threads too: none waits for a turn
    /// that does not come.
    fn drop(&mut self) {
        self.turns.end();
    }
}
