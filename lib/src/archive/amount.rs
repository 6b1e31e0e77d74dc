//! How many bytes, rows or lines something has, as the ledger and receipts say.
//!
//! Invariant. What is read can be added up, whoever wrote it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// More than there is anywhere, and so little that the sum of as many as a
/// ledger can hold is a number.
const MOST: u64 = 1 << 48;

/// Reads such a number.
///
/// # Errors
/// The number is more than [`MOST`].
pub(super) fn amount<'de, D>(from: D) -> Result<u64, D::Error>
where
    D: Deserializer<'de>,
{
    let amount = u64::deserialize(from)?;
    match amount <= MOST {
        true => Ok(amount),
        false => Err(D::Error::custom("a number that nothing comes to")),
    }
}
