//! Makes databases of log rows, the same ones for the same arguments: for the
//! demo, and for measurements.
//!
//! ```text
//! rt-datagen demo FILE [--rows N] [--now TIME] [--seed N] [--plain]
//! rt-datagen agent_logs FILE [--rows N] [--integer] [--index] [...]
//! rt-datagen tool_uses FILE [--rows N] [--integer] [--index] [...]
//! rt-datagen copy FILE FROM
//! ```
//!
//! `demo` makes the seven tables of the built-in policy, with rows over the 60
//! days before `--now`. About one row in a hundred has an odd timestamp: one
//! of the other shapes that the programs read, or none that they can;
//! `--plain` leaves those out, so that comparing text finds the same rows.
//! `agent_logs` and `tool_uses` make one table, over the same 60 days, whose
//! key is a random UUID, or a number with `--integer`; `--index` puts an index
//! on its time. `copy` makes FILE a copy of the database FROM, which may be in
//! use and stays as it is.

mod rows;
mod text;

use std::path::Path;

use rows::{AGENT_LOGS, DEMO, TOOL_USES, Table};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use text::Random;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Options {
    what: String,
    file: String,
    rows: u64,
    now_ms: i64,
    seed: u64,
    integer: bool,
    plain: bool,
    index: bool,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [what, file, from] = &args[..]
        && what == "copy"
    {
        return copy(from, file);
    }
    let options = options(args.into_iter())?;
    if Path::new(&options.file).exists() {
        return Err(format!("'{}' exists already", options.file).into());
    }
    let mut db = Connection::open(&options.file)?;
    // A half-made database is thrown away, so nothing need be durable yet.
    db.execute_batch("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")?;
    let tables: &[&Table] = match options.what.as_str() {
        "demo" => &DEMO,
        "agent_logs" => &[&AGENT_LOGS],
        "tool_uses" => &[&TOOL_USES],
        other => return Err(format!("what is '{other}'?").into()),
    };
    let whole: u64 = tables.iter().map(|t| t.weight).sum();
    for table in tables {
        fill(&mut db, table, options.rows * table.weight / whole, &options)?;
    }
    db.pragma_update(None, "journal_mode", "WAL")?;
    Ok(())
}

fn copy(from: &str, to: &str) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let db = Connection::open_with_flags(from, flags)?;
    let mode: String =
        db.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    db.execute("VACUUM INTO ?", [to])?;
    Connection::open(to)?.pragma_update(None, "journal_mode", mode)?;
    Ok(())
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        what: args.next().ok_or("demo, agent_logs or tool_uses?")?,
        file: args.next().ok_or("FILE is missing")?,
        rows: 300_000,
        now_ms: text::instant_ms("2026-01-15T00:00:00Z")?,
        seed: 1,
        integer: false,
        plain: false,
        index: false,
    };
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} what?"));
        match flag.as_str() {
            "--rows" => options.rows = value()?.parse()?,
            "--now" => options.now_ms = text::instant_ms(&value()?)?,
            "--seed" => options.seed = value()?.parse()?,
            "--integer" => options.integer = true,
            "--plain" => options.plain = true,
            "--index" => options.index = true,
            _ => return Err(format!("what is {flag}?").into()),
        }
    }
    Ok(options)
}

fn fill(
    db: &mut Connection,
    table: &Table,
    rows: u64,
    options: &Options,
) -> Result<()> {
    let integer = options.integer && table.schema.contains("$KEY");
    let key = if integer { "INTEGER" } else { "TEXT" };
    db.execute_batch(&table.schema.replace("$KEY", key))?;
    let mut random = Random::new(options.seed ^ table.weight);
    random.odd = !options.plain;
    let span_ms = 60 * 86_400_000;
    let transaction = db.transaction()?;
    let marks = vec!["?"; table.columns].join(",");
    let insert = format!("INSERT INTO {} VALUES ({marks})", table.name);
    let mut statement = transaction.prepare(&insert)?;
    let mut values: Vec<Value> = Vec::with_capacity(table.columns);
    for row in 0..rows {
        // In the order in which they happened, the last one just before now.
        let part = i128::from(span_ms) * i128::from(row + 1);
        let back = span_ms - (part / i128::from(rows + 1)) as i64;
        let at_ms = options.now_ms - back;
        values.clear();
        (table.row)(&mut random, row, at_ms, &mut values);
        if integer {
            values[0] = (row as i64 + 1).into();
        }
        statement.execute(params_from_iter(&values))?;
    }
    drop(statement);
    if options.index {
        let name = table.name;
        transaction.execute_batch(&format!(
            "CREATE INDEX {name}_time ON {name}({})",
            table.time
        ))?;
    }
    transaction.commit()?;
    Ok(())
}
