//! What the `rt` programs know: the rows of a SQLite table, the archives they
//! move to, the ledger of what happened, and the proof that stands between an
//! archived row and its deletion.
//!
//! The modules stand in layers, and a module uses only those below it
//! (tests/layers.rs holds them to it):
//!
//! | layer | modules |
//! |---|---|
//! | 0, words | `arbitrary`, `error`, `value`, `time`, `crash`, `line_set`, `progress`, `signal`, `forward` |
//! | 1, lines | `record`, `outcome`, `secrets` |
//! | 2, things | `io`, `db`, `settings` |
//! | 3, the tree | `archive` |
//! | 4, the proof | `proof`, `retention`, `upkeep`, `derived` |
//! | 5, commands | `op::*`, one module a command |
//! | beside | `cli`, which uses `db`, `error`, `progress` and `settings` only |

#[cfg(test)]
mod arbitrary;
pub mod archive;
pub mod cli;
mod crash;
mod db;
pub mod derived;
pub mod error;
mod forward;
pub mod io;
mod line_set;
pub mod op;
mod outcome;
mod progress;
mod proof;
mod record;
mod retention;
pub mod secrets;
mod settings;
mod signal;
pub mod time;
mod upkeep;
mod value;
