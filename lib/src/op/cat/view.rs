//! A month's files, opened so that each segment is in them once.
//!
//! No lock is taken. The warm files are opened first, then the month's tar,
//! then the ledger is read; last, the warm files must still be the ones that
//! were opened, else all is done again. So a file that rt-consolidate moves is
//! met: it goes only when its rows are in a tar that has its name. And it is
//! met once: where both are there, the ledger still has the intent, which
//! tells whether the tar that was opened is the one with its rows.

use std::collections::BTreeSet;
use std::fs::File;

use super::file::{Warm, from_start, holds};
use super::options::Tier;
use super::stream::Cat;
use super::tar::{Month, tar_of};
use crate::archive::tiers::{WarmFile, warm_files_of};
use crate::archive::{Change, Kind, goes, not_as_said};
use crate::error::{Error, Exit, Result};
use crate::io::digest::is_file;
use crate::io::durable::{self, FileId};
use crate::io::tree_path::TreePath;

/// How often a month is looked at when its files move.
const TRIES: u32 = 100;

/// What of a month is to be read.
pub(super) struct View {
    pub warm: Vec<Warm>,
    pub tar: Option<Month>,
    /// The warm files that are there and cannot be read, which is among the
    /// troubles.
    unread: BTreeSet<String>,
    /// What is not as the ledger says.
    pub troubles: Vec<Error>,
}

impl Cat<'_> {
    /// Opens a month.
    pub(super) fn view(&mut self, month: &str) -> Result<View> {
        for _ in 0..TRIES {
            if let Some(view) = self.look(month)? {
                return Ok(view);
            }
        }
        Err(moving(month))
    }

    /// Opens it once; nothing if its warm files moved meanwhile.
    fn look(&mut self, month: &str) -> Result<Option<View>> {
        let (mut warm, mut troubles) = (Vec::new(), Vec::new());
        let mut unread = BTreeSet::new();
        for file in self.listed(month)? {
            match durable::open_if_there(&file.path) {
                Ok(Some(open)) => {
                    warm.push(Warm { file, open, limit: u64::MAX });
                }
                Ok(None) => return Ok(None),
                Err(error) if error.exit() == Exit::Disagree => {
                    troubles.push(error.with_exit(self.graver(&file.file)));
                    unread.insert(file.file);
                }
                Err(error) => return Err(error),
            }
        }
        let name = tar_of(month);
        let tar = self.open_tar(&name);
        crate::crash::point("cat.opened");
        self.ledger.refresh()?;
        let mut again = self.listed(month)?;
        again.retain(|now| !unread.contains(&now.file));
        let same = again.len() == warm.len()
            && again.iter().zip(&warm).all(|(now, was)| {
                now.path == was.file.path
                    && FileId::of(&was.open, &was.file.path).ok()
                        == FileId::at(&now.path).ok()
            });
        if !same {
            return Ok(None);
        }
        let mut view = View { warm, tar: None, unread, troubles };
        self.check_cut(month, &name)?;
        let Some((path, tar)) = tar else {
            self.check_warm(month, &mut view, None)?;
            return Ok(Some(view));
        };
        let cold = self.options.wants(Tier::Cold) && tar.is_ok();
        let tar = tar.unwrap_or_else(|error| {
            view.troubles.push(error.with_exit(self.graver(&name)));
            None
        });
        let tar = tar.filter(|_| cold);
        let done = self.merged(&mut view, &name, tar.as_ref())?;
        self.check_warm(month, &mut view, done.as_ref())?;
        if cold {
            let troubles = &mut view.troubles;
            view.tar =
                self.check_tar(troubles, (name, path), tar, done.as_ref())?;
        }
        Ok(Some(view))
    }

    /// A month's tar, if there is one that can be opened; nothing where a link
    /// keeps it out of reach, which was said before.
    fn open_tar(
        &self,
        name: &str,
    ) -> Option<(TreePath, Result<Option<File>>)> {
        let path = self.tree.path(name).ok()?;
        let opened = durable::open_if_there(&path);
        Some((path, opened))
    }

    /// The table's warm files of a month, if they are asked for.
    fn listed(&self, month: &str) -> Result<Vec<WarmFile>> {
        if !self.options.wants(Tier::Warm) {
            return Ok(Vec::new());
        }
        let mut files =
            warm_files_of(&self.tree, self.ledger.files()?, month)?;
        files.retain(|f| {
            self.means(f.origin.as_ref()) && self.chooser.range.reaches(f.day)
        });
        Ok(files)
    }

    /// The rewrite that is under way and has put this very tar in its place:
    /// the warm files that it is to remove are in it, and leave the view.
    fn merged(
        &self,
        view: &mut View,
        name: &str,
        tar: Option<&File>,
    ) -> Result<Option<Change>> {
        let changes = self.ledger.state().changes();
        let Some((kind, change)) =
            changes.iter().find(|(_, c)| c.file == name)
        else {
            return Ok(None);
        };
        let path = self.tree.path(name)?;
        let done = match (&change.after, tar) {
            (Some(after), Some(tar)) => {
                let known = (after.size_bytes, after.sha256.as_str());
                is_file(from_start(tar, path.path())?, &path, known)?
            }
            (None, None) => self.options.wants(Tier::Cold),
            _ => false,
        };
        if !done {
            return Ok(None);
        }
        if *kind == Kind::Consolidate {
            let mut kept = Vec::new();
            for warm in std::mem::take(&mut view.warm) {
                let path = &warm.file.path;
                let named =
                    change.removes.iter().find(|r| r.file == warm.file.file);
                let gone = match named {
                    Some(named) => is_file(
                        from_start(&warm.open, path.path())?,
                        path,
                        (named.size_bytes, &named.sha256),
                    )?,
                    None => false,
                };
                if !gone {
                    kept.push(warm);
                }
            }
            view.warm = kept;
        }
        Ok(Some(change.clone()))
    }

    /// With the hot rows laid aside, no segment may have moved on into a tar
    /// since.
    fn check_cut(&self, month: &str, tar: &str) -> Result<()> {
        let Some(hot) = &self.hot else { return Ok(()) };
        if !self.options.wants(Tier::Warm) && !self.options.wants(Tier::Cold) {
            return Ok(());
        }
        let (state, files) = (self.ledger.state(), self.ledger.files()?);
        let known = files.file(tar).map(|f| &f.sha256);
        let begun = state
            .changes()
            .iter()
            .any(|(_, c)| c.file == tar && !hot.cut.changes.contains(&c.id));
        let folder = format!("warm/{month}");
        let gone = hot.cut.settled.iter().any(|(file, settled)| {
            *settled > 0
                && file.starts_with(&folder)
                && files.file(file).is_none()
        });
        if known != hot.cut.months.get(tar) || begun || gone {
            return Err(moving(month));
        }
        Ok(())
    }

    /// Sets how much of the warm files is meant, and holds them against the
    /// ledger.
    fn check_warm(
        &self,
        month: &str,
        view: &mut View,
        done: Option<&Change>,
    ) -> Result<()> {
        let state = self.ledger.state();
        for warm in &mut view.warm {
            let file = &warm.file.file;
            if let Some(hot) = &self.hot {
                warm.limit = match hot.cut.settled.get(file) {
                    Some(settled) => *settled,
                    // It came after the hot rows were read, with some of them.
                    None if self.ledger.forms(file)?.is_empty() => u64::MAX,
                    None => 0,
                };
            }
            let forms = self.ledger.forms(file)?;
            let is = durable::length(&warm.open, &warm.file.path)?;
            let known = forms.iter().any(|(size, _)| *size == is);
            if !forms.is_empty() && !known {
                view.troubles.push(not_as_said(
                    &warm.file.path,
                    "is not as long as the ledger says",
                ));
            }
        }
        let folder = format!("warm/{month}");
        let mut missing = Vec::new();
        for (name, file) in self.ledger.files()?.files() {
            let day = name.split('/').nth(1).and_then(|d| d.parse().ok());
            let meant = name.starts_with(&folder)
                && holds(file, &self.origin)
                && day.is_some_and(|day| self.chooser.range.reaches(day));
            if !meant || !self.options.wants(Tier::Warm) {
                continue;
            }
            let there = view.unread.contains(name)
                || view.warm.iter().any(|w| w.file.file == name)
                || done
                    .is_some_and(|c| c.removes.iter().any(|r| r.file == name));
            if !there && !goes(state, name) {
                // What keeps a folder out of reach was said of it already.
                missing.extend(self.tree.path(name));
            }
        }
        missing.sort();
        let said = missing.iter().map(|path| not_as_said(path, "is missing"));
        view.troubles.extend(said);
        Ok(())
    }
}

fn moving(month: &str) -> Error {
    Error::busy(format!("the files of {month} move while they are read"))
        .hint("run it again when the archiving is done")
}
