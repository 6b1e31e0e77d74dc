//! A trace of system calls, and what was durable when.

use std::collections::HashMap;
use std::path::Path;

use super::super::World;
use super::super::order::{named, traced_to_its_end};

/// What a program did, in order. Paths are below the folder of the world; the
/// folder itself is the empty one.
#[derive(Debug, Eq, PartialEq)]
pub enum Call {
    /// fsync has returned.
    Synced(String),
    /// Events are written.
    Events(Vec<String>),
    /// A file gets a name.
    Named(String),
    /// A folder is made.
    Made(String),
    /// A file or folder goes.
    Gone(String),
    /// A journal of the database is written.
    Journal(String),
}

const LEDGER: &str = "archives/ledger.jsonl";
const JOURNALS: [&str; 2] = ["data/db-wal", "data/db-journal"];

/// The calls that matter.
pub struct Trace {
    pub calls: Vec<Call>,
    /// The database has a write-ahead log.
    logs: bool,
    pub text: String,
}

impl Trace {
    /// Runs a program that succeeds.
    pub fn of(
        world: &World,
        program: &str,
        args: &[&str],
        input: &[u8],
    ) -> Trace {
        Trace::ends_with(0, world, program, args, input)
    }

    /// Runs a program that ends with this status.
    pub fn ends_with(
        status: i32,
        world: &World,
        program: &str,
        args: &[&str],
        input: &[u8],
    ) -> Trace {
        let wanted = "trace=fsync,fdatasync,write,pwrite64,?rename,?renameat,\
                      renameat2,?link,linkat,?mkdir,mkdirat,?unlink,unlinkat,\
                      ?rmdir";
        let (text, out) =
            traced_to_its_end(world, wanted, program, args, input);
        out.status(status);
        let folder = world.dir.path().canonicalize().unwrap();
        let folder = folder.to_str().unwrap();
        let mut begun = HashMap::new();
        let mut calls = Vec::new();
        for line in text.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let rest = rest.trim_start();
            // What another thread interrupts counts from its end on.
            let call = if rest.ends_with("<unfinished ...>") {
                begun.insert(thread, rest);
                continue;
            } else if rest.starts_with("<...") {
                begun.remove(thread).unwrap_or_default()
            } else {
                rest
            };
            calls.extend(read_call(call, folder));
        }
        let mode = world.dir.rows("db", "PRAGMA journal_mode");
        Trace { calls, logs: mode == ["wal"], text }
    }

    /// The index of each write of an event.
    pub fn writes_of(&self, event: &str) -> Vec<usize> {
        let calls = self.calls.iter().enumerate();
        let is = |call: &Call| match call {
            Call::Events(names) => names.iter().any(|name| name == event),
            _ => false,
        };
        calls.filter(|(_, call)| is(call)).map(|(i, _)| i).collect()
    }

    /// The last of some calls before another one.
    fn last(&self, end: usize, is: impl Fn(&Call) -> bool) -> Option<usize> {
        self.calls[..end].iter().rposition(is)
    }

    fn is_synced(&self, path: &str, from: Option<usize>, end: usize) -> bool {
        let from = from.unwrap_or(0);
        let mut between = self.calls[from..end].iter();
        between.any(|c| matches!(c, Call::Synced(p) if p == path))
    }

    /// A draft in a folder is synced.
    fn is_drafted(&self, folder: &str, end: usize) -> bool {
        let start = format!("{folder}/.");
        self.calls[..end]
            .iter()
            .any(|c| matches!(c, Call::Synced(p) if p.starts_with(&start)))
    }

    /// Whether what a word of the page stands for is durable before the call
    /// at `end`, which is about a file.
    pub fn is_durable(&self, word: &str, file: &str, end: usize) -> bool {
        let named = |c: &Call| matches!(c, Call::Named(p) if p == file);
        match word {
            "nothing" => true,
            "draft" => {
                let later = self.calls[end..].iter().any(named);
                let before = self.last(end, named).is_some();
                later && !before && self.is_drafted(parent(file), end)
            }
            "file" => match self.last(end, named) {
                Some(at) => self.is_drafted(parent(file), at),
                None => self.is_synced(file, None, end),
            },
            "folders" => {
                let folders = above(file);
                folders.iter().all(|f| self.is_folder_durable(f, file, end))
            }
            "unlinks" => self.calls[..end].iter().enumerate().all(|(i, c)| {
                let Call::Gone(path) = c else { return true };
                let gone = |f: &String| {
                    self.calls[i..end].contains(&Call::Gone(f.clone()))
                };
                let there = above(path).into_iter().find(|f| !gone(f));
                let there = there.expect("the tree stays");
                self.is_synced(&there, Some(i), end)
            }),
            "ledger" => {
                let wrote = self.last(end, |c| matches!(c, Call::Events(_)));
                self.is_synced(LEDGER, wrote, end)
            }
            "journal" => self.is_journal_durable(end),
            _ => panic!("the page says {word}, which has no meaning here"),
        }
    }

    /// A folder above a file: what became of the file, or of the folder below
    /// it, is durable.
    fn is_folder_durable(&self, folder: &str, file: &str, end: usize) -> bool {
        let mut below = above(file);
        below.insert(0, file.to_owned());
        let changed = self.last(end, |call| match call {
            Call::Named(path) | Call::Made(path) | Call::Gone(path) => {
                below.contains(path) && parent(path) == folder
            }
            _ => false,
        });
        self.is_synced(folder, changed, end)
    }

    /// Each journal that was written is flushed, a log whoever wrote it; so is
    /// the folder of the database.
    fn is_journal_durable(&self, end: usize) -> bool {
        let written = JOURNALS.iter().all(|path| {
            let wrote =
                self.last(end, |c| matches!(c, Call::Journal(p) if p == path));
            wrote.is_none() || self.is_synced(path, wrote, end)
        });
        let flushed = !self.logs || self.is_synced(JOURNALS[0], None, end);
        written && flushed && self.is_synced("data", None, end)
    }

    /// All events, in order.
    pub fn events(&self) -> Vec<&str> {
        let events = self.calls.iter().filter_map(|call| match call {
            Call::Events(names) => Some(names.iter().map(String::as_str)),
            _ => None,
        });
        events.flatten().collect()
    }
}

/// The folder of a path.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folders of a file, up to the root of the tree.
fn above(file: &str) -> Vec<String> {
    let folders = Path::new(file).ancestors().skip(1);
    let folders = folders.map(|f| f.to_str().unwrap().to_owned());
    folders.take_while(|f| !f.is_empty()).collect()
}

/// One call of a trace, if it matters.
fn read_call(call: &str, folder: &str) -> Option<Call> {
    let (name, rest) = call.split_once('(')?;
    let opened = || {
        let path = rest.split(['<', '>']).nth(1)?.strip_prefix(folder)?;
        Some(path.trim_start_matches('/').to_owned())
    };
    let said = |n: usize| {
        let path = named(rest, n)?;
        let at = path.find("archives/")?;
        Some(path[at..].to_owned())
    };
    match name {
        "fsync" | "fdatasync" => opened().map(Call::Synced),
        "write" | "pwrite64" => {
            let path = opened()?;
            if path == LEDGER {
                let types = rest.split(r#"\"type\":\""#).skip(1);
                let name = |t: &str| Some(t.split('\\').next()?.to_owned());
                return Some(Call::Events(types.filter_map(name).collect()));
            }
            let journal = JOURNALS.contains(&path.as_str());
            journal.then_some(Call::Journal(path))
        }
        "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
            said(1).map(Call::Named)
        }
        "mkdir" | "mkdirat" if rest.ends_with("= 0") => {
            said(0).map(Call::Made)
        }
        "unlink" | "unlinkat" | "rmdir" if rest.ends_with("= 0") => {
            said(0).map(Call::Gone)
        }
        _ => None,
    }
}
