//! Archives read to their end, each once: the digest of all bytes, the CRC-32
//! of every gzip member, each line, and the digest of each segment's text.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;

use super::finding::{Finding, Place, Severity, place_of};
use super::lines::{Found, Lines};
use crate::archive::schema_is_sound;
use crate::archive::{
    ArchivedText, Audit, Damages, FileState, Known, Member, Part, Parts, Tree,
    came_back, forms_under_way, goes, moving, proven_lines,
};
use crate::error::{Error, Result, counted};
use crate::io::digest::Hashing;
use crate::io::durable;
use crate::io::tar::{Entry, Walk, salvage_tar};

/// Gets each record, with its place.
pub(super) type EachRecord<'e> = &'e (dyn Fn(&Place<'_>, &[u8]) + Sync);

/// What files are held against, and how they are read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub tree: &'r Tree,
    pub audit: &'r Audit,
    pub parts: &'r Parts,
    /// Threads that open the gzip members of one file.
    pub threads: usize,
    pub each: Option<EachRecord<'r>>,
    /// The digests of the segments' texts are taken.
    pub texts: bool,
}

/// What a file was found to be.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub findings: Vec<Finding>,
    /// It is not there, and need not be.
    pub gone: bool,
    pub size_bytes: u64,
    pub text_size_bytes: u64,
    /// Rows of the file, or of each member of a tar.
    pub rows: HashMap<Option<String>, u64>,
}

impl Report {
    fn find(&mut self, place: &Place<'_>, finding: Finding) {
        self.findings.push(finding.at(place));
    }
}

impl Reader<'_> {
    /// Reads a file, relative to the tree's root. Bytes that are what was stored
    /// hold the texts that were stored: the digests of these are taken only
    /// where something is wrong, in a second reading, to tell which of its
    /// segments it is.
    pub(super) fn read(&self, file: &str) -> Report {
        if self.each.is_none() {
            let report = Reader { texts: false, ..*self }.read_once(file);
            if report.findings.is_empty() {
                return report;
            }
        }
        self.read_once(file)
    }

    fn read_once(&self, file: &str) -> Report {
        let mut report = Report::default();
        let known = self.audit.said.files.file(file);
        let place = place_of(file, known);
        if let Err(error) = self.read_into(file, known, &mut report) {
            let found =
                Finding::of_error(Severity::Damage, "unreadable", &error);
            report.find(&place, found);
        }
        report
    }

    fn read_into(
        &self,
        file: &str,
        known: Option<&FileState>,
        report: &mut Report,
    ) -> Result<()> {
        let path = self.tree.path(file)?;
        let place = place_of(file, known);
        let Some(mut open) = durable::open_if_there(&path)? else {
            report.gone =
                known.is_none() || goes(&self.audit.said.state, file);
            if !report.gone {
                report
                    .find(&place, Finding::missing(&place.name(path.path())));
            }
            return Ok(());
        };
        let size_bytes = durable::length(&open, &path)?;
        let mut input = Hashing::new(&mut open);
        // A file that moves is looked through without its segments.
        let moves = moving(&self.audit.said.state).contains(file);
        let sure = known.filter(|_| !moves);
        match file.ends_with(".tar.gz") {
            true => self.tar(&mut input, (file, path.path()), sure, report),
            false => {
                let rest = (size_bytes, file, sure);
                self.file(&mut input, &place, path.path(), rest, report);
            }
        }
        let rest = io::copy(&mut input, &mut io::sink());
        rest.map_err(|e| Error::io("read", &path, e))?;
        report.size_bytes = size_bytes;
        let is = (size_bytes, input.sha256());
        let name = place.name(path.path());
        let files = &self.audit.said.files;
        match known {
            _ if !moves && files.before_erasure(file, &is.1).is_some() => {
                let error = came_back(&path);
                let bad = Severity::Damage;
                report.find(&place, Finding::of_error(bad, "erased", &error));
            }
            Some(_) if moves => self.moving(file, &place, is, report),
            Some(known) => judge(&place, &name, known, is, report),
            None => {}
        }
        Ok(())
    }

    /// A file that something is under way with: it may be in any of its forms.
    fn moving(
        &self,
        file: &str,
        place: &Place<'_>,
        (size_bytes, sha256): (u64, String),
        report: &mut Report,
    ) {
        let said = &self.audit.said;
        let forms = forms_under_way(&said.state, &said.files, file);
        if !forms.contains(&(size_bytes, sha256.as_str())) {
            let message = "what an unfinished run left of the file is \
                           neither its old form nor its new one";
            report.find(place, Finding::damage("digest", message));
        }
    }

    /// A file of the rows of a table: a day's, or all of a run.
    fn file(
        &self,
        input: &mut dyn Read,
        place: &Place<'_>,
        path: &Path,
        (size_bytes, file, known): (u64, &str, Option<&FileState>),
        report: &mut Report,
    ) {
        let plain = !file.ends_with(".gz");
        let array = file.ends_with(".json") || file.ends_with(".json.gz");
        let whole = |known: &FileState| Part {
            size_bytes: known.size_bytes,
            rows: Some(known.members.iter().map(|m| m.rows).sum()),
            text: None,
            array,
        };
        let stranger = Part { size_bytes: u64::MAX, array, ..Part::default() };
        let parts = match known {
            None => vec![stranger],
            Some(known) => {
                let parts = self.parts.of(file, None, known.size_bytes);
                let mut parts =
                    parts.map_or_else(|| vec![whole(known)], <[_]>::to_vec);
                if size_bytes > known.size_bytes {
                    parts.push(stranger);
                }
                parts
            }
        };
        let text = (place, path, plain);
        let rows = self.text(input, text, &parts, known.is_some(), report);
        report.rows.insert(None, rows);
    }

    /// A text, part by part; gives its rows.
    fn text(
        &self,
        input: &mut dyn Read,
        (place, path, plain): (&Place<'_>, &Path, bool),
        parts: &[Part],
        known: bool,
        report: &mut Report,
    ) -> u64 {
        let mut rows = 0;
        for part in parts {
            let text = (place, path, plain);
            let found = self.part(input, text, part, known, report);
            rows += found.rows;
            report.text_size_bytes += found.size_bytes;
        }
        rows
    }

    /// A segment, or what stands where one is known to be.
    fn part(
        &self,
        input: &mut dyn Read,
        (place, path, plain): (&Place<'_>, &Path, bool),
        part: &Part,
        known: bool,
        report: &mut Report,
    ) -> Found {
        let bad = if known { Severity::Damage } else { Severity::Data };
        let mut visit =
            self.each.map(|each| move |row: &[u8]| each(place, row));
        let visit = visit.as_mut().map(|v| v as &mut dyn FnMut(&[u8]));
        let digest = self.texts && part.text.is_some();
        let mut lines = Lines::new(part.array, digest, visit);
        let what = place.name(path);
        let day = place.day.and_then(|day| day.parse().ok());
        let source = ArchivedText {
            plain,
            what: &what,
            file: place.file,
            known: Known {
                day,
                rows: part.rows,
                same: known && part.rows.is_some(),
            },
        };
        let mut damages = Damages::default();
        let done = proven_lines(
            &mut input.take(part.size_bytes),
            &source,
            self.threads,
            &mut damages,
            &mut false,
            &mut |text| {
                lines.take(text);
                Ok(())
            },
        );
        let found = lines.end();
        let before = report.findings.len();
        for error in damages.tell(source.known).chain(done.err()) {
            report.find(place, Finding::of_error(bad, "corrupt", &error));
        }
        if let Some((line, why)) = &found.faults.first {
            let others = found.faults.count - 1;
            let message = format!(
                "line {line} is no record: {why}; {} more",
                counted(others, "bad line")
            );
            let finding =
                Finding::of_error(bad, "record", &Error::data(message));
            report.find(place, finding.line(*line).rows(others + 1));
        }
        if report.findings.len() == before {
            sums(place, part, &found, report);
        }
        found
    }

    /// A month's tar.
    fn tar(
        &self,
        input: &mut dyn Read,
        (file, path): (&str, &Path),
        known: Option<&FileState>,
        report: &mut Report,
    ) {
        let members = known.map_or(&[][..], |k| &k.members);
        let mut left: HashMap<&str, &Member> =
            members.iter().map(|m| (m.name.as_str(), m)).collect();
        let mut twice: HashMap<String, ()> = HashMap::new();
        let bad = known.map_or(Severity::Data, |_| Severity::Damage);
        let walk = Walk { file: input, path, whole: false };
        let done = salvage_tar(walk, &mut |entry, _| {
            let name = entry.name.to_owned();
            let place = Place { member: Some(&name), ..Place::file(file) };
            let member = left.remove(entry.name);
            if twice.insert(name.clone(), ()).is_some() {
                let message = "the tar holds two files of this name";
                report.find(&place, Finding::new(bad, "member", message));
            }
            self.member(entry, (&place, path), member, known, report);
            Ok(())
        });
        let place = place_of(file, known);
        if let Some(error) = done.unwrap_or_else(Some) {
            report.find(&place, Finding::of_error(bad, "corrupt", &error));
        }
        let mut left: Vec<&Member> = left.into_values().collect();
        left.sort_by(|a, b| a.name.cmp(&b.name));
        for member in left {
            let place = Place { member: Some(&member.name), ..place };
            let message = "the tar does not hold it, or nothing of it can be \
                           told from damage";
            let finding = Finding::damage("missing", message);
            report.find(&place.of(member), finding.rows(member.rows));
        }
    }

    fn member(
        &self,
        entry: Entry<'_>,
        (place, path): (&Place<'_>, &Path),
        member: Option<&Member>,
        tar: Option<&FileState>,
        report: &mut Report,
    ) {
        let size_bytes = entry.size;
        let mut input = Hashing::new(entry.contents);
        let name = entry.name;
        let place = match member {
            Some(member) => place.of(member),
            None => *place,
        };
        let plain = name.ends_with(".jsonl");
        let before = report.findings.len();
        if plain || name.ends_with(".jsonl.gz") {
            let parts = match member {
                Some(m) => self.parts.of(place.file, Some(name), m.size_bytes),
                None => None,
            };
            let whole = [Part {
                size_bytes,
                rows: member.map(|m| m.rows),
                ..Part::default()
            }];
            let parts = parts.unwrap_or(&whole);
            let text = (&place, path, plain);
            let known = tar.is_some();
            let rows = self.text(&mut input, text, parts, known, report);
            report.rows.insert(Some(name.to_owned()), rows);
        }
        if let Err(e) = io::copy(&mut input, &mut io::sink()) {
            let error = Error::io("read", path, e);
            report.find(
                &place,
                Finding::of_error(Severity::Damage, "corrupt", &error),
            );
        }
        let sha256 = input.sha256();
        let what = place.name(path);
        match (member, tar) {
            (Some(m), _) if m.sha256 == sha256 => {}
            (Some(_), _) => {
                let message = format!("{what} is not what the ledger says");
                report.find(&place, Finding::damage("digest", message));
            }
            (None, Some(_)) => {
                let message = format!("{what} is not in the ledger");
                report.find(&place, Finding::damage("unknown", message));
            }
            (None, None) => {}
        }
        if report.findings.len() == before && !schema_is_sound(name, &sha256) {
            let message = format!("{what} is not what its name says");
            report.find(&place, Finding::damage("schema", message));
        }
    }
}

/// Holds the sums of a text that is sound in itself against the ledger.
fn sums(place: &Place<'_>, part: &Part, found: &Found, report: &mut Report) {
    if let Some(rows) = part.rows
        && rows != found.rows
    {
        let message = format!(
            "it holds {}, and the ledger says {rows}",
            counted(found.rows, "row")
        );
        report.find(place, Finding::damage("rows", message));
    }
    if let Some((size_bytes, sha256)) = &part.text
        && (*size_bytes != found.size_bytes
            || found.sha256.as_ref().is_some_and(|is| is != sha256))
    {
        let message = "the text of a segment is not what was stored";
        report.find(place, Finding::damage("text", message));
    }
}

/// Holds length and digest of a file against the ledger.
fn judge(
    place: &Place<'_>,
    name: &str,
    known: &FileState,
    (size_bytes, sha256): (u64, String),
    report: &mut Report,
) {
    if size_bytes != known.size_bytes {
        let found = Finding::size(name, size_bytes, known.size_bytes);
        report.find(place, found);
    } else if sha256 != known.sha256 {
        let message = format!("{name} is not what the ledger says");
        report.find(place, Finding::damage("digest", message));
    }
}
