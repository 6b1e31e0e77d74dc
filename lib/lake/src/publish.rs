//! The settled days of a tree into a lake.
//!
//! The order of writes, for each month of a table: its files under temporary
//! names, durable and read back; their names, durable; the manifest, durable;
//! then what they replace goes. A run that is killed leaves files that the
//! manifest does not name, which the next run removes, or files that it names
//! as old, which the next run removes too.

use std::io::Write;
use std::time::Duration;

use rt::derived::{
    ArchivedDay, Archives, Lock, TreePath, is_gone, make_folders, parse,
    print, remove_if_empty, remove_if_there, rfc3339, sync_folder,
};
use rt::error::{Exit, Notes, Result};

use crate::about::{About, FORMAT};
use crate::manifest::{Entry, Manifest, Old};
use crate::month::Month;
use crate::options::Options;
use crate::plan::Plan;
use crate::record::{Done, Summary};
use crate::sweep::sweep;
use crate::unit::Ready;
use crate::wanted::{Wanted, wanted};

/// How often the ledger is read again that moves on while files are read.
const TRIES: u32 = 3;

/// Publishes; a record a change goes to `output`, and one that sums up.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let host = options.host()?;
    let archives = Archives::open(&options.settings, notes)?;
    let lake = TreePath::root(&options.lake);
    if options.settings.dry_run {
        let mut manifest = Manifest::read(&lake)?;
        manifest.claim(&host, archives.id()?)?;
        return rehearse(options, &archives, (manifest, host), output);
    }
    let wait = options.lock_wait.unwrap_or(Duration::from_secs(60));
    let _lock = Lock::take(&options.lake, wait, notes)?;
    let mut manifest = Manifest::read(&lake)?;
    manifest.claim(&host, archives.id()?)?;
    let summary = Summary { host: host.clone(), ..Summary::default() };
    let exit = Exit::Done;
    let mut run =
        Run { options, lake, host, manifest, summary, exit, output, notes };
    sweep(&run.lake, &run.host, &run.manifest)?;
    run.publish(archives)?;
    run.remove_old()?;
    run.end("published")
}

/// Says what a run would do.
fn rehearse(
    options: &Options,
    archives: &Archives,
    (manifest, host): (Manifest, String),
    output: &mut dyn Write,
) -> Result<Exit> {
    let wanted = wanted(options, archives)?;
    let mut summary = Summary { host: host.clone(), ..Summary::default() };
    for month in &wanted {
        summary.waiting += u64::from(month.waits);
        if month.is_there(&manifest, &host) {
            summary.kept += 1;
            continue;
        }
        let rows = month.days.iter().map(ArchivedDay::rows).sum();
        let done = Done {
            action: "make",
            table: &month.origin.table,
            database: month.origin.database.as_deref(),
            month: &month.month,
            file: None,
            rows,
            size_bytes: None,
        };
        print(&done, output)?;
        summary.made += 1;
        summary.rows += rows;
    }
    for entry in manifest.units.iter().filter(|e| e.host == host) {
        let stays =
            |m: &Wanted| m.owns(entry, &host) && m.is_there(&manifest, &host);
        if options.wants(&entry.table) && !wanted.iter().any(stays) {
            print(&Done::of(entry, "remove"), output)?;
            summary.removed += 1;
        }
    }
    summary.status = "dry_run";
    print(&summary, output)?;
    Ok(Exit::Done)
}

/// A run under the lake's lock.
struct Run<'r> {
    options: &'r Options,
    lake: TreePath,
    host: String,
    manifest: Manifest,
    summary: Summary,
    exit: Exit,
    output: &'r mut dyn Write,
    notes: &'r mut dyn Notes,
}

impl Run<'_> {
    /// Makes what is missing, and takes out what the ledger no longer has.
    fn publish(&mut self, mut archives: Archives) -> Result<()> {
        for tries in 1.. {
            let wanted = wanted(self.options, &archives)?;
            let mut failed = Vec::new();
            let (mut kept, mut waiting) = (0, 0);
            for month in &wanted {
                waiting += u64::from(month.waits);
                if month.is_there(&self.manifest, &self.host) {
                    kept += 1;
                    continue;
                }
                match self.month(month, &archives) {
                    Err(e) if goes_on(e.exit()) => failed.push((month, e)),
                    done => done?,
                }
            }
            (self.summary.kept, self.summary.waiting) = (kept, waiting);
            self.take_out(&wanted)?;
            if failed.is_empty()
                || tries == TRIES
                || !archives.refresh(self.notes)?
            {
                for (month, error) in failed {
                    let (origin, name) = (&month.origin, &month.month);
                    let error = error.during(format!("{origin}, {name}"));
                    self.notes.warn(&error.to_string());
                    self.exit = self.exit.and(error.exit());
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// Makes the files of a month, and names them in the manifest in the place
    /// of those before.
    fn month(&mut self, month: &Wanted, archives: &Archives) -> Result<()> {
        let days: Vec<&ArchivedDay> = month.days.iter().collect();
        let stem = month.origin.stem();
        let mut versions =
            self.manifest.types.get(&stem).cloned().unwrap_or_default();
        let mut ready = Vec::new();
        if !days.is_empty() {
            let stored = archives.segments(&month.origin)?;
            let plan = Plan::of(archives, stored, &days, &mut versions)?;
            let about = About {
                format: FORMAT,
                table: month.origin.table.clone(),
                database: month.origin.database.clone(),
                host: self.host.clone(),
                month: month.month.clone(),
                ..About::default()
            };
            let level = self.options.level();
            let making = Month { about, days: &days, level };
            ready = making.make(archives, &plan, &self.lake)?;
        }
        let entries = ready
            .into_iter()
            .map(|unit| self.name(month, &stem, unit))
            .collect::<Result<Vec<_>>>()?;
        self.manifest.types.insert(stem, versions);
        self.replace(|e, host| month.owns(e, host), entries)
    }

    /// Gives a file its name, durably.
    fn name(
        &mut self,
        month: &Wanted,
        stem: &str,
        unit: Ready,
    ) -> Result<Entry> {
        let v = unit.about.v;
        let table = match v {
            1 => stem.to_owned(),
            v => format!("{stem}.v{v}"),
        };
        let folder =
            format!("{table}/host={}/month={}", self.host, month.month);
        let file = format!("{folder}/{}.parquet", unit.sha256);
        let folder = self.lake.join(&folder);
        make_folders(&folder)?;
        let path = self.lake.join(&file);
        // A file is named by its content: one of that name is this one.
        if is_gone(&path)? {
            unit.temp.publish_new(&path)?;
        }
        sync_folder(&folder)?;
        let time = |at: i64| {
            let at = jiff::Timestamp::from_microsecond(at);
            at.ok().map(rfc3339)
        };
        let text = unit.about.days.iter().map(|day| day.text_size_bytes);
        Ok(Entry {
            file,
            table: month.origin.table.clone(),
            database: month.origin.database.clone(),
            host: self.host.clone(),
            month: month.month.clone(),
            v,
            rows: unit.about.rows,
            size_bytes: unit.size_bytes,
            text_size_bytes: text.sum(),
            oldest: unit.span.and_then(|(least, _)| time(least)),
            newest: unit.span.and_then(|(_, greatest)| time(greatest)),
            inputs_sha256: month.inputs.clone(),
        })
    }

    /// Takes out the months that the ledger no longer has.
    fn take_out(&mut self, wanted: &[Wanted]) -> Result<()> {
        let (options, host) = (self.options, self.host.clone());
        let gone = |e: &Entry| {
            e.host == host
                && options.wants(&e.table)
                && !wanted.iter().any(|m| m.owns(e, &host))
        };
        match self.manifest.units.iter().any(gone) {
            true => self.replace(|e, _| gone(e), Vec::new()),
            false => Ok(()),
        }
    }

    /// Writes a manifest with `new` in the place of those that are `meant`,
    /// and says so.
    fn replace(
        &mut self,
        meant: impl Fn(&Entry, &str) -> bool,
        new: Vec<Entry>,
    ) -> Result<()> {
        let units = std::mem::take(&mut self.manifest.units);
        let (old, stay): (Vec<_>, Vec<_>) =
            units.into_iter().partition(|e| meant(e, &self.host));
        let gone = |e: &&Entry| new.iter().all(|n| n.file != e.file);
        let since = rfc3339(self.options.settings.now()?);
        self.manifest.old.retain(|o| new.iter().all(|n| n.file != o.file));
        for entry in old.iter().filter(gone) {
            self.manifest.old.push(Old {
                file: entry.file.clone(),
                host: self.host.clone(),
                since: since.clone(),
            });
        }
        self.manifest.units = stay;
        self.manifest.units.extend(new.iter().cloned());
        self.manifest.write(&self.lake)?;
        let made = |e: &&Entry| old.iter().all(|o| o.file != e.file);
        for entry in new.iter().filter(made) {
            self.summary.made += 1;
            self.summary.rows += entry.rows;
            self.summary.size_bytes += entry.size_bytes;
            print(&Done::of(entry, "made"), self.output)?;
        }
        for entry in old.iter().filter(gone) {
            self.summary.removed += 1;
            print(&Done::of(entry, "removed"), self.output)?;
        }
        // Who reads by a pattern of names sees both until then.
        self.remove_old()
    }

    /// Removes files that were replaced long enough ago, and the folders that
    /// are empty then.
    fn remove_old(&mut self) -> Result<()> {
        let now = self.options.settings.now()?;
        let keep = self.options.keep_old;
        let due = |old: &Old| {
            let since = parse(old.since.as_bytes());
            let since = since.and_then(|at| at.checked_add(keep).ok());
            old.host == self.host && since.is_none_or(|end| end <= now)
        };
        let old = std::mem::take(&mut self.manifest.old);
        let (due, stay): (Vec<_>, Vec<_>) = old.into_iter().partition(due);
        self.manifest.old = stay;
        if due.is_empty() {
            return Ok(());
        }
        for old in &due {
            let path = self.lake.join(&old.file);
            remove_if_there(&path)?;
            let mut folder = path.folder();
            sync_folder(&folder)?;
            // month=..., host=..., and the table's own.
            for _ in 0..3 {
                if !remove_if_empty(&folder)? {
                    break;
                }
                folder = folder.folder();
                sync_folder(&folder)?;
            }
        }
        self.manifest.write(&self.lake)
    }

    fn end(mut self, status: &'static str) -> Result<Exit> {
        self.summary.status = status;
        print(&self.summary, self.output)?;
        Ok(self.exit)
    }
}

/// Whether other months go on behind a failure of this class.
fn goes_on(exit: Exit) -> bool {
    matches!(exit, Exit::Data | Exit::Disagree | Exit::Partial)
}
