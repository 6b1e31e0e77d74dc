//! Damage in files that other programs wrote: nothing of a gzip member is
//! known before its end, and half a line is none.

use std::fs;

use crate::support::{Cmd, Dir, Out};

const WARM: &str = "a/warm/2025-11-02/t.jsonl.gz";
const TAR: &str = "a/cold/2025/2025-11.tar.gz";

fn sh<'d>(dir: &'d Dir, line: &str) -> Cmd<'d> {
    dir.cmd("sh").args(["-c", line])
}

fn cat(dir: &Dir) -> Out {
    dir.cmd("rt-cat").args(["--archives", "a", "t"]).run()
}

/// The bytes of `text` by the system's gzip.
fn gzip(dir: &Dir, text: &str) -> Vec<u8> {
    dir.cmd("gzip").arg("-c").stdin(text).run().status(0).bytes.clone()
}

/// Nothing is wrong but that there is no ledger.
fn unknown(out: &Out) -> &Out {
    let only = out.stderr.lines().count() == 1;
    out.expect("one warning", only).stderr_has("holds archives and no ledger")
}

#[test]
fn nothing_of_a_member_comes_before_its_end_is_proven() {
    let dir = Dir::new();
    let text: String =
        (0..60_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let whole = gzip(&dir, &text);
    dir.write(WARM, &whole);
    unknown(cat(&dir).status(0)).stdout(&text);
    let length = whole.len();
    let mut bad = whole.clone();
    bad[length - 100] ^= 1;
    for damaged in [&bad[..], &whole[..length - 3], &whole[..length / 2]] {
        dir.write(WARM, damaged);
        let out = cat(&dir);
        out.status(4).stdout("").stderr_has(WARM);
        out.stderr_has("how many lines it held cannot be told");
    }
    // Behind it the next member is found.
    dir.write(WARM, [&bad[..], &gzip(&dir, "{\"id\":1}\n")].concat());
    cat(&dir).status(4).stdout("{\"id\":1}\n");
    // Zeros behind the last one are a tape's, and no damage.
    dir.write(WARM, [&whole[..], &[0; 700]].concat());
    unknown(cat(&dir).status(0)).stdout(&text);
}

/// Found by random inputs: such lines were written as they stood.
#[test]
fn line_that_is_no_json_to_others_is_left_out() {
    let dir = Dir::new();
    let lines: [&[u8]; 4] = [
        b"{\"id\":1,\"v\":\"a\\Rb\"}\n",
        b"{\"id\":2,\"v\":\"a\xffb\"}\n",
        b"{\"id\":3,\"v\":\"\\ud800\"}\n",
        b"{\"id\":4,\"v\":\"sound\"}\n",
    ];
    dir.write("a/warm/2025-11-02/t.jsonl", lines.concat());
    let out = cat(&dir);
    out.status(4).stdout("{\"id\":4,\"v\":\"sound\"}\n");
    out.stderr_has("line 1 is no record");
}

#[test]
fn a_line_that_damage_cuts_in_two_does_not_come() {
    let dir = Dir::new();
    let parts = [
        "{\"id\":1}\n{\"id\":2,\"v\":{",
        "\"a\":{}},\"w\":[{}",
        "]}\n{\"id\":3}\n{\"id\":",
        "4}\n{\"id\":5}\n",
    ];
    let members: Vec<Vec<u8>> = parts.map(|p| gzip(&dir, p)).to_vec();
    let lines: Vec<String> =
        parts.concat().split_inclusive('\n').map(str::to_owned).collect();
    for (hurt, want) in [
        (0, vec![3, 4, 5]),
        (1, vec![1, 3, 4, 5]),
        (2, vec![1, 5]),
        (3, vec![1, 2, 3]),
    ] {
        let mut members = members.clone();
        let end = members[hurt].len() - 6;
        members[hurt][end] ^= 1;
        dir.write(WARM, members.concat());
        let out = cat(&dir);
        let want: String =
            want.into_iter().map(|id: usize| lines[id - 1].as_str()).collect();
        out.status(4).stdout(&want);
    }
}

#[test]
fn a_long_member_waits_in_a_temporary_file() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("a/warm/2025-11-02")).unwrap();
    fs::create_dir_all(dir.join("temp")).unwrap();
    let row = format!("{{\"id\":1,\"v\":\"{}\"}}", "x".repeat(100));
    let line = format!("yes '{row}' | head -c 116000000 | gzip -1 >{WARM}");
    sh(&dir, &line).run().status(0);
    // 116 MB of text through less than 100 MB of memory.
    let line = "ulimit -v 100000; rt-cat --archives a t | wc -c";
    let out = sh(&dir, line).env("TMPDIR", dir.join("temp")).run();
    unknown(out.status(0)).stdout("116000000\n");
    assert_eq!(fs::read_dir(dir.join("temp")).unwrap().count(), 0);
    // Without room for it, it says so, and nothing of it has come.
    let out = sh(&dir, "rt-cat --archives a t")
        .env("TMPDIR", dir.join("nowhere"))
        .run();
    out.status(1).stdout("").stderr_has("nowhere");
}

#[test]
fn of_a_damaged_foreign_month_only_what_proves_itself_comes() {
    let dir = Dir::new();
    dir.write("m/2025-11-01/t.jsonl", "{\"id\":1}\n");
    dir.write("m/2025-11-02/t.jsonl", "{\"id\":2}\n");
    let long = format!("{{\"v\":\"{}\"}}\n", "x".repeat(600_000));
    dir.write("m/2025-11-03/z.jsonl", long);
    fs::create_dir_all(dir.join("a/cold/2025")).unwrap();
    let pack = format!(
        "gzip m/2025-11-01/t.jsonl && tar -C m -czf {TAR} 2025-11-01 \
         2025-11-02 2025-11-03"
    );
    sh(&dir, &pack).run().status(0);
    let all = "{\"id\":1}\n{\"id\":2}\n";
    unknown(cat(&dir).status(0)).stdout(all);
    let whole = fs::read(dir.join(TAR)).unwrap();
    // No name in it is known to be true when its gzip is not.
    let mut bad = whole.clone();
    let end = bad.len() - 8;
    bad[end] ^= 1;
    dir.write(TAR, &bad);
    cat(&dir).status(4).stdout("").stderr_has(TAR);
    // One that the ledger has taken in is told by its digests.
    dir.write(TAR, &whole);
    sh(&dir, "rm m/2025-11-01/t.jsonl.gz").run();
    let take = "rt-consolidate --archives a --older-than 1d >log";
    dir.write("a/warm/2025-11-04/t.jsonl", "{\"id\":4}\n");
    sh(&dir, take).run();
    let now = cat(&dir);
    now.status(0);
    // The checksum of the gzip member in which the names stand.
    let mut bad = fs::read(dir.join(TAR)).unwrap();
    let first = u64::from_le_bytes(bad[17..25].try_into().unwrap());
    bad[first as usize - 8] ^= 1;
    dir.write(TAR, &bad);
    cat(&dir).status(5).stdout(&now.stdout);
}
