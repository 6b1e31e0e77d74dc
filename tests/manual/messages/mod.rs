//! DIAGNOSTICS: every message of the sources stands on the page of the command
//! that says it, and what to do about it.
//!
//! What more than a few commands can say stands in rt-messages(7), which each
//! page names. The lists are made from the sources by this test, when
//! INSTA_UPDATE=always is set, and held to them else: a message that is written
//! down nowhere fails. What stands on a page by hand, above its list, is not
//! repeated there.

mod found;
mod mdoc_lists;
pub mod said;
mod scripts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::layers::files;
use crate::layers::imports::Sources;
use crate::support::root;

use found::Message;

/// What the kind of a message means for who reads it, in the order of a page.
const CLASSES: [(&str, &str, &str); 11] = [
    (
        "usage",
        "Status 2: a flag, a setting or the policy makes no sense",
        "Nothing was done.\nCorrect what the message names.",
    ),
    (
        "failed",
        "Status 1: it failed",
        "What the run was to do is not done, and nothing is lost.\nMend the \
         cause, and run the same command again: the next run goes on.",
    ),
    (
        "system",
        "Status 1: the system refused something",
        "The cause stands behind a colon: make room, give the right to read \
         or write, or\nlook at the disk.\nNothing that was published is half \
         written, and the next run goes on.",
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
    (
        "breach",
        "Status 6: a limit was passed",
        "What to do stands in the record of the breach.",
    ),
    (
        "warning",
        "Warnings",
        "They come behind\n.Dq warning: ,\nand the run goes on; with\n\
         .Fl q\nthey are not printed.",
    ),
    (
        "part",
        "In records, and in front of or behind a cause",
        "The status, and what stands beside it, say what it means.",
    ),
    (
        "script",
        "Of the script itself",
        "Status 2 where it is about the command line or the settings, else \
         1.\nNothing was done.",
    ),
];

/// What more commands than these can say stands in rt-messages(7).
const FEW: usize = 3;

/// Behind this stands what the test has made.
const MADE: &str =
    ".\\\" From the sources: INSTA_UPDATE=always writes what follows.\n";

type Pages = BTreeMap<String, BTreeSet<Message>>;

/// The messages of each page: of a command, or of rt-messages.
fn by_page() -> &'static Pages {
    static PAGES: OnceLock<Pages> = OnceLock::new();
    PAGES.get_or_init(read)
}

fn read() -> Pages {
    let top = root().join("lib/src");
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let library = files("lib/src", ".rs");
    let programs: Vec<(String, String)> = files("bins", ".rs")
        .iter()
        .map(|p| {
            (p.file_stem().unwrap().to_str().unwrap().to_owned(), text(p))
        })
        .collect();
    let programs = [programs, vec![("rt-lake".to_owned(), lake())]].concat();
    let sources = Sources::read(&top, &library);
    let mut users = sources.users(&programs);
    for (name, _) in &programs {
        users.insert(name.clone(), BTreeSet::from([name.clone()]));
    }
    let mut texts = programs;
    for path in library {
        let name = path.strip_prefix(&top).unwrap().to_str().unwrap();
        if !name.ends_with("tests.rs") {
            texts.push((name.to_owned(), text(&path)));
        }
    }
    let mut pages = Pages::new();
    for message in found::messages(&texts) {
        put(&mut pages, users.get(&message.file), message);
    }
    for (commands, message) in scripts::messages() {
        put(&mut pages, Some(&commands), message);
    }
    pages
}

/// The sources of the lake, which are one program's.
fn lake() -> String {
    let texts = files("lib/lake/src", ".rs").into_iter().map(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]").next().unwrap().to_owned()
    });
    texts.collect()
}

fn put(
    pages: &mut Pages,
    commands: Option<&BTreeSet<String>>,
    message: Message,
) {
    let few = commands.filter(|c| !c.is_empty() && c.len() <= FEW);
    let all = BTreeSet::from(["rt-messages".to_owned()]);
    for page in few.unwrap_or(&all) {
        pages.entry(page.clone()).or_default().insert(message.clone());
    }
}

/// The lists of messages, by class, without those that `by_hand` has.
fn lists(messages: &BTreeSet<Message>, by_hand: &[String]) -> String {
    let mut out = String::new();
    let mut done = BTreeSet::new();
    for (class, title, advice) in CLASSES {
        let mut rows: BTreeMap<&str, &str> = BTreeMap::new();
        for message in messages.iter().filter(|m| m.class == class) {
            let hint = rows.entry(&message.text).or_default();
            if hint.is_empty() {
                *hint = &message.hint;
            }
        }
        rows.retain(|text, _| {
            let new = done.insert(text.to_string());
            new && !by_hand.iter().any(|title| said::are_like(text, title))
        });
        if !rows.is_empty() {
            out.push_str(&format!(".Ss {title}\n{advice}\n"));
            out.push_str(&mdoc_lists::list(rows));
        }
    }
    out
}

/// A page with what the test makes of it.
fn made(page: &str, name: &str, messages: &BTreeSet<Message>) -> String {
    let (head, rest) = page.split_once(".Sh DIAGNOSTICS\n").unwrap();
    let end = match rest.starts_with(".Sh ") {
        true => 0,
        false => rest.find("\n.Sh ").map_or(rest.len(), |at| at + 1),
    };
    let (section, tail) = rest.split_at(end);
    let hand = section.split(MADE).next().unwrap();
    let lists = lists(messages, &mdoc_lists::titles(hand));
    let lists = lists.replace(&format!(".Xr {name} 1\n"), ".Nm\n");
    let about = match (name, lists.is_empty()) {
        ("rt-messages", _) => "",
        (_, true) => {
            "No message is of this command alone: those that many commands \
             have are in\n.Xr rt-messages 7 .\n"
        }
        (_, false) => {
            "What follows are the messages of this command; those that many \
             commands have\nare in\n.Xr rt-messages 7 .\nWhat is said above \
             a list holds for all of it, and below a message stands its\n\
             hint, where it has one.\n"
        }
    };
    let space = if hand.is_empty() || about.is_empty() { "" } else { ".Pp\n" };
    format!("{head}.Sh DIAGNOSTICS\n{hand}{MADE}{space}{about}{lists}{tail}")
}

/// The lines of standard error that are messages of ours and stand neither on
/// the page of the command that says them nor in rt-messages(7).
pub fn not_written_down(stderr: &str) -> Vec<String> {
    let pages = by_page();
    let known = |page: &str, text: &str| {
        let listed = pages.get(page).into_iter().flatten();
        let by_hand = by_hand().get(page).into_iter().flatten();
        listed.map(|m| &m.text).any(|m| said::is_like(m, text))
            || by_hand.into_iter().any(|title| said::are_like(text, title))
    };
    let messages = stderr.lines().filter_map(|line| {
        let (name, text) = line.split_once(": ")?;
        let ours = name == "rt" || pages.contains_key(name);
        let text = text.strip_prefix("warning: ").unwrap_or(text);
        // A script may hand on what a program said, as its own.
        let is_script = root().join("scripts").join(name).exists();
        let told = known(name, text)
            || known("rt-messages", text)
            || is_script && pages.keys().any(|page| known(page, text));
        (ours && !told).then(|| line.to_owned())
    });
    messages.collect()
}

/// What stands in DIAGNOSTICS by hand, by page.
fn by_hand() -> &'static BTreeMap<String, Vec<String>> {
    static TITLES: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    TITLES.get_or_init(|| {
        let pages = files("man", ".1").into_iter();
        let titles = pages.map(|path| {
            let page = fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (_, rest) = page.split_once(".Sh DIAGNOSTICS\n").unwrap();
            let hand = rest.split(MADE).next().unwrap();
            (name.to_owned(), mdoc_lists::titles(hand))
        });
        titles.collect()
    })
}

#[test]
fn every_message_of_the_sources_is_written_down() {
    let update = std::env::var("INSTA_UPDATE").is_ok_and(|v| v == "always");
    let (pages, mut wrong) = (by_page(), Vec::new());
    let mut all = 0;
    for path in files("man", "") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let page = fs::read_to_string(&path).unwrap();
        if path.extension().is_none_or(|e| e != "1") && name != "rt-messages" {
            continue;
        }
        let messages = pages.get(name).cloned().unwrap_or_default();
        all += messages.len();
        let wanted = made(&page, name, &messages);
        if update {
            fs::write(&path, &wanted).unwrap();
        } else if page != wanted {
            let has: BTreeSet<&str> = page.lines().collect();
            let lacks = wanted.lines().filter(|line| !has.contains(line));
            let lacks: Vec<&str> = lacks.collect();
            wrong.push(format!("{name} lacks:\n{}", lacks.join("\n")));
        }
    }
    assert!(all > 600, "only {all} messages were found");
    assert!(
        wrong.is_empty(),
        "INSTA_UPDATE=always writes these, or takes away what is no \
         message:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_page_has_one_list_of_messages() {
    for path in files("man", "") {
        let lists = fs::read_to_string(&path).unwrap().matches(MADE).count();
        assert!(lists <= 1, "{} has {lists}", path.display());
    }
}

/// What stands on a page by hand is still somewhere in the sources.
#[test]
fn what_stands_in_diagnostics_by_hand_is_said() {
    let mut known = Vec::new();
    let folders = ["lib/src", "lib/lake/src", "bins"];
    for path in folders.map(|folder| files(folder, ".rs")).concat() {
        let text = fs::read_to_string(path).unwrap();
        let texts = text.match_indices('"');
        known.extend(texts.filter_map(|(at, _)| found::literal(&text[at..])));
    }
    let mut known: Vec<String> = known.into_iter().map(|(t, _)| t).collect();
    known.retain(|text| text.contains(' '));
    for path in files("scripts", "") {
        known.push(fs::read_to_string(path).unwrap());
    }
    let mut wrong = Vec::new();
    for (name, titles) in by_hand() {
        for title in titles {
            if !known.iter().any(|text| said::are_like(text, title)) {
                wrong.push(format!("{name}: {title}"));
            }
        }
    }
    assert!(wrong.is_empty(), "nothing says these:\n{wrong:#?}");
}
