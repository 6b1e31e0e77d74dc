//! rt-verify: the archives held against the ledger. See rt-verify(1).

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::verify::{self, Options};
use rt::time::clock;

#[derive(Clone, Copy)]
enum F {
    Quick,
    Sample,
    Since,
    Until,
    Balance,
    Absent,
    Duplicates,
    Salvage,
    Repair,
    Yes,
}

static CMD: Command<F> = Command {
    name: "rt-verify",
    about: "hold the archives against the ledger",
    usage: &[
        "[OPTION ...] [TABLE ...]",
        "--salvage FILE",
        "--repair [OPTION ...]",
    ],
    flags: &[
        switch(
            F::Quick,
            "quick",
            "names, lengths and ledger: open no archive",
        ),
        value(F::Sample, "sample", "PERCENT", "of the bytes, longest unread"),
        value(F::Since, "since", "TIME", "days that reach beyond TIME"),
        value(F::Until, "until", "TIME", "days that begin before TIME"),
        switch(F::Balance, "balance", "the books of each table's day"),
        value(F::Absent, "absent", "COL=V", "prove that no archive holds it"),
        switch(F::Duplicates, "duplicates", "rows archived more than once"),
        value(F::Salvage, "salvage", "FILE", "only the lines left in FILE"),
        switch(F::Repair, "repair", "take in what the ledger does not know"),
        switch(F::Yes, "yes", "do what --repair has planned"),
        cli::db(),
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
            F::Quick => o.quick = true,
            F::Sample => o.sample = Some(cli::count("sample", &v)?),
            F::Since => o.since = Some(clock::time_flag("since", &v)?),
            F::Balance => o.balance = true,
            F::Absent => o.absent = Some(cli::text("absent", &v)?.parse()?),
            F::Duplicates => o.duplicates = true,
            F::Salvage => o.salvage = Some(v.into()),
            F::Repair => o.repair = true,
            F::Yes => o.yes = true,
            F::Until => o.until = Some(clock::time_flag("until", &v)?),
        }
    }
    options.tables = cli::names(args.operands)?;
    let mut output = unbuffered(io::stdout())?;
    verify::run(&options, &mut output, notes)
}
