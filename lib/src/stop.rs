//! Signals that ask for an end: they set a flag, and the program comes to a
//! stop where it is harmless.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::error::{Error, Exit, Result};

/// Whether a signal asked for an end.
#[derive(Debug)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Stop {
    /// Takes SIGINT and SIGTERM over for the rest of the process's life.
    pub fn listen() -> Result<Stop> {
        let stop = Stop {
            interrupted: Arc::new(AtomicBool::new(false)),
            terminated: Arc::new(AtomicBool::new(false)),
        };
        for (signal, flag) in
            [(SIGINT, &stop.interrupted), (SIGTERM, &stop.terminated)]
        {
            signal_hook::flag::register(signal, flag.clone())
                .map_err(|e| Error::stream("cannot handle signals", e))?;
        }
        Ok(stop)
    }

    /// An error once a signal came.
    pub fn check(&self) -> Result<()> {
        let (exit, name) = if self.interrupted.load(Ordering::Relaxed) {
            (Exit::Interrupted, "SIGINT")
        } else if self.terminated.load(Ordering::Relaxed) {
            (Exit::Terminated, "SIGTERM")
        } else {
            return Ok(());
        };
        let message = format!("stopped by {name}");
        Err(Error::new(exit, message))
    }
}
