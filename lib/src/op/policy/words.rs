//! rt-policy --words: what an operand or a value can be, for the completions
//! of shells. What cannot be read adds no word, for nobody waits for a message
//! at that place.

use std::collections::BTreeSet;

use crate::archive::{Tree, tiers};
use crate::db::Access;
use crate::error::{Error, Result, quote};
use crate::settings::Settings;
use crate::settings::policy::Entry;

/// The words of a kind, a line each; none has a blank or a sign in it that a
/// shell would read.
pub(super) fn words(settings: &Settings, kind: &str) -> Result<String> {
    let mut words = BTreeSet::new();
    match kind {
        "tables" => tables(settings, &mut words),
        "targets" => {
            words.extend(["all", "daily", "weekly"].map(str::to_owned));
            tables(settings, &mut words);
            if let Ok(policy) = settings.load_policy() {
                let rules = policy.entries().iter().filter_map(|e| match e {
                    Entry::Rule(rule) => rule.group.clone(),
                    Entry::Exempt(_) | Entry::Whole(..) => None,
                });
                words.extend(rules);
            }
        }
        "days" => days(settings, &mut words),
        _ => {
            return Err(Error::usage(format!(
                "there are no words of the kind {}",
                quote(kind)
            ))
            .hint("tables, targets and days are there"));
        }
    }
    let plain = |word: &String| {
        let signs = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        !word.starts_with('-') && word.chars().all(signs)
    };
    Ok(words.into_iter().filter(plain).map(|word| word + "\n").collect())
}

fn tables(settings: &Settings, words: &mut BTreeSet<String>) {
    if let Ok(policy) = settings.load_policy() {
        words.extend(policy.entries().iter().map(|e| e.table().to_owned()));
    }
    let database = settings.open(Access::Read);
    if let Ok(names) = database.and_then(|database| database.table_names()) {
        words.extend(names);
    }
}

fn days(settings: &Settings, words: &mut BTreeSet<String>) {
    let tree = Tree::new(&settings.archives());
    if let Ok(days) = tiers::days(&tree) {
        words.extend(days.iter().map(ToString::to_string));
    }
}
