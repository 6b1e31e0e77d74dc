//! A month of the cold tier, written anew: what is kept of the old tar, and
//! what is added.
//!
//! # Which write is durable before which
//!
//! 1. the new tar under a temporary name; fsync; it is read back member by
//!    member, each against the digest of what went in;
//! 2. ledger: the intent names the tar before and after, and each file that
//!    goes; fsync;
//! 3. rename, or unlink where nothing is left; fsync the folders up to the
//!    root;
//! 4. unlink each named file that still has its digest; remove empty folders;
//!    fsync;
//! 5. ledger: done; fsync.
//!
//! A crash before 2 leaves a temporary file. Between 2 and 3 the tar is its old
//! self (`void`) or the new one: then recovery fsyncs it and its folders first,
//! for the rename may still be lost, and only then does 4 again. Nothing goes
//! that is not in a durable tar.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::event::{Change, Event, Named};
use super::file_state::FileState;
use super::member::Member;
use super::owner::{Archive, not_as_said};
use super::state::Kind;
use crate::crash;
use crate::error::{Error, Result, quoted};
use crate::io::digest::{Hashing, file_sha256};
use crate::io::durable::{self, Temp};
use crate::io::jsonl;
use crate::io::space;
use crate::io::tar::{TarWriter, read_tar};

/// What is added to a month.
#[derive(Debug)]
pub struct Addition {
    /// The member that it goes into; where there is one, behind it.
    pub member: Member,
    /// The files whose bytes it is, in order.
    pub files: Vec<PathBuf>,
}

/// A month's tar that is ready to be published.
pub struct MonthDraft {
    temp: Temp,
    /// Its length and digest.
    pub after: Named,
    /// What it holds.
    pub members: Vec<Member>,
}

impl Archive {
    /// Writes a month anew: the members of the tar that `keep` lets through,
    /// and what is added. `None` when nothing is left.
    pub fn draft_month(
        &self,
        file: &str,
        before: Option<&FileState>,
        keep: &dyn Fn(&Member) -> bool,
        additions: Vec<Addition>,
    ) -> Result<Option<MonthDraft>> {
        let path = self.tree.path(file)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut adding: BTreeMap<String, Addition> = BTreeMap::new();
        for addition in additions {
            adding.insert(addition.member.name.clone(), addition);
        }
        let old: Vec<Member> =
            before.map(|b| b.members.clone()).unwrap_or_default();
        let keeps = old.iter().filter(|m| keep(m)).count();
        if keeps == 0 && adding.is_empty() {
            return Ok(None);
        }
        let needed = room(before, &adding)?;
        durable::make_folders(folder, self.tree.root())?;
        space::need(folder, needed)?;
        let mut writer = TarWriter::create(folder)?;
        let mut members = Vec::new();
        if before.is_some() {
            let input = durable::open_read(&path)?;
            read_tar(input, &path, &mut |name, size, contents| {
                let member =
                    old.iter().find(|m| m.name == name).ok_or_else(|| {
                        not_as_said(
                            &path,
                            "holds what the ledger does not know",
                        )
                    })?;
                if !keep(member) {
                    return Ok(());
                }
                let more = adding.remove(name);
                members.push(copy_member(
                    &mut writer,
                    (member, size, contents, &path),
                    more.as_ref(),
                )?);
                Ok(())
            })?;
        }
        for (_, addition) in adding {
            members.push(add_member(&mut writer, &addition)?);
        }
        let mut index = Vec::new();
        members.iter().try_for_each(|m| jsonl::print(m, &mut index))?;
        writer.index(&index)?;
        let (temp, size_bytes, sha256) = writer.finish()?;
        read_back(&temp, &members)?;
        crash::point("month.drafted");
        let after = Named { file: file.to_owned(), size_bytes, sha256 };
        Ok(Some(MonthDraft { temp, after, members }))
    }

    /// Publishes a change: the intent, the file, what goes, and the end. When
    /// it returns all of it is durable.
    pub fn change(
        &mut self,
        kind: Kind,
        change: Change,
        draft: Option<MonthDraft>,
    ) -> Result<()> {
        let intent = Box::new(change.clone());
        self.append(&[match kind {
            Kind::Consolidate => Event::Consolidate(intent),
            Kind::Expire => Event::Expire(intent),
        }])?;
        crash::point("change.intent");
        let path = self.tree.path(&change.file)?;
        match (draft, &change.before) {
            (Some(draft), Some(_)) => draft.temp.replace(&path)?,
            (Some(draft), None) => draft.temp.publish_new(&path)?,
            // What came back since then was put back by somebody.
            (None, _) if change.by_hand => {}
            (None, _) => durable::remove_if_there(&path)?,
        }
        crash::point("change.renamed");
        self.finish_change(kind, &change)
    }

    /// From the file in its new form on: makes that durable, removes what is
    /// in it now, and says so.
    pub(super) fn finish_change(
        &mut self,
        kind: Kind,
        change: &Change,
    ) -> Result<()> {
        let path = self.tree.path(&change.file)?;
        match change.after {
            Some(_) => self.sync_file(&change.file)?,
            None => self.sync_nearest(&path)?,
        }
        crash::point("change.synced");
        for removed in &change.removes {
            let path = self.tree.path(&removed.file)?;
            let Some(file) = durable::open_if_there(&path)? else { continue };
            if file_sha256(file, &path)? == removed.sha256 {
                durable::remove_if_there(&path)?;
                crash::point("change.removed");
            }
        }
        let mut files: Vec<&str> =
            change.removes.iter().map(|r| r.file.as_str()).collect();
        files.push(&change.file);
        self.settle_folders(&files)?;
        crash::point("change.before_end");
        let id = change.id.clone();
        self.append(&[match kind {
            Kind::Consolidate => Event::Consolidated { id },
            Kind::Expire => Event::Expired { id },
        }])?;
        crash::point("change.ended");
        Ok(())
    }

    /// Removes the folders of files that may be gone where they are empty, and
    /// fsyncs what those names were in, each folder once.
    fn settle_folders(&self, files: &[&str]) -> Result<()> {
        let mut changed = BTreeSet::new();
        for file in files {
            let path = self.tree.path(file)?;
            let Some(folder) = path.parent() else { continue };
            // Who removed it may have died before that was durable.
            durable::remove_if_empty(folder)?;
            let there = durable::nearest_folder(&path)?;
            changed.extend(there.map(Path::to_owned));
        }
        changed.iter().try_for_each(|folder| durable::sync_folder(folder))
    }
}

/// A member of the old tar, with what is added behind it.
fn copy_member(
    writer: &mut TarWriter,
    (old, size, contents, path): (&Member, u64, &mut dyn Read, &Path),
    more: Option<&Addition>,
) -> Result<Member> {
    let added = more.map_or(0, |a| a.member.size_bytes);
    let place = writer.begin(&old.name, size + added)?;
    let mut input = Hashing::new(contents);
    writer.copy(&mut input, path)?;
    if input.sha256() != old.sha256 || size != old.size_bytes {
        return Err(not_as_said(path, "is not what the ledger says"));
    }
    let mut member = old.clone();
    member.stands_at(place);
    if let Some(addition) = more {
        copy_files(writer, addition)?;
        let new = &addition.member;
        member.rows += new.rows;
        member.size_bytes += added;
        member.widen(&new.oldest, &new.newest);
    }
    member.sha256 = writer.end()?;
    Ok(member)
}

fn add_member(writer: &mut TarWriter, addition: &Addition) -> Result<Member> {
    let mut member = addition.member.clone();
    member.stands_at(writer.begin(&member.name, member.size_bytes)?);
    copy_files(writer, addition)?;
    member.sha256 = writer.end()?;
    Ok(member)
}

fn copy_files(writer: &mut TarWriter, addition: &Addition) -> Result<()> {
    for path in &addition.files {
        let mut file = durable::open_read(path)?;
        writer.copy(&mut file, path)?;
    }
    Ok(())
}

/// The room that the new tar needs: what it holds, and a little for headers.
fn room(
    before: Option<&FileState>,
    adding: &BTreeMap<String, Addition>,
) -> Result<u64> {
    let added: u64 = adding.values().map(|a| a.member.size_bytes + 2048).sum();
    Ok(before.map_or(0, |b| b.size_bytes) + added + added / 100)
}

/// Reads the new tar back from the disk: every member is what went in.
fn read_back(temp: &Temp, members: &[Member]) -> Result<()> {
    let wrong = || {
        Error::failed(format!(
            "{} does not read back as it was written",
            quoted(temp.path())
        ))
    };
    let mut left = members.iter();
    let file: File = durable::open_read(temp.path())?;
    read_tar(file, temp.path(), &mut |name, size, contents| {
        let member = left.next().ok_or_else(wrong)?;
        let mut input = Hashing::new(contents);
        io::copy(&mut input, &mut io::sink())
            .map_err(|e| Error::io("read", temp.path(), e))?;
        let same = member.name == name
            && member.size_bytes == size
            && member.sha256 == input.sha256();
        if same { Ok(()) } else { Err(wrong()) }
    })?;
    if left.next().is_some() { Err(wrong()) } else { Ok(()) }
}
