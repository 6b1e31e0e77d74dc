//! `manifest.json`: the exact set of the lake's files, and what they are.
//!
//! The manifest is replaced whole, behind the files that it names and before
//! those go that it no longer names: who reads it sees each unit once.

use std::collections::BTreeMap;
use std::io::Write;

use rt::derived::{Temp, TreePath, read_if_there, sync_folder};
use rt::error::{Error, Result, quote, quoted};
use serde::{Deserialize, Serialize};

use crate::about::FORMAT;
use crate::columns::Version;

/// A file of the lake.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Entry {
    /// From the lake's root.
    pub file: String,
    /// The table.
    pub table: String,
    /// The name of its database in the tree, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Where its rows are from.
    pub host: String,
    /// The month of its rows.
    pub month: String,
    /// The version of its columns' types.
    pub v: usize,
    /// Its rows.
    pub rows: u64,
    /// Its length.
    pub size_bytes: u64,
    /// The length of the lines that it was made of.
    pub text_size_bytes: u64,
    /// The least time of its rows.
    pub oldest: Option<String>,
    /// The greatest.
    pub newest: Option<String>,
    /// SHA-256 over the days that its month was made of.
    pub inputs_sha256: String,
}

/// A file that is no longer one of the lake's, and still there.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Old {
    /// From the lake's root.
    pub file: String,
    /// Its host.
    pub host: String,
    /// Since when.
    pub since: String,
}

/// The manifest.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Manifest {
    /// Its form, and that of the files.
    pub format: u32,
    /// Whose the files of each host are: what its archive tree is known by.
    #[serde(default)]
    pub trees: BTreeMap<String, String>,
    /// The columns of each table, by version.
    pub types: BTreeMap<String, Vec<Version>>,
    /// The files.
    pub units: Vec<Entry>,
    /// Files that are to go.
    pub old: Vec<Old>,
}

fn path(lake: &TreePath) -> TreePath {
    lake.join("manifest.json")
}

impl Manifest {
    /// Notes that the files of a host are those of a tree.
    ///
    /// # Errors
    /// Status 2 where they are another one's: each run would take out what the
    /// other has published.
    pub fn claim(&mut self, host: &str, tree: Option<String>) -> Result<()> {
        let Some(tree) = tree else { return Ok(()) };
        let there = self.units.iter().any(|unit| unit.host == host);
        match self.trees.get(host).filter(|_| there) {
            Some(known) if *known != tree => Err(Error::usage(format!(
                "the host {} of this lake is that of another archive tree",
                quote(host)
            ))
            .hint("give this tree a name of its own with --host")),
            _ => {
                self.trees.insert(host.to_owned(), tree);
                Ok(())
            }
        }
    }

    /// Reads that of a lake; a new lake has an empty one.
    ///
    /// # Errors
    /// Status 4 where it is no manifest.
    pub fn read(lake: &TreePath) -> Result<Manifest> {
        let path = path(lake);
        let Some(text) = read_if_there(&path)? else {
            return Ok(Manifest { format: FORMAT, ..Manifest::default() });
        };
        let hint = "move the lake away: the next run makes it again out of \
                    the archives";
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|e| {
                let what = format!("{} is no manifest: {e}", quoted(&path));
                Error::data(what).hint(hint)
            })?;
        match manifest.format {
            FORMAT => Ok(manifest),
            other => Err(Error::data(format!(
                "{} is of the form {other}, which this program does not know",
                quoted(&path)
            ))
            .hint(hint)),
        }
    }

    /// Puts it in the place of the one before, durably.
    pub fn write(&mut self, lake: &TreePath) -> Result<()> {
        let path = path(lake);
        self.units.sort_by_cached_key(|unit| {
            let of = (unit.table.clone(), unit.database.clone());
            (of, unit.host.clone(), unit.month.clone(), unit.v)
        });
        self.old.sort_by(|a, b| a.file.cmp(&b.file));
        let mut temp = Temp::in_tree(lake)?;
        let text = self.text()?;
        temp.file()?
            .write_all(text.as_bytes())
            .map_err(|e| Error::io("write", &path, e))?;
        temp.sync()?;
        temp.replace(&path)?;
        sync_folder(lake)
    }

    /// One line a file, so that two of them can be compared.
    fn text(&self) -> Result<String> {
        let (format, trees) = (self.format, json(&self.trees)?);
        let mut out = format!(
            "{{\"format\":{format},\n\"trees\":{trees},\n\"types\":{{"
        );
        let types = self.types.iter().map(|(table, versions)| {
            Ok(format!("{}:{}", json(table)?, json(versions)?))
        });
        out.push_str(&lines(types)?);
        out.push_str("},\n\"units\":[");
        out.push_str(&lines(self.units.iter().map(json))?);
        out.push_str("],\n\"old\":[");
        out.push_str(&lines(self.old.iter().map(json))?);
        out.push_str("]}\n");
        Ok(out)
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| Error::failed(format!("cannot write a manifest: {e}")))
}

fn lines(all: impl Iterator<Item = Result<String>>) -> Result<String> {
    let all = all.map(|line| line.map(|line| format!("\n{line}")));
    Ok(all.collect::<Result<Vec<_>>>()?.join(","))
}
