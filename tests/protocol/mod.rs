//! Publish, settle, recover: the real programs, killed between two writes or
//! overtaken by an application, and then one ordinary run.
//!
//! What must hold is always the same: a row is in the database or in one
//! archive, the ledger replays, nothing is left unsettled, and every file is
//! what the ledger says. Rows are read with SQLite and gzip alone.

mod application;
mod commits;
mod disk;
mod flushes;
mod keyless;
mod lock;
mod model;
mod order;
mod page;
mod points;
mod references;
mod sweep;

pub use points::points;
pub use sweep::{kill, processes};

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use rt::archive::Ledger;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Cmd, Dir, Out};

/// Rows as `table|k|n|at|body`, and how many of each there are.
pub type Bag = BTreeMap<String, i64>;

/// What comes behind the name of each table. All have the same columns;
/// `logs` has no key, and identical rows.
const TABLES: [(&str, &str); 5] = [
    ("uuids", "(k TEXT PRIMARY KEY, n, at, body)"),
    ("numbers", "(k INTEGER PRIMARY KEY, n, at, body)"),
    ("pairs", "(k TEXT, n INT, at, body, PRIMARY KEY (k, n))"),
    ("bare", "(k TEXT, n INT, at, body, PRIMARY KEY (k, n)) WITHOUT ROWID"),
    ("logs", "(k, n, at, body)"),
];

/// Days whose rows are due at the tests' clock, and one whose rows are not.
pub const OLD: [&str; 2] = ["2026-01-02", "2026-01-03"];
pub const NEW: &str = "2026-01-14";

/// A database, a policy and an archive tree.
pub struct World {
    pub dir: Dir,
    tables: Vec<String>,
}

impl World {
    /// Empty tables of [`TABLES`], which are due after 7 days.
    pub fn new(tables: &[&str]) -> World {
        let dir = Dir::new();
        let mut policy = String::new();
        for table in tables {
            let (_, columns) =
                TABLES.iter().find(|(name, _)| name == table).unwrap();
            dir.sql("db", &format!("CREATE TABLE {table} {columns}"));
            policy.push_str(&format!(
                "{{\"table\":\"{table}\",\"group\":\"g\",\"timestamp\":\
                 \"at\",\"hot\":\"7d\",\"warm\":\"30d\",\"cold\":\"365d\"}}\n"
            ));
        }
        dir.write("policy", policy);
        let tables = tables.iter().map(|t| (*t).to_owned()).collect();
        World { dir, tables }
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

    /// Puts rows of one day into a table. Those of `logs` come in twos and
    /// threes that are identical.
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

    /// Runs statements as an application does.
    pub fn sql(&self, statements: &str) {
        self.dir.sql("db", statements);
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
        self.dir
            .cmd(program)
            .env("RT_DB", "db")
            .env("RT_ARCHIVES", "archives")
            .env("RT_POLICY", "policy")
    }

    /// The due rows of a table, as rt-export prints them.
    pub fn export(&self, table: &str) -> Vec<u8> {
        let out = self.cmd("rt-export").args(["--due", table]).run();
        out.status(0);
        out.bytes
    }

    /// rt-store of these rows.
    pub fn store(&self, table: &str, rows: &[u8]) -> Cmd<'_> {
        self.cmd("rt-store").arg(table).stdin(rows)
    }

    /// Exports the due rows of a table and stores them; gives the receipts.
    pub fn stored(&self, table: &str) -> Vec<u8> {
        let out = self.store(table, &self.export(table)).run();
        out.status(0);
        out.bytes
    }

    /// rt-purge of these receipts.
    pub fn purge(&self, receipts: &[u8]) -> Cmd<'_> {
        self.cmd("rt-purge")
            .stdin(receipts)
            .since_before_the_store("archives/ledger.jsonl")
    }

    /// rt-purge of what is unsettled.
    pub fn pending(&self) -> Cmd<'_> {
        self.cmd("rt-purge").arg("--pending")
    }

    /// A job for all tables; it waits for another one's end.
    pub fn job(&self) -> Cmd<'_> {
        self.cmd("rt-archive").args(["--wait", "60s", "all"])
    }

    /// One ordinary run, and then all must be as it should: nothing is due,
    /// and database and archives together hold exactly `rows`.
    pub fn recovers(&self, rows: &Bag) {
        self.job().run().status(0);
        self.sound();
        assert_eq!(self.due(), 0, "{}", self.picture());
        assert_eq!(&self.all(), rows, "{}", self.picture());
    }

    /// The names of its tables.
    pub fn tables(&self) -> Vec<&str> {
        self.tables.iter().map(String::as_str).collect()
    }

    /// Rows in the database and in the archives.
    pub fn all(&self) -> Bag {
        let mut bag = self.database();
        for (row, count) in self.archived() {
            *bag.entry(row).or_default() += count;
        }
        bag
    }

    /// Rows in the database, of the tables that it still has.
    pub fn database(&self) -> Bag {
        let mut bag = Bag::new();
        let there = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let there = self.dir.rows("db", there);
        for table in self.tables.iter().filter(|t| there.contains(t)) {
            let query =
                format!("SELECT '{table}', k, n, at, body FROM {table}");
            for row in self.dir.rows("db", &query) {
                *bag.entry(row).or_default() += 1;
            }
        }
        bag
    }

    /// How many rows of the database are due.
    pub fn due(&self) -> i64 {
        let old = |(row, count): (String, i64)| match row
            .contains(&format!("|{NEW}T"))
        {
            true => 0,
            false => count,
        };
        self.database().into_iter().map(old).sum()
    }

    /// Rows in the archives.
    pub fn archived(&self) -> Bag {
        let mut bag = Bag::new();
        let warm = self.files().into_iter().map(|name| {
            let text = match name.ends_with(".gz") {
                true => self.dir.zcat(&format!("archives/{name}")),
                false => self.dir.read(&format!("archives/{name}")),
            };
            (name[5..].to_owned(), text)
        });
        for (name, text) in warm.chain(self.members()) {
            let (day, file) = name.split_once('/').unwrap();
            let table = file.split('.').next().unwrap();
            for line in text.lines() {
                let row: Value = serde_json::from_str(line).unwrap();
                let cell = |key: &str| match &row[key] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert!(cell("at").starts_with(day), "{name}: {line}");
                assert!(row["_archived_at"].is_string(), "{name}: {line}");
                let cells = ["k", "n", "at", "body"].map(cell);
                *bag.entry(format!("{table}|{}", cells.join("|")))
                    .or_default() += 1;
            }
        }
        bag
    }

    /// The days' files in the months' tars, by name, with their text.
    fn members(&self) -> Vec<(String, String)> {
        let script = "for tar in archives/cold/*/*.tar.gz; do
            [ -e \"$tar\" ] || continue
            for name in $(tar -tzf \"$tar\" | grep 'jsonl.gz$'); do
                printf '\\001%s\\n' \"$name\"
                tar -xzOf \"$tar\" \"$name\" | gzip -dc
            done
        done";
        let out = self.dir.cmd("sh").args(["-c", script]).run();
        out.status(0).stderr("");
        let members = out.stdout.split('\u{1}').skip(1).map(|member| {
            let (name, text) = member.split_once('\n').unwrap();
            (name.to_owned(), text.to_owned())
        });
        members.collect()
    }

    /// The files of rows below warm/, from the tree's root.
    fn files(&self) -> Vec<String> {
        let mut files = self.below_warm();
        files.retain(|name| !name.contains("/."));
        files
    }

    /// All files below warm/, temporary ones too.
    fn below_warm(&self) -> Vec<String> {
        let warm = self.dir.join("archives/warm");
        let mut out = Vec::new();
        for day in fs::read_dir(warm).into_iter().flatten() {
            let day = day.unwrap();
            for file in fs::read_dir(day.path()).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                let day = day.file_name().into_string().unwrap();
                out.push(format!("warm/{day}/{name}"));
            }
        }
        out
    }

    /// The events of the ledger.
    pub fn events(&self) -> Vec<Value> {
        if !self.dir.join("archives/ledger.jsonl").exists() {
            return Vec::new();
        }
        let text = self.dir.read("archives/ledger.jsonl");
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// How many events there are of a type.
    pub fn count(&self, kind: &str) -> usize {
        self.events().iter().filter(|e| e["type"] == kind).count()
    }

    /// The last event of a type.
    pub fn last(&self, kind: &str) -> Value {
        let events = self.events();
        let found = events.into_iter().rfind(|e| e["type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}{}", self.picture()))
    }

    /// The ledger replays, nothing is open or unsettled, and the files are
    /// those that the ledger names, byte for byte.
    pub fn sound(&self) {
        let root = self.dir.join("archives");
        let ledger =
            Ledger::open(&root, rt::time::clock::wall(), false).unwrap();
        let state = ledger.state();
        let open = state.intents().count() + state.unsettled().count();
        assert_eq!(open, 0, "not settled{}", self.picture());
        let mut names: BTreeSet<String> =
            self.below_warm().into_iter().collect();
        let dead = names.iter().find(|name| name.contains("/."));
        assert!(dead.is_none(), "{dead:?} was not swept{}", self.picture());
        for event in self.events() {
            if event["type"] == "store" {
                names.insert(event["file"].as_str().unwrap().to_owned());
            }
        }
        for name in names {
            let path = root.join(&name);
            let there = fs::File::open(&path).ok().map(|file| {
                let digest = rt::io::digest::file_sha256(file, &path).unwrap();
                (path.metadata().unwrap().len(), digest)
            });
            let known =
                state.file(&name).map(|f| (f.size_bytes, f.sha256.clone()));
            assert_eq!(there, known, "{name}{}", self.picture());
        }
    }

    /// What there is, for a message.
    pub fn picture(&self) -> String {
        let ledger = self.dir.join("archives/ledger.jsonl");
        format!(
            "\n== tree ==\n{}== ledger ==\n{}== database ==\n{:#?}\n",
            self.dir.tree(),
            fs::read_to_string(ledger).unwrap_or_default(),
            self.database(),
        )
    }

    /// Runs a command up to a crash point, changes the world there, and lets
    /// it go on, or kills it there.
    pub fn meanwhile(
        &self,
        cmd: Cmd<'_>,
        point: &str,
        then: Then,
        change: impl FnOnce(&World),
    ) -> Out {
        let cmd = cmd.env("RT_FAIL", stop_at(point, then));
        std::thread::scope(|scope| {
            let running = scope.spawn(move || cmd.run());
            let reached = self.dir.join("reached");
            until("the point is reached", || {
                reached.exists() || running.is_finished()
            });
            assert!(reached.exists(), "{point} was not reached");
            change(self);
            self.dir.write("go", "");
            running.join().unwrap()
        })
    }
}

/// What becomes of a program after the world was changed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Then {
    GoesOn,
    Dies,
}

/// The setting of `RT_FAIL` that stops a program at a point: it makes a file
/// `reached`, and waits for one called `go`, for a minute at most.
pub fn stop_at(point: &str, then: Then) -> String {
    let end = match then {
        Then::GoesOn => "",
        Then::Dies => "kill -9 $PPID",
    };
    format!(
        "{point}=i=0; : >reached; while [ ! -e go ] && [ $i -lt 6000 ]; do \
         sleep 0.01; i=$((i + 1)); done; rm -f go reached; {end}"
    )
}

/// Waits until something is so, for a minute at most.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether there is such a file in a tree.
pub fn there(world: &World, name: &str) -> bool {
    world.dir.join("archives").join(name).exists()
}
