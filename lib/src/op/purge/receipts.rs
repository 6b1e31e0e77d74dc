//! What comes on rt-purge's input: receipts, and what is handed on.

use std::io::{BufRead, BufReader, Read};

use super::options::Options;
use crate::archive::Receipt;
use crate::error::{Error, Result, quote};
use crate::io::jsonl;

/// What came on the input.
#[derive(Default)]
pub(super) struct Input {
    pub receipts: Vec<Receipt>,
    /// Lines of other types, handed on.
    pub others: Vec<u8>,
    /// The last line had no end, or a line was no record.
    pub fault: Option<Error>,
}

/// The longest record, in bytes: of a table of 2,000 columns.
const LONGEST: u64 = 4 << 20;

/// Reads standard input to its end: only then is the lock taken.
pub(super) fn read_receipts(
    options: &Options,
    input: &mut dyn Read,
) -> Result<Input> {
    let mut out = Input::default();
    let mut reader = BufReader::with_capacity(1 << 16, input);
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        (&mut reader)
            .take(LONGEST)
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::stream("cannot read the receipts", e))?;
        if line.is_empty() {
            return Ok(out);
        }
        number += 1;
        let bad = |what: String| {
            Error::data(format!("line {number}: {what}"))
                .hint("rt-purge takes what rt-store prints")
        };
        if line.last() != Some(&b'\n') {
            out.fault = Some(bad("it has no end, or is too long".to_owned()));
            return Ok(out);
        }
        match receipt(&line) {
            Ok(None) => out.others.extend_from_slice(&line),
            Ok(Some(receipt))
                if options.is_asked_for(&receipt.segment.table) =>
            {
                if options.settings.dry_run {
                    out.others.extend_from_slice(&line);
                }
                out.receipts.push(receipt);
            }
            Ok(Some(Receipt { segment, .. })) => {
                let what = format!("a receipt for {}", quote(&segment.table));
                out.fault = Some(bad(what));
            }
            Err(e) => out.fault = Some(bad(format!("not a record: {e}"))),
        }
    }
}

/// The receipt on a line; none where that is another record.
fn receipt(line: &[u8]) -> serde_json::Result<Option<Receipt>> {
    match jsonl::kind(line)?.as_str() {
        "receipt" => serde_json::from_slice(line).map(Some),
        _ => Ok(None),
    }
}
