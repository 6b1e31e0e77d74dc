//! How locks that others hold are waited for: as SQLite's own busy timeout
//! does, but no longer than the process may run, and without ever longer
//! pauses. An application that commits every few milliseconds leaves the lock
//! free for moments, which a look every 100 ms finds once in seconds.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use crate::signal;

/// The first pauses between two looks, in milliseconds, as SQLite has them.
const PAUSES: [u64; 2] = [1, 2];
/// Those behind them.
const PAUSE: u64 = 5;

/// How long connections of this process wait, in milliseconds: what the
/// operator asked for is asked of all of them.
static BUSY: AtomicU64 = AtomicU64::new(0);

/// Sets how long a connection waits for locks; without any time it does not
/// wait.
pub(super) fn wait_for_locks(
    connection: &mut Connection,
    busy: Duration,
) -> rusqlite::Result<()> {
    if busy.is_zero() {
        return connection.busy_timeout(busy);
    }
    // Not as a timeout of SQLite's: that sleeps on whatever the process is told.
    let busy = u64::try_from(busy.as_millis()).unwrap_or(u64::MAX);
    BUSY.store(busy, Ordering::Relaxed);
    connection.busy_handler(Some(wait))
}

thread_local! {
    /// This thread does not wait at all.
    static HURRIED: Cell<bool> = const { Cell::new(false) };
}

/// Does something without waiting for any lock.
pub(super) fn without_waiting<T>(work: impl FnOnce() -> T) -> T {
    HURRIED.set(true);
    let done = work();
    HURRIED.set(false);
    done
}

/// Sleeps before the next look at a lock; false where there is to be none.
fn wait(looks: i32) -> bool {
    let looks = usize::try_from(looks).unwrap_or(usize::MAX);
    let pause = pause(looks, BUSY.load(Ordering::Relaxed));
    let hurried = HURRIED.get();
    let goes_on = !hurried && pause > 0 && signal::check().is_ok();
    goes_on && signal::sleep(Duration::from_millis(pause)).is_ok()
}

/// The pause behind so many looks in vain, in milliseconds, of a wait of `busy`
/// in all; none when that is over.
fn pause(looks: usize, busy: u64) -> u64 {
    let early = looks.min(PAUSES.len());
    let late = (looks - early) as u64;
    let first: u64 = PAUSES[..early].iter().sum();
    let waited = first.saturating_add(late.saturating_mul(PAUSE));
    let left = busy.saturating_sub(waited);
    PAUSES.get(looks).copied().unwrap_or(PAUSE).min(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_looked_for_often_until_the_wait_is_over() {
        for busy in [1, 4, 500, 10_000] {
            let pauses: Vec<u64> =
                (0..).map(|n| pause(n, busy)).take_while(|p| *p > 0).collect();
            assert_eq!(pauses.iter().sum::<u64>(), busy);
            assert!(pauses.iter().all(|pause| *pause <= 5));
        }
        assert_eq!(pause(usize::MAX, 10_000), 0);
    }
}
