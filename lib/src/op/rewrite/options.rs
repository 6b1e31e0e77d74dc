//! What rt-rewrite was asked for.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::archive::Origin;
use crate::error::{Error, Result, quote};
use crate::io::digest::hex;
use crate::record::Predicate;
use crate::settings::Settings;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// Of which table.
    pub table: String,
    /// `--where`, all of which must hold.
    pub conditions: Vec<Predicate>,
    /// Each of them, as it was given.
    pub texts: Vec<String>,
    /// `--reason`.
    pub reason: Option<String>,
    /// `--yes`: it is done, and not only shown.
    pub yes: bool,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
}

impl Options {
    /// Adds a condition.
    ///
    /// # Errors
    /// Status 2 for one that is neither `COL=V` nor `COL~TEXT`: what is not
    /// named is not erased.
    pub fn add_condition(&mut self, text: &str) -> Result<()> {
        let condition = Predicate::parse(text)?;
        let names = condition.is_equality() || condition.is_search();
        if !names || condition.value().is_empty() {
            return Err(Error::usage(format!(
                "rows are not erased by {}",
                quote(text)
            ))
            .hint("say which ones: COL=VALUE or COL~TEXT"));
        }
        self.conditions.push(condition);
        self.texts.push(text.to_owned());
        Ok(())
    }

    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<()> {
        if self.conditions.is_empty() {
            return Err(Error::usage("--where is missing")
                .hint("say which rows: --where COL=VALUE"));
        }
        let reason = self.reason.as_deref().unwrap_or_default();
        if reason.is_empty() {
            return Err(Error::usage("--reason is missing").hint(
                "say why, as with the number of the request: the ledger \
                 keeps it",
            ));
        }
        let mut values = self.conditions.iter().map(Predicate::value);
        if values.any(|value| names(reason, value)) {
            return Err(Error::usage(
                "the reason has in it what is to be erased, and the ledger \
                 keeps the reason for good",
            )
            .hint("name the request, and not the person"));
        }
        Ok(())
    }

    /// Whose rows.
    pub(super) fn origin(&self) -> Result<Origin> {
        let database = self.settings.database()?;
        Ok(Origin::new(&self.table, database.as_deref()))
    }

    /// The digest of the intent's id and of what is looked for.
    pub(super) fn selector(&self, id: &str, origin: &Origin) -> String {
        let mut texts: Vec<&str> =
            self.texts.iter().map(String::as_str).collect();
        texts.sort_unstable();
        let table = origin.table.to_ascii_lowercase();
        let mut lines = vec![id, &table];
        lines.extend(texts);
        hex(&Sha256::digest(lines.join("\n").as_bytes()))
    }
}

/// Whether a text has a value in it as a word of its own.
fn names(text: &str, value: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(value).any(|(at, _)| {
        edge(text[..at].chars().next_back())
            && edge(text[at + value.len()..].chars().next())
    })
}
