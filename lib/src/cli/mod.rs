//! What the programs have in common above the library: flags, help, messages,
//! the exit status.
//!
//! A program states its flags once, in a static [`Command`]; the parser and
//! `-h` both come from it, and tests/manual.rs holds the manual page to it.
//! This is the only module that prints or ends a process.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGXFSZ;

use crate::error::{Error, Exit, Notes, Result};

/// One row of a flag table. `F` is the program's own enum of flags, so that a
/// row nobody handles, and a flag without a row, do not compile.
#[derive(Clone, Copy, Debug)]
pub struct Flag<F> {
    /// Which flag.
    pub id: F,
    /// Its letter.
    pub short: Option<char>,
    /// Its name, without dashes.
    pub long: &'static str,
    /// The name of its value, if it takes one; with `[=` before it and `]`
    /// behind it, if it can be left out.
    pub value: Option<&'static str>,
    /// One line of help.
    pub help: &'static str,
}

/// A row for a flag with a value.
pub const fn value<F: Copy>(
    id: F,
    long: &'static str,
    value: &'static str,
    help: &'static str,
) -> Flag<F> {
    Flag { id, short: None, long, value: Some(value), help }
}

/// A row for a switch that can have a value, as `[=VALUE]`: behind `=` alone.
pub const fn optional<F: Copy>(
    id: F,
    long: &'static str,
    value: &'static str,
    help: &'static str,
) -> Flag<F> {
    Flag { id, short: None, long, value: Some(value), help }
}

/// A row for a switch.
pub const fn switch<F: Copy>(
    id: F,
    long: &'static str,
    help: &'static str,
) -> Flag<F> {
    Flag { id, short: None, long, value: None, help }
}

/// A row for a switch of one letter only, such as `-6`.
pub const fn letter<F: Copy>(
    id: F,
    short: char,
    help: &'static str,
) -> Flag<F> {
    Flag { id, short: Some(short), long: "", value: None, help }
}

impl<F: Copy> Flag<F> {
    /// The same row with a letter.
    pub const fn short(mut self, letter: char) -> Flag<F> {
        self.short = Some(letter);
        self
    }
}

/// `--db FILE`.
pub const fn db<F: Copy>(id: F) -> Flag<F> {
    value(id, "db", "FILE", "database [RT_DB, database/ideas.db]")
}

/// `--archives DIR`.
pub const fn archives<F: Copy>(id: F) -> Flag<F> {
    value(id, "archives", "DIR", "archive tree [RT_ARCHIVES, archives]")
}

/// `--policy FILE`.
pub const fn policy<F: Copy>(id: F) -> Flag<F> {
    value(id, "policy", "FILE", "retention policy [RT_POLICY, built in]")
}

/// `--now TIME`.
pub const fn now<F: Copy>(id: F) -> Flag<F> {
    value(id, "now", "TIME", "take TIME for the clock [RT_NOW]")
}

/// `--busy-timeout D`.
pub const fn busy_timeout<F: Copy>(id: F) -> Flag<F> {
    value(id, "busy-timeout", "D", "wait D for a locked database [10s]")
}

/// `--redact-secrets`, `--redact-secrets=all`.
pub const fn redact_secrets<F: Copy>(id: F) -> Flag<F> {
    optional(id, "redact-secrets", "[=all]", "without secrets [and guesses]")
}

/// `-n`, `--dry-run`.
pub const fn dry_run<F: Copy>(id: F) -> Flag<F> {
    switch(id, "dry-run", "change nothing, say what would be done").short('n')
}

/// A program: what `-h` prints and the parser accepts.
#[derive(Debug)]
pub struct Command<F: 'static> {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line: the `.Nd` of its page.
    pub about: &'static str,
    /// The usage lines, without the name.
    pub usage: &'static [&'static str],
    /// The flags, in the order of the manual page.
    pub flags: &'static [Flag<F>],
}

/// What was on the command line.
#[derive(Debug)]
pub struct Args<F> {
    /// The flags, in order, with their values (empty for switches).
    pub flags: Vec<(F, OsString)>,
    /// The operands.
    pub operands: Vec<OsString>,
    /// `-q`: no warnings.
    pub quiet: bool,
    /// `-v`: a line a record acted on.
    pub verbose: bool,
}

enum Parsed<F> {
    Run(Args<F>),
    Help,
    Version,
}

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
        Parsed::Version => {
            print(&format!("{} {}\n", command.name, env!("CARGO_PKG_VERSION")))
        }
        Parsed::Run(args) => {
            let mut notes = Stderr {
                name: command.name,
                quiet: args.quiet,
                verbose: args.verbose,
            };
            run(args, &mut notes)
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

/// A flag's value as text.
pub fn text(flag: &str, value: &OsStr) -> Result<String> {
    value.to_str().map(str::to_owned).ok_or_else(|| {
        Error::usage(format!("the value of --{flag} is not valid UTF-8"))
    })
}

/// A flag's value as a whole number of at least 1.
pub fn count(flag: &str, value: &OsStr) -> Result<u64> {
    let text = text(flag, value)?;
    match text.parse::<u64>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(Error::usage(format!(
            "--{flag} takes a whole number of at least 1, not '{text}'"
        ))),
    }
}

/// A flag's value as a whole number, which may be 0.
pub fn whole(flag: &str, value: &OsStr) -> Result<u64> {
    let text = text(flag, value)?;
    text.parse().map_err(|_| {
        Error::usage(format!("--{flag} takes a whole number, not '{text}'"))
    })
}

/// A flag's value as a short duration, such as `500ms` or `10s` (humantime's
/// form). A bare `m` is refused: elsewhere here it means 30 days.
pub fn duration(flag: &str, value: &OsStr) -> Result<std::time::Duration> {
    let text = text(flag, value)?;
    let bad = |why: &str| {
        Error::usage(format!("--{flag}: '{text}' {why}"))
            .hint("durations read like 500ms, 10s, 5min or 6h")
    };
    let mut unit = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphabetic() {
            unit.push(c);
        } else {
            if unit == "m" || unit == "M" {
                return Err(bad("is ambiguous: write min for minutes"));
            }
            unit.clear();
        }
    }
    // More than a century is for ever, and would not fit into the clock.
    const MOST: std::time::Duration =
        std::time::Duration::from_secs(100 * 365 * 86_400);
    humantime::parse_duration(&text)
        .map(|duration| duration.min(MOST))
        .map_err(|_| bad("is not a duration"))
}

/// The operands as text, one for each name wanted.
pub fn operands<const N: usize>(
    operands: Vec<OsString>,
    names: [&str; N],
) -> Result<[String; N]> {
    if let Some(extra) = operands.get(N) {
        return Err(Error::usage(format!(
            "unexpected operand '{}'",
            extra.to_string_lossy()
        )));
    }
    let mut texts = Vec::with_capacity(N);
    for (i, name) in names.iter().enumerate() {
        let operand = operands
            .get(i)
            .ok_or_else(|| Error::usage(format!("{name} is missing")))?;
        texts.push(text(name, operand)?);
    }
    texts.try_into().map_err(|_| Error::usage("the wrong number of operands"))
}

/// Any number of operands as text.
pub fn names(operands: Vec<OsString>) -> Result<Vec<String>> {
    operands
        .into_iter()
        .map(|operand| {
            operand.into_string().map_err(|bad| {
                Error::usage(format!(
                    "the operand '{}' is not valid UTF-8",
                    bad.to_string_lossy()
                ))
            })
        })
        .collect()
}

fn parse<F: Copy>(
    command: &Command<F>,
    args: impl IntoIterator<Item = OsString>,
) -> Result<Parsed<F>> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut out = Args {
        flags: Vec::new(),
        operands: Vec::new(),
        quiet: false,
        verbose: false,
    };
    let wrong = |error: lexopt::Error| Error::usage(error.to_string());
    while let Some(arg) = parser.next().map_err(wrong)? {
        let row = match &arg {
            lexopt::Arg::Value(operand) => {
                out.operands.push(operand.clone());
                continue;
            }
            lexopt::Arg::Short(letter) => {
                command.flags.iter().find(|f| f.short == Some(*letter))
            }
            lexopt::Arg::Long(name) => command
                .flags
                .iter()
                .find(|f| f.long == *name && !f.long.is_empty()),
        };
        match (row, &arg) {
            (Some(row), _) => {
                let value = match row.value {
                    Some(name) if name.starts_with("[=") => {
                        let value = parser.optional_value();
                        if value.as_ref().is_some_and(|v| v.is_empty()) {
                            return Err(Error::usage(format!(
                                "--{} has an empty value",
                                row.long
                            )));
                        }
                        value.unwrap_or_default()
                    }
                    Some(_) => parser.value().map_err(wrong)?,
                    None => OsString::new(),
                };
                out.flags.push((row.id, value));
            }
            (None, lexopt::Arg::Short('h') | lexopt::Arg::Long("help")) => {
                return Ok(Parsed::Help);
            }
            (None, lexopt::Arg::Short('V') | lexopt::Arg::Long("version")) => {
                return Ok(Parsed::Version);
            }
            (None, lexopt::Arg::Short('q') | lexopt::Arg::Long("quiet")) => {
                out.quiet = true;
            }
            (None, lexopt::Arg::Short('v') | lexopt::Arg::Long("verbose")) => {
                out.verbose = true;
            }
            (None, _) => return Err(wrong(arg.unexpected())),
        }
    }
    Ok(Parsed::Run(out))
}

fn usage<F>(command: &Command<F>) -> String {
    let mut out = String::new();
    for (i, line) in command.usage.iter().enumerate() {
        let lead = if i == 0 { "usage:" } else { "      " };
        out.push_str(&format!("{lead} {} {line}\n", command.name));
    }
    out
}

fn help<F>(command: &Command<F>) -> String {
    let mut out = format!("{}: {}\n\n", command.name, command.about);
    out.push_str(&usage(command));
    out.push('\n');
    let mut rows: Vec<(String, &str)> = Vec::new();
    for flag in command.flags {
        let mut left = match (flag.short, flag.long) {
            (Some(letter), "") => format!("-{letter}"),
            (Some(letter), long) => format!("-{letter}, --{long}"),
            (None, long) => format!("    --{long}"),
        };
        if let Some(value) = flag.value {
            left.push_str(if value.starts_with("[=") { "" } else { " " });
            left.push_str(value);
        }
        rows.push((left, flag.help));
    }
    for (left, help) in [
        ("-q, --quiet", "no warnings"),
        ("-v, --verbose", "a line for each thing acted on"),
        ("-h, --help", "print this and exit"),
        ("-V, --version", "print the version and exit"),
    ] {
        rows.push((left.to_owned(), help));
    }
    let width = rows.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
    for (left, help) in rows {
        out.push_str(&format!("  {left:width$}  {help}\n"));
    }
    out
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
