//! Where the machine sets limits: links, folders, disks, memory, open files.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{printed, row, store, warm, with_table};
use crate::support::rows::{Random, peak_kib};
use crate::support::{Dir, bins, ordinary, word};

#[test]
fn links_inside_the_tree_are_not_followed() {
    for link in ["a/warm", "a/warm/2026-01-08", "a/schema"] {
        let dir = with_table();
        dir.write("elsewhere/2026-01-01/.rt-tmp-theirs", "kept");
        dir.write("elsewhere/.rt-tmp-theirs", "kept");
        fs::create_dir_all(dir.join("elsewhere/empty")).unwrap();
        let link = dir.join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(dir.join("elsewhere"), &link).unwrap();
        let before = dir.tree();
        let out = store(&dir, &[], &row(1, "2026-01-08", "a")).run();
        out.status(1).stderr_has("is not a folder");
        assert!(printed(&out).0.is_empty());
        let there = |tree: &str| -> Vec<String> {
            let lines = tree.lines().filter(|l| l.starts_with("elsewhere"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(there(&dir.tree()), there(&before), "{link:?}");
    }
}

#[test]
fn the_lock_and_the_ledger_are_no_links_either() {
    for name in ["a/lock", "a/ledger.jsonl"] {
        let dir = with_table();
        dir.write("theirs", "");
        fs::create_dir(dir.join("a")).unwrap();
        symlink(dir.join("theirs"), dir.join(name)).unwrap();
        store(&dir, &[], &row(1, "2026-01-08", "a")).run().status(1);
        assert_eq!(dir.read("theirs"), "");
        assert!(warm(&dir).is_empty());
    }
}

#[test]
fn the_root_of_the_tree_may_be_a_link() {
    let dir = with_table();
    fs::create_dir(dir.join("disk")).unwrap();
    symlink(dir.join("disk"), dir.join("a")).unwrap();
    store(&dir, &[], &row(1, "2026-01-08", "a")).run().status(0);
    assert!(dir.join("disk/warm/2026-01-08/t.jsonl.gz").is_file());
}

#[test]
fn what_stands_in_the_place_of_a_folder_is_named_and_left() {
    for name in ["a/warm", "a/cold", "a/schema"] {
        let dir = with_table();
        dir.write(name, "theirs");
        let out = store(&dir, &[], &row(1, "2026-01-08", "a")).run();
        out.status(1).stderr_has(&format!("'{name}' is not a folder"));
        out.stderr_has("hint: ").stderr_has("keep it under another name");
        assert!(printed(&out).0.is_empty());
        assert_eq!(dir.read(name), "theirs");
        assert_eq!(dir.read("a/ledger.jsonl"), "", "{name}");
    }
}

const STORE: &str = "rt-store --db x.db --archives a --timestamp-column at t";

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    for folder in ["a", "a/warm", "a/warm/2026-01-08"] {
        let dir = with_table();
        fs::create_dir_all(dir.join(folder)).unwrap();
        dir.write(&format!("{folder}/theirs"), "");
        let before = warm(&dir);
        let mode = fs::Permissions::from_mode;
        fs::set_permissions(dir.join(folder), mode(0o555)).unwrap();
        let rows = row(1, "2026-01-08", "a");
        let out = ordinary(&dir, STORE).stdin(rows).run();
        fs::set_permissions(dir.join(folder), mode(0o755)).unwrap();
        out.status(1).stderr_has("permission denied").stderr_has("'a");
        assert!(printed(&out).0.is_empty());
        assert_eq!(warm(&dir), before, "{folder}");
    }
    let dir = with_table();
    dir.write("a", "a file");
    let out = store(&dir, &[], &row(1, "2026-01-08", "a")).run();
    out.status(1).stderr_has("'a' is not a folder");
}

/// Rows of some KiB that do not compress, over `days` days.
fn noise(path: &Path, count: usize, days: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut state = Random(4711);
    for id in 0..count {
        let v: String =
            (0..128).map(|_| format!("{:016x}", state.next())).collect();
        let day = format!("2025-01-{:02}", 1 + state.below(days));
        out.write_all(row(id, &day, &v).as_bytes()).unwrap();
    }
    out.flush().unwrap();
}

/// After a disk was full: nothing has its final name but what the ledger
/// calls published, and with room the same rows are stored.
fn stored_later(dir: &Dir, out: &crate::support::Out) {
    out.status(1).stderr_has("make room");
    let (receipts, stored) = printed(out);
    assert!(receipts.is_empty());
    assert_eq!(stored["status"], "failed");
    assert_eq!(warm(dir), [""; 0], "half-published");
    let room = format!("{STORE} <rows");
    let out = dir.cmd("sh").args(["-c", &room]).run();
    let (_, stored) = printed(out.status(0));
    assert_eq!(stored["rows"], 1000);
    let leftovers = dir.tree();
    assert!(!leftovers.contains(".rt-tmp-"), "{leftovers}");
}

#[test]
fn a_file_that_may_not_grow_is_not_published() {
    let dir = with_table();
    noise(&dir.join("rows"), 1000, 3);
    // In units of 512 bytes; SIGXFSZ ignored, so that the write fails.
    let script = format!("trap '' XFSZ; ulimit -f 400; {STORE} <rows");
    let out = dir.cmd("sh").args(["-c", &script]).run();
    stored_later(&dir, &out);
}

#[test]
fn a_full_disk_publishes_nothing() {
    let dir = with_table();
    noise(&dir.join("rows"), 1000, 3);
    let disk = dir.join("a");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"])
        .arg(&disk)
        .output();
    if !mounted.is_ok_and(|out| out.status.success()) {
        return;
    }
    let script = format!("{STORE} <rows");
    let out = dir.cmd("sh").args(["-c", &script]).run();
    let left = warm(&dir);
    let tree = dir.tree();
    let gone = Command::new("umount").arg(&disk).status().unwrap();
    assert!(gone.success());
    assert_eq!(left, [""; 0], "half-published");
    assert!(!tree.contains(".rt-tmp-"), "{tree}");
    stored_later(&dir, &out);
}

/// Runs the store on the file `rows`, with at most 64 open files; gives its
/// peak memory in KiB.
fn peak(dir: &Dir, args: &str) -> u64 {
    let store = word(bins().join("rt-store"));
    let script = format!("ulimit -n 64; exec {store} {FROM} {args}");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir.path())
        .stdin(File::open(dir.join("rows")).unwrap())
        .stdout(File::create(dir.join("receipts")).unwrap())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let exit = loop {
        // A process that has ended has no memory any more.
        if let Ok(text) = fs::read_to_string(&status)
            && text.contains("VmHWM:")
            && text.contains("Name:\trt-store")
        {
            most = most.max(peak_kib(&text));
        }
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    };
    assert!(exit.success(), "{exit}");
    most
}

const FROM: &str = "--db x.db --archives a --timestamp-column at t";

const LIMIT_KIB: u64 = 64 << 10;

/// The day `number` of 2024 and 2025.
fn day(number: u64) -> String {
    let (month, day) = (number / 28, 1 + number % 28);
    format!("{}-{:02}-{day:02}", 2000 + month / 12, 1 + month % 12)
}

fn write_rows(dir: &Dir, days: impl Iterator<Item = u64>, length: usize) {
    let mut out = BufWriter::new(File::create(dir.join("rows")).unwrap());
    let v = "and so on; ".repeat(length / 11);
    for (id, number) in days.enumerate() {
        out.write_all(row(id, &day(number), &v).as_bytes()).unwrap();
    }
    out.flush().unwrap();
}

#[test]
fn days_in_random_order_take_neither_memory_nor_open_files() {
    let dir = with_table();
    let mut state = Random(99);
    let days = (0..60_000).map(|_| state.below(700));
    write_rows(&dir, days, 900);
    let peak = peak(&dir, "-1");
    assert_eq!(warm(&dir).len(), 700);
    assert!((1000..LIMIT_KIB).contains(&peak), "{peak} KiB");
    // Few bytes a day: none is written before the end.
    let dir = with_table();
    write_rows(&dir, 0..700, 900);
    self::peak(&dir, "-1");
    assert_eq!(warm(&dir).len(), 700);
}

/// As many days as fit into 1 MiB: what a run has to know of each, and what
/// the ledger is told, is bounded. What is left the next run stores.
#[test]
fn days_without_end_take_no_memory_and_are_stored_run_by_run() {
    const MOST: u64 = 5000;
    let dir = with_table();
    let count = MOST * 3 / 2;
    write_rows(&dir, 0..count, 0);
    let lines = std::fs::read_to_string(dir.join("rows")).unwrap();
    let stored = |rows: String, status: i32| {
        let measured = format!(
            "python3 -c 'import resource, subprocess, sys; \
             c = subprocess.call(sys.argv[1:]); \
             m = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss; \
             open(\"most\", \"w\").write(str(m)); sys.exit(c)' {STORE}"
        );
        let cmd = dir.cmd("sh").args(["-c", &measured]);
        let out = cmd.stdin(rows).patience(120).run();
        out.status(status);
        let peak: u64 = dir.read("most").trim().parse().unwrap();
        assert!((1000..LIMIT_KIB).contains(&peak), "{peak} KiB");
        out
    };
    let out = stored(lines.clone(), 3);
    out.stderr_has("2500 records of 't' left to the next run");
    let (receipts, said) = printed(&out);
    assert_eq!(receipts.len() as u64, MOST);
    assert_eq!((&said["rows"], &said["left"]), (&5000.into(), &2500.into()));
    assert_eq!(said["exit_status"], 3);
    assert_eq!(warm(&dir).len() as u64, MOST);
    // The first ones are settled: the rest is all that there is.
    let settled = dir
        .cmd("rt-purge")
        .args(["--db", "x.db", "--archives", "a"])
        .stdin(out.stdout.clone())
        .patience(120)
        .run();
    settled.status_of(&[0, 3]);
    let rest = lines.lines().skip(MOST as usize);
    let rest: String = rest.map(|line| format!("{line}\n")).collect();
    let (receipts, said) = printed(&stored(rest, 0));
    assert_eq!(receipts.len() as u64, count - MOST);
    assert_eq!(said["left"], serde_json::Value::Null);
}

#[test]
fn large_days_one_after_the_other_take_no_memory_when_they_are_done() {
    let dir = with_table();
    // 90 days of 1.4 MiB each.
    let days = (0..90 * 400).map(|id| id / 400);
    write_rows(&dir, days, 3600);
    let peak = peak(&dir, "-1");
    assert_eq!(warm(&dir).len(), 90);
    assert!((1000..LIMIT_KIB).contains(&peak), "{peak} KiB");
}
