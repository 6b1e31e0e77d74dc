//! The programs of bins/, a file a command.

mod archives;
mod cat;
mod consolidate;
mod examples;
mod expire;
mod export;
mod gzip;
mod policy;
mod purge;
mod real;
mod redact;
mod report;
mod stat;
mod store;
mod upkeep;
mod waiting;
