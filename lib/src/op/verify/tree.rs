//! The tree without the contents of its archives: modes, strays, schemas, and
//! files that nobody knows.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::finding::{Finding, Place, Severity};
use crate::archive::tiers::entries;
use crate::archive::{
    Audit, CHECKPOINT, LOST, READ_LOG, STAGE, TORN, Tree, moving,
};
use crate::archive::{open_schema, sound_schema};
use crate::error::{Error, Result, quote, quoted};
use crate::io::durable;
use crate::io::tree_path::TreePath;

/// Files in the root that are no archives.
const OWN: [&str; 6] =
    ["ledger.jsonl", TORN, LOST, "lock", CHECKPOINT, READ_LOG];

/// What to do about a schema file that is damaged or missing.
const SCHEMA: &str = "rt-verify --repair writes it anew, if the database or a \
    month's tar still has it; else put it back from a backup: without it the \
    columns' types of its rows are not known";

/// What a walk over the tree found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub findings: Vec<Finding>,
    /// Archives that the ledger does not know.
    pub unknown: Vec<String>,
}

/// Walks over the tree. The schemas are read unless it is to be quick.
pub(super) fn walk(
    tree: &Tree,
    audit: &Audit,
    schemas: &BTreeSet<String>,
    quick: bool,
) -> Walked {
    let mut walker = Walker {
        audit,
        moving: moving(&audit.said.state),
        quick,
        walked: Walked::default(),
        missing: schemas.clone(),
    };
    walker.folder(tree.top(), "");
    for name in std::mem::take(&mut walker.missing) {
        let message = format!("the schema {} is not there", quote(&name));
        let found = Finding::damage("schema", message).hint(SCHEMA);
        walker.find(&name, found);
    }
    walker.walked
}

struct Walker<'w> {
    audit: &'w Audit,
    moving: BTreeSet<&'w str>,
    quick: bool,
    walked: Walked,
    /// Schemas that the ledger names and that were not met so far.
    missing: BTreeSet<String>,
}

impl Walker<'_> {
    fn find(&mut self, file: &str, finding: Finding) {
        self.walked.findings.push(finding.at(&Place::file(file)));
    }

    /// Goes through a folder; its name below the root ends in a slash.
    fn folder(&mut self, folder: &TreePath, below: &str) {
        let entries = match entries(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let found =
                    Finding::of_error(Severity::Damage, "unreadable", &error);
                return self.find(below, found);
            }
        };
        for (name, path) in entries {
            let file = format!("{below}{name}");
            if let Err(error) = self.entry(&file, &name, &path) {
                let found =
                    Finding::of_error(Severity::Damage, "unreadable", &error);
                self.find(&file, found);
            }
        }
    }

    fn entry(
        &mut self,
        file: &str,
        name: &str,
        path: &TreePath,
    ) -> Result<()> {
        // What has gone meanwhile is missed where it should be.
        let Some(meta) = durable::metadata_if_there(path)? else {
            return Ok(());
        };
        if meta.is_dir() {
            self.mode(file, path, meta.mode(), 0o700);
            if file == STAGE {
                return Ok(());
            }
            self.folder(path, &format!("{file}/"));
            return Ok(());
        }
        if !meta.is_file() {
            let message = format!("{} is no file", quoted(path));
            let hint = "links are not followed in a tree: put the file here, \
                        or move the link away";
            let found = Finding::new(Severity::Warning, "unknown", message);
            self.find(file, found.hint(hint));
            return Ok(());
        }
        self.mode(file, path, meta.mode(), 0o600);
        if durable::is_temporary(name) {
            let message = format!("{} is a temporary file", quoted(path));
            let hint = "of a run that is at work, or of one that was killed: \
                        then the next job removes it";
            let found = Finding::new(Severity::Note, "stray", message);
            self.find(file, found.hint(hint));
        } else if file.starts_with("schema/") {
            self.missing.remove(file);
            self.schema(file, path)?;
        } else if self.audit.said.files.file(file).is_none()
            && !self.moving.contains(file)
            && !OWN.contains(&file)
        {
            self.unknown(file, path);
        }
        Ok(())
    }

    fn unknown(&mut self, file: &str, path: &TreePath) {
        let message = format!("{} is not in the ledger", quoted(path));
        let ends = [".jsonl.gz", ".jsonl", ".json.gz", ".json", ".tar.gz"];
        let hint = match ends.iter().any(|end| file.ends_with(end)) {
            true => {
                self.walked.unknown.push(file.to_owned());
                "made by hand, rt-consolidate takes it in when its day is \
                 due; where an older ledger was put back, rt-verify --repair \
                 does"
            }
            false => "it is none of these programs': move it away",
        };
        let found = Finding::new(Severity::Warning, "unknown", message);
        self.find(file, found.hint(hint));
    }

    fn schema(&mut self, file: &str, path: &TreePath) -> Result<()> {
        if self.quick {
            return Ok(());
        }
        let Some(open) = open_schema(path)? else { return Ok(()) };
        if sound_schema(file, open, path)?.is_none() {
            let message =
                format!("{} is not what its name says", quoted(path));
            self.find(file, Finding::damage("schema", message).hint(SCHEMA));
        }
        Ok(())
    }

    /// Files are their owner's alone, as the rows were.
    fn mode(&mut self, file: &str, path: &TreePath, mode: u32, want: u32) {
        let mode = mode & 0o7777;
        if mode & !want != 0 {
            let message = format!(
                "{} has the mode {mode:04o}, and should have {want:04o}",
                quoted(path)
            );
            let found = Finding::new(Severity::Warning, "mode", message);
            let hint = format!("chmod {want:o} {}", quoted(path));
            self.find(file, found.hint(hint));
        }
    }
}

/// The error of a tree that is not there.
pub(super) fn no_tree(root: &Path) -> Error {
    Error::failed(format!("there is no folder {}", quoted(root)))
        .hint("name the tree with --archives or RT_ARCHIVES")
}

/// Archives without a ledger.
pub(super) fn no_ledger(tree: &Tree) -> Finding {
    let ledger = tree.root().join("ledger.jsonl");
    let message =
        format!("there are archives, but no ledger {}", quoted(&ledger));
    let hint = "put the ledger back from the newest backup, with lock; where \
                there is none, rt-verify --repair takes the archives in";
    let found = Finding::damage("ledger", message).hint(hint);
    found.at(&Place::file("ledger.jsonl"))
}
