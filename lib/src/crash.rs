//! Places where a test build can be stopped, or the world changed, between
//! two writes: how each crash point of the protocol is tried by name.
//!
//! `RT_FAIL=POINT[:N]=kill` kills the process with SIGKILL when it comes to the
//! point for the Nth time; `RT_FAIL=POINT[:N]=COMMAND` runs a shell command
//! there and goes on. `*` for N is each time. Builds without debug assertions
//! have no such points.

/// A crash point. Its name is the module's and what was just made durable.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}

/// A crash point. Its name is the module's and what was just made durable.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Ok(setting) = std::env::var("RT_FAIL") else { return };
    let Some((place, action)) = setting.split_once('=') else { return };
    let (place, wanted) = match place.split_once(':') {
        Some((place, "*")) => (place, None),
        Some((place, n)) => (place, Some(n.parse().unwrap_or(1))),
        None => (place, Some(1)),
    };
    if place != name {
        return;
    }
    let passed = PASSED.fetch_add(1, SeqCst) + 1;
    if wanted.is_some_and(|n| n != passed) {
        return;
    }
    if action == "kill" {
        let me = rustix::process::getpid();
        let killed =
            rustix::process::kill_process(me, rustix::process::Signal::KILL);
        assert!(killed.is_ok(), "cannot kill myself");
    } else {
        let ran = std::process::Command::new("sh")
            .args(["-c", action])
            .env_remove("RT_FAIL")
            .status();
        assert!(ran.is_ok_and(|s| s.success()), "{action} failed");
    }
}
