//! The times of rows, as events have them.

use crate::time;

/// The least and the greatest timestamp of some rows, where they are known.
#[derive(Clone, Debug, Default)]
pub struct Times {
    pub oldest: Option<String>,
    pub newest: Option<String>,
}

impl Times {
    /// Those of these rows and others. As texts they do not compare: a
    /// fraction stands where others have their `Z`.
    pub fn with(
        mut self,
        oldest: &Option<String>,
        newest: &Option<String>,
    ) -> Times {
        let time = |text: &Option<String>| {
            text.as_deref().and_then(|t| time::parse(t.as_bytes()))
        };
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
