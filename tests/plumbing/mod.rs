//! The programs of bins/, a file a command.

mod examples;
mod gzip;
mod policy;
mod purge;
mod report;
mod stat;
