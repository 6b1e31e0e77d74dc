//! What names say: whether a table is called like a log or like state, and
//! whether a column is called like a time.
//!
//! A name is evidence, never proof: what is called like nothing known is left
//! alone.

/// Tables of rows that are written once.
const LOGS: &str = "log logs event events history audit audits trace traces \
    metric metrics activity activities visit visits heartbeat heartbeats \
    request requests reading readings measurement measurements sample \
    samples transcript transcripts journal telemetry statistics stats";

/// Words that say nothing about what a row is.
const ROWS: &str = "entry entries record records row rows line lines item \
    items result results raw archive old data";

/// Words that end in one of LOGS, and mean something else.
const NOT_LOGS: &str = "blog blogs catalog catalogs dialog dialogs backlog \
    backlogs analog prolog";

/// Tables of rows that are changed in place, or that other rows mean.
const STATE: &str = "user users account accounts setting settings config \
    configs configuration preference preferences option options session \
    sessions token tokens permission permissions role roles group groups \
    member members migration migrations version versions schema meta \
    metadata cache caches queue queues lock locks kv store state states \
    status device devices customer customers product products order orders \
    tag tags type types category categories credential credentials key keys \
    secret secrets profile profiles contact contacts document documents \
    file files page pages post posts note notes bookmark bookmarks project \
    projects subscription subscriptions workspace workspaces model models \
    lookup";

/// Columns that hold when a row came to be, best first.
const WRITTEN: [&str; 3] = [
    "created added inserted logged occurred fired recorded received \
     timestamp ts",
    "time datetime date at when stamp epoch ticks day sent visit attempt",
    "start started begin began",
];

/// Columns that hold when a row was changed last.
const CHANGED: &str = "updated update modified modification changed change \
    last accessed seen edited touched refreshed";

/// Columns that look ahead.
const AHEAD: &str = "expire expires expired expiry expiration due next \
    scheduled schedule until deadline eta valid retry";

/// Columns that are filled when a row is done with.
const DONE: &str = "end ended finish finished stop stopped complete \
    completed closed resolved done deleted processed acked read logout";

fn among(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|w| w == word)
}

/// The words of a name, in lower case: parted at anything that is no letter
/// or digit, and before a capital.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && small) {
            words.push(String::new());
        }
        small = c.is_lowercase() || c.is_numeric();
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// What a table's name says of its rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Says {
    Log,
    State,
    Nothing,
}

/// What a table is called like; the last word that means something decides.
pub(super) fn table(name: &str) -> Says {
    let numbered =
        |w: &str| w.trim_start_matches('v').chars().all(char::is_numeric);
    let words = words(name);
    let mut words = words.iter().rev().filter(|w| !numbered(w)).peekable();
    while words.next_if(|w| among(ROWS, w)).is_some() {}
    let Some(last) = words.next() else { return Says::Nothing };
    let log = LOGS.split_whitespace().any(|l| last.ends_with(l));
    if log && !among(NOT_LOGS, last) {
        Says::Log
    } else if among(STATE, last) {
        Says::State
    } else {
        Says::Nothing
    }
}

/// Whether a column's name says that it holds a time.
pub(super) fn says_time(name: &str) -> bool {
    words(name).iter().any(|w| {
        among("at on ts stamp", w)
            || w.ends_with("time")
            || w.ends_with("date")
    })
}

/// What a column is called like.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Column {
    /// When its row came to be, by how clearly it says so.
    Written(usize),
    Changed,
    Ahead,
    Done,
    Other,
}

pub(super) fn column(name: &str) -> Column {
    let words = words(name);
    let any = |list: &str| words.iter().any(|w| among(list, w));
    if any(AHEAD) {
        return Column::Ahead;
    }
    if any(CHANGED) {
        return Column::Changed;
    }
    if any(DONE) {
        return Column::Done;
    }
    let written = WRITTEN.iter().position(|list| {
        words.iter().any(|w| {
            among(list, w)
                || ["time", "date", "timestamp"].iter().any(|end| {
                    w.ends_with(end) && among(list, end) && w != "update"
                })
        })
    });
    written.map_or(Column::Other, Column::Written)
}

/// Whether a column's name ends in an id of something: of what, in words
/// joined by `_`.
pub(super) fn id_of(name: &str) -> Option<String> {
    let mut words = words(name);
    let last = words.pop()?;
    let named = matches!(last.as_str(), "id" | "uuid" | "guid" | "fk");
    (named && !words.is_empty()).then(|| words.join("_"))
}

/// Whether a column's name is one that a key of its own has.
pub(super) fn is_identity(name: &str) -> bool {
    let last = words(name).pop().unwrap_or_default();
    ["id", "uuid", "guid", "ulid", "hash", "seq", "rowid", "number", "no"]
        .contains(&last.as_str())
}

/// Whether a table can be the one whose rows have that id: `execution` is of
/// `executions`, `execution_entity` and `app_execution`.
pub(super) fn is_called(table: &str, stem: &str) -> bool {
    let name = words(table).join("_");
    let plurals = [format!("{stem}s"), format!("{stem}es")];
    let y = stem.strip_suffix('y').map(|stem| format!("{stem}ies"));
    let all = [stem.to_owned()].into_iter().chain(plurals).chain(y);
    all.into_iter().any(|one| {
        name == one
            || name.ends_with(&format!("_{one}"))
            || name.starts_with(&format!("{one}_entity"))
    })
}
