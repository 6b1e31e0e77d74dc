//! What can go wrong, as classes that a script can act on.
//!
//! One [`Error`] serves the whole library: its [`Exit`] class decides the
//! status of the process, its message names the thing, its hint the next step.
//! The numbers are the contract of rt(7) and are written down nowhere else in
//! the code.

use std::fmt;
use std::io;
use std::path::Path;

/// How a program ends. The discriminant is its exit status, see rt(7).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done.
    #[default]
    Done = 0,
    /// The run failed, and what it was to do is not done.
    Failed = 1,
    /// The command line, a setting or the policy makes no sense.
    Usage = 2,
    /// A part was done; the output says which.
    Partial = 3,
    /// Bad data on standard input or in an archive.
    Data = 4,
    /// The archives are not what the ledger says.
    Disagree = 5,
    /// A limit was passed (`--check`).
    Limit = 6,
    /// Another run has the lock, or the database stayed locked.
    Busy = 75,
    /// Stopped by SIGINT at the end of a batch.
    Interrupted = 130,
    /// The reader of our output went away.
    Closed = 141,
    /// Stopped by SIGTERM at the end of a batch.
    Terminated = 143,
}

impl Exit {
    /// The exit status.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// All classes, the graver of two behind the other: 5 before 4 before 3,
    /// any of them before the rest, and anything before "done".
    const BY_GRAVITY: [Exit; 11] = [
        Exit::Done,
        Exit::Limit,
        Exit::Closed,
        Exit::Interrupted,
        Exit::Terminated,
        Exit::Busy,
        Exit::Usage,
        Exit::Failed,
        Exit::Partial,
        Exit::Data,
        Exit::Disagree,
    ];

    /// The class with this status; an unknown one is a failure.
    pub fn from_code(code: u8) -> Exit {
        let mut all = Exit::BY_GRAVITY.into_iter();
        all.find(|exit| exit.code() == code).unwrap_or(Exit::Failed)
    }

    /// The graver of two.
    pub fn and(self, other: Exit) -> Exit {
        let mut all = Exit::BY_GRAVITY.into_iter().rev();
        all.find(|exit| [self, other].contains(exit)).unwrap_or(self)
    }
}

/// A failure: its class, what was being done to what, why, and what to do next.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the given class.
    pub fn new(exit: Exit, message: impl Into<String>) -> Error {
        Error { exit, message: message.into(), hint: None }
    }

    /// Status 1.
    pub fn failed(message: impl Into<String>) -> Error {
        Error::new(Exit::Failed, message)
    }

    /// Status 2: settings, or a command line that parsed but makes no sense.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(Exit::Usage, message)
    }

    /// Status 3: a part could not be done.
    pub fn partial(message: impl Into<String>) -> Error {
        Error::new(Exit::Partial, message)
    }

    /// Status 4.
    pub fn data(message: impl Into<String>) -> Error {
        Error::new(Exit::Data, message)
    }

    /// Status 5.
    pub fn disagree(message: impl Into<String>) -> Error {
        Error::new(Exit::Disagree, message)
    }

    /// Status 75.
    pub fn busy(message: impl Into<String>) -> Error {
        Error::new(Exit::Busy, message)
    }

    /// A failed system call on a path: `verb` reads "cannot VERB 'PATH'".
    /// A reader that went away becomes [`Exit::Closed`], without a message.
    pub fn io(verb: &str, path: impl AsRef<Path>, source: io::Error) -> Error {
        Error::stream(&format!("cannot {verb} {}", quoted(path)), source)
    }

    /// A failed read or write that has no path; `doing` reads as it stands. An
    /// error of this library in the source keeps its class.
    pub fn stream(doing: &str, source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::BrokenPipe {
            return Error::new(Exit::Closed, "");
        }
        let source = match source.downcast::<Error>() {
            Ok(error) if error.ends_run() => return error,
            Ok(error) => return error.during(doing),
            Err(source) => source,
        };
        let error = Error::failed(format!("{doing}: {}", reason(&source)));
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => error.hint(
                "make room, then run the same command again; \
                 nothing was lost and nothing half-written was published",
            ),
            io::ErrorKind::PermissionDenied => {
                error.hint("run it as the user who owns the files")
            }
            _ => error,
        }
    }

    /// Adds the next step for the operator, printed on a line of its own.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the next step, if there is one to name.
    pub fn maybe_hint(self, hint: Option<String>) -> Error {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Puts what was being done in front of the message.
    pub fn during(mut self, doing: impl fmt::Display) -> Error {
        if !self.message.is_empty() {
            self.message = format!("{doing}: {}", self.message);
        }
        self
    }

    /// The same error in another class.
    pub fn with_exit(mut self, exit: Exit) -> Error {
        self.exit = exit;
        self
    }

    /// The class.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether it is a signal that ends the whole run.
    pub fn ends_run(&self) -> bool {
        matches!(self.exit, Exit::Interrupted | Exit::Terminated)
    }

    /// The next step, if there is one to name.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The reason of an I/O error as messages give it: lower case, without the
/// "(os error N)" that Rust appends.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = match text.find(" (os error ") {
        Some(end) => &text[..end],
        None => &text,
    };
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A path in single quotes, with control characters escaped, for a message.
pub fn quoted(path: impl AsRef<Path>) -> String {
    quote(&path.as_ref().to_string_lossy())
}

/// A name in single quotes, with control characters escaped, for a message.
pub fn quote(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push('\'');
    for c in name.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('\'');
    out
}

/// No longer word is a slip of the keyboard: two are compared in memory that
/// grows with the product of their lengths.
const TYPED: usize = 200;

/// A hint that names the one of `words` which is nearest to one that is none of
/// them; none where nothing is near.
pub fn did_you_mean<'w>(
    word: &str,
    words: impl IntoIterator<Item = &'w str>,
) -> Option<String> {
    if word.len() > TYPED {
        return None;
    }
    let lower = word.to_lowercase();
    let most = (lower.chars().count() / 3).max(1);
    let far = |w: &str| strsim::damerau_levenshtein(&lower, &w.to_lowercase());
    let words = words.into_iter().filter(|w| w.len() <= 2 * TYPED);
    let words = words.map(|w| (far(w), w));
    let (_, near) =
        words.filter(|(far, _)| *far <= most).min_by_key(|(far, _)| *far)?;
    Some(format!("did you mean {}?", quote(near)))
}

/// A number of things for a message: `1 row`, `2 rows`. `noun` is the singular
/// of a word whose plural ends in s.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// The verb that agrees with a number of things.
pub fn are(n: u64) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// Where an operation says what an operator should know although it goes on.
/// The library never prints; `cli` turns these into lines on standard error.
pub trait Notes {
    /// Something that needs attention; shown unless `-q`.
    fn warn(&mut self, message: &str);
    /// One line a record acted on; shown with `-v`.
    fn verbose(&mut self, message: &str);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graver_class_wins_in_any_order() {
        use Exit::*;
        for (a, b, want) in [
            (Partial, Data, Data),
            (Data, Disagree, Disagree),
            (Done, Partial, Partial),
            (Done, Busy, Busy),
            (Failed, Partial, Partial),
        ] {
            assert_eq!(a.and(b), want);
            assert_eq!(b.and(a), want);
        }
    }

    #[test]
    fn reasons_read_as_the_rest_of_the_line() {
        let gone = io::Error::from_raw_os_error(2);
        assert_eq!(reason(&gone), "no such file or directory");
    }
}
