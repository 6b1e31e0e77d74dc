//! gzip files of any kind, whole and damaged: nothing is given that was not
//! there, and what is given as whole others read too.

use std::io::{Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Encoder, HEADER_MAX, Proven, Reader, Step};
use crate::arbitrary::{Random, each_case};

/// A member, ours or another program's, and its text.
fn member(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let mut text = Vec::new();
    for n in 0..random.below(30) {
        text.extend_from_slice(format!("{{\"id\":{n}}}\n").as_bytes());
        if random.once_in(9) {
            text.extend_from_slice(&random.bytes(300));
            text.push(b'\n');
        }
    }
    let mut out = Vec::new();
    if random.once_in(3) {
        let level = flate2::Compression::new(random.below(10) as u32);
        let mut gzip = GzEncoder::new(out, level);
        gzip.write_all(&text).unwrap();
        return (gzip.finish().unwrap(), text);
    }
    let range = random.once_in(2).then(|| (5, random.bits() as i64));
    let level = 1 + random.below(9) as u8;
    Encoder::new(level).member(&text, range, &mut out).unwrap();
    (out, text)
}

fn file(random: &mut Random) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut file, mut texts) = (Vec::new(), Vec::new());
    for _ in 0..1 + random.below(4) {
        let (bytes, text) = member(random);
        file.extend_from_slice(&bytes);
        texts.push(text);
    }
    (file, texts)
}

/// All text, or none where it is damaged.
fn read(file: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(file, "file");
    let (mut text, mut piece) = (Vec::new(), Vec::new());
    loop {
        match reader.next_block(&mut piece) {
            Ok(true) => text.extend_from_slice(&piece),
            Ok(false) => return Some(text),
            Err(_) => return None,
        }
    }
}

#[test]
fn what_is_read_as_whole_others_read_the_same() {
    each_case(600, |random| {
        let (mut bytes, texts) = file(random);
        assert_eq!(read(&bytes), Some(texts.concat()));
        random.damage(&mut bytes);
        let mut others = Vec::new();
        let theirs = MultiGzDecoder::new(&bytes[..]).read_to_end(&mut others);
        if let Some(text) = read(&bytes)
            && theirs.is_ok()
        {
            assert!(text == others);
        }
    });
}

#[test]
fn of_a_damaged_file_only_whole_members_come() {
    each_case(600, |random| {
        let (mut bytes, texts) = file(random);
        random.damage(&mut bytes);
        for threads in [0, 2] {
            let mut proven = Proven::new(&bytes[..], "file", threads);
            let (mut piece, mut run) = (Vec::new(), Vec::new());
            let mut steps = 0;
            while let Ok(step) = proven.next(&mut piece) {
                steps += 1;
                assert!(steps < 10_000, "it comes to an end");
                match step {
                    Step::Text => run.extend_from_slice(&piece),
                    Step::Damaged(_) | Step::End => {
                        assert!(stands_in(&texts, &run), "{run:?}");
                        run.clear();
                    }
                }
                if matches!(step, Step::End) {
                    break;
                }
            }
        }
    });
}

/// Whether a text is that of some members, each as it was; a part of the file
/// may have been doubled or moved.
fn stands_in(texts: &[Vec<u8>], run: &[u8]) -> bool {
    run.is_empty()
        || texts.iter().any(|text| {
            let rest = run.strip_prefix(text.as_slice());
            !text.is_empty() && rest.is_some_and(|r| stands_in(texts, r))
        })
}

/// Found by random inputs: the end of such a member is behind all numbers.
#[test]
fn header_that_claims_all_bytes_there_can_be_costs_its_member_alone() {
    let mut bytes = Vec::new();
    let encoder = &mut Encoder::new(6);
    encoder.member(b"{}\n", Some((5, 7)), &mut bytes).unwrap();
    let whole = bytes.len();
    bytes.extend_from_within(..HEADER_MAX);
    bytes[whole + 17..whole + 25].fill(0xff);
    let mut proven = Proven::new(&bytes[..], "file", 0);
    let (mut piece, mut text, mut damages) = (Vec::new(), Vec::new(), 0);
    loop {
        match proven.next(&mut piece).unwrap() {
            Step::Text => text.extend_from_slice(&piece),
            Step::Damaged(_) => damages += 1,
            Step::End => break,
        }
    }
    assert_eq!((&text[..], damages), (&b"{}\n"[..], 1));
}
