//! The books: what became of the rows of a table's day.
//!
//! Two sums close for each: what was stored or taken in is in the warm, the
//! cold or the whole files, or outside of the tree, or it expired, was erased or
//! was taken out again; and what was stored and settled, less what was kept back
//! or was not there, was deleted from the database. The first is held against
//! the lines that were counted in the files, where these were read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::{Finding, Severity};
use crate::archive::{
    Counts, Event, FileState, Member, Open, Said, Selection, is_whole,
};
use crate::error::quote;

/// The rows of a table's day.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "type", rename = "balance")]
pub(super) struct Book {
    table: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    /// None for files with all rows of a run.
    day: Option<String>,
    /// Lines that were published.
    stored: i64,
    /// Lines of files that were made by hand or by another program.
    taken_in: i64,
    warm: i64,
    cold: i64,
    whole: i64,
    /// Lines of files outside the tree.
    outside: i64,
    expired: i64,
    /// Lines that an operator had erased.
    erased: i64,
    /// Lines that a settlement took out.
    taken_out: i64,
    /// Lines of segments that are not settled.
    unsettled: i64,
    /// Rows that stayed, or were not there.
    kept_back: i64,
    /// Rows deleted from the database.
    deleted: i64,
    closes: bool,
}

type Key = (String, Option<String>, Option<String>);

/// All books.
#[derive(Debug, Default)]
pub(super) struct Books(BTreeMap<Key, Book>);

fn rows(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Books {
    fn of(
        &mut self,
        table: &str,
        database: Option<&str>,
        day: Option<&str>,
    ) -> &mut Book {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let key = (table.to_ascii_lowercase(), text(database), text(day));
        self.0.entry(key).or_insert_with(|| Book {
            table: table.to_owned(),
            database: text(database),
            day: text(day),
            ..Book::default()
        })
    }

    fn of_member(&mut self, member: &Member) -> Option<&mut Book> {
        let database = member.database.as_deref();
        let table = member.table.as_deref()?;
        Some(self.of(table, database, member.day.as_deref()))
    }

    fn of_open(&mut self, open: &Open) -> &mut Book {
        let segment = &open.segment;
        let mut parts = segment.file.split('/');
        let day = match (parts.next(), parts.next()) {
            (Some("warm"), day) => day,
            _ => None,
        };
        self.of(&segment.table, segment.database.as_deref(), day)
    }

    /// Takes in the next event; `before` is what the ledger said until then.
    pub(super) fn take(&mut self, event: &Event, before: &Said) {
        let state = &before.state;
        match event {
            Event::Published { id } => {
                let Some(open) = state.open(id) else { return };
                let lines = rows(open.segment.rows);
                let book = self.of_open(open);
                book.stored += lines;
                book.unsettled += lines;
                if open.segment.adopted {
                    book.outside += lines;
                }
            }
            Event::Void { id } => {
                let Some(open) = state.open(id) else { return };
                if open.published {
                    let lines = rows(open.segment.rows);
                    let book = self.of_open(open);
                    book.stored -= lines;
                    book.unsettled -= lines;
                    book.outside -= lines;
                }
            }
            Event::Purge(settled) => {
                if let Some(open) = state.open(&settled.id) {
                    self.settled(open, &settled.counts);
                }
            }
            Event::Adopt(adopt) => {
                let known = before.files.file(&adopt.named.file);
                for member in known.iter().flat_map(|f| &f.members) {
                    if let Some(book) = self.of_member(member) {
                        book.taken_in -= rows(member.rows);
                    }
                }
                for member in &adopt.members {
                    if let Some(book) = self.of_member(member) {
                        book.taken_in += rows(member.rows);
                    }
                }
            }
            Event::Consolidated { id } => self.moved(id, before),
            Event::Expired { id } | Event::Erased { id } => {
                self.gone(id, before);
            }
            _ => {}
        }
    }

    /// What expired, or was erased.
    fn gone(&mut self, id: &str, before: &Said) {
        // A file that came back was out of the books already.
        let change = before.state.change(id).filter(|change| !change.again);
        let Some(change) = change else { return };
        for member in &change.expires {
            if let Some(book) = self.of_member(member) {
                book.expired += rows(member.rows);
            }
        }
        for gone in &change.erases {
            let (table, day) = (&gone.table, gone.day.as_deref());
            let database = gone.database.as_deref();
            self.of(table, database, day).erased += rows(gone.rows);
        }
    }

    fn settled(&mut self, open: &Open, counts: &Counts) {
        let stored = rows(open.segment.rows);
        let book = self.of_open(open);
        book.unsettled -= stored;
        book.taken_out += stored - rows(open.remaining().rows);
        book.deleted += rows(counts.deleted);
        book.kept_back += rows(counts.sum()) - rows(counts.deleted);
    }

    /// A month that was found with warm files in it, and was taken in with
    /// what else it holds.
    fn moved(&mut self, id: &str, before: &Said) {
        let change = before.state.change(id).filter(|change| change.by_hand);
        let Some(change) = change else { return };
        let removes = change.removes.iter().map(|r| r.file.as_str());
        let files = removes.chain([change.file.as_str()]);
        let known = files.filter_map(|f| before.files.file(f));
        for member in known.flat_map(|f| &f.members) {
            if let Some(book) = self.of_member(member) {
                book.taken_in -= rows(member.rows);
            }
        }
        for member in &change.members {
            if let Some(book) = self.of_member(member) {
                book.taken_in += rows(member.rows);
            }
        }
    }

    /// Enters what the files hold: the rows that were counted in a member, or
    /// else those that the ledger says.
    pub(super) fn enter<'f>(
        &mut self,
        files: impl Iterator<Item = (&'f str, &'f FileState)>,
        counted: &dyn Fn(&str, &Member) -> Option<u64>,
    ) {
        for (file, state) in files {
            for member in &state.members {
                let lines = counted(file, member).unwrap_or(member.rows);
                let whole = is_whole(file);
                let Some(book) = self.of_member(member) else { continue };
                let tier = match file.starts_with("cold/") {
                    _ if whole => &mut book.whole,
                    true => &mut book.cold,
                    false => &mut book.warm,
                };
                *tier += rows(lines);
            }
        }
    }

    /// The books that were asked for, and what does not close.
    pub(super) fn close(
        self,
        selection: &Selection<'_>,
    ) -> (Vec<Book>, Vec<Finding>) {
        let (mut books, mut findings) = (Vec::new(), Vec::new());
        for mut book in self.0.into_values() {
            let member = Member {
                table: Some(book.table.clone()),
                database: book.database.clone(),
                day: book.day.clone(),
                ..Member::default()
            };
            if !selection.wants(&member) {
                continue;
            }
            let open = book.open_sums();
            book.closes = open.is_empty();
            findings.extend(open.into_iter().map(|said| Finding {
                table: Some(book.table.clone()),
                database: book.database.clone(),
                day: book.day.clone(),
                ..Finding::new(Severity::Damage, "balance", said).hint(
                    "look at the findings about this day; where there is \
                     none, put ledger and archives back from one backup",
                )
            }));
            books.push(book);
        }
        (books, findings)
    }
}

impl Book {
    /// The sums that do not close, in words.
    fn open_sums(&self) -> Vec<String> {
        let mut said = Vec::new();
        let of = match &self.day {
            Some(day) => format!("{} of {day}", quote(&self.table)),
            None => quote(&self.table),
        };
        let came = self.stored + self.taken_in;
        let is = self.warm + self.cold + self.whole + self.outside;
        let went = self.expired + self.erased + self.taken_out;
        // What is not settled may be in its file with all lines, or without
        // those that are taken out.
        if self.unsettled == 0 && came != is + went {
            said.push(format!(
                "{of}: {came} rows were stored or taken in, {is} are in the \
                 archives, {went} expired, were erased or taken out again"
            ));
        }
        let settled = self.stored - self.unsettled;
        if settled - self.kept_back != self.deleted {
            said.push(format!(
                "{of}: {settled} rows were settled, {} kept back, and {} \
                 deleted from the database",
                self.kept_back, self.deleted
            ));
        }
        said
    }
}
