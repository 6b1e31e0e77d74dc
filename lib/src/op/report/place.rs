//! Where a job worked, and for how long: what tells a report of the wrong
//! database, tree or policy from the right one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::settings::{Settings, absolute};
use crate::time::clock;

/// The last keys of a report's head.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Place {
    /// The policy's file, or `built in`.
    pub(super) policy: String,
    /// The database's file.
    pub(super) database: String,
    /// The root of the tree.
    pub(super) archives: String,
    /// From the job's start by the wall clock, in seconds, to the
    /// millisecond; null where nobody said when it started.
    pub(super) duration_seconds: Option<f64>,
}

impl Place {
    /// Of a report that is made now.
    pub(super) fn of(settings: &Settings) -> Result<Place> {
        let text = |path| absolute(path).to_string_lossy().into_owned();
        let file = settings.policy_path();
        Ok(Place {
            policy: file
                .as_deref()
                .map_or_else(|| "built in".to_owned(), text),
            database: text(&settings.db()),
            archives: text(&settings.archives()),
            duration_seconds: clock::started()?.map(seconds_since),
        })
    }

    /// The same for people, a line each, to stand below the rest.
    pub(super) fn lines(&self) -> String {
        let Place { policy, database, archives, duration_seconds } = self;
        let mut out = format!(
            "\npolicy    {policy}\ndatabase  {database}\narchives  {archives}\n"
        );
        if let Some(seconds) = duration_seconds {
            out.push_str(&format!("duration  {seconds:.1} s\n"));
        }
        out
    }
}

/// A clock that was set back meanwhile makes it nought.
fn seconds_since(start: Timestamp) -> f64 {
    let ms = clock::wall().as_millisecond() - start.as_millisecond();
    ms.max(0) as f64 / 1e3
}
