//! The page of rt-retention: what is where, what needs attention, what the
//! past was and the next year will be, in one HTML file.
//!
//! It is made of records alone, and stands by itself: no script, no font and
//! no picture comes from anywhere else.

mod forecast;
mod html;
mod jobs;
mod plot;
mod sections;
mod seen;
mod units;

use std::io::BufRead;

use super::about::Options;
use super::place::Place;
use super::result::Made;
use crate::error::{Notes, Result};
use crate::time::Day;

use sections::Sections;
pub(super) use seen::Seen;

/// Reads the records and makes the page.
pub(super) fn make(
    options: &Options,
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let policy = options.settings.load_policy()?;
    let (seen, exit) = Seen::read(input, notes)?;
    let now = options.settings.now()?;
    let this = Day::of(now).to_string();
    let sections = Sections {
        seen: &seen,
        policy: &policy,
        now,
        this: this.get(..7).and_then(seen::number).unwrap_or_default(),
        archives: options.settings.archives(),
    };
    let place = Place::of(&options.settings)?;
    let body = [
        sections.overview(&place),
        sections.attention(),
        sections.tiers(),
        sections.tables(),
        sections.bytes_a_row(),
        jobs::jobs(&seen.jobs),
        sections.forecast(),
        sections.oldest(),
    ];
    let text = html::document("What is kept, and where", &body.concat());
    Ok(Made { text, exit, counts: None })
}
