//! What the programs have in common above the library: flags, help, messages,
//! the exit status.
//!
//! A program states its flags once, in a static [`Command`]; the parser and
//! `-h` both come from it, and tests/manual.rs holds the manual page to it.
//! This is the only module that prints or ends a process.

mod help;
mod parse;
mod shared;
mod table;
mod values;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGXFSZ;

use crate::error::{Error, Exit, Notes, Result};
use crate::progress;

pub use parse::Args;
pub use shared::{
    archives, busy_timeout, database, db, dry_run, now, policy, redact_secrets,
};
pub use table::{Command, Flag, letter, switch, value};
pub use values::{count, duration, names, operands, some_names, text, whole};

use help::{help, usage};
use parse::{Parsed, parse};

/// The program that this process runs.
static NAME: OnceLock<&str> = OnceLock::new();

/// Standard error, as [`Notes`] wants it.
#[derive(Debug)]
pub struct Stderr {
    name: &'static str,
    quiet: bool,
    verbose: bool,
}

impl Notes for Stderr {
    fn warn(&mut self, message: &str) {
        if !self.quiet {
            say(&format!("{}: warning: {message}\n", self.name));
        }
    }

    fn verbose(&mut self, message: &str) {
        if self.verbose {
            say(&format!("{}: {message}\n", self.name));
        }
    }
}

/// Parses the command line, runs the program, reports its error, and gives the
/// exit status.
pub fn main<F: Copy>(
    command: &'static Command<F>,
    run: fn(Args<F>, &mut dyn Notes) -> Result<Exit>,
) -> ExitCode {
    // At the limit of a file's length a write fails then, as on a full disk,
    // and the message is ours; without a handler the signal would kill.
    let limit = Arc::new(AtomicBool::new(false));
    NAME.get_or_init(|| command.name);
    progress::say_with(tell);
    if let Err(error) = signal_hook::flag::register(SIGXFSZ, limit) {
        complain(command.name, &Error::stream("cannot handle signals", error));
        return ExitCode::from(Exit::Failed.code());
    }
    let parsed = match parse(command, std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => {
            complain(command.name, &error);
            say(&usage(command));
            return ExitCode::from(error.exit().code());
        }
    };
    let result = match parsed {
        Parsed::Help => print(&help(command)),
        Parsed::Version => print(&format!(
            "{} {} ({})\n",
            command.name,
            env!("CARGO_PKG_VERSION"),
            crate::db::sqlite()
        )),
        Parsed::Run(mut args, flags) => {
            let mut notes = Stderr {
                name: command.name,
                quiet: args.quiet,
                verbose: args.verbose,
            };
            shared::settings(flags).and_then(|settings| {
                args.settings = settings;
                run(*args, &mut notes)
            })
        }
    };
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            complain(command.name, &error);
            ExitCode::from(error.exit().code())
        }
    }
}

/// How far the run has come, to who asked by a signal.
fn tell(line: &str) {
    let name = NAME.get().copied().unwrap_or_default();
    say(&format!("{name}: {line}\n"));
}

fn complain(name: &str, error: &Error) {
    let message = error.to_string();
    if message.is_empty() {
        return;
    }
    say(&format!("{name}: {message}\n"));
    if let Some(hint) = error.next_step() {
        say(&format!("hint: {hint}\n"));
    }
}

fn print(text: &str) -> Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::stream("cannot write to standard output", e))?;
    Ok(Exit::Done)
}

/// A message that cannot be written has nowhere else to go; the exit status
/// still tells.
fn say(text: &str) {
    if io::stderr().lock().write_all(text.as_bytes()).is_err() {}
}
