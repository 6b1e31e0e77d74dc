//! Random inputs for the tests of what reads: a small generator, and a runner
//! that names the case that failed.
//!
//! A test run has so few cases that it takes a moment, always the same ones.
//! `RT_LONG=1` tries [`LONG`] times as many, from a seed of the clock;
//! `RT_SEED=N` those of that seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many times as many cases a long run has.
const LONG: u64 = 100;

/// The signs of JSON.
const JSON: &[u8] = b"{}[]\",:\\u0e+-.19 \n\ttfn/";
/// Letters of more than a byte, and signs that do something.
const WIDE: &[u8] = b"ab\xc3\xa9\xf0\x9f\x98\x80\0\x1b";

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub(crate) struct Random(u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of some.
    pub fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    /// Up to `most` bytes: any, signs of JSON, or text.
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        let kind = self.below(4);
        (0..length)
            .map(|_| match kind {
                0 => self.bits() as u8,
                1 => JSON[self.below(JSON.len())],
                2 => b' ' + self.below(95) as u8,
                _ => WIDE[self.below(WIDE.len())],
            })
            .collect()
    }

    /// Text of such bytes.
    pub fn text(&mut self, most: usize) -> String {
        String::from_utf8_lossy(&self.bytes(most)).into_owned()
    }

    /// Changes bytes somewhere: flipped, cut, doubled, moved or made up.
    pub fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, part);
                }
                3 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                4 => {
                    let new = self.bytes(12);
                    bytes.splice(at..at, new);
                }
                _ => {
                    let end = (at + self.below(600)).min(bytes.len());
                    bytes[at..end].fill(0);
                }
            }
        }
    }
}

/// Runs a test over many cases.
pub(crate) fn each_case(cases: u64, mut test: impl FnMut(&mut Random)) {
    let long = std::env::var_os("RT_LONG").is_some();
    let said = std::env::var("RT_SEED").ok().and_then(|s| s.parse().ok());
    let clock = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(1, |now| now.as_nanos() as u64)
    };
    let seed: u64 = said.unwrap_or_else(|| if long { clock() } else { 1 });
    let cases = if long { cases * LONG } else { cases };
    for case in 0..cases {
        let mut random = Random(seed.wrapping_add(case));
        let done = catch_unwind(AssertUnwindSafe(|| test(&mut random)));
        if done.is_err() {
            panic!("case {case} of seed {seed}: RT_SEED={}", seed + case);
        }
    }
}
