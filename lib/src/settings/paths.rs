//! Where a command works: database, tree, policy, and the run's now; from
//! flags, else the environment, else the defaults of rt(7).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::db::{Access, Database};
use crate::error::{Error, Result, quote, quoted};
use crate::settings::policy::{self, Policy};
use crate::time::clock;

/// The longest name of a database, as it stands in file names, in bytes.
const NAME_MOST: usize = 100;

/// What was said on the command line.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--db`.
    pub db: Option<OsString>,
    /// `--archives`.
    pub archives: Option<OsString>,
    /// `--database`.
    pub database: Option<OsString>,
    /// `--policy`.
    pub policy: Option<OsString>,
    /// `--now`.
    pub now: Option<OsString>,
    /// `--busy-timeout`.
    pub busy: Option<Duration>,
    /// `--dry-run`.
    pub dry_run: bool,
}

fn or_variable(flag: Option<&OsStr>, variable: &str, other: &str) -> PathBuf {
    match flag {
        Some(value) => value.into(),
        None => match std::env::var_os(variable) {
            Some(value) if !value.is_empty() => value.into(),
            _ => other.into(),
        },
    }
}

/// The path from the root of the file system; nothing need be there.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl Settings {
    /// The database's path.
    pub fn db(&self) -> PathBuf {
        or_variable(self.db.as_deref(), "RT_DB", "database/ideas.db")
    }

    /// Whether a flag or the environment names the database.
    pub(crate) fn names_db(&self) -> bool {
        let named = |v: std::ffi::OsString| !v.is_empty();
        self.db.is_some() || std::env::var_os("RT_DB").is_some_and(named)
    }

    /// The root of the tree.
    pub(crate) fn archives(&self) -> PathBuf {
        or_variable(self.archives.as_deref(), "RT_ARCHIVES", "archives")
    }

    /// The policy's file; none is the built-in one.
    pub(crate) fn policy_path(&self) -> Option<PathBuf> {
        policy::path(self.policy.as_deref())
    }

    /// The name of the database in the tree, if it has one there.
    pub(crate) fn database(&self) -> Result<Option<String>> {
        let variable = std::env::var_os("RT_DATABASE");
        let name = match &self.database {
            Some(name) => name.clone(),
            None => match variable.filter(|name| !name.is_empty()) {
                Some(name) => name,
                None => return Ok(None),
            },
        };
        let name = name.into_string().map_err(|name| {
            let name = quoted(Path::new(&name));
            Error::usage(format!("the database's name {name} is not UTF-8"))
        })?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        let length = |b: u8| if plain(b) { 1 } else { 3 };
        match name.bytes().map(length).sum() {
            1..=NAME_MOST => Ok(Some(name)),
            _ => Err(Error::usage(format!(
                "a database cannot be called {}: a name has 1 to {NAME_MOST} \
                 bytes, of which those other than A-Z a-z 0-9 _ - count thrice",
                quote(&name)
            ))),
        }
    }

    /// The policy, read and checked.
    pub(crate) fn load_policy(&self) -> Result<Policy> {
        Policy::load(self.policy_path().as_deref())
    }

    /// The policy as messages name it.
    pub(crate) fn policy_name(&self) -> String {
        policy::name(self.policy_path().as_deref())
    }

    /// Refuses a database that has none of the policy's tables: the policy is
    /// one for another database, or was forgotten, and nothing would be done.
    pub(crate) fn need_policy_table(
        &self,
        policy: &Policy,
        database: &Database,
    ) -> Result<()> {
        let names = database.table_names()?;
        if names.iter().any(|name| policy.get(name).is_some()) {
            return Ok(());
        }
        let db = quoted(self.db());
        Err(Error::usage(format!(
            "{db} has none of the tables that {} names",
            self.policy_name()
        ))
        .hint(format!(
            "write a policy for it: rt-policy --suggest --db {db} > \
             policy.jsonl, edit that, and name it with --policy or RT_POLICY"
        )))
    }

    /// The run's now.
    pub fn now(&self) -> Result<Timestamp> {
        clock::now(self.now.as_deref())
    }

    /// Opens the database.
    pub(crate) fn open(&self, access: Access) -> Result<Database> {
        let busy = self.busy.unwrap_or(Duration::from_secs(10));
        let access = match access {
            Access::Read if self.dry_run => Access::Look,
            other => other,
        };
        Database::open(&self.db(), access, busy)
    }
}
