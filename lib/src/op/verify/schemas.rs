//! Schema files in a repair: one that is damaged or missing is written anew,
//! from a month's tar or from the database whose rows it describes.
//!
//! Invariant. Only statements that have the digest in the ledger are written,
//! or for a file that the ledger does not name, the digest that its name begins
//! with: wherever they were found, they are the ones that are missed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::finding::{Finding, Place, Severity};
use crate::archive::tiers::entries;
use crate::archive::{InTars, Inventory, Segment, Tree, schema_file};
use crate::db::{Access, Database};
use crate::error::{Error, Result, quote, quoted};
use crate::io::digest::hex;
use crate::io::durable;
use crate::secrets::Level;
use crate::settings::Settings;
use crate::settings::columns::without_secrets;

/// The schema files that a ledger names, each with the segment that was the
/// last to come from it.
pub(super) type Named = BTreeMap<String, Segment>;

/// Takes in the schema of a segment that was stored.
pub(super) fn name(named: &mut Named, segment: &Segment) {
    named.insert(schema_file(segment), segment.clone());
}

/// A file that is written anew.
#[derive(Debug)]
pub(super) struct Anew {
    file: String,
    text: Vec<u8>,
    /// Where its text was found, as messages name it.
    from: String,
}

impl Anew {
    /// Writes it; durable when this returns.
    pub(super) fn write(&self, tree: &Tree) -> Result<()> {
        tree.put_schema(&self.file, &self.text)
    }

    /// As a record of the plan.
    pub(super) fn finding(&self) -> Finding {
        let Anew { file, from, .. } = self;
        let said = format!("{} is written anew from {from}", quote(file));
        let found = Finding::new(Severity::Note, "schema", said);
        found.at(&Place::file(file))
    }
}

/// Where the text of schema files is looked for.
pub(super) struct Sources<'s> {
    pub settings: &'s Settings,
    pub tree: &'s Tree,
    pub files: &'s Inventory,
    pub named: &'s Named,
}

impl Sources<'_> {
    /// What is to be written anew, and what is left: it needs a backup.
    pub(super) fn plan(&self) -> Result<(Vec<Anew>, Vec<Finding>)> {
        let (mut anew, mut left) = (Vec::new(), Vec::new());
        let mut names: BTreeSet<String> = self.named.keys().cloned().collect();
        for (name, _) in entries(&self.tree.top().join("schema"))? {
            if name.ends_with(".sql") && !durable::is_temporary(&name) {
                names.insert(format!("schema/{name}"));
            }
        }
        for name in names {
            match self.look(&name) {
                Ok(found) => anew.extend(found),
                Err(error) => {
                    let bad = Severity::Damage;
                    let found = Finding::of_error(bad, "left", &error);
                    left.push(found.at(&Place::file(&name)));
                }
            }
        }
        Ok((anew, left))
    }

    /// The text of a file that is not what its name says.
    fn look(&self, file: &str) -> Result<Option<Anew>> {
        if self.tree.has_schema(file)? {
            return Ok(None);
        }
        let anew = |text: Vec<u8>, from: String| {
            Some(Anew { file: file.to_owned(), text, from })
        };
        let mut missed = Vec::new();
        match self.tree.schema_in_tars(self.files, file)? {
            InTars::Sound(text, tar) => return Ok(anew(text, quote(&tar))),
            InTars::Damaged(error) => missed.push(error.to_string()),
            InTars::Nowhere => missed.push("no tar holds it".to_owned()),
        }
        if let Some(segment) = self.named.get(file) {
            for db in self.databases(segment) {
                match self.in_database(&db, segment) {
                    Ok(text) => return Ok(anew(text, quoted(&db))),
                    Err(error) => missed.push(error.to_string()),
                }
            }
        }
        let path = self.tree.path(file)?;
        let what = match durable::is_gone(&path)? {
            true => "is not there",
            false => "is not what its name says",
        };
        Err(Error::disagree(format!(
            "{} {what}, and nothing gives it back: {}",
            quoted(&path),
            missed.join("; ")
        ))
        .hint(
            "put it back from a backup; where the database has moved, or an \
             older copy of it still has the table as it was, name that with \
             --db",
        ))
    }

    /// Where the table may still be: the database that the ledger names, and
    /// the one that the operator does.
    fn databases(&self, segment: &Segment) -> Vec<PathBuf> {
        let mut paths = vec![PathBuf::from(&segment.db)];
        let said = self.settings.names_db().then(|| self.settings.db());
        let same = |db: &PathBuf| {
            Database::identity(db).is_ok_and(|here| here.path == segment.db)
        };
        paths.extend(said.filter(|db| !same(db)));
        paths
    }

    /// The statements of the table in a database, if they are those of the
    /// segment; the database is only looked at.
    fn in_database(&self, db: &PathBuf, segment: &Segment) -> Result<Vec<u8>> {
        let settings =
            Settings { db: Some(db.into()), ..self.settings.clone() };
        let database = settings.open(Access::Look)?;
        let table = database.need_table(&segment.table)?;
        let text = match (segment.secrets_version, segment.secrets_all) {
            (None, _) => table.schema,
            (_, true) => without_secrets(&table.schema, Level::All)?,
            (_, false) => without_secrets(&table.schema, Level::Fixed)?,
        };
        let text = text.into_bytes();
        match hex(&Sha256::digest(&text)) == segment.schema_sha256 {
            true => Ok(text),
            false => Err(Error::failed(format!(
                "in {} the table {} is another by now",
                quoted(db),
                quote(&segment.table)
            ))),
        }
    }
}
