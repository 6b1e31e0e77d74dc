//! A schema that is made anew between store and settlement: nothing is lost,
//! and the table is free again.

use super::{archived, conserved, count, live, sh, with};

/// Stores, rebuilds the table by `create` and `copy`, and settles.
fn rebuilt(old: &str, rows: &str, create: &str, copy: &str) {
    let dir =
        with("", &format!("CREATE TABLE t{old}; INSERT INTO t VALUES {rows}"));
    sh(&dir, "rt-export --due t | rt-store t >r").run().status(0);
    dir.sql(
        "x.db",
        &format!(
            "CREATE TABLE n{create}; INSERT INTO n SELECT {copy} FROM t; \
             DROP TABLE t; ALTER TABLE n RENAME TO t"
        ),
    );
    let what = format!("{old} to {create}");
    let out = sh(&dir, "rt-purge t <r").run();
    out.status(0);
    assert_eq!(count(&out, "rows"), 2, "{what}");
    conserved(&dir, "v", &["one", "two"]);
    sh(&dir, "rt-export --due t | rt-store t | rt-purge t").run().status(0);
    assert_eq!(live(&dir, "v"), [""; 0], "{what}");
    assert_eq!(archived(&dir, "v"), ["one", "two"], "{what}");
}

const KEYED: &str = "(1, OLD, 'one'), (2, OLD, 'two')";
const KEYLESS: &str = "(OLD, 'one'), (OLD, 'two')";

#[test]
fn a_table_with_another_key_settles() {
    let old = "(id INTEGER PRIMARY KEY, ts, v)";
    rebuilt(old, KEYED, "(id, ts, v TEXT PRIMARY KEY)", "*");
    rebuilt(old, KEYED, "(id, ts, v, z INTEGER PRIMARY KEY)", "*, id");
    rebuilt(old, KEYED, "(z TEXT PRIMARY KEY, ts, v)", "'z' || id, ts, v");
    rebuilt(old, KEYED, "(id, ts, v, PRIMARY KEY(v, id)) WITHOUT ROWID", "*");
    rebuilt(old, KEYED, "(id, ts, v)", "*");
}

#[test]
fn a_table_that_had_no_key_settles() {
    for create in [
        "(ts, v, PRIMARY KEY(v)) WITHOUT ROWID",
        "(ts, v, PRIMARY KEY(ts, v)) WITHOUT ROWID",
        "(ts, v TEXT PRIMARY KEY)",
    ] {
        rebuilt("(ts, v)", KEYLESS, create, "*");
    }
    rebuilt(
        "(ts, v)",
        KEYLESS,
        "(id INTEGER PRIMARY KEY, ts, v)",
        "rowid, ts, v",
    );
    rebuilt(
        "(ts, v)",
        KEYLESS,
        "(ts, v, z TEXT PRIMARY KEY) WITHOUT ROWID",
        "ts, v, 'z' || rowid",
    );
}

#[test]
fn a_table_of_rows_with_and_without_key_settles_under_another_one() {
    let old = "(k TEXT PRIMARY KEY, ts, v)";
    let rows = "('a', OLD, 'one'), (NULL, OLD, 'two')";
    rebuilt(old, rows, "(k, ts, v, z INTEGER PRIMARY KEY)", "*, rowid");
    rebuilt(old, rows, "(k, ts, v TEXT PRIMARY KEY)", "*");
    rebuilt(old, rows, "(k, ts, v)", "*");
}
