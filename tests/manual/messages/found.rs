//! The messages of a source: the literals that come to who runs a command.
//!
//! A sink is a function whose argument is told: those of `Error` and `Notes`,
//! and every function that hands an argument of its own on to a sink. The
//! literals of a sink's argument are messages, as are those of a variable that
//! stands there, and of what is called `message`.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::source::{blanked, functions_at, named};

/// A message as it reads, with `...` for each value, and where it comes from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Message {
    /// The file.
    pub file: String,
    /// What its kind says about the run; see [`super::CLASSES`].
    pub class: &'static str,
    pub text: String,
    /// The next step, which the program prints too.
    pub hint: String,
}

/// A source: its code without strings, and its strings.
struct Source {
    name: String,
    text: String,
    code: String,
    functions: Vec<(String, usize, usize)>,
    /// `let name = |...| ...;`, with begin and end.
    closures: Vec<(String, usize, usize)>,
    imports: Vec<Vec<String>>,
    /// Every call: where its name begins, and its name.
    called: Vec<(usize, String)>,
}

/// What a sink does: its class and its hint.
#[derive(Clone, Eq, PartialEq)]
struct Sink {
    class: &'static str,
    hint: String,
    /// What stands before its name.
    before: &'static str,
    /// Several functions have its name.
    many: bool,
    /// The function is called on something: below the folder of its file.
    method: bool,
}

/// Functions that make a message for a sink in another file: the class.
type Makers = BTreeMap<String, &'static str>;

/// By name and file.
type Sinks = BTreeMap<(String, String), Sink>;

/// The first sinks: what stands before a name, the name, and the class of what
/// it tells.
const SINKS: [(&str, &str, &str); 20] = [
    ("Error::", "usage", "usage"),
    ("Error::", "failed", "failed"),
    ("Error::", "busy", "busy"),
    ("Error::", "partial", "partial"),
    ("Error::", "data", "data"),
    ("Error::", "disagree", "disagree"),
    ("Error::", "new", "failed"),
    ("Error::", "stream", "system"),
    ("Error::", "io", "io"),
    (".", "warn", "warning"),
    (".", "during", "part"),
    ("Breach::", "new", "breach"),
    ("Finding::", "new", "part"),
    ("Finding::", "damage", "part"),
    (".", "write_str", "part"),
    ("failure.", "get_or_insert", "part"),
    // What stands here is no message, and on no page by itself.
    (".", "hint", "none"),
    (".", "maybe_hint", "none"),
    (".", "expect", "none"),
    (".", "verbose", "none"),
];

/// All messages of these sources, by name and text.
pub fn messages(all: &[(String, String)]) -> BTreeSet<Message> {
    let sources: Vec<Source> =
        all.iter().map(|(name, text)| Source::of(name, text)).collect();
    let mut declared: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, ..) in sources.iter().flat_map(|s| &s.functions) {
        *declared.entry(name).or_default() += 1;
    }
    let mut sinks = Sinks::new();
    for (before, name, class) in SINKS {
        let hint = String::new();
        let sink = Sink { class, hint, before, many: false, method: false };
        sinks.insert((name.to_owned(), before.to_owned()), sink);
    }
    loop {
        let before = sinks.len();
        // Error's own functions are the first sinks.
        for source in sources.iter().filter(|s| !s.name.ends_with("error.rs"))
        {
            source.add_sinks(&mut sinks, &declared);
        }
        if sinks.len() == before {
            break;
        }
    }
    let mut makers = Makers::new();
    let mut found = Vec::new();
    for source in &sources {
        found.extend(source.messages(&sinks, &mut makers));
    }
    makers.retain(|name, _| declared.get(&**name) == Some(&1));
    found.extend(sources.iter().flat_map(|source| source.made(&makers)));
    let found = found.into_iter();
    // Where an action is said, a statement of SQL may stand beside it.
    let is_action = |m: &Message| {
        m.class != "system"
            || m.text.split(": ").any(|part| part.starts_with("cannot "))
    };
    found.filter(is_action).filter_map(Message::whole).collect()
}

impl Message {
    /// With its beginning, where the name of a thing stands in front of it.
    fn whole(mut self) -> Option<Message> {
        if self.class == "io" {
            self.text = format!("cannot {} ...", self.text);
            self.class = "system";
        }
        self.text = self.text.trim().to_owned();
        let verbs = ["is ", "was ", "has ", "holds ", "changed ", "does "];
        if verbs.iter().any(|verb| self.text.starts_with(verb)) {
            self.text.insert_str(0, "... ");
        }
        // What consists of values alone is the message of another.
        let rest = self.text.strip_prefix("cannot ").unwrap_or(&self.text);
        rest.contains(char::is_alphabetic).then_some(self)
    }
}

impl Source {
    fn of(name: &str, text: &str) -> Source {
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        let code = blanked(&text);
        let functions = functions_at(&code);
        let imports = named(&code).into_iter();
        let imports = imports.filter(|n| n.import.is_some());
        let imports = imports.map(|n| n.path).collect();
        let called = called(&code);
        let mut source = Source {
            name: name.to_owned(),
            text,
            code,
            functions,
            closures: Vec::new(),
            imports,
            called,
        };
        source.closures = source.closures_of();
        source
    }

    fn closures_of(&self) -> Vec<(String, usize, usize)> {
        let mut found = Vec::new();
        for (equals, _) in self.code.match_indices(" = |") {
            let line = self.code[..equals].rfind("let ").unwrap_or(equals);
            let name = self.code[line..equals].trim_start_matches("let ");
            let name = name.trim_start_matches("mut ");
            if name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
                let end = self.statement(equals);
                found.push((name.to_owned(), equals + 3, end));
            }
        }
        found
    }

    /// The calls of sinks: where their arguments begin and end.
    fn calls<'s>(&self, sinks: &'s Sinks) -> Vec<(usize, usize, &'s Sink)> {
        let mut found = Vec::new();
        for (at, name) in &self.called {
            let first = (name.clone(), String::new());
            for ((_, file), sink) in sinks
                .range(first..)
                .take_while(|((other, _), _)| other == name)
            {
                let declared = self.code[..*at].ends_with("fn ");
                let before = self.code[..*at].ends_with(sink.before);
                let elsewhere =
                    sink.many && !self.means(name, file, sink.method);
                if before && !declared && !elsewhere {
                    let start = at + name.len() + 1;
                    found.push((start, start + self.closing(start), sink));
                }
            }
        }
        found
    }

    /// Whether a name is here what this file declares by it: it is this file,
    /// or the name is imported, as far as can be told.
    fn means(&self, name: &str, file: &str, method: bool) -> bool {
        let stem = file.trim_end_matches("/mod.rs").trim_end_matches(".rs");
        let stem = stem.rsplit('/').next().unwrap();
        let own = self.functions.iter().any(|(own, ..)| own == name);
        let folder =
            |file: &str| file.rsplit_once('/').map(|f| f.0.to_owned());
        let below = || self.name.starts_with(&folder(file).unwrap());
        file == self.name
            || method && !own && below()
            || self.code.contains(&format!("{stem}::{name}("))
            || !own
                && self.imports.iter().any(|path| {
                    path.last().is_some_and(|last| last == name)
                        && (path.contains(&stem.to_owned())
                            || folder(file) == folder(&self.name))
                })
    }

    /// How far it is to the bracket that closes what is open here.
    fn closing(&self, start: usize) -> usize {
        let mut depth = 0;
        self.code[start..]
            .find(|c| {
                depth += i32::from(matches!(c, '(' | '[' | '{'));
                depth -= i32::from(matches!(c, ')' | ']' | '}'));
                depth < 0
            })
            .unwrap_or(self.code.len() - start)
    }

    /// The end of the statement that goes on here.
    fn statement(&self, start: usize) -> usize {
        let mut depth = 0;
        let end = self.code[start..].find(|c| {
            depth += i32::from(matches!(c, '(' | '[' | '{'));
            depth -= i32::from(matches!(c, ')' | ']' | '}'));
            depth < 0 || depth == 0 && c == ';'
        });
        start + end.unwrap_or(self.code.len() - start)
    }

    /// The innermost function around a byte: name, begin and end.
    fn around(&self, at: usize) -> Option<&(String, usize, usize)> {
        let holds = |f: &&(String, usize, usize)| f.1 <= at && at < f.2;
        self.functions.iter().filter(holds).max_by_key(|f| f.1)
    }

    /// Adds the functions that hand an argument on to a sink.
    fn add_sinks(&self, sinks: &mut Sinks, declared: &BTreeMap<&str, usize>) {
        let mut more = Vec::new();
        for (start, end, sink) in self.calls(sinks) {
            let inner =
                |f: &&(String, usize, usize)| f.1 <= start && start < f.2;
            let closure = self.closures.iter().rfind(inner);
            let Some((name, first, _)) = closure.or(self.around(start)) else {
                continue;
            };
            let told = self.words(start, end);
            if self.parameters(*first).iter().any(|p| told.contains(p)) {
                let many = declared.get(&**name).is_none_or(|n| *n > 1);
                let class = match self.class(sink.class, start) {
                    // Of what class it is, the function decides by the cause.
                    _ if name == "error" => "system",
                    class => class,
                };
                let method = closure.is_none()
                    && self.parameter_list(*first).contains("self");
                let hint = self.hint(end);
                let before = "";
                let sink = Sink { class, hint, before, many, method };
                more.push((name.clone(), sink));
            }
        }
        for (name, sink) in more {
            sinks.entry((name, self.name.clone())).or_insert(sink);
        }
    }

    /// What stands in the brackets of a function that begins here.
    fn parameter_list(&self, first: usize) -> &str {
        // Of a closure it ends with a second bar.
        if let Some(rest) = self.code[first..].strip_prefix('|') {
            return rest.split('|').next().unwrap();
        }
        let Some(open) = self.code[first..].find('(') else { return "" };
        let start = first + open + 1;
        &self.code[start..start + self.closing(start)]
    }

    /// The parameters that hold text.
    fn parameters(&self, first: usize) -> Vec<String> {
        let list = self.parameter_list(first);
        list.split(',')
            .filter_map(|one| one.split_once(':'))
            .filter(|(_, kind)| {
                ["str", "String", "Display"].iter().any(|k| kind.contains(k))
            })
            .map(|(name, _)| name.trim().trim_matches(['(', '&']).to_owned())
            .collect()
    }

    /// The names in code, and in the braces of its literals.
    fn words(&self, start: usize, end: usize) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let name = |c: char| !(c == '_' || c.is_alphanumeric());
        found.extend(self.code[start..end].split(name).map(str::to_owned));
        for part in self.text[start..end].split('{').skip(1) {
            found.extend(part.split(name).next().map(str::to_owned));
        }
        found
    }

    /// The hint in the statement that goes on behind a message.
    fn hint(&self, end: usize) -> String {
        let behind = (end + 1).min(self.code.len());
        let rest = &self.code[behind..self.statement(behind)];
        let Some(at) = rest.find(".hint(") else { return String::new() };
        let start = behind + at + ".hint(".len();
        let all = self.literals(start, start + self.closing(start), 0);
        all.into_iter().next().map(|(_, text)| text).unwrap_or_default()
    }

    /// What is told here.
    fn messages(&self, sinks: &Sinks, makers: &mut Makers) -> Vec<Message> {
        let calls = self.calls(sinks);
        let mut found = Vec::new();
        let mut tell = |class, span: (usize, usize), least, hint: &str| {
            for (at, text) in self.literals(span.0, span.1, least) {
                // Of calls within a call the inner one tells it.
                let inner = |c: &&(usize, usize, &Sink)| {
                    span.0 < c.0 && c.0 <= at && at < c.1
                };
                if !calls.iter().any(|c| inner(&c)) {
                    let (file, hint) = (self.name.clone(), hint.to_owned());
                    found.push(Message { file, class, text, hint });
                }
            }
        };
        for (start, end, sink) in &calls {
            let hint = match self.hint(*end) {
                hint if hint.is_empty() => &sink.hint,
                hint => &hint.clone(),
            };
            let class = self.class(sink.class, *start);
            // What stands beside an action is a part of a path.
            let action = self.text[*start..].trim_start();
            if class == "io"
                && let Some((_, length)) = literal(action)
            {
                let at = self.text.len() - action.len();
                tell(class, (at, at + length), 0, hint);
                continue;
            }
            // A variable may be the whole message.
            let alone = self.code[*start..*end].split(',').map(str::trim);
            let alone: Vec<&str> =
                alone.map(|arg| arg.trim_start_matches('&')).collect();
            let first = self.around(*start).map_or(0, |f| f.1);
            let own: Vec<(usize, usize)> = alone
                .iter()
                .flat_map(|word| self.bound(word, first, *start))
                .chain([(*start, *end)])
                .collect();
            for span in self.traced((*start, *end)) {
                for (_, name) in self.called_in(span) {
                    makers.entry(name.clone()).or_insert(class);
                }
                let least = if own.contains(&span) { 1 } else { 3 };
                tell(class, span, least, hint);
            }
        }
        // What a record says, and what an error says of itself.
        let starts = ["message = ", "message: ", "messages.push(", "f, "];
        for start in starts.into_iter().chain(["text: "]) {
            for (at, _) in self.code.match_indices(start) {
                let at = at + start.len();
                let end = (at + self.closing(at)).min(self.statement(at));
                for span in self.traced((at, end)) {
                    tell("part", span, 3, "");
                }
            }
        }
        found
    }

    /// A span, those that gave its variables their values, and the functions
    /// that make their text.
    fn traced(&self, span: (usize, usize)) -> BTreeSet<(usize, usize)> {
        let mut found = BTreeSet::from([span]);
        let Some((_, first, _)) = self.around(span.0) else { return found };
        let mut open = vec![(span, 2)];
        while let Some(((start, end), depth)) = open.pop() {
            found.extend(self.returned((start, end)));
            if depth == 0 {
                continue;
            }
            for word in self.words(start, end) {
                for span in self.bound(&word, *first, start) {
                    if found.insert(span) {
                        open.push((span, depth - 1));
                    }
                }
            }
        }
        found
    }

    /// The class, where the call itself names another one, as
    /// `Error::new(Exit::Busy, ...)` does.
    fn class(&self, class: &'static str, start: usize) -> &'static str {
        if self.code[start..].trim_start().starts_with("Exit::Busy") {
            return "busy";
        }
        class
    }

    /// The statements before `end` that give a variable its value.
    fn bound(
        &self,
        word: &str,
        first: usize,
        end: usize,
    ) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for kind in ["const", "static"] {
            let what = format!("{kind} {word}: ");
            if let Some(at) = self.code.find(&what) {
                found.push((at, self.statement(at)));
            }
        }
        if end < first {
            return found;
        }
        for start in ["let ", "let mut ", "let (", "Some(", "for ", ""] {
            let sign = if start.is_empty() { " += " } else { "" };
            let what = format!("{start}{word}{sign}");
            for (at, _) in self.code[first..end].match_indices(&what) {
                let at = first + at + what.len();
                let next = self.code[at..].chars().next();
                if start.is_empty()
                    || next.is_some_and(|c| matches!(c, ' ' | ':' | ',' | ')'))
                        && !start.is_empty()
                {
                    found.push((at, self.statement(at)));
                }
            }
        }
        found
    }

    /// What the functions of this file say that make a message for another.
    fn made(&self, makers: &Makers) -> Vec<Message> {
        let mut found = Vec::new();
        for (name, first, end) in &self.functions {
            let Some(class) = makers.get(name) else { continue };
            if !self.gives_text(*first, *end) {
                continue;
            }
            let mut spans = BTreeSet::from([(*first, *end)]);
            let mut open = vec![(*first, *end)];
            while let Some(span) = open.pop() {
                let more = self.returned(span).into_iter();
                open.extend(more.filter(|span| spans.insert(*span)));
            }
            for (start, end) in spans {
                for (_, text) in self.literals(start, end, 3) {
                    let (file, hint) = (self.name.clone(), String::new());
                    found.push(Message { file, class, text, hint });
                }
            }
        }
        found
    }

    fn called_in(
        &self,
        (start, end): (usize, usize),
    ) -> impl Iterator<Item = &(usize, String)> {
        self.called.iter().filter(move |(at, _)| start <= *at && *at < end)
    }

    /// Whether a function gives text, which nothing is wrong with.
    fn gives_text(&self, first: usize, end: usize) -> bool {
        let body = self.code[first..end].find('{').unwrap_or(0);
        let head = &self.code[first..first + body];
        let gives = head.rsplit_once("->").map_or("", |(_, gives)| gives);
        gives.contains("Option<String>")
            || gives.contains("String") && !gives.contains("Result")
    }

    /// The functions of this file that make the text of a span.
    fn returned(&self, span: (usize, usize)) -> Vec<(usize, usize)> {
        let names = self.called_in(span).map(|(_, name)| name);
        names
            .flat_map(|name| {
                self.functions.iter().filter(move |(own, ..)| own == name)
            })
            .filter(|(_, first, end)| self.gives_text(*first, *end))
            .map(|(_, first, end)| (*first, *end))
            .collect()
    }

    /// The literals in a span, of so many words, and where they are.
    fn literals(
        &self,
        start: usize,
        end: usize,
        least: usize,
    ) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut at = start;
        while let Some(open) = self.text[at..end].find('"') {
            let quote = at + open;
            let Some((text, length)) = literal(&self.text[quote..]) else {
                break;
            };
            let prose = least == 0 || text.contains(' ');
            // A raw string holds no message.
            let raw = text.contains('\\');
            if prose && !raw && words(&text) >= least && !is_code(&text) {
                found.push((quote, text));
            }
            at = (quote + length).min(end);
        }
        found
    }
}

/// The calls in blanked code: where each begins, and the name that is called.
fn called(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (open, _) in code.match_indices('(') {
        let word = |c: char| !(c == '_' || c.is_alphanumeric());
        let start = code[..open].rfind(word).map_or(0, |at| at + 1);
        if start < open {
            found.push((start, code[start..open].to_owned()));
        }
    }
    found
}

/// How many words there are.
fn words(text: &str) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    words.filter(|w| w.len() > 1).count()
}

/// Whether it is a statement of SQL, or a name in it.
fn is_code(text: &str) -> bool {
    let sql = ["SELECT ", "INSERT ", "DELETE ", "PRAGMA ", "CREATE ", "\""];
    sql.iter().any(|word| text.starts_with(word))
}

/// The string literal that begins here, as it reads, and its length.
pub fn literal(text: &str) -> Option<(String, usize)> {
    let mut chars = text.char_indices().peekable();
    chars.next_if(|c| c.1 == '"')?;
    let mut out = String::new();
    loop {
        match chars.next()? {
            (at, '"') => return Some((out, at + 1)),
            (_, '\\') => match chars.next()?.1 {
                '\n' => {
                    while chars.next_if(|c| c.1.is_whitespace()).is_some() {}
                }
                'n' | 't' => out.push(' '),
                c => out.push(c),
            },
            (_, '{') if chars.next_if(|c| c.1 == '{').is_some() => {
                out.push('{');
            }
            (_, '}') if chars.next_if(|c| c.1 == '}').is_some() => {
                out.push('}');
            }
            (_, '{') => {
                while chars.next()?.1 != '}' {}
                out.push_str("...");
            }
            (_, c) => out.push(c),
        }
    }
}
