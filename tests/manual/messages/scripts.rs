//! What the scripts say by themselves before they end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::found::Message;
use crate::support::root;

/// The messages of the scripts, each with the scripts that can say it.
pub fn messages() -> Vec<(BTreeSet<String>, Message)> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(root().join("scripts")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "rt" || name.starts_with("rt-") {
            texts.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    let mut found = Vec::new();
    for (name, text) in &texts {
        let mut users = BTreeSet::from([name.clone()]);
        if name.ends_with(".sh") {
            // The setup is sourced by all, and sources others.
            let sources = |(_, t): &(&String, &String)| t.contains(&**name);
            let all = texts.iter().filter(sources).map(|(n, _)| n.clone());
            users = all.filter(|n| n != name).collect();
            if users.iter().any(|n| n.ends_with(".sh")) {
                users = texts.keys().cloned().collect();
            }
        }
        for text in said(text) {
            let (file, hint) = (name.clone(), String::new());
            let message = Message { file, class: "script", text, hint };
            found.push((users.clone(), message));
        }
    }
    found
}

/// The words behind `usage`, behind `die` and a status, and behind a name.
fn said(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut before = ("", "");
    let mut at = 0;
    for word in text.split(['\t', ' ', '\n']) {
        let start = at;
        at += word.len() + 1;
        let told = before.1 == "usage"
            || before.0 == "die" && before.1.parse::<u8>().is_ok();
        if told && word.starts_with(['"', '\'']) {
            found.extend(literal(&text[start..]));
        }
        before = (before.1, word);
    }
    // What goes on is said by printf.
    let all = text.match_indices("\"rt: ").map(|(at, _)| at);
    // A quote that is itself quoted opens nothing: it is of a command shown.
    for at in all.filter(|at| !text[..*at].ends_with('\\')) {
        let said = literal(&text[at..]).unwrap_or_default();
        found.insert(said.trim_start_matches("rt: ").to_owned());
    }
    found
}

/// A word in quotes, with `...` for what is put into it.
fn literal(text: &str) -> Option<String> {
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
            rest = "";
            break;
        }
    }
    out.push_str(rest);
    out.contains(char::is_alphabetic).then_some(out)
}
