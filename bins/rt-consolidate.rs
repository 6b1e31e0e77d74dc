//! rt-consolidate: warm files whose day is due go into the tar of their month,
//! which is proven before they are removed.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::consolidate::{self, Options};
use rt::time::age;

#[derive(Clone, Copy)]
enum F {
    OlderThan,
    After,
    LockWait,
}

static CMD: Command<F> = Command {
    name: "rt-consolidate",
    about: "roll warm files up into a tar a month",
    usage: &["[OPTION ...]"],
    flags: &[
        value(F::OlderThan, "older-than", "AGE", "days older than AGE"),
        value(
            F::After,
            "after",
            "FILE",
            "a dry run: count on the reports of dry runs in FILE",
        ),
        value(
            F::LockWait,
            "lock-wait",
            "D",
            "wait D for the tree's lock [60s]",
        ),
        cli::archives(),
        cli::policy(),
        cli::now(),
        cli::dry_run(),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut options =
        Options { settings: args.settings, ..Options::default() };
    for (flag, v) in args.flags {
        let o = &mut options;
        match flag {
            F::OlderThan => {
                o.older_than = Some(age::age_flag("older-than", &v)?)
            }
            F::After => o.after = Some(v.into()),
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
        }
    }
    let [] = cli::operands(args.operands, [])?;
    let mut output = unbuffered(io::stdout())?;
    consolidate::run(&options, &mut output, notes)
}
