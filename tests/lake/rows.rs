//! Rows of the database, in a file of the form of the lake's.

use super::*;
use crate::support::world::World;

fn stored<'w>(world: &'w World, table: &str, rows: &[u8]) -> Cmd<'w> {
    let cmd = world.cmd(lake().to_str().unwrap());
    cmd.args(["--rows", table, "hot.parquet"]).stdin(rows)
}

#[test]
fn exported_rows_come_back_and_a_file_that_is_there_stays() {
    for table in ["uuids", "logs", "bare"] {
        let world = World::filled(&[table], 30);
        let rows = world.cmd("rt-export").arg(table).run().bytes;
        let out = stored(&world, table, &rows).run();
        out.status(0).stderr("").stdout_has("\"rows\":62,");
        let cmd = world.cmd(lake().to_str().unwrap());
        let lines = cmd.args(["--to-jsonl", "hot.parquet"]).run();
        lines.expect("the rows", lines.bytes == rows);
        let again = stored(&world, table, &rows).run();
        again.status(1).stdout("").stderr_has("exists already");
    }
}

/// Such a file is of no day, and no part of a lake.
#[test]
fn rows_of_a_whole_file_come_back() {
    let world = World::filled(&["uuids"], 30);
    let script = "rt-export --format json uuids | rt-store --single uuids | \
                  rt-purge uuids";
    world.sh(script).run().status(0);
    assert_eq!(world.row("SELECT count(*) FROM uuids"), "0");
    let whole = world.cmd("rt-cat").args(["--tier", "whole", "uuids"]).run();
    let rows = whole.status(0).bytes.clone();
    let out = stored(&world, "uuids", &rows).run();
    out.status(0).stderr("").stdout_has("\"rows\":62,");
    let cmd = world.cmd(lake().to_str().unwrap());
    let lines = cmd.args(["--to-jsonl", "hot.parquet"]).run();
    lines.expect("the rows", lines.bytes == rows);
}

#[test]
fn truncated_stream_and_unknown_table_leave_no_file() {
    let world = World::filled(&["uuids"], 3);
    let rows = world.cmd("rt-export").arg("uuids").run().bytes;
    let out = stored(&world, "uuids", &rows[..rows.len() - 1]).run();
    out.status(4).stdout("").stderr_has("line 8 is no row record: it has no");
    let out = stored(&world, "nosuch", &rows).run();
    out.status(2).stdout("");
    let out = stored(&world, "uuids", b"[1]\n").run();
    out.status(4).stdout("").stderr_has("line 1 is no row record: ");
    assert!(!world.dir.tree().contains("parquet"), "{}", world.dir.tree());
    assert!(!world.dir.tree().contains(".rt-"), "{}", world.dir.tree());
}
