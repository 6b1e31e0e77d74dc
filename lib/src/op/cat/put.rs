//! The files of a day, put out: no line of them before it is proven.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::file::{Warm, forms, from_start, length};
use super::lines::{Met, Next, copy};
use super::lost::{Damages, Known};
use super::stream::Cat;
use crate::archive::not_as_said;
use crate::archive::tiers::WarmFile;
use crate::error::{Error, Result, counted, quoted};
use crate::io::digest::hex;
use crate::io::durable;
use crate::io::gz::{Proven, Step};
use crate::time::Day;

/// How much of a plain file is read at once.
const PIECE: usize = 256 << 10;

/// A text that is to be put out.
pub(super) struct Source<'s> {
    /// It has no gzip of its own.
    pub plain: bool,
    /// What messages call it.
    pub what: &'s str,
    /// The file of the tree that it is in.
    pub file: &'s str,
    /// What it should hold.
    pub known: Known,
}

impl Cat<'_> {
    /// Puts out what the warm and the hot tier have of a day.
    pub(super) fn day(
        &mut self,
        day: Day,
        files: VecDeque<Warm>,
    ) -> Result<()> {
        for warm in files {
            if warm.limit == 0 {
                continue;
            }
            self.warm(warm)?;
        }
        if let Some(whole) = &mut self.whole {
            whole.day(day, &mut self.sink)?;
        }
        match &mut self.hot {
            Some(hot) => hot.rows.day(day, &mut self.sink),
            None => Ok(()),
        }
    }

    /// Puts out what is meant of a warm file.
    fn warm(&mut self, warm: Warm) -> Result<()> {
        let WarmFile { path, file, plain, day, .. } = &warm.file;
        let mut limit = warm.limit;
        if *plain {
            limit = limit.min(self.proven_length(&warm.open, path, file)?);
        }
        let file_state = self.ledger.state().file(file);
        let rows = file_state.map(|f| f.members.iter().map(|m| m.rows).sum());
        let source = Source {
            plain: *plain,
            what: &quoted(path),
            file,
            known: Known { day: Some(*day), rows },
        };
        let mut input = from_start(&warm.open, path)?.take(limit);
        self.text(&mut input, &source)
    }

    /// How much of a file that has no check of its own is, by its digest, what
    /// the ledger says: only so much of it is written. One that the ledger
    /// does not know is taken as it is.
    pub(super) fn proven_length(
        &mut self,
        open: &File,
        path: &Path,
        file: &str,
    ) -> Result<u64> {
        let state = self.ledger.state();
        let mut forms = forms(state, file);
        if forms.is_empty() {
            return Ok(u64::MAX);
        }
        // What was settled before holds without the segment behind it.
        for open in state.intents().chain(state.unsettled()) {
            let segment = &open.segment;
            if segment.file == file
                && let Some(sha256) = &segment.before_sha256
            {
                forms.push((segment.offset_bytes, sha256));
            }
        }
        forms.sort_unstable();
        let input = from_start(open, path)?;
        let proven = match proven_prefix(input, path, &forms) {
            Ok(proven) => proven,
            Err(error) => {
                self.trouble_with(file, error);
                return Ok(0);
            }
        };
        if proven < length(open, path)? {
            let rows = match proven {
                0 => "its rows".to_owned(),
                _ => format!("the rows behind byte {proven}"),
            };
            self.trouble(not_as_said(
                path,
                &format!(
                    "is not what the ledger says, and has no check of its \
                     own: {rows} are left out"
                ),
            ));
        }
        Ok(proven)
    }

    /// Puts out the lines of one text; what is wrong with it is noted.
    pub(super) fn text(
        &mut self,
        input: &mut dyn Read,
        source: &Source<'_>,
    ) -> Result<()> {
        let Source { what, file, known, .. } = source;
        let (mut met, mut damages) = (Met::default(), Damages::default());
        let (range, sink) = (&self.range, &mut self.sink);
        let done = if source.plain {
            let path = Path::new(what);
            let next = &mut |piece: &mut Vec<u8>| plain(input, path, piece);
            copy(next, range, true, sink, &mut met)
        } else {
            let mut reader = Proven::new(input, *what, 0);
            let next = &mut |piece: &mut Vec<u8>| {
                proven(&mut reader, &mut damages, piece)
            };
            let done = copy(next, range, false, sink, &mut met);
            sink.failed |= reader.is_full();
            done
        };
        if self.sink.failed {
            return done;
        }
        if met.undated > 0 {
            self.notes.warn(&format!(
                "{what}: {} left out, whose time cannot be read",
                counted(met.undated, "record")
            ));
        }
        let damages = damages.tell(*known);
        let errors = damages.chain(done.err()).chain(met.trouble());
        for error in errors {
            let error = match error.to_string().contains(what) {
                true => error,
                false => error.during(what),
            };
            self.trouble_with(file, error);
        }
        Ok(())
    }
}

/// The next piece of a text without gzip.
pub(super) fn plain(
    input: &mut dyn Read,
    path: &Path,
    piece: &mut Vec<u8>,
) -> Result<Next> {
    piece.resize(PIECE, 0);
    let n = durable::read_full(input, piece)
        .map_err(|e| Error::io("read", path, e))?;
    piece.truncate(n);
    Ok(if n > 0 { Next::Piece } else { Next::End })
}

/// The next piece of a text in gzip that is proven.
pub(super) fn proven<R: Read>(
    reader: &mut Proven<R>,
    damages: &mut Damages,
    piece: &mut Vec<u8>,
) -> Result<Next> {
    Ok(match reader.next(piece)? {
        Step::Text => Next::Piece,
        Step::Damaged(damage) => {
            damages.add(damage);
            Next::Gap
        }
        Step::End => Next::End,
    })
}

/// The longest of some forms that a file begins with; they are sorted by
/// length.
fn proven_prefix(
    mut file: File,
    path: &Path,
    forms: &[(u64, &str)],
) -> Result<u64> {
    let (mut hash, mut at, mut proven) = (Sha256::new(), 0, 0);
    let mut piece = vec![0; PIECE];
    for (size, sha256) in forms {
        while at < *size {
            let left = usize::try_from(size - at).unwrap_or(PIECE);
            let n =
                durable::read_full(&mut file, &mut piece[..left.min(PIECE)])
                    .map_err(|e| Error::io("read", path, e))?;
            if n == 0 {
                return Ok(proven);
            }
            hash.update(&piece[..n]);
            at += n as u64;
        }
        if hex(&hash.clone().finalize()) == *sha256 {
            proven = *size;
        }
    }
    Ok(proven)
}
