//! Tars of any kind, whole and damaged: no name leads outside, and no contents
//! come under a name that was not theirs while the tar is taken for whole.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use super::{Walk, read_tar, salvage_tar};
use crate::arbitrary::{Random, each_case};
use crate::io::gz::Encoder;

fn tar(random: &mut Random) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut entries = Vec::new();
    for n in 0..random.below(5) {
        let long = "x".repeat(random.below(2) * random.below(200));
        let name = format!("2025-11-0{}/{long}{n}.jsonl.gz", 1 + n);
        let contents = random.bytes(1200);
        let mut header = ::tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.set_mode(0o600);
        builder.append_data(&mut header, &name, &contents[..]).unwrap();
        entries.push((name, contents));
    }
    (builder.into_inner().unwrap(), entries)
}

/// A temporary file of these bytes as gzip members of ours.
fn file(random: &mut Random, bytes: &[u8]) -> File {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(1);
    for piece in bytes.chunks(512 * (1 + random.below(8))) {
        encoder.member(piece, None, &mut out).unwrap();
    }
    if random.once_in(2) {
        random.damage(&mut out);
    }
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&out).unwrap();
    file.rewind().unwrap();
    file
}

fn stays_inside(name: &str) -> bool {
    !name.starts_with('/') && name.split('/').all(|part| part != "..")
}

#[test]
fn names_stay_inside_and_contents_are_their_own() {
    each_case(400, |random| {
        let (mut bytes, entries) = tar(random);
        let damaged = random.once_in(2);
        if damaged {
            random.damage(&mut bytes);
        }
        let tar = file(random, &bytes);
        let path = Path::new("x.tar.gz");
        let mut seen = Vec::new();
        let whole =
            read_tar(tar.try_clone().unwrap(), path, &mut |name, _, input| {
                assert!(stays_inside(name), "{name}");
                let mut contents = Vec::new();
                let read = input.read_to_end(&mut contents).is_ok();
                seen.push((name.to_owned(), contents, read));
                Ok(())
            });
        if whole.is_ok() && !damaged {
            for (name, contents, read) in &seen {
                let own =
                    entries.iter().any(|(n, c)| n == name && c == contents);
                assert!(own || !read, "{name}");
            }
        }
        let mut file = tar;
        file.rewind().unwrap();
        let walk = Walk { file, path, whole: false };
        let mut steps = 0;
        let walked = salvage_tar(walk, &mut |entry, _| {
            steps += 1;
            assert!(steps < 10_000, "it comes to an end");
            assert!(stays_inside(entry.name), "{}", entry.name);
            let mut contents = Vec::new();
            let _read = entry.contents.read_to_end(&mut contents);
            Ok(())
        });
        drop(walked);
    });
}
