//! Lists of messages in mdoc(7), written and read.

use std::collections::BTreeMap;

/// Text as a line of mdoc.
fn line(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('"', "\\(dq");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

/// Messages, each with its hint, if it has one.
pub fn list(rows: BTreeMap<&str, &str>) -> String {
    let mut out = ".Bl -tag -width Ds\n".to_owned();
    for (message, hint) in rows {
        out.push_str(&format!(".It \"{}\"\n", line(message)));
        if !hint.is_empty() {
            let hint = line(hint).replace(". ", ".\n");
            out.push_str(&hint.replace("\n.", "\n\\&."));
            out.push('\n');
        }
    }
    out + ".El\n"
}

/// The heads of the items of lists, as they read.
pub fn titles(section: &str) -> Vec<String> {
    let whole = section.replace("\\\n", "");
    whole
        .lines()
        .filter_map(|line| line.strip_prefix(".It "))
        .map(|text| {
            let text = text.trim_matches('"').replace("\\&", "");
            text.replace("\\(dq", "\"").replace("\\e", "\\")
        })
        .collect()
}
