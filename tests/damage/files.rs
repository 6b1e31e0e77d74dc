//! Archives and schemas that were damaged.

use super::*;

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let small = Small::new();
    let files = small.files();
    let longest = files.iter().map(|f| small.bytes(f).len()).max().unwrap();
    small.each(longest, |i, copy| {
        for mask in masks(i) {
            let mut flipped = Vec::new();
            for file in &files {
                let mut bytes = small.bytes(file);
                if let Some(byte) = bytes.get_mut(i) {
                    *byte ^= mask;
                    copy.write(file, &bytes);
                    flipped.push(file.as_str());
                }
            }
            copy.finds(&flipped, &format!("byte {i} ^ {mask}"));
            flipped.iter().for_each(|f| copy.write(f, &small.bytes(f)));
        }
    });
}

#[test]
fn a_file_that_was_cut_is_found_at_any_length() {
    let small = Small::new();
    let files = small.files();
    let longest = files.iter().map(|f| small.bytes(f).len()).max().unwrap();
    small.each(longest, |i, copy| {
        let mut cut = Vec::new();
        for file in &files {
            let bytes = small.bytes(file);
            if i < bytes.len() {
                copy.write(file, &bytes[..i]);
                cut.push(file.as_str());
            }
        }
        copy.finds(&cut, &format!("cut to {i} bytes"));
        cut.iter().for_each(|f| copy.write(f, &small.bytes(f)));
    });
}

#[test]
fn any_two_files_exchanged_are_found() {
    let small = Small::new();
    let files = small.files();
    let pairs: Vec<(&String, &String)> = files
        .iter()
        .flat_map(|a| files.iter().map(move |b| (a, b)))
        .filter(|(a, b)| a < b)
        .collect();
    small.each(pairs.len(), |i, copy| {
        let (a, b) = pairs[i];
        copy.write(a, &small.bytes(b));
        copy.write(b, &small.bytes(a));
        copy.finds(&[a, b], &format!("{a} and {b}"));
        copy.write(a, &small.bytes(a));
        copy.write(b, &small.bytes(b));
    });
}

#[test]
fn a_file_that_is_longer_or_gone_is_found() {
    let small = Small::new();
    let files = small.files();
    small.each(files.len(), |i, copy| {
        let file = files[i].as_str();
        for more in [&b"\0"[..], b"\n", b"{}\n", &small.bytes(&files[1])] {
            let bytes = [&small.bytes(file), more].concat();
            copy.write(file, &bytes);
            copy.finds(&[file], &format!("{file} and {more:?}"));
        }
        fs::remove_file(copy.root.join(file)).unwrap();
        copy.finds(&[file], &format!("{file} is gone"));
        copy.write(file, &small.bytes(file));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(copy.root.join(file), mode).unwrap();
        copy.finds(&[], "nothing");
    });
}

/// What is damaged stays as it is, whatever is due, and is said.
#[test]
fn damaged_archives_are_not_consolidated_and_do_not_expire() {
    let small = Small::new();
    let root = small.dir.join("archives");
    for file in small.files() {
        let whole = small.bytes(&file);
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 1;
        fs::write(root.join(&file), &bytes).unwrap();
        let run = |program: &str, now: &str| {
            let copy = "rm -rf copy; cp -a archives copy";
            small.dir.cmd("sh").args(["-c", copy]).run().status(0);
            let cmd = small
                .dir
                .cmd(program)
                .now(now)
                .env("RT_POLICY", "policy.jsonl");
            let cmd = match program {
                "rt-expire" => cmd.arg("--yes"),
                _ => cmd,
            };
            let out = cmd.args(["--archives", "copy"]).run();
            let named = out.stderr.contains(&file);
            out.expect("the file is named", named);
            out.expect("a status", [3, 5].contains(&out.status));
            let there = fs::read(small.dir.join("copy").join(&file));
            out.expect("it is as it was", there.is_ok_and(|b| b == bytes));
        };
        if file.starts_with("warm/") {
            run("rt-consolidate", "2026-04-01T00:00:00Z");
        }
        if !file.starts_with("schema/") {
            run("rt-expire", "2027-06-01T00:00:00Z");
        }
        fs::write(root.join(&file), &whole).unwrap();
    }
}
