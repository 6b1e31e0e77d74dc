//! What is in the archives, from the ledger alone: no archive file is opened.
//!
//! Files are held against the ledger by their lengths. rt-stat takes no lock,
//! so a difference counts only if the ledger, read again, still does not
//! explain it; files that an open intent names may be in either form.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{Options, print};
use crate::archive::tiers::{cold_files, warm_files, whole_files};
use crate::archive::{FileState, Ledger, Member, State, Tree};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::settings::columns::rule;
use crate::settings::policy::{self, Policy};
use crate::time::{self, Day, rfc3339};

/// Where a file is, in the order of the records.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
enum Tier {
    Warm,
    Cold,
    Whole,
}

impl Tier {
    fn of(file: &str) -> Tier {
        match file.split_once('/') {
            Some(("warm", _)) => Tier::Warm,
            Some(("cold", _)) => Tier::Cold,
            _ => Tier::Whole,
        }
    }
}

/// The record of a tier.
#[derive(Serialize)]
#[serde(tag = "type", rename = "tier")]
struct TierStat {
    tier: Tier,
    total_files: u64,
    total_members: u64,
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
    tier: Tier,
    table: &'a str,
    days: u64,
    files: u64,
    rows: u64,
    size_bytes: u64,
    oldest: Option<String>,
    newest: Option<String>,
}

/// The record of a table's day.
#[derive(Serialize)]
#[serde(tag = "type", rename = "archive_file")]
struct ArchiveFile<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
    tier: Tier,
    table: &'a str,
    day: Option<&'a str>,
    rows: u64,
    size_bytes: u64,
}

/// A file that is not what the ledger says.
#[derive(Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename = "mismatch")]
struct Mismatch {
    file: String,
    reason: Reason,
    size_bytes: Option<u64>,
    ledger_size_bytes: Option<u64>,
}

#[derive(Clone, Copy, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    /// The ledger has it, the tree has not.
    Missing,
    /// The ledger has another length.
    Size,
    /// The tree has it, the ledger has not.
    Unknown,
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

/// Prints the records of the archives.
pub(super) fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let tree = Tree::new(&options.settings.archives());
    let ledger = Ledger::open(tree.root(), now, false)?;
    let chosen = Chosen::of(options, ledger.state())?;
    if options.files {
        chosen.list(output)?;
    } else {
        chosen.count(&policy, now, output)?;
    }
    let mut exit = Exit::Done;
    let mut wrong = mismatches(options, &tree, ledger.state())?;
    if !wrong.is_empty() {
        let again = Ledger::open(tree.root(), now, false)?;
        wrong = mismatches(options, &tree, again.state())?;
    }
    for one in wrong {
        exit = exit.and(match one.reason {
            Reason::Unknown => Exit::Partial,
            Reason::Missing | Reason::Size => Exit::Disagree,
        });
        notes.verbose(&format!("{} is not as recorded", quote(&one.file)));
        print(&one, output)?;
    }
    Ok(exit)
}

/// What of the ledger was asked for, in order.
struct Chosen<'a> {
    members: Vec<(Tier, &'a str, &'a FileState, &'a Member)>,
}

impl<'a> Chosen<'a> {
    fn of(options: &Options, state: &'a State) -> Result<Chosen<'a>> {
        let mut members = Vec::new();
        let mut tables = BTreeSet::new();
        for (file, held) in state.files() {
            for member in &held.members {
                let Some(table) = &member.table else { continue };
                tables.insert(table.to_ascii_lowercase());
                if wanted(options, member) {
                    members.push((Tier::of(file), file, held, member));
                }
            }
        }
        for name in &options.tables {
            if !tables.contains(&name.to_ascii_lowercase()) {
                return Err(Error::usage(format!(
                    "the archives hold no table {}",
                    quote(name)
                )));
            }
        }
        members.sort_by(|a, b| {
            (a.0, &a.3.table, &a.3.day, a.1)
                .cmp(&(b.0, &b.3.table, &b.3.day, b.1))
        });
        Ok(Chosen { members })
    }

    /// Each table's day by itself.
    fn list(&self, output: &mut dyn Write) -> Result<()> {
        for (tier, file, _, member) in &self.members {
            let record = ArchiveFile {
                file,
                member: (*tier == Tier::Cold).then_some(&member.name),
                tier: *tier,
                table: member.table.as_deref().unwrap_or_default(),
                day: member.day.as_deref(),
                rows: member.rows,
                size_bytes: member.size_bytes,
            };
            print(&record, output)?;
        }
        Ok(())
    }

    /// The tiers, then the tables in them.
    fn count(
        &self,
        policy: &Policy,
        now: Timestamp,
        output: &mut dyn Write,
    ) -> Result<()> {
        let mut tiers: BTreeMap<Tier, Sum> = BTreeMap::new();
        tiers.insert(Tier::Warm, Sum::default());
        tiers.insert(Tier::Cold, Sum::default());
        let mut tables: BTreeMap<(Tier, &str), Sum> = BTreeMap::new();
        let mut sizes = HashMap::new();
        let mut due = Due::new(policy, now);
        for &(tier, file, held, member) in &self.members {
            let table = member.table.as_deref().unwrap_or_default();
            let sum = tiers.entry(tier).or_default();
            sum.add(file, member);
            let (cold, purge) = due.of(tier, table, member)?;
            sum.for_cold += u64::from(cold);
            sum.for_purge += u64::from(purge);
            tables.entry((tier, table)).or_default().add(file, member);
            sizes.insert(file, held.size_bytes);
        }
        for (tier, sum) in tiers {
            let record = TierStat {
                tier,
                total_files: sum.files.len() as u64,
                total_members: sum.members,
                size_bytes: sum.files.iter().map(|f| sizes[f]).sum(),
                rows: sum.rows,
                oldest: sum.oldest.map(rfc3339),
                newest: sum.newest.map(rfc3339),
                eligible_for_cold: (tier == Tier::Warm)
                    .then_some(sum.for_cold),
                eligible_for_purge: sum.for_purge,
            };
            print(&record, output)?;
        }
        for ((tier, table), sum) in tables {
            let record = ArchiveStat {
                tier,
                table,
                days: sum.days.len() as u64,
                files: sum.files.len() as u64,
                rows: sum.rows,
                size_bytes: sum.size_bytes,
                oldest: sum.oldest.map(rfc3339),
                newest: sum.newest.map(rfc3339),
            };
            print(&record, output)?;
        }
        Ok(())
    }
}

/// Whether a member's table and day were asked for. What has no day is judged
/// by its rows' times.
fn wanted(options: &Options, member: &Member) -> bool {
    let named = |t: &String| {
        member.table.as_ref().is_some_and(|m| m.eq_ignore_ascii_case(t))
    };
    if !options.tables.is_empty() && !options.tables.iter().any(named) {
        return false;
    }
    let day = |text: &Option<String>| {
        let text = text.as_deref()?.get(..10)?;
        text.parse::<Day>().ok()
    };
    let first = day(&member.day).or_else(|| day(&member.oldest));
    let last = day(&member.day).or_else(|| day(&member.newest));
    let late = |since| last.is_none_or(|d| d.next().start() > since);
    let early = |until| first.is_none_or(|d| d.start() < until);
    options.since.is_none_or(late) && options.until.is_none_or(early)
}

/// When archives of a table are due, looked up once a table.
struct Due<'a> {
    policy: &'a Policy,
    now: Timestamp,
    cutoffs: HashMap<String, [Option<Timestamp>; 2]>,
}

impl<'a> Due<'a> {
    fn new(policy: &'a Policy, now: Timestamp) -> Due<'a> {
        Due { policy, now, cutoffs: HashMap::new() }
    }

    /// Whether it is due to become cold, and whether it is due to go.
    fn of(
        &mut self,
        tier: Tier,
        table: &str,
        member: &Member,
    ) -> Result<(bool, bool)> {
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
        Ok((
            tier == Tier::Warm && over(cold),
            tier != Tier::Whole && over(purge),
        ))
    }
}

/// Files that are not what the ledger says; what an intent names is passed
/// over. Strangers are looked for where nothing was selected.
fn mismatches(
    options: &Options,
    tree: &Tree,
    state: &State,
) -> Result<Vec<Mismatch>> {
    let mut moving = BTreeSet::new();
    for open in state.intents().chain(state.unsettled()) {
        if !open.published || open.retract.is_some() {
            moving.insert(open.segment.file.as_str());
        }
    }
    for (_, change) in state.changes() {
        moving.insert(&change.file);
        moving.extend(change.removes.iter().map(|r| r.file.as_str()));
    }
    let mut wrong = Vec::new();
    for (file, known) in state.files() {
        let asked = known.members.iter().any(|m| wanted(options, m));
        if !asked || moving.contains(file) {
            continue;
        }
        let size_bytes = size(&tree.path(file)?)?;
        if size_bytes != Some(known.size_bytes) {
            wrong.push(Mismatch {
                file: file.to_owned(),
                reason: match size_bytes {
                    Some(_) => Reason::Size,
                    None => Reason::Missing,
                },
                size_bytes,
                ledger_size_bytes: Some(known.size_bytes),
            });
        }
    }
    let everything = options.tables.is_empty()
        && options.since.is_none()
        && options.until.is_none();
    if everything {
        let warm = warm_files(tree, state)?.into_iter().map(|w| w.file);
        let cold = cold_files(tree)?.into_iter();
        for file in warm.chain(cold).chain(whole_files(tree)?) {
            if state.file(&file).is_none() && !moving.contains(&*file) {
                wrong.push(Mismatch {
                    size_bytes: size(&tree.path(&file)?)?,
                    file,
                    reason: Reason::Unknown,
                    ledger_size_bytes: None,
                });
            }
        }
    }
    wrong.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(wrong)
}

/// The length of a file; none of what is not there, or is no file.
fn size(path: &Path) -> Result<Option<u64>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(meta.is_file().then_some(meta.len())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("stat", path, e)),
    }
}
