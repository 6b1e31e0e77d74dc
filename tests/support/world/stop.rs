//! Stopping a program at a crash point of lib/src/fail.rs, while the world
//! changes.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::World;
use crate::support::{Cmd, Out};

/// What becomes of a program after the world was changed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Then {
    GoesOn,
    Dies,
}

/// The setting of `RT_FAIL` that stops a program at a point: it makes a file
/// `reached`, and waits for one called `go`, for a minute at most.
pub fn stop_at(point: &str, then: Then) -> String {
    let end = match then {
        Then::GoesOn => "",
        Then::Dies => "kill -9 $PPID",
    };
    format!(
        "{point}=i=0; : >reached; while [ ! -e go ] && [ $i -lt 6000 ]; do \
         sleep 0.01; i=$((i + 1)); done; rm -f go reached; {end}"
    )
}

/// Waits until something is so, for a minute at most.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

impl World {
    /// Runs a command, and changes the world each time that it comes to a
    /// point.
    pub fn run_with(
        &self,
        cmd: Cmd<'_>,
        point: &str,
        change: impl FnMut(&World),
    ) -> Out {
        self.meanwhile(cmd, point, Then::GoesOn, change)
    }

    /// Runs a command, changes the world each time that it comes to a point
    /// (without `:N`, the first time), and lets it go on, or kills it there.
    pub fn meanwhile(
        &self,
        cmd: Cmd<'_>,
        point: &str,
        then: Then,
        mut change: impl FnMut(&World),
    ) -> Out {
        let cmd = cmd.env("RT_FAIL", stop_at(point, then));
        let [reached, go] = ["reached", "go"].map(|n| self.dir.join(n));
        let mut times = 0;
        let out = thread::scope(|scope| {
            let running = scope.spawn(move || cmd.run());
            while !running.is_finished() {
                if reached.exists() {
                    fs::remove_file(&reached).unwrap();
                    // Also when the change panics the command goes on.
                    let _go = Touch(&go);
                    change(self);
                    times += 1;
                }
                thread::sleep(Duration::from_millis(1));
            }
            running.join().unwrap()
        });
        out.expect(&format!("to come to {point}"), times > 0);
        out
    }
}

/// Makes a file when it is dropped.
struct Touch<'p>(&'p Path);

impl Drop for Touch<'_> {
    fn drop(&mut self) {
        fs::write(self.0, "").unwrap();
    }
}
