//! The table of a program's flags.

/// One row of a flag table. `F` is the program's own enum of flags, so that a
/// row nobody handles, and a flag without a row, do not compile.
#[derive(Clone, Copy, Debug)]
pub struct Flag<F> {
    /// Which flag.
    pub id: Id<F>,
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

/// Which flag a row is about.
#[derive(Clone, Copy, Debug)]
pub enum Id<F> {
    /// One of the program's own.
    Own(F),
    /// One that many programs have, and that goes into their settings.
    Shared(Shared),
}

/// The flags that go into the settings.
#[derive(Clone, Copy, Debug)]
pub enum Shared {
    /// `--db`.
    Db,
    /// `--archives`.
    Archives,
    /// `--database`.
    Database,
    /// `--policy`.
    Policy,
    /// `--now`.
    Now,
    /// `--busy-timeout`.
    BusyTimeout,
    /// `--dry-run`.
    DryRun,
}

/// A row for a flag with a value; behind `=` alone, as `[=VALUE]`, if it can be
/// left out.
pub const fn value<F: Copy>(
    id: F,
    long: &'static str,
    value: &'static str,
    help: &'static str,
) -> Flag<F> {
    Flag { id: Id::Own(id), short: None, long, value: Some(value), help }
}

/// A row for a switch.
pub const fn switch<F: Copy>(
    id: F,
    long: &'static str,
    help: &'static str,
) -> Flag<F> {
    Flag { id: Id::Own(id), short: None, long, value: None, help }
}

/// A row for a switch of one letter only, such as `-6`.
pub const fn letter<F: Copy>(
    id: F,
    short: char,
    help: &'static str,
) -> Flag<F> {
    Flag { id: Id::Own(id), short: Some(short), long: "", value: None, help }
}

impl<F: Copy> Flag<F> {
    /// This row, with a letter.
    pub const fn short(mut self, letter: char) -> Flag<F> {
        self.short = Some(letter);
        self
    }
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
