//! Which files are read.

use super::options::Options;
use crate::archive::{Audit, FileState, ReadLog, Tree};

/// The files that are to be read, by name.
pub(super) fn files(
    options: &Options,
    tree: &Tree,
    audit: &Audit,
    unknown: Vec<String>,
) -> Vec<String> {
    let selection = options.selection();
    let mut known: Vec<(&str, &FileState)> = audit
        .said
        .files
        .files()
        .filter(|(_, file)| file.members.iter().any(|m| selection.wants(m)))
        .collect();
    if let Some(percent) = options.sample {
        known = sample(percent, &ReadLog::load(tree.root()), audit, known);
    }
    let known = known.into_iter().map(|(name, _)| name.to_owned());
    // In a sample, as elsewhere, what nobody knows is read each time.
    let mut files: Vec<String> = known.chain(unknown).collect();
    files.sort();
    files
}

/// So many hundredths of the bytes, at least: those whose last reading lies
/// farthest back. So a share of each week reads everything in as many weeks.
fn sample<'f>(
    percent: u64,
    log: &ReadLog,
    audit: &Audit,
    mut files: Vec<(&'f str, &'f FileState)>,
) -> Vec<(&'f str, &'f FileState)> {
    let known = &audit.said.files;
    files.sort_by_cached_key(|(name, file)| {
        (log.last(known, name, file), *name)
    });
    let total: u64 = files.iter().map(|(_, file)| file.size_bytes).sum();
    let mut wanted = u128::from(total) * u128::from(percent);
    files.retain(|(_, file)| {
        let takes = wanted > 0;
        wanted = wanted.saturating_sub(u128::from(file.size_bytes) * 100);
        takes
    });
    files
}
