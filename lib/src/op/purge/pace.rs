//! How long a deleting batch may hold the write lock, and how long it then
//! leaves it to others.
//!
//! SQLite queues nobody: who waits for the lock polls, and sees it free only in
//! a pause. So each batch is followed by one, and the longer nobody else has
//! committed, the longer a batch may be.

use std::time::{Duration, Instant};

const LEAST_HOLD: Duration = Duration::from_millis(10);
const LEAST_PAUSE_WAL: Duration = Duration::from_millis(5);
const LEAST_PAUSE_ROLLBACK: Duration = Duration::from_millis(20);
const MOST_PAUSE: Duration = Duration::from_millis(100);

/// What the operator set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `--max-stall`: no batch holds the lock longer.
    pub max_stall: Duration,
    /// `--sleep`: each pause is at least this long.
    pub sleep: Duration,
    /// `--batch-size`: rows a batch at most.
    pub rows: Option<u64>,
}

/// The pace of one run.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    least_pause: Duration,
    /// When somebody else was last seen to have committed, or the run began.
    alone_since: Instant,
    version: Option<i64>,
    /// How long a COMMIT took in proportion to the deletions before it.
    commit_share: f64,
    /// Rows a second, in the last batch.
    rate: f64,
}

impl Pace {
    pub(super) fn new(limits: Limits, wal: bool) -> Pace {
        Pace {
            limits,
            least_pause: match wal {
                true => LEAST_PAUSE_WAL,
                false => LEAST_PAUSE_ROLLBACK,
            },
            alone_since: Instant::now(),
            version: None,
            commit_share: 1.0,
            rate: 10_000.0,
        }
    }

    /// Takes note of `data_version`: when it has moved, somebody else has
    /// committed.
    pub(super) fn look(&mut self, version: i64) {
        if self.version.is_some_and(|v| v != version) {
            self.alone_since = Instant::now();
        }
        self.version = Some(version);
    }

    /// How long the next batch may hold the lock: a fifth of the time alone.
    pub(super) fn hold(&self) -> Duration {
        (self.alone_since.elapsed() / 5)
            .min(self.limits.max_stall)
            .max(LEAST_HOLD.min(self.limits.max_stall))
    }

    /// Whether a batch that began to delete at `begun` should commit now.
    pub(super) fn enough(&self, begun: Instant, hold: Duration) -> bool {
        begun.elapsed().mul_f64(1.0 + self.commit_share) >= hold
    }

    /// How many rows fit in a hold, by the last batch.
    pub(super) fn rows(&self, hold: Duration) -> usize {
        let fit = (self.rate * hold.as_secs_f64()) as u64;
        let most = self.limits.rows.unwrap_or(100_000).max(1);
        usize::try_from(fit.clamp(1, most)).unwrap_or(usize::MAX)
    }

    /// The most rows that a batch may have.
    pub(super) fn most_rows(&self) -> usize {
        self.limits
            .rows
            .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// Notes a batch of `rows` that deleted for `deleting` and committed for
    /// `committing`, and pauses without the lock.
    pub(super) fn pause(
        &mut self,
        rows: u64,
        deleting: Duration,
        committing: Duration,
    ) {
        let (work, commit) =
            (deleting.as_secs_f64().max(1e-6), committing.as_secs_f64());
        self.commit_share = (commit / work).clamp(0.05, 20.0);
        self.rate = rows as f64 / (work + commit);
        let pause = (deleting + committing)
            .clamp(self.least_pause, MOST_PAUSE)
            .max(self.limits.sleep);
        std::thread::sleep(pause);
    }
}
