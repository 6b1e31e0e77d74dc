//! A model of the protocol by which rows go from a database into an archive
//! tree: publish, settle, recover, consolidate and erase. rt-protocol(7) is the
//! protocol, README.md says how to read the model.
//!
//! *Modelled.* One table of two or three rows, with a key, or without one and
//! with two identical rows; one or two day files, the tar of a month, the
//! ledger; up to three pipelines, whose programs work step by step, a step
//! being what another process can see. Between any two steps a pipeline or one
//! process may be killed, the power may fail, the application may write, and
//! a backup may be taken; when nothing runs, one may be put back. A power loss
//! leaves, for each name by itself, any content that it had since its folder
//! was last fsynced, any prefix of the ledger that holds what is durable, and
//! the table without the commits that nobody flushed.
//!
//! *Checked.* In each state: what the archives hold after the worst power loss
//! and the table together hold every row. Whenever nothing runs, an
//! undisturbed job follows: it ends, nothing stays open or unsettled, no file
//! is taken for damaged, no due row stays, and no row is there twice but where
//! promise 2 of rt-protocol(7) says so.
//!
//! *Not modelled.* An fsync that fails, a full disk, several tables in a tar,
//! expiry (an unlink as consolidation's), files made by hand, two databases.
//!
//! A state is a [`world::World`]; [`faults::successors`] is what can follow it;
//! [`explore::explore`] walks through all of them.

mod application;
mod config;
mod disk;
mod erase;
mod explore;
mod faults;
mod ledger;
mod match_rows;
mod pipeline;
mod recover;
mod retract;
mod settle;
mod store;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use config::Config;

fn main() -> ExitCode {
    let config = match Config::parse(std::env::args().skip(1)) {
        Ok(config) => config,
        Err(message) => {
            eprintln!("rt-model: {message}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let found = explore::explore(&config);
    let verdict = match (found.counterexamples.is_empty(), found.exhausted) {
        (false, _) => "COUNTEREXAMPLES",
        (true, true) => "exhausted, all hold",
        (true, false) => "CAP REACHED, none found",
    };
    println!(
        "{} states, {} final runs, {:.1} s, {verdict}",
        found.states,
        found.final_runs,
        began.elapsed().as_secs_f64()
    );
    for counterexample in &found.counterexamples {
        let steps = counterexample.trace.len();
        println!("* {} ({steps} steps)", counterexample.promise);
        if !config.quiet {
            for step in &counterexample.trace {
                println!("    {step}");
            }
        }
    }
    ExitCode::SUCCESS
}
