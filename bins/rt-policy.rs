//! rt-policy: prints the retention policy, checks it, and tells which tables
//! a target stands for. See rt-policy(1).

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command};
use rt::error::{Exit, Notes, Result};
use rt::op::policy::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Check,
    Suggest,
    Explain,
    Json,
    Tables,
    Sh,
    NeedDb,
    AnyTable,
    Words,
    Clock,
}

static CMD: Command<F> = Command {
    name: "rt-policy",
    about: "print or check the retention policy",
    usage: &[
        "[--policy FILE] [--json]",
        "[--policy FILE] --check [--db FILE]",
        "[--now TIME] --suggest [--db FILE]",
        "[OPTION ...] --explain TABLE",
        "[OPTION ...] --tables [--sh] [--need-db] [--any-table] [--] TARGET",
        "[OPTION ...] --words KIND",
        "[--now TIME] --clock",
    ],
    flags: &[
        cli::policy(),
        cli::db(),
        cli::archives(),
        cli::database(),
        cli::now(),
        cli::busy_timeout(),
        cli::dry_run(),
        cli::switch(F::Check, "check", "say what is wrong with the policy"),
        cli::switch(F::Suggest, "suggest", "print a policy for the database"),
        cli::switch(F::Explain, "explain", "say what it means for TABLE"),
        cli::switch(F::Json, "json", "print the periods in days"),
        cli::switch(F::Tables, "tables", "print the tables TARGET stands for"),
        cli::switch(F::Sh, "sh", "print them as words for a shell"),
        cli::switch(F::NeedDb, "need-db", "refuse a database without them"),
        cli::switch(F::AnyTable, "any-table", "TARGET may be in no policy"),
        cli::value(
            F::Words,
            "words",
            "KIND",
            "print what completes in a shell",
        ),
        cli::switch(F::Clock, "clock", "print the time of the run"),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, _: &mut dyn Notes) -> Result<Exit> {
    let mut options =
        Options { settings: args.settings, ..Options::default() };
    for (flag, value) in args.flags {
        match flag {
            F::Check => options.check = true,
            F::Suggest => options.suggest = true,
            F::Explain => options.explain = true,
            F::Json => options.json = true,
            F::Tables => options.tables = true,
            F::Sh => options.sh = true,
            F::NeedDb => options.need_db = true,
            F::AnyTable => options.any_table = true,
            F::Words => options.words = Some(cli::text("words", &value)?),
            F::Clock => options.clock = true,
        }
    }
    options.operands = cli::names(args.operands)?;
    policy::run(&options, &mut io::stdout().lock())
}
