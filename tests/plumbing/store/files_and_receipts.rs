//! What is in the files, and what the receipts and the ledger say of them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use super::{events, printed, row, store, warm, with_table};
use crate::support::rows::{Random, sha256};
use crate::support::{Dir, NOW, system};

/// The row as it is archived.
fn archived(line: &str) -> String {
    let open = line.strip_suffix("}\n").unwrap();
    format!("{open},\"_archived_at\":\"{NOW}\"}}\n")
}

#[test]
fn rows_go_to_the_utc_day_of_their_own_time() {
    let dir = with_table();
    let lines = [
        row(1, "2026-01-08T23:59:59Z", "a"),
        row(2, "2026-01-09 00:00:00", "b"),
        row(3, "2026-01-09T01:00:00+02:00", "c"),
        row(4, "2026-01-08", "d"),
        row(5, "2026-01-08T14:00:00-12:00", "e"),
        "{\"id\":6,\"at\":1767916800,\"v\":null}\n".to_owned(),
        row(7, "0002-01-01", "g"),
        row(8, "9998-12-31T23:59:59Z", "h"),
    ];
    for zone in ["UTC", "Etc/GMT-14", "America/New_York"] {
        fs::remove_dir_all(dir.join("a")).unwrap_or_default();
        let out = store(&dir, &[], &lines.concat()).env("TZ", zone).run();
        out.status(0).stderr("");
        for (day, ids) in [
            ("0002-01-01", &[7][..]),
            ("2026-01-08", &[1, 3, 4]),
            ("2026-01-09", &[2, 5, 6]),
            ("9998-12-31", &[8]),
        ] {
            let text = dir.zcat(&format!("a/warm/{day}/t.jsonl.gz"));
            let want = ids.iter().map(|id| archived(&lines[id - 1]));
            assert_eq!(text, want.collect::<String>(), "{zone}");
        }
        assert_eq!(warm(&dir).len(), 4);
    }
}

#[test]
fn files_and_folders_are_their_owners_alone() {
    let dir = with_table();
    store(&dir, &[], &row(1, "2026-01-08", "a")).run().status(0);
    let mode = |name: &str| {
        fs::symlink_metadata(dir.join(name)).unwrap().mode() & 0o7777
    };
    for folder in ["a", "a/warm", "a/warm/2026-01-08", "a/schema"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    let tree = dir.tree();
    let files = tree.lines().filter(|l| l.starts_with("a/"));
    for line in files.filter(|l| !l.ends_with('/')) {
        assert!(line.contains(" 0600 "), "{line}");
    }
    let schema = tree.lines().find(|l| l.starts_with("a/schema/t-")).unwrap();
    let name = schema.split(' ').next().unwrap();
    assert_eq!(
        dir.read(name),
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at, v);\n"
    );
    assert_eq!(name[11..23], sha256(&dir.join(name))[..12]);
}

#[test]
fn receipts_and_ledger_name_what_is_on_disk() {
    let dir = with_table();
    let lines = [
        row(1, "2026-01-08T10:00:00Z", "a"),
        row(2, "2026-01-08T09:00:00.5", "b"),
        row(3, "2026-01-09", "c"),
    ];
    let out = store(&dir, &[], &lines.concat()).run();
    let (receipts, stored) = printed(out.status(0));
    assert_eq!(stored["status"], "archived");
    assert_eq!(stored["undated"], 0);
    assert_eq!(receipts.len(), 2);
    for (receipt, rows) in receipts.iter().zip([2, 1]) {
        let file = receipt["file"].as_str().unwrap();
        let path = dir.join("a").join(file);
        assert_eq!(receipt["rows"], rows);
        assert_eq!(receipt["offset_bytes"], 0);
        assert_eq!(receipt["size_bytes"], fs::metadata(&path).unwrap().len());
        assert_eq!(receipt["sha256"], sha256(&path));
        assert_eq!(receipt["file_sha256"], sha256(&path));
        let text = dir.zcat(&format!("a/{file}"));
        assert_eq!(receipt["text_size_bytes"], text.len());
        let copy = dir.write("text", text);
        assert_eq!(receipt["text_sha256"], sha256(&copy));
        assert_eq!(receipt["archived_at"], NOW);
        assert_eq!(receipt["columns"], serde_json::json!(["id", "at", "v"]));
        let db = fs::canonicalize(dir.join("x.db")).unwrap();
        assert_eq!(receipt["db"], db.to_str().unwrap());
    }
    assert_eq!(receipts[0]["oldest"], "2026-01-08T09:00:00.5Z");
    assert_eq!(receipts[0]["newest"], "2026-01-08T10:00:00Z");
    assert_ne!(receipts[0]["id"], receipts[1]["id"]);
    assert_eq!(events(&dir), ["store", "store", "published", "published"]);
    chain_holds(&dir);
}

/// Each line of the ledger names the SHA-256 of the one before.
pub(super) fn chain_holds(dir: &Dir) {
    let mut prev = "0".repeat(64);
    for (i, line) in dir.read("a/ledger.jsonl").lines().enumerate() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["seq"], i + 1);
        assert_eq!(event["prev"], prev);
        prev = sha256(&dir.write("line", line));
    }
}

/// Some MiB of rows over three days, in no order of days.
fn many() -> String {
    let mut state = Random(12345);
    let mut out = String::new();
    for id in 0..20_000 {
        let day = 3 + state.below(3) * state.below(2);
        let words = state.bytes(300).iter().fold(String::new(), |mut v, b| {
            v.push_str(["alpha ", "be", "g ", "delta\\n"][*b as usize % 4]);
            v
        });
        out.push_str(&row(id, &format!("2026-01-0{day}"), &words));
    }
    out
}

#[test]
fn the_same_rows_give_the_same_bytes_whatever_the_threads() {
    let lines = many();
    let mut first: Option<Vec<(String, String)>> = None;
    for threads in ["1", "2", "5"] {
        let dir = with_table();
        store(&dir, &["-p", threads], &lines).run().status(0);
        let files: Vec<(String, String)> = warm(&dir)
            .into_iter()
            .map(|line| {
                let path = line.split(' ').next().unwrap().to_owned();
                let digest = sha256(&dir.join(&path));
                (line, digest)
            })
            .collect();
        assert_eq!(files.len(), 3);
        match &first {
            None => first = Some(files),
            Some(first) => assert_eq!(*first, files, "-p {threads}"),
        }
    }
}

#[test]
fn plain_files_hold_the_same_text() {
    let (packed, plain) = (with_table(), with_table());
    let lines = many();
    store(&packed, &["-1"], &lines).run().status(0);
    let out = store(&plain, &["--no-compress"], &lines).run();
    let (receipts, _) = printed(out.status(0));
    for receipt in receipts {
        assert_eq!(receipt["compression"], "none");
        assert_eq!(receipt["sha256"], receipt["text_sha256"]);
        let file = receipt["file"].as_str().unwrap();
        assert!(file.ends_with("/t.jsonl"), "{file}");
        let text = plain.read(&format!("a/{file}"));
        assert!(text == packed.zcat(&format!("a/{file}.gz")), "{file}");
    }
}

#[test]
fn standard_tools_read_the_files() {
    let dir = with_table();
    let lines = many();
    store(&dir, &[], &lines).run().status(0);
    let files: Vec<String> = warm(&dir)
        .iter()
        .map(|l| l.split(' ').next().unwrap().to_owned())
        .collect();
    let run = |mut command: Command, args: &[&str]| {
        let out = command
            .args(args)
            .args(&files)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{command:?}: {said}");
        String::from_utf8(out.stdout).unwrap()
    };
    run(Command::new("gzip"), &["-t"]);
    let text = run(Command::new("zcat"), &[]);
    assert_eq!(text.lines().count(), 20_000);
    let mut ids: Vec<usize> = text
        .lines()
        .map(|line| {
            let end = line.find(',').unwrap();
            line["{\"id\":".len()..end].parse().unwrap()
        })
        .collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..20_000));
    let sum = (20_000 * 19_999 / 2).to_string();
    if let Some(python) = system("python3") {
        let code = "import gzip, json, sys\n\
            rows = [json.loads(l) for f in sys.argv[1:] \
            for l in gzip.open(f, 'rt', encoding='utf-8')]\n\
            assert all(list(r)[-1] == '_archived_at' for r in rows)\n\
            print(sum(r['id'] for r in rows))";
        assert_eq!(run(python, &["-c", code]).trim(), sum);
    }
    if system("jq").is_some() {
        let sh = "zcat \"$@\" | jq -s 'map(.id) | add'";
        assert_eq!(run(Command::new("sh"), &["-c", sh, "sh"]).trim(), sum);
    }
}

#[test]
fn no_name_of_a_table_leaves_the_tree() {
    let long = "x".repeat(5000);
    let longer = "x".repeat(5001);
    let wide = "\u{e9}".repeat(300);
    let mut files = BTreeSet::new();
    for name in [
        "../../etc/x",
        "/etc/x",
        "..",
        ".",
        "a\nb",
        ".rt-tmp-0",
        "a b\n\u{e9}",
        &long,
        &longer,
        &wide,
    ] {
        let dir = Dir::new();
        let ident = format!("\"{name}\"");
        dir.sql("x.db", &format!("CREATE TABLE {ident}(at TEXT)"));
        let before = dir.tree();
        let out = dir
            .cmd("rt-store")
            .args(["--db", "x.db", "--archives", "deep/er/a"])
            .args(["--timestamp-column", "at", "--", name])
            .stdin("{\"at\":\"2026-01-08\",\"_rowid\":1}\n")
            .run();
        let (receipts, _) = printed(out.status(0));
        let file = receipts[0]["file"].as_str().unwrap();
        let parts: Vec<&str> = file.split('/').collect();
        assert_eq!(parts[..2], ["warm", "2026-01-08"], "{name:?}");
        assert_eq!(parts.len(), 3, "{name:?}");
        let stem = parts[2].strip_suffix(".jsonl.gz").unwrap();
        assert!(stem.len() <= 200, "{stem}");
        if name == "a b\n\u{e9}" {
            assert_eq!(stem, "a%20b%0A%C3%A9");
        }
        assert!(files.insert(stem.to_owned()), "{stem} is another table's");
        assert!(dir.join("deep/er/a").join(file).is_file(), "{name:?}");
        assert_eq!(receipts[0]["table"], name);
        assert_eq!(receipts[0]["keyless_rows"], 1);
        let tree = dir.tree();
        let outside = tree.lines().filter(|l| !l.starts_with("deep/"));
        assert_eq!(outside.collect::<Vec<_>>().join("\n"), before.trim_end());
    }
}

#[test]
fn rows_are_compressed_as_hard_as_it_is_told() {
    let mut random = Random(5);
    let rows: String = (1..4000)
        .map(|id| {
            row(id, "2026-01-08", &format!("{:x} of it", random.below(9999)))
        })
        .collect();
    let size = |args: &[&str], level: u64| {
        let dir = with_table();
        let out = store(&dir, args, &rows).run();
        out.status(0);
        let receipt = &printed(&out).0[0];
        assert_eq!(receipt["level"], level, "{args:?}");
        fs::metadata(dir.join("a/warm/2026-01-08/t.jsonl.gz")).unwrap().len()
    };
    let sizes = [
        size(&["-1"], 1),
        size(&[], 5),
        size(&["-6"], 6),
        size(&["-6", "-9"], 9),
    ];
    assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
}
