//! The archives: one owner of lock, ledger and tree.
//!
//! Whoever works on a tree does it through [`Archive`], which holds the lock
//! and has completed or voided what dead runs left open. rt-protocol(7) tells
//! the steps; this is the table behind them. *Durable before* is what has been
//! fsynced when the event is written; each event is itself fsynced before
//! anything rests on it.
//!
//! | event | durable before | a crash behind it leaves | recovery |
//! |---|---|---|---|
//! | `store` | new file under a temporary name | the file as it was, or new | new: fsyncs file and folders, `published`; old: fsyncs, `void` |
//! | `published` | file, folders | a segment that is not settled | settles it ([`Archive::make_durable`] and on) |
//! | `void` | the file as it was, folders | nothing | none |
//! | `purging` | file, folders, ledger, journal | rows of the segment, or some | settles it, and keeps each line in doubt |
//! | `retract` | rows' deletion, new file under a temporary name | the file with or without those lines | with: decides anew; without: `purge` |
//! | `purge` | rows' deletion, file, folders | nothing | none |
//! | `consolidate`, `expire`, `erase`, a batch of them | new files under temporary names | each file as it was, or new | new: goes on from there; old: `void`; each by itself |
//! | `consolidated`, `expired`, `erased` | file, folders, unlinks | nothing | none |
//! | `adopt` | file, folders | nothing | none |
//! | `hold` | nothing | rows that stay; of rows that were to be put back, all or none | none: the same import goes on under it |
//! | `release` | nothing | nothing | none |
//! | `moved` | nothing | nothing | none |
//! | `ship` | nothing | objects at a remote, whole or not | the next rt-ship copies them anew, or takes them away |
//! | `shipped` | the object at the remote, looked at | nothing | none |
//! | `withdraw` | a ledger at the remote that does not name the objects | the objects, or some | the next rt-ship takes them away |
//! | `withdrawn` | the objects are gone | nothing | none |
//! | `job` | nothing | nothing | none |
//!
//! Behind each append, and durable only after it, `lock` names the last line
//! (`end_mark`): a crash between the two leaves it on an earlier line, which
//! says nothing, and nothing is appended to a ledger that ends before it, unless
//! blocks that never reached the disk stand there (`torn`).
//!
//! Every place that removes or shortens an archived record, and what makes it
//! certain that no last copy goes:
//!
//! | place | why nothing is lost |
//! |---|---|
//! | `retract` of a line whose row stays | the row was found, equal to the line, and no program of ours deletes it afterwards on that line's strength |
//! | `retract` of a line whose row is gone or differs | only by the run that stored the segment itself and began its deletion: it knows which rows it deleted, and any other row was in the database when it was exported, so an application changed or removed it |
//! | `retract` of a second copy | the same record was read from another line that stays: a segment of the file whose digest holds, or a tar whose digest holds, both durable (`copies`) |
//! | `retract` of a line whose row was deleted and whose record stood in the archives before | the row was equal to the line, and the same record was read from another line that stays, as of a second copy; where only the row's own line held it, that line stays |
//! | `consolidate` unlinks warm files | their bytes are a member of the tar, which was read back, renamed and fsynced with its folders; each file still has the digest that the intent names |
//! | `expire` | the retention of what goes has ended; what stays is copied as in `consolidate` |
//! | `erase` | an operator named those rows, and no hold is over them: here last copies go; every other row of the file is in the new one, whose lines were read from a file with the ledger's digest, and which is durable before the old one goes |
//! | `void` of a `store` | the file is what it was: nothing was added |
//! | the rest of a broken ledger, by `--repair` | it is durable in `ledger.torn` before it is cut; no archived record goes |
//! | `take_in_month` unlinks warm files | as in `consolidate`: their bytes were read in the tar, which is durable |
//! | a torn ledger tail | its bytes are durable in `ledger.torn` before they are cut; no archived record goes |
//! | blocks of the ledger that never reached the disk, in the place of lines that `lock` names | what is left is durable in `ledger.lost` before it is cut; recovery keeps every record whose row it cannot find, and `expire` asks while that file is there |
//! | rewriting a file (`publish`, `retract`) | what stood before the segment is the beginning of the new file, by digest, fsynced before the rename |

mod ages;
mod amount;
mod append;
mod archive_file;
mod audit;
mod batch;
mod before;
mod by_hand;
mod change;
mod checkpoint;
mod copies;
mod draft;
mod effect;
mod end_mark;
mod erase;
mod event;
mod file_state;
mod foreign;
mod forms;
mod history;
mod hold_events;
mod holds;
mod inventory;
mod ledger;
mod ledger_lines;
mod link;
pub mod lock;
mod lost;
mod member;
mod mismatch;
mod month;
mod names;
mod open;
mod owner;
mod pairs;
mod parts;
mod proven_lines;
mod publish;
mod read_ahead;
mod read_log;
mod recover;
mod replay;
mod retract;
mod rewriter;
mod said;
mod same_database;
mod schemas;
mod segment;
mod selection;
mod settle;
mod ship;
mod shipments;
mod source;
mod state;
mod stored;
mod take_in;
pub mod tiers;
mod times;
mod torn;

pub use ages::is_whole;
pub use archive_file::{ArchiveFile, FileTier};
pub use audit::Audit;
pub use batch::{Batch, Ready};
pub use before::LedgerBefore;
pub use by_hand::{enter_by_hand, look_by_hand};
pub use change::{Change, Erased, Named};
pub use checkpoint::CHECKPOINT;
pub use copies::record_digest;
pub use draft::{Block, Draft, Sums};
pub use erase::{Erasure, Shorter, came_back};
pub use event::{
    Adopt, Compression, Counts, Event, Job, Moved, Purging, Receipt, Retract,
    Segment, Settled,
};
pub use file_state::FileState;
pub use forms::{forms, forms_under_way, goes};
pub use history::{History, JobEnd, Month};
pub use holds::{Held, Hold, Holds};
pub use inventory::Inventory;
pub use ledger::Ledger;
pub use ledger_lines::{LedgerLines, Piece, join_pieces};
pub use lost::{Damages, Known, by_ledger};
pub use member::Member;
pub use mismatch::{Mismatch, Reason, mismatches, moving, under_way};
pub use month::{Addition, FileDraft};
pub use names::{Origin, Tree, file_name, month_file};
pub use open::Open;
pub use owner::{Archive, Blocked, not_as_said, record_job};
pub use parts::{Part, Parts};
pub use proven_lines::{
    ArchivedText, named, proven_lines, proven_lines_behind,
};
pub use read_ahead::ReadAhead;
pub use read_log::{READ_LOG, ReadLog};
pub use rewriter::LineTime;
pub use said::Said;
pub use schemas::{
    InTars, open_schema, schema_file, schema_is_sound, sound_schema,
};
pub use segment::{
    BLOCK_BYTES, DurableSegment, SegmentState, VerifiedSegment,
};
pub use selection::Selection;
pub use settle::Begun;
pub use ship::STAGE;
pub use shipments::{
    Remote, Ship, Shipments, Shipped, Withdraw, object_name, piece_name,
};
pub use source::{Source, Sources};
pub use state::{Clock, Kind, State};
pub use stored::StoredSegments;
pub use torn::{LOST, TORN};

#[cfg(test)]
mod arbitrary_tests;
