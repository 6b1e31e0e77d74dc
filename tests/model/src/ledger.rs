//! What the ledger says.

use crate::world::{Event, File, Line, Lines, World};

impl World {
    pub fn says(&self, event: &Event) -> bool {
        self.ledger.contains(event)
    }

    /// The first intent without an end.
    pub fn open_intent(&self) -> Option<&Event> {
        self.ledger.iter().find(|event| self.is_open(event))
    }

    /// Whether an event is an intent without an end.
    pub fn is_open(&self, event: &Event) -> bool {
        match event {
            Event::Store { segment, .. } => {
                !self.says(&Event::Published(*segment))
                    && !self.says(&Event::Void(*segment))
            }
            Event::Consolidate { id, .. } => {
                !self.says(&Event::Consolidated(*id))
                    && !self.says(&Event::ConsolidateVoid(*id))
            }
            Event::Erase { id, .. } => {
                !self.says(&Event::Erased(*id))
                    && !self.says(&Event::EraseVoid(*id))
            }
            _ => false,
        }
    }

    pub fn is_settled(&self, segment: u8) -> bool {
        self.says(&Event::Purge(segment))
    }

    /// The segments that were published, in order.
    pub fn published(&self) -> impl Iterator<Item = u8> {
        self.ledger.iter().filter_map(|event| match event {
            Event::Published(segment) => Some(*segment),
            _ => None,
        })
    }

    /// The first segment that is not settled, but for those to be skipped.
    pub fn unsettled(&self, skip: u16) -> Option<u8> {
        self.published().find(|s| !self.is_settled(*s) && (skip >> s) & 1 == 0)
    }

    /// A segment's day, its file before, and its lines.
    pub fn store_of(&self, wanted: u8) -> (u8, File, File) {
        let found = self.ledger.iter().find_map(|event| match event {
            Event::Store { segment, day, base, lines, .. }
                if *segment == wanted =>
            {
                Some((*day, base.clone(), lines.clone()))
            }
            _ => None,
        });
        found.expect("a segment has its intent")
    }

    /// The sets of lines of a segment's retractions, in order.
    pub fn retracts(&self, of: u8) -> impl DoubleEndedIterator<Item = Lines> {
        self.ledger.iter().filter_map(move |event| match event {
            Event::Retract { segment, out } if *segment == of => Some(*out),
            _ => None,
        })
    }

    /// A segment's `purging` events: lines and id.
    pub fn purgings(&self, of: u8) -> impl Iterator<Item = (Lines, u8)> {
        self.ledger.iter().filter_map(move |event| match event {
            Event::Purging { segment, lines, id } if *segment == of => {
                Some((*lines, *id))
            }
            _ => None,
        })
    }

    /// The lines that `purging` events of a segment name.
    pub fn named(&self, segment: u8) -> Lines {
        self.purgings(segment).fold(0, |all, (lines, _)| all | lines)
    }

    /// What a day's file must hold.
    pub fn expected(&self, wanted: u8) -> File {
        let mut file: File = vec![];
        for event in &self.ledger {
            match event {
                Event::Store { segment, day, lines, .. }
                    if *day == wanted
                        && !self.says(&Event::Void(*segment))
                        && self.says(&Event::Published(*segment)) =>
                {
                    file.extend(lines);
                }
                Event::Retract { segment, out }
                    if self.retracts(*segment).next_back() == Some(*out) =>
                {
                    file = without(&file, *segment, *out);
                }
                Event::Consolidate { id, days, .. }
                    if self.says(&Event::Consolidated(*id)) =>
                {
                    let gone = days.iter().find(|(day, _)| *day == wanted);
                    if let Some((_, gone)) = gone {
                        file.retain(|line| !gone.contains(line));
                    }
                }
                Event::Erase { id, name, old, new }
                    if *name == wanted && self.says(&Event::Erased(*id)) =>
                {
                    file.retain(|l| new.contains(l) || !old.contains(l));
                }
                _ => {}
            }
        }
        file
    }
}

/// A file without some lines of a segment.
pub fn without(file: &File, segment: u8, out: Lines) -> File {
    let goes = |l: &Line| l.segment == segment && (out >> l.number) & 1 == 1;
    file.iter().filter(|l| !goes(l)).copied().collect()
}
