//! Statements end when their time is up, or the process is to end: what is read
//! inside the write lock cannot hold it longer than a batch may.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::Result;
use crate::signal;

/// After so many steps of a statement it is asked whether it is to end: half a
/// millisecond or so.
const STEPS: i32 = 20_000;

/// When the statements of a connection have to end.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    base: Instant,
    /// Nanoseconds behind `base`.
    end: Arc<AtomicU64>,
}

impl Deadline {
    /// None yet; but a connection looks at it from now on, and whether the
    /// process is to end.
    pub fn watched_by(
        connection: &mut Connection,
    ) -> rusqlite::Result<Deadline> {
        let end = Arc::new(AtomicU64::new(u64::MAX));
        let deadline = Deadline { base: Instant::now(), end };
        let watched = deadline.clone();
        let asked = move || watched.is_over() || signal::ends_statements();
        connection.progress_handler(STEPS, Some(asked))?;
        Ok(deadline)
    }

    fn is_over(&self) -> bool {
        let end = self.end.load(Ordering::Relaxed);
        end != u64::MAX && self.base.elapsed().as_nanos() >= end.into()
    }

    /// What `work` gives; none where its statements did not end in time. A
    /// transaction that is open is then to be rolled back. Without a limit
    /// they may take as long as they do.
    pub fn within<T>(
        &self,
        limit: Option<Duration>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(limit) = limit else { return work().map(Some) };
        let end = (self.base.elapsed() + limit).as_nanos();
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        self.end.store(end, Ordering::Relaxed);
        let done = work();
        let is_over = self.is_over();
        self.end.store(u64::MAX, Ordering::Relaxed);
        match done {
            Err(_) if is_over => Ok(None),
            done => done.map(Some),
        }
    }
}
