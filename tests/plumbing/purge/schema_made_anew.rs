//! A schema that is made anew between store and settlement: nothing is lost,
//! and the table is free again.

use super::{archived, conserved, count, live, with};

/// Stores, rebuilds the table by `create` and `copy`, and settles.
fn rebuilt(old: &str, rows: &str, create: &str, copy: &str) {
    let world =
        with("", &format!("CREATE TABLE t{old}; INSERT INTO t VALUES {rows}"));
    world.sh("rt-export --due t | rt-store t >r").run().status(0);
    world.sql(&format!(
        "CREATE TABLE n{create}; INSERT INTO n SELECT {copy} FROM t; \
             DROP TABLE t; ALTER TABLE n RENAME TO t"
    ));
    let what = format!("{old} to {create}");
    let out = world.purge(&world.dir.read("r")).arg("t").run();
    out.status(0);
    assert_eq!(count(&out, "rows"), 2, "{what}");
    conserved(&world, "v", &["one", "two"]);
    world.sh("rt-export --due t | rt-store t | rt-purge t").run().status(0);
    assert_eq!(live(&world, "v"), [""; 0], "{what}");
    assert_eq!(archived(&world, "v"), ["one", "two"], "{what}");
}

const KEYED: &str = "(1, OLD, 'one'), (2, OLD, 'two')";
const KEYLESS: &str = "(OLD, 'one'), (OLD, 'two')";

#[test]
fn a_table_with_another_key_settles() {
    let old = "(id INTEGER PRIMARY KEY, at, v)";
    rebuilt(old, KEYED, "(id, at, v TEXT PRIMARY KEY)", "*");
    rebuilt(old, KEYED, "(id, at, v, z INTEGER PRIMARY KEY)", "*, id");
    rebuilt(old, KEYED, "(z TEXT PRIMARY KEY, at, v)", "'z' || id, at, v");
    rebuilt(old, KEYED, "(id, at, v, PRIMARY KEY(v, id)) WITHOUT ROWID", "*");
    rebuilt(old, KEYED, "(id, at, v)", "*");
}

#[test]
fn a_table_that_had_no_key_settles() {
    for create in [
        "(at, v, PRIMARY KEY(v)) WITHOUT ROWID",
        "(at, v, PRIMARY KEY(at, v)) WITHOUT ROWID",
        "(at, v TEXT PRIMARY KEY)",
    ] {
        rebuilt("(at, v)", KEYLESS, create, "*");
    }
    rebuilt(
        "(at, v)",
        KEYLESS,
        "(id INTEGER PRIMARY KEY, at, v)",
        "rowid, at, v",
    );
    rebuilt(
        "(at, v)",
        KEYLESS,
        "(at, v, z TEXT PRIMARY KEY) WITHOUT ROWID",
        "at, v, 'z' || rowid",
    );
}

#[test]
fn a_table_of_rows_with_and_without_key_settles_under_another_one() {
    let old = "(k TEXT PRIMARY KEY, at, v)";
    let rows = "('a', OLD, 'one'), (NULL, OLD, 'two')";
    rebuilt(old, rows, "(k, at, v, z INTEGER PRIMARY KEY)", "*, rowid");
    rebuilt(old, rows, "(k, at, v TEXT PRIMARY KEY)", "*");
    rebuilt(old, rows, "(k, at, v)", "*");
}
