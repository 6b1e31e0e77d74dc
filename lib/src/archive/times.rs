//! The times of rows, as events have them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::time;

/// The least and the greatest timestamp of some rows, where they are known.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Times {
    pub oldest: Option<String>,
    pub newest: Option<String>,
}

fn time(text: &Option<String>) -> Option<Timestamp> {
    text.as_deref().and_then(|t| time::parse(t.as_bytes()))
}

impl Times {
    /// Whether rows of these times may lie among them; where one is not known,
    /// no.
    pub fn overlap(
        &self,
        oldest: &Option<String>,
        newest: &Option<String>,
    ) -> bool {
        let own = (time(&self.oldest), time(&self.newest));
        match (own, time(oldest), time(newest)) {
            ((Some(from), Some(to)), Some(oldest), Some(newest)) => {
                oldest <= to && newest >= from
            }
            _ => false,
        }
    }

    /// Those of these rows and others. As texts they do not compare: a
    /// fraction stands where others have their `Z`.
    pub fn with(
        mut self,
        oldest: &Option<String>,
        newest: &Option<String>,
    ) -> Times {
        if let Some(other) = time(oldest)
            && time(&self.oldest).is_none_or(|own| other < own)
        {
            self.oldest.clone_from(oldest);
        }
        if time(newest) > time(&self.newest) {
            self.newest.clone_from(newest);
        }
        self
    }
}
