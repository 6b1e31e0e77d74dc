//! rt-lock: runs a command under the lock of an archive tree; the lock is free
//! when the command and all its children have ended.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Error, Exit, Notes, Result};
use rt::op::lock::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Wait,
    Create,
    Forward,
}

static CMD: Command<F> = Command {
    name: "rt-lock",
    about: "run a command under the lock of an archive tree",
    usage: &["[-n] [--wait D] [--create] [--forward] DIR -- CMD [ARG ...]"],
    flags: &[
        value(F::Wait, "wait", "D", "wait D for the lock [0s]"),
        switch(F::Create, "create", "begin a tree where there is none"),
        switch(
            F::Forward,
            "forward",
            "stay, and hand signals on to all of CMD",
        ),
        cli::dry_run(),
    ],
};

/// How the command ended below this process.
static ENDED: AtomicU8 = AtomicU8::new(0);

fn main() -> ExitCode {
    let ended = cli::main(&CMD, run);
    match ENDED.load(Ordering::Relaxed) {
        0 => ended,
        status => ExitCode::from(status),
    }
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut options = Options {
        wait: Duration::ZERO,
        dry_run: args.settings.dry_run,
        database: args.settings.db(),
        ..Options::default()
    };
    let mut forward = false;
    for (flag, v) in args.flags {
        match flag {
            F::Wait => options.wait = cli::duration("wait", &v)?,
            F::Create => options.create = true,
            F::Forward => forward = true,
        }
    }
    let mut operands = args.operands.into_iter();
    let root = operands.next();
    options.root = root.ok_or_else(|| Error::usage("DIR is missing"))?.into();
    options.command = operands.collect();
    if forward && let Some(status) = lock::forward()? {
        ENDED.store(status, Ordering::Relaxed);
        return Ok(Exit::Done);
    }
    lock::run(&options, notes)
}
