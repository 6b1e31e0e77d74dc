//! The search for all needles at once.
//!
//! Most of a text is ruled out by its pairs of bytes, see [`super::pairs`],
//! which takes one look into a table for two bytes. What is left is compared.

use super::kinds::Pattern;
use super::pairs::{FAR, GROUPS, Table, number, table};

/// So many bytes are ruled out at once.
const BLOCK: usize = 16;

/// The beginning of a pattern.
struct Begin {
    needle: &'static [u8],
    /// Its first eight bytes, or what it has, the first one lowest.
    head: u64,
    /// The bits of those bytes.
    mask: u64,
    /// How many letters and digits follow it.
    run: usize,
    /// The pattern's number.
    pattern: usize,
}

impl Begin {
    fn new(needle: &'static [u8], run: usize, pattern: usize) -> Begin {
        let head = bytes_at(needle, 0);
        let bits = 8 * needle.len().min(8) as u32;
        let mask = u64::MAX >> (64 - bits.max(1));
        Begin { needle, head: head as u64, mask, run, pattern }
    }

    /// Whether it stands at the beginning of a text, whose first bytes `head`
    /// has; of what follows, what a backslash spells is not known.
    #[inline]
    fn stands(&self, text: &[u8], head: u64) -> bool {
        head & self.mask == self.head
            && text.strip_prefix(self.needle).is_some_and(|rest| {
                let run = rest.iter().take(self.run);
                let run = run.take_while(|b| b.is_ascii_alphanumeric());
                let run = run.count();
                run == self.run || rest.get(run) == Some(&b'\\')
            })
    }
}

pub(super) struct Needles {
    pairs: Box<Table>,
    /// Hashes of the first three bytes of the needles, a bit for each.
    hashes: Box<[u64; 1 << 10]>,
    /// The place of a list for each of those hashes; the first list is empty.
    by_hash: Vec<u16>,
    /// In the order of the patterns.
    lists: Vec<Vec<Begin>>,
}

impl Needles {
    /// The needles of patterns; none where one has less than two bytes.
    pub fn new(patterns: &[&'static Pattern]) -> Option<Needles> {
        let mut hashes = Box::new([0; 1 << 10]);
        let mut by_hash = vec![0; 1 << 16];
        let mut lists = vec![Vec::new()];
        let mut needles: Vec<&[u8]> = Vec::new();
        for (pattern, it) in patterns.iter().enumerate() {
            for needle in it.needles.iter().map(|needle| needle.as_bytes()) {
                let [one, two] = *needle.first_chunk()?;
                let third = match needle.get(2) {
                    Some(third) => *third..=*third,
                    None => 0..=u8::MAX,
                };
                for third in third {
                    let hash = hash(u32::from_le_bytes([one, two, third, 0]));
                    hashes[hash / 64] |= 1 << (hash % 64);
                    let list = &mut by_hash[hash];
                    if *list == 0 {
                        *list = u16::try_from(lists.len()).ok()?;
                        lists.push(Vec::new());
                    }
                    let begin = Begin::new(needle, it.run, pattern);
                    lists[usize::from(*list)].push(begin);
                }
                needles.push(needle);
            }
        }
        needles.sort_unstable();
        // One that another begins with is found with that.
        needles.dedup_by(|next, last| next.starts_with(last));
        let pairs = table(&needles)?;
        Some(Needles { pairs, hashes, by_hash, lists })
    }

    /// The patterns that may begin at a place, in order.
    pub fn patterns<'n>(
        &'n self,
        text: &'n [u8],
        at: usize,
    ) -> impl Iterator<Item = usize> + 'n {
        let (rest, head) = (&text[at..], bytes_at(text, at) as u64);
        let list = self.by_hash[hash(head as u32 & 0xff_ffff)];
        let begins = self.lists[usize::from(list)].iter();
        begins.filter(move |it| it.stands(rest, head)).map(|it| it.pattern)
    }

    /// The first place in a text, from `from` on, where a pattern may begin.
    pub fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut at = from - from % BLOCK;
        let (blocks, rest) = text.get(at..)?.as_chunks::<BLOCK>();
        let mut last = 0;
        for block in blocks {
            let before = last;
            if !self.rules_out(block, &mut last) {
                let found = self.compare(text, from, (at, block), before);
                if found.is_some() {
                    return found;
                }
            }
            at += BLOCK;
        }
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        let before = last;
        if self.rules_out(&block, &mut last) {
            return None;
        }
        self.compare(text, from, (at, &block), before)
    }

    /// Whether no needle has its second pair in a block. `last` is the entry of
    /// the pair before, and becomes that of the last one.
    #[inline]
    fn rules_out(&self, block: &[u8; BLOCK], last: &mut u32) -> bool {
        let (pairs, _) = block.as_chunks::<2>();
        let mut groups = 0;
        for pair in pairs {
            let entry = self.pairs[number(*pair)];
            groups |= *last & entry >> GROUPS;
            *last = entry;
        }
        groups & 0xffff == 0
    }

    /// The first place from `from` on where a pattern may begin whose needle
    /// has its second pair in a block, or another one before that. `at` is
    /// where the block stands, and `last` the entry of the pair before.
    #[inline(never)]
    fn compare(
        &self,
        text: &[u8],
        from: usize,
        (at, block): (usize, &[u8; BLOCK]),
        mut last: u32,
    ) -> Option<usize> {
        let (pairs, _) = block.as_chunks::<2>();
        let (mut next, mut end) = (from, at);
        for pair in pairs {
            let entry = self.pairs[number(*pair)];
            if last & entry >> GROUPS & 0xffff != 0 {
                // The first pair ends here; the needle begins with its second
                // byte at the latest.
                next = next.max(end.saturating_sub(2 + FAR));
                let found = self.begin(text, next, end.min(text.len()));
                if found.is_some() {
                    return found;
                }
                next = next.max(end);
            }
            last = entry;
            end += 2;
        }
        None
    }

    /// The first of at most eight places where a pattern may begin.
    #[inline(never)]
    fn begin(
        &self,
        text: &[u8],
        mut start: usize,
        end: usize,
    ) -> Option<usize> {
        let mut bytes = bytes_at(text, start);
        while start < end {
            let hash = hash(bytes as u32 & 0xff_ffff);
            if self.hashes[hash / 64] & 1 << (hash % 64) != 0
                && self.stands(text, start)
            {
                return Some(start);
            }
            bytes >>= 8;
            start += 1;
        }
        None
    }

    #[inline(never)]
    fn stands(&self, text: &[u8], at: usize) -> bool {
        self.patterns(text, at).next().is_some()
    }
}

/// Sixteen bytes of a text, the first one lowest, or what there is of them.
#[inline]
fn bytes_at(text: &[u8], at: usize) -> u128 {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(bytes) = rest.first_chunk() {
        return u128::from_le_bytes(*bytes);
    }
    let mut bytes = [0; 16];
    bytes[..rest.len()].copy_from_slice(rest);
    u128::from_le_bytes(bytes)
}

/// A number below 2^16, in which three bytes seldom agree with three others.
#[inline]
fn hash(three: u32) -> usize {
    (three.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    static PLAIN: Pattern = Pattern::new(
        "plain",
        &[
            "sk-",
            "risk-",
            "sk-or-v1-",
            "-us",
            "--pass",
            "pat-",
            "eyJ",
            "://",
            "session_token",
            "x_y",
            "passw",
            "-u",
        ],
        "",
        &[],
        &[],
    );

    static LONG: Pattern =
        Pattern::new("long", &["pat", "sess"], "", &[], &[]).run(4);

    /// All places, as a search for each needle finds them.
    fn slowly(text: &[u8]) -> Vec<usize> {
        let stands = |at: &usize| {
            let begins = |n: &&str| text[*at..].starts_with(n.as_bytes());
            let run = |n: &&str| {
                let behind = text.get(at + n.len()..).unwrap_or_default();
                let ends = |b: &u8| !b.is_ascii_alphanumeric();
                match behind.iter().position(ends) {
                    Some(end) => end >= 4 || behind[end] == b'\\',
                    None => behind.len() >= 4,
                }
            };
            PLAIN.needles.iter().any(begins)
                || LONG.needles.iter().any(|n| begins(n) && run(n))
        };
        (0..text.len()).filter(stands).collect()
    }

    #[test]
    fn every_place_is_found_in_order() {
        let needles = Needles::new(&[&PLAIN, &LONG]).unwrap();
        let pieces = [
            "sk-", "ri", "or-v1-", "-", "us", "pat", "eyJ", ":", "//", "_",
            "session", "token", "x_y", "passw", "é", " ", "\\", "1", "u",
        ];
        let mut state = 7_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005) + 1;
                text += pieces[(state >> 40) as usize % pieces.len()];
            }
            let text = text.as_bytes();
            let mut found = Vec::new();
            let mut place = needles.next(text, 0);
            while let Some(at) = place {
                found.push(at);
                place = needles.next(text, at + 1);
            }
            assert_eq!(found, slowly(text), "{text:?}");
        }
        assert_eq!(needles.next(b"sk-sk-sk-", 0), Some(0));
        assert_eq!(needles.next(b"sk-sk-sk-", 4), Some(6));
    }
}
