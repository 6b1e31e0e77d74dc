//! One table's segments, settled one by one. The order of writes, and why
//! each crash point is harmless, stands in [`crate::archive`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::groups::Group;
use super::pace::Pace;
use super::proof::LineShape;
use super::tally::{Tally, add, settled};
use super::turns::Turns;
use crate::archive::{
    Archive, Event, Form, Open, Rewrite, SegmentText, Settled, not_as_said,
};
use crate::crash;
use crate::db::{Database, Identity, Key, References, Table};
use crate::error::{Error, Exit, Result, quote};
use crate::io::digest::file_sha256;
use crate::io::durable::{self, FileId};
use crate::outcome::{Purged, Status};
use crate::signal::Stop;

/// What a settlement works with.
pub(super) struct Settler<'s> {
    pub work: &'s mut Archive,
    pub database: &'s Database,
    pub identity: Identity,
    pub pace: Pace,
    /// When threads of ours may read beside the deletion.
    pub turns: Arc<Turns>,
    pub stop: &'s Stop,
    /// When `--max-runtime` is over.
    pub deadline: Option<Instant>,
    /// What was looked up in the schema, triggers above all, holds as long as
    /// this does.
    pub schema_version: i64,
    /// What the triggers of each table's deletions write to.
    pub writes: Vec<Writes>,
    /// `--moved`.
    pub moved: bool,
}

/// What the triggers of a table's deletions write to.
pub(super) struct Writes {
    /// The table.
    pub table: String,
    /// The policy trusts them, whatever they do.
    pub trusted: bool,
    /// Tables whose rows they make, change or take.
    pub targets: Vec<String>,
}

/// A table whose segments are being settled.
pub(super) struct Target<'t> {
    pub table: &'t Table,
    pub references: References,
    /// A row that is not there any more may have gone with our own deletion
    /// of another one: its line is kept.
    pub keep_missing: bool,
    /// A deletion may make another row point at one that is to go: the
    /// foreign keys are followed after each row.
    pub one_by_one: bool,
}

/// A segment that is to be settled; its file is durable.
pub(super) struct Subject {
    pub open: Open,
    pub path: PathBuf,
    pub lines: LineShape,
    /// The file whose segment is read back.
    pub id: FileId,
}

impl Subject {
    /// The segment's text in the file that was looked at first.
    pub fn text(&self) -> Result<SegmentText> {
        let (text, _) = SegmentText::open(&self.path, &self.open)?;
        if text.id() != self.id {
            return Err(not_as_said(&self.path, "was changed meanwhile"));
        }
        Ok(text)
    }

    /// Whether the name still stands for the file that was proven.
    pub fn is_there(&self) -> Result<()> {
        match FileId::at(&self.path) {
            Ok(id) if id == self.id => Ok(()),
            _ => Err(not_as_said(
                &self.path,
                "changed while its rows were being deleted",
            )),
        }
    }
}

impl<'s> Settler<'s> {
    /// Settles segments of one table, in order; the result says how far it
    /// came. Only a signal, or the end of the time, ends the whole run.
    pub fn settle_table(
        &mut self,
        group: &Group,
        recovered: bool,
    ) -> (Purged, Result<()>) {
        let name = &group.table;
        let mut result = Purged {
            table: name.to_owned(),
            status: Status::NoRecords,
            recovered,
            rows: 0,
            records: 0,
            changed: 0,
            referenced: 0,
            refused: 0,
            gone: 0,
            superseded: 0,
            archive_files: Vec::new(),
            message: None,
            exit_status: None,
        };
        let done = self.settle_all(name, &group.ids, &mut result);
        if result.records + result.superseded > 0 {
            result.status = Status::Archived;
        }
        if result.refused > 0 {
            result.exit_status = Some(Exit::Partial.code());
            let names: Vec<String> =
                group.triggers.iter().map(|t| quote(t)).collect();
            result.message = Some(format!(
                "{} rows of {} were kept by a trigger ({})",
                result.refused,
                quote(name),
                names.join(", ")
            ));
        }
        if let Err(error) = &done {
            result.status = Status::Failed;
            result.exit_status = Some(error.exit().code());
            result.message = Some(error.to_string());
        }
        (result, done)
    }

    fn settle_all(
        &mut self,
        name: &str,
        ids: &[String],
        result: &mut Purged,
    ) -> Result<()> {
        let mut waiting = Vec::new();
        for id in ids {
            match self.work.ledger().state().settled(id) {
                Some(settled) => add(result, &settled.clone()),
                None => waiting.push(self.find(id)?),
            }
        }
        if !waiting.is_empty() {
            if let Some(blocked) = self.work.block_of(name) {
                return Err(Error::new(blocked.exit, blocked.message.clone()));
            }
            let table = self.database.need_table(name).map_err(|e| {
                e.hint("its segments stay as they are until it is there")
            })?;
            table.check_purgeable()?;
            let target = self.target(&table)?;
            self.settle_segments(&target, waiting, result)?;
        }
        self.name_files(ids, result)
    }

    fn target<'t>(&self, table: &'t Table) -> Result<Target<'t>> {
        let same = |name: &String| name.eq_ignore_ascii_case(&table.name);
        let references = self.database.references(table)?;
        let (mut keep_missing, mut one_by_one) = (false, false);
        for writes in &self.writes {
            let own = same(&writes.table);
            keep_missing |= own && writes.trusted;
            keep_missing |= writes.targets.iter().any(same);
            one_by_one |= own && references.from_any(&writes.targets);
        }
        Ok(Target { table, references, keep_missing, one_by_one })
    }

    /// Whether rows may not be deleted any more by where they were found: the
    /// schema has changed in what concerns the table, or VACUUM has given
    /// rowids that are no keys to other rows.
    pub fn is_altered(&mut self, target: &Target<'_>) -> Result<bool> {
        if self.database.schema_version()? == self.schema_version {
            return Ok(false);
        }
        let table = target.table;
        let lasting =
            table.without_rowid || matches!(table.key, Key::Rowid(_));
        Ok(!lasting || !self.is_same(target)?)
    }

    /// Whether the schema still says of the table what it said, triggers and
    /// who points at it included.
    fn is_same(&mut self, target: &Target<'_>) -> Result<bool> {
        let version = self.database.schema_version()?;
        if version == self.schema_version {
            return Ok(true);
        }
        let table = target.table;
        let same = match self.database.table(&table.name)? {
            Some(now) => {
                now.schema == table.schema
                    && self.database.references(&now)? == target.references
            }
            None => false,
        };
        if same {
            self.schema_version = version;
        }
        Ok(same)
    }

    fn find(&self, id: &str) -> Result<Open> {
        self.work.ledger().state().open(id).cloned().ok_or_else(|| {
            Error::data(format!("the ledger knows no segment {id}"))
                .hint("the receipt belongs to another tree: see --archives")
        })
    }

    /// Refuses a segment of another database.
    fn check_database(&self, open: &Open) -> Result<()> {
        let segment = &open.segment;
        let here = &self.identity;
        let same_file =
            segment.db_device == here.device && segment.db_inode == here.inode;
        if same_file && segment.db == here.path || self.moved {
            return Ok(());
        }
        Err(Error::partial(format!(
            "a segment of {} in {} came from the database {}, not {}",
            quote(&segment.table),
            quote(&segment.file),
            quote(&segment.db),
            quote(&here.path)
        ))
        .hint(
            "name that database with --db; if it is this one, moved or \
             restored, say --moved",
        ))
    }

    /// All segments of a table go together: their files are made durable,
    /// each is compared and named, and only then does its first row go.
    fn settle_segments(
        &mut self,
        target: &Target<'_>,
        waiting: Vec<Open>,
        result: &mut Purged,
    ) -> Result<()> {
        let mut rest = Vec::new();
        for open in waiting {
            self.check_database(&open)?;
            if !open.published {
                return Err(Error::partial(format!(
                    "a segment in {} was never published",
                    quote(&open.segment.file)
                )));
            }
            let Some(retract) = open.retract.clone() else {
                if !self.void_if_left(&open)? {
                    rest.push(open);
                }
                continue;
            };
            let lines = LineShape::new(&open.segment, target.table)?;
            let path = self.work.tree().path(&open.segment.file)?;
            self.redo(&open, &path, &lines)?;
            self.end(vec![settled(&open, retract.counts)], result)?;
        }
        self.work.sync_files(rest.iter().map(|o| o.segment.file.as_str()))?;
        crash::point("purge.synced");
        let mut keyed = Vec::new();
        for open in rest {
            if !self.is_same(target)? {
                return Err(altered(&target.table.name));
            }
            let subject = self.subject(target, open)?;
            if subject.open.segment.keyless_rows == 0 {
                keyed.push(subject);
                continue;
            }
            let tally = self.settle_keyless(target, &subject)?;
            let done = self.take_out(&subject, &tally)?;
            self.end(vec![done], result)?;
        }
        if keyed.is_empty() {
            return Ok(());
        }
        let tallies = self.settle_keyed(target, &keyed)?;
        let mut done = Vec::new();
        for (subject, tally) in keyed.iter().zip(&tallies) {
            done.push(self.take_out(subject, tally)?);
        }
        self.end(done, result)
    }

    /// A file made by hand that was moved or changed before any row went on
    /// its strength has lost no row to us: its segment is void.
    fn void_if_left(&mut self, open: &Open) -> Result<bool> {
        let segment = &open.segment;
        if !segment.adopted || !open.purging.is_empty() {
            return Ok(false);
        }
        let path = self.work.tree().path(&segment.file)?;
        let same = match durable::open_if_there(&path)? {
            Some(file) => file_sha256(file, &path)? == segment.file_sha256,
            None => false,
        };
        if same {
            return Ok(false);
        }
        let id = segment.id.clone();
        self.work.ledger_mut().append(&[Event::Void { id }])?;
        Ok(true)
    }

    fn subject(&self, target: &Target<'_>, open: Open) -> Result<Subject> {
        let path = self.work.tree().path(&open.segment.file)?;
        let lines = LineShape::new(&open.segment, target.table)?;
        let (text, _) = SegmentText::open(&path, &open)?;
        Ok(Subject { open, path, lines, id: text.id() })
    }

    /// Does a retraction that was begun: the rewrite, or nothing where it is
    /// done.
    fn redo(
        &mut self,
        open: &Open,
        path: &std::path::Path,
        lines: &LineShape,
    ) -> Result<()> {
        let Some(retract) = &open.retract else { return Ok(()) };
        let gone = retract.file_sha256.is_none();
        if gone && !path.exists() {
            // The folder may have gone with it, and then so has its name.
            return self.work.sync_nearest(path);
        }
        self.work.sync_file(&open.segment.file)?;
        let (text, form) = SegmentText::open(path, open)?;
        text.read(&mut |_| Ok(()))?;
        if form == Form::Retracted && !gone {
            return Ok(());
        }
        drop(text);
        Rewrite {
            work: self.work,
            open: open.clone(),
            time: &|line| lines.time(line),
        }
        .take_out(&retract.lines, retract.counts)
    }

    /// Takes out the lines that must go.
    fn take_out(
        &mut self,
        subject: &Subject,
        tally: &Tally,
    ) -> Result<Settled> {
        let out = tally.out();
        if !out.is_empty() && !subject.open.segment.adopted {
            let open = self.find(&subject.open.segment.id)?;
            self.database.flush()?;
            Rewrite {
                work: self.work,
                open,
                time: &|line| subject.lines.time(line),
            }
            .take_out(&out, tally.counts())?;
        }
        Ok(settled(&subject.open, tally.counts()))
    }

    /// Writes `purge` for segments that are settled.
    fn end(&mut self, done: Vec<Settled>, result: &mut Purged) -> Result<()> {
        self.database.flush()?;
        crash::point("purge.before_purge");
        for settled in &done {
            add(result, settled);
        }
        let events: Vec<Event> = done.into_iter().map(Event::Purge).collect();
        self.work.ledger_mut().append(&events)?;
        crash::point("purge.settled");
        Ok(())
    }

    /// Files of these segments that hold rows now.
    fn name_files(&self, ids: &[String], result: &mut Purged) -> Result<()> {
        for id in ids {
            let Some(settled) = self.work.ledger().state().settled(id) else {
                continue;
            };
            let there = self.work.tree().path(&settled.file)?.exists();
            if there && !result.archive_files.contains(&settled.file) {
                result.archive_files.push(settled.file.clone());
            }
        }
        Ok(())
    }

    /// An error once the run is to end.
    pub fn check_time(&self) -> Result<()> {
        self.limit().check()
    }

    /// When the run is to end.
    pub fn limit(&self) -> Limit<'s> {
        Limit { stop: self.stop, deadline: self.deadline }
    }
}

/// When a run is to end, whatever is left.
#[derive(Clone, Copy)]
pub(super) struct Limit<'l> {
    stop: &'l Stop,
    deadline: Option<Instant>,
}

impl Limit<'_> {
    /// An error once it is to end.
    pub fn check(&self) -> Result<()> {
        self.stop.check()?;
        if self.deadline.is_some_and(|d| Instant::now() >= d) {
            return Err(Error::partial("the time is over (--max-runtime)")
                .hint("run it again: it goes on where it stopped"));
        }
        Ok(())
    }
}

/// The error for a table that changed where nothing else can be done.
pub(super) fn altered(table: &str) -> Error {
    Error::partial(format!("table {} was altered meanwhile", quote(table)))
        .hint("run it again: it goes on where it stopped")
}
