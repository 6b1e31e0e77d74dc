//! rt-report: the report and the exit status of a job, from the results of its
//! steps on standard input. See rt-report(1).

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use rt::cli::{self, Args, Command};
use rt::clock;
use rt::error::{Exit, Notes, Result};
use rt::op::report::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Mode,
    Output,
    Json,
    DryRun,
    Archives,
    Now,
}

static CMD: Command<F> = Command {
    name: "rt-report",
    about: "report what became of a job's tables",
    usage: &["[-n] [--mode NAME] [--output FILE] [--json] [--archives DIR] \
              [--now TIME] [--] [TABLE...]"],
    flags: &[
        cli::value(F::Mode, "mode", "NAME", "name of the job [archive]"),
        cli::value(F::Output, "output", "FILE", "write the report to FILE"),
        cli::switch(F::Json, "json", "print JSON, not a table"),
        cli::switch(F::DryRun, "dry-run", "the job was a dry run").short('n'),
        cli::archives(F::Archives),
        cli::now(F::Now),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut now: Option<OsString> = None;
    let mut archives: Option<OsString> = None;
    let mut mode = "archive".to_owned();
    let mut file = None;
    let (mut dry_run, mut json) = (false, false);
    for (flag, value) in args.flags {
        match flag {
            F::Mode => mode = cli::text("mode", &value)?,
            F::Output => file = Some(PathBuf::from(value)),
            F::Json => json = true,
            F::DryRun => dry_run = true,
            F::Archives => archives = Some(value),
            F::Now => now = Some(value),
        }
    }
    let options = Options {
        mode,
        now: clock::now(now.as_deref())?,
        dry_run,
        json,
        file,
        archives: archives
            .or_else(|| std::env::var_os("RT_ARCHIVES"))
            .filter(|dir| !dir.is_empty())
            .map_or_else(|| PathBuf::from("archives"), PathBuf::from),
        tables: cli::names(args.operands)?,
    };
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let (_, exit) = report::run(&options, &mut input, &mut output, notes)?;
    Ok(exit)
}
