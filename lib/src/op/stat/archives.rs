//! What is in the archives, from the ledger alone: no archive file is opened.
//!
//! Files are held against the ledger by their lengths. rt-stat takes no lock,
//! so a difference counts only if the ledger, read again, still does not
//! explain it; files that an open intent names may be in either form.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::mismatch::{mismatches, wanted};
use super::options::Options;
use crate::archive::{
    ArchiveFile, FileState, FileTier, Inventory, Ledger, Member, Reason, Tree,
};
use crate::error::{Error, Exit, Notes, Result, did_you_mean, quote};
use crate::io::jsonl;
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};
use crate::time::{self, Day, rfc3339};

/// The record of a tier.
#[derive(Serialize)]
#[serde(tag = "type", rename = "tier")]
struct TierStat {
    tier: FileTier,
    total_files: u64,
    total_members: u64,
    days: u64,
    size_bytes: u64,
    rows: u64,
    oldest: Option<String>,
    newest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eligible_for_cold: Option<u64>,
    eligible_for_purge: u64,
}

/// The record of a table in a tier.
#[derive(Serialize)]
#[serde(tag = "type", rename = "archive")]
struct ArchiveStat<'a> {
    tier: FileTier,
    table: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'a str>,
    days: u64,
    files: u64,
    rows: u64,
    size_bytes: u64,
    oldest: Option<String>,
    newest: Option<String>,
}

/// What is counted of a tier, or of a table in it.
#[derive(Default)]
struct Sum<'a> {
    files: BTreeSet<&'a str>,
    days: BTreeSet<&'a str>,
    members: u64,
    rows: u64,
    size_bytes: u64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    for_cold: u64,
    for_purge: u64,
}

impl<'a> Sum<'a> {
    fn add(&mut self, file: &'a str, member: &'a Member) {
        self.files.insert(file);
        self.days.extend(member.day.as_deref());
        self.members += 1;
        self.rows += member.rows;
        self.size_bytes += member.size_bytes;
        let time = |text: &Option<String>| {
            text.as_deref().and_then(|t| time::parse(t.as_bytes()))
        };
        if let Some(oldest) = time(&member.oldest) {
            self.oldest = Some(self.oldest.map_or(oldest, |o| o.min(oldest)));
        }
        self.newest = self.newest.max(time(&member.newest));
    }
}

/// The error of a name that no archive has. Elsewhere `--archives` names a
/// folder, so a folder here is likely meant for the tree.
fn no_such_table(name: &str, tables: &BTreeSet<String>) -> Error {
    let error =
        Error::usage(format!("the archives hold no table {}", quote(name)));
    if name.contains('/') || Path::new(name).is_dir() {
        return error.hint(format!(
            "--archives takes no folder here: name it with --tree {}",
            quote(name)
        ));
    }
    error.maybe_hint(did_you_mean(name, tables.iter().map(String::as_str)))
}

/// Prints the records of the archives.
pub(super) fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let tree = Tree::new(&options.settings.archives());
    let mut ledger = Ledger::open(tree.root(), now, false)?;
    let mut exit = Exit::Done;
    if let Err(error) = ledger.check_end() {
        notes.warn(&error.to_string());
        exit = error.exit();
    }
    ledger.warn_if_lost(notes)?;
    let name = options.settings.database()?;
    let name = name.as_deref();
    let asked = Asked::of(options, name, ledger.files()?)?;
    if !options.files || options.sums {
        asked.count(Due::new(ledger.files()?, &policy, now), output)?;
    }
    if options.files {
        asked.list(output)?;
    }
    let mut wrong = mismatches(options, name, &tree, &ledger)?;
    if !wrong.is_empty() {
        let again = Ledger::open(tree.root(), now, false)?;
        wrong = mismatches(options, name, &tree, &again)?;
    }
    for one in wrong {
        exit = exit.and(match one.reason {
            Reason::Unknown => Exit::Partial,
            Reason::Missing | Reason::Size => Exit::Disagree,
        });
        notes.verbose(&format!("{} is not as recorded", quote(&one.file)));
        jsonl::print(&one, output)?;
    }
    Ok(exit)
}

/// What of the ledger was asked for, in order.
struct Asked<'a> {
    members: Vec<(FileTier, &'a str, &'a FileState, &'a Member)>,
}

impl<'a> Asked<'a> {
    fn of(
        options: &Options,
        database: Option<&str>,
        files: &'a Inventory,
    ) -> Result<Asked<'a>> {
        let mut members = Vec::new();
        let mut tables = BTreeSet::new();
        for (file, held) in files.files() {
            for member in &held.members {
                let Some(table) = &member.table else { continue };
                tables.insert(table.to_ascii_lowercase());
                if wanted(options, database, member) {
                    members.push((FileTier::of(file), file, held, member));
                }
            }
        }
        for name in &options.tables {
            if !tables.contains(&name.to_ascii_lowercase()) {
                return Err(no_such_table(name, &tables));
            }
        }
        members.sort_by(|a, b| {
            (a.0, &a.3.table, &a.3.day, a.1)
                .cmp(&(b.0, &b.3.table, &b.3.day, b.1))
        });
        Ok(Asked { members })
    }

    /// Each table's day by itself.
    fn list(&self, output: &mut dyn Write) -> Result<()> {
        for (tier, file, _, member) in &self.members {
            let record = ArchiveFile {
                file,
                member: (*tier == FileTier::Cold).then_some(&member.name),
                tier: *tier,
                table: member.table.as_deref().unwrap_or_default(),
                database: member.database.as_deref(),
                day: member.day.as_deref(),
                rows: Some(member.rows),
                size_bytes: Some(member.size_bytes),
            };
            jsonl::print(&record, output)?;
        }
        Ok(())
    }

    /// The tiers, then the tables in them.
    fn count(&self, mut due: Due<'_>, output: &mut dyn Write) -> Result<()> {
        let mut tiers: BTreeMap<FileTier, Sum> = BTreeMap::new();
        tiers.insert(FileTier::Warm, Sum::default());
        tiers.insert(FileTier::Cold, Sum::default());
        let mut tables: BTreeMap<(FileTier, &str, Option<&str>), Sum> =
            BTreeMap::new();
        let mut sizes = HashMap::new();
        for &(tier, file, held, member) in &self.members {
            let table = member.table.as_deref().unwrap_or_default();
            let sum = tiers.entry(tier).or_default();
            sum.add(file, member);
            let (cold, purge) = due.of((tier, file), table, member)?;
            sum.for_cold += u64::from(cold);
            sum.for_purge += u64::from(purge);
            let key = (tier, table, member.database.as_deref());
            tables.entry(key).or_default().add(file, member);
            sizes.insert(file, held.size_bytes);
        }
        for (tier, sum) in tiers {
            let record = TierStat {
                tier,
                total_files: sum.files.len() as u64,
                total_members: sum.members,
                days: sum.days.len() as u64,
                size_bytes: sum.files.iter().map(|f| sizes[f]).sum(),
                rows: sum.rows,
                oldest: sum.oldest.map(rfc3339),
                newest: sum.newest.map(rfc3339),
                eligible_for_cold: (tier == FileTier::Warm)
                    .then_some(sum.for_cold),
                eligible_for_purge: sum.for_purge,
            };
            jsonl::print(&record, output)?;
        }
        for ((tier, table, database), sum) in tables {
            let record = ArchiveStat {
                tier,
                table,
                database,
                days: sum.days.len() as u64,
                files: sum.files.len() as u64,
                rows: sum.rows,
                size_bytes: sum.size_bytes,
                oldest: sum.oldest.map(rfc3339),
                newest: sum.newest.map(rfc3339),
            };
            jsonl::print(&record, output)?;
        }
        Ok(())
    }
}

/// When archives of a table are due, looked up once a table.
struct Due<'a> {
    files: &'a Inventory,
    policy: &'a Policy,
    now: Timestamp,
    cutoffs: HashMap<String, [Option<Timestamp>; 2]>,
}

impl<'a> Due<'a> {
    fn new(
        files: &'a Inventory,
        policy: &'a Policy,
        now: Timestamp,
    ) -> Due<'a> {
        Due { files, policy, now, cutoffs: HashMap::new() }
    }

    /// Whether it is due to become cold, and whether it is due to go.
    fn of(
        &mut self,
        (tier, file): (FileTier, &str),
        table: &str,
        member: &Member,
    ) -> Result<(bool, bool)> {
        if tier == FileTier::Whole {
            let cutoff = self.policy.whole(table).before(self.now)?;
            let run = self.files.archived(file, member);
            return Ok((false, cutoff.is_some_and(|c| run < Some(c))));
        }
        if !self.cutoffs.contains_key(table) {
            let mut cutoffs = [None, None];
            if let Some(rule) = rule(self.policy, table) {
                if rule.cold.is_some() {
                    cutoffs[0] = policy::cold_cutoff(rule, self.now)?;
                }
                cutoffs[1] = policy::end_cutoff(rule, self.now)?;
            }
            self.cutoffs.insert(table.to_owned(), cutoffs);
        }
        let [cold, purge] = self.cutoffs[table];
        let day = member.day.as_deref().and_then(|d| d.parse::<Day>().ok());
        let Some(end) = day.map(|d| d.next().start()) else {
            return Ok((false, false));
        };
        let over =
            |cutoff: Option<Timestamp>| cutoff.is_some_and(|c| end <= c);
        Ok((tier == FileTier::Warm && over(cold), over(purge)))
    }
}
