//! As much of mdoc(7) as the comparison needs: sections, the synopsis, and
//! the items of option lists, rendered as `-h` writes them.

use std::collections::{BTreeMap, BTreeSet};

/// A manual page, as its lines by section.
pub struct Page {
    sections: Vec<(String, Vec<String>)>,
}

impl Page {
    /// Reads the source of a page.
    pub fn parse(source: &str) -> Page {
        let mut sections = vec![(String::new(), Vec::new())];
        for line in source.lines() {
            if let Some(name) = line.strip_prefix(".Sh ") {
                sections.push((name.to_owned(), Vec::new()));
            } else if let Some((_, lines)) = sections.last_mut() {
                lines.push(line.to_owned());
            }
        }
        sections.remove(0);
        Page { sections }
    }

    fn lines(&self, section: &str) -> impl Iterator<Item = &str> {
        self.sections
            .iter()
            .filter(move |(name, _)| name == section)
            .flat_map(|(_, lines)| lines.iter().map(String::as_str))
    }

    /// The names of the sections, in order.
    pub fn sections(&self) -> Vec<&str> {
        self.sections.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The `.Nd` line.
    pub fn about(&self) -> String {
        self.lines("NAME")
            .find_map(|l| l.strip_prefix(".Nd "))
            .unwrap_or_default()
            .to_owned()
    }

    /// The usage lines, each with the command's name.
    pub fn synopsis(&self, command: &str) -> Vec<String> {
        let mut usages: Vec<Vec<&str>> = Vec::new();
        for line in self.lines("SYNOPSIS") {
            let line = line.strip_prefix('.').unwrap_or(line);
            if matches!(line, "Bk -words" | "Ek") {
                continue;
            }
            if line == "Nm" || line.starts_with("Nm ") {
                usages.push(Vec::new());
            } else if let Some(usage) = usages.last_mut() {
                usage.push(line);
            }
        }
        usages
            .iter()
            .map(|lines| {
                let rest = inline(&lines.join("\n"));
                format!("{command} {rest}").trim().to_owned()
            })
            .collect()
    }

    /// The option rows in order: `-n, --dry-run`, `--db FILE`.
    pub fn options(&self) -> Vec<String> {
        self.lines("DESCRIPTION")
            .filter_map(|l| l.strip_prefix(".It "))
            .filter(|l| l.starts_with("Fl "))
            .map(inline)
            .collect()
    }

    /// The list of commands of rt(7): name, and the line below it.
    pub fn commands(&self) -> BTreeMap<String, String> {
        let mut rows = BTreeMap::new();
        let mut item = None;
        for (_, lines) in &self.sections {
            for line in lines {
                if let Some(name) = item.take() {
                    rows.insert(name, line.clone());
                }
                item = line
                    .strip_prefix(".It Xr ")
                    .and_then(|l| l.strip_suffix(" 1"))
                    .map(str::to_owned);
            }
        }
        rows
    }

    /// The pages of ours that this one names, as `NAME.SECTION`.
    pub fn references(&self) -> Vec<String> {
        let lines = self.sections.iter().flat_map(|(_, lines)| lines);
        lines
            .filter(|l| l.starts_with('.'))
            .filter_map(|l| l.split_once("Xr rt"))
            .filter_map(|(_, rest)| {
                let mut words = rest.split(' ');
                let name = words.next()?;
                Some(format!("rt{name}.{}", words.next()?))
            })
            .collect()
    }

    /// The numbers that head the items of EXIT STATUS.
    pub fn exit_codes(&self) -> BTreeSet<u8> {
        self.lines("EXIT STATUS")
            .filter_map(|l| l.strip_prefix(".It "))
            .flat_map(|l| l.split([' ', ',']))
            .filter_map(|word| word.parse().ok())
            .collect()
    }
}

/// Renders macros as text. Only what synopses and option items need.
fn inline(source: &str) -> String {
    let mut out = String::new();
    for line in source.lines() {
        let mut close = 0;
        let mut dash = false;
        for word in line.trim_start_matches('.').split_whitespace() {
            match word {
                "Op" | "Oo" => {
                    put(&mut out, "[");
                    close += usize::from(word == "Op");
                    dash = false;
                }
                "Oc" => {
                    put(&mut out, "]");
                    dash = false;
                }
                "Fl" => dash = true,
                "Ar" | "Cm" | "Ic" | "No" | "Li" | "Xo" | "Xc" => dash = false,
                "Ns" => {
                    out.push('\u{0}');
                    dash = false;
                }
                "," | "|" | "..." => put(&mut out, word),
                _ if dash => put(&mut out, &format!("-{word}")),
                _ => put(&mut out, word),
            }
        }
        for _ in 0..close {
            put(&mut out, "]");
        }
    }
    out.replace("\\&", "").replace('\u{0}', "")
}

/// Appends a word, with the space before it that it needs.
fn put(out: &mut String, word: &str) {
    let tight = out.is_empty()
        || out.ends_with(['[', '\u{0}'])
        || word == "]"
        || word == ",";
    if !tight {
        out.push(' ');
    }
    out.push_str(word);
}
