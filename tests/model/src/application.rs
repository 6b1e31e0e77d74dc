//! What the application writes into the table, between any two steps of ours.

use crate::config::{Config, Window};
use crate::faults::Next;
use crate::pipeline::{Label, Who};
use crate::world::{CONTENTS, Content, Event, Row, World};

/// New versions that a row may have.
const VERSIONS: u8 = 4;

/// Each write that is possible.
pub fn writes(world: &World, config: &Config, all: &mut Vec<Next>) {
    for place in 0..world.table.len() {
        change(world, place, config, all);
    }
    match config.keyless {
        true => insert_without_key(world, config, all),
        false => insert_with_key(world, config, all),
    }
}

/// The world with one write less, at its commit.
fn commit(world: &World, config: &Config) -> World {
    let mut after = world.clone();
    after.writes -= 1;
    after.data_version += 1;
    after.commit_of_application(config);
    after
}

fn label(what: &'static str, number: u8) -> Label {
    Label::new(Who::Application, what, number)
}

/// A row is deleted, updated, or pointed at.
fn change(world: &World, place: usize, config: &Config, all: &mut Vec<Next>) {
    let row = world.table[place];
    let mut after = commit(world, config);
    after.remove_version(config, row.content);
    after.table.remove(place);
    all.push((label("app deletes row", row.rowid), after));

    let key = match config.keyless {
        true => 0,
        false => row.content / VERSIONS,
    };
    let version = world.next_content[key as usize];
    let (fresh, left) = match config.keyless {
        true => (version, (version as usize) < CONTENTS),
        false => (key * VERSIONS + version, version < VERSIONS),
    };
    if left {
        let mut after = commit(world, config);
        after.remove_version(config, row.content);
        after.table[place].content = fresh;
        after.live[fresh as usize] += 1;
        after.next_content[key as usize] += 1;
        all.push((label("app updates row", row.rowid), after));
    }
    if config.references {
        let mut after = commit(world, config);
        after.table[place].held = !row.held;
        let what = "app points at row (or no longer)";
        all.push((label(what, row.rowid), after));
    }
}

fn insert_without_key(world: &World, config: &Config, all: &mut Vec<Next>) {
    let rowids = world.table.iter().map(|row| row.rowid);
    let rowid = rowids.max().unwrap_or(0) + 1;
    if config.same {
        let mut after = commit(world, config);
        after.insert(rowid, 0);
        all.push((label("app inserts identical row as", rowid), after));
    }
    let fresh = world.next_content[0];
    if (fresh as usize) < CONTENTS {
        let mut after = commit(world, config);
        after.next_content[0] += 1;
        after.insert(rowid, fresh);
        all.push((label("app inserts other row as", rowid), after));
    }
    if config.vacuum {
        let mut after = commit(world, config);
        after.vacuumed = true;
        for (i, row) in after.table.iter_mut().enumerate() {
            row.rowid = i as u8 + 1;
        }
        if after.table != world.table {
            all.push((label("app: VACUUM", 0), after));
        }
    }
}

/// Under a key that is free: the first content again, and a new one.
fn insert_with_key(world: &World, config: &Config, all: &mut Vec<Next>) {
    for key in 0..(config.rows + 1).min(VERSIONS) {
        let mut rows = world.table.iter();
        if rows.any(|row| row.content / VERSIONS == key) {
            continue;
        }
        let version = world.next_content[key as usize];
        let again = config.same && key < config.rows;
        let again = again.then_some(0);
        let fresh = Some(version).filter(|version| *version < VERSIONS);
        for version in again.into_iter().chain(fresh) {
            let mut after = commit(world, config);
            let mut what = "app inserts identical row again, key";
            if version != 0 {
                after.next_content[key as usize] += 1;
                what = "app inserts row with other content, key";
            }
            after.insert(key + 1, key * VERSIONS + version);
            after.table.sort_by_key(|row| row.rowid);
            all.push((label(what, key + 1), after));
        }
    }
}

impl World {
    fn insert(&mut self, rowid: u8, content: Content) {
        self.table.push(Row { rowid, content, held: false });
        self.live[content as usize] += 1;
    }

    /// The application removes one row of a content. Where that falls into
    /// the window that promise 2 names, a copy may stay.
    fn remove_version(&mut self, config: &Config, content: Content) {
        self.live[content as usize] -= 1;
        let mut allowed = self
            .ledger
            .iter()
            .any(|event| self.is_in_window(config, event, content));
        if config.window == Window::FromExport {
            allowed |= self.pipelines.iter().any(|p| {
                !p.dead && p.exported.iter().any(|l| l.content == content)
            });
        }
        self.allowed[content as usize] += u8::from(allowed);
    }

    /// Whether a segment is open that has such a line, and the rule lets a
    /// copy of it stay.
    fn is_in_window(
        &self,
        config: &Config,
        event: &Event,
        content: Content,
    ) -> bool {
        let Event::Store { segment, lines, owner, .. } = event else {
            return false;
        };
        if self.says(&Event::Void(*segment)) || self.is_settled(*segment) {
            return false;
        }
        let owner = self.pipelines.get(*owner as usize);
        let owner_is_dead = owner.is_none_or(|p| p.dead);
        let named = self.named(*segment);
        lines.iter().filter(|l| l.content == content).any(|line| match config
            .window
        {
            Window::AfterCrash => owner_is_dead,
            Window::FromExport => true,
            Window::FromPurging => (named >> line.number) & 1 == 1,
        })
    }
}
