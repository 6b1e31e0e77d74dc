//! Ledger lines and receipts of any kind: read, or refused; and what was read
//! is written as it was.

use std::io::Write;
use std::path::Path;

use super::event::{Event, Receipt};
use super::link::parse_line;
use super::replay::Replay;
use crate::arbitrary::each_case;

/// A segment, as `store` and a receipt have it.
const SEGMENT: &str = concat!(
    r#""id":"0f","db":"/d/x.db","db_device":1,"db_inode":2,"table":"t","#,
    r#""file":"warm/2026-01-02/t.jsonl.gz","offset_bytes":0,"size_bytes":149,"#,
    r#""sha256":"dd","before_sha256":null,"file_sha256":"dd","rows":3,"#,
    r#""keyless_rows":0,"text_size_bytes":324,"text_sha256":"85","#,
    r#""compression":"gzip","level":5,"columns":["id"],"excluded":[],"#,
    r#""redacted":[],"secrets_version":null,"timestamp_column":"at","#,
    r#""unit":null,"schema_sha256":"aa","archived_at":null,"oldest":null,"#,
    r#""newest":null}"#
);

const LINK: &str = concat!(
    r#""seq":1,"at":"2026-01-15T00:00:00Z","wall":"2026-01-15T00:00:00Z","#,
    r#""prev":"0000000000000000000000000000000000000000000000000000000000000000","#
);

const OTHERS: [&str; 4] = [
    r#""id":"0f"}"#,
    r#""id":"0f","lines":[[0,3],[9,9]]}"#,
    r#""id":"0f","table":"t","file":"x","rows":3,"deleted":3,"changed":0,"referenced":0,"refused":0,"gone":0,"superseded":0}"#,
    r#""file":"cold/2026/2026-01.tar.gz","size_bytes":3,"sha256":"aa","members":[]}"#,
];

const TYPES: [&str; 12] = [
    "store",
    "published",
    "void",
    "purging",
    "retract",
    "purge",
    "consolidate",
    "consolidated",
    "expire",
    "expired",
    "adopt",
    "job",
];

#[test]
fn any_line_is_an_event_or_refused() {
    let mut met = 0;
    each_case(6000, |random| {
        let kind = random.one(&TYPES);
        let rest = match random.once_in(3) {
            true => SEGMENT,
            false => random.one(&OTHERS),
        };
        let mut line =
            format!("{{\"type\":\"{kind}\",{LINK}{rest}").into_bytes();
        if !random.once_in(4) {
            random.damage(&mut line);
        }
        if let Ok((_, event)) = parse_line(&line) {
            met += 1;
            let text = serde_json::to_vec(&event).unwrap();
            let again: Event = serde_json::from_slice(&text).unwrap();
            assert_eq!(serde_json::to_vec(&again).unwrap(), text);
        }
        let mut ledger = tempfile::tempfile().unwrap();
        ledger.write_all(&line).unwrap();
        ledger.write_all(b"\n").unwrap();
        let mut replay = Replay::empty();
        let path = Path::new("ledger.jsonl");
        let done = replay.catch_up(&ledger, path, u64::MAX);
        assert!(done.is_err() || replay.end.seq <= 1);
    });
    assert!(met > 100, "{met} events");
}

#[test]
fn any_receipt_is_read_or_refused() {
    let mut met = 0;
    each_case(3000, |random| {
        let mut line =
            format!("{{\"type\":\"receipt\",{SEGMENT}").into_bytes();
        if !random.once_in(4) {
            random.damage(&mut line);
        }
        if let Ok(receipt) = serde_json::from_slice::<Receipt>(&line) {
            met += 1;
            let text = serde_json::to_vec(&receipt).unwrap();
            let again: Receipt = serde_json::from_slice(&text).unwrap();
            assert_eq!(serde_json::to_vec(&again).unwrap(), text);
        }
    });
    assert!(met > 100, "{met} receipts");
}
