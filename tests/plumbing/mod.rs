//! The programs of bins/, a file a command.

mod examples;
mod export;
mod gzip;
mod policy;
mod real;
mod report;
mod review;
mod stat;
mod store;
