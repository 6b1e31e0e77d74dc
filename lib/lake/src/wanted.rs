//! What a lake is to have, by the ledger.

use std::collections::BTreeMap;

use rt::derived::{ArchivedDay, Archives, Origin};
use rt::error::Result;
use rt::io::digest::hex;
use sha2::{Digest, Sha256};

use crate::manifest::{Entry, Manifest};
use crate::options::Options;

/// A table's month, by the ledger.
pub struct Wanted {
    pub origin: Origin,
    pub month: String,
    pub days: Vec<ArchivedDay>,
    /// Something is under way with one of its files.
    pub waits: bool,
    pub inputs: String,
}

/// The months that the lake is to have, by table.
pub fn wanted(options: &Options, archives: &Archives) -> Result<Vec<Wanted>> {
    let mut all: BTreeMap<(Origin, String), Vec<ArchivedDay>> =
        BTreeMap::new();
    for day in archives.days()? {
        if !options.wants(&day.origin.table) {
            continue;
        }
        let month = day.day.to_string()[..7].to_owned();
        all.entry((day.origin.clone(), month)).or_default().push(day);
    }
    let all = all.into_iter().map(|((origin, month), mut days)| {
        let waits = days.iter().any(|day| !day.settled);
        days.retain(|day| day.settled && day.rows() > 0);
        let mut hash = Sha256::new();
        for day in &days {
            let (name, rows) = (day.name(), day.rows());
            hash.update(format!("{name} {} {rows}\n", day.sha256()));
        }
        let inputs = hex(&hash.finalize());
        Wanted { origin, month, days, waits, inputs }
    });
    Ok(all.collect())
}

impl Wanted {
    /// Whether a file of the lake is of this month.
    pub fn owns(&self, entry: &Entry, host: &str) -> bool {
        entry.host == host
            && entry.month == self.month
            && self.origin.is(&entry.table, entry.database.as_deref())
    }

    /// Whether the lake has it as it is, or it is not its time yet.
    pub fn is_there(&self, manifest: &Manifest, host: &str) -> bool {
        let mut there = manifest.units.iter().filter(|e| self.owns(e, host));
        match there.next() {
            None => self.days.is_empty(),
            Some(entry) => self.waits || entry.inputs_sha256 == self.inputs,
        }
    }
}
