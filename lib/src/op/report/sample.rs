//! What rt-verify found in the share of the archives that a job read: its
//! records stand among those of the job's steps.

use std::io::BufRead;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::columns::{columns, thousands};
use crate::error::{Error, Exit, Notes, Result, counted};

/// More damage than this is only counted on standard error.
const WARNINGS: usize = 20;

/// What was read, and what is wrong with it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Sample {
    /// Archives that were read.
    files: u64,
    /// Their bytes.
    size_bytes: u64,
    /// Their rows.
    rows: u64,
    /// What was found, as rt-verify(1) has it.
    findings: Vec<Finding>,
}

/// A finding of rt-verify.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Finding {
    severity: String,
    what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// A record of rt-verify.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Finding(Box<Finding>),
    Verified {
        files: u64,
        size_bytes: u64,
        rows: u64,
    },
    #[serde(other)]
    Other,
}

/// Parts standard input: what rt-verify said, if it did, and the rest.
pub(super) fn part(
    input: &mut dyn BufRead,
) -> Result<(Option<Sample>, Vec<u8>)> {
    let (mut all, mut rest) = (Vec::new(), Vec::new());
    input
        .read_to_end(&mut all)
        .map_err(|e| Error::stream("cannot read standard input", e))?;
    let mut sample: Option<Sample> = None;
    for line in all.split_inclusive(|byte| *byte == b'\n') {
        let Ok(Line::Finding(_) | Line::Verified { .. }) =
            serde_json::from_slice(line)
        else {
            rest.extend_from_slice(line);
            continue;
        };
        let sample = sample.get_or_insert_default();
        match serde_json::from_slice(line) {
            Ok(Line::Finding(finding)) => sample.findings.push(*finding),
            Ok(Line::Verified { files, size_bytes, rows }) => {
                sample.files += files;
                sample.size_bytes += size_bytes;
                sample.rows += rows;
            }
            _ => {}
        }
    }
    Ok((sample, rest))
}

/// The status of a job with that of what it read of the archives, of which
/// damage is said.
pub(super) fn judge(
    sample: &Option<Sample>,
    exit: Exit,
    notes: &mut dyn Notes,
) -> Exit {
    let Some(sample) = sample else { return exit };
    sample.warn(notes);
    exit.and(sample.exit())
}

impl Sample {
    /// What it makes of the job's status: damage is graver than all else.
    /// What else is not as it should be is no failure of the job.
    pub(super) fn exit(&self) -> Exit {
        let exits = self.findings.iter().map(|f| match &*f.severity {
            "damage" => Exit::Disagree,
            "data" => Exit::Data,
            _ => Exit::Done,
        });
        exits.fold(Exit::Done, Exit::and)
    }

    /// Says on standard error what is damaged.
    fn warn(&self, notes: &mut dyn Notes) {
        let bad = |f: &&Finding| matches!(&*f.severity, "damage" | "data");
        let mut bad = self.findings.iter().filter(bad);
        for finding in bad.by_ref().take(WARNINGS) {
            notes.warn(&finding.message);
        }
        let more = bad.count() as u64;
        if more > 0 {
            notes.warn(&format!("{} more", counted(more, "finding")));
        }
    }

    /// For people: what was read, and a line a finding.
    pub(super) fn lines(&self) -> String {
        let mut out = format!(
            "\nread      {} files, {}, {} rows: {}\n",
            thousands(&self.files.to_string()),
            ByteSize(self.size_bytes),
            thousands(&self.rows.to_string()),
            match self.findings.len() as u64 {
                0 => "sound".to_owned(),
                n => counted(n, "finding"),
            }
        );
        if self.findings.is_empty() {
            return out;
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let rows = self.findings.iter().map(|f| {
            let words = match &f.hint {
                Some(hint) => format!("{}; {hint}", f.message),
                None => f.message.clone(),
            };
            let file = text(&f.file);
            [f.severity.clone(), f.what.clone(), file, words]
        });
        let heads = ["FINDING", "WHAT", "FILE", "MESSAGE"];
        out.push('\n');
        out.push_str(&columns(heads, 0..0, rows));
        out
    }
}
