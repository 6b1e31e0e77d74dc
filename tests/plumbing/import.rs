//! rt-import: what comes out of the archives goes into a table exactly, all or
//! none, and once.

mod killed;

use crate::support::rows::{self, Cell, Random, Row};
use crate::support::world::{World, record};
use crate::support::{Cmd, Dir, Out};

/// rt-import of these rows into the side database `side`, which is made.
fn import<'w>(world: &'w World, rows: impl Into<Vec<u8>>) -> Cmd<'w> {
    world.cmd("rt-import").args(["--into", "side", "--create"]).stdin(rows)
}

/// The rows of a table as rt-cat writes them.
fn cat(world: &World, table: &str) -> Vec<u8> {
    let out = world.cmd("rt-cat").arg(table).run();
    out.status(0).stderr("");
    out.bytes
}

/// The rows of a table, sorted, with their storage classes.
fn contents(dir: &Dir, file: &str, table: &str) -> Vec<Row> {
    let db = rusqlite::Connection::open(dir.join(file)).unwrap();
    let mut rows = rows::query(&db, &format!("SELECT * FROM \"{table}\""));
    rows.sort();
    rows
}

/// The counts of a record that are not 0, as `rows 5, skipped 1`.
fn counts(out: &Out) -> String {
    let record = record(out);
    let names = ["rows", "present", "skipped", "replaced", "conflicts"];
    let known = |name: &&&str| record[**name].as_u64().is_some_and(|n| n > 0);
    let named: Vec<String> = names
        .iter()
        .filter(known)
        .map(|name| format!("{name} {}", record[*name]))
        .collect();
    named.join(", ")
}

/// Values that are easily confused with others, or lost.
fn kinds() -> Vec<Cell> {
    let mut out = vec![Cell::Null];
    for i in [0, 1, i64::MAX, i64::MIN, (1 << 53) + 1] {
        out.push(Cell::Integer(i));
    }
    for r in [1.0, 0.1, -0.0, 5e-324, f64::MAX, 0.1 + 0.2, 1e22] {
        out.push(Cell::real(r));
    }
    out.push(Cell::real(9007199254740993.0));
    out.push(Cell::real(f64::INFINITY));
    out.push(Cell::real(f64::NEG_INFINITY));
    for bytes in [
        &b"abc"[..],
        b"",
        b"007",
        b"1e3",
        b"true",
        b"null",
        b"{\"a\":1}",
        b"{\"$base64\":true,\"encoded\":\"AA==\"}",
        b"2026-01-02",
        b"a\nb\r\nc",
        b"a\"b'c,d\\",
        b"a\tb",
        "\u{65e5}\u{672c}\u{1f680} a\u{2028}b".as_bytes(),
        b" x ",
        b"a\0b",
        b"a\xffb",
        b"\x00\xff\x01",
    ] {
        out.push(Cell::text(bytes));
        out.push(Cell::Blob(bytes.to_vec()));
    }
    out
}

/// A world with a table `t` of values of every kind, in a column without a
/// type, beside a generated one.
fn every_kind() -> World {
    let world = World::of(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT, v,
         g GENERATED ALWAYS AS (typeof(v)) STORED)",
    );
    let db = world.connect();
    for (i, v) in kinds().into_iter().enumerate() {
        let at = format!("2026-01-0{}T00:00:00Z", 1 + i % 3);
        let sql = "INSERT INTO t(id, at, v) VALUES (?1, ?2, ?3)";
        db.execute(sql, (i as i64, at, v)).unwrap();
    }
    world
}

#[test]
fn every_kind_of_value_is_what_it_was() {
    let world = every_kind();
    let before = contents(&world.dir, "db", "t");
    world.run("t");
    assert_eq!(world.row("SELECT count(*) FROM t"), "0");
    import(&world, cat(&world, "t")).arg("t").run().status(0).stderr("");
    assert_eq!(contents(&world.dir, "side", "t"), before);
}

#[test]
fn what_was_imported_is_noted_and_passed_over() {
    let world = World::filled(&["uuids", "logs"], 4);
    for table in ["uuids", "logs"] {
        let before = contents(&world.dir, "db", table);
        world.run(table);
        let hot = contents(&world.dir, "db", table);
        let rows = cat(&world, table);
        let out = import(&world, &rows[..]).arg(table).run();
        out.status(0).stderr("");
        assert_eq!(counts(&out), "rows 8");
        let mut all = contents(&world.dir, "side", table);
        all.extend(hot);
        all.sort();
        assert_eq!(all, before);
        let out = import(&world, &rows[..]).arg(table).run();
        out.status(0).stderr("");
        assert_eq!(counts(&out), "skipped 8");
        assert_eq!(contents(&world.dir, "side", table).len(), 8);
    }
    let noted = world.dir.rows(
        "side",
        "SELECT day, rows, file, length(segment), length(sha256) FROM \
         _rt_import WHERE table_name = 'logs' ORDER BY day",
    );
    assert_eq!(
        noted,
        [
            "2026-01-02|4|warm/2026-01-02/logs.jsonl.gz|32|64",
            "2026-01-03|4|warm/2026-01-03/logs.jsonl.gz|32|64",
        ]
    );
}

#[test]
fn one_more_day_of_what_is_there_adds_that_day() {
    let world = World::filled(&["uuids", "logs"], 4);
    for table in ["uuids", "logs"] {
        world.run(table);
        let rows = cat(&world, table);
        let first: Vec<&[u8]> =
            rows.split_inclusive(|b| *b == b'\n').collect();
        let out = import(&world, first[..4].concat()).arg(table).run();
        assert_eq!(counts(out.status(0)), "rows 4");
        let out = import(&world, &rows[..]).arg(table).run();
        assert_eq!(counts(out.status(0)), "rows 4, skipped 4");
    }
}

#[test]
fn indexes_are_made_and_triggers_are_not() {
    let world = World::of(
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, at, v);
         CREATE INDEX t_at ON t(at);
         CREATE TABLE seen(id);
         CREATE TRIGGER tr AFTER INSERT ON t BEGIN
           INSERT INTO seen VALUES (new.id); SELECT 1; END;
         INSERT INTO t VALUES (7, '2026-01-02T10:00:00Z', 'x')",
    );
    world.run("t");
    import(&world, cat(&world, "t")).arg("t").run().status(0).stderr("");
    let names = "SELECT type, name FROM sqlite_schema ORDER BY rowid";
    let made = world.dir.rows("side", names);
    assert_eq!(made[..2], ["table|t", "table|sqlite_sequence"]);
    assert!(made.contains(&"index|t_at".to_owned()), "{made:?}");
    assert!(!made.iter().any(|n| n.contains("trigger")), "{made:?}");
    assert_eq!(
        world.dir.rows("side", "SELECT seq FROM sqlite_sequence"),
        ["7"]
    );
}

#[test]
fn a_sequence_is_only_raised() {
    let world = World::of("");
    let sql = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v);
               INSERT INTO t VALUES (50, 'x'); DELETE FROM t";
    world.dir.sql("side", sql);
    let rows = "{\"id\":7,\"v\":1}\n{\"id\":60,\"v\":1}\n";
    for (line, seq) in rows.split_inclusive('\n').zip(["50", "60"]) {
        import(&world, line).arg("t").run().status(0);
        let have = world.dir.rows("side", "SELECT seq FROM sqlite_sequence");
        assert_eq!(have, [seq]);
    }
}

#[test]
fn rowids_are_kept_where_that_is_asked_for() {
    let world = World::of(
        "CREATE TABLE t(at, v);
         INSERT INTO t(rowid, at, v) VALUES
         (40, '2026-01-02T10:00:00Z', 'x'), (9, '2026-01-03T10:00:00Z', 'x')",
    );
    world.run("t");
    let rows = cat(&world, "t");
    let out = import(&world, &rows[..]).args(["--keep-rowid", "t"]).run();
    out.status(0).stderr("");
    let rowids = world.dir.rows("side", "SELECT rowid FROM t ORDER BY 1");
    assert_eq!(rowids, ["9", "40"]);
    // The same again is passed over, other rows are refused.
    let out = import(&world, &rows[..]).args(["--keep-rowid", "t"]).run();
    assert_eq!(counts(out.status(0)), "skipped 2");
    let other = "{\"at\":1,\"v\":2,\"_rowid\":3}\n";
    let out = import(&world, other).args(["--keep-rowid", "t"]).run();
    out.status(1).stderr_has("is not empty");
}

#[test]
fn another_row_with_the_key_is_decided_on() {
    let world = World::of("");
    world.dir.sql(
        "side",
        "CREATE TABLE t(k TEXT PRIMARY KEY ON CONFLICT REPLACE, v);
         INSERT INTO t VALUES ('a', 1), ('b', 2)",
    );
    let rows = "{\"k\":\"a\",\"v\":1}\n{\"k\":\"b\",\"v\":3}\n\
                {\"k\":\"c\",\"v\":4}\n";
    let have = || world.dir.rows("side", "SELECT k, v FROM t ORDER BY k");
    let out = import(&world, rows).arg("t").run();
    out.status(1).stdout("").stderr_has("line 2: a row of 't' has this key");
    assert_eq!(have(), ["a|1", "b|2"]);
    let flags = ["--on-conflict", "skip", "t"];
    let out = import(&world, rows).args(flags).run();
    assert_eq!(counts(out.status(3)), "rows 1, present 1, conflicts 1");
    assert_eq!(have(), ["a|1", "b|2", "c|4"]);
    let rows = "{\"k\":\"b\",\"v\":3}\n";
    let flags = ["--on-conflict", "replace", "t"];
    let out = import(&world, rows).args(flags).run();
    assert_eq!(counts(out.status(0)), "replaced 1");
    assert_eq!(have(), ["a|1", "b|3", "c|4"]);
}

#[test]
fn no_line_is_waited_for_behind_one_that_ends_it() {
    let world = World::filled(&["uuids"], 3);
    world.run("uuids");
    world.dir.write("rows", cat(&world, "uuids"));
    import(&world, cat(&world, "uuids")).arg("uuids").run().status(0);
    world.dir.sql("side", "UPDATE uuids SET body='x'; DELETE FROM _rt_import");
    let line = "mkfifo p; { cat rows; exec sleep 100; } >p & \
                rt-import --into side uuids <p; status=$?; kill $!; \
                exit $status";
    world.sh(line).patience(30).run().status(1).stderr_has("differs");
}

#[test]
fn a_column_that_would_change_a_value_is_refused() {
    let world = World::of("");
    let sql = "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)";
    world.dir.sql("side", sql);
    let rows = "{\"id\":1,\"v\":\"x\"}\n{\"id\":2,\"v\":5}\n";
    let out = import(&world, rows).arg("t").run();
    out.status(1).stdout("").stderr_has(
        "line 2: column 'v' of 't' (declared 'TEXT') does not hold an INTEGER",
    );
    assert_eq!(world.dir.rows("side", "SELECT count(*) FROM t"), ["0"]);
}

#[test]
fn columns_go_by_name() {
    let world = World::of("");
    let sql = "CREATE TABLE t(id INTEGER PRIMARY KEY, v DEFAULT 'd', w)";
    world.dir.sql("side", sql);
    let rows = "{\"W\":5,\"id\":1,\"_time\":\"x\",\"_rowid\":4}\n";
    let out = import(&world, rows).arg("t").run();
    out.status(0).stderr_has("1 row without column 'v' got its default");
    assert_eq!(world.dir.rows("side", "SELECT * FROM t"), ["1|d|5"]);
    let rows = "{\"id\":2,\"v\":1,\"w\":2,\"x\":3}\n";
    let out = import(&world, rows).arg("t").run();
    out.status(4).stderr_has("line 1 has 'x', which is no column");
    let out = import(&world, rows).args(["--ignore-extra", "t"]).run();
    out.status(0).stderr_has("'x' of the rows, which the table does not have");
    assert_eq!(world.dir.rows("side", "SELECT count(*) FROM t"), ["2"]);
}

#[test]
fn a_table_that_changed_is_made_as_its_newest_rows_had_it() {
    let world = World::of(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at);
         INSERT INTO t VALUES (1, '2026-01-02T10:00:00Z')",
    );
    world.run("t");
    world.sql(
        "ALTER TABLE t ADD COLUMN v DEFAULT 'd';
         INSERT INTO t VALUES (2, '2026-01-03T10:00:00Z', 'w')",
    );
    world.run("t");
    let out = import(&world, cat(&world, "t")).arg("t").run();
    out.status(0).stderr_has("1 row without column 'v' got its default");
    let have = world.dir.rows("side", "SELECT id, v FROM t ORDER BY id");
    assert_eq!(have, ["1|d", "2|w"]);
}

#[test]
fn a_bad_line_is_named_and_nothing_is_imported() {
    let world = World::of("");
    world.dir.sql("side", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    let good = "{\"id\":1,\"v\":1}\n{\"id\":2,\"v\":1}\n";
    for (bad, why) in [
        ("x\n", "line 3 is no row record: no object at byte 1"),
        ("{\"id\":3,\"v\":[]}\n", "line 3 is no row record: no value"),
        ("{\"id\":3,\"v\":1}", "line 3 has no end: the stream was cut"),
        ("{\"id\":3,\"v\":1,\"v\":2}\n", "line 3 has column 'v' twice"),
        ("\n", "line 3 is no row record"),
    ] {
        let out = import(&world, format!("{good}{bad}")).arg("t").run();
        out.status(4).stdout("").stderr_has(why);
        assert_eq!(world.dir.rows("side", "SELECT count(*) FROM t"), ["0"]);
    }
    let bytes = b"{\"id\":1,\"v\":\"\xff\"}\n".to_vec();
    let out = import(&world, bytes).arg("t").run();
    out.status(4).stderr_has("line 1 is not valid UTF-8");
}

#[test]
fn rows_that_point_at_nothing_are_named() {
    let world = World::of("");
    world.dir.sql(
        "side",
        "CREATE TABLE p(id INTEGER PRIMARY KEY);
         CREATE TABLE t(id INTEGER PRIMARY KEY, p REFERENCES p, q REFERENCES
           absent);
         PRAGMA foreign_keys = OFF;
         INSERT INTO p VALUES (1);
         INSERT INTO t VALUES (1, 1, 1), (2, 5, 5)",
    );
    let rows = "{\"id\":3,\"p\":1,\"q\":9}\n{\"id\":4,\"p\":2,\"q\":9}\n";
    let out = import(&world, rows).arg("t").run();
    out.status(1).stderr_has("rows that are not there: row 4 at 'p'\n");
    let whole = "{\"id\":3,\"p\":1,\"q\":9}\n";
    import(&world, whole).arg("t").run().status(0).stderr("");
    assert_eq!(world.dir.rows("side", "SELECT count(*) FROM t"), ["3"]);
}

#[test]
fn a_trigger_that_writes_fires_only_where_that_is_meant() {
    let world = World::of("");
    world.dir.sql(
        "side",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v);
         CREATE TABLE log(id);
         CREATE TRIGGER tr AFTER INSERT ON t BEGIN
           INSERT INTO log VALUES (new.id); END;",
    );
    let row = "{\"id\":1,\"v\":1}\n";
    let out = import(&world, row).arg("t").run();
    out.status(1).stderr_has("trigger 'tr' of table 't' would write");
    assert_eq!(world.dir.rows("side", "SELECT count(*) FROM t"), ["0"]);
    let out = import(&world, row).args(["--triggers", "fire", "t"]).run();
    out.status(0).stderr("");
    assert_eq!(world.dir.rows("side", "SELECT count(*) FROM log"), ["1"]);
    // One that changes the row itself is found out.
    world.dir.sql(
        "side",
        "CREATE TRIGGER ch AFTER INSERT ON t BEGIN
           UPDATE t SET v = v + 1 WHERE id = new.id; END;",
    );
    let row = "{\"id\":2,\"v\":1}\n";
    let out = import(&world, row).args(["--triggers", "fire", "t"]).run();
    out.status(1).stderr_has("does not hold an INTEGER as it is");
    assert_eq!(world.dir.rows("side", "SELECT count(*) FROM t"), ["1"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let world = World::filled(&["uuids"], 1);
    world.run("uuids");
    let rows = cat(&world, "uuids");
    for (args, why) in [
        (&["uuids"][..], "nothing says where the rows go"),
        (&["--into", "side", "uuids"], "there is no database 'side'"),
        (&["--into", "db", "uuids"], "'db' is the live database"),
        (&["--into", "side", "--schema", "x", "uuids"], "is for --create"),
        (&["--into", "side", "--create", "none"], "knows no segment of"),
        (
            &["--into", "side", "--create", "--keep-rowid", "uuids"],
            "has no _rowid",
        ),
    ] {
        let cmd = world.cmd("rt-import").args(args).stdin(&rows[..]);
        let out = cmd.run();
        out.stdout("").stderr_has(why);
        let code = if why.starts_with("has no") { 4 } else { 2 };
        out.status(code);
    }
    // Without rows there is nothing to make.
    let out = world.cmd("rt-import").args(["--into", "none", "--create"]);
    let out = out.arg("uuids").run();
    out.status(0).stderr("");
    assert!(!world.dir.join("none").exists());
}

#[test]
fn random_tables_come_back_as_they_were() {
    let mut random = Random(7);
    for round in 0..20 {
        let columns = 1 + random.below(6);
        let types = ["", "INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC"];
        let mut names = Vec::new();
        for i in 0..columns {
            let kind = types[random.below(6) as usize];
            names.push(format!("\"c {i}\" {kind}"));
        }
        let key = ["id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY", "id"]
            [random.below(3) as usize];
        let without = match key.contains("TEXT") && random.below(2) == 0 {
            true => " WITHOUT ROWID",
            false => "",
        };
        let names = names.join(", ");
        let sql = format!("CREATE TABLE t({key}, at, {names}){without}");
        let world = World::of(&sql);
        let db = world.connect();
        let kinds = kinds();
        for id in 0..60i64 {
            let mut values = vec![match key.contains("TEXT") {
                true => Cell::text(format!("k{id}")),
                false => Cell::Integer(id),
            }];
            let day = 1 + random.below(5);
            values.push(Cell::text(format!("2026-01-0{day}T00:00:00Z")));
            for _ in 0..columns {
                let at = random.below(kinds.len() as u64) as usize;
                values.push(kinds[at].clone());
            }
            let marks = vec!["?"; values.len()].join(",");
            let sql = format!("INSERT INTO t VALUES ({marks})");
            db.execute(&sql, rusqlite::params_from_iter(values)).unwrap();
        }
        drop(db);
        let before = contents(&world.dir, "db", "t");
        world.run("t");
        assert_eq!(world.row("SELECT count(*) FROM t"), "0");
        let out = import(&world, cat(&world, "t")).arg("t").run();
        out.status(0).stderr("");
        let after = contents(&world.dir, "side", "t");
        assert!(after == before, "round {round}: {sql}");
    }
}

#[test]
fn an_import_says_what_it_did() {
    let world = World::filled(&["numbers"], 2);
    world.run("numbers");
    let out = import(&world, cat(&world, "numbers")).arg("NUMBERS").run();
    out.status(0).stdout(
        "{\"type\":\"imported\",\"table\":\"numbers\",\
         \"status\":\"imported\",\"rows\":4,\"present\":0,\
         \"skipped\":0,\"segments\":2,\"message\":null}\n",
    );
}

/// Twenty thousand rows; with `RT_LONG` a million, within the same memory.
#[test]
fn many_rows_come_back_in_little_memory() {
    let rows = match std::env::var_os("RT_LONG") {
        Some(_) => 1_000_000,
        None => 20_000,
    };
    let world = World::of(
        "CREATE TABLE t(id TEXT PRIMARY KEY, at TEXT, n INT, r REAL, v)",
    );
    world.sql(&format!(
        "CREATE TABLE kept(id TEXT PRIMARY KEY, at TEXT, n INT, r REAL, v);
         WITH RECURSIVE c(i) AS
           (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {rows})
         INSERT INTO kept SELECT printf('%08x', i * 2654435761 % 4294967296),
           '2026-01-0' || (1 + i % 5) || 'T10:00:00Z', i, i / 7.0,
           CASE i % 4 WHEN 0 THEN i WHEN 1 THEN i * 1.5
           WHEN 2 THEN hex(i) ELSE CAST(i AS BLOB) END FROM c;
         INSERT INTO t SELECT * FROM kept"
    ));
    world.job().patience(1200).run().status(0);
    let line = "rt-import --into side --create t -- rt-cat t";
    let out = world.sh(line).patience(1200).run();
    out.status(0).stdout_has(&format!("\"rows\":{rows},"));
    let line = "command time -f %M rt-import --into more --create t <rows";
    world.sh("rt-cat t >rows").patience(1200).run().status(0);
    if crate::support::system("time").is_some() {
        let out = world.sh(line).patience(1200).run();
        let kib: u64 = out.status(0).stderr.trim().parse().unwrap();
        out.expect("less than 64 MiB", kib < 64 << 10);
    }
    let same = "SELECT count(*) FROM (
        SELECT *, typeof(n), typeof(r), typeof(v) FROM old.kept EXCEPT
        SELECT *, typeof(n), typeof(r), typeof(v) FROM t)";
    let db = rusqlite::Connection::open(world.dir.join("side")).unwrap();
    let old = world.dir.join("db").display().to_string();
    db.execute("ATTACH ?1 AS old", [old]).unwrap();
    let differ: i64 = db.query_row(same, [], |row| row.get(0)).unwrap();
    assert_eq!(differ, 0);
}
