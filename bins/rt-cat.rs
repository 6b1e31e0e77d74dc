//! rt-cat: the rows of a table out of its archives, and the database, as one
//! stream.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::cat::{self, Options};
use rt::time::clock;

#[derive(Clone, Copy)]
enum F {
    Since,
    Until,
    Tier,
    Count,
    TimestampColumn,
    Unit,
    Threads,
    Where,
    Limit,
    Strip,
    Verify,
    Format,
    Files,
    Latest,
}

static CMD: Command<F> = Command {
    name: "rt-cat",
    about: "write the archived rows of a table as one stream",
    usage: &["[OPTION ...] TABLE"],
    flags: &[
        value(F::Since, "since", "TIME|AGE", "rows at or after TIME"),
        value(F::Until, "until", "TIME|AGE", "rows before TIME"),
        value(
            F::Tier,
            "tier",
            "hot|warm|cold|whole",
            "only this tier, and others so named [all but hot]",
        ),
        value(F::Where, "where", "CONDITION", "rows for which it holds"),
        value(F::Limit, "limit", "N", "at most N rows"),
        switch(F::Latest, "latest", "of each key only the newest row"),
        switch(F::Strip, "strip", "without the keys that are no columns"),
        value(
            F::Format,
            "format",
            "jsonl|json|csv",
            "lines, one array, or CSV",
        ),
        switch(F::Count, "count", "print only how many rows there are"),
        switch(F::Files, "files", "print only which files would be read"),
        switch(F::Verify, "verify", "check the digests of what is read"),
        value(
            F::TimestampColumn,
            "timestamp-column",
            "COL",
            "the column that dates a row [the policy's]",
        ),
        value(F::Unit, "unit", "U", "what its values mean: s, ms, ..."),
        value(F::Threads, "threads", "N", "use N threads [one a core]")
            .short('p'),
        cli::db(),
        cli::archives(),
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
    let now = options.settings.now()?;
    for (flag, v) in args.flags {
        let o = &mut options;
        match flag {
            F::Since => {
                o.since = Some(clock::time_or_age_flag("since", &v, now)?)
            }
            F::Until => {
                o.until = Some(clock::time_or_age_flag("until", &v, now)?)
            }
            F::Tier => o.tiers.push(cli::text("tier", &v)?.parse()?),
            F::Where => o.add_condition(&cli::text("where", &v)?)?,
            F::Limit => o.limit = Some(cli::whole("limit", &v)?),
            F::Strip => o.strip = true,
            F::Verify => o.verify = true,
            F::Count => o.count = true,
            F::Format => o.format = cli::text("format", &v)?.parse()?,
            F::Files => o.files = true,
            F::Latest => o.latest = true,
            F::TimestampColumn => {
                o.columns.timestamp = Some(cli::text("timestamp-column", &v)?)
            }
            F::Threads => o.threads = Some(cli::count("threads", &v)?),
            F::Unit => o.columns.unit = Some(cli::text("unit", &v)?.parse()?),
        }
    }
    [options.table] = cli::operands(args.operands, ["TABLE"])?;
    let mut output = unbuffered(io::stdout())?;
    cat::run(&options, &mut output, notes)
}
