//! However many rows there are, little memory is needed.

use crate::support::Dir;
use crate::support::rows::peak_kib;

/// The least that the rows have together, in bytes.
const TEXT: usize = 150 << 20;

#[test]
fn rows_of_any_number_take_little_memory() {
    let dir = Dir::new();
    let line = format!(
        "{{\"id\":1,\"at\":\"2025-11-02T10:00:00Z\",\"v\":\"{}\"}}\n",
        "and so on; ".repeat(90)
    );
    // One line after the other, in a file a day, with members of 1 MiB.
    let day = line.repeat(TEXT / 10 / line.len() + 1);
    let day = dir.cmd("rt-gzip").stdin(day).run();
    for n in 10..20 {
        dir.write(&format!("a/warm/2025-11-{n}/t.jsonl.gz"), &day.bytes);
    }
    for args in ["", "--where v~on", "--format csv", "--where v~none"] {
        let watched = format!(
            "{{ rt-cat -q --archives a -p 2 {args} t >/dev/null & }}; p=$!
            while s=$(grep VmHWM \"/proc/$p/status\" 2>/dev/null); do
                echo \"$s\"; sleep 0.01
            done; wait $p"
        );
        let out = dir.cmd("sh").args(["-c", &watched]).run();
        out.status(0);
        let peaks = out.stdout.lines().map(peak_kib);
        let peak = peaks.max().unwrap();
        assert!((1000..64 << 10).contains(&peak), "{args}: {peak} KiB");
    }
}
