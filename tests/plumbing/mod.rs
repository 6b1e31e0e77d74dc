//! The programs of bins/, a file a command.

mod gzip;
mod policy;
mod purge;
mod report;
