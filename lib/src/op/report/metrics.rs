//! The numbers of a database and its archives, for Prometheus: its text
//! exposition format 0.0.4, as node_exporter's textfile collector reads it.
//!
//! Each number says of which database it is: by its name in the tree, else by
//! its file. So several files can stand in one collector's folder.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::about::Options;
use super::page::Seen;
use super::place::Place;
use super::result::Made;
use crate::archive::JobEnd;
use crate::error::{Notes, Result};
use crate::time;

/// A family of numbers: its name, its type, and what it counts.
type Family = (&'static str, &'static str, &'static str);

/// What was printed so far, and of which database.
#[derive(Default)]
struct Metrics {
    database: String,
    out: String,
}

/// Reads the records and gives the numbers.
pub(super) fn make(
    options: &Options,
    input: &mut dyn BufRead,
    notes: &mut dyn Notes,
) -> Result<Made> {
    let (seen, exit) = Seen::read(input, notes)?;
    let name = options.settings.database()?;
    let database = match name {
        Some(name) => name,
        None => Place::of(&options.settings)?.database,
    };
    let mut metrics = Metrics { database, ..Metrics::default() };
    metrics.tables(&seen);
    metrics.archives(&seen);
    metrics.breaches(&seen);
    metrics.jobs(&seen);
    let now = options.settings.now()?.as_second() as f64;
    metrics.family(
        ("rt_made_timestamp_seconds", "gauge", "When this was made."),
        [(vec![], now)],
    );
    Ok(Made { text: metrics.out, exit, counts: None })
}

impl Metrics {
    /// A family with its samples; one without any is left out.
    fn family<'l>(
        &mut self,
        (name, kind, help): Family,
        samples: impl IntoIterator<Item = (Vec<(&'l str, &'l str)>, f64)>,
    ) {
        let mut head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (labels, value) in samples {
            self.out.push_str(&std::mem::take(&mut head));
            let database = label("database", &self.database);
            self.out.push_str(&format!("{name}{{{database}"));
            for (key, text) in labels {
                self.out.push_str(&format!(",{}", label(key, text)));
            }
            self.out.push_str(&format!("}} {value}\n"));
        }
    }

    fn tables(&mut self, seen: &Seen) {
        let tables = &seen.tables;
        let of = |count: fn(&super::records::Table) -> Option<u64>| {
            tables.iter().filter_map(move |table| {
                let labels = vec![("table", table.table.as_str())];
                count(table).map(|count| (labels, count as f64))
            })
        };
        self.family(
            ("rt_table_rows", "gauge", "Rows of a table in the database."),
            of(|t| Some(t.rows)),
        );
        self.family(
            ("rt_table_due_rows", "gauge", "Rows past their hot period."),
            of(|t| t.stale),
        );
        self.family(
            ("rt_table_undated_rows", "gauge", "Rows without a time."),
            of(|t| t.undated),
        );
        self.family(
            ("rt_table_live_bytes", "gauge", "Bytes that its rows take."),
            of(|t| Some(t.live_bytes)),
        );
        self.family(
            (
                "rt_table_reclaimable_bytes",
                "gauge",
                "Bytes of the database that are free pages.",
            ),
            of(|t| Some(t.reclaimable_bytes)),
        );
        self.family(
            (
                "rt_table_oldest_timestamp_seconds",
                "gauge",
                "The time of its oldest row.",
            ),
            of(|t| seconds(t.oldest.as_deref()?)),
        );
    }

    fn archives(&mut self, seen: &Seen) {
        let files = seen.tiers.iter().map(|tier| {
            (vec![("tier", tier.tier.as_str())], tier.total_files as f64)
        });
        self.family(
            ("rt_archive_files", "gauge", "Files of a tier."),
            files.collect::<Vec<_>>(),
        );
        let of = |count: fn(&super::records::Archive) -> u64| {
            seen.archives.iter().map(move |archive| {
                let mut labels = vec![
                    ("tier", archive.tier.as_str()),
                    ("table", archive.table.as_str()),
                ];
                let name = archive.database.as_deref();
                labels.extend(name.map(|name| ("archive_database", name)));
                (labels, count(archive) as f64)
            })
        };
        self.family(
            ("rt_archive_rows", "gauge", "Rows of a table in a tier."),
            of(|a| a.rows),
        );
        self.family(
            ("rt_archive_bytes", "gauge", "Bytes of a table in a tier."),
            of(|a| a.size_bytes),
        );
    }

    /// Each kind of breach that there is, and their sum also where it is 0.
    fn breaches(&mut self, seen: &Seen) {
        let mut kinds: BTreeMap<&str, f64> = BTreeMap::new();
        for breach in &seen.breaches {
            *kinds.entry(&breach.what).or_default() += 1.0;
        }
        let all = seen.breaches.len() as f64;
        self.family(
            ("rt_breaches", "gauge", "What needs attention, in all."),
            [(vec![], all)],
        );
        let kinds = kinds.into_iter().map(|(w, n)| (vec![("what", w)], n));
        self.family(
            ("rt_breaches_by_what", "gauge", "What needs attention."),
            kinds.collect::<Vec<_>>(),
        );
    }

    fn jobs(&mut self, seen: &Seen) {
        let mut jobs: BTreeMap<&str, Ends> = BTreeMap::new();
        for end in &seen.jobs {
            let new = Ends { last: end, success: None, rows: 0 };
            let ends = jobs.entry(&end.job.mode).or_insert(new);
            ends.last = end;
            if end.job.exit_status == 0 {
                ends.success = seconds(&end.at);
            }
            ends.rows = ends.rows.saturating_add(end.job.total_archived);
        }
        let of = |value: fn(&Ends<'_>) -> Option<f64>| {
            let samples = jobs.iter().filter_map(|(mode, job)| {
                value(job).map(|value| (vec![("job", *mode)], value))
            });
            samples.collect::<Vec<_>>()
        };
        self.family(
            (
                "rt_job_last_end_timestamp_seconds",
                "gauge",
                "When a job ended last.",
            ),
            of(|job| seconds(&job.last.at).map(|s| s as f64)),
        );
        self.family(
            (
                "rt_job_last_success_timestamp_seconds",
                "gauge",
                "When a job ended with status 0 last.",
            ),
            of(|job| job.success.map(|s| s as f64)),
        );
        self.family(
            ("rt_job_last_exit_status", "gauge", "How it ended last."),
            of(|job| Some(f64::from(job.last.job.exit_status))),
        );
        self.family(
            (
                "rt_job_last_duration_seconds",
                "gauge",
                "How long it took the last time.",
            ),
            of(|job| job.last.job.duration_seconds),
        );
        self.family(
            (
                "rt_job_archived_rows_total",
                "counter",
                "Rows that it archived since the ledger began.",
            ),
            of(|job| Some(job.rows as f64)),
        );
    }
}

/// How the jobs of a mode ended.
struct Ends<'j> {
    last: &'j JobEnd,
    /// The last success, in seconds since 1970.
    success: Option<u64>,
    rows: u64,
}

/// A label; the format escapes three characters.
fn label(key: &str, text: &str) -> String {
    let text =
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{key}=\"{text}\"")
}

/// A time of a record in seconds since 1970.
fn seconds(text: &str) -> Option<u64> {
    let at = time::parse(text.as_bytes())?;
    u64::try_from(at.as_second()).ok()
}
