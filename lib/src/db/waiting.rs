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
    let early = looks.min(PAUSES.len());
    let late = (looks - early) as u64;
    let waited = PAUSES[..early].iter().sum::<u64>() + late * PAUSE;
    let left = BUSY.load(Ordering::Relaxed).saturating_sub(waited);
    let pause = PAUSES.get(looks).copied().unwrap_or(PAUSE).min(left);
    let hurried = HURRIED.get();
    let goes_on = !hurried && pause > 0 && signal::check().is_ok();
    goes_on && signal::sleep(Duration::from_millis(pause)).is_ok()
}
