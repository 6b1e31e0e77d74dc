//! rt-export: rows of a table to standard output, as JSON Lines; a batch at a
//! time, without holding the database.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::export::{self, Options};
use rt::time::{age, clock};

#[derive(Clone, Copy)]
enum F {
    Due,
    Look,
    Together,
    OlderThan,
    Before,
    Since,
    TimestampColumn,
    Unit,
    Where,
    Limit,
    Format,
    Column,
    Exclude,
    Redact,
    RedactSecrets,
    BatchSize,
    Result,
    After,
}

static CMD: Command<F> = Command {
    name: "rt-export",
    about: "write the rows of a table as JSON Lines",
    usage: &[
        "[OPTION ...] TABLE",
        "--due [OPTION ...] TABLE ...",
        "--due --look [OPTION ...] TABLE ...",
    ],
    flags: &[
        switch(F::Due, "due", "rows past their cutoff that may go"),
        switch(F::Look, "look", "only name the tables that have such rows"),
        value(
            F::Together,
            "together",
            "FILE",
            "with --look: name small ones in FILE, a line each run",
        ),
        value(F::OlderThan, "older-than", "AGE", "rows older than AGE"),
        value(F::Before, "before", "TIME", "rows before TIME"),
        value(F::Since, "since", "TIME", "rows at or after TIME"),
        value(
            F::TimestampColumn,
            "timestamp-column",
            "COL",
            "the column that dates a row [the policy's]",
        ),
        value(F::Unit, "unit", "U", "what its values mean: s, ms, ..."),
        value(F::Where, "where", "EXPR", "rows for which EXPR is true"),
        value(F::Limit, "limit", "N", "at most N rows"),
        value(F::Format, "format", "jsonl|json", "lines, or one array"),
        value(
            F::Column,
            "column",
            "COL",
            "only this column, and others so named",
        ),
        value(F::Exclude, "exclude", "COL", "without this column"),
        value(F::Redact, "redact", "COL", "without this column's values"),
        cli::redact_secrets(F::RedactSecrets),
        value(F::BatchSize, "batch-size", "N", "read N rows at a time [1000]"),
        value(F::Result, "result", "FILE", "write the result record to FILE"),
        value(F::After, "after", "FILE", "dry run: as after those in FILE"),
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
        match flag {
            F::Due => o.due = true,
            F::Look => o.look = true,
            F::Together => o.together = Some(v.into()),
            F::OlderThan => {
                o.older_than = Some(age::age_flag("older-than", &v)?)
            }
            F::Before => o.before = Some(clock::time_flag("before", &v)?),
            F::Since => o.since = Some(clock::time_flag("since", &v)?),
            F::TimestampColumn => {
                o.columns.timestamp = Some(cli::text("timestamp-column", &v)?)
            }
            F::Unit => o.columns.unit = Some(cli::text("unit", &v)?.parse()?),
            F::Where => o.condition = Some(cli::text("where", &v)?),
            F::Limit => o.limit = Some(cli::count("limit", &v)?),
            F::Format => o.format = cli::text("format", &v)?.parse()?,
            F::Column => o.columns.only.push(cli::text("column", &v)?),
            F::Exclude => o.columns.exclude.push(cli::text("exclude", &v)?),
            F::Redact => o.columns.redact.push(cli::text("redact", &v)?),
            F::RedactSecrets => {
                let level = cli::text("redact-secrets", &v)?.parse()?;
                o.columns.secrets = o.columns.secrets.max(Some(level))
            }
            F::BatchSize => o.batch_size = Some(cli::count("batch-size", &v)?),
            F::Result => o.result = Some(v.into()),
            F::After => o.after = Some(v.into()),
        }
    }
    options.tables = match options.due {
        true => cli::some_names(args.operands, "TABLE")?,
        false => cli::operands(args.operands, ["TABLE"])?.into(),
    };
    let mut output = unbuffered(io::stdout())?;
    export::run(&options, &mut output, notes)
}
