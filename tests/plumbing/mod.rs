//! The programs of bins/, a file a command.

mod export;
mod gzip;
mod policy;
mod real;
mod report;
mod store;
