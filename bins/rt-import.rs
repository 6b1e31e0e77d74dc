//! rt-import: row records on standard input into a table, exactly and all or
//! none; one record on standard output says what became of them.

use std::io;
use std::process::ExitCode;

use rt::cli::{self, Args, Command, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::import::{self, Options};

#[derive(Clone, Copy)]
enum F {
    Into,
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
    usage: &["[OPTION ...] --into FILE TABLE"],
    flags: &[
        value(F::Into, "into", "FILE", "a database beside the live one"),
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
    [options.table] = cli::operands(args.operands, ["TABLE"])?;
    let input = unbuffered(io::stdin())?;
    let mut output = unbuffered(io::stdout())?;
    import::run(&options, input, &mut output, notes)
}
