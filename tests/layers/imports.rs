//! Which file of the library imports from which.
//!
//! A name is followed to the file that defines it: a module that hands on its
//! children's names (`pub use`) does not import them, and who takes such a
//! name from it imports the child. Methods are not followed: an `impl` of a
//! type may lie in several files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{Named, blanked, count, functions_at, named, words};

type Module = Vec<String>;

/// A file of the library.
struct File {
    name: String,
    code: String,
    named: Vec<Named>,
}

/// The files of the library, by module.
pub struct Sources {
    files: BTreeMap<Module, File>,
}

impl Sources {
    /// Of these files below the folder of lib.rs.
    pub fn read(top: &Path, paths: &[PathBuf]) -> Sources {
        Sources::of(paths.iter().map(|path| {
            let below = path.strip_prefix(top).unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            (below.to_str().unwrap().to_owned(), text)
        }))
    }

    /// Of these names below the folder of lib.rs, and their texts.
    fn of(all: impl IntoIterator<Item = (String, String)>) -> Sources {
        let mut files = BTreeMap::new();
        for (name, text) in all {
            let parts = name.strip_suffix(".rs").unwrap().split('/');
            let mut module: Module = parts.map(str::to_owned).collect();
            if matches!(module.last().unwrap().as_str(), "mod" | "lib") {
                module.pop();
            }
            let code = blanked(&text);
            let named = named(&code);
            files.insert(module, File { name, code, named });
        }
        Sources { files }
    }

    /// The files, and for each those from which it imports, with a name.
    fn graph(&self) -> BTreeMap<&str, BTreeMap<&str, String>> {
        let mut graph = BTreeMap::new();
        for (module, file) in &self.files {
            let mut out = BTreeMap::new();
            for one in &file.named {
                let name = one.import.as_deref().unwrap_or_default();
                if one.reexport && count(&file.code, name) == 1 {
                    continue;
                }
                let base = file.module_at(module, one.at);
                let Some(to) = self.target(&base, &one.path, 0) else {
                    continue;
                };
                let to = self.files[&to].name.as_str();
                if to != file.name {
                    out.insert(to, one.path.join("::"));
                }
            }
            graph.insert(file.name.as_str(), out);
        }
        graph
    }

    /// For each file, the programs that run it, of these sources. Behind
    /// `rt::` a program names what it runs. A file from which nobody imports
    /// has methods of the types of others: it goes with those. A method is
    /// followed where only one file declares its name, from files that import
    /// from the folder of that one.
    pub fn users(
        &self,
        programs: &[(String, String)],
    ) -> BTreeMap<String, BTreeSet<String>> {
        let mut graph = self.graph();
        self.add_methods(&mut graph);
        let imported: BTreeSet<&str> =
            graph.values().flat_map(|to| to.keys().copied()).collect();
        let orphans: Vec<(&str, Vec<&str>)> = graph
            .iter()
            .filter(|(name, _)| !imported.contains(*name))
            .map(|(name, to)| (*name, to.keys().copied().collect()))
            .collect();
        for (name, types) in orphans {
            let near = |file: &&str| file.starts_with(folder(name));
            for file in types.into_iter().filter(near) {
                let more = graph.get_mut(file).unwrap();
                more.insert(name, String::new());
            }
        }
        let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (program, text) in programs {
            for one in named(&blanked(text)) {
                if one.path[0] != "rt" {
                    continue;
                }
                let path = [&["crate".to_owned()], &one.path[1..]].concat();
                let Some(to) = self.target(&[], &path, 0) else { continue };
                let name = self.files[&to].name.as_str();
                for file in reached(&graph, name).into_iter().chain([name]) {
                    let known = users.entry(file.to_owned()).or_default();
                    known.insert(program.clone());
                }
            }
        }
        users
    }

    /// Adds to each file those whose methods it calls.
    fn add_methods<'s>(
        &'s self,
        graph: &mut BTreeMap<&'s str, BTreeMap<&'s str, String>>,
    ) {
        let mut declared: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for file in self.files.values() {
            for (name, start, end) in functions_at(&file.code) {
                let head = file.code[start..end].split(')').next().unwrap();
                if words(head).iter().any(|(_, word)| *word == "self") {
                    declared.entry(name).or_default().push(&file.name);
                }
            }
        }
        for file in self.files.values() {
            let used = graph.get_mut(file.name.as_str()).unwrap();
            let near: BTreeSet<&str> =
                used.keys().map(|name| folder(name)).collect();
            for part in file.code.split('.').skip(1) {
                let end = part.find('(').unwrap_or(0);
                if let Some([to]) = declared.get(&part[..end]).map(|f| &f[..])
                    && *to != file.name
                    && near.contains(folder(to))
                {
                    used.insert(to, String::new());
                }
            }
        }
    }

    /// The module whose file defines what a path names, seen from a module.
    fn target(
        &self,
        base: &[String],
        path: &[String],
        depth: usize,
    ) -> Option<Module> {
        let mut module = base.to_vec();
        let mut rest = path;
        match path[0].as_str() {
            "crate" => {
                module.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            first => {
                let child = [base, &[first.to_owned()]].concat();
                if !self.files.contains_key(&child) {
                    return None;
                }
            }
        }
        while rest.first().is_some_and(|s| s == "super") {
            module.pop()?;
            rest = &rest[1..];
        }
        while let Some((first, more)) = rest.split_first() {
            let child = [&module[..], std::slice::from_ref(first)].concat();
            if self.files.contains_key(&child) {
                (module, rest) = (child, more);
                continue;
            }
            // It may be another module's, handed on.
            let imports = |n: &&Named| n.import.as_ref() == Some(first);
            let handed = self.files.get(&module)?.named.iter().find(imports);
            if let (Some(handed), true) = (handed, depth < 8)
                && let Some(to) = self.target(&module, &handed.path, depth + 1)
            {
                return Some(to);
            }
            break;
        }
        self.files.contains_key(&module).then_some(module)
    }

    /// The circles: groups of files that all import each other, by whatever
    /// way, with the imports between them.
    pub fn circles(&self) -> Vec<String> {
        let graph = self.graph();
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            graph.keys().map(|from| (*from, reached(&graph, from))).collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for (from, all) in &reach {
            let inside =
                |to: &str| all.contains(to) && reach[to].contains(from);
            if !all.contains(from) || !seen.insert(*from) {
                continue;
            }
            let mut text = String::new();
            for member in graph.keys().filter(|to| inside(to)) {
                seen.insert(*member);
                for (to, name) in &graph[member] {
                    if inside(to) {
                        text.push_str(&format!("{member} -> {to} ({name})\n"));
                    }
                }
            }
            found.push(text);
        }
        found
    }
}

/// The folder of a file.
fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// All files that a file imports from, at first or second hand or further.
fn reached<'g>(
    graph: &BTreeMap<&'g str, BTreeMap<&'g str, String>>,
    from: &str,
) -> BTreeSet<&'g str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = graph[from].keys().copied().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(graph[next].keys());
        }
    }
    found
}

impl File {
    /// The module that a byte of the file belongs to: the file's own, or the
    /// one of its tests.
    fn module_at(&self, module: &[String], at: usize) -> Module {
        let mut module = module.to_vec();
        if let Some(start) = self.code.find("\nmod tests {")
            && start < at
        {
            module.push("tests".to_owned());
        }
        module
    }
}

#[test]
fn circles_are_found_through_names_that_are_handed_on() {
    let circles = |a: &str, parent: &str, b: &str| {
        let all = [
            ("m/a.rs", a),
            ("m/mod.rs", parent),
            ("m/b.rs", b),
            ("lib.rs", "mod m;"),
        ];
        let all = all.map(|(n, text)| (n.to_owned(), text.to_owned()));
        Sources::of(all).circles().concat()
    };
    let hands_on = "mod a; mod b;\npub use a::{A, Other};\npub use b::B;";
    for (a, parent, b) in [
        // From the child that a parent hands on.
        ("use super::B;", hands_on, "use crate::m::{self, A};"),
        ("use super::b::{B as C};", hands_on, "fn f() { super::A::new() }"),
        // From the parent itself, which uses what it hands on.
        ("", "pub use b::B;\nstruct P(B);", "use super::P;"),
        ("", "mod b;\nfn p() { b::f() }", "use crate::m::p;"),
    ] {
        let found = circles(a, parent, b);
        assert!(found.contains("m/b.rs -> "), "{a} | {parent} | {b}");
    }
    for (a, parent, b) in [
        ("use super::B;", hands_on, "struct B;"),
        (
            "use super::B;",
            hands_on,
            "// super::A\nconst X: &str = \"super::A\";",
        ),
        ("pub(in crate::m) struct A;", hands_on, "use super::A;"),
        ("", hands_on, "struct B;\nmod tests {\n    use super::*;\n}"),
    ] {
        assert_eq!(circles(a, parent, b), "", "{a} | {parent} | {b}");
    }
}
