//! rt-store --single: all rows in one new file that is one JSON array, and
//! stays one whatever is taken out of it; or no file at all.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{events, row, with_table};
use crate::support::rows::{Random, sha256};
use crate::support::{Cmd, Dir, NOW, Out};

const FILE: &str = "t_20260115T000000.000Z.json.gz";

/// `rt-store --single ARG... t` of this stream.
fn single(dir: &Dir, args: &[&str], stream: &str) -> Out {
    let args = [&["--single"], args].concat();
    super::store(dir, &args, stream).run()
}

/// The array of some rows, as rt-export writes it.
fn array(rows: &[String]) -> String {
    let rows: Vec<&str> = rows.iter().map(|r| r.trim_end()).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

/// The files of rows in the tree's root.
fn files(dir: &Dir) -> Vec<String> {
    let tree = dir.tree();
    let lines = tree.lines().filter_map(|l| l.strip_prefix("a/"));
    let names = lines.filter_map(|l| l.split(' ').next());
    names.filter(|n| n.starts_with("t_")).map(str::to_owned).collect()
}

/// The rows of a file, as other programs read it.
fn rows(dir: &Dir, file: &str) -> Vec<Value> {
    let text = dir.zcat(&format!("a/{file}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}:\n{text}"))
}

fn ids(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|r| r["id"].as_u64().unwrap()).collect()
}

/// Runs a pipeline on `x.db` and `a`.
fn pipe(dir: &Dir, script: &str) -> Out {
    dir.cmd("sh")
        .args(["-c", script])
        .env("RT_DB", "x.db")
        .env("RT_ARCHIVES", "a")
        .run()
}

/// rt-purge of these receipts, which has waited for them since before the
/// rows were stored.
fn purge<'d>(dir: &'d Dir, receipts: &str) -> Cmd<'d> {
    dir.cmd("rt-purge")
        .env("RT_DB", "x.db")
        .env("RT_ARCHIVES", "a")
        .stdin(receipts)
        .since_before_the_store()
}

const EXPORT: &str = "rt-export --due --before 2026-01-10 --format json \
                      --timestamp-column at t";
const STORE: &str = "rt-store --single --timestamp-column at t";

/// `x.db` with so many rows of `t`, each a day after the one before.
fn filled(count: u32) -> Dir {
    let dir = with_table();
    fill(&dir, 1, count);
    dir
}

fn fill(dir: &Dir, from: u32, count: u32) {
    dir.sql(
        "x.db",
        &format!(
            "WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1
               FROM s WHERE n + 1 < {from} + {count})
             INSERT INTO t SELECT n, date('2025-01-01', (n % 300) || ' days'),
               'v\"],[' || n FROM s"
        ),
    );
}

#[test]
fn all_rows_are_one_array_in_one_file() {
    let dir = with_table();
    let lines = [
        row(1, "2026-01-08T23:59:59Z", "a"),
        row(2, "2025-03-09", "],["),
        row(3, "2026-01-02", "c"),
    ];
    let out = single(&dir, &[], &array(&lines));
    out.status(0).stderr("");
    let (receipts, stored) = super::printed(&out);
    assert_eq!(stored["status"], "archived");
    let receipt = &receipts[0];
    assert_eq!(receipt["file"], FILE);
    assert_eq!(receipt["array"], true);
    assert_eq!(receipt["rows"], 3);
    assert_eq!(receipt["oldest"], "2025-03-09T00:00:00Z");
    assert_eq!(receipt["newest"], "2026-01-08T23:59:59Z");
    let end = format!(",\"_archived_at\":\"{NOW}\"}}");
    let want = lines.map(|l| l.replace("}\n", &end));
    assert_eq!(dir.zcat(&format!("a/{FILE}")), array(&want));
    let path = dir.join("a").join(FILE);
    assert_eq!(receipt["sha256"], sha256(&path));
    assert_eq!(receipt["size_bytes"], path.metadata().unwrap().len());
    assert_eq!(events(&dir), ["store", "published"]);
    assert!(dir.tree().contains(&format!("a/{FILE} 0600 ")));
    assert!(!dir.join("a/warm").exists());
}

#[test]
fn an_array_that_is_not_whole_leaves_nothing() {
    let good = [row(1, "2026-01-08", "a"), row(2, "2026-01-08", "b")];
    let whole = array(&good);
    let no_comma = whole.replace("},\n", "}\n");
    let bad_row = array(&[good[0].clone(), "{\"id\":2}".to_owned()]);
    for (stream, why) in [
        ("", "not closed"),
        ("[\n", "not closed"),
        (&whole[..whole.len() - 1], "not closed"),
        (&whole[..whole.len() - 2], "not closed"),
        (&whole[..whole.len() - 3], "not closed"),
        (&whole[..whole.len() - 30], "not closed"),
        (&good.concat(), "does not begin with a line '['"),
        (&no_comma, "no comma before it"),
        (&whole.replace("}\n]", "},\n]"), "a comma stands before its end"),
        (&format!("{whole}{whole}"), "something stands behind its end"),
        (&bad_row, "record 2: column 'at' is missing"),
    ] {
        let dir = with_table();
        let out = single(&dir, &[], stream);
        out.status(4).stderr_has(why).stderr_has("nothing was stored");
        let record: Value = serde_json::from_str(&out.stdout).unwrap();
        assert_eq!(record["status"], "failed", "{stream}");
        assert_eq!(record["exit_status"], 4, "{stream}");
        assert_eq!(events(&dir), [""; 0], "{stream}");
        assert_eq!(dir.tree().matches("a/").count(), 3, "{}", dir.tree());
    }
}

#[test]
fn an_array_without_rows_makes_no_file() {
    let dir = with_table();
    for stream in ["[\n]\n", "[\n{\"id\":1,\"at\":null,\"v\":1}\n]\n"] {
        let undated = u64::from(stream.contains("id"));
        let out = single(&dir, &[], stream);
        out.status(if undated > 0 { 3 } else { 0 });
        let (receipts, stored) = super::printed(&out);
        assert!(receipts.is_empty());
        assert_eq!(stored["status"], "no_records");
        assert_eq!(stored["undated"], undated);
        assert_eq!(files(&dir), [""; 0]);
    }
}

#[test]
fn undated_records_are_left_out_of_an_array_that_stays_one() {
    for undated in [[1, 2].as_slice(), &[3], &[5, 6], &[1, 3, 6]] {
        let dir = with_table();
        let at = |id| if undated.contains(&id) { "n/a" } else { "2026-01-08" };
        let lines: Vec<String> = (1..7).map(|i| row(i, at(i), "v")).collect();
        let out = single(&dir, &[], &array(&lines));
        out.status(3).stderr_has("for want of a readable time");
        let want: Vec<u64> =
            (1..7).filter(|i| !undated.contains(&(*i as usize))).collect();
        assert_eq!(ids(&rows(&dir, FILE)), want);
    }
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let dir = with_table();
    let name = |n: &str| FILE.replace(".json", &format!("{n}.json"));
    for taken in ["", "_2"] {
        dir.write(&format!("a/{}", name(taken)), "not of this tree");
    }
    let out = single(&dir, &[], &array(&[row(1, "2026-01-08", "a")]));
    out.status(0).stderr_has("holds archives and no ledger");
    assert_eq!(super::printed(&out).0[0]["file"], name("_3"));
    assert_eq!(ids(&rows(&dir, &name("_3"))), [1]);
    for taken in ["", "_2"] {
        let text = dir.read(&format!("a/{}", name(taken)));
        assert_eq!(text, "not of this tree");
    }
}

#[test]
fn the_same_rows_give_the_same_bytes_whatever_the_threads() {
    let dir = with_table();
    let mut random = Random(7);
    let lines: Vec<String> = (0..4000)
        .map(|id| {
            let v = "wörd ".repeat(random.below(300) as usize);
            row(id, "2026-01-08", &v)
        })
        .collect();
    let stream = array(&lines);
    assert!(stream.len() > 3 << 20);
    let mut seen = BTreeSet::new();
    for threads in ["1", "2", "5"] {
        fs::remove_dir_all(dir.join("a")).unwrap_or_default();
        single(&dir, &["-p", threads], &stream).status(0).stderr("");
        seen.insert(sha256(&dir.join("a").join(FILE)));
        assert_eq!(rows(&dir, FILE).len(), 4000);
    }
    assert_eq!(seen.len(), 1);
}

#[test]
fn rows_go_once_their_array_is_proven() {
    for plain in ["", "--no-compress"] {
        let dir = filled(500);
        let script = format!("{EXPORT} | {STORE} {plain} | rt-purge t");
        let out = pipe(&dir, &script);
        out.status(0).stderr("").stdout_has("\"records\":500");
        assert_eq!(dir.rows("x.db", "SELECT count(*) FROM t"), ["0"]);
        let [file] = &files(&dir)[..] else { panic!("{}", dir.tree()) };
        let rows: Vec<Value> = match plain {
            "" => rows(&dir, file),
            _ => {
                serde_json::from_str(&dir.read(&format!("a/{file}"))).unwrap()
            }
        };
        assert_eq!(ids(&rows), (1..=500).collect::<Vec<_>>());
        assert!(file.ends_with(if plain.is_empty() { "gz" } else { "json" }));
    }
}

#[test]
fn lines_that_go_leave_an_array() {
    for table in ["id INTEGER PRIMARY KEY", "id"] {
        for gone in [[1].as_slice(), &[9], &[1, 2, 3], &[7, 8, 9], &[1, 5, 9]]
        {
            let dir = Dir::new();
            dir.sql("x.db", &format!("CREATE TABLE t({table}, at, v)"));
            fill(&dir, 1, 9);
            let receipts = pipe(&dir, &format!("{EXPORT} | {STORE}"));
            receipts.status(0).stderr("");
            for id in gone {
                let sql = format!("UPDATE t SET v = 'new' WHERE id = {id}");
                dir.sql("x.db", &sql);
            }
            purge(&dir, &receipts.stdout).run().status(0).stderr("");
            let [file] = &files(&dir)[..] else { panic!("{}", dir.tree()) };
            let stay = |id: &u64| !gone.contains(id);
            let want: Vec<u64> = (1..=9).filter(stay).collect();
            assert_eq!(ids(&rows(&dir, file)), want);
            let left = dir.rows("x.db", "SELECT id FROM t ORDER BY id");
            let gone: Vec<String> = gone.iter().map(u64::to_string).collect();
            assert_eq!(left, gone);
        }
    }
}

#[test]
fn an_array_that_loses_all_rows_is_removed() {
    let dir = filled(3);
    let receipts = pipe(&dir, &format!("{EXPORT} | {STORE}"));
    receipts.status(0);
    dir.sql("x.db", "UPDATE t SET v = 'new'");
    let out = purge(&dir, &receipts.stdout).run();
    out.status(0).stdout_has("\"changed\":3");
    assert_eq!(files(&dir), [""; 0]);
    assert_eq!(dir.rows("x.db", "SELECT count(*) FROM t"), ["3"]);
    // The name is free again, and the ledger knows that it is.
    pipe(&dir, &format!("{EXPORT} | {STORE} | rt-purge")).status(0);
    assert_eq!(files(&dir), [FILE]);
    assert_eq!(ids(&rows(&dir, FILE)), [1, 2, 3]);
}

#[test]
fn a_run_that_died_is_recovered_with_an_array_that_stays_one() {
    let keyed = "id INTEGER PRIMARY KEY";
    // Until the array is rewritten, recovery cannot know what became of rows
    // that are gone or differ: their lines stay. 3 says that all are so.
    for (columns, point, done, status) in [
        (keyed, "purge.purging", false, 0),
        (keyed, "retract.drafted", false, 3),
        (keyed, "retract.renamed", true, 0),
        ("id", "purge.compared", false, 0),
        ("id", "retract.written", false, 3),
        ("id", "retract.renamed", true, 0),
    ] {
        let dir = Dir::new();
        dir.sql("x.db", &format!("CREATE TABLE t({columns}, at, v)"));
        fill(&dir, 1, 9);
        let receipts = pipe(&dir, &format!("{EXPORT} | {STORE}"));
        receipts.status(0);
        dir.sql("x.db", "UPDATE t SET v = 'new' WHERE id IN (1, 5, 9)");
        let killed = purge(&dir, &receipts.stdout);
        killed.env("RT_FAIL", format!("{point}=kill")).run().status(137);
        pipe(&dir, "rt-purge --pending").status(status);
        let archived = ids(&rows(&dir, FILE));
        match done {
            true => assert_eq!(archived, [2, 3, 4, 6, 7, 8], "{point}"),
            false => assert_eq!(archived, (1..=9).collect::<Vec<_>>()),
        }
        let left = dir.rows("x.db", "SELECT id FROM t ORDER BY id");
        assert_eq!(left, ["1", "5", "9"], "{point}");
    }
}

#[test]
fn what_is_never_due_is_an_empty_array() {
    let dir = filled(3);
    dir.write("p", "{\"table\":\"t\",\"exempt\":true}\n");
    let out = pipe(
        &dir,
        "export RT_POLICY=p; rt-export --due --format json t | tee rows | \
         rt-store --single --timestamp-column at t",
    );
    out.status(0).stderr("").stdout_has("no_records");
    assert_eq!(dir.read("rows"), "[\n]\n");
}

#[test]
fn an_array_made_by_hand_is_refused_with_the_way_out() {
    let dir = filled(3);
    pipe(&dir, "rt-export --format json t | rt-gzip >f.json.gz").status(0);
    let out = pipe(&dir, "rt-purge --archive f.json.gz t");
    out.status(4).stderr_has("a JSON array").stderr_has("--single");
    assert_eq!(dir.rows("x.db", "SELECT count(*) FROM t"), ["3"]);
}

#[test]
fn a_table_name_stays_in_its_folder() {
    let dir = Dir::new();
    let long = "x".repeat(5000);
    let names = ["a/b", "../t", "q\"u'o\n", "T able", &long];
    for name in names {
        let quoted = name.replace('"', "\"\"");
        dir.sql(
            "x.db",
            &format!(
                "CREATE TABLE \"{quoted}\"(id INTEGER PRIMARY KEY, at);
                 INSERT INTO \"{quoted}\" VALUES (1, '2025-01-01')"
            ),
        );
        let out = dir
            .cmd("sh")
            .args([
                "-c",
                "rt-export --due --before 2026-01-01 --format json \
                 --timestamp-column at -- \"$1\" | rt-store --single \
                 --timestamp-column at -- \"$1\" | rt-purge -- \"$1\"",
            ])
            .args(["sh", name])
            .env("RT_DB", "x.db")
            .env("RT_ARCHIVES", "a")
            .run();
        out.status(0).stderr("").stdout_has("\"records\":1");
        let left = format!("SELECT count(*) FROM \"{quoted}\"");
        assert_eq!(dir.rows("x.db", &left), ["0"]);
    }
    let tree = dir.tree();
    let stored = tree.lines().filter(|l| l.contains(".json.gz "));
    assert_eq!(stored.count(), names.len(), "{tree}");
    assert!(tree.contains("a/a%2Fb_20260115T000000.000Z.json.gz"), "{tree}");
}
