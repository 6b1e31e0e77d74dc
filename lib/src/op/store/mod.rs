//! rt-store: row records into warm files by day, or into one file, durably,
//! and a receipt for each segment.
//!
//! Lines are gathered a day at a time into blocks, blocks are compressed in
//! parallel and written in order. What is held is bounded: when all days
//! together hold too much, the day with most bytes is cut early, which depends
//! on the rows' order alone, never on threads. One file for all rows is made
//! in the same way, as if they were of one day, but is a JSON array: it is
//! whole or not at all. Of several tables, whose rows come one table after the
//! other behind lines that name them, all files are published together. How
//! publication is made safe stands in
//! [`crate::archive`].

mod days;
mod lines;
mod options;
mod subject;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use self::days::{DAYS_MOST, Days, empty};
use self::lines::LineReader;
use self::subject::Subject;
use crate::archive::{Archive, Draft, Ledger, Origin, Receipt, Segment};
use crate::crash;
use crate::db::{Access, Database, Identity};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::{durable, gz, jsonl, sync_many};
use crate::outcome::{Outcome, Status, Stored};
use crate::signal::{self, Stop, Stoppable};

pub use self::options::Options;

/// So many bytes of receipts are printed at once.
const PRINTED_BYTES: usize = 1 << 16;

/// What is said when all is stored: a record a table, the segments to print as
/// receipts, and the run's end.
struct Done {
    records: Vec<Stored>,
    receipts: Vec<Arc<Segment>>,
    result: Result<Exit>,
}

/// Stores what comes on `input`; receipts and a `stored` record go to
/// `output`. In a dry run `input` is handed on as it is.
pub fn run(
    options: &Options,
    mut input: impl Read + AsFd,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    if options.single && options.tables.len() > 1 {
        return Err(Error::usage("--single takes one TABLE"));
    }
    if options.settings.dry_run {
        rehearse(options)?;
        std::io::copy(&mut input, output)
            .map_err(|e| Error::stream("cannot hand on the input", e))?;
        return Ok(Exit::Done);
    }
    let stop = Stop::listen()?;
    let input = &mut Stoppable { input, stop: &stop };
    let Done { records, receipts, result } =
        match store(options, input, notes, &stop) {
            Ok(done) => done,
            Err(error) => Done {
                records: failed(options, &error),
                receipts: Vec::new(),
                result: Err(error),
            },
        };
    // The lock is free by now: a reader that waits for it is served, and what
    // is not printed rt-purge --pending finds.
    signal::end_soon()?;
    let mut out = Vec::new();
    for segment in receipts {
        jsonl::append(&mut out, &Receipt { segment })?;
        if out.len() >= PRINTED_BYTES {
            print(&mut out, output)?;
        }
    }
    for record in records {
        jsonl::append(&mut out, &Outcome::Stored(record))?;
    }
    print(&mut out, output)?;
    result
}

/// Prints whole lines, and empties what held them: none is tried again after a
/// failure.
fn print(lines: &mut Vec<u8>, output: &mut dyn Write) -> Result<()> {
    let done = output.write_all(lines).and_then(|()| output.flush());
    lines.clear();
    done.map_err(|e| Error::stream("cannot write the receipts", e))
}

/// What is said of a run that stored nothing. One of several tables says
/// nothing of any: they can be stored by themselves.
fn failed(options: &Options, error: &Error) -> Vec<Stored> {
    let [table] = &options.tables[..] else { return Vec::new() };
    vec![Stored {
        message: Some(error.to_string()),
        exit_status: Some(error.exit().code()),
        ..empty(table)
    }]
}

/// Whether the tables could be stored here.
fn rehearse(options: &Options) -> Result<()> {
    let now = options.settings.now()?;
    let root = options.settings.archives();
    let mut ledger = Ledger::open(&root, now, false)?;
    ledger.check_end()?;
    let Ok(identity) = Database::identity(&options.settings.db()) else {
        // rt-export says that it is not there.
        return Ok(());
    };
    let name = options.settings.database()?;
    for table in &options.tables {
        let origin = Origin::new(table, name.as_deref());
        let Err(other) = ledger.state().check_source(&origin, &identity)
        else {
            continue;
        };
        // What another database has under its name is no matter of this one.
        let database = options.settings.open(Access::Read)?;
        if database.table(table)?.is_some() {
            return Err(other);
        }
    }
    Ok(())
}

fn store(
    options: &Options,
    input: &mut dyn Read,
    notes: &mut dyn Notes,
    stop: &Stop,
) -> Result<Done> {
    let policy = options.settings.load_policy()?;
    let now = options.settings.now()?;
    let mut database = options.settings.open(Access::Read)?;
    let mut subjects = Vec::new();
    for name in &options.tables {
        let found = Subject::new(options, &policy, (&mut database, name));
        match (found, &options.tables[..]) {
            // Nothing came, and rt-export has said why: the table is not
            // there, or nothing dates its rows.
            (Err(e), [name])
                if e.exit() == Exit::Usage && is_empty(input)? =>
            {
                return Ok(nothing(name, &database));
            }
            (found, _) => subjects.push(found?),
        }
    }
    let identity = Database::identity(&options.settings.db())?;
    drop(database);
    let root = options.settings.archives();
    let mut work = Archive::begin(&root, now, Duration::ZERO, notes)?;
    for subject in &subjects {
        work.state().check_source(&subject.origin, &identity)?;
        work.check_free(&subject.origin, &identity)?;
    }
    let run = Run { options, subjects: &subjects, now };
    let (mut all, cut_off) = run.read(&work, input, stop)?;
    let drafts = publishable(&mut all, &work, &identity)?;
    let receipts: Vec<Arc<Segment>> =
        drafts.iter().map(|(segment, _)| segment.clone()).collect();
    if !drafts.is_empty() {
        stop.check()?;
        work.publish(drafts)?;
    }
    drop(work);
    crash::point("store.unlocked");
    Ok(run.end(&all, receipts, cut_off, notes))
}

/// fsyncs all drafts, and gives them with their segments.
fn publishable(
    all: &mut [Days<'_>],
    work: &Archive,
    identity: &Identity,
) -> Result<Vec<(Arc<Segment>, Draft)>> {
    let mut drafts: Vec<&mut Draft> =
        all.iter_mut().flat_map(Days::drafts).collect();
    sync_many(&mut drafts, |draft| draft.sync())?;
    let mut out = Vec::new();
    for days in all {
        out.append(&mut days.segments(work, identity)?);
    }
    Ok(out)
}

/// What all tables of a run have in common.
struct Run<'r> {
    options: &'r Options,
    subjects: &'r [Subject],
    now: Timestamp,
}

impl<'r> Run<'r> {
    /// Reads all rows into drafts; with what cut the input off.
    fn read(
        &self,
        work: &Archive,
        input: &mut dyn Read,
        stop: &Stop,
    ) -> Result<(Vec<Days<'r>>, Option<Error>)> {
        let Run { options, subjects, now } = *self;
        let mut all: Vec<Days<'_>> = Vec::new();
        if let [one] = subjects {
            let threads = options.threads.map(|threads| threads.min(64));
            all.push(Days::new(
                options,
                one,
                now,
                gz::threads(threads),
                DAYS_MOST,
            ));
            let mut lines = LineReader::default();
            let read = all[0].read(work, &mut lines, (input, stop));
            let cut_off = all[0].counts_after(read.map(drop))?;
            all[0].complete()?;
            return Ok((all, cut_off));
        }
        // Their rows are few: what threads would gain is not worth a start.
        let mut lines = LineReader::of_several();
        let mut room = DAYS_MOST;
        let mut next = lines.read(input, stop, &mut |_| Err(unnamed()))?;
        while let Some(name) = next {
            let named = |s: &&Subject| s.table.name == name;
            let fresh = !all.iter().any(|days| days.is_of(&name));
            let subject = subjects.iter().find(named).filter(|_| fresh);
            let Some(subject) = subject else {
                return Ok((all, Some(not_asked_for(&name))));
            };
            let mut days = Days::new(options, subject, now, 0, room);
            let read = days.read(work, &mut lines, (input, stop));
            let (named, read) = match read {
                Ok(name) => (name, Ok(())),
                Err(error) => (None, Err(error)),
            };
            let cut_off = days.counts_after(read)?;
            days.complete()?;
            room = days.room_left();
            all.push(days);
            if cut_off.is_some() {
                return Ok((all, cut_off));
            }
            next = named;
        }
        Ok((all, None))
    }

    /// A record a table, and how the run ended.
    fn end(
        &self,
        all: &[Days<'_>],
        receipts: Vec<Arc<Segment>>,
        cut_off: Option<Error>,
        notes: &mut dyn Notes,
    ) -> Done {
        let mut records = Vec::new();
        let mut exit = Exit::Done;
        let last = all.len().saturating_sub(1);
        for (i, days) in all.iter().enumerate() {
            let error = cut_off.as_ref().filter(|_| i == last);
            let (record, ended) = days.end(error, notes);
            records.push(record);
            exit = exit.and(ended);
        }
        // Of the others nothing came.
        for Subject { table, .. } in self.subjects {
            if !all.iter().any(|days| days.is_of(&table.name)) {
                let status = Status::NoRecords;
                records.push(Stored { status, ..empty(&table.name) });
            }
        }
        Done { records, receipts, result: cut_off.map_or(Ok(exit), Err) }
    }
}

fn unnamed() -> Error {
    Error::data("no line says which table the first record is of")
        .hint("rt-store takes what rt-export --due writes of the same tables")
}

fn not_asked_for(name: &str) -> Error {
    Error::data(format!(
        "rows of {} come, which was not named here or came before",
        quote(name)
    ))
    .hint(
        "those before them are stored; name the tables that rt-export was \
         given",
    )
}

/// Whether the input ends before its first byte.
fn is_empty(input: &mut dyn Read) -> Result<bool> {
    durable::read_full(input, &mut [0])
        .map(|n| n == 0)
        .map_err(|e| Error::stream("cannot read the rows", e))
}

fn nothing(name: &str, database: &Database) -> Done {
    let status = match database.table(name) {
        Ok(None) => Status::NoTable,
        _ => Status::NoRecords,
    };
    Done {
        records: vec![Stored { status, ..empty(name) }],
        receipts: Vec::new(),
        result: Ok(Exit::Done),
    }
}
