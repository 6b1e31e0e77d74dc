//! Where each row is, read with SQLite and what any program has that reads gzip
//! and tar; and what the ledger says of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use rt::archive::Ledger;
use serde_json::Value;
use tar::Archive;

use super::{NEW, World, records};

/// Rows as `table|k|n|at|body`, and how many of each there are.
pub type Bag = BTreeMap<String, i64>;

/// The lines of a gzip file of any number of members.
fn gunzip(file: impl Read) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// The row files of a tar as they are, by their names; none is there twice.
fn untar(file: &Path) -> BTreeMap<String, String> {
    let mut tar = Archive::new(MultiGzDecoder::new(File::open(file).unwrap()));
    let mut files = BTreeMap::new();
    for entry in tar.entries().unwrap() {
        let entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let text = match name.ends_with(".jsonl.gz") {
            true => gunzip(entry),
            false => String::new(),
        };
        let again = files.insert(name, text);
        assert!(again.is_none(), "{} has a name twice", file.display());
    }
    // The checksum of a gzip member stands behind all that the tar needs of it.
    io::copy(&mut tar.into_inner(), &mut io::sink()).unwrap();
    files
}

/// A value as SQLite's own text of it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl World {
    /// The archived rows, each with its place, `warm/DAY/FILE` or
    /// `cold/DAY/FILE`.
    pub fn placed(&self) -> Vec<(String, Value)> {
        let tree = self.dir.join("archives");
        let mut files = Vec::new();
        for name in self.files() {
            let path = tree.join(&name);
            if name.ends_with(".jsonl.gz") {
                files.push((name, gunzip(File::open(path).unwrap())));
            } else if name.ends_with(".jsonl") {
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
        let tars = self.files_of("cold/");
        for tar in tars.iter().filter(|name| name.ends_with(".tar.gz")) {
            let in_tier = |(name, text)| (format!("cold/{name}"), text);
            files.extend(untar(&tree.join(tar)).into_iter().map(in_tier));
        }
        let rows = files.iter().flat_map(|(name, text)| {
            records(text).into_iter().map(|row| (name.clone(), row))
        });
        rows.collect()
    }

    /// The archived rows.
    pub fn records(&self) -> Vec<Value> {
        self.placed().into_iter().map(|(_, row)| row).collect()
    }

    /// The values of a column in the archived rows, sorted.
    pub fn archived_of(&self, column: &str) -> String {
        let rows = self.records();
        let mut out: Vec<_> = rows.iter().map(|r| text(&r[column])).collect();
        out.sort_by_key(|value| (value.len(), value.clone()));
        out.join(" ")
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
        let there =
            self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'");
        for table in self.tables.iter().filter(|t| there.contains(t)) {
            let query =
                format!("SELECT '{table}', k, n, at, body FROM {table}");
            for row in self.rows(&query) {
                *bag.entry(row).or_default() += 1;
            }
        }
        bag
    }

    /// How many rows of the database are due.
    pub fn due(&self) -> i64 {
        let mut rows = self.database();
        rows.retain(|row, _| !row.contains(&format!("|{NEW}T")));
        rows.values().sum()
    }

    /// Rows in the archives, which all stand in the file of their day.
    pub fn archived(&self) -> Bag {
        let mut bag = Bag::new();
        for (place, row) in self.placed() {
            let (day, file) = place[5..].split_once('/').unwrap();
            let table = file.split('.').next().unwrap();
            let at = text(&row["at"]);
            assert!(at.starts_with(day), "{place}: {row}");
            assert!(row["_archived_at"].is_string(), "{place}: {row}");
            let cells = ["k", "n", "at", "body"].map(|key| text(&row[key]));
            *bag.entry(format!("{table}|{}", cells.join("|"))).or_default() +=
                1;
        }
        bag
    }

    /// Where the rows are: `table id` and the places, of which there should
    /// be one.
    pub fn places(&self) -> BTreeMap<String, Vec<String>> {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for table in &self.tables {
            for id in self.rows(&format!("SELECT id FROM {table}")) {
                let row = format!("{table} {id}");
                places.entry(row).or_default().push("hot".to_owned());
            }
        }
        for (place, row) in self.placed() {
            let file = place.rsplit('/').next().unwrap();
            let table = file.split('.').next().unwrap();
            let row = format!("{table} {}", row["id"]);
            places.entry(row).or_default().push(place);
        }
        places
    }

    /// Every row is in one place; gives the place of each.
    pub fn once(&self) -> BTreeMap<String, String> {
        let places = self.places();
        let wrong: Vec<_> =
            places.iter().filter(|(_, p)| p.len() != 1).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{}", self.dir.tree());
        places.into_iter().map(|(row, mut p)| (row, p.remove(0))).collect()
    }

    /// All files of the tree but the lock and the ledger's checkpoint, which is
    /// derived, from its root, with their bytes; folders with a slash.
    pub fn image(&self) -> BTreeMap<String, Vec<u8>> {
        let root = self.dir.join("archives");
        let tree = self.dir.tree();
        let names = tree.lines().filter_map(|l| l.strip_prefix("archives/"));
        names
            .map(|line| line.rsplit_once(' ').map_or(line, |(name, _)| name))
            .map(|name| name.rsplit_once(' ').map_or(name, |(name, _)| name))
            .filter(|name| !["", "lock", "ledger.checkpoint"].contains(name))
            .map(|name| {
                let bytes = fs::read(root.join(name)).unwrap_or_default();
                (name.to_owned(), bytes)
            })
            .collect()
    }

    /// The files whose names in the tree begin so, but temporary ones.
    pub fn files_of(&self, tier: &str) -> Vec<String> {
        let mut names: Vec<_> = self.image().into_keys().collect();
        let file = |name: &str| !name.ends_with('/') && !name.contains("/.");
        names.retain(|name| name.starts_with(tier) && file(name));
        names
    }

    /// The files of rows below warm/.
    pub fn files(&self) -> Vec<String> {
        self.files_of("warm/")
    }

    /// Removes what the ledger's first lines are kept in, so that the next
    /// program replays them all.
    pub fn drop_checkpoint(&self) {
        let path = self.dir.join("archives/ledger.checkpoint");
        match fs::remove_file(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                panic!("{e}")
            }
            _ => {}
        }
    }

    /// The events of the ledger.
    pub fn events(&self) -> Vec<Value> {
        match self.dir.join("archives/ledger.jsonl").exists() {
            true => records(&self.dir.read("archives/ledger.jsonl")),
            false => Vec::new(),
        }
    }

    /// The events of a type.
    pub fn events_of(&self, kind: &str) -> Vec<Value> {
        let mut events = self.events();
        events.retain(|event| event["type"] == kind);
        events
    }

    /// How many events there are of a type.
    pub fn count(&self, kind: &str) -> usize {
        self.events_of(kind).len()
    }

    /// The last event of a type.
    pub fn last(&self, kind: &str) -> Value {
        let found = self.events_of(kind).pop();
        found.unwrap_or_else(|| panic!("no {kind}{}", self.picture()))
    }

    /// The ledger replays, nothing is open or unsettled, and the files are
    /// those that the ledger names, byte for byte.
    pub fn sound(&self) {
        let root = self.dir.join("archives");
        let ledger = self.sound_ledger();
        let state = ledger.state();
        let open = state.intents().count() + state.unsettled().count();
        assert_eq!(open, 0, "not settled{}", self.picture());
        let dead = self.image().into_keys().find(|name| name.contains("/."));
        assert!(dead.is_none(), "{dead:?} was not swept{}", self.picture());
        let mut names: BTreeSet<String> = self.files().into_iter().collect();
        for event in self.events_of("store") {
            names.insert(event["file"].as_str().unwrap().to_owned());
        }
        for name in names {
            let path = root.join(&name);
            let there = fs::File::open(&path).ok().map(|file| {
                let digest = rt::io::digest::file_sha256(file, &path).unwrap();
                (path.metadata().unwrap().len(), digest)
            });
            let known = ledger.files().unwrap().file(&name);
            let known = known.map(|f| (f.size_bytes, f.sha256.clone()));
            assert_eq!(there, known, "{name}{}", self.picture());
        }
    }

    /// The ledger, which says the same with its checkpoint and without.
    pub fn sound_ledger(&self) -> Ledger {
        let root = self.dir.join("archives");
        let now = rt::time::clock::wall();
        let ledger = Ledger::open(&root, now, false).unwrap();
        let whole = Ledger::open_whole(&root, now).unwrap();
        assert!(said(&ledger) == said(&whole), "{}", self.picture());
        ledger
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
}

/// All that a ledger says.
fn said(ledger: &Ledger) -> (String, String) {
    let state = serde_json::to_string(ledger.state()).unwrap();
    let files = serde_json::to_string(ledger.files().unwrap()).unwrap();
    (state, files)
}
