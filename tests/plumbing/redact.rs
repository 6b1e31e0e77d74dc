//! What may not leave: redacted columns and secrets, from the export over the
//! archives to the proof.

mod every_kind_of_secret;
mod export;
mod kinds_in_the_manual;
mod no_secret_in_archives;
mod nothing_left_behind;
mod proof_in_the_archived_form;
mod recall;

use serde_json::Value;

use crate::support::world::{World, records};
use crate::support::{Cmd, Out};

/// A table with a key, and rows with secrets that are due; KEY stands for a
/// token, B64 for what a secret key of AWS may look like.
const TABLE: &str = "
    CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT, prompt TEXT, log TEXT);
    INSERT INTO t VALUES
        (1, '2026-01-01T01:00:00Z', 'who am I', 'plain'),
        (2, '2026-01-01T02:00:00Z', NULL, 'push with KEY now'),
        (3, '2026-01-02T03:00:00Z', 7,
            '{\"cmd\":\"curl -H \\\"X: KEY\\\"\\n\",\"n\":1}'),
        (4, '2026-01-02T04:00:00Z', x'00ff',
            '{\"url\":\"https:\\/\\/u:pw@h\\/\",' ||
            '\"aws\":\"{\\\"SecretAccessKey\\\":\\\"B64\\\"}\"}'),
        (5, '2026-01-02T05:00:00Z', 'KEY', CAST(x'ff20' || 'KEY' AS TEXT)),
        (6, '2026-01-14T00:00:00Z', 'hot', 'KEY');";

/// The same rows in a table without a key.
const KEYLESS: &str = "
    CREATE TABLE u(at TEXT, prompt TEXT, log TEXT);
    INSERT INTO u SELECT at, prompt, log FROM t;
    INSERT INTO u SELECT at, prompt, log FROM t WHERE id = 2;";

/// A token, in the form of GitHub's; put together here, so that no file of
/// ours holds one.
fn token() -> String {
    format!("ghp_{}", "a1B2c3D4".repeat(5))
}

fn world() -> World {
    let aws = "a1B2c3D4+/".repeat(4);
    let mut sql = format!("{TABLE}{KEYLESS}").replace("B64", &aws);
    for behind in ["'", " now", "\\"] {
        let named = format!("KEY{behind}");
        sql = sql.replace(&named, &format!("{}{behind}", token()));
    }
    World::of(&sql)
}

/// The settings of most tests.
const FLAGS: [&str; 3] = ["--redact-secrets", "--redact", "prompt"];

fn export<'w>(world: &'w World, table: &str, flags: &[&str]) -> Cmd<'w> {
    world
        .cmd("rt-export")
        .args(["--due", "--result", "x"])
        .args(flags)
        .arg(table)
}

/// Exports and stores under the same flags; gives what rt-store says.
fn stored(world: &World, table: &str, flags: &[&str]) -> String {
    let rows = export(world, table, flags).run();
    rows.status(0).stderr("");
    let out =
        world.cmd("rt-store").args(flags).arg(table).stdin(rows.bytes).run();
    out.status(0).stderr("");
    out.stdout
}

/// The export's result record.
fn exported(world: &World) -> Value {
    records(&world.dir.read("x"))[0].clone()
}

/// No file of the tree, unpacked, holds a token; nor does what was printed.
fn nothing_leaks(world: &World, out: &Out) {
    let secrets = [&token()[..20], "u:pw@", "c3D4+/"];
    for file in world.files() {
        let text = world.dir.zcat(&format!("archives/{file}"));
        for secret in secrets {
            assert!(!text.contains(secret), "{file}: {text}");
        }
    }
    for secret in secrets {
        out.expect("no secret", !out.stdout.contains(secret));
        out.expect("no secret", !out.stderr.contains(secret));
        assert!(!world.dir.read("archives/ledger.jsonl").contains(secret));
    }
}
