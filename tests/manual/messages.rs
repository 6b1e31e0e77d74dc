//! rt-messages(7): every message of the sources, and what to do about it.
//!
//! The page is made of the sources by this test, when INSTA_UPDATE=always is
//! set, and is held to them else: a message that nobody wrote down fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::root;

use super::sources;

/// What an exit status means for who reads a message, in the page's order.
const CLASSES: [(&str, &str, &str); 6] = [
    (
        "usage",
        "Status 2: a flag, a setting or the policy makes no sense",
        "Nothing was done.\nCorrect what the message names; \
         the command's page has the form.",
    ),
    (
        "failed",
        "Status 1: it failed",
        "What the run was to do is not done, and nothing is lost.\nMend the \
         cause, and run the same command again: the next run goes on.",
    ),
    (
        "busy",
        "Status 75: somebody else is at it",
        "Run the same command again later, or wait with\n.Fl -wait\nor\n\
         .Fl -busy-timeout .",
    ),
    (
        "partial",
        "Status 3: a part was done",
        "The output says which; the next run goes on.",
    ),
    (
        "data",
        "Status 4: bad data on standard input or in an archive",
        "Nothing was deleted on its strength.\nPut the file back from a \
         backup;\n.Xr rt-verify 1\nsays what else is damaged, and what can \
         be saved.",
    ),
    (
        "disagree",
        "Status 5: the archives are not what the ledger says",
        "The table is left alone until the cause is known.\n\
         .Ic rt-verify\nsays what differs, and\n.Ic rt-verify --repair\n\
         takes in what the ledger does not know.",
    ),
];

/// The string literal that begins here, behind blanks and `format!(`, as it
/// reads, with `...` for each value.
fn literal(text: &str) -> Option<String> {
    let mut text = text.trim_start();
    for start in ["&", "format!(", "format_args!("] {
        text = text.strip_prefix(start).unwrap_or(text).trim_start();
    }
    let mut chars = text.strip_prefix('"')?.chars().peekable();
    let mut out = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(out),
            '\\' => match chars.next()? {
                '\n' => {
                    while chars.next_if(|c| c.is_whitespace()).is_some() {}
                }
                'n' => out.push(' '),
                c => out.push(c),
            },
            '{' if chars.next_if_eq(&'{').is_some() => out.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => out.push('}'),
            '{' => {
                while chars.next()? != '}' {}
                out.push_str("...");
            }
            c => out.push(c),
        }
    }
}

/// Class, message and hint of each message of the library.
fn messages() -> BTreeMap<&'static str, BTreeMap<String, String>> {
    let mut found: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for path in sources() {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (class, ..) in CLASSES {
            for part in code.split(&format!("Error::{class}(")).skip(1) {
                let Some(message) = literal(part) else { continue };
                // The hint stands in the same statement.
                let end = part.find(";\n").unwrap_or(part.len());
                let hint = part[..end].split(".hint(").nth(1);
                let hint = hint.and_then(literal).unwrap_or_default();
                found.entry(class).or_default().insert(message, hint);
            }
        }
    }
    found
}

/// The actions behind "cannot ...: " of failed system calls.
fn actions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in sources() {
        let text = fs::read_to_string(path).unwrap();
        for part in text.split("Error::io(").skip(1) {
            let verb = literal(part).map(|v| format!("cannot {v} 'FILE'"));
            found.extend(verb);
        }
        for part in text.split("Error::stream(").skip(1) {
            found.extend(literal(part));
        }
    }
    found
}

/// What is said beside a run that goes on.
fn warnings() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in sources() {
        let text = fs::read_to_string(path).unwrap();
        for part in text.split(".warn(").skip(1) {
            found.extend(literal(part));
        }
    }
    found
}

/// What the scripts say by themselves before they end.
fn said_by_scripts() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root().join("scripts")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "rt" && !name.starts_with("rt-") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let words = text.split(['\t', ' ', '\n']);
        let mut before = ("", "");
        let mut at = 0;
        for word in words {
            let start = at;
            at += word.len() + 1;
            let told = before.1 == "usage"
                || before.0 == "die" && before.1.parse::<u8>().is_ok();
            if told && word.starts_with(['"', '\'']) {
                found.extend(shell_literal(&text[start..]));
            }
            before = (before.1, word);
        }
    }
    found
}

/// A word of a script in quotes, with `...` for what is put into it.
fn shell_literal(text: &str) -> Option<String> {
    let quote = text.chars().next()?;
    let end = text[1..].find(quote)? + 1;
    let mut out = String::new();
    let mut rest = &text[1..end];
    while let Some((plain, value)) = rest.split_once('$') {
        out.push_str(plain);
        out.push_str("...");
        let name = |c: char| !(c.is_alphanumeric() || "_{}-#*".contains(c));
        rest = &value[value.find(name).unwrap_or(value.len())..];
        // A command's output may hold anything.
        if value.starts_with('(') {
            return Some(out);
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Text as a line of mdoc.
fn line(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('"', "\\(dq");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

fn items(found: impl Iterator<Item = (String, String)>) -> String {
    let mut out = ".Bl -tag -width Ds\n".to_owned();
    for (message, hint) in found {
        // What consists of values alone is the message of another.
        if !message.contains(char::is_alphabetic) {
            continue;
        }
        out.push_str(&format!(".It \"{}\"\n", line(&message)));
        if !hint.is_empty() {
            out.push_str(&line(&hint).replace(". ", ".\n"));
            out.push('\n');
        }
    }
    out + ".El\n"
}

fn page() -> String {
    let mut out = "\
.Dd January 15, 2026
.Dt RT-MESSAGES 7
.Os
.Sh NAME
.Nm rt-messages
.Nd every message of the rt commands, and what to do
.Sh DESCRIPTION
A message stands here as it reads, with
.Sq ...
for a name, a number or a cause in it; in front of it the command prints its
own name.
Messages come by the exit status that they bring, of
.Xr rt 7 .
Below a message stands its hint, where it has one; what is said above a list
holds for all of it.
.Sh EXAMPLES
Look for a message that a job left:
.Bd -literal -offset indent
rt help messages
.Ed
.Sh DIAGNOSTICS
"
    .to_owned();
    let found = messages();
    for (class, title, advice) in CLASSES {
        out.push_str(&format!(".Ss {title}\n{advice}\n"));
        let messages = found.get(class).cloned().unwrap_or_default();
        out.push_str(&items(messages.into_iter()));
    }
    out.push_str(
        ".Ss Status 1: the system refused something\nThe cause stands behind \
         a colon: make room, give the right to read or write, or look at the \
         disk.\nNothing that was published is half written, and the next run \
         goes on.\n",
    );
    let plain = actions().into_iter().map(|a| (a, String::new()));
    out.push_str(&items(plain));
    out.push_str(
        ".Ss Of the scripts\nStatus 2 where they are about the command line \
         or the settings, else 1.\nNothing was done.\n",
    );
    let plain = said_by_scripts().into_iter().map(|a| (a, String::new()));
    out.push_str(&items(plain));
    out.push_str(
        ".Ss Warnings\nThey come behind\n.Dq warning: ,\nand the run goes \
         on; with\n.Fl q\nthey are not printed.\n",
    );
    let plain = warnings().into_iter().map(|a| (a, String::new()));
    out.push_str(&items(plain));
    out + ".Sh SEE ALSO\n.Xr rt 7\n"
}

#[test]
fn every_message_of_the_sources_is_written_down() {
    let path = root().join("man/rt-messages.7");
    let wanted = page();
    if std::env::var("INSTA_UPDATE").is_ok_and(|v| v == "always") {
        fs::write(&path, &wanted).unwrap();
    }
    let page = fs::read_to_string(path).unwrap();
    let listed: BTreeSet<&str> = page.lines().collect();
    let missing: Vec<&str> =
        wanted.lines().filter(|line| !listed.contains(line)).collect();
    assert!(
        missing.is_empty() && page == wanted,
        "rt-messages(7) lacks these, or has others; INSTA_UPDATE=always \
         writes it:\n{}",
        missing.join("\n")
    );
    assert!(listed.len() > 300, "only {} lines", listed.len());
}

#[test]
fn every_command_says_where_all_messages_are() {
    for entry in fs::read_dir(root().join("man")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "1") {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        let (_, rest) =
            page.split_once(".Sh DIAGNOSTICS\n").unwrap_or_default();
        let own = rest.split("\n.Sh ").next().unwrap();
        assert!(own.contains(".Xr rt-messages 7"), "{path:?}");
    }
}
