//! rt-report: the report and the exit status of a job, from the results of its
//! steps on standard input. See rt-report(1).

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use rt::cli::{self, Args, Command};
use rt::error::{Exit, Notes, Result};
use rt::op::report::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Mode,
    Output,
    Json,
    DryRun,
    Expect,
    Part,
    Single,
    Show,
    By,
}

static CMD: Command<F> = Command {
    name: "rt-report",
    about: "report what became of a job's tables",
    usage: &[
        "[OPTION ...] [--] [TABLE ...]",
        "--expect STEP [OPTION ...]",
        "--part NAME=FILE [OPTION ...]",
        "--single TABLE [OPTION ...]",
        "--show WHAT [OPTION ...]",
    ],
    flags: &[
        cli::value(F::Mode, "mode", "NAME", "name of the job [archive]"),
        cli::value(F::Output, "output", "FILE", "write the report to FILE"),
        cli::switch(F::Json, "json", "print JSON, not a table"),
        cli::switch(F::DryRun, "dry-run", "the job was a dry run").short('n'),
        cli::value(F::Expect, "expect", "STEP", "consolidation or purge"),
        cli::value(F::Part, "part", "NAME=FILE", "FILE has a part's report"),
        cli::value(F::Single, "single", "TABLE", "its rows go to one file"),
        cli::value(
            F::Show,
            "show",
            "WHAT",
            "status, policy, ..., page, metrics",
        ),
        cli::value(F::By, "by", "WHAT", "stats: by day, month or table"),
        cli::db(),
        cli::archives(),
        cli::database(),
        cli::policy(),
        cli::now(),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut options =
        Options { settings: args.settings, ..Options::default() };
    for (flag, value) in args.flags {
        match flag {
            F::Mode => options.mode = cli::text("mode", &value)?,
            F::Output => options.file = Some(PathBuf::from(value)),
            F::Json => options.json = true,
            F::DryRun => options.settings.dry_run = true,
            F::Expect => {
                options.add("expect", &cli::text("expect", &value)?)?
            }
            F::Part => options.add("part", &cli::text("part", &value)?)?,
            F::Single => {
                options.add("single", &cli::text("single", &value)?)?
            }
            F::Show => options.add("show", &cli::text("show", &value)?)?,
            F::By => options.by = Some(cli::text("by", &value)?.parse()?),
        }
    }
    options.tables(cli::names(args.operands)?)?;
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    report::run(&options, &mut input, &mut output, notes)
}
