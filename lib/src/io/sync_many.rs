//! Many fsyncs at once.

use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Result};

/// How many wait at once.
const TOGETHER: usize = 8;

/// fsyncs many files or folders, each by `sync`: a journal commits together
/// what waits for it together, and one after another each waits for its own.
pub fn sync_many<T: Send>(
    items: &mut [T],
    sync: impl Fn(&mut T) -> Result<()> + Sync,
) -> Result<()> {
    let threads = TOGETHER.min(items.len());
    let queue = Mutex::new(items.iter_mut());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(item) = next() {
            sync(item)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        // Where the system gives fewer threads, fewer do it.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).map_while(spawn).collect();
        others.into_iter().fold(work(), |done, other| {
            let ended = other.join().unwrap_or_else(|_| {
                Err(Error::failed("a thread panicked, which is a bug"))
            });
            done.and(ended)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once_and_any_failure_comes_out() {
        for count in [0, 1, 7, 100] {
            let mut items = vec![0; count];
            sync_many(&mut items, |item| {
                *item += 1;
                Ok(())
            })
            .unwrap();
            assert_eq!(items, vec![1; count]);
            for bad in 0..count {
                let mut items: Vec<usize> = (0..count).collect();
                let done = sync_many(&mut items, |item| match *item {
                    i if i == bad => Err(Error::failed("as the test wants")),
                    _ => Ok(()),
                });
                assert!(done.is_err(), "{bad} of {count}");
            }
        }
    }
}
