//! What the `rt` programs know: the rows of a SQLite table, the archives they
//! move to, the ledger of what happened, and the proof that stands between an
//! archived row and its deletion.
//!
//! The modules stand in layers, and a module uses only those below it
//! (tests/layers.rs holds them to it):
//!
//! | layer | modules |
//! |---|---|
//! | 0, words | `error`, `value`, `timestamp`, `age`, `clock`, `fail`, `runs`, `stop` |
//! | 1, lines | `record`, `outcome`, `secrets` |
//! | 2, things | `fsx`, `gz`, `db`, `policy`, `place`, `columns` |
//! | 3, the tree | `lock`, `ledger`, `cold`, `tree`, `warm` |
//! | 4, commands | `op::*`, one module a command |
//! | beside | `cli` |

pub mod age;
pub mod cli;
pub mod clock;
pub mod cold;
pub mod columns;
pub mod db;
pub mod error;
pub mod fail;
pub mod fsx;
pub mod gz;
pub mod ledger;
pub mod lock;
pub mod op;
pub mod outcome;
pub mod place;
pub mod policy;
pub mod record;
pub mod runs;
pub mod secrets;
pub mod stop;
pub mod timestamp;
pub mod tree;
pub mod value;
pub mod warm;
