//! Which segments stand in which file, one behind the other, by the ledger.
//!
//! The state knows a file as a whole. Whoever reads one can hold the text of
//! each segment in it against what was stored; the segments go along when
//! their file becomes a part of a month's tar.

use std::collections::HashMap;
use std::sync::Arc;

use super::change::Change;
use super::event::{Event, Retract, Segment};

/// A segment in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Its length in the file.
    pub size_bytes: u64,
    /// Its lines, the brackets of an array not counted; none where the ledger
    /// does not say.
    pub rows: Option<u64>,
    /// The length of its text and its SHA-256, where the ledger says.
    pub text: Option<(u64, String)>,
    /// Its text is one JSON array.
    pub array: bool,
}

/// The file, and in a tar the name of the member.
type Key = (String, Option<String>);

/// The segments of all files.
#[derive(Debug, Default)]
pub struct Parts {
    parts: HashMap<Key, Vec<Part>>,
    open: HashMap<String, (Arc<Segment>, Option<Retract>)>,
    changes: HashMap<String, Box<Change>>,
}

impl Parts {
    /// The segments of a file, or of a member of a tar, that is `size_bytes`
    /// long. None where they are not known, as of what was taken in.
    pub fn of(
        &self,
        file: &str,
        member: Option<&str>,
        size_bytes: u64,
    ) -> Option<&[Part]> {
        let key = (file.to_owned(), member.map(str::to_owned));
        let parts = self.parts.get(&key)?;
        let add = |sum: u64, part: &Part| sum.saturating_add(part.size_bytes);
        let sum = parts.iter().fold(0, add);
        (sum == size_bytes).then_some(parts)
    }

    /// Takes in the next event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Store(segment) => {
                let open = (segment.clone(), None);
                self.open.insert(segment.id.clone(), open);
            }
            Event::Published { id } => self.published(id),
            Event::Retract(retract) => {
                if let Some((_, last)) = self.open.get_mut(&retract.id) {
                    *last = Some(retract.clone());
                }
            }
            Event::Purge(settled) => self.settled(&settled.id),
            Event::Void { id } => {
                self.open.remove(id);
                self.changes.remove(id);
            }
            Event::Consolidate(change)
            | Event::Expire(change)
            | Event::Erase(change) => {
                self.changes.insert(change.id.clone(), change.clone());
            }
            Event::Consolidated { id }
            | Event::Expired { id }
            | Event::Erased { id } => {
                if let Some(change) = self.changes.remove(id) {
                    self.changed(&change);
                }
            }
            Event::Adopt(adopt) => {
                self.parts.retain(|(file, _), _| *file != adopt.named.file);
            }
            _ => {}
        }
    }

    fn published(&mut self, id: &str) {
        let Some((segment, _)) = self.open.get(id) else { return };
        if segment.adopted {
            return;
        }
        let part = Part {
            size_bytes: segment.size_bytes,
            rows: Some(segment.rows),
            text: Some((segment.text_size_bytes, segment.text_sha256.clone())),
            array: segment.array,
        };
        let key = (segment.file.clone(), None);
        self.parts.entry(key).or_default().push(part);
    }

    fn settled(&mut self, id: &str) {
        let Some((segment, Some(retract))) = self.open.remove(id) else {
            return;
        };
        let key = (segment.file.clone(), None);
        if segment.adopted {
            return;
        }
        let Some(parts) = self.parts.get_mut(&key) else { return };
        parts.pop();
        if retract.size_bytes > 0 {
            let text = (retract.text_size_bytes, retract.text_sha256);
            parts.push(Part {
                size_bytes: retract.size_bytes,
                rows: Some(retract.rows),
                text: Some(text),
                array: segment.array,
            });
        }
        if parts.is_empty() {
            self.parts.remove(&key);
        }
    }

    /// A file was written anew: what went into a tar stands behind what was
    /// there, and of what lines were erased out of the segments are not known
    /// any more.
    fn changed(&mut self, change: &Change) {
        for erased in &change.erases {
            let tar = change.file.ends_with(".tar.gz");
            let name = tar.then(|| erased.name.clone());
            self.parts.remove(&(change.file.clone(), name));
        }
        for removed in &change.removes {
            let parts = self.parts.remove(&(removed.file.clone(), None));
            let Some(name) = removed.file.strip_prefix("warm/") else {
                continue;
            };
            let (name, parts) = match name.strip_suffix(".jsonl") {
                // It was compressed on the way: its length is not known.
                Some(stem) => (format!("{stem}.jsonl.gz"), None),
                None => (name.to_owned(), parts),
            };
            let key = (change.file.clone(), Some(name));
            let unknown = Part { size_bytes: u64::MAX, ..Part::default() };
            let parts = parts.unwrap_or_else(|| vec![unknown]);
            self.parts.entry(key).or_default().extend(parts);
        }
        let keeps = |name: &Option<String>| match name {
            Some(name) => change.members.iter().any(|m| m.name == *name),
            None => false,
        };
        self.parts
            .retain(|(file, name), _| *file != change.file || keeps(name));
    }
}
