//! rt-hold: rows that stay where they are, in the database and in the
//! archives: lists, adds and releases holds.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, value};
use rt::error::{Error, Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::hold::{self, Options};
use rt::time::clock;

#[derive(Clone, Copy)]
enum F {
    Reason,
    Since,
    Before,
    Until,
    LockWait,
}

static CMD: Command<F> = Command {
    name: "rt-hold",
    about: "keep rows and archives where they are",
    usage: &[
        "[OPTION ...] list [TABLE ...]",
        "[OPTION ...] add --reason TEXT TABLE ...",
        "[OPTION ...] release ID ...",
    ],
    flags: &[
        value(F::Reason, "reason", "TEXT", "why they stay"),
        value(F::Since, "since", "TIME", "rows of that day and later [all]"),
        value(F::Before, "before", "TIME", "rows of days before TIME [all]"),
        value(F::Until, "until", "TIME", "the hold ends by itself"),
        value(F::LockWait, "lock-wait", "D", "wait D for another run [60s]"),
        cli::archives(),
        cli::database(),
        cli::now(),
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
            F::Reason => o.reason = Some(cli::text("reason", &v)?),
            F::Since => o.since = Some(clock::time_flag("since", &v)?),
            F::Before => o.before = Some(clock::time_flag("before", &v)?),
            F::Until => o.until = Some(clock::time_flag("until", &v)?),
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
        }
    }
    let mut words = cli::names(args.operands)?.into_iter();
    let verb = words.next();
    let verb = verb.ok_or_else(|| Error::usage("list, add or release?"))?;
    options.verb = verb.parse()?;
    options.names = words.collect();
    let mut output = unbuffered(io::stdout())?;
    hold::run(&options, &mut output, notes)
}
