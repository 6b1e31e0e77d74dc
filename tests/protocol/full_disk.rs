//! A file system with hardly any room left: rows go in smaller batches, and
//! nothing is lost. Skipped where none can be mounted.

use std::process::Command;

use super::World;
use crate::support::Out;

/// How much is free beside the database, in KiB.
const FREE: u64 = 2048;

/// Whether a small file system can be had, for one command and its children.
fn mountable() -> bool {
    let script = "mount -t tmpfs none /mnt";
    let mut unshare = Command::new("unshare");
    unshare.args(["-m", "sh", "-c", script]);
    unshare.output().is_ok_and(|out| out.status.success())
}

/// Every row is archived on the file system of the test, and purged with the
/// database on a small one, whence it is copied back.
fn purged_in_little_room(world: &World) -> Out {
    let bytes = world.dir.join("db").metadata().unwrap().len();
    let script = format!(
        "mkdir room
        mount -t tmpfs -o size={}k none room
        mv db room && ln -s room/db db
        rt-export --due t | rt-store t | rt-purge -v t
        status=$?
        df -k room >&2
        rm db && cp room/db . && umount room
        exit $status",
        bytes / 1024 + FREE
    );
    world.cmd("unshare").args(["-m", "sh", "-c", &script]).run()
}

#[test]
fn two_mib_are_enough_for_a_table_of_any_kind() {
    if !mountable() {
        return;
    }
    let kinds = [
        ("WAL", "(k TEXT PRIMARY KEY, at, a, b)"),
        ("DELETE", "(k TEXT PRIMARY KEY, at, a, b)"),
        ("WAL", "(k TEXT PRIMARY KEY, at, a, b) WITHOUT ROWID"),
        ("WAL", "(k, at, a, b)"),
        ("DELETE", "(k, at, a, b)"),
    ];
    for (journal, columns) in kinds {
        let world = World::of("");
        world.sql(&format!(
            "PRAGMA journal_mode = {journal};
            CREATE TABLE t {columns};
            CREATE INDEX i ON t (a);
            CREATE INDEX j ON t (b, a);
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
                WHERE n < 20000)
            INSERT INTO t SELECT hex(randomblob(16)), '2026-01-01',
                hex(randomblob(20)), random() FROM s;
            INSERT INTO t VALUES ('stays', '2026-01-14', 1, 1)"
        ));
        let due = "SELECT k FROM t WHERE k <> 'stays' ORDER BY k";
        let rows = world.rows(due);
        let out = purged_in_little_room(&world);
        out.status(0);
        assert_eq!(world.rows("SELECT k FROM t"), ["stays"], "{columns}");
        assert_eq!(world.row("PRAGMA integrity_check"), "ok");
        let archived = world.archived_of("k");
        let mut archived: Vec<&str> = archived.split_whitespace().collect();
        archived.sort_unstable();
        assert!(archived == rows, "{journal} {columns}");
    }
}
