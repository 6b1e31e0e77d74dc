//! A month's tar, held against the ledger and put out in the order of its
//! days.
//!
//! The rows of a member are proven by its own gzip, its name by that of the
//! tar. A member without gzip of its own, or whose name stands in a damaged
//! part of the tar, is put out only if it is by its digest what the ledger
//! says.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::SpooledTempFile;

use super::contents::{begins_as_ours, is_whole, member, names};
use super::file::{Warm, from_start, holds};
use super::queue::Text;
use super::stream::Cat;
use super::texts::Input;
use crate::archive::{Change, Known, Member, by_ledger, goes, not_as_said};
use crate::error::{Error, Exit, Result, quote, quoted};
use crate::io::digest::{Hashing, hex};
use crate::io::durable;
use crate::io::spool::{spool, unheld};
use crate::io::tar::{Entry, Walk, salvage_at, salvage_tar};
use crate::io::tree_path::TreePath;
use crate::time::Day;

/// A month's tar, open.
pub(super) struct Month {
    pub path: TreePath,
    pub name: String,
    pub open: File,
    /// It was found damaged, which is noted already.
    pub broken: bool,
    /// It was read to its end, and all of its own gzip holds.
    pub whole: bool,
    /// It is as long as the ledger says.
    pub same: bool,
    /// The members that are meant, by day.
    pub wanted: Vec<Wanted>,
}

/// A member that is meant.
pub(super) struct Wanted {
    pub day: Day,
    pub name: String,
    /// What the ledger says of it.
    pub known: Option<Member>,
}

/// The tar of a month, such as `2025-11`.
pub(super) fn tar_of(month: &str) -> String {
    format!("cold/{}/{month}.tar.gz", &month[..4])
}

impl Cat<'_> {
    /// Finds the members that are meant, and holds the tar against the ledger.
    pub(super) fn check_tar(
        &self,
        troubles: &mut Vec<Error>,
        (name, path): (String, TreePath),
        tar: Option<File>,
        done: Option<&Change>,
    ) -> Result<Option<Month>> {
        let known = self.ledger.files()?.file(&name);
        let Some(open) = tar else {
            let gone = done.is_some() || goes(self.ledger.state(), &name);
            if known.is_some_and(|k| holds(k, &self.origin)) && !gone {
                troubles.push(not_as_said(&path, "is missing"));
            }
            return Ok(None);
        };
        let is = durable::length(&open, &path)?;
        let same = done.is_some() || known.is_some_and(|k| k.size_bytes == is);
        let members = match (done, known) {
            (Some(change), _) => &change.members[..],
            (None, Some(known)) => &known.members[..],
            (None, None) => &[],
        };
        if known.is_some() && !same {
            troubles
                .push(not_as_said(&path, "is not as long as the ledger says"));
        }
        let mut found: Vec<String> =
            members.iter().map(|m| m.name.clone()).collect();
        let (mut broken, mut whole) = (false, false);
        if !same {
            let there = names(&open, path.path())?;
            found.extend(there.names.into_iter().filter(|name| {
                !members.iter().any(|member| member.name == *name)
            }));
            broken = there.error.is_some();
            whole = there.whole;
            troubles.extend(there.error.map(|error| match known {
                Some(_) => error.with_exit(Exit::Disagree),
                None => error,
            }));
        } else if !begins_as_ours(&open, path.path())? {
            whole = is_whole(&open, path.path())?;
        }
        let wanted =
            self.wanted(troubles, (&name, path.path()), found, members);
        Ok(Some(Month { path, name, open, broken, whole, same, wanted }))
    }

    /// Those of the members of a tar that are meant, by day.
    fn wanted(
        &self,
        troubles: &mut Vec<Error>,
        (name, path): (&str, &Path),
        found: Vec<String>,
        members: &[Member],
    ) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for member_name in found {
            let known = members.iter().find(|m| m.name == member_name);
            let Some((day, origin)) = member(&member_name, known) else {
                continue;
            };
            if !self.means(Some(&origin)) || !self.chooser.range.reaches(day) {
                continue;
            }
            if !name.contains(&day.to_string()[..7]) {
                troubles.push(Error::data(format!(
                    "{} holds {}, which is of another month",
                    quoted(path),
                    quote(&member_name)
                )));
                continue;
            }
            let known = known.cloned();
            wanted.push(Wanted { day, name: member_name, known });
        }
        wanted.sort_by(|a, b| (a.day, &a.name).cmp(&(b.day, &b.name)));
        wanted
    }

    /// Puts out the members of a tar that are meant, and in front of each what
    /// the other tiers have of earlier days. Members of which the ledger does
    /// not say where they are take a walk over the tar, and as many more as
    /// their days fall.
    pub(super) fn tar(
        &mut self,
        tar: &Month,
        rest: &mut BTreeMap<Day, VecDeque<Warm>>,
    ) -> Result<()> {
        let (mut next, mut broken) = (0, tar.broken);
        while next < tar.wanted.len() {
            if self.sink.is_full() {
                break;
            }
            if let Some(rows) = self.counted(tar, &tar.wanted[next]) {
                self.sink.count(rows);
                next += 1;
                continue;
            }
            let before = next;
            let walked = match self.enter(tar, next, rest)? {
                Some(error) => {
                    next += 1;
                    Ok(error)
                }
                None => self.walk(tar, &mut next, rest),
            };
            let error = match walked {
                Ok(error) => error,
                Err(error)
                    if self.sink.failed || error.exit() != Exit::Data =>
                {
                    return Err(error);
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                if !broken {
                    self.trouble_with(&tar.name, error);
                }
                broken = true;
            }
            if next == before {
                let wanted = &tar.wanted[next];
                let error = Error::data(format!(
                    "{} lacks {}{}",
                    quoted(&tar.path),
                    quote(&wanted.name),
                    by_ledger(wanted.known.as_ref())
                ));
                self.trouble_with(&tar.name, error);
                next += 1;
            }
        }
        Ok(())
    }

    /// How many rows a member has, where only that is asked for and the ledger
    /// knows it.
    fn counted(&self, tar: &Month, wanted: &Wanted) -> Option<u64> {
        let counts = self.options.counts()
            && tar.same
            && self.chooser.range.covers(wanted.day);
        wanted.known.as_ref().filter(|_| counts).map(|known| known.rows)
    }

    /// Puts out a member that the ledger says where to find; none where it is
    /// not there, and nothing of it is out. Else gives what is wrong with the
    /// tar.
    fn enter(
        &mut self,
        tar: &Month,
        next: usize,
        rest: &mut BTreeMap<Day, VecDeque<Warm>>,
    ) -> Result<Option<Option<Error>>> {
        let wanted = &tar.wanted[next];
        let Some(known) = &wanted.known else { return Ok(None) };
        let Some(place) = known.place() else { return Ok(None) };
        let file = from_start(&tar.open, tar.path.path())?;
        let walk = Walk { file, path: tar.path.path(), whole: tar.whole };
        let mut found = false;
        let walked = salvage_at(walk, place, &mut |entry, proven| {
            if entry.name == wanted.name && entry.size == known.size_bytes {
                found = true;
                self.days_before(wanted.day, rest)?;
                return self.member(tar, wanted, entry, proven);
            }
            Ok(())
        });
        match (found, walked) {
            (true, Ok(error)) => Ok(Some(error)),
            (true, Err(error)) => Err(error),
            (false, _) => Ok(None),
        }
    }

    /// Walks over the tar, and puts out those of the members from `next` on
    /// that come in order; gives what is wrong with it.
    fn walk(
        &mut self,
        tar: &Month,
        next: &mut usize,
        rest: &mut BTreeMap<Day, VecDeque<Warm>>,
    ) -> Result<Option<Error>> {
        let file = from_start(&tar.open, tar.path.path())?;
        let walk = Walk { file, path: tar.path.path(), whole: tar.whole };
        salvage_tar(walk, &mut |entry, proven| {
            let Some(wanted) = tar.wanted.get(*next) else { return Ok(()) };
            if entry.name != wanted.name {
                return Ok(());
            }
            *next += 1;
            self.days_before(wanted.day, rest)?;
            self.member(tar, wanted, entry, proven)
        })
    }

    /// Puts out what the other tiers have of the days before one.
    fn days_before(
        &mut self,
        end: Day,
        rest: &mut BTreeMap<Day, VecDeque<Warm>>,
    ) -> Result<()> {
        while let Some(first) = rest.first_entry() {
            if *first.key() >= end {
                break;
            }
            let (day, files) = first.remove_entry();
            self.day(day, files)?;
        }
        Ok(())
    }

    /// Puts out a member of a tar, whose name may be `proven`.
    fn member(
        &mut self,
        tar: &Month,
        wanted: &Wanted,
        entry: Entry<'_>,
        proven: bool,
    ) -> Result<()> {
        let what = format!("{} in {}", quote(&wanted.name), quoted(&tar.path));
        let plain = !wanted.name.ends_with(".gz");
        let known = Known {
            day: Some(wanted.day),
            rows: wanted.known.as_ref().map(|m| m.rows),
            same: tar.same,
        };
        let exit = self.graver(&tar.name);
        let mut text = Text::new(what.clone(), exit, plain, known);
        text.rows = known.rows.filter(|_| tar.same && !plain);
        if proven && (!plain || tar.whole) {
            if !self.options.verify && !self.reads_all(wanted.day) {
                return self.text(Input::Stream(entry.contents), text);
            }
            let mut hashing = Hashing::new(entry.contents);
            self.text(Input::Stream(&mut hashing), text)?;
            // What cannot be read is noted by who walks over the tar.
            let all = io::copy(&mut hashing, &mut io::sink()).is_ok();
            let is = hashing.sha256();
            match wanted.known.as_ref() {
                Some(k) if !all || k.sha256 != is => {
                    self.not_as_said(&what)?
                }
                _ => {}
            }
            return Ok(());
        }
        match hold(entry, wanted.known.as_ref(), &mut self.sink.failed)? {
            Some(mut held) => self.text(Input::Stream(&mut held), text),
            None => {
                let error = Error::data(format!(
                    "{what} cannot be told from damage, and is left out{}",
                    by_ledger(wanted.known.as_ref())
                ));
                self.trouble_with(&tar.name, error);
                Ok(())
            }
        }
    }
}

/// Reads what is in a tar, and gives it back if it is by its digest what the
/// ledger knows. What cannot be read is not.
fn hold(
    entry: Entry<'_>,
    known: Option<&Member>,
    failed: &mut bool,
) -> Result<Option<SpooledTempFile>> {
    let Some(known) = known.filter(|m| m.size_bytes == entry.size) else {
        return Ok(None);
    };
    let (mut held, mut hash) = (spool(), Sha256::new());
    let mut piece = vec![0; 1 << 18];
    loop {
        match durable::read_full(entry.contents, &mut piece) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&piece[..n]);
                let done = held.write_all(&piece[..n]);
                *failed |= done.is_err();
                done.map_err(unheld)?;
            }
            Err(_) => return Ok(None),
        }
    }
    held.rewind().map_err(unheld)?;
    Ok((hex(&hash.finalize()) == known.sha256).then_some(held))
}
