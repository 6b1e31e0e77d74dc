//! rt-stat: the rows and bytes of tables, a record a table; whether a table is
//! over a size; what is in the archives; what needs attention. See rt-stat(1).

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::stat::{self, Options};
use rt::time::{age, clock};

#[derive(Clone, Copy)]
enum F {
    Over,
    Undated,
    Always,
    Archives,
    Files,
    Sums,
    Since,
    Until,
    History,
    Check,
    Margin,
    MaxSize,
    MaxUndated,
    MaxUnread,
    TimestampColumn,
    Unit,
    Tree,
}

static CMD: Command<F> = Command {
    name: "rt-stat",
    about: "count the rows and bytes of tables",
    usage: &[
        "[OPTION ...] [TABLE ...]",
        "--over SIZE [OPTION ...] TABLE",
        "--undated [OPTION ...] TABLE",
        "--archives [OPTION ...] [TABLE ...]",
        "--history [OPTION ...]",
        "--check [OPTION ...]",
    ],
    flags: &[
        value(F::Over, "over", "SIZE", "only whether TABLE is over SIZE"),
        switch(F::Always, "always", "a record also of a smaller TABLE"),
        switch(F::Undated, "undated", "what undated rows of TABLE look like"),
        switch(F::Archives, "archives", "what is in the archives"),
        switch(F::Files, "files", "each archive of them by itself"),
        switch(F::Sums, "sums", "the sums beside --files"),
        value(F::Since, "since", "TIME", "days that reach beyond TIME"),
        value(F::Until, "until", "TIME", "days that begin before TIME"),
        switch(F::History, "history", "what the ledger tells of the past"),
        switch(F::Check, "check", "only what passes a limit, status 6"),
        value(F::Margin, "margin", "AGE", "rows past their policy [2d]"),
        value(F::MaxSize, "max-size", "SIZE", "of the archives [10GiB]"),
        value(F::MaxUndated, "max-undated", "N", "of a table [1000]"),
        value(F::MaxUnread, "max-unread", "AGE", "of an archive [120d]"),
        value(
            F::TimestampColumn,
            "timestamp-column",
            "COL",
            "the column that dates a row [the policy's]",
        ),
        value(F::Unit, "unit", "U", "what its values mean: s, ms, ..."),
        cli::db(),
        value(F::Tree, "tree", "DIR", "the archive tree"),
        cli::database(),
        cli::policy(),
        cli::now(),
        cli::busy_timeout(),
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
            F::Over => o.over = Some(age::size_flag("over", &v)?),
            F::Always => o.always = true,
            F::Undated => o.undated = true,
            F::Archives => o.archives = true,
            F::Files => o.files = true,
            F::Sums => o.sums = true,
            F::Since => o.since = Some(clock::time_flag("since", &v)?),
            F::Until => o.until = Some(clock::time_flag("until", &v)?),
            F::History => o.history = true,
            F::Check => o.check = true,
            F::Margin => o.margin = Some(age::age_flag("margin", &v)?),
            F::MaxSize => o.max_size = Some(age::size_flag("max-size", &v)?),
            F::MaxUndated => {
                o.max_undated = Some(cli::whole("max-undated", &v)?)
            }
            F::MaxUnread => {
                o.max_unread = Some(age::age_flag("max-unread", &v)?)
            }
            F::TimestampColumn => {
                o.columns.timestamp = Some(cli::text("timestamp-column", &v)?)
            }
            F::Unit => o.columns.unit = Some(cli::text("unit", &v)?.parse()?),
            F::Tree => o.settings.archives = Some(v),
        }
    }
    options.tables = cli::names(args.operands)?;
    let mut output = unbuffered(io::stdout())?;
    stat::run(&options, &mut output, notes)
}
