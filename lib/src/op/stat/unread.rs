//! Archives that nobody has read for long, and those that were found damaged
//! when they were last read.

use jiff::Timestamp;

use super::breach::Breach;
use super::options::Options;
use crate::archive::{Ledger, ReadLog, Tree};
use crate::error::{Result, are, counted, quote};
use crate::time::Age;

/// The archives by what rt-verify noted.
pub(super) fn judge(
    options: &Options,
    tree: &Tree,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<Vec<Breach>> {
    let files = ledger.files()?;
    let log = ReadLog::load(tree.root());
    let most = match &options.max_unread {
        Some(most) => most.clone(),
        None => Age::parse("120d")?,
    };
    let limit = most.before(now)?;
    let damaged: Vec<&str> = log.damaged(files).collect();
    let mut unread: Vec<&str> = files
        .files()
        .filter(|(name, _)| !damaged.contains(name))
        .filter(|(name, file)| {
            log.last(files, name, file).is_none_or(|last| last < limit)
        })
        .map(|(name, _)| name)
        .collect();
    unread.sort_unstable();
    let breach = |what, files: &[&str], said: &str| {
        let count = files.len() as u64;
        let first = files.first().copied().unwrap_or_default();
        let those = match count {
            1 => format!("the archive file {}", quote(first)),
            n => format!("{n} archive files, such as {},", quote(first)),
        };
        Breach {
            file: Some(first.to_owned()),
            files: Some(count),
            ..Breach::new(what, format!("{those} {} {said}", are(count)))
        }
    };
    let mut out = Vec::new();
    if !damaged.is_empty() {
        let found = breach("damaged", &damaged, "damaged, as rt-verify found");
        let hint = format!(
            "rt-verify says of each what to do; once {} put back, it takes \
             note",
            counted(damaged.len() as u64, "file")
        );
        out.push(Breach { damage: true, ..found.hint(hint) });
    }
    if !unread.is_empty() {
        let said = format!("unread since before {limit}");
        let found = breach("unread", &unread, &said);
        out.push(found.hint(
            "rt-verify --sample 10; rt-weekly and rt-monthly read a share \
             each time",
        ));
    }
    Ok(out)
}
