//! rt-purge: rows go that are what was archived, and no others.

mod amid;
mod at_once;
mod between;
mod by_hand;
mod foreign;
mod run;
mod tables;
mod together;
mod triggers;
