//! Publication: drafts become files, all of a run's at once.

use std::sync::Arc;

use jiff::Timestamp;

use super::draft::Draft;
use super::event::{Event, Segment};
use super::names::{Origin, Tree};
use super::owner::{Archive, not_as_said};
use super::state::State;
use crate::crash;
use crate::db::Identity;
use crate::error::{Error, Exit, Result, quote};
use crate::io::{durable, space};

impl State {
    /// Refuses a table that has an unsettled segment of this name or of the
    /// database that is `here`.
    pub fn check_settled(
        &self,
        origin: &Origin,
        here: &Identity,
    ) -> Result<()> {
        let unsettled = self.unsettled().find(|open| {
            let segment = &open.segment;
            segment.table.eq_ignore_ascii_case(&origin.table)
                && (segment.database == origin.database
                    || segment.db == here.path)
        });
        let Some(open) = unsettled else { return Ok(()) };
        Err(Error::busy(format!(
            "table {} has a segment that is not settled, in {}, of the \
             database {}",
            quote(&origin.table),
            quote(&open.segment.file),
            quote(&open.segment.db)
        ))
        .hint(
            "settle it first with rt-purge --pending; where that database was \
             moved, or this tree copied, with --moved too",
        ))
    }
}

impl Archive {
    /// Refuses a table that is left alone, or has an unsettled segment of this
    /// name or of the database that is `here`.
    pub fn check_free(&self, origin: &Origin, here: &Identity) -> Result<()> {
        if let Some(blocked) = self.block_of(&origin.table) {
            return Err(Error::new(blocked.exit, blocked.message.clone()));
        }
        self.ledger.state().check_settled(origin, here)
    }

    /// Begins a draft of a file: what is there now, which must be what the
    /// ledger says.
    pub fn begin_draft(&self, file: &str) -> Result<Draft> {
        let known = self.files()?.file(file);
        let path = self.tree.path(file).map_err(|e| match known {
            Some(_) => e,
            None => e.with_exit(Exit::Failed),
        })?;
        let folder = &path.folder();
        // Publication makes the names durable, of all days' folders at once.
        durable::add_folders(folder)?;
        let present = durable::open_if_there(&path)?;
        match (known, present) {
            (None, None) => Draft::begin(folder, None, 0),
            (Some(known), Some(present)) => {
                let length = durable::length(&present, &path)?;
                if length != known.size_bytes {
                    return Err(not_as_said(
                        &path,
                        "is not as long as the ledger says",
                    ));
                }
                // The new file stands beside the old one for a while.
                space::need(folder, length)?;
                let draft =
                    Draft::begin(folder, Some((present, &path)), length)?;
                if draft.before_sha256() != Some(&known.sha256) {
                    return Err(not_as_said(
                        &path,
                        "is not what the ledger says",
                    ));
                }
                Ok(draft)
            }
            (Some(_), None) => Err(not_as_said(&path, "is missing")),
            (None, Some(_)) => Err(not_as_said(&path, "is not in the ledger")),
        }
    }

    /// A name for a table's rows in one file that neither the tree nor the
    /// ledger has yet. The lock keeps it free until it is published.
    pub fn whole_file(
        &self,
        origin: &Origin,
        now: Timestamp,
        compressed: bool,
    ) -> Result<String> {
        for n in 1..=u32::MAX {
            let file = Tree::whole_file(origin, now, n, compressed);
            let path = self.tree.path(&file)?;
            let known = self.files()?.file(&file).is_some();
            if durable::is_gone(&path)? && !known {
                return Ok(file);
            }
        }
        Err(Error::failed("all names of this moment are taken"))
    }

    /// Publishes drafts that were finished, with their segments. When it
    /// returns, files, names and events are durable.
    pub fn publish(
        &mut self,
        drafts: Vec<(Arc<Segment>, Draft)>,
    ) -> Result<()> {
        crash::point("store.synced");
        let intents: Vec<Event> = drafts
            .iter()
            .map(|(segment, _)| Event::Store(segment.clone()))
            .collect();
        self.append(&intents)?;
        drop(intents);
        crash::point("store.intents");
        let (mut published, mut paths) = (Vec::new(), Vec::new());
        for (segment, draft) in drafts {
            let path = self.tree.path(&segment.file)?;
            draft.publish(&path)?;
            crash::point("store.renamed");
            published.push(Event::Published { id: segment.id.clone() });
            paths.push(path);
        }
        // Up to the root: whoever made a folder may have died before it was
        // durable.
        self.sync_folders_of(&paths)?;
        crash::point("store.folder");
        self.append(&published)?;
        crash::point("store.published");
        Ok(())
    }
}
