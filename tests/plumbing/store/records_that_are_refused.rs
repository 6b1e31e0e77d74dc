//! What comes in: whole records of this table are stored, anything else is
//! named by its number, and the records before it are proven by themselves.

use super::{events, printed, row, store, warm, with_table};
use crate::support::Dir;
use crate::support::rows;

fn stored_ids(dir: &Dir) -> Vec<i64> {
    let mut ids = Vec::new();
    for line in warm(dir) {
        let file = line.split(' ').next().unwrap().to_owned();
        let stored = rows::parse(dir.zcat(&file).as_bytes());
        ids.extend(rows::integers(&stored, "id"));
    }
    ids.sort_unstable();
    ids
}

#[test]
fn nothing_in_is_nothing_out() {
    let dir = with_table();
    let (receipts, stored) = printed(store(&dir, &[], "").run().status(0));
    assert!(receipts.is_empty() && warm(&dir).is_empty());
    assert_eq!(stored["status"], "no_records");
    assert_eq!(events(&dir), [""; 0]);
}

#[test]
fn a_stream_that_was_cut_short_is_stored_up_to_there() {
    let dir = with_table();
    let lines = [1, 2, 3].map(|id| row(id, "2026-01-08", "a")).concat();
    for cut in [1, 20] {
        std::fs::remove_dir_all(dir.join("a")).unwrap_or_default();
        let out = store(&dir, &[], &lines[..lines.len() - cut]).run();
        out.status(4).stderr_has("record 3 has no end");
        let (receipts, stored) = printed(&out);
        assert_eq!(receipts[0]["rows"], 2);
        assert_eq!(stored["rows"], 2);
        assert_eq!(stored["exit_status"], 4);
        assert_eq!(stored_ids(&dir), [1, 2]);
        assert_eq!(events(&dir), ["store", "published"]);
    }
    // Not even one whole line.
    std::fs::remove_dir_all(dir.join("a")).unwrap();
    let out = store(&dir, &[], "{").run();
    out.status(4).stderr_has("record 1 ");
    assert!(printed(&out).0.is_empty() && warm(&dir).is_empty());
}

#[test]
fn a_line_that_is_no_record_of_the_table_is_named_by_its_number() {
    for (bad, why) in [
        ("", ""),
        ("null", ""),
        ("[1]", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":1}x", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":1}{}", ""),
        ("{\"id\":03,\"at\":\"2026-01-08\",\"v\":1}", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":true}", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":{\"a\":1}}", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":\"\u{1}\"}", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\",\"v\":\"\\ud800\"}", ""),
        ("{\"id\":3,\"at\":\"2026-01-08\"}", "column 'v' is missing"),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"v\":{\"$base64\":true,\
             \"encoded\":\"AA==\",\"encoded\":\"AQ==\"}}",
            "a key of a BLOB that stands twice",
        ),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"v\":{\"$base64\":true,\
             \"text\":true,\"text\":true,\"encoded\":\"AA==\"}}",
            "a key of a BLOB that stands twice",
        ),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"v\":1,\"w\":2}",
            "there is no column 'w'",
        ),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"v\":1,\"at\":2}",
            "column 'at' stands twice",
        ),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"V\":1,\"v\":2}",
            "column 'v' stands twice",
        ),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"v\":1,\
             \"_archived_at\":\"2026-01-15T00:00:00Z\"}",
            "out of an archive",
        ),
        (
            "{\"id\":3,\"at\":\"2026-01-08\",\"v\":1,\"_rowid\":\"1\"}",
            "there is no column '_rowid'",
        ),
    ] {
        let dir = with_table();
        let good = |id| row(id, "2026-01-08", "a");
        let lines = [&good(1), &good(2), bad, "\n", &good(4)].concat();
        let out = store(&dir, &[], &lines).run();
        out.status(4).stderr_has("rt-store: record 3: ").stderr_has(why);
        let (receipts, stored) = printed(&out);
        assert_eq!(receipts.len(), 1, "{bad}");
        let message = stored["message"].as_str().unwrap();
        assert!(message.starts_with("record 3: "), "{message}");
        assert_eq!(stored_ids(&dir), [1, 2], "{bad}");
    }
}

/// In the column that dates a row, which is read, and in one that is only
/// looked through.
#[test]
fn what_is_no_value_of_a_row_is_refused_in_any_column() {
    for bad in [
        "",
        "nul",
        "nulL",
        "01",
        "-",
        "-01",
        "1.",
        ".5",
        "1.e",
        "1e",
        "+1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u00\"",
        "\"\t\"",
        "\"\0\"",
        "\"\\ud800\"",
        "\"a\"b",
        "true",
        "[]",
        "{}",
        "{\"b\":1}",
        "9223372036854775808",
        "{\"$base64\":true,\"encoded\":\"*\"}",
        "{\"$base64\":false,\"encoded\":\"\"}",
        "1,",
        "1 2",
    ] {
        for line in [
            format!("{{\"id\":1,\"at\":\"2026-01-08\",\"v\":{bad}}}\n"),
            format!("{{\"id\":1,\"at\":{bad},\"v\":1}}\n"),
        ] {
            let dir = with_table();
            let out = store(&dir, &[], &line).run();
            out.status(4).stderr_has("rt-store: record 1: ");
            assert!(warm(&dir).is_empty(), "{line}");
        }
    }
}

#[test]
fn any_spelling_of_a_value_is_stored_as_it_came() {
    let values = [
        "null",
        "0",
        "-1",
        "999999999999999999",
        "9223372036854775807",
        "0.5",
        "-12.25",
        "1e5",
        "1.5e-7",
        "9e999",
        "\"\"",
        "\"a longer text, of words\"",
        "\"\\u00e9\\ud83d\\ude00\"",
        "\"a \\\"b\\\" \\\\ \\/ \\b\\f\\n\\r\\t\"",
        "{\"$base64\":true,\"encoded\":\"AAE=\"}",
        " { \"encoded\" : \"AAE=\", \"$base64\" : true } ",
    ];
    let dir = with_table();
    let row =
        |(id, v)| format!("{{\"id\":{id}, \"at\" :\"2026-01-08\",\"v\":{v}");
    let rows: Vec<String> = (0..).zip(values).map(row).collect();
    let stream: String = rows.iter().map(|r| format!("{r}}}\n")).collect();
    let out = store(&dir, &[], &stream).run();
    out.status(0).stderr("");
    let stored = dir.zcat("a/warm/2026-01-08/t.jsonl.gz");
    assert_eq!(stored.lines().count(), rows.len());
    for (line, row) in stored.lines().zip(&rows) {
        let rest = line.strip_prefix(row.as_str()).unwrap();
        assert!(rest.starts_with(",\"_archived_at\":"), "{line}");
    }
}

#[test]
fn a_line_that_is_not_utf8_is_named_by_its_number() {
    let dir = with_table();
    let mut lines = row(1, "2026-01-08", "a").into_bytes();
    lines.extend_from_slice(b"{\"id\":2,\"at\":\"2026-01-08\",\"v\":\"");
    lines.extend_from_slice(b"\xff\"}\n");
    let out = store(&dir, &[], "").stdin(lines).run();
    out.status(4).stderr_has("record 2: not valid UTF-8");
    assert_eq!(stored_ids(&dir), [1]);
}

#[test]
fn undated_records_are_counted_and_not_stored() {
    let dir = with_table();
    let lines = [
        row(1, "2026-01-08", "a"),
        row(2, "n/a", "b"),
        "{\"id\":3,\"at\":null,\"v\":1}\n".to_owned(),
        "{\"id\":4,\"at\":0,\"v\":1}\n".to_owned(),
        row(5, "1700000000", "b"),
        row(6, "2026-01-09", "c"),
    ];
    let out = store(&dir, &[], &lines.concat()).run();
    out.status(3).stderr_has("4 records of 't'");
    let (_, stored) = printed(&out);
    assert_eq!(stored["undated"], 4);
    assert_eq!(stored["rows"], 2);
    assert_eq!(stored["exit_status"], 3);
    assert_eq!(stored_ids(&dir), [1, 6]);
    // A bad line is graver.
    let dir = with_table();
    let out = store(&dir, &[], &format!("{}x\n", lines[1])).run();
    out.status(4);
    assert_eq!(printed(&out).1["undated"], 1);
}

#[test]
fn a_unit_says_what_numbers_mean() {
    let dir = with_table();
    // 2026-01-08T12:00:00Z in microseconds since 1601.
    let line = "{\"id\":1,\"at\":13412347200000000,\"v\":1}\n";
    let args = ["--unit", "webkit_us"];
    let (receipts, _) = printed(store(&dir, &args, line).run().status(0));
    assert_eq!(receipts[0]["file"], "warm/2026-01-08/t.jsonl.gz");
    assert_eq!(receipts[0]["unit"], "webkit_us");
    assert_eq!(receipts[0]["oldest"], "2026-01-08T12:00:00Z");
}

#[test]
fn columns_come_as_the_export_was_told() {
    let dir = with_table();
    let line = "{\"id\":1,\"at\":\"2026-01-08\"}\n";
    store(&dir, &[], line).run().status(4);
    let args = ["--exclude", "v"];
    let (receipts, _) = printed(store(&dir, &args, line).run().status(0));
    assert_eq!(receipts[0]["excluded"], serde_json::json!(["v"]));
    assert_eq!(receipts[0]["columns"], serde_json::json!(["id", "at"]));
    for column in ["id", "at"] {
        let args = ["--exclude", column];
        store(&dir, &args, line).run().status(2).stderr_has(column);
    }
}

#[test]
fn what_rt_export_writes_is_taken_as_it_is() {
    let dir = with_table();
    dir.sql(
        "x.db",
        "INSERT INTO t VALUES (1, '2025-01-01', x'00ff'),
           (2, '2025-01-01', CAST(x'ff' AS TEXT)), (3, '2025-01-02', 9e999),
           (4, 1735689600, 1.0), (5, '2026-01-14', 1), (6, 'n/a', NULL)",
    );
    let script = "rt-export --db x.db --due --older-than 7d \
                  --timestamp-column at t | tee rows | \
                  rt-store --db x.db --archives a --timestamp-column at t";
    let out = dir.cmd("sh").args(["-c", script]).run();
    out.status(0).stderr("");
    assert_eq!(stored_ids(&dir), [1, 2, 3, 4]);
    let mut text = dir.zcat("a/warm/2025-01-01/t.jsonl.gz");
    text.push_str(&dir.zcat("a/warm/2025-01-02/t.jsonl.gz"));
    let mark = ",\"_archived_at\":\"2026-01-15T00:00:00Z\"}";
    let mut rows: Vec<&str> = text.lines().collect();
    rows.sort_unstable();
    let came = dir.read("rows");
    let want: Vec<String> = came
        .lines()
        .map(|l| format!("{}{mark}", l.strip_suffix('}').unwrap()))
        .collect();
    assert_eq!(rows, want);
}

#[test]
fn what_is_no_table_of_the_database_is_refused_before_it_reads() {
    let dir = with_table();
    dir.sql(
        "x.db",
        "CREATE VIEW w AS SELECT * FROM t;
         CREATE TABLE o(x); CREATE TABLE d(id INTEGER PRIMARY KEY, at);
         CREATE TRIGGER reaper AFTER DELETE ON d BEGIN DELETE FROM o; END",
    );
    let tree = dir.tree();
    for (args, status, why) in [
        (&["--timestamp-column", "at", "nowhere"][..], 2, "no table"),
        (&["--timestamp-column", "at", "w"], 2, "never purged"),
        (&["--timestamp-column", "at", "d"], 1, "'reaper'"),
        (&["--timestamp-column", "x", "t"], 2, "no column 'x'"),
        (&["t"], 2, "--timestamp-column"),
        (&["--timestamp-column", "at", "-p", "0", "t"], 2, "--threads"),
        (&["--db", "no.db", "t"], 1, "'no.db'"),
        (&[], 2, "TABLE"),
    ] {
        let out = dir
            .cmd("rt-store")
            .args(["--db", "x.db", "--archives", "a"])
            .args(args)
            .stdin(row(1, "2026-01-08", "a"))
            .run();
        out.status(status).stderr_has(why);
        assert_eq!(dir.tree(), tree, "{args:?} left something");
    }
}

#[test]
fn a_dry_run_hands_on_what_it_reads() {
    let dir = with_table();
    let tree = dir.tree();
    let lines = format!("{}anything", row(1, "2026-01-08", "a"));
    store(&dir, &["-n"], &lines).run().status(0).stdout(&lines).stderr("");
    assert_eq!(dir.tree(), tree);
}

#[test]
fn receipts_that_nobody_reads_are_in_the_ledger() {
    let dir = with_table();
    let script = "{ rt-store --db x.db --archives a --timestamp-column at t; \
                  echo $? >status; } | true";
    let out = dir
        .cmd("sh")
        .args(["-c", script])
        .stdin(row(1, "2026-01-08", "a"))
        .run();
    out.status(0).stderr("");
    assert_eq!(dir.read("status"), "141\n");
    assert_eq!(events(&dir), ["store", "published"]);
    assert_eq!(stored_ids(&dir), [1]);
}
