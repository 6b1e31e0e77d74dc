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
mod hot;
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
use std::io::Write;
use std::sync::Arc;

use crate::archive::tiers::{cold_files, warm_files};
use crate::archive::{Ledger, Member, Origin, Source, Tree};
use crate::error::{Error, Exit, Notes, Result, quote, quoted};
use crate::io::{durable, gz};
use crate::record::append_string;
use crate::settings::columns::rule;
use crate::settings::policy::Policy;
use crate::time::Day;

use aside::Aside;
use choose::Chooser;
use contents::{member, names};
use file::Warm;
use hot::Hot;
use queue::Queue;
use range::Range;
use sink::Sink;
use stream::Cat;
use view::View;

pub use options::{Options, Tier};

/// More threads than this would only cost memory.
const THREADS: u64 = 64;

/// Writes the rows, or how many there are.
pub fn run(
    options: &Options,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    options.check()?;
    let policy = options.settings.load_policy()?;
    let root = options.settings.archives();
    let mut ledger = Ledger::open(&root, options.settings.now()?, false)?;
    let name = options.settings.database()?;
    let origin = Origin::new(&options.table, name.as_deref());
    let range = range(options, &policy, ledger.state().source(&origin))?;
    let hot = match options.wants(Tier::Hot) {
        true => {
            let asked = (&policy, &range);
            Some(Hot::read(options, &origin, asked, &mut ledger, notes)?)
        }
        false => None,
    };
    let exit = hot.as_ref().map_or(Exit::Done, |hot| hot.exit);
    let sink = Sink::new(output, options.count, options.limit);
    let tree = Tree::new(&root);
    let chooser = Arc::new(chooser(options, range));
    let queue = Queue::new(
        gz::threads(options.threads.map(|n| n.min(THREADS))),
        &chooser,
    );
    let mut cat = Cat {
        options,
        origin,
        tree,
        ledger,
        chooser,
        queue,
        hot,
        whole: None,
        sink,
        notes,
        exit,
    };
    let mut found = cat.options.wants(Tier::Hot);
    if cat.options.wants(Tier::Whole) {
        found |= cat.lay_whole_aside()?;
    }
    for month in cat.months()? {
        if cat.sink.is_full() {
            break;
        }
        found |= cat.month(&month)?;
    }
    if !found && cat.exit == Exit::Done && !cat.sink.is_full() {
        cat.known()?;
    }
    cat.name_others();
    cat.end()
}

/// Which rows are written, and how.
fn chooser(options: &Options, range: Range) -> Chooser {
    let mut conditions = options.conditions.clone();
    for condition in &mut conditions {
        condition.date(&range.column, range.unit.as_ref());
    }
    Chooser { range, conditions, strip: options.strip }
}

/// Which rows are meant, and what dates them: the flag says, else the policy,
/// else what the ledger has of the last time.
fn range(
    options: &Options,
    policy: &Policy,
    stored: Option<&Source>,
) -> Result<Range> {
    let ruled = rule(policy, &options.table);
    let column = options
        .columns
        .timestamp
        .clone()
        .or_else(|| ruled.map(|r| r.timestamp.clone()))
        .or_else(|| stored.map(|s| s.timestamp_column.clone()));
    let timed = options.since.is_some() || options.until.is_some();
    let Some(column) = column else {
        if timed || options.columns.unit.is_some() {
            return Err(Error::usage(format!(
                "nothing says which column dates the rows of {}",
                quote(&options.table)
            ))
            .hint("name it with --timestamp-column, or in the policy"));
        }
        return Ok(Range::default());
    };
    let unit = match (options.columns.unit.clone(), ruled, stored) {
        (Some(unit), _, _) => Some(unit),
        (None, Some(rule), _)
            if rule.timestamp.eq_ignore_ascii_case(&column) =>
        {
            rule.unit.clone()
        }
        (None, _, Some(Source { timestamp_column, unit: Some(unit), .. }))
            if timestamp_column.eq_ignore_ascii_case(&column) =>
        {
            Some(unit.parse()?)
        }
        _ => None,
    };
    let every_day = stored
        .map(|s| s.timestamp_column.as_str())
        .or(ruled.map(|r| r.timestamp.as_str()))
        .is_some_and(|name| !name.eq_ignore_ascii_case(&column));
    let (since, until) = (options.since, options.until);
    Ok(Range { since, until, column, unit, every_day })
}

impl Cat<'_> {
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
        let View { warm, tar, troubles } = self.view(month)?;
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
            let found = names(&durable::open_read(&path)?, &path)?.names;
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

    /// The rows without a day, the last of the buffer, or the count.
    fn end(mut self) -> Result<Exit> {
        self.drain()?;
        self.aside(None)?;
        if self.options.count {
            let mut record = b"{\"type\":\"count\",\"table\":".to_vec();
            append_string(&mut record, self.options.table.as_bytes());
            let rows = format!(",\"rows\":{}}}\n", self.sink.rows);
            record.extend_from_slice(rows.as_bytes());
            self.sink.write(&record)?;
        }
        self.sink.flush()?;
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
