//! rt-remote: what is to be copied to a remote, what was, and what is to go
//! there; the plumbing of rt-ship and rt-fetch. See rt-remote(1).

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::remote::{self, Options};
use rt::time::clock;

#[derive(Clone, Copy)]
enum F {
    Listing,
    Checked,
    Since,
    Until,
    LockWait,
}

static CMD: Command<F> = Command {
    name: "rt-remote",
    about: "list and enter what is copied to a remote",
    usage: &[
        "[OPTION ...] stage|ledger|leaving|withdraw|withdrawn REMOTE",
        "[OPTION ...] --listing FILE check REMOTE",
        "[OPTION ...] --listing FILE --checked HOW shipped REMOTE",
        "[OPTION ...] build DIR",
    ],
    flags: &[
        value(F::Listing, "listing", "FILE", "what rclone lsjson says"),
        value(F::Checked, "checked", "HOW", "hash, crypt or download"),
        value(F::Since, "since", "TIME", "build days that reach beyond TIME"),
        value(F::Until, "until", "TIME", "build days that begin before TIME"),
        value(F::LockWait, "lock-wait", "D", "wait D for another run [60s]"),
        cli::archives(),
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
            F::Listing => o.listing = Some(v.into()),
            F::Checked => o.checked = Some(cli::text("checked", &v)?),
            F::Since => o.since = Some(clock::time_flag("since", &v)?),
            F::Until => o.until = Some(clock::time_flag("until", &v)?),
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
        }
    }
    let [verb, remote] = cli::operands(args.operands, ["VERB", "REMOTE"])?;
    options.verb = verb.parse()?;
    options.remote = remote;
    let mut output = unbuffered(io::stdout())?;
    remote::run(&options, &mut io::stdin().lock(), &mut output, notes)
}
