//! Numbers in a ledger that no sum holds, on lines whose chain is whole: whoever
//! writes into a tree can make it so.

use std::fs;

use crate::support::rows::rechained;
use crate::support::world::World;

const NOW: &str = "2026-01-08T00:00:00Z";
const LATER: &str = "2026-03-15T00:00:00Z";

/// A text with each number under a key made the greatest.
fn with_greatest(text: &str, key: &str) -> String {
    let mark = format!("\"{key}\":");
    let mut parts = text.split(&mark);
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = match digits.len() == part.len() {
            true => String::new(),
            false => u64::MAX.to_string(),
        };
        out.push_str(&format!("{mark}{number}{digits}"));
    }
    out
}

#[test]
fn that_no_sum_holds_are_refused() {
    let world = World::tiers();
    world.insert("tool_uses", 1, &["2025-12-02", "2025-12-03"]);
    world.archive(NOW);
    world.consolidate(LATER, &[]).status(0);
    world.insert("tool_uses", 3, &["2025-12-04"]);
    world.archive(LATER);
    let ledger = world.dir.join("archives/ledger.jsonl");
    let text = fs::read_to_string(&ledger).unwrap();
    for key in ["offset_bytes", "size_bytes", "rows", "deleted"] {
        let forged = with_greatest(&text, key);
        assert_ne!(forged, text);
        fs::write(&ledger, rechained(&forged)).unwrap();
        for derived in ["lock", "ledger.checkpoint"] {
            let path = world.dir.join("archives").join(derived);
            if path.exists() {
                fs::remove_file(path).unwrap();
            }
        }
        for (program, args) in [
            ("rt-verify", &[][..]),
            ("rt-stat", &["--archives"]),
            ("rt-cat", &["--count", "tool_uses"]),
            ("rt-archive", &["-q", "tool_uses"]),
        ] {
            let out = world.cmd(program).args(args).now(LATER).run();
            out.status(5);
        }
    }
    fs::write(&ledger, &text).unwrap();
    world.once();
}
