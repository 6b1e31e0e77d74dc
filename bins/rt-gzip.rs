//! rt-gzip: compresses standard input into gzip members, in parallel, and
//! reads any gzip; with -o it publishes a whole and durable file.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use rt::cli::{self, Args, Command, letter, switch, value};
use rt::error::{Exit, Notes, Result};
use rt::io::unbuffered;
use rt::op::gzip::{self, Options, Task};

#[derive(Clone, Copy)]
enum F {
    Level(u8),
    Threads,
    Decompress,
    Test,
    Output,
    OneMember,
    Force,
}

static CMD: Command<F> = Command {
    name: "rt-gzip",
    about: "compress to gzip in parallel, or read it back",
    usage: &[
        "[-1..-9] [-p N] [--one-member] [-f] [-o FILE]",
        "[-1..-9] [-p N] [--one-member] [-f] -o FILE -- CMD [ARG ...]",
        "-d [-p N] [-f] [-o FILE]",
        "-t [-p N] [-f]",
    ],
    flags: &[
        letter(F::Level(1), '1', "fastest"),
        letter(F::Level(2), '2', "between -1 and -3"),
        letter(F::Level(3), '3', "between -2 and -4"),
        letter(F::Level(4), '4', "between -3 and -5"),
        letter(F::Level(5), '5', "between -4 and -6"),
        letter(F::Level(6), '6', "the default"),
        letter(F::Level(7), '7', "between -6 and -8"),
        letter(F::Level(8), '8', "between -7 and -9"),
        letter(F::Level(9), '9', "smallest"),
        value(F::Threads, "threads", "N", "use N threads [one a core]")
            .short('p'),
        switch(F::Decompress, "decompress", "gzip in, text out").short('d'),
        switch(F::Test, "test", "read gzip, write nothing").short('t'),
        value(F::Output, "output", "FILE", "publish FILE, print a receipt")
            .short('o'),
        switch(
            F::OneMember,
            "one-member",
            "for readers that stop at the first",
        ),
        switch(F::Force, "force", "replace a file, use a terminal").short('f'),
    ],
};

fn main() -> ExitCode {
    cli::main(&CMD, run)
}

fn run(args: Args<F>, notes: &mut dyn Notes) -> Result<Exit> {
    let mut options = Options { command: args.operands, ..Options::default() };
    for (flag, value) in args.flags {
        match flag {
            F::Level(level) => options.level = Some(level),
            F::Threads => {
                options.threads = Some(cli::count("threads", &value)?)
            }
            F::Decompress if options.task == Task::Test => {}
            F::Decompress => options.task = Task::Decompress,
            F::Test => options.task = Task::Test,
            F::Output => options.output = Some(value.into()),
            F::OneMember => options.one_member = true,
            F::Force => options.force = true,
        }
    }
    options.terminal = match options.task {
        Task::Compress => io::stdout().is_terminal(),
        Task::Decompress | Task::Test => io::stdin().is_terminal(),
    };
    let input = unbuffered(io::stdin())?;
    let mut output = unbuffered(io::stdout())?;
    gzip::run(&options, input, &mut output, notes)
}
