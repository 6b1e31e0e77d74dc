//! rt-expire: archives past their retention go, table by table; brakes hold a
//! run that a wrong clock or policy would let delete too much.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::expire::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Yes,
    LockWait,
}

static CMD: Command<F> = Command {
    name: "rt-expire",
    about: "delete archives that are past their retention",
    usage: &["[OPTION ...]"],
    flags: &[
        switch(F::Yes, "yes", "past the brakes"),
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
            F::Yes => o.yes = true,
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
        }
    }
    let [] = cli::operands(args.operands, [])?;
    let mut output = unbuffered(io::stdout())?;
    expire::run(&options, &mut output, notes)
}
