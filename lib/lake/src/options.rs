//! What rt-lake was asked for.

use std::path::PathBuf;
use std::time::Duration;

use rt::derived::Settings;
use rt::error::{Error, Result, quote};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where the archives are, and the run's now.
    pub settings: Settings,
    /// The lake.
    pub lake: PathBuf,
    /// `--host`; the machine's name if it is not said.
    pub host: Option<String>,
    /// `--table`; none named means all.
    pub tables: Vec<String>,
    /// `--level`.
    pub level: Option<u64>,
    /// `--keep-old`.
    pub keep_old: Duration,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

impl Options {
    /// The level of zstd.
    pub fn level(&self) -> i32 {
        self.level.map_or(3, |level| level.min(19) as i32)
    }

    /// Where the rows are from.
    pub fn host(&self) -> Result<String> {
        let name = match &self.host {
            Some(name) => name.clone(),
            None => std::fs::read_to_string("/proc/sys/kernel/hostname")
                .map_err(|e| {
                    Error::stream("cannot tell the machine's name", e)
                })?
                .trim()
                .to_owned(),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        match name.bytes().all(plain) && (1..=200).contains(&name.len()) {
            true => Ok(name),
            false => Err(Error::usage(format!(
                "a host cannot be called {} in a lake",
                quote(&name)
            ))
            .hint("name it with --host: letters, digits, '.', '_' and '-'")),
        }
    }

    /// Whether a table was asked for.
    pub fn wants(&self, table: &str) -> bool {
        let named = |t: &String| t.eq_ignore_ascii_case(table);
        self.tables.is_empty() || self.tables.iter().any(named)
    }
}
