//! Which rows were found already, and wait to be deleted.

use std::collections::HashSet;

use super::row_address::RowAddress;
use super::set::ProvenRow;

/// Which rows wait: of rows with keys, equal ones are one. Lines in the order
/// of the rowids cannot be one row twice; only once some are in another order
/// are the digests looked at, of the rows that wait and of no others.
#[derive(Default)]
pub struct KnownRows {
    last: Option<i64>,
    digests: Option<HashSet<u128>>,
}

impl KnownRows {
    /// Whether a row, found behind those in `rows`, is none of them.
    pub fn is_new(
        &mut self,
        rows: &[ProvenRow],
        address: &RowAddress,
        digest: u128,
    ) -> bool {
        if let RowAddress::Rowid(rowid) = address
            && self.last.replace(*rowid).is_none_or(|last| last < *rowid)
            && self.digests.is_none()
        {
            return true;
        }
        let known = || rows.iter().map(|row| row.digest).collect();
        self.digests.get_or_insert_with(known).insert(digest)
    }

    /// A row waits no longer.
    pub fn forget(&mut self, row: &ProvenRow) {
        if let Some(digests) = &mut self.digests {
            digests.remove(&row.digest);
        }
    }
}
