//! The flags that many programs have: their rows, and what they mean.

use std::ffi::OsString;

use super::table::{Flag, Id, Shared, value};
use super::values::duration;
use crate::error::Result;
use crate::settings::Settings;

const fn row<F: Copy>(
    id: Shared,
    long: &'static str,
    value: Option<&'static str>,
    help: &'static str,
) -> Flag<F> {
    Flag { id: Id::Shared(id), short: None, long, value, help }
}

/// `--db FILE`.
pub const fn db<F: Copy>() -> Flag<F> {
    let help = "database [RT_DB, database/ideas.db]";
    row(Shared::Db, "db", Some("FILE"), help)
}

/// `--archives DIR`.
pub const fn archives<F: Copy>() -> Flag<F> {
    let help = "archive tree [RT_ARCHIVES, archives]";
    row(Shared::Archives, "archives", Some("DIR"), help)
}

/// `--database NAME`.
pub const fn database<F: Copy>() -> Flag<F> {
    let help = "the database's name in the tree [RT_DATABASE]";
    row(Shared::Database, "database", Some("NAME"), help)
}

/// `--policy FILE`.
pub const fn policy<F: Copy>() -> Flag<F> {
    let help = "retention policy [RT_POLICY, built in]";
    row(Shared::Policy, "policy", Some("FILE"), help)
}

/// `--now TIME`.
pub const fn now<F: Copy>() -> Flag<F> {
    let help = "take TIME for the clock [RT_NOW]";
    row(Shared::Now, "now", Some("TIME"), help)
}

/// `--busy-timeout D`.
pub const fn busy_timeout<F: Copy>() -> Flag<F> {
    let help = "wait D for a locked database [10s]";
    row(Shared::BusyTimeout, "busy-timeout", Some("D"), help)
}

/// `-n`, `--dry-run`.
pub const fn dry_run<F: Copy>() -> Flag<F> {
    let help = "change nothing, say what would be done";
    row(Shared::DryRun, "dry-run", None, help).short('n')
}

/// `--redact-secrets`, `--redact-secrets=all`.
pub const fn redact_secrets<F: Copy>(id: F) -> Flag<F> {
    value(id, "redact-secrets", "[=all]", "without secrets [and guesses]")
}

/// The settings that these flags, with their values, ask for; the last of a
/// kind counts.
pub(super) fn settings(flags: Vec<(Shared, OsString)>) -> Result<Settings> {
    let mut settings = Settings::default();
    for (flag, value) in flags {
        match flag {
            Shared::Db => settings.db = Some(value),
            Shared::Archives => settings.archives = Some(value),
            Shared::Database => settings.database = Some(value),
            Shared::Policy => settings.policy = Some(value),
            Shared::Now => settings.now = Some(value),
            Shared::BusyTimeout => {
                settings.busy = Some(duration("busy-timeout", &value)?);
            }
            Shared::DryRun => settings.dry_run = true,
        }
    }
    Ok(settings)
}
