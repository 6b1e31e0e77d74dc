//! rt-consolidate: warm files whose day is due go into the tar of their
//! month. The order of writes stands in [`crate::archive`]'s `month`.
//!
//! What is not what the ledger says, is damaged or waits for its settlement is
//! left where it is and named; the rest goes on.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::archive::tiers::{WarmFile, warm_files};
use crate::archive::{
    Addition, Archive, BLOCK_BYTES, Change, FileState, Kind, Ledger, Member,
    Named, State, Tree, month_file, not_as_said,
};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::digest::file_sha256;
use crate::io::durable::{self, Temp};
use crate::io::gz;
use crate::outcome::{Consolidation, Upkeep};
use crate::settings::Settings;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};
use crate::signal::Stop;
use crate::time::Age;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// `--older-than`: in place of every table's hot and warm periods.
    pub older_than: Option<Age>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

/// What is due, by the month's file.
type Months = BTreeMap<String, Vec<WarmFile>>;

/// Consolidates; one record goes to `output`.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let stop = Stop::listen()?;
    let mut record = Consolidation::default();
    let done = consolidate(options, &mut record, notes, &stop);
    if let Err(error) = &done {
        record.status = "failed".to_owned();
        record.message = Some(error.to_string());
        record.exit_status = Some(error.exit().code());
    }
    let exit = Exit::from_code(record.exit_status.unwrap_or(0));
    Upkeep::Consolidation(record).write(output)?;
    done.map(|()| exit)
}

fn consolidate(
    options: &Options,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<()> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let tree = Tree::new(&root);
    if options.settings.dry_run {
        record.status = "dry_run".to_owned();
        let ledger = Ledger::open(&root, now, false)?;
        let months =
            due(&tree, ledger.state(), &policy, now, options, record, notes)?;
        for (file, warm) in months {
            rehearse(&tree, ledger.state(), file, warm, record, notes);
        }
        record.consolidated = record.removed_warm.len() as u64;
        return Ok(());
    }
    record.status = "no_records".to_owned();
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let mut work = Archive::begin(&root, now, wait, notes)?;
    let state = work.state();
    let mut months = due(&tree, state, &policy, now, options, record, notes)?;
    for warm in months.values_mut() {
        warm.retain(|w| {
            w.table.as_deref().is_none_or(|t| work.block_of(t).is_none())
        });
    }
    for blocked in work.blocked() {
        leave(record, blocked.exit, blocked.message.clone());
    }
    for (file, warm) in months {
        if warm.is_empty() {
            continue;
        }
        stop.check()?;
        match month(&mut work, &file, warm, record, notes) {
            Ok(()) => {}
            Err(error) if error.exit() == Exit::Failed => return Err(error),
            Err(error) => {
                notes.warn(&error.to_string());
                leave(record, error.exit(), error.to_string());
            }
        }
    }
    if record.consolidated > 0 {
        record.status = "consolidated".to_owned();
    }
    Ok(())
}

/// What a month's run would do, by the same proofs.
fn rehearse(
    tree: &Tree,
    state: &State,
    file: String,
    warm: Vec<WarmFile>,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) {
    if let Err(error) = tree.stranger(state, &file) {
        notes.warn(&error.to_string());
        leave(record, error.exit(), error.to_string());
        return;
    }
    let before = record.removed_warm.len();
    for one in warm {
        let proof = prove(state, &one).and_then(|(_, known)| match known {
            Some(_) => Ok(0),
            None => tree.count_records(&one.file, one.plain),
        });
        match proof {
            Ok(_) => record.removed_warm.push(one.file),
            Err(error) => {
                notes.warn(&error.to_string());
                leave(record, Exit::Partial, error.to_string());
            }
        }
    }
    if record.removed_warm.len() > before {
        record.cold_files.push(file);
    }
}

/// A warm file's digest, and what it holds by the ledger, which must agree.
fn prove(state: &State, warm: &WarmFile) -> Result<(String, Option<Member>)> {
    let sha256 = file_sha256(durable::open_read(&warm.path)?, &warm.path)?;
    match state.file(&warm.file) {
        Some(known) if known.sha256 != sha256 => {
            Err(not_as_said(&warm.path, "is not what the ledger says"))
        }
        Some(known) => Ok((sha256, known.members.first().cloned())),
        None => Ok((sha256, None)),
    }
}

/// Notes that something was left.
fn leave(record: &mut Consolidation, exit: Exit, message: String) {
    let exit = match exit {
        Exit::Disagree => Exit::Disagree,
        _ => Exit::Partial,
    };
    let before = Exit::from_code(record.exit_status.unwrap_or(0));
    record.exit_status = Some(before.and(exit).code());
    record.message = Some(message);
}

/// The warm files that are due and can go, by month.
fn due(
    tree: &Tree,
    state: &State,
    policy: &Policy,
    now: Timestamp,
    options: &Options,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) -> Result<Months> {
    let mut months = Months::new();
    for warm in warm_files(tree, state)? {
        let cutoff = match (&options.older_than, &warm.table) {
            (Some(age), _) => Some(age.before(now)?),
            (None, Some(table)) => match rule(policy, table) {
                Some(rule) if rule.cold.is_none() => None,
                Some(rule) => policy::cold_cutoff(rule, now)?,
                None => None,
            },
            (None, None) => None,
        };
        let end = warm.day.next().start();
        if cutoff.is_none_or(|cutoff| end > cutoff) {
            continue;
        }
        let waits = state
            .unsettled()
            .chain(state.intents())
            .any(|o| o.segment.file == warm.file);
        if waits {
            notes.verbose(&format!(
                "{} waits: a segment is not settled",
                quote(&warm.file)
            ));
            continue;
        }
        let known = state.file(&warm.file);
        if known.is_some_and(|k| k.size_bytes != warm.size_bytes) {
            let error =
                not_as_said(&warm.path, "is not as long as the ledger says");
            notes.warn(&error.to_string());
            leave(record, Exit::Partial, error.to_string());
            continue;
        }
        months.entry(month_file(warm.day)).or_default().push(warm);
    }
    Ok(months)
}

/// One month.
fn month(
    work: &mut Archive,
    file: &str,
    warm: Vec<WarmFile>,
    record: &mut Consolidation,
    notes: &mut dyn Notes,
) -> Result<()> {
    work.adopt_month(file)?;
    let before = work.state().file(file).cloned();
    let mut scratch = Vec::new();
    let mut additions: BTreeMap<String, Addition> = BTreeMap::new();
    let mut removes = Vec::new();
    for one in warm {
        match look(work, &one, &mut scratch) {
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
            Err(error) => {
                notes.warn(&error.to_string());
                leave(record, Exit::Partial, error.to_string());
            }
        }
    }
    if removes.is_empty() {
        return Ok(());
    }
    let mut additions: Vec<Addition> = additions.into_values().collect();
    additions.extend(schemas(work, before.as_ref(), &additions)?);
    let draft = work
        .draft_month(file, before.as_ref(), &|_| true, additions)?
        .ok_or_else(|| Error::failed("a month without members"))?;
    let change = Change {
        id: Tree::new_id()?,
        file: file.to_owned(),
        before: before.map(|b| b.named(file)),
        after: Some(draft.after.clone()),
        members: draft.members.clone(),
        removes: removes.clone(),
        expires: Vec::new(),
    };
    work.change(Kind::Consolidate, change, Some(draft))?;
    record.consolidated += removes.len() as u64;
    record.cold_files.push(file.to_owned());
    for removed in removes {
        notes.verbose(&format!(
            "{} is in {}",
            quote(&removed.file),
            quote(file)
        ));
        record.removed_warm.push(removed.file);
    }
    Ok(())
}

/// A warm file's digest, and its bytes as they go into the tar: the file
/// itself, or a compressed copy.
fn look(
    work: &mut Archive,
    warm: &WarmFile,
    scratch: &mut Vec<Temp>,
) -> Result<(Named, Member, PathBuf)> {
    let (sha256, known) = prove(work.state(), warm)?;
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
    member.size_bytes = std::fs::metadata(&path)
        .map_err(|e| Error::io("stat", &path, e))?
        .len();
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
        table: warm.table.clone(),
        day: Some(warm.day.to_string()),
        size_bytes: warm.size_bytes,
        sha256: sha256.to_owned(),
        rows: 0,
        oldest: None,
        newest: None,
    };
    work.adopt_lines(named, member, warm.plain)
}

/// A plain file's lines as gzip members, under a temporary name.
fn compress(work: &Archive, warm: &WarmFile) -> Result<Temp> {
    let root = work.tree().root();
    let mut temp = Temp::in_tree(root)?;
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
        temp.file()?
            .write_all(&member)
            .map_err(|e| Error::io("write a file in", root, e))?;
        text.copy_within(end..filled, 0);
        rest = filled - end;
    }
}

/// The schemas of the tables that are added, where the month has them not.
fn schemas(
    work: &Archive,
    before: Option<&FileState>,
    additions: &[Addition],
) -> Result<Vec<Addition>> {
    let folder = work.tree().root().join("schema");
    let mut out = Vec::new();
    for (name, path) in crate::archive::tiers::entries(&folder)? {
        let stem = name.strip_suffix(".sql").and_then(|n| n.rsplit_once('-'));
        let Some((stem, _)) = stem else { continue };
        let needed = additions.iter().any(|a| {
            let file = a.member.name.split_once('/').map(|(_, f)| f);
            file.and_then(|f| f.strip_suffix(".jsonl.gz")) == Some(stem)
        });
        let member = format!("schema/{name}");
        let has =
            before.is_some_and(|b| b.members.iter().any(|m| m.name == member));
        if !needed || has {
            continue;
        }
        let size_bytes = std::fs::metadata(&path)
            .map_err(|e| Error::io("stat", &path, e))?
            .len();
        out.push(Addition {
            member: Member {
                name: member,
                table: None,
                day: None,
                size_bytes,
                sha256: String::new(),
                rows: 0,
                oldest: None,
                newest: None,
            },
            files: vec![path],
        });
    }
    Ok(out)
}
