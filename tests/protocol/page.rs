//! rt-protocol(7) against the sources: its events are those of the ledger, and
//! what it says is durable before an event was made durable before that
//! event's write, in a trace of system calls. The page is the expectation, the
//! trace the fact. Traces are skipped where strace cannot trace.

mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::World;
use super::order::traceable;
use crate::support::root;
use trace::{Call, Trace};

/// What must be durable before each event, as words of the page.
type Table = BTreeMap<String, Vec<String>>;

/// The lines of the page's section EVENTS.
fn section() -> Vec<String> {
    let page = fs::read_to_string(root().join("man/rt-protocol.7")).unwrap();
    let start = page.find(".Sh EVENTS\n").expect("a section EVENTS");
    let section = page[start + 1..].split("\n.Sh ").next().unwrap();
    section.lines().map(str::to_owned).collect()
}

/// The table of events: an item is an event, and begins with its words.
fn table() -> Table {
    let lines = section();
    let mut table = Table::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(event) = line.strip_prefix(".It Cm ") else { continue };
        // The list of the words comes first; its items are no lists.
        if !lines[i + 1].starts_with(".Bl ") {
            continue;
        }
        assert_eq!(lines[i + 2], ".It durable", "{event}");
        let words = lines[i + 3].strip_prefix(".Cm ").expect("words");
        let words = words.split(' ').map(str::to_owned).collect();
        table.insert(event.to_owned(), words);
        let mut item = lines[i..].split(|l| l == ".El");
        let item = item.next().unwrap();
        for part in [".It crash", ".It recovery"] {
            let has = item.iter().any(|l| l == part);
            assert!(has, "{event} lacks {part}");
        }
    }
    table
}

/// The source files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// `PurgeDone` → `purge_done`, as serde has it.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// The events of the source, by their names in the ledger.
fn events_of_source() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("lib/src"), &mut files);
    let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
    let text = texts
        .filter(|text| text.contains("pub enum Event {"))
        .collect::<Vec<String>>();
    assert_eq!(text.len(), 1, "one file has the events");
    let (before, body) = text[0].split_once("pub enum Event {\n").unwrap();
    let derive = before.rsplit("\n\n").next().unwrap();
    assert!(derive.contains(r#"rename_all = "snake_case""#), "{derive}");
    let body = body.split("\n}\n").next().unwrap();
    let variants = body.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase());
        is_name.then(|| name.split([' ', '(', ',']).next().unwrap())
    });
    // Of newer programs: it has no name of its own.
    variants.filter(|name| *name != "Unknown").map(snake_case).collect()
}

impl Trace {
    /// Panics unless all that the page says of an event is durable before
    /// each of its writes, of which there is one at least.
    fn agrees(&self, event: &str, file: &str) {
        let table = table();
        let words = table.get(event).expect("the page has the event");
        let writes = self.writes_of(event);
        assert!(!writes.is_empty(), "no {event}\n{}", self.text);
        for (at, word) in
            writes.iter().flat_map(|at| words.iter().map(move |w| (*at, w)))
        {
            assert!(
                self.is_durable(word, file, at),
                "{event} of {file} is written, and {word} is not durable\n\
                 {:#?}",
                &self.calls[..=at]
            );
        }
    }
}

const FILE: &str = "archives/warm/2026-01-02/uuids.jsonl.gz";

/// Two rows of a day that is due. The database has a folder of its own, that
/// what is flushed there is not taken for the tree's.
fn world(journal: &str) -> World {
    let world = World::new(&["uuids"]);
    let place = |name| world.dir.join(name);
    fs::create_dir(place("data")).unwrap();
    fs::rename(place("db"), place("data/db")).unwrap();
    symlink("data/db", place("db")).unwrap();
    world.sql(&format!("PRAGMA journal_mode = {journal}"));
    world.fill("uuids", "2026-01-02", 2);
    world
}

/// rt-purge of a segment of which one row changed.
fn settle(journal: &str) -> Trace {
    let world = world(journal);
    let receipts = world.stored("uuids");
    world.sql("UPDATE uuids SET body = 'second' WHERE n = 1");
    let input = receipts.as_bytes();
    let trace = Trace::of(&world, "rt-purge", &[], input);
    assert_eq!(trace.events(), ["purging", "retract", "purge"]);
    trace
}

#[test]
fn page_has_exactly_the_events_of_the_source() {
    let page: BTreeSet<String> = table().into_keys().collect();
    assert_eq!(page, events_of_source(), "page, source");
}

#[test]
fn page_explains_exactly_the_words_that_it_uses() {
    let lines = section();
    let list = lines.split(|l| l == ".El").next().unwrap();
    let words = list.iter().filter_map(|l| l.strip_prefix(".It Cm "));
    let explained: BTreeSet<String> = words.map(str::to_owned).collect();
    let used: BTreeSet<String> = table().into_values().flatten().collect();
    assert_eq!(explained, used, "explained, used");
}

#[test]
fn publishing_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    let world = world("DELETE");
    let rows = world.export("uuids");
    let trace = Trace::of(&world, "rt-store", &["uuids"], &rows);
    assert_eq!(trace.events(), ["store", "published"]);
    trace.agrees("store", FILE);
    trace.agrees("published", FILE);
}

#[test]
fn beginning_to_delete_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    for journal in ["WAL", "DELETE"] {
        settle(journal).agrees("purging", FILE);
    }
}

#[test]
fn settling_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    for journal in ["WAL", "DELETE"] {
        let trace = settle(journal);
        trace.agrees("retract", FILE);
        trace.agrees("purge", FILE);
    }
}

#[test]
fn recovery_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    for (point, end) in
        [("store.intents", "void"), ("store.renamed", "published")]
    {
        let world = world("WAL");
        world.job().run().status(0);
        world.fill("uuids", "2026-01-02", 2);
        let store = world.store("uuids", &world.export("uuids"));
        store.env("RT_FAIL", format!("{point}=kill")).run().status(137);
        let trace = Trace::of(&world, "rt-purge", &["--pending"], b"");
        assert_eq!(trace.events()[0], end);
        trace.agrees(end, FILE);
    }
}

#[test]
fn settling_what_a_dead_run_deleted_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    for journal in ["WAL", "DELETE"] {
        let world = world(journal);
        let purge = world.purge(&world.stored("uuids"));
        purge.env("RT_FAIL", "purge.committed=kill").run().status(137);
        let args = ["--pending"];
        let trace = Trace::ends_with(3, &world, "rt-purge", &args, b"");
        assert_eq!(trace.events(), ["purge"]);
        trace.agrees("purge", FILE);
    }
}

#[test]
fn consolidation_and_expiry_make_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    let world = World::new(&["uuids"]);
    for day in ["2025-11-02", "2025-11-29"] {
        world.fill("uuids", day, 1);
    }
    world.job().run().status(0);
    let month = "archives/cold/2025/2025-11.tar.gz";
    let trace = Trace::of(&world, "rt-consolidate", &[], b"");
    assert_eq!(trace.events(), ["consolidate", "consolidated"]);
    let warm = |c: &&Call| matches!(c, Call::Gone(p) if p.ends_with(".gz"));
    assert_eq!(trace.calls.iter().filter(warm).count(), 2);
    trace.agrees("consolidate", month);
    trace.agrees("consolidated", month);
    let args = ["--yes", "--now", "2026-12-20T00:00:00Z"];
    let trace = Trace::of(&world, "rt-expire", &args, b"");
    assert_eq!(trace.events(), ["expire", "expired"]);
    trace.agrees("expire", month);
    trace.agrees("expired", month);
}

#[test]
fn erasure_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    for cold in [false, true] {
        let world = World::new(&["uuids"]);
        world.fill("uuids", "2025-11-02", 2);
        world.job().run().status(0);
        let mut file = "archives/warm/2025-11-02/uuids.jsonl.gz";
        if cold {
            world.cmd("rt-consolidate").run().status(0);
            file = "archives/cold/2025/2025-11.tar.gz";
        }
        for n in [0, 1] {
            let key = format!("--where=n={n}");
            let args = ["--yes", "--reason=x", &key, "uuids"];
            let trace = Trace::of(&world, "rt-rewrite", &args, b"");
            assert_eq!(trace.events(), ["erase", "erased"]);
            // A file in which no row is left needs no draft, and goes.
            if n == 0 {
                trace.agrees("erase", file);
                trace.agrees("erased", file);
            }
            let ends = trace.writes_of("erased")[0];
            for word in ["folders", "unlinks", "ledger"] {
                assert!(trace.is_durable(word, file, ends), "{word}");
            }
        }
        assert!(!world.dir.join(file).exists());
    }
}

#[test]
fn taking_in_makes_durable_what_the_page_says() {
    if !traceable() {
        return;
    }
    let world = World::new(&["uuids"]);
    let file = "archives/warm/2025-11-02/uuids.jsonl";
    world.dir.write(file, "{\"k\":1}\n");
    let trace = Trace::of(&world, "rt-consolidate", &[], b"");
    assert_eq!(
        trace.events(),
        ["adopt", "consolidate", "consolidated"],
        "{}",
        trace.text
    );
    trace.agrees("adopt", file);
}
