//! Lines erased out of files: a file is written anew without them. It is a
//! draft, durable under a temporary name; `batch` gives it its name, and says
//! in which order what is durable.
//!
//! Invariants. A file is rewritten only where it is what the ledger says, by
//! digest, or what it was before an earlier erasure: then it was put back
//! since, and must become again what the ledger says, or what a later erasure
//! began with. A member in which nothing is erased is copied byte for byte. The
//! same lines give the same bytes.

use std::io::Read;

use super::change::{Erased, Named};
use super::draft::{Draft, Sums};
use super::event::Compression;
use super::file_state::FileState;
use super::inventory::Inventory;
use super::member::Member;
use super::month::{Addition, FileDraft};
use super::names::{Origin, Tree};
use super::owner::{Archive, not_as_said};
use super::rewriter::{LineTime, Rewriter, TextForm};
use super::segment::{Text, as_damage, whole_lines};
use crate::crash;
use crate::error::{Error, Result, quoted};
use crate::io::digest::file_sha256;
use crate::io::durable::{self, FileId, Temp};
use crate::io::space;
use crate::io::tar::read_tar;
use crate::io::tree_path::TreePath;
use crate::record::records;
use crate::time::rfc3339;

/// The level of the gzip members that are written anew.
const LEVEL: u8 = 6;

/// What is to be erased.
#[derive(Clone, Copy)]
pub struct Erasure<'e> {
    /// Whose rows.
    pub origin: &'e Origin,
    /// Whether a record is to go.
    pub goes: &'e dyn Fn(&[u8]) -> Result<bool>,
    /// When a row was, by its record and the day of its file.
    pub time: LineTime<'e>,
}

/// A file in which lines are to go, as it was found.
#[derive(Debug)]
pub struct Shorter {
    /// The file, relative to the tree's root.
    pub file: String,
    /// What it is: by the ledger, or before an earlier erasure.
    pub before: FileState,
    /// It came back as it was before an earlier erasure.
    pub again: bool,
    /// The lines that go.
    pub erases: Vec<Erased>,
    /// The file that was looked at.
    pub proven: FileId,
}

impl Shorter {
    /// How many lines go.
    pub fn rows(&self) -> u64 {
        self.erases.iter().map(|erased| erased.rows).sum()
    }
}

impl Tree {
    /// What of a file is to go; none where nothing is.
    ///
    /// # Errors
    /// Status 5 for a file that is not what the ledger says, and was not
    /// before an earlier erasure either.
    pub fn find_erasable(
        &self,
        files: &Inventory,
        file: &str,
        erasure: Erasure<'_>,
    ) -> Result<Option<Shorter>> {
        let path = self.path(file)?;
        let open = durable::open_if_there(&path)?
            .ok_or_else(|| not_as_said(&path, "is missing"))?;
        let proven = FileId::of(&open, &path)?;
        let sha256 = file_sha256(open, &path)?;
        let known = files.file(file).filter(|f| f.sha256 == sha256);
        let came_back = files.before_erasure(file, &sha256);
        let again = came_back.is_some();
        let before = known.or(came_back).ok_or_else(|| {
            not_as_said(&path, "is not what the ledger says")
        })?;
        let before = before.clone();
        let mut erases = Vec::new();
        each_text(&path, &before, erasure.origin, &mut |member, text| {
            let mut rows = 0;
            each_record(text, member, &path, &mut |record| {
                rows += u64::from((erasure.goes)(record)?);
                Ok(())
            })?;
            if rows > 0 {
                erases.push(erased(member, rows));
            }
            Ok(())
        })?;
        Ok((!erases.is_empty()).then(|| Shorter {
            file: file.to_owned(),
            before,
            again,
            erases,
            proven,
        }))
    }
}

impl Archive {
    /// Writes a file anew without what is to go; none where no row is left.
    /// The members of the draft are what the ledger is to say.
    pub fn draft_without(
        &self,
        shorter: &Shorter,
        erasure: Erasure<'_>,
    ) -> Result<Option<FileDraft>> {
        let Shorter { file, before, .. } = shorter;
        let left = |m: &Member| {
            let goes = shorter.erases.iter().find(|e| e.name == m.name);
            m.rows.saturating_sub(goes.map_or(0, |e| e.rows))
        };
        if before.members.iter().all(|m| left(m) == 0) {
            return Ok(None);
        }
        let path = self.tree.path(file)?;
        space::need(path.folder().path(), before.size_bytes)?;
        let mut texts = Vec::new();
        each_text(&path, before, erasure.origin, &mut |member, text| {
            let goes = shorter.erases.iter().any(|e| e.name == member.name);
            if goes && left(member) > 0 {
                let one = self.text_without(text, member, &path, erasure)?;
                texts.push(one);
            }
            Ok(())
        })?;
        crash::point("erase.drafted");
        if file.ends_with(".tar.gz") {
            return self.tar_without(shorter, texts);
        }
        let (member, temp) = texts
            .pop()
            .ok_or_else(|| not_as_said(&path, "was changed meanwhile"))?;
        let after = Named {
            file: file.clone(),
            size_bytes: member.size_bytes,
            sha256: member.sha256.clone(),
        };
        Ok(Some(FileDraft { temp, after, members: vec![member] }))
    }

    /// A tar with other texts in the place of some.
    fn tar_without(
        &self,
        shorter: &Shorter,
        texts: Vec<(Member, Temp)>,
    ) -> Result<Option<FileDraft>> {
        let additions = texts.iter().map(|(member, temp)| Addition {
            member: member.clone(),
            files: vec![temp.path().clone()],
        });
        let keep =
            |m: &Member| shorter.erases.iter().all(|e| e.name != m.name);
        let before = Some(&shorter.before);
        self.draft_month(&shorter.file, before, &keep, additions.collect())
    }

    /// A text without what is to go, under a temporary name.
    fn text_without(
        &self,
        text: &mut dyn Read,
        member: &Member,
        path: &TreePath,
        erasure: Erasure<'_>,
    ) -> Result<(Member, Temp)> {
        let mut draft = Draft::begin(&path.folder(), None, 0)?;
        let form = form_of(&member.name, path);
        let day = member.day.clone();
        let time = |record: &[u8]| {
            let at = (erasure.time)(record)?;
            let same = rfc3339(at).get(..10) == day.as_deref();
            same.then_some(at)
        };
        let mut rewriter = Rewriter::new(&mut draft, form, &time);
        each_record(text, member, path, &mut |record| match (erasure.goes)(
            record,
        )? {
            true => Ok(()),
            false => rewriter.keep(record),
        })?;
        rewriter.end()?;
        let Sums { file_sha256, size_bytes, rows, range, .. } =
            draft.finish()?;
        let member = Member {
            size_bytes,
            sha256: file_sha256,
            rows,
            oldest: range.map(|(least, _)| rfc3339(least)),
            newest: range.map(|(_, greatest)| rfc3339(greatest)),
            offset_bytes: None,
            skip_bytes: None,
            ..member.clone()
        };
        Ok((member, draft.into_temp()))
    }
}

/// The error for a file that was put back from before an erasure.
pub fn came_back(path: &TreePath) -> Error {
    Error::disagree(format!(
        "{} is what it was before lines were erased out of it",
        quoted(path)
    ))
    .hint(
        "it was put back from a backup: run rt-erase again as it was run then, \
         with the same --where",
    )
}

fn erased(member: &Member, rows: u64) -> Erased {
    Erased {
        name: member.name.clone(),
        table: member.table.clone().unwrap_or_default(),
        database: member.database.clone(),
        day: member.day.clone(),
        rows,
    }
}

/// How the lines of a member stand in its file.
fn form_of(name: &str, path: &TreePath) -> TextForm {
    // A warm file's member is named as in a tar, whatever its own ending is.
    let file = path.path().to_string_lossy();
    let plain = !file.ends_with(".gz");
    let compression = match plain {
        true => Compression::None,
        false => Compression::Gzip,
    };
    let array = [".json", ".json.gz"].iter().any(|end| name.ends_with(end));
    TextForm { compression, level: LEVEL, array }
}

/// Hands out the text of each member of a table's rows.
fn each_text(
    path: &TreePath,
    state: &FileState,
    origin: &Origin,
    each: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<()>,
) -> Result<()> {
    let mut input = durable::open_read(path)?;
    if !path.path().to_string_lossy().ends_with(".tar.gz") {
        let mut members = state.members.iter().filter(|m| m.is_of(origin));
        return members.try_for_each(|member| each(member, &mut input));
    }
    read_tar(input, path.path(), &mut |name, _, contents| {
        let found = state.members.iter().find(|m| m.name == name);
        match found.filter(|m| m.is_of(origin)) {
            Some(member) => each(member, contents),
            None => Ok(()),
        }
    })
}

/// Hands out the records of a text.
fn each_record(
    text: &mut dyn Read,
    member: &Member,
    path: &TreePath,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let name = &quoted(path);
    let plain = form_of(&member.name, path).compression == Compression::None;
    let form = Text { name, plain, is_known: true, threads: 0 };
    whole_lines(text, form, &mut |piece| {
        if piece.last() != Some(&b'\n') {
            return Err(Error::data("it ends in the middle of a line"));
        }
        records(piece).try_for_each(&mut *each)
    })
    .map_err(as_damage)
}
