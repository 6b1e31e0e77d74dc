//! A month of the cold tier, written anew: what is kept of the old tar, and
//! what is added. It is a draft, durable under a temporary name and read back
//! member by member, each against the digest of what went in; `batch` gives it
//! its name.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};

use super::change::Named;
use super::file_state::FileState;
use super::member::Member;
use super::owner::{Archive, not_as_said};
use crate::crash;
use crate::error::{Error, Result, quoted};
use crate::io::digest::Hashing;
use crate::io::durable::{self, Temp};
use crate::io::jsonl;
use crate::io::space;
use crate::io::tar::{TarWriter, read_tar};
use crate::io::tree_path::TreePath;

/// What is added to a month.
#[derive(Debug)]
pub struct Addition {
    /// The member that it goes into; where there is one, behind it.
    pub member: Member,
    /// The files whose bytes it is, in order.
    pub files: Vec<TreePath>,
}

/// A whole file that is ready to be published: a month's tar, or one out of
/// which lines were erased.
pub struct FileDraft {
    pub(super) temp: Temp,
    /// Its length and digest.
    pub after: Named,
    /// What it holds.
    pub members: Vec<Member>,
}

impl Archive {
    /// Writes a month anew: the members of the tar that `keep` lets through,
    /// and what is added; what is added under the name of a member that is not
    /// let through takes its place. `None` when nothing is left.
    pub fn draft_month(
        &self,
        file: &str,
        before: Option<&FileState>,
        keep: &dyn Fn(&Member) -> bool,
        additions: Vec<Addition>,
    ) -> Result<Option<FileDraft>> {
        let path = self.tree.path(file)?;
        let folder = &path.folder();
        let mut adding: BTreeMap<String, Addition> = BTreeMap::new();
        for addition in additions {
            adding.insert(addition.member.name.clone(), addition);
        }
        let old: Vec<Member> =
            before.map(|b| b.members.clone()).unwrap_or_default();
        let by_name: HashMap<&str, &Member> =
            old.iter().map(|m| (m.name.as_str(), m)).collect();
        let keeps = old.iter().filter(|m| keep(m)).count();
        if keeps == 0 && adding.is_empty() {
            return Ok(None);
        }
        let needed = room(before, &adding)?;
        // Publication makes the names durable, of all months' folders at once.
        durable::add_folders(folder)?;
        space::need(folder, needed)?;
        let mut writer = TarWriter::create(folder)?;
        let mut members = Vec::new();
        if before.is_some() {
            let input = durable::open_read(&path)?;
            read_tar(input, path.path(), &mut |name, size, contents| {
                let member = by_name.get(name).copied();
                let member = member.ok_or_else(|| unknown(&path))?;
                let entry = (member, size, contents, &path);
                match (keep(member), adding.remove(name)) {
                    (true, more) => {
                        let more = more.as_ref();
                        members.push(copy_member(&mut writer, entry, more)?);
                    }
                    (false, Some(instead)) => {
                        members.push(add_member(&mut writer, &instead)?);
                    }
                    (false, None) => {}
                }
                Ok(())
            })?;
        }
        for (_, addition) in adding {
            members.push(add_member(&mut writer, &addition)?);
        }
        let mut index = Vec::new();
        members.iter().try_for_each(|m| jsonl::print(m, &mut index))?;
        writer.index(&index)?;
        let (mut temp, size_bytes, sha256) = writer.finish()?;
        read_back(&temp, &members)?;
        temp.park();
        crash::point("month.drafted");
        let after = Named { file: file.to_owned(), size_bytes, sha256 };
        Ok(Some(FileDraft { temp, after, members }))
    }
}

impl FileDraft {
    /// Gives it its name; `replaces` says whether a file has that already. The
    /// caller fsyncs the folder.
    pub(super) fn put(self, path: &TreePath, replaces: bool) -> Result<()> {
        match replaces {
            true => self.temp.replace(path),
            false => self.temp.publish_new(path),
        }
    }
}

fn unknown(path: &TreePath) -> Error {
    not_as_said(path, "holds what the ledger does not know")
}

/// A member of the old tar, with what is added behind it.
fn copy_member(
    writer: &mut TarWriter,
    (old, size, contents, path): (&Member, u64, &mut dyn Read, &TreePath),
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
    read_tar(file, temp.path().path(), &mut |name, size, contents| {
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
