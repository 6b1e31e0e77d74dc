//! Every way an input can be, read on no thread and on several.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::ahead::WHOLE_MAX;
use super::super::member::Encoder;
use super::*;
use crate::error::{Error, Exit};

fn ours(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(6).member(text, Some((1, 2)), &mut out).unwrap();
    out
}

fn foreign(text: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::new(6));
    gz.write_all(text).unwrap();
    gz.finish().unwrap()
}

/// Text that does not compress to nothing, `len` bytes.
fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
        out.push(b"0123456789abcdef\n"[(seed >> 33) as usize % 17]);
    }
    out
}

struct Outcome {
    text: Vec<u8>,
    error: Option<Error>,
    false_header: Option<u64>,
}

fn read(bytes: &[u8], threads: usize) -> Outcome {
    let mut reader = Reader::parallel(bytes, "input", threads);
    let (mut text, mut block) = (Vec::new(), Vec::new());
    let error = loop {
        match reader.next_block(&mut block) {
            Ok(true) => text.extend_from_slice(&block),
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
    };
    match &error {
        None => assert!(!reader.next_block(&mut block).unwrap()),
        Some(_) => assert!(reader.next_block(&mut block).is_err()),
    }
    let false_header = reader.false_header();
    Outcome { text, error, false_header }
}

fn reads_as(bytes: &[u8], want: &[u8]) -> Option<u64> {
    let mut found = None;
    for threads in [0, 1, 3] {
        let got = read(bytes, threads);
        assert!(got.error.is_none(), "{threads}: {:?}", got.error);
        assert!(got.text == want, "{threads} threads: another text");
        found = got.false_header;
    }
    found
}

fn fails_with(bytes: &[u8], want: &str) {
    for threads in [0, 2] {
        let error = read(bytes, threads).error.expect("an error");
        assert_eq!(error.exit(), Exit::Data);
        assert!(error.to_string().contains(want), "{error}");
    }
}

#[test]
fn members_of_ours_and_others_read_in_order() {
    let texts: Vec<Vec<u8>> =
        (0..12).map(|i| noise(i * 70_000, i as u64)).collect();
    let mut bytes = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        bytes.extend(if i % 5 == 3 { foreign(text) } else { ours(text) });
    }
    assert_eq!(reads_as(&bytes, &texts.concat()), None);
    bytes.extend([0; 700_000]);
    assert_eq!(reads_as(&bytes, &texts.concat()), None);
}

#[test]
fn empty_texts_and_texts_too_long_to_open_whole_read() {
    assert_eq!(reads_as(&ours(b""), b""), None);
    assert_eq!(reads_as(&[ours(b""), ours(b"")].concat(), b""), None);
    let long = noise(WHOLE_MAX + 1, 7);
    let bytes = [ours(b"a\n"), ours(&long), ours(b"z\n")].concat();
    assert_eq!(reads_as(&bytes, &[b"a\n", &long[..], b"z\n"].concat()), None);
    let zeros = vec![0; 40 * WHOLE_MAX];
    assert_eq!(reads_as(&ours(&zeros), &zeros), None);
}

#[test]
fn a_false_size_or_line_count_changes_no_text_and_is_reported() {
    let one = ours(b"the same\n");
    let mut bytes = [ours(b"first\n"), one.clone(), one.clone()].concat();
    let start = ours(b"first\n").len();
    let size = 2 * one.len() as u64;
    bytes[start + 17..start + 25].copy_from_slice(&size.to_le_bytes());
    let want = b"first\nthe same\nthe same\n";
    assert_eq!(reads_as(&bytes, want), Some(start as u64));
    for size in [60, 1 << 20, 1 << 40, u64::MAX] {
        bytes[start + 17..start + 25].copy_from_slice(&size.to_le_bytes());
        assert_eq!(reads_as(&bytes, want), Some(start as u64));
    }
    let mut bytes = [one.clone(), one].concat();
    bytes[25] = 9;
    assert_eq!(reads_as(&bytes, b"the same\nthe same\n"), Some(0));
}

#[test]
fn what_is_not_whole_gzip_is_refused_by_name_and_place() {
    let good = ours(&noise(5000, 3));
    fails_with(b"", "input is empty");
    fails_with(b"{\"id\":1}\n", "input is not gzip");
    fails_with(&[0; 100], "input is not gzip");
    let len = good.len();
    let tail = [&good[..], b"junk"].concat();
    fails_with(&tail, &format!("not gzip at byte {len}"));
    let tail = [&good[..], &[0, 0, 0], &good[..]].concat();
    fails_with(&tail, &format!("not gzip at byte {len}"));
    let tail = [&good[..], &good[..len - 1]].concat();
    fails_with(
        &tail,
        &format!("in the middle of the gzip member at byte {len}"),
    );
    let mut bad = [&good[..], &good[..], &good[..]].concat();
    bad[2 * len - 20] ^= 1;
    fails_with(&bad, &format!("the gzip member at byte {len} is corrupt"));
}

#[test]
fn truncated_anywhere_is_an_error() {
    for whole in [ours(&noise(300, 5)), foreign(&noise(300, 5))] {
        for len in 0..whole.len() {
            for threads in [0, 1] {
                let error = read(&whole[..len], threads).error;
                let error = error.unwrap_or_else(|| panic!("{len} bytes"));
                assert_eq!(error.exit(), Exit::Data);
            }
        }
    }
}

#[test]
fn any_changed_byte_is_an_error_or_changes_no_text() {
    let texts = [noise(400, 1), noise(200, 2), b"x\n".repeat(90)];
    let bytes =
        [ours(&texts[0]), foreign(&texts[1]), ours(&texts[2])].concat();
    let mut errors = 0;
    for at in 0..bytes.len() {
        for mask in [1, 2, 4, 8, 16, 32, 64, 128, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            let got = read(&changed, 0);
            match got.error {
                Some(error) => {
                    assert_eq!(error.exit(), Exit::Data);
                    errors += 1;
                }
                None => assert!(got.text == texts.concat(), "byte {at}"),
            }
        }
    }
    assert!(errors > 6 * bytes.len());
}

#[test]
fn a_failing_source_is_no_data_error() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let bytes = foreign(&noise(100_000, 4));
            if self.0 > 0 {
                return Err(io::Error::other("the disk is on fire"));
            }
            self.0 = out.len().min(5000);
            out[..self.0].copy_from_slice(&bytes[..self.0]);
            Ok(self.0)
        }
    }
    let mut reader = Reader::new(Failing(0), "input");
    let mut out = Vec::new();
    let error = loop {
        match reader.next_block(&mut out) {
            Ok(true) => {}
            Ok(false) => panic!("read to the end"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.exit(), Exit::Failed);
    assert_eq!(error.to_string(), "cannot read input: the disk is on fire");
}
