//! rt-rewrite: every archive of a table is written anew without the rows that
//! meet a condition.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::rewrite::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Where,
    Reason,
    Yes,
    LockWait,
}

static CMD: Command<F> = Command {
    name: "rt-rewrite",
    about: "write archives anew without some rows",
    usage: &["[OPTION ...] --where COND --reason TEXT TABLE"],
    flags: &[
        value(
            F::Where,
            "where",
            "COND",
            "rows of which COND holds, COL=V or COL~TEXT; again for more",
        ),
        value(F::Reason, "reason", "TEXT", "why, for the ledger"),
        switch(F::Yes, "yes", "ask nothing: they are to be erased for good"),
        value(
            F::LockWait,
            "lock-wait",
            "D",
            "wait D for the tree's lock [60s]",
        ),
        cli::archives(),
        cli::database(),
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
            F::Where => o.add_condition(&cli::text("where", &v)?)?,
            F::Reason => o.reason = Some(cli::text("reason", &v)?),
            F::Yes => o.yes = true,
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
        }
    }
    let [table] = cli::operands(args.operands, ["TABLE"])?;
    options.table = table;
    let mut output = unbuffered(io::stdout())?;
    rewrite::run(&options, &mut output, notes)
}
