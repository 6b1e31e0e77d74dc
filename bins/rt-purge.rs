//! rt-purge: takes receipts on standard input, proves each archived row
//! against its row in the database, and deletes what is proven.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::purge::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Pending,
    Archive,
    BatchSize,
    Sleep,
    MaxStall,
    MaxRuntime,
    LockWait,
    Reclaim,
    SecureDelete,
    Moved,
}

static CMD: Command<F> = Command {
    name: "rt-purge",
    about: "prove archived rows and delete them from the database",
    usage: &[
        "[OPTION ...] [TABLE ...]",
        "--pending [OPTION ...] [TABLE]",
        "--archive FILE [OPTION ...] TABLE",
    ],
    flags: &[
        switch(F::Pending, "pending", "settle what interrupted runs left"),
        value(F::Archive, "archive", "FILE", "FILE holds the rows to purge"),
        value(
            F::BatchSize,
            "batch-size",
            "N",
            "delete at most N rows a batch",
        ),
        value(F::Sleep, "sleep", "D", "pause at least D after each batch"),
        value(
            F::MaxStall,
            "max-stall",
            "D",
            "hold the lock at most D [100ms, then 500ms]",
        ),
        value(
            F::MaxRuntime,
            "max-runtime",
            "D",
            "stop after D, at a batch's end",
        ),
        value(
            F::LockWait,
            "lock-wait",
            "D",
            "wait D for the tree's lock [60s]",
        ),
        value(
            F::Reclaim,
            "reclaim",
            "none|incremental|full",
            "then free space",
        ),
        switch(
            F::SecureDelete,
            "secure-delete",
            "overwrite what is deleted with zeros",
        ),
        switch(F::Moved, "moved", "the database is at another path now"),
        cli::db(),
        cli::archives(),
        cli::database(),
        cli::policy(),
        cli::now(),
        cli::busy_timeout(),
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
        let time = |name| cli::duration(name, &v);
        match flag {
            F::Pending => o.pending = true,
            F::Archive => o.archive = Some(v.into()),
            F::BatchSize => {
                o.limits.batch_size = Some(cli::count("batch-size", &v)?);
            }
            F::Sleep => o.limits.sleep = time("sleep")?,
            F::MaxStall => o.limits.max_stall = Some(time("max-stall")?),
            F::MaxRuntime => o.max_runtime = Some(time("max-runtime")?),
            F::LockWait => o.lock_wait = Some(time("lock-wait")?),
            F::Reclaim => o.reclaim = cli::text("reclaim", &v)?.parse()?,
            F::SecureDelete => o.secure_delete = true,
            F::Moved => o.moved = true,
        }
    }
    options.tables = cli::names(args.operands)?;
    let input = unbuffered(io::stdin())?;
    let mut output = unbuffered(io::stdout())?;
    purge::run(&options, input, &mut output, notes)
}
