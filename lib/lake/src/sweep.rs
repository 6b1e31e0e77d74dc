//! What a run that was killed left in a lake: files of this host that the
//! manifest does not name.

use std::collections::BTreeSet;

use rt::derived::{
    TreePath, entries, is_temporary, remove_if_empty, remove_if_there,
};
use rt::error::Result;

use crate::manifest::Manifest;

/// Removes them. Under the lake's lock nobody else is at work on them; what is
/// called otherwise than our files is left.
pub fn sweep(lake: &TreePath, host: &str, manifest: &Manifest) -> Result<()> {
    let units = manifest.units.iter().map(|unit| unit.file.as_str());
    let old = manifest.old.iter().map(|old| old.file.as_str());
    let known: BTreeSet<&str> = units.chain(old).collect();
    for (table, folder) in entries(lake)? {
        if is_temporary(&table) {
            remove_if_there(&folder)?;
            continue;
        }
        let name = format!("{table}/host={host}");
        let host = lake.join(&name);
        for (month, folder) in entries(&host)? {
            for (file, path) in entries(&folder)? {
                let name = format!("{name}/{month}/{file}");
                if is_ours(&file) && !known.contains(name.as_str()) {
                    remove_if_there(&path)?;
                }
            }
            remove_if_empty(&folder)?;
        }
    }
    Ok(())
}

/// Whether a file is called as ours are: by the digest of its bytes.
fn is_ours(file: &str) -> bool {
    let digest = file.strip_suffix(".parquet").unwrap_or_default();
    digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit())
}
