//! What of the archives needs attention: the ledger, and the files, a breach a
//! table.
//!
//! The files are held against the ledger by their lengths. No lock is taken,
//! so what differs counts only if the ledger, read again, still does not
//! explain it.

use std::collections::BTreeMap;
use std::path::Path;

use bytesize::ByteSize;
use jiff::Timestamp;

use super::breach::Breach;
use super::mismatch::mismatches;
use super::options::Options;
use crate::archive::tiers::entries;
use crate::archive::{
    Inventory, Ledger, Mismatch, Origin, Reason, State, Tree,
};
use crate::error::{Error, Exit, Result, are, counted, quote, quoted};
use crate::io::durable;
use crate::io::tree_path::TreePath;
use crate::settings::policy::Policy;

/// What is wrong with the ledger, and with the files by its word.
pub(super) fn judge(
    options: &Options,
    tree: &Tree,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let torn = ledger.tail_bytes()?;
    let mut wrong = mismatches(options, None, tree, ledger)?;
    if wrong.is_empty() && torn == 0 {
        return Ok(Vec::new());
    }
    let again = Ledger::open_whole(tree.root(), now)?;
    wrong = mismatches(options, None, tree, &again)?;
    let mut out = Vec::new();
    if !again.is_there() && !wrong.is_empty() {
        out.push(lost(tree));
    }
    // The same bytes as before: no append that is under way.
    if torn > 0 && again.tail_bytes()? == torn {
        out.push(
            Breach::new(
                "unreadable",
                format!(
                    "the last {torn} bytes of the ledger are no whole event, \
                     as after a power cut"
                ),
            )
            .hint(
                "the next job moves them away and settles what they were \
                 about: rt-purge --pending",
            ),
        );
    }
    out.extend(by_table(&wrong));
    Ok(out)
}

/// A ledger that is not there, beside archives.
fn lost(tree: &Tree) -> Breach {
    let message = format!(
        "there are archives, but their ledger {} is not there",
        quoted(tree.root().join("ledger.jsonl"))
    );
    Breach { damage: true, ..Breach::new("unreadable", message) }.hint(
        "put the ledger back from the newest backup of the archives, before \
         the next job begins another one",
    )
}

/// A ledger that is broken, or that cannot be read: nothing of the archives can
/// be judged by it.
pub(super) fn unreadable(error: &Error) -> Breach {
    let breach = Breach::new("unreadable", error.to_string());
    let damaged = error.exit() == Exit::Disagree;
    let hint = error.next_step().filter(|_| !damaged).unwrap_or(
        "put the ledger back from the newest backup of the archives, then \
         rt-verify --repair takes in what is newer; until then no job touches \
         them",
    );
    Breach { damage: true, ..breach }.hint(hint)
}

/// What a run began and did not finish: a breach a table, one for all changes.
pub(super) fn unsettled(state: &State) -> Vec<Breach> {
    let breach = |file: &str| Breach {
        file: Some(file.to_owned()),
        ..Breach::new("unsettled", String::new())
            .hint("rt-purge --pending, unless a run is at work")
    };
    let add = |found: &mut Breach, file: &str, rows: u64| {
        found.files = Some(found.files.unwrap_or(0) + 1);
        found.rows = Some(found.rows.unwrap_or(0) + rows);
        found.file = found.file.take().map(|f| f.min(file.to_owned()));
    };
    let mut tables: BTreeMap<_, Breach> = BTreeMap::new();
    for open in state.intents().chain(state.unsettled()) {
        let segment = &open.segment;
        let key = (&segment.table, &segment.database);
        let found = tables.entry(key).or_insert_with(|| Breach {
            table: Some(segment.table.clone()),
            database: segment.database.clone(),
            ..breach(&segment.file)
        });
        add(found, &segment.file, segment.rows);
    }
    let mut out: Vec<Breach> = tables.into_values().collect();
    for found in &mut out {
        let segments = found.files.unwrap_or(0);
        found.message = format!(
            "{} of {}, such as that in {}, {} not settled",
            counted(segments, "segment"),
            quote(found.table.as_deref().unwrap_or_default()),
            quote(found.file.as_deref().unwrap_or_default()),
            are(segments)
        );
    }
    let files: Vec<&str> = state
        .changes()
        .iter()
        .map(|(_, change)| change.file.as_str())
        .collect();
    if let Some(first) = files.iter().min() {
        out.push(Breach {
            files: Some(files.len() as u64),
            message: format!(
                "a change of {}, such as {}, was begun and not finished",
                counted(files.len() as u64, "file"),
                quote(first)
            ),
            ..breach(first)
        });
    }
    out
}

/// The archive tree, if it is larger than it may be.
pub(super) fn size(options: &Options, root: &Path) -> Result<Option<Breach>> {
    let limit = options.max_size.unwrap_or(10 << 30);
    let size_bytes = size_below(TreePath::root(root))?;
    let breach = || Breach {
        size_bytes: Some(size_bytes),
        ..Breach::new(
            "archives_size",
            format!(
                "the archives take {}, more than {}",
                ByteSize(size_bytes),
                ByteSize(limit)
            ),
        )
        .hint("rt-cleanup archives; or a larger --max-size")
    };
    Ok((size_bytes > limit).then(breach))
}

/// Tables whose days in the archives never end, as no policy names them. Files
/// with all rows of a run end without a line, too.
pub(super) fn no_policy(known: &Inventory, policy: &Policy) -> Vec<Breach> {
    let mut tables: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for (file, known) in known.files().filter(|(file, _)| file.contains('/')) {
        for table in known.members.iter().filter_map(|m| m.table.as_deref()) {
            if policy.get(table).is_none() {
                let found = tables.entry(table).or_insert((0, file));
                *found = (found.0 + 1, found.1.min(file));
            }
        }
    }
    let breach = |(table, (days, file)): (&str, (u64, &str))| Breach {
        table: Some(table.to_owned()),
        file: Some(file.to_owned()),
        ..Breach::new(
            "no_policy",
            format!(
                "the archives hold {} of {}, which no policy names: they \
                 never end",
                counted(days, "day"),
                quote(table)
            ),
        )
        .hint("add a line for it to the policy, see rt-policy(5)")
    };
    tables.into_iter().map(breach).collect()
}

/// A breach for each table and reason.
fn by_table(wrong: &[Mismatch]) -> Vec<Breach> {
    let mut found: BTreeMap<(Reason, Option<&Origin>), Vec<&Mismatch>> =
        BTreeMap::new();
    for one in wrong {
        for origin in &one.origins {
            let key = (one.reason, Some(origin));
            found.entry(key).or_default().push(one);
        }
        if one.origins.is_empty() {
            found.entry((one.reason, None)).or_default().push(one);
        }
    }
    let breach = |((reason, origin), files): (_, Vec<&Mismatch>)| {
        of_files(reason, origin, &files)
    };
    found.into_iter().map(breach).collect()
}

fn of_files(
    reason: Reason,
    origin: Option<&Origin>,
    files: &[&Mismatch],
) -> Breach {
    let first = files.first().map(|m| m.file.as_str()).unwrap_or_default();
    let of = origin.map(|o| format!(" of {o}")).unwrap_or_default();
    let those = match files.len() {
        1 => format!("the archive file {}{of}", quote(first)),
        n => format!("{n} archive files{of}, such as {},", quote(first)),
    };
    let (is, has) = match files.len() {
        1 => ("is", "has"),
        _ => ("are", "have"),
    };
    let list = match origin {
        Some(o) => format!("rt-stat --archives {}", quote(&o.table)),
        None => "rt-stat --archives".to_owned(),
    };
    let (what, message, hint) = match reason {
        Reason::Missing => (
            "missing",
            format!("{those} {is} not there"),
            format!(
                "put back from a backup what {list} names; if somebody \
                 deleted a file on purpose, rt-expire --file NAME takes note \
                 of it"
            ),
        ),
        Reason::Size => (
            "size",
            format!("{those} {has} another length than the ledger says"),
            format!("put back from a backup what {list} names"),
        ),
        Reason::Unknown => (
            "unknown",
            format!("{those} {is} not in the ledger"),
            "made by hand, rt-consolidate takes it in when its day is due; \
             else put the newest ledger back from a backup; rt-stat \
             --archives names all"
                .to_owned(),
        ),
    };
    Breach {
        table: origin.map(|o| o.table.clone()),
        database: origin.and_then(|o| o.database.clone()),
        file: Some(first.to_owned()),
        files: Some(files.len() as u64),
        damage: reason != Reason::Unknown,
        ..Breach::new(what, message).hint(hint)
    }
}

/// The length of all files below a folder; what goes away meanwhile does not
/// count.
fn size_below(folder: TreePath) -> Result<u64> {
    let mut folders = vec![folder];
    let mut size_bytes = 0;
    while let Some(folder) = folders.pop() {
        for (_, path) in entries(&folder)? {
            match durable::metadata_if_there(&path)? {
                Some(meta) if meta.is_dir() => folders.push(path),
                Some(meta) => size_bytes += meta.len(),
                None => {}
            }
        }
    }
    Ok(size_bytes)
}
