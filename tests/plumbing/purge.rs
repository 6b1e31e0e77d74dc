//! rt-purge: rows go that are what was archived, and no others.

mod between;
mod foreign;
mod tables;
mod triggers;
