//! The retention policy: which column of a table is its time, and how long its
//! rows stay hot, warm and cold. The format is rt-policy(5).
//!
//! A policy is read whole and checked whole. Whatever is unknown, repeated,
//! missing or without sense is an error that names file and line; nothing is
//! assumed, but for what the page says may be left out. What comes out of it
//! is a pure function of the policy and the run's now. Column names are held
//! against a table's schema where the schema is at hand.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, did_you_mean, quote, quoted};
use crate::signal;
use crate::time::Age;

mod days;
mod line;
mod rule;

pub use days::{ByTable, Days};
use rule::WORDS;
pub use rule::{Entry, Every, Period, Rule, cold_cutoff, cutoff, end_cutoff};

/// How long whole files stay where the policy does not say.
const WHOLE_HOURS: i64 = 365 * 24;

/// What holds when no policy is named.
const BUILT_IN: &str = r#"
{"table":"transcript_entries","group":"transcripts","every":"day","timestamp":"timestamp","hot":"7d","warm":"30d","cold":"365d"}
{"table":"tool_uses","group":"transcripts","every":"day","timestamp":"start_time","hot":"7d","warm":"30d","cold":"365d"}
{"table":"skill_traces","group":"transcripts","every":"day","timestamp":"start_time","hot":"7d","warm":"30d","cold":"365d"}
{"table":"assertion_results","group":"assertions","every":"week","timestamp":"timestamp","hot":"30d","warm":"90d","cold":"730d"}
{"table":"assertion_chains","group":"assertions","every":"week","timestamp":"created_at","hot":"30d","warm":"90d","cold":"730d"}
{"table":"message_bus_log","group":"messages","every":"day","timestamp":"timestamp","hot":"7d","warm":"30d","cold":"90d"}
{"table":"task_list_execution_runs","exempt":true}
"#;

/// A policy that was read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    entries: Vec<Entry>,
    /// The line of each entry, from 1.
    lines: Vec<usize>,
}

/// The policy's file: the value of `--policy` if given, else of `RT_POLICY`,
/// else none, which stands for the built-in policy.
pub fn path(flag: Option<&OsStr>) -> Option<PathBuf> {
    match flag {
        Some(value) => Some(PathBuf::from(value)),
        None => std::env::var_os("RT_POLICY")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from),
    }
}

/// The policy as messages name it: by its file, or as the built-in one.
pub fn name(path: Option<&Path>) -> String {
    path.map_or_else(|| "the built-in policy".to_owned(), quoted)
}

impl Policy {
    /// Reads and checks the policy in a file, or the built-in one.
    pub fn load(path: Option<&Path>) -> Result<Policy> {
        let source = name(path);
        let Some(path) = path else {
            return Policy::parse(&source, BUILT_IN.as_bytes());
        };
        let bytes = signal::read_file(path, |e| {
            Error::io("read the policy", path, e)
                .with_exit(crate::error::Exit::Usage)
        })?;
        Policy::parse(&source, &bytes)
    }

    /// Checks a policy; `source` names it in messages.
    fn parse(source: &str, bytes: &[u8]) -> Result<Policy> {
        let (mut entries, mut at_lines) = (Vec::new(), Vec::new());
        let mut lines = HashMap::new();
        for (i, bytes) in bytes.split(|&c| c == b'\n').enumerate() {
            let n = i + 1;
            let at = |e: Error| e.during(format_args!("{source}, line {n}"));
            let Some(entry) = line::parse(bytes).map_err(at)? else {
                continue;
            };
            let key = entry.table().to_ascii_lowercase();
            if let Some(first) = lines.insert(key, n) {
                return Err(at(Error::usage(format!(
                    "the table {} is on line {first} already",
                    quote(entry.table())
                ))));
            }
            entries.push(entry);
            at_lines.push(n);
        }
        let policy = Policy { entries, lines: at_lines };
        policy.check().map_err(|e| e.during(source))?;
        Ok(policy)
    }

    /// What no line shows by itself.
    fn check(&self) -> Result<()> {
        if self.entries.is_empty() {
            return Err(Error::usage("the policy names no table"));
        }
        for group in self.groups() {
            let members = self.rules().filter(|r| in_group(r, group));
            let twin = self.get(group);
            if twin.is_some_and(|entry| {
                members.clone().count() > 1
                    || members.clone().any(|r| !entry.is(&r.table))
            }) {
                return Err(Error::usage(format!(
                    "{} names both a group and a table outside of it, or one \
                     of several in it",
                    quote(group)
                ))
                .hint("give the group another name"));
            }
        }
        Ok(())
    }

    /// What the policy says of a table to the jobs, which leave a table alone
    /// that only rt-scaletrace takes; ASCII case does not count.
    pub fn get(&self, table: &str) -> Option<&Entry> {
        let found = self.entries.iter().find(|entry| entry.is(table));
        found.filter(|entry| !matches!(entry, Entry::Whole(..)))
    }

    /// The line about the table, whatever it says.
    pub fn entry(&self, table: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is(table))
    }

    /// Whether a line is about the table, if only for its whole files.
    pub fn names(&self, table: &str) -> bool {
        self.entries.iter().any(|entry| entry.is(table))
    }

    /// The line that is about the table, from 1.
    pub fn line_of(&self, table: &str) -> Option<usize> {
        let at = self.entries.iter().position(|entry| entry.is(table))?;
        self.lines.get(at).copied()
    }

    /// How long a table's whole files stay, from the run on that wrote them:
    /// 365 days where no line says it. Those of an exempt table stay.
    pub fn whole(&self, table: &str) -> Period {
        let said = match self.entries.iter().find(|entry| entry.is(table)) {
            Some(Entry::Exempt(_)) => Some(&Period::Forever),
            Some(Entry::Whole(_, period)) => Some(period),
            Some(Entry::Rule(rule)) => rule.whole.as_ref(),
            None => None,
        };
        let usual = || Period::Age(Age::of_hours(WHOLE_HOURS));
        said.cloned().unwrap_or_else(usual)
    }

    /// Every table, in the policy's order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The tables that `all`, `daily`, `weekly`, a group or a table's name
    /// stand for, in the policy's order. Exempt ones are left out, but a name
    /// stands for itself. Any other word is a usage error.
    pub fn targets(&self, target: &str) -> Result<Vec<&str>> {
        let group = self.groups().contains(&target);
        if let Some(entry) = self.get(target)
            && !group
            && !WORDS.contains(&target)
        {
            return Ok(vec![entry.table()]);
        }
        let wanted = |rule: &&Rule| match target {
            "all" => true,
            "daily" => rule.every == Every::Day,
            "weekly" => rule.every == Every::Week,
            _ => in_group(rule, target),
        };
        if !group && !WORDS.contains(&target) {
            return Err(self.unknown(target));
        }
        Ok(self.rules().filter(wanted).map(|r| r.table.as_str()).collect())
    }

    fn unknown(&self, target: &str) -> Error {
        if self.names(target) {
            let table = quote(target);
            return Error::usage(format!(
                "by the policy only rt-scaletrace archives {table}"
            ))
            .hint("its line needs timestamp, hot, warm and cold for a job");
        }
        let tables = self.entries.iter().map(Entry::table);
        let words: Vec<&str> =
            WORDS.into_iter().chain(self.groups()).chain(tables).collect();
        Error::usage(format!(
            "{} is neither a group nor a table of the policy",
            quote(target)
        ))
        .hint(match did_you_mean(target, words.iter().copied()) {
            Some(near) => format!("it knows {}; {near}", words.join(", ")),
            None => format!("it knows {}", words.join(", ")),
        })
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> + Clone {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Rule(rule) => Some(&**rule),
            Entry::Exempt(_) | Entry::Whole(..) => None,
        })
    }

    /// The groups, each once, in the policy's order.
    fn groups(&self) -> Vec<&str> {
        let mut groups = Vec::new();
        for group in self.rules().filter_map(|r| r.group.as_deref()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }
}

/// The policy in the form in which it is read.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

/// A line of the policy, without its end.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line::format(self)?)
    }
}

fn in_group(rule: &Rule, group: &str) -> bool {
    rule.group.as_deref() == Some(group)
}

/// Puts children before their parents, and leaves the order alone where no
/// pair of child and parent asks for more; a cycle is entered at its first
/// table. Names are held together as SQLite does.
pub fn order<'a>(
    tables: &[&'a str],
    pairs: &[(String, String)],
) -> Vec<&'a str> {
    let lower = |name: &str| name.to_ascii_lowercase();
    let places: HashMap<String, usize> =
        tables.iter().enumerate().map(|(i, t)| (lower(t), i)).collect();
    // By table: its parents among these, and how many of its children have
    // yet to come.
    let mut parents: Vec<BTreeSet<usize>> =
        vec![BTreeSet::new(); tables.len()];
    let mut children = vec![0_usize; tables.len()];
    for (child, parent) in pairs {
        let known = |name: &str| places.get(&lower(name)).copied();
        if let (Some(child), Some(parent)) = (known(child), known(parent))
            && child != parent
            && parents[child].insert(parent)
        {
            children[parent] += 1;
        }
    }
    let mut left: BTreeSet<usize> = (0..tables.len()).collect();
    let mut ready: BTreeSet<usize> =
        left.iter().copied().filter(|t| children[*t] == 0).collect();
    let mut ordered = Vec::with_capacity(tables.len());
    // Where all that are left wait for each other, the first one goes.
    while let Some(next) = ready.pop_first().or_else(|| left.first().copied())
    {
        left.remove(&next);
        ordered.push(tables[next]);
        for parent in std::mem::take(&mut parents[next]) {
            children[parent] -= 1;
            if children[parent] == 0 && left.contains(&parent) {
                ready.insert(parent);
            }
        }
    }
    ordered
}

#[cfg(test)]
mod arbitrary_tests;
