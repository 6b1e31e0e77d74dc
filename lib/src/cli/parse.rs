//! A command line, read by the table of flags.

use std::ffi::OsString;

use super::table::{Command, Flag, Id, Shared};
use crate::error::{Error, Result, did_you_mean};
use crate::settings::Settings;

/// What was on the command line.
#[derive(Debug)]
pub struct Args<F> {
    /// What the flags that many programs have ask for.
    pub settings: Settings,
    /// The program's own flags, in order, with their values (empty for
    /// switches).
    pub flags: Vec<(F, OsString)>,
    /// The operands.
    pub operands: Vec<OsString>,
    /// `-q`: no warnings.
    pub quiet: bool,
    /// `-v`: a line a record acted on.
    pub verbose: bool,
}

/// What a command line asks for.
pub(super) enum Parsed<F> {
    /// The program, and the shared flags with their values.
    Run(Box<Args<F>>, Vec<(Shared, OsString)>),
    /// `-h`.
    Help,
    /// `-V`.
    Version,
}

/// Reads a command line by the table of flags.
pub(super) fn parse<F: Copy>(
    command: &Command<F>,
    args: impl IntoIterator<Item = OsString>,
) -> Result<Parsed<F>> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut shared = Vec::new();
    let mut out = Args {
        settings: Settings::default(),
        flags: Vec::new(),
        operands: Vec::new(),
        quiet: false,
        verbose: false,
    };
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
                let value = value(&mut parser, row)?;
                match row.id {
                    Id::Own(id) => out.flags.push((id, value)),
                    Id::Shared(id) => shared.push((id, value)),
                }
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
            (None, _) => {
                let near = near(command, &arg);
                return Err(wrong(arg.unexpected()).maybe_hint(near));
            }
        }
    }
    Ok(Parsed::Run(Box::new(out), shared))
}

/// The value of the flag in this row, which comes next.
fn value<F>(parser: &mut lexopt::Parser, row: &Flag<F>) -> Result<OsString> {
    match row.value {
        Some(name) if name.starts_with("[=") => {
            let value = parser.optional_value();
            if value.as_ref().is_some_and(|v| v.is_empty()) {
                return Err(Error::usage(format!(
                    "--{} has an empty value",
                    row.long
                )));
            }
            Ok(value.unwrap_or_default())
        }
        Some(_) => parser.value().map_err(wrong),
        None => Ok(OsString::new()),
    }
}

/// The flag that was meant, if one is near.
fn near<F>(command: &Command<F>, arg: &lexopt::Arg<'_>) -> Option<String> {
    let lexopt::Arg::Long(name) = arg else { return None };
    let flags = command.flags.iter().map(|f| f.long);
    let all = flags.chain(["help", "version", "quiet", "verbose"]);
    let flags: Vec<String> = all.map(|flag| format!("--{flag}")).collect();
    did_you_mean(&format!("--{name}"), flags.iter().map(String::as_str))
}

fn wrong(error: lexopt::Error) -> Error {
    Error::usage(error.to_string())
}
