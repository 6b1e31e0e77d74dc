//! rt-gzip: what it writes is gzip, what it reads is any gzip, and a file is
//! published whole or not at all.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Dir, bins, kill, word};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rt-gzip");
const MIB: usize = 1 << 20;

fn gzip(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Feeds `input` to a command and takes what it prints.
fn feed(mut command: Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = thread::spawn(move || {
        // One that failed early does not read to the end.
        stdin.write_all(&input).is_ok()
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

fn run(args: &[&str], input: &[u8]) -> Output {
    feed(gzip(args), input)
}

/// Runs it, which must succeed and say nothing.
fn good(args: &[&str], input: &[u8]) -> Vec<u8> {
    let out = run(args, input);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success() && said.is_empty(), "{args:?}: {said}");
    out.stdout
}

/// Runs it, which must end with `status`; gives what it said.
fn bad(args: &[&str], input: &[u8], status: i32) -> String {
    let out = run(args, input);
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(status), "{args:?}: {said}");
    said
}

/// A program of the system on `input`; none where it is not installed.
fn system(line: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let there = Command::new("sh")
        .args(["-c", "command -v \"$1\" >/dev/null", "sh", line[0]])
        .status();
    if !there.unwrap().success() {
        return None;
    }
    let mut command = Command::new(line[0]);
    command.args(&line[1..]);
    let out = feed(command, input);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{line:?}: {said}");
    Some(out.stdout)
}

fn rows(count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..count {
        writeln!(
            out,
            r#"{{"id":{i},"level":"info","message":"step {} of {}"}}"#,
            i * 7919 % 1000,
            i % 13
        )
        .unwrap();
    }
    out
}

/// Lines of words, some of them far more frequent than others.
fn prose(lines: usize) -> Vec<u8> {
    let picks = noise(lines * 24);
    let mut out = Vec::new();
    for (i, line) in picks.chunks(24).enumerate() {
        write!(out, "{{\"id\":{i},\"text\":\"").unwrap();
        for pair in line.chunks(2) {
            let n = u64::from(pair[0]) * u64::from(pair[1]);
            write!(out, "word{} ", n * n % 9973).unwrap();
        }
        out.extend(b"\"}\n");
    }
    out
}

fn noise(len: usize) -> Vec<u8> {
    let mut seed = 88172645463325252u64;
    let mut out = vec![0; len];
    for byte in &mut out {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        *byte = seed as u8;
    }
    out
}

fn texts() -> Vec<(&'static str, Vec<u8>)> {
    let mut long = b"short\n".to_vec();
    long.extend(b"x1y2".repeat(5 * MIB / 4));
    long.extend(b"\nshort\n");
    vec![
        ("empty", Vec::new()),
        ("one byte", b"x".to_vec()),
        ("no newline at the end", b"{\"id\":1}\n{\"id\":2}".to_vec()),
        ("10 MiB", rows(160_000)),
        ("incompressible", noise(3 * MIB + 17)),
        ("a line of 5 MiB", long),
    ]
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Waits until `holds`, for ten seconds at most.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_text_comes_back_here_and_in_other_gzips() {
    let python = "import gzip,sys; \
        sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";
    for (what, text) in texts() {
        let packed = good(&[], &text);
        assert!(good(&["-d"], &packed) == text, "{what}");
        assert!(good(&["-d", "-p1"], &packed) == text, "{what}, 1 thread");
        assert!(good(&["-t"], &packed).is_empty());
        system(&["gzip", "-t"], &packed);
        for other in [&["zcat"][..], &["python3", "-c", python]] {
            if let Some(got) = system(other, &packed) {
                assert!(got == text, "{what}: {other:?}");
            }
        }
    }
}

#[test]
fn other_gzips_and_files_behind_each_other_are_read() {
    let text = rows(50_000);
    let mut all = Vec::new();
    let mut want = Vec::new();
    for other in [
        &["gzip", "-9"][..],
        &["pigz", "-p2", "-b", "128"],
        &["sh", "-c", "cat | gzip -1; echo tail | gzip -n"],
        &[PROGRAM, "-1"],
    ] {
        let Some(packed) = system(other, &text) else { continue };
        let mut expected = text.clone();
        if other[0] == "sh" {
            expected.extend(b"tail\n");
        }
        assert!(good(&["-d"], &packed) == expected, "{other:?}");
        all.extend(packed);
        want.extend(expected);
    }
    assert!(good(&["-d"], &all) == want);
    assert!(good(&["-d", "-p", "1"], &all) == want);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (what, text) in texts() {
        let one = good(&["-p", "1"], &text);
        for threads in ["2", "7"] {
            assert!(good(&["-p", threads], &text) == one, "{what}");
        }
    }
}

#[test]
fn a_header_is_laid_out_as_the_page_has_it() {
    for (level, xfl) in [("-1", 4), ("-2", 0), ("-8", 0), ("-9", 2)] {
        let packed = good(&[level], b"a\nb\n");
        let size = packed.len() as u8;
        let mut want = vec![0x1f, 0x8b, 8, 4, 0, 0, 0, 0, xfl, 0xff, 21, 0];
        want.extend([b'R', b'T', 17, 0, 1]);
        want.extend([size, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(packed[..33], want, "{level}");
    }
}

/// The texts of the members, cut by the sizes in their headers.
fn blocks(packed: &[u8]) -> Vec<Vec<u8>> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < packed.len() {
        let size = packed[at + 17..at + 25].try_into().unwrap();
        let end = at + u64::from_le_bytes(size) as usize;
        out.push(good(&["-d"], &packed[at..end]));
        at = end;
    }
    out
}

#[test]
fn members_end_at_line_ends_and_are_never_longer_than_a_mebibyte() {
    let mut text = b"a line of text\n".repeat(200_000);
    text.extend(vec![b'x'; 3 * MIB]);
    text.extend(b"\nlast, without an end");
    let got = blocks(&good(&[], &text));
    assert!(got.concat() == text);
    assert!(got.iter().all(|b| b.len() <= MIB && !b.is_empty()));
    assert!(got[..2].iter().all(|b| b.ends_with(b"\n")));
    assert!(got[0].len() > MIB - 15);
    // However the text arrives.
    let slow = "head -c 300000; sleep 0.1; head -c 7; sleep 0.1; cat";
    let line = format!("{{ {slow}; }} | {}", word(PROGRAM));
    if let Some(packed) = system(&["sh", "-c", &line], &text) {
        assert!(packed == good(&[], &text));
    }
    let mut full = vec![b'x'; MIB - 1];
    full.push(b'\n');
    assert!(blocks(&good(&[], &full)) == [full]);
}

#[test]
fn levels_go_from_fast_to_small_and_the_default_is_as_small_as_gzip() {
    let text = prose(30_000);
    let size = |level| good(&[level], &text).len();
    assert!(size("-9") < size("-6") && size("-6") < size("-1"));
    assert_eq!(good(&["-1", "-6"], &text), good(&[], &text));
    for (level, peer) in [("-6", ["gzip", "-6"]), ("-1", ["pigz", "-1"])] {
        let Some(packed) = system(&peer, &text) else { continue };
        assert!(size(level) * 100 <= packed.len() * 101, "{peer:?}");
    }
}

#[test]
fn damaged_input_is_status_4_with_the_place() {
    let packed = good(&[], &rows(60_000));
    let plain = system(&["gzip"], &rows(1000)).unwrap_or_default();
    let cut = &packed[..packed.len() - 3];
    let mut flipped = packed.clone();
    flipped[packed.len() / 2] ^= 0x10;
    let junk = [&packed[..], b"junk"].concat();
    let behind = [&packed[..], &[0, 0, 0], &packed].concat();
    let zeros = [&packed[..], &[0; 700_000]].concat();
    // One member, and three of which the last is cut or the second corrupt.
    let one = good(&[], &rows(1000));
    let len = one.len();
    let third = [&one[..], &one, &one[..len - 1]].concat();
    let mut second = one.repeat(3);
    second[2 * len - 20] ^= 1;
    let third_said =
        format!("in the middle of the gzip member at byte {}", 2 * len);
    let second_said = format!("the gzip member at byte {len} is corrupt");
    assert!(good(&["-d"], &zeros) == rows(60_000));
    for (input, why) in [
        (&b""[..], "standard input is empty"),
        (b"id,name\n", "standard input is not gzip"),
        (cut, "ends in the middle of the gzip member at byte "),
        (&flipped, "the gzip member at byte "),
        (&third, &third_said),
        (&second, &second_said),
        (&junk, &format!("not gzip at byte {}", packed.len())),
        (&behind, &format!("not gzip at byte {}", packed.len())),
        (&[0; 100], "standard input is not gzip"),
        (&plain[..plain.len().saturating_sub(1)], "standard input "),
    ] {
        for task in ["-d", "-t"] {
            let said = bad(&[task], input, 4);
            assert!(said.contains(why), "{said}");
        }
    }
}

#[test]
fn a_header_that_lies_is_a_warning_and_changes_no_text() {
    let text = rows(60_000);
    let packed = good(&[], &text);
    let size = u64::from_le_bytes(packed[17..25].try_into().unwrap());
    // The size of the first member, one that hides the second, and the number
    // of its lines, as rt-jsonl(5) lays them out.
    let mut lies = vec![packed.clone()];
    lies[0][25] ^= 1;
    for lie in [60, size - 1, 2 * size, 1 << 20, 1 << 40, u64::MAX] {
        let mut other = packed.clone();
        other[17..25].copy_from_slice(&lie.to_le_bytes());
        lies.push(other);
    }
    for packed in lies {
        let out = run(&["-d"], &packed);
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.success() && out.stdout == text);
        let warning = "warning: the header of the gzip member at byte 0";
        assert!(said.contains(warning), "{said}");
        assert!(good(&["-q", "-d"], &packed) == text);
    }
    // A member that looks like the one that it hides.
    for text in [&b"the same\n"[..], b""] {
        let one = good(&[], text);
        let mut two = [one.clone(), one.clone()].concat();
        let size = 2 * one.len() as u64;
        two[17..25].copy_from_slice(&size.to_le_bytes());
        assert!(good(&["-q", "-d"], &two) == text.repeat(2));
        let said = run(&["-d"], &two).stderr;
        assert!(!said.is_empty(), "{text:?}");
        // Behind another one, which is what it says.
        let first = good(&[], b"first\n");
        let three = [&first[..], &two].concat();
        assert!(
            good(&["-q", "-d"], &three)
                == [b"first\n", &text.repeat(2)[..]].concat()
        );
        let said = String::from_utf8(run(&["-d"], &three).stderr).unwrap();
        assert!(said.contains(&format!("at byte {}", first.len())), "{said}");
    }
}

#[test]
fn a_published_file_matches_its_receipt() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("f.gz");
    let name = file.to_str().unwrap();
    let text = rows(30_000);
    let line = String::from_utf8(good(&["-o", name], &text)).unwrap();
    let keys = [
        "type",
        "file",
        "size_bytes",
        "sha256",
        "text_size_bytes",
        "text_sha256",
        "lines",
    ];
    let places: Vec<_> =
        keys.iter().map(|k| line.find(&format!("\"{k}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted());
    let receipt: Value = serde_json::from_str(&line).unwrap();
    let bytes = fs::read(&file).unwrap();
    assert!(good(&["-d"], &bytes) == text);
    assert_eq!(receipt["type"], "file");
    assert_eq!(receipt["file"], name);
    assert_eq!(receipt["size_bytes"], bytes.len());
    assert_eq!(receipt["text_size_bytes"], text.len());
    assert_eq!(receipt["lines"], 30_000);
    for (key, bytes) in [("sha256", &bytes), ("text_sha256", &text)] {
        if let Some(sum) = system(&["sha256sum"], bytes) {
            let want = String::from_utf8(sum).unwrap();
            assert_eq!(receipt[key], want.split(' ').next().unwrap());
        }
    }
    assert_eq!(names(dir.path()), ["f.gz"]);
}

#[test]
fn an_existing_file_is_refused_before_the_command_runs() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("f.gz");
    let ran = dir.path().join("ran");
    fs::write(&file, "precious").unwrap();
    let (name, mark) = (file.to_str().unwrap(), ran.to_str().unwrap());
    let said = bad(&["-o", name], b"new\n", 1);
    assert!(said.contains("exists already") && said.contains("hint: "));
    bad(&["-o", name, "--", "touch", mark], b"", 1);
    assert_eq!(names(dir.path()), ["f.gz"]);
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    good(&["-f", "-o", name], b"new\n");
    assert_eq!(good(&["-d"], &fs::read(&file).unwrap()), b"new\n");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    for force in [&[][..], &["--force"]] {
        let args = [force, &["-o", link.to_str().unwrap()]].concat();
        let said = bad(&args, b"new\n", 1);
        assert!(said.contains("is not a plain file"), "{said}");
        // --force would be no way out.
        assert!(!said.contains("--force"), "{said}");
    }
    bad(&["-f", "-o", dir.path().to_str().unwrap()], b"new\n", 1);
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("f.gz");
    let name = file.to_str().unwrap();
    let script = "echo new; echo other >\"$1\"";
    let said =
        bad(&["-o", name, "--", "sh", "-c", script, "sh", name], b"", 1);
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), b"other\n");
    assert_eq!(names(dir.path()), ["f.gz"]);
}

#[test]
fn a_command_that_fails_publishes_nothing() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("f.gz");
    let name = file.to_str().unwrap();
    for (command, why) in [
        (&["false"][..], "'false' ended with status 1"),
        (&["sh", "-c", "seq 9; exit 7"], "'sh' ended with status 7"),
        (&["sh", "-c", "seq 9; kill -9 $$"], "'sh' was killed by signal 9"),
        (&["no-such-program"], "cannot run 'no-such-program'"),
    ] {
        let said = bad(&[&["-o", name, "--"], command].concat(), b"", 1);
        assert!(said.contains(why), "{said}");
        assert!(names(dir.path()).is_empty());
    }
    good(&["-o", name, "--", "cat"], b"from our own input\n");
    let packed = fs::read(&file).unwrap();
    assert_eq!(good(&["-d"], &packed), b"from our own input\n");
}

#[test]
fn damaged_gzip_publishes_no_text() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("f.jsonl");
    let name = file.to_str().unwrap();
    let packed = good(&[], &rows(60_000));
    bad(&["-d", "-o", name], &packed[..packed.len() - 1], 4);
    assert!(names(dir.path()).is_empty());
    good(&["-d", "-o", name], &packed);
    assert!(fs::read(&file).unwrap() == rows(60_000));
}

#[test]
fn a_folder_that_is_not_there_and_settings_without_sense_are_named() {
    let said = bad(&["-o", "/nonexistent/f.gz"], b"x\n", 1);
    assert!(said.contains("'/nonexistent'"), "{said}");
    for args in [
        &["f.txt"][..],
        &["-p", "0"],
        &["-p", "1000"],
        &["-t", "-o", "f"],
        &["-d", "-o", "f", "--", "true"],
        &["--", "true"],
        &["-d", "--one-member"],
        &["-t", "--one-member"],
    ] {
        bad(args, b"", 2);
    }
}

#[test]
fn a_full_disk_is_status_1_with_a_message() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    for (args, input) in [(&[][..], rows(10)), (&["-d"], good(&[], b"x\n"))] {
        let mut command = gzip(args);
        command.stdout(full.try_clone().unwrap());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let out = child.wait_with_output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(1));
        assert!(said.contains("no space left on device"), "{said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_status_141_without_a_word() {
    let packed = good(&["-1"], &noise(4 * MIB));
    for (args, input) in [(&[][..], noise(9 * MIB)), (&["-d"], packed)] {
        let mut child = gzip(args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let feeder = thread::spawn(move || stdin.write_all(&input).is_ok());
        let mut few = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut few).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(141));
        assert!(out.stderr.is_empty());
        feeder.join().unwrap();
    }
}

#[test]
fn a_signal_leaves_no_temporary_file() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("f.gz");
    let name = file.to_str().unwrap();
    for (signal, status) in [("-INT", 130), ("-TERM", 143)] {
        for command in [&[][..], &["--", "sleep", "60"]] {
            let args = [&["-o", name], command].concat();
            let child = gzip(&args).spawn().unwrap();
            until("a temporary file", || names(dir.path()).len() == 1);
            kill(child.id(), signal);
            // Standard input is open meanwhile: nothing ends but by signal.
            let out = ended(child);
            assert_eq!(out, Some(status), "{signal} {command:?}");
            assert!(names(dir.path()).is_empty());
        }
    }
}

/// The status of a child that must end by itself, its input still open.
fn ended(mut child: Child) -> Option<i32> {
    let mut status = None;
    until("the end of the program", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.and_then(|s| s.code())
}

/// Peak resident memory of a running process, in KiB.
fn peak_kib(child: &Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let status = fs::read_to_string(path).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Writes `piece` `times` to a child whose output is thrown away, and gives
/// its peak memory before its input ends.
fn peak_of(args: &[&str], piece: &[u8], times: usize) -> u64 {
    let mut command = gzip(args);
    command.stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for _ in 0..times {
        stdin.write_all(piece).unwrap();
    }
    let peak = peak_kib(&child);
    drop(stdin);
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn memory_does_not_grow_with_the_input() {
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let rows = rows(16_000);
    let times = (1 << 30) / rows.len();
    let bound = 64 * 1024;
    let peak = peak_of(&["-1"], &rows, times);
    assert!(peak < bound, "compress: {peak} KiB");
    let packed = good(&[], &rows);
    let peak = peak_of(&["-d"], &packed, times);
    assert!(peak < bound, "decompress: {peak} KiB");
    let zeros = good(&["-9"], &vec![0; 256 * MIB]);
    let peak = peak_of(&["-d"], &zeros, 1);
    assert!(peak < bound, "zeros: {peak} KiB");
    let peak = peak_of(&["-9", "-p", "4"], &noise(MIB), 40);
    assert!(peak < bound, "without a line end: {peak} KiB");
}

#[test]
fn one_member_is_read_whole_by_readers_that_stop_at_the_first() {
    let text = rows(60_000);
    assert!(text.len() > 2 * MIB);
    let members = good(&[], &text);
    let one = good(&["--one-member"], &text);
    let first = "import sys, zlib
one = zlib.decompressobj(31).decompress(sys.stdin.buffer.read())
sys.stdout.buffer.write(one)";
    for (gz, whole) in [(&members, false), (&one, true)] {
        let read = system(&["python3", "-c", first], gz).unwrap();
        assert_eq!(read == text, whole);
    }
    assert!(good(&["-d"], &one) == text);
    // The same text gives the same bytes, whatever the threads.
    assert!(good(&["--one-member", "-p", "7"], &text) == one);
    assert!(good(&["-d"], &good(&["--one-member"], b"")).is_empty());
    let small = good(&["-9", "--one-member"], &text);
    assert!(small.len() < good(&["-1", "--one-member"], &text).len());
}

#[test]
fn a_terminal_gets_no_gzip_and_gives_none() {
    let dir = Dir::new();
    let out = |script: &str| {
        let script = format!("PATH={}:$PATH; {script}", word(bins()));
        let line = ["-qec", script.as_str(), "/dev/null"];
        dir.cmd("script").args(line).run()
    };
    let written = "gzip is not written to a terminal";
    out("echo hi | rt-gzip").status(2).stdout_has(written);
    let read = "gzip is not read from a terminal";
    out("rt-gzip -d").status(2).stdout_has(read);
    out("rt-gzip -t").status(2).stdout_has(read);
    let forced = out("echo hi | rt-gzip --force");
    forced.status(0).stdout_has("\u{1f}");
    out("echo hi | rt-gzip | rt-gzip -d").status(0).stdout("hi\r\n");
    out("echo hi | rt-gzip -o f.gz").status(0).stdout_has("\"type\":\"file\"");
}
