//! When threads that compare may read beside the deletion.
//!
//! A write-ahead log can only begin anew at a moment when nobody reads from
//! it. So each thread reads in short turns, and the deletion waits between two
//! of them; and beside an application that commits, where such moments would
//! seldom come, nobody but the deleting thread reads at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{RwLock, RwLockReadGuard};
use std::time::Duration;

/// How long a thread without a turn waits before it asks again.
const ASKS_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug, Default)]
pub(super) struct Turns {
    reading: RwLock<()>,
    /// Nobody gets a turn.
    none: AtomicBool,
    /// Nobody needs the outcome any more.
    over: AtomicBool,
}

/// The turn of a thread, while it lives.
pub(super) type Turn<'t> = Option<RwLockReadGuard<'t, ()>>;

impl Turns {
    /// Waits for a turn; none once all is over.
    pub fn take(&self) -> Turn<'_> {
        while !self.over.load(Ordering::Relaxed) {
            if !self.none.load(Ordering::SeqCst) {
                let turn = self.reading.read().ok()?;
                // The lock orders this with the other side's store.
                if !self.none.load(Ordering::SeqCst) {
                    return Some(turn);
                }
            }
            std::thread::sleep(ASKS_EVERY);
        }
        None
    }

    /// Waits until all turns that were taken have ended.
    pub fn wait(&self) {
        drop(self.reading.write());
    }

    /// Whether from now on nobody gets a turn. If so, all that were taken have
    /// ended when this returns.
    pub fn stop(&self, stop: bool) {
        if self.none.swap(stop, Ordering::SeqCst) != stop && stop {
            self.wait();
        }
    }

    /// Everybody may take turns.
    pub fn begin(&self) {
        self.none.store(false, Ordering::SeqCst);
        self.over.store(false, Ordering::Relaxed);
    }

    /// Nobody needs what is under way: who asks for a turn gets none.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
