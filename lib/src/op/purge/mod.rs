//! rt-purge: rows whose archived form is proven leave the database.
//!
//! It reads all receipts before it takes the lock, settles segment by segment
//! and table by table, and prints one result a table behind whatever else came
//! on its input. The protocol is described in [`crate::tree`]; keyed and
//! keyless rows have a module each.

mod adopt;
mod delete;
mod keyed;
mod keyless;
mod pace;
mod proof;
mod settle;
mod spool;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::pace::Pace;
use self::settle::{Settler, Writes};
use crate::db::{Access, Database, Identity, Table};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::ledger::{Open, Receipt};
use crate::outcome::{Outcome, Purged, Status};
use crate::place::Place;
use crate::policy::{Entry, Policy};
use crate::stop::{Stop, Stoppable};
use crate::tree::Work;

pub use self::pace::Limits;

/// Whether free pages are given back afterwards.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reclaim {
    /// They stay in the file, for rows to come.
    #[default]
    None,
    /// In steps, where `auto_vacuum=incremental` is set.
    Incremental,
    /// By VACUUM, which needs twice the room.
    Full,
}

impl std::str::FromStr for Reclaim {
    type Err = Error;

    fn from_str(word: &str) -> Result<Reclaim> {
        match word {
            "none" => Ok(Reclaim::None),
            "incremental" => Ok(Reclaim::Incremental),
            "full" => Ok(Reclaim::Full),
            _ => Err(Error::usage(format!(
                "--reclaim takes none, incremental or full, not {}",
                quote(word)
            ))),
        }
    }
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub place: Place,
    /// Only this table.
    pub table: Option<String>,
    /// `--pending`.
    pub pending: bool,
    /// `--archive`.
    pub archive: Option<PathBuf>,
    /// `--batch-size`.
    pub batch_size: Option<u64>,
    /// `--sleep`.
    pub sleep: Option<Duration>,
    /// `--max-stall`.
    pub max_stall: Option<Duration>,
    /// `--max-runtime`.
    pub max_runtime: Option<Duration>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
    /// `--reclaim`.
    pub reclaim: Reclaim,
    /// `--moved`.
    pub moved: bool,
}

/// What came on the input.
#[derive(Default)]
struct Input {
    receipts: Vec<Receipt>,
    /// Lines of other types, handed on.
    others: Vec<u8>,
    /// The last line had no end, or a line was no record.
    fault: Option<Error>,
}

/// Segments of one table.
struct Group {
    table: String,
    ids: Vec<String>,
    /// The triggers that a deletion fires.
    triggers: Vec<String>,
}

/// Settles what the receipts on `input` name, or what `--pending` finds.
/// Results go to `output`. In a dry run `input` is handed on as it is.
pub fn run(
    options: &Options,
    mut input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let began = Instant::now();
    if options.pending && options.archive.is_some() {
        return Err(Error::usage(
            "--pending and --archive exclude each other",
        ));
    }
    let from_input = !options.pending && options.archive.is_none();
    if options.place.dry_run {
        if from_input {
            std::io::copy(&mut input, output)
                .map_err(|e| Error::stream("cannot hand on the input", e))?;
        }
        return Ok(Exit::Done);
    }
    let stop = Stop::listen()?;
    let mut read = Input::default();
    if from_input {
        let mut input = Stoppable { input, stop: &stop };
        let done = read_receipts(options, &mut input);
        stop.check()?;
        read = done?;
    }
    let mut out = std::mem::take(&mut read.others);
    let results = match work(options, read.receipts, began, &stop, notes) {
        Ok(results) => results,
        Err(error) => {
            let table = options.table.clone().unwrap_or_default();
            Results { list: vec![failed(&table, &error)], end: Err(error) }
        }
    };
    let mut exit = Exit::Done;
    for result in results.list {
        if let Some(code) = result.exit_status {
            exit = exit.and(Exit::from_code(code));
        }
        if !result.table.is_empty() {
            serde_json::to_writer(&mut out, &Outcome::Purged(result))
                .map_err(|e| {
                    Error::failed(format!("cannot write a record: {e}"))
                })?;
            out.push(b'\n');
        }
    }
    output
        .write_all(&out)
        .and_then(|()| output.flush())
        .map_err(|e| Error::stream("cannot write the results", e))?;
    match (results.end, read.fault) {
        (Err(error), _) => {
            let exit = exit.and(error.exit());
            Err(error.with_exit(exit))
        }
        (Ok(()), Some(fault)) => {
            let exit = exit.and(fault.exit());
            Err(fault.with_exit(exit))
        }
        (Ok(()), None) => Ok(exit),
    }
}

fn failed(table: &str, error: &Error) -> Purged {
    Purged {
        table: table.to_owned(),
        status: Status::Failed,
        recovered: false,
        rows: 0,
        records: 0,
        changed: 0,
        referenced: 0,
        refused: 0,
        gone: 0,
        superseded: 0,
        archive_files: Vec::new(),
        message: Some(error.to_string()),
        exit_status: Some(error.exit().code()),
    }
}

/// Reads standard input to its end: only then is the lock taken.
fn read_receipts(options: &Options, input: &mut dyn Read) -> Result<Input> {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    let mut out = Input::default();
    let mut reader = BufReader::with_capacity(1 << 16, input);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        reader
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::stream("cannot read the receipts", e))?;
        if line.is_empty() {
            return Ok(out);
        }
        number += 1;
        let bad = |what: String| {
            Error::data(format!("line {number}: {what}"))
                .hint("rt-purge takes what rt-store prints")
        };
        if line.last() != Some(&b'\n') {
            out.fault = Some(bad("it has no end".to_owned()));
            return Ok(out);
        }
        let kind = match serde_json::from_slice::<Typed>(&line) {
            Ok(typed) => typed.r#type,
            Err(e) => {
                out.fault = Some(bad(format!("not a record: {e}")));
                continue;
            }
        };
        if kind != "receipt" {
            out.others.extend_from_slice(&line);
            continue;
        }
        match serde_json::from_slice::<Receipt>(&line) {
            Ok(receipt) => {
                let table = &receipt.segment.table;
                let wanted = options
                    .table
                    .as_ref()
                    .is_none_or(|t| t.eq_ignore_ascii_case(table));
                if wanted {
                    out.receipts.push(receipt);
                } else {
                    let what = format!("a receipt for {}", quote(table));
                    out.fault = Some(bad(what));
                }
            }
            Err(e) => out.fault = Some(bad(format!("no receipt: {e}"))),
        }
    }
}

/// The results, and how the run ended.
struct Results {
    list: Vec<Purged>,
    end: Result<()>,
}

fn work(
    options: &Options,
    receipts: Vec<Receipt>,
    began: Instant,
    stop: &Stop,
    notes: &mut dyn Notes,
) -> Result<Results> {
    let policy = options.place.load_policy()?;
    let now = options.place.now()?;
    let mut database = options.place.open(Access::Delete)?;
    let identity = Database::identity(&options.place.db())?;
    let mut results = Results { list: Vec::new(), end: Ok(()) };
    let anything =
        !receipts.is_empty() || options.pending || options.archive.is_some();
    if let Some(name) = &options.table {
        let table = database.table(name)?;
        if !anything {
            // What is not there needs no receipts; rt-export has said so.
            results.list.push(nothing(name, table)?);
            return Ok(results);
        }
        database.need_table(name)?.check_purgeable()?;
    }
    if anything {
        let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
        let root = options.place.archives();
        let mut work = Work::begin(&root, now, wait, notes)?;
        let mut groups = if let Some(file) = &options.archive {
            vec![adopt::adopt(options, file, &database, &identity, &mut work)?]
        } else if options.pending {
            pending(options, &work, &identity, notes, &mut results)
        } else {
            by_table(&work, receipts)?
        };
        order(&mut groups, &database)?;
        let schema_version = database.schema_version()?;
        let Triggers { refused, writes } =
            triggers(&mut database, &mut groups, &trusted(&policy))?;
        let mut settler = Settler {
            work: &mut work,
            database: &database,
            identity,
            pace: Pace::new(limits(options), database.is_wal()),
            stop,
            deadline: options.max_runtime.map(|d| began + d),
            writes,
            schema_version,
            moved: options.moved,
        };
        for group in groups {
            let why = refused.iter().find(|(t, _)| *t == group.table);
            if let Some((table, message)) = why {
                let error = Error::failed(message.clone());
                notes.warn(message);
                results.list.push(failed(table, &error));
                continue;
            }
            let recovered = options.pending;
            let (result, done) = settler.settle_table(&group, recovered);
            results.list.push(result);
            if let Err(error) = done {
                let ends = matches!(
                    error.exit(),
                    Exit::Interrupted | Exit::Terminated
                ) || settler.check_time().is_err();
                if ends {
                    results.end = Err(error);
                    return Ok(results);
                }
                notes.warn(&error.to_string());
                if let Some(hint) = error.next_step() {
                    notes.warn(hint);
                }
            }
        }
    }
    results.end = reclaim(options, &database, notes);
    Ok(results)
}

/// The result of a table of which nothing was stored.
fn nothing(name: &str, table: Option<Table>) -> Result<Purged> {
    let (name, status) = match table {
        Some(table) => {
            table.check_purgeable()?;
            (table.name, Status::NoRecords)
        }
        None => (name.to_owned(), Status::NoTable),
    };
    Ok(Purged {
        status,
        message: None,
        exit_status: None,
        ..failed(&name, &Error::failed(""))
    })
}

fn limits(options: &Options) -> Limits {
    Limits {
        max_stall: options.max_stall.unwrap_or(Duration::from_millis(500)),
        sleep: options.sleep.unwrap_or(Duration::ZERO),
        rows: options.batch_size,
    }
}

fn reclaim(
    options: &Options,
    database: &Database,
    notes: &mut dyn Notes,
) -> Result<()> {
    let full = match options.reclaim {
        Reclaim::None => return Ok(()),
        Reclaim::Incremental => false,
        Reclaim::Full => true,
    };
    let gained = database.reclaim(full)?;
    notes.verbose(&format!("{gained} bytes given back"));
    Ok(())
}

/// The tables whose triggers the policy trusts.
fn trusted(policy: &Policy) -> Vec<String> {
    let trusts = |entry: &Entry| match entry {
        Entry::Rule(rule) if rule.triggers_trust => Some(rule.table.clone()),
        _ => None,
    };
    policy.entries().iter().filter_map(trusts).collect()
}

/// What is known of the triggers of the tables that are to be purged.
#[derive(Default)]
struct Triggers {
    /// Tables whose triggers would change what no archive holds, and why.
    refused: Vec<(String, String)>,
    /// What the others' triggers write to.
    writes: Vec<Writes>,
}

fn triggers(
    database: &mut Database,
    groups: &mut [Group],
    trusted: &[String],
) -> Result<Triggers> {
    let mut out = Triggers::default();
    for group in groups {
        let Some(table) = database.table(&group.table)? else { continue };
        let trusts = |t: &String| t.eq_ignore_ascii_case(&group.table);
        let trusted = trusted.iter().any(trusts);
        let checked = match trusted {
            true => Ok(()),
            false => database.check_triggers(&table),
        };
        let looked = checked.and_then(|()| {
            Ok((
                database.trigger_targets(&table)?,
                database.fired_triggers(&table)?,
            ))
        });
        match looked {
            Ok((targets, fired)) => {
                group.triggers = fired;
                out.writes.push(Writes {
                    table: table.name,
                    trusted,
                    targets,
                });
            }
            Err(error) => {
                out.refused.push((group.table.clone(), error.to_string()));
            }
        }
    }
    Ok(out)
}

/// Receipts by table. The ledger's own word counts: a receipt that says
/// something else was changed on its way.
fn by_table(work: &Work, receipts: Vec<Receipt>) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for receipt in receipts {
        let segment = receipt.segment;
        let state = work.ledger().state();
        let same = match (state.open(&segment.id), state.settled(&segment.id))
        {
            (Some(open), _) => open.segment == segment,
            (None, Some(settled)) => settled.table == segment.table,
            (None, None) => {
                return Err(Error::data(format!(
                    "the ledger knows no segment {}",
                    segment.id
                ))
                .hint("the receipt belongs to another tree: see --archives"));
            }
        };
        if !same {
            return Err(Error::data(format!(
                "the receipt of segment {} is not what the ledger says",
                segment.id
            )));
        }
        add_to(&mut groups, &segment.table, segment.id);
    }
    Ok(groups)
}

fn add_to(groups: &mut Vec<Group>, table: &str, id: String) {
    let found = groups.iter_mut().find(|g| g.table == table);
    match found {
        Some(group) => {
            if !group.ids.contains(&id) {
                group.ids.push(id);
            }
        }
        None => groups.push(Group {
            table: table.to_owned(),
            ids: vec![id],
            triggers: Vec::new(),
        }),
    }
}

/// Unsettled segments of this database; those of others are named and left.
fn pending(
    options: &Options,
    work: &Work,
    identity: &Identity,
    notes: &mut dyn Notes,
    results: &mut Results,
) -> Vec<Group> {
    let mut groups = Vec::new();
    for blocked in work.blocked() {
        let error = Error::new(blocked.exit, blocked.message.clone());
        results.list.push(failed(&blocked.table, &error));
    }
    for open in work.ledger().state().unsettled() {
        let segment = &open.segment;
        let wanted = options
            .table
            .as_ref()
            .is_none_or(|t| t.eq_ignore_ascii_case(&segment.table));
        if !wanted || work.block_of(&segment.table).is_some() {
            continue;
        }
        if of_another(open, identity) {
            notes.warn(&format!(
                "a segment in {} belongs to the database {}: settle it with \
                 rt-purge --pending --db {}",
                quote(&segment.file),
                quote(&segment.db),
                quote(&segment.db)
            ));
            continue;
        }
        add_to(&mut groups, &segment.table, segment.id.clone());
    }
    groups
}

/// Whether a segment's database is another one, which is still there.
fn of_another(open: &Open, here: &Identity) -> bool {
    let segment = &open.segment;
    if segment.db == here.path {
        return false;
    }
    let there = std::path::Path::new(&segment.db);
    Database::identity(there).is_ok_and(|i| {
        i.device == segment.db_device && i.inode == segment.db_inode
    })
}

/// Children before parents.
fn order(groups: &mut [Group], database: &Database) -> Result<()> {
    if groups.len() < 2 {
        return Ok(());
    }
    let keys = database.foreign_keys()?;
    let names: Vec<String> = groups.iter().map(|g| g.table.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ordered = crate::policy::order(&names, &keys);
    groups.sort_by_key(|group| ordered.iter().position(|t| *t == group.table));
    Ok(())
}
