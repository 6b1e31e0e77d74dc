//! Databases that real programs wrote (tests/fixtures/real): every table that
//! has a time gives up its old rows, exactly these, and none is lost.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::rows::{self, Cell, Row};
use crate::support::{Dir, lake, root, word};

const NOW: &str = "2026-11-21T00:00:00Z";
const CUTOFF: &str = "2026-10-22T00:00:00Z";

/// A table with a time, as a manifest has it.
pub struct Dated {
    pub database: &'static str,
    pub table: String,
    pub column: String,
    /// What its numbers mean, if it holds numbers.
    pub unit: Option<&'static str>,
    /// Rows before the cutoff.
    pub older: u64,
    /// Rows without a time.
    pub undated: u64,
}

const DATABASES: [&str; 5] =
    ["django", "homeassistant", "huey", "llm_logs", "mlflow"];

/// All of them.
fn dated() -> Vec<Dated> {
    let mut out = Vec::new();
    for database in DATABASES {
        let path = root()
            .join("tests/fixtures/real")
            .join(format!("{database}.manifest.json"));
        let manifest: Value =
            serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(manifest["now"], NOW);
        assert_eq!(manifest["cutoff"], CUTOFF);
        for table in manifest["tables"].as_array().unwrap() {
            let text = |key: &str| table[key].as_str().map(str::to_owned);
            let number = |key: &str| table[key].as_u64().unwrap();
            let Some(column) = text("ts_col") else { continue };
            assert_eq!(number("at_cutoff"), 0);
            out.push(Dated {
                database,
                table: text("table").unwrap(),
                column,
                unit: match text("ts_format").as_deref() {
                    Some("real_s") => Some("s"),
                    Some("epoch_ms") => Some("ms"),
                    _ => None,
                },
                older: number("older"),
                undated: number("no_time"),
            });
        }
    }
    assert_eq!(out.len(), 17, "the manifests cannot be read");
    out
}

impl Dated {
    /// A folder with the database as `x.db`.
    pub fn unpack(&self) -> Dir {
        let dir = Dir::new();
        let packed = root()
            .join("tests/fixtures/real")
            .join(format!("{}.db.gz", self.database));
        let out =
            Command::new("gzip").arg("-dc").arg(packed).output().unwrap();
        assert!(out.status.success(), "{}", self.database);
        dir.write("x.db", out.stdout);
        dir
    }

    /// The flags that say what dates its rows, for any command.
    pub fn flags(&self) -> Vec<&str> {
        let mut flags = vec!["--db", "x.db", "--now", NOW];
        flags.extend(["--timestamp-column", &self.column]);
        flags.extend(self.unit.iter().flat_map(|unit| ["--unit", unit]));
        flags
    }

    /// Exports with these flags more; gives the rows and the result.
    fn export(&self, dir: &Dir, flags: &[&str]) -> (Vec<Row>, Value) {
        let out = dir
            .cmd("rt-export")
            .args(flags)
            .args(["--before", CUTOFF, "--result", "result"])
            .arg(&self.table)
            .run();
        out.status(0).stderr("");
        let record = serde_json::from_str(&dir.read("result")).unwrap();
        (rows::parse(&out.bytes), record)
    }
}

/// The rows of all ordinary tables, in an order that does not depend on where
/// they stand.
fn contents(dir: &Dir) -> BTreeMap<String, Vec<Row>> {
    let db = Connection::open(dir.join("x.db")).unwrap();
    let tables = rows::query(
        &db,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' \
         AND type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    let mut out = BTreeMap::new();
    for row in tables {
        let Cell::Text(name) = &row[0].1 else { continue };
        let name = String::from_utf8(name.clone()).unwrap();
        let mut rows = rows::query(&db, &format!("SELECT * FROM \"{name}\""));
        rows.sort();
        out.insert(name, rows);
    }
    out
}

/// The rows of a table in the tree `a`, by gzip alone, without what the
/// archive adds to them.
fn archived(dir: &Dir, table: &str) -> Vec<Row> {
    let mut out = Vec::new();
    let Ok(days) = fs::read_dir(dir.join("a/warm")) else { return out };
    for day in days {
        let day = day.unwrap().file_name().into_string().unwrap();
        let file = format!("a/warm/{day}/{table}.jsonl.gz");
        if dir.join(&file).exists() {
            for mut row in rows::parse(dir.zcat(&file).as_bytes()) {
                let (last, _) = row.pop().unwrap();
                assert_eq!(last, "_archived_at");
                row.retain(|(name, _)| name != "_rowid");
                out.push(row);
            }
        }
    }
    out
}

/// Whatever `archive` does with a table and the tree `a`: every row of it is
/// in the database or in one archive, as it was, and no other table changes.
/// Gives how many rows are in the archives.
pub fn conserves(dated: &Dated, dir: &Dir, archive: impl FnOnce(&Dir)) -> u64 {
    let before = contents(dir);
    archive(dir);
    let mut after = contents(dir);
    let moved = archived(dir, &dated.table);
    let count = moved.len() as u64;
    let rows = after.get_mut(&dated.table).unwrap();
    rows.extend(moved);
    rows.sort();
    let name = format!("{} of {}", dated.table, dated.database);
    for (table, rows) in &before {
        assert!(after[table] == *rows, "{table} is not whole after {name}");
    }
    assert_eq!(before.len(), after.len(), "{name}");
    count
}

#[test]
fn as_many_rows_are_old_as_the_programs_wrote() {
    for dated in dated() {
        let dir = dated.unpack();
        let all = contents(&dir).remove(&dated.table).unwrap();
        let name = format!("{} of {}", dated.table, dated.database);
        // What numbers mean shows by their size, too.
        let without = ["--db", "x.db", "--timestamp-column", &dated.column];
        for flags in [&dated.flags()[..], &without] {
            let (mut rows, record) = dated.export(&dir, flags);
            assert_eq!(rows.len() as u64, dated.older, "{name}");
            assert_eq!(record["rows"], dated.older, "{name}");
            assert_eq!(record["undated"], dated.undated, "{name}");
            rows.sort();
            rows.dedup();
            assert_eq!(rows.len() as u64, dated.older, "{name}: twice");
            for row in &rows {
                assert!(all.binary_search(row).is_ok(), "{name}: {row:?}");
            }
        }
    }
}

#[test]
fn what_is_due_and_what_is_referenced_is_what_is_old() {
    let mut referenced = 0;
    for dated in dated() {
        let dir = dated.unpack();
        let flags = [&dated.flags()[..], &["--due"]].concat();
        let (rows, record) = dated.export(&dir, &flags);
        let name = format!("{} of {}", dated.table, dated.database);
        let stays = record["referenced"].as_u64().unwrap();
        assert_eq!(rows.len() as u64 + stays, dated.older, "{name}");
        assert_eq!(record["undated"], dated.undated, "{name}");
        referenced += stays;
    }
    assert!(referenced > 100, "{referenced}: there are parents among them");
}

#[test]
fn every_row_is_in_the_database_or_in_one_archive() {
    for dated in dated() {
        let dir = dated.unpack();
        let flags = dated.flags().join(" ");
        let script = format!(
            "rt-export {flags} --due --before {CUTOFF} --result result \
             -- {table} | rt-store {flags} --archives a -- {table} | \
             rt-purge --db x.db --archives a -- {table}",
            table = dated.table
        );
        let moved = conserves(&dated, &dir, |dir| {
            let out = dir.cmd("sh").args(["-c", &script]).run();
            out.status(0).stderr("");
        });
        let record: Value = serde_json::from_str(&dir.read("result")).unwrap();
        assert_eq!(record["rows"], moved);
        assert_eq!(
            moved + record["referenced"].as_u64().unwrap(),
            dated.older
        );
    }
}

#[test]
fn what_was_archived_comes_back_as_it_was() {
    let mut tables = 0;
    for dated in dated() {
        let dir = dated.unpack();
        let flags = dated.flags().join(" ");
        let before = contents(&dir).remove(&dated.table).unwrap();
        let script = format!(
            "rt-export {flags} --due --before {CUTOFF} -- {table} | \
             rt-store {flags} --archives a -- {table} | \
             rt-purge --db x.db --archives a -- {table}\n\
             [ ! -d a/warm ] || \
             rt-import --db x.db --archives a --into side --create {table} \
             -- rt-cat --db x.db --archives a -- {table}",
            table = dated.table
        );
        let out = dir.cmd("sh").args(["-c", &script]).run();
        let name = format!("{} of {}", dated.table, dated.database);
        out.status(0).stderr("");
        let mut all = contents(&dir).remove(&dated.table).unwrap();
        if all.len() < before.len() {
            let db = Connection::open(dir.join("side")).unwrap();
            let sql = format!("SELECT * FROM \"{}\"", dated.table);
            all.extend(rows::query(&db, &sql));
            all.sort();
            tables += 1;
        }
        assert!(all == before, "{name} came back otherwise");
    }
    assert!(tables > 8, "only {tables} tables had rows that went");
}

#[test]
fn what_is_published_is_what_was_archived() {
    let program = word(lake());
    let mut published = 0;
    for dated in dated() {
        let dir = dated.unpack();
        let flags = dated.flags().join(" ");
        let script = format!(
            "rt-export {flags} --due --before {CUTOFF} -- {table} | \
             rt-store {flags} --archives a -- {table} | \
             rt-purge --db x.db --archives a -- {table} >result\n\
             [ -d a/warm ] || exit 0\n\
             rt-cat --archives a -- {table} >archived\n\
             {program} --archives a --now {NOW} --host h lake >result\n\
             {program} --to-jsonl lake/*/host=h/month=*/*.parquet >published\n\
             cmp archived published && wc -l <published",
            table = dated.table
        );
        let out = dir.cmd("sh").args(["-c", &script]).run();
        out.status(0).stderr("");
        published += out.stdout.trim().parse::<u64>().unwrap_or(0);
    }
    assert!(published > 1000, "only {published} rows");
}
