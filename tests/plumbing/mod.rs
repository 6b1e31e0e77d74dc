//! The programs of bins/, a file a command.

mod batches;
mod cat;
mod check;
mod consolidate;
mod databases_of_real_programs;
mod examples_in_the_manual;
mod expire;
mod export;
mod gzip;
mod hold;
mod import;
mod lock;
mod months_killed_at_any_moment;
mod output;
mod policy;
mod policy_recipes;
mod purge;
mod redact;
mod report;
mod stat;
mod stat_of_archives;
mod stopping;
mod store;
mod times_of_every_program;
mod verify;
mod waiting;
