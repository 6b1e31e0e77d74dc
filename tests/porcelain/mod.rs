//! The scripts, a file a command, under every shell of
//! [`crate::support::SHELLS`].

mod archive;
mod jobs;
mod rt;
mod setup;
