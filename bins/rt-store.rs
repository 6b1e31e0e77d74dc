//! rt-store: row records on standard input into an archive tree, by day; a
//! receipt for each segment on standard output once it is durable.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, letter, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::store::{self, Options};

#[derive(Clone, Copy)]
enum F {
    TimestampColumn,
    Unit,
    Column,
    Exclude,
    Redact,
    RedactSecrets,
    Single,
    NoCompress,
    Level(u8),
    Threads,
}

static CMD: Command<F> = Command {
    name: "rt-store",
    about: "store rows in warm files by day, and print receipts",
    usage: &["[OPTION ...] TABLE ..."],
    flags: &[
        value(
            F::TimestampColumn,
            "timestamp-column",
            "COL",
            "the column that dates a row [the policy's]",
        ),
        value(F::Unit, "unit", "U", "what its values mean: s, ms, ..."),
        value(F::Column, "column", "COL", "as rt-export was told"),
        value(F::Exclude, "exclude", "COL", "as rt-export was told"),
        value(F::Redact, "redact", "COL", "as rt-export was told"),
        cli::redact_secrets(F::RedactSecrets),
        switch(F::Single, "single", "one new file, of one JSON array"),
        switch(F::NoCompress, "no-compress", "files that are not gzipped"),
        letter(F::Level(1), '1', "fastest"),
        letter(F::Level(2), '2', "between -1 and -3"),
        letter(F::Level(3), '3', "between -2 and -4"),
        letter(F::Level(4), '4', "between -3 and -5"),
        letter(F::Level(5), '5', "the default"),
        letter(F::Level(6), '6', "between -5 and -7"),
        letter(F::Level(7), '7', "between -6 and -8"),
        letter(F::Level(8), '8', "between -7 and -9"),
        letter(F::Level(9), '9', "smallest"),
        value(F::Threads, "threads", "N", "use N threads [one a core]")
            .short('p'),
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
            F::TimestampColumn => {
                o.columns.timestamp = Some(cli::text("timestamp-column", &v)?)
            }
            F::Unit => o.columns.unit = Some(cli::text("unit", &v)?.parse()?),
            F::Column => o.columns.only.push(cli::text("column", &v)?),
            F::Exclude => o.columns.exclude.push(cli::text("exclude", &v)?),
            F::Redact => o.columns.redact.push(cli::text("redact", &v)?),
            F::RedactSecrets => {
                let level = cli::text("redact-secrets", &v)?.parse()?;
                o.columns.secrets = o.columns.secrets.max(Some(level))
            }
            F::Single => o.single = true,
            F::NoCompress => o.plain = true,
            F::Level(level) => o.level = Some(level),
            F::Threads => o.threads = Some(cli::count("threads", &v)?),
        }
    }
    options.tables = cli::some_names(args.operands, "TABLE")?;
    let input = unbuffered(io::stdin())?;
    let mut output = unbuffered(io::stdout())?;
    store::run(&options, input, &mut output, notes)
}
