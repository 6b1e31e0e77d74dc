//! The days of a tree's tables that are settled, and their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::archive::{
    ArchivedText, Damages, Known, Ledger, Member, Origin, Segment,
    StoredSegments, Tree, named, not_as_said, proven_lines, under_way,
};
use crate::db::{Affinity, declared_types};
use crate::error::{Error, Exit, Notes, Result, quote, quoted};
use crate::io::digest::{Hashing, hex};
use crate::io::durable;
use crate::io::tar::{Entry, Walk, salvage_at, salvage_tar};
use crate::io::tree_path::TreePath;
use crate::settings::Settings;
use crate::time::Day;

/// A table's day in the archives, by the ledger.
#[derive(Clone, Debug)]
pub struct ArchivedDay {
    /// Whose rows.
    pub origin: Origin,
    /// Their day.
    pub day: Day,
    /// The file of the tree that holds it.
    pub file: String,
    /// Nothing is under way with the file, and no row of it is still to be
    /// deleted from the database.
    pub settled: bool,
    /// What it is, by the ledger: the same in its warm file as in the tar of
    /// its month.
    member: Member,
}

impl ArchivedDay {
    /// Its name: `2025-11-03/tool_uses.jsonl.gz`.
    pub fn name(&self) -> &str {
        &self.member.name
    }

    /// Its lines.
    pub fn rows(&self) -> u64 {
        self.member.rows
    }

    /// SHA-256 of its bytes.
    pub fn sha256(&self) -> &str {
        &self.member.sha256
    }
}

/// Who is handed the lines: the place of their day among those that were
/// asked for, and some whole lines of it.
pub type EachLines<'e> = dyn FnMut(usize, &[u8]) -> Result<()> + 'e;

/// The archives of a tree, as of the ledger.
#[derive(Debug)]
pub struct Archives {
    tree: Tree,
    ledger: Ledger,
    now: Timestamp,
}

impl Archives {
    /// Opens the tree that the settings name.
    ///
    /// # Errors
    /// Status 2 where there is no tree; 5 where its ledger does not hold.
    pub fn open(
        settings: &Settings,
        notes: &mut dyn Notes,
    ) -> Result<Archives> {
        let (root, now) = (settings.archives(), settings.now()?);
        if !root.is_dir() {
            let what = format!("there is no archive tree {}", quoted(&root));
            return Err(Error::usage(what)
                .hint("name it with --archives or RT_ARCHIVES"));
        }
        let ledger = Ledger::read(&root, now, notes)?;
        Ok(Archives { tree: Tree::new(&root), ledger, now })
    }

    /// What this tree is known by, wherever it is: SHA-256 of the first line of
    /// its ledger; none where it has no ledger.
    pub fn id(&self) -> Result<Option<String>> {
        let path = self.tree.path("ledger.jsonl")?;
        let Some(file) = durable::open_if_there(&path)? else {
            return Ok(None);
        };
        let mut line = Vec::new();
        BufReader::new(file)
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::io("read", &path, e))?;
        Ok(Some(hex(&Sha256::digest(&line))))
    }

    /// The run's now.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// All days, by table and day.
    pub fn days(&self) -> Result<Vec<ArchivedDay>> {
        let moving = under_way(self.ledger.state());
        let mut days = Vec::new();
        for (file, state) in self.ledger.files()?.files() {
            for member in &state.members {
                let day = member.day.as_deref().map(str::parse::<Day>);
                let (Some(origin), Some(day)) = (member.origin(), day) else {
                    continue;
                };
                days.push(ArchivedDay {
                    origin,
                    day: day?,
                    file: file.to_owned(),
                    settled: !moving.contains(file),
                    member: member.clone(),
                });
            }
        }
        let key = |d: &ArchivedDay| {
            (d.origin.clone(), d.day, d.file.clone(), d.name().to_owned())
        };
        days.sort_by_cached_key(key);
        Ok(days)
    }

    /// All segments of a table that were ever stored.
    pub fn segments(&self, origin: &Origin) -> Result<StoredSegments> {
        StoredSegments::read(self.tree.root(), origin)
    }

    /// The columns of the table that a segment came from, and what their
    /// declared types make of values.
    ///
    /// # Errors
    /// 5: the CREATE statements are nowhere, or not what the ledger says.
    pub fn declared(
        &self,
        segment: &Segment,
    ) -> Result<Vec<(String, Option<Affinity>)>> {
        let schema = self.tree.kept_schema(self.ledger.files()?, segment);
        let schema = schema.map_err(|e| e.with_exit(Exit::Disagree))?;
        declared_types(&schema, &segment.table)
    }

    /// Takes in what jobs have appended to the ledger since; says whether that
    /// was anything.
    pub fn refresh(&mut self, notes: &mut dyn Notes) -> Result<bool> {
        let root = self.tree.root();
        let ledger = Ledger::read(root, self.now, notes)?;
        let moved = ledger.lines() != self.ledger.lines();
        self.ledger = ledger;
        Ok(moved)
    }

    /// Reads days to their ends: `each` gets their lines in the order of the
    /// days, but for tars of which the ledger does not say where in them the
    /// days stand: theirs come in the order of the tar.
    ///
    /// # Errors
    /// Status 5 where a file is not what the ledger says; lines of it may have
    /// been given before that shows.
    pub fn read(
        &self,
        days: &[&ArchivedDay],
        each: &mut EachLines<'_>,
    ) -> Result<()> {
        let mut walks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, day) in days.iter().enumerate() {
            if day.file.ends_with(".tar.gz") {
                if !self.enter(at, day, each)? {
                    walks.entry(&day.file).or_default().push(at);
                }
                continue;
            }
            let path = self.tree.path(&day.file)?;
            let Some(mut open) = durable::open_if_there(&path)? else {
                return Err(not_as_said(&path, "is missing"));
            };
            let text = Text { at, day, what: quoted(&path) };
            text.read(&mut open, each)?;
        }
        for (file, places) in walks {
            self.walk(file, &places, days, each)?;
        }
        Ok(())
    }

    /// Reads a member of a tar where the ledger says that it stands; says
    /// whether it does.
    fn enter(
        &self,
        at: usize,
        day: &ArchivedDay,
        each: &mut EachLines<'_>,
    ) -> Result<bool> {
        let Some(place) = day.member.place() else { return Ok(false) };
        let path = self.tree.path(&day.file)?;
        let file = opened(&path)?;
        let walk = Walk { file, path: path.path(), whole: false };
        let mut found = false;
        let wrong = salvage_at(walk, place, &mut |entry, proven| {
            if proven && day.is(&entry) {
                found = true;
                let text = Text::of(at, day, path.path());
                text.read(entry.contents, each)?;
            }
            Ok(())
        })?;
        match wrong.filter(|_| found) {
            Some(error) => Err(error.with_exit(Exit::Disagree)),
            None => Ok(found),
        }
    }

    /// Reads members of a tar, which is walked over once.
    fn walk(
        &self,
        file: &str,
        places: &[usize],
        days: &[&ArchivedDay],
        each: &mut EachLines<'_>,
    ) -> Result<()> {
        let path = self.tree.path(file)?;
        let open = opened(&path)?;
        let walk = Walk { file: open, path: path.path(), whole: false };
        let mut left: BTreeSet<usize> = places.iter().copied().collect();
        let wrong = salvage_tar(walk, &mut |entry, proven| {
            let wanted =
                left.iter().copied().find(|at| days[*at].is(&entry) && proven);
            let Some(at) = wanted else { return Ok(()) };
            left.remove(&at);
            let text = Text::of(at, days[at], path.path());
            text.read(entry.contents, each)
        })?;
        if let Some(error) = wrong {
            return Err(error.with_exit(Exit::Disagree));
        }
        match left.first() {
            Some(at) => {
                let lacks = format!("lacks {}", quote(days[*at].name()));
                Err(not_as_said(&path, &lacks))
            }
            None => Ok(()),
        }
    }
}

impl ArchivedDay {
    /// Whether an entry of a tar is it, by name and length.
    fn is(&self, entry: &Entry<'_>) -> bool {
        entry.name == self.member.name && entry.size == self.member.size_bytes
    }
}

/// The text of a day, to be read to its end.
struct Text<'d> {
    at: usize,
    day: &'d ArchivedDay,
    what: String,
}

impl<'d> Text<'d> {
    fn of(at: usize, day: &'d ArchivedDay, tar: &Path) -> Text<'d> {
        let what = format!("{} in {}", quote(day.name()), quoted(tar));
        Text { at, day, what }
    }

    fn read(
        &self,
        input: &mut dyn Read,
        each: &mut EachLines<'_>,
    ) -> Result<()> {
        let Text { at, day, what } = self;
        let not_so = |what: String| {
            Error::disagree(what).hint(
                "rt-verify says what is damaged; put it back from a backup",
            )
        };
        let mut hashing = Hashing::new(input);
        // What was taken in may have another ending in its month's tar.
        let plain = match day.file.ends_with(".tar.gz") {
            true => !day.name().ends_with(".gz"),
            false => !day.file.ends_with(".gz"),
        };
        let (day_of, rows) = (Some(day.day), Some(day.rows()));
        let known = Known { day: day_of, rows, same: true };
        let source = ArchivedText { plain, what, file: &day.file, known };
        let (mut damages, mut full, mut lines) =
            (Damages::default(), false, 0);
        let done = proven_lines(
            &mut hashing,
            &source,
            0,
            &mut damages,
            &mut full,
            &mut |text| {
                lines += memchr::memchr_iter(b'\n', text).count() as u64;
                each(*at, text)
            },
        );
        done.map_err(|e| named(e, what))?;
        if let Some(error) = damages.tell(known).next() {
            return Err(not_so(named(error, what).to_string()));
        }
        let rest = io::copy(&mut hashing, &mut io::sink());
        rest.map_err(|e| Error::stream(&format!("cannot read {what}"), e))?;
        if hashing.sha256() != day.sha256() || lines != day.rows() {
            return Err(not_so(format!("{what} is not what the ledger says")));
        }
        Ok(())
    }
}

fn opened(path: &TreePath) -> Result<std::fs::File> {
    let open = durable::open_if_there(path)?;
    open.ok_or_else(|| not_as_said(path, "is missing"))
}
