//! Members on their way from their files to the output: opened, and looked
//! through, on all cores, and put out in the order in which they came in.
//!
//! What comes out is the same whatever the number of threads: what a member
//! gives depends on nothing but the member. A member that does not prove
//! itself ends the haste: it and what lies behind it are read again in order,
//! by who can tell what is wrong.

use std::collections::VecDeque;
use std::sync::Arc;

use super::choose::{Chooser, Met};
use crate::archive::{Damages, Known};
use crate::error::{Error, Exit, Result};
use crate::io::gz::{Cut, Opener};
use crate::io::ordered::Ordered;

/// A text whose rows are on their way.
#[derive(Debug)]
pub(super) struct Text {
    /// What messages call it.
    pub what: String,
    /// The status where it is damaged.
    pub exit: Exit,
    /// It has no gzip of its own.
    pub plain: bool,
    /// What it should hold.
    pub known: Known,
    /// What was met in it so far.
    pub met: Met,
    /// What of it is damaged.
    pub damages: Damages,
    /// What else is wrong with it.
    pub error: Option<Error>,
    /// Its members that are out.
    pub members: u64,
    /// How many lines it must have.
    pub rows: Option<u64>,
}

impl Text {
    /// A text of which nothing was read.
    pub(super) fn new(
        what: String,
        exit: Exit,
        plain: bool,
        known: Known,
    ) -> Text {
        Text {
            what,
            exit,
            plain,
            known,
            met: Met::default(),
            damages: Damages::default(),
            error: None,
            members: 0,
            rows: None,
        }
    }
}

/// A member, and its rows that are meant.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub cut: Cut,
    /// The rows, where not all are meant as they are.
    pub rows: Vec<u8>,
    pub met: Met,
    /// It is proven, and holds whole lines.
    pub proven: bool,
}

/// What comes next.
pub(super) enum Next {
    /// A member of the first of the texts.
    Member(Opened),
    /// So many lines of it were passed over.
    Passed(u64),
    /// The end of that text.
    End,
    /// Nothing is under way.
    Nothing,
}

enum Slot {
    Member,
    Passed(u64),
    End,
}

/// Members under way.
pub(super) struct Queue {
    work: Ordered<Opened, Opened>,
    slots: VecDeque<Slot>,
    /// A member that was taken before its turn.
    held: Option<Opened>,
    spare: Vec<Opened>,
    /// The texts under way; more of the last one may come.
    pub texts: VecDeque<Text>,
}

impl Queue {
    /// One that works on `threads` threads; with one, on the caller's own.
    pub(super) fn new(threads: usize, chooser: &Arc<Chooser>) -> Queue {
        let threads = if threads > 1 { threads } else { 0 };
        let work = Ordered::new(threads, || {
            let (mut opener, chooser) = (Opener::new(), chooser.clone());
            move |mut job: Opened| {
                opener.open_cut(&mut job.cut);
                look_through(&mut job, &chooser);
                job
            }
        });
        Queue {
            work,
            slots: VecDeque::new(),
            held: None,
            spare: Vec::new(),
            texts: VecDeque::new(),
        }
    }

    /// Whether something must be taken before a member is added.
    pub(super) fn full(&self) -> bool {
        self.work.full()
    }

    /// Room for a member, with buffers that were used before.
    pub(super) fn room(&mut self) -> Opened {
        self.spare.pop().unwrap_or_default()
    }

    /// Gives room back.
    pub(super) fn recycle(&mut self, used: Opened) {
        self.spare.push(used);
    }

    /// Adds a member of the last text.
    pub(super) fn add(&mut self, member: Opened) -> Result<()> {
        self.slots.push_back(Slot::Member);
        self.work.submit(member)
    }

    /// Notes that so many lines of the last text were passed over.
    pub(super) fn pass(&mut self, lines: u64) {
        self.slots.push_back(Slot::Passed(lines));
    }

    /// Ends the last text.
    pub(super) fn end(&mut self) {
        self.slots.push_back(Slot::End);
    }

    /// Whether anything is under way.
    pub(super) fn is_busy(&self) -> bool {
        !self.slots.is_empty()
    }

    /// What comes next, waiting for it.
    pub(super) fn next(&mut self) -> Result<Next> {
        Ok(match self.slots.pop_front() {
            None => Next::Nothing,
            Some(Slot::End) => Next::End,
            Some(Slot::Passed(lines)) => Next::Passed(lines),
            Some(Slot::Member) => Next::Member(self.member()?),
        })
    }

    fn member(&mut self) -> Result<Opened> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        let member = self.work.take()?;
        member.ok_or_else(|| Error::failed("a member was lost, a bug"))
    }

    /// The bytes of a member and of those right behind it that are under way:
    /// they are taken back.
    pub(super) fn take_back(&mut self, first: Opened) -> Result<Vec<u8>> {
        let mut end = first.cut.start;
        let mut bytes = Vec::new();
        let mut next = first;
        loop {
            if next.cut.start != end {
                self.slots.push_front(Slot::Member);
                self.held = Some(next);
                return Ok(bytes);
            }
            end += next.cut.bytes.len() as u64;
            bytes.extend_from_slice(&next.cut.bytes);
            self.recycle(next);
            if !matches!(self.slots.front(), Some(Slot::Member)) {
                return Ok(bytes);
            }
            self.slots.pop_front();
            next = self.member()?;
        }
    }
}

/// Finds the rows of an opened member that are meant.
fn look_through(job: &mut Opened, chooser: &Chooser) {
    let text = &job.cut.text;
    job.rows.clear();
    job.proven = job.cut.proven && text.last().is_none_or(|b| *b == b'\n');
    job.met = match job.proven && !chooser.takes_all() {
        true => chooser.choose(text, false, &mut job.rows),
        false => Met::default(),
    };
}
