//! Which two pairs of bytes tell that a needle may stand at a place.
//!
//! A text is read in pairs, at every other place. A needle falls onto them in
//! one of two ways; for each of them two pairs that follow each other are
//! chosen, of which texts have few. Needles are dealt out to groups, so that
//! the pairs of a group are few and rare: where a text has any first pair and
//! any second pair of one group, one of its needles may stand.

/// How many groups there are: a table holds a bit for each, twice.
pub(super) const GROUPS: usize = 16;

/// How far into a needle its first pair may lie: the farther, the more places
/// are looked at where both are found.
pub(super) const FAR: usize = 6;

/// How many choices of pairs are weighed for a needle.
const CHOICES: usize = 3;

/// Two bytes, each of which may be any.
type Pair = [Option<u8>; 2];

/// For each pair the groups that have it as their first, and above their bits
/// those that have it as their second.
pub(super) type Table = [u32; 256 * ROW];

/// How far apart in a table the pairs of two second bytes are. With 256 what
/// most texts hold would share few sets of a processor's first cache, which
/// are as many bytes apart: a row is one line of a cache longer.
const ROW: usize = 256 + 16;

/// How often a byte stands in logs and sources, roughly.
fn weight(byte: u8) -> f64 {
    let per_thousand = match byte {
        b' ' => 120,
        b'a' | b'e' | b'i' | b'n' | b'o' | b'r' | b's' | b't' => 50,
        b'c' | b'd' | b'f' | b'h' | b'l' | b'm' | b'p' | b'u' => 25,
        b'"' | b',' | b'-' | b'.' | b'/' | b':' | b'_' => 12,
        b'0'..=b'9' => 12,
        b'a'..=b'z' => 10,
        b'!'..=b'~' => 4,
        _ => 1,
    };
    f64::from(per_thousand) / 1000.0
}

/// How rare two bytes are.
fn rarity(pair: Pair) -> f64 {
    pair.iter().flatten().map(|byte| weight(*byte)).product()
}

/// The first, or the second pairs of all groups.
struct Side {
    shift: usize,
    /// How often one of a group's pairs stands in a text.
    sums: [f64; GROUPS],
    /// How much of that is of pairs that begin, or end, with a byte.
    by_byte: [Vec<[f64; GROUPS]>; 2],
}

impl Side {
    fn new(shift: usize) -> Side {
        let by_byte = || vec![[0.0; GROUPS]; 256];
        Side { shift, sums: [0.0; GROUPS], by_byte: [by_byte(), by_byte()] }
    }

    /// What a group would gain with a pair.
    fn gain(&self, table: &[u32], pair: Pair, group: usize) -> f64 {
        let half = |side: usize, byte: u8| {
            weight(byte) - self.by_byte[side][usize::from(byte)][group]
        };
        match pair {
            [Some(one), Some(two)] => {
                let bit = 1 << (self.shift + group);
                match table[number([one, two])] & bit {
                    0 => rarity(pair),
                    _ => 0.0,
                }
            }
            [Some(byte), None] => half(0, byte).max(0.0),
            [None, Some(byte)] => half(1, byte).max(0.0),
            [None, None] => 1.0 - self.sums[group],
        }
    }

    fn add(&mut self, table: &mut [u32], pair: Pair, group: usize) {
        let bit = 1 << (self.shift + group);
        let bytes = |byte: Option<u8>| match byte {
            Some(byte) => byte..=byte,
            None => 0..=u8::MAX,
        };
        for one in bytes(pair[0]) {
            for two in bytes(pair[1]) {
                let groups = &mut table[number([one, two])];
                if *groups & bit == 0 {
                    *groups |= bit;
                    let rare = weight(one) * weight(two);
                    self.sums[group] += rare;
                    let [begins, ends] = &mut self.by_byte;
                    begins[usize::from(one)][group] += rare;
                    ends[usize::from(two)][group] += rare;
                }
            }
        }
    }
}

/// The place of a pair in a table.
#[inline]
pub(super) fn number([one, two]: [u8; 2]) -> usize {
    usize::from(two) * ROW + usize::from(one)
}

/// The two pairs of a needle that can be chosen, the rarest first, where it
/// begins at the second byte of a pair (`odd`), or at the first.
fn choices(needle: &[u8], odd: bool) -> Vec<[Pair; 2]> {
    // Of a needle that begins at the second byte, the first is any.
    let lead = usize::from(odd);
    let byte = |at: usize| Some(*needle.get(at.checked_sub(lead)?)?);
    let pair = |at: usize| [byte(at), byte(at + 1)];
    let ends = needle.len() + lead;
    let places = (0..=FAR).step_by(2).filter(|at| at + 2 <= ends);
    let mut all: Vec<[Pair; 2]> =
        places.map(|at| [pair(at), pair(at + 2)]).collect();
    let rare = |pairs: &[Pair; 2]| rarity(pairs[0]) * rarity(pairs[1]);
    all.sort_by(|one, two| rare(one).total_cmp(&rare(two)));
    all.truncate(CHOICES);
    all
}

/// The table for needles of two bytes or more; none where one is shorter.
pub(super) fn table(needles: &[&[u8]]) -> Option<Box<Table>> {
    let ways =
        needles.iter().flat_map(|n| [choices(n, false), choices(n, true)]);
    let mut ways: Vec<Vec<[Pair; 2]>> = ways.collect();
    if ways.iter().any(Vec::is_empty) {
        return None;
    }
    // The frequent ones find their groups while those are empty.
    let rare = |way: &Vec<[Pair; 2]>| rarity(way[0][0]) * rarity(way[0][1]);
    ways.sort_by(|one, two| rare(two).total_cmp(&rare(one)));
    let mut table = vec![0_u32; 256 * ROW];
    let mut sides = [Side::new(0), Side::new(GROUPS)];
    for way in ways {
        let mut least = (f64::INFINITY, way[0], 0);
        for [first, second] in way {
            for group in 0..GROUPS {
                let [one, two] = [&sides[0], &sides[1]];
                let now = one.sums[group] * two.sums[group];
                let then = (one.sums[group] + one.gain(&table, first, group))
                    * (two.sums[group] + two.gain(&table, second, group));
                if then - now < least.0 {
                    least = (then - now, [first, second], group);
                }
            }
        }
        let (_, pairs, group) = least;
        for (side, pair) in sides.iter_mut().zip(pairs) {
            side.add(&mut table, pair, group);
        }
    }
    table.into_boxed_slice().try_into().ok()
}
