//! Step 4: the rows of segments that are settled together are deleted, all at
//! once or chunk by chunk.

use std::time::Instant;

use super::chunk::{Chunk, Comparison, Finder};
use super::delete::Deletion;
use super::recover;
use super::session::Session;
use super::tally::Tally;
use super::target::Target;
use super::whole_table;
use crate::archive::Begun;
use crate::error::{Error, Exit, Result};
use crate::proof::{Accesses, Helper, KeyedFinder, KeylessFinder, Subject};

/// The lines of segments that are settled together, and what is known of
/// them.
pub(super) struct Lines<'l> {
    pub target: &'l Target<'l>,
    pub subjects: &'l [Subject],
    pub tallies: Vec<Tally>,
}

/// The verdicts on segments that are through. A run that is told to stop, or
/// finds the database locked, still settles those.
pub(super) struct Through {
    pub tallies: Vec<Tally>,
    /// Why the run ends, once they are settled.
    pub stopped: Option<Error>,
}

/// Rows with keys.
pub(super) fn delete_keyed(
    session: &mut Session<'_>,
    of: Lines<'_>,
    begun: Begun,
) -> Result<Through> {
    let Lines { target, mut subjects, mut tallies } = of;
    let mut through = Vec::new();
    while !subjects.is_empty() {
        let first = whole_table::first_in_chunks(session, target, subjects)?;
        if first == 0
            && whole_table::delete(session, target, subjects, &begun)?
        {
            for (tally, subject) in tallies.iter_mut().zip(subjects) {
                tally.deleted = subject.rows();
            }
            through.append(&mut tallies);
            break;
        }
        let first = if first == 0 { subjects.len() } else { first };
        let (now, rest) = subjects.split_at(first);
        let later = tallies.split_off(first);
        let of = Lines { target, subjects: now, tallies };
        let finder = Finder::Keyed(KeyedFinder::default());
        let began = Instant::now();
        let mut done = delete_chunks(session, of, Some(&begun), finder)?;
        if let Some((_, rows, took)) = &mut session.too_long {
            *rows += done.tallies.iter().map(|t| t.deleted).sum::<u64>();
            *took += began.elapsed();
        }
        through.append(&mut done.tallies);
        if done.stopped.is_some() {
            return Ok(Through { tallies: through, ..done });
        }
        (subjects, tallies) = (rest, later);
    }
    Ok(Through { tallies: through, stopped: None })
}

/// The rows of one segment without keys.
pub(super) fn delete_keyless(
    session: &mut Session<'_>,
    of: Lines<'_>,
) -> Result<Through> {
    let (table, subject) = (of.target.table, &of.subjects[0]);
    let source = session.source();
    let before = recover::look_back(source, of.target, subject)?;
    let finder = KeylessFinder::new(source, table, subject, before)?;
    delete_chunks(session, of, None, Finder::Keyless(finder))
}

/// No row goes: the table was altered before the first one was compared.
pub(super) fn leave(
    session: &mut Session<'_>,
    of: Lines<'_>,
) -> Result<Through> {
    let finder = Finder::Keyed(KeyedFinder::default());
    delete_chunks(session, of, None, finder)
}

/// Compares and deletes chunk by chunk.
fn delete_chunks(
    session: &mut Session<'_>,
    of: Lines<'_>,
    begun: Option<&Begun>,
    finder: Finder,
) -> Result<Through> {
    let known = (session.database, session.schema_version);
    let (table, subjects) = (of.target.table, of.subjects);
    std::thread::scope(|scope| {
        let helper = match begun {
            Some(_) => Helper::start(scope, known, table, subjects)?,
            None => None,
        };
        // The helper ends with the chunk, and the scope waits for that.
        let chunk = Chunk::begin(subjects, finder, helper)?;
        delete_from(session, chunk, of, begun)
    })
}

fn delete_from(
    session: &mut Session<'_>,
    mut chunk: Chunk,
    of: Lines<'_>,
    begun: Option<&Begun>,
) -> Result<Through> {
    let Lines { target, subjects, mut tallies } = of;
    let source = session.source();
    // Prepared before the first row is compared, so that they belong to the
    // schema of the segments.
    let mut accesses = match session.is_altered(target)? {
        true => Accesses::default(),
        false => Accesses::new(source.database, target.table, subjects)?,
    };
    let followed = match target.references.is_empty() {
        true => None,
        false => {
            let mut with = Comparison {
                target,
                subjects,
                accesses: &mut accesses,
                tallies: &mut tallies,
            };
            Some(chunk.gather(source, &mut with)?)
        }
    };
    let mut deletion = Deletion {
        session,
        target,
        subjects,
        accesses,
        tallies,
        followed,
        begun,
        one_by_one: false,
    };
    let stopped = deletion.run(&mut chunk).err();
    let mut tallies = deletion.tallies;
    let held = deletion.session.log.is_held();
    let ends = |error: &Error| {
        held || error.exit() == Exit::Busy || source.limit.check().is_err()
    };
    match stopped {
        Some(error) if !ends(&error) => Err(error),
        stopped => {
            if stopped.is_some() {
                crate::signal::let_statements_end();
                tallies.truncate(chunk.finished(subjects.len()));
            }
            Ok(Through { tallies, stopped })
        }
    }
}
