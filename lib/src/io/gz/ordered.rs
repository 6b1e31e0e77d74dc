//! Work on other threads whose results come back in the order of submission.
//!
//! Invariants. At most [`Ordered::limit`] jobs are under way, done ones that
//! nobody took included, so memory is bounded by the caller's own discipline
//! of taking when full. A worker that panics makes every later call an error;
//! nobody waits for a result that will not come.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Result};

type Results<D> = Receiver<(u64, thread::Result<D>)>;

/// Jobs `J` in, results `D` out.
pub(super) struct Ordered<J, D> {
    hands: Hands<J, D>,
    /// Results that came before their turn.
    early: BTreeMap<u64, D>,
    submitted: u64,
    taken: u64,
    limit: u64,
    broken: bool,
}

enum Hands<J, D> {
    /// On the caller's thread, at submission.
    Own(Box<dyn FnMut(J) -> D + Send>),
    Threads(Sender<(u64, J)>, Results<D>),
}

impl<J: Send + 'static, D: Send + 'static> Ordered<J, D> {
    /// `threads` workers, each with its own closure out of `make`; none means
    /// the caller's own thread. Where the system gives fewer threads, fewer
    /// do it.
    pub(super) fn new<W>(threads: usize, make: impl Fn() -> W) -> Ordered<J, D>
    where
        W: FnMut(J) -> D + Send + 'static,
    {
        let (job_in, job_out) = channel();
        let (result_in, result_out) = channel();
        let job_out = Arc::new(Mutex::new(job_out));
        let mut running = 0;
        for _ in 0..threads {
            let worker = serve(make(), job_out.clone(), result_in.clone());
            if thread::Builder::new().spawn(worker).is_err() {
                break;
            }
            running += 1;
        }
        let (hands, limit) = match running {
            0 => (Hands::Own(Box::new(make())), 1),
            n => (Hands::Threads(job_in, result_out), n + 2),
        };
        Ordered {
            hands,
            early: BTreeMap::new(),
            submitted: 0,
            taken: 0,
            limit,
            broken: false,
        }
    }

    /// Jobs submitted whose results were not taken.
    pub(super) fn in_flight(&self) -> u64 {
        self.submitted - self.taken
    }

    /// A result must be taken before the next job is submitted.
    pub(super) fn full(&self) -> bool {
        self.in_flight() >= self.limit
    }

    /// Hands a job to whoever is free.
    pub(super) fn submit(&mut self, job: J) -> Result<()> {
        if self.full() {
            return Err(Error::failed("more work than was agreed on"));
        }
        let turn = self.submitted;
        match &mut self.hands {
            Hands::Own(work) => {
                let result = work(job);
                self.early.insert(turn, result);
            }
            Hands::Threads(jobs, _) => {
                if self.broken || jobs.send((turn, job)).is_err() {
                    return Err(dead());
                }
            }
        }
        self.submitted += 1;
        Ok(())
    }

    /// The result of the oldest job not yet taken, waiting for it; none when
    /// nothing is under way.
    pub(super) fn take(&mut self) -> Result<Option<D>> {
        if self.in_flight() == 0 {
            return Ok(None);
        }
        loop {
            if let Some(result) = self.early.remove(&self.taken) {
                self.taken += 1;
                return Ok(Some(result));
            }
            let came = match &self.hands {
                Hands::Threads(_, results) if !self.broken => results.recv(),
                _ => return Err(dead()),
            };
            match came {
                Ok((turn, Ok(result))) => {
                    self.early.insert(turn, result);
                }
                Ok((_, Err(_))) | Err(_) => self.broken = true,
            }
        }
    }
}

fn dead() -> Error {
    Error::failed("a worker thread panicked, which is a bug in this program")
}

/// A worker's life: it ends when nobody submits or nobody takes any more.
fn serve<J, D>(
    mut work: impl FnMut(J) -> D,
    jobs: Arc<Mutex<Receiver<(u64, J)>>>,
    results: Sender<(u64, thread::Result<D>)>,
) -> impl FnOnce() {
    move || loop {
        let job = {
            let queue = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            queue.recv()
        };
        let Ok((turn, job)) = job else { return };
        // After a panic nothing more is asked of this worker's state.
        let result = catch_unwind(AssertUnwindSafe(|| work(job)));
        let failed = result.is_err();
        if results.send((turn, result)).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_although_work_ends_out_of_order() {
        for threads in [0, 1, 3] {
            let mut work = Ordered::new(threads, || {
                |n: u64| {
                    thread::sleep(Duration::from_millis((7 * n) % 5));
                    n
                }
            });
            let mut got = Vec::new();
            for n in 0..40 {
                if work.full() {
                    got.extend(work.take().unwrap());
                }
                work.submit(n).unwrap();
            }
            while let Some(n) = work.take().unwrap() {
                got.push(n);
            }
            assert_eq!(got, (0..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_is_under_way_than_threads_and_two() {
        let mut work = Ordered::new(2, || |n: u64| n);
        for n in 0..4 {
            assert!(!work.full());
            work.submit(n).unwrap();
        }
        assert!(work.full());
        assert!(work.submit(4).is_err());
    }

    #[test]
    fn a_panicking_worker_is_an_error_and_no_hang() {
        let mut work = Ordered::new(2, || {
            |n: u64| {
                assert!(n != 1, "as the test wants it");
                n
            }
        });
        for n in 0..4 {
            work.submit(n).unwrap();
        }
        assert_eq!(work.take().unwrap(), Some(0));
        assert!(work.take().is_err());
        assert!(work.take().is_err());
        assert!(work.submit(5).is_err());
    }
}
