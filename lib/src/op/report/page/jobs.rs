//! The last jobs of a tree, as a calendar and as a table.

use jiff::civil::Date;

use super::html::{details, escape, p, section, table};
use super::plot::{Mark, calendar};
use super::units::{dash, grouped, seconds};
use crate::archive::JobEnd;
use crate::error::counted;

/// How many jobs are shown.
const JOBS: usize = 60;

/// The last jobs: how they ended, and how long they took.
pub(super) fn jobs(jobs: &[JobEnd]) -> String {
    let last = &jobs[jobs.len().saturating_sub(JOBS)..];
    if last.is_empty() {
        return section("Jobs", &p("No job ended yet."));
    }
    let name = format!("The last {}", counted(last.len() as u64, "job"));
    let mut out = calendar(&name, &marks(last));
    let rows = last.iter().rev().map(|end| {
        let took = end.job.duration_seconds;
        [
            escape(&end.at),
            escape(&end.job.mode),
            escape(&outcome(end.job.exit_status).2),
            took.map_or_else(dash, seconds),
            grouped(end.job.total_archived),
        ]
    });
    let heads = [
        ("Time", false),
        ("Job", false),
        ("Outcome", false),
        ("Took", true),
        ("Rows", true),
    ];
    out.push_str(&details(&name, &table(&name, heads, rows)));
    section("Jobs", &out)
}

/// How a job ended: its class, its sign, and in words.
fn outcome(status: u8) -> (&'static str, &'static str, String) {
    match status {
        0 => ("good", "", "done".to_owned()),
        1 | 3 => ("part", "!", format!("in part, status {status}")),
        130 | 143 => ("part", "!", "stopped".to_owned()),
        status => ("bad", "×", format!("failed, status {status}")),
    }
}

/// Jobs by their day; the gravest of them gives it its colour.
fn marks(jobs: &[JobEnd]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let weight =
        |class| ["good", "part", "bad"].iter().position(|c| *c == class);
    for end in jobs {
        let day: Option<Date> =
            end.at.get(..10).and_then(|day| day.parse().ok());
        let Some(date) = day else { continue };
        let (class, sign, words) = outcome(end.job.exit_status);
        let took = end.job.duration_seconds.map(seconds);
        let took = took.map_or_else(String::new, |t| format!(" in {t}"));
        let title = format!("{}: {words}{took}", end.job.mode);
        match marks.iter_mut().find(|mark| mark.date == date) {
            Some(mark) => {
                mark.title.push_str(&format!("; {title}"));
                if weight(class) > weight(mark.class) {
                    (mark.class, mark.sign) = (class, sign);
                }
            }
            None => marks.push(Mark {
                date,
                class,
                sign,
                title: format!("{date}, {title}"),
            }),
        }
    }
    marks.sort_by_key(|mark| mark.date);
    marks
}
