//! What rt-store was asked for.

use crate::settings::Settings;
use crate::settings::columns::Columns;

/// How hard rows are compressed unless said. rt-gzip's 6 takes a fifth more
/// CPU time for 2 to 3 % fewer bytes (`tests/perf/run store`), and this program
/// runs beside an application.
pub(super) const LEVEL: u8 = 5;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where.
    pub settings: Settings,
    /// The tables. The rows of several come behind lines that name them.
    pub tables: Vec<String>,
    /// The columns, as rt-export was told.
    pub columns: Columns,
    /// `--single`: one new file, of one JSON array.
    pub single: bool,
    /// `--no-compress`.
    pub plain: bool,
    /// `-1` to `-9`; 5 unless said.
    pub level: Option<u8>,
    /// `-p`.
    pub threads: Option<u64>,
}
