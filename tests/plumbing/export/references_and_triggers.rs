//! What may go: no row that a row that stays points at, and no table whose
//! triggers would change what no archive holds.

use super::{export, with_result};
use crate::support::Dir;
use crate::support::rows;

/// Rows 1 to 6 of `t`, of which 1 to 4 are old, and what else is said.
fn six(columns: &str, more: &str) -> Dir {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        &format!(
            "PRAGMA foreign_keys = OFF;
             CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT{columns});
             INSERT INTO t(id, at) VALUES (1, '2025-01-01'),
               (2, '2025-01-02'), (3, '2025-01-03'), (4, '2025-01-04'),
               (5, '2026-01-14'), (6, '2026-01-14');
             {more}"
        ),
    );
    dir
}

const DUE: [&str; 5] =
    ["--due", "--older-than", "7d", "--timestamp-column", "at"];

/// The rows that are due, and how many are referenced.
fn due(dir: &Dir) -> (Vec<i64>, u64) {
    let (out, record) = with_result(dir, &[&DUE[..], &["t"]].concat());
    out.status(0);
    let came = rows::integers(&rows::parse(&out.bytes), "id");
    assert_eq!(record["rows"].as_u64(), Some(came.len() as u64));
    (came, record["referenced"].as_u64().unwrap())
}

#[test]
fn rows_with_children_stay_whatever_on_delete_says() {
    for action in ["", "ON DELETE CASCADE", "ON DELETE SET NULL"] {
        for index in
            ["", "CREATE INDEX i ON c(p); ", "CREATE INDEX i ON t(at)"]
        {
            let dir = six(
                "",
                &format!(
                    "CREATE TABLE c(id INTEGER PRIMARY KEY,
                       p REFERENCES t(id) {action});
                     INSERT INTO c(p) VALUES (1), (3), (3), (5), (NULL),
                       (99); {index}"
                ),
            );
            assert_eq!(due(&dir), (vec![2, 4], 2), "{action} {index}");
        }
    }
}

#[test]
fn all_children_count_and_keys_may_have_any_shape() {
    let dir = six(
        ", a TEXT COLLATE NOCASE, b, UNIQUE(a, b)",
        "UPDATE t SET a = 'K' || id, b = id;
         CREATE TABLE one(p REFERENCES t);
         INSERT INTO one VALUES ('1');
         CREATE TABLE two(x, y, FOREIGN KEY(x, y) REFERENCES T(A, B));
         INSERT INTO two VALUES ('k2', 2), ('K3', NULL), (NULL, 3),
           ('k4', '4');
         CREATE TABLE \"th ree\"(\"p q\" REFERENCES t(id));
         CREATE INDEX \"i j\" ON \"th ree\"(\"p q\");
         INSERT INTO \"th ree\" VALUES (1)",
    );
    // A text '4' is not the number 4, where no affinity makes it one.
    assert_eq!(due(&dir), (vec![3, 4], 2));
}

#[test]
fn without_rowid_parents_and_children_are_followed_too() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE t(a, id INT, at, up_a, up_id, PRIMARY KEY(a DESC, id),
           FOREIGN KEY(up_a, up_id) REFERENCES t(a, id)) WITHOUT ROWID;
         INSERT INTO t VALUES ('x', 1, '2025-01-01', NULL, NULL),
           ('x', 2, '2025-01-01', 'x', 1), ('y', 3, '2026-01-14', 'x', 2),
           ('x', 4, '2025-01-01', 'x', NULL), ('x', 5, '2025-01-01', 'x', 4);
         CREATE TABLE c(k PRIMARY KEY, i, FOREIGN KEY(k, i)
           REFERENCES t(a, id)) WITHOUT ROWID;
         INSERT INTO c VALUES ('y', 4)",
    );
    assert_eq!(due(&dir), (vec![4, 5], 2));
}

#[test]
fn a_chain_stays_as_far_as_a_row_that_stays_holds_it() {
    let column = ", up INTEGER REFERENCES t(id)";
    for (pointers, want) in [
        // The newest points to the one before, and so on: all stay.
        ("6 5, 5 4, 4 3, 3 2, 2 1", (vec![], 4)),
        // The old ones hold each other only.
        ("4 3, 3 2, 2 1", (vec![1, 2, 3, 4], 0)),
        ("1 2, 2 3, 3 4, 4 5", (vec![1, 2, 3, 4], 0)),
        ("5 3, 3 2, 4 1", (vec![1, 4], 2)),
        // Cycles, and rows that point at themselves.
        ("1 2, 2 1, 3 3", (vec![1, 2, 3, 4], 0)),
        ("1 2, 2 1, 5 1, 4 4", (vec![3, 4], 2)),
        ("1 5, 5 2, 2 1", (vec![3, 4], 2)),
    ] {
        for index in ["", "CREATE INDEX i ON t(up)", "CREATE INDEX i ON t(at)"]
        {
            let dir = six(column, index);
            for pair in pointers.split(", ") {
                let (from, to) = pair.split_once(' ').unwrap();
                let sql = format!("UPDATE t SET up = {to} WHERE id = {from}");
                dir.sql("x.db", &sql);
            }
            assert_eq!(due(&dir), want, "{pointers}; {index}");
        }
    }
}

#[test]
fn a_long_chain_is_followed_to_its_end() {
    let dir = Dir::new();
    dir.sql(
        "x.db",
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE t(id INTEGER PRIMARY KEY, at, up REFERENCES t(id));
         WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL
           SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO t SELECT i, iif(i = 20000, '2026-01-14', '2025-01-01'),
           iif(i % 2, NULL, i - 2) FROM n;
         UPDATE t SET up = NULL WHERE up = 0",
    );
    let (came, referenced) = due(&dir);
    assert_eq!((came.len(), referenced), (10_000, 9_999));
    assert!(came.iter().all(|id| id % 2 == 1));
}

/// Such a trigger makes the table fail, by its name, before anything comes.
fn refused(more: &str, name: &str) {
    let dir = six(", v", more);
    let args = [&DUE[..], &["t"]].concat();
    let (out, record) = with_result(&dir, &args);
    out.status(1).stdout("").stderr_has(name);
    assert_eq!(record["status"], "failed");
    assert!(record["message"].as_str().unwrap().contains(name));
    assert_eq!(record["exit_status"], 1);
    // Without --due nothing is going to be deleted.
    export(&dir, &["t"]).run().status(0);
    dir.write(
        "policy",
        "{\"table\":\"t\",\"timestamp\":\"at\",\"hot\":\"7d\",\
         \"warm\":\"7d\",\"cold\":\"none\",\"triggers\":\"trust\"}\n",
    );
    let out = export(&dir, &["--policy", "policy", "--due", "t"]).run();
    out.status(0).expect("4 rows", out.stdout.lines().count() == 4);
}

#[test]
fn a_trigger_that_deletes_elsewhere_is_refused_by_name() {
    refused(
        "CREATE TABLE o(x); CREATE TRIGGER reaper AFTER DELETE ON t
         BEGIN DELETE FROM o WHERE x = old.id; END",
        "'reaper'",
    );
}

#[test]
fn a_trigger_that_changes_its_own_table_is_refused_by_name() {
    refused(
        "CREATE TRIGGER \"re name\" BEFORE DELETE ON t
         BEGIN UPDATE t SET v = 1 WHERE id = old.id + 1; END",
        "'re name'",
    );
    refused(
        "CREATE TRIGGER eats AFTER DELETE ON t WHEN old.id < 0
         BEGIN DELETE FROM t WHERE id = old.id + 1; END",
        "'eats'",
    );
}

#[test]
fn a_trigger_that_deletes_by_way_of_another_is_refused_by_name() {
    refused(
        "CREATE TABLE o(x); CREATE TABLE log(x);
         CREATE TRIGGER first AFTER DELETE ON t
           BEGIN INSERT INTO log VALUES (old.id); END;
         CREATE TRIGGER second AFTER INSERT ON log
           BEGIN DELETE FROM o; END",
        "'second'",
    );
}

#[test]
fn a_trigger_that_needs_what_is_not_here_is_refused_by_name() {
    let dir = six(
        "",
        "CREATE TRIGGER calls AFTER DELETE ON t
         BEGIN SELECT their_function(old.id); END",
    );
    let (out, record) = with_result(&dir, &[&DUE[..], &["t"]].concat());
    out.status(1).stdout("");
    out.stderr_has("'calls'").stderr_has("their_function");
    assert_eq!(record["status"], "failed");
}

#[test]
fn triggers_that_harm_nothing_fire_in_peace() {
    let dir = six(
        ", v",
        "CREATE VIRTUAL TABLE f USING fts5(v, content='t',
           content_rowid='id');
         CREATE TRIGGER f_ad AFTER DELETE ON t BEGIN
           INSERT INTO f(f, rowid, v) VALUES ('delete', old.id, old.v);
         END;
         CREATE VIRTUAL TABLE g USING fts5(v);
         CREATE TRIGGER g_ad AFTER DELETE ON t BEGIN
           DELETE FROM g WHERE rowid = old.id;
         END;
         CREATE TABLE log(x);
         CREATE TRIGGER logs AFTER DELETE ON t BEGIN
           INSERT INTO log VALUES (old.id);
           UPDATE log SET x = 1;
         END;
         CREATE TRIGGER other AFTER INSERT ON t BEGIN
           DELETE FROM log;
         END;
         CREATE TRIGGER third AFTER DELETE ON log BEGIN
           DELETE FROM t;
         END",
    );
    assert_eq!(due(&dir), (vec![1, 2, 3, 4], 0));
}
