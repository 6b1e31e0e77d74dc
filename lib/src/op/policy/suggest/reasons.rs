//! Why a table is left alone until somebody has looked: every sign that its
//! rows change, are meant by others, or belong to others.

use jiff::Timestamp;

use super::seen::Seen;
use super::words::{self, Column, Says};
use crate::error::quote;
use crate::value::Owned;

/// Values of a row that is not done with.
const OPEN: [&str; 14] = [
    "pending",
    "running",
    "queued",
    "new",
    "open",
    "active",
    "waiting",
    "processing",
    "scheduled",
    "in_progress",
    "started",
    "draft",
    "enabled",
    "unread",
];

/// The reasons, none of which says where the rows' times are.
pub(super) fn reasons(
    seen: &Seen,
    all: &[Seen],
    now: Timestamp,
) -> Vec<String> {
    let mut reasons = Vec::new();
    match words::table(seen.name()) {
        Says::Log => {}
        Says::State => reasons.push(
            "it is called like state, which programs change or need"
                .to_owned(),
        ),
        Says::Nothing => reasons.push(
            "nothing in its name says that its rows are never changed"
                .to_owned(),
        ),
    }
    reasons.extend(parent(seen, all));
    reasons.extend(child(seen, all));
    reasons.extend(changes(seen, now));
    reasons.extend(seen.triggers.clone());
    reasons
}

/// Rows of other tables, or of its own, mean its rows.
fn parent(seen: &Seen, all: &[Seen]) -> Vec<String> {
    let mut reasons = Vec::new();
    for child in seen.children() {
        let at = match child.table.eq_ignore_ascii_case(seen.name()) {
            true => "its own rows point at each other".to_owned(),
            false => format!("rows of {} point at it", quote(child.table)),
        };
        reasons.push(format!("{at} ({})", child.columns.join(", ")));
    }
    for other in all.iter().filter(|other| other.name() != seen.name()) {
        for column in undeclared(other) {
            let stem = words::id_of(column).unwrap_or_default();
            if words::is_called(seen.name(), &stem) {
                reasons.push(format!(
                    "rows of {} seem to point at it ({column})",
                    quote(other.name())
                ));
            }
        }
    }
    reasons
}

/// Its rows belong to rows of another table, and should not leave alone.
fn child(seen: &Seen, all: &[Seen]) -> Vec<String> {
    let mut reasons = Vec::new();
    let dated = |parent: &Seen| {
        parent.time.is_ok() && words::table(parent.name()) != Says::State
    };
    let find =
        |name: &str| all.iter().find(|p| p.name().eq_ignore_ascii_case(name));
    for key in &seen.points_to {
        let own = key.parent.eq_ignore_ascii_case(seen.name());
        if !own && (key.cascades || find(&key.parent).is_some_and(dated)) {
            reasons.push(format!(
                "its rows belong to those of {} ({}), and would leave alone",
                quote(&key.parent),
                key.columns.join(", ")
            ));
        }
    }
    for column in undeclared(seen) {
        let stem = words::id_of(column).unwrap_or_default();
        let parent = all.iter().find(|p| {
            p.name() != seen.name()
                && words::is_called(p.name(), &stem)
                && dated(p)
        });
        if let Some(parent) = parent {
            reasons.push(format!(
                "its rows seem to belong to those of {} ({column})",
                quote(parent.name())
            ));
        }
    }
    reasons
}

/// The columns that are called like an id of something, without a foreign key
/// that says of what. Its own key is none, nor is what nothing is in.
fn undeclared(seen: &Seen) -> impl Iterator<Item = &str> {
    let declared = |column: &str| {
        let mut keys = seen.points_to.iter().flat_map(|key| &key.columns);
        keys.any(|c| c.eq_ignore_ascii_case(column))
    };
    let columns = seen.table.columns.iter().enumerate();
    columns
        .filter(|(_, column)| column.key_part == 0)
        .filter(|(i, _)| !seen.is_empty(*i))
        .map(|(_, column)| column.name.as_str())
        .filter(move |c| words::id_of(c).is_some() && !declared(c))
}

/// Its rows are changed after they were written.
pub(super) fn changes(seen: &Seen, now: Timestamp) -> Vec<String> {
    let name = |c: usize| quote(&seen.table.columns[c].name);
    let mut reasons = Vec::new();
    for c in seen.columns(Column::Changed, now) {
        reasons.push(format!("{} says that rows are changed", name(c)));
    }
    for c in seen.columns(Column::Ahead, now) {
        reasons.push(format!("{} looks ahead", name(c)));
    }
    for c in open_until_filled(seen, now) {
        reasons.push(format!("rows without {} are not done", name(c)));
    }
    for c in 0..seen.table.columns.len() {
        let open = |v: &&Owned| match v {
            Owned::Text(text) => OPEN
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word.as_bytes())),
            _ => false,
        };
        if let Some(Owned::Text(text)) = seen.values(c).into_iter().find(open)
        {
            let text = String::from_utf8_lossy(text);
            reasons.push(format!("{} can be {}", name(c), quote(&text)));
        }
    }
    reasons.extend(in_place(seen));
    reasons
}

/// The columns that are filled when a row is done with, and are not in all.
pub(super) fn open_until_filled(seen: &Seen, now: Timestamp) -> Vec<usize> {
    let is_open =
        |c: &usize| seen.values(*c).iter().any(|v| matches!(v, Owned::Null));
    seen.columns(Column::Done, now).filter(is_open).collect()
}

/// A key that is no row's own, and without the time: who writes a second time
/// replaces the row.
fn in_place(seen: &Seen) -> Option<String> {
    let time = seen.time.as_ref().ok()?;
    let time = &seen.table.columns[time.column].name;
    let key = seen
        .unique
        .iter()
        .find(|key| !key.iter().any(|c| c == time || words::is_identity(c)))?;
    Some(format!(
        "each {} has one row, which programs of this kind change in place",
        key.join(", ")
    ))
}
