//! A ledger of many nights, quick to make: its events are those of real runs,
//! with other names, days and digests, along a chain that holds.

use std::io;

use rt::io::digest::Hashing;
use serde_json::{Value, json};

use super::World;

/// Tables of which each night archives a day.
const TABLES: usize = 7;

fn sha256(mut bytes: &[u8]) -> String {
    let mut hashing = Hashing::new(&mut bytes);
    io::copy(&mut hashing, &mut io::sink()).unwrap();
    hashing.sha256()
}

/// A ledger in the making.
struct Ledger {
    text: String,
    seq: u64,
    prev: String,
    at: String,
}

impl Ledger {
    /// Appends events, as one append.
    fn append(&mut self, events: Vec<Value>) {
        let first = self.seq + 1;
        for mut event in events {
            self.seq += 1;
            event["seq"] = json!(self.seq);
            event["at"] = json!(self.at);
            event["wall"] = json!(self.at);
            event["prev"] = json!(self.prev);
            if self.seq > first {
                event["first_seq"] = json!(first);
            }
            let line = event.to_string();
            self.prev = sha256(line.as_bytes());
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }
}

/// A table's day as a member of a file.
fn member(table: usize, day: &str) -> Value {
    let name = format!("{day}/table_{table}.jsonl.gz");
    json!({
        "name": name, "table": format!("table_{table}"),
        "day": day, "size_bytes": 100_000,
        "sha256": sha256(name.as_bytes()), "rows": 1000,
        "oldest": format!("{day}T00:00:01Z"),
        "newest": format!("{day}T23:59:58.5Z"),
    })
}

fn warm(table: usize, day: &str) -> Value {
    let member = member(table, day);
    let file = format!("warm/{}", member["name"].as_str().unwrap());
    json!({"file": file, "size_bytes": 100_000, "sha256": member["sha256"]})
}

/// The events of the night that archived a day: four appends.
fn night(day: &str) -> [Vec<Value>; 4] {
    let all = |event: &dyn Fn(usize) -> Value| {
        (0..TABLES).map(event).collect::<Vec<_>>()
    };
    let id =
        |table| sha256(format!("{day}{table}").as_bytes())[..32].to_owned();
    let store = |table: usize| {
        let file = warm(table, day);
        json!({
            "type": "store", "id": id(table), "db": "/var/lib/app/ideas.db",
            "db_device": 64768, "db_inode": 131_073,
            "table": format!("table_{table}"), "file": file["file"],
            "offset_bytes": 0, "size_bytes": 100_000,
            "sha256": file["sha256"], "before_sha256": null,
            "file_sha256": file["sha256"], "rows": 1000, "keyless_rows": 0,
            "text_size_bytes": 1_000_000, "text_sha256": file["sha256"],
            "compression": "gzip", "level": 6,
            "columns": ["id", "session_id", "name", "input", "start_time"],
            "excluded": [], "redacted": [], "secrets_version": null,
            "timestamp_column": "start_time", "unit": null,
            "schema_sha256": sha256(b"CREATE TABLE"),
            "archived_at": format!("{day}T03:15:00Z"), "retention": "402d",
            "oldest": format!("{day}T00:00:01Z"),
            "newest": format!("{day}T23:59:58.5Z"),
        })
    };
    let purge = |table: usize| {
        json!({
            "type": "purge", "id": id(table),
            "table": format!("table_{table}"),
            "file": warm(table, day)["file"], "rows": 1000, "deleted": 1000,
            "changed": 0, "referenced": 0, "refused": 0, "gone": 0,
            "superseded": 0,
        })
    };
    let named = |kind: &'static str| move |table| json!({"type": kind, "id": id(table)});
    [
        all(&store),
        all(&named("published")),
        all(&named("purging")),
        all(&purge),
    ]
}

/// The two events that take the days of a month into its tar.
fn consolidation(days: &[String]) -> [Vec<Value>; 2] {
    let month = &days[0][..7];
    let id = &sha256(month.as_bytes())[..32];
    let file = format!("cold/{}/{month}.tar.gz", &month[..4]);
    let each = |one: &dyn Fn(usize, &str) -> Value| -> Vec<Value> {
        let tables =
            days.iter().flat_map(|d| (0..TABLES).map(move |t| (t, d)));
        tables.map(|(table, day)| one(table, day)).collect()
    };
    let after = json!({
        "file": file, "size_bytes": 10_000_000,
        "sha256": sha256(file.as_bytes()),
    });
    let intent = json!({
        "type": "consolidate", "id": id, "file": file, "before": null,
        "after": after, "members": each(&member), "removes": each(&warm),
        "expires": [],
    });
    [vec![intent], vec![json!({"type": "consolidated", "id": id})]]
}

impl World {
    /// Gives the tree the ledger of so many nights, each of which archived a
    /// day of each of seven tables; every month but the last went cold.
    pub fn history(&self, nights: usize) {
        let mut ledger = Ledger {
            text: String::new(),
            seq: 0,
            prev: "0".repeat(64),
            at: String::new(),
        };
        let days = self.rows(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n)
             SELECT date('2023-01-08', i || ' days') FROM n LIMIT {nights}"
        ));
        for month in days.chunk_by(|one, next| one[..7] == next[..7]) {
            for day in month {
                ledger.at = format!("{day}T03:15:00Z");
                night(day)
                    .into_iter()
                    .for_each(|events| ledger.append(events));
                ledger.append(vec![json!({
                    "type": "job", "mode": "daily", "exit_status": 0,
                    "total_archived": 7000, "tables": 7, "failed": 0,
                })]);
            }
            if !month.ends_with(&days[nights - 1..]) {
                consolidation(month)
                    .into_iter()
                    .for_each(|events| ledger.append(events));
            }
        }
        self.dir.write("archives/ledger.jsonl", ledger.text);
        self.cmd("chmod").args(["700", "archives"]).run().status(0);
    }
}
