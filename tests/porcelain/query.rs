//! rt-query: the views that DuckDB is given, over a lake that is up to date. A
//! stub stands for DuckDB; tests/engines/run asks the real one.

use super::script;
use crate::support::world::World;
use crate::support::{Cmd, SHELLS, lake};

/// Writes down what it is told, and answers where it is told to.
const DUCKDB: &str = "#!/bin/sh
cat >sql
out=$(sed -n \"s/^) TO '\\(.*\\)' (FORMAT.*/\\1/p\" sql)
printf 'n\\n1\\n' >\"$out\"
";

fn archived() -> World {
    lake();
    let world = World::filled(&["uuids", "numbers"], 4);
    world.job().run().status(0);
    world.dir.script("stubs/duckdb", DUCKDB);
    world
}

fn query<'w>(world: &'w World, shell: &str) -> Cmd<'w> {
    script(&world.dir, shell, "rt-query")
        .env("RT_DB", "db")
        .env("RT_ARCHIVES", "archives")
        .env("RT_POLICY", "policy")
        .args(["--host", "a"])
}

#[test]
fn view_is_over_the_files_of_the_manifest_and_the_database() {
    for shell in SHELLS {
        let world = archived();
        let sql = "SELECT count(*) FROM uuids;";
        let args = ["--lake", "la'ke", "--hot", sql, "uuids"];
        let out = query(&world, shell).args(args).run();
        out.status(0).stdout("n\n1\n").stderr("");
        let asked = world.dir.read("sql");
        let files = "CREATE VIEW \"uuids\" AS SELECT * FROM \
                     read_parquet(['la''ke/uuids/host=a/month=2026-01/";
        out.expect(files, asked.starts_with(files));
        for part in [
            ".parquet'], hive_partitioning = true",
            " UNION ALL BY NAME SELECT * FROM read_parquet('",
            "/uuids.parquet');\nCOPY (\nSELECT count(*) FROM uuids\n) TO '",
            "' (FORMAT csv, HEADER);\n",
        ] {
            out.expect(part, asked.contains(part));
        }
        out.expect("one table", !asked.contains("numbers"));
        let left = std::fs::read_dir(world.dir.path()).unwrap();
        let left = left.map(|e| e.unwrap().file_name());
        let strays = left.filter(|n| n.to_str().unwrap().starts_with("rt."));
        assert_eq!(strays.count(), 0, "{}", world.dir.tree());
    }
}

#[test]
fn without_table_all_are_there_and_the_lake_goes_with_the_query() {
    for shell in SHELLS {
        let world = archived();
        let out = query(&world, shell).args(["--json", "SELECT 1"]).run();
        out.status(0);
        let asked = world.dir.read("sql");
        for part in ["VIEW \"uuids\"", "VIEW \"numbers\"", "(FORMAT json)"] {
            out.expect(part, asked.contains(part));
        }
        assert!(!world.dir.tree().contains("parquet"), "{}", world.dir.tree());
    }
}

#[test]
fn what_fails_prints_nothing() {
    for shell in SHELLS {
        let world = archived();
        let out = query(&world, shell).args(["--hot", "SELECT 1"]).run();
        out.status(2).stdout("").stderr_has("--hot needs the TABLE");
        let args = ["--hot", "SELECT 1", "nosuch"];
        let out = query(&world, shell).args(args).run();
        out.stdout("").stderr_has("has no table 'nosuch'");
        out.expect("a failure", out.status != 0);
        let args = ["--archives", "none", "SELECT 1"];
        let out = query(&world, shell).args(args).run();
        let message = "there is no 'none/ledger.jsonl'";
        out.status(2).stdout("").stderr_has(message);
        let failing = "#!/bin/sh\necho 'Binder Error' >&2; exit 1\n";
        world.dir.script("stubs/duckdb", failing);
        let out = query(&world, shell).arg("SELECT 1").run();
        out.status(1).stdout("").stderr("Binder Error\n");
    }
}

#[test]
fn missing_engine_is_said() {
    for shell in SHELLS {
        let world = archived();
        std::fs::remove_file(world.dir.join("stubs/duckdb")).unwrap();
        let none = "#!/bin/sh\nexit 1\n";
        world.dir.script("stubs/python3", none);
        let out = query(&world, shell).arg("SELECT 1").run();
        out.status(1).stdout("").stderr_has("there is no DuckDB");
    }
}
