//! The ledger in pieces, as it goes to a remote and comes back: some lines each,
//! from one `seq` to another, byte for byte.
//!
//! A piece's name has both, and the first digits of the digest of its bytes. So
//! a half copy shows, and a ledger that went another way: pieces may overlap,
//! but never differ in a line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::inventory::Inventory;
use super::ledger::Ledger;
use super::shipments::piece_name;
use crate::error::{Error, Result, quote};
use crate::io::digest::hex;

/// Lines of a ledger.
#[derive(Debug)]
pub struct Piece {
    /// The `seq` of the first one.
    pub first: u64,
    /// That of the last one.
    pub last: u64,
    /// Their bytes.
    pub text: Vec<u8>,
}

impl Piece {
    /// SHA-256 of its bytes.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.text))
    }

    /// The object that it is at a remote.
    pub fn name(&self) -> String {
        piece_name(self.first, self.last, &self.sha256())
    }

    /// Whether anything stands in it but what became of copies at remotes.
    pub fn has_news(&self) -> bool {
        #[derive(Deserialize)]
        struct Typed {
            r#type: String,
        }
        let about = ["ship", "shipped", "withdraw", "withdrawn"];
        let lines = self.text.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        let mut types = lines.map(serde_json::from_slice::<Typed>);
        types.any(|t| t.is_ok_and(|t| !about.contains(&&*t.r#type)))
    }
}

/// Where the lines of a ledger are.
#[derive(Debug)]
pub struct LedgerLines<'l> {
    ledger: &'l Ledger,
    /// Where each line ends, in bytes.
    ends: Vec<u64>,
}

impl<'l> LedgerLines<'l> {
    /// The lines that the ledger had when it was followed.
    pub fn of(ledger: &'l Ledger) -> Result<LedgerLines<'l>> {
        let mut ends = Vec::new();
        if let Some(file) = ledger.from(0)? {
            let (mut input, mut at) = (BufReader::new(file), 0);
            while ends.len() as u64 != ledger.lines() {
                let n = input
                    .skip_until(b'\n')
                    .map_err(|e| Error::io("read", &ledger.path, e))?;
                if n == 0 {
                    break;
                }
                at += n as u64;
                ends.push(at);
            }
        }
        Ok(LedgerLines { ledger, ends })
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.ends.len() as u64
    }

    fn end(&self, seq: u64) -> Option<u64> {
        let Some(before) = seq.checked_sub(1) else { return Some(0) };
        self.ends.get(usize::try_from(before).ok()?).copied()
    }

    /// Some of them; none where the ledger does not have them all.
    pub fn piece(&self, first: u64, last: u64) -> Result<Option<Piece>> {
        let start = first.checked_sub(1).and_then(|seq| self.end(seq));
        let (Some(start), Some(end)) = (start, self.end(last)) else {
            return Ok(None);
        };
        let mut text = Vec::new();
        if let Some(file) = self.ledger.from(start)? {
            let mut part =
                std::io::Read::take(file, end.saturating_sub(start));
            std::io::Read::read_to_end(&mut part, &mut text)
                .map_err(|e| Error::io("read", &self.ledger.path, e))?;
        }
        Ok(Some(Piece { first, last, text }))
    }

    /// What the files were, by the ledger up to one of its lines.
    pub fn files_at(&self, seq: u64) -> Result<Inventory> {
        let there = self.ledger.replay_to(self.end(seq).unwrap_or(0))?;
        Ok(there.inventory.into_known().unwrap_or_default())
    }

    /// Whether a piece of this name is one of this ledger.
    pub fn have(&self, name: &str) -> Result<bool> {
        let Some((first, last)) = lines_of(name) else { return Ok(false) };
        let piece = self.piece(first, last)?;
        Ok(piece.is_some_and(|piece| piece.name() == name))
    }
}

/// The first and the last line of a piece, by its name.
pub(super) fn lines_of(name: &str) -> Option<(u64, u64)> {
    let stem = name.strip_prefix("ledger/")?.strip_suffix(".jsonl")?;
    let mut parts = stem.split('-');
    let first = parts.next()?.parse().ok()?;
    let last = parts.next()?.parse().ok()?;
    (first >= 1 && first <= last).then_some((first, last))
}

/// The ledger that pieces make, which are given by their names; those that are
/// half copies are left out, and named in the second part.
///
/// # Errors
/// Status 5 where lines are missing between two pieces, or two of them differ.
pub fn join_pieces(
    pieces: BTreeMap<String, Vec<u8>>,
) -> Result<(Vec<u8>, Vec<String>)> {
    let (mut text, mut halves, mut next) = (Vec::new(), Vec::new(), 1);
    for (name, bytes) in pieces {
        let Some((first, last)) = lines_of(&name) else { continue };
        let piece = Piece { first, last, text: bytes };
        if piece.name() != name {
            halves.push(name);
            continue;
        }
        if first > next {
            return Err(Error::disagree(format!(
                "the remote has no line {next} of the ledger, and the lines \
                 from {first} on"
            ))
            .hint("a piece of the ledger was removed there: put it back"));
        }
        // Chains tell whether pieces that overlap are of one ledger: the first
        // new line holds the digest of the one before.
        let known = usize::try_from(next - first).unwrap_or(usize::MAX);
        let mut lines = piece.text.split_inclusive(|b| *b == b'\n');
        if known > 0 {
            let same = lines.nth(known - 1).is_none_or(|l| text.ends_with(l));
            if !same {
                return Err(Error::disagree(format!(
                    "{} is of another ledger than the piece before",
                    quote(&name)
                )));
            }
        }
        for line in lines {
            text.extend_from_slice(line);
        }
        next = next.max(last + 1);
    }
    Ok((text, halves))
}
