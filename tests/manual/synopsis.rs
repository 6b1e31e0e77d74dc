//! SYNOPSIS against `-h`: the same forms, and just the flags of the rows.

use std::collections::{BTreeMap, BTreeSet};

use super::Help;

/// A form of a command line: the flags that it names, each with its value as
/// it is written, and what is left without those that may be left out.
struct Form {
    flags: BTreeMap<String, String>,
    skeleton: String,
}

/// What differs between the forms of a page's SYNOPSIS and `-h`.
pub fn compare(command: &str, forms: &[String], help: &Help) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows: BTreeMap<&str, String> = help
        .options
        .iter()
        .flat_map(|row| {
            let (names, value) = names(row);
            names.into_iter().map(move |name| (name, value.clone()))
        })
        .collect();
    let read = |forms: &[String]| -> Vec<Form> {
        forms.iter().map(|text| form(text, &rows)).collect()
    };
    let (page, usage) = (read(forms), read(&help.usage));
    let skeletons = |forms: &[Form]| -> Vec<String> {
        forms.iter().map(|f| f.skeleton.clone()).collect()
    };
    if skeletons(&page) != skeletons(&usage) {
        wrong.push(format!(
            "{command}: the forms of -h and of SYNOPSIS differ:\n  {:?}\n  {:?}",
            skeletons(&usage),
            skeletons(&page)
        ));
    }
    for (usage, page) in usage.iter().zip(&page) {
        for (flag, value) in &usage.flags {
            if page.flags.get(flag) != Some(value) {
                wrong.push(format!(
                    "{command}: a form of SYNOPSIS lacks {flag}{value}"
                ));
            }
        }
    }
    let mut seen = BTreeSet::new();
    for row in &help.options {
        let (names, value) = names(row);
        let stands = page.iter().any(|form| {
            names.iter().any(|n| form.flags.get(*n) == Some(&value))
        });
        if !stands {
            wrong.push(format!("{command}: SYNOPSIS lacks {row}"));
        }
    }
    for form in page {
        seen.extend(form.flags.into_keys());
    }
    for more in seen.iter().filter(|flag| !rows.contains_key(&***flag)) {
        wrong.push(format!("{command}: SYNOPSIS has {more}, -h has not"));
    }
    wrong
}

/// `-p, --threads N` and `--secrets[=all]` as names, and the value behind.
fn names(row: &str) -> (Vec<&str>, String) {
    let mut names = Vec::new();
    let mut rest = row;
    loop {
        let end = rest.find([' ', ',', '[', '=']).unwrap_or(rest.len());
        names.push(&rest[..end]);
        match rest[end..].strip_prefix(", ") {
            Some(more) => rest = more,
            None => return (names, rest[end..].to_owned()),
        }
    }
}

/// Reads a form. Groups in brackets that begin with a flag are taken out; what
/// follows a bare `--` is no flag.
fn form(text: &str, rows: &BTreeMap<&str, String>) -> Form {
    let mut form = Form { flags: BTreeMap::new(), skeleton: String::new() };
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' if depth == 0 => {
                form.skeleton.push_str(&text[start..at]);
                (depth, start) = (1, at);
            }
            '[' => depth += 1,
            ']' if depth == 1 => {
                let group = &text[start..=at];
                if !form.take(&group[1..group.len() - 1]) {
                    form.skeleton.push_str(group);
                }
                (depth, start) = (0, at + 1);
            }
            ']' => depth -= 1,
            _ => {}
        }
    }
    form.skeleton.push_str(&text[start..]);
    let words: Vec<String> =
        form.skeleton.split_whitespace().map(str::to_owned).collect();
    for (i, word) in words.iter().enumerate() {
        if word == "--" || word == "[--" {
            break;
        }
        if word.starts_with('-') {
            // Behind a switch stands an operand.
            let next = words.get(i + 1).map(|v| format!(" {v}"));
            let value = next.filter(|v| rows.get(&**word) == Some(v));
            form.flags.insert(word.clone(), value.unwrap_or_default());
        }
    }
    // `ARG...` and `ARG ...` read the same.
    form.skeleton = words.join(" ").replace(" ...", "...");
    form
}

impl Form {
    /// Takes what stands in brackets, where it is a flag, several letters, a
    /// range of them, or `OPTION ...`.
    fn take(&mut self, group: &str) -> bool {
        if group == "OPTION ..." {
            return true;
        }
        if !group.starts_with('-') || group.starts_with("-- ") || group == "--"
        {
            return false;
        }
        if let Some((first, last)) = group.split_once("..-") {
            let number = |text: &str| text.parse::<u8>().unwrap();
            for n in number(&first[1..])..=number(last) {
                self.flags.insert(format!("-{n}"), String::new());
            }
            return true;
        }
        if !group.starts_with("--") && !group.contains(' ') {
            for letter in group[1..].chars() {
                self.flags.insert(format!("-{letter}"), String::new());
            }
            return true;
        }
        let (names, value) = names(group);
        self.flags.insert(names[0].to_owned(), value);
        true
    }
}

#[test]
fn forms_are_read() {
    let text = "rt-x [-hn] [-1..-3] [-p N] [--db FILE] [--secret[=all]] \
                [OPTION ...] --over SIZE TABLE ... [--] [-- CMD [ARG ...]]";
    let rows = BTreeMap::from([("--over", " SIZE".to_owned())]);
    let form = form(text, &rows);
    let flags: Vec<(&str, &str)> =
        form.flags.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(
        flags,
        [
            ("--db", " FILE"),
            ("--over", " SIZE"),
            ("--secret", "[=all]"),
            ("-1", ""),
            ("-2", ""),
            ("-3", ""),
            ("-h", ""),
            ("-n", ""),
            ("-p", " N"),
        ]
    );
    assert_eq!(
        form.skeleton,
        "rt-x --over SIZE TABLE... [--] [-- CMD [ARG...]]"
    );
}
