//! The programs of bins/, a file a command.

mod cat;
mod examples;
mod export;
mod gzip;
mod policy;
mod real;
mod report;
mod stat;
mod store;
