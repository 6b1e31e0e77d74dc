//! The forms that a file may have while something is under way with it.

use super::inventory::Inventory;
use super::state::State;

/// The lengths and digests that a file may have: the ledger's, and those of
/// what is under way with it.
pub fn forms<'l>(
    state: &'l State,
    files: &'l Inventory,
    file: &str,
) -> Vec<(u64, &'l str)> {
    let known = files.file(file).map(|f| (f.size_bytes, f.sha256.as_str()));
    let mut forms: Vec<_> = known.into_iter().collect();
    for open in state.intents().chain(state.unsettled()) {
        let (segment, retract) = (&open.segment, open.retract.as_ref());
        if segment.file == file {
            let before = segment.offset_bytes;
            let after = before + segment.size_bytes;
            forms.push((after, &segment.file_sha256));
            forms.extend(retract.and_then(|retract| {
                let sha256 = retract.file_sha256.as_deref()?;
                Some((before + retract.size_bytes, sha256))
            }));
        }
    }
    let after = state.changes().iter().filter_map(|(_, c)| c.after.as_ref());
    let after = after.filter(|after| after.file == file);
    forms.extend(after.map(|n| (n.size_bytes, n.sha256.as_str())));
    forms
}

/// Whether a file may be gone: its end is under way.
pub fn goes(state: &State, file: &str) -> bool {
    let retracted = state.unsettled().any(|o| {
        o.segment.file == file
            && o.retract.as_ref().is_some_and(|r| r.file_sha256.is_none())
    });
    let changed = state.changes().iter().any(|(_, c)| {
        (c.file == file && c.after.is_none())
            || c.removes.iter().any(|r| r.file == file)
    });
    retracted || changed
}

/// All lengths and digests in which a file may be found that an unfinished run
/// was at work on: also what it was before.
pub fn forms_under_way<'s>(
    state: &'s State,
    files: &'s Inventory,
    file: &str,
) -> Vec<(u64, &'s str)> {
    let mut all = forms(state, files, file);
    let changes = state.changes().iter().map(|(_, change)| change);
    let named = changes.flat_map(|change| {
        change.before.iter().chain(&change.after).chain(&change.removes)
    });
    let named = named.filter(|named| named.file == file);
    all.extend(named.map(|n| (n.size_bytes, n.sha256.as_str())));
    let intents = state.intents().map(|open| &open.segment);
    let intents = intents.filter(|segment| segment.file == file);
    all.extend(intents.filter_map(|segment| {
        let sha256 = segment.before_sha256.as_deref()?;
        Some((segment.offset_bytes, sha256))
    }));
    all
}
