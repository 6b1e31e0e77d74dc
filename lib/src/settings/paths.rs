//! Where a command works: database, tree, policy, and the run's now; from
//! flags, else the environment, else the defaults of rt(7).

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::db::{Access, Database};
use crate::error::Result;
use crate::settings::policy::{self, Policy};
use crate::time::clock;

/// What was said on the command line.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--db`.
    pub db: Option<OsString>,
    /// `--archives`.
    pub archives: Option<OsString>,
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

impl Settings {
    /// The database's path.
    pub(crate) fn db(&self) -> PathBuf {
        or_variable(self.db.as_deref(), "RT_DB", "database/ideas.db")
    }

    /// The root of the tree.
    pub(crate) fn archives(&self) -> PathBuf {
        or_variable(self.archives.as_deref(), "RT_ARCHIVES", "archives")
    }

    /// The policy, read and checked.
    pub(crate) fn load_policy(&self) -> Result<Policy> {
        Policy::load(policy::path(self.policy.as_deref()).as_deref())
    }

    /// The run's now.
    pub(crate) fn now(&self) -> Result<Timestamp> {
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
