//! Files that the ledger does not know: looked through, and taken in.
//!
//! A tree may hold what another program or a hand has put there. Before it is
//! merged or removed it becomes part of the ledger, with digest and rows, and
//! only if all of it can be read.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

use jiff::Timestamp;

use super::change::Named;
use super::erase::came_back;
use super::event::{Adopt, Event, Segment};
use super::inventory::Inventory;
use super::member::Member;
use super::names::{Origin, Tree, month_file};
use super::open::Open;
use super::owner::{Archive, not_as_said};
use super::segment::{Text, whole_lines};
use crate::error::{Error, Result, quote, quoted};
use crate::io::beneath;
use crate::io::digest::{Hashing, file_sha256};
use crate::io::durable;
use crate::io::tar::{read_index, read_tar};
use crate::io::tree_path::TreePath;
use crate::record::{ARCHIVED_AT, ArrayReader, Fault, Fields, Token};
use crate::time::{self, Day, rfc3339};

/// What the lines of a file are.
#[derive(Debug, Default)]
pub struct Counted {
    rows: u64,
    /// The latest `_archived_at`.
    archived: Option<Timestamp>,
    /// Some line has none that can be read.
    unsaid: bool,
}

impl Counted {
    /// When the rows of a file were archived, which its own time tells where
    /// they do not.
    fn archived_at(&self, path: &TreePath) -> Result<Option<String>> {
        if !self.unsaid && self.archived.is_some() {
            return Ok(self.archived.map(rfc3339));
        }
        let written = beneath::look(path)
            .and_then(|meta| meta.modified())
            .map_err(|e| Error::io("stat", path, e))?;
        let written = Timestamp::try_from(written).ok();
        Ok(written.max(self.archived).map(rfc3339))
    }
}

impl Tree {
    /// What a month's tar holds that the ledger does not know; none where it
    /// is known, or not there.
    ///
    /// # Errors
    /// Status 5 when a known one is missing or another; 4 when a foreign one
    /// cannot be taken in.
    pub fn stranger(
        &self,
        files: &Inventory,
        file: &str,
    ) -> Result<Option<Adopt>> {
        let path = self.path(file)?;
        let known = files.file(file);
        let Some(present) = durable::open_if_there(&path)? else {
            return match known {
                None => Ok(None),
                Some(_) => Err(not_as_said(&path, "is missing")),
            };
        };
        let size_bytes = durable::length(&present, &path)?;
        let sha256 = file_sha256(present, &path)?;
        if let Some(known) = known {
            return match known.sha256 == sha256 {
                true => Ok(None),
                false => {
                    Err(not_as_said(&path, "is not what the ledger says"))
                }
            };
        }
        let members = survey_tar(file, &path)?;
        let named = Named { file: file.to_owned(), size_bytes, sha256 };
        Ok(Some(Adopt { named, members }))
    }

    /// Looks through the lines of a file, each of which must be a record.
    pub fn count_records(&self, file: &str, plain: bool) -> Result<Counted> {
        let path = self.path(file)?;
        let mut input = durable::open_read(&path)?;
        let array = file.ends_with(".json") || file.ends_with(".json.gz");
        let counted = match array {
            true => count_rows(&mut input, &quoted(&path), plain),
            false => count_lines(&mut input, &quoted(&path), plain),
        };
        counted.map_err(|e| e.during(quoted(&path)))
    }

    /// What a file holds, looked through, whatever the ledger says of it.
    ///
    /// # Errors
    /// Status 4 for one of which not all can be read.
    pub fn survey(&self, files: &Inventory, file: &str) -> Result<Adopt> {
        let path = self.path(file)?;
        let open = durable::open_read(&path)?;
        let size_bytes = durable::length(&open, &path)?;
        let sha256 = file_sha256(open, &path)?;
        let named = Named { file: file.to_owned(), size_bytes, sha256 };
        if file.ends_with(".tar.gz") {
            return Ok(Adopt { named, members: survey_tar(file, &path)? });
        }
        let counted = self.count_records(file, !file.ends_with(".gz"))?;
        let known = files.file(file).and_then(|known| known.members.first());
        let (day, stem, name) = parts_of(file);
        let origin = match known {
            Some(member) => member.origin(),
            None => Origin::of_stem(stem),
        };
        let member = Member {
            name,
            table: origin.as_ref().map(|o| o.table.clone()),
            database: origin.and_then(|o| o.database),
            day: day.map(str::to_owned),
            size_bytes,
            sha256: named.sha256.clone(),
            rows: counted.rows,
            archived_at: counted.archived_at(&path)?,
            ..Member::default()
        };
        Ok(Adopt { named, members: vec![member] })
    }
}

impl Archive {
    /// A month's tar that the ledger does not know is taken in first.
    pub fn adopt_month(&mut self, file: &str) -> Result<()> {
        match self.tree.stranger(self.files()?, file)? {
            Some(adopt) => self.adopt(adopt),
            None => Ok(()),
        }
    }

    /// Enters a file that was made by hand, which is durable, as a segment;
    /// its rows may be deleted on its strength.
    pub fn enter_file(&mut self, segment: Segment) -> Result<Open> {
        let id = segment.id.clone();
        let published = Event::Published { id: id.clone() };
        self.append(&[Event::Store(Arc::new(segment)), published])?;
        self.state().open(&id).cloned().ok_or_else(|| {
            Error::failed("the ledger lost an event, which is a bug")
        })
    }

    /// Withdraws a file that was made by hand: it proves nothing any more.
    pub fn void(&mut self, id: &str) -> Result<()> {
        self.append(&[Event::Void { id: id.to_owned() }])
    }

    /// Takes in a file that was looked through.
    ///
    /// # Errors
    /// Status 5 for one that is what it was before lines were erased out of it.
    pub fn adopt(&mut self, adopt: Adopt) -> Result<()> {
        let Named { file, sha256, .. } = &adopt.named;
        if self.files()?.before_erasure(file, sha256).is_some() {
            return Err(came_back(&self.tree.path(file)?));
        }
        self.sync_file(&adopt.named.file)?;
        self.append(&[Event::Adopt(adopt)])
    }

    /// A warm file that the ledger does not know is taken in, if each line of
    /// it is a record. Gives what it holds.
    pub fn adopt_lines(
        &mut self,
        named: Named,
        mut member: Member,
        plain: bool,
    ) -> Result<Member> {
        let counted = self.tree.count_records(&named.file, plain)?;
        member.rows = counted.rows;
        member.archived_at =
            counted.archived_at(&self.tree.path(&named.file)?)?;
        let members = vec![member.clone()];
        self.adopt(Adopt { named, members })?;
        member.archived_at = None;
        Ok(member)
    }
}

/// What a foreign tar holds.
fn survey_tar(file: &str, path: &TreePath) -> Result<Vec<Member>> {
    let mut members: Vec<Member> = Vec::new();
    let mut names = HashSet::new();
    read_tar(
        durable::open_read(path)?,
        path.path(),
        &mut |name, size, contents| {
            if !names.insert(name.to_owned()) {
                return Err(Error::data(format!(
                    "{} holds {} twice",
                    quoted(path),
                    quote(name)
                )));
            }
            let (day, rest) = name.split_once('/').unwrap_or(("", name));
            let plain = rest.strip_suffix(".jsonl");
            let stem = rest.strip_suffix(".jsonl.gz").or(plain);
            let day = day.parse::<Day>().ok();
            if day.is_some_and(|day| file != month_file(day)) {
                return Err(Error::data(format!(
                    "{} holds {}, which is of another month",
                    quoted(path),
                    quote(name)
                )));
            }
            let origin =
                stem.filter(|_| day.is_some()).and_then(Origin::of_stem);
            let mut hash = Hashing::new(contents);
            let counted = match origin {
                Some(_) => {
                    count_lines(&mut hash, &quote(name), plain.is_some())?
                }
                None => Counted::default(),
            };
            std::io::copy(&mut hash, &mut std::io::sink())
                .map_err(|e| Error::io("read", path, e))?;
            let archived_at = match origin {
                Some(_) => counted.archived_at(path)?,
                None => None,
            };
            members.push(Member {
                name: name.to_owned(),
                table: origin.as_ref().map(|o| o.table.clone()),
                database: origin.and_then(|o| o.database),
                day: day.map(|d| d.to_string()),
                size_bytes: size,
                sha256: hash.sha256(),
                rows: counted.rows,
                oldest: None,
                newest: None,
                archived_at,
                ..Member::default()
            });
            Ok(())
        },
    )?;
    take_places(path, &mut members)?;
    Ok(members)
}

/// A tar of ours says itself where its members can be entered.
fn take_places(path: &TreePath, members: &mut [Member]) -> Result<()> {
    let index = read_index(durable::open_read(path)?, path.path())?;
    for line in index.unwrap_or_default().split(|byte| *byte == b'\n') {
        let Ok(said) = serde_json::from_slice::<Member>(line) else {
            continue;
        };
        for member in members.iter_mut() {
            if member.name == said.name && member.sha256 == said.sha256 {
                member.offset_bytes = said.offset_bytes;
                member.skip_bytes = said.skip_bytes;
            }
        }
    }
    Ok(())
}

/// Day and stem of a file of rows, and its name in a tar.
fn parts_of(file: &str) -> (Option<&str>, &str, String) {
    if let Some((day, name)) =
        file.strip_prefix("warm/").and_then(|rest| rest.split_once('/'))
    {
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        let stem = stem.strip_suffix(".jsonl").unwrap_or(stem);
        return (Some(day), stem, format!("{day}/{stem}.jsonl.gz"));
    }
    // TABLE_20261121T184403.123Z.json.gz, and a second one of a moment _2.
    let mut at = file.char_indices().filter(|(i, _)| {
        file[*i..].starts_with('_')
            && file.get(i + 1..i + 9).is_some_and(|digits| {
                digits.bytes().all(|b| b.is_ascii_digit())
            })
    });
    let stem = at.next_back().map_or(file, |(i, _)| &file[..i]);
    (None, stem, file.to_owned())
}

/// The rows of a JSON array, a row a line; each must be a record.
fn count_rows(
    input: &mut dyn Read,
    name: &str,
    plain: bool,
) -> Result<Counted> {
    let (mut counted, mut array) = (Counted::default(), ArrayReader::Begin);
    let text = Text { name, plain, is_known: false, threads: 0 };
    whole_lines(input, text, &mut |piece| {
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let Some(row) = array.take(line).map_err(Error::data)? else {
                continue;
            };
            counted.rows += 1;
            let archived =
                archived_of(row).map_err(|f| Error::data(f.to_string()))?;
            counted.archived = counted.archived.max(archived);
            counted.unsaid |= archived.is_none();
        }
        Ok(())
    })?;
    match array.is_over() {
        true => Ok(counted),
        false => Err(Error::data("its array is not closed")),
    }
}

/// Lines of a text; each must be a record.
fn count_lines(
    input: &mut dyn Read,
    name: &str,
    plain: bool,
) -> Result<Counted> {
    let mut counted = Counted::default();
    let text = Text { name, plain, is_known: false, threads: 0 };
    whole_lines(input, text, &mut |piece| {
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").ok_or_else(|| {
                Error::data("it ends in the middle of a line")
            })?;
            counted.rows += 1;
            let rows = counted.rows;
            let archived = archived_of(line)
                .map_err(|f| Error::data(format!("line {rows}: {f}")))?;
            counted.archived = counted.archived.max(archived);
            counted.unsaid |= archived.is_none();
        }
        Ok(())
    })?;
    Ok(counted)
}

/// The `_archived_at` of a record.
fn archived_of(line: &[u8]) -> std::result::Result<Option<Timestamp>, Fault> {
    let mut archived = None;
    let mut fields = Fields::new(line);
    while let Some(field) = fields.next()? {
        if let Token::Text(text) = field.value
            && field.key.is(ARCHIVED_AT)
        {
            archived = time::parse(&text.text()?);
        }
    }
    Ok(archived)
}
