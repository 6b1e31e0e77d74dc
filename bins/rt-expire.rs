//! rt-expire: archives past their retention go, table by table; what a wrong
//! clock, policy or unit would delete is asked about first.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::expire::{self, Options};
use rt::time::age;

#[derive(Clone, Copy)]
enum F {
    Yes,
    Grace,
    After,
    File,
    ShippedOnly,
    LockWait,
}

static CMD: Command<F> = Command {
    name: "rt-expire",
    about: "delete archives that are past their retention",
    usage: &["[OPTION ...]"],
    flags: &[
        switch(F::Yes, "yes", "ask nothing: what is in question is meant"),
        value(
            F::Grace,
            "grace",
            "AGE",
            "keep what was archived less than AGE ago [7d]",
        ),
        value(
            F::After,
            "after",
            "FILE",
            "a dry run: count on the reports of dry runs in FILE",
        ),
        value(
            F::File,
            "file",
            "NAME",
            "only enter in the ledger that somebody deleted NAME",
        ),
        switch(
            F::ShippedOnly,
            "shipped-only",
            "only what rt-ship copied to a remote, where it stays",
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
            F::Yes => o.limits.yes = true,
            F::Grace => o.limits.grace = Some(age::age_flag("grace", &v)?),
            F::After => o.after = Some(v.into()),
            F::File => o.files.push(cli::text("file", &v)?),
            F::ShippedOnly => o.limits.shipped_only = true,
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
        }
    }
    let [] = cli::operands(args.operands, [])?;
    let mut output = unbuffered(io::stdout())?;
    expire::run(&options, &mut output, notes)
}
