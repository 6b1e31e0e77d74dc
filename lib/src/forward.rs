//! A command below this process, which hands SIGINT and SIGTERM on to it and to
//! all that it has started.
//!
//! A shell looks at a signal when the program has ended that it waits for: who
//! signals a script alone, as a supervisor does, would wait as long.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::process::{Command, ExitStatus};

use rustix::process::{
    Pid, Signal, getppid, kill_process, set_parent_process_death_signal,
};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

/// Runs the command to its end. SIGUSR1 asks programs how far they are, and is
/// no end of this process.
pub fn run(command: &mut Command) -> io::Result<ExitStatus> {
    let mut signals = Signals::new([SIGCHLD, SIGINT, SIGTERM, SIGUSR1])?;
    let mut child = command.spawn()?;
    for signal in signals.forever() {
        let handed = match signal {
            SIGINT => Some(Signal::INT),
            SIGTERM => Some(Signal::TERM),
            _ => None,
        };
        if let Some(signal) = handed {
            hand_on(child.id(), signal);
        }
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
    }
    child.wait()
}

/// In the command: whether the process above is that one. Should it be killed
/// from now on, this one is asked to end.
pub fn ends_with(above: u32) -> io::Result<bool> {
    let is_above = || {
        getppid().is_some_and(|parent| {
            u32::try_from(parent.as_raw_pid()) == Ok(above)
        })
    };
    if is_above() {
        set_parent_process_death_signal(Some(Signal::TERM))?;
    }
    Ok(is_above())
}

/// Signals a process and all below it. They are stopped first: what one of them
/// starts before it is, the next look finds; and none begins, once it knows, what
/// would then be signalled as well, such as the report of how the run ended.
fn hand_on(first: u32, signal: Signal) {
    let mut known = HashSet::new();
    while let Some(found) = below(first, &known) {
        for process in found {
            tell(process, Signal::STOP);
            known.insert(process);
        }
    }
    for signal in [signal, Signal::CONT] {
        known.iter().for_each(|process| tell(*process, signal));
    }
}

fn tell(process: u32, signal: Signal) {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw);
    match id.map(|id| kill_process(id, signal)) {
        // It may have ended by now, or become another user's.
        None | Some(Ok(()) | Err(_)) => {}
    }
}

/// The processes from the first one down that are not known yet, each behind
/// its parent; none where there are no more.
fn below(first: u32, known: &HashSet<u32>) -> Option<Vec<u32>> {
    let parents = parents();
    let (mut all, mut at) = (vec![first], 0);
    while let Some(parent) = all.get(at).copied() {
        let children = parents.iter().filter(|(_, of)| *of == parent);
        all.extend(children.map(|(process, _)| *process));
        at += 1;
    }
    all.retain(|process| !known.contains(process));
    (!all.is_empty()).then_some(all)
}

/// Each process that has not ended, and its parent, by /proc
/// (proc_pid_stat(5)).
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pair = |entry: fs::DirEntry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name may hold anything: pid (name) state ppid ...
        let mut words = stat.rsplit_once(") ")?.1.split(' ');
        let ended = words.next()? == "Z";
        let parent = words.next()?.parse().ok()?;
        (!ended).then_some((process, parent))
    };
    entries.flatten().filter_map(pair).collect()
}
