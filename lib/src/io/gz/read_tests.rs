//! Every way an input can be, read on no thread and on several.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::ahead::WHOLE_MAX;
use super::super::member::Encoder;
use super::*;
use crate::error::{Error, Exit};

pub(in super::super) fn ours(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(6).member(text, Some((1, 2)), &mut out).unwrap();
    out
}

pub(in super::super) fn foreign(text: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::new(6));
    gz.write_all(text).unwrap();
    gz.finish().unwrap()
}

/// Text that does not compress to nothing, `len` bytes.
pub(in super::super) fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
        out.push(b"0123456789abcdef\n"[(seed >> 33) as usize % 17]);
    }
    out
}

/// The text, and the error that ended it.
fn read(bytes: &[u8], threads: usize) -> (Vec<u8>, Option<Error>) {
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
    (text, error)
}

fn reads_as(bytes: &[u8], want: &[u8]) {
    for threads in [0, 1, 3] {
        let (text, error) = read(bytes, threads);
        assert!(error.is_none(), "{threads}: {error:?}");
        assert!(text == want, "{threads} threads: another text");
    }
}

#[test]
fn empty_texts_and_texts_too_long_to_open_whole_read() {
    reads_as(&ours(b""), b"");
    reads_as(&[ours(b""), ours(b"")].concat(), b"");
    let long = noise(WHOLE_MAX + 1, 7);
    let bytes = [ours(b"a\n"), ours(&long), ours(b"z\n")].concat();
    reads_as(&bytes, &[b"a\n", &long[..], b"z\n"].concat());
    let zeros = vec![0; 40 * WHOLE_MAX];
    reads_as(&ours(&zeros), &zeros);
}

#[test]
fn truncated_anywhere_is_an_error() {
    for whole in [ours(&noise(300, 5)), foreign(&noise(300, 5))] {
        for len in 0..whole.len() {
            for threads in [0, 1] {
                let (_, error) = read(&whole[..len], threads);
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
            let (text, error) = read(&changed, 0);
            match error {
                Some(error) => {
                    assert_eq!(error.exit(), Exit::Data);
                    errors += 1;
                }
                None => assert!(text == texts.concat(), "byte {at}"),
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
