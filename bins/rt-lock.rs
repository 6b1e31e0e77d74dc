//! rt-lock: runs a command under the lock of an archive tree; the lock is free
//! when the command and all its children have ended.

use std::process::ExitCode;
use std::time::Duration;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Error, Exit, Notes, Result};
use rt::op::lock::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Wait,
    Create,
}

static CMD: Command<F> = Command {
    name: "rt-lock",
    about: "run a command under the lock of an archive tree",
    usage: &["[-n] [--wait D] [--create] DIR -- CMD [ARG ...]"],
    flags: &[
        value(F::Wait, "wait", "D", "wait D for the lock [0s]"),
        switch(F::Create, "create", "begin a tree where there is none"),
        cli::dry_run(),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut options = Options {
        wait: Duration::ZERO,
        dry_run: args.settings.dry_run,
        database: args.settings.db(),
        ..Options::default()
    };
    for (flag, v) in args.flags {
        match flag {
            F::Wait => options.wait = cli::duration("wait", &v)?,
            F::Create => options.create = true,
        }
    }
    let mut operands = args.operands.into_iter();
    let root = operands.next();
    options.root = root.ok_or_else(|| Error::usage("DIR is missing"))?.into();
    options.command = operands.collect();
    lock::run(&options, notes)
}
