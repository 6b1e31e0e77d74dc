//! The programs of bins/, a file a command.

mod export;
mod gzip;
mod policy;
mod report;
mod store;
