//! How long a deleting batch may hold the write lock, and how long it then
//! leaves it to others.
//!
//! SQLite queues nobody: who waits for the lock polls, and sees it free only in
//! a pause. So each batch is followed by one, and the longer nobody else has
//! committed, the longer a batch may be.

use std::time::{Duration, Instant};

use crate::db::delete::commit_cost::CommitCost;

const LEAST_HOLD: Duration = Duration::from_millis(10);
/// The longest hold unless the operator sets one: an application may wait 200
/// ms for the lock, 1 s or 5 s, and one that commits rarely is not seen sooner.
const MOST_HOLD: Duration = Duration::from_millis(100);
/// The longest hold once nobody else has committed for [`ALONE`].
const MOST_HOLD_ALONE: Duration = Duration::from_millis(500);
const ALONE: Duration = Duration::from_secs(10);
/// Until a batch may be so long, rows are compared rather than deleted: with
/// random keys a short one writes as many pages of their index as a long one.
const LONG_HOLD: Duration = Duration::from_millis(50);
/// So much of the hold is made use of: the clock is looked at behind a row.
const PART: f64 = 0.95;
const LEAST_PAUSE_WAL: Duration = Duration::from_millis(5);
const LEAST_PAUSE_ROLLBACK: Duration = Duration::from_millis(20);
const MOST_PAUSE: Duration = Duration::from_millis(100);
/// The log's bytes for each squared second without a foreign commit, and the
/// most that it may grow to: it is copied before a reader can be to blame.
const LOG_RATE: f64 = 128e6;
const LOG_MOST: u64 = 44_000_000;
/// The least that it may grow to, in bytes: who begins it anew has to flush it
/// while he holds the lock, and pages that are written again and again are
/// copied once. Beside a busy writer it is no more either, whose own commits
/// copy a log of 4 MB and more.
const LOG_LEAST: u64 = 2_000_000;

/// What the operator set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// `--max-stall`: no batch holds the lock longer.
    pub max_stall: Option<Duration>,
    /// `--sleep`: each pause is at least this long.
    pub sleep: Duration,
    /// `--batch-size`: rows a batch at most.
    pub batch_size: Option<u64>,
}

impl Limits {
    /// How long a batch may hold the lock when nobody else has committed for
    /// `alone`: a fifth of that.
    fn hold(&self, alone: Duration) -> Duration {
        let most = self.most_hold(alone);
        (alone / 5).clamp(LEAST_HOLD.min(most), most)
    }

    /// How long any batch may hold it then.
    fn most_hold(&self, alone: Duration) -> Duration {
        self.max_stall.unwrap_or(match alone < ALONE {
            true => MOST_HOLD,
            false => MOST_HOLD_ALONE,
        })
    }
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
    commits: CommitCost,
    /// Rows a second of deletion, in the last batch.
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
            commits: CommitCost::unknown(),
            rate: 200_000.0,
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

    /// How long the next batch may hold the lock.
    pub fn hold(&self) -> Duration {
        self.limits.hold(self.alone_since.elapsed())
    }

    /// Whether there is time before the next batch: the lock is left to others
    /// yet, or the batch may be longer if it is waited for. There is none once
    /// somebody else has committed during this run: what is read early has to
    /// be read again.
    pub fn has_time(&self) -> bool {
        let grows = self.hold() < LONG_HOLD.min(self.most_hold());
        self.alone && (grows || !self.rest().is_zero())
    }

    /// How long any batch may hold it.
    pub fn most_hold(&self) -> Duration {
        self.limits.most_hold(self.alone_since.elapsed())
    }

    /// Whether rows are read only in what is left of a pause: readers of a
    /// database with a rollback journal hold up the commits of others.
    pub fn reads_late(&self) -> bool {
        !self.wal && !self.alone
    }

    /// Whether a batch that holds the lock since `begun` should commit now.
    pub fn enough(&self, begun: Instant, hold: Duration) -> bool {
        begun.elapsed().as_secs_f64() >= self.work(hold)
    }

    /// How long, in seconds, a batch may delete before its commit.
    fn work(&self, hold: Duration) -> f64 {
        let most = self.most_hold().as_secs_f64();
        self.commits.work_within(hold.as_secs_f64() * PART, most)
    }

    /// Whether nobody else was seen to have committed during this run: nobody
    /// seems to wait for one transaction that deletes all there is.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// How many pages can be freed in one transaction, where one takes so many
    /// seconds.
    pub fn pages_within_a_hold(&self, seconds_a_page: f64) -> u64 {
        let hold = self.most_hold().as_secs_f64() * PART;
        (hold / seconds_a_page.max(1e-9)) as u64
    }

    /// What may wait in the write-ahead log, in bytes. A large log spares
    /// writing the same pages again after each batch; but a program that
    /// commits behind us may have to copy it all.
    pub fn log_bytes(&self) -> u64 {
        let alone = self.alone_since.elapsed().as_secs_f64();
        ((alone.powi(2) * LOG_RATE) as u64).clamp(LOG_LEAST, LOG_MOST)
    }

    /// A batch did not fit: from now on none has more rows than that.
    pub fn take_at_most(&mut self, rows: u64) {
        self.limits.batch_size = Some(rows);
    }

    /// How many rows fit in a hold, by the last batch: about as many as the
    /// clock lets go before it ends one, so that few are left over.
    pub fn rows(&self, hold: Duration) -> usize {
        let fit = (self.rate * self.work(hold) * 1.05) as u64;
        let most = self.limits.batch_size.unwrap_or(100_000).max(1);
        usize::try_from(fit.clamp(1, most)).unwrap_or(usize::MAX)
    }

    /// Whether a batch of this run tells how many rows fit in the next one.
    pub fn has_rate(&self) -> bool {
        !self.holds.is_empty()
    }

    /// How many rows more fit in a batch that holds the lock since `begun`, and
    /// has deleted so many.
    pub fn rows_left(
        &self,
        begun: Instant,
        hold: Duration,
        done: usize,
    ) -> usize {
        let passed = begun.elapsed().as_secs_f64();
        let left = (self.work(hold) - passed).max(0.0);
        (done as f64 / passed.max(1e-6) * left) as usize
    }

    /// How many of the rows that wait go in a batch that wants so many: a few
    /// more rather than a short batch behind it.
    pub fn batch(&self, wanted: usize, waiting: usize) -> usize {
        let most = (wanted + wanted / 4).min(self.most_rows());
        if waiting <= most { waiting } else { wanted }
    }

    /// The most rows that a batch may have.
    pub fn most_rows(&self) -> usize {
        self.limits
            .batch_size
            .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// Notes a batch of `rows` that held the lock since `begun`, had deleted
    /// them by `deleted`, and left it at `free`: it is left to others from then
    /// on, for as long as it was held, within limits.
    pub fn note(
        &mut self,
        rows: u64,
        begun: Instant,
        deleted: Instant,
        free: Instant,
    ) {
        let whole = free.duration_since(begun);
        self.pause =
            whole.clamp(self.least_pause, MOST_PAUSE).max(self.limits.sleep);
        self.ended = free;
        let work = deleted.duration_since(begun).as_secs_f64().max(1e-6);
        let commit = free.duration_since(deleted).as_secs_f64();
        self.commits.note(work, commit);
        self.rate = rows as f64 / work;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The hold in milliseconds after so many milliseconds without a foreign
    /// commit.
    fn hold(max_stall: Option<u64>, alone: u64) -> u128 {
        let max_stall = max_stall.map(Duration::from_millis);
        let limits = Limits { max_stall, ..Limits::default() };
        limits.hold(Duration::from_millis(alone)).as_millis()
    }

    #[test]
    fn hold_grows_with_the_time_alone_up_to_100_ms_and_after_10_s_to_500() {
        assert_eq!(hold(None, 0), 10);
        assert_eq!(hold(None, 200), 40);
        assert_eq!(hold(None, 600), 100);
        assert_eq!(hold(None, 9_999), 100);
        assert_eq!(hold(None, 10_000), 500);
        assert_eq!(hold(None, 1_000_000), 500);
    }

    #[test]
    fn hold_is_never_longer_than_the_operator_said() {
        assert_eq!(hold(Some(3), 0), 3);
        assert_eq!(hold(Some(250), 2_000), 250);
        assert_eq!(hold(Some(5_000), 10_000), 2_000);
    }

    #[test]
    fn foreign_commit_makes_holds_short_again() {
        let limits = Limits::default();
        let since = Instant::now().checked_sub(Duration::from_secs(60));
        let mut pace = Pace::new(limits, true, since.unwrap());
        pace.look(1);
        assert_eq!(pace.hold(), MOST_HOLD_ALONE);
        pace.look(2);
        assert!(pace.hold() < MOST_HOLD);
    }
}
