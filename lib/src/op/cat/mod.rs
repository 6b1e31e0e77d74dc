//! rt-cat: the rows of a table out of its tiers, as one stream by day.
//!
//! Lines come as they stand in the archives, through bounded memory, and none
//! before it is proven: a member of gzip by its CRC-32 and length, a file
//! without gzip by the ledger's digest. What is damaged is named and left out,
//! and the rest goes on.

mod aside;
mod choose;
mod contents;
mod file;
mod form;
mod hot;
mod latest;
mod list;
mod options;
mod put;
mod queue;
mod range;
mod sink;
mod stream;
mod tar;
mod texts;
mod view;
mod whole;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;

use crate::archive::tiers::{cold_files, linked_folders, warm_files};
use crate::archive::{Ledger, Member, Origin, StoredSegments, Tree};
use crate::error::{Error, Exit, Notes, Result, quote, quoted};
use crate::io::{durable, gz};
use crate::record::{ARCHIVED_AT, Predicate, ROWID, append_string};
use crate::time::Day;

use aside::Aside;
use choose::Chooser;
use contents::{member, names};
use file::Warm;
use hot::Hot;
use latest::{Older, Seen, key_columns};
use queue::Queue;
use range::{Range, range};
use sink::{Pick, Sink};
use stream::Cat;
use view::View;

pub use options::{Format, Options, Tier};

/// More threads than this would only cost memory.
const THREADS: u64 = 64;

/// Writes the rows, or how many there are, or in which files.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    let pick = match options.latest {
        true => Pick::Newest(older(options)?),
        false => Pick::All,
    };
    let (format, count) = (options.format, options.count);
    let sink = Sink::new(output, pick, format, count, options.limit);
    let mut cat = Cat::new(options, sink, notes)?;
    if options.format == Format::Csv {
        cat.name_columns()?;
    }
    cat.read()?;
    cat.name_others();
    cat.end()
}

/// Reads the archives for which of their rows are older than another one of
/// their key. What is wrong with them is said when they are read again.
fn older(options: &Options) -> Result<Older> {
    let name = options.settings.database()?;
    let origin = Origin::new(&options.table, name.as_deref());
    let seen = Seen::new(key_columns(options, &origin)?);
    let (mut nowhere, mut quiet) = (io::sink(), Quiet);
    let pick = Pick::Note(seen);
    let sink = Sink::new(&mut nowhere, pick, Format::Jsonl, false, None);
    let mut cat = Cat::new(options, sink, &mut quiet)?;
    cat.read()?;
    let last = Chooser {
        range: Range::default(),
        conditions: conditions(options, &cat.chooser.range),
        strip: options.strip,
    };
    match cat.sink.pick {
        Pick::Note(seen) => Ok(seen.older(last)),
        _ => Err(Error::failed("the keys were lost, a bug")),
    }
}

/// Says nothing.
struct Quiet;

impl Notes for Quiet {
    fn warn(&mut self, _: &str) {}

    fn verbose(&mut self, _: &str) {}
}

/// Which rows are written, and how.
fn chooser(options: &Options, range: Range) -> Chooser {
    if options.latest {
        // What else must hold is asked of the newest rows only.
        return Chooser { range, conditions: Vec::new(), strip: false };
    }
    let conditions = conditions(options, &range);
    Chooser { range, conditions, strip: options.strip }
}

/// What must hold of a row beside its time.
fn conditions(options: &Options, range: &Range) -> Vec<Predicate> {
    let mut conditions = options.conditions.clone();
    for condition in &mut conditions {
        condition.date(&range.column, range.unit.as_ref());
    }
    conditions
}

impl<'c> Cat<'c> {
    /// What is asked for, and what it can be read from; nothing is read but
    /// the rows of the hot tier.
    fn new(
        options: &'c Options,
        sink: Sink<'c>,
        notes: &'c mut dyn Notes,
    ) -> Result<Cat<'c>> {
        let policy = options.settings.load_policy()?;
        let root = options.settings.archives();
        let mut ledger = Ledger::open(&root, options.settings.now()?, false)?;
        let name = options.settings.database()?;
        let origin = Origin::new(&options.table, name.as_deref());
        let range = range(options, &policy, ledger.state().source(&origin))?;
        let hot = match options.wants(Tier::Hot) && !options.files {
            true => {
                let asked = (&policy, &range);
                Some(Hot::read(options, &origin, asked, &mut ledger, notes)?)
            }
            false => None,
        };
        let exit = hot.as_ref().map_or(Exit::Done, |hot| hot.exit);
        let chooser = Arc::new(chooser(options, range));
        let queue = Queue::new(
            gz::threads(options.threads.map(|n| n.min(THREADS))),
            &chooser,
        );
        Ok(Cat {
            options,
            origin,
            tree: Tree::new(&root),
            ledger,
            chooser,
            queue,
            hot,
            whole: None,
            sink,
            notes,
            exit,
            damaged: BTreeSet::new(),
        })
    }

    /// Names the columns that CSV has: those by the ledger, then those of the
    /// hot tier.
    fn name_columns(&mut self) -> Result<()> {
        let stored = StoredSegments::read(self.tree.root(), &self.origin)?;
        let columns = stored.columns();
        let behind = [
            (ARCHIVED_AT, !columns.is_empty()),
            (ROWID, stored.has_keyless_rows()),
        ];
        let form = &mut self.sink.form;
        form.name(columns);
        form.name(self.hot.iter().flat_map(|hot| hot.columns.clone()));
        let behind = behind
            .into_iter()
            .filter(|(_, there)| *there && !self.options.strip);
        form.name(behind.map(|(key, _)| key.to_owned()));
        Ok(())
    }

    /// Takes all rows that are meant to the sink.
    fn read(&mut self) -> Result<()> {
        // What is known to be missing is said before the first row.
        if let Err(error) = self.ledger.check_end() {
            self.trouble(error);
        }
        self.ledger.warn_if_lost(self.notes)?;
        for link in linked_folders(&self.tree)? {
            self.trouble(link);
        }
        let mut found = self.options.wants(Tier::Hot);
        if self.options.wants(Tier::Whole) {
            found |= match self.options.files {
                true => self.list_whole()?,
                false => self.lay_whole_aside()?,
            };
        }
        for month in self.months()? {
            if self.sink.is_full() {
                break;
            }
            found |= match self.options.files {
                true => self.list(&month)?,
                false => self.month(&month)?,
            };
        }
        if !found && self.exit == Exit::Done && !self.sink.is_full() {
            self.known()?;
        }
        self.drain()?;
        self.aside(None)
    }

    /// The months to look at, in order.
    fn months(&self) -> Result<BTreeSet<String>> {
        let month = |day: Day| day.to_string()[..7].to_owned();
        let known = self.ledger.files()?;
        let mut days = self.days_aside();
        if self.options.wants(Tier::Warm) {
            let files = warm_files(&self.tree, known)?;
            days.extend(files.iter().map(|f| f.day));
        }
        days.retain(|day| self.chooser.range.reaches(*day));
        let mut months: BTreeSet<String> =
            days.into_iter().map(month).collect();
        let cold = cold_files(&self.tree)?;
        let names = known.files().map(|(name, _)| name);
        for file in cold.iter().map(String::as_str).chain(names) {
            months.extend(month_of(file).filter(|m| self.meant(m)));
        }
        Ok(months)
    }

    /// The days of which rows were laid aside.
    fn days_aside(&self) -> Vec<Day> {
        let hot = self.hot.iter().flat_map(|hot| hot.rows.days());
        hot.chain(self.whole.iter().flat_map(Aside::days)).collect()
    }

    /// Whether a day of a month can be meant.
    fn meant(&self, month: &str) -> bool {
        (1..=31).any(|n| {
            let day = format!("{month}-{n:02}").parse::<Day>();
            day.is_ok_and(|day| self.chooser.range.reaches(day))
        })
    }

    /// Puts out a month; says whether the archives had any file for it.
    fn month(&mut self, month: &str) -> Result<bool> {
        let View { warm, tar, troubles, .. } = self.view(month)?;
        let wanted = tar.as_ref().map_or(0, |tar| tar.wanted.len());
        let found = wanted > 0 || !warm.is_empty();
        for trouble in troubles {
            self.trouble(trouble);
        }
        let mut rest: BTreeMap<Day, VecDeque<Warm>> = BTreeMap::new();
        for one in warm {
            rest.entry(one.file.day).or_default().push_back(one);
        }
        for day in self.days_aside() {
            if day.to_string().starts_with(month) {
                rest.entry(day).or_default();
            }
        }
        if let Some(tar) = tar {
            self.tar(&tar, &mut rest)?;
        }
        while let Some((day, files)) = rest.pop_first() {
            self.day(day, files)?;
        }
        Ok(found)
    }

    /// Without any file for the table: it must be one that the archives have.
    fn known(&self) -> Result<()> {
        let mut tables = BTreeSet::new();
        let known = self.ledger.files()?;
        for (_, file) in known.files() {
            tables.extend(file.members.iter().filter_map(Member::origin));
        }
        let warm = warm_files(&self.tree, known)?;
        tables.extend(warm.into_iter().filter_map(|f| f.origin));
        for file in cold_files(&self.tree)? {
            let path = self.tree.path(&file)?;
            if known.file(&file).is_some() {
                continue;
            }
            let found = names(&durable::open_read(&path)?, path.path())?.names;
            let members = found.iter().filter_map(|name| member(name, None));
            tables.extend(members.map(|(_, table)| table));
        }
        let Origin { table, database } = &self.origin;
        if tables.iter().any(|t| t.is(table, database.as_deref())) {
            return Ok(());
        }
        let error = Error::usage(format!(
            "{} holds no table {}",
            quoted(self.tree.root()),
            self.origin
        ));
        let named = |o: Origin| match o.database {
            Some(database) => format!("{}@{database}", o.table),
            None => o.table,
        };
        let tables: Vec<String> = tables.into_iter().map(named).collect();
        Err(match tables.is_empty() {
            true => error.hint("it holds no table; name it with --archives"),
            false => error.hint(format!("it holds {}", tables.join(", "))),
        })
    }

    /// Says whose rows of a table of this name are not in the stream.
    fn name_others(&mut self) {
        let sources = self.ledger.state().sources();
        let others = sources.other_names(&self.origin);
        if !others.is_empty() {
            self.notes.warn(&format!(
                "rows of {} are archived of other databases too: --database \
                 {} prints those",
                quote(&self.options.table),
                others.join(" or ")
            ));
        }
    }

    /// The last of the buffer, or the count.
    fn end(mut self) -> Result<Exit> {
        if self.options.count {
            let mut record = b"{\"type\":\"count\",\"table\":".to_vec();
            append_string(&mut record, self.options.table.as_bytes());
            let rows = format!(",\"rows\":{}}}\n", self.sink.rows);
            record.extend_from_slice(rows.as_bytes());
            self.sink.write(&record)?;
        }
        self.sink.end()?;
        if let Some(message) = self.sink.form.left_out() {
            self.trouble(Error::partial(message));
        }
        Ok(self.exit)
    }
}

/// The month of a file of the tree: `warm/2025-11-03/...`, or
/// `cold/2025/2025-11.tar.gz`.
fn month_of(file: &str) -> Option<String> {
    let mut parts = file.split('/');
    let month = match (parts.next()?, parts.next()?) {
        ("warm", day) => day.parse::<Day>().ok()?.to_string(),
        ("cold", year) => {
            let month = parts.next()?.strip_suffix(".tar.gz")?;
            let day = format!("{month}-01").parse::<Day>().ok()?;
            day.to_string().starts_with(year).then(|| day.to_string())?
        }
        _ => return None,
    };
    Some(month[..7].to_owned())
}
