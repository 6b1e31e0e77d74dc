//! rt-verify: the archives held against the ledger, each file read once.
//!
//! No lock is taken, so that jobs go on. Where something is not as it should
//! be, the ledger is read again, and if it has moved on, so may the file have:
//! it is looked at once more. Damage never ends the run; each finding is a
//! record that says what to do.

mod absent;
mod balance;
mod choose;
mod duplicates;
mod finding;
mod forms;
mod lines;
mod options;
mod pool;
mod read;
mod repair;
mod salvage;
mod schemas;
mod seen;
mod tree;

use std::io::Write;

use serde::Serialize;

use self::absent::Absent;
use self::balance::Books;
use self::choose::files;
use self::duplicates::Duplicates;
use self::finding::{Finding, Place, Severity, place_of};
use self::pool::on_threads;
use self::read::{EachRecord, Reader, Report};
use self::repair::repair;
use self::salvage::salvage;
use self::seen::{Seen, ledger_findings};
use self::tree::{no_ledger, no_tree, walk};
use crate::archive::{
    Audit, Member, Mismatch, READ_LOG, ReadLog, Reason, Tree, mismatches,
};
use crate::error::{Error, Exit, Notes, Result, quote, quoted};
use crate::io::{gz, jsonl};
use crate::progress;

pub use absent::Key;
pub use options::Options;

/// How often a file is looked at again that moves while it is read.
const TRIES: u32 = 3;

/// The last record: what was looked at.
#[derive(Debug, Default, Serialize)]
#[serde(tag = "type", rename = "verified")]
struct Summary {
    ledger_lines: u64,
    /// Files that were read.
    files: u64,
    size_bytes: u64,
    text_size_bytes: u64,
    rows: u64,
    findings: u64,
}

/// Verifies; a record a finding goes to `output`, and one that sums up.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    progress::listen()
        .map_err(|e| Error::stream("cannot handle signals", e))?;
    options.check()?;
    let tree = Tree::new(&options.settings.archives());
    if let Some(file) = &options.salvage {
        return salvage(&tree, file, output, notes);
    }
    if !tree.root().is_dir() {
        return Err(no_tree(tree.root()));
    }
    if options.repair {
        return repair(options, &tree, output, notes);
    }
    notes.verbose(&format!("reading {}", quoted(tree.root())));
    let mut seen = Seen::look(&tree)?;
    let mut findings = ledger_findings(&tree, &seen.audit);
    let unknown = strangers(options, &tree, &mut seen, &mut findings)?;
    let mut summary = Summary::default();
    let mut reports = Vec::new();
    if options.quick {
        findings.extend(sizes(options, &tree, &mut seen)?);
    } else {
        let files = files(options, &tree, &seen.audit, unknown);
        reports =
            look(options, &tree, &mut seen, files, &mut findings, notes)?;
        note_read(options, &tree, &seen.audit, &reports, notes)?;
    }
    summary.ledger_lines = seen.audit.lines;
    reports.iter().for_each(|(_, report)| summary.add(report));
    if options.balance {
        let books = std::mem::take(&mut seen.books);
        findings.extend(balance(options, &seen, books, &reports, output)?);
    }
    findings.extend(reports.into_iter().flat_map(|(_, r)| r.findings));
    summary.findings = findings.len() as u64;
    let mut exit = Exit::Done;
    for finding in &findings {
        exit = exit.and(finding.severity.exit());
        jsonl::print(finding, output)?;
    }
    jsonl::print(&summary, output)?;
    Ok(exit)
}

/// Notes what is in the tree beside its archives; gives the archives that the
/// ledger does not know.
fn strangers(
    options: &Options,
    tree: &Tree,
    seen: &mut Seen,
    findings: &mut Vec<Finding>,
) -> Result<Vec<String>> {
    if !options.selection().is_all() {
        return Ok(Vec::new());
    }
    let look =
        |seen: &Seen| walk(tree, &seen.audit, &seen.schemas, options.quick);
    let mut walked = look(seen);
    if !walked.findings.is_empty() && seen.moved_on(tree)? {
        walked = look(seen);
    }
    if !seen.audit.there && !walked.unknown.is_empty() {
        findings.push(no_ledger(tree));
    }
    // What a dead run left may hold rows; nobody can tell of which table.
    if options.absent.is_some() {
        let strays = walked.findings.iter_mut().filter(|f| f.what == "stray");
        strays.for_each(|finding| finding.severity = Severity::Warning);
    }
    findings.extend(walked.findings);
    Ok(walked.unknown)
}

/// Reads the files, and looks at each record as far as that was asked for.
fn look(
    options: &Options,
    tree: &Tree,
    seen: &mut Seen,
    files: Vec<String>,
    findings: &mut Vec<Finding>,
    notes: &mut dyn Notes,
) -> Result<Vec<(String, Report)>> {
    let absent = options.absent.as_ref().map(Absent::new);
    let duplicates = options.duplicates.then(Duplicates::new);
    let tables = &options.tables;
    let each = |place: &Place<'_>, record: &[u8]| {
        // A month's tar holds other tables too.
        let other =
            |t: &str| tables.iter().all(|w| !w.eq_ignore_ascii_case(t));
        if !tables.is_empty() && place.table.is_some_and(other) {
            return;
        }
        if let Some(absent) = &absent {
            absent.see(place, record);
        }
        if let Some(duplicates) = &duplicates {
            duplicates.see(place, record);
        }
    };
    let wanted = absent.is_some() || duplicates.is_some();
    let each: Option<EachRecord<'_>> = if wanted { Some(&each) } else { None };
    let reports = read(tree, seen, files, each, notes)?;
    findings.extend(absent.into_iter().flat_map(Absent::findings));
    findings.extend(duplicates.into_iter().flat_map(Duplicates::findings));
    Ok(reports)
}

/// Prints the books; gives those that do not close.
fn balance(
    options: &Options,
    seen: &Seen,
    mut books: Books,
    reports: &[(String, Report)],
    output: &mut dyn Write,
) -> Result<Vec<Finding>> {
    books.enter(seen.audit.said.files.files(), &|file, member| {
        let at = reports.binary_search_by(|(name, _)| name.as_str().cmp(file));
        let (_, report) = reports.get(at.ok()?)?;
        let member = file.ends_with(".tar.gz").then(|| member.name.clone());
        Some(report.rows.get(&member).copied().unwrap_or(0))
    });
    let (books, findings) = books.close(&options.selection());
    for book in books {
        jsonl::print(&book, output)?;
    }
    Ok(findings)
}

impl Summary {
    fn add(&mut self, report: &Report) {
        self.files += u64::from(!report.gone);
        self.size_bytes += report.size_bytes;
        self.text_size_bytes += report.text_size_bytes;
        self.rows += report.rows.values().sum::<u64>();
    }
}

/// What the lengths of the files tell, without opening any.
fn sizes(
    options: &Options,
    tree: &Tree,
    seen: &mut Seen,
) -> Result<Vec<Finding>> {
    let selection = options.selection();
    let wanted = |member: &Member| selection.wants(member);
    let look = |seen: &Seen| {
        let said = &seen.audit.said;
        mismatches(tree, (&said.state, &said.files), &wanted, false)
    };
    let mut wrong = look(seen)?;
    if !wrong.is_empty() && seen.moved_on(tree)? {
        wrong = look(seen)?;
    }
    let finding = |wrong: &Mismatch| {
        let name = quote(&wrong.file);
        let found = match (wrong.reason, wrong.size_bytes) {
            (Reason::Size, Some(is)) => {
                let said = wrong.ledger_size_bytes.unwrap_or_default();
                Finding::size(&name, is, said)
            }
            _ => Finding::missing(&name),
        };
        let known = seen.audit.said.files.file(&wrong.file);
        found.at(&place_of(&wrong.file, known))
    };
    Ok(wrong.iter().map(finding).collect())
}

/// Reads files, and those in which something is wrong again while the ledger
/// moves on.
fn read(
    tree: &Tree,
    seen: &mut Seen,
    files: Vec<String>,
    each: Option<EachRecord<'_>>,
    notes: &mut dyn Notes,
) -> Result<Vec<(String, Report)>> {
    let mut reports: Vec<(String, Report)> = Vec::new();
    let mut left = files;
    for tries in 1.. {
        let cores = gz::threads(None);
        let threads = if left.len() < cores { cores } else { 0 };
        let (audit, parts) = (&seen.audit, &seen.parts);
        let reader = Reader { tree, audit, parts, threads, each, texts: true };
        let total = Some(left.len() as u64);
        progress::begin("reading".to_owned(), "files", total);
        let done = on_threads(&left, cores, |file| {
            let report = reader.read(file);
            progress::add(1, 0);
            report
        })?;
        progress::end();
        let done = left.into_iter().zip(done);
        let (sound, wrong): (Vec<_>, Vec<_>) =
            done.partition(|(_, report)| report.findings.is_empty());
        reports.extend(sound);
        if wrong.is_empty() || tries == TRIES || !seen.moved_on(tree)? {
            reports.extend(wrong);
            break;
        }
        notes.verbose("the ledger has moved on: reading again what differs");
        left = wrong.into_iter().map(|(file, _)| file).collect();
    }
    reports.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(reports)
}

/// Notes which files were read; where nothing can be written, as in a backup,
/// that is no failure.
fn note_read(
    options: &Options,
    tree: &Tree,
    audit: &Audit,
    reports: &[(String, Report)],
    notes: &mut dyn Notes,
) -> Result<()> {
    let now = options.settings.now()?;
    if options.settings.dry_run || !audit.there {
        return Ok(());
    }
    let mut log = ReadLog::load(tree.root());
    for (file, report) in reports.iter().filter(|(_, report)| !report.gone) {
        let damage = |f: &Finding| f.severity == Severity::Damage;
        let damaged = report.findings.iter().any(damage);
        log.note(&audit.said.files, file, now, damaged);
    }
    log.tidy(&audit.said.files);
    if let Err(error) = log.save(tree.root()) {
        notes.verbose(&format!("{READ_LOG} is left as it was: {error}"));
    }
    Ok(())
}
