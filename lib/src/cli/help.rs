//! The usage lines, and what `-h` prints.

use super::table::Command;

/// The usage lines.
pub(super) fn usage<F>(command: &Command<F>) -> String {
    let mut out = String::new();
    for (i, line) in command.usage.iter().enumerate() {
        let lead = if i == 0 { "usage:" } else { "      " };
        out.push_str(&format!("{lead} {} {line}\n", command.name));
    }
    out
}

/// What `-h` prints.
pub(super) fn help<F>(command: &Command<F>) -> String {
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
