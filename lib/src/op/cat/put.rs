//! The files of a day, put out: no line of them before it is proven.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::file::{Warm, from_start};
use super::queue::Text;
use super::stream::Cat;
use super::texts::Input;
use crate::archive::tiers::WarmFile;
use crate::archive::{Known, not_as_said};
use crate::error::{Error, Result, quoted};
use crate::io::digest::{Hashing, hex};
use crate::io::durable;
use crate::time::Day;

/// How much of a plain file is read at once.
const PIECE: usize = 256 << 10;

impl Cat<'_> {
    /// Puts out what the warm and the hot tier have of a day.
    pub(super) fn day(
        &mut self,
        day: Day,
        files: VecDeque<Warm>,
    ) -> Result<()> {
        for warm in files {
            if warm.limit == 0 || self.sink.is_full() {
                continue;
            }
            self.warm(warm)?;
        }
        self.aside(Some(day))
    }

    /// Puts out the rows laid aside of a day, or of none.
    pub(super) fn aside(&mut self, day: Option<Day>) -> Result<()> {
        let mut asides = Vec::new();
        asides.extend(&mut self.whole);
        asides.extend(self.hot.as_mut().map(|hot| &mut hot.rows));
        if !asides.iter().any(|rows| rows.has(day)) {
            return Ok(());
        }
        self.drain()?;
        let mut chosen = Vec::new();
        let mut asides = Vec::new();
        asides.extend(&mut self.whole);
        asides.extend(self.hot.as_mut().map(|hot| &mut hot.rows));
        for rows in asides {
            rows.take(day, &mut |lines| {
                chosen.clear();
                let met = self.chooser.choose(lines, false, &mut chosen);
                self.sink.put(&chosen, met.rows)
            })?;
        }
        Ok(())
    }

    /// Puts out what is meant of a warm file.
    fn warm(&mut self, warm: Warm) -> Result<()> {
        let WarmFile { path, file, plain, day, .. } = &warm.file;
        if self.options.counts() && self.chooser.range.covers(*day) {
            let is = durable::length(&warm.open, path)?;
            let known = self.ledger.files()?.file(file);
            if let Some(known) = known.filter(|k| k.size_bytes == is) {
                self.sink.count(known.members.iter().map(|m| m.rows).sum());
                return Ok(());
            }
        }
        let mut limit = warm.limit;
        if *plain {
            limit = limit.min(self.proven_length(
                &warm.open,
                path.path(),
                file,
            )?);
        }
        let file_state = self.ledger.files()?.file(file);
        let rows = file_state.map(|f| f.members.iter().map(|m| m.rows).sum());
        let bytes = durable::length(&warm.open, path)?;
        let forms = self.ledger.forms(file)?;
        let formed = forms.iter().any(|(size, _)| *size == bytes);
        let known = Known { day: Some(*day), rows, same: formed };
        let same = file_state.is_some_and(|f| f.size_bytes == bytes);
        let mut text =
            Text::new(quoted(path), self.graver(file), *plain, known);
        text.rows = rows.filter(|_| same && warm.limit == u64::MAX);
        let mut input = from_start(&warm.open, path.path())?.take(limit);
        let whole = limit == u64::MAX && self.reads_all(*day);
        if !(self.options.verify || whole) || *plain {
            return self.text(Input::File(input), text);
        }
        input.set_limit(u64::MAX);
        let mut hashing = Hashing::new(&mut input);
        let mut meant = (&mut hashing).take(limit);
        self.text(Input::Stream(&mut meant), text)?;
        io::copy(&mut hashing, &mut io::sink())
            .map_err(|e| Error::io("read", path, e))?;
        let is = hashing.sha256();
        let forms = self.ledger.forms(file)?;
        // That it has another length was said.
        let bytes = durable::length(&warm.open, path)?;
        let known = forms.iter().any(|(size, _)| *size == bytes);
        if known && !forms.iter().any(|(_, form)| *form == is) {
            self.not_as_said(&quoted(path))?;
        }
        Ok(())
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
        let mut forms = self.ledger.forms(file)?;
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
        if proven < durable::length(open, path)? {
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
