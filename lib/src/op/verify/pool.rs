//! Work on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::{Error, Result};

/// Does `work` on each item, on so many threads; gives the results in the
/// order of the items.
pub(super) fn on_threads<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let Some((i, item)) = {
            let i = next.fetch_add(1, Ordering::Relaxed);
            items.get(i).map(|item| (i, item))
        } {
            done.push((i, work(item)));
        }
        done
    };
    let mut all = thread::scope(|scope| {
        // Where the system gives fewer threads, fewer do it.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, take).ok();
        let others = 1..threads.min(items.len());
        let others: Vec<_> = others.map_while(spawn).collect();
        let mut all = take();
        for other in others {
            let done = other.join().map_err(|_| {
                Error::failed("a thread panicked, which is a bug")
            })?;
            all.extend(done);
        }
        Ok(all)
    })?;
    all.sort_by_key(|(i, _)| *i);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}
