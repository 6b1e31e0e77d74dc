//! Blocks of text in, members out, compressed on several threads.

use std::num::NonZero;
use std::thread;

use super::member::Encoder;
use crate::error::Result;
use crate::io::large::relieve;
use crate::io::ordered::Ordered;

/// More threads than this by default would cost memory and gain little.
const DEFAULT_THREADS: usize = 12;

/// How many threads work: as many as were asked for, else one a core.
pub fn threads(wanted: Option<u64>) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    match wanted {
        Some(n) => usize::try_from(n).unwrap_or(cores),
        None => cores.min(DEFAULT_THREADS),
    }
}

/// A text that is to become a member.
#[derive(Debug, Default)]
pub struct Block {
    /// What the caller knows it by; comes back with the member.
    pub key: u64,
    /// The text.
    pub text: Vec<u8>,
    /// Least and greatest timestamp in it, in microseconds since 1970.
    pub range: Option<(i64, i64)>,
}

/// A finished member.
#[derive(Debug)]
pub struct Done {
    /// The block's key.
    pub key: u64,
    /// The block's text, whose buffer can be used again.
    pub text: Vec<u8>,
    /// The member's bytes; give the buffer back with [`Pool::recycle`].
    pub member: Vec<u8>,
}

/// Compresses blocks on a number of threads. Members come back in the order
/// of submission, and at most `threads + 2` blocks are under way.
pub struct Pool {
    work: Ordered<(Block, Vec<u8>), Result<Done>>,
    spare: Vec<Vec<u8>>,
}

impl Pool {
    /// A pool of `threads` workers at `level`, 1 to 9. Without any threads
    /// the caller's own does the work, at submission.
    pub fn new(level: u8, threads: usize) -> Pool {
        let work = Ordered::new(threads, || {
            let mut encoder = Encoder::new(level);
            move |(block, member)| compress(&mut encoder, block, member)
        });
        Pool { work, spare: Vec::new() }
    }

    /// [`Pool::take`] must be called before the next [`Pool::submit`].
    pub fn full(&self) -> bool {
        self.work.full()
    }

    /// Blocks submitted whose members were not taken.
    pub fn in_flight(&self) -> usize {
        self.work.in_flight()
    }

    /// Starts on a block. Fails when full, or when a worker panicked.
    pub fn submit(&mut self, block: Block) -> Result<()> {
        let member = self.spare.pop().unwrap_or_default();
        self.work.submit((block, member))
    }

    /// The member of the oldest block not yet taken, waiting for it; none
    /// when no block is under way.
    pub fn take(&mut self) -> Result<Option<Done>> {
        self.work.take()?.transpose()
    }

    /// Takes a member's buffer back, to be used again.
    pub fn recycle(&mut self, mut member: Vec<u8>) {
        relieve(&mut member);
        self.spare.push(member);
    }
}

fn compress(
    encoder: &mut Encoder,
    block: Block,
    mut member: Vec<u8>,
) -> Result<Done> {
    member.clear();
    encoder.member(&block.text, block.range, &mut member)?;
    Ok(Done { key: block.key, text: block.text, member })
}
