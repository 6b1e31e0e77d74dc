//! A ledger that was edited, cut, or put in disorder, and the mark of its end.

use super::*;

impl Small {
    fn lines(&self) -> Vec<Vec<u8>> {
        let text = self.bytes("ledger.jsonl");
        text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
    }
}

impl Copy<'_> {
    /// rt-verify says that the ledger is damaged; gives the lines it names.
    fn ledger(&self, lines: &[Vec<u8>], what: &str) -> Vec<u64> {
        self.write("ledger.jsonl", &lines.concat());
        let (status, found) = self.verify(&["--quick"]);
        assert_eq!(status, 5, "{what}: {found:#?}");
        let mut found = found;
        found.retain(|f| f["what"] == "ledger" && f["severity"] == "damage");
        assert!(!found.is_empty(), "{what}");
        found.iter().map(|f| f["line"].as_u64().unwrap_or(0)).collect()
    }
}

#[test]
fn a_flipped_bit_of_any_line_is_found_there_or_in_the_next_line() {
    let small = Small::new();
    let lines = small.lines();
    let longest = lines.iter().map(Vec::len).max().unwrap();
    small.each(2 * longest, |i, copy| {
        let (i, odd) = (i / 2, i % 2);
        for mask in masks(i) {
            let (mut flipped, mut text) = (Vec::new(), lines.clone());
            for (n, line) in text.iter_mut().enumerate() {
                // Where lines end is flipped by itself.
                if n % 2 == odd && i + 1 < line.len() {
                    line[i] ^= mask;
                    if line[i] == b'\n' {
                        line[i] ^= mask ^ 0x80;
                    }
                    flipped.push(n as u64 + 1);
                }
            }
            if flipped.is_empty() {
                continue;
            }
            let what = format!("byte {i} ^ {mask} of lines {flipped:?}");
            let found = copy.ledger(&text, &what);
            for line in flipped {
                let last = line == lines.len() as u64;
                let there = found.contains(&line)
                    || found.contains(&(line + 1))
                    || last && found.contains(&0);
                assert!(there, "{what}: not {line} in {found:?}");
            }
        }
    });
}

#[test]
fn a_flipped_end_of_a_line_is_found() {
    let small = Small::new();
    let lines = small.lines();
    small.each(8 * lines.len(), |i, copy| {
        let mut text = lines.clone();
        *text[i / 8].last_mut().unwrap() ^= 1 << (i % 8);
        copy.ledger(&text, &format!("end of line {}", i / 8 + 1));
    });
}

#[test]
fn lines_dropped_exchanged_or_doubled_are_found() {
    let small = Small::new();
    let lines = small.lines();
    small.each(lines.len(), |i, copy| {
        let mut text = lines.clone();
        text.remove(i);
        copy.ledger(&text, &format!("line {} dropped", i + 1));
        let mut text = lines.clone();
        text.insert(i, lines[i].clone());
        copy.ledger(&text, &format!("line {} twice", i + 1));
        for other in 0..i {
            let mut text = lines.clone();
            text.swap(i, other);
            copy.ledger(&text, &format!("lines {i} and {other}"));
        }
    });
}

#[test]
fn a_lost_tail_is_found_wherever_it_begins() {
    let small = Small::new();
    let text = small.bytes("ledger.jsonl");
    // With a name that is no line's: also the ledger that is gone.
    let lines = small.lines();
    let tail = lines.len() - 2;
    let start: usize = lines[..tail].iter().map(Vec::len).sum();
    let ends = lines.iter().scan(0, |at, line| {
        *at += line.len();
        Some(*at)
    });
    let mut cuts: Vec<usize> = ends.chain(start..text.len()).collect();
    cuts.retain(|cut| *cut < text.len());
    cuts.push(0);
    small.each(cuts.len(), |i, copy| {
        copy.ledger(&[text[..cuts[i]].to_vec()], &format!("cut {}", cuts[i]));
    });
}

#[test]
fn a_flipped_bit_of_the_mark_of_its_end_is_found() {
    let small = Small::new();
    let mark = small.bytes("lock");
    let lines = small.lines();
    small.each(mark.len(), |i, copy| {
        for mask in masks(i) {
            let mut bytes = mark.clone();
            bytes[i] ^= mask;
            // A blank may be another one, and the newline too. Another time
            // only has the ledger read once more.
            let line = |bytes: &[u8]| {
                let mut line: Value = serde_json::from_slice(bytes).ok()?;
                let time = line["changed_ns"].take();
                time.is_number().then_some(line)
            };
            if line(&bytes) == line(&mark) {
                continue;
            }
            copy.write("lock", &bytes);
            copy.ledger(&lines, &format!("byte {i} ^ {mask}"));
        }
    });
}

/// Whatever deletes ends with status 5, and leaves everything as it is.
#[test]
fn nothing_is_built_on_a_ledger_that_was_changed() {
    let small = Small::new();
    let lines = small.lines();
    let last = lines.len() - 1;
    let mut edited = lines.clone();
    let text = String::from_utf8(edited[last].clone()).unwrap();
    edited[last] = text.replace("exit_status\":0", "exit_status\":1").into();
    assert_ne!(edited, lines);
    let mut middle = lines.clone();
    let text = String::from_utf8(middle[0].clone()).unwrap();
    middle[0] = text.replace("\"rows\":1", "\"rows\":2").into();
    let mut dropped = lines.clone();
    dropped.remove(last / 2);
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    let cut = lines[..last].to_vec();
    for text in [edited, middle, dropped, swapped, cut, Vec::new()] {
        small.dir.write("archives/ledger.jsonl", text.concat());
        let before = small.dir.tree();
        let run = |program: &str, args: &[&str]| {
            let cmd = small.dir.cmd(program).now("2027-06-01T00:00:00Z");
            let cmd = cmd.env("RT_DB", "db").env("RT_POLICY", "policy.jsonl");
            cmd.args(args).run().status(5);
            assert_eq!(small.dir.tree(), before, "{program}");
        };
        run("rt-purge", &["--pending"]);
        run("rt-consolidate", &[]);
        run("rt-expire", &["--yes"]);
        run("rt-stat", &["--check"]);
    }
}
