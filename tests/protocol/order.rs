//! What is made durable before what: a power cut cannot be had here, so the
//! order of the system calls is looked at. Skipped where strace cannot trace.

use std::path::Path;
use std::process::Command;

use super::World;
use crate::support::Out;

/// The calls of a command that matter: `fsync PATH`, `rename PATH`, and
/// `write TYPE ...` for events, with paths below the archive tree; the tree
/// itself is `.`.
fn calls(
    world: &World,
    program: &str,
    args: &[&str],
    stdin: &[u8],
) -> Vec<String> {
    let wanted = "trace=fsync,fdatasync,write,rename,renameat,renameat2,\
                  unlink,unlinkat,link";
    let (text, _) = traced(world, wanted, program, args, stdin);
    let root = world.dir.join("archives");
    let root = root.canonicalize().unwrap();
    let root = root.to_str().unwrap();
    text.lines().filter_map(|line| call(line, root)).collect()
}

/// One line of the trace.
fn call(line: &str, root: &str) -> Option<String> {
    let (_, call) = line.split_once(' ')?;
    let (name, rest) = call.trim_start().split_once('(')?;
    let inside = |path: &str| match path.strip_prefix(root) {
        Some("") => Some(".".to_owned()),
        Some(path) => Some(path.trim_start_matches('/').to_owned()),
        None => None,
    };
    let opened = rest.split(['<', '>']).nth(1).and_then(inside);
    match name {
        "fsync" | "fdatasync" => opened.map(|path| format!("fsync {path}")),
        "write" if opened.as_deref() == Some("ledger.jsonl") => {
            let types = rest.split("\\\"type\\\":\\\"").skip(1);
            let types: Vec<&str> =
                types.filter_map(|t| t.split("\\\"").next()).collect();
            Some(format!("write {}", types.join(" ")))
        }
        "rename" | "renameat" | "renameat2" | "link" => {
            let to = named(rest, 1).as_deref().and_then(inside)?;
            Some(format!("rename {to}"))
        }
        "unlink" | "unlinkat" => {
            let path = named(rest, 0).as_deref().and_then(inside)?;
            Some(format!("unlink {path}"))
        }
        _ => None,
    }
}

/// The path that the `n`th name among a call's arguments stands for: behind
/// the folder that was opened before it, if it is not absolute.
pub(super) fn named(arguments: &str, n: usize) -> Option<String> {
    let mut parts = arguments.split('"').skip(2 * n);
    let (before, name) = (parts.next()?, parts.next()?);
    let folder =
        before.rsplit_once('<').and_then(|(_, it)| it.split('>').next());
    let path = Path::new(folder.unwrap_or_default()).join(name);
    Some(path.to_str()?.to_owned())
}

/// What strace writes of a command that succeeds, with the paths of files,
/// and what the command prints. rt-purge has waited for its receipts since
/// before the rows were stored.
pub(super) fn traced(
    world: &World,
    wanted: &str,
    program: &str,
    args: &[&str],
    stdin: &[u8],
) -> (String, Vec<u8>) {
    let (text, out) = traced_to_its_end(world, wanted, program, args, stdin);
    out.status(0);
    (text, out.bytes)
}

/// The same of a command that may end with any status.
pub(super) fn traced_to_its_end(
    world: &World,
    wanted: &str,
    program: &str,
    args: &[&str],
    stdin: &[u8],
) -> (String, Out) {
    let strace = world
        .cmd("strace")
        .args(["-f", "-y", "-s", "4000", "-e", wanted, "-o"])
        .arg(world.dir.join("trace"))
        .arg(program)
        .args(args)
        .stdin(stdin)
        .since_before_the_store();
    let out = strace.run();
    (world.dir.read("trace"), out)
}

/// Whether processes can be traced here.
pub(super) fn traceable() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]);
    strace.status().is_ok_and(|status| status.success())
}

/// Panics unless `wanted` are among `calls`, in that order, each behind the
/// one before.
fn in_order(calls: &[String], wanted: &[&str]) {
    let mut rest = calls.iter();
    for want in wanted {
        let found = rest.any(|call| call == want);
        assert!(found, "no {want} in its place\n{}", calls.join("\n"));
    }
}

/// Panics unless all of `first` come before `then`, which is there.
fn before(calls: &[String], first: &[&str], then: &str) {
    for want in first {
        in_order(calls, &[want, then]);
    }
    let at = calls.iter().position(|call| call == then).unwrap();
    for want in first {
        assert!(
            calls[..at].iter().any(|call| call == want),
            "{want} is not before {then}\n{}",
            calls.join("\n")
        );
    }
}

const FILE: &str = "warm/2026-01-02/uuids.jsonl.gz";
const DAY: &str = "warm/2026-01-02";

fn world() -> World {
    let world = World::new(&["uuids"]);
    world.fill("uuids", "2026-01-02", 2);
    world
}

#[test]
fn model_07_recovery_makes_file_and_folders_durable_before_published() {
    if !traceable() {
        return;
    }
    let world = world();
    let rows = world.all();
    let store = world.store("uuids", &world.export("uuids"));
    store.env("RT_FAIL", "store.renamed=kill").run().status(137);
    let calls = calls(&world, "rt-purge", &["--pending"], b"");
    let first = [
        format!("fsync {FILE}"),
        format!("fsync {DAY}"),
        "fsync warm".to_owned(),
        "fsync .".to_owned(),
    ];
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    before(&calls, &first, "write published");
    world.recovers(&rows);
}

#[test]
fn publication_is_durable_step_by_step() {
    if !traceable() {
        return;
    }
    let world = world();
    // A run that died may have left the folders without making them durable.
    std::fs::create_dir_all(world.dir.join("archives/warm")).unwrap();
    let rows = world.export("uuids");
    let calls = calls(&world, "rt-store", &["uuids"], &rows);
    let temp = calls.iter().find(|c| c.starts_with("fsync warm/2026-01-02/."));
    let temp = temp.expect("the draft is not durable").clone();
    let rename = format!("rename {FILE}");
    in_order(
        &calls,
        &["fsync .", &temp, "write store", "fsync ledger.jsonl", &rename],
    );
    let day = format!("fsync {DAY}");
    for folder in [day.as_str(), "fsync warm", "fsync ."] {
        in_order(&calls, &[&rename, folder, "write published"]);
    }
    in_order(&calls, &["write published", "fsync ledger.jsonl"]);
}

#[test]
fn ledger_that_a_dead_run_made_is_durable_by_name_before_the_first_event() {
    if !traceable() {
        return;
    }
    let world = world();
    world.dir.write("archives/ledger.jsonl", "");
    // No folder is made in the root, which would make all of it durable.
    for folder in ["schema", "warm"] {
        std::fs::create_dir(world.dir.join("archives").join(folder)).unwrap();
    }
    let rows = world.export("uuids");
    let calls = calls(&world, "rt-store", &["uuids"], &rows);
    before(&calls, &["fsync ."], "write store");
}

#[test]
fn what_is_settled_is_durable_first_whoever_wrote_it() {
    if !traceable() {
        return;
    }
    let world = world();
    let receipts = world.stored("uuids");
    world.sql("UPDATE uuids SET body = 'second' WHERE n = 1");
    let calls = calls(&world, "rt-purge", &[], receipts.as_bytes());
    for first in [FILE, DAY, "warm", ".", "ledger.jsonl"] {
        let first = format!("fsync {first}");
        before(&calls, &[&first], "write purging");
    }
    let temp = |c: &&String| c.starts_with("fsync warm/2026-01-02/.");
    let temp = calls.iter().find(temp).expect("a draft").clone();
    in_order(
        &calls,
        &[
            "write purging",
            "fsync ledger.jsonl",
            &temp,
            "write retract",
            "fsync ledger.jsonl",
            &format!("rename {FILE}"),
            &format!("fsync {DAY}"),
            "write purge",
            "fsync ledger.jsonl",
        ],
    );
}

#[test]
fn file_that_goes_is_gone_for_good_before_its_segment_is_settled() {
    if !traceable() {
        return;
    }
    let world = world();
    let receipts = world.stored("uuids");
    world.sql("UPDATE uuids SET body = 'second'");
    let rows = world.database();
    let killed = world.purge(&receipts);
    killed.env("RT_FAIL", "retract.renamed=kill").run().status(137);
    let calls = calls(&world, "rt-purge", &["--pending"], b"");
    before(&calls, &["fsync warm"], "write purge");
    world.recovers(&rows);
}
