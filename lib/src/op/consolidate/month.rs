//! One month: what its tar takes in, and what is proven of each warm file
//! before.

use std::collections::BTreeMap;
use std::io::Write;

use crate::archive::tiers::{WarmFile, entries};
use crate::archive::{
    Addition, Archive, BLOCK_BYTES, Change, FileState, Inventory, Member,
    Named, Ready, file_name, not_as_said,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::digest::{file_sha256, is_file};
use crate::io::durable::{self, Temp};
use crate::io::gz;
use crate::io::tree_path::TreePath;
use crate::outcome::Consolidation;
use crate::upkeep::{Item, leave};

/// A warm file's digest, and what it holds by the ledger, which must agree.
pub(super) fn prove(
    files: &Inventory,
    warm: &WarmFile,
) -> Result<(String, Option<Member>)> {
    let open = durable::open_read(&warm.path)?;
    let Some(known) = files.file(&warm.file) else {
        return Ok((file_sha256(open, &warm.path)?, None));
    };
    if !is_file(open, &warm.path, (known.size_bytes, &known.sha256))? {
        return Err(not_as_said(&warm.path, "is not what the ledger says"));
    }
    Ok((known.sha256.clone(), known.members.first().cloned()))
}

/// A month whose warm files are due.
pub(super) struct Month {
    /// Its tar.
    pub file: String,
    /// Those files, until they were looked at.
    pub warm: Vec<WarmFile>,
    /// Those of them that are to go.
    removes: Vec<Named>,
}

impl Month {
    /// What is due of a month.
    pub fn new(file: String, warm: Vec<WarmFile>) -> Month {
        Month { file, warm, removes: Vec::new() }
    }
}

impl Item for Month {
    type Step = Consolidation;

    fn room_bytes(&self, files: &Inventory) -> u64 {
        let before = files.file(&self.file).map_or(0, |f| f.size_bytes);
        self.warm.iter().map(|warm| warm.size_bytes).sum::<u64>() + before
    }

    /// Its files into its tar.
    fn prepare(
        &mut self,
        work: &mut Archive,
        record: &mut Consolidation,
        notes: &mut dyn Notes,
    ) -> Result<Option<Ready>> {
        let file = &self.file;
        work.adopt_month(file)?;
        let before = work.files()?.file(file).cloned();
        let (warm, mut scratch) = (std::mem::take(&mut self.warm), Vec::new());
        let (additions, removes) =
            gather(work, warm, &mut scratch, record, notes)?;
        if removes.is_empty() {
            return Ok(None);
        }
        let mut additions: Vec<Addition> = additions.into_values().collect();
        let kept = schemas(work, before.as_ref(), &additions, record, notes)?;
        additions.extend(kept);
        let draft = work
            .draft_month(file, before.as_ref(), &|_| true, additions)?
            .ok_or_else(|| Error::failed("a month without members"))?;
        let change = Change {
            after: Some(draft.after.clone()),
            members: draft.members.clone(),
            removes: removes.clone(),
            ..Change::of(file, before.map(|b| b.named(file)))?
        };
        self.removes = removes;
        Ok(Some(Ready { change, draft: Some(draft), proven: None }))
    }

    fn done(self, record: &mut Consolidation, notes: &mut dyn Notes) {
        record.consolidated += self.removes.len() as u64;
        for removed in self.removes {
            notes.verbose(&format!(
                "{} is in {}",
                quote(&removed.file),
                quote(&self.file)
            ));
            record.removed_warm.push(removed.file);
        }
        record.cold_files.push(self.file);
    }
}

/// What goes into the tar, by member, and the warm files that then can go.
/// `scratch` keeps the temporary files among them.
fn gather(
    work: &mut Archive,
    warm: Vec<WarmFile>,
    scratch: &mut Vec<Temp>,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) -> Result<(BTreeMap<String, Addition>, Vec<Named>)> {
    let mut additions: BTreeMap<String, Addition> = BTreeMap::new();
    let mut removes = Vec::new();
    for one in warm {
        match look(work, &one, scratch) {
            Ok((named, member, path)) => {
                let entry = additions
                    .entry(member.name.clone())
                    .or_insert_with(|| Addition {
                        member: Member {
                            rows: 0,
                            size_bytes: 0,
                            ..member.clone()
                        },
                        files: Vec::new(),
                    });
                entry.member.rows += member.rows;
                entry.member.size_bytes += member.size_bytes;
                entry.member.widen(&member.oldest, &member.newest);
                entry.files.push(path);
                removes.push(named);
            }
            Err(error) => leave(error, Exit::Partial, record, notes)?,
        }
    }
    Ok((additions, removes))
}

/// A warm file's digest, and its bytes as they go into the tar: the file
/// itself, or a compressed copy.
fn look(
    work: &mut Archive,
    warm: &WarmFile,
    scratch: &mut Vec<Temp>,
) -> Result<(Named, Member, TreePath)> {
    let (sha256, known) = prove(work.files()?, warm)?;
    let mut member = known.map_or_else(|| adopt(work, warm, &sha256), Ok)?;
    member.name = format!("{}/{}.jsonl.gz", warm.day, warm.stem);
    let named =
        Named { file: warm.file.clone(), size_bytes: warm.size_bytes, sha256 };
    if !warm.plain {
        member.size_bytes = warm.size_bytes;
        return Ok((named, member, warm.path.clone()));
    }
    let temp = compress(work, warm)?;
    let path = temp.path().to_owned();
    member.size_bytes = durable::length(&durable::open_read(&path)?, &path)?;
    scratch.push(temp);
    Ok((named, member, path))
}

/// A warm file that was made by hand: looked through, and taken in.
fn adopt(work: &mut Archive, warm: &WarmFile, sha256: &str) -> Result<Member> {
    let named = Named {
        file: warm.file.clone(),
        size_bytes: warm.size_bytes,
        sha256: sha256.to_owned(),
    };
    let member = Member {
        name: format!("{}/{}.jsonl.gz", warm.day, warm.stem),
        table: warm.origin.as_ref().map(|o| o.table.clone()),
        database: warm.origin.as_ref().and_then(|o| o.database.clone()),
        day: Some(warm.day.to_string()),
        size_bytes: warm.size_bytes,
        sha256: sha256.to_owned(),
        ..Member::default()
    };
    work.adopt_lines(named, member, warm.plain)
}

/// A plain file's lines as gzip members, under a temporary name.
fn compress(work: &Archive, warm: &WarmFile) -> Result<Temp> {
    let mut temp = Temp::in_tree(work.tree().top())?;
    let mut encoder = gz::Encoder::new(6);
    let mut input = durable::open_read(&warm.path)?;
    let (mut text, mut member) = (vec![0u8; BLOCK_BYTES], Vec::new());
    let mut rest = 0;
    loop {
        text.resize(BLOCK_BYTES.max(rest + 1), 0);
        let n = durable::read_full(&mut input, &mut text[rest..])
            .map_err(|e| Error::io("read", &warm.path, e))?;
        let filled = rest + n;
        if filled == 0 {
            return Ok(temp);
        }
        let end = match memchr::memrchr(b'\n', &text[..filled]) {
            Some(end) if n > 0 => end + 1,
            _ => filled,
        };
        member.clear();
        encoder.member(&text[..end], None, &mut member)?;
        temp.file()?.write_all(&member).map_err(|e| {
            Error::io("write a file in", work.tree().root(), e)
        })?;
        text.copy_within(end..filled, 0);
        rest = filled - end;
    }
}

/// The schemas of the tables that are added, where the month has them not.
fn schemas(
    work: &Archive,
    before: Option<&FileState>,
    additions: &[Addition],
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) -> Result<Vec<Addition>> {
    let folder = work.tree().folder("schema")?;
    let mut out = Vec::new();
    for (name, path) in entries(&folder)? {
        let stem = name.strip_suffix(".sql").and_then(|n| n.rsplit_once('-'));
        let Some((stem, _)) = stem else { continue };
        let needed = additions.iter().any(|a| {
            let table = a.member.table.as_deref();
            table.is_some_and(|table| file_name(table) == stem)
        });
        let member = format!("schema/{name}");
        let has =
            before.is_some_and(|b| b.members.iter().any(|m| m.name == member));
        if !needed || has {
            continue;
        }
        if let Err(error) = work.tree().mend_schema(work.files()?, &member) {
            let exit = error.exit();
            leave(error, exit, record, notes)?;
            continue;
        }
        let size_bytes = durable::length(&durable::open_read(&path)?, &path)?;
        out.push(Addition {
            member: Member { name: member, size_bytes, ..Member::default() },
            files: vec![path],
        });
    }
    Ok(out)
}
