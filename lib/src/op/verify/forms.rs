//! The forms that files ever had, by all lines of a ledger.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{Adopt, Event, Said};

/// The lengths and digests that each file ever had.
pub(super) type History = BTreeMap<String, BTreeSet<(u64, String)>>;

/// Takes in the forms of files that the next event names.
pub(super) fn remember(history: &mut History, event: &Event, before: &Said) {
    let mut add = |file: &str, size: u64, sha256: &str| {
        let forms = history.entry(file.to_owned()).or_default();
        forms.insert((size, sha256.to_owned()));
    };
    match event {
        Event::Store(segment) if !segment.adopted => {
            let (file, start) = (&segment.file, segment.offset_bytes);
            add(file, start + segment.size_bytes, &segment.file_sha256);
            if let Some(sha256) = &segment.before_sha256 {
                add(file, start, sha256);
            }
        }
        Event::Retract(retract) => {
            if let (Some(open), Some(sha256)) =
                (before.state.open(&retract.id), &retract.file_sha256)
            {
                let size = open.segment.offset_bytes + retract.size_bytes;
                add(&open.segment.file, size, sha256);
            }
        }
        Event::Adopt(Adopt { named, .. }) => {
            add(&named.file, named.size_bytes, &named.sha256);
        }
        _ => {}
    }
}
