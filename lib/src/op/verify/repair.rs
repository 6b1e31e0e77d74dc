//! rt-verify --repair: takes in what a copy of a tree that was alive left, a
//! ledger older than its files, or some files older than the ledger; and writes
//! damaged schema files anew.
//!
//! The plan is made twice, before and under the lock, and only the second one
//! is done. A file is taken in as it is where all of it can be read, and where
//! the ledger knows it, only if it begins as the ledger once said. Whatever
//! else differs is left, and named: that needs a backup.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::finding::{Finding, Place, Severity, place_of};
use super::forms::{History, remember};
use super::options::Options;
use super::schemas::{self, Anew, Sources};
use crate::archive::tiers::{cold_files, warm_files, whole_files};
use crate::archive::{
    Adopt, Archive, Audit, Change, Event, FileState, Job, Member, Named, Said,
    TORN, Tree, came_back, forms_under_way, goes,
};
use crate::error::{Error, Exit, Notes, Result, counted, quote};
use crate::io::digest::{file_sha256, hex, is_file};
use crate::io::durable;
use crate::io::jsonl;
use crate::io::tar::read_tar;

/// Makes the plan and prints it; with `--yes` it is done.
pub(super) fn repair(
    options: &Options,
    tree: &Tree,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let now = options.settings.now()?;
    let mut plan = Plan::make(options, tree)?;
    let go = options.yes && !options.settings.dry_run;
    if go && (plan.open || !plan.is_empty()) {
        let wait = Duration::from_secs(60);
        let mut archive =
            Archive::begin_repair(tree.root(), now, wait, notes, plan.cut)?;
        let cut = plan.cut.take();
        plan = Plan::make(options, tree)?;
        archive.take_in(plan.files.clone())?;
        for month in &plan.months {
            archive.take_in_month(month.clone())?;
        }
        for schema in &plan.schemas {
            archive.check_lock()?;
            schema.write(tree)?;
        }
        let job = Job { mode: "repair".to_owned(), ..Job::default() };
        archive.record_repair(job)?;
        plan.cut = cut;
    }
    for finding in plan.findings(tree) {
        jsonl::print(&finding, output)?;
    }
    let left = match plan.left.is_empty() {
        true => Exit::Done,
        false => Exit::Disagree,
    };
    if !go && !plan.is_empty() {
        notes.warn(
            "nothing was changed: this is what --repair would do; if it is \
             meant, run it again with --yes",
        );
        return Ok(left.and(Exit::Failed));
    }
    Ok(left)
}

/// What is to be done.
#[derive(Debug, Default)]
struct Plan {
    /// The ledger is broken behind so many bytes.
    cut: Option<u64>,
    /// It does not end as it should.
    end: bool,
    /// A run began something that the ledger knows no end of.
    open: bool,
    files: Vec<Adopt>,
    months: Vec<Change>,
    schemas: Vec<Anew>,
    left: Vec<Finding>,
    /// Rows that the ledger says of the files that are taken in.
    known_rows: HashMap<String, u64>,
}

/// What the plan is made of.
struct Planner<'p> {
    tree: &'p Tree,
    said: &'p Said,
    history: &'p History,
    plan: Plan,
    /// Warm files that are in a month's tar.
    moved: BTreeSet<String>,
}

impl Plan {
    fn make(options: &Options, tree: &Tree) -> Result<Plan> {
        let whole = Audit::of(tree.root(), &mut |_, _, _| {})?;
        let cut = (!whole.is_sound()).then_some(whole.sound_bytes);
        let (mut history, mut named) = (History::new(), schemas::Named::new());
        let limit = cut.unwrap_or(u64::MAX);
        let audit =
            Audit::until(tree.root(), limit, &mut |event, _, before| {
                remember(&mut history, event, before);
                if let Event::Store(segment) = event {
                    schemas::name(&mut named, segment);
                }
            })?;
        let said = &audit.said;
        let mut planner = Planner {
            tree,
            said,
            history: &history,
            plan: Plan { cut, end: whole.end.is_some(), ..Plan::default() },
            moved: BTreeSet::new(),
        };
        let mut names: BTreeSet<String> =
            said.files.files().map(|(name, _)| name.to_owned()).collect();
        names.extend(
            warm_files(tree, &said.files)?.into_iter().map(|w| w.file),
        );
        names.extend(cold_files(tree)?);
        names.extend(whole_files(tree)?);
        let (months, others): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| name.ends_with(".tar.gz"));
        for file in months.into_iter().chain(others) {
            if let Err(error) = planner.look(&file) {
                let place = place_of(&file, said.files.file(&file));
                let found =
                    Finding::of_error(Severity::Damage, "left", &error);
                planner.plan.left.push(found.at(&place));
            }
        }
        let (settings, files) = (&options.settings, &said.files);
        let sources = Sources { settings, tree, files, named: &named };
        let (anew, left) = sources.plan()?;
        planner.plan.schemas = anew;
        planner.plan.left.extend(left);
        let mut intents = said.state.intents();
        let open = intents.next().is_some();
        planner.plan.open = open || !said.state.changes().is_empty();
        Ok(planner.plan)
    }

    fn is_empty(&self) -> bool {
        self.cut.is_none()
            && !self.end
            && self.files.is_empty()
            && self.months.is_empty()
            && self.schemas.is_empty()
    }

    /// The plan as records.
    fn findings(&self, tree: &Tree) -> Vec<Finding> {
        let mut out = Vec::new();
        let ledger = Place::file("ledger.jsonl");
        let note =
            |what, said: String| Finding::new(Severity::Note, what, said);
        if let Some(whole) = self.cut {
            let said = format!(
                "the ledger is broken behind byte {whole}: what follows goes \
                 to {}",
                quote(&tree.root().join(TORN).to_string_lossy())
            );
            out.push(note("cut", said).at(&ledger));
        } else if self.end {
            let said = "the ledger does not end where lock says: it is taken \
                        as it is";
            out.push(note("end", said.to_owned()).at(&ledger));
        }
        for change in &self.months {
            let rows = change.members.iter().map(|m| m.rows).sum();
            let said = format!(
                "{} is taken in with {}, among them those of {} that moved \
                 into it",
                quote(&change.file),
                counted(rows, "row"),
                counted(change.removes.len() as u64, "warm file")
            );
            let place = Place::file(&change.file);
            out.push(note("take_in", said).at(&place).rows(rows));
        }
        for adopt in &self.files {
            let rows = adopt.members.iter().map(|m| m.rows).sum();
            let file = &adopt.named.file;
            let known = self.known_rows.get(file).copied();
            let mut said = format!(
                "{} is taken in with {}",
                quote(file),
                counted(rows, "row")
            );
            if let Some(known) = known {
                said.push_str(&format!(", where the ledger says {known}"));
            }
            let place = match &adopt.members[..] {
                [member] if !file.ends_with(".tar.gz") => {
                    Place::file(file).of(member)
                }
                _ => Place::file(file),
            };
            let found = note("take_in", said).at(&place).rows(rows);
            out.push(match known {
                Some(known) if known > rows => found.hint(
                    "it holds fewer rows than the ledger says: look first \
                     whether a newer backup has it",
                ),
                _ => found,
            });
        }
        out.extend(self.schemas.iter().map(Anew::finding));
        out.extend(self.left.iter().cloned());
        out
    }
}

impl Planner<'_> {
    /// Plans what is to become of a file.
    fn look(&mut self, file: &str) -> Result<()> {
        let (tree, Said { state, files }) = (self.tree, self.said);
        let path = tree.path(file)?;
        let known = files.file(file);
        let Some(open) = durable::open_if_there(&path)? else {
            let may = known.is_none()
                || goes(state, file)
                || self.moved.contains(file);
            if !may {
                let found = Finding::missing(&quote(file));
                let found = Finding { what: "left", ..found };
                self.plan.left.push(found.at(&place_of(file, known)));
            }
            return Ok(());
        };
        let size_bytes = durable::length(&open, &path)?;
        let is = (size_bytes, file_sha256(open, &path)?);
        let forms = forms_under_way(state, files, file);
        if forms.contains(&(is.0, is.1.as_str())) {
            return Ok(());
        }
        if files.before_erasure(file, &is.1).is_some() {
            return Err(came_back(&path));
        }
        let tar = file.ends_with(".tar.gz");
        if !tar && known.is_some() && !self.begins_as_known(file, &is)? {
            let said = format!(
                "{} does not begin as the ledger ever said",
                quote(file)
            );
            let found = Finding::damage("left", said);
            self.plan.left.push(found.at(&place_of(file, known)));
            return Ok(());
        }
        let adopt = tree.survey(files, file)?;
        if tar {
            let moved = self.moved_into(&adopt)?;
            if !moved.is_empty() {
                self.moved.extend(moved.iter().map(|m| m.file.clone()));
                self.plan.months.push(change(known, adopt, moved)?);
                return Ok(());
            }
        }
        if let Some(known) = known {
            let rows = known.members.iter().map(|m| m.rows).sum();
            self.plan.known_rows.insert(file.to_owned(), rows);
        }
        self.plan.files.push(adopt);
        Ok(())
    }

    /// Whether a file is, or begins with, what the ledger once said of it. A
    /// file that began with a segment that is not settled may begin anew.
    fn begins_as_known(&self, file: &str, is: &(u64, String)) -> Result<bool> {
        let Some(forms) = self.history.get(file) else { return Ok(false) };
        if forms.contains(is) {
            return Ok(true);
        }
        let mut unsettled =
            self.said.state.unsettled().map(|open| &open.segment);
        if unsettled.any(|s| s.file == file && s.offset_bytes == 0) {
            return Ok(true);
        }
        let path = self.tree.path(file)?;
        let mut input = durable::open_read(&path)?;
        let (mut hash, mut at) = (Sha256::new(), 0);
        let mut piece = vec![0; 1 << 18];
        for (size, sha256) in forms.iter().filter(|(size, _)| *size < is.0) {
            let mut next = (&mut input).take(size - at);
            loop {
                let n = durable::read_full(&mut next, &mut piece)
                    .map_err(|e| Error::io("read", &path, e))?;
                if n == 0 {
                    break;
                }
                hash.update(&piece[..n]);
            }
            at = *size;
            if *size > 0 && hex(&hash.clone().finalize()) == *sha256 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The warm files of the ledger's that are gone, or are still there as the
    /// ledger says, and whose bytes are in a tar that it does not know so.
    fn moved_into(&self, adopt: &Adopt) -> Result<Vec<Named>> {
        let mut moved = Vec::new();
        for member in &adopt.members {
            let file = format!("warm/{}", member.name);
            let Some(warm) = self.said.files.file(&file) else { continue };
            let path = self.tree.path(&file)?;
            let there = durable::open_if_there(&path)?;
            let same = match there {
                None => true,
                Some(open) => {
                    is_file(open, &path, (warm.size_bytes, &warm.sha256))?
                }
            };
            if same && self.holds(adopt, member, warm)? {
                moved.push(warm.named(&file));
            }
        }
        Ok(moved)
    }

    /// Whether a member is, or begins or ends with, the bytes of a warm file.
    fn holds(
        &self,
        adopt: &Adopt,
        member: &Member,
        warm: &FileState,
    ) -> Result<bool> {
        if member.sha256 == warm.sha256 {
            return Ok(true);
        }
        let Some(before) = member.size_bytes.checked_sub(warm.size_bytes)
        else {
            return Ok(false);
        };
        let path = self.tree.path(&adopt.named.file)?;
        let mut holds = false;
        let tar = durable::open_read(&path)?;
        read_tar(tar, path.path(), &mut |name, _, input| {
            if name != member.name {
                return Ok(());
            }
            let fail = |e| Error::io("read", &path, e);
            let (mut first, mut last) = (Sha256::new(), Sha256::new());
            let (mut at, mut piece) = (0, vec![0; 1 << 18]);
            loop {
                let n = durable::read_full(input, &mut piece).map_err(fail)?;
                if n == 0 {
                    break;
                }
                let end = at + n as u64;
                let cut = |limit: u64| {
                    usize::try_from(limit.clamp(at, end) - at).unwrap_or(n)
                };
                first.update(&piece[..cut(warm.size_bytes)]);
                last.update(&piece[cut(before)..n]);
                at = end;
            }
            let found = [first, last].map(|hash| hex(&hash.finalize()));
            holds |= found.contains(&warm.sha256);
            Ok(())
        })?;
        Ok(holds)
    }
}

/// The change that a consolidation would have entered.
fn change(
    known: Option<&FileState>,
    adopt: Adopt,
    removes: Vec<Named>,
) -> Result<Change> {
    let file = adopt.named.file.clone();
    Ok(Change {
        after: Some(adopt.named),
        members: adopt.members,
        removes,
        by_hand: true,
        ..Change::of(&file, known.map(|known| known.named(&file)))?
    })
}
