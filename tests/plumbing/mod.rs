//! The programs of bins/, a file a command.

mod consolidate;
mod examples;
mod expire;
mod export;
mod gzip;
mod policy;
mod real;
mod report;
mod stat;
mod store;
mod upkeep;
