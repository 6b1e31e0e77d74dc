//! A database, a policy and an archive tree, and the programs that work on
//! them, so that a test can step in between and then look where each row is.
//!
//! Every world has the same names: the database is `db`, the tree `archives`,
//! the policy `policy`; where there is no such file, the built-in one holds.

mod contents;
mod history;
mod pipeline;
mod recovery;
mod stop;
mod tables;

pub use contents::Bag;
pub use recovery::{former, plus};
pub use stop::{Then, stop_at, until};
pub use tables::{NEW, OLD};

use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use super::{Cmd, Dir, Out};

/// A database, a policy and an archive tree.
pub struct World {
    /// Where they are.
    pub dir: Dir,
    /// The tables whose rows are looked for.
    tables: Vec<String>,
}

impl World {
    /// Runs statements as an application does.
    pub fn sql(&self, statements: &str) {
        self.dir.sql("db", statements);
    }

    /// What a query gives, columns parted by `|`.
    pub fn rows(&self, query: &str) -> Vec<String> {
        self.dir.rows("db", query)
    }

    /// What a query gives, in one line.
    pub fn row(&self, query: &str) -> String {
        self.rows(query).join(" ")
    }

    /// A connection as an application has one.
    pub fn connect(&self) -> Connection {
        let db = Connection::open(self.dir.join("db")).unwrap();
        db.busy_timeout(Duration::from_secs(60)).unwrap();
        // It is never killed, and need not wait for the disk.
        db.execute_batch("PRAGMA synchronous = OFF").unwrap();
        db
    }

    /// A command that finds database, tree and policy.
    pub fn cmd(&self, program: &str) -> Cmd<'_> {
        let cmd = self
            .dir
            .cmd(program)
            .env("RT_DB", "db")
            .env("RT_ARCHIVES", "archives");
        match self.dir.join("policy").exists() {
            true => cmd.env("RT_POLICY", "policy"),
            false => cmd,
        }
    }

    /// A shell command that finds them.
    pub fn sh(&self, script: &str) -> Cmd<'_> {
        self.cmd("sh").args(["-c", script])
    }

    /// rt-export of the due rows of a table.
    pub fn exported(&self, table: &str) -> Out {
        let out = self.cmd("rt-export").args(["--due", "--", table]).run();
        out.status(0).stderr("");
        out
    }

    /// The due rows of a table, as rt-export prints them.
    pub fn export(&self, table: &str) -> Vec<u8> {
        self.exported(table).bytes
    }

    /// rt-store of these rows.
    pub fn store<R>(&self, table: &str, rows: &R) -> Cmd<'_>
    where
        R: AsRef<[u8]> + ?Sized,
    {
        self.cmd("rt-store").args(["--", table]).stdin(rows.as_ref())
    }

    /// Exports the due rows of a table and stores them; gives the receipts.
    pub fn stored(&self, table: &str) -> String {
        let out = self.store(table, &self.export(table)).run();
        out.status(0).stderr("");
        out.stdout
    }

    /// rt-purge of these receipts, at the end of a pipeline: it has waited
    /// for them since before the rows were stored.
    pub fn purge<R>(&self, receipts: &R) -> Cmd<'_>
    where
        R: AsRef<[u8]> + ?Sized,
    {
        self.purge_later(receipts).since_before_the_store()
    }

    /// rt-purge of receipts that were kept: it begins when their segments are
    /// in the ledger already, and recovers them.
    pub fn purge_later<R>(&self, receipts: &R) -> Cmd<'_>
    where
        R: AsRef<[u8]> + ?Sized,
    {
        self.cmd("rt-purge").stdin(receipts.as_ref())
    }

    /// rt-purge of what is unsettled.
    pub fn pending(&self) -> Cmd<'_> {
        self.cmd("rt-purge").arg("--pending")
    }

    /// One ordinary run over a table: recovery, then what is due.
    pub fn run(&self, table: &str) {
        self.pending().run().status_of(&[0, 3]);
        self.purge(&self.stored(table)).run().status(0);
    }

    /// A job for all tables; it waits for another one's end.
    pub fn job(&self) -> Cmd<'_> {
        self.cmd("rt-archive").args(["--wait", "60s", "all"])
    }
}

/// The lines of a text, each a JSON value.
pub fn records(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| {
            serde_json::from_str(line)
                .unwrap_or_else(|e| panic!("{line:?}: {e}"))
        })
        .collect()
}

/// What a program says that prints one record.
pub fn record(out: &Out) -> Value {
    serde_json::from_str(&out.stdout).unwrap()
}

/// The one `purged` record in an output; its counts must add up.
pub fn purged(out: &Out) -> Value {
    let all = purged_all(out);
    out.expect("one purged record", all.len() == 1);
    all[0].clone()
}

/// All `purged` records in an output; their counts must add up.
pub fn purged_all(out: &Out) -> Vec<Value> {
    let mut all = records(&out.stdout);
    all.retain(|record| record["type"] == "purged");
    for record in &all {
        let count = |name: &str| record[name].as_u64().unwrap();
        let parts = COUNTS.iter().map(|name| count(name)).sum::<u64>();
        out.expect("counts that add up", count("rows") == parts);
    }
    all
}

const COUNTS: [&str; 6] =
    ["records", "changed", "referenced", "refused", "gone", "superseded"];

/// The counts of a result that are not 0, as `records 5, gone 1`.
pub fn counts(result: &Value) -> String {
    let named: Vec<String> = COUNTS
        .iter()
        .filter(|name| result[**name] != 0)
        .map(|name| format!("{name} {}", result[*name]))
        .collect();
    named.join(", ")
}
