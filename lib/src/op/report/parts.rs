//! The report of a job that consists of jobs: their whole reports, read from
//! the files that they left.
//!
//! A job that left no report was not finished; its file may hold what it said
//! on standard error. What its report cannot say, its exit status, comes as a
//! record on the input:
//! `{"type":"part","part":"daily","exit_status":3}`.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::{Deserialize, Serialize, Serializer};

use super::about::{Options, Part};
use super::input::{overall, read};
use super::place::Place;
use super::print;
use super::result::{Counts, Made, Report, sum};
use super::upkeep::{self, CleanupReport, asked};
use crate::error::{Error, Exit, Notes, Result, quote, quoted, reason};
use crate::outcome::Status;
use crate::signal;

/// What is known of a job.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Found {
    Tables(Report),
    Upkeep(Box<CleanupReport>),
    /// The job left no report.
    Nothing {
        status: Status,
        message: String,
    },
}

impl Found {
    fn read(part: &Part) -> Result<Found> {
        let nothing =
            |message| Found::Nothing { status: Status::Failed, message };
        let unread = |why: &str| {
            format!("cannot read the report {}: {why}", quoted(&part.file))
        };
        let fail = |e| Error::failed(unread(&reason(&e)));
        let text = match signal::read_file(&part.file, fail) {
            Ok(text) => text,
            Err(error) if error.exit() == Exit::Failed => {
                return Ok(nothing(error.to_string()));
            }
            Err(stopped) => return Err(stopped),
        };
        Ok(match (serde_json::from_slice(&text), cause(&text)) {
            (Ok(found), _) => found,
            (Err(_), Some(message)) => nothing(message),
            (Err(e), None) => nothing(unread(&e.to_string())),
        })
    }

    /// What the report itself says of the job.
    fn exit(&self) -> Exit {
        match self {
            Found::Tables(report) => {
                let exits = report.tables.iter().map(|t| match t.status {
                    Status::Failed => Exit::Failed,
                    _ => Exit::Done,
                });
                let exit = overall(&exits.collect::<Vec<_>>());
                report.verified.as_ref().map_or(exit, |s| exit.and(s.exit()))
            }
            Found::Upkeep(report) => report.exit(),
            Found::Nothing { .. } => Exit::Failed,
        }
    }

    fn asks(&self) -> bool {
        matches!(self, Found::Upkeep(report) if report.asks())
    }

    fn table(&self) -> String {
        match self {
            Found::Tables(report) => print::table(report),
            Found::Upkeep(report) => upkeep::table(report),
            Found::Nothing { message, .. } => format!("failed: {message}\n"),
        }
    }
}

/// The first cause in what a job said on standard error in place of a report:
/// `rt-policy: cannot open 'x': no such file or directory`.
fn cause(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let mut causes = said.lines().filter_map(|line| {
        let (program, cause) = line.split_once(": ")?;
        let ours = program.starts_with("rt-") && !program.contains(' ');
        (ours && !cause.starts_with("warning: ")).then(|| cause.to_owned())
    });
    causes.next()
}

/// The report of the whole job: a key a part, in their order.
#[derive(Serialize)]
struct Whole {
    mode: String,
    timestamp: String,
    dry_run: bool,
    #[serde(flatten)]
    place: Place,
    #[serde(flatten)]
    parts: Parts,
}

struct Parts(Vec<(String, Found)>);

impl Serialize for Parts {
    fn serialize<S: Serializer>(
        &self,
        to: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, found)| (name, found)))
    }
}

/// How a job ended.
#[derive(Deserialize)]
struct Ended {
    part: String,
    exit_status: u8,
}

/// Reads the parts and puts them together.
pub(super) fn make(
    options: &Options,
    parts: &[Part],
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let mut ended = BTreeMap::new();
    let readable = read(input, &["part"], notes, |end: Ended| {
        ended.insert(end.part, Exit::from_code(end.exit_status));
    })?;
    let mut exits = Vec::new();
    let mut found: Vec<(String, Found)> = Vec::new();
    for part in parts {
        if found.iter().any(|(name, _)| *name == part.name) {
            let name = quote(&part.name);
            return Err(Error::usage(format!("--part: {name} comes twice")));
        }
        let one = Found::read(part)?;
        let said = ended.get(&part.name).copied().unwrap_or(Exit::Done);
        exits.push(one.exit().and(said));
        found.push((part.name.clone(), one));
    }
    let counts: Vec<Counts> = found
        .iter()
        .filter_map(|(_, found)| match found {
            Found::Tables(report) => Some(report.counts()),
            Found::Upkeep(_) | Found::Nothing { .. } => None,
        })
        .collect();
    let whole = Whole {
        mode: options.mode.clone(),
        timestamp: options.timestamp()?,
        dry_run: options.settings.dry_run,
        place: Place::of(&options.settings)?,
        parts: Parts(found),
    };
    let table = || {
        let parts = whole.parts.0.iter().map(|(name, found)| {
            let name: String = name.escape_default().collect();
            format!("{name}: {}", found.table())
        });
        parts.collect::<Vec<_>>().join("\n")
    };
    let asks = whole.parts.0.iter().any(|(_, found)| found.asks());
    Ok(Made {
        text: options.form(&whole, table)?,
        exit: asked(asks, overall(&exits).and(readable)),
        counts: Some(Counts {
            total_archived: sum(counts.iter().map(|c| c.total_archived)),
            tables: sum(counts.iter().map(|c| c.tables)),
            failed: sum(counts.iter().map(|c| c.failed)),
        }),
    })
}
