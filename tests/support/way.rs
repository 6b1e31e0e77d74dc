//! The way of a row: a database, a tree, and the programs between them, run
//! one by one, so that a test can step in between.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Cmd, Dir, Out};

/// The policy of the tables `t` and `u`: due after 7 days.
const POLICY: &str = r#"
{"table":"t","timestamp":"at","hot":"7d","warm":"30d","cold":"365d"}
{"table":"u","timestamp":"at","hot":"7d","warm":"30d","cold":"365d"}
"#;

/// The database `d`, the tree `a` and the policy `p` of one test.
pub struct Way {
    /// Where they are.
    pub dir: Dir,
}

impl Way {
    /// A database that these statements make, and the policy of `t` and `u`.
    pub fn new(statements: &str) -> Way {
        let way = Way { dir: Dir::new() };
        way.dir.write("p", POLICY);
        way.sql(statements);
        way
    }

    /// Runs statements in the database, as an application would.
    pub fn sql(&self, statements: &str) {
        self.dir.sql("d", statements);
    }

    /// What a query gives, columns parted by `|`.
    pub fn rows(&self, query: &str) -> Vec<String> {
        self.dir.rows("d", query)
    }

    /// What a query gives, in one line.
    pub fn row(&self, query: &str) -> String {
        self.rows(query).join(" ")
    }

    /// A program that works on this database and tree.
    pub fn cmd(&self, program: &str) -> Cmd<'_> {
        self.dir
            .cmd(program)
            .env("RT_DB", "d")
            .env("RT_ARCHIVES", "a")
            .env("RT_POLICY", "p")
    }

    /// The rows that are due.
    pub fn due(&self, table: &str) -> Out {
        let out = self.cmd("rt-export").args(["--due", "--", table]).run();
        out.status(0).stderr("");
        out
    }

    /// Stores the rows that are due; gives what rt-store says.
    pub fn stored(&self, table: &str) -> String {
        self.store(table, self.due(table).bytes)
    }

    /// Stores these rows; gives what rt-store says.
    pub fn store(&self, table: &str, rows: impl Into<Vec<u8>>) -> String {
        let out = self.cmd("rt-store").args(["--", table]).stdin(rows).run();
        out.status(0).stderr("");
        out.stdout
    }

    /// rt-purge with these receipts on its input.
    pub fn purge(&self, receipts: &str) -> Cmd<'_> {
        self.cmd("rt-purge")
            .stdin(receipts)
            .since_before_the_store("a/ledger.jsonl")
    }

    /// One ordinary run over a table: recovery, then what is due.
    pub fn run(&self, table: &str) {
        self.cmd("rt-purge").arg("--pending").run().status(0);
        self.purge(&self.stored(table)).run().status(0);
    }

    /// The files of rows in the tree, by their paths in it, sorted.
    pub fn files(&self) -> Vec<String> {
        let mut out = Vec::new();
        let Ok(days) = self.dir.join("a/warm").read_dir() else { return out };
        for day in days {
            let day = day.unwrap();
            for file in day.path().read_dir().unwrap() {
                let names = [day.file_name(), file.unwrap().file_name()];
                let [day, file] = names.map(|n| n.into_string().unwrap());
                out.push(format!("warm/{day}/{file}"));
            }
        }
        out.sort();
        out
    }

    /// The archived rows, as other programs read them.
    pub fn archived(&self) -> Vec<Value> {
        let mut out = Vec::new();
        for file in self.files() {
            let path = format!("a/{file}");
            let text = match file.ends_with(".gz") {
                true => self.dir.zcat(&path),
                false => self.dir.read(&path),
            };
            out.extend(records(&text));
        }
        out
    }

    /// The values of a column in the archived rows, sorted.
    pub fn archived_of(&self, column: &str) -> String {
        let mut out: Vec<String> = self
            .archived()
            .iter()
            .map(|row| match &row[column] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        out.sort_by_key(|value| (value.len(), value.clone()));
        out.join(" ")
    }

    /// Events of the ledger of one type.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let mut events = records(&self.dir.read("a/ledger.jsonl"));
        events.retain(|event| event["type"] == kind);
        events
    }

    /// Runs a command, and `act` each time that it comes to `point` (see
    /// lib/src/fail.rs; without `:N`, the first time).
    pub fn run_with(
        &self,
        command: Cmd<'_>,
        point: &str,
        mut act: impl FnMut(&Way) + Send,
    ) -> Out {
        let [came, go] = ["came", "go"].map(|name| self.dir.join(name));
        let (over, acted) = (AtomicBool::new(false), AtomicBool::new(false));
        let hook = format!(
            "{point}=rm -f '{go}'; touch '{came}'; \
             while [ ! -e '{go}' ]; do sleep 0.005; done",
            go = go.display(),
            came = came.display()
        );
        let out = thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if came.exists() {
                        std::fs::remove_file(&came).unwrap();
                        // Also when it panics the command goes on.
                        let _go = Touch(&go);
                        act(self);
                        acted.store(true, Ordering::Relaxed);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            });
            let _over = Raise(&over);
            command.env("RT_FAIL", hook).run()
        });
        std::fs::remove_file(go).ok();
        out.expect(
            &format!("to come to {point}"),
            acted.load(Ordering::Relaxed),
        );
        out
    }
}

/// Makes a file when it is dropped.
struct Touch<'p>(&'p Path);

impl Drop for Touch<'_> {
    fn drop(&mut self) {
        std::fs::write(self.0, "").unwrap();
    }
}

/// Raises a flag when it is dropped.
struct Raise<'f>(&'f AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
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
