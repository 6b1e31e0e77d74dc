//! Worlds with the tables that tests need, empty or filled.

use super::World;
use crate::support::{Dir, Out};

/// What comes behind the name of each table that is due after 7 days. All
/// have the same columns; `logs` has no key, and identical rows.
const KINDS: [(&str, &str); 5] = [
    ("uuids", "(k TEXT PRIMARY KEY, n, at, body)"),
    ("numbers", "(k INTEGER PRIMARY KEY, n, at, body)"),
    ("pairs", "(k TEXT, n INT, at, body, PRIMARY KEY (k, n))"),
    ("bare", "(k TEXT, n INT, at, body, PRIMARY KEY (k, n)) WITHOUT ROWID"),
    ("logs", "(k, n, at, body)"),
];

/// Three tables of the built-in policy, with their column for the time.
const TIERS: [(&str, &str); 3] = [
    ("tool_uses", "start_time"),
    ("message_bus_log", "timestamp"),
    ("assertion_results", "timestamp"),
];

/// Days whose rows are due at the tests' clock, and one whose rows are not.
pub const OLD: [&str; 2] = ["2026-01-02", "2026-01-03"];
pub const NEW: &str = "2026-01-14";

/// The line of a policy for a table with rows that are due after 7 days.
fn line(table: &str, rest: &str) -> String {
    format!(
        "{{\"table\":\"{table}\",\"group\":\"g\",\"timestamp\":\"at\",\
         \"hot\":\"7d\",\"warm\":\"30d\",\"cold\":\"365d\"{rest}}}\n"
    )
}

impl World {
    /// Empty tables of [`KINDS`].
    pub fn new(tables: &[&str]) -> World {
        let world = World::builtin("");
        let mut policy = String::new();
        for table in tables {
            let (_, columns) =
                KINDS.iter().find(|(name, _)| name == table).unwrap();
            world.sql(&format!("CREATE TABLE {table} {columns}"));
            policy.push_str(&line(table, ""));
        }
        world.dir.write("policy", policy);
        let tables = tables.iter().map(|t| (*t).to_owned()).collect();
        World { tables, ..world }
    }

    /// The same with `count` rows in each table on each of the [`OLD`] days,
    /// and two on the new one.
    pub fn filled(tables: &[&str], count: u64) -> World {
        let world = World::new(tables);
        for table in tables {
            for day in OLD {
                world.fill(table, day, count);
            }
            world.fill(table, NEW, 2);
        }
        world
    }

    /// A database that these statements make; the policy is for its tables
    /// `t` and `u`, dated by a column `at`.
    pub fn of(statements: &str) -> World {
        World::with("", statements)
    }

    /// The same, with more members in the policy's lines.
    pub fn with(rest: &str, statements: &str) -> World {
        let world = World::builtin(statements);
        world.dir.write("policy", line("t", rest) + &line("u", rest));
        world
    }

    /// A database that these statements make, and the built-in policy.
    pub fn builtin(statements: &str) -> World {
        let world = World { dir: Dir::new(), tables: Vec::new() };
        world.sql(statements);
        world
    }

    /// Empty tables of [`TIERS`], whose rows go through all tiers.
    pub fn tiers() -> World {
        let world = World::builtin("");
        for (table, time) in TIERS {
            world.sql(&format!(
                "CREATE TABLE {table}(id INTEGER PRIMARY KEY, {time}, v)"
            ));
        }
        let tables = TIERS.map(|(table, _)| table.to_owned()).to_vec();
        World { tables, ..world }
    }

    /// A copy of database, tree and policy in another folder, where the tree
    /// was told that its database moved.
    pub fn copy(&self) -> World {
        let dir = Dir::new();
        for name in ["db", "archives", "policy"] {
            if self.dir.join(name).exists() {
                let copy = self.dir.cmd("cp").arg("-a").arg(name);
                copy.arg(dir.join(name)).run().status(0);
            }
        }
        let world = World { dir, tables: self.tables.clone() };
        let moved = world.cmd("rt-purge").args(["--pending", "--moved"]);
        moved.args(["--archives", "archives", "--db", "db"]).run().status(0);
        world
    }

    /// The names of its tables.
    pub fn tables(&self) -> Vec<&str> {
        self.tables.iter().map(String::as_str).collect()
    }

    /// Puts rows of one day into a table of [`KINDS`]. Those of `logs` come
    /// in twos and threes that are identical.
    pub fn fill(&self, table: &str, day: &str, count: u64) {
        let mut statements = String::from("BEGIN;");
        for i in 0..count {
            let key = match table {
                "numbers" => format!("{}{i:04}", &day[8..]),
                "logs" => {
                    format!("'{}'", ["a", "a", "b", "c"][i as usize % 4])
                }
                _ => format!("'{day}/{i}'"),
            };
            let n = if table == "logs" { 0 } else { i };
            statements.push_str(&format!(
                "INSERT INTO {table} VALUES ({key}, {n}, \
                 '{day}T10:00:00Z', 'first');"
            ));
        }
        self.sql(&(statements + "COMMIT;"));
    }

    /// Puts a row of each day into a table of [`TIERS`], with ids from
    /// `first` on.
    pub fn insert(&self, table: &str, first: i64, days: &[&str]) {
        for (id, day) in (first..).zip(days) {
            self.sql(&format!(
                "INSERT INTO {table} VALUES ({id}, '{day}T10:00:00Z', \
                 'row {id}')"
            ));
        }
    }

    /// Moves what is older than a day into the warm tier.
    pub fn archive(&self, now: &str) {
        for table in &self.tables {
            if self.row(&format!("SELECT count(*) FROM {table}")) == "0" {
                continue;
            }
            self.cmd("rt-archive")
                .args(["-q", "--older-than", "1d", table])
                .now(now)
                .run()
                .status(0);
        }
    }

    /// rt-consolidate; its record.
    pub fn consolidate(&self, now: &str, args: &[&str]) -> Out {
        self.cmd("rt-consolidate").args(args).now(now).run()
    }

    /// rt-expire; its record.
    pub fn expire(&self, now: &str, args: &[&str]) -> Out {
        self.cmd("rt-expire").args(args).now(now).run()
    }
}
