//! Files that hold all rows of a run, whatever their days: read, and laid
//! aside by day.
//!
//! No lock is taken. Such a file is published once, and changes at most when
//! it is settled, by a rename: what was opened is one of its two forms, and
//! its length tells whether it is one that the ledger knows.

use std::fs::File;
use std::path::Path;

use super::Cat;
use super::aside::Aside;
use super::view::{goes, length, sizes};
use crate::archive::{Member, not_as_said};
use crate::error::{Error, Exit, Result, quoted};
use crate::io::durable;
use crate::io::gz;
use crate::record::records;
use crate::time::Day;

/// How much of a plain file is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// Whether a file of the ledger's is one.
pub(super) fn is_whole(file: &str) -> bool {
    !file.contains('/')
}

impl Cat<'_> {
    /// Lays aside the rows of all files of the table; says whether there are
    /// any files.
    pub(super) fn lay_whole_aside(&mut self) -> Result<bool> {
        let mut found = false;
        self.ledger.refresh()?;
        for file in self.whole_files() {
            found = true;
            match self.lay_aside(&file) {
                Ok(()) => {}
                Err(e) if matches!(e.exit(), Exit::Data | Exit::Disagree) => {
                    self.trouble_with(&file, e);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(whole) = &mut self.whole {
            whole.flush()?;
        }
        Ok(found)
    }

    /// Those that can hold rows that are meant, by name. Beside the hot rows
    /// only what was settled when they were read belongs to the stream.
    fn whole_files(&self) -> Vec<String> {
        let state = self.ledger.state();
        let meant = |file: &str, member: &Member| {
            let table = member.table.as_deref().unwrap_or_default();
            let settled = match &self.hot {
                Some(hot) => hot.cut.settled.get(file).is_some_and(|s| *s > 0),
                None => true,
            };
            table.eq_ignore_ascii_case(&self.options.table)
                && settled
                && self.range.overlaps(&member.oldest, &member.newest)
        };
        let mut files: Vec<String> = state
            .files()
            .filter(|(name, _)| is_whole(name))
            .filter(|(name, file)| file.members.iter().any(|m| meant(name, m)))
            .map(|(name, _)| name.to_owned())
            .collect();
        files.sort();
        files
    }

    fn lay_aside(&mut self, file: &str) -> Result<()> {
        let path = self.tree.path(file)?;
        let state = self.ledger.state();
        let Some(open) = durable::open_if_there(&path)? else {
            return match goes(state, file) {
                true => Ok(()),
                false => Err(not_as_said(&path, "is missing")),
            };
        };
        if !sizes(state, file).contains(&length(&open, &path)?) {
            return Err(not_as_said(
                &path,
                "is not as long as the ledger says",
            ));
        }
        let name = quoted(&path);
        let (mut piece, mut rest) = (Vec::new(), Vec::new());
        let mut text = Text::new(open, &name, file.ends_with(".gz"));
        let mut undated = 0;
        while text.next(&path, &mut piece)? {
            let end = memchr::memrchr(b'\n', &piece).map_or(0, |end| end + 1);
            rest.extend_from_slice(&piece[..end]);
            if end > 0 {
                undated += self.take(&rest)?;
                rest.clear();
            }
            rest.extend_from_slice(&piece[end..]);
        }
        if undated > 0 {
            self.notes.warn(&format!(
                "{name}: the time of {undated} records cannot be read, they \
                 are left out"
            ));
        }
        match rest.is_empty() {
            true => Ok(()),
            false => Err(Error::data(format!(
                "{name} ends in the middle of a line"
            ))),
        }
    }

    /// Takes the rows of some whole lines that are meant; gives how many
    /// could not be told.
    fn take(&mut self, lines: &[u8]) -> Result<u64> {
        let whole = match &mut self.whole {
            Some(whole) => whole,
            none => none.insert(Aside::new()?),
        };
        let (mut line, mut undated) = (Vec::new(), 0);
        for record in records(lines) {
            let at = self.range.time(record)?;
            if !self.range.is_all() {
                undated += u64::from(at.is_none());
                if !at.is_some_and(|at| self.range.means(at)) {
                    continue;
                }
            }
            line.clear();
            line.extend_from_slice(record);
            line.push(b'\n');
            whole.add(at.map(Day::of), &line);
        }
        whole.relieve()?;
        Ok(undated)
    }
}

/// The text of a file, piece by piece.
enum Text {
    Plain(File),
    Gzip(Box<gz::Reader<File>>),
}

impl Text {
    fn new(open: File, name: &str, compressed: bool) -> Text {
        match compressed {
            true => Text::Gzip(Box::new(gz::Reader::parallel(open, name, 1))),
            false => Text::Plain(open),
        }
    }

    /// Whether there was another piece.
    fn next(&mut self, path: &Path, piece: &mut Vec<u8>) -> Result<bool> {
        match self {
            Text::Gzip(reader) => reader.next_block(piece),
            Text::Plain(file) => {
                piece.resize(PIECE, 0);
                let n = durable::read_full(file, piece)
                    .map_err(|e| Error::io("read", path, e))?;
                piece.truncate(n);
                Ok(n > 0)
            }
        }
    }
}
