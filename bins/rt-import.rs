//! rt-import: row records, on standard input or of a command, into a table,
//! exactly and all or none; one record on standard output says what became of them.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::import::{self, Options};
use rt::time::clock;

#[derive(Clone, Copy)]
enum F {
    Into,
    Hold,
    Until,
    LockWait,
    Create,
    Schema,
    OnConflict,
    IgnoreExtra,
    KeepRowid,
    Triggers,
    TimestampColumn,
    Unit,
}

static CMD: Command<F> = Command {
    name: "rt-import",
    about: "put rows into a table, exactly and all or none",
    usage: &[
        "[OPTION ...] --into FILE TABLE [-- CMD [ARG ...]]",
        "[OPTION ...] --hold REASON TABLE [-- CMD [ARG ...]]",
    ],
    flags: &[
        value(F::Into, "into", "FILE", "a database beside the live one"),
        value(F::Hold, "hold", "REASON", "the live one, where they stay"),
        value(F::Until, "until", "TIME", "they stay until TIME"),
        value(F::LockWait, "lock-wait", "D", "wait D for another run [60s]"),
        switch(F::Create, "create", "make what is not there of it"),
        value(F::Schema, "schema", "FILE", "make the table as FILE says"),
        value(
            F::OnConflict,
            "on-conflict",
            "abort|skip|replace",
            "where another row has the key [abort]",
        ),
        switch(F::IgnoreExtra, "ignore-extra", "leave out unknown columns"),
        switch(F::KeepRowid, "keep-rowid", "with _rowid, into an empty table"),
        value(
            F::Triggers,
            "triggers",
            "refuse|fire",
            "where the table's triggers write [refuse]",
        ),
        value(
            F::TimestampColumn,
            "timestamp-column",
            "COL",
            "the column that dates a row [the ledger's]",
        ),
        value(F::Unit, "unit", "U", "what its values mean: s, ms, ..."),
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
    for (flag, v) in args.flags {
        let o = &mut options;
        match flag {
            F::Into => o.into = Some(v.into()),
            F::Hold => o.hold = Some(cli::text("hold", &v)?),
            F::Until => o.until = Some(clock::time_flag("until", &v)?),
            F::LockWait => o.lock_wait = Some(cli::duration("lock-wait", &v)?),
            F::Create => o.create = true,
            F::Schema => o.schema = Some(v.into()),
            F::OnConflict => {
                o.on_conflict = cli::text("on-conflict", &v)?.parse()?
            }
            F::IgnoreExtra => o.ignore_extra = true,
            F::KeepRowid => o.keep_rowid = true,
            F::Triggers => o.triggers(&cli::text("triggers", &v)?)?,
            F::TimestampColumn => {
                o.columns.timestamp = Some(cli::text("timestamp-column", &v)?)
            }
            F::Unit => o.columns.unit = Some(cli::text("unit", &v)?.parse()?),
        }
    }
    let mut operands = args.operands.into_iter();
    let table = operands.by_ref().take(1).collect();
    [options.table] = cli::operands(table, ["TABLE"])?;
    options.command = operands.collect();
    let input = unbuffered(io::stdin())?;
    let mut output = unbuffered(io::stdout())?;
    import::run(&options, input, &mut output, notes)
}
