//! What rt-remote was asked for.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::archive::Selection;
use crate::error::{Error, Result, quote};
use crate::settings::Settings;
use crate::time::clock;

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verb {
    /// Whether the remote's ledger is one of this tree.
    #[default]
    Check,
    /// Gives what is to be copied a second name.
    Stage,
    /// Makes the next piece of the ledger.
    Ledger,
    /// Enters what was copied and looked at.
    Shipped,
    /// Lists what is about to go.
    Leaving,
    /// Enters and lists what is to go.
    Withdraw,
    /// Enters what is gone.
    Withdrawn,
    /// Makes a tree of what came back.
    Build,
}

impl FromStr for Verb {
    type Err = Error;

    fn from_str(word: &str) -> Result<Verb> {
        let verbs = [
            ("check", Verb::Check),
            ("stage", Verb::Stage),
            ("ledger", Verb::Ledger),
            ("shipped", Verb::Shipped),
            ("leaving", Verb::Leaving),
            ("withdraw", Verb::Withdraw),
            ("withdrawn", Verb::Withdrawn),
            ("build", Verb::Build),
        ];
        let found = verbs.iter().find(|(name, _)| *name == word);
        found.map(|(_, verb)| *verb).ok_or_else(|| {
            Error::usage(format!("there is no verb {}", quote(word)))
                .hint("rt-remote(1) has all of them")
        })
    }
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// What is to be done.
    pub verb: Verb,
    /// The remote, with the folder of this tree in it; of `build` the folder
    /// that came back.
    pub remote: String,
    /// `--listing`: what rclone says of objects.
    pub listing: Option<PathBuf>,
    /// `--checked`: how they were looked at.
    pub checked: Option<String>,
    /// `--since`.
    pub since: Option<Timestamp>,
    /// `--until`.
    pub until: Option<Timestamp>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

impl Options {
    /// Refuses what makes no sense together.
    pub(super) fn check(&self) -> Result<()> {
        clock::check_span(("since", self.since), ("until", self.until))?;
        let listed = matches!(self.verb, Verb::Check | Verb::Shipped);
        if listed != self.listing.is_some() {
            return Err(Error::usage(
                "--listing is for check and shipped, which need it",
            ));
        }
        let known = ["hash", "crypt", "download"];
        match &self.checked {
            Some(how) if !known.contains(&how.as_str()) => Err(Error::usage(
                "--checked is one of hash, crypt and download",
            )),
            how if (self.verb == Verb::Shipped) != how.is_some() => {
                Err(Error::usage("--checked is for shipped, which needs it"))
            }
            _ => Ok(()),
        }
    }

    /// The days that are asked for.
    pub(super) fn selection(&self) -> Selection<'_> {
        Selection {
            since: self.since,
            until: self.until,
            ..Selection::default()
        }
    }
}
