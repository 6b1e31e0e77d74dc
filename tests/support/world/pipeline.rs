//! A pipeline of store and purge that a test can step into: rt-purge waits for
//! its receipts already when the rows are stored, so it knows that nobody else
//! began to settle them. Receipts that are given to it later are recovered.

use std::fs;
use std::thread;
use std::time::Duration;

use super::{World, until};
use crate::support::{Cmd, Out};

/// rt-purge with a waiting writer before it.
const PURGE: &str = "{ : >waits; while [ ! -e receipts ]; do sleep 0.01; done
    cat receipts; rm receipts waits; } | rt-purge \"$@\"";

impl World {
    /// rt-purge at the end of a pipeline; for [`World::piped`].
    pub fn pipe(&self, args: &[&str]) -> Cmd<'_> {
        self.cmd("sh").args(["-c", PURGE, "sh"]).args(args)
    }

    /// Runs a [`World::pipe`] in which the due rows of a table are stored;
    /// the world changes between that and the purge.
    pub fn piped(
        &self,
        pipe: Cmd<'_>,
        table: &str,
        change: impl FnOnce(&World),
    ) -> Out {
        thread::scope(|scope| {
            let running = scope.spawn(move || pipe.run());
            let waits = self.dir.join("waits");
            until("the pipeline stands", || waits.exists());
            // Nothing shows from outside that rt-purge waits for its input.
            thread::sleep(Duration::from_millis(300));
            let receipts = self.stored(table);
            change(self);
            let written = self.dir.write("receipts.new", receipts);
            fs::rename(written, self.dir.join("receipts")).unwrap();
            running.join().unwrap()
        })
    }
}
