//! One module a command: options in, readers and writers in, a summary out.
//! Nothing here knows standard input, standard output or a terminal.

pub mod cat;
pub mod consolidate;
pub mod expire;
pub mod export;
pub mod gzip;
pub mod hold;
pub mod import;
pub mod lock;
pub mod policy;
pub mod purge;
pub mod remote;
pub mod report;
pub mod rewrite;
pub mod stat;
pub mod store;
pub mod verify;
