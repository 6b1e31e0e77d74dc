//! The state of the world: a table, an archive tree and its ledger, and the
//! pipelines that work on them. Whether two states are the same decides how
//! many there are, so every field counts.

use crate::config::{Config, Kind};

/// What a row is, its key included: equal numbers are equal bytes.
pub type Content = u8;

/// There are so many contents.
pub const CONTENTS: usize = 20;

/// How many rows there are, or may be, of each content.
pub type Counts = [u8; CONTENTS];

/// A set of lines of a segment, a bit a line.
pub type Lines = u16;

/// A line of an archive file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Line {
    pub segment: u8,
    pub number: u8,
    pub rowid: u8,
    pub content: Content,
}

/// What is under a name; nothing when it is empty.
pub type File = Vec<Line>;

/// An event of the ledger.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Event {
    Store { segment: u8, day: u8, owner: u8, base: File, lines: File },
    Published(u8),
    Void(u8),
    Purging { segment: u8, lines: Lines, id: u8 },
    Retract { segment: u8, out: Lines },
    Purge(u8),
    Consolidate { id: u8, days: Vec<(u8, File)>, old: File, new: File },
    Consolidated(u8),
    ConsolidateVoid(u8),
    Erase { id: u8, name: u8, old: File, new: File },
    Erased(u8),
    EraseVoid(u8),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Row {
    pub rowid: u8,
    pub content: Content,
    /// Another row points at it, or a trigger keeps it.
    pub held: bool,
}

/// What a pipeline does, in this order or without some of it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    Lock,
    Recover,
    /// As `Recover`, by each program that begins under the same lock.
    RecoverAgain,
    Pending,
    Export,
    Store,
    Settle,
    Consolidate,
    Erase,
    Unlock,
    End,
}

/// Where a pipeline is within its stage.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Step {
    Begin,
    /// An event was written and is not durable.
    SyncEvent,
    // Storing and consolidating.
    Rename,
    SyncEnd,
    Done,
    // Settling.
    ReadBack,
    Compare,
    SyncPurging,
    Delete,
    FlushCommit,
    Judge,
    SyncRetract,
    Rewrite,
    SyncRewrite,
    Purge,
    SyncPurge,
}

/// A row that is about to be deleted, and its line.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Planned {
    pub line: u8,
    pub rowid: u8,
}

/// What is no broken promise where the ledger lost its end.
pub const DAMAGE_IS_SAID: &str = "damage is reported, as it must be";

/// Of `Pipeline::at`: it came to its end.
pub const ENDED: u8 = 99;
/// Of `Pipeline::position`: there is no line left to compare.
pub const BEHIND_ALL: u8 = 99;
/// Of `Pipeline::position` between two segments: the receipts were read.
pub const RECEIPTS_READ: u8 = 1;

/// A pipeline of programs, one of which is at work.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Pipeline {
    pub kind: Kind,
    pub running: bool,
    pub dead: bool,
    /// Its place in the list of its stages.
    pub at: u8,
    pub step: Step,
    /// The rows that it exported.
    pub exported: File,
    /// The segments whose receipts it has.
    pub segments: Vec<u8>,
    /// Segments that it leaves unsettled.
    pub skipped: u16,
    /// It was refused something, as its exit status says.
    pub refused: bool,
    pub settling: Settling,
}

/// The segment that a pipeline settles, and what it knows of its lines.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Settling {
    pub segment: u8,
    /// Whether its rows were deleted is not known.
    pub recovers: bool,
    /// It came by `--pending`.
    pub pending: bool,
    /// The next line to compare.
    pub position: u8,
    /// The batch.
    pub plan: Vec<Planned>,
    /// `data_version` when the batch was compared.
    pub data_version: u8,
    pub deleted: Lines,
    /// Lines whose rows a dead run may have deleted.
    pub doubt: Lines,
    /// Lines whose rows were deleted before.
    pub known: Lines,
    /// Lines whose rows were found equal and stay.
    pub stay: Lines,
    /// Lines to be taken out.
    pub out: Lines,
}

/// What a power loss may leave in place of the table.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Undo {
    pub table: Vec<Row>,
    pub live: Counts,
    pub allowed: Counts,
}

/// All of it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct World {
    pub table: Vec<Row>,
    /// Grows with each commit.
    pub data_version: u8,
    /// Batches whose mark is in the database, by the id of their event.
    pub marks: u32,
    pub vacuumed: bool,
    /// One for each commit that no flush followed.
    pub undo: Vec<Undo>,
    /// For each name (the days, then the month's tar) the contents that a
    /// power loss may leave; the last is what the system has.
    pub names: Vec<Vec<File>>,
    pub ledger: Vec<Event>,
    /// So many events of it are durable.
    pub durable: u8,
    /// Who holds the lock.
    pub lock: Option<u8>,
    pub pipelines: Vec<Pipeline>,
    pub next_segment: u8,
    pub next_purging: u8,
    pub next_change: u8,
    /// The next new content of each key.
    pub next_content: [u8; 4],
    pub kills: u8,
    pub powers: u8,
    pub writes: u8,
    pub crashed: bool,
    pub restores: u8,
    pub cuts: u8,
    /// The ledger lost its end.
    pub cut: bool,
    /// A backup of the tree, and one of the database.
    pub tree_backup: Option<(Vec<File>, Vec<Event>)>,
    pub table_backup: Option<Vec<Row>>,
    /// One of them was put back.
    pub restored: bool,
    /// Rows that there must be, in the table or in an archive.
    pub live: Counts,
    /// Copies that there may be beside them.
    pub allowed: Counts,
    /// The promise that was broken.
    pub broken: Option<&'static str>,
}

impl Settling {
    pub fn none() -> Settling {
        Settling {
            segment: 0,
            recovers: false,
            pending: false,
            position: 0,
            plan: vec![],
            data_version: 0,
            deleted: 0,
            doubt: 0,
            known: 0,
            stay: 0,
            out: 0,
        }
    }
}

impl Pipeline {
    pub fn new(kind: Kind) -> Pipeline {
        Pipeline {
            kind,
            running: false,
            dead: false,
            at: 0,
            step: Step::Begin,
            exported: vec![],
            segments: vec![],
            skipped: 0,
            refused: false,
            settling: Settling::none(),
        }
    }

    pub fn has_ended(&self) -> bool {
        self.at == ENDED
    }

    /// Goes on to the next stage.
    pub fn next_stage(&mut self) {
        self.at += 1;
        self.step = Step::Begin;
        self.settling = Settling::none();
    }
}

impl World {
    /// As it is at first: all rows are in the table, and due.
    pub fn new(config: &Config) -> World {
        let kinds = config.pipelines.iter();
        let mut world = World {
            table: vec![],
            data_version: 0,
            marks: 0,
            vacuumed: false,
            undo: vec![],
            names: vec![vec![vec![]]; config.days as usize + 1],
            ledger: vec![],
            durable: 0,
            lock: None,
            pipelines: kinds.map(|kind| Pipeline::new(*kind)).collect(),
            next_segment: 0,
            next_purging: 0,
            next_change: 0,
            next_content: [1; 4],
            kills: config.kills,
            powers: config.powers,
            writes: config.writes,
            crashed: false,
            restores: config.restores,
            cuts: config.cuts,
            cut: false,
            tree_backup: None,
            table_backup: None,
            restored: false,
            live: [0; CONTENTS],
            allowed: [0; CONTENTS],
            broken: None,
        };
        for i in 0..config.rows {
            let content = match config.keyless {
                true => u8::from(i >= 2),
                false => i * 4,
            };
            world.table.push(Row { rowid: i + 1, content, held: false });
            world.live[content as usize] += 1;
        }
        if config.keyless {
            world.next_content[0] = 2;
        }
        world
    }

    /// Notes the first promise that is broken.
    pub fn break_promise(&mut self, which: &'static str) {
        self.broken.get_or_insert(which);
    }

    /// A program ends with status 5 and touches nothing: false where nobody
    /// but our own programs wrote into the tree.
    pub fn report_damage(&mut self, which: &'static str) {
        self.break_promise(if self.cut { DAMAGE_IS_SAID } else { which });
    }

    /// Nothing is at work.
    pub fn is_quiet(&self) -> bool {
        self.pipelines.iter().all(|p| !p.running || p.dead || p.has_ended())
    }
}
