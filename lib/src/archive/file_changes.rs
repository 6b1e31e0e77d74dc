//! What events that are done make of the files.

use super::event::Segment;
use super::file_state::{FileState, state_of};
use super::member::Member;
use super::state::{Open, State};
use super::times::Times;

impl State {
    /// A published segment's file is what its intent said. Gives the times of
    /// the file's rows before.
    pub(super) fn published(&mut self, segment: &Segment) -> Times {
        let day = segment.file.split('/').nth(1).map(str::to_owned);
        let file =
            self.files.entry(segment.file.clone()).or_insert_with(|| {
                FileState {
                    size_bytes: 0,
                    sha256: String::new(),
                    members: vec![Member {
                        name: segment
                            .file
                            .strip_prefix("warm/")
                            .unwrap_or(&segment.file)
                            .to_owned(),
                        table: Some(segment.table.clone()),
                        database: segment.database.clone(),
                        day,
                        ..Member::default()
                    }],
                    text_size_bytes: Some(0),
                }
            });
        file.size_bytes = segment.offset_bytes + segment.size_bytes;
        file.sha256.clone_from(&segment.file_sha256);
        file.text_size_bytes =
            file.text_size_bytes.map(|t| t + segment.text_size_bytes);
        if let [member] = &mut file.members[..] {
            member.size_bytes = file.size_bytes;
            member.sha256.clone_from(&file.sha256);
            member.rows += segment.rows;
            return member.widen(&segment.oldest, &segment.newest);
        }
        Times::default()
    }

    /// A settled segment's file is what its last retraction made of it.
    pub(super) fn retracted(&mut self, open: &Open) {
        let (Some(retract), false) = (&open.retract, open.segment.adopted)
        else {
            return;
        };
        let name = &open.segment.file;
        let Some(sha256) = &retract.file_sha256 else {
            self.files.remove(name);
            return;
        };
        if let Some(file) = self.files.get_mut(name) {
            file.size_bytes = open.segment.offset_bytes + retract.size_bytes;
            file.sha256.clone_from(sha256);
            file.text_size_bytes = file.text_size_bytes.map(|text| {
                text.saturating_sub(open.segment.text_size_bytes)
                    + retract.text_size_bytes
            });
            if let [member] = &mut file.members[..] {
                member.size_bytes = file.size_bytes;
                member.sha256.clone_from(sha256);
                let out = open.segment.rows.saturating_sub(retract.rows);
                member.rows = member.rows.saturating_sub(out);
                if retract.oldest.is_some() || retract.rows == 0 {
                    let before = open.before.clone();
                    member.date(before.with(&retract.oldest, &retract.newest));
                }
            }
        }
    }

    /// A change is done: the file is what it was to be, others are gone.
    pub(super) fn changed(&mut self, id: &str) -> Result<(), String> {
        let change = self
            .close_change(id)
            .ok_or_else(|| format!("no open change {id}"))?;
        self.ages.changed(&change);
        for removed in &change.removes {
            self.files.remove(&removed.file);
        }
        match change.after {
            Some(after) => {
                let file = state_of(&after, change.members);
                self.files.insert(after.file, file);
            }
            None => {
                self.files.remove(&change.file);
            }
        }
        Ok(())
    }
}
