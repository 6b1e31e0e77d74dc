//! The lake: the settled days of an archive tree as Parquet, a file a table
//! and month, for the engines that people already run.
//!
//! A lake is derived: the archives stay what they are, and it can be thrown
//! away and made again. rt-lake(7) describes it for its readers.
//!
//! | module | knows |
//! |---|---|
//! | `columns` | the types of columns, and which of them share a version |
//! | `about` | what stands in a file's metadata |
//! | `form` | the columns as Parquet has them |
//! | `shape` | the keys of a line, and its values if it is written as ours are |
//! | `buffers` | values by column, on their way into a row group |
//! | `unit` | a file in the making, and its proof |
//! | `lines` | lines out of a file, byte for byte |
//! | `manifest` | the exact set of files |
//! | `plan` | what the columns of a month are, by the ledger |
//! | `month` | the lines of a month into its files |
//! | `sweep` | what a run that was killed left |
//! | `wanted` | what the lake is to have, by the ledger |
//! | `publish` | the settled days of a tree into a lake |
//! | `jsonl` | lines out of it |
//! | `rows` | rows of the database, in a file beside it |
//! | `options`, `record` | what was asked for, and what is said |

mod about;
mod buffers;
mod columns;
mod form;
pub mod jsonl;
mod lines;
mod manifest;
mod month;
mod options;
mod plan;
pub mod publish;
mod record;
pub mod rows;
mod shape;
mod sweep;
mod unit;
mod wanted;

pub use options::Options;

use std::io;
use std::path::Path;

use parquet::errors::ParquetError;
use rt::error::{Error, quoted};

/// The error of the Parquet library at work on a file.
fn in_parquet(
    verb: &str,
    path: impl AsRef<Path>,
    error: ParquetError,
) -> Error {
    if let ParquetError::External(source) = error {
        return match source.downcast::<io::Error>() {
            Ok(source) => Error::io(verb, path, *source),
            Err(other) => Error::failed(format!(
                "cannot {verb} {}: {other}",
                quoted(path)
            )),
        };
    }
    Error::data(format!("cannot {verb} {}: {error}", quoted(path)))
}
