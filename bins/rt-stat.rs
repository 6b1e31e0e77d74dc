//! rt-stat: the rows and bytes of tables, a record a table; or whether a
//! table is over a size. See rt-stat(1).

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, value};
use rt::error::{Exit, Notes, Result};
use rt::op::stat::{self, Options};
use rt::{age, fsx};

#[derive(Clone, Copy)]
enum F {
    Over,
    TimestampColumn,
    Unit,
    Db,
    Policy,
    Now,
    BusyTimeout,
}

static CMD: Command<F> = Command {
    name: "rt-stat",
    about: "count the rows and bytes of tables",
    usage: &["[OPTION ...] [TABLE ...]", "--over SIZE [OPTION ...] TABLE"],
    flags: &[
        value(F::Over, "over", "SIZE", "only whether TABLE is over SIZE"),
        value(
            F::TimestampColumn,
            "timestamp-column",
            "COL",
            "the column that dates a row [the policy's]",
        ),
        value(F::Unit, "unit", "U", "what its numbers mean"),
        cli::db(F::Db),
        cli::policy(F::Policy),
        cli::now(F::Now),
        cli::busy_timeout(F::BusyTimeout),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut options = Options::default();
    for (flag, v) in args.flags {
        let o = &mut options;
        match flag {
            F::Over => o.over = Some(age::size_flag("over", &v)?),
            F::TimestampColumn => {
                o.columns.timestamp = Some(cli::text("timestamp-column", &v)?)
            }
            F::Unit => o.columns.unit = Some(cli::text("unit", &v)?.parse()?),
            F::Db => o.place.db = Some(v),
            F::Policy => o.place.policy = Some(v),
            F::Now => o.place.now = Some(v),
            F::BusyTimeout => {
                o.place.busy = Some(cli::duration("busy-timeout", &v)?)
            }
        }
    }
    options.tables = cli::names(args.operands)?;
    let mut output = fsx::unbuffered(io::stdout())?;
    stat::run(&options, &mut output, notes)
}
