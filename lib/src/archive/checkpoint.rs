//! What the ledger says up to some line, kept beside it in
//! `ledger.checkpoint`, so that programs need not replay all of it.
//!
//! Invariants. It is derived, and nothing rests on it: it can be removed at any
//! time, is never flushed, and whatever is wrong with it only means that the
//! ledger is replayed. It counts only for a ledger that still has, at the same
//! place, the very line with which it ends: that line's digest stands for all
//! lines before. What is read of it is held against a digest first. Only whoever
//! holds the flock of the ledger writes one, whole, by a rename, and when all
//! lines of the ledger are durable: so none of them is lost behind it.
//!
//! Three parts: a line that gives form, lengths and digests of the other two;
//! the end of the lines and the [`State`], which every program reads; and the
//! [`Inventory`], which is read when somebody asks.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::inventory::Inventory;
use super::replay::{End, Replay};
use super::state::State;
use crate::crash;
use crate::error::{Error, Result};
use crate::io::digest::{Sum, hex};
use crate::io::durable::{self, Temp};
use crate::io::tree_path::TreePath;

/// Its name in the root of a tree.
pub const CHECKPOINT: &str = "ledger.checkpoint";

/// Changes with what [`State`] and [`Inventory`] make of the same events.
const FORM: u32 = 3;

/// What is read at once: mostly all that comes before the inventory.
const FIRST_BYTES: usize = 16 << 10;

/// The length of the first line, padded with blanks: it is written last.
const HEAD_BYTES: usize = 512;

/// So far behind the ledger a checkpoint may be, in bytes: what a program
/// replays in well under a millisecond. Test builds write one for a ledger of
/// few lines, so that every test meets them.
const BEHIND_BYTES: u64 =
    if cfg!(debug_assertions) { 1 << 10 } else { 16 << 10 };

/// Where a large one may be further behind: this part of its own length.
const BEHIND_PART: u64 = 64;

/// The first line.
#[derive(Deserialize, Serialize)]
#[serde(tag = "type", rename = "checkpoint")]
struct Head {
    form: u32,
    /// The version of the program: another one may know other events.
    version: String,
    state_bytes: u64,
    state_sha256: String,
    inventory_bytes: u64,
    inventory_sha256: String,
}

/// The second part, as it is written.
#[derive(Serialize)]
struct Ended<'s> {
    end: &'s End,
    state: &'s State,
}

/// The second part, as it is read.
#[derive(Deserialize)]
struct Found {
    end: End,
    state: State,
}

/// A checkpoint whose inventory was not read yet.
#[derive(Debug)]
pub(super) struct Checkpoint {
    file: File,
    /// Where the inventory begins.
    at: u64,
    inventory_bytes: u64,
    inventory_sha256: String,
    /// The length of the ledger up to there.
    pub covers_bytes: u64,
}

impl Checkpoint {
    /// The one of the tree at `root`, if it is one of this ledger, and what
    /// the ledger says up to there.
    pub fn read(root: &Path, ledger: &File) -> Option<(Checkpoint, Replay)> {
        let file = durable::open_if_there(&path(root)).ok()??;
        let length = file.metadata().ok()?.len();
        let mut first =
            vec![0; FIRST_BYTES.min(usize::try_from(length).ok()?)];
        file.read_exact_at(&mut first, 0).ok()?;
        let line = memchr::memchr(b'\n', &first)?;
        let head: Head = serde_json::from_slice(&first[..line]).ok()?;
        let state_at = line as u64 + 1;
        let at = state_at.checked_add(head.state_bytes)?;
        let known = head.form == FORM && head.version == version();
        if !known || at.checked_add(head.inventory_bytes) != Some(length) {
            return None;
        }
        let text = match first.get(line + 1..usize::try_from(at).ok()?) {
            Some(text) => text.to_owned(),
            None => part(&file, state_at, head.state_bytes)?,
        };
        if hex(&Sha256::digest(&text)) != head.state_sha256 {
            return None;
        }
        let Found { end, mut state } = serde_json::from_slice(&text).ok()?;
        if !ends_so(ledger, &end)? {
            return None;
        }
        state.index();
        let found = Checkpoint {
            file,
            at,
            inventory_bytes: head.inventory_bytes,
            inventory_sha256: head.inventory_sha256,
            covers_bytes: end.size_bytes,
        };
        Some((found, Replay::behind(end, state)))
    }

    /// Its inventory, if that is sound.
    pub fn inventory(&self) -> Option<Inventory> {
        let text = part(&self.file, self.at, self.inventory_bytes)?;
        if hex(&Sha256::digest(&text)) != self.inventory_sha256 {
            return None;
        }
        serde_json::from_slice(&text).ok()
    }
}

/// Whether a ledger of this length has grown far beyond its checkpoint.
pub(super) fn lags(known: Option<&Checkpoint>, size_bytes: u64) -> bool {
    let (covers, part) = known.map_or((0, 0), |known| {
        (known.covers_bytes, known.inventory_bytes / BEHIND_PART)
    });
    size_bytes.saturating_sub(covers) >= BEHIND_BYTES.max(part)
}

fn path(root: &Path) -> TreePath {
    TreePath::root(root).join(CHECKPOINT)
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Puts a new one in the place of the one that is there. It is not flushed:
/// half of it is none.
pub(super) fn write(
    root: &Path,
    (end, state): (&End, &State),
    inventory: &Inventory,
) -> Result<Checkpoint> {
    let bad = |e| {
        Error::failed(format!("cannot write the ledger's checkpoint: {e}"))
    };
    let path = path(root);
    let mut temp = Temp::in_tree(&path.folder())?;
    let fail = |e| Error::io("write", &path, e);
    let file = temp.file()?.try_clone().map_err(fail)?;
    // Its parts may be longer than memory should hold: they are written as
    // they come, and then the head, which says what they are.
    (&file).write_all(&[b' '; HEAD_BYTES]).map_err(fail)?;
    let state = append(&file, &Ended { end, state }).map_err(bad)?;
    let inventory = append(&file, inventory).map_err(bad)?;
    let head = Head {
        form: FORM,
        version: version().to_owned(),
        state_bytes: state.size_bytes,
        state_sha256: state.hex(),
        inventory_bytes: inventory.size_bytes,
        inventory_sha256: inventory.hex(),
    };
    let mut line = serde_json::to_vec(&head).map_err(bad)?;
    line.resize(HEAD_BYTES - 1, b' ');
    line.push(b'\n');
    file.write_all_at(&line, 0).map_err(fail)?;
    let at = HEAD_BYTES as u64 + head.state_bytes;
    crash::point("checkpoint.drafted");
    temp.replace(&path)?;
    crash::point("checkpoint.written");
    Ok(Checkpoint {
        file,
        at,
        inventory_bytes: head.inventory_bytes,
        inventory_sha256: head.inventory_sha256,
        covers_bytes: end.size_bytes,
    })
}

/// Appends a part, and sums it up.
fn append(file: &File, part: &impl Serialize) -> serde_json::Result<Sum> {
    let mut out = BufWriter::new(Summing { file, sum: Sum::default() });
    serde_json::to_writer(&mut out, part)?;
    let whole =
        out.into_inner().map_err(|e| serde_json::Error::io(e.into_error()))?;
    Ok(whole.sum)
}

/// Writes to a file, and sums up what it writes.
struct Summing<'f> {
    file: &'f File,
    sum: Sum,
}

impl Write for Summing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.sum.add(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a ledger has the line with which these lines end, at its place.
fn ends_so(ledger: &File, end: &End) -> Option<bool> {
    let start = end.size_bytes.checked_sub(end.line_bytes)?;
    // The end of the line before is the mark that this one begins here.
    let before = u64::from(start > 0);
    if end.size_bytes > ledger.metadata().ok()?.len() {
        return Some(false);
    }
    let text = part(ledger, start - before, end.line_bytes + before)?;
    let (before, line) = text.split_at(usize::from(start > 0));
    let line = line.strip_suffix(b"\n")?;
    Some(
        (before.is_empty() || before == b"\n")
            && hex(&Sha256::digest(line)) == end.sha256,
    )
}

/// A part of a file that is as long as was looked at before.
fn part(file: &File, at: u64, size_bytes: u64) -> Option<Vec<u8>> {
    let mut text = vec![0; usize::try_from(size_bytes).ok()?];
    file.read_exact_at(&mut text, at).ok()?;
    Some(text)
}
