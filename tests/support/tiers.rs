//! A tree with all three tiers, and where each row is: read by the system's
//! tar and gzip alone.

use std::collections::BTreeMap;

use super::{Cmd, Dir, Out};

/// The tables, with their column for the time: three of the built-in policy.
const TABLES: [(&str, &str); 3] = [
    ("tool_uses", "start_time"),
    ("message_bus_log", "timestamp"),
    ("assertion_results", "timestamp"),
];

/// A folder with the database `x.db` and its empty tables.
pub fn tables() -> Dir {
    let dir = Dir::new();
    for (table, time) in TABLES {
        dir.sql(
            "x.db",
            &format!(
                "CREATE TABLE {table}(id INTEGER PRIMARY KEY, {time}, v)"
            ),
        );
    }
    dir
}

/// A program over `x.db` and the tree `a`.
pub fn rt<'d>(dir: &'d Dir, program: &str) -> Cmd<'d> {
    dir.cmd(program).env("RT_DB", "x.db").env("RT_ARCHIVES", "a")
}

/// Puts a row of each day into a table, with ids from `first` on.
pub fn insert(dir: &Dir, table: &str, first: i64, days: &[&str]) {
    for (id, day) in (first..).zip(days) {
        dir.sql(
            "x.db",
            &format!(
                "INSERT INTO {table} VALUES ({id}, '{day}T10:00:00Z', \
                 'row {id}')"
            ),
        );
    }
}

/// Moves what is older than a day into the warm tier.
pub fn archive(dir: &Dir, now: &str) {
    for (table, _) in TABLES {
        let rows = dir.rows("x.db", &format!("SELECT count(*) FROM {table}"));
        if rows == ["0"] {
            continue;
        }
        rt(dir, "rt-archive")
            .args(["-q", "--older-than", "1d", table])
            .now(now)
            .run()
            .status(0);
    }
}

/// rt-consolidate; its record.
pub fn consolidate(dir: &Dir, now: &str, args: &[&str]) -> Out {
    rt(dir, "rt-consolidate").args(args).now(now).run()
}

/// rt-expire; its record.
pub fn expire(dir: &Dir, now: &str, args: &[&str]) -> Out {
    rt(dir, "rt-expire").args(args).now(now).run()
}

/// What a record says.
pub fn record(out: &Out) -> serde_json::Value {
    serde_json::from_str(&out.stdout).unwrap()
}

const LINES: &str = r#"
set -e
rm -rf out && mkdir out
for f in a/warm/*/*.jsonl.gz; do
	[ ! -e "$f" ] || gzip -dc "$f" | sed "s|^|${f#a/} |"
done
for f in a/warm/*/*.jsonl; do
	[ ! -e "$f" ] || sed "s|^|${f#a/} |" "$f"
done
for tar in a/cold/*/*.tar.gz; do
	[ -e "$tar" ] || continue
	to=out/$(basename "$tar")
	mkdir "$to"
	tar -xzf "$tar" -C "$to"
	tar -tzf "$tar" | sort | uniq -d | sed 's/^/twice: /' >&2
	for f in "$to"/*-*/*.jsonl.gz; do
		[ ! -e "$f" ] || gzip -dc "$f" | sed "s|^|cold/${f#"$to"/} |"
	done
done
rm -rf out"#;

/// Where the rows are: `table id` and the places, of which there should be
/// one. No tar holds a name twice.
pub fn places(dir: &Dir) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, _) in TABLES {
        for id in dir.rows("x.db", &format!("SELECT id FROM {table}")) {
            let row = format!("{table} {id}");
            places.entry(row).or_default().push("hot".to_owned());
        }
    }
    let out = dir.cmd("sh").args(["-c", LINES]).run();
    out.status(0).stderr("");
    for line in out.stdout.lines() {
        let (place, row) = line.split_once(' ').unwrap();
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let file = place.rsplit('/').next().unwrap();
        let table = file.split('.').next().unwrap();
        let row = format!("{table} {}", row["id"]);
        places.entry(row).or_default().push(place.to_owned());
    }
    places
}

/// Every row is in one place; gives the place of each.
pub fn once(dir: &Dir) -> BTreeMap<String, String> {
    let places = places(dir);
    let wrong: Vec<_> = places.iter().filter(|(_, p)| p.len() != 1).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{}", dir.tree());
    places.into_iter().map(|(row, mut p)| (row, p.remove(0))).collect()
}

/// The files of a tier, without their modes.
pub fn files(dir: &Dir, tier: &str) -> Vec<String> {
    let tree = dir.tree();
    let lines = tree.lines().filter_map(|l| l.strip_prefix("a/"));
    lines
        .filter(|l| l.starts_with(tier) && l.contains(' '))
        .map(|l| l.split(' ').next().unwrap().to_owned())
        .collect()
}

/// The tree's files with their bytes, without lock.
pub fn image(dir: &Dir) -> Vec<(String, Vec<u8>)> {
    let tree = dir.tree();
    let lines = tree.lines().filter(|l| l.starts_with("a/"));
    let names = lines.map(|l| l.split(' ').next().unwrap().to_owned());
    names
        .filter(|n| n != "a/lock")
        .map(|n| {
            let bytes = super::rows::bytes(&dir.join(&n));
            (n, bytes.unwrap_or_default())
        })
        .collect()
}
