//! The report of a job on the archives themselves, from what rt-expire and
//! rt-consolidate said when they were through.

use std::collections::BTreeSet;
use std::io::BufRead;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::about::{Options, Step};
use super::columns::columns;
use super::input::{overall, read};
use super::place::Place;
use super::print;
use super::result::{Counts, Made};
use super::sample::{self, Sample};
use crate::archive::month_file;
use crate::error::{Exit, Notes, Result};
use crate::outcome::{Consolidation, Expiry, Upkeep};
use crate::time::Day;

/// A job's report; the keys are the contract of rt-report(1).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct CleanupReport {
    mode: String,
    timestamp: String,
    dry_run: bool,
    #[serde(flatten)]
    place: Place,
    consolidation: Consolidation,
    purge: Expiry,
    /// What rt-verify found in a share of the archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verified: Option<Sample>,
}

impl CleanupReport {
    /// What the report itself says of the job.
    pub(super) fn exit(&self) -> Exit {
        let steps = [&self.consolidation.status, &self.purge.status];
        let exits = steps
            .into_iter()
            .filter(|s| *s != SKIPPED)
            .map(|s| if s == FAILED { Exit::Failed } else { Exit::Done });
        let exit = overall(&exits.collect::<Vec<_>>());
        let read = self.verified.as_ref().map_or(Exit::Done, Sample::exit);
        asked(self.asks(), exit.and(read))
    }

    /// Whether something is held until somebody says that it is meant.
    pub(super) fn asks(&self) -> bool {
        !self.purge.held.is_empty()
    }
}

/// The status of a job of which a part is asked about first: whoever starts
/// it must see that before all else but damage.
pub(super) fn asked(asks: bool, exit: Exit) -> Exit {
    match exit {
        Exit::Disagree | Exit::Data => exit,
        _ if !asks => exit,
        _ => Exit::Failed,
    }
}

const FAILED: &str = "failed";
const SKIPPED: &str = "skipped";

/// Reads the two records and judges them.
pub(super) fn make(
    options: &Options,
    steps: &[Step],
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let (mut consolidations, mut expiries) = (Vec::new(), Vec::new());
    let mut reason = None;
    let types = ["consolidation", "expiry", "ended"];
    let (sample, rest) = sample::part(input)?;
    let readable =
        read(&mut &rest[..], &types, notes, |record| match record {
            Upkeep::Consolidation(record) => consolidations.push(record),
            Upkeep::Expiry(record) => expiries.push(record),
            Upkeep::Ended(record) => reason = record.message,
        })?;
    let mut exits = Vec::new();
    let wanted = |step, seen: usize| steps.contains(&step) || seen > 0;
    let mut consolidation = Consolidation::default();
    if wanted(Step::Consolidation, consolidations.len()) {
        let (one, why) = single("rt-consolidate", consolidations, &reason);
        consolidation = one.unwrap_or_default();
        let Consolidation { status, message, exit_status, .. } =
            &mut consolidation;
        exits.push(judge(why, status, message, exit_status));
    } else {
        consolidation.status = SKIPPED.to_owned();
    }
    let mut purge = Expiry::default();
    if wanted(Step::Purge, expiries.len()) {
        let (one, why) = single("rt-expire", expiries, &reason);
        purge = one.unwrap_or_default();
        let Expiry { status, message, exit_status, .. } = &mut purge;
        exits.push(judge(why, status, message, exit_status));
    } else {
        purge.status = SKIPPED.to_owned();
    }
    if options.settings.dry_run {
        foresee(&mut consolidation, &purge);
    }
    let exit = sample::judge(&sample, overall(&exits).and(readable), notes);
    let exit = asked(!purge.held.is_empty(), exit);
    let report = CleanupReport {
        mode: options.mode.clone(),
        timestamp: options.timestamp()?,
        dry_run: options.settings.dry_run,
        place: Place::of(&options.settings)?,
        consolidation,
        purge,
        verified: sample,
    };
    Ok(Made {
        text: options.form(&report, || table(&report))?,
        exit,
        counts: Some(Counts::default()),
    })
}

/// The one record of a step, or what is wrong with them; `reason` is why the
/// job could not begin.
fn single<R>(
    step: &str,
    records: Vec<R>,
    reason: &Option<String>,
) -> (Option<R>, Option<String>) {
    let why = match records.len() {
        0 => reason.clone().or_else(|| Some(format!("{step} did not finish"))),
        1 => None,
        n => Some(format!("{step} reported {n} times")),
    };
    (records.into_iter().next(), why)
}

/// What a step does to the job's exit status, which is what its record is
/// left without.
fn judge(
    why: Option<String>,
    status: &mut String,
    message: &mut Option<String>,
    exit_status: &mut Option<u8>,
) -> Exit {
    let mut exit = exit_status.take().map_or(Exit::Done, Exit::from_code);
    if why.is_some() {
        FAILED.clone_into(status);
        *message = why;
    }
    if status == FAILED && exit == Exit::Done {
        exit = Exit::Failed;
    }
    exit
}

/// In a dry run nothing is gone when rt-consolidate looks, but in the run
/// itself what is purged is gone by then: it is not named twice.
fn foresee(consolidation: &mut Consolidation, purge: &Expiry) {
    let gone: BTreeSet<&String> = purge.purged_files.iter().collect();
    let files = &mut consolidation.removed_warm;
    let before = files.len();
    files.retain(|file| !gone.contains(file));
    if files.len() == before {
        return;
    }
    consolidation.consolidated = files.len() as u64;
    let months: BTreeSet<String> = files
        .iter()
        .filter_map(|f| f.strip_prefix("warm/")?.split('/').next())
        .filter_map(|day| day.parse::<Day>().ok())
        .map(month_file)
        .collect();
    consolidation.cold_files.retain(|file| months.contains(file));
}

/// The report for people: a line a step, then the files.
pub(super) fn table(report: &CleanupReport) -> String {
    let CleanupReport { consolidation, purge, .. } = report;
    let mut out = print::heading("Cleanup Results", report.dry_run);
    let row = |step: &str, status: &str, files: u64, size: String, why| {
        let message: &Option<String> = why;
        let message = message.clone().unwrap_or_default();
        [step.to_owned(), status.to_owned(), files.to_string(), size, message]
    };
    let rows = [
        row(
            "purge",
            &purge.status,
            purge.purged_members,
            ByteSize(purge.purged_bytes).to_string(),
            &purge.message,
        ),
        row(
            "consolidation",
            &consolidation.status,
            consolidation.consolidated,
            "-".to_owned(),
            &consolidation.message,
        ),
    ];
    let heads = ["STEP", "STATUS", "FILES", "SIZE", "MESSAGE"];
    out.push_str(&columns(heads, 2..4, rows));
    out.push_str(&spans(report));
    let files = [
        ("PURGED", &purge.purged_files),
        ("CONSOLIDATED", &consolidation.removed_warm),
        ("INTO", &consolidation.cold_files),
        ("ON HOLD", &consolidation.on_hold),
    ];
    for (head, files) in files.into_iter().filter(|(_, f)| !f.is_empty()) {
        out.push('\n');
        let rows = files.iter().map(|file| [file.clone()]);
        out.push_str(&columns([head], 0..0, rows));
    }
    out.push_str(&report.place.lines());
    if let Some(sample) = &report.verified {
        out.push_str(&sample.lines());
    }
    out
}

/// What is past its retention, a line a table and fate.
fn spans(report: &CleanupReport) -> String {
    let CleanupReport { purge, dry_run, .. } = report;
    let gone = if *dry_run { "would go" } else { "gone" };
    let fates = [
        (gone, &purge.tables),
        ("held", &purge.held),
        ("waits", &purge.waiting),
        ("on hold", &purge.on_hold),
        ("at no remote", &purge.unshipped),
    ];
    let rows: Vec<_> = fates
        .into_iter()
        .flat_map(|(fate, spans)| spans.iter().map(move |s| (fate, s)))
        .map(|(fate, span)| {
            let fate = match &span.why {
                Some(why) => format!("{fate}: {why}"),
                None => fate.to_owned(),
            };
            [
                span.table.clone(),
                span.rows.to_string(),
                span.oldest.clone(),
                span.newest.clone(),
                whole_seconds(&span.cutoff_date),
                fate,
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let heads = ["TABLE", "ROWS", "OLDEST", "NEWEST", "CUTOFF", "WHAT"];
    format!("\n{}", columns(heads, 1..2, rows))
}

/// A time of a record without its fraction.
fn whole_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}
