//! Files that hold all rows of a run, whatever their days: read, and laid
//! aside by day.
//!
//! No lock is taken. Such a file is published once, and changes at most when
//! it is settled, by a rename: what was opened is one of its two forms, and
//! its length tells whether it is one that the ledger knows.

use std::fs::File;
use std::io::{self, Read};

use super::aside::Aside;
use super::file::from_start;
use super::stream::Cat;
use crate::archive::{
    ArchivedText, Damages, Known, Member, goes, named, not_as_said,
    proven_lines,
};
use crate::error::{Error, Exit, Result, counted, quoted};
use crate::io::digest::Hashing;
use crate::io::tree_path::TreePath;
use crate::io::{durable, gz};
use crate::record::records;
use crate::time::Day;

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
        for file in self.whole_files()? {
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
    pub(super) fn whole_files(&self) -> Result<Vec<String>> {
        let known = self.ledger.files()?;
        let meant = |file: &str, member: &Member| {
            let settled = match &self.hot {
                Some(hot) => hot.cut.settled.get(file).is_some_and(|s| *s > 0),
                None => true,
            };
            member.is_of(&self.origin)
                && settled
                && self.chooser.range.overlaps(&member.oldest, &member.newest)
        };
        let mut files: Vec<String> = known
            .files()
            .filter(|(name, _)| is_whole(name))
            .filter(|(name, file)| file.members.iter().any(|m| meant(name, m)))
            .map(|(name, _)| name.to_owned())
            .collect();
        files.sort();
        Ok(files)
    }

    /// Opens a file of the ledger's, and gives its length; nothing where it
    /// goes by the ledger.
    fn open_whole(
        &mut self,
        file: &str,
    ) -> Result<Option<(TreePath, File, u64)>> {
        let path = self.tree.path(file)?;
        let opened = durable::open_if_there(&path)
            .map_err(|error| error.with_exit(self.graver(file)))?;
        let open = match opened {
            Some(open) => open,
            None if goes(self.ledger.state(), file) => return Ok(None),
            None => return Err(not_as_said(&path, "is missing")),
        };
        let is = durable::length(&open, &path)?;
        if !self.ledger.forms(file)?.iter().any(|(size, _)| *size == is) {
            self.trouble(not_as_said(
                &path,
                "is not as long as the ledger says",
            ));
        }
        Ok(Some((path, open, is)))
    }

    fn lay_aside(&mut self, file: &str) -> Result<()> {
        let Some((path, open, is)) = self.open_whole(file)? else {
            return Ok(());
        };
        let counts = self.options.counts() && self.chooser.range.is_all();
        let known = self.ledger.files()?.file(file);
        if let Some(known) = known.filter(|k| counts && k.size_bytes == is) {
            self.sink.count(known.members.iter().map(|m| m.rows).sum());
            return Ok(());
        }
        let name = quoted(&path);
        let plain = !file.ends_with(".gz");
        let limit = match plain {
            true => self.proven_length(&open, path.path(), file)?,
            false => u64::MAX,
        };
        let mut input = from_start(&open, path.path())?.take(limit);
        let forms = self.ledger.forms(file)?;
        let same = forms.iter().any(|(size, _)| *size == is);
        let known = Known { day: None, rows: None, same };
        let source = ArchivedText { plain, what: &name, file, known };
        let threads = gz::threads(self.options.threads);
        let (mut damages, mut full) = (Damages::default(), false);
        let mut undated = 0;
        let mut each = |lines: &[u8]| {
            undated += self.take(lines)?;
            Ok(())
        };
        let mut hashing = Hashing::new(&mut input);
        let done = proven_lines(
            &mut hashing,
            &source,
            threads,
            &mut damages,
            &mut full,
            &mut each,
        );
        if undated > 0 {
            self.notes.warn(&format!(
                "{name}: {} left out, whose time cannot be read",
                counted(undated, "record")
            ));
        }
        let mut sound = !plain && done.is_ok();
        for error in damages.tell(known) {
            sound = false;
            self.trouble_with(file, error);
        }
        done.map_err(|error| named(error, &name))?;
        if sound {
            io::copy(&mut hashing, &mut io::sink())
                .map_err(|e| Error::io("read", &path, e))?;
            let digest = hashing.sha256();
            self.check_digest((&path, file), is, &digest)?;
        }
        Ok(())
    }

    /// Holds what was read of a file of this length against the ledger; that
    /// it has another length was said.
    fn check_digest(
        &mut self,
        (path, file): (&TreePath, &str),
        size_bytes: u64,
        digest: &str,
    ) -> Result<()> {
        let forms = self.ledger.forms(file)?;
        let known = forms.iter().any(|(size, _)| *size == size_bytes);
        if known && !forms.iter().any(|(_, form)| *form == digest) {
            self.trouble(not_as_said(path, "is not what the ledger says"));
        }
        Ok(())
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
            let at = self
                .chooser
                .range
                .time(record)
                .map_err(|fault| Error::data(fault.to_string()))?;
            if !self.chooser.range.is_all() {
                undated += u64::from(at.is_none());
                if !at.is_some_and(|at| self.chooser.range.means(at)) {
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
