//! Row records, as rt-export prints them, into one file with the types of a
//! lake: what the database still holds, to be queried beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use rt::derived::{LiveTable, TreePath, print, sync_parent};
use rt::error::{Error, Exit, Result};

use crate::about::{About, DayAbout, FORMAT};
use crate::columns::{Type, version_of};
use crate::options::Options;
use crate::plan::Source;
use crate::record::Rows;
use crate::unit::Unit;

/// Stores the records of a table as a file that is not there yet; a record
/// about it goes to `output`.
///
/// # Errors
/// Status 4 where a line is no record, or has no end.
pub fn store(
    options: &Options,
    (table, file): (&str, &Path),
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<Exit> {
    let live = LiveTable::of(&options.settings, table)?;
    let types = live.columns.into_iter();
    let types: Vec<_> = types.map(|(n, ty)| (n, Type::of(ty))).collect();
    let mut versions = Vec::new();
    version_of(&mut versions, &types);
    let about = About {
        format: FORMAT,
        table: live.name,
        host: options.host()?,
        v: 1,
        columns: versions.remove(0),
        ..About::default()
    };
    let path = TreePath::outside(file);
    let source = Source::live(live.timestamp, live.unit);
    let mut unit = Unit::create(&path.folder(), about, options.level())?;
    let (mut input, mut line) = (BufReader::new(input), Vec::new());
    for number in 1.. {
        line.clear();
        let n = input
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::stream("cannot read standard input", e))?;
        if n == 0 {
            break;
        }
        let bad = |what: &dyn std::fmt::Display| {
            Error::data(format!("line {number} is no row record: {what}"))
        };
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            return Err(bad(&"it has no end"));
        }
        std::str::from_utf8(&line).map_err(|e| bad(&e))?;
        let day = DayAbout::default();
        unit.line(&line, &day, &source).map_err(|e| bad(&e))?;
        unit.flush_if_full()?;
    }
    let ready = unit.finish()?;
    ready.temp.publish_new(&path)?;
    sync_parent(&path)?;
    let (table, file) = (&ready.about.table, &*file.to_string_lossy());
    let (rows, size_bytes) = (ready.about.rows, ready.size_bytes);
    print(&Rows { table, file, rows, size_bytes }, output)?;
    Ok(Exit::Done)
}
