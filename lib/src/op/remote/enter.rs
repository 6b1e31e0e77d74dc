//! What is entered in the ledger when something was done at a remote.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use super::listing::{Listed, listed};
use super::object::{Leaving, records};
use super::{Object, Options};
use crate::archive::{Shipped, Withdraw};
use crate::error::{Error, Exit, Notes, Result, quote};
use crate::io::jsonl;

/// Objects whose events are written at once.
const AT_ONCE: usize = 1024;

/// Enters those of the objects that are in the listing, and prints them.
pub(super) fn shipped(
    options: &Options,
    input: &mut dyn Read,
    output: &mut dyn Write,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let objects = Object::read(input)?;
    let path = options.listing.as_deref().unwrap_or("".as_ref());
    let there: BTreeMap<String, Listed> = listed(path)?
        .into_iter()
        .map(|listed| (listed.path.clone(), listed))
        .collect();
    let mut done = Vec::new();
    let mut exit = Exit::Done;
    for object in objects {
        let found = there.get(&object.object);
        match found.and_then(|listed| event(options, &object, listed)) {
            Some(event) => done.push(event),
            None => {
                notes.warn(&format!(
                    "{} is not at {} as it should be",
                    quote(&object.object),
                    quote(&options.remote)
                ));
                exit = exit.and(Exit::Partial);
            }
        }
    }
    if done.is_empty() {
        return Ok(exit);
    }
    let mut archive = options.begin(notes)?;
    for some in done.chunks(AT_ONCE) {
        archive.objects_shipped(some)?;
    }
    drop(archive);
    for event in done {
        jsonl::print(&Entered { event: &event }, output)?;
    }
    Ok(exit)
}

/// What was entered.
#[derive(serde::Serialize)]
#[serde(tag = "type", rename = "shipped")]
struct Entered<'e> {
    #[serde(flatten)]
    event: &'e Shipped,
}

/// The event of an object that is there as long as it should be, and with the
/// digest that it should have, where the remote knows that one.
fn event(
    options: &Options,
    object: &Object,
    listed: &Listed,
) -> Option<Shipped> {
    let size = u64::try_from(listed.size);
    let other = |size: u64| size != object.size_bytes;
    let hash = listed.hashes.iter().find(|(name, _)| {
        ["sha256", "sha-256"].contains(&&*name.to_ascii_lowercase())
    });
    let wrong = |(_, hash): (&String, &String)| {
        !hash.is_empty() && !hash.eq_ignore_ascii_case(&object.sha256)
    };
    if size.is_ok_and(other) || hash.is_some_and(wrong) {
        return None;
    }
    let hashes = listed.hashes.iter().filter(|(_, hash)| !hash.is_empty());
    Some(Shipped {
        remote: options.remote.clone(),
        object: object.object.clone(),
        file: object.file.clone(),
        size_bytes: object.size_bytes,
        sha256: object.sha256.clone(),
        checked: options.checked.clone().unwrap_or_default(),
        hashes: hashes.map(|(n, h)| (n.clone(), h.clone())).collect(),
        lines: object.lines,
    })
}

/// Enters that objects are gone.
pub(super) fn withdrawn(
    options: &Options,
    input: &mut dyn Read,
    notes: &mut dyn Notes,
) -> Result<Exit> {
    let mut text = Vec::new();
    input
        .read_to_end(&mut text)
        .map_err(|e| Error::stream("cannot read standard input", e))?;
    let objects: Vec<Leaving> = records(&text)?;
    if objects.is_empty() {
        return Ok(Exit::Done);
    }
    options.begin(notes)?.objects_withdrawn(Withdraw {
        remote: options.remote.clone(),
        objects: objects.into_iter().map(|o| o.object).collect(),
    })?;
    Ok(Exit::Done)
}
