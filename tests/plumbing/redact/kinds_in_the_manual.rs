//! rt-secrets(7) and the table of kinds say the same.

use std::fs;

use rt::secrets::{VERSION, patterns};

use crate::support::root;

#[test]
fn the_page_lists_the_kinds_of_the_table_in_its_order() {
    let page = fs::read_to_string(root().join("man/rt-secrets.7")).unwrap();
    let section = |name: &str| -> Vec<String> {
        let start = page.find(&format!(".Sh {name}\n")).unwrap();
        let text = &page[start + 4..];
        let text = &text[..text.find("\n.Sh ").unwrap()];
        let kinds = text.lines().filter_map(|l| l.strip_prefix(".It Cm "));
        kinds.map(str::to_owned).collect()
    };
    let table = |guess: bool| -> Vec<String> {
        let now =
            |p: &&rt::secrets::Pattern| p.is_of(VERSION) && p.guess == guess;
        let mut kinds: Vec<String> =
            patterns().filter(now).map(|p| p.kind.to_owned()).collect();
        // A kind stands where its first pattern does.
        let mut seen = std::collections::HashSet::new();
        kinds.retain(|kind| seen.insert(kind.clone()));
        kinds
    };
    assert_eq!(section("KINDS WITH A SHAPE"), table(false));
    assert_eq!(section("GUESSES"), table(true));
    assert!(page.contains(&format!("version, which is {VERSION}.")));
}
