//! Work on other threads whose results come back in the order of submission.
//!
//! Invariants. At most [`Ordered::limit`] jobs are under way, done ones that
//! nobody took included, so memory is bounded by the caller's own discipline
//! of taking when full. The result of a worker that panics is an error; nobody
//! waits for one that will not come.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Result};

/// A job, and where its result goes.
type Job<J, D> = (J, Sender<D>);

/// Jobs `J` in, results `D` out.
pub struct Ordered<J, D> {
    jobs: Sender<Job<J, D>>,
    /// Does the jobs at submission, where there are no workers.
    own: Option<Box<dyn FnMut(J) -> D + Send>>,
    /// The results under way, the oldest first.
    results: VecDeque<Receiver<D>>,
    limit: usize,
}

impl<J: Send + 'static, D: Send + 'static> Ordered<J, D> {
    /// `threads` workers, each with its own closure out of `make`; none means
    /// the caller's own thread. Where the system gives fewer threads, fewer
    /// do it.
    pub fn new<W>(threads: usize, make: impl Fn() -> W) -> Ordered<J, D>
    where
        W: FnMut(J) -> D + Send + 'static,
    {
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let spawn = |_| {
            let worker = serve(make(), queue.clone());
            thread::Builder::new().spawn(worker).ok()
        };
        let running = (0..threads).map_while(spawn).count();
        let own: Option<Box<dyn FnMut(J) -> D + Send>> = match running {
            0 => Some(Box::new(make())),
            _ => None,
        };
        let limit = if running == 0 { 1 } else { running + 2 };
        Ordered { jobs, own, results: VecDeque::new(), limit }
    }

    /// Jobs submitted whose results were not taken.
    pub fn in_flight(&self) -> usize {
        self.results.len()
    }

    /// A result must be taken before the next job is submitted.
    pub fn full(&self) -> bool {
        self.in_flight() >= self.limit
    }

    /// Hands a job to whoever is free.
    pub fn submit(&mut self, job: J) -> Result<()> {
        if self.full() {
            return Err(Error::failed("more work than was agreed on"));
        }
        let (result, come) = channel();
        match &mut self.own {
            // The receiver is in hand.
            Some(work) => result.send(work(job)).map_err(|_| dead())?,
            None => self.jobs.send((job, result)).map_err(|_| dead())?,
        }
        self.results.push_back(come);
        Ok(())
    }

    /// The result of the oldest job not yet taken, waiting for it; none when
    /// nothing is under way.
    pub fn take(&mut self) -> Result<Option<D>> {
        let oldest = self.results.pop_front();
        oldest.map(|result| result.recv().map_err(|_| dead())).transpose()
    }
}

fn dead() -> Error {
    Error::failed("a worker thread panicked, which is a bug in this program")
}

/// A worker's life: it ends when nobody submits any more.
fn serve<J, D>(
    mut work: impl FnMut(J) -> D,
    jobs: Arc<Mutex<Receiver<Job<J, D>>>>,
) -> impl FnOnce() {
    move || loop {
        let job = {
            let queue = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            queue.recv()
        };
        let Ok((job, result)) = job else { return };
        // A caller that has gone needs no result.
        if result.send(work(job)).is_err() {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_and_no_more_are_under_way_than_agreed_on() {
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
                    assert!(work.submit(n).is_err());
                    got.extend(work.take().unwrap());
                }
                work.submit(n).unwrap();
                assert!(work.in_flight() <= threads + 2);
            }
            while let Some(n) = work.take().unwrap() {
                got.push(n);
            }
            assert_eq!(got, (0..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panicking_worker_is_an_error_and_no_hang() {
        let mut work = Ordered::new(1, || {
            |n: u64| {
                assert!(n != 1, "as the test wants it");
                n
            }
        });
        work.submit(0).unwrap();
        work.submit(1).unwrap();
        assert_eq!(work.take().unwrap(), Some(0));
        assert!(work.take().is_err());
        assert!(work.submit(5).and_then(|()| work.take()).is_err());
    }
}
