//! Three texts, one truth: what a command prints with `-h`, its manual page,
//! and the rows about it in rt(7) and README.md. From outside, so that the
//! programs and the scripts obey the same rule.

mod mdoc;
pub mod messages;
mod synopsis;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mdoc::Page;
use rt::error::Exit;

use crate::support::{Dir, lake, root};

const SECTIONS: [&str; 10] = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "ENVIRONMENT",
    "FILES",
    "EXIT STATUS",
    "EXAMPLES",
    "DIAGNOSTICS",
    "SEE ALSO",
    "CAVEATS",
];

/// The programs that Cargo.toml declares, and that of the lake, and the
/// scripts.
fn commands() -> BTreeSet<String> {
    lake();
    let manifests = ["Cargo.toml", "lib/lake/Cargo.toml"];
    let manifest: String = manifests
        .map(|name| fs::read_to_string(root().join(name)).unwrap())
        .concat();
    let mut names = BTreeSet::new();
    for part in manifest.split("[[").filter(|p| p.starts_with("bin]]")) {
        let name = part.lines().find_map(|l| l.strip_prefix("name = "));
        names.insert(name.unwrap().trim_matches('"').to_owned());
    }
    for entry in fs::read_dir(root().join("scripts")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let ours = name == "rt" || name.starts_with("rt-");
        if ours && !name.ends_with(".sh") {
            names.insert(name);
        }
    }
    names
}

/// What `-h` says: the line about it, the usage lines and the option rows.
struct Help {
    about: String,
    usage: Vec<String>,
    options: Vec<String>,
}

fn help(command: &str) -> Help {
    let dir = Dir::new();
    let out = dir.cmd(command).arg("-h").run();
    out.status(0).stderr("");
    let mut parts = out.stdout.split("\n\n");
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let about = part();
    let prefix = format!("{command}: ");
    out.expect("a line about it", about.starts_with(&prefix));
    let usage = part();
    out.expect("usage lines", usage.starts_with("usage: "));
    let options = part();
    Help {
        about: about[prefix.len()..].to_owned(),
        usage: usage
            .trim_start_matches("usage:")
            .lines()
            .map(|l| l.trim().to_owned())
            .collect(),
        options: options
            .lines()
            .filter_map(|l| l.trim().split("  ").next())
            .map(str::to_owned)
            .collect(),
    }
}

fn pages() -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(root().join("man")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        pages.insert(name, Page::parse(&fs::read_to_string(path).unwrap()));
    }
    pages
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_command_has_a_page_and_every_page_a_command() {
    let have: BTreeSet<String> = pages()
        .into_keys()
        .filter_map(|n| n.strip_suffix(".1").map(str::to_owned))
        .collect();
    assert_eq!(commands(), have, "commands, pages");
}

#[test]
fn help_and_page_state_the_same_options() {
    let pages = pages();
    let mut wrong = Vec::new();
    for command in commands() {
        let Some(page) = pages.get(&format!("{command}.1")) else { continue };
        let help = help(&command);
        for (what, help, page) in [
            ("about", &vec![help.about], &vec![page.about()]),
            ("options", &help.options, &page.options()),
        ] {
            if help != page {
                wrong.push(format!(
                    "{command}, {what}:\n  -h   {help:?}\n  page {page:?}"
                ));
            }
        }
    }
    none(&wrong);
}

/// The usage of `-h` has `[OPTION ...]` for what the rows below it name; the
/// SYNOPSIS names them, in each form those that have a meaning there.
#[test]
fn synopsis_names_every_flag_and_has_the_forms_of_the_usage() {
    let pages = pages();
    let mut wrong = Vec::new();
    for command in commands() {
        let Some(page) = pages.get(&format!("{command}.1")) else { continue };
        let help = help(&command);
        let forms = page.synopsis(&command);
        wrong.extend(synopsis::compare(&command, &forms, &help));
    }
    none(&wrong);
}

#[test]
fn overview_and_readme_list_every_command_with_its_line() {
    let listed: BTreeMap<String, String> = commands()
        .into_iter()
        .map(|name| (name.clone(), help(&name).about))
        .collect();
    let overview = pages().remove("rt.7").unwrap().commands();
    assert_eq!(listed, overview, "-h, rt.7");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let rows = readme
        .lines()
        .filter_map(|l| l.strip_prefix("| `rt"))
        .filter_map(|l| l.strip_suffix(" |")?.split_once("` | "))
        .map(|(name, about)| (format!("rt{name}"), about.to_owned()))
        .collect::<BTreeMap<_, _>>();
    assert_eq!(listed, rows, "-h, README.md");
}

#[test]
fn every_command_prints_one_version_and_refuses_an_unknown_flag() {
    let dir = Dir::new();
    let version = env!("CARGO_PKG_VERSION");
    for command in commands() {
        for flag in ["-V", "--version"] {
            let out = dir.cmd(&command).arg(flag).run();
            // Programs say behind it how their SQLite was built.
            let first = format!("{command} {version}");
            let rest = out.status(0).stdout.strip_prefix(&first).unwrap();
            if command == "rt" {
                let lines = rest.lines().skip(1).map(|l| l.split(' ').next());
                let named: BTreeSet<_> = lines.flatten().collect();
                let mut others = commands();
                others.remove("rt");
                out.expect("all", others.iter().eq(named));
                continue;
            }
            let own = root().join("scripts").join(&command).exists();
            out.expect("the version alone", (rest == "\n") == own);
            let sqlite = rest.starts_with(" (SQLite 3.");
            out.expect("SQLite", own || sqlite && rest.ends_with(")\n"));
        }
        let out = dir.cmd(&command).arg("--no-such-flag").run();
        out.status(2).stdout("").stderr_has("usage: ");
    }
}

#[test]
fn sections_stand_in_the_house_order() {
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        let mut last = None;
        for section in page.sections() {
            let place = SECTIONS.iter().position(|s| *s == section);
            // Sections 5 and 7 are free between DESCRIPTION and the rest.
            if place.is_none() && name.ends_with(".1") {
                wrong.push(format!("{name}: no section is called {section}"));
            }
            if place.is_some() && place < last {
                wrong.push(format!("{name}: {section} comes too late"));
            }
            last = place.or(last);
        }
        if !page.sections().contains(&"EXIT STATUS") && name.ends_with(".1") {
            wrong.push(format!("{name}: no EXIT STATUS"));
        }
    }
    none(&wrong);
}

#[test]
fn references_between_our_pages_resolve() {
    let pages = pages();
    let mut wrong = Vec::new();
    for (name, page) in &pages {
        for target in page.references() {
            if !pages.contains_key(&target) {
                wrong.push(format!("{name}: there is no {target}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn overview_lists_exactly_the_exit_codes_of_the_library() {
    let codes: BTreeSet<u8> =
        (0..=255).filter(|c| Exit::from_code(*c).code() == *c).collect();
    let listed = pages().remove("rt.7").unwrap().exit_codes();
    assert_eq!(codes, listed);
}
