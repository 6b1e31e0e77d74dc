//! How long a deleting batch may hold the write lock, and how long it then
//! leaves it to others.
//!
//! SQLite queues nobody: who waits for the lock polls, and sees it free only in
//! a pause. So each batch is followed by one, and the longer nobody else has
//! committed, the longer a batch may be.

use std::time::{Duration, Instant};

const LEAST_HOLD: Duration = Duration::from_millis(10);
/// In that time a batch with random keys touches most pages of their index;
/// longer ones cost less a row, but not much.
const LONG_HOLD: Duration = Duration::from_millis(250);
const LEAST_PAUSE_WAL: Duration = Duration::from_millis(5);
const LEAST_PAUSE_ROLLBACK: Duration = Duration::from_millis(20);
const MOST_PAUSE: Duration = Duration::from_millis(100);
/// The log's bytes for each squared second that a batch may hold the lock:
/// 200 MB alone.
const LOG_RATE: f64 = 800e6;
/// The least that it may grow to, in bytes: who begins it anew has to flush it
/// while he holds the lock, and pages that are written again and again are
/// copied once. Beside a busy writer it is no more either, whose own commits
/// copy a log of 4 MB and more.
const LOG_LEAST: u64 = 2_000_000;
/// What it takes to free a page: two to four times what was measured with the
/// pages in memory.
const PAGE_WAL: Duration = Duration::from_micros(10);
const PAGE_ROLLBACK: Duration = Duration::from_micros(20);

/// What the operator set.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `--max-stall`: no batch holds the lock longer.
    pub max_stall: Duration,
    /// How long all rows of a table may take at once.
    pub at_once: Duration,
    /// `--sleep`: each pause is at least this long.
    pub sleep: Duration,
    /// `--batch-size`: rows a batch at most.
    pub rows: Option<u64>,
}

/// How long a batch held the write lock.
#[derive(Debug)]
pub struct Held {
    /// From BEGIN to the last deletion.
    pub deleting: Duration,
    /// The commit.
    pub committing: Duration,
    /// When it was free again.
    pub free: Instant,
}

/// The pace of one run.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    wal: bool,
    least_pause: Duration,
    /// Nobody else was seen to have committed since the run began.
    alone: bool,
    /// When somebody else was last seen to have committed, or the run began to
    /// look.
    alone_since: Instant,
    version: Option<i64>,
    /// How long a COMMIT took in proportion to the deletions before it.
    commit_share: f64,
    /// Rows a second, in the last batch.
    rate: f64,
    /// How long each batch held the lock.
    holds: Vec<Duration>,
    /// When the last batch ended, and how long the lock is left to others
    /// from then on.
    ended: Instant,
    pause: Duration,
}

impl Pace {
    /// The pace of a run, with a write-ahead log or without; nobody else has
    /// committed since `alone_since`.
    pub fn new(limits: Limits, wal: bool, alone_since: Instant) -> Pace {
        Pace {
            limits,
            wal,
            alone: true,
            least_pause: match wal {
                true => LEAST_PAUSE_WAL,
                false => LEAST_PAUSE_ROLLBACK,
            },
            alone_since,
            version: None,
            commit_share: 1.0,
            rate: 100_000.0,
            holds: Vec::new(),
            ended: Instant::now(),
            pause: Duration::ZERO,
        }
    }

    /// Takes note of `data_version`: when it has moved, somebody else has
    /// committed.
    pub fn look(&mut self, version: i64) {
        if self.version.is_some_and(|v| v != version) {
            self.alone_since = Instant::now();
            self.alone = false;
        }
        self.version = Some(version);
    }

    /// How long the next batch may hold the lock: a fifth of the time alone.
    pub fn hold(&self) -> Duration {
        (self.alone_since.elapsed() / 5)
            .min(self.limits.max_stall)
            .max(LEAST_HOLD.min(self.limits.max_stall))
    }

    /// Whether a batch may be longer if it is waited for: nobody else was seen
    /// to have committed during this run.
    pub fn grows(&self) -> bool {
        self.alone && self.hold() < LONG_HOLD.min(self.limits.max_stall)
    }

    /// Whether a batch that began to delete at `begun` should commit now: at
    /// 90 % of the hold, at 50 % of a short one, for commit times vary.
    pub fn enough(&self, begun: Instant, hold: Duration) -> bool {
        let part = if hold <= 2 * LEAST_HOLD { 0.5 } else { 0.9 };
        begun.elapsed().mul_f64(1.0 + self.commit_share) >= hold.mul_f64(part)
    }

    /// Whether so many pages can be freed in one transaction, which nobody
    /// seems to wait for: nobody else has committed during this run.
    pub fn allows_at_once(&self, pages: u64) -> bool {
        let estimate = match self.wal {
            true => PAGE_WAL,
            false => PAGE_ROLLBACK,
        };
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        self.alone && estimate * pages <= self.limits.at_once
    }

    /// What may wait in the write-ahead log, in bytes. A large log spares
    /// writing the same pages again after each batch; but a program that
    /// commits behind us may have to copy it all.
    pub fn log_bytes(&self) -> u64 {
        ((self.hold().as_secs_f64().powi(2) * LOG_RATE) as u64).max(LOG_LEAST)
    }

    /// How many rows fit in a hold, by the last batch: about as many as the
    /// clock lets go before it ends one, so that few are left over.
    pub fn rows(&self, hold: Duration) -> usize {
        let fit = (self.rate * hold.as_secs_f64() * 0.92) as u64;
        let most = self.limits.rows.unwrap_or(100_000).max(1);
        usize::try_from(fit.clamp(1, most)).unwrap_or(usize::MAX)
    }

    /// The most rows that a batch may have.
    pub fn most_rows(&self) -> usize {
        self.limits
            .rows
            .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// Notes a batch of `rows`, and that the lock is left to others since its
    /// end for as long as it was held, within limits.
    pub fn note(&mut self, rows: u64, held: &Held) {
        let whole = held.deleting + held.committing;
        self.pause =
            whole.clamp(self.least_pause, MOST_PAUSE).max(self.limits.sleep);
        self.ended = held.free;
        let work = held.deleting.as_secs_f64().max(1e-6);
        let commit = held.committing.as_secs_f64();
        self.commit_share = (commit / work).clamp(0.05, 20.0);
        self.rate = rows as f64 / (work + commit);
        self.holds.push(whole);
    }

    /// How long the lock was held, in words; none where it never was.
    pub fn holds(&self) -> Option<String> {
        let mut holds = self.holds.clone();
        holds.sort_unstable();
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        let longest = ms(*holds.last()?);
        // The nearest rank: the least hold that 99 of 100 do not exceed.
        let rank = (holds.len() * 99).div_ceil(100).saturating_sub(1);
        let p99 = ms(*holds.get(rank)?);
        Some(format!(
            "held the lock {} times, p99 {p99:.1} ms, longest {longest:.1} ms",
            holds.len()
        ))
    }

    /// What is left of the pause.
    pub fn rest(&self) -> Duration {
        self.pause.saturating_sub(self.ended.elapsed())
    }

    /// What is left of it for a run that needs the lock no more: what the
    /// operator asked for.
    pub fn last_rest(&self) -> Duration {
        self.limits.sleep.min(self.rest())
    }
}
