//! rt-lake: the settled days of the archives as Parquet.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Error, Exit, Notes, Result};
use rt::io::unbuffered;
use rt_lake::{Options, jsonl, publish, rows};

#[derive(Clone, Copy)]
enum F {
    Host,
    Table,
    KeepOld,
    Level,
    LockWait,
    ToJsonl,
    Rows,
}

static CMD: Command<F> = Command {
    name: "rt-lake",
    about: "publish the archives as Parquet, for other engines",
    usage: &[
        "[OPTION ...] LAKE",
        "--to-jsonl FILE ...",
        "[OPTION ...] --rows TABLE FILE",
    ],
    flags: &[
        value(F::Host, "host", "NAME", "where the rows are from [hostname]"),
        value(F::Table, "table", "TABLE", "only TABLE, and others so named"),
        value(
            F::KeepOld,
            "keep-old",
            "D",
            "keep replaced files for D, for readers of a manifest [0s]",
        ),
        value(F::Level, "level", "N", "the level of zstd, 1 to 19 [3]"),
        value(
            F::LockWait,
            "lock-wait",
            "D",
            "wait D for the lake's lock [60s]",
        ),
        switch(F::ToJsonl, "to-jsonl", "print the lines of Parquet files"),
        value(F::Rows, "rows", "TABLE", "store records of TABLE in a file"),
        cli::db(),
        cli::archives(),
        cli::policy(),
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
    let (mut to_jsonl, mut rows) = (false, None);
    for (flag, v) in args.flags {
        let o = &mut options;
        match flag {
            F::Host => o.host = Some(cli::text("host", &v)?),
            F::Table => o.tables.push(cli::text("table", &v)?),
            F::KeepOld => o.keep_old = cli::duration("keep-old", &v)?,
            F::Level => o.level = Some(cli::count("level", &v)?),
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
            F::ToJsonl => to_jsonl = true,
            F::Rows => rows = Some(cli::text("rows", &v)?),
        }
    }
    if options.level.is_some_and(|level| level > 19) {
        return Err(Error::usage("--level takes 1 to 19"));
    }
    let mut output = unbuffered(io::stdout())?;
    if to_jsonl {
        let files = cli::names(args.operands)?;
        if files.is_empty() {
            return Err(Error::usage("FILE is missing"));
        }
        return jsonl::to_jsonl(&files, &mut output);
    }
    if let Some(table) = rows {
        let [file] = cli::operands(args.operands, ["FILE"])?;
        let file = (table.as_str(), Path::new(&file));
        return rows::store(&options, file, &mut io::stdin(), &mut output);
    }
    let [lake] = cli::operands(args.operands, ["LAKE"])?;
    options.lake = lake.into();
    publish::run(&options, &mut output, notes)
}
